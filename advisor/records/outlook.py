"""What would change the answer: more rows, a GPU, a larger budget, a smaller margin, weights from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.records.account import Estimate
from advisor.records.plan import Family
from advisor.records.verdict import Reason


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
class Gpu:
    """The nets that a GPU would bring in or let finish, and the lowest of the speeds over a core that this rests on."""

    reason: str
    brought_in: tuple[str, ...] = ()
    still_too_slow: tuple[str, ...] = ()
    cut_short: tuple[str, ...] = ()
    assumed_speed: float | None = None


@dataclass(frozen=True)
class LargerBudget:
    """What twice the trials might still gain, by family, and what the budget left undone.

    `rows` are those used of all, `folds` those run of the planned; `detectable_gain` is what the rows of all planned
    folds would show, None where none was left out. `p_worth` is the chance that the net alone would be worth it if all
    of the `gain` arrived, None where `reason` says why.
    """

    left_out: tuple[str, ...]
    rows: Mapping[str, int]
    folds: Mapping[str, int]
    detectable_gain: float | None
    trials: Mapping[Family, int]
    gain: Mapping[Family, Estimate | None]
    p_worth: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class SmallerMargin:
    """The largest margin below the one used at which the net would be worth it; None where `reason` says why.

    `because` is what else keeps it from that.
    """

    min_gain: float | None = None
    reason: str = ""
    because: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class TookPart:
    """How a pre-trained net fared: its gain over the classical champion as if it were the only net, if it has one.

    `champion` tells that it leads the nets.
    """

    champion: bool
    gain: Estimate | None


@dataclass(frozen=True)
class ErrorPoint:
    """The error of a default that learnt from so many rows, with its 90 % interval, and the seconds of a fit."""

    train_rows: int
    error: float
    low: float
    high: float
    seconds: float


@dataclass(frozen=True)
class ErrorCurve:
    """How the error of a learner's default falls with the rows it learns from; `start` is "classical" or a net's.

    `gain` and `gain_fewest` are what it gains over the net from scratch, learning from all rows and from the fewest.
    `matches_with` are the fewest rows at which its error is no larger than that of the net from scratch with all.
    """

    start: str
    learner: str
    points: tuple[ErrorPoint, ...]
    gain: Estimate | None = None
    gain_fewest: Estimate | None = None
    matches_with: int | None = None


@dataclass(frozen=True)
class Pretrained:
    """Nets that lack their weights, with the reason, and how those fared that took part, both by learner.

    `curves` are of the classical side, of the best net from scratch and of the best that began from weights trained
    beforehand, frozen and tuned; empty where `silence` says why.
    """

    lacking: Mapping[str, str]
    took_part: Mapping[str, TookPart]
    reason: str = ""
    curves: tuple[ErrorCurve, ...] = ()
    silence: str = ""


@dataclass(frozen=True)
class WouldChange:
    """Everything that would change the answer."""

    more_rows: MoreRows
    gpu: Gpu
    larger_budget: LargerBudget
    smaller_margin: SmallerMargin
    pretrained: Pretrained
