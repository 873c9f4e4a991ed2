"""Arrays and lists of Python without names: how many axes they have says what kind of data they are."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import pandas as pd

ROWS = (list, tuple, np.ndarray, pd.Series)


def axes(source: Any) -> int:
    """Return how many axes rows have, their own included: 2 for a table, 3 for series with channels, 0 for no rows.

    Rows of numbers that differ in length are no table: each is a series of one channel, and they count as 3.

    >>> axes([[1, 2], [3, 4]]), axes([[1, 2], [3]]), axes(np.zeros((5, 3, 20))), axes("name")
    (2, 3, 3, 0)
    """
    if isinstance(source, np.ndarray) and source.dtype != object:
        return source.ndim
    if not isinstance(source, (list, tuple, np.ndarray)):
        return 0
    depth = depth_of(source)
    lengths = {len(row) for row in source} if depth == 2 and all(isinstance(row, ROWS) for row in source) else set()
    return 3 if len(lengths) > 1 and all(_of_numbers(row) for row in source) else depth


def depth_of(value: Any) -> int:
    """Return the number of axes of an array, and of lists in lists by their first members."""
    depth = 0
    while isinstance(value, ROWS):
        if isinstance(value, pd.Series) or (isinstance(value, np.ndarray) and value.dtype != object):
            return depth + value.ndim
        depth, value = depth + 1, value[0] if len(value) else None
    return depth


def _of_numbers(row: Any) -> bool:
    if isinstance(row, (np.ndarray, pd.Series)) and row.dtype != object:
        return row.dtype.kind in "fiub"
    return all(value is None or isinstance(value, numbers.Real) for value in row)
