"""What is told of a column that can be read in two ways, or not all of which can be read."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from advisor.modalities.tabular import numbers
from advisor.modalities.tabular.dates import parse_dates, swapped
from advisor.modalities.tabular.numbers import Style
from advisor.modalities.tabular.words import ERRORS, WORDS_OR_GAPS, Words
from advisor.records import Finding, Severity
from advisor.wording import counted, percent, some

# From this share of the filled cells on a column is what they are; so few others are no matter of concern.
FEW_SHARE = 0.01
SHOWN = 3
# Cyrillic letters, and the Latin ones that look like them.
_LATIN = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0443\u0445",
    "ABESIJKMHOPCTYXaeijopcyx",
)
_NO_DIGIT = re.compile(r"\D")
# A time of day, and one with the zone that it is of.
_CLOCK = re.compile(r"\d:\d\d")
_ZONE = re.compile(r":\d\d[\d.]*\s?(?:[+-]\d\d(?::?\d\d)?\]?|Z|UTC|GMT)$")
_DITTO = frozenset({'"', "''", '-"-', "〃", "″", "ditto", "dito", "dto.", "idem"})


def two_ways(name: str, severity: Severity, ways: str, read: str, advice: str, **told: Any) -> Finding:
    """Tell of a column that can be read in two ways; `read` says how it was."""
    message = f"Column {name!r} can be read in two ways: {ways}. It was read {read}."
    return Finding("R02", severity, message, advice, {"column": name, **told})


def codes_or_amounts(name: str, example: str) -> Finding:
    """Tell of whole numbers that were read as codes."""
    why = {"0": "zeros stand in front", "+": "a plus stands in front, as with telephones"}.get(
        example[0], "a number of so many digits is not exact"
    )
    return two_ways(
        name, "info", f"{example!r} may be a code or the number {int(_NO_DIGIT.sub('', example.removesuffix('.0')))}",
        f"as codes, which are categories, since {why}", f"If they are amounts, say --read {quoted(name)}=number.",
        example=example, taken="category", other="number",
    )  # fmt: skip


def codes_in_groups(name: str, example: str, taken: float) -> Finding:
    """Tell of whole numbers with marks between their digits, which may be codes, or several in one cell."""
    return two_ways(
        name, "warning", f"{example!r} may be the number {taken:,.0f}, a code, or several of them in a cell",
        "as numbers", f"If that is wrong, say --read {quoted(name)}=category.",
        example=example, taken="number", other="category",
    )  # fmt: skip


def minus_behind(name: str, example: str) -> Finding:
    """Tell of a few numbers with a minus behind them, which may be a mark of its own, or an open end."""
    return two_ways(
        name, "warning", f"{example!r} may be a negative number, or a mark or a range that is open above",
        "as a negative number", f"If that is wrong, say --read {quoted(name)}=category.",
        example=example, taken="number", other="category",
    )  # fmt: skip


def not_readable(name: str, kind: str, others: Words, filled: int) -> Finding:
    """Tell of cells that are not what the `filled` cells of their column are, and so were taken for gaps."""
    cells = int((others.codes >= 0).sum())
    share = cells / max(filled, 1)
    are_no, read = (f"is no {kind}", "It was") if cells == 1 else (f"are no {kind}s", "They were")
    return Finding(
        "R03", "info" if share < FEW_SHARE else "warning",
        f"{cells:,} of {counted(filled, 'filled cell')} of column {name!r} ({percent(share)}) {are_no}: "
        f"{some(_commonest(others), SHOWN)}. {read} read as missing.",
        f"If they mean something, say --read {quoted(name)}=category, or write what they mean.",
        {"column": name, "cells": cells, "share": share, "words": _commonest(others)[:SHOWN]},
    )  # fmt: skip


def nearly(
    name: str, kind: Literal["number", "date"], spelt: Words, readable: np.ndarray, severity: Severity = "warning"
) -> Finding:
    """Tell of a column that was read as categories although most of its cells are `readable` (levels) as a kind."""
    counts = np.where(readable, 0, spelt.counts)
    share = 1 - counts.sum() / max(spelt.counts.sum(), 1)
    others = [spelt.levels[place] for place in np.argsort(-counts, kind="stable") if counts[place]]
    noun = {"number": "amounts", "date": "dates"}[kind]
    return Finding(
        "R03", severity,
        f"{percent(share)} of the filled cells of column {name!r} are {kind}s, and the others are not: "
        f"{some(others, SHOWN)}. It was read as {counted(spelt.levels_in_all, 'category', 'categories')}.",
        f"If it holds {noun}, say --read {quoted(name)}={kind}; what is no {kind} is then missing.",
        {"column": name, "share": share, "words": others[:SHOWN], "levels": spelt.levels_in_all},
    )  # fmt: skip


def words_or_gaps(name: str, spelt: Words) -> Iterator[Finding]:
    """Tell of words that were taken for a gap among categories, of which they may be one: None, NA."""
    told = {word: cells for word, cells in spelt.gaps.items() if word in WORDS_OR_GAPS}
    if told:
        cells = sum(told.values())
        yield Finding(
            "R02", "info" if cells < FEW_SHARE * len(spelt.codes) else "warning",
            f"{some(list(told), SHOWN)} ({counted(cells, 'cell')} of column {name!r}) may be a gap or a category. It "
            "was read as a gap.",
            f"If it is a category, say --read {quoted(name)}=category.",
            {"column": name, "words": told, "taken": "gap", "other": "category"},
        )  # fmt: skip


def errors(name: str, spelt: Words) -> Iterator[Finding]:
    """Tell of what a spreadsheet writes where a formula failed, which was read as a gap."""
    told = {word: cells for word, cells in spelt.gaps.items() if word in ERRORS}
    if told:
        cells = sum(told.values())
        yield Finding(
            "R03", "info" if cells < FEW_SHARE * len(spelt.codes) else "warning",
            f"{counted(cells, 'cell')} of column {name!r} {'is' if cells == 1 else 'are'} where a formula failed, "
            f"{some(list(told), SHOWN)}. {'It was' if cells == 1 else 'They were'} read as missing.",
            "Mend the formula if there is a value.", {"column": name, "cells": cells, "words": list(told)},
        )  # fmt: skip


def exponents(name: str, example: str) -> Finding:
    """Tell of numbers that may be codes with an E among their digits, or what a spreadsheet left of long ones."""
    return two_ways(
        name, "warning", f"{example!r} may be a code, or the number {float(example):,.6g}", "as numbers",
        f"If they are codes, say --read {quoted(name)}=category; digits that a spreadsheet has rounded away are lost.",
        example=example, taken="number", other="category",
    )  # fmt: skip


def ticks(name: str, mark: str) -> Finding:
    """Tell of a column whose cells have one text or none."""
    return two_ways(
        name, "info", f"cells without {mark!r} may be gaps or mean that it is not so", "as yes or no",
        f"If they are gaps, say --read {quoted(name)}=category; the column then has one value and says nothing.",
        example=mark, taken="yes or no", other="gap",
    )  # fmt: skip


def twins(name: str, one: str, two: str, taken: str) -> Finding:
    """Tell of texts that are one number but for noughts at their end, and may be codes."""
    read = "as numbers, of which these are one" if taken == "number" else "as categories, of which these are two"
    other = "category" if taken == "number" else "number"
    return two_ways(
        name, "warning", f"{one!r} and {two!r} may be codes, or one number", read,
        f"If that is wrong, say --read {quoted(name)}={other}.", example=one, taken=taken, other=other,
    )  # fmt: skip


def versions(name: str, one: str, two: str) -> Finding:
    """Tell of numbers that may be versions, whose order is another one."""
    return two_ways(
        name, "warning", f"{one!r} and {two!r} may be versions, or numbers", "as numbers, of which the first is larger"
        if float(one) > float(two) else "as numbers", f"If they are versions, say --read {quoted(name)}=category.",
        example=two, taken="number", other="category",
    )  # fmt: skip


def months_or_numbers(name: str, example: str) -> Finding:
    """Tell of months that programs take for numbers."""
    return two_ways(
        name, "info", f"{example!r} may be a month or a number", "as a month",
        f"If that is wrong, say --read {quoted(name)}=number.", example=example, taken="date", other="number",
    )  # fmt: skip


def choices_or_decimals(name: str, example: str, taken: Literal["category", "number"]) -> Finding:
    """Tell of numbers with a comma that may be what somebody has chosen among several."""
    return two_ways(
        name, "warning", f"{example!r} may be two choices or the number {example.replace(',', '.')}",
        "as categories" if taken == "category" else "as numbers",
        f"If that is wrong, say --read {quoted(name)}={'number' if taken == 'category' else 'category'}; of choices "
        "make a column each.", example=example, taken=taken, other="number" if taken == "category" else "category",
    )  # fmt: skip


def numbers_behind(name: str, example: str, levels: int) -> Finding:
    """Tell of categories that are a number behind one word, which may be amounts."""
    return Finding(
        "R03", "info",
        f"Cells of column {name!r} are a number behind a word, as {example!r}. It was read as "
        f"{counted(levels, 'category', 'categories')}.",
        "If they are amounts, write them as plain numbers.", {"column": name, "example": example, "levels": levels},
    )  # fmt: skip


def inexact(name: str, example: str, taken: float) -> Finding:
    """Tell of numbers that are not meant to the last digit, or are open to one side."""
    return Finding(
        "R02", "info",
        f"{example!r} in column {name!r}, and what is written like it, was read as the number {taken:,.10g}.",
        f"If it means something else, say --read {quoted(name)}=category.",
        {"column": name, "example": example, "taken": "number", "other": "category"},
    )  # fmt: skip


def several_units(name: str, units: Sequence[str]) -> Finding:
    """Tell of numbers in units of which none is that of most, which were read as categories."""
    return Finding(
        "R03", "warning",
        f"Column {name!r} holds numbers in several units, {some(units, SHOWN)}. It was read as categories.",
        "Write them in one unit.", {"column": name, "units": list(units[:SHOWN])},
    )  # fmt: skip


def two_numbers(name: str, example: str) -> Finding:
    """Tell of cells that hold two numbers each, which were read as categories."""
    return Finding(
        "R03", "info",
        f"Column {name!r} holds two numbers a cell, as {example!r}. It was read as categories.",
        "Make two columns of it.", {"column": name, "example": example},
    )  # fmt: skip


def shown_objects(name: str, example: str) -> Finding:
    """Tell of cells that hold what a program shows of an object, Decimal('1.5'), instead of its value."""
    return Finding(
        "R03", "warning",
        f"Cells of column {name!r} are written as a program shows an object, {example!r}. It was read as categories.",
        "Write the values alone, as they stand within the brackets.", {"column": name, "example": example},
    )  # fmt: skip


def unknown_numbers(name: str, example: str, levels: int) -> Finding:
    """Tell of categories that begin with a number or a currency, and may be amounts in a form that is not known."""
    begin = "numbers" if re.match(r"\W*\d", example) else "a currency and a number"
    return Finding(
        "R03", "info",
        f"Cells of column {name!r} begin with {begin}, as {example!r}, in a form that is not known. It was read as "
        f"{counted(levels, 'category', 'categories')}.",
        "If they are amounts, write them as plain numbers.", {"column": name, "example": example, "levels": levels},
    )  # fmt: skip


def unknown_dates(name: str, example: str, levels: int) -> Finding:
    """Tell of categories that look like dates in a form that is not known here."""
    return Finding(
        "R03", "warning",
        f"Cells of column {name!r} look like dates, as {example!r}, in a form that is not known. It was read as "
        f"{counted(levels, 'category', 'categories')}.",
        "If they are dates, write them as 2021-03-15 10:20.", {"column": name, "example": example, "levels": levels},
    )  # fmt: skip


def dates_among_words(name: str, cells: int, example: str) -> Finding:
    """Tell of dates in a workbook's column of words; spreadsheets make them of such as SEP2 or 1-2."""
    return Finding(
        "R03", "warning",
        f"{counted(cells, 'cell')} of column {name!r} {'is a date' if cells == 1 else 'are dates'} among words, as "
        f"{example!r}; spreadsheets make them of words such as SEP2, and of 1-2.",
        "Write in those cells what was meant.", {"column": name, "cells": cells, "example": example},
    )  # fmt: skip


def minutes_or_hours(name: str, example: str) -> Finding:
    """Tell of times of day that are none, and may be minutes and seconds."""
    return two_ways(
        name, "info", f"{example!r} may be hours and minutes, or minutes and seconds", "as hours and minutes",
        "If that is wrong, write 0:25:30; of one column alone it changes the unit and nothing else.",
        example=example, taken="h:mm", other="m:ss",
    )  # fmt: skip


def terms(name: str, example: str) -> Finding:
    """Tell of what may be months, or halves and quarters of years, or seasons."""
    return two_ways(
        name, "info", f"{example!r} may be a month, a part of a year or a season",
        "as a month, which keeps their order",
        f"If that is wrong, say --read {quoted(name)}=category.", example=example, taken="date", other="category",
    )  # fmt: skip


def same_as_above(name: str, spelt: Words) -> Iterator[Finding]:
    """Tell of marks that people write for what stands above."""
    marks = [level for level in spelt.levels if level.casefold() in _DITTO]
    if marks:
        yield two_ways(
            name, "warning", f"{marks[0]!r} may be a category or mean what stands above it", "as a category",
            "If it means what stands above it, fill those cells in.",
            example=marks[0], taken="category", other="cell above",
        )  # fmt: skip


def spellings(name: str, spelt: Words) -> Iterator[Finding]:
    """Tell of categories that are one but for how they are written."""
    several = spelt_alike(spelt.levels)
    if several:
        first = [spelt.levels[place] for place in several[0]]
        more = (
            f", and so do {counted(len(several) - 1, 'more category', 'more categories')}" if len(several) > 1 else ""
        )
        yield Finding(
            "R02", "info",
            f"{some(first, SHOWN)} in column {name!r} differ only in how they are written{more}. "
            "They were taken for different categories.",
            "Write them alike if they are one.", {"column": name, "spellings": first, "categories": len(several)},
        )  # fmt: skip


def spelt_alike(levels: Sequence[str]) -> list[list[int]]:
    """Return the places of levels that are one but for capitals, blanks, a full stop and the code of signs, in groups.

    Capitals within a word (hid, hId) are no spelling of one word, but codes.
    """
    groups: dict[str, list[int]] = {}
    for place, level in enumerate(levels):
        groups.setdefault(_bare(level).casefold(), []).append(place)
    return [
        places for text, places in groups.items()
        if len(places) > 1 and all(_is_spelling(_bare(levels[place]), text) for place in places)
    ]  # fmt: skip


def _bare(level: str) -> str:
    """Return a text without blanks that say nothing and without a full stop at its end, each sign as it looks.

    R&amp;D is R&D, letters of full width are those of half, and Cyrillic ones that look Latin are.
    """
    if not level.isascii():
        level = unicodedata.normalize("NFKC", level).translate(_LATIN)
    text = " ".join((html.unescape(level) if "&" in level else level).split())
    return text.rstrip(".:") or text


def _is_spelling(level: str, folded: str) -> bool:
    return level in (folded, folded.upper(), folded.capitalize(), folded.title())


def two_marks(name: str, spelt: Words, style: Style, decimal: str | None) -> Finding:
    """Tell of marks that may stand before decimals or between thousands; `decimal` is the mark of the whole file."""
    mark = next(mark for mark in ((".", ",") if style.decimal == "," else (",", ".")) if any(
        mark in level for level in spelt.levels))  # fmt: skip
    example = next(level for level in spelt.levels if mark in level)
    other = replace(style, decimal="," if style.decimal == "." else ".")
    one, two = (float(numbers.read([example], replace(each, grouped=True))[0]) for each in (style, other))
    usual = mark == style.decimal
    why = f"since {decimal!r} is the decimal mark of the rest of the file" if decimal == style.decimal else (
        f"as a {'point before decimals' if usual else 'mark between thousands'} is the usual meaning"
    )  # fmt: skip
    return two_ways(
        name, "info" if usual else "warning", f"{example!r} may be {one:,.10g} or {two:,.10g}",
        f"as {one:,.10g}, {why}", f"If that is wrong, say --decimal {other.decimal!r}.",
        example=example, taken=one, other=two,
    )  # fmt: skip


def both_marks(name: str, point: str, comma: str) -> Finding:
    """Tell of decimals of which some stand behind a point and others behind a comma."""
    return Finding(
        "R02", "info",
        f"Column {name!r} has decimals behind points and commas, {point!r} and {comma!r}; each was read by its own.",
        "Make sure that all are of one kind.", {"column": name, "examples": [point, comma]},
    )  # fmt: skip


def half_units(name: str, spelt: Words, style: Style) -> Finding:
    """Tell of numbers of which some have a unit and others have none."""
    lacks, _ = numbers.strange(spelt.levels, replace(style, bare=False))
    counts = spelt.counts
    without, cells = int(counts[lacks].sum()), int(counts.sum())
    return Finding(
        "R02", "warning",
        f"{without:,} of {counted(cells, 'number')} of column {name!r} stand without the unit {style.unit!r} that the "
        "others have. All were read as they stand.",
        "Make sure that they are of the same unit.",
        {"column": name, "unit": style.unit, "without": without},
    )  # fmt: skip


def half_money(name: str, spelt: Words, style: Style) -> Iterator[Finding]:
    """Tell of amounts of which some have a currency, one for all, and others, nought apart, have none."""
    none, amounts = numbers.without_money(spelt.levels), numbers.read(spelt.levels, style)
    without = int(spelt.counts[none & np.isfinite(amounts) & (amounts != 0)].sum())
    if without and len(style.money) == 1:
        (currency,) = style.money
        yield Finding(
            "R02", "info",
            f"{without:,} of {counted(int(spelt.counts.sum()), 'amount')} of column {name!r} stand without the "
            f"{currency!r} that the others have. All were read as they stand.",
            "Make sure that they are of the same currency.",
            {"column": name, "currency": currency, "without": without},
        )  # fmt: skip


def half_zones(name: str, spelt: Words) -> Iterator[Finding]:
    """Tell of times of which some name a zone and others do not."""
    zoned = np.array([_ZONE.search(level) is not None for level in spelt.levels], dtype=bool)
    bare = np.array([_CLOCK.search(level) is not None for level in spelt.levels], dtype=bool) & ~zoned
    if zoned.any() and bare.any():
        example, without = spelt.levels[int(np.argmax(bare))], int(spelt.counts[bare].sum())
        yield two_ways(
            name, "warning", f"{example!r} ({counted(without, 'cell')}) names no zone, as others do, and may be a time "
            "here or UTC", "as UTC", "Write every time with its zone.",
            example=example, cells=without, taken="UTC", other="local time",
        )  # fmt: skip


def several_currencies(name: str, currencies: Collection[str]) -> Finding:
    """Tell of amounts in several currencies, or shown in several units, which were read as plain numbers."""
    return Finding(
        "R02", "warning",
        f"Column {name!r} has amounts in {some(sorted(currencies), SHOWN)}. They were read as plain numbers.",
        "Change them to one, or give what they are in a column of its own.",
        {"column": name, "currencies": sorted(currencies)},
    )  # fmt: skip


def two_orders(name: str, spelt: Words, layout: str) -> Finding:
    """Tell of dates of which nobody can say whether the day or the month comes first."""
    example = next((level for level in spelt.levels if level[:2] != level[3:5]), spelt.levels[0])
    one, two = (
        np.datetime_as_string(parse_dates([example], (each,))[0], unit="D") for each in (layout, swapped(layout))
    )
    order = "day" if layout.startswith("%d") else "month"
    return two_ways(
        name, "info", f"{example!r} may be {one} or {two}", f"with the {order} first, {one}",
        "If that is wrong, write the dates as 2021-03-15.",
        example=example, taken=str(one), other=str(two), order=order,
    )  # fmt: skip


def _commonest(told: Words) -> list[str]:
    counts = told.counts
    return [told.levels[place] for place in np.argsort(-counts, kind="stable") if counts[place]]


def quoted(name: str) -> str:
    """Return the name of a column as a command line takes it."""
    return name if re.fullmatch(r"[\w.-]+", name) else repr(name)
