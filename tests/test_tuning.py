"""The search finds what is there, keeps to its clock, and survives what fails."""

import itertools
import math

import numpy as np
import optuna
import pytest

from advisor.contracts import Choice, Float, Integer
from advisor.records import Trial
from advisor.tuning import (
    FEWEST_TO_FORESEE,
    MOST_FAILURES_IN_A_ROW,
    PATIENCE,
    ForgivingPruner,
    futile,
    reachable_error,
    stagnated,
    tune,
)

SPACE = {"x": Float(-1.0, 1.0), "rate": Float(1e-4, 1.0, log=True), "depth": Integer(1, 4), "kind": Choice(("a", None))}
DEFAULTS = {"x": 1.0, "rate": 0.1, "depth": 2, "kind": None}


def bowl(params, report):
    report(0, params["x"] ** 2)
    return params["x"] ** 2 + (params["kind"] == "a")


def study(evaluate=bowl, *, seconds_left=lambda: 60.0, most_trials=30, default_seconds=0.01, **changes):
    options = {"default_params": DEFAULTS, "default_errors": (1.0,), "seed": 0, **changes}
    default = Trial(0, {}, 1.0, default_seconds, "complete", started_at=7.0)
    return tune(SPACE, evaluate, default=default, seconds_left=seconds_left, most_trials=most_trials, **options)


def search(*args, **options):
    return study(*args, **options).trials


def test_the_default_is_trial_0_and_the_search_beats_it():
    trials = search()
    assert trials[0].params == {} and trials[0].inner_error == 1.0 and trials[0].started_at == 7.0
    assert [t.number for t in trials] == list(range(30))
    assert min(trial.inner_error for trial in trials) < 0.05


def test_same_seed_same_search():
    assert [t.params for t in search()] == [t.params for t in search()]
    assert [t.params for t in search()] != [t.params for t in search(seed=1)]


def test_defaults_outside_of_the_space_are_no_trouble():
    assert len(search(default_params={"x": 9.0}, most_trials=5)) == 5


def test_it_stops_when_the_next_trial_does_not_fit():
    left = itertools.count(10.0, -3.0)
    trials = search(seconds_left=lambda: next(left), default_seconds=5.0)
    assert len(trials) == 3, "10 and 7 seconds are enough for a trial of 5, 4 are not"


def test_what_fails_is_told_and_ends_the_study_when_it_goes_on():
    trials = search(broken)
    assert [trial.state for trial in trials] == ["complete"] + 5 * ["failed"]
    assert all(trial.inner_error is None for trial in trials[1:])


def rough(params, report):
    """An error that is never far below 1 and never the same."""
    return 1.0 + 0.1 * abs(params["x"])


def broken(params, report):
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("options", "ended"),
    [
        ({"most_trials": 8}, "trials"),
        ({"seconds_left": lambda: 0.0}, "seconds"),
        ({"evaluate": broken}, "failures"),
        ({"evaluate": lambda params, report: 2.0, "most_trials": 200}, "stagnation"),
        ({"evaluate": rough, "rival_error": 0.1, "margin": 0.01}, "futility"),
        ({"evaluate": rough, "rival_error": 0.99, "margin": 0.02, "most_trials": 20}, "trials"),  # not out of reach
        ({"evaluate": rough, "rival_error": None, "most_trials": 20}, "trials"),
    ],
)
def test_a_study_says_why_it_ended(options, ended):
    assert study(**options).ended == ended


def test_five_failures_in_a_row_end_a_study_and_a_success_between_starts_the_count_again():
    calls = itertools.count()

    def fails_but_for_the_third(params, report):
        if next(calls) == 2:
            return 0.5
        raise ValueError("no such thing")

    found = study(fails_but_for_the_third)
    assert len(found.trials) == 1 + 3 + MOST_FAILURES_IN_A_ROW and found.ended == "failures"


@pytest.mark.parametrize(
    ("earlier", "last", "expected"),
    [
        ([1.0, 0.9], [0.95] * PATIENCE, True),
        ([1.0, 0.9], [math.inf] * PATIENCE, True),  # what was given up is no progress
        ([1.0, 0.9], [0.95] * (PATIENCE - 1) + [0.8], False),
        ([1.0, 0.9], [0.95] * (PATIENCE - 1) + [0.8999], True),  # progress that changes no answer
        ([], [0.9] * PATIENCE, False),  # nothing yet to be better than
    ],
)
def test_a_study_stagnates_when_its_last_trials_brought_nothing(earlier, last, expected):
    assert stagnated(earlier + last) is expected


def test_what_a_study_may_reach_is_never_worse_than_what_it_has():
    errors = [1.0, *np.linspace(1.2, 2.0, 19)]
    reachable = [reachable_error(errors, more) for more in (1, 10, 100)]
    assert reachable == sorted(reachable, reverse=True), "more trials reach further"
    assert 0.0 < reachable[-1] < reachable[0] <= 1.0


@pytest.mark.parametrize(
    "errors", [[1.0] * (FEWEST_TO_FORESEE - 1), [0.0] + [1.0] * 30, [1.0] + [math.inf] * 30], ids=str
)
def test_nothing_is_out_of_reach_where_there_is_too_little_to_go_by(errors):
    assert reachable_error(errors, 5) == 0.0
    assert not futile(errors, 5, 1e-9, 0.01)


def test_futile_means_worse_by_the_margin_and_not_merely_no_better():
    same = [1.0] * 30
    assert futile(same, 5, rival_error=0.98, margin=0.01)
    assert not futile(same, 5, rival_error=0.98, margin=0.03)
    assert not futile(same, 5, rival_error=1.0, margin=0.0)


def test_an_error_that_is_not_a_number_is_a_failure():
    assert search(lambda params, report: float("nan"), most_trials=2)[1].state == "failed"


@pytest.mark.parametrize(
    ("folds", "pruned"),
    [
        ((0.9,), False),  # a single fold proves nothing
        ((0.9, 0.9), True),  # worse than the best's worst fold
        ((0.29, 0.31), False),  # worse than its mean, not than its worst fold
        ((0.1, 0.1), False),
    ],
)
def test_a_trial_is_given_up_only_when_clearly_worse(folds, pruned):
    study = optuna.create_study()
    create = optuna.trial.create_trial
    study.add_trial(create(value=0.2, intermediate_values={0: 0.1, 1: 0.2, 2: 0.31}))
    trial = create(state=optuna.trial.TrialState.RUNNING, intermediate_values=dict(enumerate(folds)))
    assert ForgivingPruner().prune(study, trial) is pruned


def test_a_pruned_trial_is_told_as_such():
    def bad_after_the_default(params, report):
        for fold in range(3):
            report(fold, 5.0)
        return 5.0

    trials = search(bad_after_the_default, default_errors=(1.0, 1.1, 0.9), most_trials=3)
    assert [trial.state for trial in trials] == ["complete", "pruned", "pruned"]
