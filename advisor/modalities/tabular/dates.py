"""Dates written as text: one layout for a whole column, found from the column's own cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

ISO = "ISO8601"
EARLIEST, LATEST = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")
SAMPLE = 400

_DATELIKE = re.compile(
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[ T]\d{1,2}:?\d{2}.*)?"
    r"|\d{8}T\d{4,6}.*"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d{1,2}:\d{2}.*)?"
    r"|(?:[A-Za-z]{3,9},? )?\d{1,2}[- /][A-Za-z]{3,9}[- /,]+\d{2,4}(?: \d{1,2}:\d{2}.*)?"
    r"|(?:[A-Za-z]{3,9},? )?[A-Za-z]{3,9} \d{1,2},? \d{4}(?: \d{1,2}:\d{2}.*)?"
    r"|[A-Za-z]{3,9}[- ,]+\d{2,4}"
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f")
# Where days and months cannot be told apart, the earlier layout wins: month first with slashes (the usual form of files
# from the United States), day first with dots and dashes.
_DAYS = {
    "/": ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y"),
    "-": ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y"),
    ".": ("%d.%m.%Y", "%m.%d.%Y", "%d.%m.%y", "%m.%d.%y"),
}
_NAMED = tuple(
    layout.replace("%b", month)
    for layout in ("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d %b %y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%a, %d %b %Y")
    for month in ("%b", "%B")
)
_MONTHS = ("%b-%Y", "%b %Y", "%B %Y", "%b-%y", "%b %y", "%B-%Y")


def date_format(levels: Sequence[str], counts: np.ndarray, share: float) -> str:
    """Return the layout under which at least `share` of the cells are dates, or '' if there is none.

    `counts` (len(levels),) says how many cells each text has. The layout is in the language of `pandas.to_datetime`.
    """
    step = max(1, len(levels) // SAMPLE)
    sample, weights = list(levels[::step]), counts[::step]
    datelike = np.array([_DATELIKE.fullmatch(level) is not None for level in sample])
    if weights[datelike].sum() < share * weights.sum():
        return ""
    best, best_share = "", 0.0
    for layout in _candidates(next(level for level, fits in zip(sample, datelike, strict=True) if fits)):
        read = float(weights[~np.isnat(parse_dates(sample, layout))].sum() / weights.sum())
        if read > best_share:
            best, best_share = layout, read
        if best_share == 1.0:
            break
    if best_share < share or (step > 1 and np.isnat(parse_dates(levels, best)) @ counts > (1 - share) * counts.sum()):
        return ""
    return best


def _candidates(example: str) -> list[str]:
    if re.match(r"\d{4}-|\d{8}T", example):
        return [ISO, *(f"%Y-%m-%d{clock}" for clock in _CLOCKS)]
    if re.match(r"\d{4}[/.]", example):
        days: tuple[str, ...] = (f"%Y{example[4]}%m{example[4]}%d", f"%Y{example[4]}%m")
    elif match := re.match(r"\d{1,2}([-/.])\d", example):
        days = _DAYS[match[1]]
    else:
        days = _NAMED + _MONTHS
    clocks = _CLOCKS if ":" in example else _CLOCKS[:1]
    return [day + clock for day in days for clock in clocks]


def parse_dates(levels: Sequence[str], layout: str) -> np.ndarray:
    """Return the dates that `levels` spell in `layout` ('' is ISO), datetime64[ns] in UTC, else NaT."""
    read = pd.to_datetime(pd.Series(list(levels), dtype=object), format=layout or ISO, errors="coerce", utc=True)
    return to_nanoseconds(read)


def to_nanoseconds(column: pd.Series) -> np.ndarray:
    """Return dates of any unit or zone, or periods, as datetime64[ns] in UTC; NaT outside of 1678 to 2261."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    values = column.to_numpy(dtype=column.dtype if isinstance(column.dtype, np.dtype) else "datetime64[us]")
    inside = (values >= EARLIEST) & (values < LATEST)
    return np.where(inside, values, np.datetime64("NaT")).astype("datetime64[ns]")
