"""How verdicts are scored against truth: pure functions of answers, chances and true effects; nothing is run here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

DECIDED = ("worth_it", "not_worth_it")


def truth_class(theta: float, se: float, theta_min: float, confidence: float = 0.95) -> str:
    """Say what was true: "worth_it", "not_worth_it", or "undecidable" within the noise of the rows it was measured on.

    `theta` is the log ratio of the true errors (positive: the net is better) with standard error `se`; one-sided.
    """
    reach = float(stats.norm.ppf(confidence)) * se
    if theta - reach > theta_min:
        return "worth_it"
    return "not_worth_it" if theta + reach < theta_min else "undecidable"


def is_wrong(answer: str, truth: str) -> bool:
    """Tell whether a decided answer contradicts a truth that is known; an abstention is never wrong."""
    return answer in DECIDED and truth in DECIDED and answer != truth


def regret(chosen_error: float, best_error: float) -> float:
    """Return the share of the chosen model's error that the better choice would have avoided: 1 - best / chosen.

    On the scale of a relative error reduction, so that it stays below 1 where the best error is next to nothing;
    negative where the choice was better than what it is measured against, and 0 where the choice makes no error.
    """
    return 0.0 if chosen_error in (best_error, 0.0) else 1.0 - best_error / chosen_error


def published_regret(choice: str, gain: float) -> float:
    """Return the regret of choosing a family where the published gain of the net over the tree is `gain` (1 - N / C).

    `choice` is "neural" or "classical".
    """
    if choice == "classical":
        return max(0.0, gain)
    return 0.0 if gain >= 0 else 1 - 1 / (1 - gain)


def brier(chances: Sequence[float], came_true: Sequence[bool]) -> float:
    """Return the mean squared distance of the chances from what came true (Brier 1950)."""
    return float(np.mean((np.asarray(chances, float) - np.asarray(came_true, float)) ** 2))


def brier_skill(chances: Sequence[float], came_true: Sequence[bool]) -> float:
    """Return 1 - Brier / Brier of always saying the base rate of these very cases; NaN where only one thing happened.

    The base rate is known only afterwards, so that this yardstick is harder than any that could have been used.
    """
    base = float(np.mean(came_true))
    always = base * (1 - base)
    return 1 - brier(chances, came_true) / always if always > 0 else float("nan")


def share_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (1934) for a share; (0, 1) where nothing was counted."""
    if not count:
        return 0.0, 1.0
    low, high = stats.binomtest(hits, count).proportion_ci(level, method="exact")
    return float(low), float(high)


def cluster_interval(
    values: Sequence[object],
    clusters: Sequence[str],
    statistic: Callable[[list[object]], float],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return a percentile interval of `statistic` by drawing whole clusters with replacement (Field and Welsh 2007).

    Several draws of one source are one cluster. Draws on which the statistic does not exist are left out; (NaN, NaN)
    with fewer than two clusters.
    """
    names = sorted(set(clusters))
    if len(names) < 2:
        return float("nan"), float("nan")
    members = {name: [value for value, own in zip(values, clusters, strict=True) if own == name] for name in names}
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = [value for place in rng.integers(len(names), size=len(names)) for value in members[names[place]]]
        figure = statistic(drawn)
        if np.isfinite(figure):
            found.append(figure)
    if not found:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
