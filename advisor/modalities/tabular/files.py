"""Files and names to a raw table: finds out how the source is written, and changes no value on the way."""

from __future__ import annotations

import csv
import gzip
import warnings
import zlib
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError
from advisor.modalities import cards
from advisor.modalities.tabular.arff import read_arff
from advisor.modalities.tabular.types import MISSING_WORDS

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
BINARY_ENDINGS = (".parquet", ".feather", ".arrow", ".xlsx")
ENDINGS = (*TEXT_ENDINGS, ".arff", *BINARY_ENDINGS)
OPENML = "openml:"
DELIMITERS = ",;\t|"
SAMPLE_CHARACTERS = 200_000


@dataclass(frozen=True)
class RawTable:
    """A table as its source has it; `target` is the source's own, `notes` say what was lost or guessed."""

    frame: pd.DataFrame
    name: str
    source: str
    target: str | None = None
    notes: list[str] = field(default_factory=list)


def ending(path: Path) -> str:
    """Return the ending that says how `path` is written, without a final .gz, in lower case."""
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def raw_table(source: Any) -> RawTable:
    """Read `source`: a DataFrame, a path, the name of a data set in the catalogue, or openml:ID.

    Raises UserError in one sentence where the source is absent, unreadable, empty, or has two columns of one name.
    """
    if isinstance(source, pd.DataFrame):
        table = RawTable(source, "table", "DataFrame")
    elif not isinstance(source, (str, Path)):
        raise UserError(f"A source is a path, a name or a pandas DataFrame, not {type(source).__name__}.")
    elif str(source).lower().startswith(OPENML):
        table = _from_openml(str(source))
    elif ending(Path(source)) in ENDINGS or Path(source).exists():
        table = _from_file(Path(source))
    else:
        card = cards.find(str(source))
        table = RawTable(cards.load(card), card.name, f"catalogue: {card.name}", card.target)
    return _checked(table)


def _from_openml(source: str) -> RawTable:
    number = source[len(OPENML) :].strip()
    if not number.isdigit():
        raise UserError(f"{source!r} names no data set; write openml: and its number, as in openml:1590.")
    frame, target = cards.load_openml(int(number))
    return RawTable(frame, f"openml-{number}", f"{OPENML}{number}", target)


def _from_file(path: Path) -> RawTable:
    if not path.exists():
        raise UserError(f"There is no file {str(path)!r}; check the path.")
    if path.is_dir():
        raise UserError(f"{str(path)!r} is a folder; name one file that ends with {', '.join(ENDINGS)}.")
    kind = ending(path)
    if kind not in ENDINGS:
        raise UserError(
            f"{path.name!r} cannot be read by its ending; known are {', '.join(ENDINGS)}, some also with .gz."
        )
    content = _content(path)
    if not content.strip():
        raise UserError(f"{path.name!r} is empty; it should hold a line of column names and rows below it.")
    name = path.name.removesuffix(".gz").removesuffix(".GZ")[: -len(kind)] or path.name
    notes: list[str] = []
    if kind in BINARY_ENDINGS:
        frame = _read_binary(content, kind, path.name, notes)
    else:
        encoding = _encoding(content, path.name, notes)
        if kind == ".arff":
            frame = read_arff(content.decode(encoding))
        else:
            frame = _read_text(content, encoding, path.name, notes)
    return RawTable(frame, name, str(path), None, notes)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path.name!r} cannot be opened ({error}); check the file and its permissions.") from error


def _read_binary(content: bytes, kind: str, name: str, notes: list[str]) -> pd.DataFrame:
    try:
        if kind == ".parquet":
            return pd.read_parquet(BytesIO(content))
        if kind != ".xlsx":
            return pd.read_feather(BytesIO(content))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns about styles that hold no data
            sheets = pd.ExcelFile(BytesIO(content), engine="openpyxl")
            cells = sheets.parse(sheets.sheet_names[0], header=None, na_values=["?"])
    except Exception as error:  # each library has its own errors for a broken file, some of them bare
        reason = " ".join(str(error).split())[:160]
        raise UserError(f"{name!r} cannot be read as {kind} ({reason}); check that the file is whole.") from error
    if len(sheets.sheet_names) > 1:
        notes.append(f"Only the first of {len(sheets.sheet_names)} sheets was read, {sheets.sheet_names[0]!r}.")
    if cells.empty:
        raise UserError(f"{name!r} has an empty first sheet; it should hold a row of column names and rows below it.")
    header = ["" if pd.isna(cell) else str(cell) for cell in cells.iloc[0]]
    return pd.DataFrame(cells.iloc[1:].reset_index(drop=True).infer_objects().set_axis(_named(header), axis=1))


def _encoding(content: bytes, name: str, notes: list[str]) -> str:
    """Return how the bytes spell text; a file that holds control characters is no text at all."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    head = np.frombuffer(content[:SAMPLE_CHARACTERS], dtype=np.uint8)
    strange = (head < 32) & ~np.isin(head, (9, 10, 12, 13))
    if strange.mean() > 0.002 or (head == 0).any():
        raise UserError(
            f"{name!r} holds binary data, not text; give a table as text, or a file of a known binary format."
        )
    for encoding in ("utf-8-sig", "cp1252", "latin-1"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            notes.append(f"The file is not UTF-8; it was read as {encoding}, so check names with accents.")
        return encoding
    raise AssertionError("latin-1 decodes every byte")


def _read_text(content: bytes, encoding: str, name: str, notes: list[str]) -> pd.DataFrame:
    text = content[: SAMPLE_CHARACTERS * 4].decode(encoding, errors="ignore")[:SAMPLE_CHARACTERS]
    delimiter, rows = _sniff(text)
    header = _named(rows[0])
    _no_twins(header)
    if len(rows) < 2:
        raise UserError(f"{name!r} has a line of column names but no rows below it.")
    wider = [row for row in rows[1:] if len(row) == len(header) + 1]
    row_names = len(wider) == len(rows) - 1 and any(row[-1].strip() for row in wider)
    options: dict[str, Any] = {"index_col": 0, "names": ["row name", *header]} if row_names else {"names": header}
    if wider and not row_names:
        options["index_col"] = False
    decimal_comma = _decimal_comma(delimiter, rows[1:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)  # empty cells beyond the header, seen above
            frame: pd.DataFrame = pd.read_csv(
                BytesIO(content) if encoding.startswith("utf-8") else StringIO(content.decode(encoding)),
                sep=delimiter,
                header=0,
                encoding="utf-8-sig",
                na_values=sorted(MISSING_WORDS),
                skipinitialspace=True,
                low_memory=False,
                decimal="," if decimal_comma else ".",
                **options,
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        reason = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")[:160]
        raise UserError(
            f"{name!r} is no regular table ({reason}); every line needs the cells that the first one names."
        ) from error
    if row_names:
        notes.append("The first cell of each row has no column name; it was taken for a row name and left out.")
    if decimal_comma:
        notes.append("A comma was read as the decimal mark.")
    return frame.reset_index(drop=True)


def _sniff(text: str) -> tuple[str, list[list[str]]]:
    """Return the delimiter under which most rows are as wide as the header, and up to 500 rows cut by it."""
    best: tuple[float, int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        rows = []
        try:
            for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True):
                if any(cell.strip() for cell in row) or (row and len(row) > 1):
                    rows.append(row)
                if len(rows) > 500:
                    break
        except csv.Error:  # a cell longer than the limit: no such delimiter, or no table
            continue
        if not rows:
            continue
        body = rows[1:-1] or rows[1:]
        fits = sum(len(row) in (len(rows[0]), len(rows[0]) + 1) for row in body) / max(1, len(body))
        score = (round(fits, 1) if len(rows[0]) > 1 else 0.0, len(rows[0]), delimiter, rows)
        if best is None or score[:2] > best[:2]:
            best = score
    if best is None:
        raise UserError("The file holds no table; it should hold a line of column names and rows below it.")
    return best[2], best[3]


def _decimal_comma(delimiter: str, rows: list[list[str]]) -> bool:
    if delimiter == ",":
        return False
    cells = [cell.strip().lstrip("-+") for row in rows for cell in row]
    commas = sum(cell.count(",") == 1 and cell.replace(",", "").isdigit() for cell in cells)
    points = sum(cell.count(".") == 1 and cell.replace(".", "").isdigit() for cell in cells)
    return commas > 0 and points == 0


def _named(header: list[str]) -> list[str]:
    """Trim column names; a column without one is called after its place, counted from 1."""
    return [cell.strip() or f"unnamed {place}" for place, cell in enumerate(header, start=1)]


def _no_twins(names: list[str]) -> None:
    twins = [name for name, times in Counter(names).items() if times > 1]
    if twins:
        raise UserError(f"More than one column is called {twins[0]!r}; give every column a name of its own.")


def _checked(table: RawTable) -> RawTable:
    """Give the table unique names that are text, a plain index, and no nameless column of nothing."""
    frame, notes = table.frame, list(table.notes)
    if isinstance(frame.columns, pd.MultiIndex):
        raise UserError("The table has columns of several levels (a MultiIndex); join the levels into one name each.")
    names = [str(name).strip() for name in frame.columns]
    _no_twins(names)
    if not isinstance(frame.index, pd.RangeIndex):
        if isinstance(frame.index, pd.MultiIndex) or frame.index.name is not None:
            notes.append("The index of the table was left out; call reset_index() first to use it as a column.")
        frame = frame.reset_index(drop=True)
    frame = frame.set_axis(names, axis=1)
    for name in [name for name in names if name.startswith(("unnamed ", "Unnamed: "))]:
        column = frame[name]
        counter = (
            pd.api.types.is_integer_dtype(column.dtype) and len(column) > 1 and bool((column.diff()[1:] == 1).all())
        )
        if counter or column.isna().all():
            notes.append(
                f"The column {name!r} has no name and {'only counts rows' if counter else 'is empty'}; it was left out."
            )
            frame = frame.drop(columns=name)
    return RawTable(frame, table.name, table.source, table.target, notes)
