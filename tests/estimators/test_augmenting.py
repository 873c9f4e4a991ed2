"""Made rows: out of the rows to learn from alone, between those they come from, and only ever learnt from."""

import time

import numpy as np
import pytest

from advisor.estimators.augmenting import MOST_NEW_ROWS, Generation, Interpolation
from advisor.learners.lightgbm import LightGBMClassifier, LightGBMRegressor

NEVER = float("inf")
rng = np.random.default_rng(0)


def table(rows=200):
    """Two numbers, the second with gaps, and a category of three levels with gaps; the rare class is a tenth."""
    y = (np.arange(rows) % 10 == 0).astype(np.int64)
    X = np.column_stack([y * 10 + rng.normal(size=rows), rng.normal(size=rows), rng.integers(0, 3, rows)])
    X[::7, 1], X[::9, 2] = np.nan, np.nan
    return X, y, (0, 0, 3)


def test_interpolated_rows_lie_between_rows_of_their_class():
    X, y, cardinalities = table()
    rows, classes = Interpolation()(X, y, cardinalities, 0, NEVER)
    assert len(rows) == len(classes) == len(X)
    for kind in (0, 1):
        own, known = rows[classes == kind], X[y == kind]
        assert (own[:, 0] >= known[:, 0].min()).all() and (own[:, 0] <= known[:, 0].max()).all()
    assert set(rows[~np.isnan(rows[:, 2]), 2]) == {0, 1, 2}, "a level is never half-way to another"
    assert np.isnan(rows[:, 1:]).any(axis=0).all(), "gaps stay possible"


def test_neighbours_are_near():
    X, y = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [0.5], [90.0], [90.1]]), np.zeros(8, dtype=np.int64)
    X = np.repeat(X, 6, axis=0) + 1e-4 * rng.random((48, 1))
    rows, _ = Interpolation()(X, y.repeat(6), (0,), 0, NEVER)
    assert not ((rows > 0.6) & (rows < 89)).any()


def test_the_rare_class_is_drawn_more_often_than_it_occurs():
    X, y, cardinalities = table(1000)
    _, classes = Interpolation()(X, y, cardinalities, 0, NEVER)
    assert y.mean() == 0.1
    assert 0.2 < classes.mean() < 0.3, "by the root of the shares, 1 in 4"


def test_values_lie_between_as_their_rows_do():
    X = np.linspace(0, 1, 100)[:, None]
    rows, values = Interpolation()(X, 3 * X[:, 0], (0,), 0, NEVER)
    np.testing.assert_allclose(values, 3 * rows[:, 0])


@pytest.mark.parametrize("rows", [2, 3, 30])
def test_few_rows_are_enough(rows):
    X, y = rng.normal(size=(rows, 2)), np.arange(rows) % 2
    for augment in (Interpolation(), Generation(steps=3)):
        made, classes = augment(X, y, (0, 0), 0, NEVER)
        assert made.shape == (rows, 2) and classes.dtype == y.dtype
        made, values = augment(X, X[:, 0], (0, 0), 0, NEVER)
        assert made.shape == (rows, 2) and np.isfinite(values).all()


def test_a_large_table_gets_no_more_than_it_needs():
    X, y = rng.normal(size=(3 * MOST_NEW_ROWS, 2)), np.arange(3 * MOST_NEW_ROWS) % 2
    assert len(Interpolation()(X, y, (0, 0), 0, NEVER)[0]) == MOST_NEW_ROWS


@pytest.mark.parametrize("augment", [Interpolation(), Generation(steps=20)])
def test_the_same_seed_makes_the_same_rows(augment):
    X, y, cardinalities = table(60)
    first, again, other = (augment(X, y, cardinalities, seed, NEVER) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_a_generator_without_time_makes_no_rows():
    X, y, cardinalities = table(60)
    rows, classes = Generation()(X, y, cardinalities, 0, time.monotonic())
    assert rows.shape == (0, 3) and classes.shape == (0,)


def test_a_generator_tells_values_with_their_rows():
    X = np.random.default_rng(0).normal(size=(300, 1))
    rows, values = Generation(steps=400)(X, X[:, 0] * 2.0, (0,), 0, NEVER)
    assert np.corrcoef(rows[:, 0], values)[0, 1] > 0.6


class Spy:
    """Makes copies of what it is shown, moved by a constant that tells them apart, and remembers what that was."""

    def __call__(self, X, y, cardinalities, seed, deadline):
        self.seen = X.copy()
        return X[:5] + 1000.0, y[:5]


@pytest.mark.parametrize("kind", [LightGBMClassifier, LightGBMRegressor])
def test_made_rows_are_learnt_from_and_never_judged_by(monkeypatch, kind):
    X, y = rng.normal(size=(100, 2)), np.arange(100) % 2
    spy, calls = Spy(), {}
    train, retrain = kind._train, kind._retrain

    def watched(self, X, y, X_held, y_held, deadline):
        calls.update(kept=X, held=X_held)
        return train(self, X, y, X_held, y_held, deadline)

    def again(self, X, y, iterations, deadline):
        calls.update(all=X)
        return retrain(self, X, y, iterations, deadline)

    monkeypatch.setattr(kind, "_train", watched)
    monkeypatch.setattr(kind, "_retrain", again)
    kind(augment=spy, max_iterations=5, refit=True).fit(X, y)
    held, seen = ({tuple(row) for row in rows} for rows in (calls["held"], spy.seen))
    assert len(spy.seen) == 80 and not held & seen, "held rows are never made from"
    assert calls["held"].max() < 500 and len(calls["held"]) == 20, "nor are made rows ever held"
    assert (calls["kept"] > 500).any(axis=1).sum() == (calls["all"] > 500).any(axis=1).sum() == 5
    assert len(calls["kept"]) == 85 and len(calls["all"]) == 105


def test_probabilities_are_of_the_shares_in_the_rows_given():
    X, y = np.zeros((200, 1)), (np.arange(200) % 10 == 0).astype(int)

    def nine_of_the_rare(X, y, cardinalities, seed, deadline):
        return np.repeat(X[y == 1], 9, axis=0), np.repeat(y[y == 1], 9)

    model = LightGBMClassifier(augment=nine_of_the_rare, max_iterations=3, refit=True).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[:1])[0], [0.9, 0.1], atol=0.02)
