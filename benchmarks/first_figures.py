"""First figures: what is handed over against CatBoost as shipped, and answers against the truth, on real tables.

    OMP_NUM_THREADS=1 python benchmarks/first_figures.py                  90 minutes; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/first_figures.py --part draws     20 draws of 500 rows, 8 of 2,000
    OMP_NUM_THREADS=1 python benchmarks/first_figures.py --part tables    ten whole tables
    OMP_NUM_THREADS=1 python benchmarks/first_figures.py --quick          two draws, some minutes
    OMP_NUM_THREADS=1 python benchmarks/first_figures.py --part page      the pages again, without a run

Which rows of which tables: draws.py. Each draw goes through `advisor.compare`; the model of `advice.best_model` and
CatBoost as shipped, trained on the same rows, are asked for other rows as the source has them. Every option of the run
is fitted again on all rows as long as it likes (truth.py); these are the truth that readings are held against. A line a
draw, in first_figures.jsonl beside the page; handing_over.py reads it too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import draws
import first_figures_page
import handing_over
import lines
import numpy as np
import pages
import pandas as pd
import truth
from draws import Draw
from lines import Line

import advisor
from advisor import modalities, walk
from advisor.measuring.metrics import Metric
from advisor.records import Dataset

SECONDS: Mapping[int | None, float] = {500: 60.0, 2_000: 120.0, None: 120.0}
TABLES = 10
QUICK_SECONDS, QUICK_DRAWS = 40.0, 2


def run_draw(draw: Draw, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on the rows of a draw, and measure all that came of it on the others; return the line."""
    frame, target, task = draws.table(draw.table)
    sample, rest = draws.split(frame, draw)
    with tempfile.TemporaryDirectory(prefix="first-figures-") as scratch:
        folder = Path(scratch) / "run"
        advice = advisor.compare(
            sample, target, task=task, budget=seconds, workers=workers, seed=draw.seed, tracking=False, out=folder,
            command=f"first_figures {draw.key}",
        )  # fmt: skip
        dataset = walk.read(sample, target, task=task)
        others = truth.unseen(dataset, truth.new_rows(dataset, sample, rest))
        line = about(draw, task, advice.document) | {"rows_judged": len(others.target)}
        metric = truth.metric_of(advice.document)
        inputs = _learnt_from(sample, target, dataset)
        answered = truth.answered(advice.best_model, others.rows, dataset)
        line["errors"] = errors(answered, inputs, dataset, others, metric)
        line |= truth.measured(folder, dataset, metric, others, seed=draw.seed, workers=workers)
    return line


def run_table(draw: Draw, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on three quarters of a whole table, given as a file, and judge what is handed over on the others."""
    frame, target, task = draws.table(draw.table)
    seen, rest = draws.split(frame, draw)
    with tempfile.TemporaryDirectory(prefix="first-figures-") as scratch:
        file, new = Path(scratch) / "seen.csv", Path(scratch) / "new.csv"
        seen.to_csv(file, index=False)
        dataset = walk.read(str(file), target, task=task)
        rest = truth.new_rows(dataset, seen, rest)
        rest.drop(columns=target).to_csv(new, index=False)
        advice = advisor.compare(
            str(file), target, task=task, budget=seconds, workers=workers, seed=draw.seed, tracking=False,
            out=Path(scratch) / "run", command=f"first_figures {draw.key}",
        )  # fmt: skip
        codes, kept = truth.coded(dataset, rest[target])
        rows = modalities.claim(str(new)).rows(str(new)).take(kept)
        line = about(draw, task, advice.document) | {"rows_judged": len(codes)}
        answered = truth.answered(advice.best_model, rows, dataset)
        others = truth.Unseen(rest.drop(columns=target).take(kept), codes)
        metric = truth.metric_of(advice.document)
        line["errors"] = errors(answered, _learnt_from(seen, target, dataset), dataset, others, metric)
    return line


def _learnt_from(frame: pd.DataFrame, target: str, dataset: Dataset) -> pd.DataFrame:
    """Return the inputs, as the source has them, of the rows that the comparison was held on: no class too rare."""
    return frame.drop(columns=target).take(truth.coded(dataset, frame[target])[1])


def errors(
    answered: np.ndarray, seen: pd.DataFrame, dataset: Dataset, others: truth.Unseen, metric: Metric
) -> dict[str, float]:
    """Return how what was handed over, CatBoost as shipped and a constant err on rows that nobody saw."""
    said = {
        "handed": answered,
        "catboost": truth.plain_catboost(dataset, seen, others.rows),
        "dummy": truth.constant(dataset, len(others.target)),
    }
    return {name: metric.error(others.target, answer) for name, answer in said.items()}


def about(draw: Draw, task: str, document: Line) -> dict[str, Any]:
    """Return what the verdict says, as far as it is looked at."""
    recommended = ("which", "learner", "members", "fitted_on", "rows", "problems", "latency_p99_ms", "model_mb")
    return {
        "dataset": draw.table, "rows": draw.rows, "seed": draw.seed, "task": task, "metric": document["metric"],
        "answer": document["answer"], "how": document["how"], "min_gain": document["min_gain"],
        "readings": {how: _reading(document["readings"].get(how)) for how in first_figures_page.READINGS},
        "recommended": {name: document["recommended"].get(name) for name in recommended},
        "champions": {which: who and who["learner"] for which, who in document["champions"].items()},
        "learners": [row["learner"] for row in document["leaderboard"] if row["error"] is not None],
        "rows_used": document["rows_used"],
        "budget_seconds": document["budget"]["seconds"], "spent_seconds": document["budget"]["spent_seconds"],
        "answered_seconds": document["budget"]["answered_seconds"],
    }  # fmt: skip


def _reading(reading: Line | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    sides = {side: {name: reading[side][name] for name in ("which", "learner")} for side in ("without", "with")}
    return {**{name: reading[name] for name in ("gain", "p_worth", "detectable_gain")}, **sides}


def run(options: argparse.Namespace) -> Path:
    """Run what is missing; return the file of lines."""
    path: Path = options.out / "first_figures.jsonl"
    index = draws.read_index()
    made = {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}
    planned = [draw for draw in draws.draws(index) if _wanted(draw, options)]
    if options.quick:
        planned = planned[:QUICK_DRAWS]
    if options.part in ("draws", "all"):
        work: dict[str, Callable[[], Line]] = {
            draw.key: partial(run_draw, draw, options.seconds or SECONDS[draw.rows], options.workers)
            for draw in planned
        }
        lines.run_missing(path, work, made)
    if options.part in ("tables", "all") and not options.quick:
        for draw in draws.whole_tables(index):
            if with_catboost(lines.read(path).values()) >= TABLES or not _wanted(draw, options):
                continue
            seconds = options.seconds or SECONDS[None]
            lines.run_missing(path, {draw.key: partial(run_table, draw, seconds, options.workers)}, made)
    return path


def _wanted(draw: Draw, options: argparse.Namespace) -> bool:
    return not options.only or draw.table in options.only.split(",")


def with_catboost(found: Iterable[Line]) -> int:
    """Count the whole tables that were run with CatBoost."""
    return sum(line["rows"] is None and "catboost" in line["learners"] for line in found)


def main() -> None:
    """Read the command line, run what is missing, write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["draws", "tables", "page", "all"], default="all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, help="of every comparison, instead of 60 and 120")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--out", type=Path, help="folder of the lines and pages (default: reports)")
    parser.add_argument("--quick", action="store_true", help="two draws of 500 rows, 40 s each, into advisor-runs")
    options = parser.parse_args()
    if options.quick:
        options.seconds = options.seconds or QUICK_SECONDS
    quick_out = pages.HERE / "advisor-runs" / "first-figures-quick"
    options.out = options.out or (quick_out if options.quick else pages.REPORTS)
    path = run(options)
    first_figures_page.page(path, options.out / "first_figures.md")
    if drawn := [line for line in lines.read(path).values() if line["rows"] is not None]:
        handing_over.page(drawn, options.out / "handing_over.md")


if __name__ == "__main__":
    main()
