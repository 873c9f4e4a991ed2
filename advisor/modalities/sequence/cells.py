"""What a cell of series may hold, and the one form that all of them get: a float32 array a channel, NaN for a gap.

A row's channels are all of one length, that of its longest, or empty where a channel has no value at all. Where a row
ends all channels with gaps it ends there: files of series of one length fill the shorter ones up with NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

EMPTY = np.empty(0, dtype=np.float32)


@dataclass(frozen=True)
class Typed:
    """Rows of one form, and what it took: `filled` rows lost gaps at their end, `unreadable` values became gaps."""

    frame: pd.DataFrame
    filled: int
    unreadable: int


def typed(raw: pd.DataFrame) -> Typed:
    """Bring rows (n, channels) of cells of any kind to one form, under their own index."""
    columns: list[np.ndarray] = [np.empty(len(raw), dtype=object) for _ in raw.columns]
    filled = unreadable = 0
    for place, cells in enumerate(zip(*(raw[name] for name in raw.columns), strict=True)):
        read = [values_of(cell) for cell in cells]
        unreadable += sum(lost for _, lost in read)
        row, cut = _of_one_length([values for values, _ in read])
        filled += cut
        for column, values in zip(columns, row, strict=True):
            column[place] = values
    return Typed(frame_of(dict(zip(raw.columns, columns, strict=True)), raw.index), filled, unreadable)


def frame_of(columns: dict[str, np.ndarray], index: pd.Index | None = None) -> pd.DataFrame:
    """Return a frame with an object column for each array (n,) of cells."""
    rows = len(next(iter(columns.values()), ()))
    index = pd.RangeIndex(rows) if index is None else index
    return pd.DataFrame({name: pd.Series(cells, index=index, dtype=object) for name, cells in columns.items()})


def objects(cells: Sequence[Any]) -> np.ndarray:
    """Return an array (n,) whose elements are the cells themselves, whatever they hold."""
    array = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        array[place] = cell
    return array


def values_of(cell: Any) -> tuple[np.ndarray, int]:
    """Return a cell as a float32 array, and how many of its values could not be read: they, and infinity, are gaps."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
        return EMPTY, 0
    values = np.asarray(cell)
    if values.dtype.kind not in "fiub":
        given = pd.Series(values.ravel())
        numbers = pd.to_numeric(given, errors="coerce")
        lost = int((numbers.isna() & given.notna()).sum())
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        lost = 0
    with np.errstate(over="ignore"):
        found = np.array(values, dtype=np.float32).ravel()
    endless = np.isinf(found)
    if endless.any():
        found[endless] = np.nan
        lost += int(endless.sum())
    return found, lost


def _of_one_length(row: list[np.ndarray]) -> tuple[list[np.ndarray], bool]:
    """Bring the channels of a row to one length, and tell whether gaps at the end of all of them were taken off."""
    ends = [int(known[-1]) + 1 if len(known := np.flatnonzero(~np.isnan(values))) else 0 for values in row]
    length = max(ends, default=0)
    cut = any(len(values) > length for values in row)
    return [_to_length(values, length) if end else EMPTY for values, end in zip(row, ends, strict=True)], cut


def _to_length(values: np.ndarray, length: int) -> np.ndarray:
    if len(values) >= length:
        return values[:length]
    longer = np.full(length, np.nan, dtype=np.float32)
    longer[: len(values)] = values
    return longer


def lengths(frame: pd.DataFrame) -> np.ndarray:
    """Return how many steps the rows of a typed frame have, shape (n,)."""
    if not frame.shape[1]:
        return np.zeros(len(frame), dtype=np.int64)
    each = [np.fromiter(map(len, frame[name]), np.int64, len(frame)) for name in frame.columns]
    longest: np.ndarray = np.max(each, axis=0)
    return longest
