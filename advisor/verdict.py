"""Words: house rules that lead from evidence, costs and constraints to one of five answers. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from advisor import evidence, learners, prices, rules
from advisor.blends import blends
from advisor.metrics import ERROR_NAMES, METRICS, Metric
from advisor.prices import NO_PRICES, Prices, Side
from advisor.records import (
    Answer,
    Comparison,
    Constraints,
    Dataset,
    Look,
    Outcome,
    Plan,
    Profile,
    Verdict,
)
from advisor.standings import Standings, leaderboard, leading, row_losses, settled_params

# Cuts that both families must have finished before anything is said; one is enough where the plan has only one.
FEWEST_CUTS = 2
# An estimate this far below the dummy's error that is still uncertain is no sign of an absent signal, but of few rows.
LARGEST_NO_SIGNAL = 0.1

_LATER = "not measured by this version"


@dataclass(frozen=True)
class Ruling:
    """An answer, the sentences that carry it, and the comparison it rests on (None: there was too little)."""

    answer: Answer
    because: tuple[str, ...]
    comparison: Comparison | None


def ruling(
    standing: Standings, plan: Plan, *, constraints: Constraints, min_gain: float | None, confidence: float
) -> Ruling:
    """Answer from what has finished; parameters as those of `judge`."""
    metric = METRICS[plan.metric]
    comparison = _compare(standing, metric, metric.min_gain if min_gain is None else min_gain)
    answer, because = _answer(standing, plan, comparison, metric, confidence, constraints)
    return Ruling(answer, tuple(because), comparison)


def judge(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    outcomes: Sequence[Outcome],
    *,
    constraints: Constraints,
    min_gain: float | None = None,
    confidence: float = 0.95,
    looks: Sequence[Look] = (),
    priced: Prices = NO_PRICES,
) -> Verdict:
    """Answer the question from what has finished.

    `min_gain` is the relative error reduction that would be worth a net (None: the metric's default), `confidence` the
    chance that a "worth it" must reach and a "not worth it" leave to the net, `looks` those that were taken. Where
    the prices ask for a larger gain than `min_gain`, that is the margin.
    """
    metric = METRICS[plan.metric]
    board = leaderboard(standing, dataset, profile, plan, outcomes)
    asked = metric.min_gain if min_gain is None else min_gain
    sides = _sides(standing, board)
    margin = _margin(standing, metric, priced, sides, asked)
    ruled = ruling(standing, plan, constraints=constraints, min_gain=margin, confidence=confidence)
    answer, because, comparison = ruled.answer, ruled.because, ruled.comparison
    champions = {
        family: _champion(standing, family, metric, board) if family in standing.champions else None
        for family in ("classical", "neural")
    }
    recommended = _recommend(answer, standing, champions, board, metric)
    reasons = [f"{f.message} {f.advice}" for f in profile.findings if f.severity == "severe"]
    blend = _blend(dataset, plan, standing, board, metric, margin)
    reasons += [*because, *_why_this_margin(margin, asked, priced)]
    reasons += [*_remarks(dataset, plan, standing, comparison, metric)]
    reasons += [*_in_company(blend), *_ended_early(looks), *_who_else(plan)]
    money = prices.account(
        priced, metric.name, sides["neural"], sides["classical"], comparison, min_gain=asked, confidence=confidence
    )
    seen = rules.Seen(dataset, profile, plan, standing, comparison, answer, constraints, asked)
    return Verdict(
        answer=answer,
        sentence=_sentence(answer, comparison, champions, metric, margin, because),
        p_worth=None if comparison is None else comparison.p_worth,
        min_gain=margin,
        gain=_gain(comparison),
        detectable_gain=_detectable(comparison),
        metric=plan.metric,
        recommended=recommended,
        champions={**champions, "blend": blend},
        leaderboard=board,
        reasons=tuple(reasons),
        failed={row["learner"]: row["message"] for row in board if row["status"] == "failed"},
        cost={**_cost(standing, board), **money, "pareto": prices.pareto(board, priced)},
        looks=tuple(asdict(look) for look in looks),
        rules=rules.check(seen),
    )


def margin_at(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    outcomes: Sequence[Outcome],
    priced: Prices,
    min_gain: float | None,
) -> float:
    """Return the margin by what has been measured so far: the larger of the one asked for and the gain that pays."""
    metric = METRICS[plan.metric]
    asked = metric.min_gain if min_gain is None else min_gain
    sides = _sides(standing, leaderboard(standing, dataset, profile, plan, outcomes))
    return _margin(standing, metric, priced, sides, asked)


def _in_company(blend: Mapping[str, Any] | None) -> list[str]:
    """Say what the nets add to an ensemble, which may be something where none of them pays alone."""
    if blend is None or blend["gain"]["estimate"] is None:
        return []
    if not blend["neural_share"]:
        return ["An ensemble of all that finished gives the nets no weight."]
    low, high = (_less_or_more(blend["gain"][end]) for end in ("low", "high"))
    return [
        f"Inside an ensemble the nets have {percent(blend['neural_share'])} of the weight, and it has "
        f"{_less_or_more(blend['gain']['estimate'])} error than an ensemble of the classical learners alone "
        f"({percent(blend['gain']['level'])} interval from {low} to {high}); the chance that this exceeds the margin "
        f"is {chance(blend['p_worth'])}."
    ]


def _ended_early(looks: Sequence[Look]) -> list[str]:
    last = looks[-1] if looks else None
    if last is None or last.stage == "final":
        return []
    after = {"defaults": "the default configurations", "tuned": "tuning on one round of cuts"}.get(
        last.stage, last.stage
    )
    why = f": {last.because}" if last.because else ""
    return [f"The answer was known after {after}, at {last.seconds:,.0f} s, and no more was spent on it{why}."]


def _who_else(plan: Plan) -> list[str]:
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


def _compare(standing: Standings, metric: Metric, margin: float) -> Comparison | None:
    if "classical" not in standing.losses or "neural" not in standing.losses:
        return None
    return evidence.compare_pairs(
        standing.losses["classical"], standing.losses["neural"], standing.cuts, metric, min_gain=margin
    )


def _answer(
    standing: Standings,
    plan: Plan,
    comparison: Comparison | None,
    metric: Metric,
    confidence: float,
    constraints: Constraints,
) -> tuple[Answer, list[str]]:
    """Return the answer and the sentences that carry it."""
    missing = _too_little(standing, plan, constraints)
    if missing is not None:
        return missing
    if comparison is None:
        return "not_enough_evidence", [
            f"Only {standing.cuts.rows} rows were judged out of fold, too few for any honest figure."
        ]
    if "dummy" in standing.losses and not _any_skill(standing, metric):
        if max(_skill(standing, family, metric) for family in ("classical", "neural")) > LARGEST_NO_SIGNAL:
            return "not_enough_evidence", [
                f"On {comparison.rows:,} rows judged out of fold nobody is certain to beat a constant guess, although "
                "it looks like it; more rows or a larger budget would tell."
            ]
        return "no_signal", [
            "Neither family predicts better than a constant guess on rows it has not seen (97.5 % one-sided each)."
        ]
    answer = evidence.answer_of(comparison, confidence)
    behind = {"worth_it": "classical", "not_worth_it": "neural"}.get(answer)
    if behind is not None and (cut := _cut_short(standing, behind)):
        return "not_enough_evidence", [
            f"The {behind} side is behind, but its champion was still learning when its time was up on {cut}; "
            "a larger budget would let it finish."
        ]
    low, high = sorted((comparison.p_worth, comparison.p_worth_flat))
    if answer == "too_close_to_call":
        if low <= 1 - confidence or high >= confidence:
            return answer, ["With and without the weak prior the answer differs, so the data alone do not carry it."]
        return answer, [f"Neither side reaches {percent(confidence)} certainty; the simpler family is the one to take."]
    if answer == "worth_it" and not _floor_holds(standing, metric):
        return "too_close_to_call", [
            "The relative gain is certain, but the absolute improvement is below the floor of what anyone would notice."
        ]
    return answer, []


def _too_little(standing: Standings, plan: Plan, constraints: Constraints) -> tuple[Answer, list[str]] | None:
    """Say what is missing for a comparison, or None where nothing is."""
    neural_barred = [reason for name, reason in standing.barred.items() if name in _family(standing, "neural")]
    if "classical" in standing.losses and "neural" not in standing.champions:
        if neural_barred:
            return "not_worth_it", [f"No neural net meets the constraints: {neural_barred[0]}."]
        if constraints.interpretable:
            return "not_worth_it", ["No neural net is interpretable, which was asked for."]
    absent = [family for family in ("classical", "neural") if family not in standing.champions]
    for family in absent:
        barred = [reason for name, reason in standing.barred.items() if name in _family(standing, family)]
        if barred:
            return "not_enough_evidence", [f"No {family} learner meets the constraints: {barred[0]}."]
    if absent:
        return "not_enough_evidence", [
            f"No {' and no '.join(absent)} learner that may lead its side finished on any cut."
        ]
    fewest = min(FEWEST_CUTS, len(plan.splits.parts))
    if len(standing.cuts.numbers) < fewest:
        return "not_enough_evidence", [
            f"Both families finished on {len(standing.cuts.numbers)} of the {fewest} cuts that an answer needs at "
            "least; a larger budget would let them."
        ]
    return None


def _cut_short(standing: Standings, family: str) -> str | None:
    """Say on how many cuts the champion of a family was stopped by the clock, where it was on most; None elsewhere."""
    by_cut = standing.champions[family]
    stopped = sum(outcome.cut_short for outcome in by_cut.values())
    return f"{stopped} of {len(by_cut)} cuts" if 2 * stopped > len(by_cut) else None


def _family(standing: Standings, family: str) -> set[str]:
    return {name for name, cuts in standing.finals.items() if any(o.job.family == family for o in cuts.values())}


def _any_skill(standing: Standings, metric: Metric) -> bool:
    dummy = standing.losses["dummy"]
    return any(
        evidence.beats(standing.losses[family], dummy, standing.cuts, metric) for family in ("classical", "neural")
    )


def _skill(standing: Standings, family: str, metric: Metric) -> float:
    """Return the estimated relative error reduction of a family over the dummy."""
    own, dummy = (metric.error_of_loss(float(standing.losses[who].by_row.mean())) for who in (family, "dummy"))
    return 1 - own / dummy if dummy > 0 else 0.0


def _floor_holds(standing: Standings, metric: Metric) -> bool:
    """Tell whether the net's absolute improvement reaches the metric's floor (of the dummy's loss, where it is
    relative)."""
    improvement = standing.losses["classical"].by_row.mean() - standing.losses["neural"].by_row.mean()
    unit = standing.losses["dummy"].by_row.mean() if metric.floor_of_dummy and "dummy" in standing.losses else 1.0
    return bool(improvement >= metric.floor * unit)


def _remarks(
    dataset: Dataset, plan: Plan, standing: Standings, comparison: Comparison | None, metric: Metric
) -> list[str]:
    if comparison is None:
        return []
    rows = f"{comparison.rows:,} rows predicted out of fold"
    remarks = [f"The interval rests on {rows} by both families; its standard error was taken {comparison.method}."]
    run, planned = len(standing.cuts.numbers), plan.splits.folds
    if run < planned:
        remarks.append(f"The budget paid for {run} of {planned} cuts; a larger one would judge more rows.")
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


def _detectable(comparison: Comparison | None) -> float | None:
    """Return the detectable gain; two pipelines that never differ have no spread to detect anything by."""
    if comparison is None or comparison.detectable_theta == 0:
        return None
    return -float(np.expm1(-comparison.detectable_theta))


def _sentence(
    answer: Answer,
    comparison: Comparison | None,
    champions: Mapping[str, Any],
    metric: Metric,
    margin: float,
    because: Sequence[str],
) -> str:
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
        f"({champions['neural']['learner']}) has {_less_or_more(comparison.gain)} error ({ERROR_NAMES[metric.name]}), "
        f"with a {percent(comparison.level)} interval from {_less_or_more(low)} to {_less_or_more(high)}; "
        f"the chance that it gains more than {percent(margin)} is {chance(comparison.p_worth)}."
    )


def _less_or_more(gain: float) -> str:
    """Write a relative error reduction so that nobody has to think about its sign.

    >>> _less_or_more(0.081), _less_or_more(-0.034), _less_or_more(-44.5)
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


def _gain(comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return {"estimate": None, "low": None, "high": None, "level": 0.9}
    low, high = (-float(np.expm1(-bound)) for bound in (comparison.low, comparison.high))
    return {
        "estimate": comparison.gain,
        "low": low,
        "high": high,
        "level": comparison.level,
        "theta": comparison.theta,
        "se": comparison.se,
        "df": comparison.df,
        "p_worth_flat": comparison.p_worth_flat,
        "method": comparison.method,
        "by_split": [-float(np.expm1(-theta)) for theta in comparison.by_split],
    }


def _champion(
    standing: Standings, family: str, metric: Metric, board: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Describe a family as the pipeline it is: one champion a cut, and the learner that was it most often."""
    by_cut = standing.champions[family]
    name = leading(by_cut)
    losses = standing.losses.get(family)
    row = next(row for row in board if row["learner"] == name)
    bounds = evidence.score_interval(losses, standing.cuts, metric) if losses else None
    return {
        "learner": name,
        "score": metric.score(metric.error_of_loss(float(losses.by_row.mean()))) if losses else None,
        "low": bounds and bounds[0],
        "high": bounds and bounds[1],
        "params": settled_params(standing.finals[name]),
        "cost": {key: row[key] for key in _COSTS},
        "by_split": {str(number): outcome.job.learner for number, outcome in sorted(by_cut.items())},
    }


def _blend(
    dataset: Dataset, plan: Plan, standing: Standings, board: Sequence[Mapping[str, Any]], metric: Metric, margin: float
) -> dict[str, Any] | None:
    """Describe the blend of both families, and what it gains over the blend of the classical learners alone."""
    both = blends(standing, dataset, plan, ("classical", "neural"))
    alone = blends(standing, dataset, plan, ("classical",))
    numbers = [number for number in standing.cuts.numbers if number in both and number in alone]
    if len(numbers) < len(standing.cuts.numbers) or not numbers:
        return None
    sides = [
        evidence.losses_of(
            {
                number: metric.row_losses(dataset.target[plan.splits.parts[number].test], side[number].predictions)
                for number in numbers
            },
            standing.cuts,
        )
        for side in (alone, both)
    ]
    shares = {
        name: float(np.mean([both[number].weights.get(name, 0.0) for number in numbers]))
        for name in dict.fromkeys(name for number in numbers for name in both[number].weights)
    }
    members = [row for row in board if row["learner"] in shares]
    low, high = evidence.score_interval(sides[1], standing.cuts, metric) or (None, None)
    compared = evidence.compare_pairs(sides[0], sides[1], standing.cuts, metric, min_gain=margin)
    return {
        "learner": "blend",
        "score": metric.score(metric.error_of_loss(float(sides[1].by_row.mean()))),
        "low": low,
        "high": high,
        "params": {},
        "cost": {key: _summed(row[key] for row in members) for key in _OF_A_BLEND},
        "weights": dict(sorted(shares.items(), key=lambda item: -item[1])),
        "neural_share": sum(shares[row["learner"]] for row in members if row["family"] == "neural"),
        "classical_score": metric.score(metric.error_of_loss(float(sides[0].by_row.mean()))),
        "gain": _gain(compared),
        "p_worth": None if compared is None else compared.p_worth,
    }


def _summed(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


# Whoever serves a blend pays for all of its members.
_OF_A_BLEND = (
    "fit_seconds", "tune_seconds", "cpu_seconds", "predict_ms_per_1000_rows", "latency_p50_ms", "model_mb",
)  # fmt: skip
_SUMMED = ("tune_seconds", "cpu_seconds", "energy_wh_estimated")
_COSTS = (
    "fit_seconds", *_SUMMED, "predict_ms_per_1000_rows", "rows_per_second", "latency_p50_ms", "latency_p99_ms",
    "peak_memory_mb", "model_mb", "device", "device_name", "gpu_memory_mb",
)  # fmt: skip


def _recommend(
    answer: Answer,
    standing: Standings,
    champions: Mapping[str, Any],
    board: Sequence[Mapping[str, Any]],
    metric: Metric,
) -> dict[str, Any]:
    """Name what to use: the net where it pays, else the classical champion, a constant where nothing helps."""
    family, reason = {
        "worth_it": ("neural", "the net's gain is larger than the margin"),
        "not_worth_it": ("classical", "the net does not gain the margin"),
        "too_close_to_call": ("classical", "the simpler of two that cannot be told apart"),
        "no_signal": ("dummy", "nothing predicts better than a constant guess"),
        "not_enough_evidence": ("classical", "what finished; the comparison itself did not"),
    }[answer]
    for choice in (family, "classical", "neural", "dummy"):
        if choice in standing.champions:
            name = leading(standing.champions[choice])
            row = next(row for row in board if row["learner"] == name)
            return {
                "learner": name,
                "family": choice,
                "score": row["score"],
                "reason": reason,
                "params": settled_params(standing.finals[name]),
            }
    return {"learner": None, "family": None, "score": None, "reason": "no learner finished", "params": {}}


def _cost(standing: Standings, board: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum what each family took, and measure the net's champion against the classical one."""
    sums: dict[str, Any] = {}
    for family in ("neural", "classical"):
        rows, lead = _of_family(standing, board, family)
        sums[family] = {
            **{name: _sum(row[name] for row in rows) for name in _SUMMED},
            "trials": sum(row["trials"] for row in rows),
            **{key: lead.get(key) for key in _COSTS if key not in _SUMMED},
        }
    # A lower bound has no ratio.
    ratio = {
        key: sums["neural"][key] / sums["classical"][key]
        for key in sums["neural"]
        if isinstance(sums["neural"][key], (int, float)) and sums["classical"].get(key) and key != "peak_memory_mb"
    }
    return {**sums, "ratio": ratio}


def _of_family(
    standing: Standings, board: Sequence[Mapping[str, Any]], family: str
) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Return a family's rows of the leaderboard, and that of the learner that was champion most often ({}: nobody)."""
    rows = [row for row in board if row["family"] == family]
    name = leading(standing.champions[family]) if family in standing.champions else None
    return rows, next((row for row in rows if row["learner"] == name), {})


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(value or 0.0 for value in known)


def _sides(standing: Standings, board: Sequence[Mapping[str, Any]]) -> dict[str, Side]:
    """Return what is to be priced: the whole family's search, and one fit and one prediction of its champion."""
    sides = {}
    for family in ("neural", "classical"):
        rows, lead = _of_family(standing, board, family)
        sides[family] = prices.side_of(lead, sum(row["tune_seconds"] for row in rows))
    return sides


def _margin(standing: Standings, metric: Metric, priced: Prices, sides: Mapping[str, Side], asked: float) -> float:
    losses = standing.losses.get("classical")
    if losses is None:
        return asked
    error = metric.error_of_loss(float(losses.by_row.mean()))
    return prices.margin(priced, sides["neural"], sides["classical"], error, asked)


def _why_this_margin(margin: float, asked: float, priced: Prices) -> list[str]:
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
