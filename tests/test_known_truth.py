"""The whole method on data whose truth is known: noise has no signal, a twin never pays, a net's own ground does."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import advisor
from advisor import learners, modalities
from advisor.fitting.trial import Shared, Task, run
from advisor.judging.standings import standings
from advisor.judging.verdict import judge
from advisor.planning.plan import default_jobs, make_plan
from advisor.profiling import profile
from advisor.records import Budget, Constraints

MEMBERS = {learner.name: learner for learner in learners.catalogue()}


def answer(table, metric, names, *, folds=3, twin=None, seed=0):
    """Run default configurations of `names` in this process and judge them; `twin` is entered again as mlp."""
    data = modalities.find("tabular").read(table, target="y")
    seen = profile(data, modalities.find("tabular"))
    budget = Budget(60, 1, folds=folds, repeats=1, seed=seed)
    plan = make_plan(data, seen, tuple(MEMBERS.values()), budget, metric=metric, only=names)
    world = Shared(data, seen, plan, 1)
    outcomes = [run(world, Task(job, time.time() + 300)) for job in default_jobs(plan, MEMBERS, range(folds))]
    if twin is not None:
        again = [run(world, Task(replace(o.job, seed=o.job.seed + 1000), time.time() + 300)) for o in outcomes]
        outcomes += [
            replace(o, job=replace(o.job, learner="mlp", family="neural")) for o in again if o.job.learner == twin
        ]
    assert all(outcome.status == "ok" for outcome in outcomes), [o.message for o in outcomes if o.message]
    constraints = Constraints()
    standing = standings(data, seen, plan, outcomes, constraints)
    if twin is not None:
        plan = replace(plan, learners=(*plan.learners, "mlp"))
    return judge(data, seen, plan, standing, outcomes, constraints=constraints)


@pytest.mark.parametrize(
    ("kind", "rows", "seed", "expected", "recommended"),
    [
        ("binary", 4_000, 0, "no_signal", "dummy"),
        ("regression", 600, 2, "no_signal", "dummy"),
        ("binary", 200, 3, "not_enough_evidence", "linear"),
    ],
)
def test_pure_noise_has_no_signal_once_the_rows_suffice_to_know(kind, rows, seed, expected, recommended):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 5)), columns=list("abcde"))
    table["y"] = rng.integers(0, 2, rows) if kind == "binary" else rng.normal(size=rows)
    verdict = answer(table, "roc_auc" if kind == "binary" else "rmse", ["linear", "tree", "mlp"])
    assert (verdict.answer, verdict.recommended["learner"]) == (expected, recommended)


def test_a_weak_signal_that_few_rows_do_not_show_is_not_denied():
    """An AUC of 0.60 is there; 300 rows seldom show it, and a constant would give all of it away."""
    answers = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame(rng.normal(size=(300, 5)), columns=list("abcde"))
        table["y"] = (0.36 * table["a"] + rng.normal(size=300) > 0).astype(int)
        answers.append(answer(table, "roc_auc", ["linear", "mlp"], seed=seed).answer)
    assert "no_signal" not in answers


@pytest.mark.parametrize("seed", range(2))
def test_the_same_pipeline_twice_is_never_worth_it(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(500, 6)), columns=list("abcdef"))
    table["y"] = (table["a"] * table["b"] + table["c"] + rng.normal(size=500) > 0).astype(int)
    verdict = answer(table, "roc_auc", ["extra_trees"], twin="extra_trees", seed=seed)
    assert verdict.answer in ("not_worth_it", "too_close_to_call") and verdict.p_worth < 0.95


def test_a_smooth_interaction_that_trees_cannot_cut_is_worth_a_net():
    """The parity of signs, smoothed: no single cut helps a tree, while a net finds the waves."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(-1, 1, size=(2000, 4)), columns=list("abcd"))
    table["y"] = np.sin(3 * (table["a"] + table["b"] + table["c"] + table["d"])) + 0.1 * rng.normal(size=2000)
    verdict = answer(table, "rmse", ["linear", "lightgbm", "mlp"], folds=2)
    assert verdict.answer == "worth_it" and verdict.recommended["learner"] == "mlp"
    assert verdict.gain["low"] > verdict.min_gain


def test_a_linear_truth_is_not_worth_a_net():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(1500, 8)), columns=list("abcdefgh"))
    table["y"] = table.to_numpy() @ np.arange(8) + 2.0 * rng.normal(size=1500)
    verdict = answer(table, "rmse", ["linear", "mlp"], folds=2)
    assert verdict.answer in ("not_worth_it", "too_close_to_call") and verdict.recommended["learner"] == "linear"


def test_a_planted_leak_is_found():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(800, 4)), columns=list("abcd"))
    table["y"] = (table["a"] + rng.normal(size=800) > 0).astype(int)
    table["closed_on"] = table["y"] * 10 + rng.normal(size=800) * 0.1
    severe = [finding for finding in advisor.profile(table, "y").findings if finding.severity == "severe"]
    assert any("closed_on" in finding.message for finding in severe)


def test_groups_named_make_an_entity_effect_show_as_the_error_it_is():
    """Each patient has an offset of their own, which only rows of the same patient can teach."""
    rng = np.random.default_rng(0)
    who = rng.integers(0, 120, 720)
    table = pd.DataFrame(rng.normal(size=(120, 3))[who], columns=list("abc"))
    table["patient"], table["dose"] = who, rng.normal(size=720)
    table["y"] = 3 * rng.normal(size=120)[who] + table["dose"] + 0.5 * rng.normal(size=720)
    tabular = modalities.find("tabular")
    errors = {}
    for group in (None, "patient"):
        data = tabular.read(table, target="y", group=group)
        seen = profile(data, tabular)
        plan = make_plan(
            data, seen, tuple(MEMBERS.values()), Budget(60, 1, folds=3), metric="rmse", only=["extra_trees"]
        )
        world = Shared(data, seen, plan, 1)
        outcomes = [run(world, Task(job, time.time() + 300)) for job in default_jobs(plan, MEMBERS, range(3))]
        errors[group] = float(np.mean([o.error for o in outcomes if o.job.learner == "extra_trees"]))
        if group:
            cuts = standings(data, seen, plan, outcomes, Constraints()).cuts
            assert plan.splits.kind == "grouped" and cuts.clusters.max() + 1 == 120, "each patient is one piece"
            for outcome in outcomes:
                split = plan.splits.parts[outcome.job.split]
                fitted = np.setdiff1d(split.train, outcome.inner_rows)
                assert not set(who[fitted]) & set(who[outcome.inner_rows])
                assert not set(who[split.train]) & set(who[split.test])
    assert errors["patient"] > 1.4 * errors[None]
