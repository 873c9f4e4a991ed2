"""What is expected of a net before it is tuned, and what is written down of the data."""

import math

import pytest

from advisor.evidence import StandardError
from advisor.prior import chance_after_tuning, landmarks

ERRORS = {"dummy": 0.5, "linear": 0.2, "knn": 0.1, "forest": 0.1, "xgboost": 0.1, "catboost": 0.05, "lightgbm": 0.2}


def error(value, df=None):
    return StandardError(value, df, "row by row")


def test_landmarks_are_log_ratios_of_errors():
    found = landmarks(ERRORS, task="multiclass", rows=1000, classes=4)
    assert found == pytest.approx(
        {
            "linear / forest": math.log(2),
            "knn / forest": 0.0,
            "forest / dummy": math.log(0.2),
            "boosted / forest": 0.0,  # 0.05, 0.1 and 0.2: their geometric mean
            "log10 rows": 3.0,
            "log2 classes": 2.0,
            "regression": 0.0,
        }
    )


@pytest.mark.parametrize("lacking", ["dummy", "linear", "knn", "forest"])
def test_without_a_baseline_there_are_no_landmarks(lacking):
    errors = {name: value for name, value in ERRORS.items() if name != lacking}
    assert landmarks(errors, task="binary", rows=100, classes=2) is None


def test_one_kind_of_boosted_trees_is_enough_and_none_is_not():
    few = {name: ERRORS[name] for name in ("dummy", "linear", "knn", "forest")}
    assert landmarks(few, task="binary", rows=100, classes=2) is None
    assert landmarks({**few, "xgboost": 0.1}, task="binary", rows=100, classes=2)["boosted / forest"] == 0.0


def test_models_without_an_error_leave_finite_landmarks():
    found = landmarks({**ERRORS, "forest": 0.0, "catboost": 0.0}, task="binary", rows=100, classes=2)
    assert all(math.isfinite(value) for value in found.values())


def test_tuning_is_granted_what_it_gained_elsewhere():
    """Untuned, a net that loses 5 % for certain is not written off; one that loses a third is."""
    assert chance_after_tuning(-0.05, error(0.001), 0.01) > 0.025
    assert chance_after_tuning(-0.40, error(0.001), 0.01) < 0.025
