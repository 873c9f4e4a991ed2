"""What can be wrong with a table before any training: numbered findings D, L and S, and the order they are told in.

D is for rows and columns, L for leaks, S for folds that would flatter. What holds for data of any kind (equal rows, the
target) is found by advisor.profiling.
"""

from __future__ import annotations

from collections.abc import Callable

from advisor.modalities.tabular.checks.columns import (
    constant_columns,
    duplicate_rows,
    id_like_columns,
    many_levels,
    telling_gaps,
)
from advisor.modalities.tabular.checks.drift import drift
from advisor.modalities.tabular.checks.entities import repeated_entities
from advisor.modalities.tabular.checks.leakage import copies_target, nearly_all_alone, predicts_alone
from advisor.modalities.tabular.checks.order import row_order, time_column
from advisor.modalities.tabular.checks.survey import Survey
from advisor.modalities.tabular.checks.texts import labels_in_texts, repeated_texts, text_columns
from advisor.records import Column, Dataset, Finding
from advisor.wording import listed

CHECKS: tuple[tuple[str, Callable[[Survey], Finding | None]], ...] = (
    ("D01", duplicate_rows),
    ("D03", constant_columns),
    ("D04", id_like_columns),
    ("D05", many_levels),
    ("D06", text_columns),
    ("D07", telling_gaps),
    ("D08", repeated_texts),
    ("L01", predicts_alone),
    ("L02", copies_target),
    ("L03", nearly_all_alone),
    ("L05", labels_in_texts),
    ("S01", time_column),
    ("S02", row_order),
    ("S03", repeated_entities),
    ("S04", drift),
)
# Those that grow forests take most of the seconds of all: what they look for, in words.
DEAR = {"L03": "a column that nearly tells the target alone", "S04": "first rows of another kind than the last"}


def look_for_findings(dataset: Dataset, columns: tuple[Column, ...], thorough: bool = True) -> tuple[Finding, ...]:
    """Run every check on a table whose `columns` were described, and return what was found, in the order of CHECKS.

    Where it is not to be `thorough` those that are DEAR are left out, which is the first finding then (R07).
    """
    survey = Survey(dataset, columns)
    left = {} if thorough else DEAR
    found = (check(survey) for code, check in CHECKS if code not in left)
    return (*([_left_out()] if left else []), *(finding for finding in found if finding is not None))


def _left_out() -> Finding:
    return Finding(
        "R07",
        "info",
        f"Not looked for, since the budget is short for a machine as busy as this: {listed(list(DEAR.values()))}.",
        "'advisor profile' looks for it, and so does a comparison with a larger --budget.",
        {"checks": list(DEAR)},
    )
