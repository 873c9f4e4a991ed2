"""New rows are read as training was, whatever file they come in; none of them is lost, and what is strange is told."""

from __future__ import annotations

import warnings

import numpy as np
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
        ("t,x,y\n" + rows("x,5,a", ",6,b"), "t,x\nX,5\n,6\nja,7\n", {"t": [1, 0, 1]}),
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
