"""Whatever a file holds, reading it ends in a table or in one sentence, soon, and never in anything else.

Files of every format are made, and then spoilt: bytes are changed, left out, doubled and put in; cells become what no
program expects; and Hypothesis makes texts, bytes, cells and arguments of its own. ADVISOR_HOSTILE=2000 makes so many
of each; the tests make some dozens.
"""

from __future__ import annotations

import gzip
import io
import os
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.errors import UserError
from advisor.modalities.tabular import MODALITY
from advisor.walk import profile, read

COUNT = int(os.environ.get("ADVISOR_HOSTILE", "60"))
SECONDS = 10.0
ROWS = 40
CELLS = (
    "", " ", ",", ";", "\t", '"', '""', "'", "\n", "\r\n", "\\", "\\N", "\0", "\x1b[31m", "\u202e", "\ufeff",
    "\ufffd", "NaN", "inf", "-inf", "1e999", "-0", "0x1F", "1_000", "٣", "½", "\uff11\uff12", "9" * 400, "1." * 200,
    "-" * 300, "(((", "()", "$", "%", "=1+1", "@SUM(A1)", "<script>", "{{7*7}}", "%s%n", "../../etc", "True", "null",
    "2020-13-45", "0000-00-00", "9999-12-31", "2020-02-30T25:61", "12:34:56.789", "x" * 5_000, "🙂" * 50,
    "a\u0300\u0301", "[1, 2]", '{"a": 1}',
)  # fmt: skip


def frame(rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": rng.normal(size=ROWS).round(3),
            "count": rng.integers(0, 9, ROWS),
            "word": rng.choice(["red", "green", "blue"], ROWS),
            "day": pd.date_range("2020-01-01", periods=ROWS),
            "ok": rng.choice([True, False], ROWS),
            "y": rng.choice(["a", "b"], ROWS),
        }
    )


def odd(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Put cells into a table that nobody expects there."""
    spoilt = table.astype(object)
    for _ in range(rng.integers(1, 12)):
        spoilt.iloc[rng.integers(len(table)), rng.integers(table.shape[1])] = rng.choice(CELLS)
    if rng.random() < 0.2:
        spoilt.columns = [rng.choice(CELLS) if rng.random() < 0.3 else name for name in spoilt.columns]
    return spoilt


def written(kind: str, table: pd.DataFrame, rng: np.random.Generator) -> bytes:
    """Write a table as a file of this kind."""
    if kind == ".arff":
        head = "".join(f"@attribute {name} {'numeric' if name in ('size', 'count') else 'string'}\n" for name in table)
        return ("@relation r\n" + head + "@data\n" + table.to_csv(index=False, header=False)).encode()
    if kind in (".csv", ".csv.gz"):
        delimiter = str(rng.choice([",", ";", "\t", "|"]))
        text = table.to_csv(index=False, sep=delimiter, quoting=int(rng.choice([0, 1])), escapechar="\\")
        content = text.encode(str(rng.choice(["utf-8", "utf-16", "cp1252", "utf-32"])), errors="replace")
        return gzip.compress(content) if kind.endswith("gz") else content
    buffer = io.BytesIO()
    if kind == ".xlsx":
        clean = table.map(lambda cell: "".join(c for c in cell if c.isprintable()) if isinstance(cell, str) else cell)
        clean.columns = [str(name)[:200].replace("\0", "") or "n" for name in clean.columns]
        try:
            clean.to_excel(buffer, index=False)
        except Exception:  # what a workbook cannot hold
            frame(rng).to_excel(buffer, index=False)
    else:
        plain = table.astype(str) if table.dtypes.eq(object).all() else table
        plain.columns = [*(f"{place}{name}" for place, name in enumerate(plain.columns[:-1])), "y"]
        plain = plain.map(lambda cell: cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell)
        (plain.to_parquet if kind == ".parquet" else plain.to_feather)(buffer)
    return buffer.getvalue()


def spoilt(content: bytes, rng: np.random.Generator) -> bytes:
    """Change some bytes, or leave them out, double them, put others in; or leave all as they are."""
    found = bytearray(content)
    for _ in range(int(rng.integers(0, 4))):
        if not found:
            break
        at, length = int(rng.integers(len(found))), int(rng.choice([1, 2, 9, 200, 5_000]))
        match int(rng.integers(5)):
            case 0:
                found[at : at + length] = rng.integers(0, 256, min(length, len(found) - at), dtype=np.uint8).tobytes()
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + length]
            case 3:
                found[at:at] = rng.choice(CELLS).encode("utf-8", "replace")
            case 4:
                del found[at:]
    return bytes(found)


@pytest.mark.parametrize("kind", [".csv", ".csv.gz", ".arff", ".xlsx", ".parquet", ".feather"])
def test_a_spoilt_file_is_a_table_or_a_sentence(kind, tmp_path):
    path = tmp_path / f"t{kind}"
    for seed in range(COUNT):
        rng = np.random.default_rng([seed, len(kind)])
        table = frame(rng)
        if rng.random() < 0.7:
            table = odd(table, rng)
        path.write_bytes(spoilt(written(kind, table, rng), rng))
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                (profile if seed % 10 == 0 else read)(path, str(table.columns[-1]))
            except UserError as told:
                said = str(told)
                assert said and "\n" not in said and "Traceback" not in said and len(said) < 2_000, (seed, said)
            except Exception as problem:
                pytest.fail(f"{kind}, number {seed}: {type(problem).__name__}: {problem}")
        assert time.process_time() - began < SECONDS, (kind, seed)


def test_odd_cells_of_python_are_a_table_or_a_sentence():
    for seed in range(COUNT):
        rng = np.random.default_rng(seed)
        table = odd(frame(rng), rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                (profile if seed % 10 == 0 else read)(table, table.columns[-1])
            except UserError as told:
                assert "\n" not in str(told)


# What a cell of Python's may be, and what a person may pass for anything at all.
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=20),
    st.binary(max_size=20), st.datetimes(), st.timedeltas(), st.decimals(), st.fractions(), st.uuids(),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(CELLS),
    *map(st.just, (object(), type, pd.NaT, pd.NA, np.datetime64("NaT"))),
)  # fmt: skip
COLUMN = st.lists(ANYTHING, min_size=ROWS, max_size=ROWS)
hostile = settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck), derandomize=COUNT <= 60)


def quietly(done, *args, **named):
    """Do something that must end in a value or in one sentence; return the value, None for a sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return done(*args, **named)
        except UserError as told:
            assert str(told) and "\n" not in str(told) and len(str(told)) < 2_000
            return None


@hostile
@given(text=st.text(st.characters(), max_size=400), ending=st.sampled_from([".csv", ".tsv", ".txt", ".arff"]))
def test_any_text_is_a_table_or_a_sentence(text, ending, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / f"t{ending}"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    quietly(read, path, "y")


@hostile
@given(content=st.binary(max_size=400), ending=st.sampled_from([".csv", ".csv.gz", ".xlsx", ".parquet", ".feather"]))
def test_any_bytes_are_a_table_or_a_sentence(content, ending, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / f"t{ending}"
    path.write_bytes(content)
    quietly(read, path, "y")


@hostile
@given(cells=st.lists(st.lists(st.one_of(st.sampled_from(CELLS), st.text(max_size=9)), min_size=3, max_size=3),
                      min_size=ROWS, max_size=ROWS), quoting=st.sampled_from([0, 1]))  # fmt: skip
def test_any_cells_of_a_text_are_read(cells, quoting, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    table = pd.DataFrame(cells, columns=["u", "v", "w"]).assign(y=["a", "b"] * (ROWS // 2))
    path.write_bytes(table.to_csv(index=False, quoting=quoting, escapechar="\\").encode("utf-8", errors="replace"))
    quietly(read, path, "y")


@hostile
@given(column=COLUMN, target=st.one_of(COLUMN, st.just(["a", "b"] * (ROWS // 2))))
def test_any_objects_are_a_column_or_a_sentence(column, target):
    table = pd.DataFrame({"x": pd.Series(column, dtype=object), "y": pd.Series(target, dtype=object)})
    quietly(read, table, "y")


@hostile
@given(column=COLUMN)
def test_any_objects_are_new_cells_or_a_sentence(column):
    dataset = read(frame(np.random.default_rng(0)), "y")
    new = pd.DataFrame({name: pd.Series(column, dtype=object) for name in dataset.inputs})
    typed = quietly(MODALITY.typed(dataset).transform, new)
    assert typed is None or (typed.dtypes.map(str).tolist() == dataset.inputs.dtypes.map(str).tolist())


@hostile
@given(argument=st.sampled_from(["target", "task", "group", "time", "drop", "read_as", "decimal", "encoding", "header",
                                 "sheet", "source"]), value=ANYTHING)  # fmt: skip
def test_any_argument_is_taken_or_refused_in_a_sentence(argument, value):
    asked = {"source": frame(np.random.default_rng(0)), "target": "y"} | {argument: value}
    quietly(profile, asked.pop("source"), asked.pop("target"), **asked)


ENDLESS = {
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices are files of Unix")
@pytest.mark.parametrize("made", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("kind", [".csv", ".parquet", ".xlsx", ".arff"])
def test_what_does_not_end_is_not_begun(made, kind, tmp_path):
    path = tmp_path / f"t{kind}"
    made(path)
    began = time.process_time()
    with pytest.raises(UserError):
        read(path, "y")
    assert time.process_time() - began < SECONDS


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,1\n" * 80_000_000, compresslevel=1))
    with pytest.raises(UserError, match="times as large unpacked"):
        read(path, "y")


@pytest.mark.parametrize(("row", "column"), [(3, 16_384), (1_048_576, 2), (1_048_576, 16_384)])
def test_one_stray_cell_of_a_workbook_costs_nothing(row, column, tmp_path):
    import openpyxl

    path = tmp_path / "t.xlsx"
    frame(np.random.default_rng(0)).to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    book.active.cell(row, column, "stray")
    book.save(path)
    began = time.process_time()
    dataset = read(path, "y")
    assert time.process_time() - began < SECONDS
    assert len(dataset.target) >= ROWS - 1
