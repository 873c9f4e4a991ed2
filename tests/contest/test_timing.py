"""What a fold takes: the table first, then what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.contest.timing import Timing
from advisor.records import Candidate, Cost, Entrant, FoldResult, Folds, Plan

LIGHTGBM, TRIAL = Candidate("lightgbm", "classical"), Candidate("lightgbm", "classical", {"x": 1})


def timing(**table: float) -> Timing:
    entrants = tuple(Entrant(name, "classical", seconds) for name, seconds in table.items())
    folds = Folds("stratified", 5, 1, (), None)  # type: ignore[arg-type]
    return Timing(Plan("regression", "rmse", folds, entrants, {}, 0, "cpu", "auto", "print"))


def took(candidate: Candidate, seconds: float, state: str = "done") -> FoldResult:
    return FoldResult(candidate, 0, state, cost=Cost(fit_seconds=seconds * 0.8, predict_seconds=seconds * 0.2))  # type: ignore[arg-type]


def test_the_table_is_believed_until_something_is_measured():
    known = timing(lightgbm=2.0, forest=3.0)
    assert known.expected(LIGHTGBM) == known.expected(TRIAL) == 2.0
    known.take(took(LIGHTGBM, 5.0))
    assert known.expected(LIGHTGBM) == known.of_default("lightgbm") == pytest.approx(5.0)
    assert known.expected(TRIAL) == pytest.approx(5.0), "as its default"


def test_of_the_last_folds_of_a_default_the_longest_is_expected():
    known = timing(lightgbm=2.0)
    for seconds in (9.0, 1.0, 2.0, 1.5):
        known.take(took(LIGHTGBM, seconds))
    assert known.of_default("lightgbm") == pytest.approx(2.0)


def test_of_trials_a_long_one_but_not_the_longest():
    known = timing(lightgbm=1.0)
    known.take(took(LIGHTGBM, 1.0))
    for seconds in (1.0, 2.0, 3.0, 50.0):
        known.take(took(TRIAL, seconds))
    assert known.of_trial("lightgbm") == pytest.approx(3.0) and known.of_default("lightgbm") == pytest.approx(1.0)


def test_two_learners_tell_the_pace_of_the_machine_for_the_others():
    known = timing(lightgbm=1.0, forest=2.0, mlp=4.0)
    known.take(took(LIGHTGBM, 2.0))
    assert known.of_default("mlp") == 4.0, "one could be an exception"
    known.take(took(Candidate("forest", "classical"), 4.0))
    assert known.of_default("mlp") == pytest.approx(8.0)


def test_what_is_over_at_once_tells_nothing_of_the_pace():
    known = timing(lightgbm=0.001, forest=0.001, mlp=4.0)
    known.take(took(LIGHTGBM, 0.1))
    known.take(took(Candidate("forest", "classical"), 0.1))
    assert known.of_default("mlp") == 4.0


def test_what_should_have_been_over_at_once_does_not_tell_of_a_machine_that_is_a_hundred_times_as_slow():
    known = timing(dummy=0.001, lightgbm=1.0, mlp=4.0)
    known.take(took(Candidate("dummy", "dummy"), 0.4))
    known.take(took(LIGHTGBM, 1.0))
    assert known.of_default("mlp") == pytest.approx(6.0), "between 1 and 2 times, and not 200"


def test_a_slow_fit_is_told_once_a_learner():
    known = timing(lightgbm=1.0)
    assert known.take(took(LIGHTGBM, 2.9)) is None
    note = known.take(took(LIGHTGBM, 30.0))
    assert note is not None and note.startswith("A fit of lightgbm took 30.0 s, 10 times as long as expected")
    assert known.take(took(LIGHTGBM, 300.0)) is None


def test_a_slow_trial_may_be_slow_for_its_settings():
    known = timing(lightgbm=1.0)
    known.take(took(LIGHTGBM, 1.0))
    assert known.take(took(TRIAL, 40.0)) == (
        "A fit of lightgbm took 40.0 s, 40 times as long as expected: the machine is busy, or the data or its settings "
        "are hard on it; the time that is left is planned by what was measured."
    )
    assert known.take(took(LIGHTGBM, 400.0)) is None, "once a learner"


def test_a_trial_that_ended_at_its_own_limit_says_nothing_of_the_machine():
    known = timing(lightgbm=1.0)
    known.take(took(LIGHTGBM, 1.0))
    assert known.take(replace(took(TRIAL, 4.0), cut_short=True)) is None
    assert known.take(replace(took(LIGHTGBM, 40.0), cut_short=True)) is not None, "and the one note is left"


def test_a_fit_that_was_stopped_is_told_and_not_learnt_from():
    known = timing(lightgbm=1.0)
    assert known.take(took(LIGHTGBM, 40.0, "timeout")) == (
        "A fit of lightgbm was stopped after 40.0 s, 40 times as long as expected: the machine is busy, or the data "
        "are hard on it."
    )
    assert known.of_default("lightgbm") == 1.0
    assert known.take(took(TRIAL, 40.0, "timeout")) is None, "once a learner"


@pytest.mark.parametrize(
    "result",
    [took(LIGHTGBM, 40.0, "failed"), took(LIGHTGBM, 2.9, "timeout"), took(Candidate("linear", "classical"), 1.9)],
)
def test_nothing_is_told_of_what_failed_nor_of_less_than_a_multiple_nor_of_a_second_or_two(result):
    assert timing(lightgbm=1.0, linear=0.01).take(result) is None
