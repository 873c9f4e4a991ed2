"""Our RealMLP and TabM against pytabkit's RealMLP_TD and TabM_D: defaults, the same rows, one thread, CPU seconds.

The 20 tables (10 of classes, 10 of values, 1,000 to 50,000 rows) were written down before the first run; none of them
was used to choose a default of these two nets. Each is cut to --rows rows, a quarter of them for testing. Both sides
hold a fifth of the training rows out to choose an epoch; "ours" then trains again on all, as `advisor compare` does,
"no refit" does not, nor does pytabkit by default. pytabkit is told to smooth no labels and to choose the epoch by
cross-entropy where log loss or AUC decides, since as shipped it serves accuracy. Its TabM hands probabilities to that
measure, which expects logits, and so prefers epochs that are sure of themselves; this is mended here (`--as-shipped`
leaves it). It takes no missing numbers: both sides get medians for them.

pytabkit belongs into an environment of its own (pip install pytabkit==1.7.3 beside this project).
Run: OMP_NUM_THREADS=1 python benchmarks/nets_against_pytabkit.py [--net realmlp|tabm] [--seeds 3] [--rows 8000]
     [--tables a,b] [--as-shipped] [--data FOLDER] [--write reports/nets_against_pytabkit.md]
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from advisor import learners, modalities
from advisor.contracts import Setting
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS, default_metric
from advisor.records import Dataset, Profile

TABLES = (
    "credit-g", "Marketing_Campaign", "seismic-bumps", "hpc_data", "optdigits", "page-blocks", "mammography",
    "in_vehicle_coupon_recommendation", "website_phishing", "E-CommereShippingData",
    "abalone", "ames_housing_kaggle", "belgian_wages", "islr_bikeshare", "islr_wage", "sml2010_room_temp", "pol",
    "ailerons", "house_sales_kc", "loans_full_schema",
)  # fmt: skip
DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))


def ours(net: str, dataset: Dataset, rows: int, seed: int, **params: Any) -> Any:
    """Return our learner's pipeline for such a table."""
    profile = Profile(dataset.name, "tabular", rows, dataset.task, (), {}, 0, {}, (), "")
    setting = Setting(profile, modalities.find("tabular"), default_metric(dataset.task), rows, seed=seed)
    return learners.find(net).build(setting, params)


def theirs(net: str, dataset: Dataset, seed: int) -> Any:
    """Return pytabkit's estimator, told to serve the metric that decides here."""
    import pytabkit

    kind = "Regressor" if dataset.task == "regression" else "Classifier"
    name = {"realmlp": "RealMLP_TD", "tabm": "TabM_D"}[net]
    options: dict[str, Any] = {"device": "cpu", "random_state": seed, "n_threads": 1}
    if dataset.task != "regression":
        options |= {"val_metric_name": "cross_entropy"} | ({"use_ls": False} if net == "realmlp" else {})
    return getattr(pytabkit, f"{name}_{kind}")(**options)


def mend_tabm() -> None:
    """Let pytabkit's TabM judge an epoch by cross-entropy: of the logs of its probabilities, not of themselves."""
    from pytabkit.models.alg_interfaces import tabm_interface

    shipped = tabm_interface.Metrics

    class OfLogs(shipped):  # type: ignore[misc, valid-type]
        @staticmethod
        def apply(y_pred: torch.Tensor, y: torch.Tensor, metric_name: str) -> torch.Tensor:
            if metric_name == "cross_entropy":
                y_pred = y_pred.clamp_min(1e-30).log()
            return shipped.apply(y_pred, y, metric_name)

    tabm_interface.Metrics = OfLogs


def filled(dataset: Dataset, train: np.ndarray) -> pd.DataFrame:
    """Return the inputs with dates as numbers and gaps in numbers as medians of the training rows."""
    encoder = modalities.find("tabular").encoder("frame").fit(dataset.inputs.take(train))
    table = encoder.transform(dataset.inputs)
    numbers = table.select_dtypes("number").columns
    return table.assign(**{c: table[c].fillna(table[c].iloc[train].median()).fillna(0.0) for c in numbers})


def timed(build: Callable[[], Any], inputs: pd.DataFrame, target: np.ndarray) -> tuple[Any, float]:
    """Fit and return the model and its CPU seconds."""
    model, before = build(), time.process_time()
    model.fit(inputs, target)
    return model, time.process_time() - before


def duel(net: str, dataset: Dataset, rows: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return (error, CPU seconds) of the three runners on one cut of one table."""
    metric = METRICS[default_metric(dataset.task)]
    chosen = np.sort(np.random.default_rng(seed).permutation(len(dataset.target))[:rows])
    train, test = (chosen[part] for part in splits.hold_out(dataset.target[chosen], 0.25, seed))
    table, target = filled(dataset, train), dataset.target
    runners = {
        "ours": lambda: ours(net, dataset, len(train), seed),
        "no refit": lambda: ours(net, dataset, len(train), seed, refit=False),
        "pytabkit": lambda: theirs(net, dataset, seed),
    }
    results = {}
    for name, build in runners.items():
        model, seconds = timed(build, table.take(train), target[train])
        answer = model.predict_proba if dataset.classes else model.predict
        error = metric.error(target[test], np.asarray(answer(table.take(test)), dtype=float))
        results[name] = (float(error), seconds)
    return results


def heading(net: str, rows: int, seeds: int) -> str:
    """Return what has to be known to read the figures, and the head of the table."""
    versions = f"torch {torch.__version__}, pytabkit {version('pytabkit')}"
    return (
        f"## {net}\n\n{__doc__ and __doc__.splitlines()[0]} At most {rows:,} rows a table, {seeds} seed(s), "
        f"{platform.machine()}, {versions}.\nError is what the metric turns into lower-is-better; s are CPU seconds of "
        "a fit.\n\n| table | metric | ours | no refit | pytabkit | ours s | no refit s | pytabkit s |\n"
        "|---|---|---|---|---|---|---|---|"
    )


def line(dataset: Dataset, results: Sequence[Mapping[str, tuple[float, float]]]) -> str:
    """Return a row of the table: means over the seeds."""
    names = ("ours", "no refit", "pytabkit")
    errors = [f"{np.mean([r[name][0] for r in results]):.4g}" for name in names]
    seconds = [f"{np.mean([r[name][1] for r in results]):.0f}" for name in names]
    return f"| {dataset.name} | {default_metric(dataset.task)} | {' | '.join(errors)} | {' | '.join(seconds)} |"


def summary(tables: Mapping[str, Sequence[Mapping[str, tuple[float, float]]]]) -> str:
    """Say how ours compare, from the results of each table's seeds: {table: [{runner: (error, CPU seconds)}]}.

    A table counts once, with the mean of its log ratios over seeds; the standard error is over tables. With three seeds
    or more, tables are named on which ours is worse, or better, by more than two standard errors over the seeds.
    """
    text = []
    for name in ("ours", "no refit"):
        ratios = {
            table: np.array([np.log(r[name][0] / r["pytabkit"][0]) for r in seeds]) for table, seeds in tables.items()
        }
        means = np.array([found.mean() for found in ratios.values()])
        spent, theirs = (sum(r[who][1] for seeds in tables.values() for r in seeds) for who in (name, "pytabkit"))
        error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else float("nan")
        text.append(
            f"{name}: error {100 * np.expm1(means.mean()):+.1f} % (standard error {100 * error:.1f}), better in "
            f"{int((means < 0).sum())} of {len(means)}, {spent / theirs:.2f} of pytabkit's CPU seconds."
        )
        if min(len(found) for found in ratios.values()) >= 3:
            scores = {
                table: found.mean() / max(found.std(ddof=1) / np.sqrt(len(found)), 1e-12)
                for table, found in ratios.items()
            }
            for word, sign in (("worse", 1), ("better", -1)):
                beyond = [f"{t} ({100 * np.expm1(ratios[t].mean()):+.0f} %)" for t, z in scores.items() if sign * z > 2]
                text.append(f"Beyond the noise of its seeds {name} is {word} on: {', '.join(beyond) or 'no table'}.")
    return "\n\n" + "\n\n".join(text)


def main() -> None:
    """Run what the command line asks for and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", choices=["realmlp", "tabm"], default="realmlp")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--as-shipped", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.net == "tabm" and not options.as_shipped:
        mend_tabm()
    index = pd.read_csv(options.data / "index.csv").set_index("name")
    lines = [heading(options.net, options.rows, options.seeds)]
    every: dict[str, list[Mapping[str, tuple[float, float]]]] = {}
    print(lines[0], flush=True)
    for name in options.tables.split(","):
        entry = index.loc[name]
        dataset = modalities.find("tabular").read(options.data / entry["file"], target=entry["target"])
        results = [duel(options.net, dataset, options.rows, seed) for seed in range(options.seeds)]
        every[name] = results
        lines.append(line(dataset, results))
        print(lines[-1], flush=True)
        if options.write:
            options.write.write_text("\n".join(lines) + summary(every) + "\n", encoding="utf-8")
    print(summary(every))


if __name__ == "__main__":
    main()
