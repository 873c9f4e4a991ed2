"""Curves out of a small table of outcomes whose figures can be checked by hand."""

import json

import pandas as pd
import pytest

from advisor.telling.report import history


def candidate(family: str, ended_at: float, error: float | None) -> dict:
    return {"kind": "candidate", "family": family, "learner": family, "error": error, "ended_at": ended_at}


def fold(learner: str, params: dict, curve: dict | None = None) -> dict:
    told = json.dumps(curve) if curve else None
    return {"kind": "fold", "family": "neural", "learner": learner, "params": json.dumps(params), "curve": told}


def test_best_so_far_falls_with_the_seconds_of_the_run():
    rows = [candidate("neural", 3.0, 0.4), candidate("neural", 9.0, 0.2), candidate("neural", 5.0, 0.6)]
    rows += [candidate("classical", 2.0, 0.3), candidate("neural", 1.0, None), candidate("dummy", 0.1, 0.9)]
    found = history.best_so_far(pd.DataFrame(rows))
    assert found["neural"] == ((3.0, 9.0, 9.0, 9.0, 9.0), (0.4, 0.4, 0.2, 0.2, 0.2))
    assert found["classical"] == ((2.0, 9.0, 9.0), (0.3, 0.3, 0.3)), "both go on to the end of the last of all"
    assert set(found) == {"neural", "classical"}


def test_many_steps_are_thinned_and_the_last_is_kept():
    rows = [candidate("neural", float(place), 1 / place) for place in range(1, 400)]
    seconds, errors = history.best_so_far(pd.DataFrame(rows))["neural"]
    assert len(seconds) < 130
    assert (seconds[-1], errors[-1]) == (399.0, pytest.approx(1 / 399))


def test_learning_curves_are_the_losses_of_one_candidate_fold_by_fold():
    curve = {"epoch": [1, 2, 3], "train_loss": [0.5, 0.4, None], "valid_loss": [0.6, 0.5, 0.4], "seconds": [1, 2, 3]}
    default = fold("mlp", {}, {"epoch": [1, 2], "train_loss": [9, 9]})
    table = pd.DataFrame([default, fold("mlp", {"width": 64}, curve), fold("mlp", {"width": 64}), fold("tree", {})])
    (losses,) = history.learning_curves(table, "mlp", {"width": 64})
    assert losses == {"train_loss": ((1.0, 2.0), (0.5, 0.4)), "valid_loss": ((1.0, 2.0, 3.0), (0.6, 0.5, 0.4))}
    assert len(history.learning_curves(table, "mlp", {})) == 1


def test_an_empty_table_tells_nothing():
    empty = pd.DataFrame()
    assert history.best_so_far(empty) == {}
    assert history.learning_curves(empty, "mlp", {}) == ()
