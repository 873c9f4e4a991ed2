"""What kept a side from the folds: failures, which more time would not mend, or the clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from advisor import learners
from advisor.records import Case, Family, Outcome, Reason

FAMILIES: tuple[Literal["classical", "neural"], ...] = ("classical", "neural")


def why(case: Case, family: Family) -> tuple[str, bool]:
    """Say what the first of a family that failed met with, or else the first that was stopped, and whether more time
    could have helped any of them; nothing and False where one of them did every fold of the first repeat.

    Who was given up on could have gone on, and is asked neither.
    """
    first = {part.number for part in case.plan.folds.parts if part.repeat == 0}
    own = [each for each in case.outcomes.values() if each.candidate.family == family and each.ending != "given_up"]
    if any(first <= outcome.done for outcome in own):
        return "", False
    return told(own), not own or not all(outcome.ending == "failed" for outcome in own)


def told(outcomes: Iterable[Outcome]) -> str:
    """Say who failed first of these and of what, or else who was stopped; an empty text where nobody was."""
    met = sorted(
        (each for each in outcomes if each.ending in ("failed", "timeout")), key=lambda each: each.ending != "failed"
    )
    return f"{met[0].candidate.learner}: {met[0].message}" if met and met[0].message else ""


def hindered(case: Case) -> tuple[str, bool]:
    """Return what `why` says of the first side that did not do the first repeat of the folds, failures before the
    clock; nothing and False where both did."""
    found = [why(case, family) for family in FAMILIES]
    return min(found, key=lambda one: (not one[0], one[1]))


def no_strong_net(case: Case) -> Reason:
    """Say why there is no strong net to go by: it failed, the time did not pay for it or let it end, or none takes
    part."""
    strong = {entrant.learner for entrant in case.plan.entrants if entrant.strong}
    own = [outcome for outcome in case.outcomes.values() if outcome.candidate.learner in strong]
    failed = bool(own) and all(outcome.ending == "failed" for outcome in own)
    left_out = [name for name in case.plan.unaffordable if learners.find(name).strong]
    late = bool(left_out) or (bool(strong) and not failed)
    return Reason("no_strong_net", {"left_out": left_out, "why": told(own), "late": late})
