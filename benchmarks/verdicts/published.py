"""T2: answers against what others published of the same tables (tables.py), by the metric that they used.

    OMP_NUM_THREADS=1 python benchmarks/verdicts/published.py           31 tables of 300 s; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/verdicts/published.py --quick   one of them, 40 s, into advisor-runs

Whole tables. Those that thresholds may have been chosen on are left out. A line a table, in verdicts_published.jsonl;
page.py makes the page of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what benchmarks share lies a folder up

import draws
import lines
import pages
import real
from draws import Draw
from tables import PUBLISHED, Published, is_scored

import advisor

NAME = "verdicts_published.jsonl"
SECONDS, SEED = 300.0, 2


def run(entry: Published, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on a whole table; return its line."""
    frame, target, task = draws.table(entry.dataset)
    with tempfile.TemporaryDirectory(prefix="published-") as scratch:
        advice = advisor.compare(
            frame, target, task=task, metric=entry.metric, budget=seconds, workers=workers, seed=SEED, tracking=False,
            out=Path(scratch) / "run", command=f"published {entry.dataset}",
        )  # fmt: skip
    line = real.about(Draw(entry.dataset, None, SEED), task, advice.document)
    published = {"source": entry.source, "published": entry.verdict, "published_gain": entry.gain}
    return {**line, "rows": len(frame), **published}


def planned() -> list[Published]:
    """Return the results that are scored."""
    return [entry for entry in PUBLISHED if is_scored(entry.dataset)]


def key(entry: Published, seconds: float) -> str:
    """Name a table, with its budget where that is not the one of the record."""
    return entry.dataset if seconds == SECONDS else f"{entry.dataset}-{seconds:g}s"


def main() -> None:
    """Read the command line and run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--seconds", type=float, help="of every comparison, instead of 300")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines (default: reports)")
    parser.add_argument("--quick", action="store_true", help="one table, 40 s, into advisor-runs")
    options = parser.parse_args()
    seconds = options.seconds or (real.QUICK_SECONDS if options.quick else SECONDS)
    chosen = [entry for entry in planned() if not options.only or entry.dataset in options.only.split(",")]
    work = {
        key(entry, seconds): partial(run, entry, seconds, options.workers)
        for entry in (chosen[:1] if options.quick else chosen)
    }
    made = {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}
    lines.run_missing(pages.folder(options.out, options.quick, "verdicts") / NAME, work, made)


if __name__ == "__main__":
    main()
