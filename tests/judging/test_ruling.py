"""House rules as a table in plain words: from what was measured to one of five answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from advisor.judging import choice
from advisor.judging.ruling import ruling
from advisor.measuring.metrics import METRICS
from advisor.records import Answer, Case, Cost, How, Limits, Prices
from tests.made_case import made_case, only_on, remade

ROWS = 600
rng = np.random.default_rng(1)
TARGET = rng.standard_normal(ROWS)
OWN = {name: rng.standard_normal(ROWS) for name in ("linear", "lightgbm", "realmlp")}
FAMILY = {"dummy": "dummy", "linear": "classical", "lightgbm": "classical", "mlp": "neural", "realmlp": "neural"}


def case(net: float = 0.7, tree: float = 0.7, *, linear: float = 1.5, own: bool = True, **options: object) -> Case:
    """Everybody misses by so much; net and tree each in a way of their own, or both alike where `own` is False."""
    off = {
        "linear": linear * OWN["linear"],
        "lightgbm": tree * OWN["lightgbm"],
        "mlp": 1.6 * OWN["linear"],
        "realmlp": net * OWN["realmlp" if own else "lightgbm"],
    }
    told = {name: (FAMILY[name], TARGET + each) for name, each in off.items()}
    return made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told}, **options)  # type: ignore[arg-type]


def guessing(rows: int, spread: float) -> Case:
    """Nobody knows anything; predictions vary by so much around the mean."""
    own = np.random.default_rng(2)
    target = own.standard_normal(rows)
    told = {
        name: (family, spread * (name != "dummy") * own.standard_normal(rows))
        for name, family in FAMILY.items()
    }  # fmt: skip
    return made_case(target, told)  # type: ignore[arg-type]


def without(made: Case, family: str) -> Case:
    return remade(made, [outcome for outcome in made.outcomes.values() if outcome.candidate.family != family])


def first_folds(made: Case, count: int) -> Case:
    return remade(made, [only_on(outcome, range(count)) for outcome in made.outcomes.values()])


SLOW_NETS = {name: Cost(fit_seconds=1.0, latency_p99_ms=80.0, model_mb=1.0) for name in ("mlp", "realmlp")}
SLOW_TREES = {name: Cost(fit_seconds=1.0, latency_p99_ms=80.0, model_mb=1.0) for name in ("linear", "lightgbm")}
QUICK = Limits(max_latency_ms=5.0)


@pytest.mark.parametrize(
    ("situation", "made", "answer", "how", "because"),
    [
        ("the net is far better", case(net=0.3), "worth_it", "alone", ()),
        ("no better alone, but it errs otherwise", case(net=0.75), "worth_it", "in_company", ()),
        ("the net is worse and errs as the tree does", case(net=0.9, own=False), "not_worth_it", "in_company", ()),
        ("worse, and one model was asked for", case(net=1.2, limits=Limits(single=True)), "not_worth_it", "alone", ()),
        ("both are alike", case(net=0.7, limits=Limits(single=True)), "too_close_to_call", None, ("neither_certain",)),
        ("nothing can be learnt", guessing(3_000, 0.01), "no_signal", None, ("no_skill",)),
        ("too few rows to see skill or its absence", guessing(40, 0.5), "not_enough_evidence", None, ("no_skill_yet",)),
        ("no net finished", without(case(), "neural"), "not_enough_evidence", None, ("side_missing",)),
        ("no classical learner finished", without(case(), "classical"), "not_enough_evidence", None, ("side_missing",)),
        ("one fold of five", first_folds(case(net=0.3), 1), "not_enough_evidence", None, ("too_few_folds",)),
        ("two folds of five", first_folds(case(net=0.3), 2), "worth_it", "alone", ()),
        ("no net may serve", case(limits=QUICK, costs=SLOW_NETS), "not_worth_it", None, ("nets_barred",)),
        ("no tree may serve", case(limits=QUICK, costs=SLOW_TREES), "not_enough_evidence", None, ("side_barred",)),
        ("nobody can read a net", case(limits=Limits(interpretable=True)), "not_worth_it", None, ("nets_barred",)),
        ("a worse net, and no strong one", case(net=0.9, own=False, strong=()), "not_enough_evidence", None,
         ("no_strong_net",)),
        ("the strong net's time was up", case(net=0.9, own=False, cut_short=("realmlp",)), "not_enough_evidence", None,
         ("strong_net_cut_short",)),
        ("that of a net which wins all the same", case(net=0.3, cut_short=("realmlp",)), "worth_it", "alone", ()),
        ("the tree's time was up, and it lost", case(net=0.3, cut_short=("lightgbm",)), "not_enough_evidence", None,
         ("classical_cut_short",)),
        ("that of a tree which wins all the same", case(net=0.9, own=False, cut_short=("lightgbm",)), "not_worth_it",
         "in_company", ()),
    ],
)  # fmt: skip
def test_answers(situation: str, made: Case, answer: Answer, how: How | None, because: tuple[str, ...]) -> None:
    ruled = ruling(made)
    assert (ruled.answer, ruled.how) == (answer, how), (situation, ruled.because)
    assert tuple(reason.code for reason in ruled.because) == because, situation


def test_not_worth_it_needs_both_readings() -> None:
    """Alone the net is clearly worse; in company it adds something, and nobody knows whether enough."""
    made = case(net=1.0, tree=0.7, min_gain=0.1)
    ruled = ruling(made)
    assert ruled.readings["alone"].comparison.p_worth < 0.001
    assert 0.05 < ruled.readings["in_company"].comparison.p_worth < 0.975
    assert ruled.answer == "too_close_to_call"
    single = ruling(case(net=1.0, tree=0.7, min_gain=0.1, limits=Limits(single=True)))
    assert single.answer == "not_worth_it"


def test_worth_it_is_asked_for_half_of_the_error_by_either_reading() -> None:
    made = case(net=0.62, limits=Limits(single=True))
    chance = ruling(made).readings["alone"].comparison
    sure = min(chance.p_worth, chance.p_worth_flat)
    assert 0.6 < sure < 0.999
    just_below, just_above = 1 - 2 * (1 - sure) + 1e-6, 1 - 2 * (1 - sure) - 1e-6
    assert ruling(made, confidence=just_below).answer == "too_close_to_call"
    assert ruling(made, confidence=just_above).answer == "worth_it"


def test_a_strong_net_that_was_given_up_on_had_its_chance() -> None:
    made = case(net=0.9, own=False)
    others = [outcome for outcome in made.outcomes.values() if outcome.candidate.learner != "realmlp"]
    strong = made.outcomes["realmlp-default"]
    assert ruling(remade(made, others)).because[0].code == "no_strong_net"
    given_up = remade(made, [*others, only_on(strong, (0, 1), "given_up")])
    assert ruling(given_up).answer == "not_worth_it" and len(given_up.matrix.folds) == 5
    short = case(net=0.9, own=False, cut_short=("realmlp",)).outcomes["realmlp-default"]
    stopped = ruling(remade(made, [*others, only_on(short, (0, 1), "given_up")]))
    assert (stopped.answer, stopped.because[0].code) == ("not_enough_evidence", "strong_net_cut_short")
    assert stopped.because[0].figures == {"learners": ["realmlp"]}
    too_late = ruling(remade(made, [*others, only_on(strong, (), "timeout")]))
    assert too_late.because[0].code == "no_strong_net"


def test_a_net_that_nobody_has_timed_does_not_miss_a_limit() -> None:
    """One net is too slow and the other was not measured: nobody knows that none may serve."""
    made = case(limits=QUICK, costs={"realmlp": SLOW_NETS["realmlp"], "mlp": Cost(fit_seconds=1.0)})
    assert set(made.barred) == {"realmlp"}
    ruled = ruling(made)
    assert (ruled.answer, ruled.how, ruled.because) == ("not_worth_it", "alone", ()), (
        "by what was measured, not by a limit"
    )


def test_a_gain_below_the_floor_is_none_to_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "rmse", replace(METRICS["rmse"], floor=0.9))
    ruled = ruling(case(net=0.3))
    assert ruled.answer == "too_close_to_call" and ruled.because[0].code == "below_floor"


def test_a_larger_margin_is_harder_to_reach() -> None:
    made = case(net=0.5)
    known = choice.chosen(made)
    answers = {margin: ruling(made, min_gain=margin, chosen=known).answer for margin in (0.0, 0.9)}
    assert answers == {0.0: "worth_it", 0.9: "not_worth_it"}


def test_a_choice_that_is_known_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(net=0.3)
    first = ruling(made)
    monkeypatch.setattr(choice, "chosen", lambda case: pytest.fail("it was bootstrapped again"))
    again = ruling(made, chosen=first.chosen)
    assert again.answer == first.answer and again.readings == first.readings


PRICES: Mapping[str, float] = {"cost_per_hour": 1.0, "predictions_per_day": 1_000.0, "value_per_error": 1.0}


@pytest.mark.parametrize(
    ("engineering", "answer"), [(0.0, "worth_it"), (1e6, "not_worth_it")], ids=["nearly free", "never earned back"]
)
def test_money_raises_the_margin(engineering: float, answer: Answer) -> None:
    made = case(net=0.3, prices=Prices(**PRICES, engineering_cost=engineering))  # type: ignore[arg-type]
    ruled = ruling(made)
    assert ruled.answer == answer
    assert (ruled.margin > made.question.min_gain) is (engineering > 0)


def test_the_same_model_twice_never_pays() -> None:
    alike = case(net=0.7, own=False)
    ruled = ruling(alike)
    assert (ruled.answer, ruled.how, ruled.because) == ("not_worth_it", "in_company", ())
    assert ruled.readings["alone"].comparison.theta == 0
