"""Typed series as plain values: a number a row, rows as digests, all of them as one print."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from advisor.modalities.shown import label_of, rows_to_show
from advisor.records import Column, Dataset

# What is shown of the data: so many rows, channels of them, and values of a channel.
SHOWN_ROWS, SHOWN_CHANNELS, SHOWN_VALUES = 8, 4, 120


def digests(cells: Iterable[np.ndarray]) -> list[bytes]:
    """Return a digest a cell: equal arrays have equal ones."""
    return [hashlib.blake2b(np.ascontiguousarray(cell).tobytes(), digest_size=16).digest() for cell in cells]


def row_codes(inputs: pd.DataFrame) -> np.ndarray:
    """Return int64 codes (n,) from 0, in order of appearance, that are equal for rows with equal series."""
    rows = list(zip(*(digests(inputs[name]) for name in inputs.columns), strict=True))
    keys = pd.Series([b"".join(row) for row in rows], dtype=object)
    return np.asarray(pd.factorize(keys)[0], dtype=np.int64)


def fingerprint(dataset: Dataset) -> str:
    """Return a sha256 over the names of the channels and all values, those of rows without a target included."""
    digest = hashlib.sha256(repr([str(name) for name in dataset.inputs.columns]).encode())
    for rows in (dataset.inputs, dataset.unlabelled):
        digest.update(b"|")
        if rows is not None:
            digest.update(b"".join(print_ for name in rows.columns for print_ in digests(rows[name])))
    return digest.hexdigest()


def means(cells: pd.Series) -> np.ndarray:
    """Return the mean of each series of a channel, shape (n,); NaN where it is absent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series of no value
        return np.array([np.nanmean(cell, dtype=np.float64) if len(cell) else np.nan for cell in cells])


def facts(dataset: Dataset) -> tuple[Column, ...]:
    """Describe every channel; `size` is how many steps its series have on average, where it is there."""
    found = []
    for name in dataset.inputs.columns:
        cells = dataset.inputs[name]
        steps = np.fromiter(map(len, cells), np.int64, len(cells))
        there = steps[steps > 0]
        size = round(float(there.mean())) if len(there) else 0
        found.append(Column(str(name), "series", float((steps == 0).mean()), len(set(digests(cells))), size))
    return tuple(found)


def samples(dataset: Dataset) -> list[dict[str, Any]]:
    """Return a few rows as {"label", "steps", "curves": {channel: values}}, some of each class, or from low to high.

    Longer series are means of steps that follow one another; None is a gap.
    """
    names = list(dataset.inputs.columns[:SHOWN_CHANNELS])
    return [
        {
            "label": label_of(dataset, row),
            "steps": max(len(dataset.inputs[name].iloc[row]) for name in names),
            "curves": {str(name): _curve(dataset.inputs[name].iloc[row]) for name in names},
        }
        for row in rows_to_show(dataset, SHOWN_ROWS)
    ]


def _curve(cell: np.ndarray) -> list[float | None]:
    pieces = np.array_split(cell.astype(np.float64), min(len(cell), SHOWN_VALUES)) if len(cell) else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a piece that is one gap
        means = [float(np.nanmean(piece)) for piece in pieces]
    return [None if np.isnan(mean) else float(f"{mean:.5g}") for mean in means]
