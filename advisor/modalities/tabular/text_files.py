"""Tables written as text: the encoding, the delimiter and the place of the names are found, and cells stay as written.

Columns whose first cells all are numbers are read as such by the parser, as long as no later cell is something else;
everything else stays text, so that a column is read by one rule (deciding.py) whatever file it came from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow

from advisor.errors import UserError
from advisor.modalities.tabular import frames, layout, numbers
from advisor.modalities.tabular.dialects import BLANKS, SAMPLE_ROWS, Dialect, cut, dialect_of, lines_before
from advisor.modalities.tabular.encodings import SAMPLE_BYTES, as_utf8
from advisor.modalities.tabular.layout import Layout
from advisor.modalities.tabular.strays import without_strays
from advisor.modalities.tabular.words import ERRORS, MISSING_WORDS
from advisor.records import Finding
from advisor.wording import counted, shortened

# Up to so many rows of another width are left out with a word; more make a file that is no regular table.
MOST_IRREGULAR_SHARE = 0.01
# The parser is asked again where a column turns out not to be numbers after all, so often at most.
MOST_TRIES = 4
BLOCK_BYTES = 1 << 23
# So many numbers with a decimal mark speak for a whole file.
MOST_VOTES = 2_000
# What a cell is that no column has a name for.
ROW_NAMES, UNNAMED = "row names", "column"
Row = Sequence[str]
MOST_BLANK_LINES = 20
_CODE = re.compile(r"-?(?:0\d|\d{16,}$)")
_LATE_CODE = rb"[%b\n\"'](?:0\d+|\d{16,})[%b\r\n\"']"
_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class TextTable:
    """A table of texts and plain numbers; `decimal` is the mark that its numbers have, None where none shows it."""

    frame: pd.DataFrame
    decimal: str | None
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


def read(
    content: bytes,
    name: str,
    *,
    encoding: str | None = None,
    decimal: str | None = None,
    header: int | None = None,
    known: Collection[str] = (),
) -> TextTable:
    """Read a table from the bytes of a file; the options are what somebody has said of it.

    Of new rows the names are `known`: then every cell is left a text, and no row is left out. Raises UserError in one
    sentence for what is no text, no table, or no regular one.
    """
    content, findings = as_utf8(content, name, encoding)
    # The sample may end within a letter.
    text = _decoded(content)
    dialect = dialect_of(text)
    if dialect.quote and dialect.quote.encode() not in content:
        dialect = replace(dialect, quote="")  # Arrow cuts more quickly then
    if not known:
        content, told = _first_table(content, dialect)
        text, findings = _decoded(content), [*findings, *told]
    found = _attempt(content, text, dialect, name, header, known, decimal)
    if found.swallowed:
        unquoted = _attempt(content, text, replace(dialect, quote=""), name, header, known, decimal)
        if len(unquoted.irregular) <= MOST_IRREGULAR_SHARE * unquoted.table.num_rows:
            found = unquoted
            findings.append(
                Finding("R04", "warning", "Quotes in the file open and do not close, over whole rows; they were read "
                        "as letters.", "Make sure that cells with quotes are as they were meant.", {})
            )  # fmt: skip
    del content
    _regular(found, dialect, name, strict=bool(known))
    table, mark, first = found.table, found.mark, int(found.extra == ROW_NAMES)
    notes = ("A comma was read as the decimal mark.",) if mark == "," and decimal is None and found.comma else ()
    place, extra, short, irregular = found.place, found.extra, found.short, len(found.irregular)
    del found
    frame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=np.nan)}.get, split_blocks=True)
    del table
    rows = len(frame)
    frame, told = (frame, []) if known else without_strays(frames.named(frame))
    # Notes and totals have few cells, and are no rows.
    rest = _of_rows(extra, max(0, short - (rows - len(frame))), irregular)
    return TextTable(frame.iloc[:, first:], mark, notes, (*place.findings, *findings, *rest, *told))


def _regular(found: _Cut, dialect: Dialect, name: str, *, strict: bool) -> None:
    """Refuse what has too many rows with too many cells: more than a few, or where `strict` any."""
    rows, irregular, names = found.table.num_rows, len(found.irregular), len(found.names)
    if irregular > (0 if strict else MOST_IRREGULAR_SHARE * (rows + irregular)):
        example = shortened(dialect.delimiter.join(found.irregular[0]), 60)
        raise UserError(
            f"{name!r} is no regular table ({counted(irregular, 'row')} of {rows + irregular:,} "
            f"{'has' if irregular == 1 else 'have'} more cells than the {names} that the column names make, first "
            f"{example!r}); every line needs the cells that the first one names."
        )


def _of_rows(extra: str, short: int, irregular: int) -> Iterator[Finding]:
    """Tell of rows that have more cells than there are names, or fewer."""
    if extra:
        which, taken = ("first", "a row name and left out") if extra == ROW_NAMES else (
            "last", "a column without a name")  # fmt: skip
        yield Finding(
            "R04", "warning",
            f"Rows have one cell more than there are column names; the {which} was taken for {taken}.",
            "If that is wrong, give every column a name.", {"taken": extra},
        )  # fmt: skip
    if short:
        yield Finding(
            "R04", "info",
            f"{counted(short, 'row')} had fewer cells than there are column names; what lacks was read as "
            "missing.",
            "Look for lines that were broken in two.", {"rows": short},
        )  # fmt: skip
    if irregular:
        yield Finding(
            "R04", "warning",
            f"{counted(irregular, 'row')} had more cells than there are column names, and "
            f"{'was' if irregular == 1 else 'were'} left out.",
            "Look for delimiters inside of cells that no quotes enclose.", {"rows": irregular},
        )  # fmt: skip


def _first_table(content: bytes, dialect: Dialect) -> tuple[bytes, list[Finding]]:
    """Return the content up to a blank line below which another table begins."""
    marks = rf"\n[{re.escape(dialect.delimiter)} ]*\r?\n".encode()
    for blank, _ in zip(re.finditer(marks, content), range(MOST_BLANK_LINES), strict=False):
        if dialect.quote and content.count(dialect.quote.encode(), 0, blank.start()) % 2:
            continue  # within a cell
        above, below = content[: blank.start() + 1], content[blank.end() :]
        rows = list(cut(_decoded(above), dialect, SAMPLE_ROWS))
        first = replace(dialect, lines=0)
        if layout.begins_another(rows, others := list(cut(_decoded(below), first, 2))):
            return above, [layout.another(others[0], below.count(b"\n"))]
    return content, []


def _decoded(content: bytes) -> str:
    return content[:SAMPLE_BYTES].decode("utf-8", errors="ignore")


@dataclass(frozen=True)
class _Cut:
    """A file cut by a dialect: `irregular` rows had cells too many and `short` ones too few, and `swallowed` were rows
    within quotes; `extra` says what a cell is that no column has a name for."""

    table: pa.Table
    irregular: Sequence[Row]
    short: int
    swallowed: int
    place: Layout
    names: list[str]
    extra: str
    mark: str | None
    comma: bool


def _attempt(
    content: bytes,
    text: str,
    dialect: Dialect,
    name: str,
    header: int | None,
    known: Collection[str],
    decimal: str | None,
) -> _Cut:
    rows = list(cut(text, dialect, SAMPLE_ROWS))
    if not rows:
        raise UserError(f"{name!r} holds no table; it should hold a line of column names and rows below it.")
    place = layout.find(rows, header, known)
    names, extra = _names(place, rows)
    inside = _rows_inside((place for row in rows for place in enumerate(row)), dialect, len(names))
    if len(rows) <= place.first and len(content) <= SAMPLE_BYTES and not inside:
        raise UserError(f"{name!r} has a line of column names but no rows below it.")
    mark = decimal or decimal_of(rows[place.first :])
    # What is read as texts alone is so whatever the mark.
    table, irregular, short = _parsed(content, text, dialect, place, rows, names, "," if known else mark)
    for number, column in enumerate(table.columns if dialect.quote and not inside else ()):
        if pa.types.is_string(column.type):
            several = column.filter(pc.match_substring(column, "\n"))
            inside += _rows_inside(((number, cell) for cell in several.to_pylist() if cell), dialect, len(names))
    comma = any("," in cell and numbers.decimal_of(cell) == "," for row in rows[place.first :] for cell in row)
    return _Cut(table, irregular, short, inside, place, names, extra, mark, comma)


def _rows_inside(cells: Iterable[tuple[int, str]], dialect: Dialect, width: int) -> int:
    """Count cells (with the number of their column) that hold lines which are cut as rows are, or the end of one row
    and the beginning of another: a quote that nobody closed goes on over them."""
    if not dialect.quote or width < 2:
        return 0
    found = 0
    for number, cell in cells:
        if "\n" in cell:
            first, *others = (line.count(dialect.delimiter) for line in cell.split("\n"))
            whole = any(marks >= width - 1 for marks in others[:-1] or others)
            found += whole or (first == width - 1 - number and others[-1] == number)
    return found


def _names(place: Layout, rows: Sequence[Row]) -> tuple[list[str], str]:
    """Return the names of all cells of a row, and what the one is that no column has a name for, else ""."""
    names, body = list(place.names), rows[place.first :]
    header = rows[place.above] if place.header and place.above < len(rows) else []
    if names and len(header) == len(names) - 1 and names[-1].startswith("unnamed"):
        names = names[:-1]
    longer = [row for row in body[:-1] or body if len(row) == len(names) + 1]  # the sample may end within a row
    if not header or len(header) > len(names) or len(longer) < len(body) - 1 or not any(row[-1] for row in longer):
        return list(place.names), ""
    if len({row[0] for row in body}) == len(body):
        return ["row name", *names], ROW_NAMES  # R writes them so
    return [*names, f"unnamed {len(names) + 1}"], UNNAMED


def decimal_of(rows: Sequence[Row]) -> str | None:
    """Return the decimal mark that the numbers of a sample are sure of, None where none is."""
    votes = {",": 0, ".": 0}
    for row in rows:
        for cell in row:
            if mark := numbers.decimal_of(cell):
                votes[mark] += 1
        if sum(votes.values()) >= MOST_VOTES:
            break
    if votes[","] == votes["."]:
        return None
    return "," if votes[","] > votes["."] else "."


# Parsing


def _parsed(
    content: bytes,
    text: str,
    dialect: Dialect,
    place: Layout,
    rows: Sequence[Row],
    names: Sequence[str],
    decimal: str | None,
) -> tuple[pa.Table, Sequence[Row], int]:
    """Return the table, the rows with cells that no name is for, and how many rows lacked cells."""
    body = rows[place.first :]
    if dialect.delimiter != BLANKS and all(len(row) == len(names) for row in body[:-1]):
        columns = [[row[column] for row in body if column < len(row)] for column in range(len(names))]
        plain = [decimal != "," and are_plain(cells) for cells in columns]
        whole = [
            number and all(map(str.isdigit, filter(None, cells))) for number, cells in zip(plain, columns, strict=True)
        ]
        if any(whole) and re.search(_LATE_CODE % ((dialect.delimiter.encode(),) * 2), content):
            plain = [number and not digits for number, digits in zip(plain, whole, strict=True)]
        table = _by_arrow(content, dialect, lines_before(text, dialect, place.first), names, plain)
        if table is not None:
            return table, (), 0
    return _by_rows(content.decode("utf-8"), dialect, place, names)


def _by_arrow(
    content: bytes, dialect: Dialect, skipped: int, names: Sequence[str], plain: Sequence[bool]
) -> pa.Table | None:
    """Parse with Arrow, which is quick and wants all rows alike; None where they are not.

    `skipped` lines stand before the first row; of `plain` columns the first cells are numbers as programs write them.
    """
    types = {str(column): pa.float64() if number else pa.string() for column, number in enumerate(plain)}
    for attempt in range(MOST_TRIES):
        if attempt == MOST_TRIES - 1:
            types = dict.fromkeys(types, pa.string())
        try:
            table = arrow.read_csv(
                pa.BufferReader(content),
                arrow.ReadOptions(skip_rows=skipped, column_names=list(types), block_size=BLOCK_BYTES),
                arrow.ParseOptions(
                    delimiter=dialect.delimiter, quote_char=dialect.quote or False, escape_char=dialect.escape or False,
                    newlines_in_values=bool(dialect.quote),
                    ignore_empty_lines=len(names) > 1,
                ),
                arrow.ConvertOptions(
                    column_types=types, null_values=sorted(MISSING_WORDS - ERRORS), strings_can_be_null=False,
                ),
            )  # fmt: skip
            return table.rename_columns(list(names))
        except pa.ArrowInvalid as problem:
            wrong = re.search(r"In CSV column #(\d+)", str(problem))
            if wrong is None:
                return None
            types[wrong[1]] = pa.string()
    return None


def are_plain(cells: Sequence[str]) -> bool:
    """Tell whether all filled cells are numbers as programs write them, and none is a code that begins with zeros."""
    filled = [cell for cell in cells if cell not in MISSING_WORDS]
    plain = bool(filled) and all(_PLAIN.fullmatch(cell) and not _CODE.match(cell) for cell in filled)
    ticks = len(filled) < len(cells) and len(set(filled)) == 1
    return plain and not ticks and not numbers.are_doubtful(filled)


def _by_rows(text: str, dialect: Dialect, place: Layout, names: Sequence[str]) -> tuple[pa.Table, Sequence[Row], int]:
    """Parse row by row: short rows end in gaps, longer ones lose what is empty, and who has more is left out."""
    width, short = len(names), 0
    irregular: list[Row] = []
    columns: list[list[str]] = [[] for _ in names]
    for number, row in enumerate(cut(text, dialect)):
        if number < place.first:
            continue
        while len(row) > width and not row[-1]:
            row.pop()
        if len(row) > width:
            irregular.append(row)
            continue
        short += len(row) < width
        for column, cells in enumerate(columns):
            cell = row[column] if column < len(row) else ""
            cells.append(cell)
    return (
        pa.Table.from_arrays([pa.array(cells, pa.string()) for cells in columns], names=list(names)),
        irregular,
        short,
    )
