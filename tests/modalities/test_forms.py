"""What a column is, cell by cell, and that new rows follow the decision."""

from __future__ import annotations

import datetime
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone

from advisor.errors import UserError
from advisor.modalities.tabular.columns import Columns
from advisor.modalities.tabular.deciding import read_column
from advisor.modalities.tabular.frames import plain
from advisor.modalities.tabular.new_rows import TypedTable
from advisor.modalities.tabular.read import type_table

NAN = np.nan

NUMBERS = {
    "integers": ([1, 2, 3], [1, 2, 3]),
    "floats with a gap": ([1.5, NAN, 3], [1.5, NAN, 3]),
    "booleans": ([True, False, True], [1, 0, 1]),
    "yes and no": (["yes", "No ", "YES"], [1, 0, 1]),
    "true and false, with a gap": (["true", None, "false"], [1, NAN, 0]),
    "texts of numbers": (["1", " 2.5", "-3e2"], [1, 2.5, -300]),
    "a question mark": (["1", "?", "2"], [1, NAN, 2]),
    "thousands": (["1,234.5", "12", "1,000,000"], [1234.5, 12, 1e6]),
    "thousands with spaces": (["1 234", "12", "10 000"], [1234, 12, 10000]),
    "decimal commas": (["1,5", "2,25", "1.234,5"], [1.5, 2.25, 1234.5]),
    "percentages": (["12 %", "3%", "0.5 %"], [12, 3, 0.5]),
    "money": (["$3", "$1,200.50", "-$7"], [3, 1200.5, -7]),
    "a unit": (["1248 CC", "998 CC", "1497 CC"], [1248, 998, 1497]),
    "infinity": ([1.0, np.inf, -np.inf], [1, NAN, NAN]),
    "nullable integers": (pd.array([1, None, 3], dtype="Int64"), [1, NAN, 3]),
    "nullable booleans": (pd.array([True, None, False], dtype="boolean"), [1, NAN, 0]),
    "decimals": ([Decimal("1.5"), None, Decimal("2")], [1.5, NAN, 2]),
    "spans of time": (pd.to_timedelta(["1h", "90s", None]), [3600, 90, NAN]),
    "no cell filled": ([None, None, None], [NAN, NAN, NAN]),
    "sparse": (pd.arrays.SparseArray([0.0, 1.0, 0.0]), [0, 1, 0]),
}


@pytest.mark.parametrize(("cells", "wanted"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(cells, wanted):
    column = pd.Series(cells, name="x")
    values = read_column(plain(column)).values
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, wanted)


DATES = {
    "iso": (["2020-01-31", "2020-12-01"], ["2020-01-31", "2020-12-01"]),
    "iso with a clock": (["2020-01-31 10:30:00", "2020-12-01"], ["2020-01-31T10:30", "2020-12-01"]),
    "with a zone": (["2020-01-31T10:00:00+02:00", "2020-01-31T10:00:00Z"], ["2020-01-31T08:00", "2020-01-31T10:00"]),
    "month first": (["1/2/2015", "12/31/2015"], ["2015-01-02", "2015-12-31"]),
    "day first": (["1/2/2015", "31/12/2015"], ["2015-02-01", "2015-12-31"]),
    "dots": (["01.02.2015", "03.04.2016"], ["2015-02-01", "2016-04-03"]),
    "named months": (["5-Mar-2019", "17-Dec-2020"], ["2019-03-05", "2020-12-17"]),
    "months alone": (["Dec-2011", "Jan-2012"], ["2011-12-01", "2012-01-01"]),
    "english": (["March 5, 2019", "May 17, 2020"], ["2019-03-05", "2020-05-17"]),
    "dates of python": ([datetime.date(2020, 1, 2), None], ["2020-01-02", None]),
    "periods": (pd.PeriodIndex(["2020-01", "2020-02"], freq="M"), ["2020-01-01", "2020-02-01"]),
    "seconds and zones": (
        pd.to_datetime(["2020-01-01", "2020-06-01"]).tz_localize("UTC"),
        ["2020-01-01", "2020-06-01"],
    ),
    "out of bounds": (np.array(["0001-01-01", "2020-01-01"], "datetime64[s]"), [None, "2020-01-01"]),
}


@pytest.mark.parametrize(("cells", "wanted"), DATES.values(), ids=DATES)
def test_dates(cells, wanted):
    column = pd.Series(cells, name="x")
    values = read_column(plain(column)).values
    assert values.dtype == np.dtype("datetime64[ns]")
    np.testing.assert_array_equal(values, np.array(wanted, dtype="datetime64[ns]"))


CATEGORIES = {
    "texts": (["b", " a ", None], ["b", "a", None]),
    "mixed": (["a", 1, 1.0], ["a", "1", "1"]),
    "declared nominal numbers": (pd.Categorical([1, 2, 1]), ["1", "2", "1"]),
    "two units": (["23.4 kmpl", "17.3 km/kg", "18 kmpl"], ["23.4 kmpl", "17.3 km/kg", "18 kmpl"]),
    "numbered words": (["1. White", "2. Black", "1. White"], ["1. White", "2. Black", "1. White"]),
    "ranges": (["0-10", "10-20", "20-30"], ["0-10", "10-20", "20-30"]),
    "versions": (["1.2.3", "1.2.4", "1.3.0"], ["1.2.3", "1.2.4", "1.3.0"]),
    "years of seasons": (["1999-00", "2000-01", "2001-02"], ["1999-00", "2000-01", "2001-02"]),
    "bytes": ([b"x", b"y", b"x"], ["x", "y", "x"]),
    "one word": (["yes", "yes", None], ["yes", "yes", None]),
    "foreign letters": (["Zürich", "Århus", "東京"], ["Zürich", "Århus", "東京"]),
}


@pytest.mark.parametrize(("cells", "wanted"), CATEGORIES.values(), ids=CATEGORIES)
def test_categories(cells, wanted):
    column = pd.Series(cells, name="x")
    values = read_column(plain(column)).values
    assert isinstance(values, pd.Categorical)
    assert [None if pd.isna(cell) else cell for cell in values] == wanted
    assert list(values.categories) == sorted(values.categories)
    assert all(isinstance(level, str) for level in values.categories)


@pytest.mark.parametrize(
    ("situation", "cells", "kind", "fragment"),
    [
        ("one word among numbers", [*range(99), "unknown"], "number", "1 of 100 filled cells of column 'x' (1.0 %)"),
        ("a sign for a gap", [*range(90), *["-"] * 10], "number", "10 of 100 filled cells of column 'x' (10 %) are no"),
        ("a few words", [*range(90), *["n.d.", "-", "."] * 3], "number", "'n.d.', '-' and '.'"),
        ("many words", [*range(90), *"abcdefghij"], "category", "90 % of the filled cells of column 'x' are numbers"),
        ("words with digits", [*range(90), *["A1", "A2"] * 5], "category", "read as 92 categories"),
        ("codes with a letter", ["1", "2", "3", "A"] * 25, "category", ""),
        ("steps of a scale", ["1", "2", "3", "refused"] * 25, "number", "25 of 100 filled cells"),
        ("steps with a word", ["1", "2", "3", "many"] * 25, "category", ""),
        ("hardly any number", [*"abcdefghijkl" * 5, *range(20)], "category", ""),
    ],
)  # fmt: skip
def test_numbers_with_something_else_among_them_are_told(situation, cells, kind, fragment):
    _, schema, _, findings = type_table(pd.DataFrame({"x": list(map(str, cells))}))
    assert schema.columns[0].kind == kind, situation
    assert [finding.code for finding in findings] == ["R03"] * bool(fragment)
    assert all(fragment in finding.message and "--read x=" in finding.advice for finding in findings)


@pytest.mark.parametrize(
    ("cells", "taken", "other"),
    [
        (["007", "012", "120"], "category", "number"),
        (["20210315", "20210401", *(f"202105{day}" for day in range(10, 28))], "number", "date"),
        (["1/2/2020", "3/4/2020"], "2020-01-02", "2020-02-01"),
        (["1-2-2020", "3-4-2020"], "2020-02-01", "2020-01-02"),
        (["1,250", "3,750"], 1250, 1.25),
    ],
)
def test_what_can_be_read_in_two_ways_is_told(cells, taken, other):
    _, _, _, findings = type_table(pd.DataFrame({"x": cells}))
    assert [(finding.code, finding.evidence["taken"], finding.evidence["other"]) for finding in findings] == [
        ("R02", taken, other)
    ]


@pytest.mark.parametrize(
    "cells",
    [
        [[1], [2, 3], None],
        [{"a": 1}],
        [np.zeros(2), None],
        pd.array([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    ],
    ids=["lists", "records", "arrays", "Arrow's lists"],
)
def test_several_values_a_cell_are_refused(cells):
    with pytest.raises(UserError, match="Column 'x' holds several values a cell"):
        type_table(pd.DataFrame({"x": pd.Series(cells)}))


@pytest.mark.parametrize(
    ("column", "fragment"),
    [
        ([1.0, np.inf], "Infinite values were read as missing in 'x'"),
        ([1, 2**60 + 1], "beyond 2^53 were rounded"),
        (["3 kg", "4 kg"], "with the unit 'kg'"),
        (["3,5", "4,25"], "A comma was read as the decimal mark"),
        (["1/2/2020", "3/14/2020"], "the month first in 'x'"),
        (["1-2-2020", "13-4-2020"], "the day first in 'x'"),
        (np.array(["0001-01-01", "2020-01-01"], "datetime64[s]"), "outside of the years 1678 to 2261"),
    ],
)
def test_every_loss_leaves_a_note(column, fragment):
    notes = type_table(pd.DataFrame({"x": pd.Series(column)}))[2]
    assert len(notes) == 1
    assert fragment in notes[0]


def mixed_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "größe": [1, 2, 3, 4],
            "ok": ["yes", "no", "yes", None],
            "price": ["$1,200", "$3", "$4", "$5"],
            "when": ["1/2/2015", "31/12/2015", None, "3/4/2016"],
            "what": ["b", "a", None, "c"],
        }
    )


def test_new_rows_are_read_as_the_table_was():
    inputs, schema, *_ = type_table(mixed_table())
    typed = TypedTable(schema)
    pd.testing.assert_frame_equal(typed.transform(mixed_table()), inputs)
    new = mixed_table().iloc[[2, 1]].assign(what=["never seen", "a"], ok=["perhaps", "no"], extra=1)
    new = new[list(reversed(new.columns))]
    read = typed.transform(new)
    assert list(read.columns) == list(inputs.columns)
    assert list(read.index) == [2, 1]
    assert list(read["what"]) == ["never seen", "a"]
    np.testing.assert_array_equal(read["ok"], [NAN, 0])
    np.testing.assert_array_equal(read["price"], [4, 3])
    assert read["when"].isna().tolist() == [True, False]
    assert (read.dtypes.astype(str) == inputs.dtypes.astype(str)).all()


def test_typed_rows_pass_unchanged():
    inputs, schema, *_ = type_table(mixed_table())
    again = TypedTable(schema).transform(inputs)
    for name in inputs:
        assert again[name].equals(inputs[name].astype(again[name].dtype)), name


def test_one_row_keeps_the_reading_of_its_column():
    _, schema, *_ = type_table(mixed_table())
    read = TypedTable(schema).transform(mixed_table().iloc[[3]])
    assert read["when"].iloc[0] == pd.Timestamp("2016-04-03"), "day first, as the whole column said"


def test_absent_columns_stay_absent_and_whoever_needs_one_names_the_near_one():
    inputs, schema, *_ = type_table(mixed_table())
    read = TypedTable(schema).transform(mixed_table().rename(columns={"price": "prices"}))
    assert list(read.columns) == [name for name in inputs.columns if name != "price"]
    needed = Columns().fit(inputs)
    with pytest.raises(UserError, match=r"no column 'price'. Did you mean 'prices'\?"):
        needed.numbers(read.assign(prices=1.0))
    with pytest.raises(UserError, match="table with named columns"):
        TypedTable(schema).transform(np.zeros((2, 5)))


def test_typed_table_clones_and_pickles():
    inputs, schema, *_ = type_table(mixed_table())
    for copy in (clone(TypedTable(schema)), pickle.loads(pickle.dumps(TypedTable(schema)))):
        pd.testing.assert_frame_equal(copy.fit(mixed_table()).transform(mixed_table()), inputs)
    assert list(TypedTable(schema).get_feature_names_out()) == list(inputs.columns)
