"""Extremely randomised trees: the cuts are drawn, not searched for (Geurts, Ernst and Wehenkel 2006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Integer, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._units import too_fine

# Trees on more rows than this are no better on average, but each of them slower and larger.
_MOST_ROWS_PER_TREE = 100_000
# The more rows, the less trees differ, and the fewer of them their average needs.
_FEW_ROWS, _TREES_FOR_FEW, _TREES_FOR_MANY = 10_000, 300, 100


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.pipeline import Pipeline

    regression = setting.task == "regression"
    model = (ExtraTreesRegressor if regression else ExtraTreesClassifier)(
        n_estimators=_TREES_FOR_FEW if setting.rows <= _FEW_ROWS else _TREES_FOR_MANY,
        max_features=1.0 if regression else "sqrt",
        min_samples_leaf=2,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    if setting.rows > _MOST_ROWS_PER_TREE:
        model.set_params(bootstrap=True, max_samples=_MOST_ROWS_PER_TREE / setting.rows)
    return Pipeline([("encode", setting.modality.encoder("ordinal")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """What TabArena (Erickson et al. 2025) varies, without what depends on the target's unit."""
    return {"max_features": Choice(("sqrt", 0.5, 0.75, 1.0)), "min_samples_leaf": Integer(1, 50, log=True)}


LEARNER = Learner(
    name="extra_trees",
    family="classical",
    summary="100 to 300 extremely randomised trees.",
    build=_build,
    modalities=("tabular", "sequence", "image"),
    space=_space,
    objection=too_fine,
    seconds=Growth(
        0.43, rows=0.7, columns=0.33, values=2.7, drop=(_FEW_ROWS, _TREES_FOR_FEW / _TREES_FOR_MANY), arrays=1.5
    ),
)
