"""A residual net in PyTorch (Gorishniy et al. 2021), by its authors' package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _ResNet(NetEstimator):
    """`depth` residual blocks of `width`, twice as wide inside; batch normalisation before each."""

    def __init__(
        self,
        *,
        width: int = 192,
        depth: int = 2,
        dropout: float = 0.15,
        embedding_width: int = 8,
        number_embedding: str | None = None,
        **training: Any,
    ) -> None:
        super().__init__(**training)
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.embedding_width = embedding_width
        self.number_embedding = number_embedding

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from rtdl_revisiting_models import ResNet

        from advisor.nets.blocks import TableInput, TableNet
        from advisor.nets.embeddings import number_embedding

        numbers, flags, _ = rows.inputs
        embedding = number_embedding(self.number_embedding, numbers, self.embedding_width)
        entrance = TableInput(numbers.shape[1], flags.shape[1], levels, self.embedding_width, embedding)
        body = ResNet(
            d_in=entrance.width,
            d_out=len(bias),
            n_blocks=self.depth,
            d_block=self.width,
            d_hidden_multiplier=2.0,
            dropout1=self.dropout,
            dropout2=0.0,
        )
        return TableNet(entrance, body)


class ResNetClassifier(EarlyStoppingClassifier, _ResNet):
    """The net for classes."""


class ResNetRegressor(EarlyStoppingRegressor, _ResNet):
    """The net for values."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (ResNetRegressor if setting.task == "regression" else ResNetClassifier)(**training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The space of the paper, with narrower nets: one CPU must train them."""
    return {
        "width": Integer(64, 384, log=True),
        "depth": Integer(1, 5),
        "dropout": Float(0.0, 0.5),
        "embedding_width": Integer(4, 32, log=True),
        "number_embedding": Choice((None, "linear_periodic", "periodic", "piecewise_linear")),
        "learning_rate": Float(1e-4, 1e-2, log=True),
        "weight_decay": Float(1e-6, 1e-1, log=True),
        **whether_to_hold_out(setting),
    }


LEARNER = Learner(
    name="resnet",
    family="neural",
    summary="Residual net with batch normalisation.",
    build=_build,
    space=_space,
    requires=("torch",),
    seconds=Growth(2.3, rows=1.1, classes=0.2, values=1.8, drop=NO_REFIT, fewer_passes=True),
    gpu_speed=10.0,
)
