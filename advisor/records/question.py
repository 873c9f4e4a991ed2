"""What was asked: the margin, the confidence, limits and prices."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """What a model must satisfy to be recommended at all; None means no demand.

    `single` asks for one model and no blend.
    """

    interpretable: bool = False
    max_latency_ms: float | None = None
    max_model_mb: float | None = None
    single: bool = False

    @property
    def blended(self) -> bool:
        """Tell whether a blend may be used: it is neither one model nor one that can be read."""
        return not (self.single or self.interpretable)

    @property
    def serving(self) -> bool:
        """Tell whether there is a limit on what a model takes to be asked or kept."""
        return self.max_latency_ms is not None or self.max_model_mb is not None


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
