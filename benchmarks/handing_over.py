"""Is a model better fitted again on all rows, or are the models of the folds as good? What the choice rests on.

    OMP_NUM_THREADS=1 python benchmarks/first_figures.py --part draws     what is measured; this page is another view
    python benchmarks/handing_over.py                                     the page again, without a run

Of every draw of first_figures.py each option of the run is made both ways: its members fitted again on all rows, and
each member the mean of its models of the folds, which are there already. Same members, same weights; errors are those
on up to 20,000 other rows, size and latency those of the whole model.
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


def ratio(line: Line, which: str, figure: str) -> float:
    """Return the log ratio of a figure of the models of the folds to that of refits; NaN where either is not known."""
    option = line["options"].get(which)
    if not option or not option["refits"] or not option["folds"]:
        return float("nan")
    left, right = option["folds"][figure], option["refits"][figure]
    if figure == "error":
        return truth.log_ratio(left, right, line["errors"]["dummy"])
    return float(np.log(left / right)) if left and right else float("nan")


def rows(own: Sequence[Line]) -> list[tuple[object, ...]]:
    """Return a row for each option over draws of one size."""
    found = []
    for which, name in OPTIONS.items():
        errors = [log for line in own if np.isfinite(log := ratio(line, which, "error"))]
        members = [len(line["options"][which]["members"]) for line in own if which in line["options"]]
        found.append((
            name, len(errors), f"{np.mean(members):.1f}" if members else "-", pages.mean_ratio(errors),
            f"{sum(log < 0 for log in errors)} of {len(errors)}",
            *(_times([ratio(line, which, figure) for line in own]) for figure in ("model_mb", "latency_p50_ms")),
        ))  # fmt: skip
    return found


def _times(logs: Sequence[float]) -> str:
    known = [log for log in logs if np.isfinite(log)]
    return f"{np.exp(np.mean(known)):.1f} times" if known else "-"


def page(own: Sequence[Line], into: Path) -> None:
    """Write the page from the lines of the draws."""
    text = [
        "Models of the folds against refits of the same members on all rows. An error below nought per cent favours "
        "the models of the folds; in brackets the standard error of the mean over draws. Ratios are means of logs.", "",
    ]  # fmt: skip
    heads = ("option", "draws", "members", "error, folds against refits", "folds better", "size", "latency")
    for size in sorted({line["rows"] for line in own}):
        some = [line for line in own if line["rows"] == size]
        text += [f"## {len(some)} draws of {size:,} rows", "", *pages.table(heads, rows(some))]
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
    commands = ["OMP_NUM_THREADS=1 python benchmarks/first_figures.py --part draws"]
    made = {line["code"] for line in own}
    pages.write(into, pages.page("Refits on all rows, or the models of the folds", commands, text, made))


def main() -> None:
    """Write the page again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, default=pages.REPORTS / "first_figures.jsonl")
    options = parser.parse_args()
    found = lines.read(options.lines).values()
    page([line for line in found if line["rows"] is not None], options.lines.with_name("handing_over.md"))


if __name__ == "__main__":
    main()
