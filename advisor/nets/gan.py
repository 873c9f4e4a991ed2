"""New rows like those of a table: a conditional generator against a critic (WGAN-GP), for numbers and categories.

The critic tells real rows from made ones by a score whose gradient is kept near one (Arjovsky et al. 2017; the penalty:
Gulrajani et al. 2017). Both are told the class, so that rows of a wanted class can be drawn (Mirza and Osindero 2014).
Numbers pass as normal scores of their ranks, so that any marginal distribution is easy; categories as relaxed one-hot
draws (Jang et al. 2017; for tables Xu et al. 2019).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtr, ndtri
from torch import Tensor, nn
from torch.nn import functional

from advisor.nets.device import cpu_threads, seeded
from advisor.nets.optimiser import Optimiser

NOISE = 32
WIDTH = 128
BATCH = 128
CRITIC_STEPS = 3
PENALTY = 10.0
LEARNING_RATE = 1e-3
# How soft a drawn category is while the critic looks on; at 0 no gradient would pass.
TEMPERATURE = 0.3
# After so many steps it is clear how many the time allows, and with less than this share of them rows are not like any.
STEPS_TO_TIME, FEWEST_STEPS_SHARE = 10, 0.2


@dataclass(frozen=True)
class _Scores:
    """A column of numbers as normal scores of its ranks, and the way back; `known` are its values in order."""

    known: np.ndarray

    def forth(self, values: np.ndarray) -> np.ndarray:
        """Return scores (n,), 0 for missing values."""
        count = max(len(self.known), 1)
        below, upto = np.searchsorted(self.known, values), np.searchsorted(self.known, values, side="right")
        shares = ((below + upto) / (2 * count)).clip(0.5 / count, 1 - 0.5 / count)
        return np.asarray(np.where(np.isnan(values), 0.0, ndtri(shares)))

    def back(self, scores: np.ndarray) -> np.ndarray:
        """Return the known value at the rank of each score: what is drawn has been seen, if not in such company."""
        places = np.floor(ndtr(scores) * len(self.known)).astype(int).clip(0, max(len(self.known) - 1, 0))
        return self.known[places] if len(self.known) else np.full(len(scores), np.nan)


def new_rows(
    numbers: np.ndarray,
    codes: np.ndarray,
    levels: Sequence[int],
    classes: np.ndarray,
    wanted: np.ndarray,
    *,
    steps: int = 600,
    seconds: float | None = None,
    seed: int = 0,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Learn from a table and return new rows of the `wanted` classes (m,): numbers (m, p) and codes (m, c).

    `numbers` (n, p) may have NaN, `codes` (n, c) are 0..levels-1 or -1 for missing, `classes` (n,) 0..K-1. `steps` are
    those of the generator; `seconds` is a soft limit that shortens them, and None is returned where too few would be
    left. The same seed gives the same rows.
    """
    columns = [_Scores(np.sort(values[~np.isnan(values)])) for values in numbers.T]
    scores = np.column_stack([*(c.forth(v) for c, v in zip(columns, numbers.T, strict=True)), numbers[:, :0]])
    gaps = np.flatnonzero(np.isnan(numbers).any(axis=0))
    blocks = [*[2] * len(gaps), *(count + 1 for count in levels)]
    marks = np.hstack([np.isnan(numbers[:, gaps]).astype(np.int64), codes.astype(np.int64) + 1])
    kinds = int(max(classes.max(), wanted.max())) + 1
    with seeded(seed, torch.device("cpu")), cpu_threads(threads):
        made = _learnt(scores, marks, blocks, classes, wanted, kinds, steps, seconds)
    if made is None:
        return None
    drawn = made[0].astype(float)
    found = np.column_stack([*(c.back(s) for c, s in zip(columns, drawn.T, strict=True)), drawn[:, :0]])
    missing = np.zeros(found.shape, dtype=bool)
    missing[:, gaps] = made[1][:, : len(gaps)] == 1
    return np.where(missing, np.nan, found), made[1][:, len(gaps) :] - 1


def _learnt(
    scores: np.ndarray, marks: np.ndarray, blocks: Sequence[int], classes: np.ndarray, wanted: np.ndarray, kinds: int,
    steps: int, seconds: float | None,
) -> tuple[np.ndarray, np.ndarray] | None:  # fmt: skip
    """Train generator and critic, and draw: scores (m, p) and marks (m, b), the levels of `blocks`; None: no time."""
    real = torch.cat(
        [
            torch.from_numpy(scores.astype(np.float32)),
            *(functional.one_hot(torch.from_numpy(marks[:, i]), size).float() for i, size in enumerate(blocks)),
        ],
        dim=1,
    )
    told = functional.one_hot(torch.from_numpy(classes), kinds).float()
    generator = _Generator(kinds, scores.shape[1], blocks)
    critic = nn.Sequential(
        nn.Linear(real.shape[1] + kinds, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2),
        nn.Linear(WIDTH, 1),
    )  # fmt: skip
    for_generator = Optimiser(generator, 0.0, None, "adam", 0.9, beta1=0.5)
    for_critic = Optimiser(critic, 0.0, None, "adam", 0.9, beta1=0.5)
    size = min(BATCH, len(real))
    began, end, step = time.monotonic(), steps, 0
    while step < end:
        if seconds is not None and step == STEPS_TO_TIME:
            end = min(steps, int(STEPS_TO_TIME * seconds / (time.monotonic() - began)))
            if end < FEWEST_STEPS_SHARE * steps:
                return None
        rate = LEARNING_RATE * (1.0 - step / end)
        for _ in range(CRITIC_STEPS):
            chosen = torch.randint(len(real), (size,))
            rows, kind = real[chosen], told[chosen]
            with torch.no_grad():
                made = generator(kind)
            loss = critic(torch.cat([made, kind], 1)).mean() - critic(torch.cat([rows, kind], 1)).mean()
            (loss + PENALTY * _steepness(critic, rows, made, kind)).backward()
            for_critic.step(rate)
        kind = told[torch.randint(len(real), (size,))]
        critic.requires_grad_(False)
        (-critic(torch.cat([generator(kind), kind], 1)).mean()).backward()
        critic.requires_grad_(True)
        for_generator.step(rate)
        step += 1
    with torch.no_grad():
        drawn = generator(functional.one_hot(torch.from_numpy(wanted), kinds).float(), hard=True)
    parts = drawn.split([scores.shape[1], *blocks], dim=1)
    picked = [part.argmax(dim=1, keepdim=True) for part in parts[1:]]
    return parts[0].numpy(), torch.cat([torch.zeros(len(wanted), 0, dtype=torch.long), *picked], dim=1).numpy()


class _Generator(nn.Module):
    """Classes (n, K) to rows (n, p + sum of blocks): scores, and relaxed one-hot draws of each block."""

    def __init__(self, kinds: int, numbers: int, blocks: Sequence[int]) -> None:
        super().__init__()
        self.numbers, self.blocks = numbers, list(blocks)
        self.body = nn.Sequential(
            nn.Linear(NOISE + kinds, WIDTH), nn.LayerNorm(WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH),
            nn.LayerNorm(WIDTH), nn.SiLU(), nn.Linear(WIDTH, numbers + sum(blocks)),
        )  # fmt: skip

    def forward(self, classes: Tensor, hard: bool = False) -> Tensor:
        out = self.body(torch.cat([torch.randn(len(classes), NOISE), classes], dim=1))
        parts = out.split([self.numbers, *self.blocks], dim=1)
        drawn = [functional.gumbel_softmax(part, tau=TEMPERATURE, hard=hard) for part in parts[1:]]
        return torch.cat([parts[0], *drawn], dim=1)


def _steepness(critic: nn.Module, rows: Tensor, made: Tensor, kind: Tensor) -> Tensor:
    """How far the critic's gradient is from one between real and made rows, squared."""
    share = torch.rand(len(rows), 1)
    between = (share * rows + (1 - share) * made).requires_grad_()
    (slope,) = torch.autograd.grad(critic(torch.cat([between, kind], 1)).sum(), between, create_graph=True)
    return (slope.square().sum(dim=1).add(1e-12).sqrt() - 1.0).square().mean()
