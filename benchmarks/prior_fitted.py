"""Our pre-trained net, or another learner, against others with defaults on small tables: ranks and errors.

All tables of the folder, or those named, with at most --most-rows rows that the first of the --runners, "ours", takes
(larger ones are left out, not cut), five folds each (or the first --folds of them) as `advisor compare` draws them.
"solvers" is our pre-trained net before its training: the plain mean of its five kernel regressions.

Run: OMP_NUM_THREADS=1 python benchmarks/prior_fitted.py [--most-rows 1000] [--data FOLDER]
     [--write reports/prior_fitted.md] [--runners prior_fitted,forest,...] [--tables a,b,...] [--folds 5] [--speed]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xgboost
from rows import rows_at
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from torch import Tensor

import advisor.profiling
from advisor import learners, modalities
from advisor.contracts import Setting
from advisor.fitting.fold import predict
from advisor.learners.prior_fitted import PriorFittedClassifier
from advisor.measuring import splits
from advisor.measuring.costs import model_mb
from advisor.measuring.metrics import METRICS, default_metric
from advisor.nets.prior_fitted import cells, plain_mean, scales, solve
from advisor.records import Dataset, Profile

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
RUNNERS = ("prior_fitted", "solvers", "forest", "xgboost", "xgboost as shipped", "catboost", "linear")


class Solvers(BaseEstimator):
    """The five regressions alone, their log probabilities or values averaged: what the net was before its training."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Solvers:
        """Solve them, class codes as 0/1."""
        self.classes_ = np.unique(y) if y.dtype.kind == "i" else None
        numbers = torch.from_numpy(X.astype(np.float32)).unsqueeze(0)
        labels = y[:, None] if self.classes_ is None else np.equal.outer(y, self.classes_)
        self.scales_ = scales(numbers)
        self.regressions_, _ = solve(
            cells(numbers, self.scales_), torch.from_numpy(labels.astype(np.float32)).unsqueeze(0)
        )
        return self

    def _means(self, X: np.ndarray) -> Tensor:
        table = cells(torch.from_numpy(X.astype(np.float32)).unsqueeze(0), self.scales_)
        return plain_mean(self.regressions_.advice(table), 0 if self.classes_ is None else len(self.classes_))[0]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return values (n,)."""
        return self._means(X)[:, 0].numpy()

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities (n, K)."""
        return self._means(X).double().softmax(dim=1).numpy()


def built(name: str, dataset: Dataset, profile: Profile, rows: int, seed: int) -> Any:
    """Return an unfitted pipeline of the runner."""
    setting = Setting(profile, modalities.find("tabular"), default_metric(dataset.task), rows, seed=seed)
    if name == "xgboost as shipped":
        kind = xgboost.XGBRegressor if dataset.task == "regression" else xgboost.XGBClassifier
        return make_pipeline(setting.modality.encoder("ordinal"), kind(n_jobs=1, random_state=seed))
    if name == "solvers":
        return make_pipeline(setting.modality.encoder("ordinal"), Solvers())
    return learners.find(name).build(setting, {})


def errors(
    dataset: Dataset, profile: Profile, runners: Sequence[str], count: int = 5
) -> dict[str, tuple[float, float]]:
    """Return each runner's mean error over the first `count` of five folds, and its CPU seconds for one of them."""
    metric = METRICS[default_metric(dataset.task)]
    folds = splits.draw(dataset.target, kind="stratified", folds=5, repeats=1, seed=0).parts[:count]
    found = {}
    for name in runners:
        wrong, before = [], time.process_time()
        for fold in folds:
            inputs, target = rows_at(dataset, fold.train)
            model = built(name, dataset, profile, len(fold.train), fold.number).fit(inputs, target)
            wrong.append(
                metric.error(dataset.target[fold.test], predict(model, rows_at(dataset, fold.test)[0], dataset))
            )
        found[name] = float(np.mean(wrong)), (time.process_time() - before) / len(folds)
    return found


def summary(results: Mapping[str, Mapping[str, tuple[float, float]]], runners: Sequence[str]) -> str:
    """Say mean ranks, and the mean log ratio of each error to ours, with its standard error over tables."""
    table = np.array([[results[name][runner][0] for runner in runners] for name in results])
    ranks = rankdata(table, axis=1)
    lines = ["", "| runner | mean rank | error against ours | ours better in | CPU s |", "|---|---|---|---|---|"]
    for place in np.argsort(ranks.mean(axis=0)):
        ratio = np.log(np.maximum(table[:, place], 1e-4) / np.maximum(table[:, 0], 1e-4))
        seconds = np.mean([results[name][runners[place]][1] for name in results])
        spread = 100 * ratio.std(ddof=1) / np.sqrt(len(ratio))
        lines.append(
            f"| {runners[place]} | {ranks[:, place].mean():.2f} "
            f"| {100 * np.expm1(ratio.mean()):+.1f} % (SE {spread:.1f}) "
            f"| {int((ratio > 0).sum())} of {len(ratio)} | {seconds:.2f} |"
        )
    return "\n".join(lines)


def speed(rows: int, columns: int, seed: int = 0) -> str:
    """Say what two classes of made numbers cost: CPU seconds of a fit and of answers, size of the saved model."""
    inputs = np.random.default_rng(seed).normal(size=(rows + 1000, columns))
    target = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    model, asked = PriorFittedClassifier(), inputs[rows:]
    model.fit(inputs[:50], target[:50]).predict_proba(asked)  # warms up

    def cpu_seconds(work: Callable[[], Any]) -> float:
        before = time.process_time()
        work()
        return time.process_time() - before

    fit = cpu_seconds(lambda: model.fit(inputs[:rows], target[:rows]))
    alone = np.median([cpu_seconds(lambda row=row: model.predict_proba(asked[[row]])) for row in range(20)])
    together = cpu_seconds(lambda: model.predict_proba(asked))
    return f"| {rows} x {columns} | {fit:.2f} | {1000 * alone:.1f} | {together:.2f} | {model_mb(model):.2f} |"


def main() -> None:
    """Run what the command line asks for and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most-rows", type=int, default=1000)
    parser.add_argument("--runners", default=",".join(RUNNERS))
    parser.add_argument("--tables", help="names of the index, by commas (default: all)")
    parser.add_argument("--folds", type=int, default=5, help="how many of the five folds to run")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--speed", action="store_true", help="only time fits and answers on made numbers")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.speed:
        print(
            "| rows x columns | fit, CPU s | one row, CPU ms | 1,000 rows, CPU s | saved, MB |\n|---|---|---|---|---|"
        )
        for rows, columns in ((450, 30), (2000, 20)):
            print(speed(rows, columns), flush=True)
        return
    runners = options.runners.split(",")
    lines = [f"| table | metric | {' | '.join(runners)} |", "|---|---|" + "---|" * len(runners)]
    results: dict[str, dict[str, tuple[float, float]]] = {}
    index = pd.read_csv(options.data / "index.csv")
    if options.tables:
        index = index[index["name"].isin(options.tables.split(","))]
    for entry in index[index["rows"] <= options.most_rows].itertuples():
        dataset = modalities.find("tabular").read(options.data / entry.file, target=entry.target)
        profile = advisor.profiling.profile(dataset, modalities.find("tabular"))
        if reason := learners.find(runners[0]).suits(profile):
            lines.append(f"| {entry.name} | left out: {reason} |" + " |" * len(runners))
            continue
        results[entry.name] = errors(dataset, profile, runners, options.folds)
        shown = " | ".join(f"{results[entry.name][runner][0]:.4g}" for runner in runners)
        lines.append(f"| {entry.name} | {default_metric(dataset.task)} | {shown} |")
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n" + summary(results, runners) + "\n"
    print(summary(results, runners))
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
