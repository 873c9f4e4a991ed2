"""The peers of this product on the same rows, wall budget and cores, each in a process and an environment of its own.

    python -m venv FOLDER && FOLDER/bin/pip install -r benchmarks/peers/requirements.txt
    python benchmarks/peers.py --python FOLDER/bin/python                  120 s each; goes on by the same command
    python benchmarks/peers.py --python FOLDER/bin/python --seconds 600    the same with 600 s, beside it
    python benchmarks/peers.py --python FOLDER/bin/python --quick          one draw, 30 s, into advisor-runs
    python benchmarks/peers.py --part page                                 the page again, without a run

Which rows: the twenty draws of 500 rows and the first ten whole tables of draws.py. Each draw is written as files that
any environment can read, without rows of classes too rare to be compared on; peers/run_peer.py fits one peer on them,
and the error of what it says to rows that nobody saw is computed here. The product itself is one of the peers.
AutoGluon comes with its default preset, with best_quality, and with the newer best_quality_v150, made for CPUs; its
extreme_quality has to fetch nets trained beforehand, and cannot take part. CatBoost, RealMLP and TabM know no budget.
Whoever takes five times the budget is stopped and has failed; what failed is not tried again without --again. A line a
draw and peer, in peers.jsonl beside the page.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import draws
import lines
import numpy as np
import pages
import pandas as pd
import peers_page
import truth
from draws import Draw

from advisor import walk
from advisor.measuring.metrics import METRICS, Metric, default_metric

RUNNER = pages.HERE / "benchmarks" / "peers" / "run_peer.py"
PEERS = (
    "catboost", "advisor", "autogluon_default", "autogluon_best", "autogluon_best_v150", "mljar_compete", "realmlp",
    "tabm",
)  # fmt: skip
SECONDS, QUICK_SECONDS = 120.0, 30.0
ROWS, TABLES = 500, 10
# Whoever takes so many times the budget, with loading and predicting, is stopped.
PATIENCE = 5
# What is no peer's choice: nothing is fetched while it runs, and nobody's threads are limited but by the cores given.
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Case:
    """One peer on one draw within a wall budget in seconds."""

    draw: Draw
    peer: str
    seconds: float

    @property
    def key(self) -> str:
        """A name that is unique among all cases and stable between runs."""
        return f"{self.draw.key}-{self.peer}-{self.seconds:g}"


@dataclass(frozen=True, eq=False)
class Judge:
    """What predictions are held against: codes or values of the rows that nobody saw, shape (n,)."""

    classes: tuple[str, ...]
    metric: Metric
    target: np.ndarray

    def error(self, said: np.ndarray, classes: Sequence[str]) -> float:
        """Return the error of predictions (n, K) whose columns are `classes`, or of values (n,)."""
        if len(said) != len(self.target):
            raise ValueError(f"{len(said)} predictions of {len(self.target)} rows")
        said = aligned(said, classes, self.classes) if self.classes else np.asarray(said, dtype=float)
        if not np.isfinite(said).all():
            raise FloatingPointError("predictions that are not finite")
        return self.metric.error(self.target, said)


def aligned(said: np.ndarray, classes: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Return probabilities (n, K) in the order of `wanted`; a class that a peer does not know gets probability 0."""
    if unknown := set(classes) - set(wanted):
        raise ValueError(f"classes that nobody asked for: {sorted(unknown)}")
    found = np.zeros((len(said), len(wanted)))
    found[:, [list(wanted).index(name) for name in classes]] = said
    return found


def neutral(rows: pd.DataFrame) -> pd.DataFrame:
    """Return numbers and booleans as they stand and all else as texts, gaps as gaps: the same in every environment."""
    texts = [name for name in rows if not pd.api.types.is_any_real_numeric_dtype(rows[name])
             and not pd.api.types.is_bool_dtype(rows[name])]  # fmt: skip
    spelt = {name: rows[name].map(str, na_action="ignore").astype("str") for name in texts}
    return rows.assign(**spelt).reset_index(drop=True)


def write_draw(draw: Draw, folder: Path) -> tuple[Judge, dict[str, Any]]:
    """Write the rows of a draw for all peers; return what they are judged by and what is known of the draw."""
    frame, target, task = draws.table(draw.table)
    seen, rest = draws.split(frame, draw)
    dataset = walk.read(seen, target, task=task)
    others = truth.unseen(dataset, truth.new_rows(dataset, seen, rest))
    codes, kept = truth.coded(dataset, seen[target])
    judge = Judge(dataset.classes, METRICS[default_metric(dataset.task)], others.target)
    answers = [dataset.classes[code] for code in codes] if dataset.classes else codes
    train = neutral(seen.drop(columns=target).take(kept)).copy().assign(**{target: answers})
    train.to_parquet(folder / "train.parquet", index=False)
    neutral(others.rows).to_parquet(folder / "new.parquet", index=False)
    told = {"target": target, "task": dataset.task, "metric": judge.metric.name, "seed": draw.seed}
    (folder / "task.json").write_text(json.dumps(told), encoding="utf-8")
    dummy = judge.metric.error(others.target, truth.constant(dataset, len(others.target)))
    about = {"draw": draw.key, "dataset": draw.table, "rows": draw.rows, "rows_learnt_from": len(train),
             "rows_judged": len(others.target), "columns": train.shape[1] - 1, "seed": draw.seed, "task": dataset.task,
             "metric": judge.metric.name, "dummy": dummy}  # fmt: skip
    return judge, about


def run_case(case: Case, folder: Path, judge: Judge, about: lines.Line, python: Path, cores: int) -> dict[str, Any]:
    """Run a peer on what `write_draw` left in `folder`, and return its line."""
    for left in ("predictions.npy", "result.json"):
        (folder / left).unlink(missing_ok=True)
    called = [str(python), str(RUNNER), case.peer, str(folder), str(case.seconds), str(cores)]
    try:
        alone(called, folder, PATIENCE * case.seconds)
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        error = judge.error(np.load(folder / "predictions.npy"), result.pop("classes"))
    finally:
        shutil.rmtree(folder / case.peer, ignore_errors=True)
    return {
        **about, "peer": case.peer, "budget_seconds": case.seconds, "cores": cores, "error": error,
        "overrun_seconds": max(result["fit_seconds"] - case.seconds, 0.0), **result,
    }  # fmt: skip


def alone(called: Sequence[str], folder: Path, seconds: float) -> None:
    """Run a command in a process group of its own; after so many seconds it is stopped with all that it started.

    Raises TimeoutError then, and RuntimeError with the last line that it wrote where it fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in THREADS} | OFFLINE
    log = folder / "log.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            called, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )  # fmt: skip
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"stopped after {seconds:.0f} s") from None
        finally:
            _stop(process)
    if code:
        written = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RuntimeError(f"exit code {code}: {written[-1] if written else 'nothing was said'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group, which may outlive it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def planned(index: pd.DataFrame, part: str = "all") -> list[Draw]:
    """Return the draws: those of 500 rows, then the first whole tables."""
    small = [draw for draw in draws.draws(index) if draw.rows == ROWS]
    whole = list(draws.whole_tables(index)[:TABLES])
    return (small if part in ("draws", "all") else []) + (whole if part in ("tables", "all") else [])


def missing(path: Path, cases: Sequence[Case], again: bool) -> list[Case]:
    """Return the cases that have no line yet; with `again` those too that failed."""
    known = set(lines.read(path)) | (set() if again else set(lines.failed(path)))
    return [case for case in cases if case.key not in known]


def run(options: argparse.Namespace, path: Path) -> None:
    """Run what is missing, draw by draw, so that no peer has a quieter hour than the others."""
    made = {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}
    chosen = [draw for draw in planned(draws.read_index(), options.part) if _wanted(draw, options)]
    for draw in chosen[:1] if options.quick else chosen:
        cases = [Case(draw, peer, options.seconds) for peer in options.peers.split(",")]
        if not (left := missing(path, cases, options.again)):
            continue
        with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
            folder = Path(scratch)
            judge, about = write_draw(draw, folder)
            work = {
                case.key: partial(run_case, case, folder, judge, about, _python(case, options), options.cores)
                for case in left
            }
            lines.run_missing(path, work, made)


def _wanted(draw: Draw, options: argparse.Namespace) -> bool:
    return not options.only or draw.table in options.only.split(",")


def _python(case: Case, options: argparse.Namespace) -> Path:
    return Path(sys.executable) if case.peer == "advisor" else options.python.absolute()


def main() -> None:
    """Read the command line, run what is missing, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, help="of the environment of the peers")
    parser.add_argument("--part", choices=["draws", "tables", "page", "all"], default="all")
    parser.add_argument("--seconds", type=float, help=f"wall budget of each fit (default: {SECONDS:.0f})")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--peers", default=",".join(PEERS), help="names, with commas between")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--again", action="store_true", help="try again what failed")
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="one draw, 30 s each, into advisor-runs")
    options = parser.parse_args()
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    options.out = options.out or (pages.HERE / "advisor-runs" / "peers-quick" if options.quick else pages.REPORTS)
    if unknown := set(options.peers.split(",")) - set(PEERS):
        parser.error(f"no peer is called {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    path: Path = options.out / "peers.jsonl"
    if options.part != "page":
        if options.peers != "advisor" and not (options.python and options.python.is_file()):
            parser.error("--python must be the Python of the environment of the peers; how to make it is said above")
        run(options, path)
    peers_page.page(path, options.out / "peers.md")


if __name__ == "__main__":
    main()
