"""A verdict as a whole: the answer of the moment when it was known, the model by all that was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.verdict import judge
from advisor.records import Case, Cost, Finding, Look, Prices, Verdict
from tests.made_case import made_case, made_folds, only_on, probabilities, remade

ROWS = 600
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
OWN = {name: rng.standard_normal(ROWS) for name in ("linear", "lightgbm", "realmlp")}
NOISES = {"linear": 1.5, "lightgbm": 0.7, "realmlp": 0.4}
LATENCIES = {"dummy": 0.1, "linear": 0.5, "lightgbm": 2.0, "realmlp": 3.0}
FAMILY = {"linear": "classical", "lightgbm": "classical", "realmlp": "neural"}


def case(noises: dict[str, float] | None = None, **options: object) -> Case:
    told = {name: (FAMILY[name], TARGET + (NOISES | (noises or {}))[name] * own) for name, own in OWN.items()}
    return made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told}, **options)  # type: ignore[arg-type]


def verdict(made: Case) -> Verdict:
    return judge(made, made)


def remarks(made: Case) -> dict[str, dict[str, object]]:
    return {reason.code: dict(reason.figures) for reason in verdict(made).remarks}


def test_everything_there_is_to_say_is_in_it() -> None:
    seen = Look("final", 12.0, {"alone": 0.99}, True, 0.95, 5)
    made = case()
    found = judge(made, made, (seen,))
    assert found.answer == "worth_it" and found.how == "alone" and found.because == ()
    assert set(found.readings) == {"alone", "in_company"} and found.min_gain == 0.01
    assert found.champions["neural"].learner == "realmlp" and found.champions["blend"] is not None
    assert len(found.board) == 4 and len(found.rules) == 7 and found.looks == (seen,)
    assert found.account.neural.fit_seconds == 1.0
    assert found.recommended.option is not None


@pytest.mark.parametrize(
    ("situation", "noises", "recommended"),
    [
        ("the tree is best by far", {"realmlp": 4.0, "lightgbm": 0.1}, "classical"),
        ("the net is best by far", {"realmlp": 0.1, "lightgbm": 4.0}, "neural"),
        ("both err in ways of their own", {"realmlp": 0.7, "lightgbm": 0.7}, "blend"),
    ],
)
def test_what_is_recommended_is_what_is_best_to_use(situation: str, noises: dict[str, float], recommended: str) -> None:
    assert verdict(case(noises)).recommended.which == recommended, situation


@pytest.mark.parametrize("value", [1e-5, 2e-5])
def test_what_is_spent_after_the_answer_is_not_held_against_the_model_that_it_served(value: float) -> None:
    """The price of trials that came later is in neither the margin of the answer nor that of the recommendation."""
    costs = {name: Cost(fit_seconds=4.0, latency_p50_ms=latency) for name, latency in LATENCIES.items()}
    made = case({"realmlp": 0.45}, prices=Prices(3.6, 100.0, value), costs=costs)
    default = made.outcomes["realmlp-default"]
    later = [
        replace(default, candidate=(tuned := replace(default.candidate, params={"x": place})),
                results={n: replace(r, candidate=tuned, losses=1.01 * r.losses) for n, r in default.results.items()})
        for place in range(30)
    ]  # fmt: skip
    found = judge(made, remade(made, [*made.outcomes.values(), *later]))
    assert found.answer == "worth_it" and found.min_gain > made.question.min_gain, "prices raise the margin"
    assert found.recommended.which == verdict(made).recommended.which == "neural"


def test_nothing_spent_after_the_answer_moves_it() -> None:
    """A better net that was found after the answer is used, and the answer stays."""
    before = case({"realmlp": 0.75})
    extra = made_case(TARGET, {"realmlp#2": ("neural", TARGET + 0.05 * OWN["realmlp"])})
    after = remade(before, [*before.outcomes.values(), *extra.outcomes.values()])
    found = judge(before, after)
    assert found.answer == verdict(before).answer and found.readings == verdict(before).readings
    assert found.recommended.which == "neural" and "realmlp" in found.recommended.learner
    assert found.champions["neural"].params["realmlp"] and found.champions["neural"].score < 0.06
    row = next(row for row in found.board if row.learner == "realmlp")
    assert row.trials == 2


def test_no_signal_recommends_the_constant() -> None:
    told = {name: (family, 0.01 * OWN[name]) for name, family in FAMILY.items()}
    made = made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told})  # type: ignore[arg-type]
    found = verdict(made)
    assert (found.answer, found.recommended.which) == ("no_signal", "dummy")


def test_without_a_comparison_there_is_still_a_model_and_no_account_of_money() -> None:
    made = case(prices=Prices(1.0, 1000.0, 1.0))
    no_net = remade(made, [outcome for outcome in made.outcomes.values() if outcome.candidate.family != "neural"])
    found = verdict(no_net)
    assert found.answer == "not_enough_evidence" and found.recommended.which in ("classical", "classical_blend")
    assert found.readings == {} and found.champions["neural"] is None
    assert found.account.net is None and "no fair comparison" in found.account.break_even.reason
    nothing = verdict(remade(made, []))
    assert nothing.recommended.which == "dummy" and nothing.recommended.option is None


def test_severe_findings_stand_first_among_the_remarks() -> None:
    leak = Finding("L01", "severe", "The column 'x' gives the target away.", "Use --drop x.", {})
    mild = replace(leak, severity="info")
    found = verdict(case(findings=(mild, leak))).remarks
    assert found[0].code == "severe_finding" and found[0].figures["advice"] == "Use --drop x."
    assert sum(reason.code == "severe_finding" for reason in found) == 1


def test_what_the_interval_rests_on() -> None:
    assert remarks(case())["rests_on"]["rows"] == ROWS
    assert remarks(case(folds=made_folds(TARGET, repeats=2)))["rests_on"]["repeats"] == 2
    plain = remarks(case())
    assert set(plain) == {"rests_on"}


def test_rows_that_were_drawn_and_folds_that_were_left_are_said() -> None:
    made = case()
    some = replace(made.plan.folds, rows=np.arange(0, ROWS, 2))
    drawn = replace(made, plan=replace(made.plan, folds=some))
    assert remarks(drawn)["rows_drawn"] == {"used": 300, "rows": ROWS}
    few = remade(made, [only_on(outcome, (0, 1, 2)) for outcome in made.outcomes.values()])
    assert remarks(few)["folds_left"] == {"judged": 3, "planned": 5, "why": "", "late": True}
    nets = [outcome for outcome in made.outcomes.values() if outcome.candidate.family == "neural"]
    failing = [only_on(net, (0, 1, 2), "failed", "fold 4: ValueError: no") for net in nets]
    told = remarks(remade(made, [*(o for o in made.outcomes.values() if o not in nets), *failing]))["folds_left"]
    assert (told["judged"], told["late"]) == (3, False) and told["why"].endswith("fold 4: ValueError: no")


def test_who_was_left_out_for_time_is_said() -> None:
    made = case()
    assert remarks(replace(made, plan=replace(made.plan, unaffordable=("tabm",))))["unaffordable"] == {
        "learners": ["tabm"]
    }


def test_blocks_of_time_are_told_one_by_one() -> None:
    made = case()
    ahead = remade(made, plan=replace(made.plan, folds=replace(made.plan.folds, kind="forward")))
    assert len(remarks(ahead)["by_block"]["gains"]) == 5  # type: ignore[arg-type]


def test_steps_in_time_that_could_not_be_judged_are_said() -> None:
    made = case()
    short = remade(made, plan=replace(made.plan, folds=replace(made.plan.folds, kind="forward", one_class=2)))
    assert remarks(short)["steps_of_one_class"] == {"steps": 2, "judged": 5}


def test_the_metrics_disagreement_is_said() -> None:
    own = np.random.default_rng(5)
    target = own.integers(0, 2, ROWS)
    tree, net = probabilities(target, 0.8, own), probabilities(target, 1.4, own)
    sure = np.clip((net - 0.5) * 50 + 0.5, 1e-6, 1 - 1e-6)  # the same order of rows, and absurdly sure of itself
    for told, said in ((net, False), (sure, True)):
        made = made_case(target, {"lightgbm": ("classical", tree), "realmlp": ("neural", told)}, "roc_auc")
        assert ("log_loss_disagrees" in remarks(made)) is said


def test_money_raises_the_margin_and_says_so() -> None:
    timed = Cost(fit_seconds=1.0, latency_p50_ms=1.0)
    prices = Prices(1.0, 1000.0, 1.0, engineering_cost=4e3)
    made = case(prices=prices, costs=dict.fromkeys(("dummy", *FAMILY), timed))
    found = verdict(made)
    error = found.readings["alone"].comparison.incumbent_error
    # 365,000 predictions, each with so much error worth 1
    assert found.min_gain == pytest.approx(4e3 / (365_000 * error), rel=0.01)
    assert remarks(made)["margin_raised"]["asked"] == 0.01
    assert found.account.net.estimate > 0


def money(value: float, *, net: float = 0.75) -> Case:
    """Where an error is worth `value` and the net is quicker than the tree, but not quicker than nothing beside it."""
    costs = {
        "dummy": Cost(fit_seconds=0.001, latency_p50_ms=0.1),
        "linear": Cost(fit_seconds=0.5, latency_p50_ms=0.5),
        "lightgbm": Cost(fit_seconds=10.0, latency_p50_ms=12.0),
        "realmlp": Cost(fit_seconds=4.0, latency_p50_ms=10.0),
    }
    return case({"realmlp": net}, prices=Prices(3.6, 1000.0, value), costs=costs)


@pytest.mark.parametrize(
    ("value", "answer", "recommended", "code"),
    [
        (2e-5, "too_close_to_call", "classical_blend", "best_does_not_pay"),
        (1e-3, "worth_it", "blend", "best"),
    ],
    ids=["two thirds are asked for", "1.4 per cent"],
)
def test_answer_account_and_model_go_by_one_margin(value: float, answer: str, recommended: str, code: str) -> None:
    """A net that adds a quarter to what there is, and what an error has to be worth for that to pay."""
    found = verdict(money(value))
    carrying = found.readings[found.how or "alone"]
    assert found.answer == answer
    assert (found.recommended.which, found.recommended.reason.code) == (recommended, code)
    assert found.min_gain == carrying.min_gain
    as_it_is = found.account.sensitivity[0]
    assert as_it_is.change == "nothing" and as_it_is.min_gain == pytest.approx(found.min_gain)
    assert as_it_is.p_worth == pytest.approx(carrying.comparison.p_worth)
    if found.how is not None:
        assert (found.how, as_it_is.answer) == ("in_company", found.answer)
        assert 0.01 < found.min_gain < 0.02 and found.account.break_even.gain == pytest.approx(found.min_gain)
        assert found.account.net.low > 0


def test_what_was_searched_after_the_answer_is_not_charged_to_it() -> None:
    before = money(1e-3)
    spent = Cost(fit_seconds=1e6, latency_p50_ms=10.0)
    extra = made_case(TARGET, {"realmlp#2": ("neural", TARGET + 0.8 * OWN["realmlp"])}, costs={"realmlp#2": spent})
    found = judge(before, remade(before, [*before.outcomes.values(), *extra.outcomes.values()]))
    assert found.account.neural.spent_seconds > 5e6
    assert found.account.extra == verdict(before).account.extra
    assert found.account.sensitivity[0].min_gain == pytest.approx(found.min_gain)
