"""A plain multilayer perceptron in PyTorch: embeddings for categories, dropout, AdamW, the epoch that held rows like.

torch is loaded when a net is trained or asked, not when this file is imported.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.early_stopping import (
    MOST_ROWS_TO_REFIT,
    EarlyStopping,
    EarlyStoppingClassifier,
    EarlyStoppingRegressor,
    Trained,
)
from advisor.errors import UserError

# Columns with at most so many levels enter as 0/1 columns; more levels get a learned vector each.
MOST_ONE_HOT_LEVELS = 10


class _MLP(EarlyStopping):
    """The hooks of EarlyStopping for the net.

    Numbers should come scaled and without gaps (an encoder of style "net" sees to it). `batch_size` and `epochs` may
    be None: then the number of rows decides. `device` is "auto", "cpu", "cuda" or "mps"; a fitted net is kept on the
    CPU, so that it can be loaded where the device is not. After `fit`, `learning_curve_` has the loop's curve, one
    value an epoch; losses of a regression are in units of the standardised target.
    """

    def __init__(
        self,
        *,
        width: int = 256,
        depth: int = 3,
        activation: str = "silu",
        normalisation: str | None = None,
        dropout: float = 0.15,
        embedding_width: int = 8,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        batch_size: int | None = None,
        epochs: int | None = None,
        label_smoothing: float = 0.0,
        metric: str | None = None,
        validation_fraction: float = 0.2,
        patience: int = 20,
        refit: bool = False,
        seconds: float | None = None,
        random_state: Any = 0,
        n_jobs: int = 1,
        device: str = "cpu",
    ) -> None:
        self.width = width
        self.depth = depth
        self.activation = activation
        self.normalisation = normalisation
        self.dropout = dropout
        self.embedding_width = embedding_width
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.label_smoothing = label_smoothing
        self.metric = metric
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.refit = refit
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags

    def _train(self, X: np.ndarray, y: np.ndarray, X_held: np.ndarray, y_held: np.ndarray, deadline: float) -> Trained:
        from advisor.nets.loop import Rows

        held = Rows(self._tensors(X_held), self._target(y_held))
        epochs = self._epochs(len(y))
        module, fit = self._fitted(X, y, held, deadline - time.monotonic(), epochs)
        self.learning_curve_ = dict(fit.curve)
        # A schedule that was shortened still comes down to its end; below half of its epochs it is not the same net.
        cut_short = fit.stopped == "deadline" and 2 * len(fit.curve["valid_loss"]) < epochs
        return Trained(module, fit.best_epoch, fit.curve["valid_loss"], cut_short)

    def _retrain(self, X: np.ndarray, y: np.ndarray, iterations: int) -> Any:
        return self._fitted(X, y, None, np.inf, iterations)[0]

    def _raw_predict(self, X: np.ndarray) -> np.ndarray:
        from advisor.nets.loop import cpu_threads, pick_device, predict

        # A net that was trained on a GPU may be asked on a machine without one: the best device at hand will do.
        place = pick_device("cpu" if self.device == "cpu" else "auto")
        module = self.model_ if place.type == "cpu" else copy.deepcopy(self.model_).to(place)
        with cpu_threads(self.n_jobs):
            outputs = predict(module, self._tensors(X), place).double()
        values: np.ndarray = (outputs.softmax(dim=1) if self._loss == "log_loss" else outputs.squeeze(1)).numpy()
        return values

    def _fitted(self, X: np.ndarray, y: np.ndarray, held: Any, seconds: float, epochs: int) -> tuple[Any, Any]:
        """Build a net for such rows and train it; return it on the CPU, and the loop's Fit."""
        from advisor.nets.loop import Recipe, Rows, cpu_threads, pick_device, seeded, train

        place = pick_device(self.device)
        self.device_ = place.type
        rows = Rows(self._tensors(X), self._target(y))
        with seeded(self.seed_, place), cpu_threads(self.n_jobs):
            module = self._module(y, rows.inputs[0].shape[1])
        recipe = Recipe(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size or _batch_size(len(y)),
            epochs=epochs,
            patience=self.patience,
        )
        limit = None if np.isinf(seconds) else max(0.0, seconds)
        loss, error = self._losses()
        fit = train(
            module, rows, held, loss, recipe,
            error=error, seconds=limit, seed=self.seed_, device=place, threads=self.n_jobs,
        )  # fmt: skip
        return module.cpu(), fit

    def _module(self, y: np.ndarray, numbers: int) -> Any:
        from advisor.nets.blocks import MLP, TableInput, TableNet

        levels = [levels for levels in self.cardinalities_ if levels > MOST_ONE_HOT_LEVELS]
        entrance = TableInput(numbers, levels, self.embedding_width)
        # The head starts at the class log-frequencies; a regression target has mean 0.
        bias = np.log(np.bincount(y) / len(y)) if self._loss == "log_loss" else np.zeros(1)
        body = MLP(
            entrance.width,
            len(bias),
            width=self.width,
            depth=self.depth,
            activation=self.activation,
            normalisation=self.normalisation,
            dropout=self.dropout,
            bias=bias.tolist(),
        )
        return TableNet(entrance, body)

    def _losses(self) -> tuple[Any, Any]:
        """The loss that is minimised, and the error that picks the epoch (None: the same)."""
        from torch.nn import functional

        if self._loss == "mae":
            return lambda outputs, target: functional.l1_loss(outputs.squeeze(1), target), None
        if self._loss == "rmse":
            return lambda outputs, target: functional.mse_loss(outputs.squeeze(1), target), None
        smoothing = self.label_smoothing
        if not smoothing:
            return functional.cross_entropy, None
        return lambda outputs, target: functional.cross_entropy(outputs, target, label_smoothing=smoothing), None

    def _tensors(self, X: np.ndarray) -> tuple[Any, ...]:
        """Numbers and 0/1 columns as float32 (n, p); codes (n, c), 0 for missing or unseen, where a column needs them.

        A missing or unseen level of a short column is a row of zeros. Raises UserError where a number is missing.
        """
        import torch

        levels = np.asarray(self.cardinalities_)
        numbers = X[:, levels == 0]
        if np.isnan(numbers).any():
            raise UserError(f"{type(self).__name__} takes no NaN among numbers; impute them first (encoder 'net').")
        short = [X[:, [i]] == np.arange(count) for i, count in enumerate(levels) if 0 < count <= MOST_ONE_HOT_LEVELS]
        inputs = [torch.from_numpy(np.hstack([numbers, *short]).astype(np.float32))]
        if (long := levels > MOST_ONE_HOT_LEVELS).any():
            inputs.append(torch.from_numpy(np.nan_to_num(X[:, long] + 1, nan=0.0).astype(np.int64)))
        return tuple(inputs)

    def _target(self, y: np.ndarray) -> Any:
        import torch

        return torch.from_numpy(y if self._loss == "log_loss" else y.astype(np.float32))

    def _epochs(self, rows: int) -> int:
        return self.epochs or _epochs(rows)


class MLPClassifier(EarlyStoppingClassifier, _MLP):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class MLPRegressor(EarlyStoppingRegressor, _MLP):
    """The net for values; see EarlyStopping for what it does with rows and targets."""


def _batch_size(rows: int) -> int:
    """About 50 steps an epoch, within 64..256 rows."""
    return int(np.clip(2 ** round(np.log2(max(rows, 1) / 50)), 64, 256))


def _epochs(rows: int) -> int:
    """Few rows need many passes, many rows few: about 8,000 steps, within 40..200 epochs; patience ends most before."""
    return int(np.clip(8000 * _batch_size(rows) / max(rows, 1), 40, 200))


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (MLPRegressor if setting.task == "regression" else MLPClassifier)(
        metric=setting.metric,
        refit=setting.rows <= MOST_ROWS_TO_REFIT,
        seconds=setting.seconds,
        random_state=setting.seed,
        n_jobs=setting.threads,
        device=setting.device,
    )
    # On 14 tables kept apart from our benchmarks 0.1 was 1.5 % better than 0.2 for values; for classes it was mixed.
    model.set_params(**{"dropout": 0.1 if setting.task == "regression" else 0.2, **params})
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model)])


def _space(setting: Setting) -> Space:
    """As Gorishniy et al. (2021) and Kadra et al. (2021) search an MLP, with narrower nets: one CPU must train them."""
    space: dict[str, Any] = {
        "width": Integer(64, 512, log=True),
        "depth": Integer(1, 4),
        "activation": Choice(("silu", "relu", "gelu")),
        "normalisation": Choice((None, "batch", "layer")),
        "dropout": Float(0.0, 0.5),
        "embedding_width": Integer(4, 32, log=True),
        "learning_rate": Float(1e-4, 1e-2, log=True),
        "weight_decay": Float(1e-6, 1e-1, log=True),
        "batch_size": Choice((None, 64, 128, 256, 512)),
    }
    if setting.metric in ("accuracy", "balanced_accuracy"):
        # Smoothed labels cost log loss and calibration; only where the winning class is all that counts may they help.
        space["label_smoothing"] = Float(0.0, 0.2)
    return space


LEARNER = Learner(
    name="mlp",
    family="neural",
    summary="Multilayer perceptron in PyTorch with embeddings, dropout and early stopping.",
    build=_build,
    space=_space,
    requires=("torch",),
    effort=3,
)
