"""A Transformer's encoder on patches of series in PyTorch (Vaswani et al. 2017; Nie et al. 2023)."""

from __future__ import annotations

from typing import Any

from advisor.contracts import Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.series import SeriesNetEstimator
from advisor.learners._series import Seconds, builder, how_to_train

_HEADS = 4


class _SeriesTransformer(SeriesNetEstimator):
    """`depth` layers of four heads, each `head_width` wide."""

    most_places = 64

    def __init__(self, *, head_width: int = 16, depth: int = 2, dropout: float = 0.1, **training: Any) -> None:
        super().__init__(**training)
        self.head_width = head_width
        self.depth = depth
        self.dropout = dropout

    def _body(self, channels: int) -> Any:
        from advisor.nets.series import SeriesTransformer

        return SeriesTransformer(channels, _HEADS * self.head_width, self.depth, _HEADS, self.dropout)


class SeriesTransformerClassifier(EarlyStoppingClassifier, _SeriesTransformer):
    """The net for classes."""


class SeriesTransformerRegressor(EarlyStoppingRegressor, _SeriesTransformer):
    """The net for values."""


def _space(setting: Setting) -> Space:
    return {"head_width": Integer(8, 24), "depth": Integer(1, 4), **how_to_train(setting)}


LEARNER = Learner(
    name="series_transformer",
    family="neural",
    summary="Transformer's encoder on patches of a series.",
    build=builder(SeriesTransformerClassifier, SeriesTransformerRegressor),
    modalities=("sequence",),
    space=_space,
    requires=("torch",),
    averaged=True,
    seconds=Seconds(0.07),
)
