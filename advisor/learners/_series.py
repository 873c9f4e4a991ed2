"""What learners that are nets on series share: how they are built, and how they may be trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.contracts import Float, Setting
from advisor.estimators.net import FEW_ROWS, training, whether_to_hold_out
from advisor.estimators.series import SeriesNetEstimator
from advisor.records import Profile


def is_series(profile: Profile) -> bool:
    """Tell whether a comparison is on series: who is essential there says so with this."""
    return profile.modality == "sequence"


def builder(
    classifier: Callable[..., Any], regressor: Callable[..., Any]
) -> Callable[[Setting, Mapping[str, Any]], Any]:
    """Return what builds a pipeline of the encoder of series and one of two estimators."""

    def build(setting: Setting, params: Mapping[str, Any]) -> Any:
        from sklearn.pipeline import Pipeline

        kind = regressor if setting.task == "regression" else classifier
        model = kind(trainings=setting.trainings, **training(setting))
        if setting.rows < FEW_ROWS:
            model.set_params(validation_fraction=0.0)
        return Pipeline([("encode", setting.modality.encoder("series")), ("model", model.set_params(**params))])

    return build


def how_to_train(setting: Setting) -> dict[str, Any]:
    """Return what may be tuned of the training of any net on series."""
    return {
        "learning_rate": Float(3e-4, 1e-2, log=True),
        "weight_decay": Float(1e-5, 1e-1, log=True),
        "dropout": Float(0.0, 0.5),
        **whether_to_hold_out(setting),
    }


@dataclass(frozen=True)
class Seconds:
    """CPU seconds of a default's fit: `step` for a training step of a batch of 32 rows and 100 places of one channel,
    `channel` times as much for each further one."""

    step: float
    channel: float = 0.02

    def __call__(self, rows: int, profile: Profile) -> float:
        """Return the seconds for so many training rows of the profile's series."""
        # What SeriesNetEstimator does with so many rows, without its rounding.
        batch = min(max(rows / 10, 16), 128)
        passes = min(max(SeriesNetEstimator.steps * batch, 20 * rows), 150 * max(rows, 16))
        steps = max((column.size for column in profile.columns), default=1)
        stride = max(1, -(-steps // SeriesNetEstimator.most_places))
        places = max(steps / stride, 8)
        each = self.step / 32 * places / 100 * (1 + self.channel * (stride * len(profile.columns) - 1))
        # Where rows are held out, patience ends most trainings, and a refit follows.
        return 0.3 + passes * each * (1.0 if rows < FEW_ROWS else 1.2)
