"""What a spreadsheet would run is written as text; numbers stay numbers."""

import csv
import io
import os

import pandas as pd
import pytest

from advisor.errors import Unwritable
from advisor.telling.cells import inert, write_csv


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\uff1d1+1",
        "-",
        "--1",
        " =1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b\u2060 =1",
        "\x00=1",
    ],
)
def test_what_could_be_a_formula_is_text(text):
    table = inert(pd.DataFrame({"prediction": [text, "yes"], "p_yes": [0.5, -0.5], text: [1, 2]}))
    assert list(table["prediction"]) == [f"'{text}", "yes"]
    assert list(table["p_yes"]) == [0.5, -0.5] and table.columns[2] == f"'{text}"
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert not any(str(cell).startswith(tuple("=+-@\t\r\n")) for cell in [*again["prediction"], *again.columns])


@pytest.mark.parametrize(
    "text", ["-1", "+1", "-1.5", "-1,5", "-.5", "-1e-3", "-5%", "a=b", "no", "", " -1", "a;b", "1;-5", "a, -b", "x = y"]
)
def test_all_else_stays_as_it_is(text):
    table = pd.DataFrame({"prediction": [text]})
    pd.testing.assert_frame_equal(inert(table), table, check_dtype=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a\t=1", "a\t'=1"),
        ("\t=1", "'\t'=1"),
        ("\n=1", "'\n'=1"),
        ("a|\u200b=1", "a|'\u200b=1"),
        ("=1;-1;@x", "'=1;-1;'@x"),
        ("a\n=1", "a\n'=1"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_formula_begins_in_a_text_whatever_separator_a_program_takes(text, told, separator):
    """Quotes do not help in the second column: they do not stand at the begin of what the program takes for a cell."""
    table = inert(pd.DataFrame({"id": ["x"], "prediction": [text], f"p_{text}": [0.5]}))
    assert list(table["prediction"]) == [told]
    rows = csv.reader(io.StringIO(table.to_csv(index=False), newline=""), delimiter=separator)
    assert not any(cell.lstrip("\ufeff\u200b \t\n").startswith(("=", "+", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("text", ["\r=1", "a\r=1", "a\r\n=1"])
def test_no_line_begins_within_a_text(text):
    written = inert(pd.DataFrame({"prediction": [text], "p": [0.5]})).to_csv(index=False)
    assert "\r" not in written and pd.read_csv(io.StringIO(written)).shape == (1, 2)


def test_categories_truth_values_and_twin_columns_are_cells_as_well():
    table = pd.DataFrame({"a": pd.Categorical(["=1", "b"]), "b": [True, None], "c": [1.5, None]})
    table.columns = ["a", "a", "c"]
    told = inert(table)
    assert list(told.iloc[:, 0]) == ["'=1", "b"] and told.iloc[0, 1] is True and told["c"].isna().sum() == 1


@pytest.mark.parametrize("name", ["new.csv", "new.csv.gz", "below/new.csv"])
def test_a_table_is_written_whole_or_not_at_all(tmp_path, monkeypatch, name):
    table = pd.DataFrame({"prediction": ["no", "yes"]})
    write_csv(table, str(tmp_path / name))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / name), table, check_dtype=False)
    before = (tmp_path / name).read_bytes()

    def cut(frame, draft, **how):
        draft.write_text("predi")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", cut)
    with pytest.raises(Unwritable, match="No space left"):
        write_csv(table, str(tmp_path / name))
    assert (tmp_path / name).read_bytes() == before
    assert [file.name for file in (tmp_path / name).parent.iterdir() if file.is_file()] == [os.path.basename(name)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links of POSIX")
def test_a_link_stays_one_as_that_of_standard_output(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "new.csv")
    write_csv(pd.DataFrame({"prediction": ["no"]}), str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "new.csv").read_text().split() == ["prediction", "no"]
