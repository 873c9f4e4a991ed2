"""Looks at the evidence while a comparison runs: once it is known, nothing more is spent on it.

There are four (0 to 3), each after whole cuts that both families have finished, since looking after every fold would
double the errors. "landmarks" decides nothing. "defaults" may end a hopeless case. "tuned" may answer either way, at
half of the error that the last look, "final", is allowed.
"""

from __future__ import annotations

from typing import Literal

from advisor.evidence import StandardError
from advisor.prior import chance_after_tuning
from advisor.records import Constraints, Look, Plan
from advisor.standings import Standings
from advisor.verdict import ruling

# Answers that end a comparison; the others would like to see more.
CONCLUSIVE = ("worth_it", "not_worth_it", "no_signal")
Stage = Literal["landmarks", "defaults", "tuned", "final"]


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
        if compared is None:
            # Tuning may yet find a net that is small or quick enough, but none that is interpretable.
            decided = constraints.interpretable
        else:
            error = StandardError(compared.se, compared.df, compared.method)
            hope = chance_after_tuning(compared.theta, error, compared.theta_min)
            decided = hope <= 1 - asked
            because = f"with all that tuning may add, the chance of the margin is {hope:.1%}" if decided else ""
    elif stage == "tuned":
        decided = ruled.answer in CONCLUSIVE
    return Look(
        stage, seconds, None if compared is None else compared.p_worth, decided,
        None if stage == "landmarks" else asked, len(standing.cuts.numbers), because,
    )  # fmt: skip
