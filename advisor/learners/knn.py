"""Nearest neighbours on standardised columns: a landmark more than a contender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Integer, Learner, Setting, Space
from advisor.records import Profile

_MOST_ROWS = 100_000
_MOST_COLUMNS = 200


def _most_neighbours(setting: Setting) -> int:
    """A quarter of the rows, so that the smaller parts of an inner cut still hold as many."""
    return max(1, min(200, setting.rows // 4))


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import Pipeline

    model = (KNeighborsRegressor if setting.task == "regression" else KNeighborsClassifier)(
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
    effort=5,
)
