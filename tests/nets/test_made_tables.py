"""Made-up tables: what is asked for, from a seed, and no two alike."""

import numpy as np
import pytest
from made_tables import made_table


@pytest.mark.parametrize("classes", [0, 2, 7])
def test_a_table_has_the_shape_that_was_asked_for(classes):
    rng = np.random.default_rng(0)
    for _ in range(30):
        rows, columns = int(rng.integers(30, 200)), int(rng.integers(1, 20))
        made = made_table(rng, rows, columns, classes)
        assert made.numbers.shape == (rows, columns)
        assert made.target.shape == (rows,)
        assert np.isfinite(made.target).all()
        assert not np.isinf(made.numbers).any()
        if classes:
            assert np.unique(made.target).tolist() == list(range(made.classes))
            assert 2 <= made.classes <= classes
        else:
            assert made.classes == 0
            assert made.target.std() > 0


def test_the_same_seed_draws_the_same_table():
    first, again = (made_table(np.random.default_rng(3), 50, 4, 3) for _ in range(2))
    np.testing.assert_array_equal(first.numbers, again.numbers)
    np.testing.assert_array_equal(first.target, again.target)


def test_without_difficulty_a_straight_line_explains_the_target():
    rng = np.random.default_rng(1)
    for _ in range(10):
        made = made_table(rng, 300, 3, 0, difficulty=0.0)
        design = np.column_stack([made.numbers, np.ones(300)])
        rest = made.target - design @ np.linalg.lstsq(design, made.target, rcond=None)[0]
        assert rest.std() < 0.35 * made.target.std()
