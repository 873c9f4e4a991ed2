"""ModernNCA in PyTorch: neighbours in a space that a net has learnt (Ye, Yin, Zhan and Chao 2025)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advisor.contracts import Choice, FitReport, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _ModernNCA(NetEstimator):
    """The net of the paper with its published defaults, narrowed to what one CPU can train.

    A step sees 0.3 of the training rows rather than half, and "periodic" has 16 frequencies: half of the seconds at no
    more error (reports/nets_speed.md).

    Rows that are held out to say when to stop are nobody's neighbours until the refit.
    """

    # Each of them looks at all others after every epoch: with a fifth of a large table that took longer than to learn,
    # and a deadline is not seen before it is done.
    most_held_rows = 2_000

    def __init__(
        self,
        *,
        width: int = 128,
        depth: int = 0,
        block_width: int = 512,
        dropout: float = 0.1,
        sample_share: float = 0.3,
        most_sampled: int = 1024,
        embedding_width: int = 8,
        number_embedding: str | None = "periodic",
        number_embedding_width: int = 16,
        learning_rate: float = 1e-2,
        weight_decay: float = 2e-4,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **training)
        self.width = width
        self.depth = depth
        self.block_width = block_width
        self.dropout = dropout
        self.sample_share = sample_share
        self.most_sampled = most_sampled
        self.embedding_width = embedding_width
        self.number_embedding = number_embedding
        self.number_embedding_width = number_embedding_width

    def _rows(self, X: np.ndarray, y: np.ndarray) -> Any:
        """Rows to train on know their place among the candidates, so that none is its own neighbour."""
        from advisor.nets.modern_nca import numbered

        return numbered(super()._rows(X, y))

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.blocks import TableInput
        from advisor.nets.embeddings import number_embedding
        from advisor.nets.modern_nca import Neighbours, labels, periodic

        numbers, flags, _, _ = rows.inputs
        kind, width = self.number_embedding, self.number_embedding_width
        waves = kind == "periodic" and numbers.shape[1]
        embedding = periodic(numbers.shape[1], width) if waves else number_embedding(kind, numbers, width)
        return Neighbours(
            TableInput(numbers.shape[1], flags.shape[1], levels, self.embedding_width, embedding),
            rows.inputs[:3],
            labels(rows.target, len(bias)),
            width=self.width,
            depth=self.depth,
            block_width=self.block_width,
            dropout=self.dropout,
            sample_share=self.sample_share,
            most_sampled=self.most_sampled,
        )

    def _fitted(self, *arguments: Any) -> tuple[Any, Any, FitReport]:
        module, fit, report = super()._fitted(*arguments)
        module.settle()
        return module, fit, report

    def _batch_size(self, rows: int) -> int:
        """256 rows, but four steps an epoch: what a step costs are its many candidates rather than its rows."""
        return int(np.clip(rows // 4, 16, 256))


class ModernNCAClassifier(EarlyStoppingClassifier, _ModernNCA):
    """The net for classes: their shares among the neighbours."""


class ModernNCARegressor(EarlyStoppingRegressor, _ModernNCA):
    """The net for values: the neighbours' weighted mean, so that it stays within those of the training rows."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    kind = ModernNCARegressor if setting.task == "regression" else ModernNCAClassifier
    model = kind(trainings=setting.trainings, **training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The space of the paper, narrowed to the nets that one CPU can train."""
    return {
        "width": Integer(64, 512, log=True),
        "depth": Integer(0, 2),
        "block_width": Integer(64, 512, log=True),
        "dropout": Float(0.0, 0.5),
        "sample_share": Float(0.05, 0.6),
        "number_embedding": Choice((None, "linear_periodic", "periodic", "piecewise_linear")),
        "number_embedding_width": Integer(4, 32, log=True),
        "learning_rate": Float(1e-3, 3e-2, log=True),
        "weight_decay": Float(1e-6, 1e-3, log=True),
        **whether_to_hold_out(setting),
    }


LEARNER = Learner(
    name="modern_nca",
    family="neural",
    summary="ModernNCA: nearest neighbours in a space that a net has learnt.",
    build=_build,
    space=_space,
    requires=("torch",),
    averaged=True,
    seconds=Growth(1.1, rows=1.2, columns=0.2, classes=0.2, values=2.9, drop=NO_REFIT, fewer_passes=True),
    strong=True,
    gpu_speed=20.0,
)
