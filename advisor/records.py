"""What walks through the house: frozen records that compute nothing.

    Dataset -> Profile -> Plan -> Candidate -> Outcome -> Case -> Comparison -> Verdict -> Advice

Conventions that hold for all of them. Class labels are codes 0..K-1 into `Dataset.classes`. A prediction is an array of
shape (rows, K) of probabilities for classification and (rows,) for regression. An `error` is lower-is-better and not
negative; a `score` is in the metric's own units. Times are seconds, sizes are bytes or MB as the name says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Task = Literal["binary", "multiclass", "regression"]
Family = Literal["dummy", "classical", "neural", "blend"]
Stage = Literal["default", "tuned"]
State = Literal["done", "failed", "timeout"]
Ending = Literal["complete", "partial", "given_up", "failed", "timeout"]
How = Literal["alone", "in_company"]
Which = Literal["classical", "neural", "classical_blend", "blend", "dummy"]
Severity = Literal["info", "warning", "severe"]
Answer = Literal["worth_it", "not_worth_it", "too_close_to_call", "no_signal", "not_enough_evidence"]


@dataclass(frozen=True)
class Dataset:
    """A table with a target, typed and ready to be split.

    `inputs` has a RangeIndex, unique string column names, and only these dtypes: float64 (integers too), boolean
    columns as float64 0/1, pandas `category` for anything nominal (string categories), datetime64[ns] for dates;
    missing values are NaN/NaT. `target` holds class codes (int64) or float64 values and has no missing entry.
    `groups` (int64 codes) and `times` (int64 or float64, ascending means later) are set only where the user named a
    column for them; that column is then not among the inputs (a group) or still is (a time). `schema` is what the
    modality needs to read new rows alike; `example` holds a few rows of the inputs as the source had them, before
    typing. `unlabelled` has the inputs (m, p) of rows without a target, typed as `inputs` are (categories may have
    levels of their own); None where there are none, and where times order the rows: theirs may be later than a cut.
    """

    name: str
    modality: str
    task: Task
    inputs: pd.DataFrame
    target: np.ndarray
    target_name: str
    classes: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    group_name: str | None = None
    time_name: str | None = None
    source: str = ""
    schema: Any = None
    example: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    unlabelled: pd.DataFrame | None = None

    def rows(self, index: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
        """Return inputs and target of the rows at the positions `index`, shapes (len(index), p) and (len(index),)."""
        return self.inputs.take(index), self.target[index]


@dataclass(frozen=True)
class Column:
    """One input column as the profile sees it."""

    name: str
    kind: str
    missing_share: float
    distinct: int


@dataclass(frozen=True)
class Finding:
    """One numbered thing to know about the data before any model is trained."""

    code: str
    severity: Severity
    message: str
    advice: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Profile:
    """The data at a glance: what is there, what the target is, and what should worry us."""

    name: str
    modality: str
    rows: int
    task: Task
    columns: tuple[Column, ...]
    kinds: Mapping[str, int]
    encoded_columns: int
    target: Mapping[str, Any]
    findings: tuple[Finding, ...]
    fingerprint: str


@dataclass(frozen=True)
class Budget:
    """What may be spent: `seconds` of wall time for the whole comparison, a ceiling; `trials` caps one learner's study.

    With `until` "answer" nothing is spent once the answer is known; with "budget" what is left goes into the model that
    is handed over.
    """

    seconds: float
    trials: int
    seed: int = 0
    until: Literal["budget", "answer"] = "budget"


@dataclass(frozen=True, eq=False)
class Fold:
    """One outer fold: positions of training and test rows in the data set. `fold` counts within `repeat`."""

    number: int
    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Folds:
    """All outer folds of a comparison, drawn once for every candidate; `parts` in the order in which they are run.

    `rows` are the positions of the rows that take part, sorted: all of them, or those that the budget pays for.
    `twins` (n,) has equal codes for rows of the data set that are copies of each other; None where nothing is held
    together for that.
    """

    kind: Literal["stratified", "grouped", "forward", "holdout"]
    folds: int
    repeats: int
    parts: tuple[Fold, ...]
    rows: np.ndarray
    twins: np.ndarray | None = None


@dataclass(frozen=True)
class Entrant:
    """A learner that takes part: what one fit of its default is expected to take on a fold, here, in seconds.

    `essential` are those without whom there is no answer; `strong` is a net that a "not worth it" may rest on.
    `must_beat` names those whom it has to beat clearly before it counts for its family.
    """

    learner: str
    family: Family
    seconds: float
    essential: bool = False
    strong: bool = False
    must_beat: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """Who takes part on which folds, by which metric, and who was left out and why.

    `unaffordable` names those of the `skipped` for whom the budget is too short. `speed` is how many times as long as
    on the machine where the table of seconds was written a small fit took here. `fingerprint` tells data, folds,
    learners and their versions, seed and device: what another run has to share for its results to be reused.
    """

    task: Task
    metric: str
    folds: Folds
    entrants: tuple[Entrant, ...]
    skipped: Mapping[str, str]
    seed: int
    device: str
    serve_on: str
    fingerprint: str
    foundation: str | None = None
    unaffordable: tuple[str, ...] = ()
    speed: float = 1.0

    @property
    def learners(self) -> tuple[str, ...]:
        """Name those who take part."""
        return tuple(entrant.learner for entrant in self.entrants)


@dataclass(frozen=True)
class Candidate:
    """A learner with its settings; `params` are those that differ from its default, none for the default itself."""

    learner: str
    family: Family
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        """Tell whether this is the default."""
        return "tuned" if self.params else "default"

    @property
    def key(self) -> str:
        """A name that is unique within a comparison and stable between runs."""
        if not self.params:
            return f"{self.learner}-default"
        text = json.dumps({name: self.params[name] for name in sorted(self.params)}, default=str)
        return f"{self.learner}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


@dataclass(frozen=True)
class Cost:
    """What the fit and the predictions of one fold took. Latency is one row at a time; memory is the growth of the
    process over its start.

    `device` is where it was trained, `device_name` what its maker calls it; `gpu_memory_mb` is the most that the fit
    held on a GPU at once, `gpu_watts` the power that the GPU may draw; None where there was none.
    """

    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    cpu_seconds: float = 0.0
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_mb: float | None = None
    model_mb: float | None = None
    device: str = "cpu"
    device_name: str | None = None
    gpu_memory_mb: float | None = None
    gpu_watts: float | None = None

    @property
    def seconds(self) -> float:
        """What the fold took of a worker's time."""
        return self.fit_seconds + self.predict_seconds


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a candidate did on one fold: the unit of work, of the ledger and of a resume.

    `predictions` and `losses` belong to the fold's test rows, in their order, and are None where the `state` is not
    "done". `curve` is the learning curve, name to values; `cut_short` tells that the fit was still learning when its
    time was up. `model` names the file of the fitted model below the run's folder, where it is kept.
    """

    candidate: Candidate
    fold: int
    state: State
    message: str = ""
    predictions: np.ndarray | None = None
    losses: np.ndarray | None = None
    error: float | None = None
    cost: Cost = field(default_factory=Cost)
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cut_short: bool = False
    started_at: float = 0.0
    model: str | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a candidate: a result for each fold that was tried, by the fold's number, and how it ended.

    "complete" has every fold of the first repeat at least, "partial" was left when the time was up, "given_up" fell
    behind (see contest.racing), "failed" and "timeout" have a message.
    """

    candidate: Candidate
    results: Mapping[int, FoldResult]
    ending: Ending
    message: str = ""

    @property
    def done(self) -> frozenset[int]:
        """The numbers of the folds with predictions."""
        return frozenset(number for number, result in self.results.items() if result.state == "done")


@dataclass(frozen=True, eq=False)
class Probe:
    """A default fitted on rows of its own choosing, to learn something of the data rather than of the learner.

    `kind` says what is asked, `name` which one of its kind it is; `train` and `test` are positions in the data set.
    With `permuted` the training targets are shuffled among the training rows before the fit.
    """

    kind: str
    name: str
    learner: str
    train: np.ndarray
    test: np.ndarray
    seed: int = 0
    permuted: bool = False


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """What a probe saw: predictions for its test rows in their order, or None and a message why there are none."""

    probe: Probe
    predictions: np.ndarray | None
    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Limits:
    """What a model must satisfy to be recommended at all; None means no demand.

    `single` asks for one model and no blend.
    """

    interpretable: bool = False
    max_latency_ms: float | None = None
    max_model_mb: float | None = None
    single: bool = False


@dataclass(frozen=True)
class Prices:
    """What the user says things cost and are worth, in one currency of their own; None: not said.

    `cost_per_hour` is that of the machine on which models are trained and asked, with all its `workers`.
    `value_per_error` is the value of one unit of the metric's error avoided on one prediction.
    `engineering_cost` is what a net asks of people beyond the classical side, over the whole horizon. The account runs
    over `months`, and models are fitted again, with the settings found, `retrain_per_year` times a year.
    """

    cost_per_hour: float | None = None
    predictions_per_day: float | None = None
    value_per_error: float | None = None
    months: float = 12.0
    retrain_per_year: float = 12.0
    engineering_cost: float = 0.0
    workers: int = 1


@dataclass(frozen=True)
class Question:
    """What was asked: the relative error reduction that would be worth a net, the confidence wanted, limits, prices."""

    min_gain: float
    confidence: float = 0.95
    limits: Limits = field(default_factory=Limits)
    prices: Prices = field(default_factory=Prices)


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
class Comparison:
    """How the challenger did against the incumbent on the same rows; positive `theta` means the challenger is better.

    `theta` is the log ratio of the errors (incumbent over challenger), `se` its standard error by `method`, `df` the
    degrees of freedom of its t reference (None: normal). `low` and `high` bound theta at `level`. `p_worth` is
    P(theta > theta_min) under the weak prior, `p_worth_flat` the same without it. `by_fold` has theta fold by fold.
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
    """One way of asking: `without` nets against `with_nets`, each the option that all rows choose."""

    how: How
    without: Option
    with_nets: Option
    comparison: Comparison


@dataclass(frozen=True)
class Reason:
    """Why something is so, as a code and its figures; telling puts it into words."""

    code: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """A look at the evidence while the comparison runs; `decided` means that the answer was known then.

    `seconds` have passed since the start, `folds` were judged, `confidence` is what this look asked for. `p_worth` has
    the chance by reading; empty where there was nothing to compare yet.
    """

    stage: Literal["defaults", "tuned", "final"]
    seconds: float
    p_worth: Mapping[How, float]
    decided: bool
    confidence: float
    folds: int = 0
    answer: Answer | None = None
    hope: float | None = None


@dataclass(frozen=True)
class BoardRow:
    """A learner's line: how its best configuration did out of fold, and what it took."""

    learner: str
    family: Family
    score: float | None
    low: float | None
    high: float | None
    error: float | None
    se: float | None
    trials: int
    folds: int
    params: Mapping[str, Any]
    fit_seconds: float | None
    tune_seconds: float
    spent_seconds: float
    cpu_seconds: float
    energy_wh_estimated: float | None
    predict_ms_per_1000_rows: float | None
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    peak_memory_mb: float | None
    model_mb: float | None
    device: str | None
    device_name: str | None
    gpu_memory_mb: float | None
    cut_short: bool
    status: Literal["ok", "partly", "given_up", "failed"]
    message: str


@dataclass(frozen=True)
class Champion:
    """A family's best, or a blend: `learner` is its name, `members` its shares by learner, `params` those of each."""

    learner: str
    which: Which
    score: float
    low: float | None
    high: float | None
    error: float
    members: Mapping[str, float]
    params: Mapping[str, Mapping[str, Any]]
    cost: Mapping[str, float | None]


@dataclass(frozen=True)
class Recommendation:
    """The model to use: which option it is, and its mixture of candidates.

    `regret` is how much more error it is expected to make than the best option, as a share; `best` names that one.
    """

    which: Which
    option: Option | None
    learner: str
    family: Family
    score: float | None
    reason: Reason
    regret: float = 0.0
    best: Which | None = None


@dataclass(frozen=True)
class Handed:
    """The model that was handed over: how its members were fitted, and what it measures as one model.

    `fitted_on` is "all rows" (`rows` of them), or "folds": each member is then the mean of its models of the folds,
    which are whole; "mixed" where some members are the one and some the other. `problems` has a sentence a member that
    did not come out as planned.
    """

    which: Which
    learner: str
    members: Mapping[str, float]
    fitted_on: Literal["all rows", "folds", "mixed", "nothing"]
    rows: int
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    model_mb: float | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval at `level`; an end that is not known is None."""

    estimate: float
    low: float | None
    high: float | None
    level: float


@dataclass(frozen=True)
class FamilyCost:
    """What a family took: sums over all its learners, then what fitting and asking its champion once takes.

    `spent_seconds` are all fits and predictions of its search, `tune_seconds` those of them beyond defaults; a figure
    of a champion is None where there is none, or where it was not measured.
    """

    trials: int
    spent_seconds: float
    tune_seconds: float
    cpu_seconds: float
    energy_wh_estimated: float | None
    fit_seconds: float | None = None
    predict_ms_per_1000_rows: float | None = None
    rows_per_second: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_mb: float | None = None
    model_mb: float | None = None
    device: str | None = None
    device_name: str | None = None
    gpu_memory_mb: float | None = None


@dataclass(frozen=True)
class PricesUsed(Prices):
    """The prices that an account was made with, and what one unit of the metric's error is, where that has a price."""

    unit_of_error: str | None = None


@dataclass(frozen=True)
class Extra:
    """What the net costs beyond the classical side, in money over the horizon; negative where it is the cheaper one.

    `serving` is None where nobody said how often it will be asked; `total` is then without it.
    """

    tuning: float
    retraining: float
    engineering: float
    serving: float | None
    total: float


@dataclass(frozen=True)
class BreakEven:
    """From which gain, predictions a day and value of an error on the net pays; None: not known, `reason` why not."""

    gain: float | None = None
    predictions_per_day: float | None = None
    value_per_error: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Scenario:
    """The account with one figure `factor` times as large: what comes of it, and whether that turns the answer."""

    change: str
    factor: float
    benefit: float
    extra: float
    net: float
    min_gain: float
    p_worth: float
    answer: Answer
    flips: bool


@dataclass(frozen=True)
class ParetoPoint:
    """A learner's cost and error; `on_front` where nobody beats it in one without losing in the other."""

    learner: str
    cost: float
    error: float
    on_front: bool


@dataclass(frozen=True)
class Pareto:
    """Cost against error of all learners, the cheapest first; `cost` names what is counted."""

    cost: Literal["money", "cpu_seconds"]
    points: tuple[ParetoPoint, ...]


@dataclass(frozen=True)
class Account:
    """What both families took, and the money: benefit less extra cost, where it breaks even, and what would turn it.

    `ratio` has the neural figure over the classical one, by name; `flips` the factor on each price, and on the gain, at
    which benefit and extra cost are even (None: at none). `extra`, `benefit` and `net` are None where a price lacks.
    """

    neural: FamilyCost
    classical: FamilyCost
    ratio: Mapping[str, float]
    prices: PricesUsed
    break_even: BreakEven
    pareto: Pareto
    extra: Extra | None = None
    benefit: Estimate | None = None
    net: Estimate | None = None
    sensitivity: tuple[Scenario, ...] = ()
    flips: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleCheck:
    """A folk rule held against this case: whether it speaks of it, and whether it held (None: this run cannot tell)."""

    rule: str
    source: str
    applies: bool
    agrees: bool | None
    evidence: str


@dataclass(frozen=True)
class Effort:
    """A fair contest read both ways: by equal time, as it was held, and by equal numbers of candidates.

    `trials` and `seconds` are by family; `equal_trials_used` is the smaller count, to which the other family is held
    in the second reading. A reading is None where a side would have had nobody.
    """

    trials: Mapping[str, int]
    seconds: Mapping[str, float]
    equal_trials_used: int
    equal_time: Comparison | None
    equal_trials: Comparison | None
    sign_differs: bool
    side_of_margin_differs: bool


@dataclass(frozen=True)
class CurvePoint:
    """The net's gain over the classical side, both by their defaults, where they learn from a share of the rows."""

    share: float
    train_rows: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class MoreRows:
    """What more rows would change: the gain, alone, at twice and four times the `rows` used, and at `rows_all` of them.

    `rows_all` is the number of rows that there are, None where the contest was held on all. Figures are None where
    `reason` says why; `direction` names the family that more rows favour. `detectable_*` is the gain that so many rows
    would show with 80 % power if nothing but the rows changed; `learners` whose defaults made the `curve`, by family.
    """

    rows: int
    rows_all: int | None
    reason: str = ""
    direction: Family | None = None
    learners: Mapping[str, str] = field(default_factory=dict)
    folds: int = 0
    curve: tuple[CurvePoint, ...] = ()
    gain_2n: Estimate | None = None
    gain_4n: Estimate | None = None
    gain_all: Estimate | None = None
    p_worth_2n: float | None = None
    p_worth_4n: float | None = None
    p_worth_all: float | None = None
    detectable_2n: float | None = None
    detectable_4n: float | None = None
    detectable_all: float | None = None
    rows_needed: Estimate | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer with its figures, before telling puts it into words; see the contract of verdict.json."""

    answer: Answer
    how: How | None
    because: tuple[Reason, ...]
    min_gain: float
    readings: Mapping[How, Reading]
    champions: Mapping[str, Champion | None]
    recommended: Recommendation
    board: tuple[BoardRow, ...]
    account: Account
    remarks: tuple[Reason, ...]
    rules: tuple[RuleCheck, ...] = ()
    looks: tuple[Look, ...] = ()
