"""What more rows would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.records.account import Estimate
from advisor.records.plan import Family


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
