"""Regularised linear models: logistic for classes, ridge for values, Huber's where the absolute error decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Float, Learner, Setting, Space
from advisor.learners._seconds import Growth


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import HuberRegressor, LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline

    model: Any
    if setting.task != "regression":
        # A looser tolerance than the default does not move the third decimal of the loss and keeps large tables quick.
        model = LogisticRegression(C=1.0, tol=1e-3, max_iter=500)
    elif setting.metric == "mae":
        model = HuberRegressor(epsilon=1.1, alpha=1e-3, max_iter=500)
    else:
        model = Ridge(alpha=1.0)
    return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The strength of the penalty, six or seven decades around the default."""
    if setting.task != "regression":
        return {"C": Float(1e-4, 1e3, log=True)}
    return {"alpha": Float(1e-6, 1e1, log=True) if setting.metric == "mae" else Float(1e-3, 1e4, log=True)}


LEARNER = Learner(
    name="linear",
    family="classical",
    summary="Logistic or ridge regression on standardised numbers and one-hot categories.",
    build=_build,
    modalities=("tabular", "sequence", "image"),
    space=_space,
    interpretable=True,
    seconds=Growth(0.0006, columns=1.0, classes=1.0, start=0.008, encoded=True, arrays=3.0),
)
