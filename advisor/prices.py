"""What a gain is worth and what a net costs beyond the classical side, in the user's own currency; measures nothing.

The formulas are those of a plain cost-benefit account over a horizon. All money is that of the whole horizon unless a
name says otherwise; seconds are those of one worker, of which the machine has `workers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from advisor import evidence, quantities
from advisor.errors import UserError
from advisor.records import Comparison

DAYS_PER_MONTH = 365 / 12
# No gain reaches this: where even a perfect net would not pay, the margin has to stay a number below one.
LARGEST_MARGIN = 1 - 1e-9
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


@dataclass(frozen=True)
class Prices:
    """What the user says things cost and are worth, in one currency of their own; None: not said.

    `cost_per_hour` is that of the machine on which models are trained and asked, with all its `workers`.
    `value_per_error` is the value of one unit of the metric's error (see UNITS) avoided on one prediction.
    `engineering_cost` is what a net asks of people beyond the classical side, over the whole horizon. The account runs
    over `months`, and models are fitted again, with the settings found, `retrain_per_year` times a year.
    """

    cost_per_hour: float | None = None
    predictions_per_day: float | None = None
    value_per_error: float | None = None
    months: float = 12.0
    retrain_per_year: float = 12.0
    engineering_cost: float = 0.0
    workers: int = 1


NO_PRICES = Prices()


@dataclass(frozen=True)
class Side:
    """What a model takes, in seconds of one worker: to find it, to fit it once, to predict one row (None: unknown)."""

    tune_seconds: float
    fit_seconds: float
    predict_seconds: float | None


@dataclass(frozen=True)
class Bill:
    """Money over the horizon; of one side, or of the net beyond the classical side (negative: the net is cheaper)."""

    tuning: float
    retraining: float
    engineering: float
    serving_per_prediction: float

    @property
    def fixed(self) -> float:
        """What does not grow with the number of predictions."""
        return self.tuning + self.retraining + self.engineering


def read(workers: int, **said: str | float | None) -> Prices:
    """Read what was said of money, named as the fields of Prices; None is left out.

    Raises UserError for what is no number above zero (zero may be the refits and the engineering).
    """
    zero = ("retrain_per_year", "engineering_cost")
    known = {
        name: quantities.number(text, f"--{name.replace('_', '-')}", zero=name in zero)
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


def predictions(prices: Prices) -> float | None:
    """Return the number of predictions over the horizon, V x 365 H / 12."""
    if prices.predictions_per_day is None:
        return None
    return prices.predictions_per_day * prices.months * DAYS_PER_MONTH


def bill(prices: Prices, side: Side) -> Bill | None:
    """Price what one side takes; None without a price of the hour or without a measured latency."""
    if prices.cost_per_hour is None or side.predict_seconds is None:
        return None
    second = prices.cost_per_hour / 3600 / prices.workers
    refits = prices.retrain_per_year * prices.months / 12
    return Bill(second * side.tune_seconds, second * side.fit_seconds * refits, 0.0, second * side.predict_seconds)


def extra_bill(prices: Prices, neural: Side, classical: Side) -> Bill | None:
    """Price what the net takes beyond the classical side: tuning + retraining + serving + engineering, each net less
    classical; None where either side cannot be priced."""
    ours, theirs = bill(prices, neural), bill(prices, classical)
    if ours is None or theirs is None:
        return None
    return Bill(
        ours.tuning - theirs.tuning,
        ours.retraining - theirs.retraining,
        prices.engineering_cost,
        ours.serving_per_prediction - theirs.serving_per_prediction,
    )


def total(charged: Bill, prices: Prices) -> float:
    """Return the whole bill; what serving takes counts where the number of predictions is known."""
    return charged.fixed + charged.serving_per_prediction * (predictions(prices) or 0.0)


def benefit(prices: Prices, error: float, gain: float) -> float | None:
    """Return v (L_C - L_N) V 365 H / 12 for a classical error of `error` and a relative error reduction of `gain`."""
    asked = predictions(prices)
    return None if prices.value_per_error is None or asked is None else prices.value_per_error * error * gain * asked


def break_even_gain(prices: Prices, charged: Bill, error: float) -> float | None:
    """Return the relative error reduction that pays for the extra bill, 0 where there is nothing to pay for.

    It may exceed 1: then not even a net without error would pay. None where a price is missing or nothing is at stake.
    """
    perfect = benefit(prices, error, 1.0)
    if perfect is None or perfect <= 0:
        return None
    return max(0.0, total(charged, prices) / perfect)


def break_even_volume(prices: Prices, charged: Bill, error: float, gain: float) -> float | None:
    """Return the predictions a day from which on the net pays; None where it pays at no number of them."""
    if prices.value_per_error is None:
        return None
    margin = prices.value_per_error * error * gain - charged.serving_per_prediction
    if margin <= 0:
        return None
    return max(0.0, charged.fixed / margin / (prices.months * DAYS_PER_MONTH))


def break_even_value(prices: Prices, charged: Bill, error: float, gain: float) -> float | None:
    """Return the value per unit of error at which the net would pay; None where it avoids no error."""
    avoided = error * gain * (predictions(prices) or 0.0)
    return None if avoided <= 0 else max(0.0, total(charged, prices) / avoided)


def margin(prices: Prices, neural: Side, classical: Side, error: float, min_gain: float) -> float:
    """Return the margin to use: the larger of the one asked for and the gain that pays for what the net costs."""
    charged = extra_bill(prices, neural, classical)
    least = None if charged is None else break_even_gain(prices, charged, error)
    return min(max(min_gain, least or 0.0), LARGEST_MARGIN)


def account(
    prices: Prices,
    metric: str,
    neural: Side,
    classical: Side,
    comparison: Comparison | None,
    *,
    min_gain: float,
    confidence: float,
) -> dict[str, Any]:
    """Return the money side of verdict.json's `cost`: prices, extra, benefit, net, break_even, sensitivity.

    `comparison` is None where no fair one came about; `min_gain` is the margin asked for, before any price. What the
    prices do not allow is None, or has a reason.
    """
    unit = UNITS.get(metric)
    content: dict[str, Any] = {
        "prices": {**asdict(prices), "unit_of_error": unit},
        "extra": None,
        "benefit": None,
        "net": None,
        "sensitivity": [],
        "flips": {},
    }
    if comparison is None:
        return content | {"break_even": {"reason": "no fair comparison came about, so there is no gain to price"}}
    error, gain = comparison.incumbent_error, comparison.gain
    gains = {"estimate": gain, "low": evidence.gain_of(comparison.low), "high": evidence.gain_of(comparison.high)}
    worth = {name: benefit(prices, error, value) for name, value in gains.items()}
    if worth["estimate"] is not None:
        content["benefit"] = worth
    charged = extra_bill(prices, neural, classical)
    if charged is None:
        missing = prices.cost_per_hour is None
        why = "no price of the machine was given (--cost-per-hour)" if missing else "a latency was not measured"
        return content | {"break_even": {"reason": why}}
    content["extra"] = {
        **{name: getattr(charged, name) for name in ("tuning", "retraining", "engineering")},
        "serving": None if prices.predictions_per_day is None else total(charged, prices) - charged.fixed,
        "total": total(charged, prices),
    }
    if worth["estimate"] is not None:
        content["net"] = {name: (value or 0.0) - total(charged, prices) for name, value in worth.items()}
        content["sensitivity"] = list(
            sensitivity(prices, neural, classical, comparison, min_gain=min_gain, confidence=confidence)
        )
        content["flips"] = flips(prices, charged, error, gain)
    return content | {"break_even": _break_even(prices, metric, charged, error, gain)}


def sensitivity(
    prices: Prices,
    neural: Side,
    classical: Side,
    comparison: Comparison,
    *,
    min_gain: float,
    confidence: float,
) -> Iterable[dict[str, Any]]:
    """Yield the account as it stands and with one figure at a time halved and doubled, the gain where there is one.

    Each row has what was changed and its factor, the benefit, the extra cost, their difference `net`, the margin that
    the prices then ask for, the chance that the gain exceeds it, the answer by these figures alone, and whether it is
    another one than without the change. Needs all three prices.
    """
    base = None
    # Half of a loss is no smaller gain.
    changes = [what for what in _CHANGED if what != "gain" or comparison.gain > 0]
    for what, factor in [("nothing", 1.0), *((what, factor) for what in changes for factor in FACTORS)]:
        changed = prices if what in ("nothing", "gain") else replace(prices, **{what: factor * getattr(prices, what)})
        moved = _moved(comparison, factor) if what == "gain" else comparison
        charged = extra_bill(changed, neural, classical)
        assert charged is not None
        needed = margin(changed, neural, classical, comparison.incumbent_error, min_gain)
        judged = _judged(moved, needed)
        worth, extra = benefit(changed, comparison.incumbent_error, moved.gain) or 0.0, total(charged, changed)
        answer = evidence.answer_of(judged, confidence)
        base = base or answer
        yield {
            "change": what,
            "factor": factor,
            "benefit": worth,
            "extra": extra,
            "net": worth - extra,
            "min_gain": needed,
            "p_worth": judged.p_worth,
            "answer": answer,
            "flips": answer != base,
        }


def flips(prices: Prices, charged: Bill, error: float, gain: float) -> dict[str, float | None]:
    """Return the factor on each figure, all else equal, at which benefit and extra cost are even; None: at none."""
    worth, extra, asked = benefit(prices, error, gain), total(charged, prices), predictions(prices)
    if worth is None or asked is None:
        return dict.fromkeys(_CHANGED)
    return {
        "gain": _positive(extra, worth),
        "value_per_error": _positive(extra, worth),
        "predictions_per_day": _positive(charged.fixed, worth - charged.serving_per_prediction * asked),
        "cost_per_hour": _positive(worth - charged.engineering, extra - charged.engineering),
    }


def pareto(board: Sequence[Mapping[str, Any]], prices: Prices) -> dict[str, Any]:
    """Set what every learner costs against its error, and tell whom nobody beats in both.

    The cost is money over the horizon where the hour has a price, else the CPU seconds of the run. `points` has a row
    for each learner with an error, but for the dummy. Errors are taken as they are: a step along the front that is
    smaller than their uncertainty is none.
    """
    priced = prices.cost_per_hour is not None
    points = []
    for row in board:
        cost = _cost(row, prices) if priced else row["cpu_seconds"]
        if row["error"] is not None and row["family"] != "dummy" and cost:
            points.append({"learner": row["learner"], "cost": cost, "error": row["error"]})
    for point in points:
        point["on_front"] = not any(
            other["cost"] <= point["cost"]
            and other["error"] <= point["error"]
            and (other["cost"], other["error"]) != (point["cost"], point["error"])
            for other in points
        )
    return {"cost": "money" if priced else "cpu_seconds", "points": sorted(points, key=lambda point: point["cost"])}


def side_of(row: Mapping[str, Any], tune_seconds: float | None = None) -> Side:
    """Read a leaderboard row; `tune_seconds` replaces its own where a whole family searched for it.

    Serving is priced one row at a time (the median latency), which is the dearest way to ask.
    """
    latency = row.get("latency_p50_ms")
    return Side(
        (row.get("tune_seconds") or 0.0) if tune_seconds is None else tune_seconds,
        row.get("fit_seconds") or 0.0,
        None if latency is None else latency / 1000,
    )


def _cost(row: Mapping[str, Any], prices: Prices) -> float | None:
    charged = bill(prices, side_of(row))
    return None if charged is None else total(charged, prices)


def _break_even(prices: Prices, metric: str, charged: Bill, error: float, gain: float) -> dict[str, Any]:
    """Return the gain, the predictions a day and the value an error at which the net begins to pay, where known."""
    found: dict[str, Any] = {
        "gain": break_even_gain(prices, charged, error),
        "predictions_per_day": break_even_volume(prices, charged, error, gain),
        "value_per_error": break_even_value(prices, charged, error, gain) if metric in UNITS else None,
    }
    if gain <= 0 and total(charged, prices) > 0:
        found["reason"] = "the net avoids no error and costs more, so it pays at no volume and no value"
    elif prices.value_per_error is None and metric not in UNITS:
        found["reason"] = f"the error has no price by {metric}, which {_NO_UNIT[metric]}"
    elif prices.predictions_per_day is None and prices.value_per_error is None:
        found["reason"] = "neither the predictions a day nor the value of an error were given"
    return found


def _moved(comparison: Comparison, factor: float) -> Comparison:
    """Return the comparison as if the gain had been `factor` times as large and as uncertain as it is."""
    return replace(comparison, theta=-float(np.log1p(-min(factor * comparison.gain, LARGEST_MARGIN))))


def _judged(comparison: Comparison, min_gain: float) -> Comparison:
    """Return the comparison as judged by another margin."""
    theta_min = -float(np.log1p(-min_gain))
    error = evidence.StandardError(comparison.se, comparison.df, comparison.method)
    return replace(
        comparison,
        theta_min=theta_min,
        p_worth=evidence.posterior(comparison.theta, error, theta_min),
        p_worth_flat=error.chance(comparison.theta - theta_min, comparison.se),
    )


def _positive(numerator: float, denominator: float) -> float | None:
    """Divide where the result is a factor, above zero; None elsewhere."""
    return numerator / denominator if denominator and numerator / denominator > 0 else None
