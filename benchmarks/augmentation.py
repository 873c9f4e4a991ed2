"""Made rows and learnt features against the same learner without them: do they pay on small or imbalanced tables?

For each table and seed a third of the rows is held out for testing and each learner is trained, untuned, on the rest:
the MLP and LightGBM as they are, with interpolated rows (SMOTE) and with rows of a WGAN-GP; the autoencoder; a linear
model and LightGBM with its hidden features. A claim for the GAN counts where it has less error than both the learner
without it and with interpolated rows for every seed: luck alone passes that on about a third of the tables with one
seed, and on a twelfth with three.

The tables were chosen by size and balance alone before anything was run: at most 1,000 rows, four with two classes of
which one is rare, three with many classes, three with values.

Run: OMP_NUM_THREADS=1 python benchmarks/augmentation.py results.csv [--tables a,b] [--seeds 3] [--data FOLDER]
     python benchmarks/augmentation.py results.csv --write reports/augmentation.md

The first appends a line a fit to results.csv and may be run for several tables at once, the second sums them up.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from rows import rows_at

import advisor.profiling
from advisor import learners, modalities
from advisor.contracts import Setting
from advisor.fitting.fold import predict
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS, default_metric

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
TABLES = (
    "oil_spill", "climate-model-crashes", "kc2", "student_portuguese", "glass", "ecoli", "eucalyptus",
    "diabetes_sklearn", "QSAR_fish_toxicity", "absenteeism",
)  # fmt: skip
# Each contender with whom it has to beat.
RIVALS = {
    "gan_mlp": ("mlp", "smote_mlp"),
    "gan_lightgbm": ("lightgbm", "smote_lightgbm"),
    "smote_mlp": ("mlp",),
    "smote_lightgbm": ("lightgbm",),
    "autoencoder": ("mlp",),
    "autoencoder_linear": ("linear",),
    "autoencoder_lightgbm": ("lightgbm",),
}
RUNNERS = (
    "linear", "autoencoder_linear", "lightgbm", "smote_lightgbm", "gan_lightgbm", "autoencoder_lightgbm",
    "mlp", "smote_mlp", "gan_mlp", "autoencoder",
)  # fmt: skip


def measure(name: str, seed: int, data: Path, results: Path) -> None:
    """Fit and judge every runner on one table with one seed; append a line for each to `results`."""
    entry = pd.read_csv(data / "index.csv").set_index("name").loc[name]
    modality = modalities.find("tabular")
    dataset = modality.read(data / entry.file, target=entry.target)
    profile = advisor.profiling.profile(dataset, modality)
    metric = METRICS[default_metric(dataset.task)]
    train, test = splits.hold_out(dataset.target, 1 / 3, seed)
    inputs, target = rows_at(dataset, train)
    for runner in RUNNERS:
        setting = Setting(profile, modality, metric.name, len(train), seed=seed)
        before = time.process_time()
        model = learners.find(runner).build(setting, {}).fit(inputs, target)
        seconds = time.process_time() - before
        error = metric.error(dataset.target[test], predict(model, rows_at(dataset, test)[0], dataset))
        line = pd.DataFrame([[name, metric.name, len(dataset.target), seed, runner, error, seconds]])
        line.to_csv(results, mode="a", header=False, index=False)
        print(*line.iloc[0], flush=True)


def report(results: pd.DataFrame) -> str:
    """Say mean errors table by table, and on how many each contender beat whom it has to beat, in Markdown."""
    known = results.pivot_table(index=["table", "seed"], columns="runner", values="error")[list(RUNNERS)].dropna()
    metrics = results.groupby("table")[["metric", "rows"]].first()
    seeds = ", ".join(str(seed) for seed in sorted(set(known.index.get_level_values("seed"))))
    lines = [
        f"{platform.machine()}, one thread a fit, torch {version('torch')}, lightgbm {version('lightgbm')}, "
        f"scikit-learn {version('scikit-learn')}; seeds {seeds}; "
        f"{results['seconds'].sum():,.0f} CPU seconds for fitting.",
        "",
        "Mean error over seeds (in units of the metric's error, lower is better):",
        "",
        f"| table | rows | metric | seeds | {' | '.join(RUNNERS)} |",
        "|---|---|---|---|" + "---|" * len(RUNNERS),
    ]
    for table, part in known.groupby("table", sort=False):
        means = " | ".join(f"{value:.4g}" for value in part.mean())
        lines.append(
            f"| {table} | {metrics.loc[table, 'rows']} | {metrics.loc[table, 'metric']} | {len(part)} | {means} |"
        )
    seconds = " | ".join(f"{results.loc[results['runner'] == name, 'seconds'].mean():.1f}" for name in RUNNERS)
    lines += [f"| CPU seconds a fit | | | | {seconds} |", ""]
    lines += [
        "| contender | has to beat | mean error against it | always better than all | always worse than one |",
        "|---|---|---|---|---|",
    ]
    for contender, others in RIVALS.items():
        ratios = np.log(known[[contender]].to_numpy() / known[list(others)].to_numpy())
        by_table = pd.DataFrame(ratios, index=known.index, columns=list(others)).groupby("table")
        won, lost = int((by_table.max() < 0).all(axis=1).sum()), int((by_table.min() > 0).any(axis=1).sum())
        mean = by_table.mean()
        against = "; ".join(
            f"{100 * np.expm1(mean[name].mean()):+.1f} % (SE {100 * mean[name].std() / np.sqrt(len(mean)):.1f})"
            for name in others
        )
        lines.append(f"| {contender} | {' and '.join(others)} | {against} | {won} of {len(mean)} | {lost} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, or sum up what has been measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.write:
        names = ["table", "metric", "rows", "seed", "runner", "error", "seconds"]
        text = report(pd.read_csv(options.results, names=names))
        options.write.write_text(text, encoding="utf-8")
        print(text)
        return
    for seed in range(options.seeds):
        for name in options.tables.split(","):
            measure(name, seed, options.data, options.results)


if __name__ == "__main__":
    main()
