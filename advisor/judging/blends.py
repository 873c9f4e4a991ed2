"""Blends: weighted means of candidates' predictions, the weights chosen greedily (Caruana et al. 2004)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.measuring.metrics import SMALLEST_PROBABILITY, Metric

# Members drawn at most; a share of a twenty-fifth is the finest that rows of usual number can justify.
MOST_DRAWS = 25
# A search that has not found anything better for so many draws is over.
PATIENCE = 6


def handles(metric: Metric, target: np.ndarray, predictions: Sequence[np.ndarray]) -> np.ndarray:
    """Return what blends are chosen by, (M, m) for M members and m predicted rows, R repeats on top of each other.

    For classes it is the probability of the true one: whatever the metric, weights are chosen by log loss, which no
    single row decides, and which needs no more than that. For values it is the prediction.
    """
    repeats = predictions[0].shape[0]
    rows = np.tile(np.arange(len(target)), repeats)
    if metric.tasks == ("regression",):
        return np.array([each.reshape(-1) for each in predictions], dtype=np.float32)
    codes = target[rows]
    flat = (each.reshape(len(rows), -1) for each in predictions)
    return np.array([each[np.arange(len(rows)), codes] for each in flat], dtype=np.float32)


def shares(
    metric: Metric,
    target: np.ndarray,
    predictions: Sequence[np.ndarray],
    counts: np.ndarray | None = None,
    sizes: np.ndarray | None = None,
    most: np.ndarray | None = None,
) -> np.ndarray:
    """Return a blend's shares (M,) by the predictions, M arrays (R, m, K) or (R, m), of m rows in R repeats.

    `counts` (m,) say how often each row counts (None: once), `sizes` and `most` are as in `weigh`.
    """
    repeats = predictions[0].shape[0]
    member, told = handles(metric, target, predictions), np.tile(target, repeats)
    weights = np.ones(len(target)) if counts is None else counts
    if metric.tasks == ("regression",):
        # Values are divided by their spread, so that single precision holds their squares.
        centre, scale = float(np.mean(target)), float(np.std(target)) or 1.0
        member, told = (member - centre) / np.float32(scale), (told - centre) / scale
    weights = np.tile(weights / weights.sum(), repeats)
    return weigh(member, told.astype(np.float32), weights.astype(np.float32), metric, sizes, most)


def weigh(
    member: np.ndarray,
    target: np.ndarray,
    weights: np.ndarray,
    metric: Metric,
    sizes: np.ndarray | None = None,
    most: np.ndarray | None = None,
) -> np.ndarray:
    """Return shares (M,) that sum to 1: greedy selection with replacement, the best single member first.

    `member` (M, m) is what `handles` returns, `target` (m,) the values (unused for classes), `weights` (m,) how often
    each row counts. In each draw the member joins whose mean with those before has the lowest loss; the draw after
    which it was lowest counts, the earliest of equals. `sizes` (M, q) are what each member takes of q resources, of
    which a blend may take `most` (q,): who would exceed them does not join.
    """
    values = metric.tasks == ("regression",)
    total, counts, left = np.zeros(member.shape[1], dtype=np.float32), np.zeros(len(member)), most
    best, best_loss, since = counts, np.inf, 0
    for count in range(1, MOST_DRAWS + 1):
        mixed = (total + member) / np.float32(count)
        losses = _losses(mixed, target, metric, values) @ weights
        if sizes is not None and left is not None:
            losses = np.where(((counts > 0) | (sizes <= left).all(axis=1)), losses, np.inf)
        chosen = int(np.argmin(losses))
        if not np.isfinite(losses[chosen]):
            break
        if sizes is not None and left is not None and counts[chosen] == 0:
            left = left - sizes[chosen]
        total = total + member[chosen]
        counts = counts.copy()
        counts[chosen] += 1
        if losses[chosen] < best_loss:
            best, best_loss, since = counts, losses[chosen], 0
        else:
            since += 1
            if since >= PATIENCE:
                break
    return np.asarray(best / best.sum()) if best.sum() else best


def _losses(mixed: np.ndarray, target: np.ndarray, metric: Metric, values: bool) -> np.ndarray:
    if not values:
        return np.asarray(-np.log(np.maximum(mixed, np.float32(SMALLEST_PROBABILITY))))
    apart = mixed - target
    return np.asarray(np.abs(apart) if metric.name == "mae" else apart * apart)
