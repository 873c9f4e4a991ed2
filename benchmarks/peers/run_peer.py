"""One peer on one draw, alone in its process and its environment: what it predicts, and what that took.

    python run_peer.py PEER FOLDER SECONDS CORES

FOLDER holds train.parquet, new.parquet and task.json, as peers.py writes them; predictions.npy and result.json are left
there. Nothing of the product is imported, but where the product itself is the peer. Every peer is as shipped, and told
the metric where it has an option for one.
"""

from __future__ import annotations

import json
import os
import pickle
import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq

TRAIN, NEW, TASK, PREDICTIONS, RESULT = "train.parquet", "new.parquet", "task.json", "predictions.npy", "result.json"
# Latency is that of so many rows at once, and of one row, the median of so many times.
BATCH, TIMES = 1_000, 5
PACKAGES = (
    "autogluon.tabular", "mljar-supervised", "pytabkit", "catboost", "lightgbm", "xgboost", "torch", "scikit-learn",
    "pandas", "numpy",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a peer is told: `metric` is roc_auc, log_loss or rmse, `seconds` wall time, `folder` for what it writes."""

    target: str
    task: str
    metric: str
    seed: int
    seconds: float
    cores: int
    folder: Path


@dataclass(frozen=True)
class Fitted:
    """A fitted peer: `predict` gives (n, K) in the order of `classes`, or (n,) values; `keep` writes the model.

    `keep` returns the file or folder that another process needs to predict. `members` are the models of an ensemble
    with their weights, in the peer's own words.
    """

    predict: Callable[[pd.DataFrame], np.ndarray]
    classes: tuple[str, ...]
    keep: Callable[[], Path]
    members: tuple[Mapping[str, Any], ...] = ()


Ready = Callable[[], Fitted]
"""What the fits below return: to be called once the clock has stopped."""


def autogluon(train: pd.DataFrame, asked: Asked, presets: str | None) -> Ready:
    """Fit AutoGluon, with its default preset where none is named."""
    from autogluon.tabular import TabularPredictor

    metric = {"rmse": "root_mean_squared_error"}.get(asked.metric, asked.metric)
    path = asked.folder / "autogluon"
    predictor = TabularPredictor(
        asked.target, problem_type=asked.task, eval_metric=metric, path=str(path), verbosity=2
    )  # fmt: skip
    predictor.fit(train, time_limit=asked.seconds, presets=presets, num_cpus=asked.cores)

    def ready() -> Fitted:
        members = _autogluon_members(predictor)
        predictor.persist()  # what its documentation advises for serving; otherwise each call reads its models again

        def keep() -> Path:
            return Path(predictor.clone_for_deployment(str(asked.folder / "deployed")))

        if asked.task == "regression":
            return Fitted(lambda rows: predictor.predict(rows).to_numpy(float), (), keep, members)
        classes = tuple(map(str, predictor.class_labels))
        columns = list(predictor.class_labels)
        return Fitted(lambda rows: predictor.predict_proba(rows)[columns].to_numpy(float), classes, keep, members)

    return ready


def _autogluon_members(predictor: Any) -> tuple[Mapping[str, Any], ...]:
    """Return its leaderboard, each model with its weight in the ensemble that answers (None: not in it)."""
    best = predictor.model_best
    weights: dict[str, float] = {}
    if best.startswith("WeightedEnsemble"):
        weights = predictor._trainer.load_model(best)._get_model_weights()
    board = predictor.leaderboard(silent=True)
    return tuple(
        {
            "model": row["model"], "score_val": float(row["score_val"]), "fit_time": float(row["fit_time_marginal"]),
            "level": int(row["stack_level"]), "weight": float(weights[row["model"]]) if row["model"] in weights
            else (1.0 if row["model"] == best and not weights else None),
        }
        for row in board.to_dict("records")
    )  # fmt: skip


def mljar(train: pd.DataFrame, asked: Asked) -> Ready:
    """Fit MLJAR in its mode Compete."""
    from supervised import AutoML

    path = asked.folder / "mljar"
    metric = {"roc_auc": "auc", "log_loss": "logloss", "rmse": "rmse"}[asked.metric]
    task = {"binary": "binary_classification", "multiclass": "multiclass_classification"}.get(asked.task, asked.task)
    model = AutoML(
        results_path=str(path), mode="Compete", ml_task=task, eval_metric=metric, total_time_limit=round(asked.seconds),
        n_jobs=asked.cores, verbose=1,
    )  # fmt: skip
    inputs = train.drop(columns=asked.target)
    model.fit(inputs, train[asked.target])

    def ready() -> Fitted:
        members = _mljar_members(model, path)
        if asked.task == "regression":
            return Fitted(lambda rows: np.asarray(model.predict(rows), float), (), lambda: path, members)
        named = [name for name in model.predict_all(inputs.head(1)) if name.startswith("prediction_")]
        classes = tuple(name.removeprefix("prediction_") for name in named)
        return Fitted(lambda rows: np.asarray(model.predict_proba(rows), float), classes, lambda: path, members)

    return ready


def _mljar_members(model: Any, path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return its leaderboard, each model with its weight in the best ensemble (None: not in it)."""
    board = model.get_leaderboard()
    best = model._best_model.get_name()
    weights: dict[str, float] = {}
    described = path / best / "ensemble.json"
    if described.is_file():
        chosen = json.loads(described.read_text(encoding="utf-8"))["selected_models"]
        total = sum(each["repeat"] for each in chosen)
        weights = {each["model"]: each["repeat"] / total for each in chosen}
    else:
        weights = {best: 1.0}
    return tuple(
        {"model": row["name"], "score_val": float(row["metric_value"]), "fit_time": float(row["train_time"]),
         "weight": weights.get(row["name"])}
        for row in board.to_dict("records")
    )  # fmt: skip


def catboost(train: pd.DataFrame, asked: Asked) -> Ready:
    """Fit CatBoost as shipped, with its native categories."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    inputs = train.drop(columns=asked.target)
    texts = _texts(inputs)

    def told(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{name: rows[name].astype(object).fillna("nan").astype(str) for name in texts})

    kind = CatBoostRegressor if asked.task == "regression" else CatBoostClassifier
    model = kind(
        cat_features=texts, random_seed=0, thread_count=asked.cores, verbose=False, allow_writing_files=False
    )  # fmt: skip
    model.fit(told(inputs), train[asked.target])

    def ready() -> Fitted:
        def keep() -> Path:
            model.save_model(str(asked.folder / "model.cbm"))
            return asked.folder / "model.cbm"

        if asked.task == "regression":
            return Fitted(lambda rows: model.predict(told(rows)), (), keep)
        return Fitted(lambda rows: model.predict_proba(told(rows)), tuple(map(str, model.classes_)), keep)

    return ready


def pytabkit(train: pd.DataFrame, asked: Asked, name: str) -> Ready:
    """Fit a net of pytabkit; gaps in numbers become medians of the training rows, since it takes none.

    As its documentation advises for AUC and log loss, RealMLP chooses its epoch by cross-entropy instead of the error
    rate, and smooths no labels. TabM is told AUC, or cross-entropy for log loss, which version 1.7 takes of
    probabilities as if they were logits; this is left as it is shipped.
    """
    models = import_module("pytabkit")
    inputs = train.drop(columns=asked.target)
    texts = _texts(inputs)
    middles = inputs.drop(columns=texts).median().fillna(0.0)

    def told(rows: pd.DataFrame) -> pd.DataFrame:
        filled = rows.drop(columns=texts).astype(float).fillna(middles)
        words = {name: rows[name].astype(object).fillna("nan").astype(str).astype("category") for name in texts}
        return filled.assign(**words)[list(inputs.columns)]

    options: dict[str, Any] = {"device": "cpu", "random_state": asked.seed, "n_threads": asked.cores}
    if asked.task != "regression":
        by_auc = name == "TabM_D" and asked.metric == "roc_auc"
        options["val_metric_name"] = "1-auc_ovr" if by_auc else "cross_entropy"
        options |= {"use_ls": False} if name == "RealMLP_TD" else {}
    kind = "Regressor" if asked.task == "regression" else "Classifier"
    model = getattr(models, f"{name}_{kind}")(**options)
    model.fit(told(inputs), train[asked.target].to_numpy())

    def ready() -> Fitted:
        def keep() -> Path:
            path = asked.folder / "model.pickle"
            path.write_bytes(pickle.dumps(model))
            return path

        if asked.task == "regression":
            return Fitted(lambda rows: np.asarray(model.predict(told(rows)), float), (), keep)
        classes = tuple(map(str, model.classes_))
        return Fitted(lambda rows: np.asarray(model.predict_proba(told(rows)), float), classes, keep)

    return ready


def advisor(train: pd.DataFrame, asked: Asked) -> Ready:
    """Compare as `advisor compare train.parquet --target T --budget SECONDS` does, and take the model handed over."""
    del train  # it reads the file
    product = import_module("advisor")
    advice = product.compare(
        str(asked.folder.parent / TRAIN), asked.target, task=asked.task, metric=asked.metric, budget=asked.seconds,
        workers=asked.cores, seed=asked.seed, tracking=False, out=asked.folder / "run",
    )  # fmt: skip

    def ready() -> Fitted:
        model, recommended = advice.best_model, advice.document["recommended"]
        members = tuple(
            {"model": name, "weight": weight} for name, weight in (recommended.get("members") or {}).items()
        ) or ({"model": recommended["learner"], "weight": 1.0},)

        def keep() -> Path:
            return Path(advice.write_model(None, asked.folder / "kept"))

        if asked.task == "regression":
            return Fitted(lambda rows: np.asarray(model.predict(rows), float), (), keep, members)
        classes = tuple(map(str, model.classes_))
        return Fitted(lambda rows: np.asarray(model.predict_proba(rows), float), classes, keep, members)

    return ready


@dataclass(frozen=True)
class Peer:
    """`modules` are loaded before the clock starts; what else `fit` loads counts."""

    modules: tuple[str, ...]
    fit: Callable[[pd.DataFrame, Asked], Ready]


PEERS: Mapping[str, Peer] = {
    "advisor": Peer(("advisor.walk", "joblib"), advisor),
    "autogluon_default": Peer(("autogluon.tabular",), lambda train, asked: autogluon(train, asked, None)),
    "autogluon_best": Peer(("autogluon.tabular",), lambda train, asked: autogluon(train, asked, "best_quality")),
    "autogluon_best_v150": Peer(
        ("autogluon.tabular",), lambda train, asked: autogluon(train, asked, "best_quality_v150")
    ),
    "mljar_compete": Peer(("supervised",), mljar),
    "catboost": Peer(("catboost",), catboost),
    "realmlp": Peer(("pytabkit",), lambda train, asked: pytabkit(train, asked, "RealMLP_TD")),
    "tabm": Peer(("pytabkit",), lambda train, asked: pytabkit(train, asked, "TabM_D")),
}


def _texts(inputs: pd.DataFrame) -> list[str]:
    return [name for name in inputs if not pd.api.types.is_any_real_numeric_dtype(inputs[name])]


def read(path: Path) -> pd.DataFrame:
    """Return a table as numbers, booleans and texts, whatever the pandas that wrote it calls them."""
    return pq.read_table(path).to_pandas(ignore_metadata=True)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and all that it started, as far as these still run or were waited for."""
    spent = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        try:
            spent += sum(child.cpu_times()[:4])  # with those that it waited for
        except psutil.Error:
            continue
    return spent


def latencies(predict: Callable[[pd.DataFrame], np.ndarray], new: pd.DataFrame) -> tuple[float, float]:
    """Return seconds of 1,000 rows at once (once, scaled where there are fewer), and of one row (a median)."""
    batch = new.head(BATCH)
    began = time.perf_counter()
    predict(batch)
    many = (time.perf_counter() - began) / len(batch) * BATCH
    single = []
    for place in range(min(TIMES, len(new))):
        began = time.perf_counter()
        predict(new.iloc[[place]])
        single.append(time.perf_counter() - began)
    return many, float(np.median(single))


def megabytes(path: Path) -> float:
    """Return the size of a file, or of all files below a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def versions() -> dict[str, str]:
    """Return the versions of what a result may depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def stay_on(cores: int) -> None:
    """Leave this process and all that it starts no more than so many cores, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def run(name: str, folder: Path, seconds: float, cores: int) -> dict[str, Any]:
    """Fit a peer, let it predict, and return what was measured; the predictions are written."""
    told = json.loads((folder / TASK).read_text(encoding="utf-8"))
    own = folder / name
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    asked = Asked(told["target"], told["task"], told["metric"], told["seed"], seconds, cores, own)
    train, new = read(folder / TRAIN), read(folder / NEW)
    began = time.perf_counter()
    for module in PEERS[name].modules:
        import_module(module)
    loaded, before = time.perf_counter(), cpu_seconds()
    ready = PEERS[name].fit(train, asked)
    ended, after = time.perf_counter(), cpu_seconds()
    fitted = ready()
    said = fitted.predict(new)
    np.save(folder / PREDICTIONS, said)
    many, single = latencies(fitted.predict, new)
    return {
        "fit_seconds": ended - loaded, "fit_cpu_seconds": after - before, "import_seconds": loaded - began,
        "predict_seconds_per_1000": many, "predict_seconds_of_one": single, "model_mb": megabytes(fitted.keep()),
        "classes": fitted.classes, "members": fitted.members, "versions": versions(),
    }  # fmt: skip


def main() -> None:
    """Run the peer that the command line names, and leave result.json."""
    name, folder, seconds, cores = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    stay_on(cores)
    result = run(name, folder, seconds, cores)
    (folder / RESULT).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
