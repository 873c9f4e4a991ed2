"""Everything that judging needs, and what it says of two sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from advisor.records.data import Dataset, Profile
from advisor.records.outcome import Outcome
from advisor.records.plan import Fold, Plan
from advisor.records.question import Question

Answer = Literal["worth_it", "not_worth_it", "too_close_to_call", "no_signal", "not_enough_evidence"]


How = Literal["alone", "in_company"]


Which = Literal["classical", "neural", "classical_blend", "blend", "dummy"]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Out-of-fold losses and predictions of C candidates that finished the same folds, in R repeats over n rows.

    `rows` (n,) are the judged positions and `target` (n,) their target; `losses` (R, n, C) and, for each candidate, an
    array (R, n, K) or (R, n) of `predictions`, float32. `folds` are those judged, in order. `clusters` (n,) are codes
    0..G-1 of rows that are one piece of evidence (groups, copies, blocks of time; `clusters_are` names them), None
    where every row is one.
    """

    rows: np.ndarray
    target: np.ndarray
    losses: np.ndarray
    predictions: tuple[np.ndarray, ...]
    folds: tuple[Fold, ...]
    clusters: np.ndarray | None = None
    clusters_are: str = "groups"
    forward: bool = False


@dataclass(frozen=True, eq=False)
class Case:
    """Everything that judging needs, as one value.

    `outcomes` are of every candidate that was begun; `columns` are the keys of those in the matrix, in its order;
    `barred` says for learners that miss a limit by themselves which one. `matrix` is None where no fold was finished by
    both families.
    """

    dataset: Dataset
    profile: Profile
    plan: Plan
    question: Question
    outcomes: Mapping[str, Outcome]
    columns: tuple[str, ...]
    matrix: Matrix | None
    barred: Mapping[str, str]


Mixture = Mapping[str, float]
"""Weights that sum to 1 by the key of a candidate; one candidate alone has the weight 1."""


@dataclass(frozen=True)
class Prior:
    """What is expected of theta before anything is measured, as a normal distribution."""

    mean: float
    sd: float


# Of two models of which nothing is known: gaps above a quarter are rare.
WEAK_PRIOR = Prior(-0.01, 0.12)


@dataclass(frozen=True)
class Comparison:
    """How the challenger did against the incumbent on the same rows; positive `theta` means the challenger is better.

    `theta` is the log ratio of the errors (incumbent over challenger), `se` its standard error by `method`, `df` the
    degrees of freedom of its t reference (None: normal). `low` and `high` bound theta at `level`. `p_worth` is
    P(theta > theta_min) under the `prior`, `p_worth_flat` the same without it. `by_fold` has theta fold by fold.
    """

    theta: float
    se: float
    df: float | None
    low: float
    high: float
    level: float
    p_worth: float
    p_worth_flat: float
    theta_min: float
    detectable_theta: float
    incumbent_error: float
    challenger_error: float
    rows: int
    method: str
    by_fold: tuple[float, ...] = ()
    prior: Prior = WEAK_PRIOR

    @property
    def gain(self) -> float:
        """Relative error reduction, 1 - exp(-theta)."""
        return float(-np.expm1(-self.theta))


@dataclass(frozen=True)
class Option:
    """One of the models that could be used: a champion or a blend, as all rows choose it, and what it would be worth.

    `members` are its weights by candidate key; `loss` the mean row loss and `error` the error that the bootstrap
    expects of it on rows that did not choose it, `low` and `high` the 90 % interval of its score.
    """

    which: Which
    members: Mixture
    loss: float
    error: float
    score: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Reading:
    """One way of asking: `without` nets against `with_nets`, each the option that all rows choose.

    `min_gain` is the margin that it is judged by, a relative error reduction: prices may ask another of each pair.
    `share` is what it may spend of the error that "worth it" is allowed. `left` is the chance of a gain that "not worth
    it" may leave open here; None is what the confidence leaves.
    """

    how: How
    without: Option
    with_nets: Option
    comparison: Comparison
    min_gain: float
    share: float = 1.0
    left: float | None = None

    def asked(self, confidence: float) -> float:
        """Return the chance of a gain from which this reading by itself says "worth it"."""
        return 1 - self.share * (1 - confidence)

    def most_left(self, confidence: float) -> float:
        """Return the chance of a gain up to which this reading lets "not worth it" be said."""
        return max(self.left or 0.0, 1 - confidence)
