"""MiniRocket (Dempster, Schmidt and Webb 2021): thousands of fixed convolutions of a series, and a ridge on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Learner, Setting, Space
from advisor.learners._series import is_series
from advisor.records import Profile

# Above so many rows a ridge on all 9,996 features would take minutes.
_FEW_ROWS, _FEATURES_OF_FEW, _FEATURES_OF_MANY = 4_000, 9_996, 4_032


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    from advisor.estimators.minirocket import MiniRocketClassifier, MiniRocketRegressor

    features = _FEATURES_OF_FEW if setting.rows <= _FEW_ROWS else _FEATURES_OF_MANY
    model = (MiniRocketRegressor if setting.task == "regression" else MiniRocketClassifier)(
        features, setting.seed, setting.threads
    )
    return Pipeline([("encode", setting.modality.encoder("series")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """How many features: fewer are quicker, and may be enough."""
    return {"features": Choice((1_008, 4_032, 9_996) if setting.rows <= _FEW_ROWS else (1_008, 4_032))}


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: convolutions grow with steps and channels, the ridge with rows times features twice."""
    steps = max((column.size for column in profile.columns), default=1)
    channels = min(len(profile.columns), 4)
    few = rows <= _FEW_ROWS
    convolutions = 1.3e-5 * rows * steps * channels * (1.0 if few else 0.4)
    ridge = 2e-6 * rows**2 if few else 25.0 + 2e-3 * rows
    return 0.3 + 1.25 * convolutions + ridge


LEARNER = Learner(
    name="minirocket",
    family="classical",
    summary="Shares of a series above thresholds after 84 fixed convolutions at many dilations, with a ridge.",
    build=_build,
    modalities=("sequence",),
    space=_space,
    requires=("torch",),
    essential=is_series,
    seconds=_seconds,
)
