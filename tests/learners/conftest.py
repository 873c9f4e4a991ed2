"""A table with everything that makes tables hard, and learners made quick enough to be tried on it many times."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.augmenting import Generation
from advisor.contracts import Setting
from advisor.learners import catalogue
from advisor.metrics import default_metric
from advisor.records import Profile

# Whatever an estimator calls its iterations, a few of them are enough to see that it works.
QUICK = {"max_iterations": 25, "epochs": 12, "n_estimators": 12}


def pytest_generate_tests(metafunc):
    if "learner" in metafunc.fixturenames:
        # Who needs weights that are not here is tried on made ones in a file of its own.
        members = [learner for learner in catalogue() if not learner.weights]
        metafunc.parametrize("learner", members, ids=lambda learner: learner.name)
    if "task" in metafunc.fixturenames:
        metafunc.parametrize("task", ["binary", "multiclass", "regression"])


def make_table(task, rows=240, seed=0):
    """Typed inputs as a Dataset has them, and a target that depends on a number, a category and a date."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=rows)
    kind = rng.choice(list("abcdé"), rows)
    day = rng.integers(0, 1000, rows)
    inputs = pd.DataFrame(
        {
            "größe": size,
            '"a": [{,}]': rng.normal(size=rows) * 1e6,
            "flag": rng.integers(0, 2, rows).astype(float),
            "kind": pd.Categorical(kind),
            "place": pd.Categorical(rng.choice([f"place {i}" for i in range(60)], rows)),
            "日付": pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"),
        }
    )
    inputs["日付"] = inputs["日付"].astype("datetime64[ns]")
    signal = 2 * size + 2 * np.isin(kind, ["a", "é"]) + day / 500 + 0.3 * rng.normal(size=rows)
    for column, step in (("größe", 11), ("flag", 7), ("kind", 13), ("日付", 17)):
        inputs.loc[::step, column] = None
    if task == "regression":
        return inputs, signal * 1e5 + 1e7
    edges = np.quantile(signal, [0.5] if task == "binary" else [0.3, 0.6])
    return inputs, np.digitize(signal, edges).astype(np.int64)


def make_setting(task, rows, **changes):
    profile = Profile("table", "tabular", rows, task, (), {}, 20, {}, (), "")
    given = {"profile": profile, "modality": modalities.find("tabular"), "metric": default_metric(task), "rows": rows}
    return Setting(**{**given, **changes})


def quick(pipeline):
    """Cut the iterations of whatever iterates in `pipeline`."""
    few = {name: QUICK[name.rsplit("__")[-1]] for name in pipeline.get_params() if name.rsplit("__")[-1] in QUICK}
    if isinstance(augment := pipeline.get_params().get("model__augment"), Generation):
        few["model__augment"] = replace(augment, steps=5)
    return pipeline.set_params(**few)


def answers(pipeline, inputs):
    """Probabilities where there are classes, values elsewhere."""
    return pipeline.predict_proba(inputs) if hasattr(pipeline, "predict_proba") else pipeline.predict(inputs)


@pytest.fixture
def table():
    return make_table


@pytest.fixture
def build():
    """Build a learner's quick pipeline for a task, with parameters and changes to the setting."""

    def make(learner, task, rows=240, params=None, **changes):
        return quick(learner.build(make_setting(task, rows, **changes), params or {}))

    return make


@pytest.fixture
def setting():
    return make_setting


@pytest.fixture
def predicted():
    return answers
