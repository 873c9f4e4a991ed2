"""X and y of every usual kind, put into one frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from advisor.errors import UserError
from advisor.modalities.arrays import are_pictures, axes
from advisor.modalities.tabular import frames
from advisor.wording import shortened


def is_target(target: Any) -> bool:
    """Tell whether `target` is a column itself and not the name of one: anything with several values but a tuple, which
    names a column of several levels."""
    return target is not None and not isinstance(target, (str, bytes, tuple)) and hasattr(target, "__len__")


def is_array(inputs: Any) -> bool:
    """Tell whether inputs are rows of cells without names: an array, a list, a sparse matrix."""
    if isinstance(inputs, (np.ndarray, list)):
        return axes(inputs) <= 2 and not are_pictures(inputs)
    return hasattr(inputs, "toarray")


def joined(inputs: Any, target: Any) -> tuple[pd.DataFrame, str]:
    """Put inputs (n, p) and a target (n,) into one frame; return it and the target's name, its own or "target".

    Inputs are a table of Python, or an array of numbers or texts. Raises UserError where they are anything else, where
    they are not as many as the targets, or where a column has that name already.
    """
    table = frames.named(frames.frame_of(inputs)) if frames.is_table(inputs) else _of_array(inputs)
    values = column_of(target)
    if len(table) != len(values):
        raise UserError(f"The table has {len(table)} rows and the target {len(values)}; they must be as many.")
    own = getattr(target, "name", None)
    name = "target" if own is None else frames.name_of(own)
    if name in table.columns:
        raise UserError(
            f"The table has a column {shortened(name)!r} already; pass its name as the target, or rename one of them."
        )
    return table.assign(**{name: values.set_axis(table.index)}), name


def _of_array(inputs: Any) -> pd.DataFrame:
    if hasattr(inputs, "toarray"):  # SciPy's sparse matrices and arrays
        inputs = inputs.toarray()
    try:
        values = np.asarray(inputs)
    except ValueError:  # rows of several lengths
        values = np.empty(0, dtype=object)
    if values.ndim != 2 or values.dtype.kind not in "biufOUSmM":
        raise UserError(
            f"X of type {type(inputs).__name__} is no table; give a DataFrame, or an array of rows of one length."
        )
    return pd.DataFrame(values, columns=[f"x{column}" for column in range(values.shape[1])])


def column_of(target: Any) -> pd.Series:
    """Return a target, a Series or whatever is a column of its own, as a Series under a RangeIndex.

    Raises UserError where it is neither.
    """
    if isinstance(target, pd.Series):
        return target.reset_index(drop=True)
    if hasattr(target, "__arrow_c_stream__") and not isinstance(target, pd.DataFrame):
        try:
            return frames.plain(pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array(target))))
        except (pa.ArrowException, TypeError, ValueError):
            target = frames.frame_of(target)
    if isinstance(target, pd.DataFrame):
        if target.shape[1] != 1:
            raise UserError(f"y has {target.shape[1]} columns; one is to be predicted.")
        return target.iloc[:, 0].reset_index(drop=True)
    try:
        values = np.asarray(target)
    except ValueError:
        values = np.empty((0, 0))
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise UserError(
            f"y of type {type(target).__name__} is no column; give a Series or an array with one value a row."
        )
    return pd.Series(values)
