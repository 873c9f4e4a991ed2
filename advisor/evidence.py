"""Numbers that the verdict rests on: paired effects on the same rows, their uncertainty, and the chance of a gain.

Losses in, figures out; no wording, no constraint, no price. Two pipelines are compared by theta, the log ratio of their
errors: positive means that the challenger is better. Its standard error comes from the rows (delta method), widened for
what the rows do not show, namely that another training sample would have given other models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from advisor.metrics import Metric
from advisor.records import Answer, Comparison, Splits

# The weak prior of theta: nets are on average a little worse, and gaps above a quarter are rare.
PRIOR_MEAN = -0.01
PRIOR_SD = 0.12
# Beyond this many standard deviations of what the prior expects, the prior is doubted and not the data.
SURPRISE = 2.5

# Below this many judged rows no standard error of a ratio can be trusted.
LEAST_ROWS = 20
SMALL, TINY = 1000, 300
LEAST_CLUSTERS = 30

# How alike two good pipelines err on the same rows, before anything is measured. It reproduces a known case:
# for an accuracy error of 0.15, a gain of 15 % is seen at 1,000 rows, 4.9 % at 10,000, 2.2 % at 50,000.
_GUESSED_CORRELATION = 0.75

Pipeline = Mapping[int, np.ndarray]


@dataclass(frozen=True)
class Cuts:
    """The outer cuts that several pipelines have all finished: J splits over n judged rows.

    `positions[j]` are the rows of split j's test part, counted within the judged rows; `numbers`, `repeats`,
    `train_rows` and `test_rows` have one entry a split. `clusters` (n,) are codes 0..G-1 of rows that belong together:
    groups, or blocks of time where `forward`; `clusters_are` names them.
    """

    numbers: tuple[int, ...]
    repeats: np.ndarray
    train_rows: np.ndarray
    test_rows: np.ndarray
    positions: tuple[np.ndarray, ...]
    rows: int
    encoded_columns: int
    clusters: np.ndarray | None = None
    clusters_are: str = "groups"
    forward: bool = False


@dataclass(frozen=True)
class RowLosses:
    """What one pipeline lost out of fold: `by_row` (n,) is averaged over repeats, `by_split` (J,) over test parts."""

    by_row: np.ndarray
    by_split: np.ndarray


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


def cuts_of(
    splits: Splits,
    pipelines: Sequence[Pipeline],
    *,
    encoded_columns: int,
    groups: np.ndarray | None = None,
    groups_are: str = "groups",
) -> Cuts:
    """Keep the splits that every pipeline has finished with finite losses, and number the rows that they judge.

    A pipeline maps a split's number to the row losses (rows of its test part, in order) of the champion there. `groups`
    has a code for each row of the data set, and `groups_are` names what they are; where rows are ordered in time, each
    test block is a cluster instead.
    """
    parts = [
        part
        for part in splits.parts
        if all(part.number in pipeline and np.isfinite(pipeline[part.number]).all() for pipeline in pipelines)
    ]
    judged = np.unique(np.concatenate([part.test for part in parts])) if parts else np.array([], dtype=int)
    positions = tuple(np.searchsorted(judged, part.test) for part in parts)
    clusters = None
    if splits.kind == "forward":
        clusters = np.zeros(len(judged), dtype=int)
        for block, rows in enumerate(positions):
            clusters[rows] = block
    elif groups is not None:
        clusters = np.unique(groups[judged], return_inverse=True)[1]
    return Cuts(
        numbers=tuple(part.number for part in parts),
        repeats=np.array([part.repeat for part in parts], dtype=int),
        train_rows=np.array([len(part.train) for part in parts], dtype=float),
        test_rows=np.array([len(part.test) for part in parts], dtype=float),
        positions=positions,
        rows=len(judged),
        encoded_columns=encoded_columns,
        clusters=clusters,
        clusters_are="blocks of time" if splits.kind == "forward" else groups_are,
        forward=splits.kind == "forward",
    )


def losses_of(pipeline: Pipeline, cuts: Cuts) -> RowLosses:
    """Average a pipeline's row losses over repeats; needs at least one split."""
    losses = [np.asarray(pipeline[number], dtype=float) for number in cuts.numbers]
    where = np.concatenate(cuts.positions)
    times_judged = np.bincount(where, minlength=cuts.rows)
    by_row = np.bincount(where, weights=np.concatenate(losses), minlength=cuts.rows) / times_judged
    return RowLosses(by_row, np.array([part.mean() for part in losses]))


def compare_pairs(
    incumbent: RowLosses,
    challenger: RowLosses,
    cuts: Cuts,
    metric: Metric,
    *,
    min_gain: float | None = None,
    level: float = 0.9,
) -> Comparison | None:
    """Measure how the challenger did against the incumbent on the same rows, and the chance of a gain above `min_gain`.

    theta = power * log(L_C / L_N) with the influence values psi_i = power * (l_C,i / L_C - l_N,i / L_N) (delta method).
    `min_gain` is a relative error reduction below 1 (None: the metric's own). Where one side makes no error, or less
    than half of one (a log loss of next to nothing is that of the rows that happened to be drawn), or where psi does
    not vary although the errors differ, both sides are charged half an error more (Haldane 1956, Anscombe 1956), with
    the variance that belongs to it; identical losses give theta 0 and no chance of a gain. Returns None
    where there is too little for an honest figure: no split, under 20 judged rows, or a single cluster in one split.
    """
    theta_min = -float(np.log1p(-(metric.min_gain if min_gain is None else min_gain)))
    if cuts.rows < LEAST_ROWS or not cuts.numbers:
        return None
    theta, psi, psi_by_split, charged = _effect(incumbent, challenger, metric)
    unsure = _repeats_disagree(incumbent, challenger, cuts)
    error = _widened(psi, psi_by_split, cuts, metric, charged=charged, unsure=unsure)
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
        p_worth=posterior(theta, error, theta_min),
        p_worth_flat=error.chance(theta - theta_min, error.value),
        theta_min=theta_min,
        detectable_theta=(error.quantile(0.95) + error.quantile(0.80)) * error.value,
        incumbent_error=metric.error_of_loss(float(incumbent.by_row.mean())),
        challenger_error=metric.error_of_loss(float(challenger.by_row.mean())),
        rows=cuts.rows,
        method=error.method,
        by_split=_theta_by_split(incumbent, challenger, cuts, metric),
    )


def posterior(theta: float, error: StandardError, theta_min: float) -> float:
    """Return P(true theta > theta_min) under the prior N(-0.01, 0.12^2), or without it where theta is a surprise to it.

    Normal prior and likelihood; where the standard error has few degrees of freedom, the same shrunken mean and spread
    are referred to t. Beyond 2.5 predictive standard deviations the prior is dropped: true effects have fat tails.
    """
    variance = error.value**2
    if abs(theta - PRIOR_MEAN) > SURPRISE * np.sqrt(variance + PRIOR_SD**2):
        return error.chance(theta - theta_min, error.value)
    weight = PRIOR_SD**2 / (PRIOR_SD**2 + variance)
    mean = weight * theta + (1 - weight) * PRIOR_MEAN
    return error.chance(mean - theta_min, float(np.sqrt(weight)) * error.value)


def gain_of(theta: float) -> float:
    """Return theta as a relative error reduction, 1 - exp(-theta)."""
    return -float(np.expm1(-theta))


def gain_interval(theta: float, low: float, high: float, level: float) -> dict[str, float]:
    """Return theta and its bounds at `level` as relative error reductions: {estimate, low, high, level}."""
    return {"estimate": gain_of(theta), "low": gain_of(low), "high": gain_of(high), "level": level}


def answer_of(comparison: Comparison, confidence: float = 0.95) -> Answer:
    """Answer from the figures alone; where the prior and no prior disagree, it is too close to call.

    The absolute floor and the user's constraints are not looked at here.
    """
    chances = (comparison.p_worth, comparison.p_worth_flat)
    if min(chances) >= confidence:
        return "worth_it"
    if max(chances) <= 1 - confidence:
        return "not_worth_it"
    return "too_close_to_call"


def chance_of_skill(
    pipeline: RowLosses, dummy: RowLosses, cuts: Cuts, metric: Metric, *, least: float = 0.0
) -> float | None:
    """Return the chance that a pipeline's error is below the dummy's by more than the share `least`, without a prior.

    Two families have a try each, so asking 0.975 of either keeps the chance of seeing skill in pure noise at or below
    5 % (Bonferroni). None where there is too little to say, as `compare_pairs` has it.
    """
    comparison = compare_pairs(dummy, pipeline, cuts, metric, min_gain=least)
    return None if comparison is None else comparison.p_worth_flat


def clearly_better(known: np.ndarray, losses: np.ndarray) -> bool:
    """Tell whether `losses` beat those that are `known` by more than one standard error of their paired difference.

    About a tenth of tuning runs end worse than the default otherwise (Schneider, Bischl and Feurer 2025). Both arrays
    hold the losses of the same inner rows, shape (m,); the error of the difference is far smaller than that of
    either.
    """
    difference = known - losses
    return bool(difference.mean() > difference.std(ddof=1) / np.sqrt(len(difference)))


def standard_error(losses: RowLosses, cuts: Cuts, metric: Metric) -> float | None:
    """Return the standard error of a pipeline's error, in the metric's units; None as in `compare_pairs`."""
    relative = _relative_error(losses, cuts, metric)
    return None if relative is None else metric.error_of_loss(float(losses.by_row.mean())) * relative.value


def score_interval(losses: RowLosses, cuts: Cuts, metric: Metric, *, level: float = 0.9) -> tuple[float, float] | None:
    """Return (low, high) for a pipeline's score, in the metric's units; None as in `compare_pairs`.

    The interval is taken on the log of the error, so that no error is negative, and widened as a comparison's is. An
    error that is a share stays below 1, and where it is zero its bound is that of Clopper and Pearson (1934).
    """
    relative = _relative_error(losses, cuts, metric)
    if relative is None:
        return None
    error = metric.error_of_loss(float(losses.by_row.mean()))
    factor = float(np.exp(min(relative.quantile(0.5 + level / 2) * relative.value, 50.0)))
    low, high = error / factor, error * factor
    if metric.greater_is_better:
        high = min(high, 1.0) if error > 0 else float(-np.expm1(np.log((1 - level) / 2) / cuts.rows))
    scores = sorted((metric.score(low), metric.score(high)))
    return scores[0], scores[1]


def detectable_gain_guess(rows: int, metric: Metric, expected_error: float) -> float:
    """Guess, before any training, the smallest relative error reduction that `rows` rows show with 80 % power.

    As `Comparison.detectable_theta`, with the spread of a relative row loss from textbook cases (accuracy: 0/1 losses
    of rate `expected_error`; AUC: Hanley and McNeil 1982 with classes of equal size; RMSE and MAE: normal residuals;
    log loss: exponential) and a correlation of 0.75 between the row losses of the two pipelines. Heavier tails make the
    true figure larger.
    """
    bounded = min(max(expected_error, 1e-3), 0.5)
    squared_variation = {
        "roc_auc": _hanley_mcneil(bounded),
        "accuracy": (1 - bounded) / bounded,
        "balanced_accuracy": (1 - bounded) / bounded,
        "log_loss": 1.0,
        "rmse": 2.0,
        "mae": np.pi / 2 - 1,
    }[metric.name]
    spread = metric.power * np.sqrt(2 * squared_variation * (1 - _GUESSED_CORRELATION))
    theta = (special.ndtri(0.95) + special.ndtri(0.80)) * _gamma(rows, metric) * spread / np.sqrt(rows)
    return float(-np.expm1(-theta))


def _hanley_mcneil(error: float) -> float:
    """Return n times the squared relative standard error of 1 - AUC for many rows, half of them positive."""
    area = 1 - error
    return 2 * ((area / (2 - area) - area**2) + (2 * area**2 / (1 + area) - area**2)) / error**2


def _gamma(rows: int, metric: Metric) -> float:
    """Return the factor on the row-wise standard error that pays for the variance of training samples."""
    return 1.4 if rows < SMALL or metric.name == "roc_auc" else 1.2


def _effect(incumbent: RowLosses, challenger: RowLosses, metric: Metric) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Return theta, the influence values by row (n,) and by split (J,), and the variance of what was charged (or 0)."""
    rows = len(incumbent.by_row)
    if np.allclose(incumbent.by_row, challenger.by_row, rtol=1e-12, atol=0.0):
        return 0.0, np.zeros(rows), np.zeros(len(incumbent.by_split)), 0.0
    charge = 0.0 if _ratio_has_spread(incumbent, challenger) else _one_error(incumbent, challenger)
    mean_c = float(incumbent.by_row.mean()) + charge / (2 * rows)
    mean_n = float(challenger.by_row.mean()) + charge / (2 * rows)
    psi = metric.power * (incumbent.by_row / mean_c - challenger.by_row / mean_n)
    psi_by_split = metric.power * (incumbent.by_split / mean_c - challenger.by_split / mean_n)
    charged = 0.5 * (metric.power * charge / rows) ** 2 * (mean_c**-2 + mean_n**-2)
    return metric.power * float(np.log(mean_c / mean_n)), psi, psi_by_split, charged


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


def _widened(
    psi: np.ndarray,
    psi_by_split: np.ndarray,
    cuts: Cuts,
    metric: Metric,
    *,
    charged: float = 0.0,
    unsure: bool = False,
) -> StandardError | None:
    """Return the standard error for influence values by row (n,) and by split (J,).

    By rows (or by clusters, where rows belong together) times gamma; where that is doubtful, the larger of it and what
    Nadeau and Bengio (2003) give. None where neither can be had.
    """
    gamma = _gamma(cuts.rows, metric)
    doubtful = unsure or cuts.rows < TINY or cuts.encoded_columns > cuts.rows / 10
    first: StandardError | None
    if cuts.clusters is None:
        first = StandardError(
            gamma * float(np.sqrt(np.var(psi, ddof=1) / cuts.rows + charged)), None, f"row by row, times {gamma}"
        )
    else:
        sums = np.bincount(cuts.clusters, weights=psi - psi.mean())
        doubtful = doubtful or len(sums) < LEAST_CLUSTERS
        first = _clustered(sums, cuts, gamma, charged)
    found = [error for error in (first, _nadeau_bengio(psi_by_split, cuts) if doubtful else None) if error is not None]
    return max(found, key=lambda error: error.value, default=None)


def _clustered(sums: np.ndarray, cuts: Cuts, gamma: float, charged: float) -> StandardError | None:
    """Cluster-robust standard error (Liang and Zeger 1986) from sums of psi by cluster, with G - 1 df."""
    count = len(sums)
    if count < 2:
        return None
    variance = count / (count - 1) * float(np.square(sums).sum()) / cuts.rows**2
    what = f"over {count} {cuts.clusters_are}, times {gamma}"
    return StandardError(gamma * float(np.sqrt(variance + charged)), count - 1, what)


def _nadeau_bengio(psi_by_split: np.ndarray, cuts: Cuts) -> StandardError | None:
    """Corrected resampled standard error of Nadeau and Bengio (2003): s^2 (1 / J + n_test / n_train), J - 1 df.

    It is taken from the linearised effect of each split, which exists where a split's own log ratio does not (a small
    test part without an error). Returns None for a single split, which says nothing of the next.
    """
    count = len(psi_by_split)
    if count < 2:
        return None
    share = float(np.mean(cuts.test_rows / cuts.train_rows))
    value = float(np.sqrt(np.var(psi_by_split, ddof=1) * (1 / count + share)))
    return StandardError(value, count - 1, f"over {count} splits (Nadeau-Bengio)")


def _repeats_disagree(incumbent: RowLosses, challenger: RowLosses, cuts: Cuts) -> bool:
    """Tell whether one repeat favours one side and another repeat the other."""
    differences = np.bincount(cuts.repeats, weights=cuts.test_rows * (incumbent.by_split - challenger.by_split))
    return bool(differences.min() < 0 < differences.max())


def _theta_by_split(incumbent: RowLosses, challenger: RowLosses, cuts: Cuts, metric: Metric) -> tuple[float, ...]:
    """Return theta of each split; where a side makes no error in it, both are charged half an error."""
    both = np.array([incumbent.by_split, challenger.by_split]).clip(min=0.0)
    lacking = both.min(axis=0) <= 1e-12 * both.max()
    if lacking.any() and both.any():
        both += np.where(lacking, _one_error(incumbent, challenger) / (2 * cuts.test_rows), 0.0)
    elif not both.any():
        return (0.0,) * len(cuts.numbers)
    return tuple(float(theta) for theta in metric.power * np.log(both[0] / both[1]))


def _relative_error(losses: RowLosses, cuts: Cuts, metric: Metric) -> StandardError | None:
    """Return the standard error of the log of a pipeline's own error; of value 0 where it makes no error at all."""
    if cuts.rows < LEAST_ROWS or not cuts.numbers:
        return None
    mean = float(losses.by_row.mean())
    if mean <= 1e-12 * float(np.abs(losses.by_row).max()):
        return StandardError(0.0, None, "no error made")
    return _widened(metric.power * losses.by_row / mean, metric.power * losses.by_split / mean, cuts, metric)
