"""What the bootstrapped choice takes: CPU seconds and memory, by metric, with and without blends.

    OMP_NUM_THREADS=1 python benchmarks/choice_speed.py [--rows 50000] [--candidates 60] [--write]

A made Case: six classical learners and six nets, five settings of each, out-of-fold predictions of as many skills, five
folds. To reach with 1,000 draws, 50,000 rows and 60 candidates: champions under 2 s and 500 MB, with blends under 10 s.
Each cell is a process of its own; its memory is the peak of the whole process, and what the choice added to what the
Case and the libraries had taken at their peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pages
import pandas as pd

from advisor.judging import choice
from advisor.judging.case import case_of
from advisor.measuring import splits
from advisor.measuring.costs import BYTES_PER_MB
from advisor.measuring.metrics import METRICS
from advisor.records import (
    Candidate,
    Case,
    Dataset,
    Entrant,
    Family,
    FoldResult,
    Limits,
    Outcome,
    Plan,
    Profile,
    Question,
    Task,
)

LEARNERS: tuple[tuple[str, Family], ...] = (
    ("linear", "classical"), ("forest", "classical"), ("extra_trees", "classical"), ("lightgbm", "classical"),
    ("xgboost", "classical"), ("catboost", "classical"), ("mlp", "neural"), ("resnet", "neural"),
    ("realmlp", "neural"), ("tabm", "neural"), ("modern_nca", "neural"), ("ft_transformer", "neural"),
)  # fmt: skip
AIMS = {False: (2.0, 500.0), True: (10.0, None)}
METRIC_NAMES = ("roc_auc", "log_loss", "accuracy", "rmse", "mae")


def made_case(rows: int, candidates: int, metric: str, *, single: bool) -> Case:
    """Return a Case of so many candidates, of 12 learners in turn, each with some skill of its own."""
    rng = np.random.default_rng(0)
    task: Task = "regression" if "regression" in METRICS[metric].tasks else "binary"
    truth = rng.standard_normal(rows)
    target = truth + 0.5 * rng.standard_normal(rows) if task == "regression" else (truth > 0.3).astype(np.int64)
    classes = () if task == "regression" else ("no", "yes")
    inputs = pd.DataFrame({"a": np.arange(rows, dtype=float)})
    dataset = Dataset("made", "tabular", task, inputs, target, "y", classes)
    profile = Profile("made", "tabular", rows, task, (), {}, 10, {"name": "y"}, (), "made")
    folds = splits.draw(target, kind="stratified", folds=5, repeats=1, seed=0)
    outcomes = []
    for number in range(candidates):
        learner, family = LEARNERS[number % len(LEARNERS)]
        seen = truth + rng.uniform(0.5, 1.5) * rng.standard_normal(rows)
        predicted = seen * 0.6
        if classes:
            p = 1 / (1 + np.exp(-2 * (seen - 0.3)))
            predicted = np.column_stack([1 - p, p])
        candidate = Candidate(learner, family, {"setting": number} if number >= len(LEARNERS) else {})
        results = {}
        for part in folds.parts:
            own = predicted[part.test].astype(np.float32)
            losses = METRICS[metric].row_losses(target[part.test], own)
            results[part.number] = FoldResult(candidate, part.number, "done", "", own, losses, float(losses.mean()))
        outcomes.append(Outcome(candidate, results, "complete"))
    entrants = tuple(Entrant(learner, family, 1.0) for learner, family in LEARNERS)
    plan = Plan(task, metric, folds, entrants, {}, 0, "cpu", "auto", "made")
    return case_of(dataset, profile, plan, outcomes, Question(0.01, limits=Limits(single=single)))


def measure(rows: int, candidates: int, metric: str, blends: bool) -> dict[str, float]:
    """Return CPU seconds and memory of one choice in this process."""
    case = made_case(rows, candidates, metric, single=not blends)
    before, began = _peak_mb(), time.process_time()
    found = choice.chosen(case)
    seconds, peak = time.process_time() - began, _peak_mb()
    assert found is not None and (("blend" in found.members) == blends)
    return {"cpu_seconds": seconds, "peak_mb": peak, "added_mb": peak - before}


def _peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / BYTES_PER_MB


def main() -> None:
    """Measure every cell in a process of its own and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--candidates", type=int, default=60)
    parser.add_argument("--metrics", default=",".join(METRIC_NAMES))
    parser.add_argument("--cell", nargs=2, metavar=("METRIC", "BLENDS"), help="one cell, as JSON")
    parser.add_argument("--write", action="store_true", help="write reports/choice_speed.md")
    options = parser.parse_args()
    if options.cell:
        print(json.dumps(measure(options.rows, options.candidates, options.cell[0], options.cell[1] == "yes")))
        return
    cells = []
    for blends in (False, True):
        for metric in options.metrics.split(","):
            asked = [sys.executable, __file__, "--rows", str(options.rows), "--candidates", str(options.candidates),
                     "--cell", metric, "yes" if blends else "no"]  # fmt: skip
            found = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
            most_seconds, most_mb = AIMS[blends]
            kept = found["cpu_seconds"] < most_seconds and (most_mb is None or found["peak_mb"] < most_mb)
            cells.append((metric, "with blends" if blends else "champions", f"{found['cpu_seconds']:.2f}",
                          f"{found['peak_mb']:.0f}", f"{found['added_mb']:.0f}", "yes" if kept else "no"))  # fmt: skip
            print(*cells[-1], sep="  ", file=sys.stderr, flush=True)
    heads = ("metric", "options", "CPU seconds", "peak of the process, MB", "added by the choice, MB", "kept")
    text = [
        f"{choice.DRAWS:,} draws ({choice.BLEND_DRAWS_OF_MANY} with blends), {options.rows:,} rows, "
        f"{options.candidates} candidates of {len(LEARNERS)} learners, one thread. To keep: champions under 2 s and "
        "500 MB, with blends under 10 s.", "",
        *pages.table(heads, cells),
    ]  # fmt: skip
    command = "OMP_NUM_THREADS=1 python benchmarks/choice_speed.py --write"
    made = pages.page("What the bootstrapped choice takes", [command], text, [pages.code()])
    print(made) if not options.write else pages.write(pages.REPORTS / "choice_speed.md", made)


if __name__ == "__main__":
    main()
