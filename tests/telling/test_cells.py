"""What a spreadsheet would run is written as text; numbers stay numbers."""

import io

import pandas as pd
import pytest

from advisor.telling.cells import inert


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        "\uff1d1+1",
        "-",
        "--1",
    ],
)
def test_what_could_be_a_formula_is_text(text):
    table = inert(pd.DataFrame({"prediction": [text, "yes"], "p_yes": [0.5, -0.5], text: [1, 2]}))
    assert list(table["prediction"]) == [f"'{text}", "yes"]
    assert list(table["p_yes"]) == [0.5, -0.5] and table.columns[2] == f"'{text}"
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert not any(str(cell).startswith(tuple("=+-@\t\r\n")) for cell in [*again["prediction"], *again.columns])


@pytest.mark.parametrize("text", ["-1", "+1", "-1.5", "-1,5", "-.5", "-1e-3", "-5%", "a=b", "no", "", " =1"])
def test_all_else_stays_as_it_is(text):
    table = pd.DataFrame({"prediction": [text]})
    pd.testing.assert_frame_equal(inert(table), table, check_dtype=False)


@pytest.mark.parametrize("text", ["\r=1", "a\r=1", "a\r\n=1"])
def test_no_line_begins_within_a_text(text):
    written = inert(pd.DataFrame({"prediction": [text], "p": [0.5]})).to_csv(index=False)
    assert "\r" not in written and pd.read_csv(io.StringIO(written)).shape == (1, 2)


def test_categories_truth_values_and_twin_columns_are_cells_as_well():
    table = pd.DataFrame({"a": pd.Categorical(["=1", "b"]), "b": [True, None], "c": [1.5, None]})
    table.columns = ["a", "a", "c"]
    told = inert(table)
    assert list(told.iloc[:, 0]) == ["'=1", "b"] and told.iloc[0, 1] is True and told["c"].isna().sum() == 1
