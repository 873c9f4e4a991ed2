"""When a study may end early: rules of `advisor/tuning.py` replayed on recorded studies that nobody stopped.

    OMP_NUM_THREADS=1 python benchmarks/stopping.py record --cache FOLDER      about five minutes of CPU
    OMP_NUM_THREADS=1 python benchmarks/stopping.py make --cache FOLDER        one minute
    OMP_NUM_THREADS=1 python benchmarks/stopping.py replay --cache FOLDER

`record` runs whole studies of real learners on real tables (TPE, one inner cut of a fifth, 80 trials, the default
first) and keeps their inner errors in order. A rule that stops does not change what came before, so that `replay` can
ask of every recorded study where it would have ended, what it would have lost, and what it would have saved.

`make` adds studies of a made-up learner that behaves as a net does: the log of its error is a bowl over six
hyper-parameters of unequal weight, the default lies well but not at the bottom, one configuration in ten diverges, and
configurations differ by a noise of 2 % besides, which the search takes for progress.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from landmarks import DATA, at_most

import advisor.profiling
from advisor import learners, modalities, splits, tuning
from advisor.contracts import Float, Setting
from advisor.metrics import METRICS, default_metric
from advisor.records import Trial
from advisor.trial import _default_params, predict

TABLES = "kc2,diabetes_pima,QSAR_fish_toxicity,belgian_wages,kin8nm,tic-tac-toe,website_phishing,cmc"
LEARNERS = "tree,knn,linear,mlp,lightgbm,xgboost"
TRIALS = 80


def record(data: Path, cache: Path, tables: list[str], names: list[str], most_rows: int, cpu: float) -> None:
    """Append one line a study to FOLDER/studies.jsonl: table, learner, inner errors by trial (null: failed)."""
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / "studies.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    known = {(line["table"], line["learner"]) for line in lines}
    index = pd.read_csv(data / "index.csv").set_index("name")
    for name in names:
        for table in tables:
            if (table, name) in known or time.process_time() > cpu:
                continue
            tabular = modalities.find("tabular")
            dataset = at_most(tabular.read(data / index.file[table], target=index.target[table]), most_rows)
            profile = advisor.profiling.profile(dataset, tabular)
            metric = METRICS[default_metric(dataset.task)]
            ((fit, held),) = splits.inner_cuts(dataset.target, inner_folds=1, seed=0)
            learner = learners.find(name)
            setting = Setting(profile, tabular, metric.name, len(fit), seed=0)

            def evaluate(
                params: Mapping[str, Any], report: Any, bound: Any = (dataset, metric, fit, held, learner, setting)
            ) -> float:
                rows, judge, seen, unseen, member, where = bound
                inputs, target = rows.rows(seen)
                model = member.build(where, params).fit(inputs, target)
                return float(judge.error(rows.target[unseen], predict(model, rows.rows(unseen)[0], rows)))

            began = time.process_time()
            error = evaluate({}, None)
            study = tuning.tune(
                learner.space(setting),
                evaluate,
                default_params=_default_params(learner, setting, learner.space(setting)),
                default_errors=(error,),
                default=Trial(0, {}, error, 0.0, "complete", 0.0),
                seconds_left=lambda: 1e9,
                most_trials=TRIALS,
                seed=0,
                patience=TRIALS,
            )
            line = {"table": table, "learner": name, "errors": [trial.inner_error for trial in study.trials]}
            with file.open("a") as out:
                out.write(json.dumps(line) + "\n")
            print(table, name, f"{time.process_time() - began:.0f} s", flush=True)


def make(cache: Path, count: int) -> None:
    """Append `count` studies of a made-up net to FOLDER/studies.jsonl."""
    cache.mkdir(parents=True, exist_ok=True)
    space = {f"x{i}": Float(-1.0, 1.0) for i in range(6)}
    for seed in range(count):
        rng = np.random.default_rng(seed)
        bottom, weights = rng.uniform(-0.7, 0.7, 6), 0.15 * rng.exponential(size=6)
        default = {name: float(b + d) for name, b, d in zip(space, bottom, rng.uniform(-0.3, 0.3, 6), strict=True)}

        def error_of(params: Mapping[str, Any], bound: Any = (rng, bottom, weights)) -> float:
            noise, centre, steepness = bound
            off = np.array([params[name] for name in sorted(params)]) - centre
            log_error = steepness @ off**2 + noise.normal(0, 0.02) + (noise.random() < 0.1) * noise.exponential(1.0)
            return 0.2 * float(np.exp(log_error))

        first = error_of(default)
        study = tuning.tune(
            space,
            lambda params, report: error_of(params),
            default_params=default,
            default_errors=(first,),
            default=Trial(0, {}, first, 0.0, "complete", 0.0),
            seconds_left=lambda: 1e9,
            most_trials=TRIALS,
            seed=seed,
            patience=TRIALS,
        )
        line = {"table": str(seed), "learner": "made", "errors": [trial.inner_error for trial in study.trials]}
        with (cache / "studies.jsonl").open("a") as out:
            out.write(json.dumps(line) + "\n")


def studies(cache: Path, made: bool) -> list[np.ndarray]:
    """Return the inner errors of each made-up or recorded study without an error of 0 (infinite: failed)."""
    lines = [json.loads(line) for line in (cache / "studies.jsonl").read_text().splitlines()]
    lines = [line for line in lines if (line["learner"] == "made") == made]
    found = [np.array([np.inf if error is None else error for error in line["errors"]]) for line in lines]
    return [errors for errors in found if np.min(errors) > 0]


def end_by_stagnation(errors: np.ndarray, patience: int) -> int:
    """Return how many trials a study has made when it stagnates (all of them where it does not)."""
    ends = (t for t in range(1, len(errors)) if tuning.stagnated(errors[:t].tolist(), patience))
    return next(ends, len(errors))


def end_by_futility(errors: np.ndarray, rival: float, margin: float) -> int:
    """Return how many trials a study has made when it is found futile (all of them where it is not)."""
    ends = (t for t in range(1, len(errors)) if tuning.futile(errors[:t].tolist(), len(errors) - t, rival, margin))
    return next(ends, len(errors))


PATIENCES = (10, 15, 20, 25, 30, 40)
LENGTHS = (20, 40, 80)
# theta of the whole study against its rival, by inner errors: positive where it would have beaten it.
THETAS = (-0.5, -0.3, -0.2, -0.1, -0.05, -0.02, 0.005, 0.02, 0.05, 0.1)
MARGIN = 0.01


def replay(recorded: list[np.ndarray], what: str) -> str:
    """Say what each rule would have saved and lost on recorded studies."""
    lines = [f"{len(recorded)} {what} studies of {TRIALS} trials", ""]
    lines += [
        "| patience | trials saved | error lost, mean | studies that lost over 0.5 % | over 2 % |",
        "|---|---|---|---|---|",
    ]
    for patience in PATIENCES:
        ends = [end_by_stagnation(errors, patience) for errors in recorded]
        saved = [1 - end / len(errors) for end, errors in zip(ends, recorded, strict=True)]
        lost = np.array([np.log(errors[:end].min() / errors.min()) for end, errors in zip(ends, recorded, strict=True)])
        lines.append(
            f"| {patience} | {np.mean(saved):.0%} | {np.mean(lost):.2%} "
            f"| {np.mean(lost > 0.005):.0%} | {np.mean(lost > 0.02):.0%} |"
        )
    lines += [
        "",
        "| theta of the whole study | " + " | ".join(f"of {n}: stopped | saved | lost" for n in LENGTHS) + " |",
    ]
    lines.append("|---|" + "---|---|---|" * len(LENGTHS))
    for theta in THETAS:
        cells = []
        for length in LENGTHS:
            whole = [errors[:length] for errors in recorded]
            ends = [end_by_futility(errors, errors.min() * float(np.exp(theta)), MARGIN) for errors in whole]
            lost = [np.log(errors[:end].min() / errors.min()) for end, errors in zip(ends, whole, strict=True)]
            stopped, saved = np.mean([end < length for end in ends]), 1 - np.mean(ends) / length
            cells.append(f"{stopped:.0%} | {saved:.0%} | {np.mean(lost):.1%}")
        lines.append(f"| {theta:+.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "make", "replay"))
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--learners", default=LEARNERS)
    parser.add_argument("--most-rows", type=int, default=600)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--cpu-seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    if options.what == "record":
        record(
            options.data,
            options.cache,
            options.tables.split(","),
            options.learners.split(","),
            options.most_rows,
            options.cpu_seconds,
        )
    elif options.what == "make":
        make(options.cache, options.count)
    else:
        for made in (False, True):
            print(replay(studies(options.cache, made), "made-up" if made else "recorded"), end="\n\n")


if __name__ == "__main__":
    main()
