"""The folk rules as a table: where they apply, and what a measured gain makes of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import rules
from advisor.records import Constraints, Finding
from advisor.standings import standings
from advisor.verdict import judge
from tests.made import DATASET, PROFILE, TARGET, all_guessing, all_outcomes, plan

NET_WINS, NET_LOSES, ALIKE = ({"mlp": 0.2, "xgboost": 0.9}, {"mlp": 0.9, "xgboost": 0.2}, {"mlp": 0.6, "xgboost": 0.6})
ROWS = len(TARGET)


def checked(noises=None, *, dataset=DATASET, profile=PROFILE, constraints=None, outcomes=None, **changes):
    """The rules by what their applies-function is called, as a verdict holds them."""
    chosen, constraints = replace(plan(), **changes), constraints or Constraints()
    outcomes = all_outcomes(chosen, noises) if outcomes is None else outcomes
    standing = standings(dataset, profile, chosen, outcomes, constraints)
    found = judge(dataset, profile, chosen, standing, outcomes, constraints=constraints).rules
    return {rule.applies.__name__: row for rule, row in zip(rules.RULES, found, strict=True)}


@pytest.mark.parametrize(
    ("situation", "noises", "agrees", "told"),
    [
        ("the tree wins", NET_LOSES, True, "below nothing"),
        ("the net wins", NET_WINS, False, "above the margin"),
        ("nobody knows", ALIKE, None, "cannot tell"),
        ("perhaps nothing to learn", {"mlp": 90, "xgboost": 90, "linear": 90}, None, "too little evidence"),
    ],
)
def test_trees_win_on_small_tables(situation, noises, agrees, told):
    rule = checked(noises)["small_table"]
    assert (rule["applies"], rule["agrees"]) == (True, agrees), situation
    assert told in rule["evidence"] and "The table has 600 rows." in rule["evidence"]


def test_nobody_wins_where_there_is_no_signal():
    rule = checked(outcomes=all_guessing(plan()))["small_table"]
    assert rule["agrees"] is None and "nobody wins" in rule["evidence"]


def test_a_rule_that_does_not_apply_is_not_judged():
    rule = checked(NET_LOSES, profile=replace(PROFILE, rows=10_000))["small_table"]
    assert (rule["applies"], rule["agrees"], rule["evidence"]) == (False, None, "The table has 10,000 rows.")


def test_no_net_no_judgement():
    only_classical = [o for o in all_outcomes(plan()) if o.job.family != "neural"]
    rule = checked(outcomes=only_classical)["small_table"]
    assert rule["agrees"] is None and "No net was compared" in rule["evidence"]


def test_pre_trained_nets_are_told_beside_those_trained_from_scratch():
    def with_pretrained(noises):
        chosen = plan()
        read = [
            replace(o, job=replace(o.job, learner="prior_fitted"), inner_error=0.05)
            for o in all_outcomes(chosen, {"mlp": 0.1})
            if o.job.learner == "mlp"
        ]
        return [*all_outcomes(chosen, noises), *read]

    noises = {"mlp": 0.95, "xgboost": 0.4}
    found = checked(outcomes=with_pretrained(noises), learners=(*plan().learners, "prior_fitted"))
    scratch = found["few_rows"]
    assert scratch["agrees"] is True and "gain of mlp" in scratch["evidence"]
    assert "For the pre-trained prior_fitted it is" in scratch["evidence"]
    assert found["small_table"]["agrees"] is False, "the pre-trained net is the champion of its family"
    assert "pre-trained" not in checked(noises)["few_rows"]["evidence"]


def test_interpretability_is_priced_by_the_nets_that_ran_beside():
    asked = Constraints(interpretable=True)
    assert checked()["interpretable"]["applies"] is False
    dear = checked({"mlp": 0.2, "linear": 0.9}, constraints=asked)["interpretable"]
    assert dear["agrees"] is False and "mlp, which nobody can read, gains" in dear["evidence"]
    free = checked({"mlp": 0.9, "linear": 0.2}, constraints=asked)["interpretable"]
    assert free["agrees"] is True and "over linear" in free["evidence"]
    alone = [o for o in all_outcomes(plan()) if o.job.learner in ("dummy", "linear")]
    assert checked(outcomes=alone, constraints=asked)["interpretable"]["agrees"] is None


def test_without_a_gpu():
    assert checked(device="cuda")["no_gpu"]["applies"] is False
    fine = checked(unaffordable=("tabm",))["no_gpu"]
    assert fine["agrees"] is False and "did not pay for tabm" in fine["evidence"]
    assert "1 times what" in fine["evidence"], "both fits take half a second"
    slow = [
        replace(o, cost=replace(o.cost, fit_seconds=600.0)) if o.job.family == "neural" else o
        for o in all_outcomes(plan())
    ]
    assert "took 600 s, 1,200 times what xgboost takes" in checked(outcomes=slow)["no_gpu"]["evidence"]
    short = [replace(o, cut_short=o.job.family == "neural") for o in all_outcomes(plan())]
    assert checked(outcomes=short)["no_gpu"]["agrees"] is True
    none = [o for o in all_outcomes(plan()) if o.job.family != "neural"]
    assert checked(outcomes=none)["no_gpu"]["agrees"] is True
    crashed = [*none, replace(all_outcomes(plan())[-1], status="failed", message="ValueError: no", predictions=None)]
    told = checked(outcomes=crashed)["no_gpu"]
    assert told["agrees"] is None and "another reason: ValueError: no" in told["evidence"]
    late = replace(none[1], status="timeout", predictions=None, job=replace(none[1].job, stage="tuned"))
    assert checked(outcomes=[*crashed, late])["no_gpu"]["agrees"] is None, "trees that were late prove nothing of nets"
    not_asked = checked(outcomes=none, learners=("dummy", "linear", "xgboost"))["no_gpu"]
    assert not_asked["agrees"] is None


@pytest.mark.parametrize(
    ("columns", "applies"),
    [
        ({"steady": np.arange(600.0)}, False),
        ({"heavy": np.exp(np.linspace(0, 60, 600))}, True),
        ({"heavy": np.exp(np.linspace(0, 60, 600)), "steady": np.arange(600.0)}, True),
        ({"heavy": np.exp(np.linspace(0, 60, 600)), "a": np.arange(600.0), "b": np.arange(600.0)}, False),
        ({"a rare flag": (np.arange(600) < 3).astype(float)}, False),
    ],
)
def test_heavy_tails_of_columns(columns, applies):
    dataset = replace(DATASET, inputs=pd.DataFrame(columns))
    assert checked(NET_LOSES, dataset=dataset)["heavy_tails"]["applies"] is applies


def test_heavy_tails_of_a_target():
    value = replace(DATASET, task="regression", classes=(), target=np.exp(np.linspace(0, 60, ROWS)))
    seen = rules.Seen(value, PROFILE, plan(), None, (), None, "worth_it", Constraints(), 0.02)
    assert rules.heavy_tails(seen)[0] and not rules.heavy_tails(replace(seen, dataset=DATASET))[0]


def test_drift_counts_where_the_cuts_follow_time():
    rising = pd.DataFrame({"a": np.arange(ROWS, dtype=float)})
    ordered = replace(DATASET, inputs=rising, times=np.arange(ROWS), time_name=None)
    random_cuts = checked(NET_LOSES, dataset=ordered)["drift"]
    assert (random_cuts["applies"], random_cuts["agrees"]) == (True, None) and "hides a drift" in random_cuts[
        "evidence"
    ]
    forward = replace(plan().splits, kind="forward")
    assert checked(NET_LOSES, dataset=ordered, splits=forward)["drift"]["agrees"] is True
    itself = replace(ordered, time_name="a")
    assert checked(NET_LOSES, dataset=itself)["drift"]["applies"] is False, "time itself is no drift"


def test_drift_without_a_time_is_what_the_findings_say():
    assert checked(NET_LOSES)["drift"]["applies"] is False
    for code, evidence in (("S01", {"drift_auc": 0.81}), ("S01", {"drift_auc": {"a": 0.81}}), ("S04", {"auc": 0.81})):
        finding = Finding(code, "info", "", "", evidence)
        rule = checked(NET_LOSES, profile=replace(PROFILE, findings=(finding,)))["drift"]
        assert rule["applies"] is True and "0.81" in rule["evidence"]


def test_groups():
    assert checked()["grouped"]["applies"] is False
    found = checked(NET_LOSES, dataset=replace(DATASET, groups=np.arange(ROWS) // 5, group_name="who"))["grouped"]
    assert (found["applies"], found["agrees"]) == (True, True) and "who has 120 values" in found["evidence"]
