"""Cases with drawn predictions, by the thousand: many candidates whose true errors are exact.

Every candidate predicts from what all share (common hard rows) and what is its own, and champions are chosen as the
product does. Classes: scores N(+-mu, 1) of either class, correlated between candidates; AUC, error rate and log loss
follow from mu in closed form or by quadrature, so that any gain can be planted exactly; candidates are over-confident,
and where tails are heavy a share of the labels is wrong. Values: normal residuals, or where tails are heavy Student's t
with 3 degrees of freedom. No model is trained: what rows and the choice do is seen here, what training does in
`trained`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit
from trained import figures, gathered, pair_of

from advisor.judging import choice, readings
from advisor.measuring import evidence, splits
from advisor.measuring.judged import judged_on, losses_of
from advisor.measuring.metrics import METRICS, SMALLEST_PROBABILITY
from advisor.records import Case, Family, Fold, Mixture

ROWS = (300, 500, 1_000, 2_000, 10_000)
# Candidates of the classical and of the neural side.
SIDES = ((8, 8), (30, 30), (3, 30), (30, 3))
BASE_ERROR = {"roc_auc": 0.10, "accuracy": 0.15, "log_loss": 0.35, "rmse": 1.0}
# Correlation of two candidates' noise on a row; over-confidence in logits; labels that are wrong where tails are heavy.
ALIKE, OVERCONFIDENT, FLIPPED, DEGREES = 0.75, 1.3, 0.04, 3
# How far a side's candidates lie apart, as the log of their errors.
SPREAD = 0.03
LEARNERS, TEST_ROWS, DRAWS, BLEND_DRAWS = 6, 20_000, 500, 60
# Data sets of each world, without and with blends.
PLAIN, BLENDED = 6, 6
CLUSTERS = (5, 8, 15, 30, 60)


@dataclass(frozen=True)
class World:
    """A metric, the number of rows and of candidates on either side, the true gain of the best net, and the tails."""

    metric: str
    rows: int
    sides: tuple[int, int]
    gain: float
    heavy: bool
    blends: bool = False

    @property
    def key(self) -> str:
        """A name that is unique among worlds."""
        return "-".join(map(str, (self.metric, self.rows, *self.sides, self.gain, self.heavy, self.blends)))


def worlds() -> Iterator[World]:
    """List all worlds; blends are looked at where both sides have eight candidates."""
    for rows in ROWS:
        for metric, judge in METRICS.items():
            for heavy in (False, True) if metric in ("log_loss", "rmse") else (False,):
                for gain in (0.0, judge.min_gain) if metric in BASE_ERROR else ():
                    for sides in SIDES:
                        yield World(metric, rows, sides, gain, heavy)
                    yield World(metric, rows, SIDES[0], gain, heavy, blends=True)


def log_error(metric: str, strength: np.ndarray, heavy: bool = False) -> np.ndarray:
    """Return the log of the true error for the strength (mu of the scores, or minus the log scale of residuals)."""
    if metric == "roc_auc":
        return np.asarray(stats.norm.logsf(np.sqrt(2) * strength))
    if metric == "accuracy":
        return np.asarray(stats.norm.logsf(strength))
    if metric == "rmse":
        return -np.asarray(strength)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    margins = strength[..., None] * (strength[..., None] + nodes) * 2 * OVERCONFIDENT
    flipped = FLIPPED if heavy else 0.0
    losses = (1 - flipped) * np.logaddexp(0, -margins) + flipped * np.logaddexp(0, margins)
    return np.asarray(np.log(losses @ (weights / weights.sum())))


@cache
def _strengths(metric: str, heavy: bool) -> tuple[np.ndarray, np.ndarray]:
    grid = np.linspace(0.15, 2.0 if heavy else 3.5, 3000)
    errors = log_error(metric, grid, heavy)
    falling = errors == np.minimum.accumulate(errors)
    return errors[falling][::-1], grid[falling][::-1]


def strength_of(metric: str, log_errors: np.ndarray, heavy: bool = False) -> np.ndarray:
    """Return the strength that has these log errors."""
    if metric == "rmse":
        return -np.asarray(log_errors)
    return np.asarray(np.interp(log_errors, *_strengths(metric, heavy)))


@dataclass(frozen=True)
class Drawn:
    """One data set: the case, and for each of its columns what it predicts for fresh rows."""

    case: Case
    strengths: np.ndarray
    sign: np.ndarray
    scores: np.ndarray


def drawn(world: World, number: int) -> Drawn:
    """Draw data set `number` of a world."""
    rng = np.random.default_rng([zlib.crc32(world.key.encode()), number])
    metric, rows, count = METRICS[world.metric], world.rows, sum(world.sides)
    apart = [np.abs(rng.normal(0, SPREAD, side)) for side in world.sides]
    base = np.log(0.45 if world.heavy and world.metric == "log_loss" else BASE_ERROR[world.metric])
    errors = np.concatenate(
        [base + own - own.min() + shift for own, shift in zip(apart, (0, np.log1p(-world.gain)), strict=True)]
    )
    strengths = strength_of(world.metric, errors, world.heavy)
    whole = rows + TEST_ROWS if world.blends else rows
    sign = rng.choice([-1.0, 1.0], whole)
    noise = np.sqrt(ALIKE) * rng.standard_normal(whole) + np.sqrt(1 - ALIKE) * rng.standard_normal((count, whole))
    if world.metric == "rmse":
        hard = np.sqrt(DEGREES / rng.chisquare(DEGREES, rows)) if world.heavy else np.ones(rows)
        target = np.zeros(rows)
        scores = np.exp(-strengths)[:, None] * noise
        predictions = list(scores[:, :rows] * hard)
    else:
        wrong = rng.random(rows) < (FLIPPED if world.heavy else 0.0)
        target = ((sign[:rows] > 0) ^ wrong).astype(int)
        scores = 2 * OVERCONFIDENT * strengths[:, None] * (strengths[:, None] * sign + noise)
        predictions = [np.column_stack([1 - chance, chance]) for chance in expit(scores[:, :rows])]
    folds = splits.draw(target, kind="stratified", folds=5, repeats=1, seed=number)
    named: dict[tuple[Family, str], dict[int, np.ndarray]] = {}
    for place, own in enumerate(predictions):
        family: Family = "classical" if place < world.sides[0] else "neural"
        name = f"{place % LEARNERS}" + (f"#{place}" if place >= LEARNERS else "")
        named[family, name] = {part.number: own[part.test] for part in folds.parts}
    return Drawn(gathered(target, folds, named, metric), strengths, sign[rows:], scores[:, rows:])


def true_log_error(world: World, data: Drawn, mixture: Mixture) -> float:
    """Return the log of the true error: in closed form for one candidate, from fresh rows for a blend."""
    places = [data.case.columns.index(key) for key in mixture]
    if len(places) == 1:
        return float(log_error(world.metric, data.strengths[places], world.heavy)[0])
    weights = np.array(list(mixture.values()))
    if world.metric == "rmse":
        own = weights * np.exp(-data.strengths[places])
        return float(0.5 * np.log(ALIKE * own.sum() ** 2 + (1 - ALIKE) * np.square(own).sum()))
    chance = weights @ expit(data.scores[places])
    right = np.where(data.sign > 0, chance, 1 - chance).clip(SMALLEST_PROBABILITY, 1)
    if world.metric == "accuracy":
        return float(np.log(np.mean(right <= 0.5)))
    if world.metric == "log_loss":
        flipped = FLIPPED if world.heavy else 0.0
        wrong = (1 - right).clip(SMALLEST_PROBABILITY, 1)
        return float(np.log(-np.mean((1 - flipped) * np.log(right) + flipped * np.log(wrong))))
    codes = (data.sign > 0).astype(int)
    return float(np.log(METRICS["roc_auc"].error(codes, np.column_stack([1 - chance, chance]))))


def run(world: World, number: int) -> dict[str, Any]:
    """Judge one data set by the product's bootstrapped choice; a line of figures and truths."""
    data = drawn(world, number)
    found = choice.chosen(data.case, draws=DRAWS, blend_draws=BLEND_DRAWS if world.blends else 1, seed=number)
    assert found is not None
    line: dict[str, Any] = {
        "metric": world.metric, "rows": world.rows, "sides": world.sides, "gain": world.gain, "heavy": world.heavy,
        "blends": world.blends, "number": number,
    }  # fmt: skip
    for how in readings.SIDES:
        if (pair := pair_of(data.case, found, how)) is not None and (how == "alone" or world.blends):
            truths = [true_log_error(world, data, found.members[which]) for which in pair]
            line[how] = figures(data.case, found, how, pair) | {"truth": [[truths[0] - truths[1]]]}
    return line


def planned(quick: bool = False) -> list[tuple[World, int]]:
    """List every world with the number of a data set, in an order that has some of each early; `quick`: a few."""
    found = [
        (number / (BLENDED if world.blends else PLAIN), world.key, world, number)
        for world in worlds()
        for number in range(BLENDED if world.blends else PLAIN)
        if not quick or (number < 2 and world.rows < 10_000)
    ]
    return [(world, number) for *_, world, number in sorted(found, key=lambda one: one[:2])]


def clustered(count: int, unequal: bool, draws: int, rows: int = 1_000) -> float:
    """Return how often the interval of two equal candidates covers 0, rows being in `count` clusters that err alike."""
    rng = np.random.default_rng([count, unequal])
    covered = 0
    for _ in range(draws):
        shares = np.exp(rng.normal(0, 1 if unequal else 0, count))
        codes = np.repeat(np.arange(count), np.maximum(1, shares / shares.sum() * rows).astype(int))
        hard = rng.exponential(size=len(codes))
        fold_of = rng.permutation(count)[codes] % 5
        folds = tuple(Fold(f, 0, f, np.flatnonzero(fold_of != f), np.flatnonzero(fold_of == f)) for f in range(5))
        judged = judged_on(folds, clusters=codes)
        sides = [hard * np.exp(rng.normal(0, 0.3, count))[codes] * rng.gamma(8, 1 / 8, len(codes)) for _ in range(2)]
        left, right = (losses_of({fold.number: own[fold.test] for fold in folds}, judged) for own in sides)
        found = evidence.compare_pairs(left, right, judged, METRICS["mae"])
        covered += found is not None and found.low <= 0 <= found.high
    return covered / draws
