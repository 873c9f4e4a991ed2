"""CatBoost as it is shipped, and with settings that are stopped by rows held out."""

from dataclasses import replace

import numpy as np
import pytest
from catboost import CatBoostClassifier as Shipped

from advisor.contracts import fit_report
from advisor.learners import find
from advisor.learners.catboost import FEW_ROWS, TREES_FOR_FEW, TREES_FOR_MANY, CatBoostClassifier, CatBoostRegressor


def blobs(rows=200):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(rows, 4))
    return inputs, (inputs[:, 0] + rng.normal(size=rows) > 0).astype(int)


def test_without_a_learning_rate_it_is_catboost_as_shipped_on_all_rows():
    inputs, target = blobs()
    ours = CatBoostClassifier(max_iterations=50, random_state=3).fit(inputs, target)
    theirs = Shipped(iterations=50, random_seed=ours.seed_, thread_count=1, verbose=False, allow_writing_files=False)
    theirs.fit(inputs, target)
    assert np.allclose(ours.predict_proba(inputs), theirs.predict_proba(inputs))
    assert ours.best_iteration_ == 50 and not fit_report(ours).curve


def test_a_learning_rate_is_stopped_by_rows_held_out():
    inputs, target = blobs()
    model = CatBoostRegressor(learning_rate=0.2, max_iterations=500, patience=10, random_state=3)
    model.fit(inputs, target.astype(float))
    assert model.best_iteration_ < 500 and fit_report(model).curve


@pytest.mark.parametrize(("rows", "params", "trees"), [
    (FEW_ROWS, {}, TREES_FOR_FEW), (FEW_ROWS + 1, {}, TREES_FOR_MANY), (FEW_ROWS + 1, {"learning_rate": 0.1}, 1000),
])  # fmt: skip
def test_many_rows_get_fewer_trees_unless_rows_held_out_decide(rows, params, trees, setting):
    model = find("catboost").build(replace(setting("binary"), rows=rows), params)[-1]
    assert model.max_iterations == trees
