"""Finding D02: rows that contradict each other, whatever the kind of data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.records import Dataset, Finding
from advisor.wording import percent


def contradictions(dataset: Dataset, codes: np.ndarray) -> Finding | None:
    """D02: rows with equal inputs (equal `codes`, n) and different targets; no model can win back what they lose.

    For classes the floor is the share of rows outside the majority of their set of equal rows; for regression it is the
    variance within the sets over the variance of the target. Both are lower bounds. None where all inputs are equal,
    since then they are no inputs.
    """
    rows, size = len(codes), np.bincount(codes)
    if len(size) == 1 or size.max() == 1:
        return None
    if dataset.classes:
        clashing, floor = _clash_of_classes(dataset.target, codes, len(dataset.classes))
    else:
        clashing, floor = _clash_of_values(dataset.target, codes)
    if not clashing:
        return None
    best = "gets less than {} of the rows wrong" if dataset.classes else "leaves less than {} of the variance"
    return Finding(
        "D02",
        "warning" if floor >= 0.05 else "info",
        f"{clashing:,} rows share all their inputs with a row that has another target, "
        f"so no model {best.format(percent(floor))}.",
        "Look for something that tells these rows apart, or accept this as the best there can be.",
        {"rows": clashing, "share": clashing / rows, "irreducible_error": floor},
    )


def _clash_of_classes(target: np.ndarray, codes: np.ndarray, classes: int) -> tuple[int, float]:
    pairs, count = np.unique(codes * classes + target, return_counts=True)
    owner = pairs // classes
    size, most = np.bincount(codes), np.zeros(int(codes.max()) + 1, dtype=np.int64)
    np.maximum.at(most, owner, count)
    return int(size[np.bincount(owner) > 1].sum()), float((size - most).sum() / len(codes))


def _clash_of_values(target: np.ndarray, codes: np.ndarray) -> tuple[int, float]:
    centred = target - target.mean()
    centred = centred / (np.abs(centred).max() or 1.0)
    away = (centred - (np.bincount(codes, centred) / np.bincount(codes))[codes]) ** 2
    sets = pd.Series(centred).groupby(codes)
    clash = (sets.transform("max") > sets.transform("min")).to_numpy()
    return int(clash.sum()), float(away[clash].sum() / ((centred**2).sum() or 1.0))
