"""A base for estimators that are nets on tables: rows in, a trained net out; a subclass says which net.

torch is loaded when a net is trained or asked, not when this file is imported.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.contracts import Choice, FitReport, Setting
from advisor.errors import UserError
from advisor.estimators.early_stopping import MOST_ROWS_TO_REFIT, EarlyStopping, Trained

# What a net sees of the training rows before its first step, where its first weights are fitted to data.
MOST_ROWS_TO_START_FROM = 1_000
# Of fewer rows than this none may be spared to say when to stop.
FEW_ROWS = 200


class NetEstimator(EarlyStopping):
    """The hooks of EarlyStopping for a net; a subclass builds it in `_net` and adds parameters of its own.

    Numbers should come scaled and without gaps (an encoder of style "net" sees to it). Columns with at most
    `most_one_hot_levels` levels enter as 0/1 columns, longer ones as codes. `batch_size` and `epochs` may be None: then
    the number of rows decides. With `optimiser` "sgd" the learning rate is `sgd_pace` times what `learning_rate` says:
    one range serves all. `device` is "auto", "cpu", "cuda" or "mps"; a fitted net is kept on the CPU, so that it
    can be loaded where the device is not. The curve in `fit_report_` is the loop's (nets.loop.Fit), one value an epoch;
    losses of a regression are in units of the standardised target.

    A net may answer with several outputs a row, (n, members, K): each is trained by itself, and their mean predicts.
    """

    most_one_hot_levels = 10
    sgd_pace = 30.0

    def __init__(
        self,
        *,
        optimiser: str = "adamw",
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        batch_size: int | None = None,
        epochs: int | None = None,
        label_smoothing: float = 0.0,
        metric: str | None = None,
        validation_fraction: float = 0.2,
        patience: int = 20,
        refit: bool = False,
        trainings: int = 1,
        seconds: float | None = None,
        random_state: Any = 0,
        n_jobs: int = 1,
        device: str = "cpu",
        augment: Any = None,
    ) -> None:
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.label_smoothing = label_smoothing
        self.metric = metric
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.refit = refit
        self.trainings = trainings
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device
        self.augment = augment

    def __init_subclass__(cls, **options: Any) -> None:
        """Write the parameters of training, which a subclass takes as `**training`, into its signature.

        scikit-learn reads there what can be set and cloned, and people what they can ask for.
        """
        super().__init_subclass__(**options)
        own = vars(cls).get("__init__")
        if own is not None:
            named = {**inspect.signature(NetEstimator.__init__).parameters, **inspect.signature(own).parameters}
            own.__signature__ = inspect.Signature([p for p in named.values() if p.kind is not p.VAR_KEYWORD])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        """Build a fresh net for `rows` (nets.loop.Rows of numbers (n, p), 0/1 columns (n, h), codes (n, c)).

        `levels` are those of the code columns, 0 being the code of missing or never seen. The net has len(bias)
        outputs, which should start near `bias` (the class log-frequencies, or 0 for a standardised target). `seconds`
        are left to build and train it (None: no limit), for those who train a part of it here.
        """
        raise NotImplementedError

    def _recipe(self, rows: int, epochs: int) -> Any:
        """How to train on so many rows."""
        from advisor.nets.loop import Recipe

        return Recipe(
            learning_rate=self.learning_rate * (self.sgd_pace if self.optimiser == "sgd" else 1.0),
            weight_decay=self.weight_decay,
            batch_size=self.batch_size or self._batch_size(rows),
            epochs=epochs,
            patience=self.patience,
            optimiser=self.optimiser,
            schedule=self.schedule,
        )

    def _batch_size(self, rows: int) -> int:
        """About 50 steps an epoch, within 64..256 rows."""
        return int(np.clip(2 ** round(np.log2(max(rows, 1) / 50)), 64, 256))

    def _epochs(self, rows: int) -> int:
        """Few rows need many passes, many rows few: about 8,000 steps in 40..200 epochs; patience ends most before."""
        return self.epochs or int(np.clip(8000 * self._batch_size(rows) / max(rows, 1), 40, 200))

    def _train(self, X: np.ndarray, y: np.ndarray, X_held: np.ndarray, y_held: np.ndarray, deadline: float) -> Trained:
        from advisor.nets.loop import Rows

        held = Rows(self._tensors(X_held), self._target(y_held)) if len(y_held) else None
        epochs = self._epochs(len(y))
        module, fit, report = self._fitted(X, y, held, deadline, self._recipe(len(y), epochs))
        self.planned_epochs_ = fit.planned_epochs
        # A schedule that was shortened still comes down to its end; below half of its epochs it is not the same net.
        cut_short = fit.stopped == "deadline" and 2 * len(fit.curve["train_loss"]) < epochs
        return Trained(module, fit.best_epoch, fit.curve.get("valid_loss", ()), replace(report, cut_short=cut_short))

    def _retrain(self, X: np.ndarray, y: np.ndarray, iterations: int, deadline: float) -> Trained:
        # The schedules are those of the first training: what was best was best at their height of then.
        recipe = replace(self._recipe(len(y), self.planned_epochs_), last_epoch=iterations)
        module, fit, report = self._fitted(X, y, None, deadline, recipe)
        return Trained(module, fit.best_epoch, report=report)

    def _raw_predict(self, model: Any, X: np.ndarray) -> np.ndarray:
        from advisor.nets.device import cpu_threads, pick_device
        from advisor.nets.loop import predict

        # A net that was trained on a GPU may be asked on a machine without one: the best device at hand will do.
        place = pick_device("cpu" if self.device == "cpu" else "auto")
        module = model if place.type == "cpu" else copy.deepcopy(model).to(place)
        with cpu_threads(self.n_jobs):
            outputs = predict(module, self._tensors(X), place).double()
        means = outputs.softmax(dim=-1) if self._loss == "log_loss" else outputs.squeeze(-1)
        if outputs.ndim == 3:
            means = means.mean(dim=1)
        values: np.ndarray = means.numpy()
        return values

    def _fitted(
        self, X: np.ndarray, y: np.ndarray, held: Any, deadline: float, recipe: Any
    ) -> tuple[Any, Any, FitReport]:
        """Build a net for such rows and train it; return it on the CPU, the loop's Fit, and what is to be told."""
        import torch

        from advisor.nets.device import GpuMemory, cpu_threads, device_name, pick_device, seeded
        from advisor.nets.loop import train
        from advisor.nets.losses import TableLoss

        place = pick_device(self.device)
        rows = self._rows(X, y)
        levels = [levels for levels in self.cardinalities_ if levels > self.most_one_hot_levels]
        bias = np.log(np.bincount(y) / len(y)) if self._loss == "log_loss" else np.zeros(1)
        loss = TableLoss(self._loss, self.label_smoothing)  # type: ignore[arg-type]  # the three that there are
        with GpuMemory(place) as memory:
            with seeded(self.seed_, place), cpu_threads(self.n_jobs):
                module = self._net(rows, levels, bias.tolist(), _left(deadline))
                if hasattr(module, "start_from"):
                    module.start_from(
                        *rows.sample(MOST_ROWS_TO_START_FROM, torch.Generator().manual_seed(self.seed_)).inputs
                    )
            fit = train(
                module, rows, held, loss, recipe,
                error=loss.error, seconds=_left(deadline), seed=self.seed_, device=place, threads=self.n_jobs,
            )  # fmt: skip
        return module.cpu(), fit, FitReport(place.type, device_name(place), memory.peak_mb, curve=dict(fit.curve))

    def _rows(self, X: np.ndarray, y: np.ndarray) -> Any:
        """Return the rows to train on as the loop takes them."""
        from advisor.nets.loop import Rows

        return Rows(self._tensors(X), self._target(y))

    def _tensors(self, X: np.ndarray) -> tuple[Any, ...]:
        """Numbers (n, p) and 0/1 columns (n, h), float32, and codes (n, c), 0 for missing or unseen; any may be empty.

        A missing or unseen level of a short column is a row of zeros. Raises UserError where a number is missing.
        """
        import torch

        levels = np.asarray(self.cardinalities_)
        numbers = X[:, levels == 0]
        if np.isnan(numbers).any():
            raise UserError(f"{type(self).__name__} takes no NaN among numbers; impute them first (encoder 'net').")
        most = self.most_one_hot_levels
        flags = [X[:, [i]] == np.arange(count) for i, count in enumerate(levels) if 0 < count <= most]
        codes = np.nan_to_num(X[:, levels > most] + 1, nan=0.0)
        return (
            torch.from_numpy(numbers.astype(np.float32)),
            torch.from_numpy(np.hstack([numbers[:, :0], *flags]).astype(np.float32)),
            torch.from_numpy(codes.astype(np.int64)),
        )

    def _target(self, y: np.ndarray) -> Any:
        import torch

        return torch.from_numpy(y if self._loss == "log_loss" else y.astype(np.float32))


class ArrayNetEstimator(NetEstimator):
    """The hooks for a net whose rows are arrays: series (channels, steps), pictures (channels, height, width).

    `axes` is how many axes all rows together have, their own included; arrays with fewer (a plain table) get axes of
    length 1 before their last. The net is given one float32 tensor, and has to come without NaN.
    """

    rows_are_arrays = True
    axes = 3

    def _tensors(self, X: np.ndarray) -> tuple[Any, ...]:
        """Return the rows as one tensor of `axes` axes. Raises UserError where a number is missing."""
        import torch

        if np.isnan(X).any():
            raise UserError(f"{type(self).__name__} takes no NaN; fill gaps first.")
        shape = (len(X), *[1] * (self.axes - X.ndim), *X.shape[1:])
        return (torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32).reshape(shape)),)


class TextNetEstimator(NetEstimator):
    """The hooks for a net that is given codes (n, texts, length), int64, and numbers (n, q), float32.

    The first `texts * length` columns of a row are the codes, 0 for none. Numbers have to come without NaN.
    """

    texts: int
    length: int

    def _tensors(self, X: np.ndarray) -> tuple[Any, ...]:
        """Return the rows as (codes, numbers). Raises UserError where a number is missing."""
        import torch

        if np.isnan(X).any():
            raise UserError(f"{type(self).__name__} takes no NaN among numbers; impute them first (encoder 'words').")
        wide = self.texts * self.length
        codes = X[:, :wide].astype(np.int64).reshape(len(X), self.texts, self.length)
        return torch.from_numpy(codes), torch.from_numpy(X[:, wide:].astype(np.float32))


def _left(deadline: float) -> float | None:
    """Return the seconds until the deadline (time.monotonic), None where there is none."""
    return None if np.isinf(deadline) else max(0.0, deadline - time.monotonic())


def whether_to_hold_out(setting: Setting, few: int = FEW_ROWS) -> dict[str, Choice]:
    """Return, of fewer than `few` rows, the choice of training on all of them for a fixed number of epochs, since none
    may be spared to say when to stop (a `validation_fraction` of 0); of more rows no choice."""
    return {"validation_fraction": Choice((0.0, 0.2))} if setting.rows < few else {}


def training(setting: Setting) -> dict[str, Any]:
    """Return what a setting says about the training of any net."""
    return {
        "metric": setting.metric,
        "refit": setting.rows <= MOST_ROWS_TO_REFIT,
        "seconds": setting.seconds,
        "random_state": setting.seed,
        "n_jobs": setting.threads,
        "device": setting.device,
    }
