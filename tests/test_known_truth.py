"""The whole method on data whose truth is known: noise has no signal, a twin never pays, a net's own ground does.

Folds are fitted in this process, by the defaults of a few learners; what is judged is what `advisor compare` judges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import advisor
from advisor import learners, modalities
from advisor.fitting.fold import FoldTask, Shared, carry_out
from advisor.judging.case import against, case_of
from advisor.judging.readings import alone_among
from advisor.judging.ruling import ruling
from advisor.judging.verdict import judge
from advisor.planning.plan import make_plan
from advisor.profiling import profile
from advisor.records import Budget, Candidate, Case, FoldResult, Outcome, Question

TABULAR = modalities.find("tabular")


def world(table: pd.DataFrame, metric: str, names: Sequence[str], *, seed: int = 0, group: str | None = None) -> Shared:
    """Read a table whose target is y and plan a contest of these learners that no budget holds up."""
    data = TABULAR.read(table, target="y", group=group)
    seen = profile(data, TABULAR)
    plan = make_plan(
        data, seen, learners.catalogue(), Budget(3600, 1, seed=seed), metric=metric, seconds=3600, only=names
    )
    return Shared(data, seen, plan, Path("nowhere"))


def outcome(shared: Shared, candidate: Candidate, runs: str | None = None, shift: int = 0) -> Outcome:
    """Fit a candidate on the folds of the first repeat; `runs` is fitted in its place, its seeds by `shift` others."""
    fitted = Candidate(runs, candidate.family) if runs else candidate
    shared = replace(shared, plan=replace(shared.plan, seed=shared.plan.seed + shift))
    results = {}
    for part in shared.plan.folds.parts:
        if part.repeat == 0:
            result = carry_out(FoldTask(fitted, part.number, math.inf), shared)
            assert isinstance(result, FoldResult) and result.state == "done", result
            results[part.number] = replace(result, candidate=candidate)
    return Outcome(candidate, results, "complete")


def held(shared: Shared, twins: int = 0) -> Case:
    """Hold the contest of all defaults; with `twins` the net is so many times extra trees, each of seeds of its own."""
    entrants = [each for each in shared.plan.entrants if not (twins and each.family == "neural")]
    outcomes = [outcome(shared, Candidate(each.learner, each.family)) for each in entrants]
    for place in range(twins):
        candidate = Candidate("realmlp", "neural", {"width": place} if place else {})
        outcomes.append(outcome(shared, candidate, "extra_trees", 1000 + 100 * place))
    return case_of(shared.dataset, shared.profile, shared.plan, outcomes, Question(0.01))


def numbers(rows: int, columns: int, seed: int = 0) -> tuple[pd.DataFrame, np.random.Generator]:
    """Draw columns a, b, ... of normal numbers, and return them with the generator that goes on."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, columns)), columns=list("abcdefgh"[:columns])), rng


@pytest.mark.parametrize(
    ("metric", "rows", "seed", "net", "answer"),
    [
        ("roc_auc", 1_000, 2, "mlp", "no_signal"),
        ("rmse", 600, 2, "mlp", "no_signal"),
        ("roc_auc", 150, 3, "prior_fitted", "not_enough_evidence"),
    ],
)
def test_pure_noise_has_no_signal_once_the_rows_suffice_to_know(metric, rows, seed, net, answer):
    table, rng = numbers(rows, 5, seed)
    table["y"] = rng.normal(size=rows) if metric == "rmse" else rng.integers(0, 2, rows)
    case = held(world(table, metric, ["linear", "tree", net], seed=seed))
    verdict = judge(case, case)
    assert verdict.answer == answer
    # A constant is recommended where nothing better is known to be had, and a model where that is not known.
    assert (verdict.recommended.learner == "dummy") == (answer == "no_signal")


@pytest.mark.parametrize("seed", range(3))
def test_a_weak_signal_that_few_rows_do_not_show_is_not_denied(seed):
    """An AUC of 0.60 is there; 300 rows seldom show it, and a constant would give all of it away."""
    table, rng = numbers(300, 5, seed)
    table["y"] = (0.36 * table["a"] + rng.normal(size=300) > 0).astype(int)
    assert ruling(held(world(table, "roc_auc", ["linear", "tree", "prior_fitted"], seed=seed))).answer != "no_signal"


@pytest.mark.parametrize("seed", range(2))
def test_the_same_learner_twice_is_never_worth_it(seed):
    """Trees stand for a net, under other seeds: once by themselves, and as the best of four such twins."""
    table, rng = numbers(500, 6, seed)
    table["y"] = (table["a"] * table["b"] + table["c"] + rng.normal(size=500) > 0).astype(int)
    case = held(world(table, "roc_auc", ["extra_trees", "realmlp"], seed=seed), twins=4)
    assert len(case.columns) == 6
    for keys in ({"extra_trees-default", "realmlp-default"}, set(case.columns)):
        alone = alone_among(case, keys)
        assert alone is not None and alone.comparison.p_worth < 0.9
    assert ruling(case).answer in ("not_worth_it", "too_close_to_call")


def waves(table: pd.DataFrame) -> pd.Series:
    return np.sin(2 * (table["a"] + table["b"] + table["c"]))


def a_saddle_that_is_turned(table: pd.DataFrame) -> pd.Series:
    return (table["a"] + table["b"]) * (table["c"] - table["d"])


@pytest.mark.parametrize(("net", "law"), [("mlp", waves), ("prior_fitted", a_saddle_that_is_turned)])
def test_a_smooth_law_askew_to_the_columns_is_worth_a_net(net, law):
    """No cut along a column helps a tree much, and a linear model sees nothing, while a net bends as the law does."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(-1, 1, size=(400, 4)), columns=list("abcd"))
    table["y"] = law(table) + 0.1 * rng.normal(size=400)
    case = held(world(table, "rmse", ["linear", "lightgbm", net]))
    verdict = judge(case, case)
    assert verdict.answer == "worth_it"
    assert all(reading.comparison.low > reading.comparison.theta_min for reading in verdict.readings.values())
    assert verdict.recommended.option is not None and verdict.recommended.option.members[f"{net}-default"] > 0.8


def test_a_linear_law_is_not_worth_a_net():
    table, rng = numbers(500, 8)
    table["y"] = table.to_numpy() @ np.arange(8) + 2.0 * rng.normal(size=500)
    case = held(world(table, "rmse", ["linear", "lightgbm", "prior_fitted"]))
    verdict = judge(case, case)
    assert verdict.answer == "not_worth_it" and verdict.recommended.learner == "linear"


def test_a_planted_leak_is_found():
    table, rng = numbers(800, 4)
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
    errors = {}
    for group in (None, "patient"):
        case = held(world(table, "rmse", ["extra_trees", "realmlp"], group=group), twins=1)
        errors[group] = ruling(case).readings["alone"].without.error
        if group:
            assert case.plan.folds.kind == "grouped"
            assert case.matrix.clusters_are == "groups" and case.matrix.clusters.max() + 1 == 120
            assert all(not set(who[part.train]) & set(who[part.test]) for part in case.plan.folds.parts)
    assert errors["patient"] > 1.4 * errors[None]


def test_copies_are_one_piece_of_evidence():
    """Every row is there twice: all of it is known from half of the rows, and copies are on one side of every fold."""
    table, rng = numbers(300, 4, 3)
    table["y"] = table["a"] + rng.normal(size=300)
    doubled = pd.concat([table, table], ignore_index=True)
    case = held(world(doubled, "rmse", ["linear", "realmlp"], seed=3), twins=1)
    which = np.arange(600) % 300
    assert all(not set(which[part.train]) & set(which[part.test]) for part in case.plan.folds.parts)
    apart = replace(case.plan, folds=replace(case.plan.folds, twins=None))
    as_rows = case_of(case.dataset, case.profile, apart, case.outcomes.values(), case.question)
    told, fewer = (against(each, {"dummy-default": 1.0}, {"linear-default": 1.0}) for each in (case, as_rows))
    assert (told.method, fewer.method) == ("over 300 sets of equal rows", "row by row")
    assert told.se == pytest.approx(np.sqrt(2) * fewer.se, rel=0.05)
