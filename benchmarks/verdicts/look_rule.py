"""The looks of a comparison, replayed on effects that are known already; the one place that knows their thresholds.

Look 1 sees defaults and may only give the net up; look 2 sees tuned pipelines and asks for more certainty than the
final look, because it is not the last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtr

from advisor.evidence import answer_of
from advisor.records import Answer, Comparison

# How much more a net may gain from tuning than trees do, on the scale of theta.
TUNING_SD = 0.03
CONFIDENCE = {"defaults": 0.975, "tuned": 0.975, "final": 0.95}


def answer_at(stage: str, comparison: Comparison | None) -> Answer | None:
    """Return the answer that is reached at a look ("defaults", "tuned", "final"), None where the next must tell."""
    if comparison is None:
        return None
    answer = answer_of(comparison, CONFIDENCE[stage])
    if stage == "final":
        return answer
    if stage == "defaults" and (answer != "not_worth_it" or hope_of_tuning(comparison) > 1 - CONFIDENCE[stage]):
        return None
    return None if answer == "too_close_to_call" else answer


def hope_of_tuning(comparison: Comparison) -> float:
    """Return the chance that the net reaches the margin once both sides are tuned; the larger with and without prior.

    P(theta + G > theta_m) with G ~ N(0, 0.03^2), how much more the net gains from tuning.
    """
    spread = max(float(np.hypot(comparison.se, TUNING_SD)), 1e-12)
    distance = (comparison.theta - comparison.theta_min) / spread
    flat = ndtr(distance) if comparison.df is None else stdtr(comparison.df, distance)
    return float(max(flat, comparison.p_worth))


def first_answer(looks: Sequence[tuple[str, Comparison | None]]) -> tuple[str, str]:
    """Return (answer, stage) of the first look that decides; the last look always answers."""
    for stage, comparison in looks:
        answer = answer_at(stage, comparison)
        if answer is not None:
            return answer, stage
    return "not_enough_evidence", looks[-1][0]
