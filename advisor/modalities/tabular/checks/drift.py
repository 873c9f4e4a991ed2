"""Finding S04: the first rows are of another kind than the last, so what is learnt from some fits the others less."""

from __future__ import annotations

import numpy as np

from advisor.measuring.association import DRIFT_AUC, drift_of_target, rank_auc
from advisor.modalities.tabular.checks.forest import forest_skill
from advisor.modalities.tabular.checks.order import clocks, is_sorted, sorted_by_target
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Finding
from advisor.wording import some

FEWEST_ROWS = 200
MOST_ROWS_A_SIDE = 1_000
BLOCKS = 5
# Without drift the AUC of two sides of 40 rows, the fewest there are, exceeds 0.70 in one table of 1,000.
CLEAR = 3.0


def drift(survey: Survey) -> Finding | None:
    """S04: a classifier tells the first fifth of the rows from the last with an AUC above 0.70 on rows it did not see.

    The rows are taken in the order of the named time, or of the table. Each fifth is cut into five blocks, and each
    block is judged by a forest that saw the other four, so that neighbours which are alike prove nothing. Columns that
    tell the time or number the rows are not looked at, and neither is a table that is sorted by its target or whose
    groups were named. A warning where the target differs as much and no time was named, else a mere mention: many
    tables are sorted by some column, which does no harm.
    """
    dataset = survey.dataset
    if survey.rows < FEWEST_ROWS or (dataset.groups is not None and dataset.times is None):
        return None
    if dataset.times is None:
        if sorted_by_target(dataset.target, survey.class_count):
            return None
        rows = np.arange(len(survey.sample))
    else:
        rows = np.argsort(dataset.times[survey.sample], kind="stable")
    columns = _columns(survey, rows)
    if not columns:
        return None
    first, last = _sides(rows)
    early = np.repeat([1, 0], [len(first), len(last)])
    both = np.concatenate([first, last])
    values = {name: survey.sample_values[name][both] for name in columns}
    block = np.concatenate([np.arange(len(side)) * BLOCKS // len(side) for side in (first, last)])
    auc = forest_skill(list(values.values()), early, 2, block)
    chance = np.sqrt((len(both) + 1) / (12 * len(first) * len(last)))  # of an AUC without drift (Mann and Whitney 1947)
    if auc <= DRIFT_AUC or auc - 0.5 < CLEAR * chance:
        return None
    alone = {name: rank_auc(column, early == 1) for name, column in values.items()}
    alone = {name: max(area, 1 - area) for name, area in alone.items()}
    names = sorted(alone, key=lambda name: -alone[name])[:3]
    by = "" if dataset.times is None else f" in order of {dataset.time_name!r}"
    changes = drift_of_target(survey.sample_target[rows], survey.class_count)
    return Finding(
        "S04",
        "warning" if dataset.times is None and changes >= DRIFT_AUC else "info",
        f"The first fifth of the rows{by} differs from the last fifth: a classifier tells them apart with an AUC of "
        f"{auc:.2f} on rows it has not seen, most of all by {some(names)}"
        + (f"; the target differs as well (AUC {changes:.2f})." if changes >= DRIFT_AUC else "."),
        "If the rows are in order of time or come from several sources, name that with --time or --group, or scores "
        "may be too good."
        if dataset.times is None
        else "Expect a model to grow worse with time, and train it again on newer rows.",
        {"auc": auc, "target_auc": changes, "rows": len(both), "columns": {name: alone[name] for name in names}},
    )


def _sides(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last fifth of `rows`, thinned evenly to at most 1,000 each."""
    fifth = len(rows) // 5
    places = np.unique(np.linspace(0, fifth - 1, min(fifth, MOST_ROWS_A_SIDE)).astype(int))
    return rows[:fifth][places], rows[-fifth:][places]


def _columns(survey: Survey, rows: np.ndarray) -> list[str]:
    """Name the columns that may drift: not those that are the order, or number the rows."""
    telling = {name for clock in clocks(survey) for name in clock.columns} | {survey.dataset.time_name}
    return [
        column.name
        for column in survey.varying
        if column.name not in telling
        and column.kind != "id-like"
        and not is_sorted(survey.sample_values[column.name][rows])
    ]
