"""The dummy: what can be had without looking at the inputs. Whoever does not beat it has found no signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Learner, Setting
from advisor.learners._seconds import Growth


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if setting.task == "regression":
        return DummyRegressor(strategy="median" if setting.metric == "mae" else "mean")
    return DummyClassifier(strategy="prior")


LEARNER = Learner(
    name="dummy",
    family="dummy",
    summary="Class shares, or the mean (the median where the absolute error decides), whatever the inputs.",
    build=_build,
    modalities=("tabular", "sequence", "image"),
    interpretable=True,
    seconds=Growth(0.0006, rows=0.3),
)
