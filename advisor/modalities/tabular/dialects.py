"""How rows of a text are cut into cells: the delimiter, the sign around cells, and the lines that stand before them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

DELIMITERS = ",;\t|"
BLANKS = " "
SAMPLE_ROWS = 500
LONGEST_CELL = 1 << 27


@dataclass(frozen=True)
class Dialect:
    """How rows are cut: `quote` is the sign around cells and `escape` that before a quote within them ("": none),
    `lines` how many stand before the first row."""

    delimiter: str
    quote: str = '"'
    lines: int = 0
    escape: str = ""


def dialect_of(text: str) -> Dialect:
    """Find the delimiter under which most rows are as wide as each other, and the widest of those."""
    told = re.match(r"[\"']?sep=(.)[\"']?[;,\t]*\r?\n", text)
    if told:
        return Dialect(told[1], lines=1)
    comments = 0
    lines = text.splitlines()
    for line in lines:
        if line.startswith(("#", "%")) and not any(
            mark in line and lines[comments + 1 : comments + 2] and line.count(mark) == lines[comments + 1].count(mark)
            for mark in DELIMITERS
        ):
            comments += 1
        else:
            break
    quote = "'" if re.match(r"\s*'[^']*'[,;\t|]'", "\n".join(lines[comments : comments + 1])) else '"'
    # Databases write \\" for a quote within quotes, where others double it.
    escape = "\\" if re.search(rf'\\{quote}[^,;\t|\r\n"]', text) else ""
    best, fit = Dialect(",", quote, comments, escape), (0.0, False, 0)
    for delimiter in (*DELIMITERS, BLANKS):
        dialect = Dialect(delimiter, quote, comments, escape)
        try:
            widths = [len(row) for row in cut(text, dialect, SAMPLE_ROWS)]
        except csv.Error:
            continue
        body = widths[:-1] or widths  # the sample may end within a row
        if not body:
            continue
        usual = max(set(body), key=lambda width: (body.count(width), width))
        # The names are cut as the rows are, unless a title stands above them.
        own = (round(body.count(usual) / len(body), 1) if usual > 1 else 0.0, widths[0] == usual, usual)
        # Blanks stand inside of cells, too: only where nothing else cuts.
        if own > fit and (delimiter != BLANKS or (fit[0] < 0.5 and own[0] >= 0.9)):
            best, fit = dialect, own
    return best


def cut(text: str, dialect: Dialect, most: int | None = None) -> Iterator[list[str]]:
    """Cut a text into rows of trimmed cells, at most so many; rows without any cell are left out."""
    csv.field_size_limit(LONGEST_CELL)
    lines = StringIO(text, newline="")
    for _ in range(dialect.lines):
        lines.readline()
    rows = (row for row in reader(lines, dialect) if any(cell.strip() for cell in row) or len(row) > 1)
    for count, row in enumerate(rows):
        if most is not None and count >= most:
            return
        yield [cell.strip() for cell in row]


def reader(lines: Iterable[str], dialect: Dialect) -> Any:
    """Return a reader of csv's; its `line_num` says how many lines it has seen."""
    if dialect.delimiter == BLANKS:  # several of them, and tabs, cut once
        lines = (line.replace("\t", BLANKS).strip() + "\n" for line in lines)
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, skipinitialspace=True)
    return csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=dialect.escape or None,
        skipinitialspace=True,
    )  # fmt: skip


def lines_before(text: str, dialect: Dialect, rows: int) -> int:
    """Count the lines before the row with this number: a quoted cell may hold several, and some hold nothing."""
    if not rows:
        return dialect.lines
    lines = StringIO(text, newline="")
    for _ in range(dialect.lines):
        lines.readline()
    rows_of = reader(lines, dialect)
    seen = 0
    for row in rows_of:
        seen += bool(any(cell.strip() for cell in row) or len(row) > 1)
        if seen == rows:
            break
    return dialect.lines + int(rows_of.line_num)
