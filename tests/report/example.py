"""Made-up but complete documents and outcomes for every answer and task, to test the report and the schema on."""

import copy
import json

import numpy as np
import pandas as pd

from advisor import prices
from advisor.records import Comparison

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
_SENTENCES = {
    "worth_it": "Worth it: the neural side (mlp) cuts the error by 8.1 % against the classical side (catboost), 90 % "
    "interval of the reduction 4.2 % to 12 %; the chance that it gains more than 2.0 % is more than 99 %.",
    "not_worth_it": "Not worth it: the neural side (mlp) raises the error by 3.4 % against the classical side.",
    "too_close_to_call": "Too close to call, so take the simpler: the neural side (mlp) cuts the error by 1.8 %.",
    "no_signal": "No learner beats the dummy here, so there is nothing to learn from these columns.",
    "not_enough_evidence": "No neural network finished in time, so the question stays open.",
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
    metric = _METRICS[task][0]
    estimate, low, high, p_worth = _GAINS[answer]
    board = _leaderboard(answer, task)
    by_name = {row["learner"]: row for row in board}
    classical, neural = by_name["catboost"], by_name["mlp"]
    winner = {"worth_it": neural, "no_signal": by_name["dummy"]}.get(answer, classical)
    return {
        "schema": 1,
        "answer": answer,
        "sentence": _SENTENCES[answer],
        "p_worth": p_worth,
        "min_gain": 0.02,
        "gain": {"estimate": estimate, "low": low, "high": high, "level": 0.9},
        "detectable_gain": None if estimate is None else 0.048,
        "metric": metric,
        "recommended": {
            "learner": winner["learner"],
            "family": winner["family"],
            "score": winner["score"],
            "reason": "it has the best inner score of the family that won",
        },
        "champions": {
            "classical": _champion(classical, {"depth": 6, "learning_rate": 0.0713}),
            "neural": None if neural["score"] is None else _champion(neural, {"width": 256, "dropout": 0.1}),
            "blend": None,
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
                "cuts": {"run": 3, "planned": 5},
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
            "cuts": 5,
            "trials": {"classical": 140, "neural": 36},
            "equal_trials_used": 36,
            "tune_seconds": {"classical": 251.0, "neural": 255.5},
            "inner_gain": {"equal_time": 0.031, "equal_trials": -0.004},
            "same_choice_on_cuts": {"classical": 3, "neural": 5},
            "sign_differs": True,
            "side_of_margin_differs": True,
            "outer": {"reason": "on 2 of 5 cuts a configuration was not judged on the outer rows"},
        },
        "variance": {
            "cuts": 5,
            "split": _component(0.62, 4),
            "tuning": _component(0.27, 5),
            "seed": _component(0.11, 2),
            "missing": {},
            "remark": "seed: so few figures that it is little more than a guess",
        },
        "cost": {
            "neural": _cost(702.5, 41.0, 2.31, 1.9),
            "classical": _cost(251.0, 590.0, 0.84, 0.7),
            "ratio": {"tune_seconds": 2.8, "rows_per_second": 41 / 590, "latency_p99_ms": 2.75, "model_mb": 2.7},
            "break_even": {"reason": "no price of the machine was given (--cost-per-hour)"},
            "pareto": prices.pareto(board, prices.NO_PRICES),
        },
        "looks": [
            {"stage": "defaults", "seconds": 61.2, "p_worth": 0.71 if estimate else None, "decided": False},
            {"stage": "tuned", "seconds": 588.0, "p_worth": p_worth, "decided": answer != "too_close_to_call"},
        ],
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
        "splits": {"kind": "stratified", "folds": 5, "repeats": 1, "group": None, "time": None},
        "budget": {"seconds": 600.0, "spent_seconds": 588.4, "trials": 60, "overrun_pct": 0.0},
        "mlflow": {"tracking_uri": "sqlite:///advisor-runs/mlflow.db", "experiment": "advisor", "run_id": "0f3c9a"},
        "environment": {
            "versions": {"advisor": "0.1.0", "catboost": "1.2.10", "torch": "2.13.0"},
            "device": "cpu",
            "cpu": "2 cores",
            "seed": 0,
            "command": "advisor compare adult.csv --target income --budget 10m",
        },
    }


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
    given = prices.Prices(0.4, 20_000, 0.5, engineering_cost=engineering_cost, workers=2)
    gain, half = verdict["gain"]["estimate"], 0.02
    theta = -float(np.log1p(-gain))
    error = next(row["error"] for row in verdict["leaderboard"] if row["learner"] == "catboost")
    compared = Comparison(
        theta, half / 1.645, None, theta - half, theta + half, 0.9, 0.9, 0.9, 0.02, 0.05, error, error * (1 - gain),
        48842, "row by row",
    )  # fmt: skip
    sides = prices.Side(702.5, 9.7, 0.002), prices.Side(251.0, 4.1, 0.0005)
    money = prices.account(given, "accuracy", *sides, compared, min_gain=0.02, confidence=0.95)
    cost = {**verdict["cost"], **money, "pareto": prices.pareto(verdict["leaderboard"], given)}
    return {**verdict, "cost": cost}


def _component(share: float, df: int) -> dict:
    return {
        "sd": 0.05 * share**0.5, "low": 0.01, "high": 0.09, "level": 0.9, "df": df,
        "share": share, "share_low": share / 3, "share_high": min(1.0, 2 * share),
    }  # fmt: skip


def _more_rows(gain: float | None) -> dict:
    told = dict.fromkeys(
        ("p_worth_2n", "p_worth_4n", "gain_2n", "gain_4n", "rows_needed", "detectable_2n", "detectable_4n")
    ) | {"direction": None, "learners": {"classical": "catboost", "neural": "mlp"}, "cuts": 3, "curve": []}
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
                "cpu_seconds": 1.4 * tune_seconds + fit_seconds,
                "energy_wh_estimated": (1.4 * tune_seconds + fit_seconds) * 12 / 3600,
                "predict_ms_per_1000_rows": measured and 1.7 + 40 * (name == "knn"),
                "latency_p50_ms": measured and 0.21 + fit_seconds / 3,
                "latency_p99_ms": measured and 0.57 + fit_seconds / 2,
                "peak_memory_mb": measured and 212.4,
                "model_mb": measured and 0.035 + fit_seconds / 8,
                "device": "cpu",
                "splits": 0 if missing else 5,
                "status": "timeout" if missing else "ok",
                "message": "the deadline passed before the first fit ended" if missing else "",
            }
        )
    return sorted(rows, key=lambda row: np.inf if row["error"] is None else row["error"])


def _champion(row: dict, params: dict) -> dict:
    return {
        "learner": row["learner"],
        "score": row["score"],
        "low": row["score"] - 1.645 * row["se"],
        "high": row["score"] + 1.645 * row["se"],
        "params": params,
        "cost": {"tune_seconds": row["tune_seconds"], "fit_seconds": row["fit_seconds"]},
        "by_split": {**{str(split): row["learner"] for split in range(4)}, "4": "xgboost"},
    }


def outcomes(verdict: dict) -> pd.DataFrame:
    """Return the tidy table of trials and finished jobs that belongs to a document, the same for the same document."""
    draw = np.random.default_rng(0)
    rows = []
    clock = 0.0
    for split in range(verdict["splits"]["folds"]):
        for row in verdict["leaderboard"]:
            if row["error"] is None:
                continue
            common = {"learner": row["learner"], "family": row["family"], "stage": "tuned", "split": split}
            common |= {"repeat": 0, "fold": split, "message": ""}
            for trial in range(min(row["trials"], 12)):
                seconds = row["tune_seconds"] / 12 / 5 * draw.uniform(0.5, 1.5)
                error = row["error"] * (1 + 0.15 * draw.exponential() / (1 + trial))
                failed = trial == 5 and row["learner"] == "knn"
                rows.append(
                    common
                    | {"kind": "trial", "trial": trial, "state": "failed" if failed else "complete"}
                    | {"inner_error": None if failed else error, "error": None, "score": None, "seconds": seconds}
                    | {"started_at": clock, "ended_at": clock + seconds, "params": json.dumps({"depth": trial})}
                    | {"tune_seconds": None, "fit_seconds": None, "predict_seconds": None, "curve": None}
                )
                clock += seconds
            rows.append(
                common
                | {"kind": "outer", "trial": None, "state": "ok", "inner_error": row["error"], "error": row["error"]}
                | {"score": row["score"], "seconds": row["fit_seconds"], "started_at": clock}
                | {"ended_at": clock + row["fit_seconds"], "params": "{}", "tune_seconds": row["tune_seconds"] / 5}
                | {"fit_seconds": row["fit_seconds"], "predict_seconds": 0.05}
                | {"curve": _curve(draw, row["error"]) if row["family"] == "neural" else None}
            )
            clock += row["fit_seconds"]
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
    fixed = {"answer", "severity", "family", "task", "metric"}

    def spoil(value: object, key: str) -> object:
        if isinstance(value, str):
            return value if key in fixed else text
        if isinstance(value, list):
            return [spoil(item, key) for item in value]
        if isinstance(value, dict):
            free = key in {"evidence", "params", "kinds", "versions", "skipped", "failed", "target", "weights"}
            return {f"{text}{name}" if free else name: spoil(item, name) for name, item in value.items()}
        return value

    spoiled = spoil(copy.deepcopy(verdict), "")
    for number, row in enumerate(spoiled["leaderboard"]):
        row["learner"] = f"{text}{number}"
    spoiled["champions"]["classical"]["learner"] = f"{text}0"
    return spoiled
