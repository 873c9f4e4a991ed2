"""How a column is read: a value that is decided once (deciding.py), and followed by every row that comes later."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from advisor.estimators.words import words_of
from advisor.modalities.tabular import numbers
from advisor.modalities.tabular.dates import parse_dates, to_nanoseconds
from advisor.modalities.tabular.kinds import counts_rows
from advisor.modalities.tabular.numbers import PLAIN, Style
from advisor.modalities.tabular.words import Words, words

# Of many numbers so many say where most lie; and so few different ones, each many times, may be codes.
LOOKED_AT, MOST_CODES, FEWEST_EACH = 10_000, 10, 10
# Of the beginnings of texts so many of the commonest words are remembered; none where more than this share of the texts
# have no word that another has.
FIRST_CHARACTERS, MOST_WORDS, LONELY_SHARE = 1_000, 5_000, 0.05
# Where nine of ten numbers lie.
USUAL = (0.05, 0.95)
# A column that has been read: numbers or dates, categories, or texts.
Values = np.ndarray | pd.Categorical | pd.api.extensions.ExtensionArray
Kind = Literal["number", "boolean", "tick", "date", "category", "text"]
TEXT = pd.StringDtype(na_value=np.nan)
TRUE = frozenset({"yes", "true", "y", "t", "on"})
FALSE = frozenset({"no", "false", "n", "f", "off"})
_TRUTH = dict.fromkeys(TRUE | {"1"}, 1.0) | dict.fromkeys(FALSE | {"0"}, 0.0)


@dataclass(frozen=True)
class Form:
    """How one column is read, of whatever file: `style` where numbers, `layouts` where dates are written as text.

    A tick is a cell that is filled or not. With `words` every text is a level, what means a gap elsewhere too. The rest
    is what the table was like that was learnt from: `gaps` are texts that stood for a gap there, beyond those that mean
    nothing anywhere, `missing` the share of cells that lacked, `levels` the categories or the words of texts, None
    where new ones are to be expected, or the word that was the tick. Of numbers `low` and `high` are the ends, `usual`
    where nine of ten lay, `whole` tells that all were whole, and `codes` are all that there were, where these were few
    and had small steps.
    """

    name: str
    kind: Kind
    style: Style = PLAIN
    layouts: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    words: bool = False
    missing: float = 0.0
    levels: frozenset[str] | None = None
    low: float = -np.inf
    high: float = np.inf
    usual: tuple[float, float] = (-np.inf, np.inf)
    whole: bool = False
    codes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Schema:
    """How every input column is read, in order."""

    columns: tuple[Form, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the input columns."""
        return tuple(form.name for form in self.columns)


def read_as(form: Form, column: pd.Series, spelt: Words | None = None) -> Values:
    """Read `column` as `form` says, shape (n,): float64, datetime64[ns], a pandas Categorical, or texts.

    A cell that does not fit the form is missing (NaN, NaT), and so is an infinite number.
    """
    dtype = column.dtype
    if form.kind == "tick":
        return _by_level(spelt or words(column), lambda levels: _read_ticks(levels, form.levels), 0.0)
    if form.kind == "text":
        return _texts(words(column, ("",)) if form.words else spelt or words(column))
    if form.kind == "category":
        return categories(words(column, ("",)) if form.words else spelt or words(column))
    if form.kind == "date":
        if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
            return to_nanoseconds(column)
        return _by_level(spelt or words(column), lambda levels: parse_dates(levels, form.layouts), np.datetime64("NaT"))
    if pd.api.types.is_timedelta64_dtype(dtype):
        return np.asarray(column.dt.total_seconds(), dtype=np.float64)
    if not is_categorical(dtype) and (is_plain_number(dtype) or pd.api.types.is_bool_dtype(dtype)):
        values = finite(floats(column))
        return np.where(np.isin(values, (0, 1)), values, np.nan) if form.kind == "boolean" else values
    plain = plain_numbers(column) if form.kind == "number" and form.style == PLAIN else None
    if plain is not None:
        return finite(plain)
    read = _read_boolean if form.kind == "boolean" else lambda levels: numbers.read(levels, form.style)
    return finite(_by_level(spelt or words(column), read, np.nan))


def strangers(form: Form, column: pd.Series, values: Values) -> Words | None:
    """Return the cells that have something in them and could not be read by the form; None where there are none.

    What stood for a gap in the table that was learnt from does not count; nor do infinite numbers where it had some.
    """
    if form.kind in ("category", "text") or isinstance(values, pd.Categorical):
        return None
    lost = pd.isna(values) & column.notna().to_numpy()
    if not lost.any():
        return None
    told = words(column[lost])
    endless = any(map(_is_endless, form.gaps))
    known = np.array([level in form.gaps or (endless and _is_endless(level)) for level in told.levels] + [True])
    kept = told.codes[~known[told.codes]]
    return Words(kept, told.levels) if len(kept) else None


def _is_endless(level: str) -> bool:
    """Tell whether a text is a number to programs, and an infinite one: inf, 1e999."""
    try:
        return bool(np.isinf(float(level)))
    except ValueError:
        return False


def with_numbers(form: Form, values: np.ndarray) -> Form:
    """Return the form of a column of numbers (n,) with what new ones are held against.

    Numbers that count the rows (kinds.counts_rows) are held against nothing: new rows have others.
    """
    part = values[:: max(1, len(values) // LOOKED_AT)]
    part = part[~np.isnan(part)]
    whole = bool((part % 1 == 0).all())
    if whole and counts_rows(part) and len(np.unique(part)) == len(part):
        return replace(form, whole=True)
    low, high = ends(values)
    steps = np.diff(part)
    # The first rows of an ordered column are no others than its rows.
    ordered = bool((steps >= 0).all() or (steps <= 0).all())
    usual = (low, high) if ordered or not len(part) else tuple(np.quantile(part, USUAL).tolist())
    return replace(form, low=low, high=high, usual=usual, whole=whole, codes=_codes(part, values) if whole else ())


def with_words(form: Form, texts: Sequence[str]) -> Form:
    """Return the form of a column of texts with the words that new ones are held against."""
    part = [word_set(text[:FIRST_CHARACTERS]) for text in texts[:: max(1, len(texts) // LOOKED_AT)]]
    counts = Counter(word for own in part for word in own)
    lonely = np.mean([bool(own) and all(counts[word] == 1 for word in own) for own in part])
    if not counts or lonely > LONELY_SHARE:
        return form
    kept = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    return replace(form, levels=frozenset(kept))


def word_set(text: str) -> set[str]:
    """Return the words of a text, without numbers, signs and lone Latin letters, which tell nothing of a language."""
    return {
        word for word in words_of(text)
        if (len(word) > 1 and not word.isdigit()) or unicodedata.category(word[0]) in ("Lo", "So")
    }  # fmt: skip


def _codes(part: np.ndarray, values: np.ndarray) -> tuple[float, ...]:
    """Return the different numbers among `values` where these are few small whole ones, as among a `part` of them."""
    few = np.unique(part)
    if not 2 <= len(few) <= min(MOST_CODES, len(part) // FEWEST_EACH) or few[0] < -1 or few[0] > 1:
        return ()
    known = np.unique(pd.unique(values[~np.isnan(values)])) if len(part) < len(values) else few
    return tuple(known.tolist()) if len(known) <= MOST_CODES and known[-1] <= MOST_CODES else ()


def categories(spelt: Words) -> pd.Categorical:
    """Return words as a Categorical (n,) whose levels are sorted as texts."""
    order = np.argsort(np.array(spelt.levels, dtype=object))
    rank = np.append(np.argsort(order), -1)
    levels = pd.Index(np.array(spelt.levels, dtype=object)[order], dtype=object)
    return pd.Categorical.from_codes(rank[spelt.codes], categories=levels)


def _texts(spelt: Words) -> pd.api.extensions.ExtensionArray:
    """Return words as texts (n,), trimmed at their ends; a gap is missing."""
    levels = pd.array([*spelt.levels, None], dtype=TEXT)
    return levels.take(np.where(spelt.codes < 0, len(spelt.levels), spelt.codes))


def plain_numbers(column: pd.Series) -> np.ndarray | None:
    """Return a column of texts as numbers where each filled one is a number as programs write it, infinite ones among
    them; else None."""
    if not isinstance(column.dtype, pd.StringDtype):
        return None
    # Texts that Arrow holds already stay where they are.
    values = numbers.plain(pa.chunked_array(column.array.__arrow_array__()))
    return values


def is_categorical(dtype: Any) -> bool:
    """Tell whether a source has declared a column to be nominal."""
    return isinstance(dtype, pd.CategoricalDtype)


def is_plain_number(dtype: Any) -> bool:
    """Tell whether a column holds real numbers or booleans already."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufb"
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_complex_dtype(dtype)


def floats(column: pd.Series) -> np.ndarray:
    """Return a column of numbers as float64 (n,), NaN where a cell is missing."""
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def ends(values: np.ndarray) -> tuple[float, float]:
    """Return the least and the largest of numbers (n,), inf and -inf where there is none."""
    return float(np.fmin.reduce(values, initial=np.inf)), float(np.fmax.reduce(values, initial=-np.inf))


def finite(values: np.ndarray) -> np.ndarray:
    """Return numbers with NaN where they are infinite: most columns as they are, where they are."""
    return np.where(np.isinf(values), np.nan, values) if np.isinf(ends(values)).any() else values


def _by_level(spelt: Words, read: Callable[[tuple[str, ...]], np.ndarray], missing: Any) -> np.ndarray:
    values = read(spelt.levels)
    return np.asarray(np.append(values, np.array([missing], dtype=values.dtype))[spelt.codes])


def _read_boolean(levels: Sequence[str]) -> np.ndarray:
    return np.array([_TRUTH.get(level.casefold(), np.nan) for level in levels], dtype=np.float64)


def _read_ticks(levels: Sequence[str], learnt: frozenset[str] | None) -> np.ndarray:
    """Return 1 for the word that was the tick, and what means as much, 0 for what means no; NaN for any other word.

    Where the tick was a no itself nothing else is known to mean one of them.
    """
    if learnt is None:  # a model from before ticks had words
        return np.ones(len(levels))
    ticks = {word.casefold() for word in learnt}
    truth = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0} | ({} if ticks & FALSE else _TRUTH | {"-": 0.0})
    truth |= dict.fromkeys(ticks, 1.0)
    return np.array([truth.get(level.casefold(), np.nan) for level in levels], dtype=np.float64)
