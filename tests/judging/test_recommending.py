"""What is best to use: the simplest that is not expected to give away more than the margin to the best.

Where rows are many what they show decides; where they are few, what is usual of such options does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from advisor.judging import choice, readings, recommending
from advisor.judging.choice import Chosen
from advisor.judging.sides import cost_of, margin_of
from advisor.measuring import evidence
from advisor.records import Case, Cost, Limits, Prices, Which
from tests.made_case import made_case

COSTS = {
    "lightgbm": Cost(fit_seconds=1.0, latency_p50_ms=1.0, latency_p99_ms=2.0, model_mb=3.0),
    "realmlp": Cost(fit_seconds=10.0, latency_p50_ms=2.0, latency_p99_ms=4.0, model_mb=5.0),
}


def case(rows: int, alike: float = 0.0, **options: object) -> Case:
    """Make a case of a linear model, a tree and a net as good as it, whose errors are the same as far as `alike`."""
    rng = np.random.default_rng(0)
    target, hard = rng.standard_normal(rows), rng.standard_normal(rows)
    noise = {
        name: 0.7 * (alike**0.5 * hard + (1 - alike) ** 0.5 * rng.standard_normal(rows))
        for name in ("linear", "lightgbm", "realmlp")
    }
    told = {
        "dummy": ("dummy", np.zeros(rows)),
        "linear": ("classical", target + 1.5 * noise["linear"]),
        "lightgbm#2": ("classical", target + noise["lightgbm"], {"depth": 3}),
        "realmlp": ("neural", target + noise["realmlp"]),
    }
    costs = {"lightgbm#2": COSTS["lightgbm"], "realmlp": COSTS["realmlp"]}
    return made_case(target, told, costs=costs, **options)  # type: ignore[arg-type]


# Many rows on which all err alike tell two options apart by a fraction of a per cent. A few rows on which each errs in
# a way of its own hardly tell a tenth less error from none.
MANY, FEW = case(4_000, alike=0.98), case(60)
TREE = next(key for key in MANY.columns if key.startswith("lightgbm"))
MEMBERS: Mapping[Which, Mapping[str, float]] = {
    "dummy": {"dummy-default": 1.0},
    "classical": {TREE: 1.0},
    "neural": {"realmlp-default": 1.0},
    "classical_blend": {TREE: 0.8, "linear-default": 0.2},
    "blend": {TREE: 0.4, "realmlp-default": 0.6},
}


def by_hand(errors: Mapping[Which, float], blend_draws: int = 10) -> Chosen:
    """A choice whose options make these errors (RMSE) on rows left out, a blend in the first draws only."""
    losses = {}
    for which, error in errors.items():
        losses[which] = np.full(20, error**2)
        if "blend" in which:
            losses[which][blend_draws:] = np.nan
    return Chosen({which: MEMBERS[which] for which in errors}, losses, losses)


@pytest.mark.parametrize(
    ("situation", "errors", "taken", "best"),
    [
        ("the tree is best", {"classical": 1.0, "neural": 1.1, "classical_blend": 1.05, "blend": 1.02}, "classical",
         "classical"),
        ("the net gains next to nothing", {"classical": 1.0, "neural": 0.997, "blend": 0.998}, "classical", "neural"),
        ("the net gains more, and the blend next to nothing", {"classical": 1.0, "neural": 0.95, "blend": 0.947},
         "neural", "blend"),
        ("the blend of trees does", {"classical": 1.0, "neural": 1.0, "classical_blend": 0.9, "blend": 0.897},
         "classical_blend", "blend"),
        ("what is within the margin is not next to nothing", {"classical": 1.0, "neural": 0.992, "blend": 0.99},
         "neural", "blend"),
        ("only both together do", {"classical": 1.0, "neural": 1.0, "classical_blend": 0.95, "blend": 0.8}, "blend",
         "blend"),
        ("a net alone beats a tree alone", {"neural": 1.0, "classical": 1.2}, "neural", "neural"),
    ],
)  # fmt: skip
def test_of_many_rows_the_simplest_that_gives_away_next_to_nothing(
    situation: str, errors: Mapping[Which, float], taken: Which, best: Which
) -> None:
    found = recommending.recommend(MANY, by_hand(errors))
    assert (found.which, found.best) == (taken, best), situation
    assert found.regret == pytest.approx(errors[taken] / errors[best] - 1, abs=0.002)
    assert found.reason.code == ("best" if taken == best else "simpler_and_nearly_as_good")
    assert found.option is not None and found.option.members == MEMBERS[taken]
    assert found.score == pytest.approx(errors[taken])


@pytest.mark.parametrize(
    ("situation", "errors", "taken"),
    [
        ("nobody is seen to be better", {"classical": 1.0, "neural": 1.0, "classical_blend": 1.0, "blend": 1.0},
         "blend"),
        ("blends look a little worse", {"classical": 1.0, "neural": 1.0, "classical_blend": 1.02, "blend": 1.02},
         "blend"),
        ("the net looks better, which most do not turn out to be", {"classical": 1.0, "neural": 0.99}, "classical"),
        ("the net looks better by far", {"classical": 1.0, "neural": 0.4}, "neural"),
    ],
)  # fmt: skip
def test_of_few_rows_what_is_usual_counts_for_more(situation: str, errors: Mapping[Which, float], taken: Which) -> None:
    assert recommending.recommend(FEW, by_hand(errors)).which == taken, situation


def test_a_blend_of_all_is_held_against_the_net_where_that_is_ahead_of_the_classical_blend() -> None:
    """That blends usually gain a few per cent on what they are built on does not take from what the net gains."""
    ahead: dict[Which, float] = {"classical": 1.0, "neural": 0.5, "classical_blend": 0.99, "blend": 0.44}
    assert recommending.recommend(case(300), by_hand(ahead)).which == "blend"


def test_the_fewer_the_rows_the_more_counts_what_is_usual() -> None:
    """All options err alike; what a blend of all is expected to gain falls from the usual to what is seen, nothing."""
    same = by_hand(dict.fromkeys(("classical", "classical_blend", "blend"), 1.0))
    options = ("classical", "classical_blend", "blend")
    expected = [-recommending._expected(case(rows), same, options)["blend"] for rows in (60, 600, 6_000, 60_000)]
    usual = recommending.USUAL["classical_blend"][1].mean + recommending.USUAL["blend"][1].mean
    assert usual > expected[0] > expected[1] > expected[2] > expected[3] > 0
    assert expected[0] > 0.7 * usual and expected[3] < 0.1 * usual


def test_a_step_is_weighed_by_its_own_standard_error() -> None:
    """Normal prior and likelihood: where the error is as large as the usual spread, either counts for a half."""
    some = case(100)
    chosen = by_hand({"classical": 1.1, "classical_blend": 1.0})
    seen = readings.compare(some, chosen, ("classical",), ("classical_blend",), ("classical", "classical_blend"))
    _, usual = recommending.USUAL["classical_blend"]
    assert seen is not None and 0.5 < usual.sd / seen.se < 2
    weight = 1 / (1 + (seen.se / usual.sd) ** 2)
    expected = weight * np.log(1.1) + (1 - weight) * usual.mean
    known = recommending._expected(some, chosen, ("classical", "classical_blend"))
    assert known["classical"] - known["classical_blend"] == pytest.approx(expected)


@pytest.mark.parametrize(("rows", "worse"), [(120, 1.6), (250, 1.3), (1_000, 1.1), (4_000, 1.05)])
def test_no_blend_with_nets_where_it_is_certain_that_they_add_nothing(rows: int, worse: float) -> None:
    """Whatever is usual of blends: the verdict would say "not worth it" of what is handed over."""
    known = case(rows)
    chosen = by_hand({"classical": 1.0, "neural": worse, "classical_blend": 1.0, "blend": worse})
    in_company = readings.read(known, chosen)["in_company"].comparison
    assert evidence.answer_of(in_company, known.question.confidence) == "not_worth_it"
    found = recommending.recommend(known, chosen)
    assert found.which in ("classical", "classical_blend") and found.regret < 0.0102


def test_a_blend_of_one_member_is_that_member() -> None:
    """Whatever blends usually are: the same mixture of few rows is the same model, and counts as the simpler one."""
    one = by_hand({"classical": 1.0, "neural": 1.0, "classical_blend": 1.0})
    members = {**one.members, "classical_blend": MEMBERS["classical"]}
    found = recommending.recommend(FEW, Chosen(members, one.losses, one.drawn))
    assert (found.which, found.best, found.regret) == ("classical", "classical", 0.0)
    both = by_hand({"classical": 1.0, "neural": 1.0, "classical_blend": 1.0, "blend": 1.0})
    twice = {**both.members, "blend": MEMBERS["classical_blend"]}
    assert recommending.recommend(FEW, Chosen(twice, both.losses, both.drawn)).which == "classical_blend"


def test_what_is_expected_is_of_the_draws_that_know_every_option() -> None:
    chosen = by_hand({"classical": 1.0, "blend": 0.8})
    chosen.losses["classical"][10:] = 0.01
    assert recommending.recommend(MANY, chosen).which == "blend"


def test_a_smaller_margin_takes_the_less_simple() -> None:
    errors: Mapping[Which, float] = {"classical": 1.0, "neural": 0.992}
    assert recommending.recommend(case(4_000, alike=0.98, min_gain=0.001), by_hand(errors)).which == "neural"


def test_what_turned_out_to_miss_a_limit_is_left_out() -> None:
    chosen = by_hand({"classical": 1.0, "neural": 0.9, "blend": 0.7})
    assert recommending.recommend(MANY, chosen, without=("blend",)).which == "neural"
    everything = recommending.recommend(MANY, chosen, without=("blend", "neural", "classical"))
    assert (everything.which, everything.reason.code) == ("dummy", "nothing_meets_the_limits")


# 365,000 predictions with an error of about 0.7, each unit worth 0.5: half of all that pays for the work on a net.
PRICED = case(4_000, alike=0.98, prices=Prices(3.6, 1000, 0.5, engineering_cost=63_000.0))


@pytest.mark.parametrize(
    ("situation", "errors", "taken", "code", "best"),
    [
        ("the net is better, not by what it costs", {"classical": 1.0, "neural": 0.6}, "classical",
         "best_does_not_pay", "neural"),
        ("it is by more", {"classical": 1.0, "neural": 0.4}, "neural", "best", "neural"),
        ("the trees' blend is what is left", {"classical": 1.0, "neural": 1.0, "classical_blend": 0.9, "blend": 0.6},
         "classical_blend", "best_does_not_pay", "blend"),
        ("the net pays, and what the blend adds is asked for no more",
         {"classical": 1.0, "neural": 0.4, "classical_blend": 1.0, "blend": 0.36}, "blend", "best", "blend"),
        ("no net is better", {"classical": 1.0, "neural": 1.1, "classical_blend": 1.05, "blend": 1.02}, "classical",
         "best", "classical"),
        ("it is better by less than was asked for", {"classical": 1.0, "neural": 0.995}, "classical",
         "simpler_and_nearly_as_good", "neural"),
        ("only a net may be used", {"neural": 1.0}, "neural", "only_one", "neural"),
    ],
)  # fmt: skip
def test_a_model_with_nets_has_to_earn_back_what_they_cost(
    situation: str, errors: Mapping[Which, float], taken: Which, code: str, best: Which
) -> None:
    found = recommending.recommend(PRICED, by_hand(errors))
    assert (found.which, found.reason.code, found.best) == (taken, code, best), situation
    assert found.regret == pytest.approx(errors[taken] / errors[best] - 1, abs=0.03)
    assert (found.reason.figures["margin"] > 0.4) is (code == "best_does_not_pay")


def test_without_the_option_that_is_too_slow_a_net_has_to_pay_beyond_the_next() -> None:
    errors: Mapping[Which, float] = {"classical": 1.0, "neural": 0.6, "classical_blend": 0.99}
    known = by_hand(errors)
    assert recommending.recommend(PRICED, known, without=("classical",)).which == "classical_blend"
    assert recommending.recommend(PRICED, known, without=("classical", "classical_blend")).which == "neural"


def test_what_is_certain_to_pay_is_used_whatever_is_usual() -> None:
    """That blends with nets usually add 3 % makes 25 % look like 16; the rows are certain of more than the margin."""
    made = case(800, prices=Prices(3.6, 1000, 0.5, engineering_cost=20_000.0))
    chosen = by_hand({"classical": 1.0, "classical_blend": 1.0, "blend": 0.75})
    needed = margin_of(made, MEMBERS["classical_blend"], MEMBERS["blend"])
    found = recommending.recommend(made, chosen)
    assert found.which == "blend" and needed == pytest.approx(0.18, abs=0.02)
    less = recommending.recommend(made, by_hand({"classical": 1.0, "classical_blend": 1.0, "blend": 0.78}))
    assert less.which == "classical" and 0 < less.regret < needed, "not certain, and not expected"


def test_one_option_alone_is_no_choice() -> None:
    assert recommending.recommend(MANY, by_hand({"neural": 1.0})).reason.code == "only_one"


@pytest.mark.parametrize(
    ("chosen", "no_signal", "code", "known"),
    [
        (by_hand({"dummy": 1.0, "classical": 1.0}), True, "nothing_beats_a_constant", True),
        (by_hand({"classical": 1.0}), True, "nothing_beats_a_constant", False),
        (None, False, "nothing_meets_the_limits", False),
    ],
    ids=["no signal", "and no dummy", "nobody may lead"],
)
def test_a_constant_where_nothing_helps(chosen: Chosen | None, no_signal: bool, code: str, known: bool) -> None:
    found = recommending.recommend(MANY, chosen, no_signal=no_signal)
    assert (found.which, found.learner, found.family, found.reason.code) == ("dummy", "dummy", "dummy", code)
    assert (found.score is not None) is known


@pytest.mark.parametrize(
    ("limits", "taken"),
    [
        (Limits(), "blend"),
        (Limits(single=True), "classical or neural"),
        (Limits(max_latency_ms=3.0), "classical"),
        (Limits(max_model_mb=5.5), "classical_blend"),
        (Limits(interpretable=True), "linear"),
    ],
    ids=["none", "single", "latency", "size", "interpretable"],
)
def test_limits_are_met_by_what_is_recommended(limits: Limits, taken: str) -> None:
    made = case(400, limits=limits)
    found = recommending.recommend(made, choice.chosen(made, draws=100, blend_draws=50))
    if taken == "linear":
        assert found.learner == "linear"
    else:
        assert found.which in taken.split(" or ")
    cost = cost_of(made, found.option.members)
    assert limits.max_latency_ms is None or cost["latency_p99_ms"] <= limits.max_latency_ms
    assert limits.max_model_mb is None or cost["model_mb"] <= limits.max_model_mb


def test_champions_are_described_by_learner() -> None:
    found = recommending.champions(MANY, by_hand({"classical": 1.0, "neural": 0.9, "blend": 0.7}))
    assert found["classical_blend"] is None
    assert found["classical"].learner == "lightgbm" and found["classical"].params == {"lightgbm": {"depth": 3}}
    assert found["blend"].learner == "blend" and found["blend"].members == {"lightgbm": 0.4, "realmlp": 0.6}
    assert set(recommending.champions(MANY, None).values()) == {None}
