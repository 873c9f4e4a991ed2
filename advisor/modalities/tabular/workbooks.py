"""Sheets of a workbook: the table is found on the sheet as it is in a text, and cells keep the types they have."""

from __future__ import annotations

import datetime
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular import doubts, frames, layout
from advisor.modalities.tabular.strays import without_strays
from advisor.modalities.tabular.words import ERRORS, MISSING_WORDS, text_of
from advisor.records import Finding
from advisor.wording import counted, shortened

# A column without a name is one where so many of its cells are filled; else these are notes beside the table.
LEAST_FILLED = 0.1
SAMPLE_ROWS, MOST_GAPS = 120, 20
COMPUTE = "Open the file in a spreadsheet program and save it; the program that wrote it has left the results out."
# How a sheet writes cells that are merged, and a formula without a result; an empty text is one.
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')
_NO_RESULT = re.compile(
    rb'<(?:\w+:)?c\s(?![^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})(\d+)"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*?)?(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
# Fewer dates than this share of a column are not what it holds.
MOST_STRAY_DATES = 0.5


def read(
    content: bytes, name: str, *, sheet: str | None = None, header: int | None = None, known: Collection[str] = ()
) -> tuple[pd.DataFrame, str, list[Finding]]:
    """Return the table of a sheet (the first, or the one called `sheet`), a word about other sheets, and findings.

    `known` is as in text_files.read.

    Raises UserError in one sentence for what is no workbook, has no such sheet, or holds no table.
    """
    rows, gaps, unread, merged, units, formulas = _cells(content, name, sheet)
    findings: list[Finding] = []
    if merged:
        findings.append(
            Finding("R04", "info", f"{counted(merged, 'cell')} below another, and merged with it, got what stands "
                    "there.", "Make sure that this was meant.", {"cells": merged})
        )  # fmt: skip
    for gap in [] if known else gaps[:MOST_GAPS]:
        above, below = _texts(rows[: min(gap, SAMPLE_ROWS)]), _texts(rows[gap : gap + 2])
        if layout.begins_another(above, below):
            findings.append(layout.another(below[0], len(rows) - gap - 1))
            rows = rows[:gap]
            break
    told = _texts(rows[:SAMPLE_ROWS])
    if not told:
        raise UserError(
            f"{name!r} has an empty sheet; it should hold a row of column names and rows below it. {unread}"
        )
    place = layout.find(told, header, known)
    body = rows[place.first :]
    if not body and formulas:
        first = next(iter(formulas.values()))[1]
        raise UserError(f"{name!r} has nothing below its column names but formulas that were never computed, as in "
                        f"{first}. {COMPUTE}")  # fmt: skip
    if not body:
        raise UserError(f"{name!r} has a row of column names but no rows below it. {unread}".strip())
    names, stray = _names(place.names, told[place.above + place.header - 1] if place.header else [], body)
    findings += place.findings
    if stray:
        findings.append(
            Finding("R04", "info", f"{counted(stray, 'cell')} beside the table {'was' if stray == 1 else 'were'} left "
                    "out, in columns without a name that hold hardly anything.", "Make sure that this was meant.",
                    {"cells": stray})
        )  # fmt: skip
    cells = {place: [row[place] if place < len(row) else None for row in body] for place in names}
    findings += [_never_computed(names[place], *found) for place, found in formulas.items() if place in names]
    findings += [
        doubts.several_currencies(column, units[place]) for place, column in names.items()
        if len(units.get(place, ())) > 1
    ]  # fmt: skip
    for column, own in ((column, cells[place]) for place, column in names.items()):
        dates = [cell for cell in own if isinstance(cell, (datetime.datetime, datetime.date))]
        if dates and len(dates) < MOST_STRAY_DATES * sum(cell is not None for cell in own):
            findings.append(doubts.dates_among_words(column, len(dates), text_of(dates[0])))
    frame = frames.named(pd.DataFrame(cells, dtype=object).set_axis(list(names.values()), axis=1))
    if not known:
        frame, strays = without_strays(frame)
        findings += strays
    return pd.DataFrame({column: _column(frame[column].tolist()) for column in frame}), unread, findings


def _texts(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [["" if cell is None else text_of(cell) for cell in row] for row in rows]


def _never_computed(column: str, count: int, first: str) -> Finding:
    return Finding(
        "R03", "warning",
        f"Column {shortened(column)!r} has {counted(count, 'formula')} that {'was' if count == 1 else 'were'} never "
        f"computed, as in {first}, and read as missing.",
        COMPUTE,
        {"column": column, "formulas": count},
    )  # fmt: skip


def _names(known: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[dict[int, str], int]:
    """Return the names of the columns by their place, and how many cells stand in columns that are not worth one.

    What stands beside the table under names of its own keeps them, and the blank column between (see strays).
    """
    names = dict(enumerate(known))
    beyond = Counter(
        place for row in rows for place in range(len(known), len(row)) if row[place] is not None
    )  # a stray cell may stand in the last of 16,384 columns
    own = {place: header[place] for place in beyond if place < len(header) and header[place]}
    kept = {place for place, cells in beyond.items() if place in own or cells >= LEAST_FILLED * len(rows)}
    for place in sorted(kept | {place - 1 for place in kept} - set(beyond) - set(names)):
        wanted = own.get(place, f"unnamed {place + 1}")
        names[place] = wanted if wanted not in names.values() else f"{wanted} ({place + 1})"
    return names, sum(cells for place, cells in beyond.items() if place not in names)


def _cells(
    content: bytes, name: str, sheet: str | None
) -> tuple[list[list[Any]], list[int], str, int, dict[int, set[str]], dict[int, tuple[int, str]]]:
    """Return the rows of a sheet that hold something, each up to its last filled cell (None is empty); before which of
    them a row holds nothing; a word about sheets that were not read; how many cells got what stands in the one above,
    with which they are merged; in which currencies or units the numbers of each column are shown; and how many
    formulas of each column have no result, and where the first of them stands."""
    import openpyxl  # takes a third of a second to load

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles that hold no data
            book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
            names = [each.title for each in book.worksheets]
            if sheet is not None and sheet not in names:
                raise UserError(f"{name!r} has no sheet {sheet!r}. {did_you_mean(sheet, names)}")
            chosen = book[sheet] if sheet is not None else book.worksheets[0]
            # What a program has written down as the size of a sheet may be that of one stray cell.
            chosen.reset_dimensions()
            units: dict[int, set[str]] = {}
            rows = [_filled(row, units) for row in chosen.iter_rows()]
    except UserError:
        raise
    except Exception as error:  # openpyxl has errors of many kinds for a broken file, some of them bare
        reason = " ".join(str(error).split())[:160]
        raise UserError(f"{name!r} cannot be read as a workbook ({reason}); check that the file is whole.") from error
    unread = ""
    if len(names) > 1 and sheet is None:
        unread = (
            f"Only the first of {len(names)} sheets was read, {names[0]!r}; --sheet names another, as {names[1]!r}."
        )
    written = _written(content, chosen)
    merged = _fill_down(rows, _MERGED.findall(written))
    filled = [place for place, row in enumerate(rows) if row]
    gaps = [number for number, (one, two) in enumerate(pairwise(filled), start=1) if two > one + 1]
    return [rows[place] for place in filled], gaps, unread, merged, units, _without_result(written)


def _written(content: bytes, sheet: Any) -> bytes:
    """Return a sheet as it is written, for what openpyxl does not tell where it reads row by row."""
    path = getattr(sheet, "_worksheet_path", "")
    with zipfile.ZipFile(BytesIO(content)) as file:
        return file.read(path) if path in file.namelist() else b""


def _without_result(written: bytes) -> dict[int, tuple[int, str]]:
    """Return how many formulas of each column, by its place, have no result, and where the first of them stands."""
    from openpyxl.utils import column_index_from_string

    found: dict[int, tuple[int, str]] = {}
    for letters, row in _NO_RESULT.findall(written):
        place = column_index_from_string(letters.decode()) - 1
        count, first = found.get(place, (0, f"{letters.decode()}{row.decode()}"))
        found[place] = count + 1, first
    return found


def _fill_down(rows: list[list[Any]], ranges: Sequence[bytes]) -> int:
    """Fill cells below the first one of each range with what stands there; return how many."""
    from openpyxl.utils import range_boundaries

    count = 0
    for merged in ranges:
        left, top, right, bottom = range_boundaries(merged.decode())
        if top == bottom or top > len(rows) or left > len(rows[top - 1]) or right > left:
            continue  # beside each other they are names or titles
        value = rows[top - 1][left - 1]
        for row in rows[top:bottom] if value is not None else ():
            row += [None] * (left - len(row))
            if row[left - 1] is None:
                row[left - 1], count = value, count + 1
    return count


def _filled(row: Sequence[Any], units: dict[int, set[str]]) -> list[Any]:
    """Return what the cells of a row show, up to the last one that is filled; note the units of numbers by place."""
    for place, cell in enumerate(row):
        if isinstance(cell.value, (int, float)) and (unit := _unit(cell.number_format or "")):
            units.setdefault(place, set()).add(unit)
    found = [None if _is_gap(value := _value(cell)) else value for cell in row]
    while found and found[-1] is None:
        found.pop()
    return found


def _value(cell: Any) -> Any:
    """Return what a cell shows: a number that is shown in per cent, or with noughts in front, as it is in a text."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{100 * value:.12g}%"
    if isinstance(value, int) and re.fullmatch(r"0{2,}", cell.number_format or ""):
        return f"{value:0{len(cell.number_format)}}"  # 01067 is a code, kept as a number
    return value


@lru_cache(maxsize=1_000)
def _unit(number_format: str) -> str:
    """Return the currency or the word that numbers of a format are shown with, "" where there is none."""
    shown = number_format.split(";")[0]
    found = re.search(r"\[\$([^\]-]+)|\"\s*([^\"]*[^\"\s])\s*\"|([€$£¥₹])", shown)
    return next(filter(None, found.groups()), "") if found else ""


def _is_gap(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip() in MISSING_WORDS - ERRORS)


def _column(cells: list[Any]) -> pd.Series:
    """Return a column by what its cells are: numbers, dates, or texts where they are mixed."""
    filled = [cell for cell in cells if cell is not None]
    if filled and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in filled):
        return pd.Series(pd.to_numeric(pd.Series(cells, dtype=object)))
    if filled and all(isinstance(cell, (datetime.datetime, datetime.date)) for cell in filled):
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype=object)))
    return pd.Series(cells, dtype=object)
