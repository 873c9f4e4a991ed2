"""Numbers that the verdict rests on: paired effects on the same rows, their uncertainty, and the chance of a gain.

Losses in, figures out; no wording, no constraint, no price. Two candidates are compared by theta, the log ratio of
their errors: positive means that the challenger is better. Its standard error comes from the rows, or from whole
clusters of them (delta method), and from what a bootstrapped choice was seen to vary by; it is widened for what
out-of-fold losses do not show: the model that is handed over is trained once more, on all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from advisor.measuring.judged import Judged, RowLosses
from advisor.measuring.metrics import Metric
from advisor.records import WEAK_PRIOR, Answer, Comparison, Prior

# Beyond this many standard deviations of what the prior expects, the prior is doubted and not the data.
SURPRISE = 2.5

# What training adds to the variance of the rows, as a share of it, where two models are compared, and where one of them
# is a blend, which is a mean of several; see `widened`.
TRAINING, TRAINING_OF_BLENDS = 1.0, 0.5
# Folds that vary by more than rows explain do so by a chance of less than this (chi square), or because trainings do.
FOLDS_TELL = 0.05
# Below this many judged rows no standard error of a ratio can be trusted.
LEAST_ROWS = 20


@dataclass(frozen=True)
class StandardError:
    """A standard error on the log scale, the degrees of freedom of its t reference (None: normal), and its origin."""

    value: float
    df: float | None
    method: str

    def quantile(self, probability: float) -> float:
        """Return the quantile of the reference distribution."""
        return float(special.ndtri(probability) if self.df is None else special.stdtrit(self.df, probability))

    def chance(self, distance: float, sd: float) -> float:
        """Return the probability mass below `distance` for a spread of `sd`; without a spread it is 0 or 1."""
        if sd <= 0:
            return float(distance > 0)
        return float(special.ndtr(distance / sd) if self.df is None else special.stdtr(self.df, distance / sd))


def compare_pairs(
    incumbent: RowLosses,
    challenger: RowLosses,
    judged: Judged,
    metric: Metric,
    *,
    min_gain: float | None = None,
    level: float = 0.9,
    theta: float | None = None,
    spread: float = 0.0,
    training: float = TRAINING,
    prior: Prior = WEAK_PRIOR,
) -> Comparison | None:
    """Measure how the challenger did against the incumbent on the same rows, and the chance of a gain above `min_gain`.

    theta = power * log(L_C / L_N) with the influence values psi_i = power * (l_C,i / L_C - l_N,i / L_N) (delta method).
    `theta`, where it is given, takes the place of the estimate from these two: that of a choice which was bootstrapped,
    of which they are the pair that all rows choose; `spread` is then the standard error that the bootstrap saw, which
    counts where it is larger than that of the pair: two blends may be the same on all rows and others on the next.
    `min_gain` is a relative error reduction below 1 (None: the metric's own). Where one side makes no error, or less
    than half of one (a log loss of next to nothing is that of the rows that happened to be drawn), or where psi does
    not vary although the errors differ, both sides are charged half an error more (Haldane 1956, Anscombe 1956), with
    the variance that belongs to it; identical losses give theta 0 and no chance of a gain. Returns None
    where there is too little for an honest figure: no fold, under 20 judged rows, or a single cluster.
    """
    theta_min = -float(np.log1p(-(metric.min_gain if min_gain is None else min_gain)))
    if judged.rows < LEAST_ROWS or not judged.numbers:
        return None
    seen, psi, psi_by_fold, charged = _effect(incumbent, challenger, metric)
    theta = seen if theta is None else theta
    error = _error(psi, psi_by_fold, judged, charged=charged, spread=spread, training=training)
    if error is None:
        return None
    reach = error.quantile(0.5 + level / 2) * error.value
    return Comparison(
        theta=theta,
        se=error.value,
        df=error.df,
        low=theta - reach,
        high=theta + reach,
        level=level,
        p_worth=posterior(theta, error, theta_min, prior),
        p_worth_flat=error.chance(theta - theta_min, error.value),
        theta_min=theta_min,
        detectable_theta=(error.quantile(0.95) + error.quantile(0.80)) * error.value,
        incumbent_error=metric.error_of_loss(float(incumbent.by_row.mean())),
        challenger_error=metric.error_of_loss(float(challenger.by_row.mean())),
        rows=judged.rows,
        method=error.method,
        by_fold=_theta_by_fold(incumbent, challenger, judged, metric),
        prior=prior,
    )


def widened(se: float, spread: float = 0.0, folds: float = 0.0, training: float = TRAINING) -> float:
    """Return the standard error of a comparison: by its rows (`se`), by a bootstrapped choice, and by its folds.

    The truth is the log error ratio of the two models that would be handed over: chosen by all rows, and trained once
    more, on all of them. SE^2 = training * se^2 + max(se, spread)^2. The second part is the estimate's own: that of the
    rows, or what the choice varied by over draws (`spread`), where that is more: two blends may be the same on all rows
    and others on the next. The first pays for training, whose luck falls with the number of rows as that of rows does,
    and by half for a blend, over whose members it is averaged. For learners that end elsewhere with every seed it does
    not fall, and folds then differ by more than their rows: where they do what `folds` show is the least (`_of_folds`).

    Simulated with real cheap trainings, for 150 to 10,000 rows, four metrics, outliers, and the same learners on both
    sides: reports/choice_simulation.md has the coverage of the 90 % interval, false answers, and other ways to widen.
    """
    return max(float(np.hypot(training**0.5 * se, max(se, spread))), folds)


def posterior(theta: float, error: StandardError, theta_min: float, prior: Prior = WEAK_PRIOR) -> float:
    """Return P(true theta > theta_min) under the prior, or without it where theta is a surprise to it.

    Normal prior and likelihood; where the standard error has few degrees of freedom, the same shrunken mean and spread
    are referred to t. Beyond 2.5 predictive standard deviations the prior is dropped: true effects have fat tails.
    """
    variance = error.value**2
    if abs(theta - prior.mean) > SURPRISE * np.sqrt(variance + prior.sd**2):
        return error.chance(theta - theta_min, error.value)
    weight = prior.sd**2 / (prior.sd**2 + variance)
    mean = weight * theta + (1 - weight) * prior.mean
    return error.chance(mean - theta_min, float(np.sqrt(weight)) * error.value)


def gain_of(theta: float) -> float:
    """Return theta as a relative error reduction, 1 - exp(-theta)."""
    return -float(np.expm1(-theta))


def gain_interval(theta: float, low: float, high: float, level: float) -> dict[str, float]:
    """Return theta and its bounds at `level` as relative error reductions: {estimate, low, high, level}."""
    return {"estimate": gain_of(theta), "low": gain_of(low), "high": gain_of(high), "level": level}


def answer_of(comparison: Comparison, confidence: float = 0.95, left: float | None = None) -> Answer:
    """Answer from the figures alone; where the prior and no prior disagree, it is too close to call.

    `left` is the chance of a gain that "not worth it" may leave, 1 - `confidence` where it is None. The absolute floor
    and the user's constraints are not looked at here.
    """
    chances = (comparison.p_worth, comparison.p_worth_flat)
    if min(chances) >= confidence:
        return "worth_it"
    if max(chances) <= (1 - confidence if left is None else left):
        return "not_worth_it"
    return "too_close_to_call"


def clearly_better(known: np.ndarray, losses: np.ndarray, *, errors: float = 1.0) -> bool:
    """Tell whether `losses` beat those `known` by more than so many standard errors of their paired difference.

    About a tenth of tuning runs end worse than the default otherwise (Schneider, Bischl and Feurer 2025). Both arrays
    hold the losses of the same rows, shape (m,); the error of the difference is far smaller than that of either.
    """
    difference = known - losses
    return bool(difference.mean() > errors * difference.std(ddof=1) / np.sqrt(len(difference)))


def standard_error(losses: RowLosses, judged: Judged, metric: Metric) -> float | None:
    """Return the standard error of a candidate's error, in the metric's units; None as in `compare_pairs`."""
    relative = _relative_error(losses, judged, metric)
    return None if relative is None else metric.error_of_loss(float(losses.by_row.mean())) * relative.value


def score_interval(
    losses: RowLosses, judged: Judged, metric: Metric, *, level: float = 0.9, error: float | None = None
) -> tuple[float, float] | None:
    """Return (low, high) for a candidate's score, in the metric's units; None as in `compare_pairs`.

    The interval is taken on the log of the error, so that no error is negative, and widened as a comparison's is. An
    error that is a share stays below 1, and where it is zero its bound is that of Clopper and Pearson (1934). `error`
    is the estimate where that is not the mean of these losses, as where the candidate was chosen by them.
    """
    relative = _relative_error(losses, judged, metric)
    if relative is None:
        return None
    error = metric.error_of_loss(float(losses.by_row.mean())) if error is None else error
    factor = float(np.exp(min(relative.quantile(0.5 + level / 2) * relative.value, 50.0)))
    low, high = error / factor, error * factor
    if metric.greater_is_better:
        high = min(high, 1.0) if error > 0 else float(-np.expm1(np.log((1 - level) / 2) / judged.rows))
    scores = sorted((metric.score(low), metric.score(high)))
    return scores[0], scores[1]


def _effect(incumbent: RowLosses, challenger: RowLosses, metric: Metric) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Return theta, the influence values of rows (n,) and folds (J,), and the variance of what was charged (or 0)."""
    rows = len(incumbent.by_row)
    if np.allclose(incumbent.by_row, challenger.by_row, rtol=1e-12, atol=0.0):
        return 0.0, np.zeros(rows), np.zeros(len(incumbent.by_fold)), 0.0
    charge = 0.0 if _ratio_has_spread(incumbent, challenger) else _one_error(incumbent, challenger)
    mean_c = float(incumbent.by_row.mean()) + charge / (2 * rows)
    mean_n = float(challenger.by_row.mean()) + charge / (2 * rows)
    psi = metric.power * (incumbent.by_row / mean_c - challenger.by_row / mean_n)
    psi_by_fold = metric.power * (incumbent.by_fold / mean_c - challenger.by_fold / mean_n)
    charged = 0.5 * (metric.power * charge / rows) ** 2 * (mean_c**-2 + mean_n**-2)
    return metric.power * float(np.log(mean_c / mean_n)), psi, psi_by_fold, charged


def _ratio_has_spread(incumbent: RowLosses, challenger: RowLosses) -> bool:
    """Tell whether both sides lose at least half of what one error costs, and not on every row in the same
    proportion."""
    sum_c, sum_n = float(incumbent.by_row.sum()), float(challenger.by_row.sum())
    if min(sum_c, sum_n) < 0.5 * _one_error(incumbent, challenger):
        return False
    return bool(np.abs(incumbent.by_row / sum_c - challenger.by_row / sum_n).max() * len(incumbent.by_row) > 1e-9)


def _one_error(incumbent: RowLosses, challenger: RowLosses) -> float:
    """Return what a single error costs, as sum l^2 / sum l: 1 for 0/1 losses, one misplaced row for an AUC."""
    both = np.concatenate([incumbent.by_row, challenger.by_row])
    return float(np.square(both).sum() / both.sum())


def _error(
    psi: np.ndarray,
    psi_by_fold: np.ndarray,
    judged: Judged,
    *,
    charged: float = 0.0,
    spread: float = 0.0,
    training: float = TRAINING,
) -> StandardError | None:
    """Return the standard error for influence values of rows (n,) and of folds (J,); None for a single cluster.

    Where rows belong together their sums count (Liang and Zeger 1986), with a t reference of G - 1 degrees of freedom.
    Influence values of folds exist where a fold's own log ratio does not (a small one without an error).
    """
    if judged.clusters is None:
        variance, df, what = float(np.var(psi, ddof=1)) / judged.rows, None, "row by row"
    else:
        sums = np.bincount(judged.clusters, weights=psi - psi.mean())
        count = len(sums)
        if count < 2:
            return None
        variance, df = count / (count - 1) * float(np.square(sums).sum()) / judged.rows**2, float(count - 1)
        what = f"over {count} {judged.clusters_are}"
    folds = _of_folds(psi_by_fold, judged, variance + charged)
    value = widened(float(np.sqrt(variance + charged)), spread, folds, training)
    return StandardError(value, df, f"over {len(psi_by_fold)} folds" if value == folds > 0 else what)


def _of_folds(psi_by_fold: np.ndarray, judged: Judged, variance: float) -> float:
    """Return the standard error that folds show (Nadeau and Bengio 2003), or 0 where they vary as their rows do.

    `variance` is that of the mean of all rows, from which folds of so many rows are expected to vary by more. Forward
    in time folds are the clusters themselves, and always count.
    """
    count = len(psi_by_fold)
    if count < 2:
        return 0.0
    seen, rows = float(np.var(psi_by_fold, ddof=1)), [len(places) for places in judged.positions]
    expected, repeats = variance * judged.rows / float(np.mean(rows)), round(sum(rows) / judged.rows)
    if not judged.forward and not beyond_rows(seen, expected, count - repeats):
        return 0.0
    return float(np.sqrt(seen * (1 / count + judged.share)))


def beyond_rows(seen: float, expected: float, df: int) -> bool:
    """Tell whether folds vary by more than is expected of their rows: both are variances.

    `df` are the folds less the repeats, since the folds of a repeat share its mean.

    >>> beyond_rows(2.3, 1.0, 4), beyond_rows(2.4, 1.0, 4)
    (False, True)
    """
    return seen * df > expected * float(special.chdtri(df, FOLDS_TELL))


def _theta_by_fold(incumbent: RowLosses, challenger: RowLosses, judged: Judged, metric: Metric) -> tuple[float, ...]:
    """Return theta of each fold; where a side makes no error in it, both are charged half an error."""
    both = np.array([incumbent.by_fold, challenger.by_fold]).clip(min=0.0)
    lacking = both.min(axis=0) <= 1e-12 * both.max()
    if lacking.any() and both.any():
        test_rows = np.array([len(places) for places in judged.positions])
        both += np.where(lacking, _one_error(incumbent, challenger) / (2 * test_rows), 0.0)
    elif not both.any():
        return (0.0,) * len(judged.numbers)
    return tuple(float(theta) for theta in metric.power * np.log(both[0] / both[1]))


def _relative_error(losses: RowLosses, judged: Judged, metric: Metric) -> StandardError | None:
    """Return the standard error of the log of a candidate's own error; of value 0 where it makes no error at all."""
    if judged.rows < LEAST_ROWS or not judged.numbers:
        return None
    mean = float(losses.by_row.mean())
    if mean <= 1e-12 * float(np.abs(losses.by_row).max()):
        return StandardError(0.0, None, "no error made")
    return _error(metric.power * losses.by_row / mean, metric.power * losses.by_fold / mean, judged)
