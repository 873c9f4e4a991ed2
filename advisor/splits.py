"""The only file that draws rows: outer cuts, inner cuts, and rows held out for early stopping.

Positions, never labels of an index. Exact twins of a row always stand on the same side; groups are never torn; where
rows are ordered in time, training rows come before test rows.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from advisor.errors import UserError
from advisor.records import Split, Splits

Cut = tuple[np.ndarray, np.ndarray]

# Above this many test rows nothing is learned from more of them that the verdict could use.
MOST_TEST_ROWS = 100_000
# Above this many rows configurations are compared on a subsample of this size.
MOST_TUNING_ROWS = 100_000


def strata(target: np.ndarray) -> np.ndarray:
    """Return codes to stratify by: the classes, or the deciles of a numeric target (fewer where rows are few)."""
    if target.dtype.kind != "f":
        return np.asarray(np.unique(target, return_inverse=True)[1])
    bins = int(np.clip(len(target) // 10, 2, 10))
    edges = np.unique(np.quantile(target, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.digitize(target, edges))


def hold_out(
    target: np.ndarray, share: float, seed: int, groups: np.ndarray | None = None, most: int | None = None
) -> Cut:
    """Draw about `share` of the rows aside; return sorted positions (kept, held), neither of them empty for n >= 2.

    Stratified for any labels that are not floats, and on deciles for floats. A class with one row stays in the kept
    part. With `groups` (n,), whole groups are held out until the share is reached. `most` caps the number of held
    rows.
    """
    target = np.asarray(target)
    n = len(target)
    wanted = min(share * n, most) if most is not None else share * n
    rng = np.random.default_rng(seed)
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1]
        order = rng.permutation(codes.max() + 1)
        reached = np.cumsum(np.bincount(codes)[order])
        held_groups = order[: max(1, min(int(np.searchsorted(reached, wanted)) + 1, len(order) - 1))]
        held = np.isin(codes, held_groups)
        return np.flatnonzero(~held), np.flatnonzero(held)
    codes = strata(target)
    order = rng.permutation(n)
    order = order[np.argsort(codes[order], kind="stable")]
    # Evenly spaced places in the order by class give each class its share, up to rounding.
    count = int(np.clip(round(wanted), 1, n - 1))
    places = ((np.arange(count) + rng.random()) * (n / count)).astype(int)
    held = np.zeros(n, dtype=bool)
    held[order[places]] = True
    kept_counts = np.bincount(codes[~held], minlength=codes.max() + 1)
    for code in np.flatnonzero(kept_counts == 0):
        held[codes == code] = False
    if not held.any():
        held[order[-1]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def draw(
    target: np.ndarray,
    *,
    kind: str,
    folds: int,
    repeats: int,
    inner_folds: int,
    seed: int,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    twins: np.ndarray | None = None,
) -> Splits:
    """Draw the outer cuts that every learner shares.

    `target` (n,) codes or values; `twins` (n,) codes that are equal for rows which are exact copies. `kind` is
    "stratified", "grouped" (needs `groups`), "forward" (needs `times`; one repeat) or "holdout" (one cut of a fifth,
    at most 100,000 rows). Raises UserError where there are fewer groups or moments than folds.
    """
    cuts: list[tuple[int, int, Cut]] = []
    if kind == "forward":
        assert times is not None
        cuts = [(0, fold, cut) for fold, cut in enumerate(_forward(times, folds))]
        repeats = 1
    elif kind == "holdout":
        cuts = [(0, 0, hold_out(target, 0.2, seed, groups=twins, most=MOST_TEST_ROWS))]
        folds = repeats = 1
    else:
        for repeat in range(repeats):
            parts = _folds(target, folds, seed + repeat, groups, twins)
            cuts += [(repeat, fold, cut) for fold, cut in enumerate(parts)]
    parts_ = tuple(Split(i, repeat, fold, *cut) for i, (repeat, fold, cut) in enumerate(cuts))
    return Splits(kind, folds, repeats, parts_, inner_folds, twins)  # type: ignore[arg-type]  # kind was matched above


def in_order(splits: Splits) -> list[int]:
    """Return the numbers of the outer cuts in the order in which they are run; the first is always run.

    Forward in time the last cut has the most rows to learn from and goes first; elsewhere all cuts are alike.
    """
    return [part.number for part in splits.parts][:: -1 if splits.kind == "forward" else 1]


def inner_cuts(
    target: np.ndarray,
    *,
    inner_folds: int,
    seed: int,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    most_rows: int = MOST_TUNING_ROWS,
) -> tuple[Cut, ...]:
    """Cut a training part once more, for choosing configurations: k folds, or one fifth held out where inner_folds is
    1.

    Positions count within the training part. With `times` the latest fifth is held out. `most_rows` caps the rows used
    at all, so that tuning on very large tables works on a subsample.
    """
    if times is not None:
        order = np.argsort(times, kind="stable")
        edge = _edge(times[order], int(0.8 * len(order))) or int(0.8 * len(order))
        cuts: tuple[Cut, ...] = ((np.sort(order[:edge]), np.sort(order[edge:])),)
    elif inner_folds == 1:
        cuts = (hold_out(target, 0.2, seed, groups=groups),)
    else:
        cuts = tuple(_folds(target, inner_folds, seed, groups, None))
    if len(target) > most_rows:
        rng = np.random.default_rng(seed)
        cuts = tuple((_thin(fit, most_rows * 4 // 5, rng), _thin(held, most_rows // 5, rng)) for fit, held in cuts)
    return cuts


def _thin(positions: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    if len(positions) <= most:
        return positions
    return np.sort(rng.choice(positions, most, replace=False))


def _folds(target: np.ndarray, folds: int, seed: int, groups: np.ndarray | None, twins: np.ndarray | None) -> list[Cut]:
    codes = strata(target)
    with warnings.catch_warnings():
        # A class rarer than the number of folds is a finding of the profile, told there once.
        warnings.filterwarnings("ignore", message="The least populated class")
        if groups is not None:
            found = len(np.unique(groups))
            if found < folds:
                raise UserError(f"The group column has {found} groups, fewer than the {folds} folds; drop --group.")
            splitter: Any = (
                StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
                if target.dtype.kind != "f"
                else GroupKFold(folds, shuffle=True, random_state=seed)
            )
            return [(train, test) for train, test in splitter.split(codes, codes, groups)]
        first = np.unique(twins, return_index=True)[1] if twins is not None else np.arange(len(target))
        fold_of = np.empty(len(first), dtype=int)
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        for fold, (_, test) in enumerate(splitter.split(first, codes[first])):
            fold_of[test] = fold
    fold_of_row = fold_of if twins is None else fold_of[np.unique(twins, return_inverse=True)[1]]
    return [(np.flatnonzero(fold_of_row != fold), np.flatnonzero(fold_of_row == fold)) for fold in range(folds)]


def _forward(times: np.ndarray, folds: int) -> list[Cut]:
    """Expanding windows: block b is tested by a model that has seen all earlier blocks; moments are not torn."""
    order = np.argsort(times, kind="stable")
    edges = [_edge(times[order], round(len(order) * block / (folds + 1))) for block in range(1, folds + 1)]
    edges.append(len(order))
    if len(set(edges)) <= folds or edges[0] == 0:
        raise UserError(f"The time column has too few distinct moments for {folds} steps forward; drop --time.")
    return [(np.sort(order[:start]), np.sort(order[start:stop])) for start, stop in pairwise(edges)]


def _edge(ordered_times: np.ndarray, position: int) -> int:
    """Move a cut back to where the moment at `position` begins, so that one moment stays on one side."""
    return int(np.searchsorted(ordered_times, ordered_times[position], side="left"))
