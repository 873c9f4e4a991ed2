"""A study finds what is there, asks for nothing twice, and knows when to end."""

from __future__ import annotations

import math

import optuna
import pytest

from advisor.contracts import Choice, Float, Integer
from advisor.fitting.study import MOST_FAILURES_IN_A_ROW, PATIENCE, Study, stagnated

SPACE = {"x": Float(-1.0, 1.0), "rate": Float(1e-4, 1.0, log=True), "depth": Integer(1, 4), "kind": Choice(("a", None))}
DEFAULTS = {"x": 1, "rate": 0.1, "depth": 2, "kind": None}


def study(space=SPACE, default_params=DEFAULTS, default_errors=(1.0, 1.2), seed=0, most=30) -> Study:
    return Study(space, default_params=default_params, default_errors=default_errors, seed=seed, most=most)


def bowl(params) -> float:
    return params["x"] ** 2 + (params["kind"] == "a")


def search(known: Study, evaluate=bowl) -> list[dict]:
    """Ask and tell, one after the other, until the study ends."""
    tried = []
    while (params := known.ask()) is not None:
        tried.append(params)
        known.tell(params, [evaluate(params)] * 2, "complete")
    return tried


def test_the_search_beats_the_default_which_is_its_first_trial():
    known = study()
    tried = search(known)
    assert len(tried) == 29 and known.ended == "trials"
    assert min(map(bowl, tried)) < 0.05


def test_same_seed_same_search():
    assert search(study(most=12)) == search(study(most=12)) != search(study(most=12, seed=1))


def test_several_may_be_under_way_and_count_against_the_cap():
    known = study(most=5)
    asked = [known.ask() for _ in range(5)]
    assert asked[4] is None and len({str(params) for params in asked[:4]}) == 4 and known.ended == "trials"


def test_defaults_outside_of_the_space_are_no_trouble():
    assert len(search(study(default_params={"x": 9.0}, most=5))) == 4
    assert len(search(study(default_params={**DEFAULTS, "depth": 9}, most=5))) == 4


def test_nothing_is_asked_for_twice_and_a_small_space_has_an_end():
    known = study(space={"depth": Integer(1, 4)}, default_params={"depth": 2})
    assert sorted(params["depth"] for params in search(known, lambda params: 1.0)) == [1, 3, 4]
    assert known.ended == "exhausted" and known.ask() is None


def test_a_study_goes_on_with_what_an_earlier_run_has_tried():
    earlier = search(study(most=8))
    known = study(most=12)
    for params in earlier:
        known.tell(params, [bowl(params)] * 2, "complete")
    more = search(known)
    assert len(more) == 4, "the cap holds for both together"
    assert not [params for params in more if params in earlier]
    assert known.ended == "trials", "the same draws again are no failures"


@pytest.mark.parametrize("done", [1, 5, 11, 15])
def test_a_study_that_goes_on_asks_for_what_the_other_would_have_asked_for(done):
    """Beyond the ten trials, too, that chance alone chooses."""
    whole = search(study(most=20))
    known = study(most=20)
    for params in whole[:done]:
        known.tell(params, [bowl(params)] * 2, "complete")
    assert search(known) == whole[done:]


@pytest.mark.parametrize(
    ("errors", "state", "trial"),
    [
        ((1.0, 3.0), "complete", ("COMPLETE", 2.0, {0: 1.0, 1: 2.0})),
        ((1.0, 3.0), "given_up", ("PRUNED", None, {0: 1.0, 1: 2.0})),
        ((), "given_up", ("FAIL", None, {})),
        ((1.0,), "failed", ("FAIL", None, {0: 1.0})),
        ((float("nan"), 3.0), "complete", ("COMPLETE", 3.0, {0: 3.0})),
        ((float("nan"),), "complete", ("FAIL", None, {})),
    ],
)
def test_what_optuna_hears_of_a_trial(errors, state, trial):
    known = study()
    known.tell(known.ask(), errors, state)
    told = known._study.get_trials()[-1]
    value = told.value if told.state is optuna.trial.TrialState.COMPLETE else None
    assert (told.state.name, value, told.intermediate_values) == trial


def test_five_failures_in_a_row_end_a_study_and_a_success_between_starts_the_count_again():
    known = study()
    for place in range(3 + MOST_FAILURES_IN_A_ROW):
        assert known.ended is None
        known.tell(known.ask(), [0.5], "complete" if place == 2 else "failed")
    assert known.ended == "failures"


def test_what_is_given_up_is_no_failure_and_no_progress_either():
    known = study(most=200)
    for _ in range(PATIENCE):
        assert known.ended is None
        known.tell(known.ask(), [0.1], "given_up")
    assert known.ended == "stagnation"


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
