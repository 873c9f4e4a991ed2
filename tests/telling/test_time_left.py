"""When the answer was known, and what is said of the time after that: only what happened."""

from dataclasses import replace

import pytest

from advisor.judging.verdict import judge
from advisor.records import Budget, Handed, Look
from advisor.telling import time_left
from tests.made_case import remade
from tests.telling.made_document import regression

CASE = regression(0.3)
KNOWN = "The answer was known after 30 s of 1 min"


def a_look(stage, decided, answer, seconds=30.0):
    return Look(stage, seconds, {"alone": 0.5}, decided, 0.975, 5, answer)


DECIDED = a_look("tuned", True, "worth_it")
VERDICT = judge(CASE, CASE, [a_look("defaults", False, None), DECIDED])
FOLDS = Handed("neural", "realmlp", {"realmlp": 1.0}, "folds", 600)


@pytest.mark.parametrize(
    ("looks", "until", "worked", "words"),
    [
        ([], "budget", False, []),
        ([a_look("defaults", False, None), a_look("final", True, "too_close_to_call")], "budget", False, []),
        (
            [a_look("final", True, "worth_it", 55.0)], "budget", False,
            ["The answer was known after 55 s of 1 min."],
        ),
        (
            [DECIDED], "budget", True,
            [f"{KNOWN}; after that the model that is handed over was worked on, which moves no answer."],
        ),
        ([DECIDED], "budget", False, [f"{KNOWN}; after that nothing more was begun for the model to use."]),
        (
            [a_look("tuned", True, "not_worth_it")], "answer", True,
            [f"{KNOWN}, and no further candidate was tried, as --until answer asks; what was spent after it made the "
             "model that is handed over and asked what more rows would bring."],
        ),
    ],
)  # fmt: skip
def test_when_the_answer_was_known(looks, until, worked, words):
    verdict = replace(VERDICT, looks=tuple(looks))
    assert time_left.when_known(verdict, Budget(60, 10, until=until), worked=worked) == words


def begun(learner, seconds, began=1000.0):
    """Let all folds of one learner have begun so many seconds after the run did, and those of the others with it."""
    outcomes = []
    for outcome in CASE.outcomes.values():
        at = began + (seconds if outcome.candidate.learner == learner else 0.0)
        results = {number: replace(result, started_at=at) for number, result in outcome.results.items()}
        outcomes.append(replace(outcome, results=results))
    return remade(CASE, outcomes)


@pytest.mark.parametrize(
    ("situation", "handed", "case", "worked"),
    [
        ("a fold of the net was under way", FOLDS, begun("realmlp", 29.0), False),
        ("a fold of the net was begun", FOLDS, begun("realmlp", 31.0), True),
        ("a fold of one who is not in it was begun", FOLDS, begun("lightgbm", 31.0), False),
        ("it was fitted on all rows", replace(FOLDS, fitted_on="all rows"), begun("realmlp", 1.0), True),
        ("some of it was", replace(FOLDS, fitted_on="mixed"), begun("realmlp", 1.0), True),
        ("nothing was handed over", None, begun("realmlp", 1.0), False),
    ],
)
def test_the_model_was_worked_on_where_a_fit_of_it_was_begun_after_the_look(situation, handed, case, worked):
    assert VERDICT.recommended.which == "neural"
    assert time_left.worked_on(VERDICT, handed, case, 1000.0) is worked, situation


def test_nothing_is_said_of_time_after_the_last_look():
    last = replace(VERDICT, looks=(a_look("final", True, "worth_it"),))
    assert not time_left.worked_on(last, replace(FOLDS, fitted_on="all rows"), CASE, 1000.0)
    assert not time_left.worked_on(replace(VERDICT, looks=()), FOLDS, CASE, 1000.0)
