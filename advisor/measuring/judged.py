"""What evidence is made of: the rows that several candidates were judged on, and what one of them lost on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.records import Fold


@dataclass(frozen=True, eq=False)
class Judged:
    """The n rows that several candidates were judged on, fold by fold.

    `positions[j]` are the test rows of fold `numbers[j]`, counted within the judged rows; `share` is how many test rows
    there are to one training row, on average. `clusters` (n,) are codes 0..G-1 of rows that belong together: groups,
    copies, or blocks of time where `forward`; `clusters_are` names them.
    """

    numbers: tuple[int, ...]
    positions: tuple[np.ndarray, ...]
    rows: int
    share: float
    clusters: np.ndarray | None = None
    clusters_are: str = "groups"
    forward: bool = False


@dataclass(frozen=True)
class RowLosses:
    """What one candidate lost out of fold: `by_row` (n,) is averaged over repeats, `by_fold` (J,) over test rows."""

    by_row: np.ndarray
    by_fold: np.ndarray


def judged_on(
    folds: Sequence[Fold],
    *,
    clusters: np.ndarray | None = None,
    clusters_are: str = "groups",
    forward: bool = False,
) -> Judged:
    """Number the rows that these folds judge.

    `clusters` has a code for each row of the data set, and `clusters_are` names what they are; with `forward`, where
    rows are ordered in time, each test block is a cluster instead.
    """
    rows = np.unique(np.concatenate([fold.test for fold in folds])) if folds else np.array([], dtype=int)
    positions = tuple(np.searchsorted(rows, fold.test) for fold in folds)
    found = None
    if forward:
        found = np.zeros(len(rows), dtype=int)
        for block, places in enumerate(positions):
            found[places] = block
    elif clusters is not None:
        found = np.unique(clusters[rows], return_inverse=True)[1]
    return Judged(
        numbers=tuple(fold.number for fold in folds),
        positions=positions,
        rows=len(rows),
        share=float(np.mean([len(fold.test) / len(fold.train) for fold in folds])) if folds else 0.0,
        clusters=found,
        clusters_are="blocks of time" if forward else clusters_are,
        forward=forward,
    )


def losses_of(by_fold: Mapping[int, np.ndarray], judged: Judged) -> RowLosses:
    """Average the row losses over repeats; `by_fold` has them by the number of a fold, in the order of its test rows.

    Needs at least one fold.
    """
    losses = [np.asarray(by_fold[number], dtype=float) for number in judged.numbers]
    where = np.concatenate(judged.positions)
    times_judged = np.bincount(where, minlength=judged.rows)
    by_row = np.bincount(where, weights=np.concatenate(losses), minlength=judged.rows) / times_judged
    return RowLosses(by_row, np.array([own.mean() for own in losses]))
