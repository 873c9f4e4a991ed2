"""Texts to look at: a few of each class, shortened, and none of what has none."""

import numpy as np
import pandas as pd

from advisor.modalities.tabular.read import read
from advisor.modalities.tabular.samples import samples
from advisor.records import Dataset


def table(texts, target, classes=("ham", "spam")):
    inputs = pd.DataFrame({"n": np.arange(float(len(texts))), "mail": pd.array(texts, dtype="str")})
    task = "binary" if classes else "regression"
    return Dataset("made", "tabular", task, inputs, np.array(target), "kind", classes)


def test_of_each_class_two_that_have_a_text():
    texts = ["one", None, "three", " ", "five", "six", "seven"]
    shown = samples(table(texts, [0, 0, 0, 0, 1, 1, 1]))
    assert [(sample["label"], sample["text"]) for sample in shown] == [
        ("mail, kind = ham", "one"), ("mail, kind = ham", "three"),
        ("mail, kind = spam", "five"), ("mail, kind = spam", "six"),
    ]  # fmt: skip


def test_of_values_the_smallest_the_middle_and_the_largest():
    shown = samples(table(["c", "a", "b"], [3.5, 1.0, 2.0], classes=()))
    assert [(sample["label"], sample["text"]) for sample in shown] == [
        ("mail, kind = 1", "a"), ("mail, kind = 2", "b"), ("mail, kind = 3.5", "c"),
    ]  # fmt: skip


def test_what_is_long_is_shortened_and_what_cannot_be_shown_is_a_blank():
    text = "a\u202ebc\x00d\n" + "x" * 100_000
    (sample, *_) = samples(table([text] * 2, [0, 1]))
    assert sample["text"].startswith("a bc d xxx") and len(sample["text"]) <= 240


def test_tables_without_texts_and_columns_of_gaps_have_none(tmp_path):
    assert samples(table([None, "", " "], [0, 1, 1])) == []
    rows = "\n".join(f"{n},{n % 2}" for n in range(60))
    (tmp_path / "a.csv").write_text(f"x,y\n{rows}\n")
    assert samples(read(str(tmp_path / "a.csv"), target="y")) == []
