"""Run the cases that are missing and write the report: the advisor is judged as it judges others.

    python benchmarks/verdicts/run.py                                 everything; hours; go on by the same command
    python benchmarks/verdicts/run.py --quick                         ten minutes
    python benchmarks/verdicts/run.py --part t1 --out FOLDER --budget 60s --workers 2

t1: tables of at least 40,000 rows, of which few are drawn, and the verdict on them is held against the untouched rest;
t2: published verdicts; t3: made-up cases whose truth is exact. Lines go to FOLDER/t1.jsonl, t2.jsonl and t3.jsonl, what
the ablations need to FOLDER/kept; a case that was interrupted is run again.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import cases
import lines
import report
import synthetic
import trained

from advisor import quantities

HERE = Path(__file__).resolve().parents[2]
OUT, QUICK_OUT = HERE / "reports" / "verdicts", HERE / "advisor-runs" / "verdicts-quick"
QUICK_T3_ROWS = (300, 1_000, 3_000)


def t3_tasks(count: int, rows: tuple[int, ...]) -> Iterator[tuple[str, Callable[..., dict[str, Any]], tuple[Any, ...]]]:
    """Yield (key, function, arguments) of every cell of T3."""
    for world, numbers in synthetic.planned(count, rows):
        yield f"simulated-{world.key}-{len(numbers)}", synthetic.tally, (world, numbers)
    for kind, name, size, number in trained.planned(count):
        if size <= max(rows):
            yield f"trained-{kind}-{name}-{size}-{number}", trained.tally, (kind, name, size, number)


def timed(work: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Run one cell and add what it took."""
    began = time.process_time()
    return {**work(*arguments), "cpu_seconds": time.process_time() - began}


def run_t3(out: Path, count: int, rows: tuple[int, ...], workers: int) -> None:
    """Run the cells that are missing; a cell is written when it is whole."""
    path = out / "t3.jsonl"
    known = lines.read(path)
    missing = [task for task in t3_tasks(count, rows) if task[0] not in known]
    with ProcessPoolExecutor(workers) as pool:
        running = {pool.submit(timed, work, arguments): key for key, work, arguments in missing}
        for number, future in enumerate(as_completed(running), 1):
            lines.append(path, {"key": running[future], "part": "t3", **future.result()})
            print(f"t3: {number} of {len(running)}", file=sys.stderr, flush=True)


def run_cases(planned: tuple[cases.Case, ...], options: argparse.Namespace) -> None:
    """Run the comparisons that are missing, one after another; each uses all workers."""
    import comparisons

    path = options.out / f"{planned[0].part}.jsonl"
    known = lines.read(path)
    missing = [case for case in planned if case.key not in known]
    for number, case in enumerate(missing, 1):
        began = time.time()
        try:
            line = comparisons.run(case, options)
        except Exception as problem:
            line = {"status": "failed", "message": f"{type(problem).__name__}: {problem}"}
        line |= {"key": case.key, "part": case.part, "code": options.code, "wall_seconds": time.time() - began}
        lines.append(path, line)
        said = line.get("answer") or line.get("message")
        print(f"{case.part}: {number} of {len(missing)}: {case.key}: {said}", file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, run what is missing, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["t1", "t2", "t3", "all"], default="all")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data", help="folder with an index.csv")
    parser.add_argument("--budget", default="60s", help="of one comparison")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--t3-cases", type=int, default=60, help="data sets in each cell of T3")
    parser.add_argument("--only", nargs="+", default=[], help="keys of T1 or T2 cases, or beginnings of them")
    parser.add_argument("--scored", action="store_true", help="leave the third out that thresholds may be chosen on")
    parser.add_argument("--seeds", type=int, default=len(cases.T1_SEEDS), help="draws from each table of T1")
    parser.add_argument("--limit", type=int, help="at most so many cases of T1 and of T2")
    parser.add_argument("--learners", default="", help="only these, as advisor compare has them; all by default")
    parser.add_argument("--keep-runs", action="store_true", help="leave the run folders in FOLDER/runs")
    parser.add_argument("--quick", action="store_true", help="ten minutes: few cases, small ones")
    options = parser.parse_args()
    options.out = options.out or (QUICK_OUT if options.quick else OUT)
    rows = synthetic.ROWS
    if options.quick:
        options.t3_cases, rows, options.limit, options.budget = 20, QUICK_T3_ROWS, options.limit or 2, "45s"
    options.budget, options.code = quantities.seconds(options.budget), report.code()
    # Where results and data lie is no condition of theirs.
    command = re.sub(r" --(out|data)[= ]\S+", "", " ".join(["python benchmarks/verdicts/run.py", *sys.argv[1:]]))
    lines.append(options.out / "commands.jsonl", {"key": command, "began": time.time(), **report.machine()})
    for part, planned in (("t1", cases.t1_cases(range(options.seeds))), ("t2", cases.t2_cases())):
        if options.part in (part, "all"):
            chosen = [case for case in planned if not options.only or case.key.startswith(tuple(options.only))]
            chosen = [case for case in chosen if not options.scored or cases.is_scored(case.dataset)]
            if chosen:
                run_cases(tuple(chosen[: options.limit]), options)
    if options.part in ("t3", "all"):
        run_t3(options.out, options.t3_cases, rows, options.workers)
    report.write(options.out.resolve())


if __name__ == "__main__":
    main()
