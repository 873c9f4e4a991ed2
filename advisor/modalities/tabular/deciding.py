"""How each column is to be read, decided from its own cells only; with what was lost, guessed or doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from advisor.modalities.tabular import doubts, meanings, numbers
from advisor.modalities.tabular.dates import (
    MONTH_WITH_POINT,
    NAMED_ZONE,
    days_in_words,
    layouts,
    parse_dates,
    swapped,
    without_marks,
)
from advisor.modalities.tabular.forms import (
    FALSE,
    TRUE,
    Form,
    Values,
    categories,
    ends,
    finite,
    floats,
    is_categorical,
    is_plain_number,
    plain_numbers,
    read_as,
    strangers,
    with_numbers,
    with_words,
)  # fmt: skip
from advisor.modalities.tabular.kinds import category_kind, level_counts, reads_as_text
from advisor.modalities.tabular.numbers import Style
from advisor.modalities.tabular.words import ERRORS, WORDS_OR_GAPS, Words, words
from advisor.records import Finding
from advisor.wording import some

# What a person may say that a column is.
READABLE = ("number", "category", "date", "text")
# From this share of the filled cells on a column is what they are, and the others are gaps.
READABLE_SHARE = 0.99
# From this share on it is worth a word that it is not; and where the others are a few words without a digit, as people
# write for a gap, the column is numbers all the same.
MOST_SHARE = 0.5
MOST_GAP_WORDS = 5
# Fewer whole numbers than these, with a word among them, may be codes or steps of a scale; from a few on it is told.
FEWEST_NUMBERS, FEW_NUMBERS = 11, 3
# So many numbers beside a few words are places in a race rather than steps of a scale, which has so many at least.
FEWEST_PLACES, FEWEST_STEPS = 6, 4
# From this share on few numbers, or numbers of several units, are worth a word.
NEARLY_ALL = 0.9
# Of so many categories that begin with a number it is told that they do.
FEW_LEVELS = 5
# Up to so many different numbers with a minus behind may be marks at school.
MOST_MARKS = 20
# Up to so many texts of which some are one number are codes.
MOST_TWINS = 50
# Of words with more levels than these so many are looked at.
MANY_LEVELS = 20_000
# From this share on ticks are no slip of the pen, and so are cells without one.
FEWEST_TICKS, FEWEST_TICKED = 0.02, 20
LARGEST_EXACT_WHOLE = 2.0**53
DOUBTFUL_SAMPLE = 2_000
ENDLESS = "Infinite values were read as missing"
# Of a column with more categories new ones are to be expected.
MOST_KNOWN_LEVELS = 1_000

# What people write for a gap and for nothing else.
_GAP_WORDS = frozenset({
    "k.a.", "k. a.", "n.a.", "n. a.", "n.d.", "s/d", "s.d.", "n.v.t.", "keine angabe", "refused", "missing", "unknown",
    "unbekannt", "inconnu", "desconocido", "tbd", "tba", "not available", "not applicable",
})  # fmt: skip
_PAIRS = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"on", "off"})
_CODE = re.compile(r"0\d+|\d{16,}")
# A word, a sign, nothing but noughts, or a day beyond what the calendar of programs has.
_NO_DAY = re.compile(
    r"\D*|[0:./\- ]+|(?:9999|3000|2999|0001|1000)[-/.]\d\d?[-/.]\d\d?.*|\d\d?[-/.]\d\d?[-/.](?:9999|0001).*"
)
_WHOLE = re.compile(r"\d+")
_DAY_AND_MONTH = re.compile(r"(?:0?[1-9]|[12]\d|3[01])\. ?(?:0?[1-9]|1[0-2])\.")
_OBJECT = re.compile(r"[A-Za-z_][\w.]*\((?:'[^']*'|\"[^\"]*\"|[-+.,\w ]*)\)")
_TICK = re.compile(r"1|[^\d\s]{1,12}")
_ZONE = re.compile(r":\d\d[\d.]*\s?[+-](?!00(?::?00)?\]?$)\d\d(?::?\d\d)?\]?$")
_TERM, _SEASON = re.compile(r"\d{4}[-/.][1-4]"), re.compile(r"(\d{4})[-/](\d\d)")


@dataclass(frozen=True)
class Read:
    """A column that has been read: its form, its values (n,), and what was lost, guessed or doubtful.

    `notes` are sentences without the column's name and without a full stop, `findings` whole.
    """

    form: Form
    values: Values
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def order(self) -> tuple[str, bool]:
        """What comes first in its dates, %d or %m ("" where that is no question), and whether it is sure of it."""
        first = self.form.layouts[0] if self.form.layouts else ""
        if not swapped(first):
            return "", True
        return first[:2], not any("order" in finding.evidence for finding in self.findings)


def read_column(column: pd.Series, *, decimal: str | None = None, asked: str | None = None, first: str = "") -> Read:
    """Decide how a column is read, from its own cells only, and read it.

    Numbers, and texts that are numbers in at least 99 % of the filled cells (with thousands marks, a decimal comma, a
    currency sign or one unit throughout), are numbers; so are those with a few words among them that stand for a gap.
    Two words such as yes and no are a boolean; dates written in one form or two in 99 % of the filled cells are dates;
    all else is a category, also what the source declares as categorical, and whole numbers that begin with zeros, as
    codes do. A column without any filled cell is a number. `decimal` is the mark of the whole file, where it is known;
    `asked` is the kind that somebody has asked for, `first` what comes first in dates, %d or %m, where other columns
    show it.
    """
    name, dtype = str(column.name), column.dtype
    if asked is None:
        if is_plain_number(dtype) or (pd.api.types.is_bool_dtype(dtype) and not is_categorical(dtype)):
            form = Form(name, "boolean" if pd.api.types.is_bool_dtype(dtype) else "number")
            values = np.asarray(read_as(form, column))
            if ends(floats(column)) == (1, 1) and np.isnan(values).any():
                return _found(column, words(column), decimal, first)  # ticks
            return Read(form, values, _lost_of_numbers(column), tuple(meanings.of_numbers(name, values)))
        if pd.api.types.is_timedelta64_dtype(dtype):
            return Read(Form(name, "number"), read_as(Form(name, "number"), column), ("Spans were read as seconds",))
        if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
            days = np.asarray(read_as(Form(name, "date"), column))
            beyond = strangers(Form(name, "date"), column, days)
            lost = ("Dates outside of the years 1678 to 2261 were read as missing",) if beyond is not None else ()
            if isinstance(dtype, pd.DatetimeTZDtype) and str(dtype.tz) != "UTC":
                lost = (*lost, "Times of a zone were read as UTC")
            form = Form(name, "date", gaps=() if beyond is None else beyond.levels)
            return Read(form, days, lost, tuple(meanings.of_dates(name, days)))
        if decimal != "," and (plain := plain_numbers(column)) is not None and not _are_doubtful(column, plain):
            values = finite(plain)
            return Read(Form(name, "number"), values, _infinite(plain), tuple(meanings.of_numbers(name, values)))
    if asked in ("category", "text"):
        # Whoever says that these are words means all of them.
        form = Form(name, "text" if asked == "text" else "category", words=True)
        return Read(form, read_as(form, column))
    spelt = words(column)
    return _asked(column, spelt, decimal, asked) if asked else _found(column, spelt, decimal, first)


def _found(column: pd.Series, spelt: Words, decimal: str | None, first: str) -> Read:
    """Decide how a column is read. Words of very many levels are known by a part of them, numbers and dates are not."""
    if len(spelt.levels) > MANY_LEVELS:
        cells, few = spelt.some(MANY_LEVELS)
        read = _decided(column[cells], few, decimal, first)
        if read.form.kind in ("category", "text"):
            return replace(read, values=read_as(read.form, column, spelt))
    return _decided(column, spelt, decimal, first)


def _decided(column: pd.Series, spelt: Words, decimal: str | None, first: str) -> Read:
    name, declared = str(column.name), is_categorical(column.dtype)
    if not spelt.levels:
        form = Form(name, "category" if declared else "number")
        return Read(form, read_as(form, column, spelt))
    told = {level.casefold() for level in spelt.levels} if len(spelt.levels) <= 12 else set()
    if _are_booleans(told - {"0", "1"}):
        notes = ("1 and 0 beside words were read as yes and no",) if told & {"0", "1"} else ()
        return Read(Form(name, "boolean"), read_as(Form(name, "boolean"), column, spelt), notes)
    if declared:
        return Read(Form(name, "category"), categories(spelt))
    if _are_ticks(spelt):
        # Whoever ticks a cell or leaves it empty says two things.
        form = Form(name, "tick", levels=frozenset(spelt.levels))
        return Read(form, read_as(form, column, spelt), (), (doubts.ticks(name, spelt.levels[0]),))
    if len(spelt.levels) >= FEWEST_NUMBERS and all(_DAY_AND_MONTH.fullmatch(level) for level in spelt.levels):
        shown = doubts.unknown_dates(name, spelt.levels[0], spelt.levels_in_all)
        return Read(Form(name, "category"), categories(spelt), (), (shown,))
    if numbers.are_months(spelt.levels):
        return _as_dates(column, spelt, (MONTH_WITH_POINT,))
    if decimal == "." and (choice := numbers.choices(spelt.levels[:DOUBTFUL_SAMPLE])):
        return Read(
            Form(name, "category"), categories(spelt), (), (doubts.choices_or_decimals(name, choice, "category"),)
        )
    twins = numbers.twins(spelt.levels[:DOUBTFUL_SAMPLE])
    as_codes = _as_codes(name, spelt) or (_twins(name, spelt, twins) if twins else None)
    if as_codes is not None:
        return as_codes
    counts = spelt.counts
    style = numbers.style_of(spelt.levels, counts, decimal)
    readable = np.zeros(len(spelt.levels), dtype=bool)
    if style is not None:
        known = numbers.read(spelt.levels, style)
        readable = ~np.isnan(known)
        if (others := _others(spelt, readable)) is not None and (_share(counts, readable) >= READABLE_SHARE
                                                                 or _are_gaps(others, known[readable])):  # fmt: skip
            return _as_numbers(column, spelt, style, others, decimal)
    found = layouts(spelt.levels, counts, MOST_SHARE, first)
    if found:
        dated = ~np.isnat(parse_dates(spelt.levels, found))
        rest = _others(spelt, dated)
        days = [level for level, is_day in zip(spelt.levels, dated, strict=True) if is_day][:DOUBTFUL_SAMPLE]
        if rest is not None and (_share(counts, dated) >= READABLE_SHARE or _are_gaps_among_dates(
            rest, days, MOST_GAP_WORDS if _share(counts, dated) >= NEARLY_ALL else 0
        )):  # fmt: skip
            return _as_dates(column, spelt, found)
        return Read(Form(name, "category"), categories(spelt), (), (doubts.nearly(name, "date", spelt, dated),))
    objects = np.array([bool(_OBJECT.fullmatch(level)) for level in spelt.levels], dtype=bool)
    if _share(counts, objects) >= NEARLY_ALL:
        shown = doubts.shown_objects(name, spelt.levels[int(np.argmax(objects))])
        return Read(Form(name, "category"), categories(spelt), (), (shown,))
    days_told = days_in_words(spelt.levels)
    if _share(counts, days_told) < NEARLY_ALL and reads_as_text(spelt.levels, counts):
        form = Form(name, "text")
        return Read(form, read_as(form, column, spelt))
    findings = [
        *_besides(name, spelt, readable, days_told), *doubts.words_or_gaps(name, spelt), *doubts.errors(name, spelt),
        *doubts.spellings(name, spelt), *doubts.same_as_above(name, spelt),
    ]  # fmt: skip
    signs = sorted(word for word in spelt.gaps if word not in ERRORS | WORDS_OR_GAPS)
    notes = (f"{some(signs, len(signs))} was read as a gap",) if signs else ()
    return Read(Form(name, "category"), categories(spelt), notes, tuple(findings))


def _besides(name: str, spelt: Words, readable: np.ndarray, days_told: np.ndarray) -> Iterator[Finding]:
    """Tell of what categories may be besides, the likeliest alone: numbers, of which some are `readable` (levels),
    dates, of which some look like days (`days_told`), two numbers a cell, or amounts in a form that is not known."""
    counts = spelt.counts
    numeric = readable | numbers.limits(spelt.levels)
    united = np.array([numbers.is_number(level) for level in spelt.levels], dtype=bool)
    left = [level for level, is_one in zip(spelt.levels, numeric, strict=True) if not is_one]
    words_alone = len(left) <= MOST_GAP_WORDS and not any(re.search(r"\d", level) for level in left)
    many = numeric.sum() >= (FEWEST_PLACES if words_alone else FEWEST_NUMBERS)
    share = _share(counts, numeric)
    scale = words_alone and numeric.sum() >= FEWEST_STEPS
    if _share(counts, united) >= NEARLY_ALL and len(found_units := numbers.units(spelt.levels)) > 1:
        yield doubts.several_units(name, found_units)
        return
    if readable.sum() >= FEW_NUMBERS and (share >= NEARLY_ALL or (share >= MOST_SHARE and (many or scale))):
        yield doubts.nearly(name, "number", spelt, readable, "warning" if many or share >= NEARLY_ALL else "info")
        return
    if _share(counts, days_told) >= NEARLY_ALL:
        yield doubts.unknown_dates(name, spelt.levels[int(np.argmax(days_told))], spelt.levels_in_all)
        return
    if len(spelt.levels) >= FEWEST_NUMBERS and _share(counts, pairs := numbers.are_two(spelt.levels)) >= NEARLY_ALL:
        yield doubts.two_numbers(name, spelt.levels[int(np.argmax(pairs))])
        return
    begins = numbers.begins(spelt.levels)
    nearly_all = len(spelt.levels) >= FEW_LEVELS and _share(counts, begins) >= NEARLY_ALL
    if nearly_all or (united.sum() >= FEWEST_NUMBERS and _share(counts, united) >= MOST_SHARE):
        example = spelt.levels[int(np.argmax(np.where(begins, 1 + ~readable, 0)))]
        yield doubts.unknown_numbers(name, example, spelt.levels_in_all)
        return
    behind = numbers.behind_a_word(spelt.levels)
    if len(spelt.levels) >= FEW_LEVELS and _share(counts, behind) >= NEARLY_ALL:
        yield doubts.numbers_behind(name, spelt.levels[int(np.argmax(behind))], spelt.levels_in_all)


def _asked(column: pd.Series, spelt: Words, decimal: str | None, asked: str) -> Read:
    """Read a column as somebody has said that it is."""
    name, counts = str(column.name), spelt.counts
    if asked == "number":
        style = numbers.style_of(spelt.levels, counts, decimal) or Style(decimal or ".")
        form = Form(name, "number", replace(style, other=False))
    else:
        whole = all(_WHOLE.fullmatch(level) for level in spelt.levels)
        known = without_marks(spelt.levels) if whole else layouts(spelt.levels, counts, MOST_SHARE)
        form = Form(name, "date", layouts=known)
    values = read_as(form, column, None if is_plain_number(column.dtype) and asked == "number" else spelt)
    lost = strangers(form, column, values)
    gaps = () if lost is None else tuple(lost.levels)
    findings = () if lost is None else (doubts.not_readable(name, asked, lost, int(counts.sum())),)
    return Read(replace(form, gaps=gaps), values, (), findings)


def _as_numbers(column: pd.Series, spelt: Words, style: Style, others: Words, decimal: str | None) -> Read:
    name, filled = str(column.name), int(spelt.counts.sum())
    form = Form(name, "number", replace(style, other=False), gaps=others.levels)
    notes = [f"Numbers were taken out of texts with the unit {style.unit!r}"] if style.unit else []
    if style.decimal == "," and decimal is None:
        points = not any("," in level for level in spelt.levels[:DOUBTFUL_SAMPLE])
        notes.append(
            f"A {'point was read as the mark between thousands' if points else 'comma was read as the decimal mark'}"
        )
    findings = [doubts.not_readable(name, "number", others, filled)] if others.levels else []
    findings += doubts.errors(name, spelt)
    if style.other:
        findings.append(doubts.two_marks(name, spelt, style, decimal))
    if style.unit and style.bare and style not in numbers.TIMES:
        findings.append(doubts.half_units(name, spelt, style))
    if len(style.money) > 1:
        findings.append(doubts.several_currencies(name, style.money))
    findings += doubts.half_money(name, spelt, style)
    if both := numbers.marks(spelt.levels[:DOUBTFUL_SAMPLE]):
        findings.append(doubts.both_marks(name, *both))
    if style == numbers.CLOCK and (long := next((level for level in spelt.levels if numbers.beyond_a_day(level)), "")):
        findings.append(doubts.minutes_or_hours(name, long))
    if numbers.are_exponents(spelt.levels):
        findings.append(doubts.exponents(name, spelt.levels[0]))
    if twins := numbers.twins(spelt.levels[:DOUBTFUL_SAMPLE]):
        findings.append(doubts.twins(name, *twins, taken="number"))
    if versions := numbers.versions(spelt.levels[:DOUBTFUL_SAMPLE]):
        findings.append(doubts.versions(name, *versions))
    if style.decimal == "," and (choice := numbers.choices(spelt.levels[:DOUBTFUL_SAMPLE])):
        findings.append(doubts.choices_or_decimals(name, choice, "number"))
    if inexact := numbers.inexact(spelt.levels[:DOUBTFUL_SAMPLE]):
        findings.append(doubts.inexact(name, inexact[0], float(numbers.read(inexact[:1], style)[0])))
    if style.scaled:
        notes.append("A k, M or B behind a number was taken for thousands, millions or thousand millions")
    behind, brackets = numbers.signs(spelt.levels[:DOUBTFUL_SAMPLE])
    if behind and len(spelt.levels) <= MOST_MARKS:
        findings.append(doubts.minus_behind(name, behind))
    elif behind:
        notes.append("A minus behind a number was read as its sign")
    if brackets:
        notes.append("Numbers in brackets were read as negative")
    if listed := numbers.are_lists(spelt.levels[:DOUBTFUL_SAMPLE]):
        findings.append(doubts.codes_in_groups(name, listed, float(numbers.read([listed], style)[0])))
    notes += _infinite(numbers.read(spelt.levels, style))
    values = np.asarray(read_as(form, column, spelt))
    return Read(form, values, tuple(notes), (*findings, *meanings.of_numbers(name, values)))


def _as_dates(column: pd.Series, spelt: Words, found: tuple[str, ...]) -> Read:
    name = str(column.name)
    form = Form(name, "date", layouts=found)
    values = read_as(form, column, spelt)
    lost = strangers(form, column, values)
    findings = [] if lost is None else [doubts.not_readable(name, "date", lost, int(spelt.counts.sum()))]
    other = swapped(found[0])
    if other and not np.isnat(parse_dates(spelt.levels, (other,))).any():
        findings.append(doubts.two_orders(name, spelt, found[0]))
        notes: tuple[str, ...] = ()
    else:
        order = {"%d": "day", "%m": "month"}.get(found[0][:2], "")
        notes = (f"Dates were read with the {order} first",) if order and other else ()
    if any("%y" in layout for layout in found):
        notes = (
            *notes,
            "Years of two digits were taken for this century's, or the last one's where they would lie ahead",
        )
    if any(_ZONE.search(level) for level in spelt.levels[:DOUBTFUL_SAMPLE]):
        notes = (*notes, "Times of a zone were read as UTC")
    if any(NAMED_ZONE.search(level) for level in spelt.levels[:DOUBTFUL_SAMPLE]):
        notes = (*notes, "Times were read as the clock on the wall shows them, without the names of their zones")
    findings += [*doubts.half_zones(name, spelt), *meanings.of_dates(name, np.asarray(values))]
    if MONTH_WITH_POINT in found:
        findings.append(doubts.months_or_numbers(name, spelt.levels[0]))
    if _are_terms(spelt.levels):
        findings.append(doubts.terms(name, spelt.levels[0]))
    return Read(replace(form, gaps=() if lost is None else lost.levels), values, notes, tuple(findings))


def _are_terms(levels: Sequence[str]) -> bool:
    """Tell whether all may be halves or quarters of years, 2019-2, or seasons, 2019/20, which look like months."""
    seasons = [_SEASON.fullmatch(level) for level in levels]
    after = all(season is not None and (int(season[1]) + 1) % 100 == int(season[2]) for season in seasons)
    return len(levels) > 1 and (after or all(_TERM.fullmatch(level) for level in levels))


def _as_codes(name: str, spelt: Words) -> Read | None:
    """Read whole numbers of which some begin with zeros as codes, or have more digits than a number can tell apart."""
    coded = [level for level in spelt.levels if re.search(r"\d", level)]
    example = numbers.are_codes(coded) if len(coded) >= len(spelt.levels) - MOST_GAP_WORDS else ""
    if not example:
        return None
    finding = doubts.codes_or_amounts(name, example)
    return Read(Form(name, "category"), categories(spelt), (), (finding,))


def _twins(name: str, spelt: Words, twins: tuple[str, str]) -> Read | None:
    """Read a few texts that are one number but for noughts at their end as codes; None where they are many."""
    if len(spelt.levels) > MOST_TWINS or not all(numbers.is_number(level) for level in spelt.levels):
        return None
    return Read(Form(name, "category"), categories(spelt), (), (doubts.twins(name, *twins, taken="category"),))


def _others(spelt: Words, readable: np.ndarray) -> Words | None:
    """Return the filled cells that are no numbers, as words; None where not one cell is a number."""
    if not readable.any():
        return None
    place = np.where(readable, -1, np.cumsum(~readable) - 1)
    codes = np.append(place, -1)[spelt.codes]
    return Words(codes, tuple(level for level, fits in zip(spelt.levels, readable, strict=True) if not fits))


def _are_gaps(others: Words, known: np.ndarray) -> bool:
    """Tell whether these are words for a gap among numbers `known` (levels): few, without a digit, among amounts."""
    few = len(others.levels) <= MOST_GAP_WORDS and not any(re.search(r"\d", level) for level in others.levels)
    amounts = len(known) >= FEWEST_NUMBERS or bool((known[np.isfinite(known)] % 1 != 0).any())
    plainly = all(level.casefold() in _GAP_WORDS or not re.search(r"\w", level) for level in others.levels)
    return few and (amounts or (plainly and len(known) >= FEW_NUMBERS))


def _are_gaps_among_dates(others: Words, days: Sequence[str], most: int) -> bool:
    """Tell whether these are one day that is none, such as 9999-12-31, however many cells have it, or `most` gaps at
    most: words, or days that are none, or 31.02.2023 where `days` are written so."""
    if len(others.levels) == 1 and re.search(r"9999|2999|3000|0001", others.levels[0]):
        return bool(_NO_DAY.fullmatch(others.levels[0]))
    forms = {re.sub(r"\d", "0", level) for level in days}
    none = (_NO_DAY.fullmatch(level) or re.sub(r"\d", "0", level) in forms for level in others.levels)
    return len(others.levels) <= most and all(none)


def _are_booleans(levels: set[str]) -> bool:
    """Tell whether words are two that mean yes and no, or several such pairs by different hands (Yes, No, Y, N)."""
    return levels <= TRUE | FALSE and any(pair <= levels for pair in _PAIRS)


def _are_ticks(spelt: Words) -> bool:
    """Tell whether cells have one short word, or a 1, or nothing."""
    if len(spelt.levels) > 1 or len(spelt.codes) < FEWEST_TICKED or not _TICK.fullmatch(spelt.levels[0]):
        return False
    return FEWEST_TICKS <= float((spelt.codes >= 0).mean()) <= 1 - FEWEST_TICKS


def _share(counts: np.ndarray, part: np.ndarray) -> float:
    return float(counts[part].sum() / max(counts.sum(), 1))


def _lost_of_numbers(column: pd.Series) -> tuple[str, ...]:
    low, high = ends(floats(column))
    large = getattr(column.dtype, "kind", "") in ("i", "u") and max(-low, high) > LARGEST_EXACT_WHOLE
    return (*_infinite(floats(column)), *(("Whole numbers beyond 2^53 were rounded",) if large else ()))


def _infinite(values: np.ndarray) -> tuple[str, ...]:
    low, high = ends(values)
    return (ENDLESS,) if low == -np.inf or high == np.inf else ()


def _are_doubtful(column: pd.Series, plain: np.ndarray) -> bool:
    """Tell whether among the first cells of a column of numbers are codes with zeros in front, or others that may mean
    something else."""
    if ends(plain) == (1, 1) and np.isnan(plain).any():
        return True  # ticks
    head = [cell.strip() for cell in column.iloc[:DOUBTFUL_SAMPLE].dropna()]
    codes = pc.match_substring_regex(
        pa.chunked_array(column.array.__arrow_array__()), r"^\s*(?:0\d+(?:\.0)?|\d{16,})\s*$"
    )
    return bool(pc.any(codes).as_py()) or numbers.are_doubtful(head)


def remembered(read: Read) -> Form:
    """Return the form of a column with what new rows are held against."""
    missing = float(np.mean(pd.isna(read.values))) if len(read.values) else 0.0
    levels = read.form.levels
    if isinstance(read.values, pd.Categorical) and len(read.values.categories) <= MOST_KNOWN_LEVELS:
        counts = level_counts(read.values.codes, len(read.values.categories))
        if category_kind(read.values.categories, counts) in ("categorical", "high-cardinality"):
            levels = frozenset(read.values.categories)
    gaps = (*read.form.gaps, *(["inf"] if ENDLESS in read.notes else []))
    form = replace(read.form, missing=missing, levels=levels, gaps=gaps)
    if form.kind == "number" and missing < 1:
        return with_numbers(form, np.asarray(read.values))
    if form.kind == "text" and missing < 1:
        return with_words(form, pd.Series(read.values).dropna().tolist())
    return form
