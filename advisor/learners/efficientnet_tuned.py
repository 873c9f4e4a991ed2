"""EfficientNet-Lite0, trained beforehand on other pictures and trained further on these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import ArrayNetEstimator, training, whether_to_hold_out
from advisor.learners._pictures import WEIGHTS, absent, weights_of
from advisor.learners.cnn import FEW_ROWS
from advisor.nets.packaged import EFFICIENTNET
from advisor.records import Profile


class _Tuned(ArrayNetEstimator):
    """`weights` is a file (None: the package's); `frozen` of the 16 blocks stay as they were; `flips` is the CNN's."""

    axes = 4

    def __init__(
        self,
        *,
        weights: str | None = None,
        frozen: int = 11,
        dropout: float = 0.2,
        flips: bool | None = None,
        **training: Any,
    ) -> None:
        super().__init__(**training)
        self.weights = weights
        self.frozen = frozen
        self.dropout = dropout
        self.flips = flips

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        import copy

        from advisor.nets.cnn import alike_mirrored
        from advisor.nets.efficientnet import SIDE, Tuned, load

        flips = alike_mirrored(rows.inputs[0], rows.target) if self.flips is None else self.flips
        body = copy.deepcopy(load(None if self.weights is None else Path(self.weights)))
        return Tuned(body, SIDE, frozen=self.frozen, dropout=self.dropout, flips=flips, bias=bias)

    def _batch_size(self, rows: int) -> int:
        return 32

    def _epochs(self, rows: int) -> int:
        """What was learnt beforehand needs few passes."""
        return self.epochs or (20 if rows < 1_000 else 10)


class _TunedClassifier(EarlyStoppingClassifier, _Tuned):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class _TunedRegressor(EarlyStoppingRegressor, _Tuned):
    """The net for values; see EarlyStopping for what it does with rows and targets."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    kind = _TunedRegressor if setting.task == "regression" else _TunedClassifier
    given = {**training(setting), "refit": False, "validation_fraction": 0.0 if setting.rows < FEW_ROWS else 0.2}
    model = kind(weights=weights_of(setting.foundation), patience=6, trainings=setting.trainings, **given)
    encoder = setting.modality.encoder("pixels", standard=False)
    return Pipeline([("encode", encoder), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """How much is trained further, how fast, and whether pictures are mirrored."""
    return {
        "frozen": Integer(5, 16),
        "dropout": Float(0.0, 0.5),
        "flips": Choice((None, False, True)),
        "learning_rate": Float(1e-4, 3e-3, log=True),
        "weight_decay": Float(1e-4, 1e-1, log=True),
        **whether_to_hold_out(setting, FEW_ROWS),
    }


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: 11 ms for a picture and a pass, and a dozen passes."""
    return 2.0 + 0.011 * rows * (20 if rows < 1_000 else 10)


LEARNER = Learner(
    name="efficientnet_tuned",
    family="neural",
    summary="EfficientNet-Lite0, trained beforehand on other pictures and trained further on these.",
    build=_build,
    modalities=("image",),
    space=_space,
    requires=("torch",),
    weights=WEIGHTS,
    packaged=EFFICIENTNET,
    start="tuned",
    absent=absent,
    seconds=_seconds,
    strong=True,
    gpu_speed=40.0,
)
