"""A column as distinct texts: what every reading of cells that are not typed begins with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_MISSING = (
    "? NA N/A n/a #N/A #NA <NA> NaN nan -NaN -nan NULL Null null (null) None NaT \\N #VALUE! #DIV/0! #REF! #NAME? "
    "#NUM! 1.#QNAN -1.#IND 1.#IND"
)
MISSING_WORDS = frozenset(["", *_MISSING.split()])
# What a spreadsheet writes where a formula failed.
ERRORS = frozenset({"#VALUE!", "#DIV/0!", "#REF!", "#NAME?", "#NUM!"})
# Of these, what may as well be a word: a drink with no alcohol, North America, a family's name.
WORDS_OR_GAPS = frozenset({"None", "NA", "N/A", "Null", "NULL", "null", "nan", "NaN"})
# What stands in texts unseen: soft hyphens, blanks without width, marks of bytes and of the direction of writing.
_UNSEEN = (0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF)
_PLAIN_SIGNS: dict[int, Any] = dict.fromkeys(_UNSEEN) | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0xFFE5: "¥", 0xFFE1: "£", 0x66B: ".", 0x66C: ",",
}  # fmt: skip
_MARKED_AS_TEXT = re.compile(r'="([^"]*)"|\'(\d[^\']*)')


@dataclass(frozen=True)
class Words:
    """A column as distinct trimmed texts: `codes` (n,) point into `levels`, -1 where the cell is missing.

    `gaps` are the words that were taken for a gap, and how many cells have each. Where these are some levels of more,
    `levels_in_all` says of how many.
    """

    codes: np.ndarray
    levels: tuple[str, ...]
    gaps: Mapping[str, int] = field(default_factory=dict)
    levels_in_all: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels_in_all", self.levels_in_all or len(self.levels))

    def some(self, most: int) -> tuple[np.ndarray, Words]:
        """Return up to `most` of the levels, from first to last, as words of those cells alone; and which cells (n,)
        these are, gaps among them."""
        kept = np.linspace(0, len(self.levels) - 1, min(most, len(self.levels))).astype(np.int64)
        place = np.full(len(self.levels) + 1, -2)
        place[kept], place[-1] = np.arange(len(kept)), -1
        codes = place[self.codes]
        told = Words(codes[codes > -2], tuple(self.levels[each] for each in kept), self.gaps, len(self.levels))
        return codes > -2, told

    @cached_property
    def counts(self) -> np.ndarray:
        """How many cells have each level, shape (len(levels),)."""
        return np.bincount(self.codes + 1, minlength=len(self.levels) + 1)[1:]


def words(column: pd.Series, missing: Collection[str] = MISSING_WORDS) -> Words:
    """Return the distinct trimmed texts of `column`; whole numbers lose their '.0', and words for a gap are missing."""
    plain = False
    if isinstance(column.dtype, pd.StringDtype):
        encoded = pa.chunked_array(column.array.__arrow_array__()).dictionary_encode("encode").combine_chunks()
        codes, uniques = encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
        plain = _are_plain(encoded.dictionary)
    elif isinstance(column.dtype, pd.CategoricalDtype):
        codes, uniques = column.cat.codes.to_numpy().astype(np.int64), list(column.cat.categories)
    else:
        try:
            codes, found = pd.factorize(column)
        except Exception:  # what cannot be hashed, for a reason of its own, is told apart by what it says of itself
            codes, found = pd.factorize(
                column.map(lambda cell: cell if is_missing(cell) else text_of(cell)).astype(object)
            )
        uniques = list(found)
    texts = uniques if plain else ["" if is_missing(cell) else text_of(cell) for cell in uniques]
    known = np.array([text not in missing for text in texts], dtype=bool)
    levels = [text for text, is_known in zip(texts, known, strict=True) if is_known]
    places = np.arange(len(levels))
    if not plain:  # several may have become one
        places, merged = pd.factorize(np.array(levels, dtype=object))
        levels = list(merged)
    # Python would take code -1 for the last level; the appended -1 keeps missing cells missing.
    target = np.full(len(texts) + 1, -1)
    target[:-1][known] = places
    gaps = {str(texts[place]): int((codes == place).sum()) for place in np.flatnonzero(~known) if texts[place]}
    return Words(target[codes], tuple(levels), gaps)


def words_of(values: pd.Categorical) -> Words:
    """Return words again that were made categories."""
    return Words(values.codes.astype(np.int64), tuple(values.categories))


def _are_plain(cells: pa.Array) -> bool:
    """Tell whether `text_of` leaves all of many texts as they are, as it does most of ASCII."""
    odd = pc.match_substring_regex(cells, r"^[\x00-\x20='\x7f]|[\x00-\x20\x7f]$")
    return cells.null_count == 0 and pc.all(pc.string_is_ascii(cells)).as_py() and not pc.any(odd).as_py()


def is_missing(cell: Any) -> bool:
    """Tell whether a cell of a column of objects is empty."""
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def text_of(cell: Any) -> str:
    """Return a cell as a trimmed text that can be written anywhere; a whole number loses its '.0'.

    Signs that nobody sees go, wide letters and digits become plain ones, and letters put together of two become one;
    so do the signs by which spreadsheets mark a number as text ('93 and ="66").
    """
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace").strip()
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    try:
        text = str(cell)
    except Exception:  # an object that cannot even say what it is
        text = type(cell).__name__
    if not text.isascii():
        # A lone surrogate can be in a text of Python's, and in no file of anybody's.
        text = text.encode("utf-8", errors="replace").decode("utf-8")
        text = unicodedata.normalize("NFC", text.translate(_PLAIN_SIGNS))
    text = text.strip()
    marked = _MARKED_AS_TEXT.fullmatch(text) if text[:1] in ("=", "'") else None
    return (marked[1] or marked[2]) if marked else text
