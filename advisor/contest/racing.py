"""When a candidate has fallen so far behind on the folds so far that the others are not worth their time.

The idea is that of BBC-CVD (Tsamardinos, Greasidou and Borboudakis 2018): dropped is who loses in nearly every
bootstrap of the rows so far. Here it has to lose by more than the margin as well.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

DRAWS = 500
MOST_UNITS = 5_000


def falls_behind(
    losses: np.ndarray,
    leader: np.ndarray,
    *,
    margin: float,
    certainty: float,
    clusters: np.ndarray | None = None,
    seed: int = 0,
) -> bool:
    """Tell whether a candidate loses by more than `margin` in a share `certainty` of bootstraps of the same rows.

    `losses` and `leader` (m,) are row losses, `clusters` (m,) codes of rows that are drawn together. `margin` is a
    share of the mean loss: the leader's has to be below (1 - margin) of the candidate's. Nobody falls behind on fewer
    than two rows, or on losses that are not finite.
    """
    if len(losses) < 2 or not np.isfinite(losses).all() or not np.isfinite(leader).all():
        return False
    behind = losses * (1 - margin) - leader
    if clusters is not None:
        behind = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=behind)
    if behind.mean() <= 0:
        return False
    units = len(behind)
    if units > MOST_UNITS:
        # The mean of so many draws is normal by any measure.
        return bool(behind.mean() > NormalDist().inv_cdf(certainty) * behind.std() / np.sqrt(units))
    drawn = behind[np.random.default_rng(seed).integers(units, size=(DRAWS, units))].mean(axis=1)
    return bool(np.mean(drawn > 0) > certainty)
