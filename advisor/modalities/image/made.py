"""Made pictures for checks: small, of several sizes, with a bright spot whose place and colour tell the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.records import Task

SIZES = (10, 12, 14)


def made(task: Task, rows: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return pictures (rows, 1), as a Dataset has them, and their target (rows,): codes, or large values."""
    rng = np.random.default_rng(seed)
    signal = rng.random(rows)
    pictures = np.empty(rows, dtype=object)
    for row in range(rows):
        height, width = rng.choice(SIZES, 2)
        pixels = rng.integers(20, 60, (height, width, 3))
        # From the left to the right, and from red to blue.
        left = int(signal[row] * (width - 4))
        top = int(rng.integers(1, height - 5))
        pixels[top : top + 4, left : left + 4] = [250 - 200 * signal[row], 120, 50 + 200 * signal[row]]
        pictures[row] = pixels.astype(np.uint8)
    inputs = pd.DataFrame({"image": pictures})
    if task == "regression":
        return inputs, signal * 1e5 + 1e7
    return inputs, np.digitize(signal, [0.5] if task == "binary" else [0.33, 0.66]).astype(np.int64)


def strange(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return eight pictures as no training has seen any: of one pixel, a line, black, white, larger than all, noise."""
    rng = np.random.default_rng(0)
    shapes = [(1, 1), (1, 100), (100, 1), (2, 3), (128, 128), (128, 60), (16, 16), (16, 16)]
    pictures = np.empty(8, dtype=object)
    for row, (height, width) in enumerate(shapes):
        pictures[row] = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    pictures[6], pictures[7] = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    return pd.DataFrame({"image": pictures})
