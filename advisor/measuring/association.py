"""How strongly one column and a target go together; whatever is fitted is judged on rows that it did not see."""

from __future__ import annotations

import numpy as np

CLASSES_JUDGED = 20
# Above this AUC between the first fifth and the last something has drifted.
DRIFT_AUC = 0.70


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks 1..n of complete values (n,); equal values share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def rank_auc(values: np.ndarray, positive: np.ndarray) -> float:
    """Return the chance that a positive row has the larger value, ties counting half (Mann and Whitney, 1947).

    `values` has shape (n,), `positive` is boolean of the same shape; rows without a value are left out. 0.5 where one
    side is empty.
    """
    known = ~np.isnan(values)
    sides = positive[known]
    ones, zeros = int(sides.sum()), int((~sides).sum())
    if ones == 0 or zeros == 0:
        return 0.5
    return float((ranks(values[known])[sides].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def rank_correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Return Spearman's rank correlation over the rows where both are known; 0 where either does not vary."""
    known = ~(np.isnan(left) | np.isnan(right))
    if known.sum() < 3:
        return 0.0
    return correlation(ranks(left[known]), ranks(right[known]))


def correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Return Pearson's correlation of two complete arrays of one length; 0 where either does not vary."""
    a, b = left - left.mean(), right - right.mean()
    a, b = a / (np.abs(a).max() or 1.0), b / (np.abs(b).max() or 1.0)
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm > 0 else 0.0


def held_out_skill(values: np.ndarray, nominal: bool, target: np.ndarray, classes: int) -> float:
    """Return how well one column alone predicts the target on rows that its fit did not see.

    `values` are numbers, or codes where `nominal`; NaN is missing. With `classes` > 0 the target holds class codes and
    the skill is the one-against-rest AUC averaged over classes by their share (the 20 largest); with 0 it is R2.
    A step function over quantile cells (levels, where they are few) is fitted on each half and judged on the other.
    """
    cell = _cells(values, nominal)
    first = np.random.default_rng(0).permutation(len(values)) % 2 == 0
    folds = []
    for train in (first, ~first):
        if classes:
            folds.append(_class_auc(cell, target, classes, train))
        else:
            folds.append(_r2(None if nominal else values, cell, target, train))
    return float(np.mean(folds))


def _cells(values: np.ndarray, nominal: bool) -> np.ndarray:
    """Number the cells of a column from its values alone, 0 for missing: one a level, or one a quantile range."""
    known = ~np.isnan(values)
    cell = np.zeros(len(values), dtype=np.int64)
    levels, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    most = int(np.clip(len(values) // 20, 8, 256))
    if not nominal and len(levels) > most:
        middle = np.cumsum(count) - count / 2
        place = (middle / known.sum() * most).astype(np.int64)[place]
    cell[known] = 1 + place
    return cell


def _class_auc(cell: np.ndarray, target: np.ndarray, classes: int, train: np.ndarray) -> float:
    cells = int(cell.max()) + 1
    place = cell * classes + target
    seen = np.bincount(place[train], minlength=cells * classes).reshape(cells, classes)
    unseen = np.bincount(place[~train], minlength=cells * classes).reshape(cells, classes)
    share = (seen + seen.sum(axis=0) / max(seen.sum(), 1)) / (seen.sum(axis=1, keepdims=True) + 1)
    rows = unseen.sum()
    totals = unseen.sum(axis=0)
    judged = np.argsort(-totals)[:CLASSES_JUDGED] if classes > 2 else np.array([1])
    judged = judged[(totals[judged] >= 3) & (rows - totals[judged] >= 3)]
    if not len(judged):
        return 0.5
    ones, zeros = unseen[:, judged], unseen.sum(axis=1, keepdims=True) - unseen[:, judged]
    wins = np.zeros(len(judged))
    # Cells of one score come in both orders, and the mean of the two gives their pairs one half each.
    for step in (1, -1):
        order = np.argsort(share[::step, judged], axis=0, kind="stable")
        positive = np.take_along_axis(ones[::step], order, axis=0)
        negative = np.take_along_axis(zeros[::step], order, axis=0)
        wins += (positive * (np.cumsum(negative, axis=0) - negative / 2)).sum(axis=0) / 2
    return float(np.average(wins / (ones.sum(axis=0) * zeros.sum(axis=0)), weights=totals[judged]))


def _r2(values: np.ndarray | None, cell: np.ndarray, target: np.ndarray, train: np.ndarray) -> float:
    middle = target[train].mean()
    centred = (target - middle) / (np.abs(target - middle).max() or 1.0)
    count = np.bincount(cell[train], minlength=int(cell.max()) + 1)
    total = np.bincount(cell[train], centred[train], minlength=len(count))
    guess = (total / (count + 1))[cell[~train]]
    filled = np.flatnonzero(count[1:]) + 1
    if values is not None and len(filled):
        known = np.nan_to_num(values)
        places = np.bincount(cell[train], known[train], minlength=len(count))[filled] / count[filled]
        between = np.interp(known[~train], places, total[filled] / count[filled])
        guess = np.where(cell[~train] == 0, guess, between)
    left = centred[~train] - guess
    around = centred[~train] - centred[~train].mean()
    spread = float((around * around).sum())
    return 1.0 - float((left * left).sum()) / spread if spread > 0 else 0.0


def likeness_within(level: np.ndarray, target: np.ndarray, classes: int) -> tuple[float, float]:
    """Return how alike targets are within a level, and how many standard errors that is from chance.

    `level` are int64 codes (n,), each level with at least one row. The likeness is the intraclass correlation of a
    one-way analysis of variance (Fisher, 1925), over class indicators together where `classes` > 0; 0 is chance, 1 is
    one target value a level. The standard error is that of the F ratio under chance, for many levels.
    """
    count = np.bincount(level)
    rows, levels = len(level), int((count > 0).sum())
    if levels < 2 or rows <= levels:
        return 0.0, 0.0
    if classes:
        table = np.bincount(level * classes + target, minlength=len(count) * classes).reshape(len(count), classes)
        share = table.sum(axis=0) / rows
        filled = count > 0
        between = float((table[filled] ** 2 / count[filled, None]).sum() - rows * (share**2).sum())
        whole = float(rows * (1 - (share**2).sum()))
    else:
        centred = target - target.mean()
        centred = centred / (np.abs(centred).max() or 1.0)
        total = np.bincount(level, centred)
        between = float((total[count > 0] ** 2 / count[count > 0]).sum())
        whole = float((centred * centred).sum())
    within = max(whole - between, 0.0)
    if whole <= 0:
        return 0.0, 0.0
    size = (rows - float((count.astype(float) ** 2).sum()) / rows) / (levels - 1)
    mean_between, mean_within = between / (levels - 1), within / (rows - levels)
    if mean_within <= 1e-12 * mean_between:
        return 1.0, float("inf")
    likeness = (mean_between - mean_within) / (mean_between + (size - 1) * mean_within)
    chance = np.sqrt(2 / (levels - 1) + 2 / (rows - levels))
    return float(likeness), float((mean_between / mean_within - 1) / chance)


def likeness_of_neighbours(target: np.ndarray, classes: int) -> tuple[float, float]:
    """Return how alike the targets of consecutive rows are, and how many standard errors that is from chance.

    For classes it is the share of equal neighbours beyond chance over the most possible (Cohen's kappa, 1960); for a
    regression target the correlation of neighbouring ranks. 0 is chance, 1 is perfect.
    """
    rows = len(target)
    if rows < 3:
        return 0.0, 0.0
    if classes:
        share = np.bincount(target, minlength=classes) / rows
        chance = float((share**2).sum())
        if chance >= 1:
            return 0.0, 0.0
        alike = (float((target[1:] == target[:-1]).mean()) - chance) / (1 - chance)
    else:
        places = ranks(target)
        alike = correlation(places[1:], places[:-1])
    return float(alike), float(alike * np.sqrt(rows - 1))


def likeness_of_neighbours_within(values: np.ndarray, cell: np.ndarray) -> float:
    """Return how alike a column's ranks are in consecutive rows of one cell, as a correlation beyond the cell's mean.

    `cell` are int64 codes (n,), such as classes or quantile ranges of the target: what the target explains of the
    likeness of neighbours is thereby taken out. Missing values stand in the middle.
    """
    known = ~np.isnan(values)
    place = np.full(len(values), (known.sum() + 1) / 2)
    place[known] = ranks(values[known])
    place -= (np.bincount(cell, place) / np.maximum(np.bincount(cell), 1))[cell]
    order = np.argsort(cell, kind="stable")
    same = cell[order][1:] == cell[order][:-1]
    if same.sum() < 3:
        return 0.0
    return correlation(place[order][1:][same], place[order][:-1][same])


def drift_of_target(target: np.ndarray, classes: int) -> float:
    """Return the AUC by which a target alone, in the order of the rows, tells their first fifth from the last."""
    fifth = len(target) // 5
    if fifth < 20:
        return 0.5
    first, last = target[:fifth], target[-fifth:]
    if classes:
        shares = np.bincount(first, minlength=classes) - np.bincount(last, minlength=classes)
        return 0.5 + float(np.abs(shares).max()) / fifth / 2
    auc = rank_auc(np.concatenate([first, last]), np.arange(2 * fifth) < fifth)
    return max(auc, 1 - auc)
