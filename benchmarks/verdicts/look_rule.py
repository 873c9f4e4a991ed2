"""The product's looks, replayed on effects that are known already; `advisor.looks` takes them as a run goes.

Defaults may only give the net up; tuned pipelines are asked for more certainty than at the final look.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.evidence import StandardError, answer_of
from advisor.prior import chance_after_tuning
from advisor.records import Answer, Comparison

# The default confidence of the product, and half of the error for looks that are not the last.
CONFIDENCE = {"defaults": 0.975, "tuned": 0.975, "final": 0.95}


def answer_at(stage: str, comparison: Comparison | None) -> Answer | None:
    """Return the answer that is reached at a look ("defaults", "tuned", "final"), None where the next must tell."""
    if comparison is None:
        return None
    answer = answer_of(comparison, CONFIDENCE[stage])
    if stage == "final":
        return answer
    if stage == "defaults":
        error = StandardError(comparison.se, comparison.df, comparison.method)
        hope = chance_after_tuning(comparison.theta, error, comparison.theta_min)
        return "not_worth_it" if answer == "not_worth_it" and hope <= 1 - CONFIDENCE[stage] else None
    return None if answer == "too_close_to_call" else answer


def first_answer(looks: Sequence[tuple[str, Comparison | None]]) -> tuple[str, str]:
    """Return (answer, stage) of the first look that decides; the last look always answers."""
    for stage, comparison in looks:
        answer = answer_at(stage, comparison)
        if answer is not None:
            return answer, stage
    return "not_enough_evidence", looks[-1][0]
