"""Equal time and equal numbers of candidates: both readings of a fair contest, and whether they say the same."""

from __future__ import annotations

from typing import Literal

from advisor.judging.readings import alone_among
from advisor.judging.ruling import Ruling
from advisor.records import Case, Comparison, Effort, Outcome

FAMILIES: tuple[Literal["classical", "neural"], ...] = ("classical", "neural")


def effort(case: Case, ruled: Ruling) -> Effort:
    """Compare the families by equal time, as they were searched, and by equal numbers of candidates.

    For the second reading the family that tried more is held to as many as the other began, in the order in which they
    began; defaults come first, and candidates that were given up on count as tried. Nets alone are read, both times.
    """
    began = {family: _in_order(case, family) for family in FAMILIES}
    fewest = min(map(len, began.values()))
    alone = ruled.readings.get("alone")
    time = None if alone is None else alone.comparison
    keys = {outcome.candidate.key for outcomes in began.values() for outcome in outcomes[:fewest]}
    few = alone_among(case, keys, min_gain=None if alone is None else alone.min_gain)
    trials = None if few is None else few.comparison
    return Effort(
        trials={family: len(outcomes) for family, outcomes in began.items()},
        seconds={family: sum(map(_seconds, outcomes)) for family, outcomes in began.items()},
        equal_trials_used=fewest,
        equal_time=time,
        equal_trials=trials,
        sign_differs=time is not None and trials is not None and time.theta * trials.theta < 0,
        side_of_margin_differs=time is not None and trials is not None and _passes(time) != _passes(trials),
    )


def _in_order(case: Case, family: str) -> list[Outcome]:
    """List a family's candidates of which anything was run, in the order in which they began."""
    own = [outcome for outcome in case.outcomes.values() if outcome.candidate.family == family and outcome.results]
    return sorted(own, key=lambda outcome: min(result.started_at for result in outcome.results.values()))


def _seconds(outcome: Outcome) -> float:
    return sum(result.cost.seconds for result in outcome.results.values())


def _passes(comparison: Comparison) -> bool:
    return comparison.theta > comparison.theta_min
