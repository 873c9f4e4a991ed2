"""The two readings of a Case: nets alone against the classical side, and the best built with nets against without."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from advisor.judging import choice
from advisor.judging.case import against, judged_of, losses_of
from advisor.judging.choice import LEFT_OUT, Chosen
from advisor.judging.sides import margin_of
from advisor.measuring import evidence
from advisor.measuring.metrics import METRICS
from advisor.records import WEAK_PRIOR, Answer, Case, Comparison, How, Option, Prior, Reading, Which

SIDES: Mapping[How, tuple[tuple[Which, ...], tuple[Which, ...]]] = {
    "alone": (("classical",), ("neural",)),
    "in_company": (("classical", "classical_blend"), ("neural", "blend")),
}

# What each reading may spend of the error that "worth it" is allowed (weighted Bonferroni: Genovese, Roeder and
# Wasserman 2006). In company the sides are paired more closely, and the standard error is half of the other's: there
# most of it buys most (reports/choice_simulation.md).
SHARES: Mapping[How, float] = {"alone": 0.2, "in_company": 0.8}
# "Not worth it" is about what would be used. Where that may be a blend, in company says with the confidence that was
# asked for that nothing is lost by leaving nets out; that a net alone gains the margin over one model, which nobody
# needs to use, may stay possible, but has to be unlikely (reports/choice_simulation.md).
UNLIKELY = 0.2

# What nets gain before anything is known of a table, by 17 draws of 500 and 2,000 rows from 15 tables; neither rows nor
# task showed a slope beyond two standard errors (reports/priors.md).
PRIORS: Mapping[How, Prior] = {"alone": Prior(0.03, 0.11), "in_company": Prior(0.05, 0.07)}


def read(case: Case, chosen: Chosen, *, min_gain: float | None = None) -> dict[How, Reading]:
    """Return the readings that there are: none where a family has no champion, one alone where nothing is blended.

    Each is judged by `min_gain`, or (None) by the margin of the pair that it compares: see sides.margin_of.
    """
    if "classical" not in chosen.members or "neural" not in chosen.members:
        return {}
    options = {which: option(case, chosen, which) for which in chosen.members if which != "dummy"}
    found: dict[How, Reading] = {}
    for how, sides in SIDES.items():
        without, with_nets = ([which for which in side if which in options] for side in sides)
        if how == "in_company" and "blend" not in options:
            continue
        # On all rows each side enters what has lost least there.
        left, right = (min(side, key=lambda which: _whole(case, chosen, which)) for side in (without, with_nets))
        own = margin_of(case, chosen.members[left], chosen.members[right]) if min_gain is None else min_gain
        compared = compare(case, chosen, without, with_nets, (left, right), min_gain=own, prior=PRIORS[how])
        if compared is not None:
            found[how] = Reading(how, options[left], options[right], compared, own)
    spent = sum(SHARES[how] for how in found)
    open_to: Mapping[How, float] = {"alone": UNLIKELY} if len(found) > 1 else {}
    return {how: replace(own, share=SHARES[how] / spent, left=open_to.get(how)) for how, own in found.items()}


def answer_of(reading: Reading, confidence: float) -> Answer:
    """Say what a reading answers by itself where this much confidence was asked for."""
    return evidence.answer_of(reading.comparison, reading.asked(confidence), reading.most_left(confidence))


def alone_among(case: Case, keys: Collection[str], *, min_gain: float | None = None) -> Reading | None:
    """Read nets alone against the classical side as if these candidates were all; None where a side has nobody."""
    if case.matrix is None:
        return None
    places = [place for place, key in enumerate(case.columns) if key in keys]
    few = replace(
        case,
        columns=tuple(case.columns[place] for place in places),
        matrix=replace(
            case.matrix,
            losses=case.matrix.losses[:, :, places],
            predictions=tuple(case.matrix.predictions[place] for place in places),
        ),
        # Without blends, which this reading has no use for.
        question=replace(case.question, limits=replace(case.question.limits, single=True)),
    )
    chosen = choice.chosen(few)
    return None if chosen is None else read(few, chosen, min_gain=min_gain).get("alone")


def compare(
    case: Case,
    chosen: Chosen,
    incumbents: Sequence[Which],
    challengers: Sequence[Which],
    pair: tuple[Which, Which],
    *,
    min_gain: float | None = None,
    prior: Prior = WEAK_PRIOR,
) -> Comparison | None:
    """Compare two sides by the bootstrapped choice; `pair` are the options that all rows choose on either side.

    theta is the mean over draws. Its standard error is that of the pair's rows, or what the draws show where that is
    more (a mean over the rows left out, a share exp(-1) of all, varies by as much more), widened: evidence.widened.
    """
    thetas = chosen.theta(incumbents, challengers, METRICS[case.plan.metric].power)
    left, right = (chosen.members[which] for which in pair)
    if len(thetas) < 2:
        return against(case, left, right, min_gain=min_gain, prior=prior)
    spread = float(np.std(thetas, ddof=1)) * LEFT_OUT**0.5
    return against(case, left, right, min_gain=min_gain, theta=float(thetas.mean()), spread=spread, prior=prior)


def option(case: Case, chosen: Chosen, which: Which) -> Option:
    """Say what an option is worth on rows that did not choose it, with the 90 % interval of its score."""
    metric = METRICS[case.plan.metric]
    known = chosen.losses[which][np.isfinite(chosen.losses[which])]
    members = chosen.members[which]
    lost = losses_of(case, members)
    loss = float(known.mean()) if len(known) else float(lost.by_row.mean())
    error = metric.error_of_loss(loss)
    interval = evidence.score_interval(lost, judged_of(case), metric, error=error)
    low, high = interval or (None, None)
    return Option(which, members, loss, error, metric.score(error), low, high)


def _whole(case: Case, chosen: Chosen, which: Which) -> float:
    return float(losses_of(case, chosen.members[which]).by_row.mean())
