"""What is expected of a net before it is tuned: landmarks of the data, and figures from published results.

It may hasten "not worth it" and order the work; no function here can make "worth it" more likely.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.evidence import StandardError, posterior
from advisor.records import Task

# How much more the net gains from tuning than the trees, on the scale of theta: TabArena-Lite (Erickson et al. 2025),
# 38 tables, default against tuned, each side's champion chosen by validation rows: mean 0.018 and sd 0.061 after
# winsorising a tenth at either end. Plain 0.032 and 0.122: with one fold a table much of that is noise of small test
# parts. The 20 tables of 5,000 rows and more, winsorised: 0.024 and 0.040.
GAIN_MEAN, GAIN_SD = 0.02, 0.06

BOOSTED = ("xgboost", "lightgbm", "catboost")
# Below this share of the dummy's error two models cannot be told apart on the rows of a look.
SMALLEST_SHARE = 1e-3


@dataclass(frozen=True)
class Prior:
    """What is expected of theta, the log ratio of the errors (classical over neural): a normal distribution."""

    mean: float
    sd: float


# Theta between tuned champions, each chosen by validation rows: the same 38 tables, mean 0.0145 with a standard error
# of 0.021, sd 0.129. It does not differ from `evidence`'s N(-0.01, 0.12^2), which therefore stands. With the tables of
# papers that propose nets (Gorishniy et al. 2021 to 2024) there are 93, with 0.038 and 0.160.
PUBLISHED = Prior(0.015, 0.13)


def landmarks(errors: Mapping[str, float], *, task: Task, rows: int, classes: int) -> dict[str, float] | None:
    """Return the meta-features of a table: log ratios of the errors of defaults, and its size and task.

    `errors` are by learner, on the same rows; "dummy", "linear", "knn", "forest" and at least one of the boosted trees
    are needed, else None. `rows` is n, `classes` K (0 for regression). The boosted trees enter with the mean of their
    log errors: the best of three would owe something to luck.
    """
    boosted = [errors[name] for name in BOOSTED if name in errors]
    if not boosted or not all(name in errors for name in ("dummy", "linear", "knn", "forest")):
        return None
    if not errors["dummy"] > 0:
        return None

    def log(*found: float) -> float:
        return float(np.mean(np.log(np.clip(np.divide(found, errors["dummy"]), SMALLEST_SHARE, 1 / SMALLEST_SHARE))))

    return {
        "linear / forest": log(errors["linear"]) - log(errors["forest"]),
        "knn / forest": log(errors["knn"]) - log(errors["forest"]),
        "forest / dummy": log(errors["forest"]),
        "boosted / forest": log(*boosted) - log(errors["forest"]),
        "log10 rows": float(np.log10(rows)),
        "log2 classes": float(np.log2(max(classes, 1))),
        "regression": float(task == "regression"),
    }


def chance_after_tuning(
    theta: float, error: StandardError, theta_min: float, landmark_prior: Prior | None = None
) -> float:
    """Return the chance that the net, tuned, gains more than `theta_min`, given `theta` between untuned champions.

    For "not worth it" at the look at defaults, and for nothing else: P(theta + G > theta_min) with G ~ N(GAIN_MEAN,
    GAIN_SD^2). It is the larger of the chances under the weak prior and under none, as `evidence.answer_of` asks for;
    what the landmarks expect can only lower it, and only where no prior at all would already call the gain unlikely
    (below one half). A landmark prior that expects a gain changes nothing.
    """
    tuned = StandardError(float(np.hypot(error.value, GAIN_SD)), error.df, error.method)
    flat = tuned.chance(theta + GAIN_MEAN - theta_min, tuned.value)
    chance = max(flat, posterior(theta + GAIN_MEAN, tuned, theta_min))
    if landmark_prior is None or flat >= 0.5:
        return chance
    informed = posterior(
        theta + GAIN_MEAN, tuned, theta_min, prior_mean=landmark_prior.mean, prior_sd=landmark_prior.sd
    )
    return min(chance, informed)
