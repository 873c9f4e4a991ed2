"""A small net that was trained beforehand on made-up tables: it reads the rows with a label and answers for the others.

A prior-fitted network (Müller et al. 2022; for tables Hollmann et al. 2023) with attention over the columns of a row
and over the rows of a column (Hollmann et al. 2025). What is our own: five kernel ridge regressions, solved in closed
form, go in beside the table, so that the net need not learn to smooth, only whom to trust where.

Shapes: B tables, n rows of which the first `seen` carry labels, p columns, K classes or 1 value, d the width.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MOST_CLASSES = 10
CHECKPOINT = Path(__file__).with_name("prior_fitted.pt")

# A column enters as its value in deviations, its rank as a normal score, and whether it is missing.
CHANNELS = 3
RIDGES = (0.003, 0.03, 0.3, 3.0)
SOLVERS = 5
# Random signs that tell columns apart: without them a row would be the set of its values.
TAGS = 16


def cells(numbers: Tensor, seen: int) -> Tensor:
    """Turn numbers (B, n, p), NaN where missing, into (B, n, p, 3): scaled value, normal score of the rank, missing.

    Centre, scale and ranks are those of the first `seen` rows; values are bent smoothly to within +-3 deviations.
    """
    missing = torch.isnan(numbers)
    known = ~missing[:, :seen]
    count = known.sum(dim=1, keepdim=True).clamp(min=1)
    filled = torch.where(missing, 0.0, numbers)
    mean = filled[:, :seen].sum(dim=1, keepdim=True) / count
    variance = (torch.where(known, filled[:, :seen] - mean, 0.0).square()).sum(dim=1, keepdim=True) / count
    scaled = (filled - mean) / variance.sqrt().clamp(min=1e-12)
    bent = scaled / (1.0 + (scaled / 3.0).square()).sqrt()
    # Missing values sort last, so that the known ones of a column keep their ranks among `count`.
    ladder = torch.where(known, numbers[:, :seen], math.inf).transpose(1, 2).sort(dim=2).values.contiguous()
    values = filled.transpose(1, 2).contiguous()
    below, upto = torch.searchsorted(ladder, values), torch.searchsorted(ladder, values, right=True)
    share = (below + upto).transpose(1, 2) / (2.0 * count)
    edge = 0.5 / count
    scores = math.sqrt(2.0) * torch.erfinv(2.0 * share.clamp(edge, 1.0 - edge) - 1.0)
    parts = [torch.where(missing, 0.0, bent), torch.where(missing, 0.0, scores), missing.to(numbers.dtype)]
    return torch.stack(parts, dim=-1)


def kernels(table: Tensor, seen: int) -> Tensor:
    """Return SOLVERS similarities of all rows to those with labels, (SOLVERS, B, n, seen), from cells (B, n, p, 3).

    A linear kernel on all channels; a sum over columns of Laplace kernels on ranks (an additive model); a Gaussian one
    on values; and two Laplace ones on ranks, smooth and rough. Distances are means over columns.
    """
    columns = table.shape[2]
    flat = table.flatten(2)
    linear = flat @ flat[:, :seen].transpose(1, 2) / columns
    values = table[..., 0]
    squares = torch.cdist(values, values[:, :seen]).square() / columns
    ranks = 0.5 * (1.0 + torch.erf(table[..., 1] / math.sqrt(2.0)))
    apart = torch.cdist(ranks, ranks[:, :seen], p=1.0) / columns
    additive = torch.zeros_like(apart)
    for column in range(columns):
        one = ranks[:, :, column]
        additive += torch.exp(-4.0 * (one.unsqueeze(2) - one[:, None, :seen]).abs())
    return torch.stack(
        [linear, additive / columns, torch.exp(-0.5 * squares), torch.exp(-3.0 * apart), torch.exp(-12.0 * apart)]
    )


def solved(table: Tensor, labels: Tensor) -> Tensor:
    """Kernel ridge regressions of `labels` (B, seen, K) on cells (B, n, p, 3): predictions (B, n, SOLVERS, K).

    A row with a label gets what the regression without that row would say, which costs no second solution: with
    G = (kernel + ridge)^-1 it is y - G y / diag(G). Of the ridges each table and kernel takes the one with the least
    squared error of this kind.
    """
    seen = labels.shape[1]
    centre = labels.mean(dim=1, keepdim=True)
    wanted = labels - centre
    answers = []
    for kernel in kernels(table, seen):
        own = kernel[:, :seen]
        size = own.diagonal(dim1=1, dim2=2).mean(dim=1)
        best = torch.full((len(table),), math.inf)
        chosen = torch.zeros(len(table), table.shape[1], labels.shape[2])
        for ridge in RIDGES:
            lifted = own + (ridge * size)[:, None, None] * torch.eye(seen)
            inverse = torch.cholesky_inverse(torch.linalg.cholesky(lifted))
            weights = inverse @ wanted
            left_out = wanted - weights / inverse.diagonal(dim1=1, dim2=2).unsqueeze(2)
            error = (left_out - wanted).square().mean(dim=(1, 2))
            answer = torch.cat([left_out, kernel[:, seen:] @ weights], dim=1)
            better = error < best
            best = torch.where(better, error, best)
            chosen = torch.where(better[:, None, None], answer, chosen)
        answers.append(chosen + centre)
    return torch.stack(answers, dim=2)


def as_answers(advice: Tensor, classes: int) -> Tensor:
    """Turn what `solved` says of classes into log probabilities (B, n, SOLVERS, classes); values stay as they are."""
    if not classes:
        return advice
    shares = advice[..., :classes].clamp(0.003, 1.0)
    return (shares / shares.sum(dim=3, keepdim=True)).log()


def plain_mean(advice: Tensor, classes: int) -> Tensor:
    """Return the mean answer of the solvers, (B, n, K) logits or (B, n, 1) values: what the untrained net says."""
    return as_answers(advice, classes).mean(dim=2)


class Attention(nn.Module):
    """Scaled dot products with 4 heads (Vaswani et al. 2017): queries (N, q, d), memory (N, m, d) to (N, q, d).

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

    def forward(self, queries: Tensor, memory: Tensor) -> Tensor:
        size, asked, width = queries.shape
        stretch = self.stretch[0] + self.stretch[1] * math.log(memory.shape[1])
        query = (self.ask(queries) * stretch).view(size, asked, self.heads, -1).transpose(1, 2)
        key, value = self.memory(memory).view(size, memory.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out(mixed.transpose(1, 2).reshape(size, asked, width))
        return joined


class Layer(nn.Module):
    """Attention over the columns of each row, over the rows of each column, and a perceptron: (B, n, c, d) to itself.

    Rows look at rows with labels only, so that one row's answer does not depend on who else is asked about.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.across, self.down = Attention(width), Attention(width)
        last = nn.Linear(2 * width, width)
        nn.init.zeros_(last.weight)
        self.perceptron = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), last)

    def forward(self, tokens: Tensor, seen: int) -> Tensor:
        tables, rows, columns, width = tokens.shape
        flat = self.norms[0](tokens).view(tables * rows, columns, width)
        tokens = tokens + self.across(flat, flat).view_as(tokens)
        flat = self.norms[1](tokens).transpose(1, 2).reshape(tables * columns, rows, width)
        tokens = tokens + self.down(flat, flat[:, :seen]).view(tables, columns, rows, width).transpose(1, 2)
        changed: Tensor = tokens + self.perceptron(self.norms[2](tokens))
        return changed


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
    """The whole net: `forward` below. 4 layers of width 64 have about 220,000 weights."""

    def __init__(self, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        self.cell = nn.Linear(CHANNELS + TAGS, width)
        self.layers = nn.ModuleList([Layer(width) for _ in range(depth)])
        self.classes, self.value = Doors(width, MOST_CLASSES), Doors(width, 1)

    def forward(self, table: Tensor, labels: Tensor, advice: Tensor, tags: Tensor, classes: int) -> Tensor:
        """Answer for the rows without labels: logits (B, n - seen, classes), or values (B, n - seen, 1).

        `table` are cells (B, n, p, 3), `labels` (B, seen, K) are 0/1 for classes or values of mean 0 and deviation 1,
        `advice` is what `solved` says, `tags` (B, p, TAGS) are +-1; `classes` is 0 for values.
        """
        doors = self.classes if classes else self.value
        seen = labels.shape[1]
        width = MOST_CLASSES if classes else 1
        advice = functional.pad(advice, (0, width - advice.shape[3]))
        known = doors.label(functional.pad(labels, (0, width - labels.shape[2])))
        unknown = doors.unknown.expand(len(table), table.shape[1] - seen, -1)
        target = torch.cat([known, unknown], dim=1) + doors.advice(advice.flatten(2))
        tagged = torch.cat([table, tags.unsqueeze(1).expand(-1, table.shape[1], -1, -1)], dim=3)
        tokens = torch.cat([self.cell(tagged), target.unsqueeze(2)], dim=2)
        for layer in self.layers:
            tokens = layer(tokens, seen)
        last = doors.norm(tokens[:, seen:, -1])
        base = as_answers(advice[:, seen:], classes)
        mixed = (doors.trust(last).unsqueeze(3) * base).sum(dim=2)
        answers: Tensor = mixed + doors.answer(last)[..., : max(classes, 1)]
        return answers


@lru_cache
def pretrained(path: Path = CHECKPOINT) -> PriorFitted:
    """Return the net with the weights of the checkpoint; raises FileNotFoundError where there is none."""
    net = PriorFitted()
    weights = torch.load(path, weights_only=True, map_location="cpu")
    net.load_state_dict({name: value.float() for name, value in weights.items()})
    return net.eval()


@torch.inference_mode()
def answers(
    net: PriorFitted, rows: np.ndarray, labels: np.ndarray, asked: np.ndarray, classes: int, views: int, seed: int
) -> np.ndarray:
    """Answer for `asked` (m, p) from `rows` (n, p) with `labels` (n, K): probabilities (m, K) or values (m, 1).

    `views` readings are averaged, each with column tags of its own and the classes turned round by one.
    """
    seen = len(rows)
    table = cells(torch.from_numpy(np.concatenate([rows, asked])).unsqueeze(0), seen)
    known = torch.from_numpy(labels).unsqueeze(0)
    advice = solved(table, known)
    signs = torch.Generator().manual_seed(seed)
    tags = 2.0 * torch.randint(0, 2, (views, table.shape[2], TAGS), generator=signs).float() - 1.0
    turns = [view % max(1, classes) for view in range(views)]
    told = net(
        table.expand(views, -1, -1, -1),
        torch.cat([known.roll(turn, 2) for turn in turns]),
        torch.cat([advice.roll(turn, 3) for turn in turns]),
        tags,
        classes,
    )
    if not classes:
        return np.asarray(told.mean(dim=0))
    told = torch.stack([one.roll(-turn, 1) for one, turn in zip(told, turns, strict=True)])
    return np.asarray(told.softmax(dim=2).mean(dim=0))
