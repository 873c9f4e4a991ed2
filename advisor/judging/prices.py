"""What a gain is worth and what a net costs beyond the classical side, in the user's own currency; see `bills`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Literal

import numpy as np

from advisor import options
from advisor.errors import UserError
from advisor.judging import bills, readings
from advisor.judging.case import learner_of
from advisor.judging.choice import Chosen
from advisor.judging.sides import cost_of, side_of
from advisor.measuring import evidence
from advisor.records import (
    Account,
    Answer,
    BoardRow,
    BreakEven,
    Case,
    Comparison,
    Estimate,
    Extra,
    FamilyCost,
    Pareto,
    ParetoPoint,
    Prices,
    PricesUsed,
    Question,
    Reading,
    Scenario,
)

# What the figures of the sensitivity table are multiplied by.
FACTORS = (0.5, 2.0)
_CHANGED = ("gain", "value_per_error", "predictions_per_day", "cost_per_hour")

# What one unit of a metric's error is, counted a prediction. The other metrics judge an order or a whole distribution.
UNITS: Mapping[str, str] = {
    "accuracy": "one wrong prediction",
    "balanced_accuracy": "one wrong prediction, where each class weighs as much as any other",
    "mae": "one unit of the target",
    "rmse": "one unit of the target (of the root of the mean square)",
}
_NO_UNIT: Mapping[str, str] = {
    "roc_auc": "judges the order of the rows, in which no single prediction is right or wrong",
    "log_loss": "judges how sure a prediction was, in a unit that nobody pays for",
}


def read(workers: int, **said: str | float | None) -> Prices:
    """Read what was said of money, named as the fields of Prices; None is left out.

    Raises UserError for what is no number above zero (zero may be the refits and the engineering).
    """
    zero = ("retrain_per_year", "engineering_cost")
    known = {
        name: options.number(text, f"--{name.replace('_', '-')}", zero=name in zero)
        for name, text in said.items()
        if text is not None
    }
    return Prices(**known, workers=workers)


def check(prices: Prices, metric: str) -> None:
    """Raise UserError where a value an error is named for a metric whose error has no price, or work without an hour's.

    What the work on a net costs would else be left out of the account without a word.
    """
    if prices.engineering_cost and prices.cost_per_hour is None:
        raise UserError(
            "--engineering-cost counts only beside what the machine costs; add --cost-per-hour, such as 0.01 where "
            "that is next to nothing."
        )
    if prices.value_per_error is not None and metric not in UNITS:
        better = "--metric accuracy, whose unit is one wrong prediction"
        raise UserError(f"--value-per-error has no meaning by {metric}, which {_NO_UNIT[metric]}; add {better}.")


def account(
    case: Case, chosen: Chosen | None, rows: tuple[BoardRow, ...], reading: Reading | None, decided: Case | None = None
) -> Account:
    """Make the account: what both families took and, for the reading that carries the answer, the money.

    `reading` is None where no fair comparison came about. The models of both its sides are priced, which in company are
    blends, by what `decided` knew, the Case that the reading is of (None: `case`): so its margin is that of the answer.
    What the prices do not allow is None, or has a reason.
    """
    prices, metric = case.question.prices, case.plan.metric
    neural, classical = (_taken(case, family, chosen, rows) for family in ("neural", "classical"))
    found = Account(
        neural=neural,
        classical=classical,
        ratio=_ratio(neural, classical),
        prices=PricesUsed(**asdict(prices), unit_of_error=UNITS.get(metric)),
        break_even=BreakEven(reason="no fair comparison came about, so there is no gain to price"),
        pareto=pareto(rows, prices),
    )
    if reading is None:
        return found
    compared = reading.comparison
    error, gain = compared.incumbent_error, compared.gain
    perfect = bills.benefit(prices, error, 1.0)
    if perfect is not None:
        found = replace(found, benefit=_money(compared, perfect))
    priced = decided or case
    sides = side_of(priced, reading.with_nets.members), side_of(priced, reading.without.members)
    charged = bills.extra_bill(prices, *sides)
    if charged is None:
        missing = prices.cost_per_hour is None
        why = "no price of the machine was given (--cost-per-hour)" if missing else "a latency was not measured"
        return replace(found, break_even=BreakEven(reason=why))
    whole = bills.total(charged, prices)
    serving = None if prices.predictions_per_day is None else whole - charged.fixed
    found = replace(
        found,
        extra=Extra(charged.tuning, charged.retraining, charged.engineering, serving, whole),
        break_even=_break_even(prices, metric, charged, error, gain),
    )
    if perfect is None:
        return found
    return replace(
        found,
        net=_money(compared, perfect, whole),
        sensitivity=tuple(sensitivity(case.question, *sides, reading)),
        flips=flips(prices, charged, error, gain),
    )


def sensitivity(question: Question, neural: bills.Side, classical: bills.Side, reading: Reading) -> Iterator[Scenario]:
    """Yield the account as it stands and with one figure at a time halved and doubled, the gain where there is one.

    The margin is what the changed prices ask for, and the answer is by these figures alone: neither the other reading
    nor any floor or limit has a say. Needs all three prices.
    """
    prices, comparison = question.prices, reading.comparison
    base: Answer | None = None
    # Half of a loss is no smaller gain.
    changes = [what for what in _CHANGED if what != "gain" or comparison.gain > 0]
    for what, factor in [("nothing", 1.0), *((what, factor) for what in changes for factor in FACTORS)]:
        changed = prices if what in ("nothing", "gain") else replace(prices, **{what: factor * getattr(prices, what)})
        moved = _moved(comparison, factor) if what == "gain" else comparison
        charged = bills.extra_bill(changed, neural, classical)
        assert charged is not None
        needed = bills.margin(changed, neural, classical, comparison.incumbent_error, question.min_gain)
        judged = _judged(moved, needed)
        worth = bills.benefit(changed, comparison.incumbent_error, moved.gain) or 0.0
        extra = bills.total(charged, changed)
        answer = readings.answer_of(replace(reading, comparison=judged), question.confidence)
        base = base or answer
        yield Scenario(what, factor, worth, extra, worth - extra, needed, judged.p_worth, answer, answer != base)


def flips(prices: Prices, charged: bills.Bill, error: float, gain: float) -> dict[str, float | None]:
    """Return the factor on each figure, all else equal, at which benefit and extra cost are even; None: at none."""
    worth, extra, asked = bills.benefit(prices, error, gain), bills.total(charged, prices), bills.predictions(prices)
    if worth is None or asked is None:
        return dict.fromkeys(_CHANGED)
    return {
        "gain": _positive(extra, worth),
        "value_per_error": _positive(extra, worth),
        "predictions_per_day": _positive(charged.fixed, worth - charged.serving_per_prediction * asked),
        "cost_per_hour": _positive(worth - charged.engineering, extra - charged.engineering),
    }


def pareto(rows: Sequence[BoardRow], prices: Prices) -> Pareto:
    """Set what every learner costs against its error, and tell whom nobody beats in both.

    The cost is money over the horizon where the hour has a price, else the CPU seconds of the run. There is a point for
    each learner with an error, but for the dummy. Errors are taken as they are: a step along the front that is smaller
    than their uncertainty is none.
    """
    priced = prices.cost_per_hour is not None
    known = [
        (row.learner, cost, row.error)
        for row in rows
        if row.error is not None
        and row.family != "dummy"
        and (cost := _cost(row, prices) if priced else row.cpu_seconds)
    ]
    points = [
        ParetoPoint(
            learner, cost, error,
            not any(c <= cost and e <= error and (c, e) != (cost, error) for _, c, e in known),
        )
        for learner, cost, error in sorted(known, key=lambda each: each[1])
    ]  # fmt: skip
    return Pareto("money" if priced else "cpu_seconds", tuple(points))


def _cost(row: BoardRow, prices: Prices) -> float | None:
    latency = row.latency_p50_ms
    side = bills.Side(row.spent_seconds, row.fit_seconds or 0.0, None if latency is None else latency / 1000)
    charged = bills.bill(prices, side)
    return None if charged is None else bills.total(charged, prices)


def _taken(
    case: Case, family: Literal["classical", "neural"], chosen: Chosen | None, rows: Sequence[BoardRow]
) -> FamilyCost:
    own = [row for row in rows if row.family == family]
    energies = [row.energy_wh_estimated for row in own]
    sums = FamilyCost(
        trials=sum(row.trials for row in own),
        spent_seconds=sum(row.spent_seconds for row in own),
        tune_seconds=sum(row.tune_seconds for row in own),
        cpu_seconds=sum(row.cpu_seconds for row in own),
        energy_wh_estimated=None if None in energies else sum(watt_hours or 0.0 for watt_hours in energies),
    )
    members = {} if chosen is None else chosen.members.get(family, {})
    lead = next((row for row in own if row.learner in {learner_of(case, key) for key in members}), None)
    if lead is None:
        return sums
    cost, predicted = cost_of(case, members), lead.predict_ms_per_1000_rows
    return replace(
        sums,
        fit_seconds=cost["fit_seconds"],
        predict_ms_per_1000_rows=predicted,
        rows_per_second=1_000_000 / predicted if predicted else None,
        latency_p50_ms=cost["latency_p50_ms"],
        latency_p99_ms=cost["latency_p99_ms"],
        peak_memory_mb=lead.peak_memory_mb,
        model_mb=cost["model_mb"],
        device=lead.device,
        device_name=lead.device_name,
        gpu_memory_mb=lead.gpu_memory_mb,
    )


def _ratio(neural: FamilyCost, classical: FamilyCost) -> dict[str, float]:
    """Divide figure by figure; peaks of memory are lower bounds, which have no ratio."""
    ours, theirs = asdict(neural), asdict(classical)
    return {
        name: ours[name] / theirs[name]
        for name in ours
        if name != "peak_memory_mb" and isinstance(ours[name], (int, float)) and theirs[name]
    }


def _money(comparison: Comparison, perfect: float, less: float = 0.0) -> Estimate:
    """Return what the gain is worth, with its interval, where no error at all is worth `perfect`."""
    estimate, low, high = (
        perfect * evidence.gain_of(theta) - less for theta in (comparison.theta, comparison.low, comparison.high)
    )
    return Estimate(estimate, low, high, comparison.level)


def _break_even(prices: Prices, metric: str, charged: bills.Bill, error: float, gain: float) -> BreakEven:
    """Return the gain, the predictions a day and the value an error at which the net begins to pay, where known."""
    reason = None
    if gain <= 0 and bills.total(charged, prices) > 0:
        reason = "the net avoids no error and costs more, so it pays at no volume and no value"
    elif prices.value_per_error is None and metric not in UNITS:
        reason = f"the error has no price by {metric}, which {_NO_UNIT[metric]}"
    elif prices.predictions_per_day is None and prices.value_per_error is None:
        reason = "neither the predictions a day nor the value of an error were given"
    return BreakEven(
        bills.break_even_gain(prices, charged, error),
        bills.break_even_volume(prices, charged, error, gain),
        bills.break_even_value(prices, charged, error, gain) if metric in UNITS else None,
        reason,
    )


def _moved(comparison: Comparison, factor: float) -> Comparison:
    """Return the comparison as if the gain had been `factor` times as large and as uncertain as it is."""
    return replace(comparison, theta=-float(np.log1p(-min(factor * comparison.gain, bills.LARGEST_MARGIN))))


def _judged(comparison: Comparison, min_gain: float) -> Comparison:
    """Return the comparison as judged by another margin."""
    theta_min = -float(np.log1p(-min_gain))
    error = evidence.StandardError(comparison.se, comparison.df, comparison.method)
    return replace(
        comparison,
        theta_min=theta_min,
        p_worth=evidence.posterior(comparison.theta, error, theta_min, comparison.prior),
        p_worth_flat=error.chance(comparison.theta - theta_min, comparison.se),
    )


def _positive(numerator: float, denominator: float) -> float | None:
    """Divide where the result is a factor, above zero; None elsewhere."""
    return numerator / denominator if denominator and numerator / denominator > 0 else None
