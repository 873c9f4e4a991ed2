"""What kind of thing each typed column is; the profile and the encoders use the same rules, so they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from advisor.estimators.words import count_words
from advisor.records import Column, Dataset

HIGH_CARDINALITY = 50
# So many words on average make texts of many levels, and of few ones where each cell has its own.
TEXT_WORDS, LONG_WORDS = 4.0, 8.0
ID_SHARE = 0.95
FEWEST_FOR_AN_ID = 20
LEVELS_LOOKED_AT = 1000


def facts(dataset: Dataset) -> tuple[Column, ...]:
    """Describe every input column: kind, share of missing cells, number of distinct values.

    Kinds: numeric, integer, boolean, categorical, high-cardinality (more than 50 levels), text, date, constant
    (one value at most), id-like (it names rows rather than describes them).
    """
    return tuple(_describe(str(name), dataset.inputs[name]) for name in dataset.inputs.columns)


def _describe(name: str, column: pd.Series) -> Column:
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        counts = level_counts(codes, len(column.cat.categories))
        kind, distinct = category_kind(column.cat.categories, counts), int((counts > 0).sum())
        return Column(name, kind, _share(int((codes < 0).sum()), len(codes)), distinct)
    if is_text(column.dtype):
        absent = column.isna().to_numpy()
        distinct = int(column.nunique())
        return Column(name, "text" if distinct > 1 else "constant", _share(int(absent.sum()), len(column)), distinct)
    values = column.to_numpy()
    absent = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
    filled = values[~absent]
    distinct = len(pd.unique(filled))
    return Column(name, _ordered_kind(filled, distinct), _share(int(absent.sum()), len(values)), distinct)


def _ordered_kind(filled: np.ndarray, distinct: int) -> str:
    if distinct <= 1:
        return "constant"
    return "date" if filled.dtype.kind == "M" else number_kind(filled, distinct)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def number_kind(filled: np.ndarray, distinct: int) -> str:
    """Name the kind of a float column from its filled cells (n,), of which at least two differ."""
    if distinct == 2 and np.isin(filled, (0.0, 1.0)).all():
        return "boolean"
    if (filled[:1000] % 1 != 0).any() or (filled % 1 != 0).any():
        return "numeric"
    return "id-like" if distinct == len(filled) and counts_rows(filled) else "integer"


def counts_rows(filled: np.ndarray) -> bool:
    """Tell whether distinct whole numbers (n,) are so dense that chance would have repeated one.

    n numbers drawn at random from a range of R collide with a probability of about 1 - exp(-n^2 / 2R) (the birthday
    problem); if none did although that probability exceeds 0.9999, somebody gave the numbers out one by one.
    """
    n = len(filled)
    return n >= FEWEST_FOR_AN_ID and n * n / (2.0 * (np.ptp(filled) + 1.0)) > -math.log(1e-4)


def level_counts(codes: np.ndarray, levels: int) -> np.ndarray:
    """Count the cells of each level, shape (levels,); negative codes are missing cells."""
    return np.bincount(codes.astype(np.int64) + 1, minlength=levels + 1)[1:]


def is_text(dtype: Any) -> bool:
    """Tell whether a typed column holds free text: the only ones that are kept as texts."""
    return isinstance(dtype, pd.StringDtype)


def reads_as_text(levels: Sequence[str], counts: np.ndarray) -> bool:
    """Tell whether texts are free ones rather than categories: several words each, and most cells have their own.

    `counts` (len(levels),) says how many cells have each.
    """
    used = np.flatnonzero(counts)
    few = len(used) <= HIGH_CARDINALITY
    if len(used) < FEWEST_FOR_AN_ID or len(used) <= (ID_SHARE if few else 0.1) * counts.sum():
        return False
    seen = used[:: max(1, len(used) // LEVELS_LOOKED_AT)]
    return float(np.mean([count_words(levels[place]) for place in seen])) >= (LONG_WORDS if few else TEXT_WORDS)


def category_kind(levels: pd.Index, counts: np.ndarray) -> str:
    """Name the kind of a category column from its levels and how often each occurs (both of one length)."""
    used = np.flatnonzero(counts)
    if len(used) <= 1:
        return "constant"
    if len(used) <= HIGH_CARDINALITY and len(used) < FEWEST_FOR_AN_ID:
        return "categorical"
    if len(used) >= ID_SHARE * int(counts.sum()):
        return "id-like"
    return "high-cardinality" if len(used) > HIGH_CARDINALITY else "categorical"
