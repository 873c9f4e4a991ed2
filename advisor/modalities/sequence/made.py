"""Made series for checks: two channels of unequal lengths with gaps; level, rhythm and shape decide the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.modalities.sequence.cells import EMPTY, frame_of, objects
from advisor.records import Task

NAMES = ("größe", '"a": [{,}]')


def made(task: Task, rows: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return typed inputs (rows, 2), as a Dataset has them, and their target (rows,): codes, or large values.

    The larger what decides it, the higher the first channel, the quicker its waves, and the larger a bump in the other.
    """
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=rows)
    steps = rng.integers(24, 40, rows)
    cells: list[list[np.ndarray]] = [[], []]
    for row in range(rows):
        time = np.arange(steps[row])
        wave = np.sin(time * (0.6 + 0.25 * np.tanh(signal[row])) + rng.uniform(0, 6))
        bump = np.exp(-(((time - rng.uniform(8, 16)) / 3.0) ** 2)) * (2.0 + 1.5 * np.tanh(signal[row]))
        first = 1e3 * (0.5 * signal[row] + wave + 0.2 * rng.normal(size=steps[row]))
        second = bump + 0.3 * rng.normal(size=steps[row])
        if row % 11 == 3:
            first[5:9] = np.nan
        cells[0].append(first.astype(np.float32))
        cells[1].append(EMPTY if row % 23 == 7 else second.astype(np.float32))
    inputs = frame_of({name: objects(column) for name, column in zip(NAMES, cells, strict=True)})
    if task == "regression":
        return inputs, signal * 1e5 + 1e7
    edges = np.quantile(signal, [0.5] if task == "binary" else [0.3, 0.6])
    return inputs, np.digitize(signal, edges).astype(np.int64)


def strange(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return eight rows as no training has seen any: long, of one step, empty, without a channel, flat, and far off."""
    rows = inputs.head(8).copy()
    one, nothing = np.ones(1, dtype=np.float32), EMPTY
    long = np.sin(np.arange(500, dtype=np.float32))
    gaps = np.full(30, np.nan, dtype=np.float32)
    gaps[7] = 1.0
    flat = np.zeros(12, dtype=np.float32)
    first = [long, one, nothing, nothing, long[:30], gaps, flat, long[:9] * np.float32(1e9)]
    second = [long, one, nothing, long[:20], nothing, long[:30], flat, -long[:9]]
    return frame_of(
        {name: objects(cells) for name, cells in zip(rows.columns, (first, second), strict=True)}, rows.index
    )
