"""Cases with real but cheap trainings on made tables: twins, noise, known winners, leaks, drift and groups.

Every model is really trained on every fold's training part. What a pipeline is worth is known from a large test set
that nobody trained on, or from symmetry: a pipeline and the same pipeline with another seed are equally good.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from look_rule import answer_at
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import advisor
from advisor import evidence, splits
from advisor.metrics import METRICS, Metric
from advisor.records import Comparison, Splits
from advisor.verdict import LARGEST_NO_SIGNAL, SKILL_CONFIDENCE

TEST_ROWS = 20_000
COLUMNS = 6
Table = tuple[np.ndarray, np.ndarray]
Maker = Callable[[int], Any]


def made_table(rng: np.random.Generator, rows: int, bend: float, classes: bool) -> Table:
    """Draw inputs (rows, 6) and a target: a straight line where `bend` is 0, steps and products where it is 1."""
    inputs = rng.standard_normal((rows, COLUMNS))
    line = inputs[:, 0] + 0.6 * inputs[:, 1] - 0.4 * inputs[:, 2]
    steps = 1.5 * np.sign(inputs[:, 0]) * (inputs[:, 3] > 0) + np.sign(inputs[:, 4]) * (inputs[:, 1] > 0.5)
    signal = (1 - bend) * line + bend * steps
    noise = rng.logistic(scale=0.5, size=rows)
    return inputs, (signal + noise > 0).astype(int) if classes else signal + noise


def predicted(model: Any, inputs: np.ndarray, metric: Metric) -> np.ndarray:
    """Return probabilities or values, as the metric takes them."""
    return np.asarray(model.predict(inputs) if metric.tasks == ("regression",) else model.predict_proba(inputs))


def cross_validated(table: Table, maker: Maker, cuts: Splits, metric: Metric, seed: int) -> dict[int, np.ndarray]:
    """Return row losses by cut of the pipeline that `maker(seed)` makes, freshly seeded on every cut."""
    inputs, target = table
    found = {}
    for part in cuts.parts:
        model = maker(seed + part.number).fit(inputs[part.train], target[part.train])
        found[part.number] = metric.row_losses(target[part.test], predicted(model, inputs[part.test], metric))
    return found


def five_folds(target: np.ndarray, seed: int, groups: np.ndarray | None = None) -> Splits:
    """Draw the outer cuts as the product does."""
    kind = "stratified" if groups is None else "grouped"
    return splits.draw(target, kind=kind, folds=5, repeats=1, inner_folds=1, seed=seed, groups=groups)


def compared(
    left: dict[int, np.ndarray],
    right: dict[int, np.ndarray],
    cuts: Splits,
    metric: Metric,
    groups: np.ndarray | None = None,
) -> Comparison:
    """Compare two pipelines with the product's own figures."""
    shared = evidence.cuts_of(cuts, [left, right], encoded_columns=COLUMNS, groups=groups)
    found = evidence.compare_pairs(evidence.losses_of(left, shared), evidence.losses_of(right, shared), shared, metric)
    assert found is not None
    return found


def true_theta(table: Table, test: Table, makers: tuple[Maker, Maker], metric: Metric, seed: int) -> float:
    """Return the log ratio of the errors of the two pipelines, trained on all rows and judged on the test set."""
    errors = [metric.error(test[1], predicted(maker(seed).fit(*table), test[0], metric)) for maker in makers]
    return float(np.log(errors[0] / errors[1]))


TWINS: dict[str, tuple[str, Maker]] = {
    "forest": (
        "roc_auc",
        lambda seed: RandomForestClassifier(20, min_samples_leaf=3, random_state=seed, n_jobs=1),
    ),
    "bagged lines": (
        "log_loss",
        lambda seed: BaggingClassifier(LogisticRegression(), 2, max_samples=0.7, bootstrap=False, random_state=seed),
    ),
    "extra trees": ("accuracy", lambda seed: ExtraTreesClassifier(20, min_samples_leaf=3, random_state=seed, n_jobs=1)),
    "unsteady tree": (
        "rmse",
        lambda seed: DecisionTreeRegressor(max_depth=6, splitter="random", random_state=seed),
    ),
}
WINNERS: dict[str, tuple[str, Maker, Maker]] = {
    "tree or line": (
        "roc_auc",
        lambda seed: DecisionTreeClassifier(max_depth=5, random_state=seed),
        lambda seed: LogisticRegression(),
    ),
    "line or forest": (
        "log_loss",
        lambda seed: LogisticRegression(),
        lambda seed: RandomForestClassifier(20, min_samples_leaf=10, random_state=seed, n_jobs=1),
    ),
    "tree or line, values": (
        "rmse",
        lambda seed: DecisionTreeRegressor(max_depth=5, random_state=seed),
        lambda seed: LinearRegression(),
    ),
}


def twin_case(name: str, rows: int, rng: np.random.Generator) -> dict[str, float]:
    """Judge a pipeline against itself with another seed: any "worth it" is false, the true effect is 0."""
    metric_name, maker = TWINS[name]
    metric = METRICS[metric_name]
    table = made_table(rng, rows, 0.5, metric_name != "rmse")
    seed = int(rng.integers(1 << 30))
    cuts = five_folds(table[1], seed)
    sides = [cross_validated(table, maker, cuts, metric, seed + 1000 * side) for side in (0, 1)]
    return _counted(compared(sides[0], sides[1], cuts, metric), 0.0)


def winner_case(name: str, rows: int, rng: np.random.Generator) -> dict[str, float]:
    """Judge two unlike pipelines on a table between a straight line and steps, where either may be ahead."""
    metric_name, left, right = WINNERS[name]
    metric = METRICS[metric_name]
    bend = float(rng.uniform())
    table, test = (made_table(rng, count, bend, metric_name != "rmse") for count in (rows, TEST_ROWS))
    seed = int(rng.integers(1 << 30))
    cuts = five_folds(table[1], seed)
    sides = [cross_validated(table, maker, cuts, metric, seed) for maker in (left, right)]
    return _counted(compared(sides[0], sides[1], cuts, metric), true_theta(table, test, (left, right), metric, seed))


def noise_case(name: str, rows: int, rng: np.random.Generator) -> dict[str, float]:
    """Judge two families on a target that no column knows anything of: does either seem to beat a constant, and is it
    ruled out that one does by much?"""
    metric = METRICS[name]
    inputs, target = made_table(rng, rows, 0.5, name != "rmse")
    table = inputs, rng.permutation(target)
    cuts = five_folds(target, int(rng.integers(1 << 30)))
    makers = next(pair[1:] for pair in WINNERS.values() if pair[0] == name)
    constant = {
        part.number: metric.row_losses(table[1][part.test], _constant(table[1], part.train, len(part.test), name))
        for part in cuts.parts
    }
    seen = possible = False
    for maker in makers:
        losses = cross_validated(table, maker, cuts, metric, 0)
        shared = evidence.cuts_of(cuts, [losses, constant], encoded_columns=COLUMNS)
        pair = (evidence.losses_of(losses, shared), evidence.losses_of(constant, shared))
        any_skill, much = (
            evidence.chance_of_skill(*pair, shared, metric, least=least) or 0.0 for least in (0.0, LARGEST_NO_SIGNAL)
        )
        seen |= any_skill >= SKILL_CONFIDENCE
        possible |= much > 1 - SKILL_CONFIDENCE
    return {"signal seen": float(seen), "answer no_signal": float(not seen and not possible)}


def _constant(target: np.ndarray, train: np.ndarray, rows: int, metric: str) -> np.ndarray:
    if metric == "rmse":
        return np.full(rows, target[train].mean())
    return np.tile(np.bincount(target[train], minlength=2) / len(train), (rows, 1))


def grouped_case(name: str, rows: int, rng: np.random.Generator) -> dict[str, float]:
    """Judge a pipeline that learns entities by heart against one that does not, on rows of entities.

    The truth is what both are worth on entities that nobody has seen. "random" cuts tear entities apart, "grouped"
    ones do not.
    """
    metric = METRICS["roc_auc"]
    groups, table = _entities(rng, rows)
    test = _entities(rng, TEST_ROWS)[1]
    seed = int(rng.integers(1 << 30))
    makers: tuple[Maker, Maker] = (
        lambda seed: LogisticRegression(),
        lambda seed: RandomForestClassifier(20, min_samples_leaf=2, random_state=seed, n_jobs=1),
    )
    codes = groups if name == "grouped" else None
    cuts = five_folds(table[1], seed, codes)
    sides = [cross_validated(table, maker, cuts, metric, seed) for maker in makers]
    return _counted(compared(sides[0], sides[1], cuts, metric, codes), true_theta(table, test, makers, metric, seed))


def _entities(rng: np.random.Generator, rows: int, size: int = 8) -> tuple[np.ndarray, Table]:
    groups = np.repeat(np.arange(rows // size + 1), size)[:rows]
    level = rng.standard_normal((groups.max() + 1, COLUMNS))
    inputs = level[groups] + 0.1 * rng.standard_normal((rows, COLUMNS))
    luck = 1.5 * rng.standard_normal(groups.max() + 1)[groups]
    return groups, (inputs, (inputs[:, 0] + luck + rng.logistic(scale=0.5, size=rows) > 0).astype(int))


PLANTED = {
    "leak": ("L01", "L02"),
    "copy": ("L01", "L02"),
    "drift": ("S01", "S02"),
    "groups": ("S03",),
}


def finding_case(name: str, rows: int, rng: np.random.Generator) -> dict[str, float]:
    """Look for what was planted in a table ("nothing": for any of it) among the warnings and severe findings."""
    inputs, target = made_table(rng, rows, 0.5, True)
    table = pd.DataFrame(inputs, columns=[f"x{column}" for column in range(COLUMNS)])
    if name == "leak":
        table["closed"] = target + 0.15 * rng.standard_normal(rows)
    elif name == "copy":
        table["status"] = np.where(target == 1, "lost", "kept")
    elif name == "drift":
        table["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(rows), unit="D")
        target = (rng.random(rows) < np.linspace(0.25, 0.75, rows)).astype(int)
    elif name == "groups":
        groups, (inputs, target) = _entities(rng, rows)
        table[:] = inputs
        table["customer_id"] = rng.permutation(10 * (groups.max() + 1))[groups]
        order = rng.permutation(rows)
        table, target = table.iloc[order].reset_index(drop=True), target[order]
    profile = advisor.profile(table.assign(y=target), "y")
    codes = {finding.code for finding in profile.findings if finding.severity != "info"}
    wanted = {code for codes_ in PLANTED.values() for code in codes_} if name == "nothing" else set(PLANTED[name])
    return {"found": float(bool(codes & wanted))}


def _counted(found: Comparison, theta: float) -> dict[str, float]:
    answer = answer_at("final", found)
    worth = theta > found.theta_min
    return {
        f"answer {answer}": 1,
        "wrong": float(answer != "too_close_to_call" and (answer == "worth_it") != worth),
        "covered": float(found.low <= theta <= found.high),
        "truly worth it": float(worth),
        "brier": (found.p_worth - worth) ** 2,
    }


KINDS: dict[
    str, tuple[Callable[[str, int, np.random.Generator], dict[str, float]], dict[str, tuple[int, ...]], int]
] = {
    "twins": (twin_case, dict.fromkeys(TWINS, (300, 1_000, 3_000)), 60),
    "winners": (winner_case, dict.fromkeys(WINNERS, (300, 1_000, 3_000)), 40),
    "noise": (noise_case, dict.fromkeys(("roc_auc", "log_loss", "rmse"), (300, 1_000, 3_000)), 40),
    "groups": (grouped_case, {"random": (1_600,), "grouped": (1_600,)}, 40),
    "findings": (finding_case, dict.fromkeys((*PLANTED, "nothing"), (300, 1_000)), 40),
}


def planned(cases: int) -> Iterator[tuple[str, str, int, int]]:
    """Yield (kind, name, rows, number of cases), at most `cases` each."""
    for kind, (_, names, most) in KINDS.items():
        for name, sizes in names.items():
            for rows in sizes:
                yield kind, name, rows, min(cases, most)


def tally(kind: str, name: str, rows: int, cases: int) -> dict[str, Any]:
    """Run the cases of one kind and count; what is returned can be written as a line of JSON."""
    counts: dict[str, float] = {}
    for number in range(cases):
        rng = np.random.default_rng([zlib.crc32(f"{kind}-{name}-{rows}".encode()), number])
        for key, value in KINDS[kind][0](name, rows, rng).items():
            counts[key] = counts.get(key, 0) + value
    return {"kind": kind, "name": name, "rows": rows, "cases": cases, "counts": counts}
