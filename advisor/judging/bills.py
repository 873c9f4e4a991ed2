"""The formulas of a plain cost-benefit account over a horizon: what a side takes, what a gain is worth, where it pays.

All money is that of the whole horizon, in the user's own currency, unless a name says otherwise; seconds are those of
one worker, of which the machine has `workers`. Errors are a metric's, gains relative error reductions.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.records import Prices

DAYS_PER_MONTH = 365 / 12
# No gain reaches this: where even a perfect net would not pay, the margin has to stay a number below one.
LARGEST_MARGIN = 1 - 1e-9


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
