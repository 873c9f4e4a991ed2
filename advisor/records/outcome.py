"""A learner with its settings, what it did on each fold, and probes of the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from advisor.records.plan import Family

Stage = Literal["default", "tuned"]


State = Literal["done", "failed", "timeout"]


Ending = Literal["complete", "partial", "given_up", "failed", "timeout"]


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
    held on a GPU at once, `gpu_watts` the power that the GPU may draw; None where there was none. `spared_seconds` of
    `fit_seconds` were not spent, since the process remembered something from an earlier fit.
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
    spared_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """What the fold took of a worker's time."""
        return self.fit_seconds + self.predict_seconds - self.spared_seconds


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a candidate did on one fold: the unit of work, of the ledger and of a resume.

    `predictions` and `losses` belong to the fold's test rows, in their order, and are None where the `state` is not
    "done". `curve` is the learning curve, name to values; `cut_short` tells that the fit was still learning when its
    time was up. `model` names the file of the fitted model below the run's folder, where it is kept, and `model_sum` is
    its sha256.
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
    model_sum: str | None = None


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
