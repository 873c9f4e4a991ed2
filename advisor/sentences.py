"""What is said of an answer, in sentences: the answer, what it rests on, and what a reader should know besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advisor import evidence, learners, prices
from advisor.metrics import ERROR_NAMES, METRICS, Metric
from advisor.prices import Prices
from advisor.records import Answer, Comparison, Dataset, Look, Outcome, Plan
from advisor.standings import Standings, row_losses, without_error

ONE_CLASS = "the test rows have one class only, so that no AUC exists there"


def sentence(
    answer: Answer,
    comparison: Comparison | None,
    champions: Mapping[str, Any],
    metric: Metric,
    margin: float,
    because: Sequence[str],
) -> str:
    """Say the answer with its figures; `champions` describe the families, `because` carries what has no figures."""
    opening = {
        "worth_it": "Worth it",
        "not_worth_it": "Not worth it",
        "too_close_to_call": "Too close to call, so take the simpler",
        "no_signal": "No signal",
        "not_enough_evidence": "Not enough evidence",
    }[answer]
    if comparison is None or answer in ("no_signal", "not_enough_evidence"):
        return f"{opening}: {' '.join(because)}"
    low, high = (-float(np.expm1(-bound)) for bound in (comparison.low, comparison.high))
    return (
        f"{opening}: against the classical side ({champions['classical']['learner']}) the neural side "
        f"({champions['neural']['learner']}) has {less_or_more(comparison.gain)} error ({ERROR_NAMES[metric.name]}), "
        f"with a {percent(comparison.level)} interval from {less_or_more(low)} to {less_or_more(high)}; "
        f"the chance that it gains more than {percent(margin)} is {chance(comparison.p_worth)}."
    )


def remarks(
    dataset: Dataset, plan: Plan, standing: Standings, comparison: Comparison | None, metric: Metric
) -> list[str]:
    """Say what the interval rests on, what could have been seen, and where another metric or block disagrees."""
    if comparison is None:
        return []
    rows = f"{comparison.rows:,} rows predicted out of fold"
    remarks = [f"The interval rests on {rows} by both families; its standard error was taken {comparison.method}."]
    run, planned, unjudged = len(standing.cuts.numbers), plan.splits.folds, len(without_error(standing))
    if unjudged:
        remarks.append(f"On {unjudged} more cut{'s' if unjudged > 1 else ''} {ONE_CLASS}.")
    if run + unjudged < planned:
        remarks.append(f"The budget paid for {run + unjudged} of {planned} cuts; a larger one would judge more rows.")
    if comparison.detectable_theta > 0:
        detectable = percent(-np.expm1(-comparison.detectable_theta))
        remarks.append(f"This data could have shown a gain of {detectable} or more with 80 % power.")
    if metric.name != "log_loss" and dataset.task != "regression":
        other = METRICS["log_loss"]
        sides = [
            evidence.losses_of(row_losses(dataset, plan, standing.champions[family], "log_loss"), standing.cuts)
            for family in ("classical", "neural")
        ]
        by_log_loss = evidence.compare_pairs(sides[0], sides[1], standing.cuts, other)
        if by_log_loss is not None and by_log_loss.theta * comparison.theta < 0:
            better = "the net" if by_log_loss.theta > 0 else "the classical side"
            remarks.append(
                f"By log loss {better} is ahead ({percent(abs(by_log_loss.gain))}): the two metrics disagree."
            )
    if standing.cuts.forward:
        steps = ", ".join(percent(-np.expm1(-theta)) for theta in comparison.by_split)
        remarks.append(f"The gain from one block of time to the next: {steps}.")
    return remarks


def in_company(blend: Mapping[str, Any] | None) -> list[str]:
    """Say what the nets add to an ensemble, which may be something where none of them pays alone."""
    if blend is None or blend["gain"]["estimate"] is None:
        return []
    if not blend["neural_share"]:
        return ["An ensemble of all that finished gives the nets no weight."]
    low, high = (less_or_more(blend["gain"][end]) for end in ("low", "high"))
    return [
        f"Inside an ensemble the nets have {percent(blend['neural_share'])} of the weight, and it has "
        f"{less_or_more(blend['gain']['estimate'])} error than an ensemble of the classical learners alone "
        f"({percent(blend['gain']['level'])} interval from {low} to {high}); the chance that this exceeds the margin "
        f"is {chance(blend['p_worth'])}."
    ]


def ended_early(looks: Sequence[Look]) -> list[str]:
    """Say after which look the answer was known, where that was not the last."""
    last = looks[-1] if looks else None
    if last is None or last.stage == "final":
        return []
    after = {"defaults": "the default configurations", "tuned": "tuning on one round of cuts"}.get(
        last.stage, last.stage
    )
    why = f": {last.because}" if last.because else ""
    told = f"The answer was known after {after}, at {last.seconds:,.0f} s, and no more was spent on it{why}."
    if last.p_worth is None:
        return [told]
    of_defaults = " and is that of defaults, which tuning would move" if last.stage == "defaults" else ""
    return [
        f"{told} An interval that ended a comparison was a clear one{of_defaults}: it tells who is ahead better than "
        "by how much."
    ]


def given_up(outcomes: Sequence[Outcome]) -> list[str]:
    """Say which nets' studies were ended because they would hardly have come near the other side."""
    cuts = Counter(outcome.job.learner for outcome in outcomes if outcome.ended == "futility")
    if not cuts:
        return []
    named = ", ".join(f"{name} on {count} cut{'s' if count > 1 else ''}" for name, count in cuts.items())
    return [f"Tuning was given up where it would hardly have come within the margin of the classical side: {named}."]


def who_else(plan: Plan) -> list[str]:
    """Say whom the budget left out, since another net may answer otherwise, and who was trained beforehand."""
    remarks = []
    if plan.unaffordable:
        remarks.append(
            f"The budget did not pay for {', '.join(plan.unaffordable)}; a larger one, or --learners, brings them in."
        )
    return remarks + [
        f"{learner.name} was trained beforehand (weights: {learner.weights}); whether these rows were among what it "
        "saw is for the user to know."
        for learner in learners.catalogue()
        if learner.weights and learner.name in plan.learners
    ]


def why_this_margin(margin: float, asked: float, priced: Prices) -> list[str]:
    """Say why the margin is larger than what was asked for, where it is."""
    if margin <= asked:
        return []
    if margin >= prices.LARGEST_MARGIN:
        return [
            f"At the prices given not even a net without error would earn back what it costs beyond the classical side "
            f"over {priced.months:g} months."
        ]
    return [
        f"The margin is {percent(margin)} rather than {percent(asked)}: with less, the net would not earn back what it "
        f"costs beyond the classical side over {priced.months:g} months."
    ]


def less_or_more(gain: float) -> str:
    """Write a relative error reduction so that nobody has to think about its sign.

    >>> less_or_more(0.081), less_or_more(-0.034), less_or_more(-44.5)
    ('8.1 % less', '3.4 % more', '46 times as much')
    """
    if gain < -1:
        return f"{1 - gain:.2g} times as much"
    return f"{percent(abs(gain))} {'less' if gain >= 0 else 'more'}"


def percent(share: float) -> str:
    """Write a share in per cent with two significant digits, and none that mean nothing.

    >>> percent(0.0234), percent(0.456), percent(-0.0004)
    ('2.3 %', '46 %', '-0.04 %')
    """
    value = 100 * share
    digits = 0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2
    text = f"{value:.{digits}f}"
    return f"{text.removeprefix('-') if float(text) == 0 else text} %"


def chance(probability: float) -> str:
    """Write a probability in per cent, never as certainty.

    >>> chance(0.9999), chance(0.42), chance(0.001)
    ('more than 99 %', '42 %', 'less than 1 %')
    """
    if probability > 0.99:
        return "more than 99 %"
    return "less than 1 %" if probability < 0.01 else f"{probability:.0%}".replace("%", " %")
