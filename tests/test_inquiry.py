"""From the first fit to the verdict, in this process: what is looked at, asked and found on the way."""

import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from advisor import inquiry, modalities, trial
from advisor.inquiry import Hands, Request, inquire
from advisor.learners import catalogue
from advisor.permuted import SHUFFLES
from advisor.plan import make_plan
from advisor.prices import NO_PRICES
from advisor.profiling import profile
from advisor.records import Budget, Constraints

LEARNERS = ("linear", "knn", "forest", "extra_trees", "lightgbm", "mlp")
ROWS = 600


@pytest.fixture(scope="module")
def found():
    """A line that a net cannot beat, asked with more time than is needed."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 4)), columns=list("abcd"))
    table["y"] = table.to_numpy() @ [1.0, -2.0, 0.5, 3.0] + 0.3 * rng.normal(size=ROWS)
    dataset = modalities.find("tabular").read(table, target="y")
    seen = profile(dataset, modalities.find("tabular"))
    budget = Budget(119, 2, folds=3, repeats=1)  # with a second more there would be five inner folds
    plan = make_plan(dataset, seen, catalogue(), budget, metric="rmse", only=LEARNERS)
    shared = trial.Shared(dataset, seen, plan, 1)
    stages = []
    hands = Hands(
        lambda tasks: map(partial(trial.run, shared), tasks),
        lambda soundings: ((sounding, trial.read_probe(shared, sounding)) for sounding in soundings),
        lambda name, jobs, seconds: stages.append(name),
    )
    request = Request(budget, 0.01, 0.95, Constraints(), NO_PRICES, 1, 1)
    now = time.time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inquiry, "GATES", 0.5)  # the gates' usual 6 s may be too few where other work shares the cores
        return inquire(shared, request, hands, now, now + 119), stages


def test_the_answer_and_the_looks_that_led_to_it(found):
    verdict = found[0].verdict
    assert verdict.answer == "not_worth_it" and verdict.recommended["learner"] == "linear"
    stages = [look["stage"] for look in verdict.looks]
    assert stages in (["landmarks", "defaults"], ["landmarks", "defaults", "final"])
    assert [look["decided"] for look in verdict.looks] == [False] * (len(stages) - 1) + [True]
    assert verdict.looks[0]["landmarks"]["linear / forest"] < -0.5, "lines fit, forests do not"
    assert all(look["landmarks"] is None for look in verdict.looks[1:])


def test_the_gates_are_passed_before_the_verdict(found):
    found_out, stages = found
    (shuffled,) = [finding for finding in found_out.profile.findings if finding.code == "L04"]
    assert shuffled.evidence["shuffles"] == SHUFFLES and "as chance has it" in shuffled.message
    assert stages.index("questions to the data") == 2, "once the defaults of all cuts have run"
    assert not [finding for finding in found_out.profile.findings if finding.severity == "severe"]


def test_what_else_is_told(found):
    further = found[0].further
    assert set(further) == {"would_change", "effort", "variance"}
    assert further["would_change"]["more_rows"]["learners"] == {"classical": "linear", "neural": "mlp"}
    assert further["variance"]["split"]["df"] == 2
