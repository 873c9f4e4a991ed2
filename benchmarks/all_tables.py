"""What a minute answers: one comparison of 60 s on every table there is.

    OMP_NUM_THREADS=1 python benchmarks/all_tables.py            125 tables, some 2 hours; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/all_tables.py --quick    two of them, 30 s each, into advisor-runs

Each table is given as the file that it is, all its rows in it. A line a table, in all_tables.jsonl beside the page.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import draws
import lines
import numpy as np
import pages
import truth
from lines import Line

import advisor

NAME = "all_tables.jsonl"
SECONDS, QUICK_SECONDS = 60.0, 30.0
DECIDED = ("worth_it", "not_worth_it", "no_signal")


def run(entry: Line, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on a table of the index; return its line. What is raised names no folder of this machine."""
    try:
        document = _document(entry, seconds, workers)
    except Exception as problem:
        told = f"{type(problem).__name__}: {problem}"
        raise RuntimeError(told.replace(f"{draws.DATA}{os.sep}", "")) from problem
    return about(entry, document)


def _document(entry: Line, seconds: float, workers: int) -> Line:
    with tempfile.TemporaryDirectory(prefix="all-tables-") as scratch:
        document: Line = advisor.compare(
            str(draws.DATA / entry["file"]), entry["target"], task=entry["task"], budget=seconds, workers=workers,
            tracking=False, out=Path(scratch) / "run", command=f"all_tables {entry['name']}",
        ).document  # fmt: skip
    return document


def about(entry: Line, document: Line) -> dict[str, Any]:
    """Return what the verdict says, as far as it is looked at; reasons where nothing was decided."""
    budget, decided = document["budget"], document["answer"] in DECIDED
    return {
        "dataset": entry["name"], "rows": document["profile"]["rows"], "columns": entry["columns"],
        "task": entry["task"], "metric": document["metric"], "answer": document["answer"], "how": document["how"],
        "sentence": document["sentence"], "reasons": [] if decided else document["reasons"],
        "rows_used": document["rows_used"], "recommended": document["recommended"]["learner"],
        "which": document["recommended"]["which"],
        "first_seconds": truth.first_answer(document),
        "answered_seconds": budget["answered_seconds"], "budget_seconds": budget["seconds"],
        "spent_seconds": budget["spent_seconds"], "learners": [
            row["learner"] for row in document["leaderboard"] if row["error"] is not None
        ],
    }  # fmt: skip


def text(found: Sequence[Line], planned: int) -> list[str]:
    """Return what the lines amount to."""
    answers = Counter(line["answer"].replace("_", " ") for line in found)
    firsts = [line["first_seconds"] for line in found if line["first_seconds"] is not None]
    over = [line["spent_seconds"] / line["budget_seconds"] - 1 for line in found]
    told = ", ".join(f"{answer} {count}" for answer, count in sorted(answers.items()))
    text = [
        f"- answers on {len(found)} of {planned} tables: {told}",
        f"- a first complete answer (both families, an interval) after {np.median(firsts):.0f} s on the median and "
        f"{max(firsts):.0f} s at the latest, on {len(firsts)} tables" if firsts else "- no complete answer",
        f"- the budget was overrun on {sum(share > 0 for share in over)} tables, by {pages.per_cent(max(over))} at "
        "most" if max(over) > 0 else "- the budget was overrun on no table",
        "",
    ]  # fmt: skip
    lacking = [line for line in found if line["answer"] == "not_enough_evidence"]
    if lacking:
        text += ["## Not enough evidence", "", *pages.table(
            ("table", "rows", "rows used", "why"),
            [(line["dataset"], f"{line['rows']:,}", f"{line['rows_used']:,}", _cell(line["sentence"]))
             for line in lacking],
        )]  # fmt: skip
    rows = [
        (
            line["dataset"], f"{line['rows']:,}", line["columns"], line["task"], f"{line['rows_used']:,}",
            line["metric"], line["answer"].replace("_", " "), (line["how"] or "-").replace("_", " "),
            line["recommended"], "-" if line["first_seconds"] is None else f"{line['first_seconds']:.0f}",
            f"{line['spent_seconds']:.0f}",
        )
        for line in sorted(found, key=lambda line: line["dataset"].lower())
    ]  # fmt: skip
    heads = ("table", "rows", "columns", "task", "rows used", "metric", "answer", "by", "handed over",
             "first answer, s", "spent, s")  # fmt: skip
    text += ["## Every table", "", *pages.table(heads, rows)]
    undecided = [(line["dataset"], _cell(line["reasons"][0])) for line in found if line["reasons"]]
    if undecided:
        text += ["<details><summary>Why nothing was decided</summary>", "",
                 *pages.table(("table", "the first reason"), undecided), "</details>", ""]  # fmt: skip
    return text


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def page(path: Path, into: Path, planned: int) -> None:
    """Write the page of what the lines say."""
    found = list(lines.read(path).values())
    if not found:
        return
    said = text(found, planned)
    if failed := lines.failed(path):
        said += [f"Failed: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    command = "OMP_NUM_THREADS=1 python benchmarks/all_tables.py"
    title = f"What {found[0]['budget_seconds']:.0f} seconds answer on every table"
    pages.write(into, pages.page(title, [command], said, {line["code"] for line in found}))


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="two tables, 30 s each, into advisor-runs")
    options = parser.parse_args()
    index: list[Line] = draws.read_index().to_dict("records")  # type: ignore[assignment]
    chosen = [entry for entry in index if not options.only or entry["name"] in options.only.split(",")]
    seconds = QUICK_SECONDS if options.quick else SECONDS
    work = {
        entry["name"]: partial(run, entry, seconds, options.workers)
        for entry in (chosen[:2] if options.quick else chosen)
    }
    out = pages.folder(options.out, options.quick, "all-tables")
    made = {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}
    lines.run_missing(out / NAME, work, made)
    page(out / NAME, out / "all_tables.md", len(index))


if __name__ == "__main__":
    main()
