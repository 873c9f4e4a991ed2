"""The only file that draws rows: folds, and rows held out for early stopping.

Positions, never labels of an index. Exact twins of a row always stand on the same side; groups are never torn; where
rows are ordered in time, training rows come before test rows. That holds for folds and for the rows by which
training is stopped alike.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

from advisor.errors import UserError
from advisor.records import Fold, Folds

Sides = tuple[np.ndarray, np.ndarray]
"""Sorted positions of rows to learn from, and of rows to judge by."""

# Above this many test rows nothing is learned from more of them that the verdict could use.
MOST_TEST_ROWS = 100_000
# Up to so many groups are shared out one by one, so that folds are of like size; that takes minutes for 100,000 of
# them, and so many even out by themselves.
FEW_GROUPS = 1_000
# Fewer rows than this teach nothing that a fold could judge.
LEAST_TRAINING_ROWS = 10


def strata(target: np.ndarray) -> np.ndarray:
    """Return codes to stratify by: the classes, or the deciles of a numeric target (fewer where rows are few)."""
    if target.dtype.kind != "f":
        return np.asarray(np.unique(target, return_inverse=True)[1])
    bins = int(np.clip(len(target) // 10, 2, 10))
    edges = np.unique(np.quantile(target, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.digitize(target, edges))


def together(groups: np.ndarray | None, twins: np.ndarray | None) -> np.ndarray | None:
    """Return codes (n,) of rows that no fold may part: those of one group, copies, and whoever they lead to."""
    if groups is None or twins is None:
        return twins if groups is None else groups
    first, second = (np.unique(codes, return_inverse=True)[1] for codes in (groups, twins))
    shift, ones = int(first.max()) + 1, np.ones(len(first), dtype=bool)
    size = shift + int(second.max()) + 1
    links = coo_array((ones, (first, second + shift)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1][first], dtype=np.int64)


def hold_out(
    target: np.ndarray,
    share: float,
    seed: int,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    most: int | None = None,
) -> Sides:
    """Draw about `share` of the rows aside; return sorted positions (kept, held), neither of them empty for n >= 2.

    Stratified for any labels that are not floats, and on deciles for floats. A class with one row stays in the kept
    part. With `groups` (n,), whole groups are held out until the share is reached. With `times` (n,) the latest rows
    are, no moment is torn, and rows of a held group are in neither part; the rows are drawn at random where there is
    one moment or group only. `most` caps the number of held rows.
    """
    target = np.asarray(target)
    n = len(target)
    wanted = min(share * n, most) if most is not None else share * n
    if times is not None:
        kept, held = _latest(times, wanted, groups)
        if len(kept) and len(held):
            return kept, held
    if groups is not None and (groups != groups[0]).any():
        return _whole_groups(target, groups, wanted, seed)
    rng = np.random.default_rng(seed)
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


def _whole_groups(target: np.ndarray, groups: np.ndarray, wanted: float, seed: int) -> Sides:
    """Hold out whole groups, each stratum giving its share; a class never loses all its groups, if others can go."""
    group = np.unique(groups, return_inverse=True)[1]
    count = int(group.max()) + 1
    stratum = _rarest(target, group, count)
    order = np.random.default_rng(seed).permutation(count)
    # The k-th of a stratum's m groups stands at (k + 1/2) / m of the line, so that its beginning has some of each.
    by_stratum = order[np.argsort(stratum[order], kind="stable")]
    sizes = np.bincount(stratum)
    place = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    line = by_stratum[np.argsort((place + 0.5) / sizes[stratum[by_stratum]], kind="stable")]
    if target.dtype.kind != "f":
        # Where a class has one group only, that group goes last.
        line = line[np.argsort(sizes[stratum[line]] == 1, kind="stable")]
    reached = np.cumsum(np.bincount(group)[line])
    held = np.isin(group, line[: max(1, min(int(np.searchsorted(reached, wanted)) + 1, count - 1))])
    return np.flatnonzero(~held), np.flatnonzero(held)


def _rarest(target: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """Return a stratum for each group: its rarest class, or the decile of its mean."""
    if target.dtype.kind == "f":
        return strata(np.bincount(group, target) / np.bincount(group))
    codes = strata(target)
    place = np.argsort(np.argsort(np.bincount(codes), kind="stable"), kind="stable")
    stratum = np.full(count, len(place), dtype=np.int64)
    np.minimum.at(stratum, group, place[codes])
    return stratum


def _latest(times: np.ndarray, wanted: float, groups: np.ndarray | None) -> Sides:
    """Hold out the latest rows, from where a moment begins; one part is empty where that cannot be."""
    order = np.argsort(times, kind="stable")
    edge = max(len(order) - max(round(wanted), 1), 1)
    edge = _edge(times[order], edge) or int(np.searchsorted(times[order], times[order[0]], side="right"))
    held = np.sort(order[edge:])
    return _without(np.sort(order[:edge]), held, groups), held


def _without(train: np.ndarray, test: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Leave out of the training rows those whose group has test rows."""
    return train if groups is None else train[~np.isin(groups[train], groups[test])]


def draw(
    target: np.ndarray,
    *,
    kind: str,
    folds: int,
    repeats: int,
    seed: int,
    rows: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    twins: np.ndarray | None = None,
) -> Folds:
    """Draw the folds that every candidate shares, in the order in which they are to be run.

    `target` (n,) codes or values; `rows` are the positions that take part (None: all); `twins` (n,) codes that are
    equal for rows which are copies. `kind` is "stratified", "grouped" (needs `groups`), "forward" (needs `times`; one
    repeat; with `groups` as well, a training part lacks the groups of its test part; the last fold, with most rows to
    learn from, is run first) or "holdout" (one fold of a fifth, at most 100,000 rows). There are fewer folds where no
    class has a row for each, and forward in time where one class alone has come up. Raises UserError where there are
    fewer groups or moments than folds, or nothing can be judged forward in time.
    """
    taken = np.arange(len(target)) if rows is None else np.sort(rows)
    own = target[taken]
    bound = [None if codes is None else codes[taken] for codes in (groups, times, twins)]
    own_groups, own_times, own_twins = bound
    drawn: list[tuple[int, int, Sides]] = []
    one_class = 0
    if kind == "forward":
        assert own_times is not None
        steps = list(enumerate(_forward(own_times, folds, own_groups)))
        drawn = [(0, fold, sides) for fold, sides in steps if _can_be_judged(own, *sides)][::-1]
        if not drawn:
            raise UserError(_never_two_classes(own, own_times))
        one_class, folds, repeats = len(steps) - len(drawn), len(drawn), 1
    elif kind == "holdout":
        bound_rows = together(own_groups, own_twins)
        drawn = [(0, 0, hold_out(own, 0.2, seed, groups=bound_rows, most=MOST_TEST_ROWS))]
        folds = repeats = 1
    else:
        for repeat in range(repeats):
            found = _folds(own, folds, seed + repeat, together(own_groups, own_twins), own_groups is not None)
            drawn += [(repeat, fold, sides) for fold, sides in enumerate(found)]
        folds = len(found)
    parts = tuple(
        Fold(number, repeat, fold, taken[train], taken[test])
        for number, (repeat, fold, (train, test)) in enumerate(drawn)
    )
    return Folds(kind, folds, repeats, parts, taken, twins, one_class)  # type: ignore[arg-type]  # kind was matched above


def part_of(target: np.ndarray, rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return `rows` (positions), or where there are more than `most` about so many of them, stratified."""
    return rows if len(rows) <= most else rows[hold_out(target[rows], most / len(rows), seed)[1]]


def part_of_groups(groups: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return the positions of whole groups, drawn until `most` rows are reached; all where there are no more."""
    group = np.unique(groups, return_inverse=True)[1]
    order = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    reached = np.cumsum(np.bincount(group)[order])
    return np.flatnonzero(np.isin(group, order[: max(1, int(np.searchsorted(reached, most, side="right")))]))


def with_relatives(
    target: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int, twins: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what a random fold would have: return (training rows, test rows), of another fold's `train` and `test`.

    The test rows are a third of `test`, the training rows as many as `train`, at random from all other rows (n,): what
    the other fold keeps apart from its test rows is among them. Exact copies of test rows (equal `twins`) are not.
    """
    asked = test[hold_out(target[test], 1 / 3, seed)[1]]
    free = np.ones(len(target), dtype=bool)
    free[asked] = False
    if twins is not None:
        free &= ~np.isin(twins, twins[asked])
    pool = np.flatnonzero(free)
    return np.sort(np.random.default_rng(seed).choice(pool, min(len(train), len(pool)), replace=False)), asked


def _folds(target: np.ndarray, folds: int, seed: int, bound: np.ndarray | None, grouped: bool) -> list[Sides]:
    """Share rows out to `folds`; those of one code in `bound` stay together, which are large pieces where `grouped`."""
    codes = strata(target)
    with warnings.catch_warnings():
        # A class rarer than the number of folds is a finding of the profile, told there once.
        warnings.filterwarnings("ignore", message="The least populated class")
        found = len(target) if bound is None else len(np.unique(bound))
        folds = _no_more_than_rows(codes, folds)
        if grouped and found < folds:
            raise UserError(f"The group column has {found} groups, fewer than the {folds} folds; drop --group.")
        if grouped and found <= FEW_GROUPS:
            splitter: Any = (
                StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
                if target.dtype.kind != "f"
                else GroupKFold(folds, shuffle=True, random_state=seed)
            )
            return [(train, test) for train, test in splitter.split(codes, codes, bound)]
        unit = np.arange(len(target)) if bound is None else np.unique(bound, return_inverse=True)[1]
        stratum = codes if bound is None else _rarest(target, unit, int(unit.max()) + 1)
        fold_of = np.empty(len(stratum), dtype=int)
        folds = _no_more_than_rows(stratum, folds)
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        for fold, (_, test) in enumerate(splitter.split(stratum, stratum)):
            fold_of[test] = fold
    fold_of_row = fold_of[unit]
    return [(np.flatnonzero(fold_of_row != fold), np.flatnonzero(fold_of_row == fold)) for fold in range(folds)]


def _no_more_than_rows(codes: np.ndarray, folds: int) -> int:
    """Return how many folds the most frequent of the classes has a row for, two at least."""
    return max(2, min(folds, int(np.bincount(codes).max())))


def _forward(times: np.ndarray, folds: int, groups: np.ndarray | None) -> list[Sides]:
    """Expanding windows: block b is tested by a model that has seen all earlier blocks; moments are not torn."""
    order = np.argsort(times, kind="stable")
    edges = [_edge(times[order], round(len(order) * block / (folds + 1))) for block in range(1, folds + 1)]
    edges.append(len(order))
    if len(set(edges)) <= folds or edges[0] == 0:
        raise UserError(f"The time column has too few distinct moments for {folds} steps forward; drop --time.")
    blocks = [(np.sort(order[:start]), np.sort(order[start:stop])) for start, stop in pairwise(edges)]
    apart = [(_without(train, test, groups), test) for train, test in blocks]
    if min(len(train) for train, _ in apart) < LEAST_TRAINING_ROWS:
        raise UserError(
            "The groups go on through all the time, so that hardly a row is left to train on; "
            "name --group or --time, not both."
        )
    return apart


def _can_be_judged(target: np.ndarray, train: np.ndarray, test: np.ndarray) -> bool:
    """Tell whether two classes can be learnt from, and of two in all whether both are there to be told apart."""
    if target.dtype.kind == "f":
        return True
    return len(np.unique(target[train])) > 1 and (target.max() > 1 or len(np.unique(target[test])) > 1)


def _never_two_classes(target: np.ndarray, times: np.ndarray) -> str:
    """Say why no step forward in time can be judged."""
    ordered = target[np.argsort(times, kind="stable")]
    share = np.flatnonzero(ordered != ordered[0])[0] / len(ordered)
    return (
        f"Forward in time nothing can be judged: the first {share:.0%} of the rows hold one class alone, and no later "
        "part has two with two before it; drop --time, or take a table with more of the time in which both occur."
    )


def _edge(ordered_times: np.ndarray, position: int) -> int:
    """Move an edge back to where the moment at `position` begins, so that one moment stays on one side."""
    return int(np.searchsorted(ordered_times, ordered_times[position], side="left"))
