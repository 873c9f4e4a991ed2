"""CatBoost: symmetric boosted trees with ordered target statistics for categories, stopped by rows held out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor.contracts import Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import (
    MOST_ROWS_TO_REFIT,
    EarlyStopping,
    EarlyStoppingClassifier,
    EarlyStoppingRegressor,
    Trained,
)
from advisor.learners._seconds import NO_REFIT, Growth

_OBJECTIVES = {"rmse": "RMSE", "mae": "MAE"}


class CatBoostModel(EarlyStopping):
    """The hooks of EarlyStopping for CatBoost; the parameters carry CatBoost's own names."""

    def __init__(
        self,
        *,
        learning_rate: float = 0.08,
        depth: int = 7,
        l2_leaf_reg: float = 1e-5,
        random_strength: float = 0.8,
        subsample: float = 0.9,
        one_hot_max_size: int = 15,
        leaf_estimation_iterations: int = 1,
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
        self.max_iterations = max_iterations
        self.metric = metric
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.refit = refit
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _library_params(self, iterations: int) -> dict[str, Any]:
        params = {
            "iterations": iterations,
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2_leaf_reg,
            "random_strength": self.random_strength,
            "bootstrap_type": "Bernoulli",
            "subsample": self.subsample,
            "one_hot_max_size": self.one_hot_max_size,
            "leaf_estimation_iterations": self.leaf_estimation_iterations,
            "boosting_type": "Plain",
            "max_bin": 254,
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

    def _raw_predict(self, X: np.ndarray) -> np.ndarray:
        kind = "Probability" if self._loss == "log_loss" else "RawFormulaVal"
        raw: np.ndarray = self.model_.predict(self._pool(X), prediction_type=kind, thread_count=self.n_jobs)
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


# Tuned on 118 data sets by Holzmueller, Grinsztajn and Steinwart (2024), "Better by default", there called CatBoost-TD.
_DEFAULTS: Mapping[bool, Mapping[str, Any]] = {
    True: {
        "learning_rate": 0.09,
        "depth": 9,
        "random_strength": 0.0,
        "one_hot_max_size": 20,
        "leaf_estimation_iterations": 20,
    },
    False: {
        "learning_rate": 0.08,
        "depth": 7,
        "random_strength": 0.8,
        "one_hot_max_size": 15,
        "leaf_estimation_iterations": 1,
    },
}


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    regression = setting.task == "regression"
    model = (CatBoostRegressor if regression else CatBoostClassifier)(
        metric=setting.metric,
        refit=setting.rows <= MOST_ROWS_TO_REFIT,
        seconds=setting.seconds,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    model.set_params(**{**_DEFAULTS[regression], **params})
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
    summary="Symmetric boosted trees of CatBoost with ordered statistics for categories and early stopping.",
    build=_build,
    space=_space,
    requires=("catboost",),
    seconds=Growth(0.4, rows=0.6, columns=0.2, classes=0.75, values=6.0, drop=NO_REFIT),
)
