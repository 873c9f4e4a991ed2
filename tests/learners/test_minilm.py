"""The net that was trained beforehand on sentences, on weights made here: one layer, and knowing nothing."""

import importlib
import pickle
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor.errors import UserError
from advisor.estimators import sentences
from advisor.learners import find, minilm, minilm_tuned
from advisor.testing import checks, made_rows, made_setting
from tests.learners.conftest import quick

pytest.importorskip("tokenizers", reason="tokenizers is not installed (the extra text)")
pytest.importorskip("safetensors", reason="safetensors is not installed (the extra text)")

WORDS = (
    "[PAD]", "[UNK]", "[CLS]", "awful", "poor", "plain", "fair", "great", "superb", "the", "a", "ship", "sea", "and",
)  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make the net 16 numbers wide, of one layer."""
    from advisor.nets import minilm as net

    for name, value in (("WIDTH", 16), ("HEADS", 2), ("HIDDEN", 32), ("LAYERS", 1)):
        monkeypatch.setattr(net, name, value)
    net.load.cache_clear()


def made_weights(folder):
    """Write random weights under the names that they are published by, and a tokenizer that cuts at blanks."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    draw = torch.Generator().manual_seed(0)
    shapes = {f"embeddings.{name}_embeddings.weight": (rows, 16) for name, rows in (
        ("word", len(WORDS)), ("position", 300), ("token_type", 2))}  # fmt: skip
    layer = "encoder.layer.0"
    sizes = {f"{layer}.attention.self.{part}": (16, 16) for part in ("query", "key", "value")}
    sizes |= {f"{layer}.attention.output.dense": (16, 16), f"{layer}.intermediate.dense": (32, 16),
              f"{layer}.output.dense": (16, 32)}  # fmt: skip
    for name, shape in sizes.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in ("embeddings", f"{layer}.attention.output", f"{layer}.output"):
        shapes |= {f"{name}.LayerNorm.weight": (16,), f"{name}.LayerNorm.bias": (16,)}
    save_file(
        {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}, folder / "model.safetensors"
    )
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return made_weights(tmp_path_factory.mktemp("minilm"))


@pytest.mark.parametrize("place", range(len(checks(minilm.LEARNER))), ids=[name for name, _ in checks(minilm.LEARNER)])
def test_keeps_its_promise(place, weights):
    checks(minilm.LEARNER, foundation=weights)[place][1]()


TUNED = checks(minilm_tuned.LEARNER, quick=quick)


@pytest.mark.parametrize("place", range(len(TUNED)), ids=[name for name, _ in TUNED])
def test_keeps_its_promise_when_its_last_layers_are_trained_on(place, weights):
    checks(minilm_tuned.LEARNER, quick=quick, foundation=weights)[place][1]()


def test_training_on_begins_where_the_frozen_net_stands(weights):
    """Before the first step the last layers and the head say what a linear model on the frozen vectors does."""
    import torch
    from sklearn.linear_model import LogisticRegression

    from advisor.nets.loop import Rows

    inputs, target = made_rows("tabular", "binary", 80, texts=True)
    states, model = minilm_tuned.LEARNER.build(made_setting("binary", 80, texts=True, foundation=weights), {})
    model.set_params(layers=1)
    rows = Rows((torch.from_numpy(states.set_params(layers=1).fit_transform(inputs)),), torch.from_numpy(target))
    net = model._net(rows, (), (0.0, 0.0), None)
    with torch.inference_mode():
        told = net(rows.inputs[0]).softmax(1).numpy()
    vectors = sentences.SentenceEncoder(weights).fit_transform(inputs)
    linear = LogisticRegression(C=10.0, tol=1e-3, max_iter=300).fit(vectors, target)
    np.testing.assert_allclose(told, linear.predict_proba(vectors), atol=1e-3)


def test_a_text_is_what_it_is_alone_and_in_company(weights):
    from advisor.estimators.sentences import SentenceEncoder

    texts = ["great ship", "", "the sea and the ship " * 200, "superb", "great ship"]
    frame = pd.DataFrame({"t": pd.array([*texts, None], dtype="str"), "x": np.arange(6.0)})
    encoder = SentenceEncoder(weights).fit(frame)
    together = encoder.transform(frame)
    assert together.shape == (6, 16) and len(encoder.get_feature_names_out()) == 16
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    for place in range(6):
        np.testing.assert_allclose(encoder.transform(frame.iloc[[place]])[0], together[place], atol=1e-5)
    np.testing.assert_allclose(together[[0, 1]], together[[4, 5]], atol=1e-5)


def test_texts_that_were_fitted_on_are_remembered_and_predictions_are_made_anew(weights, monkeypatch):
    from advisor.estimators.sentences import SentenceEncoder
    from advisor.nets import minilm as net

    asked = []
    vectors = net.vectors
    monkeypatch.setattr(net, "vectors", lambda *given: asked.extend(given[2]) or vectors(*given))
    frame = pd.DataFrame({"t": pd.array(["a poor ship", "a fair sea", "a poor ship"], dtype="str")})
    first = SentenceEncoder(weights).fit_transform(frame)
    np.testing.assert_array_equal(SentenceEncoder(weights).fit_transform(frame), first)
    assert asked == ["a poor ship", "a fair sea"]
    np.testing.assert_allclose(SentenceEncoder(weights).fit(frame).transform(frame), first, atol=1e-5)
    assert len(asked) == 4


def test_the_weights_are_in_the_folder_that_is_named_or_in_the_package(weights, tmp_path, monkeypatch):
    assert minilm.LEARNER.absent(weights, "binary") is None
    monkeypatch.setattr(minilm, "WEIGHTS", replace(minilm.WEIGHTS, module="no_such_package"))
    assert "holds no model.safetensors" in minilm.LEARNER.absent(str(tmp_path), "binary")


def test_a_model_finds_the_package_where_it_is_asked(weights, tmp_path, monkeypatch):
    """The folder of a package is another one on another machine; only one that the user named is part of a model."""
    inputs, target = made_rows("tabular", "binary", 60, texts=True)
    setting = made_setting("binary", 60, texts=True)
    for place in ("here", "there"):
        inside = tmp_path / place / "made_weights" / "model"
        inside.mkdir(parents=True)
        (inside.parent / "__init__.py").touch()
        for name in minilm.WEIGHTS.files:
            shutil.copy(Path(weights) / name, inside / name)
    packaged = replace(minilm.WEIGHTS, module="made_weights")
    monkeypatch.setattr(minilm, "WEIGHTS", packaged)
    monkeypatch.setattr(sentences, "WEIGHTS", packaged)
    monkeypatch.syspath_prepend(tmp_path / "here")
    written = pickle.dumps(minilm.LEARNER.build(setting, {}).fit(inputs, target))
    expected = pickle.loads(written).predict_proba(inputs)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "there"), *sys.path[1:]])
    shutil.rmtree(tmp_path / "here")
    importlib.invalidate_caches()
    np.testing.assert_array_equal(pickle.loads(written).predict_proba(inputs), expected)
    assert str(tmp_path).encode() not in written
    shutil.rmtree(tmp_path / "there")
    importlib.invalidate_caches()
    with pytest.raises(UserError, match=r"all-MiniLM-L6-v2 is needed.*install the package made_weights\."):
        pickle.loads(written).predict_proba(inputs)


def test_what_is_remembered_of_texts_costs_as_much_as_when_it_was_made(weights):
    from advisor.measuring.costs import Stopwatch

    frame = pd.DataFrame({"t": pd.array([f"ship number {n}" for n in range(100, 200)], dtype="str")})
    spared = []
    for rows in (frame, frame, frame.head(50), frame.head(50)):
        with Stopwatch() as watch:
            sentences.SentenceEncoder(weights).fit_transform(rows)
        spared.append(watch.spared_seconds)
    assert spared[0] == 0 < spared[1]
    assert spared[2] == spared[3] == pytest.approx(spared[1] / 2)


def test_a_table_without_texts_is_not_for_it():
    assert find("minilm").suits(made_setting("binary").profile) == "needs a column of free text, and there is none"
    assert find("minilm").suits(made_setting("binary", texts=True).profile) is None


def test_the_published_net_knows_what_sentences_mean():
    pytest.importorskip(
        minilm.WEIGHTS.module, reason="the package with the weights of all-MiniLM-L6-v2 is not installed"
    )
    from importlib import reload

    from advisor.estimators.sentences import SentenceEncoder
    from advisor.nets import minilm as net

    reload(net)
    texts = ["A man is eating food.", "Somebody eats a meal.", "The stock market fell sharply today."]
    told = SentenceEncoder().fit_transform(pd.DataFrame({"t": pd.array(texts, dtype="str")}))
    assert told[0] @ told[1] > 0.5 > 0.2 > told[0] @ told[2]


def test_made_tables_have_texts():
    inputs, _ = made_rows("tabular", "binary", texts=True)
    assert inputs["remark"].dtype == "str"
