"""What cheap models tell of a net's chances: landmarks measured on real tables, set beside published and own results.

    OMP_NUM_THREADS=1 python benchmarks/landmarks.py measure --cache FOLDER --learners knn,forest --cuts 0,1
    OMP_NUM_THREADS=1 python benchmarks/landmarks.py fit --cache FOLDER

`measure` fits defaults on at most --most-rows rows of each table of the data folder, on --cuts of three cuts, and
appends one line a fit to FOLDER/landmarks.jsonl; what stands there is not measured again, and --cpu-seconds ends it
early. `fit` sets the log error ratios of that file beside the per-table results of published.csv and of our own
reports, and says how well a regression on them predicts the tables that it has not seen, one table left out at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats.mstats import winsorize

import advisor.profiling
from advisor import learners, modalities, splits
from advisor.contracts import Setting
from advisor.evidence import PRIOR_MEAN, PRIOR_SD, detectable_gain_guess
from advisor.metrics import METRICS, default_metric
from advisor.prior import BOOSTED, landmarks
from advisor.records import Dataset
from advisor.trial import predict

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
REPORTS = Path(__file__).resolve().parents[1] / "reports"
CLASSICAL = "dummy,linear,knn,forest,xgboost,lightgbm,catboost"


def at_most(dataset: Dataset, most_rows: int) -> Dataset:
    """Return the data set, or a stratified draw of `most_rows` of its rows."""
    if len(dataset.target) <= most_rows:
        return dataset
    _, drawn = splits.hold_out(dataset.target, most_rows / len(dataset.target), seed=0)
    inputs, target = dataset.rows(drawn)
    return replace(dataset, inputs=inputs.reset_index(drop=True), target=target, times=None, groups=None)


def measure(
    data: Path, cache: Path, names: Sequence[str], cuts: Sequence[int], most_rows: int, tables: str, cpu: float
) -> None:
    """Append one line for each fit that the cache lacks: table, learner, cut, error, CPU seconds."""
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / "landmarks.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    known = {(line["table"], line["learner"], line["cut"]) for line in lines}
    index = pd.read_csv(data / "index.csv").sort_values("rows")
    published = set(pd.read_csv(data / "published.csv")["have_data"].dropna())
    for entry in index.itertuples():
        kind = "published" if entry.name in published else "others"
        if tables != "all" and not {kind, entry.name} & set(tables.split(",")):
            continue
        wanted = [(n, c) for c in cuts for n in names if (entry.name, n, c) not in known]
        if not wanted:
            continue
        if time.process_time() > cpu:
            print("the CPU seconds are spent")
            return
        tabular = modalities.find("tabular")
        dataset = tabular.read(data / entry.file, target=entry.target)
        whole, dataset = len(dataset.target), at_most(dataset, most_rows)
        profile = advisor.profiling.profile(dataset, tabular)
        metric = METRICS[default_metric(dataset.task)]
        drawn = splits.draw(dataset.target, kind="stratified", folds=3, repeats=1, inner_folds=1, seed=0).parts
        for name, cut in wanted:
            learner, part = learners.find(name), drawn[cut]
            line: dict[str, Any] = {"table": entry.name, "learner": name, "cut": cut, "error": None}
            before = time.process_time()
            if not learner.suits(profile):
                setting = Setting(profile, tabular, metric.name, len(part.train), seed=0)
                try:
                    model = learner.build(setting, {}).fit(*dataset.rows(part.train))
                    inputs, target = dataset.rows(part.test)
                    line["error"] = metric.error(target, predict(model, inputs, dataset))
                except Exception as problem:
                    line["message"] = str(problem)[:200]
            line |= {
                "task": dataset.task,
                "rows": whole,
                "train_rows": len(part.train),
                "classes": len(dataset.classes),
                "cpu_seconds": round(time.process_time() - before, 3),
            }
            with file.open("a") as out:
                out.write(json.dumps(line) + "\n")
        print(entry.name, f"{time.process_time():.0f} s", flush=True)


# Sources of published results from the best to ask to the last: tuned strong nets chosen by validation rows first, then
# nets of 2023 and the best of many by test rows. A table counts once, with its best source.
SOURCES = (
    "TabArena-Lite(tuned)",
    "Yandex(TabR+TabM repos)",
    "Yandex(num-embeddings repo)",
    "Yandex(rtdl-revisiting repo)",
    "pytorch-frame benchmark",
    "TabZilla(final18,2023-03)",
    "TabZilla(full171,2023-01)",
)
STRONG = SOURCES[:4]
# The share of a table's rows that a source's scores rest on.
JUDGED = {"TabArena": 1 / 3, "Yandex": 0.2, "pytorch": 0.2, "TabZilla": 1.0}
METRIC_NAMES = {"1-roc_auc (error)": "roc_auc", "rmse (standardised)": "rmse"}
# A log ratio beyond this (twice the error, or half of it) says no more than that the gap is large.
LARGEST_THETA = float(np.log(2))
GAIN = 0.02


def sampling_error(metric: str, error: float, rows: float) -> float:
    """Guess the standard error of theta from textbook spreads of row losses, as `detectable_gain_guess` does."""
    return -float(np.log1p(-detectable_gain_guess(max(int(rows), 20), METRICS[metric], error))) / 2.4865


def published_thetas(data: Path) -> pd.DataFrame:
    """Return theta of published results, one row for each table and source that names one of ours.

    Champions chosen by validation rows where the source has them, else the best by test rows (which favours the side
    with more members). A share of wrong rows gets half a row more on both sides (Haldane 1956).
    """
    rows = []
    known_rows = pd.read_csv(data / "index.csv").set_index("name")["rows"]
    for line in pd.read_csv(data / "published.csv").itertuples():
        table_rows = known_rows.get(line.have_data, 0.0) if pd.isna(line.n_rows) else line.n_rows
        if line.source not in SOURCES or pd.isna(line.best_nn_score) or not table_rows:
            continue
        chosen = not pd.isna(line.valsel_tree_score)
        scores = (
            (line.valsel_tree_score, line.valsel_nn_score) if chosen else (line.best_tree_score, line.best_nn_score)
        )
        greater = str(line.higher_is_better) == "True"
        judged = table_rows * next(share for start, share in JUDGED.items() if line.source.startswith(start))
        tree, net = ((1 - score if greater else score) + 0.5 / judged * greater for score in scores)
        metric = METRIC_NAMES.get(line.metric, line.metric)
        rows.append(
            {
                "table": line.have_data if isinstance(line.have_data, str) else None,
                "dataset": line.dataset,
                "source": line.source,
                "log10 rows": float(np.log10(table_rows)),
                "log2 classes": float(np.log2(max(line.n_classes, 1))),
                "regression": float(line.task == "regression"),
                **{
                    f"published {name} / trees": float(
                        np.clip(
                            np.log(max(1 - score if greater else score, 0) + 0.5 / judged * greater) - np.log(tree),
                            -2,
                            2,
                        )
                    )
                    for name, score in (("linear", line.best_linear_score), ("mlp", line.best_plain_mlp_score))
                    if not pd.isna(score)
                },
                "chosen": chosen,
                "theta": float(np.clip(np.log(tree / net), -LARGEST_THETA, LARGEST_THETA)),
                "se": sampling_error(metric, tree if greater or metric == "roc_auc" else 0.2, judged),
            }
        )
    return pd.DataFrame(rows).dropna(subset=["theta", "se"])


def reported(file: Path, net: str, share: float) -> pd.DataFrame:
    """Return theta of a net against CatBoost's default from the table of one of our reports; `share` of rows judged."""
    lines = [line.strip("| \n").split(" | ") for line in file.read_text().splitlines() if line.startswith("| ")]
    head = next(cells for cells in lines if cells[0] == "table")
    known_rows = pd.read_csv(DATA / "index.csv").set_index("name")["rows"]
    rows = []
    for cells in lines:
        line = dict(zip(head, cells, strict=False))
        if line.get("metric") not in METRICS:
            continue
        boosted, ours = (float(line[name]) for name in (next(c for c in head if c.lower() == "catboost"), net))
        if min(boosted, ours) > 0:
            theta = float(np.clip(np.log(boosted / ours), -LARGEST_THETA, LARGEST_THETA))
            relative = boosted if line["metric"] == "roc_auc" else 0.2
            judged = share * min(known_rows[line["table"]], 2000)
            rows.append(
                {"table": line["table"], "theta": theta, "se": sampling_error(line["metric"], relative, judged)}
            )
    return pd.DataFrame(rows)


def measured(cache: Path) -> pd.DataFrame:
    """Return landmarks of every table whose defaults are all in the cache, and theta of our own TabM where it is.

    Landmarks come from cut 0. Our theta comes from cut 1, other test rows: TabM's default against the kind of boosted
    trees that had the least error on cut 0.
    """
    found = []
    lines = pd.read_json(cache / "landmarks.jsonl", lines=True)
    for table, group in lines.groupby("table"):
        errors = [group[group["cut"] == cut].dropna(subset="error").set_index("learner")["error"] for cut in (0, 1)]
        one = group.iloc[0]
        marks = landmarks(dict(errors[0]), task=one["task"], rows=int(one["rows"]), classes=int(one["classes"]))
        if marks is None:
            continue
        boosted = errors[0].reindex(BOOSTED)
        if "mlp" in errors[0]:
            marks["mlp / boosted"] = float(np.log(errors[0]["mlp"] / np.exp(np.log(boosted.clip(lower=1e-9)).mean())))
            marks["mlp / boosted"] = float(np.clip(marks["mlp / boosted"], -1.5, 1.5))
        row: dict[str, Any] = {"table": table, **marks}
        champion = boosted.idxmin()
        if {"tabm", champion} <= set(errors[1].index) and min(errors[1]["tabm"], errors[1][champion]) > 0:
            metric = default_metric(one["task"])
            relative = errors[1][champion] if metric == "roc_auc" else 0.2
            ratio = float(np.log(errors[1][champion] / errors[1]["tabm"]))
            row["own_theta"] = float(np.clip(ratio, -LARGEST_THETA, LARGEST_THETA))
            row["own_se"] = sampling_error(metric, relative, one["train_rows"] / 2)
        found.append(row)
    return pd.DataFrame(found)


@dataclass(frozen=True)
class Fit:
    """A Bayesian linear regression on standardised features: what `advisor/prior.py` keeps of it."""

    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    covariance: np.ndarray
    tau: float
    shrinkage: float

    def predict(self, features: np.ndarray) -> tuple[float, float]:
        """Return the mean and sd of a new table's true theta."""
        x = np.append(1.0, (features - self.centre) / self.scale)
        return float(x @ self.weights), float(np.sqrt(self.tau**2 + x @ self.covariance @ x))


def regression(features: np.ndarray, theta: np.ndarray, se: np.ndarray) -> Fit:
    """Fit theta_i = w x_i + N(0, tau^2) + N(0, se_i^2), w ~ N(0, shrinkage^2), both chosen by marginal likelihood."""
    centre, scale = features.mean(axis=0), np.where(features.std(axis=0) > 1e-9, features.std(axis=0), 1.0)
    x = np.column_stack([np.ones(len(theta)), (features - centre) / scale])
    best: tuple[float, Any] = (-np.inf, None)
    for tau in (0.03, 0.05, 0.08, 0.12, 0.17, 0.23, 0.3):
        for shrinkage in (1e-6, 0.01, 0.03, 0.06, 0.12) if features.shape[1] else (1e-6,):
            prior = np.diag(np.append(0.5, np.full(features.shape[1], shrinkage)) ** 2)
            spread = np.diag(tau**2 + se**2) + x @ prior @ x.T
            root = np.linalg.cholesky(spread)
            evidence = -0.5 * float(np.sum(np.linalg.solve(root, theta) ** 2)) - float(np.log(np.diag(root)).sum())
            if evidence > best[0]:
                gain = prior @ x.T @ np.linalg.inv(spread)
                best = evidence, Fit(centre, scale, gain @ theta, prior - gain @ x @ prior, tau, shrinkage)
    fit: Fit = best[1]
    return fit


def skill(features: np.ndarray, theta: np.ndarray, se: np.ndarray) -> dict[str, float]:
    """Return how the regression predicts tables it has not seen, leaving out one at a time."""
    there = [np.arange(len(theta)) != i for i in range(len(theta))]
    seen = [regression(features[kept], theta[kept], se[kept]).predict(features[~kept][0]) for kept in there]
    plain = [regression(features[kept][:, :0], theta[kept], se[kept]).predict(np.zeros(0))[0] for kept in there]
    mean, sd = np.array(seen).T
    return scores(mean, sd, theta, se, np.array(plain))


def scores(
    mean: np.ndarray, sd: np.ndarray, theta: np.ndarray, se: np.ndarray, plain: np.ndarray | float = 0.0
) -> dict[str, float]:
    """Score predictive means and sds of true thetas by what was observed of them.

    Correlation and AUC are those of what the features add to `plain`, the mean of the other tables: that mean is the
    lower the higher the theta that is left out, and alone it would have a correlation of almost -1.
    """
    added = mean - plain
    wide = np.sqrt(sd**2 + se**2)
    better = theta > -np.log1p(-GAIN)
    below = np.round(np.subtract.outer(added[better], added[~better]), 9)
    return {
        "correlation": float(np.corrcoef(added, theta)[0, 1]) if np.ptp(added) > 1e-6 else float("nan"),
        "auc": float(np.mean(below > 0) + 0.5 * np.mean(below == 0)),
        "rmse": float(np.sqrt(np.mean((mean - theta) ** 2))),
        "log density": float(np.mean(norm.logpdf(theta, mean, wide))),
        "in 90 %": float(np.mean(np.abs(theta - mean) < 1.645 * wide)),
        "sd": float(np.mean(sd)),
    }


RATIOS = ["linear / forest", "knn / forest", "forest / dummy", "boosted / forest"]
CONTROLS = ["log10 rows", "log2 classes", "regression"]
MODELS: dict[str, list[str]] = {
    "mean of the other tables": [],
    "size and task": CONTROLS,
    "ratios": RATIOS,
    "ratios, size and task": RATIOS + CONTROLS,
    "mlp / boosted": ["mlp / boosted"],
    "all of them": [*RATIOS, *CONTROLS, "mlp / boosted"],
}
PUBLISHED_MODELS: dict[str, list[str]] = {
    "mean of the other tables": [],
    "size and task": CONTROLS,
    "linear / trees": ["published linear / trees"],
    "linear / trees, size and task": ["published linear / trees", *CONTROLS],
    "mlp / trees too": ["published linear / trees", "published mlp / trees", *CONTROLS],
}


def skills(table: pd.DataFrame, theta: str, se: str, models: Mapping[str, list[str]] = MODELS) -> str:
    """Return a table of the skill of every model on one target, one line a model."""
    names = ["correlation", "auc", "rmse", "log density", "in 90 %", "sd"]
    lines = [f"| model | tables | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    known = table.dropna(subset=[theta])
    if len(known) < 10:
        return f"Only {len(known)} tables."
    y, error = known[theta].to_numpy(), known[se].to_numpy()
    weak = scores(np.full(len(y), PRIOR_MEAN), np.full(len(y), PRIOR_SD), y, error)
    found = {f"N({PRIOR_MEAN}, {PRIOR_SD}^2)": (len(y), weak)}
    for name, features in models.items():
        if not set(features) <= set(known.columns):
            continue
        rows = known.dropna(subset=features)
        found[name] = (
            len(rows),
            skill(rows[features].to_numpy(float), rows[theta].to_numpy(), rows[se].to_numpy()),
        )
    for name, (count, result) in found.items():
        lines.append(f"| {name} | {count} | " + " | ".join(f"{result[key]:.3f}" for key in names) + " |")
    return "\n".join(lines)


def tuning_gain(data: Path) -> str:
    """Say how much more the nets gained from tuning than the trees, on the same tables (TabArena-Lite)."""
    lines = pd.read_csv(data / "published.csv")
    lines["theta"] = np.log(lines["valsel_tree_score"] / lines["valsel_nn_score"])
    by_source = lines[lines["source"].str.startswith("TabArena")].pivot(
        index="dataset", columns="source", values="theta"
    )
    gain = (by_source["TabArena-Lite(tuned)"] - by_source["TabArena-Lite(default)"]).dropna().to_numpy()
    kept = np.asarray(winsorize(gain, (0.1, 0.1)))
    return (
        f"{len(gain)} tables: mean {gain.mean():+.3f}, median {np.median(gain):+.3f}, sd {gain.std(ddof=1):.3f};"
        f" a tenth winsorised at either end: mean {kept.mean():+.3f}, sd {kept.std(ddof=1):.3f}."
    )


def spread_of(published: pd.DataFrame, what: str) -> str:
    """Say how theta is spread over tables, each counted once with its best source."""
    theta = published.sort_values("place").drop_duplicates("dataset")["theta"].to_numpy()
    kept = np.asarray(winsorize(theta, (0.1, 0.1)))
    return (
        f"{what}, {len(theta)} tables: mean {theta.mean():+.3f} (standard error {theta.std() / len(theta) ** 0.5:.3f}),"
        f" sd {theta.std(ddof=1):.3f}, median {np.median(theta):+.3f}; winsorised {kept.mean():+.3f} and"
        f" {kept.std(ddof=1):.3f}; above 0.01 in {np.mean(theta > 0.01):.0%}."
    )


def report(data: Path, cache: Path) -> str:
    """Return the text of the report."""
    published, ours = published_thetas(data), measured(cache)
    published["place"] = published["source"].map(SOURCES.index)
    best = published.dropna(subset="table").sort_values("place").drop_duplicates("table").set_index("table")
    table = ours.join(best[["theta", "se", "source", "chosen"]], on="table")
    tuned = reported(REPORTS / "tuned_against_sklearn.md", "ours", 0.25).set_index("table")
    small = reported(REPORTS / "prior_fitted.md", "prior_fitted", 1.0).set_index("table")
    strong = table["source"].isin(STRONG)
    targets = [
        ("measured landmarks, published results of all kinds", table, "theta", "se", MODELS),
        ("measured landmarks, strong nets chosen by validation rows", table[strong], "theta", "se", MODELS),
        ("measured landmarks, nets of 2023, the best by test rows", table[~strong], "theta", "se", MODELS),
        ("measured landmarks, our nets in 45 s against CatBoost", ours.join(tuned, on="table"), "theta", "se", MODELS),
        ("measured landmarks, prior_fitted against CatBoost", ours.join(small, on="table"), "theta", "se", MODELS),
    ]
    if "own_theta" in table:
        targets.append(("measured landmarks, our TabM against boosted trees", table, "own_theta", "own_se", MODELS))
    independent = published.dropna(subset="published linear / trees").sort_values("place")
    for name, sources in (("TabArena-Lite", SOURCES[:1]), ("TabZilla", SOURCES[5:])):
        chosen = independent[independent["source"].isin(sources)].drop_duplicates("dataset")
        targets.append((f"published landmarks and results, {name}", chosen, "theta", "se", PUBLISHED_MODELS))
    parts = [f"### {name[0].upper()}{name[1:]}\n\n{skills(*rest)}" for name, *rest in targets]
    independent, strong = (published[published["source"].isin(some)] for some in (SOURCES[:1], STRONG))
    parts.append("### Published theta")
    parts += [spread_of(independent, "TabArena-Lite, tuned"), spread_of(strong, "all sources of strong nets")]
    parts.append(f"### Tuned against default\n\n{tuning_gain(data)}")
    return "\n\n".join(parts)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "fit"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--learners", default=CLASSICAL)
    parser.add_argument("--cuts", default="0")
    parser.add_argument("--most-rows", type=int, default=1500)
    parser.add_argument("--tables", default="all", help="all, published, others, or names with commas")
    parser.add_argument("--cpu-seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if options.what == "measure":
        names, cuts = options.learners.split(","), [int(cut) for cut in options.cuts.split(",")]
        measure(options.data, options.cache, names, cuts, options.most_rows, options.tables, options.cpu_seconds)
    else:
        print(report(options.data, options.cache))


if __name__ == "__main__":
    main()
