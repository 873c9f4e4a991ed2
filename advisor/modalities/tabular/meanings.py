"""What numbers and days may mean besides: a gap, a day, a month; told of whole columns that have been read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from advisor.modalities.tabular.dates import DAY_WITHOUT_MARKS, parse_dates
from advisor.modalities.tabular.doubts import quoted, two_ways
from advisor.modalities.tabular.forms import ends
from advisor.records import Finding
from advisor.wording import counted

# So many numbers or more are needed before anything is said of what they may mean; a value that may stand for a gap is
# there several times.
FEWEST_NUMBERS, FEWEST_STAND_INS = 11, 3
STAND_INS = frozenset({0.0, -1.0}) | frozenset(
    sign * value
    for value in (
        9.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0, 99.9, 999.9, 9999.9, 999.99, 999.25, 9999.25, 32767.0, 32768.0,
        65535.0, 2147483647.0, 2147483648.0, 1e20, 1e30, 1e31, 1e35, 99.99, 127.0, 1023.0, 4095.0, 88.0, 888.0, 8888.0,
        77.0, 777.0, 98.0, 998.0, 9998.0, 99998.0, 9999999.0, 99999998.0, 99999999.0, float(np.float32(9.96921e36)),
    )
    for sign in (1, -1)
)  # fmt: skip
# And what may stand beside those: 7, 8 and 9, or -1, -2 and -3, for as many reasons why there is no answer.
GAP_CODES = STAND_INS | {
    sign * value
    for value in (2, 3, 7, 8, 97, 96, 66, 997, 996, 666, 9997, 9996, 99997, 99996, 99999997)
    for sign in (1.0, -1.0)
}
# So far from all others such a second value lies at least; and as large one is that is told where it is there once.
FAR_BESIDE, LARGE_CODE = 3, 99
# A negative value among positive ones so much more often there than any of them stands for a gap, too.
MUCH_COMMONER = 3
MANY_OTHERS = 20
FEWEST_MONTHS = 4
# Times written without marks, and the numbers between which they lie.
MOMENTS = {
    "%Y%m%d%H": (1900_01_01_00, 2100_12_31_23), "%Y%m%d%H%M": (1900_01_01_00_00, 2100_12_31_23_59),
    "%Y%m%d%H%M%S": (1900_01_01_00_00_00, 2100_12_31_23_59_59), "%y%m%d": (10_01_01, 99_12_31),
}  # fmt: skip
# Seconds since 1970 of the years 2000 to 2039, and how many of a unit are a second.
EPOCH = (946_684_800, 2_208_988_799)
UNITS_OF_EPOCH = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# Days as spreadsheets count them, of the years 1955 to 2063: numbers like many others, unless a name says what they
# are.
SERIALS = (20_090, 59_900)
NAMES_OF_DAYS = re.compile(
    r"(?i)\b(birth ?day|dob|born|[a-z]*dates?|day|datum|tag|geburtstag|fecha|d[ií]a|jour|data|giorno|dato|since|until|"
    r"due|deadline|timestamp)\b"
)
NAMES_OF_CODES = re.compile(
    r"(?i)\b(zip ?(codes?)?|post ?(al)? ?codes?|plz|postleitzahl|fips|phone|telephone|telefon|tel|mobile|fax|isbn|ean|"
    r"iban|barcode|sku|code ?postal|c[oó]digo ?postal)\b"
    r"|(?i:\b(ids?|codes?|nr|kundennr|kennung))$"
)
NO_DAYS = frozenset(
    np.datetime64(day, "ns")
    for day in (
        "1700-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31",
        "2100-01-01", "2199-12-31",
    )
)  # fmt: skip
SHOWN = 3


def of_numbers(name: str, values: np.ndarray) -> Iterator[Finding]:
    """Tell of what a column of numbers (n,) may mean besides."""
    low, high = ends(values)
    # Most columns are neither, which their ends tell without a copy of them.
    days, stand_ins = low >= 1900_01_01 and high <= 2100_12_31, {low, high} & STAND_INS
    months = low >= 1900_01 and high <= 2100_12
    moments = next((form for form, (first, last) in MOMENTS.items() if low >= first and high <= last), "")
    first, last = EPOCH
    epoch = next((unit for unit, times in UNITS_OF_EPOCH.items() if times * first <= low <= high <= times * last), "")
    plain = re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", name)
    serials = SERIALS[0] <= low <= high <= SERIALS[1] and NAMES_OF_DAYS.search(plain)
    codes = low >= 0 and NAMES_OF_CODES.search(plain)
    told = days or months or moments or stand_ins or epoch or serials or codes
    if told and len(filled := values[~np.isnan(values)]) >= FEWEST_NUMBERS:
        if days:
            yield from _maybe_days(name, filled)
        elif months:
            yield from _maybe_months(name, filled)
        elif moments:
            yield from _maybe_moments(name, filled, moments)
        elif epoch:
            yield from _maybe_counted(name, filled, epoch, "1970-01-01", "as computers count seconds or parts of them")
        elif serials:
            yield from _maybe_counted(name, filled, "D", "1899-12-30", "as spreadsheets count days")
        if codes and not (filled % 1).any() and len(np.unique(filled)) > 2:
            yield two_ways(
                name, "info", f"{filled[0]:.0f} may be a code, as the column's name says, or a number", "as a number",
                f"If it is a code, say --read {quoted(name)}=category.",
                example=int(filled[0]), taken="number", other="category",
            )  # fmt: skip
        if stand_ins:
            yield from _maybe_gaps(name, filled)


def _maybe_months(name: str, filled: np.ndarray) -> Iterator[Finding]:
    """Tell of whole numbers that are years and months, as 202103."""
    months = filled % 100
    if (filled % 1 == 0).all() and months.min() >= 1 and months.max() <= 12 and len(np.unique(months)) >= FEWEST_MONTHS:
        example = int(filled[0])
        yield two_ways(
            name, "info", f"{example} may be a month or a number", "as a number, which keeps their order but not their "
            "distances", "If they are months, write them as 2021-03.",
            example=example, taken="number", other="date",
        )  # fmt: skip


def _maybe_moments(name: str, filled: np.ndarray, form: str) -> Iterator[Finding]:
    """Tell of whole numbers that all could be times written without marks, 202103151020, or days, 210315."""
    if (filled % 1).any():
        return
    distinct = [str(int(value)) for value in np.unique(filled)]
    read = pd.to_datetime(pd.Series(distinct), format=form, errors="coerce")
    if read.isna().any() or read.dt.month.nunique() + read.dt.day.nunique() < FEWEST_MONTHS:
        return
    yield two_ways(
        name, "warning", f"{distinct[0]} may be a number or the time {read[0]}", "as a number",
        "If they are times, write them as 2021-03-15 10:20.", example=distinct[0], taken="number", other="date",
    )  # fmt: skip


def _maybe_counted(name: str, filled: np.ndarray, unit: str, origin: str, who: str) -> Iterator[Finding]:
    """Tell of whole numbers that may be times counted in a unit from a day on."""
    if (filled % 1).any() or len(np.unique(filled)) < FEWEST_NUMBERS:
        return
    time = pd.Timestamp(origin) + pd.Timedelta(f"{filled[0]:.0f}{unit}")
    shown = f"{time:%Y-%m-%d}" if unit == "D" else f"{time:%Y-%m-%d %H:%M:%S}"
    yield two_ways(
        name, "info", f"{filled[0]:.0f} may be a number or the time {shown}, {who}", "as a number, which keeps their "
        "order and distances", "If they are times, write them as 2021-03-15 10:20.",
        example=int(filled[0]), taken="number", other="date",
    )  # fmt: skip


def _maybe_gaps(name: str, filled: np.ndarray) -> Iterator[Finding]:
    """Tell of values that programs and surveys write for a gap, far outside of all others."""
    values, times = np.unique(filled, return_counts=True)
    first, last = 0, len(values)
    for high in (True, False, True):  # what is known of one side says what is far on the other
        told = _far_codes(values[first:last], times[first:last], high)
        if not told:
            continue
        first, last = (first, last - len(told)) if high else (first + len(told), last)
        shown = " and ".join(f"{value:,.10g} ({counted(cells, 'cell')})" for value, cells in told[:SHOWN])
        one, others = len(told) == 1, values[first:last]
        yield two_ways(
            name, "warning", f"{shown} may be {'a number' if one else 'numbers'} or stand for "
            f"{'a gap' if one else 'gaps'}, since all others lie from {others[0]:,.4g} to {others[-1]:,.4g}",
            "as a number" if one else "as numbers",
            f"If {'it stands for a gap' if one else 'they stand for gaps'}, leave those cells empty.",
            example=told[0][0], cells=sum(cells for _, cells in told), taken="number", other="gap",
        )  # fmt: skip


def _far_codes(values: np.ndarray, times: np.ndarray, high: bool) -> list[tuple[float, int]]:
    """Return those of the largest values (or the smallest; k different ones, with how many cells have each) that may
    stand for gaps: several may stand side by side, 98 for "do not know" and 99 for no answer."""
    inwards = slice(None, None, -1 if high else 1)
    own = list(zip(values[inwards].tolist(), times[inwards].tolist(), strict=True))
    codes = next((place for place, (value, _) in enumerate(own) if value not in GAP_CODES), len(own))
    codes = codes if len(own) - codes > 1 else 1
    others = own[codes:]
    if not own or own[0][0] not in STAND_INS or len(others) < 2 or sum(cells for _, cells in others) < FEWEST_NUMBERS:
        return []
    (value, cells), (lowest, highest) = own[0], sorted((others[0][0], others[-1][0]))
    if not _is_far(value, cells, lowest, highest, max(cells for _, cells in others), len(others)):
        return []
    told = own[:1]
    for value, cells in own[1:codes]:
        if abs(value - others[0][0]) < FAR_BESIDE:
            while told and abs(told[-1][0] - value) == 1:  # one scale, which goes on
                value, _ = told.pop()
            break
        told.append((value, cells))
    return told


def _is_far(value: float, cells: int, low: float, high: float, usual: int, others: int) -> bool:
    """Tell whether a value that may stand for a gap lies far from `others` values between `low` and `high`, of which
    the commonest has `usual` cells."""
    small = value in (0, -1)
    # A scale from 1 to 5 ends one width before 9; nought and -1 are far only where many others lie together.
    reach = (high - low) / (2 if small else 1)
    odd = value < 0 < low and cells >= MUCH_COMMONER * usual
    if cells < FEWEST_STAND_INS:
        # Once or twice only what nobody measures.
        return abs(value) >= LARGE_CODE and not low - 2 * reach < value < high + 2 * reach
    near = low - reach < value < high + reach and not odd
    return not near and others >= (MANY_OTHERS if small or odd else 2)


def of_dates(name: str, days: np.ndarray) -> Iterator[Finding]:
    """Tell of a day that programs write for none, far outside of all others and there several times."""
    filled = days[~np.isnat(days)]
    for day in {filled.min(), filled.max()} & NO_DAYS if len(filled) else ():
        others = filled[filled != day]
        cells = len(filled) - len(others)
        if cells < FEWEST_STAND_INS or len(others) < FEWEST_NUMBERS:
            continue
        spread = others.max() - others.min()
        if others.min() - spread < day < others.max() + spread:
            continue
        shown = np.datetime_as_string(day, unit="D")
        yield two_ways(
            name, "warning", f"{shown} ({counted(cells, 'cell')}) may be a day or stand for a gap, since all others "
            "lie far from it", "as a day", "If it stands for a gap, leave those cells empty.",
            example=shown, cells=cells, taken="date", other="gap",
        )  # fmt: skip


def _maybe_days(name: str, filled: np.ndarray) -> Iterator[Finding]:
    """Tell of whole numbers that all could be days written without marks, 20210315."""
    if (filled % 1).any():
        return
    distinct = [str(int(value)) for value in np.unique(filled)]
    if len(distinct) < 2 or np.isnat(parse_dates(distinct, (DAY_WITHOUT_MARKS,))).any():
        return
    day = np.datetime_as_string(parse_dates(distinct[:1], (DAY_WITHOUT_MARKS,))[0], unit="D")
    yield two_ways(
        name, "warning", f"{distinct[0]} may be a number or the day {day}", "as a number",
        f"If they are days, say --read {quoted(name)}=date.", example=distinct[0], taken="number", other="date",
    )  # fmt: skip
