"""Seconds and curves out of a small table of outcomes whose figures can be added up by hand."""

import json

import pandas as pd
import pytest

from advisor.report import history


def trial(split: int, number: int, seconds: float, error: float | None, **more: object) -> dict:
    return {
        "learner": "mlp", "family": "neural", "stage": "tuned", "split": split, "kind": "trial", "trial": number,
        "state": "failed" if error is None else "complete", "inner_error": error, "seconds": seconds,
        "started_at": 0.0, "ended_at": float(number),
    } | more  # fmt: skip


def job(learner: str, split: int, tune: float, curve: dict | None = None, stage: str = "tuned") -> dict:
    return {
        "learner": learner, "family": "neural", "stage": stage, "split": split, "kind": "outer", "state": "ok",
        "tune_seconds": tune, "fit_seconds": 1.0, "predict_seconds": 0.5,
        "curve": json.dumps(curve) if curve else None,
    }  # fmt: skip


def test_seconds_are_those_of_all_cuts():
    table = pd.DataFrame([job("mlp", 0, 10.0), job("mlp", 1, 20.0), job("tree", 0, 0.0), trial(0, 0, 99.0, 0.3)])
    assert history.seconds_by_learner(table) == {"mlp": 33.0, "tree": 1.5}


def test_best_so_far_is_taken_within_a_cut_and_averaged():
    table = pd.DataFrame(
        [
            trial(0, 0, 1.0, 0.4), trial(0, 1, 1.0, 0.5), trial(0, 2, 1.0, 0.2),
            trial(1, 0, 2.0, 0.6), trial(1, 1, 3.0, None),
        ]
    )  # fmt: skip
    seconds, errors = history.best_so_far(table)["neural"]
    assert (seconds[0], errors[0]) == (2.0, pytest.approx(0.5))
    assert (seconds[-1], errors[-1]) == (3.0, pytest.approx(0.4))


def test_the_default_is_counted_once():
    default = trial(0, 0, 5.0, 0.4, stage="default", ended_at=0.0)
    seconds, _ = history.best_so_far(pd.DataFrame([default, trial(0, 0, 5.0, 0.4), trial(0, 1, 1.0, 0.3)]))["neural"]
    assert seconds[-1] == 6.0


def test_learning_curves_are_the_losses_of_the_last_stage():
    curve = {"epoch": [1, 2, 3], "train_loss": [0.5, 0.4, None], "valid_loss": [0.6, 0.5, 0.4], "seconds": [1, 2, 3]}
    default = job("mlp", 0, 1.0, {"epoch": [1, 2], "train_loss": [9, 9]}, stage="default")
    table = pd.DataFrame([default, job("mlp", 0, 1.0, curve)])
    (losses,) = history.learning_curves(table, "mlp")
    assert losses == {"train_loss": ((1.0, 2.0), (0.5, 0.4)), "valid_loss": ((1.0, 2.0, 3.0), (0.6, 0.5, 0.4))}


def test_an_empty_table_tells_nothing():
    empty = pd.DataFrame()
    assert history.seconds_by_learner(empty) == {}
    assert history.best_so_far(empty) == {}
    assert history.learning_curves(empty, "mlp") == ()
