"""What was made before is given back, counts as made, and makes room for what comes later."""

import time

import numpy as np
import pytest

from advisor.measuring.costs import Stopwatch
from advisor.measuring.remembered import Remembered


def squares(asked):
    def make(places):
        asked.append(list(places))
        time.sleep(0.02)
        return np.array([[place, place**2] for place in places], dtype=float)

    return make


def test_a_row_is_made_once_whoever_asks_and_equal_rows_are_one():
    known, asked = Remembered(1_000), []
    first = known.rows(["a", "b", "a"], squares(asked), [1, 1, 1])
    assert asked == [[0, 1]] and first.tolist() == [[0, 0], [1, 1], [0, 0]]
    again = known.rows(["c", "b"], squares(asked), [1, 1])
    assert asked == [[0, 1], [0]] and again.tolist() == [[0, 0], [1, 1]]


def test_what_is_remembered_counts_as_if_it_had_been_made_again():
    known = Remembered(1_000)
    with Stopwatch() as first:
        known.rows(["a", "b"], squares([]), [3, 1])
    with Stopwatch() as again:
        known.rows(["a"], squares([]), [3])
    assert first.spared_seconds == 0 and first.wall_seconds >= 0.02
    assert again.spared_seconds == pytest.approx(0.75 * first.wall_seconds, rel=0.3)
    assert again.wall_seconds >= again.spared_seconds


def test_the_oldest_is_forgotten_where_there_is_no_room():
    known, asked = Remembered(6), []
    for key in "abcd":
        known.rows([key], squares(asked), [1])
    assert len(known) == 3
    known.rows(["a"], squares(asked), [1])
    assert len(asked) == 5, "the oldest had to be made again"
