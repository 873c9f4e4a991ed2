"""The loading code of a pre-trained net, on a checkpoint made here: tiny, and knowing nothing."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import UserError
from advisor.learners.tabicl import LEARNER, weights_file
from advisor.plan import make_plan
from advisor.records import Budget, Dataset, Profile

tabicl = pytest.importorskip("tabicl", reason="the extra `foundation` is not installed")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder with a classifier and a regressor of 25,000 random weights each."""
    import torch
    from tabicl._model.tabicl import TabICL

    folder = tmp_path_factory.mktemp("weights")
    for kind, classes in (("classifier", 10), ("regressor", 0)):
        sizes = {
            "max_classes": classes, "num_quantiles": 9, "embed_dim": 16, "col_num_blocks": 1, "col_nhead": 2,
            "col_num_inds": 8, "row_num_blocks": 1, "row_nhead": 2, "row_num_cls": 2, "icl_num_blocks": 1,
            "icl_nhead": 2,
        }  # fmt: skip
        torch.save({"config": sizes, "state_dict": TabICL(**sizes).state_dict()}, folder / f"tabicl-{kind}-v0.ckpt")
    return folder


def test_it_reads_weights_learns_hard_tables_and_survives_pickling(weights, table, setting, predicted, task):
    inputs, target = table(task, rows=80)
    given = replace(setting(task, 80), foundation=str(weights))
    pipeline = LEARNER.build(given, {}).fit(inputs, target)
    predictions = predicted(pipeline, inputs.head(10))
    assert len(predictions) == 10 and np.isfinite(predictions).all()
    if task != "regression":
        np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-5)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_allclose(predicted(again, inputs.head(10)), predictions, rtol=1e-4)


def test_the_checkpoint_of_the_task_is_found(weights, tmp_path):
    assert weights_file(str(weights), "regression").name == "tabicl-regressor-v0.ckpt"
    assert weights_file(str(weights), "binary").name == "tabicl-classifier-v0.ckpt"
    file = weights / "tabicl-classifier-v0.ckpt"
    assert weights_file(str(file), "multiclass") == file
    with pytest.raises(UserError, match="has no weights of TabICL for this task"):
        weights_file(str(tmp_path), "binary")


def test_without_weights_nothing_is_fetched(setting):
    with pytest.raises(UserError, match="--foundation"):
        LEARNER.build(setting("binary", 80), {})


def test_the_plan_says_what_is_missing(table):
    inputs, target = table("binary", rows=80)
    data = Dataset("made", "tabular", "binary", inputs, target, "y", ("0", "1"))
    profile = Profile("made", "tabular", 80, "binary", (), {}, 6, {}, (), "print")

    def planned(**options):
        return make_plan(data, profile, [LEARNER], Budget(600, 9), metric="roc_auc", **options)

    with pytest.raises(UserError, match="needs pre-trained weights"):
        planned()
    assert planned(foundation="somewhere").learners == ("tabicl",)
    huge = replace(profile, rows=10**6)
    assert "made for up to 100,000 rows" in LEARNER.suits(huge)
