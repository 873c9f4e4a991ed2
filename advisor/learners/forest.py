"""Random forest: deep trees on bootstrap samples, averaged (Breiman 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._units import too_fine

# Trees on more rows than this are no better on average, but each of them slower and larger.
_MOST_ROWS_PER_TREE = 100_000
# The more rows, the less trees differ, and the fewer of them their average needs.
_FEW_ROWS, _TREES_FOR_FEW, _TREES_FOR_MANY = 10_000, 300, 100


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import Pipeline

    regression = setting.task == "regression"
    defaults = {"max_features": 0.5 if regression else "sqrt", "min_samples_leaf": 2, "max_samples": 1.0}
    chosen = {**defaults, **params}
    chosen["max_samples"] *= min(1.0, _MOST_ROWS_PER_TREE / setting.rows)
    model = (RandomForestRegressor if regression else RandomForestClassifier)(
        n_estimators=_TREES_FOR_FEW if setting.rows <= _FEW_ROWS else _TREES_FOR_MANY,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    return Pipeline([("encode", setting.modality.encoder("ordinal")), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """What Grinsztajn et al. (2022) and TabArena (Erickson et al. 2025) vary, free of the target's unit."""
    return {
        "max_features": Choice(("sqrt", 0.25, 0.5, 0.75, 1.0)),
        "min_samples_leaf": Integer(1, 50, log=True),
        "max_samples": Float(0.5, 1.0),
    }


LEARNER = Learner(
    name="forest",
    family="classical",
    summary="A random forest of 100 to 300 trees.",
    build=_build,
    space=_space,
    objection=too_fine,
    seconds=Growth(0.6, rows=0.7, columns=0.2, values=1.9, drop=(_FEW_ROWS, _TREES_FOR_FEW / _TREES_FOR_MANY)),
)
