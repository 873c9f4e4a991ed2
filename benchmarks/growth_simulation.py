"""How far a learning curve can be trusted: directions, intervals and refusals on simulated data whose truth is known.

    python benchmarks/growth_simulation.py            a few minutes on one quiet core
    python benchmarks/growth_simulation.py --quick    under a minute

Two least-squares fits stand for the two sides. Each sees columns of its own of y = X_a b_a + X_b b_b + noise; they are
really trained, on the very rows that `advisor.growth` asks for, on three of five cuts. The truth is exact: with
Gaussian columns the expected squared error of a fit on n rows of p columns is s^2 (1 + p / (n - p - 1)), s^2 being what
its columns leave unexplained. Worlds, as (p, s^2) of the classical and of the neural side:

slow     (5, 1.5) and (40, 1.2): the net has more to learn and more to gain from rows
slower   (5, 1.5) and (90, 1.2): close to the pole at n = p + 1, where no power law holds
equal    (20, 1.5) both: no direction, and no gain
apart    (3, 1.5) and (3, 1.2): a gain that rows do not change

Columns of the table: runs in which a direction was named, and named wrongly; runs with a figure; of these the share in
which the 90 % interval of the champions' gain at 2 n and at 4 n holds the truth, and the median of what was estimated
at 2 n less the truth. In brackets: 95 % intervals (Clopper and Pearson 1934).
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
import pandas as pd
from scipy import stats

from advisor import evidence, growth
from advisor.metrics import METRICS
from advisor.records import Constraints, Dataset, Job, Outcome, Plan, Profile, Reading, Split, Splits, Trial
from advisor.standings import standings

FOLDS, CUTS = 5, 3
SIDES = {"linear": "classical", "mlp": "neural"}
WORLDS = {
    "slow": ((5, 1.5), (40, 1.2)),
    "slower": ((5, 1.5), (90, 1.2)),
    "equal": ((20, 1.5), (20, 1.5)),
    "apart": ((3, 1.5), (3, 1.2)),
}


def truth(world: str, trained: float) -> float:
    """Return the true theta of fits on so many rows."""
    errors = [left * (1 + columns / (trained - columns - 1)) for columns, left in WORLDS[world]]
    return 0.5 * float(np.log(errors[0] / errors[1]))


def run(world: str, rows: int, seed: int) -> dict[str, object]:
    """Draw a data set, train both sides on what the probes ask for, and return what is said of more rows."""
    rng = np.random.default_rng([rows, seed, *world.encode()])
    inputs = [rng.standard_normal((rows, columns)) for columns, _ in WORLDS[world]]
    # What one side's columns leave unexplained is noise of variance 1 and what the other side's explain.
    shares = [WORLDS[world][1 - side][1] - 1 for side in (0, 1)]
    target = rng.standard_normal(rows)
    for side in (0, 1):
        target += inputs[side] @ np.full(inputs[side].shape[1], np.sqrt(shares[side] / inputs[side].shape[1]))
    fold = rng.permutation(rows) % FOLDS
    parts = tuple(Split(j, 0, j, np.flatnonzero(fold != j), np.flatnonzero(fold == j)) for j in range(FOLDS))
    plan = Plan("regression", "rmse", Splits("stratified", FOLDS, 1, parts, 1), tuple(SIDES), {}, 0, "cpu", "auto", "f")
    dataset = Dataset("made", "tabular", "regression", pd.DataFrame({"a": np.zeros(rows)}), target, "y")
    profile = Profile("made", "tabular", rows, "regression", (), {}, 1, {}, (), "f")

    def predictions(learner: str, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        own = inputs[list(SIDES).index(learner)]
        return np.asarray(own[test] @ np.linalg.lstsq(own[train], target[train], rcond=None)[0])

    outcomes = [
        Outcome(
            Job(learner, family, part.number, "default", 0), "ok", error=1.0, inner_error=1.0,
            predictions=predictions(learner, part.train, part.test), trials=(Trial(0, {}, 1.0, 1.0, "complete", 0.0),),
        )
        for part in parts[:CUTS]
        for learner, family in SIDES.items()
    ]  # fmt: skip
    standing = standings(dataset, profile, plan, outcomes, Constraints())
    sides = (standing.losses["classical"], standing.losses["neural"])
    comparison = evidence.compare_pairs(*sides, standing.cuts, METRICS["rmse"])
    probes = growth.growth_probes(dataset, plan, standing, outcomes)
    readings = [Reading(probe, predictions(probe.learner, probe.train, probe.test)) for probe in probes]
    return growth.more_rows(dataset, profile, plan, standing, comparison, outcomes, readings)


def share(hits: int, draws: int) -> str:
    """Write a share in per cent with its 95 % interval."""
    if not draws:
        return "-"
    low, high = stats.binomtest(hits, draws).proportion_ci(method="exact")
    return f"{100 * hits / draws:.0f} [{100 * low:.0f}, {100 * high:.0f}]"


def line(world: str, rows: int, draws: int) -> tuple[str, Counter[str]]:
    """Return a line of the table and the reasons for silence."""
    trained = rows * (1 - 1 / FOLDS)
    at = {times: -float(np.expm1(-truth(world, times * trained))) for times in (0.125, 1, 2, 4)}
    right = {"slow": "neural", "slower": "neural"}.get(world)
    told = [run(world, rows, seed) for seed in range(draws)]
    figures = [each for each in told if each["gain_2n"]]
    named = [each["direction"] for each in told if each["direction"]]
    covered = {
        times: sum(each[f"gain_{times}n"]["low"] <= at[times] <= each[f"gain_{times}n"]["high"] for each in figures)
        for times in (2, 4)
    }
    off = np.median([each["gain_2n"]["estimate"] - at[2] for each in figures]) if figures else np.nan
    cells = (
        world, f"{rows:,}", f"{100 * at[0.125]:.1f}", f"{100 * at[1]:.1f}", f"{100 * at[2]:.1f}",
        share(len(named), draws), share(sum(name != right for name in named), draws), share(len(figures), draws),
        share(covered[2], len(figures)), share(covered[4], len(figures)), f"{100 * off:.1f}" if figures else "-",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |", Counter(str(each["reason"]) for each in told if not each["gain_2n"])


def main() -> None:
    """Print the table and the reasons for silence, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer draws")
    draws = 40 if parser.parse_args().quick else 300
    headings = (
        "world", "rows", "gain at n/8", "at n", "at 2 n", "direction %", "wrong %", "figure %", "covers 2 n %",
        "covers 4 n %", "median off at 2 n",
    )  # fmt: skip
    print(f"{draws} data sets a line; gains in per cent of the error.\n")
    print("| " + " | ".join(headings) + " |")
    print("|" + "---|" * len(headings))
    silent: Counter[str] = Counter()
    for world in WORLDS:
        for rows in (1_000, 4_000):
            text, reasons = line(world, rows, draws)
            silent.update(reasons)
            print(text, flush=True)
    print("\nReasons for silence, all lines together:\n")
    for reason, count in silent.most_common():
        print(f"- {count}: {reason}")


if __name__ == "__main__":
    main()
