"""One decision tree, small enough to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Integer, Learner, Setting, Space


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    # A leaf of 20 rows gives shares that are fit for log loss; on a small table it would leave hardly a split.
    defaults = {"min_samples_leaf": max(2, min(20, setting.rows // 20)), "max_leaf_nodes": 256}
    model = (DecisionTreeRegressor if setting.task == "regression" else DecisionTreeClassifier)(
        random_state=setting.seed
    )
    model.set_params(**{**defaults, **params})
    return Pipeline([("encode", setting.modality.encoder("ordinal")), ("model", model)])


def _space(setting: Setting) -> Space:
    """Both bounds on size, free of the target's unit (pruning by cost complexity is not, for values)."""
    return {"max_leaf_nodes": Integer(4, 2048, log=True), "min_samples_leaf": Integer(1, 200, log=True)}


LEARNER = Learner(
    name="tree",
    family="classical",
    summary="A single decision tree.",
    build=_build,
    space=_space,
    interpretable=True,
    effort=2,
)
