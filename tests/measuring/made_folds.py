"""Plain folds of so many rows, without a table."""

from __future__ import annotations

import numpy as np

from advisor.records import Fold

Folds = tuple[Fold, ...]


def k_fold(n: int, folds: int = 5, repeats: int = 1, seed: int = 0) -> Folds:
    """Draw plain folds of shuffled rows."""
    rng = np.random.default_rng(seed)
    parts: list[Fold] = []
    for repeat in range(repeats):
        fold_of = rng.permutation(np.arange(n) % folds)
        for fold in range(folds):
            train, test = (np.flatnonzero(which) for which in (fold_of != fold, fold_of == fold))
            parts.append(Fold(len(parts), repeat, fold, train, test))
    return tuple(parts)


def hold_out(rows: int, tested: int) -> Folds:
    return (Fold(0, 0, 0, np.arange(tested, rows), np.arange(tested)),)
