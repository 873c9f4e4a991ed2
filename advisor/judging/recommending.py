"""What is best to use: the simplest model that is not expected to give away more than next to nothing.

Where prices ask more of a net than the user does, a model with nets is used only where it is expected to pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from advisor.judging import readings
from advisor.judging.case import learner_of
from advisor.judging.choice import Chosen
from advisor.judging.readings import option
from advisor.judging.sides import cost_of, has_nets, margin_of
from advisor.measuring import evidence
from advisor.records import WEAK_PRIOR, Case, Champion, Family, Mixture, Option, Prior, Reason, Recommendation, Which

# The simplest first.
BY_SIMPLICITY: tuple[Which, ...] = ("classical", "neural", "classical_blend", "blend")
# Each option beside those that it is built on, the best of which it has to beat, and by how much less log error it
# usually makes, mean and standard deviation: what was measured on draws of 500 and 2,000 rows from real tables (a blend
# of the classical learners over their champion 0.03 to 0.05, one of all over that 0.03), rounded down; for the
# net what is expected where nothing is known, since its mean gain of 0.03 is within a standard error of nothing
# (reports/priors.md) and it costs more.
USUAL: Mapping[Which, tuple[tuple[Which, ...], Prior]] = {
    "neural": (("classical",), WEAK_PRIOR),
    "classical_blend": (("classical",), Prior(0.03, 0.05)),
    "blend": (("classical_blend", "neural"), Prior(0.03, 0.04)),
}
# What a simpler model may be expected to give away to the best one, where the margin is not smaller still. While it
# was the margin itself, up to 2 %, what was handed over erred 0.4 % more than the blend of all would have on 20 draws
# of 500 rows, and 2 % more on eight of 2,000.
MOST_GIVEN_AWAY = 0.005
FAMILY_OF: Mapping[Which, Family] = {
    "classical": "classical", "neural": "neural", "classical_blend": "blend", "blend": "blend", "dummy": "dummy",
}  # fmt: skip


def recommend(
    case: Case,
    chosen: Chosen | None,
    *,
    no_signal: bool = False,
    without: Sequence[Which] = (),
    decided: Case | None = None,
) -> Recommendation:
    """Return the model to use by what is expected of each option: what rows left out show, and what is usual.

    `without` names options that turned out not to meet a limit. Prices are held against the search that the Case of
    the moment when the answer was `decided` knows (None: `case`), as they are in the answer. Where there is no
    signal it is the dummy, which costs nothing; where nothing may lead a side, too, since a model was asked for.
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
    expected = _expected(case, chosen, options)
    best = min(options, key=lambda which: expected[which])
    unpaid = _unpaid(case, chosen, expected, decided)
    paying = [which for which in options if which not in unpaid]
    allowed = -float(np.log1p(-min(case.question.min_gain, MOST_GIVEN_AWAY)))
    least = min(expected[which] for which in paying)
    taken = next(which for which in paying if expected[which] - least <= allowed)
    behind = expected[taken] - expected[best]
    regret = float(np.expm1(behind))
    only = "best" if len(options) > 1 else "only_one"
    why_another = "best_does_not_pay" if best in unpaid and behind > allowed else "simpler_and_nearly_as_good"
    code = only if taken == best else why_another
    asked = unpaid[best] if code == "best_does_not_pay" else case.question.min_gain
    reason = Reason(code, {"regret": regret, "best": best, "margin": asked})
    known = option(case, chosen, taken)
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


def _unpaid(case: Case, chosen: Chosen, expected: Mapping[Which, float], decided: Case | None) -> dict[Which, float]:
    """Return the options with nets that are not worth what they cost beyond the best without, and their margins.

    Only where prices raise the margin, which each option has of its own. Worth it is what is expected to have less
    error by that margin, and what is certain to, whatever is usual.
    """
    plain = [which for which in expected if not has_nets(case, chosen.members[which])]
    if not plain:
        return {}
    base = min(plain, key=lambda which: expected[which])
    found: dict[Which, float] = {}
    for which in (which for which in expected if which not in plain):
        needed = margin_of(case, chosen.members[base], chosen.members[which], decided)
        if needed <= case.question.min_gain or expected[base] - expected[which] >= -float(np.log1p(-needed)):
            continue
        compared = readings.compare(case, chosen, (base,), (which,), (base, which), min_gain=needed)
        if compared is None or evidence.answer_of(compared, case.question.confidence) != "worth_it":
            found[which] = needed
    return found


def _expected(case: Case, chosen: Chosen, options: Sequence[Which]) -> dict[Which, float]:
    """Return the log error that is expected of each option, beside that of the classical champion (or the first).

    What the draws show of the difference between an option and the one that it is built on is drawn towards what is
    usual of the two (USUAL), the more the fewer rows there are: normal prior and likelihood, with the standard error of
    their comparison.
    """
    known = [which for which in BY_SIMPLICITY if which in chosen.members]
    found: dict[Which, float] = {known[0]: 0.0}
    for which in known[1:]:
        # A blend of one member is that member, whatever blends usually are.
        same = next((other for other in found if chosen.members[other] == chosen.members[which]), None)
        if same is not None:
            found[which] = found[same]
            continue
        bases, usual = USUAL[which]
        beside = min((base for base in bases if base in found), key=lambda base: found[base], default=known[0])
        compared = readings.compare(case, chosen, (beside,), (which,), (beside, which))
        if compared is None:
            theta = usual.mean
        else:
            weight = usual.sd**2 / (usual.sd**2 + compared.se**2)
            theta = weight * compared.theta + (1 - weight) * usual.mean
        found[which] = found[beside] - theta
    return {which: found[which] for which in options}
