"""A small net that we trained beforehand on made-up tables: it reads the training rows and answers, untuned."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from advisor.contracts import FitReport, Learner, Setting
from advisor.learners._seconds import Growth

# The made-up tables had up to 500 rows with labels and 24 columns; what the net learnt holds some way beyond.
MOST_ROWS, MOST_COLUMNS, MOST_CLASSES = 2_500, 100, 10
# Rows answered at a time, so that many questions take no more memory than the training rows did.
ROWS_AT_A_TIME = 1_000


class _PriorFitted(BaseEstimator):
    """What both kinds share. `views` readings with other random column tags (and orders of classes) are averaged.

    `seconds` is a soft limit of `fit` (None: no limit), in which fewer views are read where it must be, but one.
    """

    def __init__(self, *, views: int = 2, seconds: float | None = None, random_state: Any = 0, n_jobs: int = 1) -> None:
        self.views = views
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> Any:
        """Leave out the reading, which is far larger than the rows: after loading, the first question reads again."""
        return {name: value for name, value in super().__getstate__().items() if name != "reading_"}

    def _keep(self, X: np.ndarray, labels: np.ndarray) -> None:
        deadline = math.inf if self.seconds is None else time.monotonic() + self.seconds
        from advisor.nets.prior_fitted import Checkpoint

        # A saved model has its own weights, as small as the file that they come from: a later net changes no answer.
        self.weights_ = Checkpoint()
        self.rows_, self.labels_ = X, labels
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._read(self.views, deadline)
        self.views_ = len(self.reading_.views)
        self.fit_report_ = FitReport(cut_short=self.views_ < self.views)

    def _read(self, views: int, deadline: float) -> None:
        from advisor.nets.device import cpu_threads
        from advisor.nets.prior_fitted import net_of, read

        classes = len(getattr(self, "classes_", ()))
        with cpu_threads(self.n_jobs):
            self.reading_ = read(net_of(self.weights_), self.rows_, self.labels_, classes, views, self.seed_, deadline)

    def _answers(self, X: Any) -> np.ndarray:
        from advisor.nets.device import cpu_threads
        from advisor.nets.prior_fitted import answers

        check_is_fitted(self, "weights_")
        X = validate_data(self, X, reset=False, dtype=np.float32, ensure_all_finite="allow-nan")
        if not hasattr(self, "reading_"):
            self._read(self.views_, math.inf)
        parts = np.array_split(X, max(1, -(-len(X) // ROWS_AT_A_TIME)))
        with cpu_threads(self.n_jobs):
            return np.concatenate([answers(self.reading_, part) for part in parts]).astype(np.float64)


class PriorFittedClassifier(ClassifierMixin, _PriorFitted):
    """The net for two to ten classes."""

    def fit(self, X: Any, y: Any) -> PriorFittedClassifier:
        """Read X (n, p), numbers with NaN for missing, and labels y (n,).

        Raises ValueError for one class, more than ten, or infinite numbers.
        """
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if not 2 <= len(self.classes_) <= MOST_CLASSES:
            raise ValueError(f"y has {len(self.classes_)} class(es); this classifier takes 2 to {MOST_CLASSES}.")
        self._keep(X, np.eye(len(self.classes_), dtype=np.float32)[codes])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, K) in the order of `classes_`; rows sum to 1."""
        probabilities = self._answers(X)
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[codes]
        return labels


class PriorFittedRegressor(RegressorMixin, _PriorFitted):
    """The net for values."""

    def fit(self, X: Any, y: Any) -> PriorFittedRegressor:
        """Read X (n, p), numbers with NaN for missing, and values y (n,); raises ValueError for infinite numbers."""
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan", y_numeric=True)
        y = y.astype(np.float64)
        self.centre_, self.scale_ = float(y.mean()), float(y.std()) or 1.0
        self._keep(X, ((y - self.centre_) / self.scale_).astype(np.float32)[:, None])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return values (n,) in the target's unit."""
        values: np.ndarray = self._answers(X)[:, 0] * self.scale_ + self.centre_
        return values


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    kind = PriorFittedRegressor if setting.task == "regression" else PriorFittedClassifier
    model = kind(seconds=setting.seconds, random_state=setting.seed, n_jobs=setting.threads)
    return Pipeline([("encode", setting.modality.encoder("ordinal")), ("model", model.set_params(**params))])


def _objection(profile: Any) -> str | None:
    if profile.rows > MOST_ROWS or profile.encoded_columns > MOST_COLUMNS:
        return f"made for up to {MOST_ROWS:,} rows and {MOST_COLUMNS} encoded columns"
    if len(profile.target.get("classes", ())) > MOST_CLASSES:
        return f"made for up to {MOST_CLASSES} classes"
    return None


LEARNER = Learner(
    name="prior_fitted",
    family="neural",
    summary="A small net pre-trained on made-up tables, which reads the training rows; no tuning.",
    build=_build,
    objection=_objection,
    requires=("torch",),
    start="frozen",
    seconds=Growth(1.6, rows=1.2, columns=0.5),
    strong=True,
)
