"""Where trials are counted: the same is decided however fast the machine is, and wherever an earlier run was ended."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from advisor.fitting.fold import FoldTask
from advisor.records import Probe
from tests.contest.made_contest import USUAL, Made, World, set_up

TABLE = {
    **USUAL,
    "lightgbm": Made("classical", 0.6, 1.0, essential=True, tuned=lambda x: 0.5 if x < 0.3 else 3.0),
    "knn": Made("classical", 3.0, 8.0),
}
PROBES = [Probe("share", f"probe {i}", "linear", np.arange(3), np.arange(3)) for i in range(9)]


def paces(seed: int):
    rng = random.Random(seed)
    return (rng.choice((0.1, 1.0, 7.0)) for _ in itertools.count())


def hold(monkeypatch: pytest.MonkeyPatch, seed: int, **options: object):
    world = World(**{"table": TABLE, "probes": PROBES, "paces": paces(seed), **options})  # type: ignore[arg-type]
    with monkeypatch.context() as patched:
        answers = set_up(patched, world)
        return world, answers, world.hold()


def decisions(world: World, answers, held) -> dict:
    """Everything that followed from a decision, in its order."""
    return {
        "fits": [(result.candidate.key, result.fold, result.error, result.cut_short) for result in world.told],
        "ended": [(each.candidate.key, each.ending, each.message, len(each.results)) for each in world.ended],
        "looks": [(stage, {key: sorted(o.results) for key, o in c.outcomes.items()}) for stage, _, c in answers.seen],
        "checks": [(seen.probe.name, seen.message) for seen in world.seen],
        "stages": world.stages,
        "columns": held.final.columns,
        "left out": held.final.plan.skipped,
    }


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("repeats", [1, 3])
def test_how_long_fits_take_decides_nothing(monkeypatch, workers, repeats):
    options = {"workers": workers, "repeats": repeats, "trials": 12, "seconds": 400.0}
    first, *others = [decisions(*hold(monkeypatch, seed, **options)) for seed in range(3)]
    assert others == [first, first]
    assert {"given_up", "complete"} <= {ending for _, ending, _, _ in first["ended"]}, "there was something to decide"
    assert ("further repeats of the folds" in first["stages"]) is (repeats > 1)


@pytest.mark.parametrize("finished", [1, 20, 41, 90])
def test_a_run_that_goes_on_decides_what_it_would_have_decided(monkeypatch, finished):
    """Whatever an earlier run had finished, in the order in which it was: that of the clock and not of the table."""
    options = {"repeats": 3, "trials": 12, "seconds": 400.0}
    whole = hold(monkeypatch, 0, **options)
    known = {(result.candidate.key, result.fold): result for result in whole[0].kept[:finished]}
    again = hold(monkeypatch, 1, known=known, **options)
    assert decisions(*again) == decisions(*whole)
    assert not set(again[0].order()) & set(known), "nothing is done twice"


def test_what_comes_is_kept_at_once_and_told_in_its_turn(monkeypatch):
    world, *_ = hold(monkeypatch, 0, workers=5)
    kept, told = ([(result.candidate.key, result.fold) for result in results] for results in (world.kept, world.told))
    assert sorted(kept) == sorted(told) and kept != told


def test_a_fit_is_told_of_a_limit_only_where_it_may_take_much_of_the_budget(monkeypatch):
    world, *_ = hold(monkeypatch, 0, table={**TABLE, "mlp": Made("neural", 0.7, 30.0)}, seconds=800.0)
    limits = {task.candidate.learner: task.fit_seconds for task in world.tasks if isinstance(task, FoldTask)}
    assert limits["lightgbm"] is None and limits["realmlp"] is None and limits["mlp"] >= 100.0


def test_seconds_that_are_spent_end_everything(monkeypatch):
    slow = itertools.repeat(10.0)
    world, _, held = hold(monkeypatch, 0, paces=slow, spent_at=200.0, trials=1_000)
    assert world.now <= 200.5 and held.final.matrix is not None
    begun = max(at for at, _, _ in world.begun)
    assert begun <= 180.0, "the last tenth is kept for the model to use"


def test_what_was_stopped_says_when_it_was_begun_by_the_clock(monkeypatch):
    world, *_ = hold(monkeypatch, 0, table={**TABLE, "mlp": Made("neural", 0.7, 2.0, crashes=lambda *_: True)})
    begun = next(at for at, key, _ in world.begun if key == "mlp-default")
    failed = [result for result in world.told if result.state == "failed"]
    assert {(each.candidate.key, each.started_at) for each in failed} == {("mlp-default", begun)} and begun > 0.0
