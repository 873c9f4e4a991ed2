"""Pictures in arrays: .npz files, NumPy arrays and lists of pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from advisor.errors import UserError, did_you_mean
from advisor.modalities.arrays import IMAGES, headers, shaped_as_pictures
from advisor.modalities.image.decode import Unreadable, white_of
from advisor.wording import shortened

# What arrays of pictures and of their targets are called in files.
INPUTS = (*IMAGES, "x", "data")
TARGETS = ("y", "labels", "label", "target", "targets", "classes")


def of_file(path: Path, target: str | None) -> tuple[np.ndarray, np.ndarray | None, str, float]:
    """Return the pictures of a .npz file, their targets (n,), the name of these, and what is white.

    `target` names the array of targets. Without targets it is None. Raises UserError where the file is broken, or where
    nobody can tell which array is which.
    """
    shown, found = shortened(path.name, 80), headers(path)
    if not found:
        raise UserError(f"{shown!r} cannot be read as arrays; write it with numpy.savez.")
    fitting = [name for name, (shape, dtype) in found.items() if shaped_as_pictures(len(shape), dtype, name)]
    named = [name for name in fitting if name.lower() in INPUTS]
    if not fitting:
        raise UserError(f"{shown!r} holds no pictures; they are one array (n, height, width, 3) or (n, height, width).")
    if len(fitting) > 1 and len(named) != 1:
        raise UserError(f"{shown!r} has several arrays of pictures, {', '.join(fitting)}; keep one, called 'images'.")
    chosen = (named or fitting)[0]
    goal = _goal(found, found[chosen][0][0], target, shown)
    try:
        with np.load(path, allow_pickle=False) as file:
            pictures, values = file[chosen], None if goal is None else file[goal]
        return pictures, None if values is None else values.reshape(len(values)), goal or "", white_of(pictures)
    except Unreadable as problem:
        raise UserError(f"{shown!r} holds no pictures: {problem}.") from None
    except (ValueError, OSError, zipfile.BadZipFile) as problem:
        raise UserError(f"{shown!r} cannot be read ({shortened(str(problem), 100)}); write it again.") from problem


def white_of_all(pictures: Sequence[Any]) -> float | None:
    """Return what is white in all of several arrays; None where they are of bytes, or no arrays."""
    arrays = [each for each in pictures if isinstance(each, np.ndarray) and each.dtype != np.uint8]
    try:
        return max((white_of(each) for each in arrays), default=None)
    except Unreadable as problem:
        raise UserError(f"These arrays are no pictures: {problem}.") from None


def _goal(found: Mapping[str, tuple[tuple[int, ...], Any]], rows: int, target: str | None, shown: str) -> str | None:
    fitting = [name for name, (shape, _) in found.items() if shape in ((rows,), (rows, 1))]
    if target is not None:
        if target not in fitting:
            raise UserError(f"{shown!r} has no array {target!r} with {rows:,} values. {did_you_mean(target, fitting)}")
        return target
    named = [name for name in fitting if name.lower() in TARGETS]
    if len(named) != 1 and len(fitting) > 1:
        raise UserError(f"{shown!r} has several arrays of {rows:,} values, {', '.join(fitting)}; say which with "
                        "--target.")  # fmt: skip
    return next(iter(named or fitting), None)
