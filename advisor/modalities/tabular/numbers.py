"""Numbers written as text: one decimal mark and one unit for a whole column, found from the column's own cells.

1234  -1.5e3  +7  .5       plain, as programs write them
1,234.5  1.234,5  1 234  1'234  1,23,456     with marks between thousands (or lakhs)
$5  5 EUR  12 %  3.5 kg    with a currency, or one unit throughout
(12)  12-  \u221212        negative, as accountants and typesetters write it
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from advisor.modalities.tabular.words import ERRORS, MISSING_WORDS

_MINUS = "-\u2212\u2013\ufe63\uff0d"
_SIGN = f"[{re.escape(_MINUS)}+]"
_CURRENCY = (
    r"(?:[$€£¥₹₽₩₺₴₦₫฿₪元円]|[A-Z]{0,3}\$|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|AUD|CAD|NZD|SGD|HKD|KRW|"
    r"Euros?|eur|usd|gbp|Rp\.?|ZAR|TRY|RUB|UAH|KZT|KES|NGN|AED|SAR|K[Ss]h\.?|S?Fr\.|Rs\.?|RM|kr\.?|Kč|zł|TL|S/\.?)"
)
_SPACES = " \u00a0\u202f\u2009"
# A number that is not meant to the last digit is a number.
_ABOUT = r"(?:ca\.?|circa|approx\.?|about|around|~|≈)"
_SCALE = (
    "k|K|Tsd|тыс|m|M|B|万|萬|만|億|亿|억|bn|mn|mln|Mio|Mrd|млн|млрд|Lakh|lakh|Lac|Cr|crore|thousand|million|billion|trillion|"
    "Millionen|Milliarden|millions|milliards|millones"
)
# A unit: letters with a power or a fraction (m2, l/100km), a second word that goes with few others, and a full stop.
_WORD = (
    r"(?:[%‰°µ]|[^\W\d_½¼¾])[^\s\d.,()/]{0,9}(?:[23²³](?![\d.,]))?(?:/(?:100)?\s?[^\s\d.,()/]{1,8}[23²³]?)?"
    r"(?:\s(?:ft|oz|p\.a|vol|mi|yd|gal|in|r|year)(?!\w))?\.?"
)
# A number between whatever stands around it; per cent may stand in front.
_AROUND = re.compile(
    rf"(?P<open>\()?\s*(?P<about>{_ABOUT})?\s*(?P<sign>{_SIGN}?)\s*(?P<money>(?:{_CURRENCY}|%)?)\s*(?P<inner>{_SIGN}?)\s*"
    rf"(?P<body>(?:\d|[.,](?=\d))(?:[\d.,'\u2019{_SPACES}]*\d)?[.,]?(?:[eE][-+]?\d+)?)"
    rf"\s*(?:(?P<scale>{_SCALE})\.?(?=\s*{_CURRENCY}|\s*\)|$))?"
    rf"\s*(?:(?P<coin>{_CURRENCY})|(?P<unit>{_WORD}))?"
    rf"\s*(?P<minus>{_SIGN})?\s*(?P<whole>/[-=]|[-\u2013]{{1,2}})?\s*(?P<close>\))?"
)
# Letters behind amounts, $41k beside 41998: they count where not all have the same, and money always.
_SCALES = {
    "k": 1e3, "K": 1e3, "Tsd": 1e3, "тыс": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "mln": 1e6, "Mio": 1e6, "млн": 1e6,
    "B": 1e9, "bn": 1e9, "Mrd": 1e9, "млрд": 1e9, "Lakh": 1e5, "lakh": 1e5, "Cr": 1e7, "crore": 1e7, "万": 1e4,
    "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8, "Lac": 1e5, "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "trillion": 1e12, "Millionen": 1e6, "Milliarden": 1e9, "millions": 1e6, "milliards": 1e9, "millones": 1e6,
}  # fmt: skip
# Letters of an article, 1E5, are a number to programs; and 7.44E+17 is what a spreadsheet leaves of an account's.
_EXPONENT = re.compile(r"\d+[eE]\d+|\d(?:\.\d{1,6})?[eE]\+?1[1-9]")
_PLAIN = r"^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_CLOCK = re.compile(
    r"(\d{1,3})(?::([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?)?\s*([AaPp])\.?\s?[Mm]\.?"
    r"|(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:\s?Uhr)?"
)
# A span in hours and minutes: 1h30, 3 h 54 min.
_SPAN = re.compile(r"(\d{1,3})\s?h\s?([0-5]?\d)(?:\s?(?:m|min|mn)\.?)?")
_BEHIND = re.compile(r"([^\W\d][^\d]{0,14}?(?:[=:.]\s?|\s))(-?[\d.,].*)")
_LIMIT = re.compile(
    r"(?:[<>≤≥]=?|(?:less|fewer|more|greater) than|under|below|over|above|up to|at least|at most|unter|über|bis|ab|"
    r"(?:mehr|weniger) als|moins de|plus de|menos de|más de)\s*(.+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}")
_DECIMALS = re.compile(r"-?\d+\.\d+")
_DECIMALS_BEFORE = re.compile(r"[.,]\d{1,2}$")
_VERSION, _CHOICES = re.compile(r"\d{1,2}\.\d{1,2}"), re.compile(r"\d{1,2}(?:,\d{1,2})?")
_MONTH, FEWEST_MONTHS = re.compile(r"(?:0?[1-9]|1[0-2])\.(?:19|20)\d\d"), 3
_BODY = {
    decimal: re.compile(
        rf"(?:\d+|\d{{1,3}}(?:[{thousands}'\u2019{_SPACES}]\d{{2,3}})*[{thousands}'\u2019{_SPACES}]\d{{3}})?"
        rf"(?:[{decimal}]\d*)?(?:[eE][-+]?\d+)?"
    )
    for decimal, thousands in ((".", ","), (",", "."))
}
# Whole numbers in groups of three of which the first begins with a zero are codes.
_PADDED = re.compile(rf"0\d{{1,2}}[.,'\u2019{_SPACES}]\d{{3}}(?!\d)")
_GROUPS = re.compile(rf"\d{{1,3}}(?:[.,'\u2019{_SPACES}]\d{{3}})+|\d+(?:\.0)?")
_TELEPHONE = re.compile(rf"\+(?:[\d()/{_SPACES}-]){{8,}}")
_MONEY = re.compile(rf"(?:[^\w\s]{{0,2}}|{_CURRENCY})\s?\d")
_OPEN = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")
# A point that stands before decimals, since none between thousands has so many digits around it.
_POINT = re.compile(r"-?(?:\d*\.(?:\d{1,2}|\d{4,})|(?:0\d*|\d{4,})\.\d+)")
_MARKS = re.compile(r"[.,]")
LOOKED_AT, HEAD = 2_000, 100
# Marks between thousands are in doubt where so many numbers have one, or so many are alike.
FEW_MARKED, MANY_ALIKE, ROUND_SHARE = 2, 20, 0.25
_LONG_CODE = re.compile(r"0\d+(?:\.0)?|\d{16,}")
# A mark that is sure in so few of the numbers that have it is none to rely on.
FEW_SURE = 0.1


@dataclass(frozen=True)
class Style:
    """How a column's numbers are written: the decimal mark, "." or ",", and the unit behind them ("" for none).

    `bare` tells that some stand without the unit, `money` has the currencies that some have, and with `scaled` a k, M
    or B behind a number multiplies it. `grouped` tells that the other mark stands between thousands of some, so that
    one mark with three digits behind it is no riddle. `other` tells that every mark in the column could as well be one
    between thousands (or, where it was taken for that, the decimal mark).
    """

    decimal: str = "."
    unit: str = ""
    bare: bool = True
    money: frozenset[str] = frozenset()
    scaled: bool = False
    grouped: bool = False
    other: bool = False


PLAIN = Style()
# Units as people write them, a pattern.
UNITS = (
    "nm|um|µm|mm|cm|dm|km|m|in|inch|ft|yd|mi|miles|ng|µg|ug|mg|kg|g|lb|lbs|oz|t|tons?|ms|s|sec|min|h|hr|hrs|hours?|d|days?|"
    "weeks?|wk|mo|months?|acres?|sqft|sqm|y|yr|yrs|years?|°C|°F|degC|degF|deg|°|K|C|F|%|ppm|ppb|mol|mmol|µmol|V|mV|A|mA|W|kW|MW|kWh|MWh|Hz|kHz|"
    "MHz|GHz|N|kN|Pa|hPa|kPa|MPa|bar|mbar|psi|J|kJ|cal|kcal|l|L|dl|dL|ml|mL|µl|ha|rpm|lx|lux|dB|cd|Ω|ohm|USD|EUR|GBP|CHF|"
    "JPY|\\$|€|£|k\\$|k€|bpm|mmHg|U|IU|px|bytes?|KB|MB|GB|counts?|units?|n|#|-|1"
)
# Times of day and spans, 9:30 or 01:02:03, are read as seconds; beside 1:02:03 59:12 is less than an hour.
CLOCK, RACE, SPAN = Style(unit="h:mm"), Style(unit="m:ss"), Style(unit="h min")
TIMES = (CLOCK, RACE, SPAN)


def plain(texts: Any) -> np.ndarray | None:
    """Return what programs write as numbers (n,), NaN where a cell is missing; None where one cell is none of these."""
    for sample in pc.unique(texts[:HEAD]).to_pylist():
        if sample is not None and sample not in MISSING_WORDS and not is_number(sample):
            return None  # soon known of most that are none
    try:
        filled = pc.if_else(pc.is_in(texts, pa.array(sorted(MISSING_WORDS - ERRORS), texts.type)), None, texts)
        return np.asarray(pa.chunked_array(pc.cast(filled, pa.float64())).to_numpy(), dtype=np.float64)
    except pa.ArrowInvalid:
        return None


def style_of(levels: Sequence[str], counts: np.ndarray, decimal: str | None = None) -> Style | None:
    """Return the style in which the most cells are numbers, or None where not even one cell is.

    `counts` (len(levels),) says how many cells each text has; `decimal` is the mark of the whole file, where it is
    known. One mark with three digits behind it ('1,250') tells nothing by itself: a comma then stands between thousands
    and a point before decimals, unless the file says otherwise.
    """
    matches = [(match, count) for text, count in zip(levels[:LOOKED_AT], counts, strict=False)
               if (match := _AROUND.fullmatch(text))]  # fmt: skip
    if any(_SPAN.fullmatch(text) for text in levels[:LOOKED_AT]):
        return SPAN
    if all(_CLOCK.fullmatch(match[0]) for match, _ in matches):
        return _clock_of(levels[:LOOKED_AT])
    if _are_marks([match for match, _ in matches]):
        return None
    units: Counter[str] = Counter()
    votes: Counter[str] = Counter()
    cells = sum(int(count) for _, count in matches)
    open_marks: Counter[str] = Counter()
    scales: Counter[str] = Counter()
    for match, count in matches:
        units[unit_of(match)] += int(count)
        scales[match["scale"] or ""] += int(count)
        mark, sure = _decimal_of(match["body"])
        (votes if sure else open_marks)[mark] += int(count)
    money = frozenset(
        match[where] for match, _ in matches for where in ("money", "coin") if match[where] not in (None, "", "%")
    )
    scaled = set(units) == {""} and _are_scales(matches, bool(money))
    if not scaled:  # a letter that does not multiply is a unit as others: 5 K, 2013B
        units = Counter()
        for match, count in matches:
            units[unit_of(match) or match["scale"] or ""] += int(count)
    # A unit that few cells have is a slip of the pen in a number (12O), or another unit than theirs.
    for name in [name for name in units if name]:  # Tag and Tage are one
        units[name] += sum(
            times for other, times in units.items() if other != name and other and _same_unit(name, other)
        )
    unit = next((name for name, times in units.most_common() if name and 2 * times >= cells), "")
    style = Style(decimal or ".", unit, bare=not unit or units[""] > 0, money=money, scaled=scaled)
    if votes["."] or votes[","]:
        mark = "," if votes[","] > votes["."] else "."
        few = votes[mark] < FEW_SURE * open_marks[mark]
        return _grouped(replace(style, decimal=mark, other=few), matches)
    if open_marks[","]:
        mark = "," if decimal == "," else "."
        return _grouped(replace(style, decimal=mark, other=not votes[""] or decimal == ","), matches)
    if open_marks["."]:
        # 120 and 1.311 in one column: whoever writes decimals does not leave them out below a thousand alone.
        below = [match["body"] for match, _ in matches if not _MARKS.search(match["body"])]
        thousands = decimal == "," or (decimal is None and bool(below) and all(len(body) <= 3 for body in below))
        return _grouped(replace(style, decimal="," if thousands else ".", other=True), matches)
    return _grouped(style, matches)


def _grouped(style: Style, matches: Sequence[tuple[re.Match[str], int]]) -> Style:
    """Tell of a style whether the mark that is not its decimal mark stands in numbers of the column."""
    mark = "." if style.decimal == "," else ","
    return replace(style, grouped=any(mark in match["body"] for match, _ in matches))


def _clock_of(levels: Sequence[str]) -> Style | None:
    found = [match for text in levels if (match := _CLOCK.fullmatch(text))]
    parts = {match[7] is not None for match in found if not match[4]}
    return (RACE if len(parts) == 2 else CLOCK) if found else None


def _are_marks(matches: Sequence[re.Match[str]]) -> bool:
    """Tell whether what looks like numbers are marks at school (1-, 2+), or addresses of machines."""
    behind = {match["minus"] for match in matches if match["minus"] and match["body"][-1] not in ".,"}
    marks = "+" in behind and bool(behind & set(_MINUS))
    return marks or all(_ADDRESS.fullmatch(match[0]) for match in matches)


def _are_scales(matches: Sequence[tuple[re.Match[str], int]], money: bool) -> bool:
    """Tell whether letters behind numbers multiply them: of money, of several letters and decimals, or where numbers
    are of one size only if they do."""
    sizes: dict[str, list[float]] = {}
    for match, _ in matches:
        digits = re.sub(r"[^\d.]", "", match["body"].replace(",", "."))
        if re.fullmatch(r"\d+\.?\d*", digits):
            sizes.setdefault(match["scale"] or "", []).append(float(digits) * _SCALES.get(match["scale"] or "", 1.0))
    if not set(sizes) - {""} or (len(sizes) == 1 and not money):
        return False
    several = len({_SCALES[scale] for scale in sizes if scale}) > 1
    if several and any(_DECIMALS_BEFORE.search(match["body"]) for match, _ in matches):
        return True
    middles = [float(np.median(found)) for found in sizes.values()]
    return money or max(middles) <= 100 * min(middles)


def strange(levels: Sequence[str], style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Tell which texts (len(levels),) lack the unit that every number of a column had, and which are of other money."""
    found = [_AROUND.fullmatch(level) for level in levels]
    lacks = [not style.bare and match is not None and not (unit_of(match) or match["scale"]) for match in found]
    money = [{match["money"], match["coin"]} - {"", None, "%"} if match else set() for match in found]
    return np.array(lacks), np.array([bool(style.money) and bool(own - style.money) for own in money])


def without_money(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) are numbers without a currency."""
    found = [_AROUND.fullmatch(level) for level in levels]
    return np.array([match is not None and {match["money"], match["coin"]} <= {"", None, "%"} for match in found])


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number in any style that `read` knows; codes of several numbers (1.2.3) may pass."""
    return _AROUND.fullmatch(cell) is not None


def begins(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) begin with a number, or with money."""
    return np.array([_MONEY.match(level) is not None for level in levels], dtype=bool)


def behind_a_word(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) are a number behind the word that most of them begin with: Level 12, n=5."""
    found = [_BEHIND.fullmatch(level) for level in levels]
    usual = Counter(match[1].casefold() for match in found if match).most_common(1)
    return np.array([
        match is not None and match[1].casefold() == usual[0][0] and is_number(match[2]) for match in found
    ], dtype=bool)  # fmt: skip


def decimal_of(cell: str) -> str:
    """Return the decimal mark that a cell is sure of, "" where it is no number or shows none."""
    match = _AROUND.fullmatch(cell)
    mark, sure = _decimal_of(match["body"]) if match else ("", False)
    return mark if sure else ""


def are_codes(levels: Sequence[str]) -> str:
    """Return a whole number with zeros in front, too many digits or, as telephones have, a plus, where all are whole
    numbers (in groups, too)."""
    if levels and all(_TELEPHONE.fullmatch(level) for level in levels):
        return levels[0]
    padded = next((level for level in levels if _PADDED.fullmatch(level) or _LONG_CODE.fullmatch(level) or (
        _PADDED.match(level) and _GROUPS.fullmatch(level))), "")  # fmt: skip
    return padded if padded and all(_GROUPS.fullmatch(level) for level in levels) else ""


def signs(levels: Sequence[str]) -> tuple[str, str]:
    """Return a number with its minus behind it, and one in brackets, "" where there is none."""
    behind = brackets = ""
    for level in levels:
        match = _AROUND.fullmatch(level)
        if match and match["open"]:
            brackets = brackets or level
        if (
            match
            and match["minus"]
            and match["minus"] in _MINUS
            and not match["whole"]
            and match["body"][-1] not in ".,"
        ):
            behind = behind or level
    return behind, brackets


def are_lists(levels: Sequence[str]) -> str:
    """Return a number with a mark between thousands that may be none: all others are a hundred times smaller, or all
    have seven digits or more, as many as each other, as codes do."""
    marked = [level for level in levels if len(level) > 3 and _GROUPS.fullmatch(level) and not level.isdigit()]
    others = [int(level) for level in levels if level.isdigit()]
    digits = [int(re.sub(r"\D", "", level)) for level in marked]
    if len(marked) < FEW_MARKED or len(marked) + len(others) < len(levels):
        return ""
    far = len(others) >= FEW_MARKED and min(digits) >= 100 * max(others)
    alike = len(marked) == len(levels) >= MANY_ALIKE and {len(level) for level in marked} == {len(marked[0])}
    # Large amounts are round, or of several sizes.
    exact = sum(number % 10 == 0 for number in digits) < ROUND_SHARE * len(digits)
    return marked[0] if far or (alike and exact and min(digits) >= 10**6) else ""


def inexact(levels: Sequence[str]) -> list[str]:
    """Return those that say that they are not meant to the last digit, or open to one side: ca. 50, 80+."""
    found = ((level, _AROUND.fullmatch(level)) for level in levels)
    return [level for level, match in found if match and (match["about"] or match["minus"] == "+")]


def limits(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) are a number that something is below or above of: <0.5, less than 1."""
    return np.array([bool((match := _LIMIT.fullmatch(level)) and is_number(match[1])) for level in levels], dtype=bool)


def units(levels: Sequence[str]) -> list[str]:
    """Return the units that numbers among the levels have, the commonest first."""
    found = Counter(unit_of(match) or match["coin"] or match["money"] or "no unit" for level in levels
                    if (match := _AROUND.fullmatch(level)))  # fmt: skip
    # Most words behind a number are none: 2Story, 1. White, 2nd.
    alike = Counter(name.casefold() for name in found)
    known = [name for name, _ in found.most_common() if re.fullmatch(UNITS, name) or alike[name.casefold()] > 1]
    return (
        [*known, *(["no unit"] if "no unit" in found else [])]
        if any(len(name) > 1 or name == "%" for name in known)
        else []
    )


def marks(levels: Sequence[str]) -> tuple[str, str] | None:
    """Return a number with a point and one with a comma that are sure to stand before decimals, if both are there."""
    seen = {mark: level for level in reversed(levels) if (mark := decimal_of(level)) and level.count(mark) == 1}
    return (seen["."], seen[","]) if len(seen) == 2 else None


_TWO_NUMBERS = re.compile(
    r"\d+(?:[.,]\d+)?\s?(?:[/x\xd7±'\u2013-]|ft\.?|[^\W\d_]{1,5}\.?\s)\s?\d+(?:[.,]\d+)?\s?(?:\"|[^\W\d_]{1,5}\.?)?"
)


def are_two(levels: Sequence[str]) -> np.ndarray:
    """Tell which texts (len(levels),) are two numbers: 120/80, 20-30 m, 5'11"."""
    return np.array([_TWO_NUMBERS.fullmatch(level) is not None for level in levels], dtype=bool)


def twins(cells: Sequence[str]) -> tuple[str, str] | None:
    """Return two texts that are one number and differ in noughts at their end, as codes do: 1.1 and 1.10."""
    seen: dict[str, str] = {}
    for cell in cells:
        if _DECIMALS.fullmatch(cell):
            other = seen.setdefault(cell.rstrip("0"), cell)
            if other != cell:
                return other, cell
    return None


def versions(cells: Sequence[str]) -> tuple[str, str] | None:
    """Return two texts of which one has a nought at its end and the other fewer decimals, where all may be versions,
    as nobody writes numbers: 3.9 and 3.10."""
    if not cells or not all(_VERSION.fullmatch(cell) for cell in cells):
        return None
    short = next((cell for cell in cells if cell[-2] == "."), "")
    long = next((cell for cell in cells if cell[-2] != "." and cell.endswith("0")), "")
    return (short, long) if short and long else None


def are_months(cells: Sequence[str]) -> bool:
    """Tell whether cells that programs would take for numbers are months: 05.2021, 11.2022."""
    padded = any(cell.startswith("0") for cell in cells)
    return (padded or len(set(cells)) >= FEWEST_MONTHS) and all(_MONTH.fullmatch(cell) for cell in cells)


def choices(levels: Sequence[str]) -> str:
    """Return one of several numbers with a comma that may be a list of what somebody has chosen, 1 or 2 or "1,3", and
    no decimals; "" where there is none."""
    lists = [level.split(",") for level in levels if "," in level]
    if not lists or len(lists) == len(levels) or not all(_CHOICES.fullmatch(level) for level in levels):
        return ""
    upwards = all(int(one) < int(two) for one, two in lists)
    return ",".join(lists[0]) if upwards and len({two for _, two in lists}) > 1 else ""


def are_riddles(levels: Sequence[str]) -> bool:
    """Tell whether some numbers have one mark with three digits behind it, which may stand before them or between
    thousands."""
    return any(map(riddle_of, levels))


def riddle_of(cell: str) -> str:
    """Return the mark of a number that may stand before decimals or between thousands, "" where there is no doubt."""
    match = _AROUND.fullmatch(cell)
    mark, sure = _decimal_of(match["body"]) if match else ("", True)
    return "" if sure else mark


def are_exponents(cells: Sequence[str]) -> bool:
    """Tell whether cells may be codes that programs take for numbers with an exponent: all of them, or some among
    whole numbers."""
    some = any(_EXPONENT.fullmatch(cell) for cell in cells)
    return some and all(_EXPONENT.fullmatch(cell) or cell.isdigit() for cell in cells)


def are_doubtful(cells: Sequence[str]) -> bool:
    """Tell whether cells that programs could have written as numbers may be something else: marks between thousands
    (120, 1.311), codes with an E or with noughts at their end."""
    if are_exponents(cells) or twins(cells) or versions(cells) or are_months(cells):
        return True
    if not any(_OPEN.fullmatch(cell) for cell in cells) or any(_POINT.fullmatch(cell) for cell in cells):
        return False
    style = style_of(cells, np.ones(len(cells)))
    return style is not None and style.other


def _decimal_of(body: str) -> tuple[str, bool]:
    """Return the decimal mark that a number shows, "" for none, and whether it is sure of it.

    Where it is not, the mark is the only one of the number and has three digits behind it and one to three before it.
    """
    body = re.sub(r"[eE].*", "", body)
    marks = _MARKS.findall(body)
    if not marks:
        return "", True
    last = marks[-1]
    if len(set(marks)) == 2:
        return last, True
    if len(marks) > 1:
        first, *groups = re.split(rf"[{last}]", body)
        thousands = len(first) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups)
        return (("." if last == "," else ",") if thousands else ""), True
    before, _, behind = body.partition(last)
    before = re.sub(r"[^\d]", "", before)
    if len(behind) != 3 or not 1 <= len(before) <= 3 or before.startswith("0"):
        return last, True
    return last, False


def read(levels: Sequence[str], style: Style) -> np.ndarray:
    """Return the numbers that `levels` spell in a style, shape (len(levels),), float64, NaN where they do not."""
    if style in TIMES:
        return np.array([_seconds(text, style) for text in levels], dtype=np.float64)
    values, rest = np.full(len(levels), np.nan), list(range(len(levels)))
    if style.decimal == ".":
        texts = pa.array(levels, pa.string())
        simple = np.asarray(pc.match_substring_regex(texts, _PLAIN))
        values[simple] = plain(texts.filter(pa.array(simple)))
        rest = np.flatnonzero(~simple).tolist()
    for position in rest:
        if match := _AROUND.fullmatch(levels[position]):
            values[position] = _value(match, style)
    return values


def _value(match: re.Match[str], style: Style) -> float:
    """Return the number that a text is, NaN where it is none of this style. What a number is sure of it may say."""
    mark, sure = _decimal_of(match["body"])
    decimal = mark if mark and sure else style.decimal
    thousands = "." if decimal == "," else ","
    body, scale, unit = match["body"].rstrip(".,"), match["scale"] or "", unit_of(match)
    if not style.scaled:
        scale, unit = "", unit or scale
    if _PADDED.match(body) or (match["sign"] and match["inner"]):
        return np.nan
    riddle = not sure and mark == thousands and not style.grouped
    if riddle or bool(match["open"]) != bool(match["close"]) or not _BODY[decimal].fullmatch(body):
        return np.nan
    if unit and not _same_unit(unit, style.unit):
        return np.nan
    value = float(re.sub(rf"[{thousands}'\u2019{_SPACES}]", "", body).replace(decimal, ".")) * _SCALES.get(scale, 1.0)
    # 55.- is 55 francs and no centimes.
    whole = match["body"][-1] in ".," or match["whole"]
    signs = [match[where] for where in ("sign", "inner", *(() if whole else ("minus",))) if match[where]]
    return -value if (sum(sign in _MINUS for sign in signs) + bool(match["open"])) % 2 else value


def unit_of(match: re.Match[str]) -> str:
    """Return the unit of a number as it is written, without a full stop, "" where there is none."""
    return "%" if match["money"] == "%" else (match["unit"] or "").rstrip(".")


def _same_unit(one: str, two: str) -> bool:
    """Tell whether two units are one: alike but for capitals, or one of several (km, kms; Tag, Tage)."""
    short, long = sorted((one.casefold(), two.casefold()), key=len)
    several = len(long) <= len(short) + 2 and len(short) >= 3
    if one == two or not short or short == long == "l":
        return bool(short) or one == two
    # mW and MW, Mb and MB are of other sizes.
    sizes = ({one[0], two[0]} == {"m", "M"} and one[1:] == two[1:]) or (
        {one[-1], two[-1]} == {"b", "B"} and one[:-1] == two[:-1]
    )
    return len(short) > 1 and not sizes and (long in (short, short + "s") or (several and long.startswith(short)))


def beyond_a_day(text: str) -> bool:
    """Tell whether a time, 25:30, is none of a day's."""
    found = _CLOCK.fullmatch(text)
    return found is not None and found[7] is None and int(found[5] or 0) > 23


def _seconds(text: str, style: Style) -> float:
    if style == SPAN and (span := re.fullmatch(r"(\d{1,3})\s?h\.?|([0-5]?\d)\s?(?:m|min|mn)\.?", text)):
        return 3600.0 * int(span[1] or 0) + 60 * int(span[2] or 0)
    if span := _SPAN.fullmatch(text):
        return 3600.0 * int(span[1]) + 60 * int(span[2])
    found = _CLOCK.fullmatch(text)
    if found is None:
        return np.nan
    if found[4]:
        hour = int(found[1]) % 12 + 12 * (found[4] in "Pp")
        return 3600 * hour + 60 * int(found[2] or 0) + float(found[3] or 0)
    first, second = int(found[5]), int(found[6])
    if style == RACE and found[7] is None:
        return 60.0 * first + second
    return 3600 * first + 60 * second + float(found[7] or 0)
