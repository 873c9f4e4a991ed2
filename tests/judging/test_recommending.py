"""What is best to use: the simplest that is not expected to give away more than the margin to the best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from advisor.judging import choice, recommending
from advisor.judging.choice import Chosen
from advisor.records import Case, Cost, Limits, Which
from tests.made_case import made_case

ROWS = 400
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
COSTS = {
    "lightgbm": Cost(fit_seconds=1.0, latency_p50_ms=1.0, latency_p99_ms=2.0, model_mb=3.0),
    "realmlp": Cost(fit_seconds=10.0, latency_p50_ms=2.0, latency_p99_ms=4.0, model_mb=5.0),
}
NOISE = {name: 0.7 * rng.standard_normal(ROWS) for name in ("lightgbm", "realmlp")}


def case(**options: object) -> Case:
    told = {
        "dummy": ("dummy", np.zeros(ROWS)),
        "linear": ("classical", TARGET + 2 * NOISE["lightgbm"]),
        "lightgbm#2": ("classical", TARGET + NOISE["lightgbm"], {"depth": 3}),
        "realmlp": ("neural", TARGET + NOISE["realmlp"]),
    }
    costs = {"lightgbm#2": COSTS["lightgbm"], "realmlp": COSTS["realmlp"]}
    return made_case(TARGET, told, costs=costs, **options)  # type: ignore[arg-type]


MADE = case()
TREE = next(key for key in MADE.columns if key.startswith("lightgbm"))
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
        ("the net gains less than the margin", {"classical": 1.0, "neural": 0.992, "blend": 0.995}, "classical",
         "neural"),
        ("the net gains more", {"classical": 1.0, "neural": 0.95, "blend": 0.945}, "neural", "blend"),
        ("the blend of trees gains more", {"classical": 1.0, "neural": 1.0, "classical_blend": 0.9, "blend": 0.895},
         "classical_blend", "blend"),
        ("only both together do", {"classical": 1.0, "neural": 1.0, "classical_blend": 0.95, "blend": 0.8}, "blend",
         "blend"),
        ("a blend that would give away a little is not taken for a net", {"neural": 1.0, "classical": 1.2}, "neural",
         "neural"),
    ],
)  # fmt: skip
def test_the_simplest_within_the_margin(
    situation: str, errors: Mapping[Which, float], taken: Which, best: Which
) -> None:
    found = recommending.recommend(MADE, by_hand(errors))
    assert (found.which, found.best) == (taken, best), situation
    assert found.regret == pytest.approx(errors[taken] / errors[best] - 1, abs=1e-9)
    assert found.reason.code == ("best" if taken == best else "simplest_within_margin")
    assert found.option.members == MEMBERS[taken] and found.score == pytest.approx(errors[taken])


def test_the_regret_is_over_the_draws_that_know_every_option() -> None:
    chosen = by_hand({"classical": 1.0, "blend": 0.8})
    chosen.losses["classical"][10:] = 0.01
    assert recommending.recommend(MADE, chosen).which == "blend"


def test_a_smaller_margin_takes_the_less_simple() -> None:
    errors: Mapping[Which, float] = {"classical": 1.0, "neural": 0.992}
    assert recommending.recommend(case(min_gain=0.001), by_hand(errors)).which == "neural"


def test_what_turned_out_to_miss_a_limit_is_left_out() -> None:
    chosen = by_hand({"classical": 1.0, "neural": 0.9, "blend": 0.7})
    assert recommending.recommend(MADE, chosen, without=("blend",)).which == "neural"
    everything = recommending.recommend(MADE, chosen, without=("blend", "neural", "classical"))
    assert (everything.which, everything.reason.code) == ("dummy", "nothing_meets_the_limits")


def test_one_option_alone_is_no_choice() -> None:
    assert recommending.recommend(MADE, by_hand({"neural": 1.0})).reason.code == "only_one"


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
    found = recommending.recommend(MADE, chosen, no_signal=no_signal)
    assert (found.which, found.learner, found.family, found.reason.code) == ("dummy", "dummy", "dummy", code)
    assert (found.score is not None) is known


@pytest.mark.parametrize(
    ("limits", "taken"),
    [
        (Limits(), "blend"),
        (Limits(single=True), "classical or neural"),
        (Limits(max_latency_ms=3.0), "classical"),
        (Limits(max_model_mb=5.5), "classical or neural"),
        (Limits(interpretable=True), "linear"),
    ],
    ids=["none", "single", "latency", "size", "interpretable"],
)
def test_limits_are_met_by_what_is_recommended(limits: Limits, taken: str) -> None:
    made = case(limits=limits)
    found = recommending.recommend(made, choice.chosen(made, draws=100, blend_draws=50))
    if taken == "linear":
        assert found.learner == "linear"
    else:
        assert found.which in taken.split(" or ")
    cost = recommending.cost_of(made, found.option.members)
    assert limits.max_latency_ms is None or cost["latency_p99_ms"] <= limits.max_latency_ms
    assert limits.max_model_mb is None or cost["model_mb"] <= limits.max_model_mb


def test_a_blend_costs_what_all_its_members_do() -> None:
    cost = recommending.cost_of(MADE, MEMBERS["blend"])
    assert cost == {"fit_seconds": 11.0, "latency_p50_ms": 3.0, "latency_p99_ms": 6.0, "model_mb": 8.0}
    unmeasured = {"lightgbm#2": Cost(fit_seconds=1.0), "realmlp": COSTS["realmlp"]}
    bare = made_case(TARGET, {"lightgbm#2": ("classical", TARGET + 1, {"depth": 3}), "realmlp": ("neural", TARGET + 2)},
                     costs=unmeasured)  # fmt: skip
    assert recommending.cost_of(bare, MEMBERS["blend"])["model_mb"] is None


def test_champions_are_described_by_learner() -> None:
    found = recommending.champions(MADE, by_hand({"classical": 1.0, "neural": 0.9, "blend": 0.7}))
    assert found["classical_blend"] is None
    assert found["classical"].learner == "lightgbm" and found["classical"].params == {"lightgbm": {"depth": 3}}
    assert found["blend"].learner == "blend" and found["blend"].members == {"lightgbm": 0.4, "realmlp": 0.6}
    assert set(recommending.champions(MADE, None).values()) == {None}
