"""T1: answers and models against the truth, on rows drawn from real tables.

    OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py                    some 15 hours; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py --rows 500 --seed 3      one size and seed
    OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py --quick            two draws, 40 s each, into advisor-runs

Which rows of which tables: draws.py. Each draw goes through `advisor.compare`; the model of `advice.best_model` and
CatBoost as shipped, trained on the same rows, are asked for other rows as the source has them. Every option of the run
is fitted again on all rows as long as it likes (truth.py), and so are the two sides of either reading, as they were
when the answer was known: these are the truth that readings are held against. A line a draw, in verdicts_real.jsonl;
page.py makes the page of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what benchmarks share lies a folder up

import draws
import lines
import nested
import numpy as np
import pages
import pandas as pd
import truth
from draws import Draw
from lines import Line

import advisor
from advisor import walk
from advisor.measuring.metrics import Metric
from advisor.records import Dataset, Verdict

NAME = "verdicts_real.jsonl"
SECONDS: Mapping[int, float] = {500: 120.0, 2_000: 300.0, 10_000: 600.0}
QUICK_SECONDS, QUICK_DRAWS = 40.0, 2


def run_draw(draw: Draw, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on the rows of a draw, and measure all that came of it on the others; return the line."""
    frame, target, task = draws.table(draw.table)
    sample, rest = draws.split(frame, draw)
    with tempfile.TemporaryDirectory(prefix="verdicts-") as scratch, truth.judged() as verdicts:
        folder = Path(scratch) / "run"
        advice = advisor.compare(
            sample, target, task=task, budget=seconds, workers=workers, seed=draw.seed, tracking=False, out=folder,
            command=f"verdicts {draw.key}",
        )  # fmt: skip
        dataset = walk.read(sample, target, task=task)
        others = truth.unseen(dataset, truth.new_rows(dataset, sample, rest))
        metric = truth.metric_of(advice.document)
        answered = truth.answered(advice.best_model, others.rows, dataset)
        return {
            **about(draw, task, advice.document),
            "rows_judged": len(others.target),
            "errors": errors(answered, sample, dataset, others, metric),
            "cost": cost(folder, advice.document, verdicts[-1]),
            **truth.measured(
                folder, dataset, metric, others, seed=draw.seed, workers=workers, pairs=truth.pairs_of(verdicts[-1])
            ),
        }


def errors(
    answered: np.ndarray, sample: pd.DataFrame, dataset: Dataset, others: truth.Unseen, metric: Metric
) -> dict[str, float]:
    """Return how what was handed over, CatBoost as shipped and a constant err on rows that nobody saw.

    CatBoost learns from the rows that the comparison was held on: those of no class that is too rare.
    """
    name = str(dataset.target_name)
    seen = sample.drop(columns=name).take(truth.coded(dataset, sample[name])[1])
    said = {
        "handed": answered,
        "catboost": truth.plain_catboost(dataset, seen, others.rows),
        "dummy": truth.constant(dataset, len(others.target)),
    }
    return {who: metric.error(others.target, answer) for who, answer in said.items()}


def cost(folder: Path, document: Line, judged: Verdict) -> dict[str, float]:
    """Return the seconds of workers up to the answer, or to the end, and those of nested cross-validation."""
    table = pd.read_parquet(folder / truth.OUTCOMES, columns=["kind", "candidate", "state", "seconds", "started_at"])
    splits, known = document["splits"], document["budget"]["answered_seconds"]
    alone = truth.pairs_of(judged).get("alone", ())
    return nested.cost(
        table[table["kind"] == "fold"],
        document["budget"]["spent_seconds"] if known is None else known,
        nested.train_share(splits["kind"], splits["folds"]),
        [key for members in alone for key in members],
    )


def about(draw: Draw, task: str, document: Line) -> dict[str, Any]:
    """Return what the verdict says, as far as it is looked at."""
    recommended = ("which", "learner", "members", "fitted_on", "rows", "problems", "latency_p99_ms", "model_mb")
    budget = document["budget"]
    return {
        "dataset": draw.table, "rows": draw.rows, "seed": draw.seed, "task": task, "metric": document["metric"],
        "answer": document["answer"], "how": document["how"], "min_gain": document["min_gain"],
        "readings": {how: _reading(document["readings"].get(how)) for how in truth.READINGS},
        "recommended": {name: document["recommended"].get(name) for name in recommended},
        "champions": {which: who and who["learner"] for which, who in document["champions"].items()},
        "learners": [row["learner"] for row in document["leaderboard"] if row["error"] is not None],
        "rows_used": document["rows_used"], "budget_seconds": budget["seconds"],
        "spent_seconds": budget["spent_seconds"], "answered_seconds": budget["answered_seconds"],
        "first_seconds": truth.first_answer(document),
    }  # fmt: skip


def _reading(reading: Line | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    sides = {side: {name: reading[side][name] for name in ("which", "learner")} for side in ("without", "with")}
    return {**{name: reading[name] for name in ("gain", "p_worth", "min_gain", "detectable_gain")}, **sides}


def planned(index: pd.DataFrame) -> list[Draw]:
    """Return all draws in their order: all sizes of one seed before the next, so that a part of them is balanced."""
    return [draw for seed in draws.SEEDS for draw in draws.draws(index, seed)]


def work(chosen: Sequence[Draw], given: float | None, workers: int) -> dict[str, Callable[[], Line]]:
    """Return what there is to do, by key; `given` are the seconds of a comparison where they are not those of the
    record."""
    found: dict[str, Callable[[], Line]] = {}
    for draw in chosen:
        seconds = given or SECONDS[draw.rows or 0]
        found[key(draw, seconds)] = partial(run_draw, draw, seconds, workers)
    return found


def key(draw: Draw, seconds: float) -> str:
    """Name a draw, with its budget where that is not the one of the record."""
    return draw.key if draw.rows and seconds == SECONDS[draw.rows] else f"{draw.key}-{seconds:g}s"


def is_record(line: Line) -> bool:
    """Tell whether a line was made with the budget of the record."""
    return bool(line["budget_seconds"] == SECONDS[line["rows"]])


def about_now() -> dict[str, str]:
    """Return what every line of this run says of it."""
    return {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, choices=sorted(SECONDS), help="draws of this size alone")
    parser.add_argument("--seed", type=int, choices=draws.SEEDS, help="draws of this seed alone")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--seconds", type=float, help="of every comparison, instead of 120, 300 and 600")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines (default: reports)")
    parser.add_argument("--quick", action="store_true", help="two draws, 40 s each, into advisor-runs")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else []
    chosen = [
        draw for draw in planned(draws.read_index())
        if options.rows in (None, draw.rows) and options.seed in (None, draw.seed)
        and (not names or draw.table in names)
    ]  # fmt: skip
    given = options.seconds or (QUICK_SECONDS if options.quick else None)
    todo = work(chosen[:QUICK_DRAWS] if options.quick else chosen, given, options.workers)
    lines.run_missing(pages.folder(options.out, options.quick, "verdicts") / NAME, todo, about_now())


if __name__ == "__main__":
    main()
