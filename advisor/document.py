"""Records -> what a run leaves behind: the content of verdict.json, the tables of outcomes and of predictions."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from advisor import costs, profiling
from advisor.learners import catalogue
from advisor.metrics import METRICS
from advisor.records import Budget, Cost, Dataset, Outcome, Plan, Profile, Verdict
from advisor.standings import Standings

SCHEMA = 1
_PACKAGES = (
    "numpy", "pandas", "scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "optuna", "mlflow",
)  # fmt: skip


def verdict_document(
    verdict: Verdict,
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    budget: Budget,
    *,
    spent_seconds: float,
    environment: Mapping[str, Any],
    mlflow: Mapping[str, Any] | None,
    further: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of verdict.json, free of NaN and infinity: what is not known is None.

    `further` are the keys that are no part of the verdict: would_change, effort and variance.
    """
    described = profiling.profile_dict(profile)
    judged = max((row["splits"] for row in verdict.leaderboard), default=0)
    content: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "answer": verdict.answer,
            "sentence": verdict.sentence,
            "p_worth": verdict.p_worth,
            "min_gain": verdict.min_gain,
            "gain": verdict.gain,
            "detectable_gain": verdict.detectable_gain,
            "metric": verdict.metric,
            "recommended": verdict.recommended,
            "champions": verdict.champions,
            "leaderboard": verdict.leaderboard,
            "skipped": plan.skipped,
            "weights": licences(plan),
            "failed": verdict.failed,
            "reasons": verdict.reasons,
            "rules": verdict.rules,
            **further,
            "cost": verdict.cost,
            "looks": verdict.looks,
            "profile": {**described, "name": dataset.name, "source": dataset.source, "notes": dataset.notes},
            "findings": described.pop("findings"),
            "splits": {
                "kind": plan.splits.kind,
                "folds": plan.splits.folds,
                # Those that were run; more are planned than an answer that comes early needs.
                "repeats": max(1, judged // plan.splits.folds),
                "inner_folds": plan.splits.inner_folds,
                "judged": judged,
                "group": dataset.group_name,
                "time": dataset.time_name,
            },
            "budget": spent(budget, spent_seconds),
            "mlflow": mlflow,
            "environment": environment,
        }
    )
    return content


def licences(plan: Plan) -> dict[str, str]:
    """Name the pre-trained weights of those that take part, and their licence: {learner: words}."""
    return {
        learner.name: learner.weights for learner in catalogue() if learner.weights and learner.name in plan.learners
    }


def spent(budget: Budget, seconds: float) -> dict[str, Any]:
    """Set what was spent against what was allowed."""
    return {
        "seconds": budget.seconds,
        "spent_seconds": seconds,
        "trials": budget.trials,
        "saved_seconds": max(0.0, budget.seconds - seconds),
        "overrun_pct": max(0.0, 100 * (seconds / budget.seconds - 1)),
    }


def environment(plan: Plan, outcomes: Iterable[Outcome], command: str) -> dict[str, Any]:
    """Describe where and with what the run was made; no path and no name of the machine."""
    trained_on = next((o.cost for o in outcomes if o.cost.device != "cpu"), Cost())
    return {
        "versions": {"advisor": installed("neural-net-advisor"), **{name: installed(name) for name in _PACKAGES}},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": costs.cpu_name(),
        # What the nets ran on; "auto" would say nothing.
        "device": trained_on.device,
        "gpu": None if trained_on.device == "cpu" else trained_on.device_name,
        "seed": plan.seed,
        "command": command,
        "fingerprint": plan.fingerprint,
    }


def installed(package: str) -> str | None:
    """Return the version of an installed package without importing it, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def outcomes_table(outcomes: Iterable[Outcome], plan: Plan, began: float) -> pd.DataFrame:
    """Return every trial and every finished job, one row each; times are seconds since `began` (of the epoch)."""
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        part = plan.splits.parts[outcome.job.split]
        job = {
            "learner": outcome.job.learner,
            "family": outcome.job.family,
            "stage": outcome.job.stage,
            "split": part.number,
            "repeat": part.repeat,
            "fold": part.fold,
        }
        rows += [
            {
                **job,
                "kind": "trial",
                "trial": trial.number,
                "state": trial.state,
                "inner_error": trial.inner_error,
                "seconds": trial.seconds,
                "started_at": trial.started_at - began,
                "ended_at": trial.started_at - began + trial.seconds,
                "params": json.dumps(plain(dict(trial.params))),
            }
            for trial in outcome.trials
        ]
        cost = outcome.cost
        rows.append(
            {
                **job,
                "kind": "outer",
                "state": outcome.status,
                "inner_error": outcome.inner_error,
                "error": outcome.error,
                "score": None if outcome.error is None else METRICS[plan.metric].score(outcome.error),
                "seconds": cost.tune_seconds + cost.fit_seconds + cost.predict_seconds,
                "params": json.dumps(plain(dict(outcome.params))),
                "tune_seconds": cost.tune_seconds,
                "fit_seconds": cost.fit_seconds,
                "predict_seconds": cost.predict_seconds,
                "device": cost.device,
                "device_name": cost.device_name,
                "peak_memory_mb": cost.peak_memory_mb,
                "gpu_memory_mb": cost.gpu_memory_mb,
                "ended": outcome.ended or None,
                "message": outcome.message,
                "curve": json.dumps(plain(dict(outcome.curve))) if outcome.curve else None,
            }
        )
    columns = [
        "learner", "family", "stage", "split", "repeat", "fold", "kind", "trial", "state", "inner_error", "error",
        "score", "seconds", "started_at", "ended_at", "params", "tune_seconds", "fit_seconds", "predict_seconds",
        "device", "device_name", "peak_memory_mb", "gpu_memory_mb", "ended", "message", "curve",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def out_of_fold_table(standing: Standings, dataset: Dataset, plan: Plan) -> pd.DataFrame:
    """Return the champions' predictions of rows they had not seen: one row a test row, cut and family.

    Columns: row (position in the data), split, repeat, fold, family, learner, target, then `prediction` or one
    `p_<class>` a class.
    """
    frames = []
    for family, by_cut in standing.champions.items():
        for number, outcome in sorted(by_cut.items()):
            part = plan.splits.parts[number]
            target = dataset.target[part.test]
            labels = np.asarray(dataset.classes, dtype=object)
            predictions = np.asarray(outcome.predictions)
            names = [f"p_{label}" for label in dataset.classes] or ["prediction"]
            frame = pd.DataFrame(predictions.reshape(len(part.test), -1), columns=names)
            facts = {
                "row": part.test,
                "split": number,
                "repeat": part.repeat,
                "fold": part.fold,
                "family": family,
                "learner": outcome.job.learner,
                "target": labels[target] if dataset.classes else target,
            }
            frames.append(pd.concat([pd.DataFrame(facts), frame], axis=1))
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["row", "split", "family", "target"])
    )


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it: plain dicts, lists, strings and finite numbers; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
