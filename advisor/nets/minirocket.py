"""MiniRocket (Dempster, Schmidt and Webb 2021): how much of a series lies above thresholds after fixed convolutions.

Nothing of it is trained: 84 kernels of nine taps, three of them 2 and the others -1, at several dilations; thresholds
are quantiles of what they make of rows at hand, drawn at random. Rows are (n, channels + 1, steps), the last channel a
mask: convolutions see 0 beyond the end of a series, and only its own steps count.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

TAPS = 9
KERNELS = tuple(combinations(range(TAPS), 3))
MOST_DILATIONS, MOST_CHANNELS = 32, 9
ROUNDING = 1e-5
# As many numbers of a chunk of rows as lie in a processor's cache.
CHUNK = 1 << 15


@dataclass(frozen=True)
class Dilation:
    """The kernels at one dilation: `channels` (84, C) are 1 where a kernel adds a channel up, `thresholds` (84, b)."""

    step: int
    channels: np.ndarray
    thresholds: np.ndarray


@torch.inference_mode()
def fitted(rows: np.ndarray, features: int, seed: int) -> tuple[Dilation, ...]:
    """Draw channels and thresholds from rows (n, channels + 1, steps), for about so many features, 84 at least."""
    rng = np.random.default_rng(seed)
    each = max(1, features // len(KERNELS))
    lengths = rows[:, -1].sum(axis=1)
    steps, counts = _dilations(int(lengths.max(initial=1)), each)
    # Low discrepancy: the fractional parts of multiples of the golden ratio.
    shares = (np.arange(1, len(KERNELS) * each + 1) * ((np.sqrt(5) + 1) / 2)) % 1
    used, found = 0, []
    filled = np.flatnonzero(lengths > 0)
    for place, (step, count) in enumerate(zip(steps, counts, strict=True)):
        channels = _subsets(rows.shape[1] - 1, rng)
        thresholds = np.zeros((len(KERNELS), count), dtype=np.float32)
        drawn = rng.choice(filled, len(KERNELS)) if len(filled) else np.zeros(len(KERNELS), dtype=np.int64)
        for kernel in range(len(KERNELS)):
            row = torch.from_numpy(rows[[drawn[kernel]]])
            made = _Convolved(row, int(step)).by(kernel, channels[kernel])
            known = made[0, _counts(row, int(step), _padded(kernel, place))[0]]
            if len(known):
                wanted = torch.from_numpy(shares[used : used + count].astype(np.float32))
                found_at = torch.quantile(known, wanted)
                # A little above, so that what is as high as a threshold is never above it by the last digit.
                slack = ROUNDING * (known.std(unbiased=False) + found_at.abs())
                thresholds[kernel] = (found_at + slack).numpy()
            used += count
        found.append(Dilation(int(step), channels, thresholds))
    return tuple(found)


@torch.inference_mode()
def shares_above(rows: np.ndarray, kernels: tuple[Dilation, ...]) -> np.ndarray:
    """Return what share of each row's steps lies above each threshold, (n, features), float32."""
    widths = [each.thresholds.size for each in kernels]
    found = np.empty((len(rows), sum(widths)), dtype=np.float32)
    size = max(1, CHUNK // max(1, rows.shape[2]))
    for start in range(0, len(rows), size):
        chunk = torch.from_numpy(np.ascontiguousarray(rows[start : start + size]))
        edge = 0
        for place, (dilation, width) in enumerate(zip(kernels, widths, strict=True)):
            found[start : start + size, edge : edge + width] = _above(chunk, dilation, place).numpy()
            edge += width
    return found


def _above(rows: Tensor, dilation: Dilation, place: int) -> Tensor:
    thresholds = torch.from_numpy(dilation.thresholds)
    convolved = _Convolved(rows, dilation.step)
    counts = [_counts(rows, dilation.step, padded) for padded in (False, True)]
    many = [each.sum(dim=1, keepdim=True).clamp(min=1) for each in counts]
    above = torch.empty(len(rows), thresholds.shape[1], rows.shape[2])
    found = torch.empty(len(rows), *thresholds.shape)
    for kernel in range(len(KERNELS)):
        padded = _padded(kernel, place)
        made = convolved.by(kernel, dilation.channels[kernel]).masked_fill_(~counts[padded], -torch.inf)
        torch.gt(made[:, None], thresholds[kernel][:, None], out=above)
        found[:, kernel] = above.sum(dim=2) / many[padded]
    return found.flatten(1)


class _Convolved:
    """What kernels at one dilation make of rows: three taps tell them apart, and nine they all share."""

    def __init__(self, rows: Tensor, step: int) -> None:
        values, reach = rows[:, :-1], TAPS // 2 * step
        wide = torch.nn.functional.pad(values, (reach, reach))
        steps = values.shape[2]
        self.taps = [wide[:, :, tap * step : tap * step + steps] for tap in range(TAPS)]
        self.all = torch.stack(self.taps).sum(dim=0)

    def by(self, kernel: int, channels: np.ndarray) -> Tensor:
        """Return (n, steps), added up over the channels that are 1."""
        a, b, c = (self.taps[tap] for tap in KERNELS[kernel])
        if self.all.shape[1] == 1:
            return 3 * (a + b + c)[:, 0] - self.all[:, 0]
        own = torch.from_numpy(np.flatnonzero(channels))
        made: Tensor = (3 * (a[:, own] + b[:, own] + c[:, own]) - self.all[:, own]).sum(dim=1)
        return made


def _padded(kernel: int, place: int) -> bool:
    """Tell whether a kernel also looks beyond the ends; every other one does, in turn at every dilation."""
    return (kernel + place) % 2 == 0


def _counts(rows: Tensor, step: int, padded: bool) -> Tensor:
    """Tell which steps count (n, steps): a series' own, less those whose kernel reaches beyond its ends."""
    lengths = rows[:, -1].sum(dim=1, keepdim=True)
    places = torch.arange(rows.shape[2])
    reach = 0 if padded else TAPS // 2 * step
    return (places >= reach) & (places < lengths - reach)


def _dilations(length: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Return dilations up to those that span a series, the nearer ones more often, and how many thresholds each has."""
    most = min(each, MOST_DILATIONS)
    furthest = np.log2(max((length - 1) / (TAPS - 1), 1.0))
    steps, counts = np.unique(np.logspace(0, furthest, most, base=2).astype(np.int64), return_counts=True)
    counts = (counts * (each / most)).astype(np.int64)
    left = each - counts.sum()
    counts += np.bincount(np.arange(left) % len(counts), minlength=len(counts))
    return steps, counts


def _subsets(channels: int, rng: np.random.Generator) -> np.ndarray:
    """Draw for each kernel which channels it adds up: few rather than many."""
    found = np.zeros((len(KERNELS), channels), dtype=np.int8)
    most = np.log2(min(channels, MOST_CHANNELS) + 1)
    for kernel in range(len(KERNELS)):
        count = min(channels, int(2 ** rng.uniform(0, most)))
        found[kernel, rng.choice(channels, count, replace=False)] = 1
    return found
