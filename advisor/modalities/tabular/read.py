"""Any source to a Dataset; whatever is lost or guessed on the way leaves a note, and nothing leaves silently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular.files import raw_table
from advisor.modalities.tabular.target import read_target
from advisor.modalities.tabular.types import TypedTable, apply, infer, type_table, words
from advisor.records import Dataset

MOST_COLUMNS = 20_000
EXAMPLE_ROWS = 5


def read(
    source: Any,
    target: str | None = None,
    task: str = "auto",
    group: str | None = None,
    time: str | None = None,
    drop: Iterable[str] = (),
    name: str | None = None,
) -> Dataset:
    """Read `source` into a Dataset of modality 'tabular'.

    `target` may be left out where the source knows its own (the catalogue, most OpenML sets). The group column leaves
    the inputs, the time column stays. `drop` names columns to leave out. Raises UserError with one sentence for
    whatever the person can mend; `Dataset.notes` has a sentence for everything that was lost or guessed on the way.
    """
    table = raw_table(source)
    frame, notes = table.frame, list(table.notes)
    target = target if target is not None else table.target
    if target is None:
        raise UserError(f"Name the column to predict with --target. {did_you_mean('', frame.columns)}")
    dropped = list(drop)
    for role, wanted in [("target", target), ("group", group), ("time", time), *(("drop", each) for each in dropped)]:
        if wanted is not None and wanted not in frame.columns:
            raise UserError(f"The {role} column {wanted!r} is not in the table. {did_you_mean(wanted, frame.columns)}")
    for role, column in (("group", group), ("time", time)):
        if column == target or column in dropped:
            raise UserError(
                f"The {role} column {column!r} cannot be the target or dropped as well; name another column."
            )
    if target in dropped:
        raise UserError(f"The target {target!r} cannot be dropped; take it out of --drop.")
    if len(frame.columns) > MOST_COLUMNS:
        raise UserError(
            f"The table has {len(frame.columns)} columns; up to {MOST_COLUMNS} can be compared, so choose some."
        )
    goal = read_target(frame[target], task)
    all_raw = frame.drop(columns=[target, *dropped, *([group] if group else [])])
    inputs_raw = all_raw.iloc[goal.keep].reset_index(drop=True)
    if inputs_raw.shape[1] == 0:
        raise UserError("The table has no column left to predict from; it needs at least one besides the target.")
    inputs, schema, losses = type_table(inputs_raw)
    unlabelled = None
    if len(goal.missing) and time is None:
        unlabelled = TypedTable(schema).transform(all_raw.iloc[goal.missing].reset_index(drop=True))
        losses = (*losses, "Their inputs serve learners that train on rows without a target first (the autoencoder).")
    return Dataset(
        name=name or table.name,
        modality="tabular",
        task=goal.task,
        inputs=inputs,
        target=goal.values,
        target_name=target,
        classes=goal.classes,
        groups=_groups(frame[group].iloc[goal.keep], notes) if group else None,
        times=_times(frame[time].iloc[goal.keep]) if time else None,
        group_name=group,
        time_name=time,
        source=table.source,
        schema=schema,
        example=inputs_raw.head(EXAMPLE_ROWS),
        notes=(*notes, *goal.notes, *losses),
        unlabelled=unlabelled,
    )


def _groups(column: pd.Series, notes: list[str]) -> np.ndarray:
    """Return codes (n,) of the entities; a row without one is an entity of its own."""
    spelt = words(column)
    absent = np.flatnonzero(spelt.codes < 0)
    codes = spelt.codes.astype(np.int64)
    codes[absent] = len(spelt.levels) + np.arange(len(absent))
    if len(np.unique(codes)) < 2:
        raise UserError(f"The group column {str(column.name)!r} has one group only; at least two are needed.")
    if len(absent):
        notes.append(f"{len(absent)} rows without a group {str(column.name)!r} were taken as groups of their own.")
    return codes


def _times(column: pd.Series) -> np.ndarray:
    """Return times (n,) as float64: numbers as they are, dates in seconds since 1970."""
    name, form = str(column.name), infer(column)
    if form.kind not in ("number", "date"):
        raise UserError(f"The time column {name!r} holds neither dates nor numbers, so its rows cannot be ordered.")
    values = np.asarray(apply(form, column))
    missing = int(pd.isna(values).sum())
    if missing:
        raise UserError(
            f"The time column {name!r} is missing or unreadable in {missing} rows; fill it or remove those rows."
        )
    return values.astype(np.int64) / 1e9 if form.kind == "date" else values
