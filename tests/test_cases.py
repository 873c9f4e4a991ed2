"""Tables that tripped the product before: what is right of each (the folder's README says why)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor import learners, modalities, profiling
from advisor.contracts import Setting
from advisor.errors import NewRowsWarning, UserError
from advisor.fitting import handing
from advisor.planning.plan import make_plan
from advisor.records import Budget
from advisor.walk import profile, read

GAP = np.nan


@pytest.fixture(scope="module")
def cases() -> Path:
    """The folder of cases beside the checkout."""
    folder = Path(__file__).parents[2] / "shared" / "cases"
    if not (folder / "README.md").is_file():
        pytest.skip("no folder of cases beside the checkout")
    return folder


# A file, its target, columns by their first cells, the task, and the codes of what has to be told.
READ = {
    "01 points between thousands": ("01/umsatz.csv", "ok", {"umsatz": [46951, 50767], "schuld": [3605]}, "binary",
                                    ["R02", "R02"]),
    "01 the same without them": ("01/clean.csv", "ok", {"umsatz": [46951, 50767], "schuld": [3605]}, "binary", []),
    "03 signs for gaps": ("03/sensor.csv", "yield", {"flow": [2.041, -2.556]}, "regression", ["R03", "R03"]),
    "11 one class until late": ("11/machine.csv", "fail", {"heat": [0.034]}, "binary", []),
    "12 counts": ("12/visits.csv", "visits", {"a": [-0.007]}, "regression", ["R02"]),
    "13 no names": ("13/flowers.data", "setosa-like", {"1.8": [1.3]}, "multiclass", ["R04"]),
    "14 a title": ("14/report.csv", "k", {"a": [1.8]}, "multiclass", ["R04"]),
    "14 a title on a sheet": ("14/report.xlsx", "k", {"a": [1.8]}, "multiclass", ["R04"]),
    "15 Chinese": ("15/gbk.csv", "品种", {"花萼": [1.8]}, "multiclass", ["R05"]),
    "16 the line of Excel": ("16/sep.csv", "k", {"a": [1.8]}, "multiclass", []),
    "17 units": ("17/lab.csv", "force", {"len": [12.2]}, "regression", ["R04"]),
    "18 years": ("18/years.xlsx", "2023", {"2021": [4.57]}, "regression", []),
    "20 names of every kind": ("20/names.csv", "t<=5", {"a[0]": []}, "binary", []),
    "22 a class of one row": ("22/rare.csv", "cls", {"x": []}, "multiclass", []),
    "24 spellings": ("24/churn.csv", "churn", {"x": [1.351]}, "binary", ["R02"]),
    "25 one class at the end": ("25/early.csv", "fail", {"temp": [0.034]}, "binary", []),
}  # fmt: skip


@pytest.mark.parametrize(("file", "target", "columns", "task", "codes"), READ.values(), ids=READ)
def test_a_case_is_read_right(cases, file, target, columns, task, codes):
    dataset = read(cases / file, target)
    assert dataset.task == task and [finding.code for finding in dataset.findings] == codes
    for name, cells in columns.items():
        np.testing.assert_allclose(dataset.inputs[name].to_numpy()[: len(cells)], cells)


def test_counts_keep_their_largest_values(cases):
    counts = pd.read_csv(cases / "12" / "visits.csv")["visits"]
    np.testing.assert_array_equal(read(cases / "12" / "visits.csv", "visits").target, counts)


def test_spellings_are_one_class_and_none_is_lost(cases):
    dataset = read(cases / "24" / "churn.csv", "churn")
    assert len(dataset.classes) == 2 and len(dataset.target) == len(pd.read_csv(cases / "24" / "churn.csv"))


@pytest.mark.parametrize(("folder", "severity"), [("23/bmi.csv", "info"), ("21/over.csv", "severe")])
def test_copies_are_severe_where_chance_does_not_make_them(cases, folder, severity):
    told = profile(cases / folder, {"23/bmi.csv": "ill", "21/over.csv": "hit"}[folder])
    assert [finding.severity for finding in told.findings if finding.code == "D01"] == [severity]


def fitted(path: Path, target: str, learner: str = "tree"):
    """Fit one learner on a case, and make of it what a run hands over."""
    dataset = read(path, target)
    modality = modalities.find("tabular")
    setting = Setting(profiling.profile(dataset, modality), modality, "rmse", len(dataset.target))
    model = learners.find(learner).build(setting, {}).fit(dataset.inputs, dataset.target)
    return handing.whole(dataset, model)


def answers(model, path: Path) -> list:
    """Predict the rows of a file; what is strange of them is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", NewRowsWarning)
        return list(model.predict(modalities.claim(path).rows(path, model[0].get_feature_names_out().tolist())))


def test_05_codes_stay_codes_where_new_rows_have_digits_alone(cases):
    model = fitted(cases / "05" / "train.csv", "y")
    train, new = (pd.read_csv(cases / "05" / name, dtype=str) for name in ("train.csv", "new.csv"))
    told = answers(model, cases / "05" / "new.csv")
    usual = train.groupby("branch")["y"].agg(lambda column: column.mode()[0])
    assert told == [usual[code] for code in new["branch"]]


def test_07_dates_are_read_in_the_form_of_training_and_in_isos(cases):
    model = fitted(cases / "07" / "train.csv", "temp")
    same, iso = (answers(model, cases / "07" / f"new_{form}.csv") for form in ("same", "iso"))
    assert same == iso and abs(same[0] - same[1]) > 10


def test_08_columns_that_nobody_uses_are_not_asked_for(cases, tmp_path):
    model = fitted(cases / "08" / "train.csv", "y")
    assert len(answers(model, cases / "08" / "new.csv")) == 2
    path = tmp_path / "new.csv"
    path.write_text("a\n1.0\n")
    with pytest.raises(UserError, match="no column 'b'"):
        answers(model, path)


STRANGE = {
    "words for numbers": ("a,b\nhigh,1\nlow,2\n", "Column 'a': 2 of 2 cells are no numbers ('high' and 'low')"),
    "far more gaps": ("a,b\n,1\n,2\n", "Column 'a': 2 of 2 cells are missing, where none was in training"),
}


@pytest.mark.parametrize(("text", "fragment"), STRANGE.values(), ids=STRANGE)
def test_what_training_has_not_seen_is_told(cases, text, fragment, tmp_path):
    model = fitted(cases / "08" / "train.csv", "y")
    path = tmp_path / "new.csv"
    path.write_text(text)
    with pytest.warns(NewRowsWarning) as told:
        model.predict(modalities.claim(path).rows(path))
    assert any(fragment in str(each.message) for each in told)


def test_categories_that_training_has_not_seen_are_told(cases):
    model = fitted(cases / "05" / "train.csv", "y")
    with pytest.warns(NewRowsWarning, match=r"Column 'branch': 1 of 2 cells is of categories .* \('Z9'\)"):
        model.predict(pd.DataFrame({"branch": ["Z9", "01"], "x": [0.0, 0.0]}))


def test_11_and_25_what_cannot_be_judged_forward_in_time_is_left_out(cases):
    for file, target in (("11/machine.csv", "fail"), ("25/early.csv", "fail")):
        dataset = read(cases / file, target, time="ts")
        seen = profiling.profile(dataset, modalities.find("tabular"))
        linear = [each for each in learners.catalogue() if each.name == "linear"]
        try:
            folds = make_plan(dataset, seen, linear, Budget(60, 1), metric="roc_auc", seconds=60.0).folds
        except UserError as told:
            assert "one class alone" in str(told)
            continue
        assert folds.one_class > 0
        for part in folds.parts:
            assert {len(np.unique(dataset.target[side])) for side in (part.train, part.test)} == {2}
