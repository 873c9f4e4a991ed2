"""One comparison on rows drawn from a real table: the verdict, what the ablations need of it, and the truth.

The truth of T1: both families' champions (the learner and the settled configuration that verdict.json names) and some
plain choices are trained again on all drawn rows and judged on rows that were not drawn. A pipeline's champion may
differ from cut to cut; the one that is trained again is the one that the run would recommend of its family, so the
truth is that of the recommendation, with the luck of this one sample and training.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cases import Case
from scoring import truth_class

import advisor
from advisor import learners, modalities, walk
from advisor.advice import Advice
from advisor.contracts import Setting
from advisor.ledger import Ledger
from advisor.metrics import METRICS, Metric
from advisor.modalities.tabular.types import words
from advisor.plan import twins
from advisor.records import Dataset, Profile
from advisor.trial import predict

# Rows that the truth is measured on at most: from so many the gap between two models is known to about half a per cent.
MOST_REST_ROWS = 20_000
# A truth's fit may take this part of the budget, so that a slow net is trained about as long as in the run.
TRUTH_FIT_SHARE = 1 / 3
# The yardstick "always boosted trees, as shipped".
PLAIN_TREES = "catboost"


@lru_cache(maxsize=2)
def _table(folder: Path, name: str) -> tuple[pd.DataFrame, str, str]:
    """Return a table without rows that lack the target, the name of the target, and its task."""
    index = pd.read_csv(folder / "index.csv").set_index("name")
    entry = index.loc[name]
    frame = pd.read_csv(folder / entry["file"], low_memory=False)
    return frame.dropna(subset=[entry["target"]]).reset_index(drop=True), str(entry["target"]), str(entry["task"])


def drawn(frame: pd.DataFrame, case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (the drawn rows, at most 20,000 of the rest), in random order, the same for the same case."""
    order = np.random.default_rng([case.seed, case.rows]).permutation(len(frame))
    rest = order[case.rows : case.rows + MOST_REST_ROWS]
    return frame.iloc[order[: case.rows]].reset_index(drop=True), frame.iloc[rest].reset_index(drop=True)


def run(case: Case, options: argparse.Namespace) -> dict[str, Any]:
    """Compare, keep what the ablations need, measure the truth (T1); return the line of this case."""
    frame, target, task = _table(options.data, case.dataset)
    sample, rest = drawn(frame, case)
    folder = options.out / "runs" / case.key
    shutil.rmtree(folder, ignore_errors=True)
    advice = advisor.compare(
        sample, target, task=task, metric=case.metric, budget=options.budget, seed=case.seed, workers=options.workers,
        learners=[name for name in options.learners.split(",") if name],
        tracking=False, out=folder, command=f"verdicts {case.key}",
    )  # fmt: skip
    dataset = walk.read(sample, target, task=task)
    profile = walk.profile(sample, target, task=task)
    keep(advice, dataset, profile, options.out / "kept" / f"{case.key}.npz")
    line = {**asdict(case), **facts(advice.document), "status": "ok", "rows_used": len(dataset.target)}
    line["workers"] = options.workers
    if case.part == "t1":
        began = time.time()
        fit_seconds = TRUTH_FIT_SHARE * options.budget
        line["truth"] = truth(advice, dataset, profile, rest, target, fit_seconds, options.workers)
        line["truth_seconds"] = time.time() - began
    if not options.keep_runs:
        shutil.rmtree(folder)
    return line


def facts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is scored of a verdict."""
    champions = {
        family: None if who is None else {"learner": who["learner"], "params": who["params"], "score": who["score"]}
        for family, who in document["champions"].items()
        if family != "blend"
    }
    blend = document["champions"].get("blend")
    return {
        "answer": document["answer"],
        "p_worth": document["p_worth"],
        "gain": document["gain"],
        "min_gain": document["min_gain"],
        "metric": document["metric"],
        "recommended": {key: document["recommended"][key] for key in ("learner", "family")},
        "champions": champions,
        "blend": blend and {key: blend[key] for key in ("neural_share", "gain", "p_worth")},
        "looks": document["looks"],
        "budget_seconds": document["budget"]["seconds"],
        "spent_seconds": document["budget"]["spent_seconds"],
        "family_seconds": {family: document["cost"][family]["cpu_seconds"] for family in ("classical", "neural")},
        "learners": [row["learner"] for row in document["leaderboard"] if row["status"] != "failed"],
        "splits": document["splits"],
    }


def keep(advice: Advice, dataset: Dataset, profile: Profile, path: Path) -> None:
    """Write down the row losses, inner and outer errors and seconds of every learner on every cut."""
    metric = METRICS[advice.document["metric"]]
    cuts = pd.read_parquet(advice.folder / "oof.parquet", columns=["row", "split", "repeat", "fold", "family"])
    # Families may have finished different cuts; the rows of a cut are the same for all.
    tests = {int(number): part.loc[part["family"] == part["family"].iloc[0]] for number, part in cuts.groupby("split")}
    arrays: dict[str, np.ndarray] = {f"test {number}": part["row"].to_numpy(np.int32) for number, part in tests.items()}
    arrays["repeats"] = np.array([[number, part["repeat"].iloc[0]] for number, part in tests.items()])
    if (codes := twins(dataset)) is not None:
        arrays["twins"] = codes.astype(np.int32)
    ledger = Ledger(advice.folder, advice.document["environment"]["fingerprint"])
    jobs = []
    for outcome in ledger.outcomes():
        job = outcome.job
        if outcome.status != "ok" or outcome.predictions is None or job.split not in tests:
            continue
        target = dataset.target[arrays[f"test {job.split}"]]
        arrays[job.key] = metric.row_losses(target, outcome.predictions).astype(np.float32)
        cost = outcome.cost
        jobs.append(
            {
                "key": job.key, "learner": job.learner, "family": job.family, "stage": job.stage, "split": job.split,
                "inner_error": outcome.inner_error, "error": outcome.error, "cut_short": outcome.cut_short,
                "seconds": cost.tune_seconds + cost.fit_seconds + cost.predict_seconds, "trials": len(outcome.trials),
            }
        )  # fmt: skip
    ledger.close()
    about = {
        "jobs": jobs, "rows": len(dataset.target), "encoded_columns": profile.encoded_columns, "metric": metric.name,
        "folds": advice.document["splits"]["folds"], "kind": advice.document["splits"]["kind"],
        "min_gain": advice.document["min_gain"],
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, about=np.array(json.dumps(about)), **arrays)


def truth(
    advice: Advice,
    dataset: Dataset,
    profile: Profile,
    rest: pd.DataFrame,
    target: str,
    fit_seconds: float,
    threads: int = 1,
) -> dict[str, Any]:
    """Train both champions, plain boosted trees and a constant on all drawn rows and judge them on the rest.

    Rest rows of a class that was not drawn are left out, since nobody could know it.
    """
    document = advice.document
    metric = METRICS[document["metric"]]
    codes, kept = _codes(dataset, rest[target])
    inputs = modalities.find(dataset.modality).typed(dataset).transform(rest.drop(columns=target)).take(kept)
    losses: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}
    asked = {
        family: (who["learner"], who["params"])
        for family, who in document["champions"].items()
        if who is not None and family != "blend"
    }
    asked |= {PLAIN_TREES: (PLAIN_TREES, {}), "dummy": ("dummy", {})}
    for name, (learner, params) in asked.items():
        same = next((other for other in losses if asked[other] == asked[name]), None)
        if same is not None:
            losses[name] = losses[same]
            continue
        began = time.time()
        setting = Setting(
            profile, modalities.find(dataset.modality), metric.name, len(dataset.target), seed=document_seed(document),
            seconds=fit_seconds, threads=threads, device=document["environment"]["device"],
        )  # fmt: skip
        model = learners.find(learner).build(setting, params).fit(dataset.inputs, dataset.target)
        losses[name] = metric.row_losses(codes, predict(model, inputs, dataset))
        seconds[name] = time.time() - began
    if document["recommended"]["family"] not in losses:
        losses["recommended"] = metric.row_losses(codes, _as_recommended(advice, rest.take(kept), target, dataset))
    errors = {name: metric.error_of_loss(float(found.mean())) for name, found in losses.items()}
    found: dict[str, Any] = {"rows": len(codes), "errors": errors, "fit_seconds": seconds}
    if {"classical", "neural"} <= set(losses):
        theta, se = effect(losses["classical"], losses["neural"], metric)
        theta_min = -float(np.log1p(-document["min_gain"]))
        found |= {"theta": theta, "se": se, "theta_min": theta_min, "class": truth_class(theta, se, theta_min)}
    return found


def effect(classical: np.ndarray, neural: np.ndarray, metric: Metric) -> tuple[float, float]:
    """Return theta of two models on the same rows (n,) and its standard error from the rows alone (delta method)."""
    means = [max(float(losses.mean()), 1e-12) for losses in (classical, neural)]
    psi = classical / means[0] - neural / means[1]
    theta = metric.power * float(np.log(means[0] / means[1]))
    return theta, metric.power * float(psi.std(ddof=1) / np.sqrt(len(psi)))


def document_seed(document: Mapping[str, Any]) -> int:
    """Return the seed that a run was made with."""
    return int(document["environment"]["seed"])


def _codes(dataset: Dataset, labels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return targets of the rest as the dataset codes them, and the positions of the rows that have one."""
    if not dataset.classes:
        values = labels.to_numpy(float)
        return values, np.arange(len(values))
    spelt = words(labels)
    places = {name: code for code, name in enumerate(dataset.classes)}
    codes = np.array([*(places.get(level, -1) for level in spelt.levels), -1])[spelt.codes]
    kept = np.flatnonzero(codes >= 0)
    return codes[kept].astype(np.int64), kept


def _as_recommended(advice: Advice, rest: pd.DataFrame, target: str, dataset: Dataset) -> np.ndarray:
    """Return what the run's own model predicts, where it is none of those that are trained again (a blend)."""
    model = advice.best_model
    if not dataset.classes:
        return np.asarray(model.predict(rest.drop(columns=target)), dtype=float)
    found = model.predict_proba(rest.drop(columns=target))
    order = [list(map(str, model.classes_)).index(name) for name in dataset.classes]
    return np.asarray(found)[:, order]
