"""A typed table as plain values: columns as numbers, rows as hashes, all of it as one print, and its encoded width."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from advisor.modalities.tabular.kinds import is_text
from advisor.records import Column, Dataset

MOST_COLUMNS_A_CATEGORY = 100
COLUMNS_A_DATE, COLUMNS_A_TEXT = 6, 2


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return a column as float64 (n,): numbers as they are, dates as seconds, words as codes; NaN is missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy().astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    if is_text(values.dtype):
        codes = pd.factorize(values, sort=True)[0].astype(np.float64)  # in order of appearance they would tell the row
        return np.where(codes < 0, np.nan, codes)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        seconds = values.to_numpy().astype("datetime64[s]").astype(np.int64).astype(np.float64)
        return np.where(values.isna().to_numpy(), np.nan, seconds)
    numbers = values.to_numpy().astype(np.float64)
    return np.where(np.isinf(numbers), np.nan, numbers)


def row_hashes(inputs: pd.DataFrame) -> np.ndarray:
    """Return a uint64 a row (n,) over all columns; equal rows have equal ones, whatever the order of the levels."""
    if inputs.shape[1] == 0:
        return np.zeros(len(inputs), dtype=np.uint64)
    return pd.util.hash_pandas_object(inputs, index=False).to_numpy()


def row_codes(inputs: pd.DataFrame) -> np.ndarray:
    """Return int64 codes (n,) from 0, in order of appearance, that are equal for rows with equal cells."""
    return np.asarray(pd.factorize(row_hashes(inputs))[0], dtype=np.int64)


def fingerprint(dataset: Dataset) -> str:
    """Return a sha256 over names, types and cells of the inputs, those of rows without a target included.

    The same table gives the same text on any machine, whether or not its texts came as categories.
    """
    kinds = [
        (str(name), "category" if isinstance(dtype, pd.CategoricalDtype) else str(dtype))
        for name, dtype in dataset.inputs.dtypes.items()
    ]
    digest = hashlib.sha256(repr(kinds).encode())
    for rows in (dataset.inputs, dataset.unlabelled):
        digest.update(b"|" if rows is None else row_hashes(rows).tobytes())
    return digest.hexdigest()


def width(dataset: Dataset, columns: Sequence[Column]) -> int:
    """Return how many columns a one-hot encoding would have: one a number, one a level (at most 100), six a date, two a
    text."""
    encoded = 0
    for column in columns:
        dtype = dataset.inputs[column.name].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            encoded += min(column.distinct, MOST_COLUMNS_A_CATEGORY)
        elif is_text(dtype):
            encoded += COLUMNS_A_TEXT
        else:
            encoded += COLUMNS_A_DATE if pd.api.types.is_datetime64_any_dtype(dtype) else 1
    return encoded
