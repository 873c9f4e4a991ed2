"""What is expected of a net before it is tuned: figures from published results, and landmarks of the data.

No function here can make "worth it" more likely. The landmarks showed no skill: fitted to published results of 54
tables and judged on the tables left out, one at a time, the ratios of linear model, neighbours, forest and boosted
trees rank nets that beat trees no better than chance (AUC 0.41; 0.48 for strong nets; reports/landmarks.md). So they
decide nothing and are only written down with each run, for a later fit that may know more.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advisor.evidence import StandardError, posterior
from advisor.records import Task

# How much more the net gains from tuning than the trees, on the scale of theta: TabArena-Lite (Erickson et al. 2025),
# 38 tables, default against tuned, each side's champion chosen by validation rows: mean 0.018 and sd 0.061 after
# winsorising a tenth at either end. Plain 0.032 and 0.122: with one fold a table much of that is noise of small test
# parts. The 20 tables of 5,000 rows and more, winsorised: 0.024 and 0.040.
GAIN_MEAN, GAIN_SD = 0.02, 0.06
# Theta between the tuned champions of these tables has a mean of 0.015 (standard error 0.021) and an sd of 0.13, which
# does not differ from the weak prior N(-0.01, 0.12^2) of `evidence`.

BOOSTED = ("xgboost", "lightgbm", "catboost")
# Below this share of the dummy's error two models cannot be told apart on the rows of a look.
SMALLEST_SHARE = 1e-3


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


def chance_after_tuning(theta: float, error: StandardError, theta_min: float) -> float:
    """Return the chance that the net, tuned, gains more than `theta_min`, given `theta` between untuned champions.

    For "not worth it" at the look at defaults, and for nothing else: P(theta + G > theta_min) with G ~ N(GAIN_MEAN,
    GAIN_SD^2). It is the larger of the chances under the weak prior and under none, as `evidence.answer_of` asks for.
    """
    tuned = StandardError(float(np.hypot(error.value, GAIN_SD)), error.df, error.method)
    flat = tuned.chance(theta + GAIN_MEAN - theta_min, tuned.value)
    return max(flat, posterior(theta + GAIN_MEAN, tuned, theta_min))
