"""Made-up but complete documents and outcomes for every answer and task, to test the report and the schema on."""

import copy
import json
from dataclasses import asdict

import numpy as np
import pandas as pd

from advisor.judging import bills, prices, readings
from advisor.records import Comparison, Option, Prices, Question, Reading

ANSWERS = ("worth_it", "not_worth_it", "too_close_to_call", "no_signal", "not_enough_evidence")
TASKS = ("binary", "multiclass", "regression")

_METRICS = {  # the task's metric, whether greater is better, and the classical champion's error
    "binary": ("roc_auc", True, 0.07),
    "multiclass": ("log_loss", False, 0.31),
    "regression": ("rmse", False, 532.1),
}
_DUMMY_RATIO = {"binary": 0.5 / 0.07, "multiclass": 1.61 / 0.31, "regression": 3989 / 532.1}
_GAINS = {
    "worth_it": (0.081, 0.042, 0.118, 0.9994),
    "not_worth_it": (-0.034, -0.071, 0.002, 0.0031),
    "too_close_to_call": (0.018, -0.021, 0.055, 0.4632),
    "no_signal": (None, None, None, None),
    "not_enough_evidence": (None, None, None, None),
}
# What the best with nets gains over the best without, in company.
_IN_COMPANY = {
    "worth_it": (0.062, 0.031, 0.094, 0.991),
    "not_worth_it": (0.003, -0.002, 0.009, 0.0004),
    "too_close_to_call": (0.021, 0.002, 0.041, 0.5371),
}
_SENTENCES = {
    "worth_it": "Worth it: mlp alone has 8.1 % less error (1 - AUC) than catboost, the best classical model; 90 % "
    "interval from 4.2 % to 12 % less; the chance that it saves more than 2 % is more than 99 %.",
    "not_worth_it": "Not worth it: neither alone nor beside the classical models does a net save more than 2 %.",
    "too_close_to_call": "Too close to call: mlp alone has 1.8 % less error than catboost. Until more is known use the "
    "blend of catboost, mlp and lightgbm, which is expected to be best.",
    "no_signal": "No signal: nothing predicted better than the same answer for every row.",
    "not_enough_evidence": "Not enough evidence: no neural net finished the folds in time.",
}
_LEARNERS = (  # name, family, error relative to the classical champion, seconds of tuning and of one fit
    ("catboost", "classical", 1.0, 46.0, 4.1),
    ("lightgbm", "classical", 1.012, 40.2, 0.9),
    ("xgboost", "classical", 1.021, 44.8, 1.2),
    ("mlp", "neural", None, 131.0, 9.7),
    ("extra-trees", "classical", 1.12, 21.0, 0.8),
    ("forest", "classical", 1.15, 22.9, 1.1),
    ("linear", "classical", 1.31, 3.2, 0.2),
    ("tree", "classical", 1.44, 1.4, 0.05),
    ("knn", "classical", 1.62, 6.3, 0.02),
    ("dummy", "dummy", None, 0.0, 0.001),
)


def document(answer: str = "worth_it", task: str = "binary") -> dict:
    """Return a complete verdict.json as a dictionary."""
    metric, greater, best = _METRICS[task]
    estimate = _GAINS[answer][0]
    board = _leaderboard(answer, task)
    by_name = {row["learner"]: row for row in board}
    classical, neural = by_name["catboost"], by_name["mlp"]
    how = {"worth_it": "alone", "not_worth_it": "in_company"}.get(answer)
    readings = {
        "alone": None if estimate is None else _reading(_GAINS[answer], _alone(classical), _alone(neural)),
        "in_company": None,
    }
    if answer in _IN_COMPANY:
        without = _blend("classical_blend", 0.985 * best, greater, {"catboost": 0.7, "lightgbm": 0.3})
        mixed = {"catboost": 0.5, "mlp": 0.36, "lightgbm": 0.1, "knn": 0.04}
        with_nets = _blend("blend", 0.985 * best * (1 - _IN_COMPANY[answer][0]), greater, mixed)
        readings["in_company"] = _reading(_IN_COMPANY[answer], without, with_nets)
    company = readings["in_company"]
    carrying = readings[how or "alone"] or _reading((None,) * 4, None, None)
    used = _alone(by_name["dummy"]) if answer == "no_signal" else company["with"] if company else _alone(classical)
    return {
        "schema": 1,
        "answer": answer,
        "sentence": _SENTENCES[answer],
        "how": how,
        "p_worth": carrying["p_worth"],
        "min_gain": 0.02,
        "gain": carrying["gain"],
        "detectable_gain": carrying["detectable_gain"],
        "readings": readings,
        "metric": metric,
        "recommended": {
            **{name: used[name] for name in ("which", "learner", "members", "score", "low", "high")},
            "family": "blend" if len(used["members"]) > 1 else by_name[used["learner"]]["family"],
            "reason": "It is expected to have the least error of all champions and blends.",
            "regret": 0.004,
            "best": "blend",
            "fitted_on": "mixed" if company else "all rows",
            "rows": 48842,
            "latency_p50_ms": 3.1,
            "latency_p99_ms": 6.2,
            "model_mb": 4.4,
            "peak_memory_mb": 132.0,
            "one": not company,
            "cut_short": [],
            "folds_because": "no_time" if company else "",
            "problems": ["mlp: it was still learning when its time was up."] if company else [],
        },
        "champions": {
            "classical": _champion(classical, {"depth": 6, "learning_rate": 0.0713}),
            "neural": None if neural["score"] is None else _champion(neural, {"width": 256, "dropout": 0.1}),
            "classical_blend": company and _champion(company["without"], {"catboost": {"depth": 6}, "lightgbm": {}}),
            "blend": company and _champion(company["with"], {"catboost": {"depth": 6}, "mlp": {"width": 256}}),
        },
        "leaderboard": board,
        "weights": {"tabicl": "TabICL, BSD-3-Clause"},
        "skipped": {"ft-transformer": "needs the package rtdl, which is not installed"},
        "failed": {"mlp": "the deadline passed before the first fit ended"} if neural["score"] is None else {},
        "reasons": [
            "The champions were compared on 48,842 out-of-fold rows, the same rows for both.",
            "The chance that the gain exceeds the margin of 2 % decides, at 95 %.",
        ],
        "rules": [
            {
                "rule": "Under 10,000 rows trees usually win.",
                "source": "Grinsztajn, Oyallon and Varoquaux (2022)",
                "applies": False,
                "agrees": None,
                "evidence": "There are 48,842 rows.",
            },
            {
                "rule": "Without a GPU nets are too slow.",
                "source": "common advice",
                "applies": True,
                "agrees": False,
                "evidence": "The net took 3.1 times as long as the boosted trees.",
            },
        ],
        "would_change": {
            "more_rows": _more_rows(estimate),
            "gpu": {"reason": "no net was held back by time"},
            "larger_budget": {
                "left_out": ["tabm"],
                "folds": {"run": 3, "planned": 5},
                "detectable_gain": 0.037,
                "trials": {"classical": 140, "neural": 36},
                "gain": {
                    "classical": {"estimate": 0.003, "low": 0.001, "high": 0.006, "level": 0.9},
                    "neural": {"estimate": 0.012, "low": 0.004, "high": 0.022, "level": 0.9},
                },
                "p_worth": 0.48,
            },
            "smaller_margin": {"min_gain": 0.004},
            "pretrained": {
                "lacking": {"tabicl": "needs pre-trained weights; --foundation says where they are"},
                "took_part": {},
                "reason": "what a net with other weights would reach cannot be told without trying it",
            },
        },
        "effort": {
            "trials": {"classical": 140, "neural": 36},
            "seconds": {"classical": 251.0, "neural": 255.5},
            "equal_trials_used": 36,
            "equal_time": _found((0.031, 0.002, 0.06, 0.7)),
            "equal_trials": _found((-0.004, -0.03, 0.02, 0.1)),
            "sign_differs": True,
            "side_of_margin_differs": True,
        },
        "cost": {
            "neural": _cost(702.5, 41.0, 2.31, 1.9),
            "classical": _cost(251.0, 590.0, 0.84, 0.7),
            "ratio": {"tune_seconds": 2.8, "rows_per_second": 41 / 590, "latency_p99_ms": 2.75, "model_mb": 2.7},
            "break_even": {"reason": "no price of the machine was given (--cost-per-hour)"},
            "pareto": _pareto(board, "cpu_seconds"),
        },
        "looks": [
            {**_look("defaults", 61.2, 0.71 if estimate else None, False), "answer": "too_close_to_call"},
            {**_look("tuned", 388.0, carrying["p_worth"], answer in ("worth_it", "not_worth_it")), "answer": answer},
        ],
        "rows_used": 48842,
        "profile": {
            "name": "adult",
            "modality": "tabular",
            "rows": 48842,
            "columns": 14,
            "task": task,
            "target": _target(task),
            "kinds": {"numeric": 5, "categorical": 8, "high_cardinality": 1},
            "encoded_columns": 98,
            "column_facts": [
                {"name": "age", "kind": "numeric", "missing_share": 0.0, "distinct": 74},
                {"name": "workclass", "kind": "categorical", "missing_share": 0.0573, "distinct": 8},
            ],
            "fingerprint": "5a1f",
            "source": "adult.csv",
            "notes": ["The column 'fnlwgt' was left out, as asked."],
        },
        "findings": [
            {
                "code": "F01",
                "severity": "info",
                "message": "52 rows stand twice in the data.",
                "advice": "A duplicate was kept on one side of every split; nothing to do.",
                "evidence": {"duplicates": 52, "share": 0.00106},
            },
            {
                "code": "F04",
                "severity": "severe",
                "message": "The column 'capital_gain_code' predicts the target alone.",
                "advice": "Leave it out with --drop unless it is known before the target is.",
                "evidence": {"column": "capital_gain_code", "roc_auc": 0.9981},
            },
        ],
        "splits": {
            "kind": "stratified",
            "folds": 5,
            "repeats": 1,
            "judged": 5,
            "trainings": 1,
            "group": None,
            "time": None,
        },
        "budget": {
            "seconds": 600.0,
            "spent_seconds": 588.4,
            "trials": 60,
            "overrun_pct": 0.0,
            "answered_seconds": 388.0 if answer in ("worth_it", "not_worth_it") else None,
            "model_worked_on": answer == "worth_it" if answer in ("worth_it", "not_worth_it") else None,
            "until": "budget",
        },
        "mlflow": {"tracking_uri": "sqlite:///advisor-runs/mlflow.db", "experiment": "advisor", "run_id": "0f3c9a"},
        "environment": {
            "versions": {"advisor": "0.1.0", "catboost": "1.2.10", "torch": "2.13.0"},
            "device": "cpu",
            "cpu": "2 cores",
            "seed": 0,
            "command": "advisor compare adult.csv --target income --budget 10m",
        },
    }


def _found(told: tuple) -> dict:
    """Return what a comparison found: {gain, p_worth, detectable_gain}."""
    estimate, low, high, p_worth = told
    gain = {"estimate": estimate, "low": low, "high": high, "level": 0.9}
    return {"gain": gain, "p_worth": p_worth, "detectable_gain": None if estimate is None else 0.048}


def _reading(told: tuple, without: dict | None, with_nets: dict | None) -> dict:
    return {**_found(told), "min_gain": 0.02, "without": without, "with": with_nets, "rows": 48842}


def _alone(row: dict) -> dict:
    which = row["family"]
    score, half = row["score"], 1.645 * (row["se"] or 0.0)
    return {
        "which": which, "learner": row["learner"], "members": {row["learner"]: 1.0}, "score": score,
        "low": score - half, "high": score + half, "error": row["error"], "cut_short": [],
    }  # fmt: skip


def _blend(which: str, error: float, greater: bool, members: dict) -> dict:
    score, half = 1 - error if greater else error, 0.03 * error
    return {
        "which": which, "learner": which, "members": members, "score": score, "low": score - half,
        "high": score + half, "error": error, "cut_short": [],
    }  # fmt: skip


def _look(stage: str, seconds: float, p_worth: float | None, decided: bool) -> dict:
    return {
        "stage": stage, "seconds": seconds, "p_worth": p_worth, "decided": decided, "confidence": 0.975, "folds": 5,
        "readings": {} if p_worth is None else {"alone": p_worth, "in_company": 0.4},
    }  # fmt: skip


def _pareto(board: list[dict], cost: str) -> dict:
    points = [
        {"learner": row["learner"], "cost": row["cpu_seconds"], "error": row["error"]}
        for row in board
        if row["error"] is not None and row["family"] != "dummy"
    ]
    for point in points:
        others = [other for other in points if other is not point]
        point["on_front"] = not any(o["cost"] <= point["cost"] and o["error"] <= point["error"] for o in others)
    return {"cost": cost, "points": sorted(points, key=lambda point: point["cost"])}


def _cost(tune_seconds: float, thousand_rows_per_second: float, latency_ms: float, model_mb: float) -> dict:
    return {
        "tune_seconds": tune_seconds,
        "cpu_seconds": 1.4 * tune_seconds,
        "energy_wh_estimated": 1.4 * tune_seconds * 12 / 3600,
        "rows_per_second": 1000 * thousand_rows_per_second,
        "latency_p99_ms": latency_ms,
        "model_mb": model_mb,
        "device": "cpu",
    }


def priced(verdict: dict, engineering_cost: float = 9000.0) -> dict:
    """Return the document as if it had been asked for with prices; the net answers in 2 ms, the trees in 0.5 ms."""
    given = Prices(0.4, 20_000, 0.5, engineering_cost=engineering_cost, workers=2)
    gain, half = verdict["readings"]["alone"]["gain"]["estimate"], 0.02
    theta = -float(np.log1p(-gain))
    error = next(row["error"] for row in verdict["leaderboard"] if row["learner"] == "catboost")
    compared = Comparison(
        theta, half / 1.645, None, theta - half, theta + half, 0.9, 0.9, 0.9, 0.02, 0.05, error, error * (1 - gain),
        48842, "row by row",
    )  # fmt: skip
    known = Option("classical", {}, error, error, 1 - error)
    reading = Reading("alone", known, known, compared, 0.02, readings.SHARES["alone"])
    sides = bills.Side(702.5, 9.7, 0.002), bills.Side(251.0, 4.1, 0.0005)
    charged = bills.extra_bill(given, *sides)
    whole, perfect = bills.total(charged, given), bills.benefit(given, error, 1.0)
    account = {
        "prices": {**asdict(given), "unit_of_error": prices.UNITS["accuracy"]},
        "extra": {
            "tuning": charged.tuning,
            "retraining": charged.retraining,
            "engineering": charged.engineering,
            "serving": whole - charged.fixed,
            "total": whole,
        },
        "benefit": asdict(prices._money(compared, perfect)),
        "net": asdict(prices._money(compared, perfect, whole)),
        "break_even": asdict(prices._break_even(given, "accuracy", charged, error, gain)),
        "sensitivity": [asdict(row) for row in prices.sensitivity(Question(0.02, prices=given), *sides, reading)],
        "flips": prices.flips(given, charged, error, gain),
        "pareto": _pareto(verdict["leaderboard"], "money"),
    }
    return {**verdict, "cost": {**verdict["cost"], **account}}


def _more_rows(gain: float | None) -> dict:
    told = {f"{name}_{end}": None for name in ("p_worth", "gain", "detectable") for end in ("2n", "4n", "all")} | {
        "rows": 48842, "rows_all": None, "rows_needed": None, "direction": None,
        "learners": {"classical": "catboost", "neural": "mlp"}, "folds": 3, "curve": [],
    }  # fmt: skip
    if gain is None:
        return told | {"reason": "there is no comparison that more rows could change"}
    curve = [
        {"share": s, "train_rows": round(39074 * s), "gain": g, "low": g - 0.02, "high": g + 0.02}
        for s, g in ((0.125, -0.061), (0.25, -0.032), (0.5, -0.011), (1.0, 0.009))
    ]
    ahead = {f"gain_{k}n": {"estimate": gain + d, "low": gain + d - 0.05, "high": gain + d + 0.05, "level": 0.9}
             for k, d in ((2, 0.015), (4, 0.026))}  # fmt: skip
    return told | ahead | {
        "p_worth_2n": 0.72, "p_worth_4n": 0.83, "detectable_2n": 0.034, "detectable_4n": 0.024, "direction": "neural",
        "rows_needed": {"estimate": 61234, "low": 48842, "high": None, "level": 0.9}, "curve": curve, "reason": "",
    }  # fmt: skip


def _target(task: str) -> dict:
    if task == "regression":
        return {"name": "price", "mean": 3932.8, "sd": 3989.4, "min": 326.0, "max": 18823.0, "skew": 1.62}
    shares = {"binary": (0.761, 0.239), "multiclass": (0.4, 0.35, 0.15, 0.1)}[task]
    classes = [
        {"name": f"class {code}", "count": round(48842 * share), "share": share} for code, share in enumerate(shares)
    ]
    return {"name": "income", "classes": classes, "majority_share": shares[0]}


def _leaderboard(answer: str, task: str) -> list[dict]:
    _, greater, best = _METRICS[task]
    rows = []
    for name, family, ratio, tune_seconds, fit_seconds in _LEARNERS:
        if name == "dummy":
            ratio = _DUMMY_RATIO[task]
        elif name == "mlp":
            ratio = 1 - (_GAINS[answer][0] or 0.0)
        if answer == "no_signal":
            ratio = _DUMMY_RATIO[task] * (1.0 if name == "dummy" else 0.98 + 0.05 * (ratio - 0.9))
        missing = name == "mlp" and answer == "not_enough_evidence"
        error = None if missing else best * ratio
        measured = None if missing else 1.0
        rows.append(
            {
                "learner": name,
                "family": family,
                "score": None if error is None else (1 - error if greater else error),
                "error": error,
                "se": None if error is None else 0.021 * best,
                "low": None,
                "high": None,
                "trials": 0 if name == "dummy" or missing else round(900 / (9 + 20 * fit_seconds)),
                "fit_seconds": fit_seconds * (measured or 0),
                "tune_seconds": tune_seconds,
                "spent_seconds": tune_seconds + 5 * fit_seconds,
                "cpu_seconds": 1.4 * tune_seconds + fit_seconds,
                "energy_wh_estimated": (1.4 * tune_seconds + fit_seconds) * 12 / 3600,
                "predict_ms_per_1000_rows": measured and 1.7 + 40 * (name == "knn"),
                "latency_p50_ms": measured and 0.21 + fit_seconds / 3,
                "latency_p99_ms": measured and 0.57 + fit_seconds / 2,
                "peak_memory_mb": measured and 212.4,
                "model_mb": measured and 0.035 + fit_seconds / 8,
                "device": "cpu",
                "folds": 0 if missing else 5,
                "params": {},
                "cut_short": False,
                "device_name": None,
                "gpu_memory_mb": None,
                "status": "failed" if missing else "ok",
                "message": "the deadline passed before the first fit ended" if missing else "",
            }
        )
    return sorted(rows, key=lambda row: np.inf if row["error"] is None else row["error"])


def _champion(given: dict, params: dict) -> dict:
    own = given if "members" in given else _alone(given)
    cost = {"fit_seconds": given.get("fit_seconds"), "latency_p50_ms": 0.4, "latency_p99_ms": 0.9, "model_mb": 1.2}
    return {**own, "params": params, "cost": cost}


def outcomes(verdict: dict) -> pd.DataFrame:
    """Return the tidy table of candidates and folds that belongs to a document, the same for the same document."""
    draw = np.random.default_rng(0)
    rows = []
    clock = 0.0
    champions = {one["learner"]: one["params"] for one in verdict["champions"].values() if one}
    for row in verdict["leaderboard"]:
        if row["error"] is None:
            continue
        for place in range(max(1, min(row["trials"], 12))):
            params = champions.get(row["learner"], {"depth": 3}) if place == 1 else {"depth": place} if place else {}
            common = {"learner": row["learner"], "family": row["family"], "stage": "tuned" if place else "default"}
            common |= {"candidate": f"{row['learner']}-{place}", "params": json.dumps(params), "message": ""}
            error = row["error"] * (1 + 0.15 * draw.exponential() / (1 + place))
            began = clock
            for fold in range(verdict["splits"]["folds"]):
                seconds = row["tune_seconds"] / 12 / 5 * draw.uniform(0.5, 1.5)
                rows.append(
                    common
                    | {"kind": "fold", "number": fold, "repeat": 0, "fold": fold, "state": "done", "error": error}
                    | {"score": None, "seconds": seconds, "started_at": clock, "ended_at": clock + seconds}
                    | {"fit_seconds": 0.9 * seconds, "predict_seconds": 0.1 * seconds, "ending": None}
                    | {"curve": _curve(draw, error) if row["family"] == "neural" else None}
                )
                clock += seconds
            rows.append(
                common
                | {"kind": "candidate", "number": None, "repeat": None, "fold": None, "state": None, "error": error}
                | {"score": None, "seconds": clock - began, "started_at": began, "ended_at": clock}
                | {"fit_seconds": row["fit_seconds"], "predict_seconds": None, "ending": "complete", "curve": None}
            )
    return pd.DataFrame(rows)


def _curve(draw: np.random.Generator, error: float) -> str:
    epochs = np.arange(1, 31)
    falling = error * (1 + 2 * np.exp(-epochs / 6))
    held = falling * (1 + 0.004 * np.maximum(epochs - 18, 0)) + error * 0.02 * draw.normal(size=30)
    return json.dumps(
        {
            "epoch": epochs.tolist(),
            "train_loss": (0.9 * falling).tolist(),
            "held_loss": held.tolist(),
            "learning_rate": (1e-3 * np.cos(epochs / 20)).tolist(),
        }
    )


def hostile(verdict: dict, text: str) -> dict:
    """Put `text` into every free text and every free key of a document; enumerations and numbers stay."""
    fixed = {"answer", "severity", "family", "task", "metric", "how", "which", "best", "fitted_on", "until", "stage",
             "folds_because"}  # fmt: skip

    def spoil(value: object, key: str) -> object:
        if isinstance(value, str):
            return value if key in fixed else text
        if isinstance(value, list):
            return [spoil(item, key) for item in value]
        if isinstance(value, dict):
            free = key in {
                "evidence",
                "params",
                "kinds",
                "versions",
                "skipped",
                "failed",
                "target",
                "weights",
                "members",
            }
            return {f"{text}{name}" if free else name: spoil(item, name) for name, item in value.items()}
        return value

    spoiled = spoil(copy.deepcopy(verdict), "")
    for number, row in enumerate(spoiled["leaderboard"]):
        row["learner"] = f"{text}{number}"
    spoiled["champions"]["classical"]["learner"] = f"{text}0"
    return spoiled
