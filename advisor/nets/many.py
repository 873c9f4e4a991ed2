"""Many small nets as one: weights stacked, one matrix product for all, each with its own rows, pace, dropout and end.

A net of 64 units keeps a core waiting for Python and for the start of each operation; eight of them side by side wait
once. What each learns is what it would have learnt alone, but for the rounding and for which entries dropout draws.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from advisor.nets import loop
from advisor.nets.blocks import MLP, Dropout, TableNet
from advisor.nets.device import cpu_threads, seeded
from advisor.nets.losses import TableLoss
from advisor.nets.optimiser import MOMENTUM

Result = TypeVar("Result")

# Wider nets than these keep a core busy by themselves, and side by side they only push each other out of its cache.
WIDEST = 128


def shape_of(wish: loop.Wish) -> Any | None:
    """Return what nets must have in common to be trained side by side, or None for one that has to be alone.

    Nets may differ in weights, rows, learning rate, weight decay, shares of dropout, and in the epoch to end with.
    """
    net, rows = wish.module, wish.rows
    # A GPU replays the steps of one net (advisor/nets/replay.py), and five of them are as quick one by one.
    if wish.device.type != "cpu":
        return None
    if not (isinstance(net, TableNet) and isinstance(net.body, MLP) and isinstance(wish.loss, TableLoss)):
        return None
    if net.entrance.number_embedding is not None or any(isinstance(part, nn.BatchNorm1d) for part in net.body):
        return None
    widest = max(part.out_features for part in net.body if isinstance(part, nn.Linear))
    if widest > WIDEST:
        return None
    return (
        [(type(part), getattr(part, "out_features", 0)) for part in net.body],
        [tuple(part.shape[1:]) for part in rows.inputs],
        None if net.entrance.embedding is None else net.entrance.embedding.table.weight.shape,
        max(1, round(len(rows.target) / wish.recipe.batch_size)),
        replace(wish.recipe, learning_rate=0.0, weight_decay=0.0, last_epoch=None),
        wish.loss,
        wish.held is None,
    )


def train_many(
    wishes: Sequence[loop.Wish], clock: Callable[[], float] = time.perf_counter
) -> list[loop.Fit | loop.Diverged]:
    """Train nets of one shape side by side; each is left in evaluation mode with the weights of its best epoch.

    The strictest of their limits of seconds holds for all. A longer table leaves a row out in an epoch where another
    has fewer, so that batches are alike. One that left the real numbers at once has a Diverged in place of its Fit.
    """
    first = wishes[0]
    with seeded(first.seed, first.device), cpu_threads(first.threads):
        return _Stack(wishes).through(clock)


def together(works: Sequence[Callable[[], Result]]) -> list[Result]:
    """Carry out all `works`, one after the other but for the training of nets, which is done for all at once.

    Each work is an ordinary call that trains nets by loop.train somewhere inside. It has a thread of its own, but only
    one runs at any time: where a work comes to a training it waits, and when none is left that could go on, those
    that wait are trained, side by side where their shapes allow it. What a work raises is raised here.
    """
    return _Meeting(len(works)).through(works)


class _Meeting:
    """Works that take turns; `turn` has the number of the one that may run, -1 being the one who leads them."""

    def __init__(self, count: int) -> None:
        self.turns = [threading.Semaphore(0) for _ in range(count)]
        self.lead = threading.Semaphore(0)
        self.wishes: dict[int, loop.Wish] = {}
        self.granted: dict[int, loop.Fit | Exception] = {}
        self.results: dict[int, Any] = {}
        self.problems: dict[int, BaseException] = {}

    def through(self, works: Sequence[Callable[[], Result]]) -> list[Result]:
        threads = [
            threading.Thread(target=self._carry_out, args=(number, work), daemon=True)
            for number, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        for number in range(len(works)):
            self._let_run(number)
        while self.wishes:
            waiting, self.wishes = self.wishes, {}
            self._grant(waiting)
            for number in waiting:
                self._let_run(number)
        for thread in threads:
            thread.join()
        if self.problems:
            raise self.problems[min(self.problems)]
        return [self.results[number] for number in range(len(works))]

    def ask(self, number: int, wish: loop.Wish) -> loop.Fit:
        """Wait until the others have come as far, and return what became of the training."""
        self.wishes[number] = wish
        self.lead.release()
        self.turns[number].acquire()
        answer = self.granted.pop(number)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _carry_out(self, number: int, work: Callable[[], Any]) -> None:
        self.turns[number].acquire()
        try:
            with loop.trained_by(lambda wish: self.ask(number, wish)):
                self.results[number] = work()
        except BaseException as problem:  # it is raised again by who leads
            self.problems[number] = problem
        self.lead.release()

    def _let_run(self, number: int) -> None:
        self.turns[number].release()
        self.lead.acquire()

    def _grant(self, waiting: dict[int, loop.Wish]) -> None:
        groups: list[tuple[Any, list[int]]] = []
        for number, wish in waiting.items():
            shape = shape_of(wish)
            group = next((members for known, members in groups if shape is not None and known == shape), None)
            if group is None:
                groups.append((shape, [number]))
            else:
                group.append(number)
        for shape, members in groups:
            wishes = [waiting[number] for number in members]
            try:
                if shape is None or len(wishes) == 1:
                    self.granted[members[0]] = loop.train_alone(wishes[0])
                else:
                    self.granted.update(zip(members, train_many(wishes), strict=True))
            except Exception as problem:
                self.granted.update(dict.fromkeys(members, problem))


class _Stack:
    """K nets of one shape: their weights are rows of one matrix, of which each layer sees its own columns."""

    def __init__(self, wishes: Sequence[loop.Wish]) -> None:
        first = wishes[0]
        self.recipe, self.device = first.recipe, first.device
        assert isinstance(first.loss, TableLoss)
        self.loss: TableLoss = first.loss
        self.all = list(wishes)
        for wish in wishes:
            wish.module.to(self.device)
        # Matrices first: only they decay.
        named = sorted(first.module.named_parameters(), key=lambda pair: pair[1].ndim < 2)
        self.names = [name for name, _ in named]
        self.shapes = [weight.shape for _, weight in named]
        self.sizes = [shape.numel() for shape in self.shapes]
        self.decaying = sum(weight.numel() for _, weight in named if weight.ndim > 1)
        self.weights = torch.stack([self._row(wish.module) for wish in wishes])
        self.first, self.second, self.mean = (torch.zeros_like(self.weights) for _ in range(3))
        self.mean.copy_(self.weights)
        self.rows = [wish.rows.to(self.device) for wish in wishes]
        self.count = min(len(rows.target) for rows in self.rows)
        self.batches = max(1, round(self.count / self.recipe.batch_size))
        self.orders = [torch.Generator().manual_seed(wish.seed) for wish in wishes]
        self.best = self.weights.clone()
        self.best_error, self.best_epoch = [math.inf] * len(wishes), [0] * len(wishes)
        self.curves: list[dict[str, list[float]]] = [{} for _ in wishes]
        self.stopped: list[loop.Stop] = ["epochs"] * len(wishes)
        self.steps = 0
        self._lay_out(range(len(wishes)))

    def through(self, clock: Callable[[], float]) -> list[loop.Fit | loop.Diverged]:
        """Run epochs until every net has come to its end."""
        began, recipe = clock(), self.recipe
        limits = [wish.seconds for wish in self.all if wish.seconds is not None]
        seconds = min(limits, default=None)
        deadline = math.inf if seconds is None else began + seconds
        planned, epoch = recipe.epochs, 0
        while self.live and epoch < planned:
            epoch += 1
            losses, cut = self._epoch(epoch, planned, clock, deadline)
            errors = self._errors(losses)
            elapsed = clock() - began
            if seconds is not None:
                fitting = epoch if cut else max(epoch, int(seconds * epoch / max(elapsed, 1e-9)))
                planned = min(fitting, recipe.epochs)
            staying = []
            for place, net in enumerate(self.live):
                if self._goes_on(net, place, epoch, losses[place], errors[place], elapsed):
                    self.stopped[net] = "deadline" if planned < recipe.epochs else "epochs"
                    staying.append(place)
            if len(staying) < len(self.live):
                self._lay_out(staying)
        return [self._finished(net, planned) for net in range(len(self.all))]

    def _goes_on(self, net: int, place: int, epoch: int, loss: float, error: float, elapsed: float) -> bool:
        """Note an epoch of one net, keep its weights where they are its best, and tell whether it has another."""
        wish, recipe = self.all[net], self.recipe
        if not math.isfinite(error):
            self.stopped[net] = "diverged"
            return False
        if wish.held is None or error < self.best_error[net]:
            self.best_error[net], self.best_epoch[net] = error, epoch
            self.best[net] = (self.mean if recipe.averaging else self.weights)[place]
        note = {"epoch": float(epoch), "train_loss": loss, **({} if wish.held is None else {"valid_loss": error})}
        note |= {"learning_rate": self.factor * wish.recipe.learning_rate, "seconds": elapsed}
        for name, value in note.items():
            self.curves[net].setdefault(name, []).append(value)
        if epoch - self.best_epoch[net] >= recipe.patience + recipe.more_patience * self.best_epoch[net]:
            self.stopped[net] = "patience"
            return False
        return epoch < (wish.recipe.last_epoch or recipe.epochs)

    def _finished(self, net: int, planned: int) -> loop.Fit | loop.Diverged:
        if not self.best_epoch[net]:
            return loop.Diverged("A net's loss became NaN or infinite in the first epoch; a lower rate may help.")
        module = self.all[net].module
        with torch.no_grad():
            weights = dict(module.named_parameters())
            for name, part in zip(self.names, self.best[net].split(self.sizes), strict=True):
                weights[name].copy_(part.view_as(weights[name]))
        module.eval()
        curve = {name: tuple(values) for name, values in self.curves[net].items()}
        return loop.Fit(self.best_epoch[net], self.stopped[net], planned, curve, self.recipe.batch_size)

    def _row(self, module: nn.Module) -> Tensor:
        weights = dict(module.named_parameters())
        return torch.cat([weights[name].detach().flatten() for name in self.names])

    def _lay_out(self, staying: Sequence[int]) -> None:
        """Keep the nets at these places only, and cut the matrix of weights and its gradient into layers."""
        places = list(staying)
        self.live = [getattr(self, "live", list(range(len(self.all))))[place] for place in places]
        index = torch.tensor(places, dtype=torch.long, device=self.device)
        self.weights, self.first, self.second, self.mean = (
            part.index_select(0, index) for part in (self.weights, self.first, self.second, self.mean)
        )
        # Memory of such a size that is asked for anew in each step would cost more than what is computed in it.
        self.gradient, self.scratch = torch.zeros_like(self.weights), torch.empty_like(self.weights)
        self.parts = {name: part.requires_grad_() for name, part in self._cut(self.weights).items()}
        recipes = [self.all[net].recipe for net in self.live]
        self.rates = torch.tensor([[recipe.learning_rate] for recipe in recipes], device=self.device)
        self.decays = torch.tensor([[recipe.weight_decay] for recipe in recipes], device=self.device)
        self.shares = [
            torch.tensor([[[part.full_share]] for part in parts], device=self.device)
            for parts in zip(
                *([m for m in self.all[net].module.modules() if isinstance(m, Dropout)] for net in self.live),
                strict=True,
            )
        ]
        self._lay_out_held()

    def _epoch(self, epoch: int, planned: int, clock: Callable[[], float], deadline: float) -> tuple[list[float], bool]:
        """One pass of every live net over a permuted copy of its rows; return mean losses and whether it was cut."""
        orders = [torch.randperm(len(self.rows[net].target), generator=self.orders[net]) for net in self.live]
        whole = []
        for column in range(len(self.rows[0].inputs) + 1):
            chosen = [
                (*self.rows[net].inputs, self.rows[net].target)[column].index_select(0, order[: self.count])
                for net, order in zip(self.live, (order.to(self.device) for order in orders), strict=True)
            ]
            whole.append(torch.stack(chosen).tensor_split(self.batches, dim=1))
        recipe, losses, cut = self.recipe, [], False
        strength = loop.fade((epoch - 0.5) / planned) if recipe.fading else 1.0
        for batch, (*inputs, target) in enumerate(zip(*whole, strict=True), start=1):
            progress = (epoch - 1 + (batch - 0.5) / self.batches) / planned
            self.factor = loop.learning_rate_factor(progress, recipe.schedule, recipe.warmup)
            loss = self.loss.of_each(self._outputs(inputs, strength, self.parts), target)
            loss.sum().backward()
            self._step(strength)
            losses.append(loss.detach())
            cut = clock() >= deadline
            if cut:
                break
        return torch.stack(losses).mean(dim=0).tolist(), cut

    @torch.no_grad()
    def _errors(self, losses: list[float]) -> list[float]:
        """Judge every live net on its held rows, with its averaged weights where those are kept."""
        if not self.held:
            return losses
        weights = self._cut(self.mean) if self.recipe.averaging else self.parts
        outputs = torch.cat([self._outputs(part, 0.0, weights) for part in self.held], dim=1)
        return [
            self.loss.error(own[: len(target)], target) for own, target in zip(outputs, self.held_targets, strict=True)
        ]

    def _cut(self, matrix: Tensor) -> dict[str, Tensor]:
        """Cut a matrix of the form of the weights (K, all) into layers, {name: (K, ...)}, as views."""
        pieces = zip(self.names, self.shapes, matrix.split(self.sizes, 1), strict=True)
        return {name: piece.view(len(matrix), *shape) for name, shape, piece in pieces}

    def _lay_out_held(self) -> None:
        """Put the held rows of the live nets side by side in parts that a net predicts at once."""
        held = [rows for net in self.live if (rows := self.all[net].held) is not None]
        self.held_targets = [rows.target.to(self.device) for rows in held]
        most = max((len(rows.target) for rows in held), default=0)
        # A shorter table is filled up with its first row, whose answers are not looked at.
        padded = [
            torch.stack([torch.cat([part, part[:1].expand(most - len(part), -1)]) for part in parts]).to(self.device)
            for parts in zip(*(rows.inputs for rows in held), strict=True)
        ]
        self.held = list(zip(*(part.split(loop.PREDICT_BATCH, dim=1) for part in padded), strict=True))

    def _outputs(self, inputs: Sequence[Tensor], strength: float, parts: dict[str, Tensor]) -> Tensor:
        """Send a batch of each net, (K, n, ...), through all of them with these weights: outputs (K, n, outputs).

        `strength` is the part of the dropout's shares that is in force; with 0 nothing is dropped.
        """
        numbers, flags, codes = inputs
        net = self.all[0].module
        assert isinstance(net, TableNet) and isinstance(net.body, MLP)
        pieces = [numbers, flags] if flags.shape[2] else [numbers]
        if net.entrance.embedding is not None:
            table = parts["entrance.embedding.table.weight"]
            which = torch.arange(len(self.live), device=self.device)[:, None, None]
            pieces.append(table[which, codes + net.entrance.embedding.offsets].flatten(2))
        hidden = torch.cat(pieces, dim=2) if len(pieces) > 1 else numbers
        shares = iter(self.shares)
        for number, layer in enumerate(net.body):
            name = f"body.{number}"
            if isinstance(layer, nn.Linear):
                bias = parts[f"{name}.bias"].unsqueeze(1)
                hidden = torch.baddbmm(bias, hidden, parts[f"{name}.weight"].transpose(1, 2))
            elif isinstance(layer, nn.LayerNorm):
                gain, bias = (parts[f"{name}.{part}"].unsqueeze(1) for part in ("weight", "bias"))
                hidden = functional.layer_norm(hidden, hidden.shape[2:], eps=layer.eps) * gain + bias
            elif isinstance(layer, Dropout):
                share = next(shares)
                hidden = _dropped(hidden, share * strength) if strength else hidden
            else:
                hidden = layer(hidden)
        return hidden

    @torch.no_grad()
    def _step(self, strength: float) -> None:
        """Move all nets by their gradients, as Optimiser does for one, and clear the gradients."""
        recipe, gradient, scratch = self.recipe, self.gradient, self.scratch
        torch.cat([part.grad.flatten(1) for part in self.parts.values() if part.grad is not None], 1, out=gradient)
        for part in self.parts.values():
            part.grad = None
        self.steps += 1
        if recipe.clip_norm is not None:
            excess = gradient.norm(dim=1, keepdim=True).div_(recipe.clip_norm)
            if self.device.type != "cpu" or float(excess.max()) > 1.0:
                gradient.div_(excess.clamp_(min=1.0))
        rate, decay = self.rates * self.factor, self.decays * strength
        matrices = self.weights[:, : self.decaying]
        if recipe.optimiser == "adamw":
            matrices.mul_(1.0 - rate * decay)
        else:
            gradient[:, : self.decaying].addcmul_(matrices, decay)
        if recipe.optimiser == "sgd":
            self.first = gradient.clone() if self.steps == 1 else self.first.mul_(MOMENTUM).add_(gradient)
            self.weights.addcmul_(gradient.add_(self.first, alpha=MOMENTUM), rate, value=-1.0)
        else:
            self.first.lerp_(gradient, 0.1)
            self.second.mul_(recipe.beta2).addcmul_(gradient, gradient, value=1.0 - recipe.beta2)
            # The second moment's bias is taken out of the pace and of epsilon: a pass less over the weights.
            shrunk = math.sqrt(1.0 - recipe.beta2**self.steps)
            torch.sqrt(self.second, out=scratch).add_(1e-8 * shrunk)
            pull = torch.mul(self.first, rate * (shrunk / (1.0 - 0.9**self.steps)), out=gradient)
            self.weights.addcdiv_(pull, scratch, value=-1.0)
        if recipe.averaging:
            self.mean.lerp_(self.weights, max(1.0 / max(1.0, recipe.averaging * self.batches), 2.0 / (self.steps + 1)))


def _dropped(hidden: Tensor, shares: Tensor) -> Tensor:
    """Zero entries (K, n, d) with each net's own share (K, 1, 1), rounded to 1/256 as in blocks.Dropout."""
    bounds = (256.0 * shares).round().clamp(max=255.0)
    if hidden.device.type == "cpu":
        count = hidden.numel()
        words = torch.empty((count + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
        drawn = words.view(torch.uint8)[:count].view_as(hidden)
    else:
        drawn = torch.randint(0, 256, hidden.shape, dtype=torch.uint8, device=hidden.device)
    return hidden * (drawn >= bounds.to(torch.uint8)) * (256.0 / (256.0 - bounds))
