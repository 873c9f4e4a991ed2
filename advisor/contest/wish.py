"""How the model to use is to be made: which members are fitted on all rows, and which are models of the folds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from advisor import learners
from advisor.judging.case import contenders
from advisor.measuring import splits
from advisor.records import Case, Family, Mixture

Way = Literal["all rows", "folds"]

# A fit on all rows takes longer than so many times what the folds tell only where the machine is busier than then.
SLACK = 1.3
# The part of the time that fits may take among which are those of members that could do without.
AS_WELL_SHARE = 0.5
# With so many times the rows that the contest was held on the question is not whether a fit is whole but what more
# rows are worth.
MANY_TIMES = 1.3
# Rows that nobody has seen, which say what the others are worth: more would hardly tell more, and those are not learnt
# from. Of fewer an accident could overrule what folds of all rows have chosen: on a thousand rows an RMSE has a
# standard error of 2 % still, since that is its 1 / sqrt(2 n) where errors are normal.
MOST_SPARED, LEAST_SPARED, SPARED_SHARE = 4_000, 1_000, 0.2


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be made: members by candidate key with their weights, and the ways that each is fitted.

    Who is fitted both ways is the mean of the two.
    """

    members: Mixture
    ways: Mapping[str, tuple[Way, ...]]


def wish_for(case: Case, members: Mixture, seconds: float, workers: int, bagged: Collection[str] = ()) -> Wish:
    """Decide which members are fitted on all rows within `seconds` of wall time: as many as fit, the quick ones first.

    The others are models of the folds. So are those that are to be `bagged`, which are fitted on all rows as well where
    all that takes no more than AS_WELL_SHARE of the time: the rest is for reading and writing so many models.
    """
    order, expected = in_turn(case, members, bagged)
    quick = that_fit([key for key in order if key not in bagged], expected, seconds, workers)
    quick += [key for key in that_fit(order, expected, AS_WELL_SHARE * seconds, workers) if key in bagged]
    return Wish(members, {
        key: (*(("folds",) if key in bagged or key not in quick else ()), *(("all rows",) if key in quick else ()))
        for key in members
    })  # fmt: skip


def in_turn(case: Case, members: Mixture, bagged: Collection[str]) -> tuple[list[str], dict[str, float]]:
    """Return members in the order in which time is given to fits of them on all rows, and the seconds of each."""
    expected = {key: SLACK * refit_seconds(case, key) for key in members}
    return sorted(expected, key=lambda key: (key in bagged, expected[key])), expected


def of_fewer(case: Case) -> bool:
    """Tell whether the contest was held on so much fewer rows than there are that a fit on all is another model."""
    return len(case.dataset.target) >= MANY_TIMES * len(case.plan.folds.rows)


def asking_seconds(case: Case, members: Collection[str]) -> float:
    """Return what it takes to ask the models of the folds of these candidates, all of them, for one row."""
    rows = {part.number: len(part.test) for part in case.plan.folds.parts}
    return sum(
        result.cost.predict_seconds / rows[number]
        for key in members
        for number, result in case.outcomes[key].results.items()
        if result.state == "done"
    )


def spared(case: Case, most: float = np.inf) -> np.ndarray:
    """Return rows (positions) that the contest was not held on, to weigh models from all other rows by; may be empty.

    They are `most`, or a few more, as many as there is time to ask models for; but LEAST_SPARED in any case.

    Empty where it was held on all rows, or nearly; where rows are ordered in time, since what was left is older; and
    where less than LEAST_SPARED could be had. Groups and copies are spared whole, and only those of which the contest
    has seen no row.
    """
    none, drawn, bound = np.array([], dtype=int), case.plan.folds.rows, bound_rows(case)
    if not of_fewer(case) or case.dataset.times is not None:
        return none
    left = np.setdiff1d(np.arange(len(case.dataset.target)), drawn)
    most = int(min(MOST_SPARED, SPARED_SHARE * len(left), max(most, LEAST_SPARED)))
    if bound is not None:
        left = left[~np.isin(bound[left], bound[drawn])]
    if most < LEAST_SPARED or len(left) <= most:
        return none
    groups = None if bound is None else bound[left]
    held = left[splits.hold_out(case.dataset.target[left], most / len(left), case.plan.seed, groups=groups)[1]]
    # Whole groups may be far too few rows, or far too many.
    return held if LEAST_SPARED <= len(held) <= 2 * most else none


def bound_rows(case: Case) -> np.ndarray | None:
    """Return codes (n,) of rows that stay together, groups or copies; None where there are none."""
    return splits.together(case.dataset.groups, case.plan.folds.twins)


def from_all(case: Case, members: Mixture, families: Sequence[Family], seconds: float, workers: int) -> list[str]:
    """Return candidates to be fitted on all rows in so much wall time: members by weight, then others of the families.

    Each learner with its best; of those that are no members the lowest loss first.
    """
    if case.matrix is None:
        return []
    mean = case.matrix.losses.mean(axis=(0, 1))
    places = sorted((place for family in families for place in contenders(case, family)), key=lambda place: mean[place])
    best: dict[str, str] = {}
    for key in (*sorted(members, key=lambda key: -members[key]), *(case.columns[place] for place in places)):
        best.setdefault(case.outcomes[key].candidate.learner, key)
    expected = {key: SLACK * refit_seconds(case, key) for key in best.values()}
    return that_fit(list(best.values()), expected, seconds, workers)


def refit_seconds(case: Case, key: str) -> float:
    """Expect what a fit on all rows takes from what the folds took, and from how its learner grows with the rows.

    0 where there are no folds to tell. Where trials are counted the folds took what the table says.
    """
    outcome, rows = case.outcomes[key], len(case.dataset.target)
    learner = learners.find(outcome.candidate.learner)
    parts = {part.number: len(part.train) for part in case.plan.folds.parts}
    done = [(parts[n], result.cost.fit_seconds) for n, result in outcome.results.items() if result.state == "done"]
    if not done:
        return 0.0
    train, seconds = fmean(count for count, _ in done), fmean(taken for _, taken in done)
    if case.plan.counted:
        seconds = next(each.seconds for each in case.plan.entrants if each.learner == learner.name)
    before, after = (max(learner.seconds(int(count), case.profile), 1e-9) for count in (train, rows))
    return seconds * max(after / before, 1.0)


def makespan(seconds: Iterable[float], workers: int) -> float:
    """Return when the last of these ends on the workers, the longest begun first (Graham 1969)."""
    busy = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        busy[busy.index(min(busy))] += each
    return max(busy)


def that_fit(keys: Sequence[str], expected: Mapping[str, float], seconds: float, workers: int) -> list[str]:
    """Return those of the keys, taken in their order, that fit into so much wall time together."""
    taken: list[str] = []
    for key in keys:
        if makespan([expected[each] for each in (*taken, key)], workers) <= seconds:
            taken.append(key)
    return taken
