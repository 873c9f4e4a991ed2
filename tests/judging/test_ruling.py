"""House rules as a table in plain words: from what was measured to one of five answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from advisor.judging import choice
from advisor.judging.case import losses_of
from advisor.judging.ruling import ruling
from advisor.measuring.metrics import METRICS
from advisor.records import Answer, Case, Cost, Ending, How, Limits, Prices, Reason
from tests.made_case import made_case, made_folds, only_on, remade

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


def left(made: Case, learner: str, folds: tuple[int, ...] = (0, 1), ending: Ending = "partial") -> Case:
    """Leave of a learner what it did on these folds."""
    message = "fold 3: ValueError: no" if ending == "failed" else ""
    return remade(made, [
        only_on(outcome, folds, ending, message) if outcome.candidate.learner == learner else outcome
        for outcome in made.outcomes.values()
    ])  # fmt: skip


def unplanned(made: Case, learner: str) -> Case:
    """Take a learner out, and out of the plan too, as whoever names others does."""
    others = [outcome for outcome in made.outcomes.values() if outcome.candidate.learner != learner]
    entrants = tuple(entrant for entrant in made.plan.entrants if entrant.learner != learner)
    return remade(made, others, plan=replace(made.plan, entrants=entrants))


SLOW = Cost(fit_seconds=1.0, latency_p99_ms=80.0, model_mb=1.0)
SLOW_NETS = dict.fromkeys(("mlp", "realmlp"), SLOW)
SLOW_TREES = dict.fromkeys(("linear", "lightgbm"), SLOW)
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
        ("all nets failed", left(left(case(), "mlp", (), "failed"), "realmlp", (), "failed"),
         "not_enough_evidence", None, ("side_missing",)),
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
        ("the tree's time was up, and linear did better", case(net=0.3, tree=2.0, cut_short=("lightgbm",)),
         "not_enough_evidence", None, ("boosted_tree_cut_short",)),
        ("the tree was left after two folds", left(case(net=0.3), "lightgbm"), "not_enough_evidence", None,
         ("no_boosted_tree",)),
        ("it was stopped on the third", left(case(net=0.3), "lightgbm", ending="timeout"), "not_enough_evidence", None,
         ("no_boosted_tree",)),
        ("it crashed on the third", left(case(net=0.3), "lightgbm", ending="failed"), "not_enough_evidence", None,
         ("no_boosted_tree",)),
        ("it was given up on the third", left(case(net=0.3, tree=2.0), "lightgbm", ending="given_up"), "worth_it",
         "alone", ()),
        ("it was given up while it still learnt",
         left(case(net=0.3, tree=2.0, cut_short=("lightgbm",)), "lightgbm", ending="given_up"),
         "not_enough_evidence", None, ("boosted_tree_cut_short",)),
        ("it is too slow to serve, and was measured", case(net=0.3, limits=QUICK, costs={"lightgbm": SLOW}), "worth_it",
         "alone", ()),
        ("nobody asked for a boosted tree", unplanned(case(net=0.3), "lightgbm"), "worth_it", "alone", ()),
        ("without a tree a net that loses loses all the same",
         left(case(net=0.8, linear=0.5, limits=Limits(single=True)), "lightgbm"), "not_worth_it", "alone", ()),
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
    assert 0.05 < ruled.readings["in_company"].comparison.p_worth < 0.96
    assert ruled.answer == "too_close_to_call"
    single = ruling(case(net=1.0, tree=0.7, min_gain=0.1, limits=Limits(single=True)))
    assert single.answer == "not_worth_it"


@pytest.mark.parametrize(
    ("situation", "alone", "in_company", "answer", "why"),
    [
        ("alone a gain is unlikely", (0.15, 0.19), (0.03, 0.04), "not_worth_it", None),
        ("alone it is not", (0.3, 0.4), (0.03, 0.04), "too_close_to_call", "neither_certain"),
        ("in company nobody is certain", (0.0, 0.0), (0.06, 0.07), "too_close_to_call", "neither_certain"),
        ("the prior makes it unlikely", (0.15, 0.25), (0.03, 0.04), "too_close_to_call", "prior_decides"),
        ("the prior makes it certain", (0.15, 0.19), (0.04, 0.06), "too_close_to_call", "prior_decides"),
        ("the prior decides of a reading that decides nothing", (0.04, 0.06), (0.3, 0.3), "too_close_to_call",
         "neither_certain"),
    ],
)  # fmt: skip
def test_not_worth_it_is_certain_in_company_and_likely_alone(
    situation: str, alone: tuple[float, float], in_company: tuple[float, float], answer: Answer, why: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = case(net=0.9, own=False)
    found = ruling(made).readings
    told = {}
    for how, (p_worth, flat) in (("alone", alone), ("in_company", in_company)):
        told[how] = replace(found[how], comparison=replace(found[how].comparison, p_worth=p_worth, p_worth_flat=flat))
    monkeypatch.setattr("advisor.judging.readings.read", lambda *args, **options: told)
    ruled = ruling(made)
    assert ruled.answer == answer and ruled.how == ("in_company" if answer == "not_worth_it" else None), situation
    assert [reason.code for reason in ruled.because] == [why] * (why is not None)


@pytest.mark.parametrize(
    ("made", "how", "share"),
    [
        (case(net=0.63, limits=Limits(single=True)), "alone", 1.0),
        (case(net=0.5, linear=0.7, own=False, min_gain=0.2), "alone", 0.2),
        (case(net=0.9, min_gain=0.1), "in_company", 0.8),
    ],
    ids=["the only one", "alone", "in company"],
)
def test_worth_it_is_asked_for_its_share_of_the_error_by_each_reading(made: Case, how: How, share: float) -> None:
    chance = ruling(made).readings[how].comparison
    sure = min(chance.p_worth, chance.p_worth_flat)
    assert 0.9 < sure < 0.9999
    confidence = 1 - (1 - sure) / share
    above, below = (ruling(made, confidence=confidence + step) for step in (1e-6, -1e-6))
    assert above.answer == "too_close_to_call"
    assert (below.answer, below.how) == ("worth_it", how)


@pytest.mark.parametrize(
    ("ending", "why", "late"), [("failed", "realmlp: fold 3: ValueError: no", False), ("partial", "", True)]
)
def test_why_there_is_no_strong_net_is_told_and_more_time_promised_only_where_it_was_short(
    ending: Ending, why: str, late: bool
) -> None:
    told = ruling(left(case(net=0.9, own=False), "realmlp", (), ending)).because[0]
    assert told == Reason("no_strong_net", {"left_out": [], "why": why, "late": late})


def test_of_a_side_of_which_one_failed_and_one_was_late_both_are_known() -> None:
    nets = left(left(case(), "mlp", (), "failed"), "realmlp", (), "timeout")
    why, late = ruling(nets).because[0].figures["why"], ruling(nets).because[0].figures["late"]
    assert (why, late) == ("mlp: fold 3: ValueError: no", True)


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


def test_a_boosted_tree_that_lost_a_fold_is_named_with_how_far_it_came() -> None:
    """The same predictions: with the tree's folds it is better than the net, without them linear is the champion."""
    made = case(net=0.6, tree=0.4, limits=Limits(single=True))
    assert ruling(made).answer == "not_worth_it"
    ruled = ruling(left(made, "lightgbm"))
    assert ruled.readings["alone"].without.members == {"linear-default": 1.0}
    assert ruled.readings["alone"].comparison.gain > 0.3
    assert ruled.because == (
        Reason("no_boosted_tree", {"learner": "lightgbm", "judged": 2, "planned": 5, "why": "the budget ran out"}),
    )
    crashed = ruling(left(made, "lightgbm", ending="failed")).because[0]
    assert crashed.figures["why"] == "fold 3: ValueError: no"
    gone = remade(made, [o for o in made.outcomes.values() if o.candidate.learner != "lightgbm"])
    assert ruling(gone).because[0].figures == {
        "learner": "lightgbm", "judged": 0, "planned": 5, "why": "the budget ran out before it began",
    }  # fmt: skip


def test_of_series_and_pictures_it_is_who_is_essential_there_that_has_to_finish() -> None:
    told = {
        "linear": ("classical", TARGET + 1.5 * OWN["linear"]),
        "minirocket": ("classical", TARGET + 0.7 * OWN["lightgbm"]),
        "inception": ("neural", TARGET + 0.3 * OWN["realmlp"]),
    }
    made = made_case(TARGET, told, strong=("minirocket", "inception"))  # type: ignore[arg-type]
    made = replace(made, dataset=replace(made.dataset, modality="sequence"))
    assert ruling(made).answer == "worth_it"
    outcomes = [o for o in made.outcomes.values() if o.candidate.learner != "minirocket"]
    gone = ruling(remade(made, outcomes))
    assert gone.answer == "not_enough_evidence" and gone.because[0].code == "no_strong_opponent"
    assert gone.because[0].figures["learner"] == "minirocket"


def test_one_boosted_tree_that_finished_is_enough() -> None:
    told = {
        "linear": ("classical", TARGET + 1.5 * OWN["linear"]),
        "lightgbm": ("classical", TARGET + 0.7 * OWN["lightgbm"]),
        "xgboost": ("classical", TARGET + 0.8 * OWN["lightgbm"]),
        "realmlp": ("neural", TARGET + 0.3 * OWN["realmlp"]),
    }
    made = made_case(TARGET, told)  # type: ignore[arg-type]
    assert ruling(left(made, "lightgbm")).answer == "worth_it"
    neither = ruling(left(left(made, "lightgbm"), "xgboost", (0, 1, 2)))
    assert neither.because[0].figures["learner"] == "xgboost", "who came furthest"
    late = made_case(TARGET, told, cut_short=("xgboost",))  # type: ignore[arg-type]
    assert ruling(left(late, "lightgbm")).because == (Reason("classical_cut_short", {"learner": "xgboost"}),)


@pytest.mark.parametrize(
    ("net", "tree", "linear", "weak", "answer"),
    [(0.3, 1.6, 1.2, "lightgbm", "worth_it"), (0.9, 0.3, 1.2, "realmlp", "not_worth_it")],
    ids=["the tree was behind", "the strong net was behind"],
)
def test_who_was_behind_and_not_repeated_had_its_chance(
    net: float, tree: float, linear: float, weak: str, answer: Answer
) -> None:
    """Only those in front go on to a second repeat of the folds."""
    made = case(net, tree, linear=linear, folds=made_folds(TARGET, repeats=2), limits=Limits(single=True))
    ruled = ruling(left(made, weak, tuple(range(5)), "complete"))
    assert {fold.repeat for fold in made.matrix.folds} == {0, 1} and ruled.chosen is not None
    assert f"{weak}-default" not in {key for members in ruled.chosen.members.values() for key in members}
    assert (ruled.answer, ruled.because) == (answer, ())


def test_no_net_meets_the_limits_only_if_a_strong_one_was_asked() -> None:
    """mlp is too slow; realmlp is not, as the one fold shows that it did."""
    quick = case(limits=QUICK, costs={"mlp": SLOW})
    ruled = ruling(left(quick, "realmlp", (0,)))
    assert ruled.answer == "not_enough_evidence"
    assert [(why.code, why.figures["learners"]) for why in ruled.because] == [("nets_unfinished", ["realmlp"])]
    assert "80 ms" in ruled.because[0].figures["why"]
    slow = case(limits=QUICK, costs=SLOW_NETS)
    known = ruling(left(slow, "realmlp", (0,)))
    assert (known.answer, known.because[0].code) == ("not_worth_it", "nets_barred"), "one fold shows what it takes"
    unknown = ruling(left(slow, "realmlp", (), "failed"))
    assert (unknown.answer, unknown.because[0].code) == ("not_enough_evidence", "no_strong_net")


def test_no_net_can_be_read_whether_strong_or_weak() -> None:
    ruled = ruling(left(case(limits=Limits(interpretable=True)), "realmlp", (), "failed"))
    assert (ruled.answer, ruled.because[0].code) == ("not_worth_it", "nets_barred")


def test_a_net_that_nobody_has_timed_does_not_miss_a_limit() -> None:
    """One net is too slow and the other was not measured: nobody knows that none may serve."""
    made = case(limits=QUICK, costs={"realmlp": SLOW_NETS["realmlp"], "mlp": Cost(fit_seconds=1.0)})
    assert set(made.barred) == {"realmlp"}
    ruled = ruling(made)
    assert (ruled.answer, ruled.how, ruled.because) == ("not_worth_it", "in_company", ()), (
        "by what was measured, not by a limit"
    )


def test_the_floor_is_a_part_of_the_dummys_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(net=0.3)
    known = ruling(made).readings.values()
    dummy = next(key for key in made.columns if made.outcomes[key].candidate.family == "dummy")
    unit = METRICS["rmse"].error_of_loss(float(losses_of(made, {dummy: 1.0}).by_row.mean()))
    reached = max(reading.without.error - reading.with_nets.error for reading in known) / unit
    for floor, answer in ((0.999 * reached, "worth_it"), (1.001 * reached, "too_close_to_call")):
        monkeypatch.setitem(METRICS, "rmse", replace(METRICS["rmse"], floor=floor))
        assert ruling(made).answer == answer


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


def beside_a_slow_tree(value: float) -> Case:
    """Alone the net takes less than the tree; beside it what the net takes comes on top: 3.6 in serving, 0.05 of
    search, and 0.05 of refits (see test_sides), where an error is worth `value`."""
    costs = {
        "dummy": Cost(fit_seconds=0.001, latency_p50_ms=0.1),
        "linear": Cost(fit_seconds=0.5, latency_p50_ms=0.5),
        "lightgbm": Cost(fit_seconds=10.0, latency_p50_ms=12.0),
        "mlp": Cost(fit_seconds=1.0, latency_p50_ms=10.0),
        "realmlp": Cost(fit_seconds=4.0, latency_p50_ms=10.0),
    }
    return case(net=0.75, prices=Prices(3.6, 1_000, value), costs=costs)


def test_each_reading_is_held_to_what_its_own_sides_cost() -> None:
    made = beside_a_slow_tree(2e-5)
    ruled = ruling(made)
    alone, company = ruled.readings["alone"], ruled.readings["in_company"]
    assert alone.min_gain == 0.01 and alone.comparison.theta_min == pytest.approx(-np.log(0.99))
    extra = 0.001 * (365_000 * 0.010 + 5 * (1.0 + 4.0) + 12 * 4.0)
    perfect = 2e-5 * 365_000 * company.comparison.incumbent_error
    assert company.min_gain == pytest.approx(extra / perfect, rel=1e-3) and company.min_gain > 0.6
    assert company.comparison.gain > 0.2 and company.comparison.p_worth < 0.01
    assert ruled.answer == "too_close_to_call" and ruled.margin == company.min_gain


def test_no_answer_is_read_at_the_largest_margin_that_did_not_carry_one() -> None:
    """Below it there is one at which the net would be worth it; see outlook.would_change."""
    made = beside_a_slow_tree(2e-5)
    ruled = ruling(made)
    at = {margin: ruling(made, min_gain=margin, chosen=ruled.chosen) for margin in (0.01, ruled.margin)}
    assert [found.answer for found in at.values()] == ["worth_it", "not_worth_it"]
    assert {reading.min_gain for reading in at[0.01].readings.values()} == {0.01}


def test_without_both_sides_the_margin_is_the_one_asked_for() -> None:
    made = without(case(prices=Prices(**PRICES, engineering_cost=1e6)), "neural")  # type: ignore[arg-type]
    assert ruling(made).margin == made.question.min_gain


def test_the_same_model_twice_never_pays() -> None:
    alike = case(net=0.7, own=False)
    ruled = ruling(alike)
    assert (ruled.answer, ruled.how, ruled.because) == ("not_worth_it", "in_company", ())
    assert ruled.readings["alone"].comparison.theta == 0
