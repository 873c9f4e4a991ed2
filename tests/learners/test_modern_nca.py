"""What neighbours in a learnt space know that a linear model cannot, and whose neighbours they are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from advisor.learners.modern_nca import ModernNCAClassifier, ModernNCARegressor


def spirals(rows, seed):
    """Two arms that turn one and a half times around each other: the label is that of the nearest rows."""
    rng = np.random.default_rng(seed)
    arm, length = rng.integers(0, 2, rows), np.sqrt(rng.uniform(0.05, 1, rows))
    angle = 3 * np.pi * length + np.pi * arm
    points = 2 * np.stack([length * np.cos(angle), length * np.sin(angle)], axis=1)
    return points + 0.05 * rng.normal(size=(rows, 2)), arm


def test_two_spirals_are_told_apart():
    X, y = spirals(400, seed=0)
    fresh, truth = spirals(400, seed=1)
    net = ModernNCAClassifier(epochs=40).fit(X, y)
    assert (LogisticRegression().fit(X, y).predict(fresh) == truth).mean() < 0.8
    assert (net.predict(fresh) == truth).mean() > 0.95


def test_a_column_that_says_nothing_is_left_out_of_the_distance():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    y = np.sin(2 * X[:, 0]) + 0.05 * rng.normal(size=400)
    net = ModernNCARegressor(epochs=40).fit(X[:300], y[:300])
    assert np.square(net.predict(X[300:]) - y[300:]).mean() < 0.2 * y[300:].var()


@pytest.mark.parametrize(("refit", "count"), [(False, 80), (True, 100)])
def test_the_neighbours_are_the_rows_of_that_fit(refit, count):
    X, y = spirals(100, seed=0)
    net = ModernNCAClassifier(epochs=3, refit=refit).fit(X, y).models_[0]
    assert len(net.labels) == len(net.settled) == count


def test_a_step_sees_three_of_ten_rows_whose_numbers_enter_as_sixteen_waves():
    X, y = spirals(100, seed=0)
    net = ModernNCAClassifier(epochs=1, refit=True).fit(X, y).models_[0]
    assert net.sampled == 30
    assert net.entrance.number_embedding.periodic.weight.shape == (2, 16)
    assert net.entrance.chunks == (16, 16)


def test_tables_without_numbers_need_no_waves():
    X = pd.DataFrame({"colour": pd.Categorical(["red", "blue"] * 30)})
    net = ModernNCAClassifier(epochs=5).fit(X, X["colour"] == "red")
    assert net.models_[0].entrance.number_embedding is None
    assert (net.predict(X) == (X["colour"] == "red")).mean() == 1.0


def test_shuffled_labels_are_not_learnt_by_heart():
    """A row that could see itself would bring the training loss to zero on labels that mean nothing."""
    X, y = spirals(200, seed=0)
    shuffled = np.random.default_rng(1).permutation(y)
    net = ModernNCAClassifier(epochs=20, patience=20).fit(X, shuffled)
    assert net.fit_report_.curve["train_loss"][-1] > 0.5
