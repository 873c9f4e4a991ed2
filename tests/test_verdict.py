"""House rules as a table in plain words: from what was measured to one of five answers."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.prices import Prices
from advisor.records import Constraints, Finding, Look
from advisor.sentences import chance, percent
from advisor.standings import standings
from advisor.verdict import judge, margin_at
from tests.made import DATASET, PROFILE, TARGET, all_guessing, all_outcomes, plan


def answer(noises=None, inner=None, *, constraints=None, outcomes=None, profile=PROFILE, **options):
    chosen = plan()
    outcomes = all_outcomes(chosen, noises, inner) if outcomes is None else outcomes
    constraints = constraints or Constraints()
    standing = standings(DATASET, profile, chosen, outcomes, constraints)
    return judge(DATASET, profile, chosen, standing, outcomes, constraints=constraints, **options)


def without(family):
    return [o for o in all_outcomes(plan()) if o.job.family != family]


@pytest.mark.parametrize(
    ("situation", "measured", "expected", "recommended"),
    [
        ("the net is far better", {"noises": {"mlp": 0.2, "xgboost": 0.9}}, "worth_it", "mlp"),
        ("the net is far worse", {"noises": {"mlp": 0.9, "xgboost": 0.2}}, "not_worth_it", "xgboost"),
        ("both are alike", {"noises": {"mlp": 0.6, "xgboost": 0.6}}, "too_close_to_call", "xgboost"),
        (
            "nobody is seen to beat the dummy",
            {"noises": {"mlp": 90, "xgboost": 90, "linear": 90}},
            "not_enough_evidence",
            "xgboost",
        ),
        ("no net finished", {"outcomes": without("neural")}, "not_enough_evidence", "xgboost"),
        ("no classical learner finished", {"outcomes": without("classical")}, "not_enough_evidence", "mlp"),
        (
            "no net may serve",
            {"outcomes": without("neural"), "constraints": Constraints(True)},
            "not_worth_it",
            "linear",
        ),
    ],
)
def test_rules(situation, measured, expected, recommended):
    verdict = answer(**measured)
    assert (verdict.answer, verdict.recommended["learner"]) == (expected, recommended), situation
    assert verdict.sentence.endswith(".") and "nan" not in verdict.sentence


def test_no_signal_is_said_where_skill_is_ruled_out():
    verdict = answer(outcomes=all_guessing(plan()))
    assert (verdict.answer, verdict.recommended["learner"]) == ("no_signal", "dummy")
    assert any("is ruled out (97.5 %" in reason for reason in verdict.reasons)


def test_a_net_that_is_worse_than_guessing_does_not_pay_whether_or_not_there_is_a_signal():
    """The classical side may have a little skill or none; the net orders rows the wrong way round."""
    outcomes = all_outcomes(plan(), {"xgboost": 90, "linear": 90})
    for place, item in enumerate(outcomes):
        if item.job.family == "neural":
            outcomes[place] = replace(item, predictions=item.predictions[:, ::-1])
    verdict = answer(outcomes=outcomes)
    assert (verdict.answer, verdict.recommended["family"]) == ("not_worth_it", "classical")


def test_choosing_by_outer_score_would_have_answered_otherwise():
    """The net beats the linear model, not the tree; the tree is champion by inner error, so the net is not worth it."""
    noises = {"mlp": 0.5, "linear": 0.9, "xgboost": 0.2}
    assert answer(noises, {"linear": 0.3, "xgboost": 0.1}).answer == "not_worth_it"
    assert answer(noises, {"linear": 0.1, "xgboost": 0.3}).answer == "worth_it"


def test_a_larger_margin_is_harder_to_reach():
    noises = {"mlp": 0.4, "xgboost": 0.6}
    small, large = answer(noises, min_gain=0.0), answer(noises, min_gain=0.9)
    assert small.answer == "worth_it" and large.answer == "not_worth_it" and small.p_worth > large.p_worth


def test_a_gain_too_small_to_notice_is_too_close_to_call():
    """Two models that order nearly everything well: a large relative gain, and next to nothing in the AUC itself."""
    chosen = plan()
    outcomes = all_outcomes(chosen, {"mlp": 0.1, "xgboost": 0.1})
    for place, item in enumerate(outcomes):
        if item.job.family in ("classical", "neural"):
            target = TARGET[chosen.splits.parts[item.job.split].test]
            risk = target + 0.001 * np.linspace(0, 1, len(target))
            if item.job.family == "classical":
                risk[np.flatnonzero(target)[:1]] = 0.0005
            risk = risk / 2
            outcomes[place] = replace(item, predictions=np.column_stack([1 - risk, risk]))
    verdict = answer(outcomes=outcomes)
    assert verdict.answer in ("too_close_to_call", "not_worth_it")


def test_severe_findings_stand_first_among_the_reasons():
    leak = Finding("L01", "severe", "The column 'x' gives the target away.", "Use --drop x.", {})
    verdict = answer(profile=replace(PROFILE, findings=(leak,)))
    assert verdict.reasons[0] == "The column 'x' gives the target away. Use --drop x."


def test_the_metrics_disagreement_is_said():
    chosen = plan()
    outcomes = all_outcomes(chosen, {"mlp": 0.4, "xgboost": 0.6})
    for place, item in enumerate(outcomes):
        if item.job.learner == "mlp":  # the same order of rows, and absurdly sure of itself
            outcomes[place] = replace(item, predictions=np.clip((item.predictions - 0.5) * 50 + 0.5, 1e-6, 1 - 1e-6))
    assert any("the two metrics disagree" in reason for reason in answer(outcomes=outcomes).reasons)


def test_costs_name_both_sides_and_their_ratio():
    cost = answer().cost
    assert cost["neural"]["fit_seconds"] == 0.5 and cost["ratio"]["fit_seconds"] == 1.0
    assert cost["classical"]["trials"] == 2 * cost["neural"]["trials"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0234, "2.3 %"), (0.456, "46 %"), (-0.0004, "-0.04 %"), (-1e-9, "0.00 %"), (0.0999, "10.0 %")],
)
def test_percent(share, text):
    assert percent(share) == text


def test_too_few_rows_to_see_a_signal_are_not_called_no_signal():
    """A strong model on the rows of two small cuts: uncertain, but no sign that there is nothing to learn."""
    chosen = plan()
    few = [np.arange(20), np.arange(20, 40)]
    parts = tuple(
        replace(part, test=test, train=np.arange(40, 600)) for part, test in zip(chosen.splits.parts, few, strict=False)
    )
    chosen = replace(chosen, splits=replace(chosen.splits, folds=2, parts=parts))
    outcomes = all_outcomes(chosen, {"mlp": 0.9, "xgboost": 0.9, "linear": 0.9})
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    verdict = judge(DATASET, PROFILE, chosen, standing, outcomes, constraints=Constraints())
    assert verdict.answer == "not_enough_evidence" and "more rows or a larger budget" in verdict.sentence


def test_a_hopeless_net_is_told_in_times_and_not_in_thousands_of_per_cent():
    sentence = answer({"mlp": 1.5, "xgboost": 0.15}).sentence
    assert "times as much error" in sentence and "-" not in sentence.replace("1 - AUC", "")


def test_a_chance_is_never_certain():
    assert [chance(p) for p in (1.0, 0.99, 0.5, 0.0)] == ["more than 99 %", "99 %", "50 %", "less than 1 %"]


def test_who_was_left_out_for_time_and_who_was_trained_beforehand_is_said():
    def reasons(**changes):
        chosen, none = replace(plan(), **changes), Constraints()
        standing = standings(DATASET, PROFILE, chosen, all_outcomes(chosen), none)
        return " ".join(judge(DATASET, PROFILE, chosen, standing, all_outcomes(chosen), constraints=none).reasons)

    assert "did not pay for tabm, resnet; a larger one" in reasons(unaffordable=("tabm", "resnet"))
    assert "tabicl was trained beforehand (weights: TabICL, BSD-3-Clause)" in reasons(
        learners=(*plan().learners, "tabicl")
    )
    assert "did not pay" not in reasons() and "beforehand" not in reasons()


def test_a_net_that_alone_is_worse_may_add_to_a_blend():
    """Two that err independently: their mean is better than either, and the classical blend has nothing of the kind."""
    chosen = plan()
    seen = {
        name: np.random.default_rng(place).normal(size=len(TARGET)) for place, name in enumerate(("xgboost", "mlp"))
    }
    outcomes = []
    for item in all_outcomes(chosen, inner={"mlp": 0.2, "xgboost": 0.1}):
        name, part = item.job.learner, chosen.splits.parts[item.job.split]
        noise = seen.get(name, np.zeros(len(TARGET)))
        risk = 1 / (1 + np.exp(-(1.5 * (TARGET - 0.5) + noise))) if name in seen else np.full(len(TARGET), 0.5)
        told = np.column_stack([1 - risk, risk])
        changes = {"inner_rows": part.train, "inner_predictions": told[part.train], "predictions": told[part.test]}
        outcomes.append(replace(item, **changes))
    verdict = answer(outcomes=outcomes)
    blend = verdict.champions["blend"]
    assert verdict.answer != "worth_it"
    assert blend["gain"]["estimate"] > 0.1 and blend["p_worth"] > 0.95
    assert blend["neural_share"] == blend["weights"]["mlp"] == pytest.approx(0.5, abs=0.15)
    assert blend["score"] > max(verdict.champions[family]["score"] for family in ("classical", "neural"))
    assert blend["cost"]["fit_seconds"] == 1.0, "both members are paid for"
    assert any("Inside an ensemble the nets have" in reason and "% less error" in reason for reason in verdict.reasons)


def test_looks_are_told_as_they_were_taken():
    seen = Look("defaults", 12.0, 0.01, True, 0.975, 3, "hopeless")
    assert answer(looks=(seen,)).looks == (
        {"stage": "defaults", "seconds": 12.0, "p_worth": 0.01, "decided": True, "confidence": 0.975, "cuts": 3,
         "because": "hopeless", "landmarks": None},
    )  # fmt: skip
    known = "The answer was known after the default configurations, at 12 s, and no more was spent on it: hopeless."
    (told,) = (reason for reason in answer(looks=(seen,)).reasons if "was known" in reason)
    assert told.startswith(known) and "is that of defaults, which tuning would move" in told
    assert known in answer(looks=(replace(seen, p_worth=None),)).reasons, "without a comparison there is no interval"
    (tuned,) = (r for r in answer(looks=(replace(seen, stage="tuned"),)).reasons if "was known" in r)
    assert "was a clear one: it tells who is ahead better than by how much" in tuned
    assert not any("was known" in reason for reason in answer(looks=(replace(seen, stage="final"),)).reasons)


def heavier_nets(**cost):
    """All outcomes, where nets cost this much and gain a lot."""
    return [
        replace(o, cost=replace(o.cost, **cost)) if o.job.family == "neural" else o
        for o in all_outcomes(plan(), {"mlp": 0.2, "xgboost": 0.9})
    ]


@pytest.mark.parametrize(
    ("filter_", "cost", "constraints", "reason", "recommended"),
    [
        ("latency", {"latency_p99_ms": 80.0}, Constraints(max_latency_ms=5.0), "too slow", "xgboost"),
        ("size", {"model_mb": 90.0}, Constraints(max_model_mb=50.0), "too large", "xgboost"),
        ("interpretable", {}, Constraints(interpretable=True), "not interpretable", "linear"),
    ],
)
def test_a_constraint_takes_the_better_net_away(filter_, cost, constraints, reason, recommended):
    outcomes = heavier_nets(**cost)
    free, bound = answer(outcomes=outcomes), answer(outcomes=outcomes, constraints=constraints)
    assert (free.answer, free.recommended["learner"]) == ("worth_it", "mlp")
    assert (bound.answer, bound.recommended["learner"]) == ("not_worth_it", recommended), filter_
    assert bound.champions["neural"] is None and any(reason in text for text in bound.reasons)
    net = next(row for row in bound.leaderboard if row["learner"] == "mlp")
    assert net["score"] is not None and reason in net["message"], "what it would have reached is still told"


def test_where_nobody_meets_a_constraint_it_is_the_constraint_that_is_named():
    verdict = answer(constraints=Constraints(max_latency_ms=0.1))
    assert verdict.answer == "not_enough_evidence" and "meets the constraints: too slow" in verdict.sentence


def test_a_net_that_did_not_finish_does_not_fail_a_constraint():
    """One net is too slow and another was too late to be timed: nobody knows that none may serve."""
    chosen = replace(plan(), learners=(*plan().learners, "realmlp"))
    outcomes, bound = heavier_nets(latency_p99_ms=80.0), Constraints(max_latency_ms=5.0)
    standing = standings(DATASET, PROFILE, chosen, outcomes, bound)
    verdict = judge(DATASET, PROFILE, chosen, standing, outcomes, constraints=bound)
    assert verdict.answer == "not_enough_evidence"
    assert "No neural learner that finished meets the constraints: too slow" in verdict.sentence


def test_the_reason_for_a_recommendation_claims_no_comparison_that_was_not():
    bound = Constraints(max_latency_ms=5.0)
    said = [
        answer(outcomes=heavier_nets(latency_p99_ms=80.0), constraints=bound).recommended["reason"],
        answer({"mlp": 0.9, "xgboost": 0.2}).recommended["reason"],
        answer(outcomes=without("neural")).recommended["reason"],
        answer({"mlp": 90, "xgboost": 90, "linear": 90}).recommended["reason"],
    ]
    assert said[0] == "no net may serve" and said[1] == "the net does not gain the margin"
    assert "did not" in said[2] and "does not carry an answer" in said[3]


@pytest.mark.parametrize("one_class", [1, 2])
def test_test_parts_of_one_class_are_named_and_no_budget_is_blamed(one_class):
    chosen = plan()
    parts = tuple(
        replace(part, test=part.test[TARGET[part.test] == 0]) if part.number < one_class else part
        for part in chosen.splits.parts
    )
    chosen = replace(chosen, splits=replace(chosen.splits, parts=parts))
    outcomes = [
        replace(o, error=float("nan")) if o.job.split < one_class else o
        for o in all_outcomes(chosen, {"mlp": 0.6, "xgboost": 0.6})
    ]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    said = " ".join(judge(DATASET, PROFILE, chosen, standing, outcomes, constraints=Constraints()).reasons)
    assert f"n {one_class} more cut{'s' * (one_class > 1)} the test rows have one class only" in said
    assert "budget" not in said


def test_money_raises_the_margin_and_says_so():
    timed = [
        replace(o, cost=replace(o.cost, latency_p50_ms=1.0)) for o in all_outcomes(plan(), {"mlp": 0.4, "xgboost": 0.6})
    ]
    asked = answer(outcomes=timed, min_gain=0.01)
    dear = answer(outcomes=timed, min_gain=0.01, priced=Prices(1.0, 1000, 1.0, engineering_cost=1e6))
    fair = answer(outcomes=timed, min_gain=0.01, priced=Prices(1.0, 1000, 1.0, engineering_cost=4e3))
    chosen = plan()
    standing = standings(DATASET, PROFILE, chosen, timed, Constraints())
    looked = margin_at(DATASET, PROFILE, chosen, standing, timed, Prices(1.0, 1000, 1.0, engineering_cost=4e3), 0.01)
    assert looked == fair.min_gain, "a look before the end judges by the same margin"
    assert (asked.answer, fair.answer, dear.answer) == ("worth_it", "worth_it", "not_worth_it")
    error = asked.champions["classical"]["score"]
    # 365,000 predictions, each with 1 - AUC errors worth 1
    assert fair.min_gain == pytest.approx(4e3 / (365_000 * (1 - error)), rel=0.001)
    assert any("rather than 1.0 %" in reason for reason in fair.reasons)
    assert any("not even a net without error" in reason for reason in dear.reasons)
    assert not any("earn back" in reason for reason in asked.reasons) and asked.min_gain == 0.01


def test_a_net_that_was_cut_short_is_not_priced():
    outcomes = [
        replace(o, cut_short=o.job.family == "neural", cost=replace(o.cost, latency_p50_ms=1.0))
        for o in all_outcomes(plan(), {"mlp": 0.9, "xgboost": 0.2})
    ]
    verdict = answer(outcomes=outcomes, priced=Prices(1.0, 1000, 1.0))
    assert verdict.answer == "not_enough_evidence" and verdict.cost["net"] is None
    assert "no fair comparison" in verdict.cost["break_even"]["reason"]


def test_costs_have_the_energy_the_throughput_and_the_front():
    timed = [replace(o, cost=replace(o.cost, predict_ms_per_1000_rows=4.0)) for o in all_outcomes(plan())]
    cost = answer(outcomes=timed).cost
    # three cuts of 1.5 CPU seconds at 12 W
    assert cost["neural"]["energy_wh_estimated"] == pytest.approx(4.5 * 12 / 3600)
    assert cost["neural"]["rows_per_second"] == pytest.approx(250_000)
    assert {point["learner"] for point in cost["pareto"]["points"]} == {"linear", "xgboost", "mlp"}
    assert "--cost-per-hour" in cost["break_even"]["reason"]


def test_studies_that_were_given_up_are_told():
    chosen = plan()
    study = [
        replace(item, job=replace(item.job, stage="tuned"), ended="futility")
        for item in all_outcomes(chosen)
        if item.job.learner == "mlp" and item.job.split < 2
    ]
    told = answer(outcomes=[*all_outcomes(chosen), *study]).reasons
    assert any("mlp on 2 cuts" in reason and "hardly have come within the margin" in reason for reason in told)
    assert not any("given up" in reason for reason in answer().reasons)
