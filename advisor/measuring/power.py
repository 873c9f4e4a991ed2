"""What so many rows could show: the gain that a comparison would see, guessed before anything is trained."""

from __future__ import annotations

import numpy as np
from scipy import special

from advisor.measuring.evidence import TRAINING_OF_BLENDS, widened
from advisor.measuring.metrics import Metric

# How alike two good models err on the same rows, before anything is measured. It reproduces a known case:
# for an accuracy error of 0.15, a gain of 15 % is seen at 1,000 rows, 4.9 % at 10,000, 2.2 % at 50,000.
_GUESSED_CORRELATION = 0.75


def detectable_gain_guess(rows: int, metric: Metric, expected_error: float) -> float:
    """Guess, before any training, the smallest relative error reduction that `rows` rows show with 80 % power.

    As `Comparison.detectable_theta`, with the spread of a relative row loss from textbook cases (accuracy: 0/1 losses
    of rate `expected_error`; AUC: Hanley and McNeil 1982 with classes of equal size; RMSE and MAE: normal residuals;
    log loss: exponential) and a correlation of 0.75 between the row losses of the two sides. Heavier tails make the
    true figure larger.
    """
    bounded = min(max(expected_error, 1e-3), 0.5)
    squared_variation = {
        "roc_auc": _hanley_mcneil(bounded),
        "accuracy": (1 - bounded) / bounded,
        "balanced_accuracy": (1 - bounded) / bounded,
        "log_loss": 1.0,
        "rmse": 2.0,
        "mae": np.pi / 2 - 1,
    }[metric.name]
    spread = metric.power * np.sqrt(2 * squared_variation * (1 - _GUESSED_CORRELATION))
    theta = (special.ndtri(0.95) + special.ndtri(0.80)) * widened(
        spread / float(np.sqrt(rows)), training=TRAINING_OF_BLENDS
    )
    return float(-np.expm1(-theta))


def _hanley_mcneil(error: float) -> float:
    """Return n times the squared relative standard error of 1 - AUC for many rows, half of them positive."""
    area = 1 - error
    return 2 * ((area / (2 - area) - area**2) + (2 * area**2 / (1 + area) - area**2)) / error**2
