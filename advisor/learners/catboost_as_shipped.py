"""CatBoost with the library's own settings: a thousand trees at a pace of its choosing, no row held out.

Few rows are too dear to hold any out, and slow boosting needs none to know when to stop. It is the yardstick that many
know, and beside the other CatBoost (fewer and deeper trees, stopped early) it makes blends better.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from advisor.contracts import FitReport, Learner, Setting
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.learners._seconds import Growth
from advisor.learners.catboost import CatBoostModel, StopAtDeadline


class _AsShipped(CatBoostModel):
    """CatBoost's defaults; `seconds` ends training with the trees that are there by then."""

    def __init__(
        self, *, metric: str | None = None, seconds: float | None = None, random_state: Any = 0, n_jobs: int = 1
    ) -> None:
        self.metric = metric
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit_codes_or_values(self, X: np.ndarray, y: np.ndarray, groups: Any, times: Any) -> None:
        """Train on all rows; `groups` and `times` tell nothing where no row is held out."""
        import catboost

        deadline = math.inf if self.seconds is None else time.monotonic() + self.seconds
        self.seed_ = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.model_ = catboost.CatBoost(
            {
                "random_seed": self.seed_,
                "thread_count": self.n_jobs,
                "allow_writing_files": False,
                "allow_const_label": True,
                "logging_level": "Silent",
                **self._objective(),
            }
        ).fit(self._pool(X, y), callbacks=[StopAtDeadline(deadline)])
        self.best_iteration_ = int(self.model_.tree_count_)
        self.fit_report_ = FitReport(cut_short=time.monotonic() >= deadline)
        if self._loss == "log_loss":
            self.shares_back_ = np.ones(len(self.classes_))


class CatBoostAsShippedClassifier(EarlyStoppingClassifier, _AsShipped):
    """CatBoost's defaults for classes."""


class CatBoostAsShippedRegressor(EarlyStoppingRegressor, _AsShipped):
    """CatBoost's defaults for values."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    kind = CatBoostAsShippedRegressor if setting.task == "regression" else CatBoostAsShippedClassifier
    model = kind(
        metric=setting.metric, seconds=setting.seconds, random_state=setting.seed, n_jobs=setting.threads
    ).set_params(**params)
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model)])


LEARNER = Learner(
    name="catboost_as_shipped",
    family="classical",
    summary="CatBoost with the library's own settings: a thousand trees, no row held out, nothing tuned.",
    build=_build,
    requires=("catboost",),
    # Measured on 14 tables at 500 rows (0.4 to 8 s, the more the more classes and categories).
    seconds=Growth(1.8, rows=0.4, columns=0.3, classes=0.8, values=0.8),
)
