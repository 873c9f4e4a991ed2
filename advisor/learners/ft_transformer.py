"""FT-Transformer in PyTorch: attention over the columns of a row (Gorishniy et al. 2021), by its authors' package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _FTTransformer(NetEstimator):
    """`depth` blocks of the paper's default sizes, a vector of `width` for each column; every category is a code."""

    most_one_hot_levels = 0

    def __init__(
        self,
        *,
        width: int = 64,
        depth: int = 2,
        attention_dropout: float = 0.15,
        dropout: float = 0.05,
        learning_rate: float = 3e-4,
        weight_decay: float = 1e-5,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **training)
        self.width = width
        self.depth = depth
        self.attention_dropout = attention_dropout
        self.dropout = dropout

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.ft_transformer import FTTransformer

        return FTTransformer(
            rows.inputs[0].shape[1],
            levels,
            bias,
            width=self.width,
            depth=self.depth,
            attention_dropout=self.attention_dropout,
            dropout=self.dropout,
        )


class FTTransformerClassifier(EarlyStoppingClassifier, _FTTransformer):
    """The net for classes."""


class FTTransformerRegressor(EarlyStoppingRegressor, _FTTransformer):
    """The net for values."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (FTTransformerRegressor if setting.task == "regression" else FTTransformerClassifier)(**training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The space of the paper, with narrower nets: one CPU must train them."""
    return {
        "width": Choice((32, 64, 96, 128)),
        "depth": Integer(1, 4),
        "attention_dropout": Float(0.0, 0.5),
        "dropout": Float(0.0, 0.5),
        "learning_rate": Float(3e-5, 1e-3, log=True),
        "weight_decay": Float(1e-6, 1e-3, log=True),
        **whether_to_hold_out(setting),
    }


LEARNER = Learner(
    name="ft_transformer",
    family="neural",
    summary="FT-Transformer: attention over the columns of a row.",
    build=_build,
    space=_space,
    requires=("torch",),
    seconds=Growth(15.0, columns=0.9, classes=0.4, drop=NO_REFIT, fewer_passes=True),
    gpu_speed=30.0,
)
