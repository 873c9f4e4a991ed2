"""Records -> the content of verdict.json.

Whoever tells of a finished run reads the document made here, and none of the records.
"""

from __future__ import annotations

import dataclasses
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from advisor import modalities, profiling
from advisor.learners import catalogue
from advisor.measuring import costs
from advisor.measuring.evidence import gain_interval, gain_of
from advisor.records import (
    Budget,
    Case,
    Champion,
    Comparison,
    Cost,
    Effort,
    Handed,
    How,
    Look,
    Option,
    Outcome,
    Plan,
    Reading,
    Verdict,
)
from advisor.records.outlook import WouldChange
from advisor.redacted import redacted, without_credentials
from advisor.telling import recommended, sentences, time_left
from advisor.telling.naming import by_learner, key_of, late_among

SCHEMA = 1
# The level of an interval that nobody measured.
LEVEL = 0.9
_PACKAGES = (
    "numpy", "pandas", "scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "optuna", "mlflow",
)  # fmt: skip
_READINGS: tuple[How, ...] = ("alone", "in_company")


def verdict_document(
    verdict: Verdict,
    handed: Handed | None,
    case: Case,
    budget: Budget,
    *,
    spent_seconds: float,
    environment: Mapping[str, Any],
    mlflow: Mapping[str, Any] | None,
    would_change: WouldChange,
    effort: Any,
    began: float,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the content of verdict.json, free of NaN and infinity: what is not known is None.

    `case` is that of all that was measured; `handed` None where no model was made. `effort` is a mapping or a record.
    `began` is the run's begin in seconds since the epoch; `notes` are what was noticed while it ran.
    """
    plan = case.plan
    worked = time_left.worked_on(verdict, handed, case, began)
    carrying = verdict.readings.get(verdict.how or "alone")
    compared = None if carrying is None else carrying.comparison
    content: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "answer": verdict.answer,
            "sentence": sentences.sentence(verdict, handed, case),
            "how": verdict.how,
            **_compared(compared),
            "min_gain": verdict.min_gain,
            "readings": {how: _reading(verdict.readings.get(how), case) for how in _READINGS},
            "metric": plan.metric,
            "recommended": recommended.described(verdict, handed, case),
            "champions": {
                which: None if one is None else _champion(one, case) for which, one in verdict.champions.items()
            },
            "leaderboard": verdict.board,
            "skipped": plan.skipped,
            "failed": {row.learner: row.message for row in verdict.board if row.status == "failed"},
            "weights": licences(plan),
            "reasons": [*sentences.reasons(verdict, handed, case, budget, worked=worked), *notes],
            "rules": verdict.rules,
            "would_change": _in_words(would_change),
            "effort": _effort(effort),
            "cost": verdict.account,
            "looks": [_look(look, verdict.how or "alone") for look in verdict.looks],
            **_profile(case),
            "rows_used": len(plan.folds.rows),
            "splits": _splits(case),
            "budget": _budget(budget, spent_seconds, verdict.looks, worked),
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


def environment(plan: Plan, outcomes: Iterable[Outcome], command: str) -> dict[str, Any]:
    """Describe where and with what the run was made; no path, no name of the machine, and no password."""
    costs_of_fits = (result.cost for outcome in outcomes for result in outcome.results.values())
    trained_on = next((cost for cost in costs_of_fits if cost.device != "cpu"), Cost())
    return {
        "versions": {"advisor": installed("neural-net-advisor"), **{name: installed(name) for name in _PACKAGES}},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": costs.cpu_name(),
        # What the nets ran on; "auto" would say nothing.
        "device": trained_on.device,
        "gpu": None if trained_on.device == "cpu" else trained_on.device_name,
        "seed": plan.seed,
        "command": redacted(command),
        "fingerprint": plan.fingerprint,
    }


def installed(package: str) -> str | None:
    """Return the version of an installed package without importing it, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it: plain dicts, lists, strings and finite numbers; NaN and infinity become None.

    No secret is in what it returns.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
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
    return value if value is None or isinstance(value, (bool, int, float)) else redacted(str(value))


def _compared(compared: Comparison | None) -> dict[str, Any]:
    """Return what a comparison found in relative error reductions; all unknown where there was none."""
    if compared is None:
        unknown = {"estimate": None, "low": None, "high": None, "level": LEVEL}
        return {"gain": unknown, "p_worth": None, "detectable_gain": None}
    return {
        "gain": gain_interval(compared.theta, compared.low, compared.high, compared.level),
        "p_worth": compared.p_worth,
        "detectable_gain": gain_of(compared.detectable_theta) if compared.detectable_theta > 0 else None,
    }


def _reading(reading: Reading | None, case: Case) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        **_compared(reading.comparison),
        "without": _option(reading.without, case),
        "with": _option(reading.with_nets, case),
        "min_gain": reading.min_gain,
        "rows": reading.comparison.rows,
    }


def _option(option: Option, case: Case) -> dict[str, Any]:
    members = by_learner(option.members, case)
    learner = next(iter(members)) if len(members) == 1 else option.which
    return {
        "which": option.which, "learner": learner, "members": members, "score": option.score, "low": option.low,
        "high": option.high, "error": option.error, "cut_short": late_among(option.members, case),
    }  # fmt: skip


def _champion(champion: Champion, case: Case) -> dict[str, Any]:
    """Describe a champion: the settings of one model as they are, of a blend by learner, and who was cut short."""
    params = champion.params[champion.learner] if len(champion.members) == 1 else champion.params
    mixture = {key_of(name, champion.params[name]): share for name, share in champion.members.items()}
    return {**dataclasses.asdict(champion), "params": params, "cut_short": late_among(mixture, case)}


def _in_words(changes: WouldChange) -> dict[str, Any]:
    """Describe what would change the answer, reasons that keep a smaller margin from it in words."""
    told = dataclasses.asdict(changes)
    told["smaller_margin"]["because"] = [sentences.reason(why) for why in changes.smaller_margin.because]
    return told


def _effort(effort: Any) -> Any:
    """Write the readings of equal effort as those of the answer are."""
    if not isinstance(effort, Effort):
        return effort
    readings = {"equal_time": effort.equal_time, "equal_trials": effort.equal_trials}
    told = {field.name: getattr(effort, field.name) for field in dataclasses.fields(effort)}
    return told | {name: None if given is None else _compared(given) for name, given in readings.items()}


def _look(look: Look, how: How) -> dict[str, Any]:
    """Describe a look; `p_worth` is that of the reading `how`."""
    told = dataclasses.asdict(look)
    return {**told, "p_worth": look.p_worth.get(how), "readings": dict(look.p_worth)}


def _profile(case: Case) -> dict[str, Any]:
    described = profiling.profile_dict(case.profile)
    found = described.pop("findings")
    data = case.dataset
    own = {"name": data.name, "source": without_credentials(data.source), "notes": data.notes}
    shown = modalities.find(data.modality).samples(data)
    return {"profile": {**described, **own}, "findings": found, "samples": shown}


def _splits(case: Case) -> dict[str, Any]:
    folds, matrix = case.plan.folds, case.matrix
    return {
        "kind": folds.kind,
        "folds": folds.folds,
        # Those that were judged; more are planned than an answer that comes early needs.
        "repeats": 1 if matrix is None else len(matrix.losses),
        "judged": 0 if matrix is None else len(matrix.folds),
        "trainings": case.plan.trainings,
        "group": case.dataset.group_name,
        "time": case.dataset.time_name,
    }


def _budget(budget: Budget, spent_seconds: float, looks: Iterable[Look], worked: bool) -> dict[str, Any]:
    """Set what was spent against what was allowed, and say when the answer was known (None: not before the end).

    `model_worked_on` tells whether anything was begun for the model to use after that.
    """
    known = time_left.answered(looks)
    return {
        "seconds": budget.seconds,
        "spent_seconds": spent_seconds,
        "trials": budget.trials,
        "overrun_pct": max(0.0, 100 * (spent_seconds / budget.seconds - 1)),
        "answered_seconds": None if known is None else known.seconds,
        "model_worked_on": None if known is None else worked,
        "until": budget.until,
    }
