"""Which rows of a data set are shown to people, and what is written beside each."""

from __future__ import annotations

import numpy as np

from advisor.records import Dataset


def rows_to_show(dataset: Dataset, most: int) -> list[int]:
    """Return the places of at most so many rows, by target: of each class some, or from the lowest to the highest."""
    target = dataset.target
    if dataset.classes:
        rows = [np.flatnonzero(target == code) for code in range(len(dataset.classes))]
        places = sorted((turn, code) for code, own in enumerate(rows) for turn in range(min(len(own), most)))
        chosen = [int(rows[code][turn]) for turn, code in places[:most]]
    else:
        order = np.argsort(target, kind="stable")
        chosen = [int(order[place]) for place in np.linspace(0, len(order) - 1, min(most, len(order))).astype(int)]
    return sorted(chosen, key=lambda row: target[row])


def label_of(dataset: Dataset, row: int) -> str:
    """Return what is to be predicted of a row, as a text."""
    value = dataset.target[row]
    return dataset.classes[value] if dataset.classes else f"{value:,.4g}"
