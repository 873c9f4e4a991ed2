"""Two readings of one matrix: nets alone, and what nets add to the best that can be built without them."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.judging import choice, readings
from advisor.judging.case import against
from advisor.judging.readings import alone_among, read
from advisor.records import Case, Limits, Reading
from tests.made_case import made_case, remade

ROWS = 600
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
NOISE = {name: rng.standard_normal(ROWS) for name in ("linear", "lightgbm", "realmlp")}


def case(net: float = 0.7, tree: float = 0.7, *, own: bool = True, **options: object) -> Case:
    """A tree and a net that err by so much, independently of each other, or as one where `own` is False."""
    told = {
        "dummy": ("dummy", np.zeros(ROWS)),
        "linear": ("classical", TARGET + 1.5 * NOISE["linear"]),
        "lightgbm": ("classical", TARGET + tree * NOISE["lightgbm"]),
        "mlp": ("neural", TARGET + 1.5 * NOISE["linear"]),
        "realmlp": ("neural", TARGET + net * NOISE["realmlp" if own else "lightgbm"]),
    }
    return made_case(TARGET, told, **options)  # type: ignore[arg-type]


def both(made: Case, **options: float) -> dict[str, Reading]:
    chosen = choice.chosen(made, draws=200, blend_draws=100)
    assert chosen is not None
    return dict(read(made, chosen, **options))


def test_a_net_that_is_no_better_alone_may_add_to_what_is_there() -> None:
    found = both(case(net=0.75))
    alone, company = found["alone"].comparison, found["in_company"].comparison
    assert abs(alone.theta) < 0.06 and alone.p_worth < 0.95
    assert company.gain == pytest.approx(1 - 0.5**0.5, abs=0.1), "the mean of two that err apart"
    assert company.p_worth > 0.975
    assert found["in_company"].with_nets.which == "blend"
    assert {"lightgbm-default", "realmlp-default"} <= set(found["in_company"].with_nets.members)


def test_a_net_that_errs_as_the_tree_does_adds_nothing() -> None:
    company = both(case(net=0.71, own=False))["in_company"].comparison
    assert abs(company.gain) < 0.01


def test_each_side_enters_with_what_all_rows_choose() -> None:
    found = both(case(net=0.2, tree=0.9))
    assert found["alone"].without.members == {"lightgbm-default": 1.0}
    assert found["alone"].with_nets.members == {"realmlp-default": 1.0}
    assert found["in_company"].without.which in ("classical", "classical_blend")
    assert found["in_company"].with_nets.error <= found["alone"].with_nets.error * 1.001


def test_theta_is_that_of_the_bootstrapped_choice_and_its_error_no_smaller_than_the_pair_s() -> None:
    made = case()
    chosen = choice.chosen(made, draws=200, blend_draws=50)
    found = read(made, chosen)
    thetas = chosen.theta(("classical",), ("neural",), 0.5)
    assert found["alone"].comparison.theta == pytest.approx(thetas.mean())
    for reading in found.values():
        pair = against(made, reading.without.members, reading.with_nets.members)
        assert reading.comparison.se >= pair.se * (1 - 1e-9)
        assert reading.comparison.incumbent_error == pytest.approx(pair.incumbent_error)


def test_the_margin_moves_the_chance_and_nothing_else() -> None:
    small, large = (both(case(net=0.3), min_gain=margin)["alone"].comparison for margin in (0.0, 0.9))
    assert small.theta == large.theta and small.se == large.se
    assert small.p_worth > 0.95 > 0.05 > large.p_worth


def test_one_model_asked_for_is_one_reading() -> None:
    assert set(both(case(limits=Limits(single=True)))) == {"alone"}


def test_both_readings_share_the_error_and_the_only_one_may_spend_it_all() -> None:
    shared, single = both(case()), both(case(limits=Limits(single=True)))
    assert {how: reading.asked(0.95) for how, reading in shared.items()} == pytest.approx(
        {"alone": 0.99, "in_company": 0.96}
    )
    assert sum(reading.share for reading in shared.values()) == pytest.approx(1.0)
    assert (single["alone"].share, single["alone"].asked(0.95)) == (1.0, 0.95)
    assert set(both(case())) == {"alone", "in_company"}


@pytest.mark.parametrize("family", ["classical", "neural"])
def test_without_a_side_nothing_is_read(family: str) -> None:
    made = case()
    rest = [outcome for outcome in made.outcomes.values() if outcome.candidate.family != family]
    some = remade(made, rest)
    chosen = choice.chosen(some, draws=50, blend_draws=10)
    assert chosen is not None and read(some, chosen) == {}


def test_what_an_option_is_worth_lies_within_its_interval() -> None:
    made = case()
    chosen = choice.chosen(made, draws=200, blend_draws=50)
    for which in chosen.members:
        known = readings.option(made, chosen, which)
        assert known.low < known.score < known.high and known.score == pytest.approx(known.error)
    assert readings.option(made, chosen, "blend").error < readings.option(made, chosen, "neural").error


def test_a_few_candidates_are_read_as_if_they_were_all() -> None:
    made = case(net=0.3)
    few = alone_among(made, {"linear-default", "lightgbm-default", "mlp-default"})
    assert few is not None and few.how == "alone"
    assert few.with_nets.members == {"mlp-default": 1.0} and few.comparison.theta < 0
    assert alone_among(made, {"linear-default", "dummy-default"}) is None
    everybody = alone_among(made, made.columns)
    assert everybody.comparison.theta == pytest.approx(both(made)["alone"].comparison.theta, abs=0.01)
