"""Seconds of the workers: shares, limits, deadlines, and what is kept for the end."""

from __future__ import annotations

import pytest

from advisor.contest.spending import Spending
from advisor.records import Candidate

MLP, LINEAR = Candidate("mlp", "neural"), Candidate("linear", "classical")


def spending() -> Spending:
    """Two workers for a thousand seconds, of which a tenth is kept at first: 1,800 of a worker."""
    return Spending(workers=2, began=0.0, end=1000.0)


def test_who_is_behind_goes_by_what_was_spent_and_what_is_under_way():
    known = spending()
    known.take("classical", 10.0)
    assert known.behind() == ["neural", "classical"]
    known.begin(MLP, 0, 0.0, 11.0)
    assert known.behind() == ["classical", "neural"]
    known.finish(MLP, 0)
    assert known.behind() == ["neural", "classical"] and known.finish(MLP, 0) is None


@pytest.mark.parametrize(
    ("situation", "family", "spent", "seconds", "now", "pays"),
    [
        ("fits", "classical", 0.0, 100.0, 0.0, True),
        ("all defaults together may take three quarters", "classical", 1300.0, 60.0, 100.0, False),
        ("those of nets a half", "neural", 0.0, 910.0, 0.0, False),
        ("not before the stop", "classical", 0.0, 100.0, 860.0, False),
    ],
)
def test_a_default_is_paid_for_within_its_share(situation, family, spent, seconds, now, pays):
    known = spending()
    known.take("classical", spent)
    assert known.pays_for_default(family, seconds, 5, now) is pays, situation


def test_what_an_earlier_run_spent_counts_between_families_and_not_against_the_budget():
    known = spending()
    known.take("neural", 5_000.0, earlier=True)
    assert known.pays_for_default("neural", 100.0, 5, 0.0)
    assert known.behind() == ["classical", "neural"]


@pytest.mark.parametrize(
    ("situation", "seconds", "folds", "running", "ahead", "ends"),
    [
        ("two workers share its folds", 1_600.0, 4, 0.0, 0.0, True),
        ("of five folds one of them has three", 1_600.0, 5, 0.0, 0.0, False),
        ("one fold is nobody's to share", 950.0, 1, 0.0, 0.0, False),
        ("what others wait for comes before it", 1_600.0, 4, 0.0, 300.0, False),
        ("so does what is under way", 1_600.0, 4, 400.0, 0.0, False),
        ("as far as it is not done", 1_600.0, 4, 185.0, 0.0, True),
    ],
)
def test_a_default_ends_in_time_after_what_was_begun_before_it(situation, seconds, folds, running, ahead, ends):
    """There are 1,800 seconds of two workers; what is under way has run for ten."""
    known = spending()
    known.begin(MLP, 0, 0.0, running)
    assert known.ends_in_time(seconds, folds, 10.0, ahead=ahead) is ends, situation


def test_limits_and_deadlines_have_bounds():
    known = spending()
    usual = {"trial_of": None, "essential": False, "folds": 5, "now": 0.0, "last": 900.0}
    assert known.limit(**usual) == pytest.approx(0.25 * 1800 / 5)
    assert known.limit(**{**usual, "essential": True}) == pytest.approx(0.75 * 1800 / 5)
    assert known.limit(**{**usual, "trial_of": 3.0}) == pytest.approx(12.0)
    assert known.limit(**{**usual, "trial_of": 0.01}) == pytest.approx(2.0)
    assert known.limit(**usual, least=100.0) == pytest.approx(100.0)
    assert known.limit(**usual, least=50.0) == pytest.approx(0.25 * 1800 / 5), "its share is more"
    assert known.limit(**{**usual, "now": 880.0}) == pytest.approx(19.0), "what is left"
    assert known.limit(**{**usual, "now": 880.0}, least=100.0) == pytest.approx(19.0)
    assert known.deadline(10.0, 0.0, 900.0) == pytest.approx(40.0), "three times the limit, and ten seconds"
    assert known.deadline(10.0, 890.0, 900.0) == pytest.approx(900.5)


def test_time_is_kept_for_the_model_to_use_and_for_repeats():
    known = spending()
    assert known.stop == known.until_repeats == pytest.approx(900.0)
    known.reserve(200.0, 300.0, repeat=0.0)
    assert known.stop == known.until_repeats == pytest.approx(800.0)
    known.reserve(200.0, 300.0, repeat=90.0)
    assert (known.stop, known.until_repeats) == (pytest.approx(620.0), pytest.approx(800.0)), "two whole repeats"
    known.reserve(200.0, 300.0, repeat=201.0)
    assert known.stop == known.until_repeats == pytest.approx(800.0), "one that does not fit gets no time"
    known.reserve(1e9, 300.0, repeat=0.0)
    assert known.stop == pytest.approx(700.0)
