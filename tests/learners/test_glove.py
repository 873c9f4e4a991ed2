"""Vectors that words were given beforehand, on made ones: praise points one way, blame another."""

import numpy as np
import pandas as pd
import pytest

from advisor.errors import UserError
from advisor.estimators import word_vectors
from advisor.estimators.word_vectors import VectorsEncoder
from advisor.learners import glove
from advisor.testing import checks
from tests.learners.conftest import quick

WORDS = ("the", ",", "great", "superb", "awful", "poor", "sea", ":")
VECTORS = np.array([[0.1, 0.1], [0.1, 0.0], [1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9], [0.5, 0.5], [0.2, 0.0]], np.float32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glove")
    np.save(folder / word_vectors.VECTORS, VECTORS)
    pd.DataFrame({"index": WORDS}).to_parquet(folder / word_vectors.INDEX)
    return str(folder)


PROMISES = checks(glove.LEARNER, quick=quick)


@pytest.mark.parametrize("place", range(len(PROMISES)), ids=[name for name, _ in PROMISES])
def test_keeps_its_promise(place, weights):
    checks(glove.LEARNER, quick=quick, foundation=weights)[place][1]()


def frame(*texts):
    return pd.DataFrame({"t": pd.array(texts, dtype="str"), "x": np.arange(float(len(texts)))})


def test_a_text_is_the_mean_of_its_words_the_rarer_the_more(weights):
    encoder = VectorsEncoder(weights).fit(frame("the great sea", "the awful sea", "the sea", "sea"))
    told = encoder.transform(frame("Superb", "the unheard-of SUPERB!", "sea great awful", "great the the the"))
    np.testing.assert_allclose(told[0], VECTORS[3] / np.linalg.norm(VECTORS[3]), rtol=1e-5)
    assert np.linalg.norm(told, axis=1) == pytest.approx(1)
    # "the" is in most texts, and its three times weigh less than they would if all words counted alike.
    plain = VECTORS[2] + 3 * VECTORS[0]
    assert told[3] @ VECTORS[2] > (plain / np.linalg.norm(plain)) @ VECTORS[2]
    assert list(encoder.get_feature_names_out()) == ["t meaning 0", "t meaning 1"]


@pytest.mark.parametrize("text", [None, "", "🙂", ":)", "neverheard", "你好", "x" * 100_000, "<b>great</b>"])
def test_any_text_has_a_vector_and_one_without_a_known_word_is_nothing(text, weights):
    encoder = VectorsEncoder(weights).fit(frame("the great sea", "awful"))
    told = encoder.transform(frame(text))
    assert told.shape == (1, 2)
    known = bool({*(text or "").replace(">", " ").replace("<", " ").split(), *(text or "")} & set(WORDS))
    assert np.linalg.norm(told) == pytest.approx(float(known), abs=1e-5)


def test_two_columns_of_text_have_a_vector_each(weights):
    two = frame("great", "awful").assign(u=pd.array(["poor", None], dtype="str"))
    told = VectorsEncoder(weights).fit(two).transform(two)
    assert told.shape == (2, 4) and not told[1, 2:].any() and told[0, 2:].any()


def test_what_is_nowhere_is_said_with_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=f"GloVe .* is needed.*put {word_vectors.VECTORS} and .* into"):
        VectorsEncoder(str(tmp_path)).fit(frame("great"))
    absent = word_vectors.WEIGHTS.__class__("GloVe", "no_such_package", "data", word_vectors.WEIGHTS.files)
    monkeypatch.setattr(word_vectors, "WEIGHTS", absent)
    with pytest.raises(UserError, match="install the package no_such_package"):
        VectorsEncoder().fit(frame("great"))


def test_the_published_vectors_know_what_words_mean():
    pytest.importorskip(glove.WEIGHTS.module, reason="the package with GloVe's vectors is not installed")
    word_vectors.load.cache_clear()
    told = VectorsEncoder().fit(frame("a dog", "a table")).transform(frame("puppy", "dog", "mortgage"))
    assert told[0] @ told[1] > 0.6 > 0.3 > told[0] @ told[2]
