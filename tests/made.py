"""Outcomes made by hand, for everything that judges them: predictions are the target blurred by a chosen noise."""

from dataclasses import replace

import numpy as np
import pandas as pd

from advisor.records import Cost, Dataset, Job, Outcome, Plan, Profile, Split, Splits, Trial

ROWS, FOLDS = 600, 3
rng = np.random.default_rng(0)
TARGET = rng.integers(0, 2, ROWS)
DATASET = Dataset("made", "tabular", "binary", pd.DataFrame({"a": np.zeros(ROWS)}), TARGET, "y", ("0", "1"))
PROFILE = Profile("made", "tabular", ROWS, "binary", (), {}, 1, {}, (), "print")


def plan(repeats=1):
    parts = []
    for repeat in range(repeats):
        fold_of = np.random.default_rng(repeat).permutation(ROWS) % FOLDS
        parts += [
            Split(len(parts) + fold, repeat, fold, np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold))
            for fold in range(FOLDS)
        ]
    learners = ("dummy", "linear", "xgboost", "mlp")
    return Plan(
        "binary", "roc_auc", Splits("stratified", FOLDS, repeats, tuple(parts), 1), learners, {}, 0, "cpu", "auto", "f"
    )


FAMILY = {"dummy": "dummy", "linear": "classical", "xgboost": "classical", "mlp": "neural"}


def outcome(learner, part, noise, inner_error, stage="default", **changes):
    """An outcome whose predictions are the target blurred by `noise`; the inner error is set apart from it."""
    seen = np.random.default_rng([sum(map(ord, learner)), part.number])
    risk = 1 / (1 + np.exp(-(TARGET[part.test] - 0.5 + noise * seen.normal(size=len(part.test)))))
    known = {
        "error": noise,
        "inner_error": inner_error,
        "predictions": np.full((len(part.test), 2), 0.5) if noise > 99 else np.column_stack([1 - risk, risk]),
        "trials": (Trial(0, {}, inner_error, 1.0, "complete", 0.0),),
        "cost": Cost(tune_seconds=1.0, fit_seconds=0.5, cpu_seconds=1.5, latency_p99_ms=2.0, model_mb=3.0),
    }
    return Outcome(Job(learner, FAMILY[learner], part.number, stage, 0), "ok", **{**known, **changes})


def all_outcomes(chosen, noises=None, inner=None):
    noises = {"dummy": 100, "linear": 0.2, "xgboost": 0.6, "mlp": 0.5, **(noises or {})}
    inner = {"dummy": 0.5, "linear": 0.3, "xgboost": 0.1, "mlp": 0.2, **(inner or {})}
    return [outcome(name, part, noises[name], inner[name]) for part in chosen.splits.parts for name in FAMILY]


def all_guessing(chosen):
    """Return outcomes in which everybody predicts what the dummy does, so that no row speaks for anyone."""
    outcomes = all_outcomes(chosen)
    guesses = {o.job.split: o.predictions for o in outcomes if o.job.family == "dummy"}
    return [replace(o, predictions=guesses[o.job.split]) for o in outcomes]
