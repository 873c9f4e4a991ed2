"""CatBoost: symmetric boosted trees with ordered target statistics for categories.

Its default is the library's own: many trees at a pace of its choosing, and no row held out. Slow boosting needs
none to know when to stop, and few rows are too dear. Settings that name a learning rate are stopped by rows held out.
Measured on 26 tables at 500 rows, another default, that which Holzmueller, Grinsztajn and Steinwart (2024) tuned for
larger ones, had 3 % more error by the median (from 31 % less to 40 % more) and
took up to 7 times as long on regressions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor.contracts import FitReport, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import (
    MOST_ROWS_TO_REFIT,
    EarlyStopping,
    EarlyStoppingClassifier,
    EarlyStoppingRegressor,
    Trained,
)
from advisor.learners._seconds import Growth

_OBJECTIVES = {"rmse": "RMSE", "mae": "MAE"}


class CatBoostModel(EarlyStopping):
    """The hooks of EarlyStopping for CatBoost; the parameters carry CatBoost's own names, and None is its own choice.

    Without a `learning_rate` CatBoost chooses one that fits `max_iterations` trees, and all rows are learnt from.
    """

    def __init__(
        self,
        *,
        learning_rate: float | None = None,
        depth: int | None = None,
        l2_leaf_reg: float | None = None,
        random_strength: float | None = None,
        subsample: float | None = None,
        one_hot_max_size: int | None = None,
        leaf_estimation_iterations: int | None = None,
        border_count: int | None = None,
        max_iterations: int = 1000,
        metric: str | None = None,
        validation_fraction: float = 0.2,
        patience: int = 50,
        refit: bool = False,
        seconds: float | None = None,
        random_state: Any = 0,
        n_jobs: int = 1,
    ) -> None:
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2_leaf_reg = l2_leaf_reg
        self.random_strength = random_strength
        self.subsample = subsample
        self.one_hot_max_size = one_hot_max_size
        self.leaf_estimation_iterations = leaf_estimation_iterations
        self.border_count = border_count
        self.max_iterations = max_iterations
        self.metric = metric
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.refit = refit
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _trained(
        self, X: np.ndarray, y: np.ndarray, groups: Any, times: Any, deadline: float
    ) -> tuple[Any, int, np.ndarray, FitReport]:
        """Hold rows out where a learning rate is given; without one learn from all rows, as many trees as asked."""
        if self.learning_rate is not None:
            return super()._trained(X, y, groups, times, deadline)
        model = self._retrain(X, y, self.max_iterations, deadline).model
        shares = np.ones(len(self.classes_) if self._loss == "log_loss" else 1)
        return model, int(model.tree_count_), shares, FitReport(cut_short=time.monotonic() >= deadline)

    def _library_params(self, iterations: int) -> dict[str, Any]:
        chosen = {
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2_leaf_reg,
            "random_strength": self.random_strength,
            "subsample": self.subsample,
            "bootstrap_type": None if self.subsample is None else "Bernoulli",
            "one_hot_max_size": self.one_hot_max_size,
            "leaf_estimation_iterations": self.leaf_estimation_iterations,
            "border_count": self.border_count,
        }
        params = {
            **{name: value for name, value in chosen.items() if value is not None},
            "iterations": iterations,
            "random_seed": self.seed_,
            "thread_count": self.n_jobs,
            "allow_writing_files": False,
            "allow_const_label": True,
            "logging_level": "Silent",
        }
        return params | self._objective()

    def _objective(self) -> dict[str, Any]:
        """Return the loss that is trained on, in CatBoost's words."""
        if self._loss != "log_loss":
            return {"loss_function": _OBJECTIVES[self._loss]}
        if len(self.classes_) == 2:
            return {"loss_function": "Logloss"}
        return {"loss_function": "MultiClass", "classes_count": len(self.classes_)}

    def _pool(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        import catboost

        categorical = [i for i, levels in enumerate(self.cardinalities_) if levels]
        if not categorical:
            return catboost.Pool(X, y, thread_count=self.n_jobs)
        frame = pd.DataFrame(X).astype(np.float32)
        for i in categorical:
            # CatBoost takes whole numbers as levels, but no NaN among them: missing becomes a level of its own.
            frame[i] = np.nan_to_num(X[:, i], nan=-1).astype(np.int32)
        return catboost.Pool(frame, y, cat_features=categorical, thread_count=self.n_jobs)

    def _train(self, X: np.ndarray, y: np.ndarray, X_held: np.ndarray, y_held: np.ndarray, deadline: float) -> Trained:
        import catboost

        model = catboost.CatBoost(self._library_params(self.max_iterations))
        model.fit(
            self._pool(X, y),
            eval_set=self._pool(X_held, y_held),
            early_stopping_rounds=self.patience,
            callbacks=[StopAtDeadline(deadline)],
        )
        losses = next(iter(model.get_evals_result()["validation"].values()))
        return Trained(model, int(model.tree_count_), tuple(losses))

    def _retrain(self, X: np.ndarray, y: np.ndarray, iterations: int, deadline: float) -> Trained:
        import catboost

        model = catboost.CatBoost(self._library_params(iterations))
        return Trained(model.fit(self._pool(X, y), callbacks=[StopAtDeadline(deadline)]), iterations)

    def _raw_predict(self, model: Any, X: np.ndarray) -> np.ndarray:
        kind = "Probability" if self._loss == "log_loss" else "RawFormulaVal"
        raw: np.ndarray = model.predict(self._pool(X), prediction_type=kind, thread_count=self.n_jobs)
        return raw


class CatBoostClassifier(EarlyStoppingClassifier, CatBoostModel):
    """CatBoost for classes; see EarlyStopping for what it does with rows and labels."""


class CatBoostRegressor(EarlyStoppingRegressor, CatBoostModel):
    """CatBoost for values; see EarlyStopping for what it does with rows and targets."""


class StopAtDeadline:
    """CatBoost asks after each iteration whether to go on."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def after_iteration(self, state: Any) -> bool:
        return time.monotonic() < self.deadline


# Trees of the default. Half as many, at the faster pace that CatBoost then chooses, took half the time: on 26 tables of
# 500 rows with 1 % more error, on 12 of 4,000 with 2 % less. A tree for many classes has as many values in every leaf.
FEW_ROWS, MANY_CLASSES = 1_000, 6
TREES_FOR_FEW, TREES_FOR_MANY = 1000, 500
# Cuts of a column that are tried where rows are few: as good as 254 on 13 tables of 500 rows, in a quarter of
# the time where columns are continuous.
CUTS_FOR_FEW = 64


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (CatBoostRegressor if setting.task == "regression" else CatBoostClassifier)(
        metric=setting.metric,
        refit=setting.rows <= MOST_ROWS_TO_REFIT,
        seconds=setting.seconds,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    if setting.rows <= FEW_ROWS:
        model.set_params(border_count=CUTS_FOR_FEW)
    few_classes = len(setting.profile.target.get("classes", ())) < MANY_CLASSES
    if not params and not (setting.rows <= FEW_ROWS and few_classes):
        model.set_params(max_iterations=TREES_FOR_MANY)
    model.set_params(**params)
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model)])


def _space(setting: Setting) -> Space:
    """The space of TabArena (Erickson et al. 2025), the learning rate from 0.02 up: 1000 iterations must be enough."""
    return {
        "learning_rate": Float(0.02, 0.2, log=True),
        "depth": Integer(4, 9),
        "l2_leaf_reg": Float(1e-5, 5.0, log=True),
        "random_strength": Float(0.0, 2.0),
        "subsample": Float(0.7, 1.0),
        "one_hot_max_size": Integer(8, 100, log=True),
        "leaf_estimation_iterations": Integer(1, 20, log=True),
    }


LEARNER = Learner(
    name="catboost",
    family="classical",
    summary="Symmetric boosted trees of CatBoost, with its own settings at first, ordered statistics for categories.",
    build=_build,
    space=_space,
    requires=("catboost",),
    seconds=Growth(
        1.6, rows=0.5, columns=0.3, classes=0.55, values=0.8, drop=(FEW_ROWS, TREES_FOR_FEW / TREES_FOR_MANY)
    ),
)
