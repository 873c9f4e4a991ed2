"""RealMLP in PyTorch: a multilayer perceptron with the tuned tricks of Holzmüller, Grinsztajn and Steinwart (2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _RealMLP(NetEstimator):
    """The net of the paper; its defaults are those of "RealMLP-TD", but for what the class docstrings below say."""

    def __init__(
        self,
        *,
        width: int = 256,
        depth: int = 3,
        activation: str = "selu",
        dropout: float = 0.15,
        embedding_width: int = 8,
        number_embedding: str | None = "linear_periodic",
        number_embedding_width: int = 4,
        learning_rate: float = 0.04,
        weight_decay: float = 0.02,
        schedule: str = "coslog",
        patience: int = 20,
        **training: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate, weight_decay=weight_decay, schedule=schedule, patience=patience, **training
        )
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
        from advisor.nets.realmlp import RealMLP

        numbers, flags, _ = rows.inputs
        embedding = number_embedding(self.number_embedding, numbers, self.number_embedding_width)
        return RealMLP(
            TableInput(numbers.shape[1], flags.shape[1], levels, self.embedding_width, embedding),
            len(bias),
            width=self.width,
            depth=self.depth,
            activation=self.activation,
            dropout=self.dropout,
        )

    def _recipe(self, rows: int, epochs: int) -> Any:
        # At 1, 3, 7 and 15 fifteenths of the epochs the learning rate comes down to zero, and a net is at its best. The
        # next time after epoch b is before epoch 2 b + epochs / 15: patience waits for that, and no longer.
        return replace(
            super()._recipe(rows, epochs),
            beta2=0.95,
            fading=True,
            clip_norm=None,
            more_patience=1.0,
        )

    def _batch_size(self, rows: int) -> int:
        """Between 128 and 256 rows, but four steps an epoch: on six tables 128 did as well as 64, better than 256."""
        return max(min(128, rows // 4), super()._batch_size(rows))

    def _epochs(self, rows: int) -> int:
        """The paper's 256 where rows are few; about 8,000 steps, but no less than 64 epochs, where they are many."""
        return self.epochs or int(np.clip(8000 * self._batch_size(rows) / max(rows, 1), 64, 256))


class RealMLPClassifier(EarlyStoppingClassifier, _RealMLP):
    """The net for classes. Unlike the paper's, it stops by log loss and smooths no labels unless told to."""


class RealMLPRegressor(EarlyStoppingRegressor, _RealMLP):
    """The net for values, which stay within those of the training rows, as in the paper."""

    def _fit_codes_or_values(self, X: np.ndarray, y: np.ndarray, groups: Any, times: Any) -> None:
        self.range_ = float(y.min()), float(y.max())
        super()._fit_codes_or_values(X, y, groups, times)

    def _raw_predict(self, model: Any, X: np.ndarray) -> np.ndarray:
        return super()._raw_predict(model, X).clip(*self.range_)


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    if setting.task == "regression":
        model: Any = RealMLPRegressor(
            activation="mish", learning_rate=0.2, trainings=setting.trainings, **training(setting)
        )
    else:
        model = RealMLPClassifier(trainings=setting.trainings, **training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    """The space of the paper, narrowed to the nets that one CPU can train."""
    middle = 0.2 if setting.task == "regression" else 0.04
    space: dict[str, Any] = {
        "width": Choice((128, 256, 384)),
        "depth": Integer(1, 4),
        "activation": Choice(("selu", "mish", "relu", "silu")),
        "dropout": Float(0.0, 0.5),
        "number_embedding": Choice((None, "linear_periodic", "periodic", "piecewise_linear")),
        "learning_rate": Float(middle / 5, middle * 3, log=True),
        "weight_decay": Float(1e-3, 1e-1, log=True),
        **whether_to_hold_out(setting),
    }
    if setting.metric in ("accuracy", "balanced_accuracy"):
        space["label_smoothing"] = Float(0.0, 0.2)
    return space


LEARNER = Learner(
    name="realmlp",
    family="neural",
    summary="RealMLP: a multilayer perceptron with tuned defaults, periodic embeddings and schedules.",
    build=_build,
    space=_space,
    requires=("torch",),
    averaged=True,
    seconds=Growth(1.25, rows=0.95, columns=0.25, classes=0.1, values=2.8, drop=NO_REFIT, fewer_passes=True),
    strong=True,
    gpu_speed=4.0,
)
