"""What is best to use: the simplest model that is not expected to give away more than the margin to the best one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from advisor.judging.case import learner_of, measured
from advisor.judging.choice import Chosen
from advisor.judging.readings import option
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Champion, Family, Mixture, Option, Reason, Recommendation, Which

# The simplest first.
BY_SIMPLICITY: tuple[Which, ...] = ("classical", "neural", "classical_blend", "blend")
FAMILY_OF: Mapping[Which, Family] = {
    "classical": "classical", "neural": "neural", "classical_blend": "blend", "blend": "blend", "dummy": "dummy",
}  # fmt: skip


def recommend(
    case: Case, chosen: Chosen | None, *, no_signal: bool = False, without: Sequence[Which] = ()
) -> Recommendation:
    """Return the model to use by what the bootstrap expects of each option.

    Expected is the loss on rows left out, over the draws that know all options; `without` names options that turned out
    not to meet a limit. Where there is no signal it is the dummy, which costs nothing; where nothing may lead a side,
    too, since a model was asked for.
    """
    if chosen is None or no_signal:
        which: Which = "dummy"
        members = {} if chosen is None else chosen.members
        known = option(case, chosen, which) if chosen is not None and which in members else None
        why = Reason("nothing_beats_a_constant" if no_signal else "nothing_meets_the_limits")
        return Recommendation(which, known, "dummy", "dummy", None if known is None else known.score, why)
    options = [which for which in BY_SIMPLICITY if which in chosen.members and which not in without]
    if not options:
        return recommend(case, None)
    expected = _expected(chosen, options, METRICS[case.plan.metric].power)
    best = min(options, key=lambda which: expected[which])
    margin = -float(np.log1p(-case.question.min_gain))
    taken = next(which for which in options if expected[which] - expected[best] <= margin)
    regret = float(np.expm1(expected[taken] - expected[best]))
    known = option(case, chosen, taken)
    only = "best" if len(options) > 1 else "only_one"
    code = only if taken == best else "simplest_within_margin"
    reason = Reason(code, {"regret": regret, "best": best, "margin": case.question.min_gain})
    name = name_of(case, taken, known.members)
    return Recommendation(taken, known, name, FAMILY_OF[taken], known.score, reason, regret, best)


def name_of(case: Case, which: Which, members: Mixture) -> str:
    """Name an option: its learner where it has one, else "blend"."""
    names = {learner_of(case, key) for key in members}
    return next(iter(names)) if len(names) == 1 else ("classical_blend" if which == "classical_blend" else "blend")


def champions(case: Case, chosen: Chosen | None) -> dict[str, Champion | None]:
    """Describe each family's champion and the blend of all: {"classical": ..., "neural": ..., "blend": ...}."""
    found: dict[str, Champion | None] = dict.fromkeys(("classical", "neural", "classical_blend", "blend"))
    if chosen is None:
        return found
    for which in BY_SIMPLICITY:
        if which in chosen.members:
            found[which] = champion(case, option(case, chosen, which))
    return found


def champion(case: Case, known: Option) -> Champion:
    """Describe an option by its learners, their settings, and what fitting and asking it costs."""
    members = {learner_of(case, key): share for key, share in known.members.items()}
    params = {learner_of(case, key): dict(case.outcomes[key].candidate.params) for key in known.members}
    return Champion(
        name_of(case, known.which, known.members), known.which, known.score, known.low, known.high, known.error,
        members, params, cost_of(case, known.members),
    )  # fmt: skip


def cost_of(case: Case, members: Mixture) -> dict[str, float | None]:
    """Add up what one fit and one question of all members take; None where one of them was not measured."""

    def summed(name: str) -> float | None:
        parts = [measured(case, key, name) for key in members]
        return sum(fmean(part) for part in parts) if all(parts) else None

    return {name: summed(name) for name in ("fit_seconds", "latency_p50_ms", "latency_p99_ms", "model_mb")}


def _expected(chosen: Chosen, options: Sequence[Which], power: float) -> dict[Which, float]:
    """Return the mean log error of each option over the draws in which all of them are known."""
    losses = np.array([chosen.losses[which] for which in options])
    known = np.isfinite(losses).all(axis=0)
    smallest = 1e-300
    logs = power * np.log(np.maximum(losses[:, known], smallest)).mean(axis=1)
    return dict(zip(options, map(float, logs), strict=True))
