"""How often the statistics decide wrongly, and how often they see a real gain, on simulated data whose truth is known.

    python benchmarks/verdicts/evidence_simulation.py            about five minutes on one quiet core
    python benchmarks/verdicts/evidence_simulation.py --quick    under a minute

Two pipelines are judged by five folds on one data set, drawn afresh each time. Three worlds, from real to harsh:

linear   RMSE of two least-squares fits that see different columns of y = X_a b_a + X_b b_b + noise (10 columns each).
         Every model is really trained on its fold's training part, and the truth is exact: with Gaussian columns the
         expected squared error is s^2 (1 + p / (n - p - 1)), so the sample size cancels from the ratio of errors.
ranking  1 - AUC of two linear discriminants that share one column and have five of their own each. Models are really
         trained; given its weights, the AUC of a model is known in closed form, and the truth is its mean over 2,000
         training samples.
swing    MAE of two pipelines with common hard rows, whose errors in fold f are multiplied by exp(g + h_f): what another
         training sample, or another seed, does to an unstable learner. g is common to all folds (they share most
         training rows, and no repeat averages it away), h_f is a fold's own; both contribute the same variance to
         theta in one repeat. Together they then add as many times the variance of the rows as the world's name says:
         0.4 is about what a factor of 1.2 pays for, 1.0 is a net that is rather unstable.

Columns of the table: false "worth it" where the pipelines are equal (nominal 5 %); false decisions of either kind where
the gain is exactly the smallest one that is worth having (nominal 10 %); the share of gains seen that lie three
standard deviations of the estimate above that margin; coverage of the 90 % interval. In brackets: 95 % intervals
(Clopper and Pearson 1934). "Ours" is what `advisor.evidence` answers, prior included; the others are one-sided t-tests
at 5 %, the naive one as if splits were independent.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from advisor import evidence
from advisor.evidence import StandardError
from advisor.metrics import METRICS, Metric
from advisor.records import Comparison, Split, Splits

GAIN = 0.05
FOLDS = 5
Losses = dict[int, np.ndarray]
World = Callable[[np.random.Generator, Splits, float], tuple[Losses, Losses]]


def shuffled_folds(rows: int, repeats: int, rng: np.random.Generator, folds: int = FOLDS) -> Splits:
    """Draw plain k-fold cuts."""
    parts = []
    for repeat in range(repeats):
        fold_of = rng.permutation(np.arange(rows) % folds)
        for fold in range(folds):
            test = fold_of == fold
            parts.append(Split(len(parts), repeat, fold, np.flatnonzero(~test), np.flatnonzero(test)))
    return Splits("stratified", folds, repeats, tuple(parts), 1)


def least_squares(inputs: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the weights (p,) of a fit without an intercept."""
    return np.linalg.solve(inputs.T @ inputs, inputs.T @ target)


def linear_world(rng: np.random.Generator, splits: Splits, gain: float) -> tuple[Losses, Losses]:
    """Fit y on either half of its columns; the second half explains so much more that its RMSE is lower by `gain`."""
    rows, columns = _rows(splits), 10
    unexplained_by_second = 1.5 * (1 - gain) ** 2
    signal = [np.sqrt((unexplained_by_second - 1) / columns), np.sqrt(0.5 / columns)]
    inputs = rng.standard_normal((2, rows, columns))
    target = (inputs[0] * signal[0] + inputs[1] * signal[1]).sum(axis=1) + rng.standard_normal(rows)
    losses: tuple[Losses, Losses] = ({}, {})
    for part in splits.parts:
        for side in (0, 1):
            weights = least_squares(inputs[side][part.train], target[part.train])
            losses[side][part.number] = (target[part.test] - inputs[side][part.test] @ weights) ** 2
    return losses


SHARED_MEAN, OWN_COLUMNS, OWN_MEAN = 0.9, 5, 0.2


def _own_means(gain: float) -> tuple[float, float]:
    return OWN_MEAN, OWN_MEAN * (1 + 4 * gain)


def _ranking_data(rng: np.random.Generator, rows: int, gain: float) -> tuple[np.ndarray, list[np.ndarray]]:
    sign = rng.choice([-1.0, 1.0], rows)
    shared = sign * SHARED_MEAN + rng.standard_normal(rows)
    own = [sign[:, None] * mean + rng.standard_normal((rows, OWN_COLUMNS)) for mean in _own_means(gain)]
    return sign, [np.column_stack([shared, columns]) for columns in own]


def ranking_world(rng: np.random.Generator, splits: Splits, gain: float) -> tuple[Losses, Losses]:
    """Rank rows of two classes by two linear discriminants."""
    sign, inputs = _ranking_data(rng, _rows(splits), gain)
    target = (sign > 0).astype(int)
    losses: tuple[Losses, Losses] = ({}, {})
    for part in splits.parts:
        for side in (0, 1):
            score = inputs[side][part.test] @ least_squares(inputs[side][part.train], sign[part.train])
            losses[side][part.number] = METRICS["roc_auc"].row_losses(
                target[part.test], np.column_stack([-score, score])
            )
    return losses


@cache
def ranking_truth(rows: int, gain: float, samples: int = 2000) -> float:
    """Return the true theta: mean 1 - AUC over training samples, each from the closed form given its weights."""
    if gain == 0:
        return 0.0
    rng = np.random.default_rng(rows)
    errors = np.zeros(2)
    means = [np.r_[SHARED_MEAN, np.full(OWN_COLUMNS, mean)] for mean in _own_means(gain)]
    for _ in range(samples):
        sign, inputs = _ranking_data(rng, rows - rows // FOLDS, gain)
        for side in (0, 1):
            weights = least_squares(inputs[side], sign)
            errors[side] += stats.norm.sf(np.sqrt(2) * weights @ means[side] / np.linalg.norm(weights))
    return float(np.log(errors[0] / errors[1]))


def swing_world(share: float) -> World:
    """Return a world in which training samples add `share` times the variance that rows give to theta."""
    row_sd = 0.35

    def draw(rng: np.random.Generator, splits: Splits, gain: float) -> tuple[Losses, Losses]:
        rows = _rows(splits)
        hard = rng.exponential(size=rows)
        variance = share * 2 * row_sd**2 / rows  # of one side's log error; E hard^2 / (E hard)^2 = 2
        losses: tuple[Losses, Losses] = ({}, {})
        for side, level in enumerate((1.0, 1 - gain)):
            by_row = level * hard * np.abs(1 + row_sd * rng.standard_normal(rows))
            swing = rng.normal(0, np.sqrt(variance / 2)) + rng.normal(
                0, np.sqrt(FOLDS * variance / 2), len(splits.parts)
            )
            losses[side].update({part.number: by_row[part.test] * np.exp(swing[part.number]) for part in splits.parts})
        return losses

    return draw


WORLDS: dict[str, tuple[World, Metric, Callable[[int, float], float]]] = {
    "linear": (linear_world, METRICS["rmse"], lambda rows, gain: -float(np.log1p(-gain))),
    "ranking": (ranking_world, METRICS["roc_auc"], ranking_truth),
    "swing 0.4": (swing_world(0.4), METRICS["mae"], lambda rows, gain: -float(np.log1p(-gain))),
    "swing 1.0": (swing_world(1.0), METRICS["mae"], lambda rows, gain: -float(np.log1p(-gain))),
}


@dataclass(frozen=True)
class Estimate:
    """Theta and its standard error, as one method has them."""

    theta: float
    error: StandardError
    prior: bool

    def answer(self, theta_min: float) -> int:
        """Return 1 for worth it, -1 for not worth it, 0 for too close to call."""
        chances = [self.error.chance(self.theta - theta_min, self.error.value)]
        if self.prior:
            chances.append(evidence.posterior(self.theta, self.error, theta_min))
        return int(min(chances) >= 0.95) - int(max(chances) <= 0.05)

    def covers(self, truth: float) -> bool:
        """Tell whether the 90 % interval holds the truth."""
        return abs(self.theta - truth) <= self.error.quantile(0.95) * self.error.value


def estimates(world: str, rows: int, repeats: int, gain: float, draws: int) -> Iterator[dict[str, Estimate]]:
    """Yield what each method makes of one data set after another."""
    draw, metric, _ = WORLDS[world]
    for number in range(draws):
        rng = np.random.default_rng([zlib.crc32(world.encode()), rows, repeats, round(1000 * gain), number])
        splits = shuffled_folds(rows, repeats, rng)
        incumbent, challenger = draw(rng, splits, gain)
        cuts = evidence.cuts_of(splits, [incumbent, challenger], encoded_columns=10)
        found = evidence.compare_pairs(
            evidence.losses_of(incumbent, cuts), evidence.losses_of(challenger, cuts), cuts, metric
        )
        assert found is not None
        yield by_method(found, FOLDS)


def by_method(found: Comparison, folds: int) -> dict[str, Estimate]:
    """Return what each method makes of a comparison over complete repeats of `folds` folds."""
    thetas = np.array(found.by_split)
    count, spread = len(thetas), float(thetas.var(ddof=1))
    naive = StandardError(float(np.sqrt(spread / count)), count - 1, "naive")
    corrected = StandardError(float(np.sqrt(spread * (1 / count + 1 / (folds - 1)))), count - 1, "corrected")
    return {
        "naive t": Estimate(float(thetas.mean()), naive, prior=False),
        "Nadeau-Bengio": Estimate(float(thetas.mean()), corrected, prior=False),
        "ours": Estimate(found.theta, StandardError(found.se, found.df, found.method), prior=True),
    }


def per_cent(hits: int, draws: int) -> str:
    """Write a share with its 95 % interval."""
    low, high = stats.binomtest(hits, draws).proportion_ci(method="exact")
    return f"{100 * hits / draws:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def report(world: str, rows: int, repeats: int, draws: int) -> Iterator[str]:
    """Yield one line of the table for each method."""
    _, metric, true_theta = WORLDS[world]
    null_margin, truth = -float(np.log1p(-metric.min_gain)), true_theta(rows, GAIN)
    equal = list(estimates(world, rows, repeats, 0.0, draws))
    better = list(estimates(world, rows, repeats, GAIN, draws))
    for method in equal[0]:
        found = [draw[method] for draw in better]
        reachable = truth - 3 * float(np.std([estimate.theta for estimate in found]))
        cells = (
            sum(draw[method].answer(null_margin) == 1 for draw in equal),
            sum(estimate.answer(truth) != 0 for estimate in found),
            sum(estimate.answer(reachable) == 1 for estimate in found),
            sum(estimate.covers(truth) for estimate in found),
        )
        design = f"{FOLDS}x{repeats}"
        yield (
            f"| {world} | {rows} | {design} | {method} | " + " | ".join(per_cent(hits, draws) for hits in cells) + " |"
        )


def _rows(splits: Splits) -> int:
    return len(splits.parts[0].train) + len(splits.parts[0].test)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Decision rates of the statistics on simulated data with known truth.")
    parser.add_argument("--quick", action="store_true", help="150 draws and at most 3,000 rows")
    parser.add_argument("--draws", type=int, default=1000, help="data sets in each cell")
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 1000, 3000, 10_000])
    parser.add_argument("--repeats", type=int, default=1, help="repeats of the five folds")
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    options = parser.parse_args()
    draws, sizes = options.draws, options.rows
    if options.quick:
        draws, sizes = 150, [rows for rows in sizes if rows <= 3000]
    print(f"{draws} data sets a cell; shares in per cent\n")
    print("| world | rows | cuts | method | false, equal | false, at margin | seen, 3 sd above | coverage 90 % |")
    print("|---|---|---|---|---|---|---|---|")
    for world in options.worlds:
        for rows in sizes:
            for line in report(world, rows, options.repeats, draws):
                print(line, flush=True)


if __name__ == "__main__":
    main()
