"""Nearest neighbours on standardised columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.utils.validation import column_or_1d

from advisor.contracts import Choice, Integer, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.records import Profile

_MOST_ROWS = 100_000
_MOST_COLUMNS = 200


class SmoothedNeighboursClassifier(KNeighborsClassifier):
    """Nearest neighbours that never say "impossible": one more neighbour is there always, shared out like all rows.

    k neighbours answer (k p + prior) / (k + 1), the m-estimate with m = 1 (Cestnik 1990).
    """

    def fit(self, X: Any, y: Any) -> SmoothedNeighboursClassifier:
        """Remember the rows X (n, p) and their labels y (n,)."""
        y = column_or_1d(y, warn=True)
        super().fit(X, y)
        self.class_prior_ = np.unique(y, return_counts=True)[1] / len(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return smoothed shares (n, K) in the order of `classes_`."""
        shares: np.ndarray = (self.n_neighbors * super().predict_proba(X) + self.class_prior_) / (self.n_neighbors + 1)
        return shares

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest label of each row, shape (n,)."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[codes]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = tags.classifier_tags.multi_label = False
        return tags


def _most_neighbours(setting: Setting) -> int:
    """A quarter of the rows, so that the smaller training parts still hold as many."""
    return max(1, min(200, setting.rows // 4))


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (KNeighborsRegressor if setting.task == "regression" else SmoothedNeighboursClassifier)(
        n_neighbors=min(20, _most_neighbours(setting)), weights="distance", n_jobs=setting.threads
    )
    return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """What TabArena (Erickson et al. 2025) varies."""
    return {
        "n_neighbors": Integer(1, _most_neighbours(setting), log=True),
        "weights": Choice(("uniform", "distance")),
        "p": Choice((1, 2)),
    }


def _objection(profile: Profile) -> str | None:
    if profile.rows > _MOST_ROWS:
        return f"would have to search {profile.rows:,} rows for every prediction; it is left out above {_MOST_ROWS:,}"
    if profile.encoded_columns > _MOST_COLUMNS:
        return (
            f"distances over {profile.encoded_columns:,} encoded columns say little about who is near; "
            f"it is left out above {_MOST_COLUMNS}"
        )
    return None


LEARNER = Learner(
    name="knn",
    family="classical",
    summary="Nearest neighbours, weighted by distance.",
    build=_build,
    space=_space,
    objection=_objection,
    seconds=Growth(0.0007, rows=2.0, columns=0.45, start=0.008, encoded=True),
)
