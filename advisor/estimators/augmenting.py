"""More rows to learn from: between neighbours, or from a generator that was trained on the training rows.

They are asked for by an estimator that has set rows aside for early stopping, so that none is ever judged by.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

# New rows a table gets: as many as it has, but not more than these; large tables have no need of them.
MOST_NEW_ROWS = 2_000
NEIGHBOURS = 5
# Neighbours are looked for among so many rows of a class at most, and by categories of so many levels at most: rows
# that share one of a hundred levels are too few to be near each other by it.
MOST_ROWS_TO_SEARCH, MOST_LEVELS_TO_SEARCH = 5_000, 50
# A generator is told the tenth of the target's range that a row lies in, as if it were its class.
TENTHS = 10


@dataclass(frozen=True)
class Interpolation:
    """New rows lie on the way from a row to one of its five nearest of the same class (SMOTE, Chawla et al. 2002).

    Categories and gaps are those of either end. For values the target lies on the way as well (Torgo et al. 2013).
    """

    def __call__(
        self, X: np.ndarray, y: np.ndarray, cardinalities: tuple[int, ...], seed: int, deadline: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return new rows (m, p) and their targets (m,) for numbers and codes (n, p) and codes or values (n,)."""
        rng = np.random.default_rng(seed)
        numeric = np.asarray(cardinalities) == 0
        wanted = _wanted(y, rng)
        starts, ends = np.empty(len(wanted), dtype=int), np.empty(len(wanted), dtype=int)
        for kind in np.unique(wanted):
            own = np.flatnonzero(y == kind) if y.dtype.kind == "i" else np.arange(len(y))
            own = rng.permutation(own)[:MOST_ROWS_TO_SEARCH]
            places = np.flatnonzero(wanted == kind)
            first = rng.integers(len(own), size=len(places))
            near = _distances_apart(X[own], numeric)
            count = min(NEIGHBOURS + 1, len(own))  # a row is the first of its own neighbours
            found = NearestNeighbors(n_neighbors=count).fit(near).kneighbors(near[first], return_distance=False)
            starts[places] = own[first]
            ends[places] = own[found[np.arange(len(places)), rng.integers(min(1, count - 1), count, size=len(places))]]
        share = rng.random((len(wanted), 1))
        between = X[starts] + share * (X[ends] - X[starts])
        either = np.where(rng.random(between.shape) < 0.5, X[starts], X[ends])
        rows = np.where(numeric & ~np.isnan(between), between, either)
        if y.dtype.kind == "i":
            return rows.astype(X.dtype), wanted
        return rows.astype(X.dtype), y[starts] + share[:, 0] * (y[ends] - y[starts])


@dataclass(frozen=True)
class Generation:
    """New rows are drawn from a generator (nets.gan) that saw the training rows and their classes, and none else.

    Its training takes a third of the time that is left at most; where that is too little for it, it makes no rows.
    """

    threads: int = 1
    steps: int = 600

    def __call__(
        self, X: np.ndarray, y: np.ndarray, cardinalities: tuple[int, ...], seed: int, deadline: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return new rows (m, p) and their targets (m,) for numbers and codes (n, p) and codes or values (n,)."""
        from advisor.nets.gan import new_rows

        rng = np.random.default_rng(seed)
        levels = np.asarray(cardinalities)
        numbers, codes = X[:, levels == 0], np.nan_to_num(X[:, levels > 0], nan=-1.0).astype(np.int64)
        classes, wanted = y, _wanted(y, rng)
        if y.dtype.kind != "i":
            edges = np.unique(np.quantile(y, np.linspace(0, 1, TENTHS + 1)[1:-1]))
            classes = np.searchsorted(edges, y)
            wanted = classes[rng.integers(len(y), size=len(wanted))]
            numbers = np.column_stack([numbers, y])
        left = deadline - time.monotonic()
        made = new_rows(
            numbers.astype(float), codes, [int(count) for count in levels if count], classes.astype(np.int64),
            wanted.astype(np.int64), steps=self.steps, seconds=max(0.0, left / 3) if np.isfinite(left) else None,
            seed=seed, threads=self.threads,
        )  # fmt: skip
        if made is None:
            return X[:0], y[:0]
        found, drawn = made
        rows = np.empty((len(wanted), X.shape[1]), dtype=X.dtype)
        rows[:, levels == 0] = found[:, : int((levels == 0).sum())]
        rows[:, levels > 0] = np.where(drawn < 0, np.nan, drawn)
        return rows, wanted if y.dtype.kind == "i" else found[:, -1]


def _wanted(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the classes of the new rows, rare ones more often than they occur (by the root of their share)."""
    count = min(len(y), MOST_NEW_ROWS)
    if y.dtype.kind != "i":
        return np.zeros(count, dtype=np.int64)
    weights = np.sqrt(np.bincount(y))
    return rng.choice(len(weights), size=count, p=weights / weights.sum()).astype(y.dtype)


def _distances_apart(X: np.ndarray, numeric: np.ndarray) -> np.ndarray:
    """Return coordinates (n, q) in which rows are near that are alike: scaled numbers, and a step between levels."""
    parts = [np.zeros((len(X), 1))]
    for column, is_number in zip(X.T, numeric, strict=True):
        known = column[~np.isnan(column)]
        if is_number and len(known):
            parts.append((np.where(np.isnan(column), known.mean(), column) / (known.std() or 1.0))[:, None])
        elif not is_number:
            levels, codes = np.unique(np.nan_to_num(column, nan=-1.0), return_inverse=True)
            if len(levels) <= MOST_LEVELS_TO_SEARCH:
                parts.append(np.eye(len(levels))[codes] / np.sqrt(2.0))
    return np.hstack(parts)
