"""The search finds what is there, keeps to its clock, and survives what fails."""

import itertools

import optuna
import pytest

from advisor.contracts import Choice, Float, Integer
from advisor.records import Trial
from advisor.tuning import ForgivingPruner, tune

SPACE = {"x": Float(-1.0, 1.0), "rate": Float(1e-4, 1.0, log=True), "depth": Integer(1, 4), "kind": Choice(("a", None))}
DEFAULTS = {"x": 1.0, "rate": 0.1, "depth": 2, "kind": None}


def bowl(params, report):
    report(0, params["x"] ** 2)
    return params["x"] ** 2 + (params["kind"] == "a")


def search(evaluate=bowl, *, seconds_left=lambda: 60.0, most_trials=30, default_seconds=0.01, **changes):
    options = {"default_params": DEFAULTS, "default_errors": (1.0,), "seed": 0, **changes}
    default = Trial(0, {}, 1.0, default_seconds, "complete", started_at=7.0)
    return tune(SPACE, evaluate, default=default, seconds_left=seconds_left, most_trials=most_trials, **options)


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
    def broken(params, report):
        raise ValueError("no such thing")

    trials = search(broken)
    assert [trial.state for trial in trials] == ["complete"] + 5 * ["failed"]
    assert all(trial.inner_error is None for trial in trials[1:])


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
