"""Arrays and lists without names, of Python and in .npz files: their axes and types say what kind of data they are."""

from __future__ import annotations

import numbers
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# What arrays of pictures are called in files.
IMAGES = ("images", "image", "pictures")
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


def are_pictures(source: Any) -> bool:
    """Tell whether a value of Python is several pictures: an array (n, height, width, channels), an array of bytes
    (n, height, width), or a list of Pillow's or of such arrays of bytes.

    >>> are_pictures(np.zeros((5, 8, 8, 3))), are_pictures(np.zeros((5, 8, 8)))
    (True, False)
    """
    if isinstance(source, np.ndarray) and source.dtype != object:
        return shaped_as_pictures(source.ndim, source.dtype, "")
    if not isinstance(source, (list, tuple, np.ndarray)) or not len(source):
        return False
    return all(hasattr(each, "getbands") or _of_bytes(each) for each in source)


def hold_pictures(path: Path) -> bool:
    """Tell by its headers whether one of the arrays in a .npz file is pictures."""
    return any(shaped_as_pictures(len(shape), dtype, name) for name, (shape, dtype) in headers(path).items())


def shaped_as_pictures(count: int, dtype: Any, name: str) -> bool:
    """Tell whether an array of so many axes is pictures: four, or three where its name or its bytes say so."""
    return dtype.kind in "biuf" and (count == 4 or (count == 3 and (dtype == np.uint8 or name.lower() in IMAGES)))


def headers(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Return the shape and type of each array in a .npz file, none of which is loaded; nothing where it is none."""
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as file:
                    old = np.lib.format.read_magic(file) == (1, 0)
                    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
                    shape, _, dtype = read(file)
                    found[name.removesuffix(".npy")] = (shape, dtype)
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}
    return found


def _of_bytes(each: Any) -> bool:
    return isinstance(each, np.ndarray) and each.dtype == np.uint8 and each.ndim in (2, 3)
