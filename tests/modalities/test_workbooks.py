"""Workbooks as people have them: sheets with titles, gaps, merged cells, and tables beside or below each other."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.tabular import MODALITY
from advisor.modalities.tabular.read import read

BODY = [[n + 0.5, n % 7, "ab"[n % 2]] for n in range(40)]


def book(path, *sheets: list[list[Any]], shown: dict[str, str] | None = None):
    """Write sheets called 1, 2, ... of rows; `shown` says how cells are shown."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = workbook.create_sheet(str(number))
        for row in rows:
            sheet.append(row)
        for cell, form in (shown or {}).items():
            sheet[cell].number_format = form
    workbook.save(path)
    return path


def codes(dataset) -> list[str]:
    return sorted(finding.code for finding in dataset.findings)


def test_a_last_column_that_is_hardly_filled_keeps_its_name(tmp_path):
    late = [row + (["late"] if n > 30 else []) for n, row in enumerate(BODY)]
    dataset = read(book(tmp_path / "t.xlsx", [["x", "z", "y", "note"], *late]), "y")
    assert list(dataset.inputs) == ["x", "z", "note"] and codes(dataset) == ["R02"], "ticks"
    scattered = [row + (["no" if n % 3 else "yes"] if n % 2 else []) for n, row in enumerate(BODY * 2)]
    dataset = read(book(tmp_path / "u.xlsx", [["x", "z", "y", "answer"], *scattered]), "answer")
    assert len(dataset.target) == 40 and dataset.classes == ("no", "yes")


LAYOUTS = {
    "a title and blank rows": ([["Sales of a year"], [], [], ["x", "z", "y"], *BODY], ["R04"]),
    "blank rows inside": ([["x", "z", "y"], *BODY[:20], [], [], *BODY[20:]], []),
    "another table below": ([["x", "z", "y"], *BODY, [], ["p", "q", "r"], *([["u", 5, "v"]] * 9)], ["R04"]),
    "notes below": ([["x", "z", "y"], *BODY, [], ["Source: an office"], ["all in euros"]], ["R04"]),
    "a total below": ([["x", "z", "y"], *BODY, [800, 115, None]], ["R04"]),
    "notes beside": ([["x", "z", "y"], *[row + ([None, "see here"] if n == 3 else []) for n, row in enumerate(BODY)]],
                     ["R04"]),
    "names again": ([["x", "z", "y"], *BODY[:20], ["x", "z", "y"], *BODY[20:]], ["R04"]),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "told"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_table_is_found_on_its_sheet(rows, told, tmp_path):
    dataset = read(book(tmp_path / "t.xlsx", rows), "y")
    assert list(dataset.inputs) == ["x", "z"] and len(dataset.target) == len(BODY)
    np.testing.assert_array_equal(dataset.inputs["x"], [row[0] for row in BODY])
    assert codes(dataset) == told


@pytest.mark.parametrize("column", ["A", "B"])
def test_merged_cells_have_what_stands_above_them(column, tmp_path):
    names, place = (["k", "x", "y"], 0) if column == "A" else (["x", "k", "y"], 1)
    rows = [[f"k{n // 5}", n, "ab"[n % 2]] if column == "A" else [n, f"k{n // 5}", "ab"[n % 2]] for n in range(40)]
    path = book(tmp_path / "t.xlsx", [names, *rows])
    workbook = openpyxl.load_workbook(path)
    for first in range(2, 42, 5):
        workbook.active.merge_cells(f"{column}{first}:{column}{first + 4}")
    workbook.save(path)
    dataset = read(path, "y")
    assert codes(dataset) == ["R04"] and "32 cells below another" in dataset.findings[0].message
    assert dataset.inputs["k"].tolist() == [row[place] for row in rows]


def test_per_cent_and_days_are_what_they_show(tmp_path):
    rows = [[0.169, pd.Timestamp("2021-03-15").to_pydatetime(), "a"], [1, None, "b"]] * 20
    shown = {f"A{n}": "0.0%" for n in range(2, 42)}
    dataset = read(book(tmp_path / "t.xlsx", [["rate", "day", "y"], *rows], shown=shown), "y")
    text = tmp_path / "t.csv"
    text.write_text("rate,y\n" + "16.9 %,a\n100 %,b\n" * 20)
    np.testing.assert_allclose(dataset.inputs["rate"], read(text, "y").inputs["rate"])
    assert dataset.inputs["day"][0] == pd.Timestamp("2021-03-15") and pd.isna(dataset.inputs["day"][1])


def test_other_sheets_are_named_where_the_first_is_none(tmp_path):
    path = book(tmp_path / "t.xlsx", [["Read me"], ["This is a book"]], [["x", "z", "y"], *BODY])
    with pytest.raises(UserError, match=r"Only the first of 2 sheets was read, '1'; --sheet names another, as '2'"):
        read(path, "y")
    assert len(read(path, "y", sheet="2").target) == len(BODY)
    with pytest.raises(UserError, match=r"has no sheet '3'\. There are: 1, 2"):
        read(path, "y", sheet="3")
    with pytest.raises(UserError, match=r"has an empty sheet; .* --sheet names another"):
        read(book(tmp_path / "u.xlsx", [], [["x"], [1]]), "x")


@pytest.mark.parametrize("forms", [("#,##0.00 [$€-407]", "[$$-409]#,##0.00"), ('0.0" kg"', '0.0" g"')])
def test_amounts_shown_in_several_units_are_told(tmp_path, forms):
    shown = {f"A{row}": forms[row % 2] for row in range(2, 42)}
    dataset = read(book(tmp_path / "t.xlsx", [["x", "z", "y"], *BODY], shown=shown), "y")
    assert codes(dataset) == ["R02"] and "'x' has amounts in" in dataset.findings[0].message
    assert not read(
        book(tmp_path / "u.xlsx", [["x", "z", "y"], *BODY], shown=dict.fromkeys(shown, forms[0])), "y"
    ).findings


def test_dates_that_a_spreadsheet_made_of_words_are_told(tmp_path):
    cells = ["TP53", "SEPT4", datetime.datetime(2024, 9, 2), "BRCA1"]
    dataset = read(book(tmp_path / "t.xlsx", [["x", "y"], *[[cells[n % 4], "ab"[n % 2]] for n in range(40)]]), "y")
    assert codes(dataset) == ["R03"] and "10 cells of column 'x' are dates among words" in dataset.findings[0].message


def test_formulas_that_failed_are_told(tmp_path):
    rows = [["#DIV/0!" if n % 9 == 3 else n + 0.5, "ab"[n % 2]] for n in range(40)]
    dataset = read(book(tmp_path / "t.xlsx", [["x", "y"], *rows]), "y")
    assert codes(dataset) == ["R03"] and dataset.inputs["x"].isna().sum() == 5 and dataset.inputs["x"][1] == 1.5


SIDE = [["u", 1.0], ["v", 2.0], ["w", 3.0], ["u", 4.0], ["v", 5.0], ["w", 6.0], ["z", 7.0]]
BESIDE = {
    "names": ("xlsx", ["x", "z", "y", None, "code", "meaning"], ["R04"]),
    "names, in a text": ("csv", ["x", "z", "y", None, "code", "meaning"], ["R04"]),
    "a name of the table's": ("xlsx", ["x", "z", "y", None, "x", "meaning"], ["R04"]),
    "a name of the table's, in a text": ("csv", ["x", "z", "y", None, "x", "meaning"], ["R04", "R04"]),
    "no names": ("xlsx", ["x", "z", "y"], ["R04"]),
    "no names, in a text": ("csv", ["x", "z", "y"], ["R04"]),
    "one name, in a text": ("csv", ["x", "z", "y", None, "code"], ["R04"]),
}


@pytest.mark.parametrize(("ending", "names", "told"), BESIDE.values(), ids=BESIDE)
def test_a_table_beside_the_data_is_left_out(ending, names, told, tmp_path):
    body = [row + ([None, *SIDE[n]] if n < len(SIDE) else []) for n, row in enumerate(BODY)]
    path = book(tmp_path / "t.xlsx", [names, *body])
    if ending == "csv":
        path = tmp_path / "t.csv"
        cells = [[*row, *[None] * (6 - len(row))] for row in [names, *body]]
        path.write_text("".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in cells))
    dataset = read(path, "y")
    assert list(dataset.inputs) == ["x", "z"] and len(dataset.target) == len(BODY)
    message = dataset.findings[-1].message
    assert codes(dataset) == told and "Another table stands beside the data" in message
    assert "(7 rows)" in message and all(name in message for name in names[5:])


def test_columns_behind_a_blank_one_that_are_filled_belong_to_the_table(tmp_path):
    rows = [[*row, None, n, "uv"[n % 2] if n % 3 else None] for n, row in enumerate(BODY)]
    dataset = read(book(tmp_path / "t.xlsx", [["x", "z", "y", None, "p", "q"], *rows]), "y")
    assert list(dataset.inputs) == ["x", "z", "p", "q"] and not dataset.findings


def test_formulas_without_results_are_told(tmp_path):
    rows = [[n + 0.5, f"=A{n + 2}*2", "ab"[n % 2]] for n in range(40)]
    path = book(tmp_path / "t.xlsx", [["x", "z", "y"], *rows])
    dataset = read(path, "y")
    assert codes(dataset) == ["R03"] and dataset.inputs["z"].isna().all()
    assert "Column 'z' has 40 formulas that were never computed, as in B2" in dataset.findings[0].message
    with pytest.warns(NewRowsWarning, match="Column 'z' has 40 formulas that were never computed"):
        MODALITY.rows(path, ["x", "z"])
    nothing = book(tmp_path / "u.xlsx", [["x", "y"], *[[f"=A{n}", f"=B{n}"] for n in range(1, 40)]])
    with pytest.raises(UserError, match=r"but formulas that were never computed, as in A2\. Open the file"):
        read(nothing, "y")
    with pytest.raises(UserError, match=r"'z' has 40 formulas that were never computed.* Open the file"):
        read(path, "z")
