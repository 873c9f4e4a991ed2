"""A learning curve of the net's gain: how it moves with the rows, and how far that may be carried on.

Losses in, figures out, as in `evidence`; knows no learner, and no fold but those that the losses come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from advisor.measuring import evidence
from advisor.measuring.evidence import StandardError, gain_of
from advisor.measuring.judged import Judged
from advisor.measuring.metrics import Metric
from advisor.records import Comparison, CurvePoint, Estimate, Family

# Below this many rows curves are too rough for any figure, and above these many times the rows nobody knows.
FEWEST_ROWS, FURTHEST = 500, 4.0
ALPHAS = (0.25, 0.5, 1.0, 1.5)
FITTED_SHARES = 3
DRAWS = 4_000
LEVEL = 0.9
# Two-sided, for a direction and for a slope that is not nothing; one-sided, for an error that rises with the rows.
CERTAINTY, RISE = 0.95, 0.95


@dataclass(frozen=True)
class Curve:
    """How the net's gain moved with the share of the training rows: `theta` (A,) at `shares` (A,), ascending to 1.

    `theta` is the log ratio of errors, positive where the net is better; `log_errors` (2, A) are the classical and the
    neural log errors. `covariance` (A, A) is theta's by rows or clusters; `noise` the variance that fitting on other
    rows or from another seed adds to each point, with `df` degrees of freedom. `rise_sd` (2, A - 1) are the standard
    deviations of the steps in log_errors.
    """

    shares: np.ndarray
    theta: np.ndarray
    log_errors: np.ndarray
    covariance: np.ndarray
    noise: float
    df: int
    rise_sd: np.ndarray
    folds: tuple[int, ...] = ()


def measured(
    shares: np.ndarray, by_row: np.ndarray, by_fold: np.ndarray, judged: Judged, metric: Metric, tested: float
) -> Curve:
    """Measure the curve from losses by row (2A, n) and by fold (2A, J), the classical side first; `tested` is how many
    test rows a fold has for each training row.

    Log errors are linearised (delta method), as everywhere in `evidence`. What another training sample or seed adds is
    the residual of folds times points (two-way analysis of variance) with Nadeau and Bengio's (2003) factor, since
    folds share training rows; it holds the rows' share once more, which is counted twice rather than subtracted.
    """
    mean = by_row.mean(axis=1, keepdims=True)
    log_errors = (metric.power * np.log(mean)).reshape(2, -1)
    rows = (metric.power * (by_row / mean - 1)).reshape(2, len(shares), -1)
    parts = (metric.power * (by_fold / mean - 1)).reshape(2, len(shares), -1)
    factor = 1 / len(judged.numbers) + tested
    df = (len(judged.numbers) - 1) * (len(shares) - 1)

    def residual(effects: np.ndarray) -> float:
        left = effects - effects.mean(axis=0) - effects.mean(axis=1, keepdims=True) + effects.mean()
        return factor * float(np.square(left).sum()) / df

    rises = [
        np.sqrt(np.diag(_covariance(np.diff(side, axis=0), judged)) + 2 * residual(part))
        for side, part in zip(rows, parts, strict=True)
    ]
    return Curve(
        shares=shares,
        theta=log_errors[0] - log_errors[1],
        log_errors=log_errors,
        covariance=_covariance(rows[0] - rows[1], judged),
        noise=residual(parts[0] - parts[1]),
        df=df,
        rise_sd=np.array(rises),
        folds=judged.numbers,
    )


def direction(curve: Curve) -> Family | None:
    """Name the family that more rows favour; None where it may be nothing.

    The slope of theta against log rows and the way from the first point to the last must both say so: a bump between
    them is no direction.
    """
    draws = _draws(curve)
    slope = np.log(curve.shares) - np.log(curve.shares).mean()
    above = {_certainly(draws @ slope), _certainly(draws[:, -1] - draws[:, 0])}
    favoured: dict[int, Family] = {1: "neural", -1: "classical"}
    return favoured.get(above.pop()) if len(above) == 1 else None


def silence(curve: Curve, rows: int) -> str:
    """Say why the curve carries no figure, or nothing where it does (learning curves do misbehave: Mohr et al. 2022;
    about one in seven is not monotone)."""
    if rows < FEWEST_ROWS:
        return f"with fewer than {FEWEST_ROWS} rows a learning curve is too rough for a figure"
    if len(curve.shares) <= FITTED_SHARES:
        return f"the time left paid for {len(curve.shares)} points of the curve, and {FITTED_SHARES + 1} are needed"
    rises = np.diff(curve.log_errors) > stats.norm.ppf(RISE) * curve.rise_sd + 1e-12
    for side, rose in zip(("classical", "neural"), rises, strict=True):
        if rose.any():
            return f"the {side} error rises with more rows from one point of the curve to the next"
    draws = _draws(curve)
    first = _power_law(curve.shares[:FITTED_SHARES], draws[:, :FITTED_SHARES])
    if _certainly(_at(first, curve.shares[-1]) - draws[:, -1]):
        return "a curve through the first points misses the last, so that it would miss what lies beyond it too"
    last = _power_law(curve.shares[-FITTED_SHARES:], draws[:, -FITTED_SHARES:])
    if not _certainly(last[1]) or direction(curve) is None:
        return "the gain does not move with the rows by more than its noise"
    return ""


@dataclass(frozen=True)
class Projection:
    """What the curve says of so many times the rows: the champions' gain, and the chance that it exceeds the margin."""

    gain: Estimate
    p_worth: float


def project(curve: Curve, comparison: Comparison, times: Sequence[float]) -> tuple[Projection, ...]:
    """Carry the champions' gain on to so many `times` the rows, at most FURTHEST, with intervals and chances.

    Delta(n) = a + b n^-alpha through the last three points, alpha in {0.25, 0.5, 1, 1.5} as fits each draw best; the
    draws (a parametric bootstrap of the curve, Efron and Tibshirani 1993) carry the uncertainty of alpha with them.
    """
    error = StandardError(comparison.se, comparison.df, comparison.method)
    now, growth = _now(comparison), _growth(curve, times)
    found = []
    for grown in growth:
        theta = comparison.theta + float(np.median(grown))
        spread = StandardError(float(np.hypot(error.value, _spread(grown))), error.df, error.method)
        low, high = np.quantile(now + grown, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        gain = Estimate(gain_of(theta), gain_of(low), gain_of(high), LEVEL)
        found.append(Projection(gain, evidence.posterior(theta, spread, comparison.theta_min, comparison.prior)))
    return tuple(found)


def rows_needed(curve: Curve, comparison: Comparison, rows: int) -> Estimate | None:
    """Find at how many times `rows` the gain passes the margin, as far as FURTHEST times; beyond them nobody knows.

    None where the estimated gain does not pass it on the way; call it where it has not passed it yet.
    """
    times = np.geomspace(1.0, FURTHEST, 49)
    growth = _growth(curve, times)
    passed = np.median(growth, axis=1) + comparison.theta >= comparison.theta_min
    if not passed.any():
        return None
    reached = _now(comparison) + growth >= comparison.theta_min
    first = np.where(reached.any(axis=0), times[reached.argmax(axis=0)], np.inf)
    low, high = np.quantile(first, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), method="nearest")
    ends = [round(rows * float(end)) if np.isfinite(end) else None for end in (low, high)]
    return Estimate(round(rows * float(times[passed.argmax()])), ends[0], ends[1], LEVEL)


def points(curve: Curve, train_rows: float) -> tuple[CurvePoint, ...]:
    """List the curve's points with their intervals; `train_rows` are those of a whole training part."""
    low, high = np.quantile(_draws(curve), ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return tuple(
        CurvePoint(float(share), round(share * train_rows), gain_of(theta), gain_of(bottom), gain_of(top))
        for share, theta, bottom, top in zip(curve.shares, curve.theta, low, high, strict=True)
    )


def _now(comparison: Comparison) -> np.ndarray:
    """Draw thetas (DRAWS,) that the champions may truly have at the rows that there are."""
    rng = np.random.default_rng(1)
    standard = rng.standard_normal(DRAWS) if comparison.df is None else rng.standard_t(comparison.df, DRAWS)
    return np.asarray(comparison.theta + comparison.se * standard)


def _growth(curve: Curve, times: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return how far theta moves from the rows that there are to so many times them, (len(times), DRAWS)."""
    law = _power_law(curve.shares[-FITTED_SHARES:], _draws(curve)[:, -FITTED_SHARES:])
    return np.array([_at(law, float(share)) - _at(law, 1.0) for share in times])


def _covariance(effects: np.ndarray, judged: Judged) -> np.ndarray:
    """Return the covariance (A, A) of means of effects (A, n), by clusters where rows belong together (Liang and Zeger
    1986)."""
    centred = effects - effects.mean(axis=1, keepdims=True)
    count = judged.rows
    if judged.clusters is not None:
        count = int(judged.clusters.max()) + 1
        centred = np.array([np.bincount(judged.clusters, weights=each, minlength=count) for each in centred])
    return np.asarray(count / max(count - 1, 1) * centred @ centred.T / judged.rows**2)


def _draws(curve: Curve) -> np.ndarray:
    """Draw curves (DRAWS, A) that the rows, the training samples and the seeds might have given instead."""
    rng = np.random.default_rng(0)
    rows = rng.multivariate_normal(np.zeros(len(curve.shares)), curve.covariance, DRAWS, method="eigh")
    scale = np.sqrt(curve.noise * curve.df / rng.chisquare(curve.df, (DRAWS, 1)))
    return np.asarray(curve.theta + rows + scale * rng.standard_normal(rows.shape))


def _power_law(shares: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a + b share^-alpha to each draw (B, k) by least squares; return a, b and alpha (B,), alpha as fits best."""
    fits = []
    for alpha in ALPHAS:
        design = np.column_stack([np.ones_like(shares), shares**-alpha])
        weights = np.linalg.lstsq(design, draws.T, rcond=None)[0]
        fits.append((*weights, np.full(len(draws), alpha), np.square(draws.T - design @ weights).sum(axis=0)))
    by_alpha = np.array(fits)  # (alphas, 4, B)
    best = by_alpha[:, 3].argmin(axis=0)
    a, b, alpha, _ = by_alpha[best, :, np.arange(len(draws))].T
    return a, b, alpha


def _at(law: tuple[np.ndarray, ...], share: float) -> np.ndarray:
    a, b, alpha = law
    return np.asarray(a + b * share**-alpha)


def _certainly(draws: np.ndarray) -> int:
    """Return 1 or -1 where nearly all draws lie above or below zero, 0 elsewhere."""
    tail = (1 - CERTAINTY) / 2
    return int(np.mean(draws > 0) > 1 - tail) - int(np.mean(draws < 0) > 1 - tail)


def _spread(draws: np.ndarray) -> float:
    """Return a standard deviation that a few wild extrapolations do not carry away: half the central 68 %."""
    low, high = np.quantile(draws, stats.norm.cdf((-1, 1)))
    return float(high - low) / 2
