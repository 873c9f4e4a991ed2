"""Rows of a generator that was shown a table whose truth is known."""

import numpy as np
import pytest

from advisor.nets.gan import _Scores, new_rows

ROWS, WANTED = 600, np.repeat([0, 1, 2], 300)


def simple_table():
    """A number whose mean the class decides, a long tail with gaps, a 0/1 one, a category like the class."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, ROWS)
    numbers = np.column_stack([rng.normal(3.0 * classes), np.exp(rng.normal(size=ROWS)), rng.integers(0, 2, ROWS)])
    numbers[rng.random(ROWS) < 0.2, 1] = np.nan
    alike = np.where(rng.random(ROWS) < 0.8, classes, rng.integers(0, 3, ROWS))
    return numbers, np.column_stack([alike, rng.integers(-1, 4, ROWS)]), classes


@pytest.fixture(scope="module")
def made():
    numbers, codes, classes = simple_table()
    return new_rows(numbers, codes, [3, 4], classes, WANTED, seed=1)


def test_each_class_has_its_own_mean_and_spread(made):
    for kind in (0, 1, 2):
        own = made[0][kind == WANTED, 0]
        assert abs(own.mean() - 3.0 * kind) < 0.6
        assert 0.5 < own.std() < 2.0, "that of all classes together is 2.6"


def test_the_margins_are_those_of_the_table(made):
    numbers, codes, _ = simple_table()
    assert abs(np.nanmedian(made[0][:, 1]) - np.nanmedian(numbers[:, 1])) < 0.4
    assert np.nanmax(made[0][:, 1]) <= np.nanmax(numbers[:, 1])
    assert set(made[0][:, 2]) == {0.0, 1.0}, "what has two values keeps them"
    shares = [np.bincount(column[:, 1] + 1, minlength=5) / len(column) for column in (codes, made[1])]
    assert np.abs(shares[0] - shares[1]).max() < 0.12


def test_a_category_is_one_of_its_levels_and_goes_with_the_class(made):
    assert set(made[1][:, 0]) <= {-1, 0, 1, 2} and set(made[1][:, 1]) == {-1, 0, 1, 2, 3}
    assert (made[1][:, 0] == WANTED).mean() > 0.7


def test_gaps_come_where_there_were_some(made):
    assert 0.1 < np.isnan(made[0][:, 1]).mean() < 0.3
    assert not np.isnan(made[0][:, [0, 2]]).any()
    assert (made[1][:, 0] >= 0).mean() > 0.97, "the first category had none"


@pytest.mark.parametrize(("numbers", "levels"), [(0, [3]), (2, []), (1, [200])])
def test_any_kind_of_column_may_be_absent(numbers, levels):
    rng = np.random.default_rng(0)
    codes = np.column_stack([*(rng.integers(-1, count, 40) for count in levels), np.zeros((40, 0), dtype=np.int64)])
    found = new_rows(rng.normal(size=(40, numbers)), codes, levels, np.arange(40) % 2, np.zeros(7, dtype=int), steps=3)
    assert found[0].shape == (7, numbers) and found[1].shape == (7, len(levels))


def test_a_column_without_any_value_stays_without():
    numbers = np.column_stack([np.full(40, np.nan), np.arange(40.0)])
    found = new_rows(numbers, np.zeros((40, 0), dtype=int), [], np.arange(40) % 2, np.arange(20) % 2, steps=60)
    assert np.isnan(found[0][:, 0]).all()


def test_no_time_is_no_rows_and_enough_is_as_many_steps():
    numbers, codes, classes = simple_table()
    known = (numbers, codes, [3, 4], classes, WANTED)
    assert new_rows(*known, steps=200, seconds=0.0) is None
    hurried, unhurried = (new_rows(*known, steps=20, seconds=seconds) for seconds in (1e6, None))
    np.testing.assert_array_equal(hurried[0], unhurried[0])


def test_scores_are_normal_and_lead_back():
    values = np.exp(np.random.default_rng(0).normal(size=1001))
    column = _Scores(np.sort(values))
    scores = column.forth(values)
    assert abs(scores.mean()) < 0.01 and abs(scores.std() - 1) < 0.02
    np.testing.assert_array_equal(column.back(scores), values)
    assert column.forth(np.array([np.nan, np.median(values)])) == pytest.approx([0.0, 0.0], abs=1e-9)
