"""How the model to use is to be made: which members are fitted on all rows, and which are models of the folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from advisor.contest.spending import FAMILIES
from advisor.judging.case import contenders, losses_of
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Mixture

Way = Literal["all rows", "folds"]

# A fit on all rows takes longer than so many times what the folds tell only where the machine is busier than then.
SLACK = 1.3
# What a doubling of the rows takes off the error where no learning curve says, as a log ratio: about what boosted trees
# gain between some thousand and some ten thousand rows of a usual table.
USUAL_SLOPE = 0.05
# With so many times the rows that the contest was held on the question is not whether a fit is whole but what more
# rows are worth.
MANY_TIMES = 1.3


@dataclass(frozen=True, eq=False)
class Wish:
    """What is to be made: members by candidate key with their weights, and which way each is fitted."""

    members: Mixture
    ways: Mapping[str, Way]


def wish_for(case: Case, members: Mixture, seconds: float, workers: int, slope: float | None) -> Wish:
    """Decide which members are fitted on all rows within `seconds` of wall time, and what becomes of the others.

    All of them where they fit. Where the contest was held on all rows as many as fit, the quick ones first, and the
    others are models of the folds. Where it was held on fewer, members that all rows can be had of are weighed against
    the whole from fewer rows by what more rows are worth: `slope` is the fall of the log error with a doubling of the
    rows, as a learning curve tells it (None: as it usually is).
    """
    expected = {key: SLACK * refit_seconds(case, key) for key in members}
    ratio = len(case.dataset.target) / len(case.plan.folds.rows)
    quick = _that_fit(sorted(members, key=lambda key: expected[key]), expected, seconds, workers)
    if len(quick) == len(members) or ratio < MANY_TIMES:
        return Wish(members, {key: "all rows" if key in quick else "folds" for key in members})
    taken = _that_fit(sorted(members, key=lambda key: -members[key]), expected, seconds, workers)
    weights = {key: members[key] for key in taken} or _another(case, seconds)
    whole = Wish(members, dict.fromkeys(members, "folds"))
    if not weights:
        return whole
    total = sum(weights.values())
    fewer = Wish({key: weight / total for key, weight in weights.items()}, dict.fromkeys(weights, "all rows"))
    worth = (USUAL_SLOPE if slope is None else slope) * float(np.log2(ratio))
    return fewer if _log_error(case, fewer.members) - worth < _log_error(case, whole.members) else whole


def refit_seconds(case: Case, key: str) -> float:
    """Expect a fit on all rows to take what the fits of the folds took a row; 0 where there are none."""
    parts = {part.number: len(part.train) for part in case.plan.folds.parts}
    results = case.outcomes[key].results.items()
    rates = [result.cost.fit_seconds / parts[number] for number, result in results if result.state == "done"]
    return fmean(rates) * len(case.dataset.target) if rates else 0.0


def makespan(seconds: Iterable[float], workers: int) -> float:
    """Return when the last of these ends on the workers, the longest begun first (Graham 1969)."""
    busy = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        busy[busy.index(min(busy))] += each
    return max(busy)


def _that_fit(keys: Sequence[str], expected: Mapping[str, float], seconds: float, workers: int) -> list[str]:
    """Return those of the keys, taken in their order, that fit into so much wall time together."""
    taken: list[str] = []
    for key in keys:
        if makespan([expected[each] for each in (*taken, key)], workers) <= seconds:
            taken.append(key)
    return taken


def _another(case: Case, seconds: float) -> dict[str, float]:
    """Return the best candidate that could be used alone and had from all rows in time, none where there is none."""
    if case.matrix is None:
        return {}
    mean = case.matrix.losses.mean(axis=(0, 1))
    places = [place for family in FAMILIES for place in contenders(case, family)]
    able = [place for place in places if SLACK * refit_seconds(case, case.columns[place]) <= seconds]
    return {case.columns[min(able, key=lambda place: mean[place])]: 1.0} if able else {}


def _log_error(case: Case, members: Mixture) -> float:
    smallest = 1e-300
    loss = float(losses_of(case, members).by_row.mean())
    return METRICS[case.plan.metric].power * float(np.log(max(loss, smallest)))
