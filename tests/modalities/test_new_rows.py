"""New rows are read as training was, whatever file they come in; none of them is lost, and what is strange is told."""

from __future__ import annotations

import datetime
import warnings

import numpy as np
import openpyxl
import pandas as pd
import pytest

from advisor import modalities
from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.tabular import MODALITY
from advisor.modalities.tabular.read import read


def learnt(tmp_path, text: str):
    """Read a table to learn from; return what types new rows alike."""
    path = tmp_path / "learnt.csv"
    path.write_text(text)
    return MODALITY.typed(read(path, "y"))


def told(typed, tmp_path, text: str, name: str = "new.csv") -> pd.DataFrame:
    """Read new rows, of which nothing is strange."""
    path = tmp_path / name
    path.write_text(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NewRowsWarning)
        return typed.transform(modalities.claim(path).rows(path, typed.get_feature_names_out().tolist()))


def rows(*lines: str, times: int = 15) -> str:
    return "".join(f"{line}\n" for _ in range(times) for line in lines)


@pytest.mark.parametrize(
    ("learn", "new", "wanted"),
    [
        ("x;y\n" + rows("1.234,50;a", "17,25;b"), "x\n1.234\n17\n", {"x": [1234, 17]}),
        ("x;y\n" + rows("1.234,50;a", "17,25;b"), "x;z\n1.234;0,5\n17,5;1\n", {"x": [1234, 17.5]}),
        ("x,y\n" + rows("1.25,a", "17,b"), "x\n1.5\n17\n", {"x": [1.5, 17]}),
        ("x,y\n" + rows("01,a", "A1,b"), "x\n01\n01\n", {"x": ["01", "01"]}),
        ("x,z,y\n" + rows("5,BP,a", "6,Total,b"), "x,z\n1,BP\n2,Total\n", {"x": [1, 2], "z": ["BP", "Total"]}),
        ("x,z,w,y\n" + rows("5,BP,q,a", "6,Total,q,b"), "z,x,w\nBP,1,q\nTotal,,\n", {"z": ["BP", "Total"]}),
        ("x,y\n" + rows("15/03/2021,a", "01/04/2021,b"), "x\n2021-03-15\n", {"x": [pd.Timestamp("2021-03-15")]}),
        ("x,y\n" + rows("2.944,a", "1.5,b"), "x;z\n2,5;1\n3,75;2\n", {"x": [2.5, 3.75]}),
        ("x;y\n" + rows("1.234,50;a", "17,25;b"), "x\n1418.91\n2.5\n", {"x": [1418.91, 2.5]}),
        ("x,y\n" + rows("15/03/2021,a", "01/04/2021,b"), "x\n16.03.2021\n01.04.2021\n",
         {"x": [pd.Timestamp("2021-03-16"), pd.Timestamp("2021-04-01")]}),
        ("x,y\n" + rows("2.944,a", "1.5,b"), "x;z\n4,250;1\n7,125;2\n", {"x": [np.nan, np.nan]}),
        ("v,w,y\n" + rows("2999,6.5,a", "4511,7,b"), "v;w\n4.685;8,5\n4.412;2,5\n",
         {"v": [4685, 4412], "w": [8.5, 2.5]}),
        ("v;w;y\n" + rows("7.105;8,5;a", "972;9,5;b"), 'v,w\n"9,542",9.5\n', {"v": [9542], "w": [9.5]}),
        ("v,y\n" + rows("2999,a", "4511,b"), "v\n4.685\n4.412\n", {"v": [4685, 4412]}),
        ("x,y\n" + rows("21/01/2023,a", "03/02/2023,b"), "x\n01/02/2024\n01/07/2024\n01/22/2024\n",
         {"x": [pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-07"), pd.Timestamp("2024-01-22")]}),
        ("t,x,y\n" + rows("x,5,a", ",6,b"), "t,x\nX,5\n,6\nja,7\n", {"t": [1, 0, np.nan]}),
        ("x,y\n" + rows("5,a", "6,b"), "a title\n\nx,w\n7,8\n", {"x": [7]}),
    ],
    ids=["thousands of the form", "and beside other marks", "plain", "codes", "a brand called Total",
         "a row that looks like a total", "dates in ISO's form", "decimal commas", "decimal points", "days with points",
         "commas that nobody can tell", "the file's own mark", "the file's own point", "what lies where it lay",
         "another order", "ticks", "a title"],
)  # fmt: skip
def test_cells_are_read_by_the_form_and_no_row_is_lost(learn, new, wanted, tmp_path):
    typed = learnt(tmp_path, learn)
    path = tmp_path / "new.csv"
    path.write_text(new)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NewRowsWarning)
        found = typed.transform(MODALITY.rows(path, typed.get_feature_names_out().tolist()))
    for name, cells in wanted.items():
        assert len(found) == len(cells)
        if isinstance(cells[0], (int, float)):
            np.testing.assert_allclose(found[name], cells)
        else:
            assert found[name].astype(object).tolist() == cells


@pytest.mark.parametrize(
    ("learn", "new", "fragment"),
    [
        ("12%,a;7.5 %,b", "0.125", "1 of 1 cell is without the unit '%'"),
        ("$5,a;$7,b", "€5", "1 cell of a currency that training had not"),
        ("5,a;7,b", "high", "1 of 1 cell is no number ('high')"),
        ("5,a;7,b", "", "1 of 1 cell is missing, where none was in training"),
        ("p,a;q,b", "r", "1 of 1 cell is of categories that training has not seen ('r')"),
        ("2021-03-15,a;2021-04-01,b", "soon", "1 of 1 cell is no date ('soon')"),
    ],
)
def test_what_is_strange_is_told(learn, new, fragment, tmp_path):
    typed = learnt(tmp_path, "x,y\n" + rows(*learn.split(";")))
    path = tmp_path / "new.csv"
    path.write_text(f"x,w\n{new},1\n")
    with pytest.warns(NewRowsWarning) as heard:
        typed.transform(MODALITY.rows(path, ["x"]))
    assert fragment in str(heard[0].message)


def test_nothing_is_strange_of_rows_that_training_could_have_seen(tmp_path):
    text = "x,z,w,y\n" + rows("1.5,BP,2021-03-15,a", "-,Shell,2021-04-01,b", *(f"{n}.5,BP,,a" for n in range(12)))
    typed = learnt(tmp_path, text)
    found = told(typed, tmp_path, "x,z,w\n7.5,BP,2022-01-01\n-,Shell,\n")
    assert found["x"].isna().tolist() == [False, True]


def test_new_rows_with_cells_too_many_are_refused_and_not_left_out(tmp_path):
    typed = learnt(tmp_path, "x,z,y\n" + rows("5,6,a", "7,8,b"))
    with pytest.raises(UserError, match=r"1 row of 201 has more cells than the 2 .* first '1,2,3'"):
        told(typed, tmp_path, "x,z\n" + "5,6\n" * 200 + "1,2,3\n")


TICKS = {
    "a cross": ("x", ["x", "X", "1", "yes", "", "NA"], [1, 1, 1, 1, 0, 0], 0),
    "a one, as programs write it": ("1", ["1", "1.0", "0", "0.0", "True", "FALSE"], [1, 1, 0, 0, 1, 0], 0),
    "what means no": ("x", ["no", "N", "False", "-", "0"], [0] * 5, 0),
    "what is neither": ("x", ["x", "see note", "nein", "2", ""], [1, np.nan, np.nan, np.nan, 0], 3),
    "a tick that is a no": ("no", ["no", "", "yes"], [1, 0, np.nan], 1),
}


@pytest.mark.parametrize(("tick", "cells", "wanted", "strange"), TICKS.values(), ids=TICKS)
def test_a_tick_is_the_word_that_was_learnt(tick, cells, wanted, strange, tmp_path):
    typed = learnt(tmp_path, "t,x,y\n" + rows(f"{tick},5,a", ",6,b"))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", NewRowsWarning)
        path = tmp_path / "new.csv"
        path.write_text("t,x\n" + "".join(f"{cell},5\n" for cell in cells))
        np.testing.assert_array_equal(typed.transform(MODALITY.rows(path, ["t", "x"]))["t"], wanted)
    said = " ".join(str(each.message) for each in heard)
    if strange:
        assert f"{strange} of {len(cells)} cells {'are no ticks' if strange > 1 else 'is no tick'}" in said
    assert bool(strange) == bool(said)


def test_ticks_of_a_workbook_are_ticks(tmp_path):
    typed = learnt(tmp_path, "t,x,y\n" + rows("1,5,a", ",6,b"))
    new = pd.DataFrame({"t": [True, False, 1, 0, None], "x": [5] * 5})
    new.to_excel(tmp_path / "new.xlsx", index=False)
    for source in (new, tmp_path / "new.xlsx"):
        assert typed.transform(MODALITY.rows(source, ["t", "x"]))["t"].tolist() == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("learn", "cells", "fragment"),
    [
        ("3:08", [188, 0.13], "2 of 2 cells are a plain number, where training had texts of hours, minutes or seconds"),
        ("5h 7m", [307], "1 of 1 cell is a plain number"),
        ("1:02:03;59:12", [datetime.time(11, 12)], "1 of 1 cell is a time of day"),
        ("3:08", [datetime.time(3, 8)], ""),
        ("3:08", [datetime.time(3, 8), 188], "1 of 2 cells is no number ('188')"),
    ],
)
def test_numbers_where_training_had_times_are_told(learn, cells, fragment, tmp_path):
    typed = learnt(tmp_path, "x,y\n" + rows(*(f"{cell},a" for cell in learn.split(";")), "4:10,b"))
    workbook = openpyxl.Workbook()  # pandas would write times as texts
    for row in [["x"], *([cell] for cell in cells)]:
        workbook.active.append(row)
    workbook.save(tmp_path / "new.xlsx")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", NewRowsWarning)
        typed.transform(MODALITY.rows(tmp_path / "new.xlsx", ["x"]))
    assert fragment in " ".join(str(each.message) for each in heard) and bool(heard) == bool(fragment)


AMOUNTS = [str(20_000 + 971 * n) for n in range(60)]
OF_ANOTHER_KIND = {
    "a thousand times less": (AMOUNTS, [f"{int(cell) / 1000:g}" for cell in AMOUNTS[::6]],
                              "10 of 10 cells are beyond what was usual in training (20,000 to 77,289, mostly 22,"),
    "less by as much where one had nought": (["0", *AMOUNTS], ["21", "35.5", "70.1"], "3 of 3 cells are beyond what"),
    "signs turned": (AMOUNTS, ["-30000", "-45000", "-60000"], "their unit or sign may be another one"),
    "years ahead": ([str(1990 + n % 30) for n in range(60)], ["2091", "2100", "2110"], "3 of 3 cells are beyond what"),
    "below zero": (AMOUNTS, ["30000", "-5", "60000"], "1 of 3 cells is below zero (-5), where none was in training"),
    "codes from one on": (["0", "1", "1"] * 20, ["1", "2", "1"],
                          "1 of 3 cells is none of the numbers of training, as 2; it had '0' and '1' alone"),
    "codes from nought on": (["1", "2", "2"] * 20, ["1", "0", "1"], "1 of 3 cells is none of the numbers of training"),
    "a code for no answer": (["1", "2", "3", "4", "5"] * 20, ["1", "-8", "5", "4"], "1 of 4 cells is below zero (-8)"),
    "another one": (["1", "2", "3", "4", "5"] * 20, ["1", "-9", "5", "4"], "1 of 4 cells is -9, far from all numbers"),
    "points between thousands": ([f"{cell[:2]},{cell[2:]}" for cell in AMOUNTS], ["80.000", "60.500", "61.000"],
                                 "written in another way than in training"),
    "points that may be either": (["1,000", "900", "15", *[f"{cell[:2]},{cell[2:]}" for cell in AMOUNTS]],
                                  ["14.000", "30000"], "1 of 2 cells is written with a point before three digits "
                                  "('14.000'), where training had whole numbers alone, and read as 14."),
    "commas between thousands, where these were points": (
        ["7", "120", *[f"{cell[:2]}.{cell[2:]}" for cell in AMOUNTS]], ["67,202", "80,000"],
        "2 of 2 cells are written with a comma before three digits ('67,202')"),
    "one word": (AMOUNTS, [*AMOUNTS, "abc"], "1 of 61 cells is no number ('abc')"),
    "limits, as many as gaps before": ([*AMOUNTS, *["-"] * 8], [*AMOUNTS, *["<0.5"] * 8],
                                       "8 of 68 cells are no numbers ('<0.5')"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "new", "fragment"), OF_ANOTHER_KIND.values(), ids=OF_ANOTHER_KIND)
def test_numbers_of_another_kind_are_told(cells, new, fragment, tmp_path):
    order = np.random.default_rng(0).permutation(len(cells))
    typed = learnt(tmp_path, "x;w;y\n" + "".join(f"{cells[place]};u;{'ab'[place % 2]}\n" for place in order))
    path = tmp_path / "new.csv"
    path.write_text("x;w\n" + "".join(f"{cell};u\n" for cell in new))
    with pytest.warns(NewRowsWarning) as heard:
        typed.transform(MODALITY.rows(path, ["x", "w"]))
    assert fragment in str(heard[0].message)


def test_some_rows_of_those_that_were_learnt_are_not_strange(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"id": range(1000), "sorted": np.sort(rng.lognormal(size=1000)), "y": rng.integers(0, 2, 1000),
                          "size": rng.lognormal(sigma=2, size=1000), "count": rng.poisson(2, 1000)})  # fmt: skip
    table.to_csv(tmp_path / "t.csv", index=False)
    typed = MODALITY.typed(read(tmp_path / "t.csv", "y"))
    for part in (table.head(20), table.tail(20), table.sample(20, random_state=0), table[:1], table.assign(id=7)):
        with warnings.catch_warnings():
            warnings.simplefilter("error", NewRowsWarning)
            typed.transform(part)


@pytest.mark.parametrize(
    ("new", "fragment"),
    [
        (["zzz qqq 3, xxx", "good ship"], "1 of 2 texts has no word that training has seen ('zzz qqq 3, xxx')"),
        (["这家餐厅非常好吃"], "1 of 1 text has no word"),
        (["zzz", "qqq", ""], "2 of 2 texts have no word"),
        (["good", "...", "", "7", "a :)"], ""),
        (["zzz", *["good ship"] * 30], ""),
    ],
)
def test_texts_of_other_words_are_told(new, fragment):
    told = ["the ship came late and was bad", "what a good and lovely ship, a week early", "never again this shop"]
    table = pd.DataFrame({"t": [f"{told[n % 3]} {n}" for n in range(90)], "y": ["a", "b"] * 45})
    typed = MODALITY.typed(read(table, "y"))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", NewRowsWarning)
        typed.transform(pd.DataFrame({"t": new}))
    said = [str(each.message) for each in heard if "no word" in str(each.message)]
    assert fragment in said[0] if fragment else not said


def test_new_texts_are_not_strange_where_each_has_words_of_its_own():
    cells = [f"kind{n} size{n} make{n} code{n} lot{n}" for n in range(90)]
    typed = MODALITY.typed(read(pd.DataFrame({"t": cells, "y": ["a", "b"] * 45}), "y"))
    assert typed.schema.columns[0].kind == "text" and typed.schema.columns[0].levels is None
