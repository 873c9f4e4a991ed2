"""Support vector machines with a Gaussian kernel, whose distances are made probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC, SVR
from sklearn.utils.validation import check_is_fitted, validate_data

from advisor.contracts import Float, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.records import Profile

_FOLDS = 3
# Every row is held against every other.
_MOST_ROWS = 20_000


class KernelSVC(ClassifierMixin, BaseEstimator):
    """A support vector machine (Cortes and Vapnik 1995) with Platt's sigmoid (1999) on distances of rows not fitted on.

    `width` is that of the kernel, in units of the distance that is usual between rows: exp(-|a - b|^2 / (2 width^2 s)),
    where s is the sum of the columns' variances. Where a class has fewer rows than there are folds its distances are
    those of rows that were fitted on.
    """

    def __init__(self, C: float = 10.0, width: float = 1.0, random_state: int | None = None) -> None:
        self.C = C
        self.width = width
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> KernelSVC:
        """Fit on a matrix X (n, p) and labels y (n,)."""
        X, y = validate_data(self, X, y)
        machine = SVC(C=self.C, gamma=_gamma(X, self.width))
        if int(np.unique(y, return_counts=True)[1].min()) >= _FOLDS:
            folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=self.random_state)
            self.model_ = CalibratedClassifierCV(machine, cv=folds, ensemble=False).fit(X, y)
        else:
            everyone = np.arange(len(y))
            machine = FrozenEstimator(machine.fit(X, y))
            self.model_ = CalibratedClassifierCV(machine, cv=[(everyone, everyone)], ensemble=False).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, K) in the order of `classes_`."""
        check_is_fitted(self)
        said: np.ndarray = self.model_.predict_proba(validate_data(self, X, reset=False))
        return said

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        said = self.predict_proba(X)
        return np.asarray(self.classes_[said.argmax(axis=1)])


class KernelSVR(RegressorMixin, BaseEstimator):
    """The machine for values, which it learns with mean 0 and deviation 1; `width` is as for classes."""

    def __init__(self, C: float = 10.0, width: float = 1.0, epsilon: float = 0.03) -> None:
        self.C = C
        self.width = width
        self.epsilon = epsilon

    def fit(self, X: Any, y: Any) -> KernelSVR:
        """Fit on a matrix X (n, p) and values y (n,)."""
        X, y = validate_data(self, X, y, y_numeric=True)
        self.centre_, self.scale_ = float(np.mean(y)), float(np.std(y)) or 1.0
        machine = SVR(C=self.C, gamma=_gamma(X, self.width), epsilon=self.epsilon)
        self.model_ = machine.fit(X, (y - self.centre_) / self.scale_)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return values (n,) in the target's unit."""
        check_is_fitted(self)
        said: np.ndarray = self.model_.predict(validate_data(self, X, reset=False))
        return said * self.scale_ + self.centre_


def _gamma(X: np.ndarray, width: float) -> float:
    return float(1.0 / (2.0 * width**2 * (X.var(axis=0).sum() or 1.0)))


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = KernelSVR() if setting.task == "regression" else KernelSVC(random_state=setting.seed)
    return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The penalty, and how far a row's word carries."""
    return {"C": Float(0.1, 1e3, log=True), "width": Float(0.2, 5.0, log=True)}


def _are_pictures(profile: Profile) -> bool:
    """On series MiniRocket has that place."""
    return profile.modality == "image"


def _objection(profile: Profile) -> str | None:
    if profile.rows > _MOST_ROWS:
        return f"{profile.rows:,} rows are too many to hold each against each other (at most {_MOST_ROWS:,})"
    return None


LEARNER = Learner(
    name="svm",
    family="classical",
    summary="Support vector machine with a Gaussian kernel on standardised numbers.",
    build=_build,
    modalities=("sequence", "image"),
    space=_space,
    objection=_objection,
    essential=_are_pictures,
    # Measured on one core with 60 summaries of series a row and 450 features of pictures.
    seconds=Growth(0.6, rows=1.9, columns=0.1, classes=0.4, start=0.02, encoded=True),
)
