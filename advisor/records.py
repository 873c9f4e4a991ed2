"""What walks through the house: frozen records that compute nothing.

Conventions that hold for all of them. Class labels are codes 0..K-1 into `Dataset.classes`. A prediction is an array of
shape (rows, K) of probabilities for classification and (rows,) for regression. An `error` is lower-is-better and not
negative; a `score` is in the metric's own units. Times are seconds, sizes are bytes or MB as the name says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

Task = Literal["binary", "multiclass", "regression"]
Family = Literal["dummy", "classical", "neural", "blend"]
Stage = Literal["default", "tuned"]
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
    """What may be spent. `trials` caps one study; `seconds` is wall time for the whole comparison, a ceiling."""

    seconds: float
    trials: int
    folds: int | None = None
    repeats: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """One outer cut: positions of training and test rows. `fold` counts within `repeat`."""

    number: int
    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Splits:
    """All outer cuts of a comparison, drawn once for every learner.

    `twins` (n,) has equal codes for rows that are copies of each other; None where nothing is held together for that.
    """

    kind: Literal["stratified", "grouped", "forward", "holdout"]
    folds: int
    repeats: int
    parts: tuple[Split, ...]
    inner_folds: int
    twins: np.ndarray | None = None


@dataclass(frozen=True)
class Job:
    """One learner on one outer cut at one stage."""

    learner: str
    family: Family
    split: int
    stage: Stage
    seed: int

    @property
    def key(self) -> str:
        """A name for the job that is unique within a comparison and stable between runs."""
        return f"{self.stage}-{self.learner}-{self.split}"


@dataclass(frozen=True)
class Trial:
    """One configuration tried by tuning: its inner error, and what it cost."""

    number: int
    params: Mapping[str, Any]
    inner_error: float | None
    seconds: float
    state: Literal["complete", "pruned", "failed"]
    started_at: float


@dataclass(frozen=True)
class Cost:
    """What a job used. Latency is one row at a time; memory is the growth of the process over its start.

    `device` is where the final fit ran, `device_name` what its maker calls it; `gpu_memory_mb` is the most that this
    fit held on a GPU at once, `gpu_watts` the power that the GPU may draw; None where there was none.
    """

    tune_seconds: float = 0.0
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    cpu_seconds: float = 0.0
    predict_ms_per_1000_rows: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    peak_memory_mb: float | None = None
    model_mb: float | None = None
    device: str = "cpu"
    device_name: str | None = None
    gpu_memory_mb: float | None = None
    gpu_watts: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job. A crash or a missed deadline is an outcome too, with a message and no predictions.

    `predictions` belong to the rows of the split's test part, in its order; `inner_predictions` to `inner_rows`, the
    training rows that the inner cut held out. `curve` is the learning curve of the final fit, column name to values;
    `cut_short` tells that this fit was still learning when its time was up. `ended` says why a study tried no further
    configuration: "trials", "seconds", "stagnation", "futility" or "failures"; "" where there was no study.
    """

    job: Job
    status: Literal["ok", "failed", "timeout"]
    message: str = ""
    error: float | None = None
    inner_error: float | None = None
    predictions: np.ndarray | None = None
    inner_rows: np.ndarray | None = None
    inner_predictions: np.ndarray | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()
    cost: Cost = field(default_factory=Cost)
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cut_short: bool = False
    ended: str = ""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Reading:
    """What a probe saw: predictions for its test rows in their order, or None and a message why there are none."""

    probe: Probe
    predictions: np.ndarray | None
    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Look:
    """A look at the evidence while the comparison runs; `decided` means that nothing more was spent on the answer.

    `seconds` have passed since the start, `cuts` were judged, `confidence` is what this look asked for. `p_worth` is
    None where there was nothing to compare yet. The first look has the `landmarks` of the data: log ratios of the
    inner errors of cheap models.
    """

    stage: str
    seconds: float
    p_worth: float | None
    decided: bool
    confidence: float | None = None
    cuts: int = 0
    because: str = ""
    landmarks: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Plan:
    """Who runs on which rows, by which metric, and who was left out and why.

    `unaffordable` names those of the `skipped` for whom the budget is too short. `must_beat` has learners that lead
    their family on a cut only where they clearly beat all whom it names on the inner rows.
    """

    task: Task
    metric: str
    splits: Splits
    learners: tuple[str, ...]
    skipped: Mapping[str, str]
    seed: int
    device: str
    serve_on: str
    fingerprint: str
    foundation: str | None = None
    unaffordable: tuple[str, ...] = ()
    must_beat: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """How the challenger did against the incumbent on the same rows; positive `theta` means the challenger is better.

    `theta` is the log ratio of the errors (incumbent over challenger), `se` its standard error by `method`, `df` the
    degrees of freedom of its t reference (None: normal). `low` and `high` bound theta at `level`. `p_worth` is
    P(theta > theta_min) under the weak prior, `p_worth_flat` the same without it. `by_split` has theta cut by cut.
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
    by_split: tuple[float, ...] = ()

    @property
    def gain(self) -> float:
        """Relative error reduction, 1 - exp(-theta)."""
        return float(-np.expm1(-self.theta))


@dataclass(frozen=True)
class Verdict:
    """The answer in words and figures; see the contract of verdict.json for the meaning of each part."""

    answer: Answer
    sentence: str
    p_worth: float | None
    min_gain: float
    gain: Mapping[str, Any]
    detectable_gain: float | None
    metric: str
    recommended: Mapping[str, Any]
    champions: Mapping[str, Any]
    leaderboard: tuple[Mapping[str, Any], ...]
    reasons: tuple[str, ...]
    failed: Mapping[str, str]
    cost: Mapping[str, Any]
    looks: tuple[Mapping[str, Any], ...]
    rules: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Constraints:
    """What a model must satisfy to be recommended at all; None means no demand."""

    interpretable: bool = False
    max_latency_ms: float | None = None
    max_model_mb: float | None = None
