"""When the answer was known, and what became of the time that was left then."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.judging.looks import CONCLUSIVE
from advisor.records import Budget, Case, Handed, Look, Verdict
from advisor.telling.naming import by_learner
from advisor.telling.report.numbers import duration


def answered(looks: Iterable[Look]) -> Look | None:
    """Return the look at which the answer was known, None where it stayed open to the end."""
    return next((look for look in looks if look.decided and look.answer in CONCLUSIVE), None)


def worked_on(verdict: Verdict, handed: Handed | None, case: Case, began: float) -> bool:
    """Tell whether something was begun for the model to use once the answer was known.

    That is a fit of a member on all rows, or a fold of a member's learner; a fold that was under way already is not.
    `began` is the run's begin in seconds since the epoch, as the folds have it. False where nothing was known early.
    """
    look = answered(verdict.looks)
    if look is None or look.stage == "final":
        return False
    if handed is not None and handed.fitted_on in ("all rows", "mixed"):
        return True
    option = verdict.recommended.option
    members = {} if option is None else by_learner(option.members, case)
    return any(
        result.started_at > began + look.seconds
        for outcome in case.outcomes.values()
        if outcome.candidate.learner in members
        for result in outcome.results.values()
    )


def when_known(verdict: Verdict, budget: Budget, *, worked: bool) -> list[str]:
    """Say when the answer was known, and what became of the time that was left; `worked` is what `worked_on` tells."""
    look = answered(verdict.looks)
    if look is None:
        return []
    known = f"The answer was known after {duration(look.seconds)} of {duration(budget.seconds)}"
    if look.stage == "final":
        return [f"{known}."]
    if budget.until == "answer":
        return [
            f"{known}, and no further candidate was tried, as --until answer asks; what was spent after it made the "
            "model that is handed over and asked what more rows would bring."
        ]
    if not worked:
        return [f"{known}; after that nothing more was begun for the model to use."]
    return [f"{known}; after that the model that is handed over was worked on, which moves no answer."]
