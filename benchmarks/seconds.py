"""What one fit of each default takes, refit included, with the predictions of a quarter as many rows: CPU seconds.

Every learner of the catalogue that needs no weights from elsewhere learns from 400, 1,600, 8,000 and 32,000 rows of a
few public tables, as many as there are, on one thread; "foretold" is what `Learner.seconds` says of the same. A pair of
learner and table that is foretold to take more than --most seconds is left out. CPU seconds, since a shared machine's
clock counts the others' work too. Measurements are written to --measured line by line and never taken twice: name new
files to begin anew, or run again with old ones to see what new formulas say of old measurements (--only none takes no
more of them). --fit prints what fits them best in the form of advisor.learners._seconds.

Run: OMP_NUM_THREADS=1 python benchmarks/seconds.py [--measured FILE] [--most 200] [--only mlp,tabm] [--tables adult]
     [--data FOLDER] [--fit] [--write reports/seconds.md]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rows import rows_at

import advisor.profiling
from advisor import learners, modalities
from advisor.contracts import Learner, Setting
from advisor.learners._seconds import COLUMNS, ROWS, Growth
from advisor.measuring.metrics import default_metric
from advisor.records import Dataset, Profile

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"))
# Two and more classes and values; narrow and wide; numbers and categories, short and long ones.
TABLES = (
    "adult",
    "diamonds",
    "fars",
    "coil2000_insurance_policies",
    "letter",
    "communities_crime",
    "ames_housing_kaggle",
    "MagicTelescope",
    "houses_california",
    "optdigits",
    "credit-g",
    "abalone",
)
SIZES = (400, 1_600, 8_000, 32_000)
# A table that has not quite as many rows serves all the same.
NEARLY = 0.7


# The profile of each part of a table, by the table's name and the training rows.
Profiles = Mapping[tuple[str, int], Profile]


@dataclass(frozen=True)
class Measurement:
    """What a fit on `rows` rows of a table and the predictions of a quarter as many took, in CPU seconds."""

    learner: str
    table: str
    rows: int
    seconds: float


def main() -> None:
    """Measure what has not been measured, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, default=Path("seconds.jsonl"))
    parser.add_argument("--most", type=float, default=200.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    members = [one for one in learners.catalogue() if not one.weights and not one.missing()]
    if options.only:
        members = [one for one in members if one.name in options.only.split(",")]
    known = read(options.measured)
    tables = [parts for name in options.tables.split(",") for parts in cut(options.data, name)]
    with options.measured.open("a") as file:
        for learner, (dataset, profile) in sorted(
            ((learner, parts) for learner in members for parts in tables), key=lambda pair: training_rows(pair[1][0])
        ):
            rows = training_rows(dataset)
            if any((one.learner, one.table, one.rows) == (learner.name, dataset.name, rows) for one in known):
                continue
            if learner.suits(profile) or learner.seconds(rows, profile) > options.most:
                continue
            known.append(Measurement(learner.name, dataset.name, rows, measured(learner, dataset, profile)))
            print(json.dumps(vars(known[-1])), file=file, flush=True)
            print(known[-1], f"foretold {learner.seconds(rows, profile):.2f}", flush=True)
    everyone = [one for one in learners.catalogue() if any(one.name == row.learner for row in known)]
    profiles = {(dataset.name, training_rows(dataset)): profile for dataset, profile in tables}
    if options.fit:
        print("\n".join(fitted(learner, profiles, known) for learner in everyone))
    text = report(everyone, profiles, known)
    print(text)
    if options.write:
        options.write.write_text(text)


def read(path: Path) -> list[Measurement]:
    """Return what was measured before."""
    return [Measurement(**json.loads(line)) for line in path.read_text().splitlines()] if path.is_file() else []


def cut(data: Path, name: str) -> Iterator[tuple[Dataset, Profile]]:
    """Draw parts of a table of each size that it has rows for, training rows and a quarter as many to predict."""
    index = pd.read_csv(data / "index.csv").set_index("name")
    modality = modalities.find("tabular")
    whole = modality.read(
        data / index.loc[name, "file"], target=index.loc[name, "target"], task=index.loc[name, "task"]
    )
    order = np.random.default_rng(0).permutation(len(whole.target))
    for rows in SIZES:
        taken = min(rows * 5 // 4, len(order))
        if taken < NEARLY * rows * 5 / 4:
            continue
        inputs, target = rows_at(whole, order[:taken])
        # A small part lacks the rarest classes: codes without a gap again.
        found, codes = np.unique(target, return_inverse=True) if whole.classes else ([], target)
        part = Dataset(
            name, whole.modality, whole.task, inputs.reset_index(drop=True), codes, whole.target_name,
            tuple(whole.classes[code] for code in found),
        )  # fmt: skip
        yield part, advisor.profiling.profile(part, modality)


def training_rows(dataset: Dataset) -> int:
    """Four fifths of the rows are learnt from, the rest is predicted."""
    return len(dataset.target) * 4 // 5


def measured(learner: Learner, dataset: Dataset, profile: Profile) -> float:
    """Return the CPU seconds of a fit and of the predictions for the rows that it did not see."""
    rows = training_rows(dataset)
    setting = Setting(profile, modalities.find("tabular"), default_metric(dataset.task), rows)
    # Libraries are loaded once a process, and not by a fit: a small one comes first.
    warm = learner.build(setting, {})
    few = [i for _, part in pd.Series(dataset.target).groupby(dataset.target) for i in part.index[:2]][:60]
    if "model__seconds" in warm.get_params():
        warm.set_params(model__seconds=0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warm.fit(*rows_at(dataset, np.array(few)))
        estimator = learner.build(setting, {})
        inputs, target = rows_at(dataset, np.arange(rows))
        fresh, _ = rows_at(dataset, np.arange(rows, len(dataset.target)))
        began = time.process_time()
        estimator.fit(inputs, target)
        (estimator.predict_proba if dataset.classes else estimator.predict)(fresh)
        return time.process_time() - began


def rows_of(learner: Learner, profiles: Profiles, known: Sequence[Measurement]) -> list[tuple[Measurement, Profile]]:
    """Return what was measured of a learner, by size of the table."""
    own = [one for one in known if one.learner == learner.name and (one.table, one.rows) in profiles]
    return [(one, profiles[one.table, one.rows]) for one in sorted(own, key=lambda one: (one.rows, one.table))]


def fitted(learner: Learner, profiles: Profiles, known: Sequence[Measurement]) -> str:
    """Return the powers of rows, columns and classes that fit a learner's seconds best, by least squares of logs."""
    old = learner.seconds if isinstance(learner.seconds, Growth) else Growth(1.0)
    design, wanted = [], []
    for one, profile in rows_of(learner, profiles, known):
        columns = profile.encoded_columns if old.encoded else len(profile.columns)
        several = len(profile.target["classes"]) if profile.task == "multiclass" else 1
        values = float(profile.task == "regression")
        design.append([1.0, np.log(old.counted(one.rows) / ROWS), np.log(columns / COLUMNS), np.log(several), values])
        dropped = old.drop[1] if old.drop is not None and one.rows > old.drop[0] else 1.0
        wanted.append(np.log(dropped * max(one.seconds - old.start, 0.1 * one.seconds)))
    found = np.linalg.lstsq(np.array(design), np.array(wanted), rcond=None)[0]
    rest = np.exp(np.abs(np.array(design) @ found - wanted))
    return (
        f"{learner.name}: Growth({np.exp(found[0]):.2g}, rows={found[1]:.2f}, columns={found[2]:.2f}, "
        f"classes={found[3]:.2f}, values={np.exp(found[4]):.2f}, start={old.start:g}) off by a factor of "
        f"{np.median(rest):.2f} in the middle, {rest.max():.2f} at most"
    )


def report(members: Sequence[Learner], profiles: Profiles, known: Sequence[Measurement]) -> str:
    """Return the table of what was measured and foretold, a learner a row, and how far these are apart."""
    lines = [
        "# What a fit of each default takes",
        "",
        "    OMP_NUM_THREADS=1 python benchmarks/seconds.py --write reports/seconds.md",
        "",
        f"{platform.machine()}, Python {platform.python_version()}, one thread. CPU seconds of a default's fit, refit",
        "included, and of the predictions for a quarter as many rows: measured / foretold by `Learner.seconds`.",
        "One fit each, while other work ran on the machine (a load of 2 to 11 on two cores); cells are empty where",
        "nothing was measured. Boosted trees differ fourfold on tables of one size, as held rows say when to stop.",
        "",
        "## How far they are apart",
        "",
        "| learner | measurements | foretold / measured, in the middle | least | most | within a factor of 2 |",
        "|---|---|---|---|---|---|",
    ]
    for learner in members:
        own = rows_of(learner, profiles, known)
        ratios = np.array([learner.seconds(one.rows, profile) / one.seconds for one, profile in own])
        near = int(((ratios > 0.5) & (ratios < 2.0)).sum())
        least, middle, most = np.quantile(ratios, (0.0, 0.5, 1.0))
        lines.append(f"| {learner.name} | {len(own)} | {middle:.2f} | {least:.2f} | {most:.2f} | {near} |")
    names = list(dict.fromkeys(table for table, _ in profiles))
    for name in names:
        sizes = sorted(rows for table, rows in profiles if table == name)
        profile = profiles[name, sizes[-1]]
        several = f", {len(profile.target['classes'])} classes" if profile.task == "multiclass" else f", {profile.task}"
        lines += ["", f"## {name}: {len(profile.columns)} columns ({profile.encoded_columns} encoded){several}", ""]
        lines.append("| learner | " + " | ".join(f"{rows:,} rows" for rows in sizes) + " |")
        lines.append("|---" * (len(sizes) + 1) + "|")
        for learner in members:
            taken = {one.rows: one.seconds for one in known if (one.learner, one.table) == (learner.name, name)}
            cells = [
                f"{taken[rows]:.3g} / {learner.seconds(rows, profiles[name, rows]):.3g}" if rows in taken else ""
                for rows in sizes
            ]
            if any(cells):
                lines.append(f"| {learner.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
