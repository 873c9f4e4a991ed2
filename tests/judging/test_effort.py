"""Equal time against equal numbers of candidates: who would have led with as many as the other side had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.effort import effort
from advisor.judging.ruling import ruling
from advisor.records import Case, Effort, Prices
from tests.made_case import made_case, only_on, remade

ROWS = 500
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)


def case(trees: list[float], nets: list[float]) -> Case:
    """Each family's candidates miss by so much, and began one after the other, the trees first."""
    told = {"dummy": ("dummy", np.zeros(ROWS))}
    for learner, family, noises in (("lightgbm", "classical", trees), ("realmlp", "neural", nets)):
        for number, noise in enumerate(noises):
            name = learner + (f"#{number + 1}" if number else "")
            told[name] = (family, TARGET + noise * rng.standard_normal(ROWS))
    made = made_case(TARGET, told)  # type: ignore[arg-type]
    return began(made, list(made.outcomes))


def began(made: Case, keys: list[str]) -> Case:
    """Let the candidates begin in this order."""
    outcomes = []
    for place, key in enumerate(keys):
        known = made.outcomes[key]
        results = {n: replace(result, started_at=10.0 * place + n) for n, result in known.results.items()}
        outcomes.append(replace(known, results=results))
    return remade(made, outcomes)


def told(made: Case) -> Effort:
    return effort(made, ruling(made))


def test_a_side_with_more_candidates_is_held_to_as_many_as_the_other_had() -> None:
    """The third tree is the best by far, and the nets had but two candidates."""
    found = told(case(trees=[0.9, 0.8, 0.3], nets=[0.7, 0.6]))
    assert found.trials == {"classical": 3, "neural": 2} and found.equal_trials_used == 2
    assert found.seconds == {"classical": pytest.approx(16.5), "neural": pytest.approx(11.0)}
    assert found.equal_time.gain == pytest.approx(1 - 0.6 / 0.3, abs=0.15)
    assert found.equal_trials.gain == pytest.approx(1 - 0.6 / 0.8, abs=0.07)
    assert found.sign_differs and found.side_of_margin_differs


def test_it_is_the_first_to_begin_that_count() -> None:
    made = case(trees=[0.9, 0.8, 0.3], nets=[0.7, 0.6])
    keys = list(made.outcomes)
    best = min((key for key in keys if "lightgbm" in key), key=lambda key: made.outcomes[key].results[0].error)
    early = began(made, [best, *(key for key in keys if key != best)])
    found = told(early)
    assert found.equal_trials.theta == pytest.approx(found.equal_time.theta, abs=0.01) and not found.sign_differs


def test_equal_numbers_already() -> None:
    found = told(case(trees=[0.9, 0.8], nets=[0.7, 0.6]))
    assert found.equal_trials.theta == pytest.approx(found.equal_time.theta, abs=1e-9)
    assert not found.sign_differs and not found.side_of_margin_differs


def test_candidates_that_were_given_up_on_count_as_tried() -> None:
    made = case(trees=[0.9, 0.8, 0.3], nets=[0.7, 0.6, 0.65])
    gone = [
        only_on(outcome, (0, 1), "given_up") if number == 6 else outcome
        for number, outcome in enumerate(made.outcomes.values())
    ]
    found = told(remade(made, gone))
    assert found.trials == {"classical": 3, "neural": 3}
    assert found.equal_trials.gain == pytest.approx(found.equal_time.gain)


def test_no_reading_without_both_families() -> None:
    made = case(trees=[0.9], nets=[0.7])
    found = told(remade(made, [o for o in made.outcomes.values() if o.candidate.family != "neural"]))
    assert found.equal_time is None and found.equal_trials is None and found.equal_trials_used == 0
    assert not found.sign_differs


def test_both_are_held_to_the_margin_of_nets_alone() -> None:
    """Whatever the search of a blend with nets costs beyond that of the trees."""
    made = case(trees=[0.9, 0.8, 0.3], nets=[0.7, 0.6])
    dear = replace(made.question, prices=Prices(3.6, 1_000.0, 1.0, engineering_cost=3e4))
    ruled = ruling(replace(made, question=dear))
    found = effort(replace(made, question=dear), ruled)
    asked = ruled.readings["alone"].comparison.theta_min
    assert found.equal_time.theta_min == found.equal_trials.theta_min == asked > 0.05
