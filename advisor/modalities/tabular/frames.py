"""Tables of Python: pandas, and whatever speaks Arrow (polars, pyarrow, duckdb), as one plain pandas DataFrame.

Plain are columns with names that are texts, each with a type that the rest of the house knows: NumPy's numbers, dates
and spans, texts, and categories. What holds several values a cell is refused: nobody could say what it means.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections import Counter
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from advisor.errors import UserError
from advisor.wording import shortened

NESTED = (list, tuple, set, frozenset, dict, np.ndarray, pd.Series, pd.DataFrame)
BOOLEANS = {bool, np.bool_}
LARGEST_EXACT_WHOLE = 2**53


def is_table(source: Any) -> bool:
    """Tell whether a Python value is a table: a DataFrame, or whatever hands its columns out by Arrow's protocol."""
    if isinstance(source, (pd.DataFrame, pd.Series)):
        return isinstance(source, pd.DataFrame)
    return not isinstance(source, type) and hasattr(source, "__arrow_c_stream__")


def frame_of(source: Any) -> pd.DataFrame:
    """Return a table of Python as a DataFrame; raises UserError where it cannot be had."""
    if isinstance(source, pd.DataFrame):
        return source.copy()  # columns are held where they are, and whose table it is may go on with it
    try:
        table = pa.table(source)
        table.validate(full=True)  # a spoilt file's texts may not be texts
    except (pa.ArrowException, TypeError, ValueError, NotImplementedError) as problem:
        raise UserError(
            f"The {type(source).__name__} cannot be read as a table ({shortened(str(problem))}); check what made it."
        ) from problem
    columns = {place: pd.Series(pd.arrays.ArrowExtensionArray(column)) for place, column in enumerate(table.columns)}
    return pd.DataFrame(columns).set_axis(pd.Index(table.column_names, dtype=object), axis=1)


def name_of(name: Hashable) -> str:
    """Return a column's name as a text: whole numbers as they are, the levels of a tuple joined.

    >>> name_of(3), name_of(2023.0), name_of(("a", "x")), name_of(" b ")
    ('3', '2023', 'a x', 'b')
    """
    if isinstance(name, tuple):
        return " ".join(part for part in map(name_of, name) if part)
    if isinstance(name, (float, np.floating)) and float(name).is_integer():
        return str(int(name))
    if isinstance(name, bytes):
        return name.decode("utf-8", errors="replace").strip()
    return str(name).strip().encode("utf-8", errors="replace").decode("utf-8")


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with names that are texts, all of them different; raises UserError where they are not."""
    names = [name_of(name) for name in frame.columns]
    twins = [name for name, times in Counter(names).items() if times > 1]
    if twins:
        raise UserError(f"More than one column is called {shortened(twins[0])!r}; give every column a name of its own.")
    return frame.set_axis(pd.Index(names, dtype=object), axis=1)


def plain(column: pd.Series) -> pd.Series:
    """Return a column with a type that is known here; raises UserError where its cells hold several values."""
    dtype = column.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return _of_arrow(column, dtype.pyarrow_dtype)
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        raise UserError(f"Column {_name(column)} holds complex numbers; give their parts as columns, or drop it.")
    if isinstance(dtype, pd.IntervalDtype):
        return column.astype(str).where(column.notna())
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _of_objects(column)
    return column


def _of_arrow(column: pd.Series, kind: pa.DataType) -> pd.Series:
    """Return a column of Arrow's types as one of pandas' or NumPy's."""
    values = pa.chunked_array(column.array.__arrow_array__())
    kind = getattr(kind, "storage_type", kind)
    if pa.types.is_nested(kind):
        raise _nested(column)
    if pa.types.is_dictionary(kind):
        return pd.Series(values.to_pandas(), index=column.index, name=column.name)
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return _numbers(column, values.cast(pa.float64(), safe=False))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        name = "boolean" if pa.types.is_boolean(kind) else "Int64" if pa.types.is_signed_integer(kind) else "UInt64"
        return pd.Series(values.to_pandas(types_mapper=None) if not values.null_count else pd.array(
            values.to_pylist(), dtype=name), index=column.index, name=column.name)  # fmt: skip
    if pa.types.is_time(kind):
        width = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        whole = values.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(pa.float64())
        return _numbers(column, whole) / width
    if pa.types.is_duration(kind):
        width = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return _numbers(column, values.cast(pa.int64()).cast(pa.float64(), safe=False)) / width
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zone = getattr(kind, "tz", None)
        moments = values.cast(pa.timestamp("us", tz=zone), safe=False) if not pa.types.is_date(kind) else values.cast(
            pa.timestamp("ms"), safe=False).cast(pa.timestamp("us"), safe=False)  # fmt: skip
        plain = pd.Series(moments.to_numpy().astype("datetime64[us]"), index=column.index, name=column.name)
        return plain if zone in (None, "UTC") else plain.dt.tz_localize("UTC").dt.tz_convert(zone)
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan), index=column.index, name=column.name)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        cells = [cell if cell is None else cell.decode("utf-8", errors="replace") for cell in values.to_pylist()]
        return pd.Series(cells, index=column.index, name=column.name, dtype=object)
    try:
        texts = values.cast(pa.large_string())
    except pa.ArrowException:
        texts = pa.chunked_array([pa.array([None if cell is None else str(cell) for cell in values.to_pylist()])])
    return pd.Series(texts.to_pandas(), index=column.index, name=column.name)


def _numbers(column: pd.Series, values: pa.ChunkedArray) -> pd.Series:
    return pd.Series(np.asarray(values.to_numpy(), dtype=np.float64), index=column.index, name=column.name)


def _of_objects(column: pd.Series) -> pd.Series:
    """Look at the cells of a column that may hold anything: several values a cell are refused, moments made plain."""
    kinds = {type(cell) for cell in column if cell is not None}
    if any(issubclass(kind, NESTED) for kind in kinds):
        raise _nested(column)
    if int in kinds and any(isinstance(cell, int) and abs(cell) > LARGEST_EXACT_WHOLE for cell in column):
        return column.map(_of_object).map(lambda cell: str(cell) if isinstance(cell, int) else cell).astype(object)
    if kinds and kinds <= {decimal.Decimal, float, int}:
        return column.map(_float).astype(np.float64)
    if kinds and kinds <= {datetime.timedelta, pd.Timedelta, np.timedelta64, type(pd.NaT), float}:
        return pd.Series(pd.to_timedelta(column))
    if kinds and kinds <= {datetime.time, float}:
        return column.map(_seconds_of_day).astype(np.float64)
    if kinds & {uuid.UUID, decimal.Decimal} or (kinds & BOOLEANS and kinds - BOOLEANS):
        return column.map(_of_object).astype(object)
    return column


def _of_object(cell: Any) -> Any:
    """Return a cell among others of any kind as one that pandas can look at: it fails on a signalling NaN, and takes
    True and 1 for one."""
    if isinstance(cell, decimal.Decimal):
        return _float(cell)
    return str(cell) if isinstance(cell, (uuid.UUID, *BOOLEANS)) else cell


def _seconds_of_day(cell: Any) -> float:
    if not isinstance(cell, datetime.time):
        return np.nan
    return 3600 * cell.hour + 60 * cell.minute + cell.second + cell.microsecond / 1e6


def _float(cell: Any) -> float:
    try:
        return np.nan if cell is None else float(cell)
    except (OverflowError, ValueError):
        return np.nan


def _nested(column: pd.Series) -> UserError:
    return UserError(
        f"Column {_name(column)} holds several values a cell (lists, records or arrays); make columns of them, or "
        "leave it out with --drop."
    )


def _name(column: pd.Series) -> str:
    return repr(shortened(name_of(column.name)))
