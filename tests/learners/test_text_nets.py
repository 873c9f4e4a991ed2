"""Nets that learn from texts alone what words mean."""

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.estimators.words import words_of
from advisor.learners import find
from advisor.modalities.tabular.tokens import WordsEncoder
from advisor.testing import made_rows, made_setting
from tests.learners.conftest import quick

NETS = ("text_bag", "text_transformer")


def frame(*texts, **columns):
    return pd.DataFrame({"t": pd.array(texts, dtype="str"), **columns})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't PANIC :)", ["don", "'", "t", "panic", ":", ")"]),
        ("你好 world", ["你", "好", "world"]),
        ("สวัสดี", list("สวัสดี")),
        ("🙂🙂", ["🙂", "🙂"]),
        ("<b>Straße</b>", ["<", "b", ">", "strasse", "<", "/", "b", ">"]),
        (" \n\t", []),
    ],
)
def test_words_and_signs_of_a_text(text, words):
    assert words_of(text) == words


def test_codes_are_those_of_the_words_of_fit_the_most_frequent_first():
    seen = frame("the sea", "the ship", "The SEA the", None, x=[1.0, 2.0, 3.0, 4.0])
    encoder = WordsEncoder(("t",), length=4).fit(seen)
    assert encoder.codes_ == {"the": 1, "sea": 2, "ship": 3}
    told = encoder.transform(frame("the unheard ship", None, "sea " * 9, x=[1.0, 2.0, 3.0]))
    assert told[:, :4].tolist() == [[1, 3, 0, 0], [0, 0, 0, 0], [2, 2, 2, 2]]
    assert told.shape[1] == len(encoder.get_feature_names_out()) == 5
    once = WordsEncoder(("t",), length=9, ordered=False).fit(seen)
    known = {term for term, code in once.codes_.items() if code in once.transform(frame("the sea the", x=[0.0]))[0, :9]}
    assert known == {"the", "sea", "the sea", "sea the"}


def test_words_of_one_text_alone_are_not_kept_where_texts_are_many():
    texts = [f"word{n} ship" for n in range(300)]
    assert WordsEncoder(("t",)).fit(frame(*texts)).codes_ == {"ship": 1}


@pytest.mark.parametrize("name", NETS)
def test_a_text_of_unknown_words_is_answered_with_the_shares_of_the_classes(name):
    texts = ["great ship", "superb sea", "awful ship", "poor sea"] * 15
    target = np.tile([1, 1, 0, 0], 15)
    target[:20] = 0
    setting = made_setting("binary", 60, texts=True)
    encoder = WordsEncoder(("t",), length=8)
    kind = type(find(name).build(setting, {})[-1])
    net = kind(texts=1, length=8, epochs=30, learning_rate=1e-2).fit(encoder.fit_transform(frame(*texts)), target)
    strange = ["nothing of this was seen", "", None, "🙂", "mast " * 20_000]
    told = net.predict_proba(encoder.transform(frame(*strange)))[:, 1]
    # All of them are alike, and neither sure.
    np.testing.assert_allclose(told, told[0], atol=1e-5)
    known = net.predict_proba(encoder.transform(frame("superb great", "awful poor")))[:, 1]
    assert known[1] < told[0] < known[0]


@pytest.mark.parametrize("name", NETS)
def test_two_columns_of_text_are_both_read(name):
    rng = np.random.default_rng(0)
    one, two = (rng.choice(["great", "awful"], 200) for _ in range(2))
    inputs = frame(*one, u=pd.array([f"the {word} sea" for word in two], dtype="str"))
    target = ((one == "great") == (two == "great")).astype(int)
    encoder = WordsEncoder(("t", "u"), length=8).fit(inputs)
    kind = type(find(name).build(made_setting("binary", texts=True), {})[-1])
    net = kind(texts=2, length=8, epochs=60, learning_rate=1e-2).fit(encoder.transform(inputs), target)
    assert (net.predict(encoder.transform(inputs)) == target).mean() > 0.9


@pytest.mark.parametrize("name", NETS)
def test_columns_beside_the_texts_are_learnt_from(name):
    inputs, target = made_rows("tabular", "binary", texts=True)
    inputs["remark"] = pd.array(["the sea and a ship"] * len(inputs), dtype="str")
    net = quick(find(name).build(made_setting("binary", texts=True), {})).fit(inputs, target)
    assert (net.predict(inputs) == target).mean() > 0.75


def test_tables_without_texts_are_not_for_them():
    for name in NETS:
        assert find(name).suits(made_setting("binary").profile) == "needs a column of free text, and there is none"


def test_the_encoder_is_a_style_of_tables():
    assert isinstance(modalities.find("tabular").encoder("words", texts=("t",), length=8), WordsEncoder)
