"""How many rows, and how many folds: as many as the budget pays for with those without whom there is no answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.contracts import Learner
from advisor.measuring import splits
from advisor.records import Dataset, Folds, Profile

# Up to so many rows the way they are cut makes a fifth of the estimate's spread, and repeats are worth their time.
FEW_ROWS, MOST_ROWS_TO_REPEAT = 300, 2_500
# Above this many rows one part held out tells as much as folds do.
MOST_ROWS_TO_FOLD = 250_000
# Fewer rows than these tell nothing at all, whatever the budget.
FEWEST_ROWS = 200
# The part of all workers' seconds that those without whom there is no answer may be expected to take: on a machine
# that gets twice as busy they still end.
ESSENTIAL_SHARE = 0.4
# A learner whose fits differ from seed to seed is averaged over so many trainings at most. With 400 rows to learn from
# the mean of three erred 5 % less than one with RealMLP, 3 % with ModernNCA, 2 % with a plain net and 1 % with LightGBM
# and XGBoost; with 1,600 rows it was 3 and 1 % (medians of 7 to 17 tables, reports/nets_speed.md). That luck falls with
# the rows. CatBoost, with half a per cent for two fits of 2 s, is not averaged.
MOST_TRAININGS, MOST_ROWS_TO_AVERAGE = 3, 20_000
# The part of all workers' seconds that the defaults of all who are averaged may be expected to take so: the others
# want their turn.
AVERAGED_SHARE = 0.2
# A step from one number of rows to the next smaller one that is tried.
STEP = 0.85
# The numbers of folds that are tried, the most first, where the seconds do not pay for those of the tier.
FEWER_FOLDS = (5, 3)
# So many whole groups at least are drawn, or rows of all groups: fewer would tell little of a group that is new.
FEWEST_GROUPS = 30


def tier(rows: int) -> tuple[str, int, int]:
    """Return (kind, folds, repeats) for so many rows; repeats are what an open answer may ask for, not what is run."""
    if rows > MOST_ROWS_TO_FOLD:
        return "holdout", 1, 1
    if rows > 20_000:
        return "stratified", 3, 1
    if rows > MOST_ROWS_TO_REPEAT:
        return "stratified", 5, 1
    return "stratified", 5 if rows >= FEW_ROWS else 10, 3


def affordable(
    rows: int, essential: Sequence[Learner], profile: Profile, worker_seconds: float, *, speed: float, device: str
) -> tuple[int, int]:
    """Return how many rows, and how many folds of them, the essential learners are expected to finish.

    All rows in the folds of their tier where the seconds pay for that; else in five or three folds, where the tier has
    more; else as many rows as can be had in three folds, at least 200. Fewer than 300 rows are all taken.
    """
    allowed = ESSENTIAL_SHARE * worker_seconds
    kind, folds, _ = tier(rows)
    if kind == "holdout":
        if _cost(0.8 * rows, 1, essential, profile, speed, device) <= allowed:
            return rows, 1
        rows = MOST_ROWS_TO_FOLD
    for count in dict.fromkeys((folds, *FEWER_FOLDS)):
        if 1 < count <= folds and _cost(rows * (1 - 1 / count), count, essential, profile, speed, device) <= allowed:
            return rows, count
    if rows < FEW_ROWS:
        return rows, FEWER_FOLDS[-1]
    fewer = float(rows)
    while fewer > FEWEST_ROWS and _cost(fewer * 2 / 3, 3, essential, profile, speed, device) > allowed:
        fewer *= STEP
    return min(rows, max(FEWEST_ROWS, int(fewer))), 3


def trainings(
    rows: int,
    folds: int,
    averaged: Sequence[Learner],
    profile: Profile,
    worker_seconds: float,
    *,
    speed: float,
    device: str,
) -> int:
    """Return how many trainings a fit is the mean of: as many as the seconds pay for with all who are averaged."""
    if rows > MOST_ROWS_TO_AVERAGE or not averaged:
        return 1
    once = _cost(rows * (1 - 1 / max(folds, 2)), folds, averaged, profile, speed, device)
    affordable = AVERAGED_SHARE * worker_seconds / max(once, 1e-9)
    return int(np.clip(affordable, 1, MOST_TRAININGS))


def drawn(dataset: Dataset, most: int, seed: int, twins: np.ndarray | None) -> np.ndarray:
    """Return the positions of the rows that take part, sorted: all, or about `most` of them.

    Where rows are ordered in time they are the latest. Of rows in groups whole groups are drawn, unless they are so
    few, or so large, that less than 30 would be left; else rows are, stratified.
    """
    rows = len(dataset.target)
    everyone = np.arange(rows)
    if most >= rows:
        return everyone
    if dataset.times is not None:
        return np.sort(np.argsort(dataset.times, kind="stable")[rows - most :])
    bound = splits.together(dataset.groups, twins)
    if dataset.groups is not None and bound is not None:
        whole = splits.part_of_groups(bound, most, seed)
        if len(np.unique(bound[whole])) >= FEWEST_GROUPS:
            return whole
    return np.sort(splits.part_of(dataset.target, everyone, most, seed))


def draw(dataset: Dataset, rows: int, folds: int, seed: int, twins: np.ndarray | None) -> Folds:
    """Draw `folds` folds of about so many rows, as the data set has to be cut: by time, by groups, or by class.

    One fold is a part held out, whole groups where there are any; forward in time there are two at least.
    """
    taken = drawn(dataset, rows, seed, twins)
    kind, _, repeats = tier(len(taken))
    if folds == 1:
        kind, repeats = "holdout", 1
    elif kind == "holdout":
        kind = "stratified"
    if dataset.times is not None:
        kind, folds, repeats = "forward", max(2, min(folds, 5)), 1
    elif dataset.groups is not None and folds > 1:
        kind = "grouped"
    if dataset.task == "binary" and folds > 1:
        # Every test part needs both classes, or its AUC does not exist.
        bound = splits.together(dataset.groups, twins)
        pieces = np.arange(len(dataset.target)) if bound is None else bound
        own = dataset.target[taken]
        folds = max(2, min(folds, *(len(np.unique(pieces[taken][own == code])) for code in (0, 1))))
    return splits.draw(
        dataset.target, kind=kind, folds=folds, repeats=repeats, seed=seed, rows=taken,
        groups=dataset.groups, times=dataset.times, twins=twins,
    )  # fmt: skip


def seconds_of(learner: Learner, rows: int, profile: Profile, *, speed: float, device: str) -> float:
    """Expect what one fit of a learner's default on so many rows takes here, in seconds of a worker."""
    seconds = learner.seconds(rows, profile) * speed
    return seconds / learner.gpu_speed if device != "cpu" and learner.family == "neural" else seconds


def _cost(train: float, folds: int, essential: Sequence[Learner], profile: Profile, speed: float, device: str) -> float:
    return folds * sum(seconds_of(each, int(train), profile, speed=speed, device=device) for each in essential)
