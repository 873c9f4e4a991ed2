"""Learners made quick enough to be tried many times on the tables of advisor.testing."""

from dataclasses import replace

import pytest

from advisor.contracts import TASKS
from advisor.estimators.augmenting import Generation
from advisor.estimators.net import ArrayNetEstimator
from advisor.learners import catalogue
from advisor.testing import Subject, answers, checks, made_rows, made_setting

# Whatever an estimator calls its iterations, a few of them are enough to see that it works.
QUICK = {"max_iterations": 25, "epochs": 12, "n_estimators": 12}
# Nets on series and pictures have learnt as much in fewer, and each takes long.
EPOCHS_ON_ARRAYS = 6


def quick(pipeline):
    """Cut the iterations of whatever iterates in `pipeline`."""
    few = {name: QUICK[name.rsplit("__")[-1]] for name in pipeline.get_params() if name.rsplit("__")[-1] in QUICK}
    if isinstance(pipeline.get_params().get("model"), ArrayNetEstimator):
        few["model__epochs"] = EPOCHS_ON_ARRAYS
    if isinstance(augment := pipeline.get_params().get("model__augment"), Generation):
        few["model__augment"] = replace(augment, steps=5)
    return pipeline.set_params(**few)


def pytest_generate_tests(metafunc):
    # Who needs weights that are not here is tried on made ones in a file of its own.
    members = [learner for learner in catalogue() if not learner.weights]
    if "promise" in metafunc.fixturenames:
        promises = [
            pytest.param(check, id=f"{learner.name}-{name}")
            for learner in members
            for name, check in checks(learner, quick=quick)
        ]
        metafunc.parametrize("promise", promises)
    if {"learner", "task"} <= set(metafunc.fixturenames):
        pairs = [pytest.param(each, task, id=f"{each.name}-{task}") for each in members for task in each.tasks]
        metafunc.parametrize(("learner", "task"), pairs)
    elif "learner" in metafunc.fixturenames:
        metafunc.parametrize("learner", members, ids=lambda learner: learner.name)
    elif "task" in metafunc.fixturenames:
        metafunc.parametrize("task", TASKS)


@pytest.fixture
def table(request):
    """Make rows that whoever is tried can learn from."""
    return Subject(request.getfixturevalue("learner")).table if "learner" in request.fixturenames else _made_table


@pytest.fixture
def build():
    """Build a learner's quick pipeline for a task, with parameters and changes to the setting."""

    def make(learner, task, rows=240, params=None, **changes):
        return Subject(learner, quick).build(task, rows, params, **changes)

    return make


def _made_table(task, rows=240, seed=0):
    return made_rows("tabular", task, rows, seed)


@pytest.fixture
def setting(request):
    """Say what whoever is tried is told of made rows."""
    if "learner" in request.fixturenames:
        return Subject(request.getfixturevalue("learner")).setting
    return made_setting


@pytest.fixture
def predicted():
    return answers
