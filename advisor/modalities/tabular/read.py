"""Any source to a Dataset; whatever is lost or guessed on the way leaves a note, and nothing leaves silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular import forms, frames
from advisor.modalities.tabular.deciding import READABLE, Read, read_column, remembered
from advisor.modalities.tabular.doubts import spelt_alike
from advisor.modalities.tabular.files import RawTable, Wish, raw_table
from advisor.modalities.tabular.forms import Schema
from advisor.modalities.tabular.joined import is_target, joined
from advisor.modalities.tabular.layout import MOST_COLUMNS
from advisor.modalities.tabular.target import read_target
from advisor.modalities.tabular.words import words
from advisor.records import Dataset, Finding
from advisor.wording import shortened, some

EXAMPLE_ROWS = 5
# From so many cells on columns are read by several threads.
FEWEST_CELLS_SHARED = 1_000_000
SHOWN = 5


def read(
    source: Any,
    target: Any = None,
    task: str = "auto",
    group: Any = None,
    time: Any = None,
    drop: Iterable[Any] = (),
    name: str | None = None,
    read_as: Mapping[Any, str] | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
) -> Dataset:
    """Read `source` into a Dataset of modality 'tabular'.

    `target` is the name of a column, or the target itself; it may be left out where the source knows its own (the
    catalogue, most OpenML sets). The group column leaves the inputs, the time column stays. `drop` names columns to
    leave out. `read_as` says of columns what they are ("number", "category", "date" or "text"); `decimal`, `encoding`,
    `header` and `sheet` say how a file is written (see `files.Wish`). Raises UserError with one sentence for whatever
    the person can mend; `Dataset.notes` and `Dataset.findings` tell everything that was lost or guessed on the way.
    """
    if is_target(target):
        source, target = joined(source, target)
    wish = wish_of(read_as, decimal, encoding, header, sheet)
    _of_type(str, task=task, name=name)
    table = raw_table(source, wish)
    frame, notes, asked = table.frame, list(table.notes), wish.kinds
    goal_name = frames.name_of(target) if target is not None else table.target
    if goal_name is None:
        raise UserError(f"Name the column to predict with --target. {did_you_mean('', frame.columns)}")
    dropped = [frames.name_of(each) for each in drop]
    group, time = (None if each is None else frames.name_of(each) for each in (group, time))
    _check_roles(table, goal_name, group, time, dropped, asked)
    goal = read_target(frames.plain(frame[goal_name]), task, decimal=table.decimal, asked=asked.get(goal_name))
    all_raw = frame.drop(columns=[goal_name, *dropped, *([group] if group else [])])
    inputs_raw = all_raw
    if len(goal.keep) < len(frame):
        inputs_raw = all_raw.iloc[goal.keep].reset_index(drop=True)
    if inputs_raw.shape[1] == 0:
        raise UserError("The table has no column left to predict from; it needs at least one besides the target.")
    inputs, schema, losses, findings = type_table(inputs_raw, table.decimal, asked)
    unlabelled = None
    if len(goal.missing) and time is None:
        unlabelled = _unlabelled(all_raw.iloc[goal.missing].reset_index(drop=True), schema, inputs)
    groups = groups_of(frames.plain(frame[group]).iloc[goal.keep], notes) if group else None
    if groups is not None and goal.classes and _learnable(goal.values, groups) < 2:
        raise UserError(
            f"Of the classes of {goal_name!r} fewer than two come up in more than one group of {group!r}, so that no "
            "fold could learn what it is judged on; name another --group, or leave it out."
        )
    if unlabelled is not None:
        rows = (
            "Their inputs serve" if len(unlabelled) == len(goal.missing) else f"The inputs of {len(unlabelled):,} serve"
        )
        losses = (*losses, f"{rows} learners that train on rows without a target first (the autoencoder).")
    return Dataset(
        name=name or table.name,
        modality="tabular",
        task=goal.task,
        inputs=inputs,
        target=goal.values,
        target_name=goal_name,
        classes=goal.classes,
        groups=groups,
        times=times_of(frames.plain(frame[time]).iloc[goal.keep], table.decimal, asked.get(time)) if time else None,
        group_name=group,
        time_name=time,
        source=table.source,
        schema=schema,
        example=inputs_raw.head(EXAMPLE_ROWS),
        notes=(*notes, *goal.notes, *losses),
        findings=(*table.findings, *goal.findings, *findings),
        unlabelled=unlabelled,
    )


def _unlabelled(rows: pd.DataFrame, schema: Schema, labelled: pd.DataFrame) -> pd.DataFrame | None:
    """Read rows without a target; those with hardly a cell are notes of somebody's, and no rows of the table."""
    typed = pd.DataFrame({form.name: forms.read_as(form, frames.plain(rows[form.name])) for form in schema.columns})
    enough = typed.notna().mean(axis=1) >= labelled.notna().to_numpy().mean() / 2
    return typed[enough].reset_index(drop=True) if enough.any() else None


def type_table(
    frame: pd.DataFrame, decimal: str | None = None, asked: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, Schema, tuple[str, ...], tuple[Finding, ...]]:
    """Read every column of `frame` (unique string names); return inputs, schema, a sentence for each loss, findings.

    The inputs have a RangeIndex and the columns of `frame` in order; time is linear in the number of cells.
    """
    losses: dict[str, list[str]] = {}
    # It is Arrow and NumPy who do the work, beside each other.
    with ThreadPoolExecutor(None if frame.size >= FEWEST_CELLS_SHARED else 1) as pool:

        def read_one(name: str) -> Read:
            return read_column(frames.plain(frame[name]), decimal=decimal, asked=(asked or {}).get(name))

        found = dict(zip(frame.columns, pool.map(read_one, frame.columns), strict=True))
        orders = {order for order, sure in (one.order for one in found.values()) if order and sure}
        if len(orders) == 1:
            # Who writes the day first in one column does so in all.
            for name in [name for name, one in found.items() if one.order[0] not in orders | {""} and not one.order[1]]:
                found[name] = read_column(frames.plain(frame[name]), decimal=decimal, first=next(iter(orders)))
        schema = Schema(tuple(pool.map(remembered, found.values())))
    for name, one in found.items():
        for loss in one.notes:
            losses.setdefault(loss, []).append(name)
    values = {name: one.values for name, one in found.items()}
    inputs = pd.DataFrame(values, index=pd.RangeIndex(len(frame)), copy=False)
    told = tuple(f"{loss} in {some(names, SHOWN)}." for loss, names in losses.items())
    findings = tuple(finding for one in found.values() for finding in one.findings)
    return inputs, schema, told, findings


def wish_of(
    read_as: Mapping[Any, str] | None, decimal: str | None, encoding: str | None, header: int | None, sheet: str | None
) -> Wish:
    """Return what somebody has said of how a source is to be read; raises UserError where it says nothing known."""
    if read_as is not None and not isinstance(read_as, Mapping):
        raise UserError(f"read_as says of columns what they are, as in {{'zip': 'category'}}; {read_as!r} does not.")
    _of_type(str, decimal=decimal, encoding=encoding, sheet=sheet)
    _of_type(int, header=header)
    if decimal not in (None, ".", ","):
        raise UserError(f"--decimal is '.' or ',', not {decimal!r}.")
    asked = {frames.name_of(column): kind for column, kind in (read_as or {}).items()}
    for column, kind in asked.items():
        if kind not in READABLE:
            raise UserError(f"--read {column}={kind} says no kind that is known. {did_you_mean(str(kind), READABLE)}")
    return Wish(asked, decimal, encoding, header, sheet)


def _of_type(kind: type, **options: Any) -> None:
    for option, value in options.items():
        if value is not None and not isinstance(value, kind):
            raise UserError(f"{option} is a {'text' if kind is str else 'whole number'}, not {shortened(repr(value))}.")


def _check_roles(
    table: RawTable, target: str, group: str | None, time: str | None, dropped: Sequence[str], asked: Iterable[str]
) -> None:
    """Refuse columns that are not there, have two roles, or are more than can be compared."""
    known = table.frame.columns
    # What the source has besides, or what was guessed of its letters, may be why a name is not found.
    hint = table.unread or next((f"{told.message} {told.advice}" for told in table.findings if told.code == "R05"), "")
    roles = [("target", target), ("group", group), ("time", time), *(("drop", each) for each in dropped),
             *(("read", each) for each in asked)]  # fmt: skip
    for role, wanted in roles:
        if wanted is not None and wanted not in known:
            missing = f"The {role} column {shortened(wanted)!r} is not in the table."
            raise UserError(f"{missing} {did_you_mean(wanted, known)} {hint}".strip())
    for told in table.findings:
        # A program that can compute it has the target.
        if "formulas" in told.evidence and told.evidence["column"] == target and table.frame[target].isna().all():
            raise UserError(f"{told.message} {told.advice}")
    for role, column in (("group", group), ("time", time)):
        if column is not None and (column == target or column in dropped):
            raise UserError(
                f"The {role} column {column!r} cannot be the target or dropped as well; name another column."
            )
    if group is not None and group == time:
        raise UserError(f"The column {group!r} cannot be group and time at once; name another column for one of them.")
    if target in dropped:
        raise UserError(f"The target {target!r} cannot be dropped; take it out of --drop.")
    if len(known) > MOST_COLUMNS:
        raise UserError(f"The table has {len(known)} columns; up to {MOST_COLUMNS} can be compared, so choose some.")


def groups_of(column: pd.Series, notes: list[str]) -> np.ndarray:
    """Return codes (n,) of the entities; a row without one is an entity of its own."""
    spelt = words(column)
    absent = np.flatnonzero(spelt.codes < 0)
    codes = spelt.codes.astype(np.int64)
    codes[absent] = len(spelt.levels) + np.arange(len(absent))
    if len(np.unique(codes)) < 2:
        raise UserError(f"The group column {str(column.name)!r} has one group only; at least two are needed.")
    if alike := spelt_alike(spelt.levels):
        shown = some([spelt.levels[place] for place in alike[0]], SHOWN)
        notes.append(f"Groups of {str(column.name)!r} that differ in capitals alone are different ones, as {shown}.")
    if len(absent):
        notes.append(f"{len(absent)} rows without a group {str(column.name)!r} were taken as groups of their own.")
    return codes


def _learnable(target: np.ndarray, groups: np.ndarray) -> int:
    """Count the classes, of codes (n,), that lie in two groups or more: when one is tested on they can be learnt."""
    pairs = np.unique(np.column_stack([target.astype(np.int64), groups]), axis=0)
    return int((np.bincount(pairs[:, 0]) > 1).sum())


def times_of(column: pd.Series, decimal: str | None, asked: str | None) -> np.ndarray:
    """Return times (n,) as float64: numbers as they are, dates in seconds since 1970."""
    name, read = str(column.name), read_column(column, decimal=decimal, asked=asked)
    form, values = read.form, np.asarray(read.values)
    if form.kind not in ("number", "date"):
        raise UserError(f"The time column {name!r} holds neither dates nor numbers, so its rows cannot be ordered.")
    missing = int(pd.isna(values).sum())
    if missing:
        raise UserError(
            f"The time column {name!r} is missing or unreadable in {missing} rows; fill it or remove those rows."
        )
    return values.astype(np.int64) / 1e9 if form.kind == "date" else values
