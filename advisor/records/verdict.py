"""The answer and all that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.records.account import Account, Estimate
from advisor.records.case import Answer, Comparison, How, Option, Reading, Which
from advisor.records.plan import Family


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
    """A learner's line: how its best configuration did out of fold, and what it took.

    `start` tells where a net's training began: "scratch", or from weights trained beforehand, "frozen" or "tuned";
    `gain` what it gains over the classical champion as if it were the only net. Both are None for those that are none.
    """

    learner: str
    family: Family
    start: str | None
    gain: Estimate | None
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
    did_not_learn: bool
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

    `learner` is that of all members, or "blend" or "classical_blend"; `members` are the shares by learner.
    `fitted_on` is "all rows" (`rows` of them), or "folds": each member is then the mean of its models of the folds,
    or one of them (see `one`); "mixed" where some members, or parts of one, are the one and some the other.
    `folds_because` says why any are of the folds: "nets_bagged" where those are nets, of which that mean is wanted, if
    there was time for it with half of it fitted on all rows,
    "no_time" where one of them at least was to be fitted again and there was no time for it,
    "failed" where such a fit failed; "" where none are, or where `spared` rows preferred them. `one` tells that
    each part is one model: fitted on all rows, or of one fold, which where folds go forward in time is always so,
    and then the newest model. `cut_short` names the learners with a part that the clock stopped while it was still
    learning: in its fit on all rows, or on most of the folds that its models are of. `problems` has a sentence a
    member that did not come out as planned. Where the contest was held on fewer rows than there are, `spared` rows
    that nobody had seen decided which models are in it, if enough could be spared; `spared_error` is the error of
    that choice by those of them that did not make it, half against half, None where it is not defined.
    `peak_memory_mb` is what loading and asking the whole adds to a process.
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
    one: bool = True
    spared: int = 0
    spared_error: float | None = None
    peak_memory_mb: float | None = None
    cut_short: tuple[str, ...] = ()
    folds_because: Literal["", "nets_bagged", "no_time", "failed"] = ""


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
class Verdict:
    """The answer with its figures, before telling puts it into words; see the contract of verdict.json.

    `min_gain` is the margin of the reading that carries the answer (alone where none does); each reading has its own.
    """

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
