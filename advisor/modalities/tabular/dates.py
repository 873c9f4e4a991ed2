"""Dates written as text: a layout or two for a whole column, found from the column's own cells."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

ISO, DAY_WITHOUT_MARKS = "ISO8601", "%Y%m%d"
# Quarters and weeks, of which the first day is taken; and what marks a layout of which all days lie in the past.
PART_OF_YEAR, PAST = "Q", "<"
# Months that programs take for numbers.
MONTH_WITH_POINT = "%m.%Y"
DIGITS = {DAY_WITHOUT_MARKS: 8, "%Y%m": 6, "%y%m%d": 6}
EARLIEST, LATEST = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")
SAMPLE = 400
MOST_LAYOUTS = 2
# So many different numbers behind names of months are days and no years.
FEWEST_DAYS = 20
# Days of which two digits of the year are written lie no further ahead.
FUTURE = pd.Timedelta(days=3_653)
# Months as German, French, Spanish, Italian, Portuguese and Dutch write and shorten them, beside English, from January.
_ELSEWHERE = (
    "januar jänner januari janvier enero gennaio janeiro janv jän ene gen stycznia ledna ocak oca января янв",
    "februar februari février febrero febbraio fevereiro févr fév fev lutego února şubat şub февраля фев",
    "märz maart mars marzo março mär mrz mrt marts marca března mart марта мар",
    "april avril abril aprile avr abr kwietnia dubna nisan nis апреля апр",
    "mai mei mayo maggio maio mag maj maja května may\u0131s мая",
    "juni juin junio giugno junho giu czerwca června haziran haz июня июн",
    "juli juillet julio luglio julho juil lug lipca července temmuz tem июля июл",
    "august augustus août agosto aoû ago aout augusti sierpnia srpna ağustos ağu августа авг",
    "september septembre septiembre settembre setembro sept set września září eylül eyl сентября сен",
    "oktober octobre octubre ottobre outubro okt ott out października října ekim eki октября окт",
    "november novembre noviembre novembro listopada listopadu kas\u0131m kas ноября ноя",
    "dezember december décembre diciembre dicembre dezembro dez déc dic desember grudnia prosince aral\u0131k ara "
    "декабря дек",
)
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTH_OF = {word: month for month, words in zip(_SHORT, _ELSEWHERE, strict=True) for word in words.split()}

# Days as they are written in East Asia: 2023年1月3日, 2023. 8. 16.
_SPACED = re.compile(r"(?<=\d\.) +(?=\d)")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_EASTERN = re.compile(r"(\d{4})[年.] ?(\d{1,2})[月.] ?(\d{1,2})[日.]?")
_DATELIKE = re.compile(
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:[ T]\d{1,2}:?\d{2}.*)?"
    r"|\d{8}T\d{4,6}.*"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d{1,2}:\d{2}.*)?"
    r"|(?:[^\W\d_]{2,10}\.?,? )?\d{1,2}(?:\.|st|nd|rd|th)?[- /]\s?(?:de )?[^\W\d_]{3,12}\.?(?: de)?[- /,]+\d{2,4}"
    r"(?: [\u0433r]\.)?(?: \d{1,2}:\d{2}.*)?"
    r"|(?:[A-Za-z]{3,9},? )?[A-Za-z]{3,9} \d{1,2}(?:st|nd|rd|th)?,? \d{4}(?: \d{1,2}:\d{2}.*)?"
    r"|[A-Za-z]{3,9}[- ,]+\d{2,4}|(?:0?[1-9]|1[0-2])[/.](?:19|20)\d\d"
    r"|\d{1,2}\. ?\d{1,2}\. ?\d{2,4}"
    r"|\d{4}[年.] ?\d{1,2}[月.] ?\d{1,2}[日.]?"
    r"|Q[1-4][ /-]?\d{4}|\d{4}[ /-]?Q[1-4]|\d{4}-?W\d\d"
    r"|\[?\d\d/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]?"
    r"|[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d .*"
    r"|[A-Za-z]{3} [A-Za-z]{3} \d{1,2} \d\d:\d\d:\d\d (?:UTC |GMT )?\d{4}"
    r"|\d{1,2}[.]?[A-Za-z]{3,9}[.]?\d{2,4}(?::\d{2}.*| \d{1,2}:\d{2}.*)?"
)
# A month's name with a day and a year, or a day in numbers, with or without a day of the week around it.
_DAY_IN_WORDS = re.compile(
    r"^\w{0,10}\.?,? ?(?:(?:\w{3,9}\.? )?(?:[Jj]an|[Ff]e[bv]|[Mm][aä]r|[Aa][pv]r|[Mm]a[yi]|[Jj]u[nil]|[Aa]u[gû]|"
    r"[Ss]e[pt]|[Oo][ck]t|[Nn]ov|[Dd]e[czé])\w*\.? \d{1,2}\b.*\b\d{4}\b|\d{1,2}[./-]\d{1,2}[./-]\d{4}\b)"
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f", " %I:%M%p")
NAMED_ZONE = re.compile(r"(:\d\d(?: ?[AP]M)?(?: [+-]\d{4})?) (?:UTC|GMT|[A-Z]{1,4}T)(?:[+-]\d{1,2}(?::?\d\d)?)?$")
# How programs and people write what there is a layout for: what stands for it, in turn. Names of zones are left out, so
# that a time is that of the clock on the wall.
_ODDLY_WRITTEN = re.compile(r"[^\W\dTZQW_]|[_(,]|-\d\d\.\d\d\.|^\d\d?:")
_USUAL = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\s*\([^()]*\)$|,? Uhr$", ""),
        (NAMED_ZONE, r"\1"),
        (r"^(\w{3} \w{3} \d\d? \d\d:\d\d:\d\d) [+-]\d{4} (\d{4})$", r"\1 \2"),
        (r"^(\d{4})_(\d\d)_(\d\d)", r"\1-\2-\3"),
        (r"^([\d-]{10})-(\d\d)\.(\d\d)\.(\d\d)(\.\d+)?$", r"\1 \2:\3:\4\5"),
        (r"^(\d\d?-[^\W\d_]{3}-\d{2,4}) (\d\d?)\.(\d\d)\.(\d\d)(?:\.\d+)?( [AP]M)?$", r"\1 \2:\3:\4\5"),
        (r"^(\d\d?[^\W\d_]{3}\d{2,4}):(\d\d:\d\d.*)$", r"\1 \2"),
        (r"^(\d\d?:\d\d(?::\d\d)?),? (\d.*\d{4})$", r"\2 \1"),
        (r"(\d),? (?:at|um|kl\.?|\u00e0|alle|a las) (\d\d?:)|(\d), (\d\d?:)", r"\1\3 \2\4"),
        (r"^[^\W\d_]{3,10}\.?, (?=[^\W\d_]{3,10} \d)", ""),
    )
)
# Where days and months cannot be told apart, the earlier layout wins: month first with slashes (the usual form of files
# from the United States), day first with dots and dashes.
_DAYS = {
    "/": ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y"),
    "-": ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y"),
    ".": ("%d.%m.%Y", "%m.%d.%Y", "%d.%m.%y", "%m.%d.%y"),
}
_NAMED = tuple(
    layout.replace("%b", month)
    for layout in (
        "%d%b%Y",
        "%d%b%y",
        "%d.%b.%Y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%d/%b/%Y",
        "%d %b %y",
        "%d-%b-%y",
        "%b %d, %Y",
        "%b %d %Y",
    )
    for month in ("%b", "%B")
)
_MONTHS = ("%b-%Y", "%b %Y", "%B %Y", "%b-%y", "%b %y", "%B-%Y")
_MONTHS_OF_YEARS = {"%b-%y", "%b %y"}


def layouts(levels: Sequence[str], counts: np.ndarray, share: float, first: str = "") -> tuple[str, ...]:
    """Return the layouts under which at least `share` of the cells are dates, one or two; () if there are none.

    `counts` (len(levels),) says how many cells each text has. A layout is in the language of `pandas.to_datetime`. The
    second one is for those cells that the first cannot read, such as dates that another program has added. `first` is
    %d or %m where other columns have shown what comes first.
    """
    levels = _usual(levels)
    step = max(1, len(levels) // SAMPLE)
    sample, weights = list(levels[::step]), counts[::step]
    datelike = np.array([_DATELIKE.fullmatch(level) is not None for level in sample])
    if weights[datelike].sum() < share * weights.sum():
        return ()
    found: list[str] = []
    left = datelike.copy()
    while left.any() and len(found) < MOST_LAYOUTS:
        # Never day first and month first in one column: nobody could tell which is meant.
        best = _best_layout(
            [sample[place] for place in np.flatnonzero(left)], weights[left], map(swapped, found), first
        )
        if not best:
            break
        found.append(best)
        left &= np.isnat(parse_dates(sample, (best,)))
    if set(found) <= _MONTHS_OF_YEARS and _are_days(sample):
        return ()
    found = [_of_the_past(layout, levels) for layout in found]
    if not found or weights[np.isnat(parse_dates(sample, found))].sum() > (1 - share) * weights.sum():
        return ()
    if step > 1 and np.isnat(parse_dates(levels, found)) @ counts > (1 - share) * counts.sum():
        return ()
    return tuple(found)


def _usual(levels: Sequence[str]) -> Sequence[str]:
    """Return texts (len(levels),) of which dates are written as there are layouts for, all others as they are."""
    return [_usually(level) if _ODDLY_WRITTEN.search(level) else level for level in levels]


def _usually(level: str) -> str:
    for pattern, instead in _USUAL:
        level = pattern.sub(instead, level)
    return level


def _are_days(levels: Sequence[str]) -> bool:
    """Tell whether the numbers behind months, Jul 09 and Nov 28, are days rather than years: they run over a month."""
    behind = {int(match[0]) for level in levels if (match := re.search(r"\d{1,2}$", level))}
    return len(behind) >= FEWEST_DAYS and min(behind) <= 31 - FEWEST_DAYS and max(behind) in (29, 30, 31)


def _of_the_past(layout: str, levels: Sequence[str]) -> str:
    """Mark a layout with two digits of the year whose days lie in both centuries: those to come are of the last one."""
    if "%y" not in layout:
        return layout
    days, now = _parsed(levels, layout), np.datetime64("now")
    past = (days < np.datetime64("2000-01-01")).any() and (days > now).any()
    return layout + PAST if past else layout


def _best_layout(levels: Sequence[str], counts: np.ndarray, never: Iterable[str], first: str) -> str:
    best, most, without = "", 0.0, set(never)
    for layout in sorted(_candidates(levels[0]), key=lambda layout: not layout.startswith(first)):
        if layout in without:
            continue
        read = float(counts[~np.isnat(_parsed(levels, layout))].sum())
        if read > most:
            best, most = layout, read
        if read == counts.sum():
            break
    return best


def without_marks(levels: Sequence[str]) -> tuple[str, ...]:
    """Return the layout of dates that are written as whole numbers, 20210315, 202103 or 210315: it reads most."""
    layouts = (DAY_WITHOUT_MARKS, "%Y%m", "%y%m%d")
    return (max(layouts, key=lambda layout: int((~np.isnat(_parsed(levels, layout))).sum())),)


def days_in_words(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) look like dates to a person: with a month's name, or a day within more."""
    return np.array([_DAY_IN_WORDS.search(level) is not None for level in levels], dtype=bool)


def swapped(layout: str) -> str:
    """Return the layout with day and month changed about, '' where it does not begin with both in numbers."""
    for mark in _DAYS:
        for first, second in (("%d", "%m"), ("%m", "%d")):
            if layout.startswith(f"{first}{mark}{second}"):
                return f"{second}{mark}{first}{layout[5:]}"
    return ""


def _candidates(example: str) -> list[str]:
    if re.search(r"Q\d|\dQ|W\d", example):
        return [PART_OF_YEAR]
    if re.match(r"\d{1,2}[/.]\d{4}$", example):
        return [MONTH_WITH_POINT if "." in example else "%m/%Y"]
    if re.match(r"\[?\d\d/[A-Za-z]", example):
        return [
            "%d/%b/%Y:%H:%M:%S %z",
            "[%d/%b/%Y:%H:%M:%S %z]",
            *(f"%d/{month}{clock}" for month in ("%b/%Y", "%b/%y") for clock in _CLOCKS),
        ]
    if re.match(r"[A-Za-z]{3} [A-Za-z]{3} ", example):
        return ["%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y"]
    if re.match(r"[A-Za-z]{3}, \d", example):
        return [f"%d %b %Y{clock}" for clock in ("", " %H:%M:%S %z", " %H:%M:%S %Z", " %H:%M")]
    if re.match(r"\d{4}-|\d{8}T", example) or _EASTERN.fullmatch(example):
        return [ISO, *(f"%Y-%m-%d{clock}" for clock in _CLOCKS)]
    if re.match(r"\d{4}[/.]", example):
        days: tuple[str, ...] = (f"%Y{example[4]}%m{example[4]}%d", f"%Y{example[4]}%m")
    elif match := re.match(r"\d{1,2}([-/.]) ?\d", example):
        days = _DAYS[match[1]]
    else:
        days = _NAMED + _MONTHS
    clocks = _CLOCKS if ":" in example else _CLOCKS[:1]
    return [day + clock for day in days for clock in clocks]


def parse_dates(levels: Sequence[str], layouts: Sequence[str]) -> np.ndarray:
    """Return the dates that `levels` spell in one of the layouts, the first that fits, datetime64[ns] in UTC, else NaT.

    What no layout reads may be in ISO's form, which nobody writes who means anything else.
    """
    levels = _usual(levels)
    found = _parsed(levels, layouts[0] if layouts else ISO)
    for layout in (*layouts[1:], ISO):
        left = np.flatnonzero(np.isnat(found)).tolist()
        if not left:
            break
        found[left] = _parsed([levels[place] for place in left], layout)
    return found


def _parsed(levels: Sequence[str], layout: str) -> np.ndarray:
    if "%b" in layout or "%B" in layout:
        levels = [_in_english(level) for level in levels]
    if layout == PART_OF_YEAR:
        levels, layout = [_first_day(level) for level in levels], ISO
    past, layout = layout.endswith(PAST), layout.removesuffix(PAST)
    if "%d." in layout:
        levels = [_SPACED.sub("", level) for level in levels]
    if any(_EASTERN.fullmatch(level) for level in levels[:SAMPLE]):
        levels = [_EASTERN.sub(r"\1-\2-\3", level) for level in levels]
    read = pd.to_datetime(pd.Series(list(levels), dtype=object), format=layout, errors="coerce", utc=True)
    if "%y" in layout:
        # Python takes 64 for 2064; a column of days of birth does not mean that.
        latest = pd.Timestamp.now("UTC") + (pd.Timedelta(0) if past else FUTURE)
        read = read.mask(read > latest, read - pd.DateOffset(years=100))
    if layout in DIGITS:  # of fewer pandas makes what nobody meant
        read = read.mask(pd.Series(list(levels), dtype=object).str.len().to_numpy() != DIGITS[layout])
    if layout == ISO:
        # A number alone, such as 2020, is a year to pandas and a number to us.
        read = read.mask(pd.Series(list(levels), dtype=object).str.fullmatch(r"\d{1,7}|\d{9,}").to_numpy(bool))
    return to_nanoseconds(read)


def _in_english(day: str) -> str:
    """Return a day with the name of its month as English has it; days without any such name stay as they are."""
    plain = re.sub(
        r"(?<=\d)\.(?=\s)|(?<=[^\W\d_])\.(?=[\s-])|\bde |\s[\u0433r]\.$|^[^\W\d_]{2,10}\.?,? (?=\d{1,2}\.? [^\W\d_])",
        "",
        day,
    )
    plain = _ORDINAL.sub("", plain)
    return re.sub(r"[^\W\d_]{3,}", lambda word: _MONTH_OF.get(word[0].casefold(), word[0]), plain)


def _first_day(part: str) -> str:
    """Return the first day of a quarter (Q3 2022, 2022-Q3) or a week (2021-W05, ISO 8601) as ISO writes it."""
    if match := re.fullmatch(r"Q([1-4])[ /-]?(\d{4})|(\d{4})[ /-]?Q([1-4])", part):
        return f"{match[2] or match[3]}-{3 * int(match[1] or match[4]) - 2:02}-01"
    if (match := re.fullmatch(r"(\d{4})-?W(\d\d)", part)) and 1 <= int(match[2]) <= 53:
        return datetime.date.fromisocalendar(int(match[1]), min(int(match[2]), 52), 1).isoformat()
    return ""


def to_nanoseconds(column: pd.Series) -> np.ndarray:
    """Return dates of any unit or zone, or periods, as datetime64[ns] in UTC; NaT outside of 1678 to 2261."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    values = column.to_numpy(dtype=column.dtype if isinstance(column.dtype, np.dtype) else "datetime64[us]")
    inside = (values >= EARLIEST) & (values < LATEST)
    return np.where(inside, values, np.datetime64("NaT")).astype("datetime64[ns]")
