"""How slow this machine is, told by the time that a piece of work takes."""

from __future__ import annotations

import itertools

import pytest

from advisor.measuring.machine import PIECES, REFERENCE_SECONDS, speed


def clock_of(pieces: list[float]):
    """A clock on which the pieces of work take these seconds, one after the other."""
    moments = itertools.accumulate(itertools.chain.from_iterable((0.0, seconds) for seconds in pieces))
    return moments.__next__


@pytest.mark.parametrize("times", [0.5, 1.0, 3.0])
def test_the_speed_is_how_many_times_as_long_as_there(times):
    assert speed(clock_of([times * REFERENCE_SECONDS] * PIECES)) == pytest.approx(times)


def test_a_pause_is_no_slow_machine():
    pieces = [2 * REFERENCE_SECONDS] * (PIECES - 2) + [1.0] * 2
    assert speed(clock_of(pieces)) == pytest.approx(2.0)


def test_a_core_that_others_have_half_of_the_time_is_half_as_fast_however_quick_each_piece_is():
    undisturbed, waited_for = REFERENCE_SECONDS, 3 * REFERENCE_SECONDS
    assert speed(clock_of([undisturbed, waited_for] * (PIECES // 2))) == pytest.approx(2.0, rel=0.06)


@pytest.mark.parametrize(("seconds", "bound"), [(100.0, 20.0), (0.0, 0.2)])
def test_it_is_believed_within_bounds(seconds, bound):
    assert speed(clock_of([seconds] * PIECES)) == bound
