"""The net that was trained beforehand on sentences, on weights made here: one layer, and knowing nothing."""

import numpy as np
import pandas as pd
import pytest

from advisor.learners import find, minilm
from advisor.testing import checks, made_rows, made_setting

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
    np.testing.assert_array_equal(together[0], together[4])
    np.testing.assert_array_equal(together[1], together[5])


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
    np.testing.assert_allclose(SentenceEncoder(weights).fit(frame).transform(frame), first, atol=1e-6)
    assert len(asked) == 4


def test_the_weights_are_in_the_folder_that_is_named_or_in_the_package(weights, tmp_path, monkeypatch):
    assert minilm.LEARNER.absent(weights, "binary") is None
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    assert "holds no model.safetensors" in minilm.LEARNER.absent(str(tmp_path), "binary")


def test_a_table_without_texts_is_not_for_it():
    assert find("minilm").suits(made_setting("binary").profile) == "needs a column of free text, and there is none"
    assert find("minilm").suits(made_setting("binary", texts=True).profile) is None


def test_the_published_net_knows_what_sentences_mean():
    pytest.importorskip(minilm.PACKAGE, reason="the package with the weights of all-MiniLM-L6-v2 is not installed")
    from importlib import reload

    from advisor.estimators.sentences import SentenceEncoder
    from advisor.nets import minilm as net

    reload(net)
    texts = ["A man is eating food.", "Somebody eats a meal.", "The stock market fell sharply today."]
    told = SentenceEncoder(str(minilm._folder(None))).fit_transform(pd.DataFrame({"t": pd.array(texts, dtype="str")}))
    assert told[0] @ told[1] > 0.5 > 0.2 > told[0] @ told[2]


def test_made_tables_have_texts():
    inputs, _ = made_rows("tabular", "binary", texts=True)
    assert inputs["remark"].dtype == "str"
