"""What would change the answer: a figure where the run carries one, the reason for silence where it does not."""

from dataclasses import replace

import numpy as np
import pytest

from advisor import plan as plans
from advisor import would_change
from advisor.evidence import compare_pairs
from advisor.learners import find
from advisor.metrics import METRICS
from advisor.records import Budget, Constraints, Cost, Trial
from advisor.standings import standings
from advisor.verdict import ruling
from tests.made import DATASET, PROFILE, TARGET, all_guessing, all_outcomes, outcome, plan

BUDGET = Budget(600.0, 60)


def ran(trials=(), chosen=None, outcomes=None):
    """A run in which each cut's studies had so many trials; returns plan, standing, comparison and outcomes."""
    chosen = chosen or plan()
    outcomes = all_outcomes(chosen) if outcomes is None else outcomes
    for part in chosen.splits.parts if trials else ():
        for learner, inner in (("xgboost", 0.1), ("mlp", 0.2)):
            tried = tuple(Trial(k, {}, inner * error, 1.0, "complete", float(k)) for k, error in enumerate(trials))
            outcomes.append(outcome(learner, part, 0.5, inner * min(trials), "tuned", trials=tried))
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    losses = standing.losses
    comparison = compare_pairs(losses["classical"], losses["neural"], standing.cuts, METRICS[chosen.metric])
    return chosen, standing, comparison, outcomes


def test_expected_best_is_that_of_draws_with_replacement():
    rng = np.random.default_rng(0)
    errors = rng.gamma(2.0, size=12)
    drawn = rng.choice(errors, (200_000, 5)).min(axis=1).mean()
    assert would_change.expected_best(errors, 5) == pytest.approx(drawn, rel=0.01)
    assert would_change.expected_best(errors, 1) == pytest.approx(errors.mean())
    assert would_change.expected_best(errors, 10_000) == pytest.approx(errors.min())


def test_a_search_that_stands_still_gains_nothing_and_one_that_moves_does():
    still, draws = would_change.doubled([np.full(10, 0.3)])
    assert still < 1e-12 and draws.max() < 1e-12
    moving, draws = would_change.doubled([np.linspace(0.2, 0.4, 10)])
    assert moving > 0.02 and np.quantile(draws, 0.05) > 0


def test_twice_the_trials_say_what_they_may_gain():
    told = would_change.larger_budget(*ran(trials=(1.0, 0.95, 0.9, 0.99, 0.85, 0.97)))
    assert told["trials"] == {"classical": 18, "neural": 18}
    assert all(0 <= g["low"] <= g["estimate"] <= g["high"] < 0.1 for g in told["gain"].values())
    assert 0 < told["p_worth"] < 1 and "reason" not in told


def test_too_few_trials_are_no_search():
    told = would_change.larger_budget(*ran(trials=(1.0, 0.9, 0.8, 0.7)))
    assert "fewer than 5 trials" in told["reason"] and told["gain"] == {"classical": None, "neural": None}


def test_all_cuts_would_show_a_smaller_gain_and_repeats_would_not():
    some = [item for item in all_outcomes(plan()) if item.job.split < 2]
    chosen, standing, comparison, outcomes = ran(outcomes=some)
    told = would_change.larger_budget(chosen, standing, comparison, outcomes)
    assert told["cuts"] == {"run": 2, "planned": 3}
    assert np.log1p(-told["detectable_gain"]) == pytest.approx(-comparison.detectable_theta * (2 / 3) ** 0.5)
    chosen = plan(repeats=2)
    first = [item for item in all_outcomes(chosen) if item.job.split < 3]
    assert would_change.larger_budget(*ran(chosen=chosen, outcomes=first))["detectable_gain"] is None


def test_a_gpu_brings_in_whom_it_would_pay_for():
    rows = replace(PROFILE, rows=20_000, columns=tuple(PROFILE.columns))
    chosen, _, _, outcomes = ran()
    net = find("ft_transformer")
    needed = plans.FEWEST_SECONDS * net.seconds(20_000, 0)
    budget = needed / plans.fit_seconds(chosen.splits, 1.0, 1) / net.gpu_speed
    left_out = replace(chosen, learners=("dummy", "xgboost"), unaffordable=("ft_transformer",))
    told = would_change.gpu(left_out, rows, outcomes, Budget(1.01 * budget, 60), 1)
    assert told["brought_in"] == ["ft_transformer"] and told["assumed_speed"] == net.gpu_speed
    assert "not tried" in told["reason"]


def test_a_gpu_lets_those_finish_whose_time_was_up():
    chosen, _, _, outcomes = ran()
    short = [replace(item, cut_short=item.job.family in ("neural", "classical")) for item in outcomes]
    assert would_change.gpu(chosen, PROFILE, short, BUDGET, 1)["cut_short"] == ["mlp"]


def test_no_word_of_a_gpu_where_it_would_not_matter():
    chosen, _, _, outcomes = ran()
    assert would_change.gpu(chosen, PROFILE, outcomes, BUDGET, 1) == {"reason": "no net was held back by time"}
    used = [replace(item, cost=Cost(device="cuda", device_name="A GPU")) for item in outcomes]
    assert "A GPU" in would_change.gpu(chosen, PROFILE, used, BUDGET, 1)["reason"]


def test_weights_that_are_not_there_are_named():
    chosen, standing, _, _ = ran()
    without = replace(
        chosen, skipped={"tabicl": "needs pre-trained weights (TabICL); --foundation says where they are"}
    )
    told = would_change.pretrained(DATASET, PROFILE, without, standing)
    assert list(told["lacking"]) == ["tabicl"] and "without trying" in told["reason"]
    large = replace(PROFILE, rows=10**6)
    assert "fits this data" in would_change.pretrained(DATASET, large, without, standing)["reason"]


def test_a_pre_trained_net_that_took_part_has_its_gain():
    chosen = plan()
    outcomes = all_outcomes(chosen)
    for part in chosen.splits.parts:
        item = outcome("mlp", part, 0.3, 0.05)
        outcomes.append(replace(item, job=replace(item.job, learner="prior_fitted")))
    chosen, standing, _, _ = ran(outcomes=outcomes)
    told = would_change.pretrained(DATASET, PROFILE, chosen, standing)["took_part"]["prior_fitted"]
    assert told["champion_on_cuts"] == told["cuts"] == 3
    assert told["gain"]["low"] < told["gain"]["estimate"] < told["gain"]["high"]


def margin_told(answer, standing, chosen, **options):
    known = {"constraints": Constraints(), "min_gain": 0.5, "confidence": 0.95}
    return would_change.smaller_margin(standing, chosen, answer, **{**known, **options})


def test_at_a_smaller_margin_the_answer_would_indeed_be_worth_it():
    chosen, standing, _, _ = ran(outcomes=all_outcomes(plan(), {"xgboost": 0.9, "mlp": 0.5}))
    margin = margin_told("too_close_to_call", standing, chosen)["min_gain"]
    assert 0 < margin < 0.5
    at = [
        ruling(standing, chosen, constraints=Constraints(), min_gain=asked, confidence=0.95).answer
        for asked in (margin, margin + 1e-4)
    ]
    assert at == ["worth_it", "too_close_to_call"]


def test_a_smaller_margin_has_no_figure_where_none_would_help():
    chosen, better, _, _ = ran(outcomes=all_outcomes(plan(), {"xgboost": 0.9, "mlp": 0.2}))
    assert "at the margin asked for" in margin_told("worth_it", better, chosen)["reason"]
    worse = ran(outcomes=all_outcomes(plan(), {"xgboost": 0.2, "mlp": 0.9}))[1]
    assert "certain not to gain anything" in margin_told("not_worth_it", worse, chosen)["reason"]
    alike = ran(outcomes=all_outcomes(plan(), {"xgboost": 0.6, "mlp": 0.6}))[1]
    assert "neither side reaches 95 % certainty" in margin_told("too_close_to_call", alike, chosen)["reason"]
    guesses = ran(outcomes=all_guessing(plan()))[1]
    assert "constant guess" in margin_told("no_signal", guesses, chosen)["reason"]
    alone = ran_alone()
    assert "no comparison" in margin_told("not_enough_evidence", alone, chosen)["reason"]


def test_a_smaller_margin_does_not_lift_a_floor(monkeypatch):
    monkeypatch.setitem(METRICS, "roc_auc", replace(METRICS["roc_auc"], floor=0.5))
    chosen, standing, _, _ = ran(outcomes=all_outcomes(plan(), {"xgboost": 0.9, "mlp": 0.2}))
    assert "below the floor" in margin_told("too_close_to_call", standing, chosen)["reason"]


def ran_alone():
    """What stands where no net finished."""
    some = [item for item in all_outcomes(plan()) if item.job.family != "neural"]
    return standings(DATASET, PROFILE, plan(), some, Constraints())


@pytest.mark.parametrize(("finished", "part"), [(2, "parts have both classes"), (1, "both sides might finish")])
def test_where_every_cut_that_ran_has_one_class_all_is_said_that_there_is_to_say(finished, part):
    some = [replace(o, error=float("nan")) for o in all_outcomes(plan()) if o.job.split < finished]
    parts = tuple(replace(each, test=each.test[TARGET[each.test] == 0]) for each in plan().splits.parts)
    chosen = replace(plan(), splits=replace(plan().splits, parts=parts))
    some = [replace(o, predictions=o.predictions[: len(parts[o.job.split].test)]) for o in some]
    standing = standings(DATASET, PROFILE, chosen, some, Constraints())
    told = would_change.larger_budget(chosen, standing, None, some)
    assert part in told["reason"] and told["detectable_gain"] is None
    assert told["cuts"] == {"run": 0, "planned": 3 - finished}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({}, "with more time both sides might finish"),
        ({"barred": {"mlp": "too slow"}}, "the neural learners that finished miss the constraints"),
        ({"learners": ("dummy", "linear")}, "no neural learner takes part, whatever the time"),
    ],
)
def test_more_time_is_promised_only_where_it_would_help(change, part):
    chosen = replace(plan(), **{key: value for key, value in change.items() if key == "learners"})
    standing = replace(ran_alone(), **{key: value for key, value in change.items() if key == "barred"})
    assert part in would_change.larger_budget(chosen, standing, None, [])["reason"]


def test_everything_there_is_to_say_is_said():
    chosen, standing, comparison, outcomes = ran()
    told = would_change.would_change(
        DATASET, PROFILE, chosen, standing, comparison, outcomes, [],
        answer="too_close_to_call", constraints=Constraints(), min_gain=0.02, confidence=0.95, budget=BUDGET, workers=2,
    )  # fmt: skip
    assert set(told) == {"more_rows", "gpu", "larger_budget", "smaller_margin", "pretrained"}
    assert told["more_rows"]["reason"] and told["more_rows"]["detectable_2n"]
