"""The folk rules as a table: where they apply, and what a measured gain makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.judging import rules
from advisor.judging.ruling import ruling
from advisor.records import Case, Cost, Finding, Limits, Prices, RuleCheck
from tests.made_case import made_case, only_on, remade

ROWS = 600
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
FAMILY = {"linear": "classical", "xgboost": "classical", "mlp": "neural", "prior_fitted": "neural"}
OWN = {name: rng.standard_normal(ROWS) for name in FAMILY}
NET_WINS, NET_LOSES, ALIKE = ({"mlp": 0.3, "xgboost": 0.9}, {"mlp": 0.9, "xgboost": 0.3}, {"mlp": 0.6, "xgboost": 0.6})


def case(noises: Mapping[str, float] | None = None, **options: object) -> Case:
    """Everybody misses by so much, in a way of their own; one model is asked for."""
    noises = {"linear": 1.5, "xgboost": 0.6, "mlp": 0.6, **(noises or {})}
    told = {name: (FAMILY[name], TARGET + noise * OWN[name]) for name, noise in noises.items()}
    known = {"strong": ("mlp",), "limits": Limits(single=True), **options}
    return made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told}, **known)  # type: ignore[arg-type]


def checked(made: Case) -> dict[str, RuleCheck]:
    """The rules by what their applies-function is called."""
    found = rules.check(made, ruling(made))
    return {rule.applies.__name__: row for rule, row in zip(rules.RULES, found, strict=True)}


def test_what_is_said_of_tables_is_not_told_of_pictures() -> None:
    made = case()
    pictures = replace(made, dataset=replace(made.dataset, modality="image"))
    told = {row.rule for row in rules.check(pictures, ruling(made))}
    assert len(told) == 3 and not any("trees" in words for words in told)


def planned(made: Case, **changes: object) -> Case:
    return replace(made, plan=replace(made.plan, **changes))  # type: ignore[arg-type]


def without_nets(made: Case) -> Case:
    return remade(made, [outcome for outcome in made.outcomes.values() if outcome.candidate.family != "neural"])


@pytest.mark.parametrize(
    ("situation", "noises", "agrees", "told"),
    [
        ("the tree wins", NET_LOSES, True, "below nothing"),
        ("the net wins", NET_WINS, False, "above the margin"),
        ("nobody knows", ALIKE, None, "cannot tell"),
        ("perhaps nothing to learn", {"mlp": 9.0, "xgboost": 9.1, "linear": 9.2}, None, ""),
    ],
)
def test_trees_win_on_small_tables(situation: str, noises: Mapping[str, float], agrees: bool | None, told: str) -> None:
    rule = checked(case(noises))["small_table"]
    assert (rule.applies, rule.agrees) == (True, agrees), (situation, rule.evidence)
    assert told in rule.evidence and rule.evidence.startswith("600 rows took part.")
    assert "xgboost" in rule.evidence or not told


def test_nobody_wins_where_there_is_no_signal() -> None:
    told = {name: (FAMILY[name], 0.01 * OWN[name]) for name in ("linear", "mlp")}
    made = made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told})  # type: ignore[arg-type]
    rule = checked(made)["small_table"]
    assert rule.agrees is None and "nobody wins" in rule.evidence


def test_it_is_the_rows_that_took_part_that_count() -> None:
    made = case(NET_LOSES)
    many = planned(made, folds=replace(made.plan.folds, rows=np.arange(10_000)))
    rule = checked(many)["small_table"]
    assert (rule.applies, rule.agrees, rule.evidence) == (False, None, "10,000 rows took part.")
    assert checked(many)["few_rows"].applies is False


def test_no_net_no_judgement() -> None:
    rule = checked(without_nets(case()))["small_table"]
    assert rule.agrees is None and "No net was compared" in rule.evidence


def test_too_little_evidence_is_no_judgement() -> None:
    made = case(NET_WINS, cut_short=("xgboost",))
    rule = checked(made)["small_table"]
    assert ruling(made).answer == "not_enough_evidence"
    assert rule.agrees is None and "too little evidence" in rule.evidence


def test_pre_trained_nets_are_told_beside_those_trained_from_scratch() -> None:
    found = checked(case({"mlp": 0.95, "xgboost": 0.5, "prior_fitted": 0.1}))
    scratch = found["few_rows"]
    assert scratch.agrees is True and "gain of mlp" in scratch.evidence
    assert "For the pre-trained prior_fitted it is" in scratch.evidence
    assert found["small_table"].agrees is False, "the pre-trained net is the champion of its family"
    assert "pre-trained" not in checked(case(NET_LOSES))["few_rows"].evidence
    assert checked(case({"mlp": 0.95, "xgboost": 0.5}))["few_rows"].agrees is True
    alone = [o for o in case({"prior_fitted": 0.1}).outcomes.values() if o.candidate.learner != "mlp"]
    assert "from scratch finished" in checked(remade(case({"prior_fitted": 0.1}), alone))["few_rows"].evidence


def test_interpretability_is_priced_by_the_nets_that_ran_beside() -> None:
    asked = Limits(interpretable=True)
    assert checked(case())["interpretable"].applies is False
    dear = checked(case({"mlp": 0.2, "linear": 0.9}, limits=asked))["interpretable"]
    assert dear.agrees is False and "mlp, which nobody can read, gains" in dear.evidence
    free = checked(case({"mlp": 0.9, "linear": 0.2}, limits=asked))["interpretable"]
    assert free.agrees is True and "over linear" in free.evidence
    assert checked(without_nets(case(limits=asked)))["interpretable"].agrees is None
    slow = {"mlp": Cost(fit_seconds=1.0, latency_p99_ms=80.0)}
    late = checked(case(limits=Limits(interpretable=True, max_latency_ms=5.0), costs=slow))["interpretable"]
    assert late.agrees is None and "No net that meets the other limits finished" in late.evidence


def test_the_margin_of_a_rule_is_the_one_that_prices_ask_for() -> None:
    """A net that gains two thirds does not refute the rule where nine tenths would be needed to pay for it."""
    dear = {"prices": Prices(1.0, 1_000.0, 1.0, engineering_cost=3e5)}
    for options, agrees in (({}, False), (dear, None)):
        assert checked(case(NET_WINS, **options))["small_table"].agrees is agrees  # type: ignore[arg-type]
    readable = Limits(interpretable=True)
    for options, agrees in (({}, False), (dear, True)):
        found = checked(case({"mlp": 0.5, "linear": 0.9}, limits=readable, **options))  # type: ignore[arg-type]
        assert found["interpretable"].agrees is agrees


def test_without_a_gpu() -> None:
    assert checked(planned(case(), device="cuda"))["no_gpu"].applies is False
    fine = checked(planned(case(), unaffordable=("tabm", "knn")))["no_gpu"]
    assert fine.agrees is False and "did not pay for tabm." in fine.evidence
    assert "1 times what xgboost takes" in fine.evidence or "1 times what linear takes" in fine.evidence
    slow = checked(case(costs={"mlp": Cost(fit_seconds=1200.0)}))["no_gpu"]
    assert "One fit of mlp took 1,200 s, 1,200 times what" in slow.evidence
    assert checked(case(cut_short=("mlp",)))["no_gpu"].agrees is True


def test_nets_that_did_not_finish_without_a_gpu() -> None:
    made = case()
    rest = [outcome for outcome in made.outcomes.values() if outcome.candidate.family != "neural"]
    net = made.outcomes["mlp-default"]
    crashed = only_on(net, (), "failed", "ValueError: no")
    late = only_on(net, (), "timeout", "too late")
    trees_late = [only_on(o, (), "timeout") if o.candidate.learner == "linear" else o for o in rest]
    assert checked(remade(made, rest))["no_gpu"].agrees is True
    assert checked(remade(made, [*rest, late]))["no_gpu"].agrees is True
    for others in (rest, trees_late):
        told = checked(remade(made, [*others, crashed]))["no_gpu"]
        assert told.agrees is None and "another reason: ValueError: no" in told.evidence
    other = only_on(case({"prior_fitted": 0.6}).outcomes["prior_fitted-default"], (), "timeout", "too late")
    assert checked(remade(made, [*rest, crashed, other]))["no_gpu"].agrees is True, "one of them was late"
    classical = tuple(entrant for entrant in made.plan.entrants if entrant.family != "neural")
    assert checked(remade(made, rest, plan=replace(made.plan, entrants=classical)))["no_gpu"].agrees is None


def test_a_net_that_no_limit_lets_through_is_timed_all_the_same() -> None:
    rule = checked(case(limits=Limits(interpretable=True)))["no_gpu"]
    assert rule.agrees is False and "One fit of mlp took 1 s" in rule.evidence


def with_inputs(made: Case, columns: Mapping[str, np.ndarray]) -> Case:
    dataset = replace(made.dataset, inputs=pd.DataFrame(columns))
    facts = modalities.find("tabular").facts(dataset)
    return replace(made, dataset=dataset, profile=replace(made.profile, columns=facts))


STEADY, HEAVY = np.arange(ROWS) + 0.5, np.exp(np.linspace(0, 60, ROWS))


@pytest.mark.parametrize(
    ("columns", "applies"),
    [
        ({"steady": STEADY}, False),
        ({"heavy": HEAVY}, True),
        ({"heavy": HEAVY, "steady": STEADY}, True),
        ({"heavy": HEAVY, "a": STEADY, "b": STEADY}, False),
        ({"a rare flag": (np.arange(ROWS) < 3).astype(float)}, False),
        ({"heavy, with holes": np.where(np.arange(ROWS) % 5, HEAVY, np.nan)}, True),
    ],
)
def test_heavy_tails_of_columns(columns: Mapping[str, np.ndarray], applies: bool) -> None:
    assert checked(with_inputs(case(NET_LOSES), columns))["heavy_tails"].applies is applies


def test_heavy_tails_of_a_target() -> None:
    made = with_inputs(case(), {"steady": STEADY})
    assert rules.heavy_tails(replace(made, dataset=replace(made.dataset, target=HEAVY)))[0]
    assert not rules.heavy_tails(made)[0]
    classes = replace(made.dataset, target=(np.arange(ROWS) >= ROWS - 3).astype(int), classes=("no", "yes"))
    assert not rules.heavy_tails(replace(made, dataset=classes))[0], "a rare class is no tail"


def test_drift_counts_where_the_folds_follow_time() -> None:
    made = case(NET_LOSES)
    ordered = replace(made, dataset=replace(made.dataset, times=np.argsort(np.argsort(TARGET))))
    random_folds = checked(ordered)["drift"]
    assert (random_folds.applies, random_folds.agrees) == (True, None) and "hides a drift" in random_folds.evidence
    forward = remade(ordered, plan=replace(made.plan, folds=replace(made.plan.folds, kind="forward")))
    assert checked(forward)["drift"].agrees is True
    still = replace(made, dataset=replace(made.dataset, times=np.arange(ROWS)))
    assert checked(still)["drift"].applies is False


@pytest.mark.parametrize(
    ("code", "evidence", "applies"),
    [
        ("S01", {"drift_auc": 0.81}, True),
        ("S01", {"drift_auc": {"a": 0.81}}, True),
        ("S01", {"drift_auc": 0.6}, False),
        ("S04", {"auc": 0.81}, True),
        ("S02", {"auc": 0.81}, False),
    ],
)
def test_drift_without_a_time_is_what_the_findings_say(code: str, evidence: dict[str, object], applies: bool) -> None:
    rule = checked(case(NET_LOSES, findings=(Finding(code, "info", "", "", evidence),)))["drift"]
    assert rule.applies is applies and ("0.81" in rule.evidence) is applies


def test_groups() -> None:
    assert checked(case())["grouped"].applies is False
    made = case(NET_LOSES, groups=np.arange(ROWS) // 5)
    found = checked(replace(made, dataset=replace(made.dataset, group_name="who")))["grouped"]
    assert (found.applies, found.agrees) == (True, True) and "who has 120 values" in found.evidence
