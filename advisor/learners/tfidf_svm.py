"""The words of texts with a linear support vector machine, whose distances are made probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted, validate_data

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._texts import no_texts

_FOLDS = 3


class CalibratedSVC(ClassifierMixin, BaseEstimator):
    """A linear support vector machine (Fan et al. 2008) with Platt's sigmoid (1999) on distances of rows not fitted on.

    Where a class has fewer rows than there are folds its distances are those of rows that were fitted on.
    """

    def __init__(self, C: float = 1.0, random_state: int | None = None) -> None:
        self.C = C
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> CalibratedSVC:
        """Fit on a dense or sparse matrix X (n, p) and labels y (n,)."""
        X, y = validate_data(self, X, y, accept_sparse="csr")
        machine = LinearSVC(C=self.C, random_state=self.random_state)
        if int(np.unique(y, return_counts=True)[1].min()) >= _FOLDS:
            folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=self.random_state)
            self.model_ = CalibratedClassifierCV(machine, cv=folds, ensemble=False).fit(X, y)
        else:
            self.model_ = CalibratedClassifierCV(FrozenEstimator(machine.fit(X, y))).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, K) in the order of `classes_`."""
        check_is_fitted(self)
        said: np.ndarray = self.model_.predict_proba(validate_data(self, X, accept_sparse="csr", reset=False))
        return said

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        said = self.predict_proba(X)
        return np.asarray(self.classes_[said.argmax(axis=1)])

    def __sklearn_tags__(self) -> Any:
        """Say that sparse matrices are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    chosen = dict(params)
    encoder = setting.modality.encoder("bag", characters=chosen.pop("characters", True))
    return Pipeline([("encode", encoder), ("model", CalibratedSVC(random_state=setting.seed, **chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether letters count beside words."""
    return {"C": Float(1e-2, 1e2, log=True), "characters": Choice((True, False))}


LEARNER = Learner(
    name="tfidf_svm",
    family="classical",
    summary="Words, pairs of words and letters by TF-IDF, with a linear support vector machine.",
    build=_build,
    space=_space,
    objection=no_texts,
    tasks=("binary", "multiclass"),
    seconds=Growth(1.0, classes=0.3, start=0.1),
)
