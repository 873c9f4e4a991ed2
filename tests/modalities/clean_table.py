"""A table with nothing wrong, for whoever plants something in it."""

import numpy as np
import pandas as pd

from advisor.modalities.tabular import MODALITY
from advisor.records import Dataset

ROWS = 600
TARGETS = {"value": "regression", "answer": "binary", "grade": "multiclass"}


def clean(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """A table with nothing wrong: numbers, a category, and a target of each task that depends on them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["height", "weight", "pulse", "mood"])
    table["age"] = rng.integers(18, 80, rows)
    table["colour"] = rng.choice(["red", "green", "blue"], rows)
    signal = table["height"] + table["weight"] * (table["colour"] == "red") + rng.normal(size=rows)
    table["value"] = signal
    table["answer"] = np.where(signal > 0, "yes", "no")
    table["grade"] = pd.cut(signal, [-np.inf, -1, 1, np.inf], labels=["low", "middle", "high"]).astype(str)
    return table


def dataset_of(table: pd.DataFrame, target: str = "answer", **options: str) -> Dataset:
    """The table read for one of its targets, without the other two."""
    others = [name for name in TARGETS if name != target and name in table]
    return MODALITY.read(table.drop(columns=others), target=target, task=TARGETS.get(target, "auto"), **options)
