"""Our best net against scikit-learn's MLP, both tuned for the same CPU seconds, and against CatBoost with its defaults.

The 20 tables are those of nets_against_pytabkit.py, written down before its first run; each is cut to --rows rows, a
quarter of them for testing, one cut and one seed. Whatever is chosen is chosen on a fifth of the training rows that all
runners hold out alike.

"ours" is what the neural side of `advisor compare` does within --seconds: the defaults of realmlp, tabm and mlp first;
the one with the least inner error is then tuned by `advisor.fitting.study` in its own space, a study that stagnates
followed by one of another seed; what tuning found replaces the default if it is better by more than a standard error
(advisor.measuring.evidence.clearly_better); the winner is trained on all training rows. A fit has a soft limit of half
of the seconds, in wall time. "sklearn" is MLPClassifier or MLPRegressor with early stopping behind our own encoder
(scaled numbers, one-hot categories, a standardised target): its default first, then the same search in the space of
auto-sklearn 2 (Feurer et al. 2022) with the size of batches and the patience added; the least inner error wins and is
trained on all training rows. It gets the seconds that "ours" has used, its last fit included, or --seconds where those
are more. "CatBoost" is our learner of that name with its defaults, however long it takes.

Run: OMP_NUM_THREADS=1 python benchmarks/tuned_against_sklearn.py [--rows 3000] [--seconds 60] [--tables a,b]
     [--data FOLDER] [--write reports/tuned_against_sklearn.md]
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
import torch
from mlp_against_sklearn import peer
from nets_against_pytabkit import DATA, TABLES
from rows import rows_at
from sklearn.exceptions import ConvergenceWarning

from advisor import learners, modalities
from advisor.contracts import Choice, Float, Integer, Setting, Space
from advisor.fitting.fold import predict
from advisor.fitting.study import Study
from advisor.measuring import splits
from advisor.measuring.evidence import clearly_better
from advisor.measuring.metrics import METRICS, Metric, default_metric
from advisor.records import Dataset, Profile

NETS = ("realmlp", "tabm", "mlp")
SEED = 0
MOST_TRIALS = 1000

Build = Callable[[Mapping[str, Any]], Any]
PEER_SPACE: Space = {
    "depth": Integer(1, 3),
    "width": Integer(16, 264, log=True),
    "activation": Choice(("relu", "tanh")),
    "alpha": Float(1e-7, 1e-1, log=True),
    "learning_rate_init": Float(1e-4, 0.5, log=True),
    "batch_size": Choice((32, 64, 128, 256)),
    "n_iter_no_change": Choice((10, 32)),
}


@dataclass(frozen=True)
class Arena:
    """One table: its training and test rows, and how the training rows are cut for choosing."""

    dataset: Dataset
    metric: Metric
    train: np.ndarray
    test: np.ndarray
    fit: np.ndarray
    held: np.ndarray

    def inner(self, model: Any) -> np.ndarray:
        """Fit on the inner rows and return the losses of those held out."""
        fitted = model.fit(*rows_at(self.dataset, self.fit))
        inputs, target = rows_at(self.dataset, self.held)
        return self.metric.row_losses(target, predict(fitted, inputs, self.dataset))

    def outer(self, model: Any) -> float:
        """Fit on all training rows and return the error on the test rows."""
        fitted = model.fit(*rows_at(self.dataset, self.train))
        inputs, target = rows_at(self.dataset, self.test)
        return float(self.metric.error(target, predict(fitted, inputs, self.dataset)))

    def inner_error(self, losses: np.ndarray) -> float:
        """Return the error that such losses make."""
        return float(self.metric.error_of_loss(float(losses.mean())))


@dataclass(frozen=True)
class Result:
    """What a side reached on the test rows, what it was, the trials it took, and its CPU seconds."""

    error: float
    name: str
    trials: int
    seconds: float


class Purse:
    """CPU seconds to spend, and how many are left at the pace of now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def spent(self) -> float:
        """CPU seconds since the beginning."""
        return time.process_time() - self._cpu

    def left(self, kept: float) -> float:
        """Return what is left but for `kept`, as seconds on the wall: tuning reckons its trials in those."""
        slowness = (time.perf_counter() - self._wall) / max(self.spent, 1e-9)
        return (self.seconds - kept - self.spent) * slowness


def arena(dataset: Dataset, rows: int) -> Arena:
    """Draw the rows of a table and cut them twice."""
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(dataset.target))[:rows])
    train, test = (chosen[part] for part in splits.hold_out(dataset.target[chosen], 0.25, SEED))
    fit, held = (train[part] for part in splits.hold_out(dataset.target[train], 0.2, SEED))
    return Arena(dataset, METRICS[default_metric(dataset.task)], train, test, fit, held)


def setting_of(dataset: Dataset, rows: int, seconds: float | None) -> Setting:
    """Say to a learner what it may know."""
    profile = Profile(dataset.name, "tabular", rows, dataset.task, (), {}, 0, {}, (), "")
    metric = default_metric(dataset.task)
    return Setting(profile, modalities.find("tabular"), metric, rows, seed=SEED, seconds=seconds)


def search(
    place: Arena, build: Build, space: Space, default: np.ndarray, took: float, known: Mapping[str, Any],
    seconds_left: Callable[[], float],
) -> tuple[dict[str, Any], np.ndarray, int]:  # fmt: skip
    """Tune; return the parameters with the least inner error (none: the default), their losses, and the trials.

    No trial is begun when less time is left than the longest has taken so far, the default's `took` seconds included.
    """
    best: dict[str, Any] = {}
    least, longest, trials, seed = default, took, 1, SEED

    def begun(seed: int) -> Study:
        first = (place.inner_error(default),)
        return Study(space, default_params=known, default_errors=first, seed=seed, most=MOST_TRIALS)

    study = begun(seed)
    while trials < MOST_TRIALS and seconds_left() > longest:
        params = study.ask()
        if params is None:
            seed += 1
            study = begun(seed)
            continue
        before = time.perf_counter()
        losses = place.inner(build(params))
        longest = max(longest, time.perf_counter() - before)
        trials += 1
        study.tell(params, (place.inner_error(losses),), "complete")
        if losses.mean() < least.mean():
            best, least = params, losses
    return best, least, trials


def our_side(place: Arena, seconds: float) -> Result:
    """Let the neural side of a comparison spend its seconds."""
    purse = Purse(seconds)
    setting = setting_of(place.dataset, len(place.fit), seconds / 2)
    defaults: dict[str, tuple[np.ndarray, float]] = {}
    for name in NETS:
        before = time.process_time()
        losses = place.inner(learners.find(name).build(setting, {}))
        defaults[name] = losses, time.process_time() - before
    leader = min(defaults, key=lambda name: float(defaults[name][0].mean()))
    default, took = defaults[leader]
    learner = learners.find(leader)
    space = learner.space(setting)
    shown = learner.build(setting, {}).get_params()
    last_fit = 1.2 * took * len(place.train) / len(place.fit)
    params, losses, trials = search(
        place,
        lambda params: learner.build(setting, params),
        space,
        default,
        took,
        {name: shown[f"model__{name}"] for name in space if f"model__{name}" in shown},
        lambda: purse.left(last_fit),
    )
    if not params or not clearly_better(default, losses):
        params = {}
    error = place.outer(learner.build(setting_of(place.dataset, len(place.train), seconds / 2), params))
    return Result(error, leader + (", tuned" if params else ""), trials + len(NETS) - 1, purse.spent)


def peer_with(dataset: Dataset, params: Mapping[str, Any]) -> Any:
    """Return scikit-learn's net with a sample of PEER_SPACE, or its default."""
    options = {"max_iter": 500, **params}
    if params:
        options["hidden_layer_sizes"] = (options.pop("width"),) * options.pop("depth")
    return peer(dataset, **options)


def peer_side(place: Arena, seconds: float) -> Result:
    """Let scikit-learn's net spend as much."""
    purse = Purse(seconds)
    default = place.inner(peer_with(place.dataset, {}))
    took = purse.spent
    params, _, trials = search(
        place,
        lambda params: peer_with(place.dataset, params),
        PEER_SPACE,
        default,
        took,
        {},
        lambda: purse.left(1.25 * took),
    )
    error = place.outer(peer_with(place.dataset, params))
    return Result(error, "tuned" if params else "default", trials, purse.spent)


def catboost_side(place: Arena) -> Result:
    """Fit CatBoost's defaults."""
    purse = Purse(np.inf)
    model = learners.find("catboost").build(setting_of(place.dataset, len(place.train), None), {})
    return Result(place.outer(model), "default", 1, purse.spent)


def heading(rows: int, seconds: float) -> str:
    """Return what has to be known to read the figures, and the head of the table."""
    return (
        f"At most {rows:,} rows a table, {seconds:g} CPU seconds a side, seed {SEED}. scikit-learn "
        f"{sklearn.__version__}, torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}, "
        "one thread.\n\n"
        "| table | metric | ours | sklearn | CatBoost | ours is | trials | sklearn is | trials | ours s | sklearn s "
        "| CatBoost s |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    )


def line(place: Arena, ours: Result, theirs: Result, trees: Result) -> str:
    """Return a row of the table."""
    errors = " | ".join(f"{side.error:.4g}" for side in (ours, theirs, trees))
    what = " | ".join(f"{side.name} | {side.trials}" for side in (ours, theirs))
    seconds = " | ".join(f"{side.seconds:.0f}" for side in (ours, theirs, trees))
    return f"| {place.dataset.name} | {place.metric.name} | {errors} | {what} | {seconds} |"


def summary(results: list[tuple[Result, Result, Result]]) -> str:
    """Say how often ours is better, and by how much in the mean of log ratios."""
    text = []
    for name, rivals in (("sklearn's MLP", [r[1] for r in results]), ("CatBoost's defaults", [r[2] for r in results])):
        ratios = np.array([np.log(r[0].error / rival.error) for r, rival in zip(results, rivals, strict=True)])
        spread = ratios.std(ddof=1) / np.sqrt(len(ratios)) if len(ratios) > 1 else float("nan")
        text.append(
            f"Against {name}: better on {int((ratios < 0).sum())} of {len(ratios)}, error "
            f"{100 * np.expm1(ratios.mean()):+.1f} % (standard error {100 * spread:.1f})."
        )
    return "\n\n" + "\n\n".join(text)


def main() -> None:
    """Run what the command line asks for and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    torch.set_num_threads(1)
    index = pd.read_csv(options.data / "index.csv").set_index("name")
    lines, results = [heading(options.rows, options.seconds)], []
    print(lines[0], flush=True)
    for name in options.tables.split(","):
        entry = index.loc[name]
        place = arena(
            modalities.find("tabular").read(options.data / entry["file"], target=entry["target"]), options.rows
        )
        ours = our_side(place, options.seconds)
        theirs = peer_side(place, max(options.seconds, ours.seconds))
        results.append((ours, theirs, catboost_side(place)))
        lines.append(line(place, *results[-1]))
        print(lines[-1], flush=True)
        if options.write:
            options.write.write_text("\n".join(lines) + summary(results) + "\n", encoding="utf-8")
    print(summary(results))


if __name__ == "__main__":
    main()
