"""Looks at the evidence while a comparison runs: once it is known, nothing more is spent on it.

There are four (0 to 3), each after whole cuts that both families have finished, since looking after every fold would
double the errors. "landmarks" decides nothing. "defaults" may end a hopeless case. "tuned" may answer either way, at
half of the error that the last look, "final", is allowed.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from advisor.records import Comparison, Constraints, Look, Plan
from advisor.standings import Standings
from advisor.verdict import ruling

Stage = Literal["landmarks", "defaults", "tuned", "final"]

# How much more a net gains from tuning than trees do, on the scale of theta: mean and standard deviation.
TUNING_MEAN, TUNING_SD = 0.0, 0.03


def look(
    stage: Stage,
    standing: Standings,
    plan: Plan,
    *,
    constraints: Constraints,
    min_gain: float | None,
    confidence: float,
    seconds: float,
) -> Look:
    """Judge what has finished as this stage judges, and tell whether that is the answer.

    `confidence` is what the final look asks for; those before it ask for half of the error that it allows.
    """
    asked = confidence if stage == "final" else 1 - (1 - confidence) / 2
    ruled = ruling(standing, plan, constraints=constraints, min_gain=min_gain, confidence=asked)
    compared = ruled.comparison
    decided, because = stage == "final", ""
    if stage == "defaults" and ruled.answer == "not_worth_it":
        hope = 0.0 if compared is None else hope_of_tuning(compared)
        decided = hope <= 1 - asked
        because = f"with all that tuning may add, the chance of the margin is {hope:.1%}" if decided else ""
    elif stage == "tuned":
        decided = ruled.answer in ("worth_it", "not_worth_it", "no_signal")
    return Look(
        stage, seconds, None if compared is None else compared.p_worth, decided,
        None if stage == "landmarks" else asked, len(standing.cuts.numbers), because,
    )  # fmt: skip


def hope_of_tuning(comparison: Comparison) -> float:
    """Return the chance that the net reaches the margin once both sides are tuned: P(theta + G > theta_m), G normal.

    The larger of the chances with the weak prior and without, so that neither alone ends a comparison.
    """
    spread = float(np.hypot(comparison.se, TUNING_SD))
    distance = (comparison.theta + TUNING_MEAN - comparison.theta_min) / max(spread, 1e-12)
    flat = special.ndtr(distance) if comparison.df is None else special.stdtr(comparison.df, distance)
    return float(max(flat, comparison.p_worth))
