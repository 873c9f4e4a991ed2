"""Sources of all kinds become a Dataset, and bad ones a sentence that says what would be right."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.errors import UserError
from advisor.modalities import cards
from advisor.modalities.tabular import MODALITY, deciding, read
from advisor.modalities.tabular.target import looks_coded

WRITERS = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".csv.gz": lambda table, path: table.to_csv(path, index=False),
    ".tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    ".txt": lambda table, path: table.to_csv(path, index=False, sep="|"),
    ".parquet": lambda table, path: table.to_parquet(path),
    ".feather": lambda table, path: table.to_feather(path),
    ".xlsx": lambda table, path: table.to_excel(path, index=False),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_kind_of_file_gives_the_same_dataset(ending, table, tmp_path):
    path = tmp_path / f"some.table{ending}"
    WRITERS[ending](table, path)
    assert modalities.claim(path) is MODALITY
    dataset, wanted = read(str(path), target="y"), read(table, target="y")
    pd.testing.assert_frame_equal(dataset.inputs, wanted.inputs)
    np.testing.assert_array_equal(dataset.target, wanted.target)
    assert dataset.name == "some.table"
    assert dataset.task == "binary"
    assert dataset.classes == ("a", "b")
    assert dataset.notes == ()


def test_inputs_keep_the_promise_of_the_record(table):
    inputs = read(table, target="y").inputs
    assert isinstance(inputs.index, pd.RangeIndex)
    kinds = {name: str(dtype) for name, dtype in inputs.dtypes.items()}
    assert kinds == {
        "amount": "float64",
        "count": "float64",
        "ok": "float64",
        "colour": "category",
        "city": "category",
        "when": "datetime64[ns]",
    }


def rows_of(header: str, row: str, times: int = 30) -> str:
    return header + "\n" + "".join(row.format(n=number, c="ab"[number % 2]) + "\n" for number in range(times))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (rows_of("x;z;y", "{n},5;{n};{c}"), {"x": 0.5, "z": 0.0}),
        (rows_of("x,z,y", '"1,{n}00.5",a,{c}'), {"x": "category", "z": "a"}),
        (rows_of('x,"a\nname",y', '{n},"two\nlines",{c}'), {"x": 0.0, "a\nname": "two\nlines"}),
        (rows_of("x, z, y", "{n}, ?, {c}"), {"x": 0.0, "z": np.nan}),
        (rows_of("x,y,", "{n},{c},"), {"x": 0.0}),
        (rows_of("x,y", "{n},{c},"), {"x": 0.0}),
        (rows_of('"x","y"', '"{n}",{n},{c}'), {"x": 0.0}),
        (rows_of(",x,y", "{n},1{n},{c}"), {"x": 10.0}),
        (rows_of("x|z|y", "{n}|3 kg|{c}"), {"x": 0.0, "z": 3.0}),
    ],
    ids=["decimal comma", "quoted", "newline", "blanks", "end", "end of rows", "row names", "counter", "pipe"],
)
def test_shapes_of_csv(text, columns, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    inputs = read(path, target="y").inputs
    assert list(inputs.columns) == list(columns)
    for name, wanted in columns.items():
        if wanted == "category":
            assert inputs[name].dtype == "category" or inputs[name].notna().any()
        elif isinstance(wanted, float) and np.isnan(wanted):
            assert inputs[name].isna().all()
        else:
            assert inputs[name].iloc[0] == wanted


@pytest.mark.parametrize(("encoding", "noted"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("cp1252", 1)])
def test_encodings(encoding, noted, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(rows_of("größe,stadt,y", "{n},Zürich,{c}").encode(encoding))
    dataset = read(path, target="y")
    assert list(dataset.inputs.columns) == ["größe", "stadt"]
    assert dataset.inputs["stadt"].iloc[0] == "Zürich"
    assert [finding.code for finding in dataset.findings] == ["R05"] * noted


ARFF = """% a comment
@RELATION weather
@attribute 'air temp' REAL
@attribute outlook {sunny, 'very rainy', overcast}
@attribute grade {1,2,3}
@attribute remark string
@attribute day date 'yyyy-MM-dd'
@attribute play {yes,no}
@data
"""


def test_arff(tmp_path):
    path = tmp_path / "t.arff"
    path.write_text(ARFF + "21.5,'very rainy',2,'a, b',2020-01-01,yes\n?,sunny,?,?,2020-01-02,no\n" * 15)
    dataset = read(path, target="play")
    assert dataset.classes == ("no", "yes")
    assert dataset.inputs["air temp"].iloc[0] == 21.5
    assert dataset.inputs["air temp"].isna().sum() == 15
    assert dataset.inputs["outlook"].iloc[0] == "very rainy"
    assert list(dataset.inputs["grade"].cat.categories) == ["1", "2", "3"]
    assert dataset.inputs["remark"].iloc[0] == "a, b"
    assert dataset.inputs["day"].iloc[0] == pd.Timestamp("2020-01-01")


def test_sparse_arff(tmp_path):
    path = tmp_path / "t.arff"
    head = "@relation r\n@attribute x numeric\n@attribute c {p,q}\n@attribute y {no,yes}\n@data\n"
    path.write_text(head + "{0 4, 1 q, 2 yes}\n{}\n" * 15)
    dataset = read(path, target="y")
    assert dataset.inputs["x"].tolist()[:2] == [4, 0]
    assert list(dataset.inputs["c"])[:2] == ["q", "p"]
    assert dataset.target.tolist()[:2] == [1, 0]


def test_catalogue_name_brings_its_target():
    dataset = read("iris")
    assert (dataset.name, dataset.target_name, dataset.task) == ("iris", "target", "multiclass")
    assert dataset.classes == ("setosa", "versicolor", "virginica")
    assert modalities.claim("iris") is MODALITY


def test_openml_default_target(monkeypatch, table):
    monkeypatch.setattr(cards, "load_openml", lambda number: (table, "y") if number == 7 else (table, None))
    assert read("openml:7").target_name == "y"
    with pytest.raises(UserError, match=r"Name the column to predict with --target. There are: amount, count"):
        read("openml:8")
    with pytest.raises(UserError, match="openml:1590"):
        read("openml:adult")


def test_groups_and_times(table):
    dataset = read(table, target="y", group="city", time="when", drop=["count"], name="mine")
    assert dataset.name == "mine"
    assert list(dataset.inputs.columns) == ["amount", "ok", "colour", "when"]
    assert dataset.groups.dtype == np.int64
    assert len(np.unique(dataset.groups)) == table["city"].nunique()
    assert dataset.times.dtype == np.float64
    assert (np.diff(dataset.times) == 31 * 3600).all()
    assert (dataset.group_name, dataset.time_name) == ("city", "when")


def test_rows_without_a_group_stand_alone(table):
    table.loc[:2, "city"] = None
    dataset = read(table, target="y", group="city")
    assert len(set(dataset.groups[:3])) == 3
    assert any("3 rows without a group 'city'" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("values", "task", "wanted", "classes"),
    [
        ([0, 1], "auto", "binary", ("0", "1")),
        ([0.0, 1.0, np.nan], "auto", "binary", ("0", "1")),
        ([True, False], "auto", "binary", ("False", "True")),
        (["no", "yes"], "auto", "binary", ("no", "yes")),
        ([1, 2, 3], "auto", "multiclass", ("1", "2", "3")),
        (["8", "9", "10"], "auto", "multiclass", ("10", "8", "9")),
        (["low", "mid", "high"], "auto", "multiclass", ("high", "low", "mid")),
        (pd.Categorical([1, 5, 99]), "auto", "multiclass", ("1", "5", "99")),
        ([1, 50, 900], "auto", "regression", ()),
        ([0.5, 1.5, 2.5], "auto", "regression", ()),
        ([1, 2, 3], "regression", "regression", ()),
        ([0.5, 1.5, 2.5], "multiclass", "multiclass", ("0.5", "1.5", "2.5")),
        ([0, 1], "regression", "regression", ()),
        (["$1,000", "$2", "$30"], "auto", "regression", ()),
        (["no", "yes"], "multiclass", "binary", ("no", "yes")),
    ],
)
def test_tasks(values, task, wanted, classes):
    column = pd.concat([pd.Series(values)] * 30, ignore_index=True)
    dataset = read(pd.DataFrame({"x": np.arange(len(column)) % 7, "y": column}), target="y", task=task)
    assert dataset.task == wanted
    assert dataset.classes == classes
    assert dataset.target.dtype == (np.float64 if wanted == "regression" else np.int64)


@pytest.mark.parametrize(
    ("numbers", "coded"),
    [
        (np.arange(1, 27), True),
        (np.arange(0, 110, 10), False),
        ([1, 2, 3, 5, 6, 7], True),
        (np.setdiff1d(np.arange(1, 30), [28]), False),
        (np.arange(100), False),
        ([3, 4, 5, 6, 7, 8], True),
    ],
    ids=["letters", "tens", "glass", "rings", "hundred", "quality"],
)
def test_whole_numbers_that_look_like_codes(numbers, coded):
    assert looks_coded(np.repeat(np.asarray(numbers, dtype=float), 40)) is coded


def test_rows_without_target_and_of_rare_classes_leave_with_a_note(table):
    table.loc[:4, "y"] = None
    table.loc[5:6, "y"] = "rare"
    dataset = read(table, target="y")
    assert len(dataset.target) == len(dataset.inputs) == 53
    assert dataset.classes == ("a", "b")
    assert any("5 rows without a target 'y'" in note for note in dataset.notes)
    assert any("2 rows of 1 such classes were left out ('rare')" in note for note in dataset.notes)
    assert dataset.inputs["amount"].tolist() == table["amount"].iloc[7:].tolist()


def test_infinite_inputs_are_gaps_with_a_note(table):
    table.loc[3, "amount"] = np.inf
    dataset = read(table, target="y")
    assert np.isnan(dataset.inputs["amount"][3])
    assert dataset.notes == ("Infinite values were read as missing in 'amount'.",)


def test_index_is_left_out_with_a_note(table):
    dataset = read(table.set_index("city"), target="y")
    assert "city" not in dataset.inputs
    assert any("index" in note for note in dataset.notes)


def test_ten_thousand_columns_work():
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 10_000))).assign(y=["a", "b"] * 15)
    dataset = read(wide, target="y")
    assert dataset.inputs.shape == (30, 10_000)
    assert len(MODALITY.facts(dataset)) == 10_000


def swapped(table: pd.DataFrame, **columns: object) -> pd.DataFrame:
    return table.assign(**columns)


def twins(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis(["x", "x", *table.columns[2:]], axis=1)


BAD_TABLES = {
    "target absent": (lambda t: t, {"target": "Y2"}, "target column 'Y2' is not in the table. Did you mean 'y'?"),
    "no target": (lambda t: t, {"target": None}, "Name the column to predict with --target"),
    "target missing everywhere": (lambda t: swapped(t, y=None), {}, "missing in every row"),
    "one class": (lambda t: swapped(t, y="a"), {}, "has one class, 'a'"),
    "one value": (lambda t: swapped(t, y=3), {"task": "regression"}, "has one value, 3,"),
    "an identifier": (lambda t: swapped(t, y=[f"id{n}" for n in range(len(t))]), {}, "looks like an identifier"),
    "too many classes": (lambda t: swapped(t, y=[f"c{n // 3}" for n in range(len(t))]), {}, "20 classes in 60 rows"),
    "infinite target": (lambda t: swapped(t, y=[np.inf, *range(59)]), {}, "holds infinite values"),
    "dates as target": (lambda t: swapped(t, y=t["when"]), {}, "holds dates"),
    "texts for regression": (lambda t: t, {"task": "regression"}, "holds texts, not numbers"),
    "three classes for binary": (lambda t: swapped(t, y=list("abc") * 20), {"task": "binary"}, "3 classes, not two"),
    "unknown task": (lambda t: t, {"task": "regresion"}, "Did you mean 'regression'?"),
    "rare classes only": (lambda t: swapped(t, y=["a"] * 58 + ["b", "c"]), {}, "fewer than two classes"),
    "one row": (lambda t: t.iloc[:1], {}, "Too few rows have a target, 1 in all; at least 20"),
    "nineteen rows": (lambda t: t.iloc[:19], {}, "at least 20 are needed"),
    "twin columns": (twins, {}, "More than one column is called 'x'"),
    "no inputs": (lambda t: t[["y"]], {}, "no column left to predict from"),
    "dropped inputs": (lambda t: t[["y", "ok"]], {"drop": ["ok"]}, "no column left to predict from"),
    "unknown group": (lambda t: t, {"group": "cty"}, "Did you mean 'city'?"),
    "unknown time": (lambda t: t, {"time": "wen"}, "Did you mean 'when'?"),
    "unknown drop": (lambda t: t, {"drop": ["amuont"]}, "Did you mean 'amount'?"),
    "dropped target": (lambda t: t, {"drop": ["y"]}, "cannot be dropped"),
    "target as group": (lambda t: t, {"group": "y"}, "cannot be the target"),
    "the target again as group": (lambda t: t.assign(g=t["y"]), {"group": "g"}, "fewer than two come up in more than"),
    "huge target": (lambda t: swapped(t, y=np.linspace(-1e300, 1e300, 60)), {}, "as large as 1e+300"),
    "tiny target": (lambda t: swapped(t, y=np.linspace(0, 1e-200, 60)), {}, "as small as 1e-200"),
    "one group": (lambda t: swapped(t, city="here"), {"group": "city"}, "one group only"),
    "gaps in time": (
        lambda t: swapped(t, when=[None, *t["when"][1:]]),
        {"time": "when"},
        "missing or unreadable in 1 row",
    ),
    "words as time": (lambda t: t, {"time": "colour"}, "neither dates nor numbers"),
    "too wide": (lambda t: pd.DataFrame(np.zeros((20, 20_001))), {"target": "0"}, "up to 20000 can be compared"),
}


@pytest.mark.parametrize(("change", "options", "fragment"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_are_answered_in_one_sentence(change, options, fragment, table):
    with pytest.raises(UserError) as caught:
        read(change(table), **{"target": "y", **options})
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_FILES = {
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n\n  \n", "is empty"),
    "header.csv": (b"x,z,y\n", "no rows below it"),
    "binary.csv": (bytes(range(256)) * 40, "holds binary data"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(2000), "holds binary data"),
    "ragged.csv": (b"x,y\n" + b"1,a\n" * 300 + b"1,2,3,4,5\n" * 9, "no regular table (9 rows of 309 have more"),
    "broken.csv.gz": (b"\x1f\x8b\x08\x00garbage", "cannot be opened"),
    "broken.parquet": (b"PAR1 this is none", "cannot be read as .parquet"),
    "broken.feather": (b"this is none", "cannot be read as .feather"),
    "broken.xlsx": (b"PK this is none", "cannot be read as a workbook"),
    "headless.arff": (b"@relation r\n@attribute x numeric\n", "no @data line"),
    "odd.arff": (b"@relation r\n@attribute x numeric\n@data\n1,2\n", "Row 1 of the ARFF file has 2 values"),
    "table.docx": (b"words", "cannot be read by its ending"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_answered_in_one_sentence(name, tmp_path):
    content, fragment = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        modalities.claim(path).read(path, target="y")
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "fragment"),
    [
        ("absent.csv", "There is no file 'absent.csv'"),
        ("absent.docx", "There is no file 'absent.docx'"),
        ("iriss", "Did you mean 'iris'?"),
        (3, "Data of type int cannot be read"),
    ],
)
def test_sources_that_are_nowhere(source, fragment):
    with pytest.raises(UserError) as caught:
        modalities.claim(source).read(source, target="y")
    assert fragment in str(caught.value)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        modalities.claim(tmp_path)
    with pytest.raises(UserError, match="is a folder"):
        read(tmp_path, target="y")


def test_unknown_modality_and_encoder():
    with pytest.raises(UserError, match="Did you mean 'tabular'"):
        modalities.find("tabula")
    with pytest.raises(ValueError, match="Did you mean 'frame'"):
        MODALITY.encoder("frames")


def test_gzip_is_known_by_its_content(tmp_path, table):
    path = tmp_path / "t.csv"
    path.write_bytes(gzip.compress(table.to_csv(index=False).encode()))
    assert len(read(path, target="y").target) == len(table)


def test_new_rows_come_raw_and_are_typed_like_the_old(tmp_path, table):
    dataset = read(table, target="y")
    path = tmp_path / "new.csv"
    table.drop(columns="y").iloc[::-1].to_csv(path, index=False)
    typed = MODALITY.typed(dataset).transform(MODALITY.rows(path))
    pd.testing.assert_frame_equal(typed, dataset.inputs.iloc[::-1].reset_index(drop=True))


def test_rows_without_a_target_are_kept_apart_and_typed_alike():
    frame = pd.DataFrame(
        {
            "price": [f"{i},5" for i in range(60)],
            "city": ["Ulm", "Bonn"] * 30,
            "who": np.arange(60) // 2,
            "y": ["yes", "no", "no"] * 20,
        }
    )
    frame.loc[[3, 7], "y"] = [None, "?"]
    frame.loc[7, ["price", "city"]] = ["broken", "Köln"]
    frame.loc[[0, 1], "y"] = "rare"
    dataset = read(frame, target="y", group="who")
    assert dataset.unlabelled.columns.tolist() == dataset.inputs.columns.tolist() == ["price", "city"]
    assert dataset.unlabelled["price"].tolist()[0] == 3.5 and np.isnan(dataset.unlabelled["price"].tolist()[1])
    assert dataset.unlabelled["city"].tolist() == ["Bonn", "Köln"], "rows of a rare class have a target, if one unused"
    assert len(dataset.inputs) == len(dataset.target) == len(dataset.groups) == 56
    assert any("2 rows without a target" in note for note in dataset.notes)
    assert any("the autoencoder" in note for note in dataset.notes)


def test_who_is_later_is_unknown_yet():
    frame = pd.DataFrame({"day": np.arange(60.0), "a": np.arange(60.0) % 7, "y": ["yes", "no", None] * 20})
    assert read(frame, target="y", time="day").unlabelled is None
    assert len(read(frame, target="y").unlabelled) == 20
    assert read(frame.dropna(), target="y").unlabelled is None


def test_amounts_may_be_unknown_as_well():
    frame = pd.DataFrame({"a": np.arange(60.0), "y": np.where(np.arange(60) < 5, np.nan, np.arange(60) * 1.5)})
    dataset = read(frame, target="y")
    assert dataset.unlabelled["a"].tolist() == [0, 1, 2, 3, 4] and len(dataset.inputs) == 55


def test_words_of_very_many_levels_are_known_by_a_part_of_them(monkeypatch):
    monkeypatch.setattr(deciding, "MANY_LEVELS", 20)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "name": [f"n{number:x}" for number in rng.integers(2**40, size=200)],
        "price": [f"{number} EUR" for number in range(200)],
        "day": pd.date_range("2020-01-01", periods=200).strftime("%d/%m/%Y"),
        "mixed": [f"{number}" if number % 9 else f"n{number}" for number in range(200)],
        "y": ["a", "b"] * 100,
    })  # fmt: skip
    dataset = read(frame, target="y")
    assert list(dataset.inputs["name"]) == list(frame["name"])
    assert list(dataset.inputs["price"]) == list(range(200))  # numbers and dates are read to the last one
    assert list(dataset.inputs["day"]) == list(pd.date_range("2020-01-01", periods=200))
    (told,) = dataset.findings
    assert told.code == "R03" and "200 categories" in told.message
