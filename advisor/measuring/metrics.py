"""One table of metrics: each is a per-row loss, so that every one of them can be tested on pairs of rows.

A metric's error is the mean of its per-row losses raised to `power`; its score is what people are used to read. The
area under the ROC curve has no loss of a single row, so its rows carry 1 - AUC minus their influence on it (the
placement values of DeLong, DeLong and Clarke-Pearson 1988): their mean is 1 - AUC and their spread is DeLong's
variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from advisor.errors import UserError, did_you_mean
from advisor.records import Task

# A probability below what float32 can tell from zero is clipped for every learner alike, whatever its own precision.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)

RowLosses = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Metric:
    """How predictions are judged.

    `row_losses(target, prediction)` takes codes or values of shape (n,) and probabilities (n, K) or values (n,), and
    returns (n,) losses; they belong to ONE model on one set of rows (ranks are taken within it). `min_gain` is the
    relative error reduction that is worth having by default, `floor` the least absolute improvement of the error,
    counted in units of the dummy's error where `floor_of_dummy`.
    """

    name: str
    tasks: tuple[Task, ...]
    greater_is_better: bool
    row_losses: RowLosses
    power: float
    min_gain: float
    floor: float
    floor_of_dummy: bool

    def error(self, target: np.ndarray, prediction: np.ndarray) -> float:
        """Return the error of `prediction`, lower is better; NaN where it is not defined (AUC of one class)."""
        return self.error_of_loss(float(np.mean(self.row_losses(target, prediction))))

    def error_of_loss(self, mean_loss: float) -> float:
        """Turn a mean row loss into the error (RMSE: its root)."""
        return float(max(mean_loss, 0.0) ** self.power) if np.isfinite(mean_loss) else float("nan")

    def score(self, error: float) -> float:
        """Turn an error into the score people read: 1 - error where greater is better, the error itself elsewhere."""
        return 1.0 - error if self.greater_is_better else error


def _auc_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    positive = target == 1
    scores = prediction[:, 1]
    ranked, others = np.sort(scores[positive]), np.sort(scores[~positive])
    if not len(ranked) or not len(others):
        return np.full(len(target), np.nan)
    placement = np.empty(len(target))
    placement[positive] = _share_below(others, scores[positive])
    placement[~positive] = 1 - _share_below(ranked, scores[~positive])
    area = float(placement[positive].mean())
    share = np.where(positive, len(ranked), len(others)) / len(target)
    losses: np.ndarray = (1 - area) - (placement - area) / share
    return losses


def _share_below(ranked: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return for each score the share of sorted others that lie below it; equal ones count half."""
    below = np.searchsorted(ranked, scores, "left") + np.searchsorted(ranked, scores, "right")
    shares: np.ndarray = below / (2 * len(ranked))
    return shares


def _log_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    likelihood = prediction[np.arange(len(target)), target]
    losses: np.ndarray = -np.log(np.clip(likelihood, SMALLEST_PROBABILITY, 1.0))
    return losses


def _zero_one_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    losses: np.ndarray = (prediction.argmax(axis=1) != target).astype(float)
    return losses


def _balanced_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    counts = np.bincount(target)
    weights = len(target) / ((counts > 0).sum() * counts[target])
    losses: np.ndarray = _zero_one_losses(target, prediction) * weights
    return losses


def _squared_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    losses: np.ndarray = (target - prediction) ** 2
    return losses


def _absolute_losses(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    losses: np.ndarray = np.abs(target - prediction)
    return losses


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_VALUES: tuple[Task, ...] = ("regression",)

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", ("binary",), True, _auc_losses, 1.0, 0.02, 0.0025, False),
        Metric("log_loss", _CLASSES, False, _log_losses, 1.0, 0.01, 0.005, True),
        Metric("accuracy", _CLASSES, True, _zero_one_losses, 1.0, 0.02, 0.005, False),
        Metric("balanced_accuracy", _CLASSES, True, _balanced_losses, 1.0, 0.02, 0.005, False),
        Metric("rmse", _VALUES, False, _squared_losses, 0.5, 0.01, 0.005, True),
        Metric("mae", _VALUES, False, _absolute_losses, 1.0, 0.01, 0.0, True),
    )
}

ERROR_NAMES = {
    "roc_auc": "1 - AUC",
    "log_loss": "log loss",
    "accuracy": "error rate",
    "balanced_accuracy": "balanced error rate",
    "rmse": "RMSE",
    "mae": "MAE",
}

# As the AutoML benchmark of Gijsbers et al. (2024) scores: AUC, log loss, RMSE.
_DEFAULTS: Mapping[Task, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}


def default_metric(task: Task) -> str:
    """Name the metric a task is judged by when nobody says otherwise."""
    return _DEFAULTS[task]


def find(name: str, task: Task) -> Metric:
    """Return the metric called `name` ("auto": the task's default).

    Raises UserError where there is none of that name or it does not fit the task.
    """
    if name == "auto":
        return METRICS[default_metric(task)]
    fitting = [metric.name for metric in METRICS.values() if task in metric.tasks]
    if name not in METRICS:
        raise UserError(f"No metric is called {name!r}. {did_you_mean(name, fitting)}")
    if name not in fitting:
        raise UserError(f"The metric {name} does not fit a {task} target; these do: {', '.join(fitting)}.")
    return METRICS[name]
