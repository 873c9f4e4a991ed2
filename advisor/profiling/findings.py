"""The numbered findings: every check of a table before any training, in the order in which they are told.

D is for rows and columns, L for leaks, S for splits, T for the target. Two more come once models have been trained: L04
(advisor.permuted) and S05 (advisor.flattery).
"""

from __future__ import annotations

from collections.abc import Callable

from advisor.profiling.columns import (
    constant_columns,
    contradictions,
    duplicate_rows,
    id_like_columns,
    many_levels,
    telling_gaps,
    text_columns,
)
from advisor.profiling.drift import drift
from advisor.profiling.entities import repeated_entities
from advisor.profiling.leakage import copies_target, nearly_all_alone, predicts_alone
from advisor.profiling.order import row_order, time_column
from advisor.profiling.survey import Survey
from advisor.profiling.target import heavy_tails, rare_classes, unlearnable_target
from advisor.records import Finding

Check = Callable[[Survey], Finding | None]

FINDINGS: tuple[tuple[str, Check], ...] = (
    ("D01", duplicate_rows),
    ("D02", contradictions),
    ("D03", constant_columns),
    ("D04", id_like_columns),
    ("D05", many_levels),
    ("D06", text_columns),
    ("D07", telling_gaps),
    ("L01", predicts_alone),
    ("L02", copies_target),
    ("L03", nearly_all_alone),
    ("S01", time_column),
    ("S02", row_order),
    ("S03", repeated_entities),
    ("S04", drift),
    ("T01", rare_classes),
    ("T02", heavy_tails),
    ("T03", unlearnable_target),
)


def look_for_findings(survey: Survey) -> tuple[Finding, ...]:
    """Run every check on the survey and return what was found, in the order of FINDINGS."""
    return tuple(finding for _, check in FINDINGS if (finding := check(survey)) is not None)
