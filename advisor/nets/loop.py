"""One training loop for every net: rows lie on the device once, the best weights on held rows win, the clock is obeyed.

Laws: the caller's random state and thread count are as before; on a CPU the same seed gives the same weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from advisor.errors import AdvisorError, UserError
from advisor.nets.blocks import Dropout
from advisor.nets.device import CPU, cpu_threads, quick_products, seeded
from advisor.nets.optimiser import Optimiser, WeightAverage
from advisor.nets.replay import Replay

Loss = Callable[[Tensor, Tensor], Tensor]
Error = Callable[[Tensor, Tensor], float]
Stop = Literal["epochs", "patience", "deadline", "diverged"]

SMALLEST_BATCH = 16
PREDICT_BATCH = 8192


class Diverged(AdvisorError):
    """The loss became infinite or NaN before any weights were worth keeping."""


@dataclass(frozen=True)
class Rows:
    """Rows of a table as tensors: what the module's `forward` takes, in its order, and the target; all of length n."""

    inputs: tuple[Tensor, ...]
    target: Tensor

    def to(self, device: torch.device) -> Rows:
        """Return the same rows on `device`."""
        return Rows(tuple(part.to(device) for part in self.inputs), self.target.to(device))

    def sample(self, count: int, generator: torch.Generator) -> Rows:
        """Return `count` of the rows, drawn without replacement, or all where there are fewer."""
        index = torch.randperm(len(self.target), generator=generator)[:count]
        return Rows(tuple(part[index] for part in self.inputs), self.target[index])


@dataclass(frozen=True)
class Recipe:
    """How to train. `warmup` is the share of all steps in which the learning rate rises (not for "coslog").

    Training ends after `last_epoch`, where one is named, although the schedules are those of `epochs`, and these are
    then not shortened for want of time: a training that is repeated is the same or, cut, none. It ends after `patience`
    epochs without a better held error, and `more_patience` epochs more for each epoch up to the best one. With
    `fading`, dropout and weight decay come down to zero over the second half of training
    (Holzmüller, Grinsztajn and Steinwart 2024).

    With `averaging` above 0, what is judged and kept is a running mean of the weights over about so many epochs (Polyak
    and Juditsky 1992): a net that is stopped before its learning rate has come down is then as calm as if it had.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    batch_size: int = 256
    epochs: int = 100
    last_epoch: int | None = None
    patience: int = 20
    more_patience: float = 0.0
    optimiser: str = "adamw"
    beta2: float = 0.999
    schedule: str = "cosine"
    warmup: float = 0.05
    fading: bool = False
    averaging: float = 2.0
    clip_norm: float | None = 1.0


@dataclass(frozen=True)
class Fit:
    """What became of a training: the epoch whose weights were kept (1 is the first), why it ended, the epochs that its
    schedules were made for in the end, and its curve.

    `curve` has one value an epoch for "epoch", "train_loss", "learning_rate" (at the epoch's end), "seconds" (since
    the start), and "valid_loss" (the error on the held rows) where rows were held out. `batch_size` is what fitted
    in memory.
    """

    best_epoch: int
    stopped: Stop
    planned_epochs: int
    curve: Mapping[str, tuple[float, ...]]
    batch_size: int


def learning_rate_factor(progress: float, schedule: str, warmup: float = 0.0) -> float:
    """Return the part of the learning rate to use at `progress` (0..1) of training.

    "constant" and "cosine" rise linearly over the first `warmup` share (Goyal et al. 2017); then the one stays and the
    other comes down half a cosine to zero (Loshchilov and Hutter 2017, without restarts). "coslog" comes down to zero
    four times, each way twice as long as the one before (Holzmüller, Grinsztajn and Steinwart 2024).
    """
    if schedule == "coslog":
        return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * progress)))
    if progress < warmup:
        return progress / warmup
    if schedule == "constant":
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (progress - warmup) / max(1e-12, 1.0 - warmup))))


def fade(progress: float) -> float:
    """Return 1 over the first half of `progress` (0..1), then half a cosine down to zero."""
    return 1.0 if progress < 0.5 else 0.5 * (1.0 + math.cos(math.pi * min(1.0, 2.0 * progress - 1.0)))


def predict(module: nn.Module, inputs: Sequence[Tensor], device: torch.device) -> Tensor:
    """Return the module's float32 outputs on the CPU, in evaluation mode and without gradients, shape (n, outputs)."""
    module.eval()
    return _outputs(module, inputs, device).cpu()


def train(
    module: nn.Module,
    rows: Rows,
    held: Rows | None,
    loss: Loss,
    recipe: Recipe,
    *,
    error: Error | None = None,
    seconds: float | None = None,
    seed: int = 0,
    device: torch.device | None = None,
    threads: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Fit:
    """Train `module` in place and leave it in evaluation mode on `device` with the weights of its best epoch.

    `loss(outputs, target)` returns the mean over a batch and is minimised; `error(outputs, target)` judges the held
    rows after each epoch (`loss` if None) and picks the epoch. Without held rows the last epoch is kept. `seconds` is
    soft: the schedule is shortened, as soon as the pace is known, to the epochs that fit (but see Recipe), and cut
    where even that runs over; the clock is read at every batch. Where a GPU's memory is too small, the batch is halved
    and training starts again. A permuted copy of the rows is made each epoch: twice their size must fit on the device.

    On an NVIDIA GPU the steps of a module that says `replayable = True` are replayed from the second epoch on (see
    advisor.nets.replay). Its forward pass must not ask the GPU for a value, nor change its course by Python's.

    Raises UserError for rows that hold NaN or infinity, Diverged if the loss leaves the real numbers before any epoch
    was good.
    """
    started, place = clock(), device or CPU
    for name, part in (("training", rows), ("held-out", held)):
        if part is not None and not _finite(part):
            raise UserError(f"The {name} rows hold NaN or infinity, which no net can take; impute and scale first.")
    start = {name: value.detach().clone() for name, value in module.state_dict().items()}
    module.to(place)
    while True:
        try:
            with seeded(seed, place), cpu_threads(threads), quick_products(place):
                run = _Run(module, rows.to(place), held and held.to(place), loss, error or _as_error(loss), recipe)
                return run.through(started, seconds, seed, clock)
        except torch.OutOfMemoryError:
            if recipe.batch_size <= SMALLEST_BATCH:
                raise
        recipe = replace(recipe, batch_size=max(SMALLEST_BATCH, recipe.batch_size // 2))
        module.load_state_dict(start)


class _Run:
    """The state of one training: weights, optimiser, and the best that was seen."""

    def __init__(
        self, module: nn.Module, rows: Rows, held: Rows | None, loss: Loss, error: Error, recipe: Recipe
    ) -> None:
        self.module, self.rows, self.held, self.loss, self.error, self.recipe = module, rows, held, loss, error, recipe
        self.device = rows.target.device
        self.batches = max(1, round(len(rows.target) / recipe.batch_size))
        self.optimiser = Optimiser(module, recipe.weight_decay, recipe.clip_norm, recipe.optimiser, recipe.beta2)
        self.dropouts = [part for part in module.modules() if isinstance(part, Dropout)] if recipe.fading else []
        self.learning_rate, self.strength = 0.0, 1.0
        self.average = WeightAverage(module, recipe.averaging * self.batches) if recipe.averaging else None
        self.best_error = math.inf
        self.best_epoch = 0
        self.best_state: dict[str, Tensor] = {}
        self.curve: dict[str, list[float]] = {}
        self.replay: Replay | None = None

    def through(self, started: float, seconds: float | None, seed: int, clock: Callable[[], float]) -> Fit:
        """Run epochs until they are used up, nothing improves, the time is over or the loss explodes."""
        order = torch.Generator().manual_seed(seed)
        stopped: Stop = "epochs"
        planned, epoch = self.recipe.epochs, 0
        while epoch < min(planned, self.recipe.last_epoch or planned):
            epoch += 1
            deadline = math.inf if seconds is None else started + seconds
            train_loss, cut = self._epoch(epoch, planned, order, clock, deadline)
            with self.average.in_place() if self.average is not None else nullcontext():
                valid = self._judge() if self.held is not None and math.isfinite(train_loss) else train_loss
                better = self.held is None or valid < self.best_error
                if better and math.isfinite(valid):
                    self._keep(epoch, valid)
            if not math.isfinite(valid):
                stopped = "diverged"
                break
            elapsed = clock() - started
            self._note(epoch, train_loss, valid, elapsed)
            if epoch - self.best_epoch >= self.recipe.patience + self.recipe.more_patience * self.best_epoch:
                stopped = "patience"
                break
            if cut and self.recipe.last_epoch is not None:
                stopped = "deadline"
                break
            if seconds is not None and self.recipe.last_epoch is None:
                # By the pace so far, so that one slow epoch is forgiven when the others make up for it.
                fitting = epoch if cut else max(epoch, int(seconds * epoch / max(elapsed, 1e-9)))
                planned = min(fitting, self.recipe.epochs)
                stopped = "deadline" if planned < self.recipe.epochs else "epochs"
        if not self.best_epoch:
            raise Diverged("The net's loss became NaN or infinite in the first epoch; a lower learning rate may help.")
        self.module.load_state_dict(self.best_state)
        self.module.eval()
        curve = {name: tuple(values) for name, values in self.curve.items()}
        return Fit(self.best_epoch, stopped, planned, curve, self.recipe.batch_size)

    def _epoch(
        self, epoch: int, planned: int, order: torch.Generator, clock: Callable[[], float], deadline: float
    ) -> tuple[float, bool]:
        """One pass over the rows in random order; return the mean loss and whether the deadline cut it short."""
        self.module.train()
        index = torch.randperm(len(self.rows.target), generator=order).to(self.device)
        whole = (*self.rows.inputs, self.rows.target)
        progress = [(epoch - 1 + (batch + 0.5) / self.batches) / planned for batch in range(self.batches)]
        recipe = self.recipe
        rates = [recipe.learning_rate * learning_rate_factor(at, recipe.schedule, recipe.warmup) for at in progress]
        strength = fade((epoch - 0.5) / planned) if recipe.fading else 1.0
        for layer in self.dropouts:
            layer.fade(strength)
        if epoch > 1 and self.device.type == "cuda" and getattr(self.module, "replayable", False):
            if self.replay is None or strength != self.strength:
                self.replay = Replay(whole, self.batches, partial(self._step, strength=strength))
            dials = [(rate, self.average.next_share() if self.average else 0.0) for rate in rates]
            losses, cut = self.replay.epoch(index, dials, lambda: clock() >= deadline)
        else:
            parts = [part.index_select(0, index).tensor_split(self.batches) for part in whole]
            found, cut = [], False
            for rate, *batch in zip(rates, *parts, strict=True):
                found.append(self._step(batch, rate, None, strength))
                cut = clock() >= deadline
                if cut:
                    break
            losses = torch.stack(found)
        self.strength, self.learning_rate = strength, rates[len(losses) - 1]
        return float(losses.float().mean()), cut

    def _step(self, batch: Sequence[Tensor], rate: float | Tensor, share: Tensor | None, strength: float) -> Tensor:
        *inputs, target = batch
        loss = self.loss(self.module(*inputs), target)
        loss.backward()
        self.optimiser.step(rate, strength)
        if self.average is not None:
            self.average.update(share)
        return loss.detach()

    def _judge(self) -> float:
        assert self.held is not None
        self.module.eval()
        return float(self.error(_outputs(self.module, self.held.inputs, self.device), self.held.target))

    def _keep(self, epoch: int, valid: float) -> None:
        self.best_epoch, self.best_error = epoch, valid
        for name, value in self.module.state_dict().items():
            if name in self.best_state:
                self.best_state[name].copy_(value)
            else:
                self.best_state[name] = value.detach().clone()

    def _note(self, epoch: int, train_loss: float, valid: float, elapsed: float) -> None:
        values = {
            "epoch": float(epoch),
            "train_loss": train_loss,
            **({} if self.held is None else {"valid_loss": valid}),
            "learning_rate": self.learning_rate,
            "seconds": elapsed,
        }
        for name, value in values.items():
            self.curve.setdefault(name, []).append(value)


def _outputs(module: nn.Module, inputs: Sequence[Tensor], device: torch.device) -> Tensor:
    rows = getattr(module, "predict_batch", PREDICT_BATCH)  # fewer where a row is an array and its insides are large
    while True:
        try:
            with torch.inference_mode():
                parts = [module(*(part.to(device) for part in batch)).float() for batch in _batches(inputs, rows)]
                return torch.cat(parts)
        except torch.OutOfMemoryError:
            if rows <= SMALLEST_BATCH:
                raise
        rows //= 2


def _batches(inputs: Sequence[Tensor], rows: int) -> Iterator[tuple[Tensor, ...]]:
    return zip(*(torch.split(part, rows) for part in inputs), strict=True)


def _finite(rows: Rows) -> bool:
    return all(bool(torch.isfinite(part).all()) for part in (*rows.inputs, rows.target) if part.is_floating_point())


def _as_error(loss: Loss) -> Error:
    return lambda outputs, target: float(loss(outputs, target))
