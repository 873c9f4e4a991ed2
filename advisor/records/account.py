"""The money side: what finding, fitting and asking cost, and when a gain pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from advisor.records.case import Answer
from advisor.records.question import Prices


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
