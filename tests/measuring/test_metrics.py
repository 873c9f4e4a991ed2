"""Per-row losses must add up to what scikit-learn says."""

import numpy as np
import pytest
from sklearn import metrics as sk

from advisor.errors import UserError
from advisor.measuring.metrics import METRICS, default_metric, find

rng = np.random.default_rng(0)
CODES = rng.integers(0, 3, 200)
PROBABILITIES = rng.dirichlet(np.ones(3), 200)
BINARY = rng.integers(0, 2, 200)
RISK = np.round(np.clip(BINARY * 0.2 + rng.random(200) * 0.8, 0, 1), 1)  # rounded, so that ties occur
RISKS = np.column_stack([1 - RISK, RISK])
VALUES = rng.normal(size=200)
GUESSES = VALUES + rng.normal(size=200)


@pytest.mark.parametrize(
    ("name", "target", "prediction", "score"),
    [
        ("roc_auc", BINARY, RISKS, sk.roc_auc_score(BINARY, RISK)),
        ("log_loss", CODES, PROBABILITIES, sk.log_loss(CODES, PROBABILITIES)),
        ("accuracy", CODES, PROBABILITIES, sk.accuracy_score(CODES, PROBABILITIES.argmax(1))),
        ("balanced_accuracy", CODES, PROBABILITIES, sk.balanced_accuracy_score(CODES, PROBABILITIES.argmax(1))),
        ("rmse", VALUES, GUESSES, sk.root_mean_squared_error(VALUES, GUESSES)),
        ("mae", VALUES, GUESSES, sk.mean_absolute_error(VALUES, GUESSES)),
    ],
)
def test_score_is_scikit_learns(name, target, prediction, score):
    metric = METRICS[name]
    assert metric.score(metric.error(target, prediction)) == pytest.approx(score)


def test_auc_rows_have_delongs_variance():
    """DeLong's variance, computed the slow way from all pairs of a positive and a negative."""
    positive, negative = RISK[BINARY == 1], RISK[BINARY == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    slow = wins.mean(1).var() / len(positive) + wins.mean(0).var() / len(negative)
    losses = METRICS["roc_auc"].row_losses(BINARY, RISKS)
    assert losses.var() / len(losses) == pytest.approx(slow)


def test_auc_of_one_class_is_not_a_number():
    assert np.isnan(METRICS["roc_auc"].error(np.ones(5, dtype=int), RISKS[:5]))


def test_a_certain_and_wrong_model_has_a_finite_log_loss():
    assert 10 < METRICS["log_loss"].error(np.array([0]), np.array([[0.0, 1.0]])) < 20


def test_each_task_has_a_default_that_fits_it():
    for task in ("binary", "multiclass", "regression"):
        assert task in METRICS[default_metric(task)].tasks
        assert find("auto", task).name == default_metric(task)


def test_unknown_and_unfit_metrics_are_named_with_a_way_out():
    with pytest.raises(UserError, match="Did you mean 'log_loss'"):
        find("logloss", "binary")
    with pytest.raises(UserError, match="does not fit a regression target; these do: rmse, mae"):
        find("accuracy", "regression")
