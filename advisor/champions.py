"""Each side by its champion: what leads it, with which settings, at what cost; the blend of both; what to use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from advisor import evidence, prices
from advisor.blends import blends
from advisor.metrics import Metric
from advisor.prices import Prices, Side
from advisor.records import Answer, Comparison, Dataset, Plan
from advisor.standings import Standings, leading, settled

# Whoever serves a blend pays for all of its members.
_OF_A_BLEND = (
    "fit_seconds", "tune_seconds", "cpu_seconds", "predict_ms_per_1000_rows", "latency_p50_ms", "model_mb",
)  # fmt: skip
_SUMMED = ("tune_seconds", "cpu_seconds", "energy_wh_estimated")
_COSTS = (
    "fit_seconds", *_SUMMED, "predict_ms_per_1000_rows", "rows_per_second", "latency_p50_ms", "latency_p99_ms",
    "peak_memory_mb", "model_mb", "device", "device_name", "gpu_memory_mb",
)  # fmt: skip


def champion(
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
        "params": dict(settled(standing.finals[name]).params),
        "cost": {key: row[key] for key in _COSTS},
        "by_split": {str(number): outcome.job.learner for number, outcome in sorted(by_cut.items())},
    }


def blend(
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
        "gain": gain(compared),
        "p_worth": None if compared is None else compared.p_worth,
    }


def recommend(
    answer: Answer, compared: bool, standing: Standings, board: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Name what to use: the net where it pays, else the classical champion, a constant where nothing helps.

    `compared` tells whether the two sides were, so that the reason does not claim it.
    """
    family, reason = {
        "worth_it": ("neural", "the net's gain is larger than the margin"),
        "not_worth_it": ("classical", "the net does not gain the margin" if compared else "no net may serve"),
        "too_close_to_call": (
            "classical",
            "the simpler of two whose difference is not certain, or too small to matter",
        ),
        "no_signal": ("dummy", "nothing predicts better than a constant guess"),
        "not_enough_evidence": (
            "classical",
            "the simpler side, as what was measured does not carry an answer"
            if compared
            else "what finished; the comparison itself did not",
        ),
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
                "params": dict(settled(standing.finals[name]).params),
            }
    return {"learner": None, "family": None, "score": None, "reason": "no learner finished", "params": {}}


def cost(standing: Standings, board: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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


def sides(standing: Standings, board: Sequence[Mapping[str, Any]]) -> dict[str, Side]:
    """Return what is to be priced: the whole family's search, and one fit and one prediction of its champion."""
    sides = {}
    for family in ("neural", "classical"):
        rows, lead = _of_family(standing, board, family)
        sides[family] = prices.side_of(lead, sum(row["tune_seconds"] for row in rows))
    return sides


def margin_that_pays(
    standing: Standings, metric: Metric, priced: Prices, sides: Mapping[str, Side], asked: float
) -> float:
    """Return the larger of the margin asked for and the gain at which the net earns back what it costs."""
    losses = standing.losses.get("classical")
    if losses is None:
        return asked
    error = metric.error_of_loss(float(losses.by_row.mean()))
    return prices.margin(priced, sides["neural"], sides["classical"], error, asked)


def gain(comparison: Comparison | None) -> dict[str, Any]:
    """Lay a comparison out as relative error reductions with their interval; None for what was not measured."""
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


def detectable_gain(comparison: Comparison | None) -> float | None:
    """Return the detectable gain; two pipelines that never differ have no spread to detect anything by."""
    if comparison is None or comparison.detectable_theta == 0:
        return None
    return -float(np.expm1(-comparison.detectable_theta))


def _of_family(
    standing: Standings, board: Sequence[Mapping[str, Any]], family: str
) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Return a family's rows of the leaderboard, and that of the learner that was champion most often ({}: nobody)."""
    rows = [row for row in board if row["family"] == family]
    name = leading(standing.champions[family]) if family in standing.champions else None
    return rows, next((row for row in rows if row["learner"] == name), {})


def _summed(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(value or 0.0 for value in known)
