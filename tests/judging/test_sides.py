"""What a side takes, and the margin that pays for it, against sums that were done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.judging import sides
from advisor.judging.bills import Side
from advisor.records import Case, Cost, Prices
from tests.made_case import made_case

ROWS = 500
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
OWN = {name: rng.standard_normal(ROWS) for name in ("linear", "lightgbm", "realmlp")}
# 3.60 an hour is a thousandth a second; a year has 365 days, so 1,000 predictions a day are 365,000.
PRICES = Prices(3.6, 1000, 0.5, months=12, retrain_per_year=12, engineering_cost=9e3)
COSTS = {
    "linear": Cost(fit_seconds=0.5, predict_seconds=0.1, latency_p50_ms=0.5, latency_p99_ms=1.0, model_mb=1.0),
    "lightgbm": Cost(fit_seconds=1.0, predict_seconds=0.1, latency_p50_ms=2.0, latency_p99_ms=4.0, model_mb=3.0),
    "realmlp": Cost(fit_seconds=10.0, predict_seconds=0.2, latency_p50_ms=12.0, latency_p99_ms=13.0, model_mb=5.0),
}
TREE, NET = {"lightgbm-default": 1.0}, {"realmlp-default": 1.0}
BOTH = {"lightgbm-default": 0.5, "realmlp-default": 0.5}


def case(prices: Prices | None = None, **options: object) -> Case:
    told = {
        "dummy": ("dummy", np.zeros(ROWS)),
        "linear": ("classical", TARGET + 1.5 * OWN["linear"]),
        "lightgbm": ("classical", TARGET + 0.7 * OWN["lightgbm"]),
        "realmlp": ("neural", TARGET + 0.5 * OWN["realmlp"]),
    }
    return made_case(TARGET, told, prices=prices, **{"costs": COSTS, **options})  # type: ignore[arg-type]


def test_a_blend_costs_what_all_its_members_do() -> None:
    cost = sides.cost_of(case(), BOTH)
    assert cost == {"fit_seconds": 11.0, "latency_p50_ms": 14.0, "latency_p99_ms": 17.0, "model_mb": 8.0}
    bare = case(costs={**COSTS, "realmlp": Cost(fit_seconds=10.0)})
    assert sides.cost_of(bare, BOTH)["model_mb"] is None and sides.cost_of(bare, TREE)["model_mb"] == 3.0


def test_a_side_is_its_family_s_whole_search_and_its_champion_s_model() -> None:
    made = case()
    assert sides.side_of(made, TREE) == Side(pytest.approx(5 * (0.6 + 1.1)), 1.0, 0.002)
    assert sides.side_of(made, BOTH) == Side(pytest.approx(5 * (0.6 + 1.1 + 10.2)), 11.0, pytest.approx(0.014))


def test_each_pair_has_the_margin_that_pays_for_what_it_costs() -> None:
    """Search 51 s less 8.5 s, refits 12 x 9 s, serving 365,000 x 0.010 s, a thousandth each; a blend with the tree
    takes 51 s, 12 x 10 s and 365,000 x 0.012 s beyond the tree alone."""
    made = case(PRICES)
    perfect = 0.5 * float(np.sqrt(np.mean((0.7 * OWN["lightgbm"]) ** 2))) * 365_000
    alone = 0.001 * (51 - 8.5 + 12 * 9 + 3650) + 9e3
    assert sides.margin_of(made, TREE, NET) == pytest.approx(alone / perfect, rel=1e-6)
    beside = 0.001 * (51 + 12 * 10 + 4380) + 9e3
    assert sides.margin_of(made, TREE, BOTH) == pytest.approx(beside / perfect, rel=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        replace(PRICES, engineering_cost=0.0, cost_per_hour=1e-9),
        replace(PRICES, value_per_error=None),
        Prices(),
    ],
    ids=["next to nothing to pay for", "no price of an error", "no prices"],
)
def test_where_nothing_has_to_be_earned_back_the_margin_is_the_one_asked_for(given: Prices) -> None:
    assert sides.margin_of(case(given), TREE, NET) == 0.01


def test_a_net_among_others_is_seen() -> None:
    made = case()
    assert sides.has_nets(made, BOTH) and sides.has_nets(made, NET) and not sides.has_nets(made, TREE)
