"""The loading code of others' pre-trained nets, on checkpoints made here: tiny, and knowing nothing."""

import io
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

from advisor import inert
from advisor.contracts import DOWNLOAD
from advisor.errors import UserError
from advisor.learners import catalogue, find
from advisor.records import Column, Profile

NETS = ["tabicl", "lightpfn", "tabpfn"]


def made_tabicl(folder):
    """A classifier and a regressor of 25,000 random weights each."""
    import torch
    from tabicl._model.tabicl import TabICL

    for kind, classes in (("classifier", 10), ("regressor", 0)):
        sizes = {
            "max_classes": classes, "num_quantiles": 9, "embed_dim": 16, "col_num_blocks": 1, "col_nhead": 2,
            "col_num_inds": 8, "row_num_blocks": 1, "row_nhead": 2, "row_num_cls": 2, "icl_num_blocks": 1,
            "icl_nhead": 2,
        }  # fmt: skip
        torch.save({"config": sizes, "state_dict": TabICL(**sizes).state_dict()}, folder / f"tabicl-{kind}-v0.ckpt")


def made_lightpfn(folder):
    """A classifier of 24,000 random weights, of the published kind."""
    from lightpfn import Config, LightPFN, save_model

    sizes = Config(
        col_dim=16, col_blocks=1, col_heads=2, n_inducing=8, row_blocks=1, row_heads=2, n_cls=2, icl_blocks=2,
        icl_heads=2, n_thinking=2, n_freq=4, n_ecdf_freq=2, decoder_heads=2, row_mode="summary", row_refine=True,
        row_refine_rounds=1, icl_drop_blocks=1,
    )  # fmt: skip
    save_model(LightPFN(sizes), folder)


def made_tabpfn(folder):
    """A classifier of 15,000 random weights, as version 2 was published."""
    import torch
    from tabpfn.architectures.tabpfn_v2 import get_architecture, parse_config

    sizes = {"emsize": 24, "nlayers": 1, "nhead": 2, "max_num_classes": 10, "features_per_group": 2}
    state = get_architecture(parse_config(sizes)[0]).state_dict()
    torch.save({"config": sizes, "state_dict": state}, folder / "tabpfn-v2-classifier.ckpt")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Make and remember a folder with the checkpoints of one net, or of all that are installed where none is named."""
    made = {}

    def folder(*names):
        for name in names:
            pytest.importorskip(name, reason=f"{name} is not installed")
        if names not in made:
            made[names] = tmp_path_factory.mktemp("weights")
            for name in names:
                globals()[f"made_{name}"](made[names])
        return made[names]

    return folder


def profile_of(*, task="binary", rows=80, columns=2, classes=2):
    """The profile of a table of such a shape."""
    shape = tuple(Column(f"x{i}", "number", 0.0, 9) for i in range(columns))
    facts = {} if task == "regression" else {"classes": [{"name": str(label)} for label in range(classes)]}
    return Profile("made", "tabular", rows, task, shape, {}, columns, facts, (), "print")


@pytest.mark.parametrize("name", NETS)
def test_it_reads_weights_learns_hard_tables_and_survives_pickling(name, weights, table, setting, predicted, task):
    learner = find(name)
    if task not in learner.tasks or (name == "tabpfn" and task == "regression"):
        pytest.skip("no such checkpoint is made")
    inputs, target = table(task, rows=80)
    given = replace(setting(task, 80), foundation=str(weights(name)))
    pipeline = learner.build(given, {}).fit(inputs, target)
    predictions = predicted(pipeline, inputs.head(10))
    assert len(predictions) == 10 and np.isfinite(predictions).all()
    if task != "regression":
        np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-5)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_allclose(predicted(again, inputs.head(10)), predictions, rtol=1e-4)
    with pytest.raises(inert.NotInert, match=f"it holds a {name}"):
        inert.write(pipeline, io.BytesIO())
    assert learner.executes


def test_only_those_whose_estimators_are_not_ours_run_code_when_their_models_are_loaded():
    assert {learner.name for learner in catalogue() if learner.executes} == set(NETS)


@pytest.mark.parametrize("name", NETS)
def test_without_weights_nothing_is_fetched(name, setting, tmp_path):
    pytest.importorskip(name, reason=f"{name} is not installed")
    with pytest.raises(UserError, match="needs pre-trained weights; say with --foundation"):
        find(name).build(setting("binary", 80), {})
    with pytest.raises(UserError, match="is or holds no file"):
        find(name).build(replace(setting("binary", 80), foundation=str(tmp_path)), {})


def test_one_folder_serves_all_and_each_takes_its_own(weights, setting):
    folder = weights("tabicl", "lightpfn")
    given = replace(setting("binary", 80), foundation=str(folder))
    assert find("tabicl").build(given, {})[-1].model_path == folder / "tabicl-classifier-v0.ckpt"
    assert find("lightpfn").build(given, {})[-1].checkpoint == folder / "model.safetensors"
    values = replace(setting("regression", 80), foundation=str(folder))
    assert find("tabicl").build(values, {})[-1].model_path == folder / "tabicl-regressor-v0.ckpt"


@pytest.mark.parametrize(
    ("files", "foundation", "kind", "left_out"),
    [
        ([], "", "binary", {"tabicl", "lightpfn", "tabpfn"}),
        (["tabicl-classifier-v2.ckpt"], "", "binary", {"lightpfn", "tabpfn"}),
        (["tabicl-classifier-v2.ckpt"], "tabicl-classifier-v2.ckpt", "multiclass", {"lightpfn", "tabpfn"}),
        (["tabicl-classifier-v2.ckpt"], "", "regression", {"tabicl", "lightpfn", "tabpfn"}),
        (["tabicl-regressor-v2.ckpt"], "tabicl-regressor-v2.ckpt", "regression", {"lightpfn", "tabpfn"}),
        (["tabpfn-v2-classifier.ckpt"], "", "binary", {"tabicl", "lightpfn"}),
        (["model.safetensors"], "", "binary", {"tabicl", "lightpfn", "tabpfn"}),
        (["model.safetensors", "config.json"], "model.safetensors", "binary", {"tabicl", "tabpfn"}),
        (["model.safetensors", "config.json", "tabicl-classifier-v2.ckpt"], "", "binary", {"tabpfn"}),
    ],
)
def test_who_has_no_weights_of_its_own_there_is_left_out_with_the_reason(tmp_path, files, foundation, kind, left_out):
    for file in files:
        (tmp_path / file).touch()
    for name in NETS:
        reason = find(name).absent(str(tmp_path / foundation), kind)
        able = kind in find(name).tasks
        assert (name in left_out) == (reason is not None or not able)
        assert reason is None or "is or holds no file" in reason


@pytest.mark.parametrize("name", ["tabicl", "lightpfn"])
def test_a_download_will_do_where_it_is_asked_for(name):
    assert find(name).absent(DOWNLOAD, "binary") is None
    assert not find(name).on_request


def test_tabpfn_takes_part_on_request_and_is_never_fetched(tmp_path):
    (tmp_path / "tabpfn-v2.5-classifier.ckpt").touch()
    learner = find("tabpfn")
    assert learner.on_request and "non-commercial" in learner.weights
    assert learner.absent(str(tmp_path), "binary") is None
    assert "not fetched here" in learner.absent(DOWNLOAD, "binary")


@pytest.mark.parametrize(
    ("name", "shape", "reason"),
    [
        ("tabicl", {"rows": 100_001}, "made for up to 100,000 rows and 500 columns"),
        ("tabicl", {"columns": 501}, "made for up to 100,000 rows and 500 columns"),
        ("tabpfn", {"rows": 10_001}, "made for up to 10,000 rows and 500 columns"),
        ("lightpfn", {"rows": 100_001}, "made for up to 100,000 rows and 100 columns"),
        ("lightpfn", {"columns": 101}, "made for up to 100,000 rows and 100 columns"),
        ("lightpfn", {"task": "multiclass", "classes": 11}, "made for up to 10 classes"),
        ("lightpfn", {"task": "multiclass", "classes": 10}, None),
        ("lightpfn", {"task": "regression"}, "does not do regression"),
    ],
)
def test_size_limits_are_reasons(name, shape, reason):
    assert replace(find(name), requires=()).suits(profile_of(**shape)) == reason


def test_weights_that_were_moved_are_missed_at_once(weights, setting, tmp_path):
    moved = tmp_path / "weights"
    shutil.copytree(weights("lightpfn"), moved)
    given = replace(setting("binary", 80), foundation=str(moved))
    find("lightpfn").build(given, {})
    shutil.rmtree(moved)
    with pytest.raises(UserError, match=r"model\.safetensors"):
        find("lightpfn").build(given, {})
