"""A small net that was trained beforehand on made-up tables: it reads the rows with a label and answers for the others.

A prior-fitted network (Müller et al. 2022; for tables Hollmann et al. 2023) with attention over the columns of a row
and over the rows of a column (Hollmann et al. 2025). What is our own: five kernel ridge regressions, solved in closed
form, go in beside the table, so that the net need not learn to smooth, only whom to trust where.

Shapes: B tables, n rows of which the first `seen` carry labels, p columns, K classes or 1 value, d the width.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

# Keys and values of m tokens, each (N, heads, m, d / heads).
Memory = tuple[Tensor, Tensor]

MOST_CLASSES = 10
CHECKPOINT = Path(__file__).with_name("prior_fitted.pt")

# A column enters as its value in deviations, its rank as a normal score, and whether it is missing.
CHANNELS = 3
# In rising order.
RIDGES = (0.003, 0.03, 0.3, 3.0)
SOLVERS = 5
# Rows with labels that one view reads, as many as the net was trained on: attention grows with their square, and what
# the others say comes in with the regressions, which know them all.
ROWS_A_VIEW = 500
# Random signs that tell columns apart: without them a row would be the set of its values.
TAGS = 16


@dataclass(frozen=True)
class Scales:
    """What columns are measured by: mean, deviation and number of their known values, (B, 1, p), and these in order.

    `ladder` is (B, p, n); missing values stand last, so that the known ones keep their ranks among `count`.
    """

    mean: Tensor
    deviation: Tensor
    count: Tensor
    ladder: Tensor


def scales(numbers: Tensor) -> Scales:
    """Take the measure of the rows with labels, numbers (B, n, p) with NaN where missing."""
    known = ~torch.isnan(numbers)
    count = known.sum(dim=1, keepdim=True).clamp(min=1)
    mean = torch.where(known, numbers, 0.0).sum(dim=1, keepdim=True) / count
    variance = torch.where(known, numbers - mean, 0.0).square().sum(dim=1, keepdim=True) / count
    ladder = torch.where(known, numbers, math.inf).transpose(1, 2).sort(dim=2).values.contiguous()
    return Scales(mean, variance.sqrt().clamp(min=1e-12), count, ladder)


def cells(numbers: Tensor, measure: Scales) -> Tensor:
    """Turn numbers (B, n, p), NaN where missing, into (B, n, p, 3): scaled value, normal score of the rank, missing.

    Values are bent smoothly to within +-3 deviations.
    """
    missing = torch.isnan(numbers)
    filled = torch.where(missing, 0.0, numbers)
    scaled = (filled - measure.mean) / measure.deviation
    bent = scaled / (1.0 + (scaled / 3.0).square()).sqrt()
    values = filled.transpose(1, 2).contiguous()
    below, upto = (torch.searchsorted(measure.ladder, values, right=right) for right in (False, True))
    share = (below + upto).transpose(1, 2) / (2.0 * measure.count)
    edge = 0.5 / measure.count
    scores = math.sqrt(2.0) * torch.erfinv(2.0 * share.clamp(edge, 1.0 - edge) - 1.0)
    parts = [torch.where(missing, 0.0, bent), torch.where(missing, 0.0, scores), missing.to(numbers.dtype)]
    return torch.stack(parts, dim=-1)


def kernels(table: Tensor, known: Tensor) -> Tensor:
    """Return SOLVERS similarities of rows (B, n, p, 3) to those with labels (B, s, p, 3): (SOLVERS, B, n, s).

    A linear kernel on all channels; a sum over columns of Laplace kernels on ranks (an additive model); a Gaussian one
    on values; and two Laplace ones on ranks, smooth and rough. Distances are means over columns.
    """
    columns = table.shape[2]
    linear = table.flatten(2) @ known.flatten(2).transpose(1, 2) / columns
    squares = torch.cdist(table[..., 0], known[..., 0]).square() / columns
    ranks, others = (0.5 * (1.0 + torch.erf(rows[..., 1] / math.sqrt(2.0))) for rows in (table, known))
    apart = torch.cdist(ranks, others, p=1.0) / columns
    additive = torch.zeros_like(apart)
    for column in range(columns):
        additive += torch.exp(-4.0 * (ranks[:, :, None, column] - others[:, None, :, column]).abs())
    return torch.stack(
        [linear, additive / columns, torch.exp(-0.5 * squares), torch.exp(-3.0 * apart), torch.exp(-12.0 * apart)]
    )


@dataclass(frozen=True)
class Regressions:
    """Solved kernel ridge regressions: cells (B, s, p, 3), the labels' mean (B, 1, K), weights (SOLVERS, B, s, K)."""

    table: Tensor
    centre: Tensor
    weights: Tensor

    def advice(self, table: Tensor) -> Tensor:
        """Predict for rows without labels, cells (B, n, p, 3): (B, n, SOLVERS, K)."""
        return (kernels(table, self.table) @ self.weights + self.centre).permute(1, 2, 0, 3)


def solve(table: Tensor, labels: Tensor) -> tuple[Regressions, Tensor]:
    """Regress `labels` (B, s, K) on cells (B, s, p, 3); also return what each row is told without it, as `advice`.

    Of the ridges each table and kernel takes the one with the least squared error on rows that were left out. As the
    ridge grows this error falls and then rises, so that of the outer two only the one beside the better inner is tried.
    """
    centre = labels.mean(dim=1, keepdim=True)
    wanted = labels - centre
    least, low, high, most = RIDGES
    weights, advice = [], []
    for kernel in kernels(table, table):
        # Where all columns are constant the linear kernel is 0: its weights are then free, and it says the mean.
        size = kernel.diagonal(dim1=1, dim2=2).mean(dim=1).clamp(min=1e-6)
        tried = [_solved(kernel, ridge * size, wanted) for ridge in (low, high)]
        below, above = (off.square().mean(dim=(1, 2)) for _, off in tried)
        tried.append(_solved(kernel, torch.where(below < above, least, most) * size, wanted))
        solutions, off = (torch.stack(parts) for parts in zip(*tried, strict=True))
        best = off.square().mean(dim=(2, 3)).argmin(dim=0), torch.arange(len(labels))
        weights.append(solutions[best])
        advice.append(labels - off[best])
    return Regressions(table, centre, torch.stack(weights)), torch.stack(advice, dim=2)


def _solved(kernel: Tensor, ridge: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights (B, s, K) for kernels (B, s, s) and ridges (B,), and by how much they miss each row unseen.

    What the regression without a row would say of it costs no second solution: with G = (kernel + ridge)^-1 it is
    y - G y / diag(G).
    """
    lifted = kernel.clone()
    lifted.diagonal(dim1=1, dim2=2).add_(ridge.unsqueeze(1))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(lifted))
    solution = inverse @ wanted
    return solution, solution / inverse.diagonal(dim1=1, dim2=2).unsqueeze(2)


def as_answers(advice: Tensor, classes: int) -> Tensor:
    """Turn advice about classes into log probabilities (B, n, SOLVERS, classes); values stay as they are."""
    if not classes:
        return advice
    shares = advice[..., :classes].clamp(0.003, 1.0)
    return (shares / shares.sum(dim=3, keepdim=True)).log()


def plain_mean(advice: Tensor, classes: int) -> Tensor:
    """Return the mean answer of the solvers, (B, n, K) logits or (B, n, 1) values: what the untrained net says."""
    return as_answers(advice, classes).mean(dim=2)


class Attention(nn.Module):
    """Scaled dot products with 4 heads (Vaswani et al. 2017): queries (N, q, d) and a memory of m others to (N, q, d).

    The queries are stretched by a learned share of log(m), so that attention stays as sharp among a thousand rows as
    it learnt to be among a hundred (Nakanishi 2025).
    """

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, width, bias=False)
        self.memory = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.stretch = nn.Parameter(torch.tensor([1.0, 0.0]))
        nn.init.zeros_(self.out.weight)

    def remember(self, tokens: Tensor) -> Memory:
        """Turn tokens (N, m, d) into the keys and values by which they are found."""
        size, known, _ = tokens.shape
        key, value = self.memory(tokens).view(size, known, 2, self.heads, -1).permute(2, 0, 3, 1, 4).contiguous()
        return key, value

    def forward(self, queries: Tensor, memory: Memory) -> Tensor:
        size, asked, width = queries.shape
        key, value = memory
        stretch = self.stretch[0] + self.stretch[1] * math.log(key.shape[2])
        query = (self.ask(queries) * stretch).view(size, asked, self.heads, -1).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out(mixed.transpose(1, 2).reshape(size, asked, width))
        return joined


class Layer(nn.Module):
    """Attention over the columns of each row, over the rows of each column, and a perceptron: (B, n, c, d) to itself.

    Rows look at rows with labels only, so that one row's answer does not depend on who else is asked about. Rows with
    labels come first, without a memory, and leave theirs for the others.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.across, self.down = Attention(width), Attention(width)
        last = nn.Linear(2 * width, width)
        nn.init.zeros_(last.weight)
        self.perceptron = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), last)

    def forward(self, tokens: Tensor, memory: Memory | None, kept: int) -> tuple[Tensor, Memory]:
        """Return the last `kept` columns, changed, and the memory of the rows with labels in them."""
        tables, rows, columns, width = tokens.shape
        flat = self.norms[0](tokens).view(tables * rows, columns, width)
        mixed = self.across(flat[:, -kept:], self.across.remember(flat))
        tokens = tokens[:, :, -kept:] + mixed.view(tables, rows, kept, width)
        flat = self.norms[1](tokens).transpose(1, 2).reshape(tables * kept, rows, width)
        memory = self.down.remember(flat) if memory is None else memory
        tokens = tokens + self.down(flat, memory).view(tables, kept, rows, width).transpose(1, 2)
        return tokens + self.perceptron(self.norms[2](tokens)), memory


class Doors(nn.Module):
    """How labels enter and answers leave, for one kind of task with `outputs` numbers a label."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.label = nn.Linear(outputs, width)
        self.unknown = nn.Parameter(torch.zeros(width))
        self.advice = nn.Linear(SOLVERS * outputs, width)
        self.norm = nn.LayerNorm(width)
        self.trust = nn.Linear(width, SOLVERS)
        self.answer = nn.Linear(width, outputs)
        nn.init.constant_(self.trust.bias, 1.0 / SOLVERS)
        for layer in (self.trust, self.answer):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.answer.bias)


class PriorFitted(nn.Module):
    """The whole net: first `read`, then ask. 4 layers of width 64 have 206,437 weights.

    `table` are cells (B, n, p, 3), `advice` (B, n, SOLVERS, K) is what the regressions say, `tags` (B, p, TAGS) are
    +-1; `classes` is 0 for values.
    """

    def __init__(self, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        self.cell = nn.Linear(CHANNELS + TAGS, width)
        self.layers = nn.ModuleList([Layer(width) for _ in range(depth)])
        self.classes, self.value = Doors(width, MOST_CLASSES), Doors(width, 1)

    def read(self, table: Tensor, labels: Tensor, advice: Tensor, tags: Tensor, classes: int) -> tuple[Memory, ...]:
        """Return each layer's memory of the rows with labels (B, n, K): 0/1, or values of mean 0 and deviation 1."""
        return self._through(table, self._doors(classes).label(_widened(labels, classes)), advice, tags, classes)[1]

    def forward(self, memories: Sequence[Memory], table: Tensor, advice: Tensor, tags: Tensor, classes: int) -> Tensor:
        """Answer for rows without labels: logits (B, n, classes), or values (B, n, 1)."""
        doors = self._doors(classes)
        tokens, _ = self._through(table, doors.unknown, advice, tags, classes, memories)
        last = doors.norm(tokens[:, :, -1])
        mixed = (doors.trust(last).unsqueeze(3) * as_answers(advice, classes)).sum(dim=2)
        answers: Tensor = mixed + doors.answer(last)[..., : max(classes, 1)]
        return answers

    def _doors(self, classes: int) -> Doors:
        return self.classes if classes else self.value

    def _through(
        self,
        table: Tensor,
        target: Tensor,
        advice: Tensor,
        tags: Tensor,
        classes: int,
        memories: Sequence[Memory] | None = None,
    ) -> tuple[Tensor, tuple[Memory, ...]]:
        """Send rows, with what is known of their target, through all layers; of the last only the target is wanted."""
        told = target + self._doors(classes).advice(_widened(advice, classes).flatten(2))
        tagged = torch.cat([table, tags.unsqueeze(1).expand(-1, table.shape[1], -1, -1)], dim=3)
        tokens = torch.cat([self.cell(tagged), told.unsqueeze(2)], dim=2)
        left = []
        for depth, layer in enumerate(self.layers, start=1):
            kept = tokens.shape[2] if depth < len(self.layers) else 1
            tokens, memory = layer(tokens, memories[depth - 1] if memories else None, kept)
            left.append(memory)
        return tokens, tuple(left)


def _widened(labels: Tensor, classes: int) -> Tensor:
    """Fill up with zeros to as many classes as the net knows."""
    return functional.pad(labels, (0, (MOST_CLASSES if classes else 1) - labels.shape[-1]))


@dataclass(frozen=True)
class Checkpoint:
    """The contents of a file of weights. In a pickle it names this module, and so tells that torch is needed."""

    contents: bytes = field(default_factory=CHECKPOINT.read_bytes, repr=False)


def pretrained() -> PriorFitted:
    """Return the net with the weights of the package; raises FileNotFoundError where there are none."""
    return net_of(Checkpoint())


@lru_cache
def net_of(checkpoint: Checkpoint) -> PriorFitted:
    """Return the net with the weights of a checkpoint; all who hold the same share it.

    Raises ValueError where they are not whole.
    """
    net = PriorFitted()
    try:
        weights = torch.load(io.BytesIO(checkpoint.contents), weights_only=True, map_location="cpu")
        net.load_state_dict({name: value.float() for name, value in weights.items()})
    except Exception as problem:  # torch, zip and pickle have each their own
        raise ValueError(
            f"the weights in {CHECKPOINT.name} are damaged; this package has to be installed again"
        ) from problem
    return net.eval()


@dataclass(frozen=True)
class View:
    """One reading of rows with labels: the classes turned round by `turn`, column tags (1, p, TAGS) of its own."""

    turn: int
    tags: Tensor
    memories: tuple[Memory, ...]


@dataclass(frozen=True)
class Read:
    """All that is kept of the rows with labels, so that a question costs its own rows only.

    The memories are the bulk: 512 bytes for each view, row, layer and column, in the last layer for the target only.
    With 2 views of 500 rows and 4 layers that is 0.16 GB for 100 columns, and 0.05 GB for 30.
    """

    net: PriorFitted
    classes: int
    scales: Scales
    regressions: Regressions
    views: tuple[View, ...]


@torch.inference_mode()
def read(
    net: PriorFitted,
    rows: np.ndarray,
    labels: np.ndarray,
    classes: int,
    views: int,
    seed: int,
    deadline: float = math.inf,
) -> Read:
    """Read `rows` (n, p) with `labels` (n, K), 0/1 for classes or values where `classes` is 0, in so many views.

    Where there are more rows than one view reads, each view reads the next ones in a random order. There are fewer
    views, but one, where another as slow as the slowest would not end before the deadline (time.monotonic). What is
    read in so many views begins with what is read in fewer.
    """
    numbers, known = torch.from_numpy(rows).unsqueeze(0), torch.from_numpy(labels).unsqueeze(0)
    measure = scales(numbers)
    table = cells(numbers, measure)
    regressions, advice = solve(table, known)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    signs = torch.Generator().manual_seed(seed)
    seen: list[View] = []
    slowest = 0.0
    # One view after the other: what is held on the way is as much as the memories where all go at once.
    for view in range(views):
        began = time.monotonic()
        if seen and began + slowest > deadline:
            break
        turn = view % max(1, classes)
        own = 2.0 * torch.randint(0, 2, (1, table.shape[2], TAGS), generator=signs).float() - 1.0
        some = order.roll(-view * ROWS_A_VIEW)[:ROWS_A_VIEW]
        memories = net.read(table[:, some], known[:, some].roll(turn, 2), advice[:, some].roll(turn, 3), own, classes)
        seen.append(View(turn, own, memories))
        slowest = max(slowest, time.monotonic() - began)
    return Read(net, classes, measure, regressions, tuple(seen))


@torch.inference_mode()
def answers(reading: Read, asked: np.ndarray) -> np.ndarray:
    """Answer for `asked` (m, p): probabilities (m, K) or values (m, 1), the mean over views."""
    table = cells(torch.from_numpy(asked).unsqueeze(0), reading.scales)
    advice = reading.regressions.advice(table)
    told = []
    for view in reading.views:
        one = reading.net(view.memories, table, advice.roll(view.turn, 3), view.tags, reading.classes)[0]
        told.append(one.roll(-view.turn, 1).softmax(dim=1) if reading.classes else one)
    return np.asarray(torch.stack(told).mean(dim=0))
