"""Texts of a table to look at: a few of each class, or along the target, shortened."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from advisor.modalities.tabular.kinds import is_text
from advisor.records import Dataset
from advisor.wording import shortened

MOST_COLUMNS, MOST_CLASSES, OF_A_CLASS, LETTERS = 2, 3, 2, 240


def samples(dataset: Dataset) -> list[dict[str, str]]:
    """Return a dozen texts at most: of each of the largest classes two, or of the smallest, middle and largest target.

    Signs that cannot be shown (of control, or of direction) are blanks. Empty for a table without free texts.
    """
    names = [name for name in dataset.inputs.columns if is_text(dataset.inputs[name].dtype)]
    return [
        {
            "label": f"{name}, {dataset.target_name} = {_told(dataset, row)}",
            "text": _shown(dataset.inputs[name].iloc[row]),
        }
        for name in names[:MOST_COLUMNS]
        for row in _rows(dataset, dataset.inputs[name])
    ]


def _rows(dataset: Dataset, texts: pd.Series) -> Iterator[int]:
    """Yield the positions of rows that have a text, far from one another."""
    there = np.flatnonzero((texts.fillna("").str.strip() != "").to_numpy())
    target = dataset.target[there]
    if not dataset.classes:
        ordered = there[np.argsort(target, kind="stable")]
        yield from (int(ordered[place]) for place in sorted({0, len(ordered) // 2, len(ordered) - 1}) if len(ordered))
        return
    counts = np.bincount(target, minlength=len(dataset.classes))
    for code in sorted(np.argsort(-counts, kind="stable")[:MOST_CLASSES]):
        own = there[target == code]
        yield from (int(row) for row in own[:: max(1, len(own) // OF_A_CLASS)][:OF_A_CLASS])


def _told(dataset: Dataset, row: int) -> str:
    value = dataset.target[row]
    return dataset.classes[int(value)] if dataset.classes else f"{value:g}"


def _shown(text: str) -> str:
    return shortened("".join(letter if letter.isprintable() else " " for letter in text[: 4 * LETTERS]), LETTERS)
