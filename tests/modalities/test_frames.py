"""Tables of Python: names of any kind, types of Arrow's, X and y apart, and what nobody can compare on."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from advisor.errors import UserError
from advisor.modalities.tabular.frames import name_of
from advisor.walk import read

N = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
Y = RNG.integers(0, 2, N)
DAYS = [datetime.date(2020, 1, 1 + place % 28) for place in range(N)]
UTC = datetime.UTC


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({**columns, "z": X[:, 0], "y": Y})


@pytest.mark.parametrize(
    ("name", "text"),
    [(3, "3"), (2023.0, "2023"), (2.5, "2.5"), (("a", "x"), "a x"), (("a", ""), "a"), (b"k", "k"), (" b ", "b"),
     (None, "None"), (True, "True"), (datetime.date(2020, 1, 2), "2020-01-02"), ("a\ud800", "a?")],
)  # fmt: skip
def test_names_are_texts(name, text):
    assert name_of(name) == text


def test_whole_numbers_and_levels_as_names():
    dataset = read(pd.DataFrame(np.c_[X, Y]), 3, drop=[0])
    assert list(dataset.inputs.columns) == ["1", "2"] and dataset.target_name == "3"
    levels = pd.MultiIndex.from_tuples([("a", "x"), ("a", "z"), ("b", "x"), ("y", "")])
    dataset = read(pd.DataFrame(np.c_[X, Y], columns=levels), ("y", ""), drop=[("b", "x")])
    assert list(dataset.inputs.columns) == ["a x", "a z"]


ARROW = {
    "days": (pa.array([*DAYS[1:], None]), "datetime64[ns]"),
    "days in milliseconds": (pa.array([*DAYS[1:], None], pa.date64()), "datetime64[ns]"),
    "moments": (pa.array([datetime.datetime(2020, 1, 1)] * N, pa.timestamp("ns")), "datetime64[ns]"),
    "moments with a zone": (pa.array([datetime.datetime(2020, 1, 1, tzinfo=UTC)] * N), "datetime64[ns]"),
    "moments far away": (pa.array([datetime.datetime(9000, 1, 1)] * N), "datetime64[ns]"),
    "times of day": (pa.array([datetime.time(1, 2, 3)] * N), "float64"),
    "spans": (pa.array([datetime.timedelta(seconds=place) for place in range(N)]), "float64"),
    "decimals": (pa.array([Decimal(place) / 4 for place in range(N)]), "float64"),
    "half floats": (pa.array(np.arange(N).astype(np.float16)), "float64"),
    "whole numbers with a gap": (pa.array([1, None] * (N // 2)), "float64"),
    "large whole numbers": (pa.array([2**63 + place for place in range(N)], pa.uint64()), "float64"),
    "truths with a gap": (pa.array([True, None] * (N // 2)), "float64"),
    "nothing": (pa.nulls(N), "float64"),
    "texts": (pa.array(["a", "b"] * (N // 2)), "category"),
    "views of texts": (pa.array(["a", "b"] * (N // 2), pa.string_view()), "category"),
    "a dictionary": (pa.array(["a", "b"] * (N // 2)).dictionary_encode(), "category"),
    "bytes": (pa.array([b"a", b"b"] * (N // 2)), "category"),
}


@pytest.mark.parametrize(("column", "dtype"), ARROW.values(), ids=ARROW)
def test_every_type_of_arrow_becomes_a_plain_one(column, dtype):
    whole = pa.table({"x": column, "z": X[:, 0], "y": Y})
    in_pandas = table(x=pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([column]))))
    for source in (whole, in_pandas):
        inputs = read(source, "y").inputs
        assert str(inputs["x"].dtype) == dtype
    if column.type == pa.duration("us"):
        np.testing.assert_array_equal(inputs["x"], np.arange(N))


@pytest.mark.parametrize("kind", [".parquet", ".feather"])
def test_files_of_columns_are_read_as_their_frames_are(kind, tmp_path):
    pytest.importorskip("pyarrow.parquet")
    frame = table(day=DAYS, gap=[None, *DAYS[1:]], word=["a", "b"] * (N // 2), size=[Decimal(1), None] * (N // 2))
    path = tmp_path / f"t{kind}"
    (frame.to_parquet if kind == ".parquet" else frame.to_feather)(path)
    pd.testing.assert_frame_equal(read(path, "y").inputs, read(frame, "y").inputs)


OBJECTS = {
    "periods": (pd.period_range("2000-01", periods=N, freq="M"), "datetime64[ns]"),
    "intervals": (pd.cut(X[:, 0], 3), "category"),
    "intervals by themselves": (pd.interval_range(0, N, N), "category"),
    "identifiers": ([uuid.UUID(int=place) for place in range(N)], "category"),
    "times of day": ([datetime.time(1, 2, 3)] * (N - 1) + [None], "float64"),
    "spans": ([datetime.timedelta(seconds=1)] * N, "float64"),
    "of every kind": ([1, "a", None, 3.5, datetime.date(2020, 1, 1), b"q"] * (N // 6), "category"),
    "half a letter": (["a\ud800", "b"] * (N // 2), "category"),
}


@pytest.mark.parametrize(("cells", "dtype"), OBJECTS.values(), ids=OBJECTS)
def test_cells_of_python(cells, dtype):
    column = pd.Series(cells, dtype=object) if isinstance(cells, list) else pd.Series(cells)
    assert str(read(table(x=column), "y").inputs["x"].dtype) == dtype


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("says nothing")

    __repr__ = __str__

    def __hash__(self) -> int:
        raise RuntimeError("has no number")


def test_objects_that_cannot_even_be_written_are_of_their_kind():
    inputs = read(table(x=pd.Series([Mute() for _ in range(N)], dtype=object)), "y").inputs
    assert list(inputs["x"].cat.categories) == ["Mute"]


APART = {
    "lists": (X.tolist(), Y.tolist()),
    "a frame and a column with a name": (pd.DataFrame(X), pd.Series(Y, name="out")),
    "a frame with rows of other names": (pd.DataFrame(X, index=range(100, 160)), pd.Series(Y, index=range(100, 160))),
    "a frame of one column": (pd.DataFrame(X), pd.DataFrame({"out": Y})),
    "an array of one column": (X, Y[:, None]),
    "an index": (X, pd.Index(Y)),
    "a sparse matrix": (sparse.csr_matrix(X), Y),
    "Arrow's": (pa.table({"a": X[:, 0]}), pa.chunked_array([pa.array(Y)])),
    "categories": (X, pd.Series(np.where(Y, "b", "a"), dtype="category")),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "target"), APART.values(), ids=APART)
def test_x_and_y_of_every_usual_kind(inputs, target):
    dataset = read(inputs, target)
    assert dataset.task == "binary" and np.array_equal(dataset.target, Y)
    np.testing.assert_allclose(dataset.inputs.iloc[:, 0], X[:, 0])


WRONG = {
    "no target": ((table(), None), {}, "Name the column to predict"),
    "an empty tuple": ((table(), ()), {}, "The target column '' is not in the table"),
    "no number as target": ((table(), float("nan")), {}, "The target column 'nan' is not in the table"),
    "an empty list": ((table(), []), {}, "60 rows and the target 0"),
    "a number to drop": ((table(), "y"), {"drop": 5}, "The drop column '5' is not in the table"),
    "a number as task": ((table(), "y"), {"task": 5}, "task is a text, not 5"),
    "a number as group": ((table(), "y"), {"group": 7}, "The group column '7' is not in the table"),
    "one column for both": ((table(t=Y), "y"), {"group": "t", "time": "t"}, "cannot be group and time at once"),
    "a list of readings": ((table(), "y"), {"read_as": ["z"]}, "read_as says of columns what they are"),
    "another decimal mark": ((table(), "y"), {"decimal": ";"}, "--decimal is '.' or ','"),
    "ragged rows": (([["a", "b"], ["c"]], [0, 1]), {}, "no table"),
    "five dimensions": ((np.zeros((5, 2, 2, 2, 2)), np.zeros(5)), {}, "Data of type ndarray cannot be read"),
    "fewer targets": ((X, Y[:-1]), {}, "60 rows and the target 59"),
    "two targets": ((X, pd.DataFrame({"a": Y, "b": Y})), {}, "y has 2 columns"),
    "twin names": ((pd.DataFrame(np.c_[X, Y], columns=[1, "1", "b", "y"]), "y"), {}, "one column is called '1'"),
    "complex numbers": ((table(x=X[:, 0] + 1j), "y"), {}, "holds complex numbers"),
    "records": ((pa.table({"x": pa.array([{"a": 1}] * N), "y": Y}), "y"), {}, "several values a cell"),
    "maps": ((pa.table({"x": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64())), "y": Y}), "y"), {},
             "several values a cell"),
    "a set": (({1, 2}, "y"), {}, "Data of type set cannot be read"),
    "nothing": ((None, "y"), {}, "Data of type NoneType cannot be read"),
    "bytes": ((b"a.csv", "y"), {}, "Data of type bytes cannot be read"),
    "a name with a nought": (("a\0b.csv", "y"), {}, "cannot be opened"),
    "a name of 5,000 letters": (("a" * 5000 + ".csv", "y"), {}, "cannot be opened"),
    "a word of 5,000 letters": (("a" * 5000, "y"), {}, "No data set of the catalogue is called 'aaaa"),
    "a digit of another script": (("openml:٣", "y"), {}, "names no data set"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "options", "fragment"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_answered_in_one_sentence(given, options, fragment):
    with pytest.raises(UserError) as caught:
        read(*given, **options)
    assert fragment in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 500
