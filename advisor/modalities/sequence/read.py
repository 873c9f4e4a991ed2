"""Any source of series to a Dataset; whatever is lost or guessed on the way leaves a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.modalities.sequence.cells import EMPTY, lengths, typed
from advisor.modalities.sequence.long_tables import Long, LongSeries, read_long
from advisor.modalities.sequence.sources import RawSeries, doubtful_shape, raw_series
from advisor.modalities.tabular import frames
from advisor.modalities.tabular.joined import column_of, is_target
from advisor.modalities.tabular.read import EXAMPLE_ROWS, groups_of, times_of, wish_of
from advisor.modalities.tabular.target import read_target
from advisor.records import Dataset
from advisor.wording import counted, shortened, some


@dataclass(frozen=True)
class Channel:
    """What is remembered of a channel: where its values lay, and the share of rows without any."""

    name: str
    low: float
    high: float
    absent: float


@dataclass(frozen=True)
class SeriesSchema:
    """What is needed to read new rows as the first were: channels, the longest series, and a long table's columns."""

    channels: tuple[Channel, ...]
    longest: int
    long: Long | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the channels."""
        return tuple(channel.name for channel in self.channels)


def read(
    source: Any,
    target: Any = None,
    task: str = "auto",
    group: Any = None,
    time: Any = None,
    drop: Iterable[Any] = (),
    name: str | None = None,
    series: str | Sequence[str] | None = None,
    read_as: Mapping[Any, str] | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
) -> Dataset:
    """Read `source` into a Dataset of modality 'sequence'.

    `target` is the name of what a source says of each series (a file's labels need none), or the target itself.
    `series` names the columns of a long table that say whose step a row is and when it was (the latter may be left
    out); the other options are those of a table. `drop` leaves channels out. Raises UserError with one sentence for
    whatever the person can mend; `Dataset.notes` and `findings` tell everything that was lost or guessed on the way.
    """
    own = target if is_target(target) else None
    goal = None if target is None or own is not None else frames.name_of(target)
    group, time = (None if each is None else frames.name_of(each) for each in (group, time))
    left_out = [frames.name_of(each) for each in drop]
    found = _found(source, series, [goal, group, time], left_out, goal, read_as, decimal, encoding, header, sheet)
    raw = found.raw if isinstance(found, LongSeries) else found
    raw, goal = _with_target(raw, goal, own)
    for role, wanted in (("target", goal), ("group", group), ("time", time)):
        if wanted is not None and wanted not in raw.beside.columns:
            raise UserError(
                f"The source says nothing called {shortened(wanted)!r} ({role}) of its series. "
                f"{did_you_mean(wanted, raw.beside.columns)}".strip()
            )
    if series is None and (absent := [each for each in left_out if each not in raw.channels]):
        raise UserError(
            f"There is no channel {shortened(absent[0])!r} to drop. {did_you_mean(absent[0], raw.channels.columns)}"
        )
    cells = raw.channels.drop(columns=[each for each in left_out if each in raw.channels])
    if not cells.shape[1]:
        raise UserError("The series have no channel left to predict from; leave one out of --drop.")
    asked = raw.task if task == "auto" and raw.task else task
    learnt = read_target(frames.plain(raw.beside[goal]), asked)
    cells = cells.iloc[learnt.keep].reset_index(drop=True)
    beside = raw.beside.iloc[learnt.keep].reset_index(drop=True)
    rows = typed(cells)
    notes = [*raw.notes, *learnt.notes, *_losses(rows.filled, rows.unreadable)]
    doubt = doubtful_shape(raw.channels)
    return Dataset(
        name=name or raw.name,
        modality="sequence",
        task=learnt.task,
        inputs=rows.frame,
        target=learnt.values,
        target_name=str(goal),
        classes=learnt.classes,
        groups=groups_of(frames.plain(beside[group]), notes) if group else None,
        times=times_of(frames.plain(beside[time]), decimal, None) if time else None,
        group_name=group,
        time_name=time,
        source=raw.source,
        schema=schema_of(rows.frame, found.long if isinstance(found, LongSeries) else None),
        example=cells.head(EXAMPLE_ROWS),
        notes=tuple(notes),
        findings=(*raw.findings, *learnt.findings, *([doubt] if doubt else [])),
    )


def schema_of(inputs: pd.DataFrame, long: Long | None = None) -> SeriesSchema:
    """Return what is to be remembered of typed rows."""
    found = []
    for name in inputs.columns:
        values = np.concatenate([EMPTY, *inputs[name]])
        known = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (np.inf, -np.inf)
        found.append(Channel(str(name), low, high, float(np.mean([not len(cell) for cell in inputs[name]]))))
    return SeriesSchema(tuple(found), int(lengths(inputs).max(initial=0)), long)


def id_and_time(series: str | Sequence[str]) -> tuple[str, str]:
    """Return the names of the two columns, the second "" where rows are in order; raises UserError for anything else.

    >>> id_and_time("patient"), id_and_time(["patient", "day"])
    (('patient', ''), ('patient', 'day'))
    """
    names = [series] if isinstance(series, str) else [frames.name_of(each) for each in series]
    if not 1 <= len(names) <= 2 or not all(names):
        raise UserError(
            f"--series names one column, whose step each row is, or two, that and when it was, and not {some(names)}."
        )
    return names[0], names[1] if len(names) > 1 else ""


def _found(
    source: Any,
    series: str | Sequence[str] | None,
    roles: Sequence[str | None],
    drop: Sequence[str],
    target: str | None,
    read_as: Any,
    decimal: Any,
    encoding: Any,
    header: Any,
    sheet: Any,
) -> RawSeries | LongSeries:
    wish = wish_of(read_as, decimal, encoding, header, sheet)
    if series is None:
        return raw_series(source, target)
    if target is None:
        raise UserError("Name the column to predict with --target; it has one value in all rows of a series.")
    beside = list(dict.fromkeys(role for role in roles if role is not None))
    return read_long(source, *id_and_time(series), beside, drop, wish, target)


def _with_target(raw: RawSeries, goal: str | None, own: Any) -> tuple[RawSeries, str]:
    """Return the series with what is to be predicted beside them, and its name."""
    if own is not None:
        values = column_of(own)
        if len(values) != len(raw.channels):
            raise UserError(f"There are {len(raw.channels)} series and {len(values)} targets; they must be as many.")
        name = "target" if values.name is None else frames.name_of(values.name)
        return replace(raw, beside=raw.beside.assign(**{name: values.to_numpy()})), name
    if goal is None and raw.target is None:
        known = f" {did_you_mean('', raw.beside.columns)}" if raw.beside.shape[1] else ""
        raise UserError(f"The series have no labels of their own; name what to predict with --target.{known}")
    if goal is None and raw.target is not None:
        goal = raw.target
    if goal in raw.channels.columns and goal not in raw.beside.columns:
        # A frame of cells may have the target among its columns.
        beside = raw.beside.assign(**{str(goal): raw.channels[goal].to_numpy()})
        raw = replace(raw, beside=beside, channels=raw.channels.drop(columns=[goal]))
    return raw, str(goal)


def _losses(filled: int, unreadable: int) -> list[str]:
    told = []
    if filled:
        told.append(
            f"{counted(filled, 'series', 'series')} {'ends' if filled == 1 else 'end'} with gaps in all channels, "
            "which were taken for the end of the series."
        )
    if unreadable:
        told.append(f"{counted(unreadable, 'value')} of series that no number can be read from were taken for gaps.")
    return told
