"""Who leads, who is complete, and who may be given up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.contest.field import Entry, Field
from advisor.records import Candidate, Cost, FoldResult, Limits, Question
from tests.made_case import made_case

rng = np.random.default_rng(0)
TARGET = rng.standard_normal(250)
NOISES = {"linear": 0.9, "lightgbm": 0.6, "forest": 0.8, "knn": 3.0, "mlp": 0.8, "realmlp": 2.5}
FAMILY = {"mlp": "neural", "realmlp": "neural"}
SAMPLES = {name: rng.standard_normal(250) for name in NOISES}


def field(noises=NOISES, metric="rmse", margin=0.01, limits=None) -> tuple[Field, dict[str, list[FoldResult]]]:
    """A field without entries, and what each learner (or name#trial) would do on its folds."""
    predictions = {
        name: (FAMILY.get(name.partition("#")[0], "classical"), TARGET + noise * SAMPLES[name.partition("#")[0]])
        for name, noise in noises.items()
    }
    case = made_case(TARGET, predictions, metric)
    results = {
        name: list(outcome.results.values()) for name, outcome in zip(noises, case.outcomes.values(), strict=False)
    }
    return Field(case.dataset, case.plan, Question(margin, limits=limits or Limits())), results


def enter(known: Field, results: list[FoldResult], folds: int = 5) -> Entry:
    entry = known.begin(results[0].candidate)
    for result in results[:folds]:
        entry.waiting.remove(result.fold)
        entry.results[result.fold] = result
    return entry


def test_the_best_of_a_learner_and_the_order_of_a_family_go_by_complete_entries():
    known, results = field({**NOISES, "forest#2": 0.3, "forest#3": 0.1})
    for name, folds in {"linear": 5, "lightgbm": 5, "forest": 5, "forest#2": 5, "forest#3": 4, "mlp": 5}.items():
        enter(known, results[name], folds)
    assert known.best_of("forest").candidate.params == {"setting": "forest#2"}
    assert known.ranked("classical") == ["forest", "lightgbm", "linear"] and known.ranked("neural") == ["mlp"]
    assert known.best_of("knn") is None
    assert [entry.candidate.params["setting"] for entry in known.trials()] == ["forest#3"]
    assert known.trials("neural") == []


def test_a_default_is_given_up_behind_its_familys_leader_on_the_same_folds():
    known, results = field()
    for name in ("linear", "lightgbm", "forest"):
        enter(known, results[name])
    knn = enter(known, results["knn"], 1)
    known.settle(knn, spared=False)
    assert knn.ending is None, "one fold of five proves nothing"
    knn = enter(known, results["knn"][1:], 1)
    known.settle(knn, spared=True)
    assert knn.ending is None
    known.settle(knn, spared=False)
    assert knn.ending == "given_up" and knn.message == "given up after 2 of 5 folds, behind lightgbm"
    assert knn.waiting == [] and knn.over


@pytest.mark.parametrize(("blended", "ending"), [(True, None), (False, "given_up")])
def test_who_is_behind_is_not_given_up_where_a_blend_would_use_it(blended, ending):
    """Errors of their own make a forest of twice the error worth a tenth of a blend."""
    known, results = field({"linear": 0.9, "lightgbm": 0.5, "forest": 1.0}, limits=Limits(single=not blended))
    for name in ("linear", "lightgbm"):
        enter(known, results[name])
    forest = enter(known, results["forest"], 3)
    known.settle(forest, spared=False)
    assert forest.ending == ending


def test_never_the_last_two_of_a_family():
    known, results = field()
    enter(known, results["mlp"])
    realmlp = enter(known, results["realmlp"], 3)
    known.settle(realmlp, spared=False)
    assert realmlp.ending is None


def test_a_trial_is_given_up_behind_the_best_of_its_own_learner():
    known, results = field({**NOISES, "linear#2": 1.4, "linear#3": 0.904})
    for name in ("linear", "lightgbm"):
        enter(known, results[name])
    bad, near = enter(known, results["linear#2"], 2), enter(known, results["linear#3"], 2)
    for entry in (bad, near):
        known.settle(entry, spared=True)
    assert bad.ending == "given_up" and near.ending is None, "both are far behind lightgbm"


def test_the_margin_is_one_of_the_error_not_of_its_square():
    """A third more of RMSE is within a margin of a quarter less; in squares it would seem to be far outside."""
    known, results = field({"linear": 1.0, "lightgbm": 0.8, "forest": 0.78}, margin=0.25)
    for name in ("lightgbm", "forest"):
        enter(known, results[name])
    linear = enter(known, results["linear"], 4)
    known.settle(linear, spared=False)
    assert linear.ending is None


def test_a_fold_on_which_the_metric_says_nothing_is_left_out_of_every_mean():
    known, results = field()
    silent = [FoldResult(r.candidate, r.fold, "done", losses=np.full(len(r.losses), np.nan), error=float("nan"))
              if r.fold == 1 else r for r in results["lightgbm"]]  # fmt: skip
    entry = enter(known, silent)
    others = np.concatenate([r.losses for r in results["lightgbm"] if r.fold != 1])
    assert known.loss(entry) == pytest.approx(others.mean())
    assert known.best_of("lightgbm") is entry
    assert known.loss(entry, [1]) == float("inf")


def test_an_entry_is_over_only_when_nothing_of_it_is_under_way_and_keeps_its_first_ending():
    entry = Entry(Candidate("mlp", "neural"), range(5))
    entry.running.add(3)
    entry.end("given_up", "behind")
    assert not entry.over and entry.waiting == []
    entry.running.clear()
    entry.end("failed", "later")
    assert entry.over and (entry.ending, entry.message) == ("given_up", "behind")


def test_kept_are_models_of_the_default_of_the_best_and_of_who_equals_it():
    known, results = field({"lightgbm": 0.6, "lightgbm#2": 0.3, "lightgbm#3": 0.3, "lightgbm#4": 0.5})
    for own in results.values():
        enter(known, own)
    keys = [own[0].candidate.key for own in results.values()]
    assert known.kept_of("lightgbm") == set(keys[:2]), "the third is the second once more"
    mirrored = known.entries[keys[2]]
    for number, result in list(mirrored.results.items()):
        losses = np.asarray(result.losses)[::-1]
        mirrored.results[number] = FoldResult(result.candidate, number, "done", losses=losses, error=result.error)
    assert known.kept_of("lightgbm") == set(keys[:3])


def test_kept_are_models_of_the_best_that_meets_the_limits_too():
    sizes = {"lightgbm": 9.0, "lightgbm#2": 8.0, "lightgbm#3": 2.0, "lightgbm#4": 1.0}
    known, results = field(
        {"lightgbm": 0.6, "lightgbm#2": 0.3, "lightgbm#3": 0.4, "lightgbm#4": 0.5}, limits=Limits(max_model_mb=5.0)
    )
    for name, own in results.items():
        enter(known, [replace(result, cost=Cost(model_mb=sizes[name])) for result in own])
    keys = {name: own[0].candidate.key for name, own in results.items()}
    assert known.kept_of("lightgbm") == {keys[name] for name in ("lightgbm", "lightgbm#2", "lightgbm#3")}


def test_who_has_done_nothing_is_no_outcome():
    known, results = field()
    enter(known, results["mlp"], 0)
    enter(known, results["linear"], 2)
    assert [outcome.candidate.learner for outcome in known.outcomes()] == ["linear"]
    assert known.outcomes()[0].ending == "partial"
