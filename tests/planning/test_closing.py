"""What is kept for the end of a comparison, by how slow the machine is."""

from __future__ import annotations

import doctest

import pytest

from advisor.planning import closing


def test_the_examples_are_right():
    done = doctest.testmod(closing)
    assert done.attempted and not done.failed


@pytest.mark.parametrize("budget", [5.0, 20.0, 60.0, 600.0])
@pytest.mark.parametrize("left", [0.2, 0.9])
@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0, 20.0])
def test_more_is_kept_on_a_slower_machine_and_so_much_that_what_is_promised_holds(budget, left, pace):
    """At most 5 % of a budget or 5 s beyond it, half of which is left to surprises."""
    kept, slower = (sum(closing.kept(budget, left * budget, each)) for each in (pace, 2 * pace))
    expected = sum(closing.kept(budget, float("inf"), pace))
    assert 0 < kept <= slower + 1e-9 and kept <= expected
    assert expected - kept <= max(2.5, 0.025 * budget) + 1e-9


def test_more_is_kept_where_a_tracker_is_told_meanwhile():
    assert sum(closing.kept(60, 50, 2.0, tracking=True)) > sum(closing.kept(60, 50, 2.0))


@pytest.mark.parametrize(("left", "pace", "pays"), [(18.0, 1.0, True), (18.0, 3.0, False), (55.0, 3.0, True)])
def test_slow_checks_are_paid_for_where_little_is_lost_by_them(left, pace, pays):
    assert closing.pays_for_slow_checks(left, pace) is pays
