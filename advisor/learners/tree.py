"""One decision tree, small enough to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import column_or_1d

from advisor.contracts import Integer, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._units import too_fine


class SmoothedTreeClassifier(DecisionTreeClassifier):
    """A decision tree whose leaves never say "impossible": each holds one more row, shared out like all rows.

    A leaf of n rows answers (n p + prior) / (n + 1), the m-estimate with m = 1 (Cestnik 1990; Provost and Domingos 2003
    show what it does for ranking). Without it one row in a leaf of another class costs as much log loss as a hundred.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> SmoothedTreeClassifier:
        """Grow the tree on the rows X (n, p) and their labels y (n,)."""
        super().fit(X, column_or_1d(y, warn=True), sample_weight=sample_weight, check_input=check_input)
        return self

    def predict_proba(self, X: Any, check_input: bool = True) -> np.ndarray:
        """Return smoothed shares (n, K) in the order of `classes_`."""
        shares = super().predict_proba(X, check_input=check_input)
        rows = self.tree_.weighted_n_node_samples[self.apply(X, check_input=check_input)][:, None]
        smoothed: np.ndarray = (rows * shares + self.tree_.value[0, 0]) / (rows + 1)
        return smoothed

    def predict(self, X: Any, check_input: bool = True) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        codes = self.predict_proba(X, check_input=check_input).argmax(axis=1)
        labels: np.ndarray = self.classes_[codes]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = tags.classifier_tags.multi_label = False
        return tags


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    # A leaf of 20 rows gives shares that are fit for log loss; on a small table it would leave hardly a split.
    defaults = {"min_samples_leaf": max(2, min(20, setting.rows // 20)), "max_leaf_nodes": 256}
    model = (DecisionTreeRegressor if setting.task == "regression" else SmoothedTreeClassifier)(
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
    objection=too_fine,
    seconds=Growth(0.003, columns=0.5, start=0.006),
)
