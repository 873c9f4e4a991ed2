"""How far a learning curve can be trusted: directions, intervals and refusals on simulated data whose truth is known.

    python benchmarks/growth_simulation.py            a few minutes on one quiet core
    python benchmarks/growth_simulation.py --quick    under a minute

Two least-squares fits stand for the two sides. Each sees columns of its own of y = X_a b_a + X_b b_b + noise; they are
really trained, on the very rows that advisor.outlook.growth asks for, on three of five folds. The truth is exact: with
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

from advisor.judging import choice
from advisor.judging.case import case_of
from advisor.judging.ruling import ruling
from advisor.measuring.metrics import METRICS
from advisor.outlook import growth
from advisor.records import (
    Candidate,
    Dataset,
    Entrant,
    Family,
    Fold,
    FoldResult,
    Folds,
    Limits,
    MoreRows,
    Outcome,
    Plan,
    ProbeResult,
    Profile,
    Question,
)

FOLDS, JUDGED = 5, 3
# There is one candidate a side, so that nothing is chosen, and few draws tell the gain.
DRAWS = 200
SIDES: dict[str, Family] = {"linear": "classical", "mlp": "neural"}
RMSE = METRICS["rmse"]
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


def run(world: str, rows: int, seed: int) -> MoreRows:
    """Draw a data set, train both sides on what the probes ask for, and return what is said of more rows."""
    rng = np.random.default_rng([rows, seed, *world.encode()])
    inputs = [rng.standard_normal((rows, columns)) for columns, _ in WORLDS[world]]
    # What one side's columns leave unexplained is noise of variance 1 and what the other side's explain.
    shares = [WORLDS[world][1 - side][1] - 1 for side in (0, 1)]
    target = rng.standard_normal(rows)
    for side in (0, 1):
        target += inputs[side] @ np.full(inputs[side].shape[1], np.sqrt(shares[side] / inputs[side].shape[1]))
    fold = rng.permutation(rows) % FOLDS
    parts = tuple(Fold(j, 0, j, np.flatnonzero(fold != j), np.flatnonzero(fold == j)) for j in range(FOLDS))
    folds = Folds("stratified", FOLDS, 1, parts, np.arange(rows))
    entrants = tuple(Entrant(learner, family, 1.0, strong=family == "neural") for learner, family in SIDES.items())
    plan = Plan("regression", "rmse", folds, entrants, {}, 0, "cpu", "auto", "f")
    dataset = Dataset("made", "tabular", "regression", pd.DataFrame({"a": np.zeros(rows)}), target, "y")
    profile = Profile("made", "tabular", rows, "regression", (), {}, 1, {}, (), "f")

    def predictions(learner: str, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        own = inputs[list(SIDES).index(learner)]
        return np.asarray(own[test] @ np.linalg.lstsq(own[train], target[train], rcond=None)[0])

    def outcome(candidate: Candidate) -> Outcome:
        results = {}
        for part in parts[:JUDGED]:
            told = predictions(candidate.learner, part.train, part.test)
            lost = RMSE.row_losses(target[part.test], told)
            results[part.number] = FoldResult(candidate, part.number, "done", predictions=told, losses=lost)
        return Outcome(candidate, results, "complete")

    question = Question(RMSE.min_gain, limits=Limits(single=True))
    outcomes = [outcome(Candidate(learner, family)) for learner, family in SIDES.items()]
    case = case_of(dataset, profile, plan, outcomes, question)
    probes = growth.growth_probes(case)
    results = [ProbeResult(probe, predictions(probe.learner, probe.train, probe.test)) for probe in probes]
    return growth.more_rows(case, ruling(case, chosen=choice.chosen(case, draws=DRAWS)), results)


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
    figures = [each for each in told if each.gain_2n and each.gain_4n]
    named = [each.direction for each in told if each.direction]
    gains = {2: [each.gain_2n for each in figures], 4: [each.gain_4n for each in figures]}
    covered = {times: sum(gain.low <= at[times] <= gain.high for gain in found) for times, found in gains.items()}
    off = np.median([gain.estimate - at[2] for gain in gains[2]]) if figures else np.nan
    cells = (
        world, f"{rows:,}", f"{100 * at[0.125]:.1f}", f"{100 * at[1]:.1f}", f"{100 * at[2]:.1f}",
        share(len(named), draws), share(sum(name != right for name in named), draws), share(len(figures), draws),
        share(covered[2], len(figures)), share(covered[4], len(figures)), f"{100 * off:.1f}" if figures else "-",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |", Counter(each.reason for each in told if not each.gain_2n)


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
