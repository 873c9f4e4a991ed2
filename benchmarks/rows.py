"""Rows of a data set by their positions, as estimators take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from advisor import modalities
from advisor.records import Dataset


def rows_at(dataset: Dataset, positions: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return inputs and target of the rows at `positions`, each of their length."""
    return modalities.find(dataset.modality).take(dataset.inputs, positions), dataset.target[positions]
