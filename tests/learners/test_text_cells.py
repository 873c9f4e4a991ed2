"""Cells of texts as people have them, in training and in new rows: every learner of texts answers, and none fails."""

import numpy as np
import pandas as pd
import pytest

from advisor.learners import catalogue
from advisor.modalities.tabular.bag import BagEncoder
from advisor.modalities.tabular.read import read
from advisor.testing import Subject, answers, made_setting
from advisor.walk import profile
from tests.learners.conftest import quick

TABLE = made_setting("binary").profile
LEARNERS = [learner for learner in catalogue() if learner.objection(TABLE) and not learner.weights]
STRANGE = (
    "", None, "...", ":)", "🙂🙂", "ok", "word " * 20_000, "<html><p>great &amp; fine</p></html>",
    "这家餐厅非常好吃我很喜欢", "ร้านนี้อร่อยมาก", "cafÃ© dÃ©jÃ  vu", "\u202egnp.exe", "line\none\ttwo", "NULL", "ﬁne ﬂag",
)  # fmt: skip


def texts(*cells):
    return pd.array(cells, dtype="str")


@pytest.mark.parametrize("reader", LEARNERS, ids=lambda reader: reader.name)
def test_strange_cells_are_learnt_from_and_answered(reader):
    subject = Subject(reader, quick)
    inputs, target = subject.table("binary", 90)
    inputs["remark"] = texts(
        *[STRANGE[n // 2 % len(STRANGE)] if n % 2 else cell for n, cell in enumerate(inputs["remark"])]
    )
    model = subject.build("binary", 90).fit(inputs, target)
    new = inputs.head(len(STRANGE)).assign(remark=texts(*STRANGE))
    told = answers(model, new)
    assert np.isfinite(told).all()
    for row in (0, 6):
        np.testing.assert_allclose(answers(model, new.iloc[[row]])[0], told[row], atol=1e-5)


@pytest.mark.parametrize("reader", LEARNERS, ids=lambda reader: reader.name)
def test_texts_without_a_word_among_all_of_them_are_no_reason_to_fail(reader):
    subject = Subject(reader, quick)
    inputs, target = subject.table("binary", 60)
    inputs["remark"] = texts(*["", None, "  ", "\n"] * 15)
    model = subject.build("binary", 60).fit(inputs, target)
    assert np.isfinite(answers(model, inputs.assign(remark=texts(*["great ship"] * 60)))).all()


def test_a_text_with_two_labels_is_found_and_labels_of_a_few_words_are_no_texts(tmp_path):
    tales = [f"the ship number {n} went to sea on day {n * 7 % 11} with a crew of {n % 5} and more" for n in range(90)]
    table = pd.DataFrame({"tale": tales, "other": tales[::-1], "state": ["in good order", "out of order", "lost"] * 30})
    table["happy"] = np.where(np.arange(90) % 2, "yes", "no")
    table.loc[:19, ["tale", "other", "state"]] = [
        "the same tale told twice over and over",
        "and beside it the same",
        "lost",
    ]
    table.to_csv(tmp_path / "tales.csv", index=False)
    seen = profile(str(tmp_path / "tales.csv"), "happy")
    assert {column.name: column.kind for column in seen.columns} == {
        "tale": "text", "other": "text", "state": "categorical",
    }  # fmt: skip
    assert "D02" in {found.code for found in seen.findings}
    assert read(str(tmp_path / "tales.csv"), target="happy").inputs["other"].dtype == "str"


def test_without_words_the_other_columns_are_all_there_is():
    frame = pd.DataFrame({"t": texts("a ship", "the sea", "a sea", "a ship at sea"), "x": [1.0, 2.0, 3.0, 5.0]})
    encoder = BagEncoder(words=False).fit(frame)
    assert list(encoder.get_feature_names_out()) == ["x"] and encoder.transform(frame).shape == (4, 1)
    assert BagEncoder(words=False).fit_transform(frame[["t"]]).shape == (4, 1)
