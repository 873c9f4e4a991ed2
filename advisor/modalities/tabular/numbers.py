"""Numbers written as text: one decimal mark and one unit for a whole column, found from the column's own cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

_GROUPS = r"\d{1,3}(?:[ '\u00a0\u202f]\d{3})+"
_NUMBER = re.compile(
    r"([-+\u2212]?)\s*[$€£¥]?\s*"
    rf"((?:{_GROUPS}|\d+|(?=\.\d))(?:[.,]\d+)*\.?(?:[eE][-+]?\d+)?)"
    r"\s*([^\d\s.,]{1,10})?"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
LOOKED_AT = 200


def number_style(levels: Sequence[str], counts: np.ndarray, share: float) -> tuple[str, str] | None:
    """Return (decimal mark, unit) under which at least `share` of the cells are numbers, or None.

    `counts` (len(levels),) says how many cells each text has. A comma is the thousands mark where every group behind it
    has three digits ('1,250'), else the decimal mark. A unit is one word of at most ten signs behind the number.
    """
    plain = ~np.isnan(_plain(levels))
    if counts[plain].sum() >= share * counts.sum():
        return ".", ""
    others = [text for text, number in zip(levels, plain, strict=True) if not number]
    looked_at = others[:LOOKED_AT]
    if sum(_NUMBER.fullmatch(text) is not None for text in looked_at) < 0.5 * len(looked_at):
        return None
    matches = [match for text in others if (match := _NUMBER.fullmatch(text))]
    units = Counter(match[3] for match in matches if match[3])
    unit = units.most_common(1)[0][0] if units else ""
    bodies = [re.sub(r"[eE].*", "", match[2]) for match in matches if "," in match[2]]
    decimals = sum(_DECIMAL_COMMA.fullmatch(body) is not None for body in bodies)
    thousands = sum(_THOUSANDS.fullmatch(body) is not None for body in bodies)
    decimal = "," if decimals > thousands else "."
    read = ~np.isnan(read_numbers(levels, decimal, unit))
    return (decimal, unit) if counts[read].sum() >= share * counts.sum() else None


def read_numbers(levels: Sequence[str], decimal: str = ".", unit: str = "") -> np.ndarray:
    """Return the numbers that `levels` spell, shape (len(levels),), float64, NaN where they do not."""
    values = _plain(levels) if decimal == "." else np.full(len(levels), np.nan)
    for position in np.flatnonzero(np.isnan(values)).tolist():
        values[position] = _decorated(levels[position], decimal, unit)
    return values


def _plain(levels: Sequence[str]) -> np.ndarray:
    return np.array(pd.to_numeric(pd.Series(list(levels), dtype=object), errors="coerce"), dtype=np.float64)


def _decorated(text: str, decimal: str, unit: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None or (match[3] or "") not in ("", unit):
        return np.nan
    body = re.sub(r"[ '\u00a0\u202f]", "", match[2])
    if decimal == ",":
        body = body.replace(".", "").replace(",", ".")
    elif "," in body:
        body = body.replace(",", "") if _THOUSANDS.fullmatch(body) else "nan"
    try:
        value = float(body)
    except ValueError:  # a version such as 1.2.3
        return np.nan
    return -value if match[1] in ("-", "\u2212") else value
