"""Equal time against equal trials: who would have been entered after as many trials as the other side had."""

from dataclasses import replace

import pytest

from advisor.effort import effort, trials_in_order
from advisor.records import Constraints, Trial
from advisor.standings import standings
from tests.made import DATASET, PROFILE, all_outcomes, outcome, plan


def study(learner, part, errors, began, chosen=None, noise=0.5):
    """A study that begins with the default; `chosen` is the number of what won (None: the default)."""
    trials = tuple(Trial(k, {"depth": k} if k else {}, e, 1.0, "complete", began + k) for k, e in enumerate(errors))
    params = {"depth": chosen} if chosen else {}
    return outcome(learner, part, noise, errors[chosen or 0], "tuned", trials=trials, params=params)


def run(tree, net, chosen=(3, 1), **changes):
    """Both families' studies on all cuts; a tree's trials follow quickly on each other, the net has few."""
    chosen_plan = plan()
    first = {"xgboost": tree[0], "mlp": net[0]}
    outcomes = []
    for item in all_outcomes(chosen_plan, inner={"linear": 0.9, **first}):
        began = {"dummy": 0.0, "linear": 1.0, "xgboost": 2.0, "mlp": 3.0}[item.job.learner]
        outcomes.append(replace(item, trials=(replace(item.trials[0], started_at=began),)))
    for part in chosen_plan.splits.parts:
        outcomes.append(study("xgboost", part, tree, 2.0, chosen[0], **changes))
        outcomes.append(study("mlp", part, net, 3.0, chosen[1], **changes))
    standing = standings(DATASET, PROFILE, chosen_plan, outcomes, Constraints())
    return effort(DATASET, PROFILE, chosen_plan, standing, outcomes), outcomes


def test_a_side_with_more_trials_is_cut_back_to_the_other_s():
    """The tree's third trial is its best; with one beside the defaults, as the net had, it has not got there yet."""
    told, outcomes = run(tree=[0.20, 0.19, 0.18, 0.10], net=[0.17, 0.15])
    assert told["trials"] == {"classical": 3 * 3, "neural": 3 * 1}
    assert told["equal_trials_used"] == 3
    assert [trial.number for _, trial in trials_in_order(outcomes, "classical", 0)] == [0, 0, 1, 2, 3]
    assert told["inner_gain"]["equal_time"] == pytest.approx(1 - 0.15 / 0.10)
    assert told["inner_gain"]["equal_trials"] == pytest.approx(1 - 0.15 / 0.19)
    assert told["sign_differs"] and told["side_of_margin_differs"]
    assert told["same_choice_on_cuts"] == {"classical": 0, "neural": 3}
    assert "not judged on the outer rows" in told["outer"]["reason"] and "3 of 3" in told["outer"]["reason"]


def test_defaults_are_nobody_s_trials():
    """Without tuning both readings are one, however many learners a family has."""
    told, _ = run(tree=[0.20], net=[0.17], chosen=(None, None))
    assert told["equal_trials_used"] == 0
    assert told["inner_gain"]["equal_time"] == told["inner_gain"]["equal_trials"] == pytest.approx(1 - 0.17 / 0.20)


def test_where_a_default_would_have_been_entered_the_outer_gain_is_known():
    told, _ = run(tree=[0.20, 0.21, 0.18, 0.10], net=[0.17, 0.15])
    assert told["same_choice_on_cuts"] == {"classical": 0, "neural": 3}
    assert told["outer"]["low"] <= told["outer"]["estimate"] <= told["outer"]["high"]


def test_equal_trials_already():
    told, _ = run(tree=[0.20, 0.19], net=[0.17, 0.16], chosen=(1, 1))
    assert "same configurations" in told["outer"]["reason"]
    assert told["inner_gain"]["equal_time"] == told["inner_gain"]["equal_trials"]
    assert not told["sign_differs"]


def test_a_default_that_was_not_clearly_beaten_stays():
    told, _ = run(tree=[0.20, 0.19, 0.18, 0.19], net=[0.17, 0.16], chosen=(None, 1))
    assert told["same_choice_on_cuts"]["classical"] == 3


def test_trials_that_came_to_nothing_count_as_trials():
    chosen_plan = plan()
    pruned = Trial(1, {"depth": 1}, None, 1.0, "pruned", 2.0)
    item = outcome("mlp", chosen_plan.splits.parts[0], 0.5, 0.2)
    assert len(trials_in_order([replace(item, trials=(*item.trials, pruned))], "neural", 0)) == 2


def test_no_reading_without_both_families():
    chosen_plan = plan()
    outcomes = [item for item in all_outcomes(chosen_plan) if item.job.family != "neural"]
    standing = standings(DATASET, PROFILE, chosen_plan, outcomes, Constraints())
    assert set(effort(DATASET, PROFILE, chosen_plan, standing, outcomes)) == {"reason"}
