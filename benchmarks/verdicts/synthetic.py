"""Cases with a known winner, by the thousand: row losses drawn from worlds whose truth is exact, judged as a run is.

Two pipelines with common hard rows, common luck of the training sample, and a difference that is planted. Classes:
scores N(+-mu, 1) of either class, correlated between the pipelines; AUC, error rate and log loss follow from mu in
closed form or by quadrature, so that any gain can be planted exactly; for log loss the pipelines are over-confident,
which gives heavy tails. Values: residuals of Student's t with 5 degrees of freedom. A training sample multiplies a
pipeline's error by exp(g + h_f): g is common to all folds and no repeat averages it away, h_f is a fold's own; in one
repeat both contribute the same variance to theta, together `swing` times what the rows do.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from evidence_simulation import by_method, shuffled_folds
from look_rule import answer_at, first_answer
from scipy import stats
from scipy.special import expit

from advisor import evidence
from advisor.evidence import PRIOR_MEAN, PRIOR_SD
from advisor.metrics import METRICS
from advisor.prior import GAIN_MEAN, GAIN_SD
from advisor.records import Comparison

ROWS = (300, 1_000, 3_000, 10_000, 50_000)
GAINS = (0.0, 0.01, 0.02, 0.05, 0.10)
# A gain of its own in every case, which is what a stated chance is held against: drawn with the mean and spread of the
# product's own prior, or of 93 published tables with strong nets (reports/landmarks.md); both with fat tails.
ANY_GAIN, FOUND_GAIN = "any", "found"
SPREADS = {ANY_GAIN: (PRIOR_MEAN, PRIOR_SD), FOUND_GAIN: (0.038, 0.160)}
BASE_ERROR = {"roc_auc": 0.10, "accuracy": 0.15, "log_loss": 0.35, "rmse": 1.0}
# What an ordinary pipeline adds to the variance of the rows, and an unstable one.
SWINGS = (0.4, 1.0)
# Correlation of the two pipelines' noise on a row; of one pipeline's from repeat to repeat; over-confidence in logits.
ALIKE, STEADY, OVERCONFIDENT = 0.75, 0.8, 1.3
DEGREES = 5
# How far defaults fall short of tuned pipelines; how much more the net does is drawn as `advisor.prior` measured it.
UNTUNED_SD = 0.02
MOST_REPEATED_ROWS, MANY_ROWS = 20_000, 20_000
CHANCE_BINS = 10


@dataclass(frozen=True)
class World:
    """A metric, the number of rows, the planted gain (a share, or one of SPREADS) and what training samples add."""

    metric: str
    rows: int
    gain: float | str
    swing: float

    @property
    def key(self) -> str:
        """A name that is unique among worlds."""
        return f"{self.metric}-{self.rows}-{self.gain}-{self.swing}"


def worlds(rows: tuple[int, ...] = ROWS) -> tuple[World, ...]:
    """List all worlds."""
    return tuple(
        World(metric, count, gain, swing)
        for count in rows
        for metric in BASE_ERROR
        for gain in (*GAINS, *SPREADS)
        for swing in SWINGS
    )


def log_error(metric: str, strength: np.ndarray) -> np.ndarray:
    """Return the log of the true error for the strength (mu of the scores, or minus the log scale of residuals)."""
    if metric == "roc_auc":
        return np.asarray(stats.norm.logsf(np.sqrt(2) * strength))
    if metric == "accuracy":
        return np.asarray(stats.norm.logsf(strength))
    if metric == "rmse":
        return -np.asarray(strength)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    margins = strength[..., None] * (strength[..., None] + nodes) * 2 * OVERCONFIDENT
    return np.asarray(np.log(np.logaddexp(0, -margins) @ (weights / weights.sum())))


@cache
def _strengths(metric: str) -> tuple[np.ndarray, np.ndarray]:
    grid = np.linspace(0.15, 3.5, 3000)
    return log_error(metric, grid)[::-1], grid[::-1]


def strength_of(metric: str, log_errors: np.ndarray) -> np.ndarray:
    """Return the strength that has these log errors."""
    if metric == "rmse":
        return -np.asarray(log_errors)
    return np.asarray(np.interp(log_errors, *_strengths(metric)))


def row_losses(metric: str, strength: float, sign: np.ndarray, hard: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return (n,) losses, as the product's metric has them, of one pipeline on rows with `sign`, `hard`, `noise`."""
    judge = METRICS[metric]
    if metric == "rmse":
        return judge.row_losses(np.zeros(len(noise)), np.exp(-strength) * hard * noise)
    chance = expit(2 * OVERCONFIDENT * strength * (strength * sign + noise))
    return judge.row_losses((sign > 0).astype(int), np.column_stack([1 - chance, chance]))


@cache
def row_variance(metric: str) -> float:
    """Return n times the variance that rows alone give to theta where the pipelines are equal (200,000 rows)."""
    rng = np.random.default_rng(0)
    strength = float(strength_of(metric, np.log(BASE_ERROR[metric])))
    rows = _Rows.drawn(rng, 200_000)
    left, right = (row_losses(metric, strength, rows.sign, rows.hard, rows.noise(rng, side)) for side in (0, 1))
    return float(METRICS[metric].power ** 2 * np.var(left / left.mean() - right / right.mean()))


@dataclass(frozen=True)
class _Rows:
    """What belongs to rows whoever predicts them, and what either pipeline always makes of them."""

    sign: np.ndarray
    hard: np.ndarray
    common: np.ndarray
    own: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, rows: int) -> _Rows:
        hard = np.sqrt(DEGREES / rng.chisquare(DEGREES, rows))
        return cls(rng.choice([-1.0, 1.0], rows), hard, rng.standard_normal(rows), rng.standard_normal((2, rows)))

    def noise(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Return what a freshly trained model of this side makes of the rows: alike, not the same, each time."""
        fresh = rng.standard_normal(len(self.sign))
        own = np.sqrt(STEADY) * self.own[side] + np.sqrt(1 - STEADY) * fresh
        return np.asarray(np.sqrt(ALIKE) * self.common + np.sqrt(1 - ALIKE) * own)


@dataclass(frozen=True)
class Judged:
    """One data set, judged: the true theta, what each look saw, and the answers of other methods on the final cuts."""

    theta: float
    looks: tuple[tuple[str, Comparison], ...]
    others: Mapping[str, int]


def judged(world: World, number: int) -> Judged:
    """Draw data set `number` of a world and judge it as a run would be: defaults, tuned, and further repeats."""
    rng = np.random.default_rng([zlib.crc32(world.key.encode()), number])
    metric = METRICS[world.metric]
    spread = SPREADS.get(str(world.gain))
    theta = _any_theta(rng, *spread) if spread else -float(np.log1p(-float(world.gain)))
    folds = 3 if world.rows > MANY_ROWS else 5
    repeats = 1 if world.rows > MOST_REPEATED_ROWS else 3
    splits = shuffled_folds(world.rows, repeats, rng, folds)
    rows = _Rows.drawn(rng, world.rows)
    log_errors = np.log(BASE_ERROR[world.metric]) - np.array([0.0, theta])
    variance = world.swing * row_variance(world.metric) / world.rows / 2  # of one side's log error in one repeat
    common = rng.normal(0, np.sqrt(variance / 2), 2)
    own = rng.normal(0, np.sqrt(folds * variance / 2), (2, len(splits.parts)))
    untuned = abs(rng.normal(0, UNTUNED_SD)) + np.array([0.0, rng.normal(GAIN_MEAN, GAIN_SD)])

    def losses(side: int, repeat: int, shift: float) -> dict[int, np.ndarray]:
        noise, found = rows.noise(rng, side), {}
        for part in (part for part in splits.parts if part.repeat == repeat):
            level = log_errors[side] + shift + common[side] + own[side, part.number]
            test = part.test
            found[part.number] = row_losses(
                world.metric, float(strength_of(world.metric, level)), rows.sign[test], rows.hard[test], noise[test]
            )
        return found

    def compared(sides: list[dict[int, np.ndarray]]) -> Comparison:
        cuts = evidence.cuts_of(splits, sides, encoded_columns=20)
        found = evidence.compare_pairs(*(evidence.losses_of(side, cuts) for side in sides), cuts, metric)
        assert found is not None
        return found

    defaults = compared([losses(side, 0, untuned[side]) for side in (0, 1)])
    tuned_losses = [losses(side, 0, 0.0) for side in (0, 1)]
    tuned = compared(tuned_losses)
    final = tuned
    if repeats > 1:
        for repeat in range(1, repeats):
            for side in (0, 1):
                tuned_losses[side] |= losses(side, repeat, 0.0)
        final = compared(tuned_losses)
    looks = (("defaults", defaults), ("tuned", tuned), ("final", final))
    return Judged(theta, looks, other_answers(tuned, folds, theta))


def _any_theta(rng: np.random.Generator, mean: float, sd: float) -> float:
    """Draw a true effect of this mean and spread, with the fat tails that published tables have."""
    return float(np.clip(mean + sd * rng.standard_t(3) / np.sqrt(3), -0.6, 0.6))


def other_answers(comparison: Comparison, folds: int, truth: float) -> dict[str, int]:
    """Return what other methods make of the same cuts: 1 for worth it, -1 for not, 0 for neither; and what they cover.

    One-sided t-tests at 5 % over the splits, the naive one as if they were independent, the other as Nadeau and Bengio
    (2003) correct it; and our own figures without the prior.
    """
    estimates = by_method(comparison, folds)
    estimates["no looks"] = estimates.pop("ours")
    estimates["no prior"] = replace(estimates["no looks"], prior=False)
    answers = {name: estimate.answer(comparison.theta_min) for name, estimate in estimates.items()}
    return answers | {f"{name} covers": int(estimate.covers(truth)) for name, estimate in estimates.items()}


def tally(world: World, numbers: range) -> dict[str, Any]:
    """Judge many data sets of a world and count; what is returned can be written as a line of JSON.

    Interval and chance are those of the look that ended the case, as a user gets them; beside them is counted how often
    the interval of the first repeat and of all cuts covers, had nobody stopped.
    """
    counts: dict[str, Any] = {}
    bins = np.zeros((CHANCE_BINS, 3))
    for number in numbers:
        one = judged(world, number)
        answer, stage = first_answer(one.looks)
        final, shown = one.looks[-1][1], dict(one.looks)[stage]
        worth = one.theta > final.theta_min
        p = shown.p_worth
        bins[min(int(p * CHANCE_BINS), CHANCE_BINS - 1)] += (1, p, worth)
        found = {
            f"answer {answer}": 1,
            f"decided at {stage}": int(answer != "too_close_to_call"),
            "wrong": int(answer != "too_close_to_call" and (answer == "worth_it") != worth),
            "covered": int(_covers(shown, one.theta)),
            f"covered at {stage}": int(_covers(shown, one.theta)),
            f"ended at {stage}": 1,
            "covered once": int(_covers(one.looks[1][1], one.theta)),
            "covered by all cuts": int(_covers(final, one.theta)),
            "truly worth it": int(worth),
            "brier": (p - worth) ** 2,
            "final alone wrong": int(
                (alone := answer_at("final", final)) != "too_close_to_call" and (alone == "worth_it") != worth
            ),
        }
        for method, said in one.others.items():
            if method.endswith("covers"):
                found[method] = said
            else:
                found |= {
                    f"{method} worth it": int(said == 1),
                    f"{method} decided": int(said != 0),
                    f"{method} wrong": int(said != 0 and (said == 1) != worth),
                }
        for name, value in found.items():
            counts[name] = counts.get(name, 0) + value
    return {
        "metric": world.metric, "rows": world.rows, "gain": world.gain, "swing": world.swing,
        "first": numbers.start, "cases": len(numbers), "counts": counts, "bins": bins.round(6).tolist(),
    }  # fmt: skip


def _covers(comparison: Comparison, theta: float) -> bool:
    return comparison.low <= theta <= comparison.high


def planned(cases: int, rows: tuple[int, ...] = ROWS) -> Iterator[tuple[World, range]]:
    """Yield the worlds, each with the numbers of the data sets to draw; the largest tables are drawn half as often."""
    for world in worlds(rows):
        yield world, range(cases // 2 if world.rows > MANY_ROWS else cases)
