"""Any source to a table as it is written: finds out which kind of source it is, and reads no value on the way."""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from advisor.errors import UserError
from advisor.modalities import cards, is_there
from advisor.modalities.tabular import frames, large_files, text_files, workbooks
from advisor.modalities.tabular.arff import read_arff
from advisor.modalities.tabular.encodings import as_utf8
from advisor.records import Finding
from advisor.wording import shortened

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
BINARY_ENDINGS = (".parquet", ".feather", ".arrow", ".xlsx")
ENDINGS = (*TEXT_ENDINGS, ".arff", *BINARY_ENDINGS)
OPENML = "openml:"
# A compressed file may be a bomb: so many times its own size is more than any table takes.
MOST_TIMES_UNPACKED = 200
LEAST_UNPACKED_BYTES = 1 << 28


@dataclass(frozen=True)
class Wish:
    """What somebody has said of how a source is to be read; None, and nothing, leaves it to the source.

    `kinds` are those of columns by their names, `decimal` is the mark of numbers written as text, `header` the row that
    has the names (from 1; 0: none), `sheet` that of a workbook.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    encoding: str | None = None
    header: int | None = None
    sheet: str | None = None


NO_WISH = Wish()


@dataclass(frozen=True)
class RawTable:
    """A table as its source has it; `target` is the source's own, `decimal` the mark of numbers in a text.

    `notes` and `findings` say what was left out or guessed, `unread` what else the source has.
    """

    frame: pd.DataFrame
    name: str
    source: str
    target: str | None = None
    decimal: str | None = None
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    unread: str = ""


def ending(path: Path) -> str:
    """Return the ending that says how `path` is written, without a final .gz, in lower case."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def raw_table(source: Any, wish: Wish = NO_WISH, known: Collection[str] = ()) -> RawTable:
    """Read `source`: a table of Python, a path, the name of a data set in the catalogue, or openml:ID.

    New rows for a model have names that are `known`; none of them is left out, whatever it looks like.

    Raises UserError in one sentence where the source is absent, unreadable, empty, or has two columns of one name.
    """
    if frames.is_table(source):
        table = RawTable(frames.frame_of(source), "table", type(source).__name__)
    elif not isinstance(source, (str, Path)):
        raise UserError(f"A source is a path, a name or a pandas DataFrame, not {type(source).__name__}.")
    elif str(source).lower().startswith(OPENML):
        table = _from_openml(str(source))
    elif ending(Path(source)) in ENDINGS or is_there(Path(source)):
        table = _from_file(Path(source), wish, known)
    else:
        card = cards.find(str(source))
        table = RawTable(cards.load(card), card.name, f"catalogue: {card.name}", card.target)
    return _checked(table)


def _from_openml(source: str) -> RawTable:
    number = source[len(OPENML) :].strip()
    if not (number.isascii() and number.isdigit()):
        raise UserError(f"{shortened(source)!r} names no data set; write openml: and its number, as in openml:1590.")
    frame, target = cards.load_openml(int(number))
    return RawTable(frame, f"openml-{number}", f"{OPENML}{number}", target)


def _from_file(path: Path, wish: Wish, known: Collection[str]) -> RawTable:
    shown = shortened(path.name, 80)
    kind = ending(path)
    if kind in TEXT_ENDINGS and not known and wish.encoding is None and wish.header is None:
        large = large_files.read(path, wish.decimal)
        if large is not None:
            return RawTable(large.frame, _name(path, kind), str(path), None, large.decimal, large.notes, large.findings)
    content = _content(path, shown)
    if kind not in ENDINGS:
        raise UserError(f"{shown!r} cannot be read by its ending; known are {', '.join(ENDINGS)}, some also with .gz.")
    if not content or content.isspace():
        raise UserError(f"{shown!r} is empty; it should hold a line of column names and rows below it.")
    name, source = _name(path, kind), str(path)
    if kind == ".xlsx":
        frame, unread, findings = workbooks.read(content, shown, sheet=wish.sheet, header=wish.header, known=known)
        notes = (unread,) if unread else ()
        return RawTable(frame, name, source, notes=notes, findings=tuple(findings), unread=unread)
    if kind in BINARY_ENDINGS:
        return RawTable(_read_columns(content, kind, shown), name, source)
    if kind == ".arff":
        text, guessed = as_utf8(content, shown, wish.encoding)
        frame, told = read_arff(text.decode("utf-8"))
        return RawTable(frame, name, source, findings=(*guessed, *told))
    held = [content]  # handed over, so that the bytes can go once they are parsed
    del content
    table = text_files.read(
        held.pop(), shown, encoding=wish.encoding, decimal=wish.decimal, header=wish.header, known=known
    )
    return RawTable(table.frame, name, source, None, table.decimal, table.notes, table.findings)


def _name(path: Path, kind: str) -> str:
    return path.name.removesuffix(".gz").removesuffix(".GZ")[: -len(kind)] or path.name


def _content(path: Path, shown: str) -> bytes:
    """Return what a file holds; raises UserError for what is no file, and for what does not end."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{shown!r} is a folder; name one file that ends with {', '.join(ENDINGS)}.")
        if not stat.S_ISREG(mode):
            raise UserError(f"{shown!r} is a pipe or a device, not a file; write its content to a file first.")
        content = path.read_bytes()
        return _unpacked(content, shown) if content[:2] == b"\x1f\x8b" else content
    except FileNotFoundError as problem:
        raise UserError(f"There is no file {shortened(str(path), 200)!r}; check the path.") from problem
    except (OSError, ValueError, EOFError, zlib.error) as problem:
        reason = shortened(str(getattr(problem, "strerror", None) or problem), 100)
        raise UserError(f"{shown!r} cannot be opened ({reason}); check the file and its permissions.") from problem


def _unpacked(content: bytes, shown: str) -> bytes:
    most = max(MOST_TIMES_UNPACKED * len(content), LEAST_UNPACKED_BYTES)
    with gzip.open(BytesIO(content)) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise UserError(f"{shown!r} is more than {MOST_TIMES_UNPACKED} times as large unpacked, as no table is; unpack "
                        "it yourself if it is one.")  # fmt: skip
    return found


def _read_columns(content: bytes, kind: str, shown: str) -> pd.DataFrame:
    """Read a file of columns by Arrow, whose types are made plain where the columns are read."""
    try:
        buffer = pa.BufferReader(content)
        table = pyarrow.parquet.read_table(buffer) if kind == ".parquet" else pyarrow.feather.read_table(buffer)
        index = (table.schema.pandas_metadata or {}).get("index_columns", [])
        kept = [name for name in table.column_names if name not in index or not name.startswith("__index_level_")]
        return frames.frame_of(table.select(kept) if len(set(kept)) == len(kept) else table)
    except UserError:
        raise
    except Exception as problem:  # Arrow has errors of many kinds for a broken file
        raise UserError(
            f"{shown!r} cannot be read as {kind} ({shortened(str(problem), 160)}); check that the file is whole."
        ) from problem


def _checked(table: RawTable) -> RawTable:
    """Give the table unique names that are text, a plain index, and no nameless column of nothing."""
    frame, notes = frames.named(table.frame), list(table.notes)
    if not isinstance(frame.index, pd.RangeIndex):
        if isinstance(frame.index, pd.MultiIndex) or frame.index.name is not None:
            notes.append("The index of the table was left out; call reset_index() first to use it as a column.")
        frame = frame.reset_index(drop=True)
    nameless = [name for name in frame.columns if name.startswith(("unnamed ", "Unnamed: "))]
    left_out = []
    for name in nameless:
        column = frame[name]
        counter = (
            pd.api.types.is_numeric_dtype(column.dtype) and len(column) > 1 and bool((column.diff()[1:] == 1).all())
        )
        if counter or (column.isna() | (column == "")).all():
            notes.append(
                f"The column {name!r} has no name and {'only counts rows' if counter else 'is empty'}; it was left out."
            )
            left_out.append(name)
    frame = frame.drop(columns=left_out)
    return replace(table, frame=frame, notes=tuple(notes))
