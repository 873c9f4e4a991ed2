"""Made-up tables whose answer is known: are they answered right in half a minute, and in a minute?

    OMP_NUM_THREADS=1 python benchmarks/known_answers.py           about 20 minutes; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/known_answers.py --quick   two of them, a minute and a half

A linear law needs no net: a linear model is as good as can be, so that "not worth it" is right. A smooth surface over
directions that cross the columns is what nets are for and trees have to build of steps: "worth it" is right. 2,000 and
6,000 rows have values for a target, 4,000 rows two classes; two seeds each. "Too close to call" and "not enough
evidence" are not wrong, and not right either.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import lines
import numpy as np
import pages
import pandas as pd
from lines import Line

import advisor

COLUMNS = 8
RIGHT = {"linear": "not_worth_it", "smooth": "worth_it"}
ROWS = {2_000: "values", 4_000: "classes", 6_000: "values"}
SEEDS, SECONDS = (0, 1), (30.0, 60.0)


@dataclass(frozen=True)
class Table:
    """A made-up table: its law, rows, seed, and the budget that it is given."""

    law: str
    rows: int
    seed: int
    seconds: float

    @property
    def key(self) -> str:
        """A name that is unique and stable."""
        return f"{self.law}-{self.rows}-{self.seed}-{self.seconds:.0f}"


def planned() -> tuple[Table, ...]:
    """Return all tables, the small ones first."""
    return tuple(
        Table(law, rows, seed, seconds) for rows in ROWS for seconds in SECONDS for seed in SEEDS for law in RIGHT
    )


def made(law: str, rows: int, seed: int) -> pd.DataFrame:
    """Return columns x0..x7 and a target: values with noise, or two classes whose odds follow the law."""
    rng = np.random.default_rng([seed, rows])
    columns = rng.standard_normal((rows, COLUMNS))
    directions = np.linalg.qr(rng.standard_normal((COLUMNS, COLUMNS)))[0]
    if law == "linear":
        level = columns @ directions[0]
    else:
        first, second, third, *_ = (columns @ directions).T
        level = np.sin(1.5 * first) + first * second / 2 + np.cos(second + third)
    level = (level - level.mean()) / level.std()
    frame = pd.DataFrame(columns, columns=[f"x{place}" for place in range(COLUMNS)])
    if ROWS[rows] == "values":
        return frame.assign(target=level + 0.2 * rng.standard_normal(rows))
    chance = 1 / (1 + np.exp(-4 * level))
    return frame.assign(target=np.where(rng.random(rows) < chance, "yes", "no"))


def run(table: Table, workers: int) -> dict[str, Any]:
    """Compare on a table; return its line."""
    with tempfile.TemporaryDirectory(prefix="known-answers-") as scratch:
        advice = advisor.compare(
            made(table.law, table.rows, table.seed), "target", budget=table.seconds, workers=workers, seed=table.seed,
            tracking=False, out=Path(scratch) / "run",
        )  # fmt: skip
    document = advice.document
    readings = {
        how: reading and {"gain": reading["gain"], "p_worth": reading["p_worth"]}
        for how, reading in document["readings"].items()
    }
    budget = document["budget"]
    return {
        "law": table.law, "rows": table.rows, "seed": table.seed, "budget_seconds": table.seconds,
        "metric": document["metric"], "answer": document["answer"], "how": document["how"], "readings": readings,
        "rows_used": document["rows_used"], "handed": document["recommended"]["learner"],
        "champions": {which: who and who["learner"] for which, who in document["champions"].items()},
        "spent_seconds": budget["spent_seconds"], "answered_seconds": budget["answered_seconds"],
    }  # fmt: skip


def is_right(line: Line) -> bool | None:
    """Tell whether the answer is right; None where nothing was decided."""
    return line["answer"] == RIGHT[line["law"]] if line["answer"] in RIGHT.values() else None


def counts(found: Iterable[Line]) -> tuple[int, int, int]:
    """Return (right, wrong, not decided)."""
    said = [is_right(line) for line in found]
    return said.count(True), said.count(False), said.count(None)


def text(found: list[Line]) -> list[str]:
    """Return what the lines amount to."""
    cells = []
    for law in RIGHT:
        for seconds in SECONDS:
            some = [line for line in found if (line["law"], line["budget_seconds"]) == (law, seconds)]
            cells.append((law, f"{seconds:.0f}", *counts(some)))
    rows = []
    for line in sorted(found, key=lambda line: (line["law"], line["rows"], line["budget_seconds"], line["seed"])):
        seen = [
            "-" if reading is None else f"{pages.per_cent(reading['gain']['estimate'])}, p {reading['p_worth']:.2f}"
            for reading in (line["readings"].get(how) for how in ("alone", "in_company"))
        ]
        known, said = line["answered_seconds"], {True: "right", False: "wrong", None: "open"}[is_right(line)]
        champions = " / ".join(line["champions"].get(family) or "-" for family in ("classical", "neural"))
        rows.append((
            line["law"], f"{line['rows']:,}", line["metric"], line["seed"], f"{line['budget_seconds']:.0f}",
            line["answer"].replace("_", " "), said, *seen, champions, line["handed"],
            f"{line['spent_seconds']:.0f}" + ("" if known is None else f" ({known:.0f})"),
        ))  # fmt: skip
    return [
        *pages.table(("law", "budget, s", "right", "wrong", "not decided"), cells),
        *pages.table(("law", "rows", "metric", "seed", "budget, s", "answer", "", "alone", "in company", "champions",
                      "handed over", "seconds (answer known)"), rows),
    ]  # fmt: skip


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="two tables, into advisor-runs")
    options = parser.parse_args()
    out = options.out or (pages.HERE / "advisor-runs" / "known-answers-quick" if options.quick else pages.REPORTS)
    tables = [table for table in planned() if not options.quick or table.seconds == min(SECONDS)]
    work = {table.key: partial(run, table, options.workers) for table in (tables[:2] if options.quick else tables)}
    lines.run_missing(out / "known_answers.jsonl", work, {"code": pages.code()})
    found = list(lines.read(out / "known_answers.jsonl").values())
    said = [*__doc__.split("\n\n")[2].splitlines(), ""]
    failed = lines.failed(out / "known_answers.jsonl")
    if failed:
        said += [f"Failed: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    command = "OMP_NUM_THREADS=1 python benchmarks/known_answers.py"
    page = pages.page("Made-up tables whose answer is known", [command], said + text(found),
                      {line["code"] for line in found})  # fmt: skip
    pages.write(out / "known_answers.md", page)


if __name__ == "__main__":
    main()
