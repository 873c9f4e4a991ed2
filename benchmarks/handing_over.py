"""Is a model better fitted again on all rows, or are the models of the folds as good? What the choice rests on.

    OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py    what is measured; this page is another view of it
    python benchmarks/handing_over.py                       the page again, without a run

Of every draw of verdicts/real.py each option of the run is made three ways: its members fitted again on all rows, each
member the mean of its models of the folds, which are there already, and only its nets such means. Same members, same
weights; errors are those on up to 20,000 other rows, size and latency those of the whole model.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import lines
import numpy as np
import pages
import truth
from lines import Line

OPTIONS = {"blend": "blend of all", "classical_blend": "blend of the classical", "classical": "classical champion",
           "neural": "neural champion"}  # fmt: skip

BAGGED = {"folds": "all", "handed": "nets alone"}


def ratio(line: Line, which: str, figure: str, way: str) -> float:
    """Return the log ratio of a figure of an option made this way to that of refits; NaN where either is not known."""
    option = line["options"].get(which)
    if not option or not option["refits"] or not option[way]:
        return float("nan")
    left, right = option[way][figure], option["refits"][figure]
    if figure == "error":
        return truth.log_ratio(left, right, line["errors"]["dummy"])
    return float(np.log(left / right)) if left and right else float("nan")


def rows(own: Sequence[Line], way: str) -> list[tuple[object, ...]]:
    """Return a row for each option made this way over draws of one size."""
    found = []
    for which, name in OPTIONS.items():
        known = [(log, line["dataset"]) for line in own if np.isfinite(log := ratio(line, which, "error", way))]
        errors, tables = [log for log, _ in known], [table for _, table in known]
        members = [len(line["options"][which]["members"]) for line in own if which in line["options"]]
        found.append((
            name, len(errors), f"{np.mean(members):.1f}" if members else "-",
            pages.mean_ratio(pages.by_cluster(errors, tables)),
            f"{sum(log < 0 for log in errors)} of {len(errors)}",
            *(_times([ratio(line, which, figure, way) for line in own]) for figure in ("model_mb", "latency_p50_ms")),
        ))  # fmt: skip
    return found


def _times(logs: Sequence[float]) -> str:
    known = [log for log in logs if np.isfinite(log)]
    return f"{np.exp(np.mean(known)):.1f} times" if known else "-"


def page(own: Sequence[Line], into: Path) -> None:
    """Write the page from the lines of the draws."""
    text = [
        "Models of the folds, of all members or of nets alone, against refits of the same members on all rows. An "
        "error below nought per cent favours the models of the folds; in brackets the standard error of the mean, over "
        "tables. Ratios are means of logs.",
        "",
    ]  # fmt: skip
    for size in sorted({line["rows"] for line in own}):
        some = [line for line in own if line["rows"] == size]
        text += [f"## {len(some)} draws of {size:,} rows", ""]
        for way, who in BAGGED.items():
            told = f"error, {who} of the folds against refits"
            heads = ("option", "draws", "members", told, "better", "size", "latency")
            text += pages.table(heads, rows(some, way))
    stopped = {
        name: sum(bool(line["options"].get(which, {}).get("cut_short")) for line in own)
        for which, name in OPTIONS.items()
    }
    if any(stopped.values()):
        told = ", ".join(f"{name} {count}" for name, count in stopped.items())
        text += [
            f"Draws on which some member was stopped by the clock on most of its folds (refits were not): {told}.",
            "",
        ]
    absent = [line["dataset"] for line in own if any(option["folds"] is None for option in line["options"].values())]
    if absent:
        text += [f"On {', '.join(absent)} some member has no model of a fold that learnt every class: refits only.", ""]
    commands = ["OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py", "python benchmarks/handing_over.py"]
    made = {line["code"] for line in own}
    pages.write(into, pages.page("Refits on all rows, or the models of the folds", commands, text, made))


def main() -> None:
    """Write the page again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, default=pages.REPORTS / "verdicts_real.jsonl")
    options = parser.parse_args()
    page(list(lines.read(options.lines).values()), options.lines.with_name("handing_over.md"))


if __name__ == "__main__":
    main()
