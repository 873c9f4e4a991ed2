"""The money side, against sums that were done by hand."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from advisor.errors import UserError
from advisor.judging import bills, choice, prices, readings
from advisor.judging.bills import Side
from advisor.judging.board import board_of
from advisor.records import Account, BoardRow, Case, Comparison, Cost, Limits, Option, Prices, Question, Reading
from tests.made_case import made_case

# 3.60 an hour is a thousandth a second; a year has 365 days, so 1,000 predictions a day are 365,000.
PRICES = Prices(3.6, 1000, 0.5, months=12, retrain_per_year=12, engineering_cost=100.0)
NEURAL, CLASSICAL = Side(700.0, 10.0, 0.012), Side(200.0, 1.0, 0.002)
# tuning 0.5; refits 12 x 9 s = 0.108; serving 365,000 x 0.010 s = 3.65
EXTRA = bills.extra_bill(PRICES, NEURAL, CLASSICAL)
TOTAL = 0.5 + 0.108 + 100 + 3.65
ERROR, GAIN = 0.10, 0.2


def compared(gain: float = GAIN, se: float = 0.02) -> Comparison:
    theta = -float(np.log1p(-gain))
    return Comparison(
        theta, se, None, theta - 1.645 * se, theta + 1.645 * se, 0.9, 0.5, 0.5, 0.02, 2.5 * se, ERROR,
        ERROR * (1 - gain), 5000, "from the rows",
    )  # fmt: skip


def reading(comparison: Comparison, share: float = 1.0) -> Reading:
    known = Option("classical", {}, ERROR, ERROR, 1 - ERROR)
    return Reading("alone", known, known, comparison, 0.02, share)


def test_the_bill_is_net_less_classical_item_by_item() -> None:
    assert EXTRA is not None
    assert (EXTRA.tuning, EXTRA.engineering) == (pytest.approx(0.5), 100.0)
    assert EXTRA.retraining == pytest.approx(0.108)
    assert EXTRA.serving_per_prediction == pytest.approx(1e-5)
    assert bills.total(EXTRA, PRICES) == pytest.approx(TOTAL)


def test_two_workers_share_the_price_of_the_hour_and_half_a_year_has_half_the_refits_and_predictions() -> None:
    shared = bills.extra_bill(replace(PRICES, workers=2), NEURAL, CLASSICAL)
    assert shared.tuning == pytest.approx(0.25) and shared.engineering == 100
    half = replace(PRICES, months=6)
    assert bills.extra_bill(half, NEURAL, CLASSICAL).retraining == pytest.approx(0.054)
    assert bills.predictions(half) == pytest.approx(182_500)


def test_a_gain_is_worth_the_errors_that_it_avoids() -> None:
    # 10 % errors, a fifth avoided: 2 in a hundred of 365,000 predictions, at 0.5 each
    assert bills.benefit(PRICES, ERROR, GAIN) == pytest.approx(3650)


def test_break_even_by_gain_volume_and_value() -> None:
    perfect = 0.5 * 0.10 * 365_000
    assert bills.break_even_gain(PRICES, EXTRA, ERROR) == pytest.approx(TOTAL / perfect)
    # a prediction brings 0.5 x 0.1 x 0.2 = 0.01 and takes 0.00001; 100.608 are to be earned in 365 days
    assert bills.break_even_volume(PRICES, EXTRA, ERROR, GAIN) == pytest.approx(100.608 / 0.00999 / 365)
    # 7,300 errors avoided
    assert bills.break_even_value(PRICES, EXTRA, ERROR, GAIN) == pytest.approx(TOTAL / 7300)


def test_at_each_break_even_the_account_is_even() -> None:
    gain = bills.break_even_gain(PRICES, EXTRA, ERROR)
    assert bills.benefit(PRICES, ERROR, gain) == pytest.approx(TOTAL)
    volume = replace(PRICES, predictions_per_day=bills.break_even_volume(PRICES, EXTRA, ERROR, GAIN))
    assert bills.benefit(volume, ERROR, GAIN) == pytest.approx(bills.total(EXTRA, volume))
    value = replace(PRICES, value_per_error=bills.break_even_value(PRICES, EXTRA, ERROR, GAIN))
    assert bills.benefit(value, ERROR, GAIN) == pytest.approx(TOTAL)


def test_a_net_that_avoids_nothing_pays_at_no_volume_and_no_value() -> None:
    assert bills.break_even_volume(PRICES, EXTRA, ERROR, -0.1) is None
    assert bills.break_even_value(PRICES, EXTRA, ERROR, -0.1) is None


def test_a_cheaper_net_needs_no_gain() -> None:
    cheaper = bills.extra_bill(replace(PRICES, engineering_cost=0.0), CLASSICAL, NEURAL)
    assert bills.total(cheaper, PRICES) < 0
    assert bills.break_even_gain(PRICES, cheaper, ERROR) == 0


@pytest.mark.parametrize(
    ("situation", "changed", "expected"),
    [
        ("the account asks for less than the user", {"engineering_cost": 0.0}, 0.02),
        ("the account asks for more", {"engineering_cost": 3650.0}, (3650 + 0.608 + 3.65) / 18_250),
        ("no price of an error", {"value_per_error": None}, 0.02),
        ("no price of the hour", {"cost_per_hour": None}, 0.02),
        ("not even perfection pays", {"engineering_cost": 1e9}, bills.LARGEST_MARGIN),
    ],
)
def test_the_margin_is_the_larger_of_what_is_asked_for_and_what_pays(
    situation: str, changed: dict[str, float | None], expected: float
) -> None:
    used = bills.margin(replace(PRICES, **changed), NEURAL, CLASSICAL, ERROR, 0.02)
    assert used == pytest.approx(expected), situation


ROWS = 500
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
OWN = {name: rng.standard_normal(ROWS) for name in ("linear", "lightgbm", "realmlp")}
COSTS = {
    "dummy": Cost(fit_seconds=0.001, latency_p50_ms=0.1),
    "linear": Cost(fit_seconds=0.5, predict_seconds=0.1, cpu_seconds=0.7, latency_p50_ms=0.5, model_mb=1.0),
    "lightgbm": Cost(fit_seconds=1.0, predict_seconds=0.1, cpu_seconds=2.0, latency_p50_ms=2.0, model_mb=2.0,
                     peak_memory_mb=10.0),
    "realmlp": Cost(fit_seconds=10.0, predict_seconds=0.2, cpu_seconds=12.0, latency_p50_ms=12.0, model_mb=8.0,
                    peak_memory_mb=90.0, device_name="a processor"),
}  # fmt: skip


def case(given: Prices | None = None, net: float = 0.5, metric: str = "rmse", **options: object) -> Case:
    told = {
        "dummy": ("dummy", np.zeros(ROWS)),
        "linear": ("classical", TARGET + 1.5 * OWN["linear"]),
        "lightgbm": ("classical", TARGET + 0.7 * OWN["lightgbm"]),
        "realmlp": ("neural", TARGET + net * OWN["realmlp"]),
    }
    return made_case(TARGET, told, metric, prices=given, **{"costs": COSTS, **options})  # type: ignore[arg-type]


def made_account(made: Case, how: str | None = "alone") -> Account:
    chosen = choice.chosen(made, draws=100, blend_draws=20)
    reading = None if how is None else readings.read(made, chosen).get(how)
    return prices.account(made, chosen, board_of(made), reading)


def test_the_account_as_a_whole() -> None:
    found = made_account(case(PRICES))
    assert found.prices.unit_of_error == prices.UNITS["rmse"] and found.prices.cost_per_hour == 3.6
    assert found.extra.tuning == pytest.approx(0.001 * (51 - 8.5))
    assert found.extra.serving == pytest.approx(3.65) and found.extra.retraining == pytest.approx(0.108)
    assert found.extra.total == pytest.approx(0.0425 + 0.108 + 100 + 3.65)
    assert found.benefit.low < found.benefit.estimate < found.benefit.high
    assert found.net.estimate == pytest.approx(found.benefit.estimate - found.extra.total)
    assert found.break_even.gain > 0 and found.break_even.reason is None
    assert len(found.sensitivity) == 9 and set(found.flips) == {
        "gain", "value_per_error", "predictions_per_day", "cost_per_hour",
    }  # fmt: skip


def test_its_names_are_those_of_verdict_json() -> None:
    told = asdict(made_account(case(PRICES)))
    assert set(told) == {
        "neural", "classical", "ratio", "break_even", "extra", "benefit", "net", "sensitivity", "flips", "prices",
        "pareto",
    }  # fmt: skip
    assert set(told["sensitivity"][0]) == {
        "change", "factor", "benefit", "extra", "net", "min_gain", "p_worth", "answer", "flips",
    }  # fmt: skip
    assert set(told["pareto"]) == {"cost", "points"}
    assert set(told["pareto"]["points"][0]) == {"learner", "cost", "error", "on_front"}


def test_in_company_it_is_the_blends_that_are_paid_for() -> None:
    made = case(PRICES, net=0.72)
    alone, company = made_account(made), made_account(made, "in_company")
    assert company.extra.tuning == pytest.approx(0.051), "the nets' whole search is beyond that of the trees"
    assert company.extra.serving != alone.extra.serving
    assert company.benefit.estimate > alone.benefit.estimate


def test_what_both_families_took() -> None:
    found = made_account(case())
    assert found.neural.spent_seconds == pytest.approx(51) and found.classical.spent_seconds == pytest.approx(8.5)
    assert (found.neural.fit_seconds, found.classical.fit_seconds) == (10.0, 1.0)
    assert found.classical.trials == 2 and found.classical.cpu_seconds == pytest.approx(13.5)
    assert found.neural.rows_per_second == pytest.approx(500), "a hundred rows in 0.2 s"
    assert found.ratio["fit_seconds"] == 10.0 and found.ratio["trials"] == 0.5 and found.ratio["model_mb"] == 4.0
    assert "peak_memory_mb" not in found.ratio and "device" not in found.ratio
    assert found.neural.energy_wh_estimated == pytest.approx(60 * 12 / 3600)


def test_a_family_without_a_champion_has_its_sums_alone() -> None:
    found = made_account(case(limits=Limits(interpretable=True)), None)
    assert found.neural.spent_seconds == pytest.approx(51) and found.neural.fit_seconds is None
    assert found.classical.fit_seconds == 0.5


def scenarios(given: Prices) -> dict[tuple[str, float], object]:
    rows = prices.sensitivity(Question(0.02, prices=given), NEURAL, CLASSICAL, reading(compared()))
    return {(row.change, row.factor): row for row in rows}


def test_where_the_answer_flips() -> None:
    """A gain of a fifth is worth 3,650; where people cost 2,400, it pays, but not half of it."""
    costly = replace(PRICES, engineering_cost=2400.0)
    rows = scenarios(costly)
    assert len(rows) == 1 + 4 * 2
    as_it_is, half = rows["nothing", 1.0], rows["gain", 0.5]
    assert as_it_is.answer == "worth_it" and as_it_is.net > 0 and not as_it_is.flips
    assert half.net == pytest.approx(1825 - 2404.258) and half.flips and half.answer == "not_worth_it"
    # Half the value or half the volume is the same: the margin that pays is twice as large.
    for change in ("value_per_error", "predictions_per_day"):
        assert rows[change, 0.5].min_gain == pytest.approx(2 * 2400 / 18_250, rel=0.01)
        assert rows[change, 0.5].flips
    assert not rows["cost_per_hour", 2.0].flips, "the machine is cheap beside the people"
    factors = prices.flips(costly, bills.extra_bill(costly, NEURAL, CLASSICAL), ERROR, GAIN)
    assert factors["gain"] == pytest.approx(2404.258 / 3650)
    assert factors["value_per_error"] == factors["gain"]
    assert factors["predictions_per_day"] == pytest.approx(2400.608 / (3650 - 3.65))
    assert factors["cost_per_hour"] == pytest.approx((3650 - 2400) / 4.258)


@pytest.mark.parametrize(("share", "enough", "too_much"), [(0.2, 0.85, 0.86), (0.8, 0.96, 0.97), (1.0, 0.97, 0.98)])
def test_worth_it_is_asked_for_as_much_as_the_verdict_asks(share: float, enough: float, too_much: float) -> None:
    """What is 97 % certain suffices for 85 % alone, of which a fifth of the error is 97 %, and for 96 % in company."""
    certain = reading(compared(gain=0.058, se=0.02), share)
    told = {}
    for confidence in (enough, too_much):
        question = Question(0.02, confidence, prices=replace(PRICES, engineering_cost=0.0))
        first = next(prices.sensitivity(question, NEURAL, CLASSICAL, certain))
        told[confidence] = first.answer
        assert 0.97 < first.p_worth < 0.972
    assert told == {enough: "worth_it", too_much: "too_close_to_call"}


@pytest.mark.parametrize(
    ("situation", "given", "silent", "reason"),
    [
        ("no prices", Prices(), ("benefit", "extra", "net"), "--cost-per-hour"),
        ("the machine alone", Prices(3.6), ("benefit", "net"), "neither the predictions"),
        ("no value", Prices(3.6, 1000), ("benefit", "net"), None),
    ],
)
def test_what_the_prices_do_not_allow_is_left_out(
    situation: str, given: Prices, silent: tuple[str, ...], reason: str | None
) -> None:
    found = made_account(case(given))
    assert [getattr(found, name) for name in silent] == [None] * len(silent), situation
    assert found.sensitivity == ()
    assert reason is None or reason in found.break_even.reason


def test_without_a_value_the_account_says_which_would_pay() -> None:
    found = made_account(case(replace(PRICES, value_per_error=None), metric="mae")).break_even
    assert found.value_per_error > 0
    told = prices._break_even(replace(PRICES, value_per_error=None), "roc_auc", EXTRA, ERROR, GAIN)
    assert told.value_per_error is None and "no price by roc_auc" in told.reason


def test_no_latency_no_bill() -> None:
    bare = made_account(case(PRICES, costs={**COSTS, "realmlp": Cost(fit_seconds=10.0)}))
    assert bare.extra is None and "latency was not measured" in bare.break_even.reason


def test_no_net_no_account() -> None:
    found = made_account(case(PRICES), None)
    assert "no fair comparison" in found.break_even.reason and found.extra is None


def test_a_net_that_avoids_nothing_pays_nowhere() -> None:
    found = made_account(case(PRICES, net=2.0))
    assert "at no volume and no value" in found.break_even.reason and found.net.estimate < 0
    assert {row.change for row in found.sensitivity} == {
        "nothing", "value_per_error", "predictions_per_day", "cost_per_hour",
    }, "half of a loss is no smaller gain"  # fmt: skip


def test_an_error_that_nobody_can_price_is_refused_with_a_way_out() -> None:
    for metric in ("roc_auc", "log_loss"):
        with pytest.raises(UserError, match=f"no meaning by {metric}.*--metric accuracy"):
            prices.check(PRICES, metric)
        prices.check(replace(PRICES, value_per_error=None), metric)
    for metric in prices.UNITS:
        prices.check(PRICES, metric)


def test_work_on_a_net_is_not_left_out_of_an_account_without_a_word() -> None:
    work = Prices(None, 1000, 0.5, engineering_cost=9000.0)
    with pytest.raises(UserError, match=r"--engineering-cost counts only beside .*; add --cost-per-hour"):
        prices.check(work, "mae")
    prices.check(replace(work, cost_per_hour=0.01), "mae")


def test_what_was_said_is_read_and_what_is_no_number_is_refused() -> None:
    assert prices.read(2, cost_per_hour="0.4", value_per_error=None, engineering_cost="0") == Prices(0.4, workers=2)
    with pytest.raises(UserError, match="--predictions-per-day must be a plain number"):
        prices.read(1, predictions_per_day="lots")


BOARD_ROW = board_of(case())[0]


def row(learner: str, cpu_seconds: float, error: float | None, **changes: object) -> BoardRow:
    known = {"family": "classical", "spent_seconds": 10 * cpu_seconds, "fit_seconds": 0.0, "latency_p50_ms": 1.0}
    told = {**known, **changes, "learner": learner, "cpu_seconds": cpu_seconds, "error": error}
    return replace(BOARD_ROW, **told)  # type: ignore[arg-type]


def test_the_front_is_whom_nobody_beats_in_cost_and_error() -> None:
    board = [
        row("cheap and bad", 1.0, 0.30),
        row("cheap and as bad, but dearer", 2.0, 0.30),
        row("middle", 3.0, 0.20),
        row("dominated", 4.0, 0.25),
        row("best", 9.0, 0.10),
        row("the dummy", 0.1, 0.50, family="dummy"),
        row("never finished", 0.5, None),
    ]
    found = prices.pareto(board, Prices())
    assert found.cost == "cpu_seconds"
    assert [point.learner for point in found.points if point.on_front] == ["cheap and bad", "middle", "best"]
    assert len(found.points) == 5


def test_with_a_price_the_front_is_of_money() -> None:
    # 10 s of search are 0.01, and 365,000 predictions of 1 ms are 0.365
    found = prices.pareto([row("a", 1.0, 0.3), row("slow to ask", 0.1, 0.2, latency_p50_ms=50.0)], PRICES)
    assert found.cost == "money"
    assert [point.learner for point in found.points] == ["a", "slow to ask"]
    assert found.points[0].cost == pytest.approx(0.01 + 0.365)
