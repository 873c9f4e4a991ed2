"""The model that is handed over: members fitted on all rows, or their models of the folds, as one estimator.

A blend is scikit-learn's own VotingClassifier or VotingRegressor over frozen members; so is a member of which the
models of the folds are taken. It types raw tables as the training did and answers in the source's labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from advisor import modalities, model_files
from advisor.fitting.fold import serve_on
from advisor.measuring import costs
from advisor.records import Dataset

MODEL = Path("model") / f"model{model_files.INERT}"
# Seconds in which the whole model is asked row by row.
LATENCY_SECONDS = 0.3


class Labelled(BaseEstimator):
    """A fitted classifier of codes that answers in labels; its columns are those of `labels`, in their order."""

    def __init__(self, estimator: Any, labels: Sequence[Any]) -> None:
        self.estimator = estimator
        self.labels = labels

    def fit(self, X: Any, y: Any = None) -> Labelled:
        """Do nothing: the estimator is fitted already."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        return self.estimator.__sklearn_tags__()

    @property
    def classes_(self) -> np.ndarray:
        """The labels (K,)."""
        return np.asarray(self.labels, dtype=object)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities (n, K) in the order of `classes_`; a class that was not learnt has 0."""
        known = self.estimator.predict_proba(X)
        found = np.zeros((len(known), len(self.labels)))
        found[:, np.asarray(self.estimator.classes_, dtype=int)] = known
        return found

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        labels: np.ndarray = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels


def bag(models: Sequence[Any], classes: int) -> Any:
    """Return the mean of a candidate's models of the folds, one at least; for classes of those that have learnt all.

    Where none has, they are taken as they are: a class that a model has not learnt has 0 there.
    """
    whole = [model for model in models if not classes or len(model.classes_) == classes]
    if not whole:
        whole = [Labelled(model, tuple(range(classes))) for model in models]
    return whole[0] if len(whole) == 1 else mixed({f"fold {i + 1}": (1.0, m) for i, m in enumerate(whole)}, classes)


def first_of(bagged: Any) -> Any:
    """Return the first model of those that `bag` has taken the mean of, a fifth of its size and as much quicker."""
    return bagged.estimators[0][1].estimator if isinstance(bagged, VotingClassifier | VotingRegressor) else bagged


def mixed(members: Mapping[str, tuple[float, Any]], classes: int) -> Any:
    """Return the weighted mean of fitted members: {name: (weight, estimator of codes 0..K-1, or of values)}."""
    if len(members) == 1:
        return next(iter(members.values()))[1]
    frozen = [(name, FrozenEstimator(model)) for name, (_, model) in members.items()]
    weights = [weight for weight, _ in members.values()]
    # The members are frozen, so that fitting only tells the vote its classes; it never looks at the one input.
    if classes:
        return VotingClassifier(frozen, voting="soft", weights=weights).fit(np.zeros((classes, 1)), np.arange(classes))
    return VotingRegressor(frozen, weights=weights).fit(np.zeros((2, 1)), np.zeros(2))


def whole(dataset: Dataset, estimator: Any) -> Pipeline:
    """Return a pipeline that takes raw tables, as the source has them, and answers in its labels or values."""
    typed = modalities.find(dataset.modality).typed(dataset)
    last = Labelled(estimator, dataset.classes) if dataset.classes else estimator
    return Pipeline([("table", typed), ("learner", last)])


def load_member(path: Path, place: str) -> Any:
    """Load a fitted member and let it answer where it should."""
    model = model_files.read(path)
    serve_on(model, place)
    return model


def measured(model: Pipeline, example: Any, path: Path) -> dict[str, float | None]:
    """Return latency, size and memory of the whole model: {latency_p50_ms, latency_p99_ms, model_mb, peak_memory_mb}.

    Memory is what loading the file and asking the model of it for a few rows adds, as far as samples see it: a lower
    bound (see costs.Stopwatch).
    """
    with costs.Stopwatch() as watch:
        loaded = model_files.read(path)
        loaded.predict(example)
    p50_ms, p99_ms = costs.latency(model, example, LATENCY_SECONDS)
    return {
        "latency_p50_ms": p50_ms,
        "latency_p99_ms": p99_ms,
        "model_mb": path.stat().st_size / costs.BYTES_PER_MB,
        "peak_memory_mb": watch.peak_memory_mb,
    }
