"""How wide the interval of a bootstrapped choice has to be: simulated, with the truth known.

    python benchmarks/verdicts/choice_simulation.py             goes on where it was; about an hour of one core
    python benchmarks/verdicts/choice_simulation.py --quick     about five minutes
    python benchmarks/verdicts/choice_simulation.py --report    only writes the report from what there is

Lines go to advisor-runs/choice (one a case, so that an interrupted run loses one), tables to
reports/choice_simulation.md. See `trained`, `synthetic` and `planted` for what is simulated.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import made
import planted
import synthetic
import trained

HERE = Path(__file__).resolve().parents[2]
OUT, REPORT = HERE / "advisor-runs" / "choice", HERE / "reports" / "choice_simulation.md"
COMMAND = "python benchmarks/verdicts/choice_simulation.py"


def known(path: Path) -> dict[str, Any]:
    """Read the cases that there are, by key; half a line is left out."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        found[line["key"]] = line
    return found


def run_missing(path: Path, tasks: Iterable[tuple[str, Callable[[], Any]]]) -> None:
    """Run the cases that are missing; each is written at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    there = set(known(path))
    for key, work in tasks:
        if key not in there:
            began = time.process_time()
            line = {"key": key, "readings": work(), "cpu_seconds": time.process_time() - began}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=float) + "\n")


def trained_tasks(quick: bool) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Yield (key, work) of the cases with real trainings."""
    for rows, classes, number in trained.planned(quick):
        key = f"{rows}-{'classes' if classes else 'values'}-{number}"
        yield key, lambda rows=rows, classes=classes, number=number: trained.run(rows, classes, number)  # type: ignore[misc]


def drawn_tasks(quick: bool) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Yield (key, work) of the cases with drawn predictions."""
    for world, number in synthetic.planned(quick):
        yield f"{world.key}-{number}", lambda world=world, number=number: [synthetic.run(world, number)]  # type: ignore[misc]


def planted_tasks(quick: bool) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Yield (key, work) of what is planted."""
    for cell in planted.planned(quick):
        yield "-".join(map(str, cell)), lambda cell=cell: [planted.tally(*cell)]  # type: ignore[misc]


def report(folder: Path) -> str:
    """Write all tables."""
    real, drawn, counts = (
        [line for case in known(folder / f"{name}.jsonl").values() for line in case["readings"]]
        for name in ("trained", "drawn", "planted")
    )
    text = ["# The bootstrapped choice, simulated: bias, coverage, false answers, power", "", f"    {COMMAND}", ""]
    text += [INTRO, DECIDED]
    if real:
        found = made.seen_in(real)
        text += [f"## Real trainings: {len(real):,} cases, {len(found):,} readings of them", "", TRAINED, ""]
        text += made.figures_by(found, "rows", lambda seen: seen.line["rows"])
        text += made.figures_by(found, "metric", lambda seen: seen.line["metric"])
        text += made.figures_by(
            [seen for seen in found if seen.line["metric"] in ("rmse", "log_loss")], "tails", _tails_of_trained
        )
        text += ["Both readings together, at the metrics' own margins (each case counts once for either training):", ""]
        text += made.answers_table(real)
        text += ["### Ways to widen", "", *made.rules_table(found)]
        text += ["### Where Nadeau and Bengio's standard error was asked, too, before", "", *made.doubtful_table(found)]
        text += ["### The error of what is handed over", "", *made.options_table(real)]
        text += ["### Weights of a blend: by log loss, or by the metric itself", "", *made.weights_table(real)]
    if drawn:
        found = made.seen_in(drawn)
        text += [f"## Drawn predictions: {len(drawn):,} cases", "", DRAWN, ""]
        text += made.figures_by(found, "rows", lambda seen: seen.line["rows"])
        text += made.figures_by(found, "metric", lambda seen: seen.line["metric"] + " (heavy)" * seen.line["heavy"])
        text += made.figures_by(found, "candidates", lambda seen: " : ".join(map(str, seen.line["sides"])))
        text += ["### Few clusters (two candidates, rows of a cluster err alike)", ""]
        text += made.table(
            ("clusters", "of equal size: covers (90 %)", "of very unequal size"),
            [(n, *(f"{100 * synthetic.clustered(n, unequal, 400):.1f}" for unequal in (False, True)))
             for n in synthetic.CLUSTERS],
        )  # fmt: skip
    if counts:
        text += ["## What is planted", "", *made.planted_table(counts)]
    return "\n".join(text)


def _tails_of_trained(seen: made.Seen) -> str:
    heavy = seen.line["heavy"] if seen.line["metric"] == "rmse" else seen.line["flipped"] > 0
    return f"{seen.line['metric']}, {'heavy' if heavy else 'light'}"


INTRO = """\
Everything goes through the product's own code (`judging.choice`, `measuring.evidence`). "At the margin": how often one
reading would say "worth it" (0.99 asked alone and 0.96 in company, as they share the error; 0.95 of the only one) were
the margin exactly the true effect; "at equality" and "a gain seen": the same error of the estimate, moved to a true
effect of nothing, 5 % or 10 %, at the metric's margin.
"""
DECIDED = """\
What was decided from it, and stands in `advisor.measuring.evidence.widened`: SE^2 = T se^2 + max(se, spread)^2, with
`se` of the rows, `spread` of the bootstrap, and T = 1 for two models and 1/2 where one of them is a blend; or what the
folds show (Nadeau and Bengio) where that is more and they vary by more than their rows explain (chi square, 5 %). One
rule for all numbers of rows and all metrics, with a normal reference (t where there are clusters).
"""
TRAINED = """\
Truth is the log error ratio of what all rows choose, fitted once on all rows, on 20,000 fresh ones whose chances are
known; two such trainings, with other seeds, are tried for each case. 150 rows: 10 folds three times; else 5 once."""
DRAWN = """\
No model is trained: what rows and the choice do, without training. Widening for training is then too much: coverage
above 90 % is what it should be."""


def main() -> None:
    """Run what is missing and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about five minutes; the report is printed")
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--part", choices=["trained", "drawn", "planted", "all"], default="all")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="lbfgs failed")
    folder = OUT.with_name("choice-quick") if options.quick else OUT
    for part, tasks in (("trained", trained_tasks), ("drawn", drawn_tasks), ("planted", planted_tasks)):
        if not options.report and options.part in (part, "all"):
            run_missing(folder / f"{part}.jsonl", tasks(options.quick))
    if options.quick:
        print(report(folder))
    else:
        REPORT.write_text(report(folder) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
