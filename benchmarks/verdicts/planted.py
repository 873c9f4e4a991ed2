"""What is planted in a table and has to be noticed: noise that nobody can learn, leaks, drift, and torn entities.

Every model is really trained. "Noise": the target is shuffled, and no family may seem to have skill. "Entities": rows
of one entity are alike; random folds tear them apart, grouped ones do not, and the truth is on entities that nobody has
seen. "Findings": the profile has to warn of what was planted, and of nothing where nothing was.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from trained import COLUMNS, FAMILIES, World, gathered, predicted

import advisor
from advisor.judging.ruling import ruling
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.records import Family, Folds

Counts = dict[str, float]
TEST_ROWS = 20_000
PLAIN = World(0.5, 0, 0.5, 0.0, 0.0, False)
ENTERING: tuple[tuple[Family, str], ...] = (
    ("classical", "line"), ("classical", "forest#2"), ("neural", "features"), ("neural", "net")
)  # fmt: skip
PLANTED = {"leak": ("L01", "L02"), "copy": ("L01", "L02"), "drift": ("S01", "S02"), "groups": ("S03",)}


def noise_case(name: str, rows: int, rng: np.random.Generator) -> Counts:
    """Judge families on a target that no column knows anything of, beside a constant."""
    metric, classes = METRICS[name], name != "rmse"
    inputs, target, _ = PLAIN.table(rng, rows, classes)
    target, seed = rng.permutation(target), int(rng.integers(1 << 20))
    folds = splits.draw(target, kind="stratified", folds=5, repeats=1, seed=seed)
    found: dict[tuple[Family, str], dict[int, np.ndarray]] = {
        key: _out_of_fold(inputs, target, folds, key, seed) for key in ENTERING
    }
    found["dummy", "constant"] = {
        fold.number: np.tile(
            np.bincount(target[fold.train], minlength=2) / len(fold.train) if classes else target[fold.train].mean(),
            (len(fold.test), 1),
        ).reshape((len(fold.test), 2) if classes else len(fold.test))
        for fold in folds.parts
    }
    answer = ruling(gathered(target, folds, found, metric)).answer
    return {"no_signal": float(answer == "no_signal"), "worth_it": float(answer == "worth_it")}


def entities_case(name: str, rows: int, rng: np.random.Generator) -> Counts:
    """Compare a forest that learns entities by heart with a line that does not; `name` is how folds are drawn."""
    metric, seed = METRICS["roc_auc"], int(rng.integers(1 << 20))
    groups, (inputs, target) = entities(rng, rows)
    _, (test_inputs, test_target) = entities(rng, TEST_ROWS)
    own = groups if name == "grouped" else None
    kind = "stratified" if own is None else "grouped"
    folds = splits.draw(target, kind=kind, folds=5, repeats=1, seed=seed, groups=own)
    keys: tuple[tuple[Family, str], ...] = (("classical", "line"), ("neural", "random"))
    case = gathered(target, folds, {key: _out_of_fold(inputs, target, folds, key, seed) for key in keys}, metric,
                    groups=own)  # fmt: skip
    errors = [
        metric.error(test_target, predicted(FAMILIES[f][n](True, seed).fit(inputs, target), test_inputs, True))
        for f, n in keys
    ]
    truth = float(np.log(errors[0] / errors[1]))
    found = ruling(case).readings["alone"].comparison
    return {"covered": float(found.low <= truth <= found.high), "flattered": float(found.low > truth)}


def entities(rng: np.random.Generator, rows: int, size: int = 8) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Draw the groups of rows, and (inputs, target): rows of a group are alike and have their luck in common."""
    groups = np.repeat(np.arange(rows // size + 1), size)[:rows]
    level = rng.standard_normal((groups.max() + 1, COLUMNS))
    inputs = level[groups] + 0.1 * rng.standard_normal((rows, COLUMNS))
    luck = 1.5 * rng.standard_normal(groups.max() + 1)[groups]
    return groups, (inputs, (inputs[:, 0] + luck + rng.logistic(scale=0.5, size=rows) > 0).astype(int))


def finding_case(name: str, rows: int, rng: np.random.Generator) -> Counts:
    """Look for what was planted in a table ("nothing": for any of it) among the warnings and severe findings."""
    inputs, target, _ = PLAIN.table(rng, rows, True)
    table = pd.DataFrame(inputs, columns=[f"x{column}" for column in range(COLUMNS)])
    if name == "leak":
        table["closed"] = target + 0.15 * rng.standard_normal(rows)
    elif name == "copy":
        table["status"] = np.where(target == 1, "lost", "kept")
    elif name == "drift":
        table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(rows), unit="D")
        target = (rng.random(rows) < np.linspace(0.25, 0.75, rows)).astype(int)
    elif name == "groups":
        groups, (inputs, target) = entities(rng, rows)
        table[:] = inputs
        table["customer_id"] = rng.permutation(10 * (groups.max() + 1))[groups]
        order = rng.permutation(rows)
        table, target = table.iloc[order].reset_index(drop=True), target[order]
    profile = advisor.profile(table.assign(y=target), "y")
    codes = {finding.code for finding in profile.findings if finding.severity != "info"}
    wanted = {code for codes_ in PLANTED.values() for code in codes_} if name == "nothing" else set(PLANTED[name])
    return {"found": float(bool(codes & wanted))}


def _out_of_fold(
    inputs: np.ndarray, target: np.ndarray, folds: Folds, key: tuple[Family, str], seed: int
) -> dict[int, np.ndarray]:
    classes = target.dtype.kind != "f"
    return {
        fold.number: predicted(
            FAMILIES[key[0]][key[1]](classes, seed + fold.number).fit(inputs[fold.train], target[fold.train]),
            inputs[fold.test],
            classes,
        )
        for fold in folds.parts
    }


KINDS: Mapping[str, tuple[Callable[[str, int, np.random.Generator], Counts], Mapping[str, tuple[int, ...]], int]] = {
    "noise": (noise_case, dict.fromkeys(("roc_auc", "log_loss", "rmse"), (300, 1_000, 3_000)), 12),
    "entities": (entities_case, {"random": (1_600,), "grouped": (1_600,)}, 12),
    "findings": (finding_case, dict.fromkeys((*PLANTED, "nothing"), (300, 1_000)), 12),
}


def planned(quick: bool = False) -> Iterator[tuple[str, str, int, int]]:
    """Yield (kind, name, rows, number of cases)."""
    for kind, (_, names, most) in KINDS.items():
        for name, sizes in names.items():
            for rows in sizes:
                if not quick or rows == sizes[0]:
                    yield kind, name, rows, 3 if quick else most


def tally(kind: str, name: str, rows: int, cases: int) -> dict[str, Any]:
    """Run the cases of one kind and count; what is returned can be written as a line of JSON."""
    counts: Counts = {}
    for number in range(cases):
        rng = np.random.default_rng([zlib.crc32(f"{kind}-{name}-{rows}".encode()), number])
        for key, value in KINDS[kind][0](name, rows, rng).items():
            counts[key] = counts.get(key, 0.0) + value
    return {"kind": kind, "name": name, "rows": rows, "cases": cases, "counts": counts}
