"""What nets truly gain, before anything is known of a table: the prior of p_worth, from tables that are not scored.

    OMP_NUM_THREADS=1 python benchmarks/verdicts/priors.py          two hours; goes on by the same command
    python benchmarks/verdicts/priors.py --page                     the page of what is there, reports/priors.md

The draws are those of draws.unscored, run and held against the truth as those of the record are (real.py). A line a
draw, in verdicts_unscored.jsonl.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what benchmarks share lies a folder up

import draws
import lines
import made
import numpy as np
import pages
import real
import scoring
from lines import Line

NAME = "verdicts_unscored.jsonl"
COMMAND = "OMP_NUM_THREADS=1 python benchmarks/verdicts/priors.py"
# Gains beyond a quarter are what no prior expects (evidence.SURPRISE lets it go there): they count as a quarter.
LARGEST = 0.25
READ = """\
A gain is theta, the log ratio of the errors of the two sides of a reading, positive where nets are better, as their
models are handed over, on rows that nobody had seen. Gains beyond a quarter count as a quarter. The tables are not
scored: others of their kind were looked at while the design was changed. Standard errors, in brackets, are over tables.
The product has the means and spreads of the first table, rounded (`readings.PRIORS`); it leaves out rows and task where
their slopes are within two standard errors of nothing."""


@dataclass(frozen=True)
class Gain:
    """What nets truly gained in one reading of one draw, as theta."""

    table: str
    task: str
    rows: int
    theta: float


def gains(found: Sequence[Line], how: str) -> list[Gain]:
    """Return the true gains of a reading where they are known, none beyond LARGEST."""
    effects = [(line, scoring.true_effect(line, how)) for line in found]
    return [
        Gain(line["dataset"], line["task"], line["rows"], float(np.clip(effect[0], -LARGEST, LARGEST)))
        for line, effect in effects
        if effect is not None
    ]


def fit(known: Sequence[Gain]) -> tuple[float, float, float]:
    """Return the mean of the gains, its standard error over tables, and their spread."""
    by_table = pages.by_cluster([gain.theta for gain in known], [gain.table for gain in known])
    theta = np.array([gain.theta for gain in known])
    error = float(np.std(by_table, ddof=1) / len(by_table) ** 0.5) if len(by_table) > 1 else float("nan")
    return float(theta.mean()), error, float(theta.std(ddof=1)) if len(theta) > 1 else float("nan")


def slope(known: Sequence[Gain], by: Sequence[float]) -> tuple[float, float]:
    """Return the least squares slope of the gains by something, and its standard error (clustered by table)."""
    design = np.column_stack([np.ones(len(known)), by])
    theta = np.array([gain.theta for gain in known])
    bread = np.linalg.pinv(design.T @ design)
    left = theta - design @ (bread @ design.T @ theta)
    scores = [
        sum(design[place] * left[place] for place, gain in enumerate(known) if gain.table == table)
        for table in sorted({gain.table for gain in known})
    ]
    meat = sum(np.outer(score, score) for score in scores)
    return float((bread @ design.T @ theta)[1]), float(np.sqrt((bread @ meat @ bread)[1, 1]))


def page(found: Sequence[Line]) -> str:
    """Return the page: mean and spread by reading, slopes by rows and task, and every gain."""
    rows, trends = [], []
    for how in made.HOWS:
        known = gains(found, how)
        mean, error, spread = fit(known)
        rows.append((made.SPOKEN[how], len(known), len({gain.table for gain in known}), f"{mean:.3f} ({error:.3f})",
                     f"{spread:.3f}"))  # fmt: skip
        trends += [
            (made.SPOKEN[how], name, "{:+.3f} ({:.3f})".format(*slope(known, by)))
            for name, by in (
                ("ten times the rows", [np.log10(gain.rows) for gain in known]),
                ("values, not classes", [float(gain.task == "regression") for gain in known]),
            )
        ]
    every = [
        (line["dataset"], line["task"], f"{line['rows']:,}", *(
            "" if (effect := scoring.true_effect(line, how)) is None else f"{effect[0]:+.3f} ({effect[1]:.3f})"
            for how in made.HOWS
        ))
        for line in sorted(found, key=lambda line: (line["rows"], line["dataset"]))
    ]  # fmt: skip
    text = [
        READ, "",
        *pages.table(("reading", "draws", "tables", "mean gain", "spread"), rows),
        *pages.table(("reading", "by", "slope"), trends),
        "In brackets, below: the standard error of the truth by the rows that it was measured on.", "",
        *pages.table(("table", "task", "rows", "nets alone", "nets in company"), every),
    ]  # fmt: skip
    return pages.page("What nets gain before anything is known", [COMMAND], text, {str(line["code"]) for line in found})


def main() -> None:
    """Run what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, choices=sorted(draws.UNSCORED), help="draws of this size alone")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of lines and page (default: reports)")
    parser.add_argument("--page", action="store_true", help="run nothing")
    options = parser.parse_args()
    folder = pages.folder(options.out, False, "verdicts")
    if not options.page:
        chosen = [draw for draw in draws.unscored(draws.read_index()) if options.rows in (None, draw.rows)]
        lines.run_missing(folder / NAME, real.work(chosen, None, options.workers), real.about_now())
    pages.write(folder / "priors.md", page(list(lines.read(folder / NAME).values())))


if __name__ == "__main__":
    main()
