"""Is a budget kept? The wall time of whole commands, from their start to their exit, on every table there is.

    OMP_NUM_THREADS=1 python benchmarks/budgets.py [--seconds 20]    125 tables; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/budgets.py --quick           two of them, into advisor-runs

Each command gets the file as it is and writes its report; MLflow is left out, which gets only what is left of a budget.
To keep: at most 5 % or 5 s beyond it, whichever is more, on a quiet machine and on a busy one (the load is in each
line). A line a table and budget, in budgets.jsonl beside the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import draws
import lines
import numpy as np
import pages
from lines import Line

NAME = "budgets.jsonl"
SECONDS = 20.0
SHARE, LEAST_SECONDS = 0.05, 5.0


def run(entry: Line, seconds: float, workers: int) -> dict[str, Any]:
    """Run the command on a table of the index; return its line."""
    with tempfile.TemporaryDirectory(prefix="budgets-") as scratch:
        words = [
            "compare", str(draws.DATA / entry["file"]), "--target", entry["target"], "--task", entry["task"],
            "--budget", f"{seconds:g}s", "--workers", str(workers), "--out", "run", "--no-tracking", "--quiet",
            "--json",
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(pages.HERE)}
        began = time.time()
        ran = subprocess.run(
            [sys.executable, "-m", "advisor", *words], cwd=scratch, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        wall = time.time() - began
    said = json.loads(ran.stdout)
    if ran.returncode not in (0, 3):
        raise RuntimeError(str(said.get("error")).replace(f"{draws.DATA}{os.sep}", ""))
    return {
        "dataset": entry["name"], "rows": entry["rows"], "columns": entry["columns"], "budget_seconds": seconds,
        "command_seconds": wall, "answer": said.get("answer") or "none", "exit_status": ran.returncode,
    }  # fmt: skip


def over(line: Line) -> float:
    """Return by how many seconds a command overran."""
    return float(line["command_seconds"] - line["budget_seconds"])


def kept(line: Line) -> bool:
    """Tell whether a budget was kept as far as is promised."""
    return over(line) <= max(LEAST_SECONDS, SHARE * line["budget_seconds"])


def text(found: Sequence[Line]) -> list[str]:
    """Return what the lines amount to, for each budget."""
    written: list[str] = []
    for seconds in sorted({line["budget_seconds"] for line in found}):
        own = [line for line in found if line["budget_seconds"] == seconds]
        beyond = np.array([over(line) for line in own])
        loads = np.array([line["load"] for line in own])
        tenth, half, most = np.quantile(beyond, [0.1, 0.5, 0.9])
        written += [
            f"## {seconds:.0f} s", "",
            f"- kept (at most 5 % or 5 s beyond): {pages.counted(sum(map(kept, own)), len(own))}",
            f"- seconds beyond the budget: median {half:.1f}, nine tenths between {tenth:.1f} and {most:.1f} or less, "
            f"at most {beyond.max():.1f}",
            f"- an answer on {sum(line['exit_status'] == 0 for line in own)} of {len(own)} tables; load of the machine "
            f"{loads.min():.1f} to {loads.max():.1f}, median {np.median(loads):.1f}", "",
            *pages.table(
                ("table", "rows", "columns", "command, s", "beyond, s", "load", "answer"),
                [(line["dataset"], f"{line['rows']:,}", line["columns"], f"{line['command_seconds']:.1f}",
                  f"{over(line):.1f}{'' if kept(line) else ' (!)'}", f"{line['load']:.1f}",
                  line["answer"].replace("_", " ")) for line in sorted(own, key=over, reverse=True)],
            ),
        ]  # fmt: skip
    return written


def page(path: Path, into: Path) -> None:
    """Write the page of what the lines say."""
    found = list(lines.read(path).values())
    if not found:
        return
    said = text(found)
    if failed := lines.failed(path):
        said += [f"Failed: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    commands = [
        f"OMP_NUM_THREADS=1 python benchmarks/budgets.py --seconds {seconds:g}"
        for seconds in sorted({line["budget_seconds"] for line in found})
    ]
    pages.write(into, pages.page("Whether a budget is kept", commands, said, {line["code"] for line in found}))


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="two tables, into advisor-runs")
    options = parser.parse_args()
    index: list[Line] = draws.read_index().to_dict("records")  # type: ignore[assignment]
    chosen = [entry for entry in index if not options.only or entry["name"] in options.only.split(",")]
    work = {
        f"{entry['name']} {options.seconds:g}": partial(run, entry, options.seconds, options.workers)
        for entry in (chosen[:2] if options.quick else chosen)
    }
    out = pages.folder(options.out, options.quick, "budgets")
    lines.run_missing(out / NAME, work, {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")})
    page(out / NAME, out / "budgets.md")


if __name__ == "__main__":
    main()
