"""A recurrent net for series in PyTorch: LSTM or GRU."""

from __future__ import annotations

from typing import Any

from advisor.contracts import Choice, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.series import SeriesNetEstimator
from advisor.learners._series import Seconds, builder, how_to_train


class _LSTM(SeriesNetEstimator):
    """`depth` layers of `width` cells, each an "lstm" or a "gru"."""

    most_places = 100

    def __init__(
        self,
        *,
        cell: str = "lstm",
        width: int = 64,
        depth: int = 1,
        dropout: float = 0.1,
        learning_rate: float = 3e-3,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **training)
        self.cell = cell
        self.width = width
        self.depth = depth
        self.dropout = dropout

    def _body(self, channels: int) -> Any:
        from advisor.nets.series import Recurrent

        return Recurrent(channels, self.width, self.depth, self.cell, self.dropout)


class LSTMClassifier(EarlyStoppingClassifier, _LSTM):
    """The net for classes."""


class LSTMRegressor(EarlyStoppingRegressor, _LSTM):
    """The net for values."""


def _space(setting: Setting) -> Space:
    return {
        "cell": Choice(("lstm", "gru")),
        "width": Integer(32, 128, log=True),
        "depth": Integer(1, 2),
        **how_to_train(setting),
    }


LEARNER = Learner(
    name="lstm",
    family="neural",
    summary="Recurrent net for series: LSTM or GRU, whichever tuning likes.",
    build=builder(LSTMClassifier, LSTMRegressor),
    modalities=("sequence",),
    space=_space,
    requires=("torch",),
    averaged=True,
    seconds=Seconds(0.015),
)
