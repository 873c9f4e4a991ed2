"""A fully convolutional net for series in PyTorch (Wang, Yan and Oates 2017), with half of its channels."""

from __future__ import annotations

from typing import Any

from advisor.contracts import Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.series import SeriesNetEstimator
from advisor.learners._series import Seconds, builder, how_to_train


class _FCN(SeriesNetEstimator):
    """Three convolutions of `width`, twice that and `width` channels."""

    def __init__(self, *, width: int = 64, dropout: float = 0.1, **training: Any) -> None:
        super().__init__(**training)
        self.width = width
        self.dropout = dropout

    def _body(self, channels: int) -> Any:
        from advisor.nets.series import FCN

        return FCN(channels, self.width)


class FCNClassifier(EarlyStoppingClassifier, _FCN):
    """The net for classes."""


class FCNRegressor(EarlyStoppingRegressor, _FCN):
    """The net for values."""


def _space(setting: Setting) -> Space:
    return {"width": Integer(32, 96, log=True), **how_to_train(setting)}


LEARNER = Learner(
    name="fcn",
    family="neural",
    summary="Convolutional net for series: three convolutions and the mean over time.",
    build=builder(FCNClassifier, FCNRegressor),
    modalities=("sequence",),
    space=_space,
    requires=("torch",),
    averaged=True,
    seconds=Seconds(0.025),
)
