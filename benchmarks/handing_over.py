"""Is a model better fitted again on all rows, or are the models of the folds as good? What the choice rests on.

    OMP_NUM_THREADS=1 python benchmarks/handing_over.py           an hour; goes on by the same command
    python benchmarks/handing_over.py --page                      the page again, without a run

Each option of a comparison is made four ways: its members fitted again on all rows, each member the mean of its models
of the folds, which are there already, only its nets such means, and its nets half the one and half the other. Same
members, same weights; errors are those on up to 20,000 other rows, size and latency those of the whole model. The draws
are of tables that are not scored (draws.unscored), one worker; those of verdicts/real.py are added to the page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import draws
import lines
import numpy as np
import pages
import truth
from lines import Line

OPTIONS = {"blend": "blend of all", "classical_blend": "blend of the classical", "classical": "classical champion",
           "neural": "neural champion"}  # fmt: skip

NAME, RECORD = "handing_over.jsonl", "verdicts_real.jsonl"
SECONDS: Mapping[int, float] = {500: 90.0, 2_000: 150.0}
WAYS = {"folds": "all of the folds", "nets_folds": "nets alone of the folds", "handed": "nets as the mean of both"}


def ratio(line: Line, which: str, figure: str, way: str) -> float:
    """Return the log ratio of a figure of an option made this way to that of refits; NaN where either is not known."""
    option = line["options"].get(which)
    if not option or not option["refits"] or not option[way]:
        return float("nan")
    left, right = (option[each].get(figure) for each in (way, "refits"))
    if figure == "error":
        return truth.log_ratio(left, right, line["errors"]["dummy"])
    return float(np.log(left / right)) if left and right else float("nan")


def known(folder: Path) -> list[Line]:
    """Return the lines of all draws of which every way was measured."""
    found = [line for name in (NAME, RECORD) for line in lines.read(folder / name).values()]
    return [line for line in found if all("nets_folds" in option for option in line["options"].values())]


def rows(own: Sequence[Line], way: str) -> list[tuple[object, ...]]:
    """Return a row for each option made this way over draws of one size."""
    found = []
    for which, name in OPTIONS.items():
        known = [(log, line["dataset"]) for line in own if np.isfinite(log := ratio(line, which, "error", way))]
        errors, tables = [log for log, _ in known], [table for _, table in known]
        found.append((
            name, len(errors),
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
        "Models of the folds, of all members or of nets alone, and for nets the mean of both, as they are handed "
        "over, against refits of the same members on all rows. An error below nought per cent is less than that of "
        "refits; in brackets the standard error of the mean, over tables. Ratios are means of logs.",
        "",
    ]  # fmt: skip
    for size in sorted({line["rows"] for line in own}):
        some = [line for line in own if line["rows"] == size]
        text += [f"## {len(some)} draws of {size:,} rows", ""]
        for way, who in WAYS.items():
            told = f"error, {who}, against refits"
            heads = ("option", "draws", told, "better", "size", "latency")
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
    commands = ["OMP_NUM_THREADS=1 python benchmarks/handing_over.py"]
    made = {line["code"] for line in own}
    pages.write(into, pages.page("Refits on all rows, or the models of the folds", commands, text, made))


def main() -> None:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="run nothing")
    parser.add_argument("--out", type=Path, help="folder of lines and page (default: reports)")
    options = parser.parse_args()
    folder = pages.folder(options.out, False, "handing_over")
    if not options.page:
        sys.path.append(str(pages.HERE / "benchmarks" / "verdicts"))
        import real

        chosen = draws.unscored(draws.read_index())
        todo = {draw.key: partial(real.run_draw, draw, SECONDS[draw.rows or 0], 1) for draw in chosen}
        lines.run_missing(folder / NAME, todo, real.about_now())
    page(known(folder), folder / "handing_over.md")


if __name__ == "__main__":
    main()
