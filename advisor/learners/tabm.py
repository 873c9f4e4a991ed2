"""TabM in PyTorch: an ensemble of multilayer perceptrons that share their layers (Gorishniy et al. 2025)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _TabM(NetEstimator):
    """`members` nets in one; `number_embedding` is None or one of nets.embeddings.KINDS."""

    def __init__(
        self,
        *,
        members: int = 8,
        width: int = 256,
        depth: int = 2,
        activation: str = "relu",
        dropout: float = 0.1,
        embedding_width: int = 8,
        number_embedding: str | None = "piecewise_linear",
        number_embedding_width: int = 8,
        learning_rate: float = 2e-3,
        weight_decay: float = 3e-4,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **training)
        self.members = members
        self.width = width
        self.depth = depth
        self.activation = activation
        self.dropout = dropout
        self.embedding_width = embedding_width
        self.number_embedding = number_embedding
        self.number_embedding_width = number_embedding_width

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.blocks import TableInput
        from advisor.nets.embeddings import number_embedding
        from advisor.nets.tabm import TabM

        numbers, flags, _ = rows.inputs
        embedding = number_embedding(self.number_embedding, numbers, self.number_embedding_width)
        return TabM(
            TableInput(numbers.shape[1], flags.shape[1], levels, self.embedding_width, embedding),
            self.members,
            width=self.width,
            depth=self.depth,
            activation=self.activation,
            dropout=self.dropout,
            bias=bias,
        )


class TabMClassifier(EarlyStoppingClassifier, _TabM):
    """The net for classes; its members' probabilities are averaged."""


class TabMRegressor(EarlyStoppingRegressor, _TabM):
    """The net for values; its members' values are averaged."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (TabMRegressor if setting.task == "regression" else TabMClassifier)(**training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The space of the paper, narrowed to the nets that one CPU can train."""
    return {
        "members": Choice((8, 16, 32)),
        "width": Integer(64, 512, log=True),
        "depth": Integer(1, 4),
        "dropout": Float(0.0, 0.5),
        "number_embedding": Choice((None, "linear_periodic", "periodic", "piecewise_linear")),
        "number_embedding_width": Integer(4, 24),
        "learning_rate": Float(3e-4, 5e-3, log=True),
        "weight_decay": Float(1e-4, 1e-1, log=True),
        **whether_to_hold_out(setting),
    }


LEARNER = Learner(
    name="tabm",
    family="neural",
    summary="TabM: many multilayer perceptrons in one, sharing their layers, with embedded numbers.",
    build=_build,
    space=_space,
    requires=("torch",),
    seconds=Growth(4.8, columns=0.1, classes=0.1, values=1.75, drop=NO_REFIT, fewer_passes=True),
    strong=True,
    gpu_speed=20.0,
)
