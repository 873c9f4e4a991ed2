"""A compact residual convolutional net, trained from scratch on pictures that are shifted and mirrored at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import ArrayNetEstimator, training, whether_to_hold_out
from advisor.records import Profile

# With fewer rows than this all are learnt from, for as many epochs as are planned: on 1,000 of Fashion-MNIST that was
# right for 85.8 % of new ones, and an epoch chosen on a fifth of them, with a refit, for 84.6 % in twice the seconds.
FEW_ROWS = 2_000


class _CNN(ArrayNetEstimator):
    """`depth` stages of residual blocks, the first `width` wide; `shift` and `flips` are those of nets.cnn.Varied.

    Whether pictures are mirrored is found out from the rows of `fit` where `flips` is None.
    """

    axes = 4

    def __init__(
        self,
        *,
        width: int = 24,
        depth: int = 3,
        dropout: float = 0.2,
        shift: float = 0.05,
        flips: bool | None = None,
        **training: Any,
    ) -> None:
        super().__init__(**training)
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.shift = shift
        self.flips = flips

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.cnn import CNN, alike_mirrored

        (pictures,) = rows.inputs
        channels, *sides = pictures.shape[1:]
        flips = alike_mirrored(pictures, rows.target) if self.flips is None else self.flips
        return CNN(
            channels, min(sides), width=self.width, depth=self.depth, dropout=self.dropout, shift=self.shift,
            flips=flips, bias=bias,
        )  # fmt: skip

    def _batch_size(self, rows: int) -> int:
        return int(np.clip(2 ** round(np.log2(max(rows, 1) / 50)), 16, 64))

    def _epochs(self, rows: int) -> int:
        """Few rows need many passes: about 2,000 steps in 20..60 epochs."""
        return self.epochs or int(np.clip(2000 * self._batch_size(rows) / max(rows, 1), 20, 60))


class CNNClassifier(EarlyStoppingClassifier, _CNN):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class CNNRegressor(EarlyStoppingRegressor, _CNN):
    """The net for values; see EarlyStopping for what it does with rows and targets."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # on plain tables, whose columns have no neighbours
        return tags


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    kind = CNNRegressor if setting.task == "regression" else CNNClassifier
    model = kind(
        trainings=setting.trainings, patience=15, learning_rate=5e-3, weight_decay=5e-2,
        validation_fraction=0.0 if setting.rows < FEW_ROWS else 0.2, **training(setting),
    ).set_params(**params)  # fmt: skip
    return Pipeline([("encode", setting.modality.encoder("pixels")), ("model", model)])


def _space(setting: Setting) -> Space:
    """Size, what pictures are varied by, and how the net is trained."""
    return {
        "width": Integer(12, 48, log=True),
        "depth": Integer(2, 4),
        "dropout": Float(0.0, 0.5),
        "shift": Float(0.0, 0.2),
        "flips": Choice((None, False, True)),
        "learning_rate": Float(3e-4, 1e-2, log=True),
        "weight_decay": Float(1e-4, 1e-1, log=True),
        **whether_to_hold_out(setting, FEW_ROWS),
    }


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: 1.1 ms for a pass over a picture of 28 by 28, some 32 passes, and those of a refit."""
    values: float = max(profile.columns[0].size / 784, 0.3)
    return float(1.0 + 0.035 * max(rows, 600) * values**0.3 * (1.0 if rows < FEW_ROWS else 1.8))


LEARNER = Learner(
    name="cnn",
    family="neural",
    summary="Compact residual convolutional net, trained on pictures that are shifted and mirrored at random.",
    build=_build,
    modalities=("image",),
    space=_space,
    requires=("torch",),
    strong=True,
    averaged=True,
    seconds=_seconds,
    gpu_speed=20.0,
)
