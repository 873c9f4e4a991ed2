"""The money side, against sums that were done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from advisor import prices
from advisor.errors import UserError
from advisor.prices import Prices, Side
from advisor.records import Comparison

# 3.60 an hour is a thousandth a second; a year has 365 days, so 1,000 predictions a day are 365,000.
PRICES = Prices(3.6, 1000, 0.5, months=12, retrain_per_year=12, engineering_cost=100.0)
NEURAL, CLASSICAL = Side(700.0, 10.0, 0.012), Side(200.0, 1.0, 0.002)
# tuning 0.5; refits 12 x 9 s = 0.108; serving 365,000 x 0.010 s = 3.65
EXTRA = prices.extra_bill(PRICES, NEURAL, CLASSICAL)
TOTAL = 0.5 + 0.108 + 100 + 3.65
ERROR, GAIN = 0.10, 0.2


def compared(gain=GAIN, se=0.02):
    theta = -float(np.log1p(-gain))
    return Comparison(
        theta, se, None, theta - 1.645 * se, theta + 1.645 * se, 0.9, 0.5, 0.5, 0.02, 2.5 * se, ERROR,
        ERROR * (1 - gain), 5000, "from the rows",
    )  # fmt: skip


def test_the_bill_is_net_less_classical_item_by_item():
    assert EXTRA is not None
    assert (EXTRA.tuning, EXTRA.engineering) == (pytest.approx(0.5), 100.0)
    assert EXTRA.retraining == pytest.approx(0.108)
    assert EXTRA.serving_per_prediction == pytest.approx(1e-5)
    assert prices.total(EXTRA, PRICES) == pytest.approx(TOTAL)


def test_two_workers_share_the_price_of_the_hour_and_half_a_year_has_half_the_refits_and_predictions():
    shared = prices.extra_bill(replace(PRICES, workers=2), NEURAL, CLASSICAL)
    assert shared.tuning == pytest.approx(0.25) and shared.engineering == 100
    half = replace(PRICES, months=6)
    assert prices.extra_bill(half, NEURAL, CLASSICAL).retraining == pytest.approx(0.054)
    assert prices.predictions(half) == pytest.approx(182_500)


def test_a_gain_is_worth_the_errors_that_it_avoids():
    # 10 % errors, a fifth avoided: 2 in a hundred of 365,000 predictions, at 0.5 each
    assert prices.benefit(PRICES, ERROR, GAIN) == pytest.approx(3650)


def test_break_even_by_gain_volume_and_value():
    perfect = 0.5 * 0.10 * 365_000
    assert prices.break_even_gain(PRICES, EXTRA, ERROR) == pytest.approx(TOTAL / perfect)
    # a prediction brings 0.5 x 0.1 x 0.2 = 0.01 and takes 0.00001; 100.608 are to be earned in 365 days
    assert prices.break_even_volume(PRICES, EXTRA, ERROR, GAIN) == pytest.approx(100.608 / 0.00999 / 365)
    # 7,300 errors avoided
    assert prices.break_even_value(PRICES, EXTRA, ERROR, GAIN) == pytest.approx(TOTAL / 7300)


def test_at_each_break_even_the_account_is_even():
    gain = prices.break_even_gain(PRICES, EXTRA, ERROR)
    assert prices.benefit(PRICES, ERROR, gain) == pytest.approx(TOTAL)
    volume = replace(PRICES, predictions_per_day=prices.break_even_volume(PRICES, EXTRA, ERROR, GAIN))
    assert prices.benefit(volume, ERROR, GAIN) == pytest.approx(prices.total(EXTRA, volume))
    value = replace(PRICES, value_per_error=prices.break_even_value(PRICES, EXTRA, ERROR, GAIN))
    assert prices.benefit(value, ERROR, GAIN) == pytest.approx(TOTAL)


def test_a_net_that_avoids_nothing_pays_at_no_volume_and_no_value():
    assert prices.break_even_volume(PRICES, EXTRA, ERROR, -0.1) is None
    assert prices.break_even_value(PRICES, EXTRA, ERROR, -0.1) is None


def test_a_cheaper_net_needs_no_gain():
    cheaper = prices.extra_bill(replace(PRICES, engineering_cost=0.0), CLASSICAL, NEURAL)
    assert prices.total(cheaper, PRICES) < 0
    assert prices.break_even_gain(PRICES, cheaper, ERROR) == 0


@pytest.mark.parametrize(
    ("situation", "changed", "expected"),
    [
        ("the account asks for less than the user", {"engineering_cost": 0.0}, 0.02),
        ("the account asks for more", {"engineering_cost": 3650.0}, (3650 + 0.608 + 3.65) / 18_250),
        ("no price of an error", {"value_per_error": None}, 0.02),
        ("no price of the hour", {"cost_per_hour": None}, 0.02),
        ("not even perfection pays", {"engineering_cost": 1e9}, prices.LARGEST_MARGIN),
    ],
)
def test_the_margin_is_the_larger_of_what_is_asked_for_and_what_pays(situation, changed, expected):
    used = prices.margin(replace(PRICES, **changed), NEURAL, CLASSICAL, ERROR, 0.02)
    assert used == pytest.approx(expected), situation


def test_the_account_as_a_whole():
    found = prices.account(PRICES, "accuracy", NEURAL, CLASSICAL, compared(), min_gain=0.02, confidence=0.95)
    assert found["prices"]["unit_of_error"] == "one wrong prediction"
    assert found["extra"]["serving"] == pytest.approx(3.65) and found["extra"]["total"] == pytest.approx(TOTAL)
    assert found["benefit"]["estimate"] == pytest.approx(3650)
    assert found["benefit"]["low"] < 3650 < found["benefit"]["high"]
    assert found["net"]["estimate"] == pytest.approx(3650 - TOTAL)
    assert set(found["break_even"]) == {"gain", "predictions_per_day", "value_per_error"}


def test_where_the_answer_flips():
    """A gain of a fifth is worth 3,650; where people cost 2,400, it pays, but not half of it."""
    costly = replace(PRICES, engineering_cost=2400.0)
    given = {"min_gain": 0.02, "confidence": 0.95}
    rows = list(prices.sensitivity(costly, NEURAL, CLASSICAL, compared(), **given))
    by_change = {(row["change"], row["factor"]): row for row in rows}
    assert len(rows) == 1 + 4 * 2
    as_it_is, half = by_change["nothing", 1.0], by_change["gain", 0.5]
    assert as_it_is["answer"] == "worth_it" and as_it_is["net"] > 0 and not as_it_is["flips"]
    assert half["net"] == pytest.approx(1825 - 2404.258) and half["flips"] and half["answer"] == "not_worth_it"
    # Half the value or half the volume is the same: the margin that pays is twice as large.
    for change in ("value_per_error", "predictions_per_day"):
        assert by_change[change, 0.5]["min_gain"] == pytest.approx(2 * 2400 / 18_250, rel=0.01)
        assert by_change[change, 0.5]["flips"]
    assert not by_change["cost_per_hour", 2.0]["flips"], "the machine is cheap beside the people"
    factors = prices.flips(costly, prices.extra_bill(costly, NEURAL, CLASSICAL), ERROR, GAIN)
    assert factors["gain"] == pytest.approx(2404.258 / 3650)
    assert factors["value_per_error"] == factors["gain"]
    assert factors["predictions_per_day"] == pytest.approx(2400.608 / (3650 - 3.65))
    assert factors["cost_per_hour"] == pytest.approx((3650 - 2400) / 4.258)


@pytest.mark.parametrize(
    ("situation", "given", "silent", "reason"),
    [
        ("no prices", Prices(), ("benefit", "extra", "net"), "--cost-per-hour"),
        ("the machine alone", Prices(3.6), ("benefit", "net"), "neither the predictions"),
        ("no value", Prices(3.6, 1000), ("benefit", "net"), None),
    ],
)
def test_what_the_prices_do_not_allow_is_left_out(situation, given, silent, reason):
    found = prices.account(given, "mae", NEURAL, CLASSICAL, compared(), min_gain=0.02, confidence=0.95)
    assert [found[name] for name in silent] == [None] * len(silent), situation
    assert found["sensitivity"] == []
    assert reason is None or reason in found["break_even"]["reason"]


def test_without_a_value_the_account_says_which_would_pay():
    given = replace(PRICES, value_per_error=None)
    found = prices.account(given, "mae", NEURAL, CLASSICAL, compared(), min_gain=0.02, confidence=0.95)
    assert found["break_even"]["value_per_error"] == pytest.approx(TOTAL / 7300)
    auc = prices.account(given, "roc_auc", NEURAL, CLASSICAL, compared(), min_gain=0.02, confidence=0.95)
    assert auc["break_even"]["value_per_error"] is None and "no price by roc_auc" in auc["break_even"]["reason"]


def test_no_net_no_account():
    found = prices.account(PRICES, "mae", NEURAL, CLASSICAL, None, min_gain=0.02, confidence=0.95)
    assert "no fair comparison" in found["break_even"]["reason"] and found["extra"] is None


def test_an_error_that_nobody_can_price_is_refused_with_a_way_out():
    for metric in ("roc_auc", "log_loss"):
        with pytest.raises(UserError, match=f"no meaning by {metric}.*--metric accuracy"):
            prices.check(PRICES, metric)
        prices.check(replace(PRICES, value_per_error=None), metric)
    for metric in prices.UNITS:
        prices.check(PRICES, metric)


def test_work_on_a_net_is_not_left_out_of_an_account_without_a_word():
    work = Prices(None, 1000, 0.5, engineering_cost=9000.0)
    with pytest.raises(UserError, match=r"--engineering-cost counts only beside .*; add --cost-per-hour"):
        prices.check(work, "mae")
    prices.check(replace(work, cost_per_hour=0.01), "mae")


def test_what_was_said_is_read_and_what_is_no_number_is_refused():
    assert prices.read(2, cost_per_hour="0.4", value_per_error=None, engineering_cost="0") == Prices(0.4, workers=2)
    with pytest.raises(UserError, match="--predictions-per-day must be a plain number"):
        prices.read(1, predictions_per_day="lots")


def row(learner, cpu_seconds, error, family="classical", **changes):
    return {
        "learner": learner, "family": family, "error": error, "cpu_seconds": cpu_seconds,
        "tune_seconds": 10 * cpu_seconds, "fit_seconds": 0.0, "latency_p50_ms": 1.0, **changes,
    }  # fmt: skip


def test_the_front_is_whom_nobody_beats_in_cost_and_error():
    board = [
        row("cheap and bad", 1.0, 0.30),
        row("cheap and as bad, but dearer", 2.0, 0.30),
        row("middle", 3.0, 0.20),
        row("dominated", 4.0, 0.25),
        row("best", 9.0, 0.10),
        row("the dummy", 0.1, 0.50, "dummy"),
        row("never finished", 0.5, None),
    ]
    found = prices.pareto(board, Prices())
    assert found["cost"] == "cpu_seconds"
    assert [point["learner"] for point in found["points"] if point["on_front"]] == ["cheap and bad", "middle", "best"]
    assert len(found["points"]) == 5


def test_with_a_price_the_front_is_of_money():
    # 10 s of search are 0.01, and 365,000 predictions of 1 ms are 0.365
    found = prices.pareto([row("a", 1.0, 0.3), row("slow to ask", 0.1, 0.2, latency_p50_ms=50.0)], PRICES)
    assert found["cost"] == "money"
    assert [point["learner"] for point in found["points"]] == ["a", "slow to ask"]
    assert found["points"][0]["cost"] == pytest.approx(0.01 + 0.365)
