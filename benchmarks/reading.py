"""What reading a large text file takes beside pandas' own read_csv, in one run on one machine.

    python benchmarks/reading.py                    a million rows of 50 columns; writes reports/reading.md
    python benchmarks/reading.py --rows 100000      another size, printed alone

Each reader is a process of its own, so that the largest memory it held is its own; they take turns, and medians count.
Ours gives typed columns, a schema that reads new rows, and findings; pandas gives the frame that its parser guesses.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pandas as pd

from advisor.modalities.tabular.read import read as read_table

ROWS, NUMBERS, WORDS, TURNS = 1_000_000, 40, 9, 3
PANDAS, ONE_THREAD, OURS = "pandas.read_csv", "with one thread", "ours"
AIMS = {"seconds": 1.5, "megabytes": 2.0}


def write(path: Path, rows: int) -> None:
    """Write a table of numbers, words, gaps and a target."""
    rng = np.random.default_rng(0)
    columns = {f"x{place}": rng.normal(size=rows).round(4) for place in range(NUMBERS)}
    columns["x0"][rng.random(rows) < 0.05] = np.nan
    columns |= {f"w{place}": rng.choice(["red", "green", "blue", None], rows) for place in range(WORDS)}
    pd.DataFrame({**columns, "y": rng.choice(["a", "b"], rows)}).to_csv(path, index=False)


def read(who: str, path: str) -> dict[str, float]:
    """Read the file once; return wall and CPU seconds, and the most memory that the process held, in MB."""
    reader: Callable[[str], object] = partial(read_table, target="y") if who == OURS else pd.read_csv
    if who == ONE_THREAD:
        pd.set_option("mode.max_threads", 1)
    before = _megabytes("VmRSS")
    began, cpu = time.perf_counter(), time.process_time()
    reader(path)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "megabytes": _megabytes("VmHWM") - before,
    }


def _megabytes(what: str) -> float:
    """Return the memory that this process holds (VmRSS), or the most that it held (VmHWM), as Linux counts it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def measured(path: Path) -> dict[str, dict[str, float]]:
    """Let both read in turns, each in a process of its own; return the medians."""
    told: dict[str, list[dict[str, float]]] = {PANDAS: [], ONE_THREAD: [], OURS: []}
    for _ in range(TURNS):
        for who, runs in told.items():
            ran = subprocess.run(
                [sys.executable, __file__, "--only", who, "--path", str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
            runs.append(json.loads(ran.stdout))
    return {who: pd.DataFrame(runs).median().to_dict() for who, runs in told.items()}


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(read(options.only, options.path)))
        return
    with tempfile.TemporaryDirectory(prefix="reading-") as scratch:
        path = Path(scratch) / "large.csv"
        write(path, options.rows)
        size, found = path.stat().st_size / 1e6, measured(path)
    rows = [
        (name.replace("_", " "), *(f"{taken[name]:.1f}" for taken in found.values()),
         f"{found[OURS][name] / found[PANDAS][name]:.2f}", f"{found[OURS][name] / found[ONE_THREAD][name]:.2f}",
         f"{AIMS[name]:g}" if name in AIMS else "")
        for name in ("seconds", "cpu_seconds", "megabytes")
    ]  # fmt: skip
    text = [
        f"{options.rows:,} rows of {NUMBERS + WORDS + 1} columns, {size:,.0f} MB; medians of {TURNS} turns, each "
        "reader in a process of its own. Megabytes are the most that a process held beyond its libraries.", "",
        "pandas has read with all cores since 3.1, where it can; before, with one thread.", "",
        *pages.table(("", *found, "ratio", "to one thread", "aim"), rows),
    ]  # fmt: skip
    page = pages.page("Reading a large file", ["python benchmarks/reading.py"], text, [pages.code()])
    print(page)
    if options.rows == ROWS:
        pages.write(pages.REPORTS / "reading.md", page)


if __name__ == "__main__":
    main()
