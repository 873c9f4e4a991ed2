"""A long table, with a row a step and a column that says whose step it is, to series."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.modalities.sequence.cells import frame_of, objects
from advisor.modalities.sequence.sources import RawSeries
from advisor.modalities.tabular import frames
from advisor.modalities.tabular.deciding import read_column
from advisor.modalities.tabular.files import RawTable, Wish, raw_table
from advisor.modalities.tabular.forms import Form, Schema, read_as
from advisor.modalities.tabular.read import type_table
from advisor.modalities.tabular.words import words
from advisor.records import Finding
from advisor.wording import columns as named
from advisor.wording import counted, percent, some

SHOWN = 5
# From this share of all steps on that are longer or shorter than the usual one by a tenth, times are irregular.
IRREGULAR_SHARE, IRREGULAR = 0.05, 0.1
# A target that has several values in more than this share of the series is no target of theirs.
MOST_WITH_TWO_TARGETS = 0.1
NUMBERS = ("number", "boolean")


@dataclass(frozen=True)
class Long:
    """How a long table was read: whose step a row is, when it was ("" where rows are in order), its columns' forms.

    `clock` is the form of the times: new ones are read by it, so that day and month do not change about.
    """

    id: str
    time: str
    schema: Schema
    clock: Form | None = None


@dataclass(frozen=True)
class LongSeries:
    """Series of a long table, and how they were read."""

    raw: RawSeries
    long: Long


def read_long(
    source: Any, id: str, time: str, beside: Collection[str], drop: Collection[str], wish: Wish, target: str | None
) -> LongSeries:
    """Read a long table; `beside` are the columns that have one value a series, `target` the one among them to predict.

    A series whose target has several values is left out, and told; UserError where many have, or a column is absent.
    """
    table = raw_table(source, wish)
    _check(table, {"series": id, "time": time}, beside, drop)
    frame = table.frame
    clock = read_column(frames.plain(frame[time]), decimal=table.decimal) if time else None
    steps = _steps(frame, id, time, None if clock is None else clock.form)
    single, double = steps.one_each(frame[list(beside)], target)
    if len(double) > MOST_WITH_TWO_TARGETS * len(steps.ids):
        raise UserError(
            f"The target {target!r} varies within {len(double):,} of {counted(len(steps.ids), 'series', 'series')}; "
            "it has to have one value in all rows of a series."
        )
    given = frame.drop(columns=[*{*beside, *drop, id, *([time] if time else [])}])
    inputs, schema, losses, findings = type_table(given, table.decimal, wish.kinds)
    kinds = {form.name: form.kind for form in schema.columns}
    channels = [name for name in inputs.columns if kinds.get(name) in NUMBERS]
    others = [name for name in inputs.columns if name not in channels]
    notes = list(table.notes)
    if others:
        one = len(others) == 1
        notes.append(
            f"{named(others)} {'holds' if one else 'hold'} no numbers and {'was' if one else 'were'} left out."
        )
    if not channels:
        raise UserError(f"The table has no column of numbers besides {some([id, *([time] if time else []), *beside])}.")
    kept = Schema(tuple(form for form in schema.columns if form.name in channels))
    cells, ids = steps.cut(inputs[channels])
    if double:
        left_out = np.isin(np.arange(len(ids)), double)
        were = "was" if len(double) == 1 else "were"
        notes.append(
            f"{len(double):,} series whose target {target!r} has several values {were} left out "
            f"({some([str(ids[place]) for place in double], SHOWN)})."
        )
        cells, single = (part[~left_out].reset_index(drop=True) for part in (cells, single))
    raw = RawSeries(
        cells, table.name, table.source, single, table.target,
        notes=(*notes, *losses, *steps.notes),
        findings=(*table.findings, *(() if clock is None else clock.findings), *findings, *steps.findings),
    )  # fmt: skip
    return LongSeries(raw, Long(id, time, kept, None if clock is None else clock.form))


def new_series(source: Any, long: Long) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read new rows of a long table as the first was read; return cells under the series' ids, and what is strange."""
    table = raw_table(source, known=(long.id, long.time, *long.schema.names))
    _check(table, {"series": long.id, "time": long.time}, (), ())
    found = {
        form.name: read_as(form, frames.plain(table.frame[form.name]))
        for form in long.schema.columns
        if form.name in table.frame.columns
    }
    if not found:
        raise UserError(f"The new rows have none of the columns {some(long.schema.names)}.")
    steps = _steps(table.frame, long.id, long.time, long.clock)
    cells, ids = steps.cut(pd.DataFrame(found))
    return cells.set_axis(ids.rename(long.id)), (
        *steps.notes, *(told.message for told in steps.findings if told.severity != "info")
    )  # fmt: skip


@dataclass(frozen=True)
class _Steps:
    """The order of the rows of a long table: `rows` are their places, series by series and in time, `codes` (rows,)
    whose they are, `doubled` tells those that have the series and time of the one before."""

    rows: np.ndarray
    codes: np.ndarray
    doubled: np.ndarray
    ids: pd.Index
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    def cut(self, inputs: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
        """Return columns of numbers as cells, a row a series, and whose they are."""
        first = np.flatnonzero(~self.doubled)
        starts = np.searchsorted(self.codes[first], np.arange(1, len(self.ids)))
        columns = {}
        for name in inputs.columns:
            values = np.asarray(inputs[name], dtype=np.float64)[self.rows]
            if self.doubled.any():
                values = pd.Series(values).groupby(np.cumsum(~self.doubled)).mean().to_numpy()
            columns[str(name)] = objects(np.split(values.astype(np.float32), starts))
        return frame_of(columns), self.ids

    def one_each(self, beside: pd.DataFrame, target: str | None) -> tuple[pd.DataFrame, list[int]]:
        """Return the first value in each series of columns that have one, and the series with several targets."""
        # A value may stand in the first row of a series alone.
        filled = beside.apply(lambda column: column.where(words(frames.plain(column)).codes >= 0))
        rows, several = filled.iloc[self.rows], []
        firsts = rows.groupby(self.codes, sort=True).first()
        for name in beside.columns:
            counts = rows[name].groupby(self.codes, sort=True).nunique()
            varying = np.flatnonzero(counts.to_numpy() > 1)
            if name == target:
                several = varying.tolist()
            elif len(varying):
                raise UserError(
                    f"The column {name!r} has several values within {counted(len(varying), 'series', 'series')}; "
                    "it has to have one in all rows of a series. What orders the steps is named by --series ID,TIME."
                )
        return firsts.reset_index(drop=True), several


def _steps(frame: pd.DataFrame, id: str, time: str, clock: Form | None) -> _Steps:
    spelt = words(frames.plain(frame[id]))
    notes, findings = [], []
    known = spelt.codes >= 0
    if not known.any():
        raise UserError(f"The column {id!r} is empty; it has to say whose step each row is.")
    if not known.all():
        notes.append(f"{counted(int((~known).sum()), 'row')} without {id!r} were left out.")
    moments = np.arange(len(frame), dtype=np.float64)
    if clock is not None:
        moments = _moments(frames.plain(frame[time]), clock)
        lost = known & np.isnan(moments)
        if lost.any():
            notes.append(f"{counted(int(lost.sum()), 'row')} without a time {time!r} that can be read were left out.")
        known &= ~lost
    rows = np.flatnonzero(known)
    # Series are in the order in which they first come up.
    codes, order = pd.factorize(spelt.codes[rows])
    ids = pd.Index([spelt.levels[code] for code in order], dtype=object)
    if time:
        unsorted = np.diff(moments[rows[np.argsort(codes, kind="stable")]]) < 0
        same = np.diff(np.sort(codes)) == 0
        findings += _about_order(time, int((unsorted & same).sum()))
    placed = np.lexsort((moments[rows], codes))
    rows, codes = rows[placed], codes[placed]
    same = np.r_[False, np.diff(codes) == 0]
    gaps = np.r_[np.nan, np.diff(moments[rows])]
    doubled = same & (gaps == 0)
    if time:
        findings += _about_times(time, doubled, gaps[same & ~doubled])
    return _Steps(rows, codes, doubled, ids, tuple(notes), tuple(findings))


def _moments(column: pd.Series, clock: Form) -> np.ndarray:
    """Return times (n,) as numbers, dates in seconds since 1970, NaN where there is none."""
    if clock.kind == "date":
        values = np.asarray(read_as(clock, column)).astype("datetime64[ns]")
        return np.where(np.isnat(values), np.nan, values.astype(np.int64) / 1e9)
    if clock.kind not in NUMBERS:
        raise UserError(
            f"The time column {str(column.name)!r} holds neither dates nor numbers, so steps have no order."
        )
    return np.asarray(read_as(clock, column), dtype=np.float64)


def _about_order(time: str, back: int) -> list[Finding]:
    if not back:
        return []
    return [
        Finding(
            "R06", "info", f"{counted(back, 'step')} of the series {'goes' if back == 1 else 'go'} back in time "
            f"{time!r}; each series was sorted by it.", "Make sure that this was meant.", {"steps": back},
        )
    ]  # fmt: skip


def _about_times(time: str, doubled: np.ndarray, gaps: np.ndarray) -> list[Finding]:
    """Tell of rows that have the series and time of another, and of times that are irregular."""
    told = []
    if doubled.any():
        told.append(Finding(
            "R06", "warning", f"{counted(int(doubled.sum()), 'row')} {'has' if doubled.sum() == 1 else 'have'} the "
            f"series and the time {time!r} of another; their means were taken.",
            "See which of them is right, and leave the others out.", {"rows": int(doubled.sum())},
        ))  # fmt: skip
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    odd = float((np.abs(gaps - usual) > IRREGULAR * usual).mean()) if len(gaps) else 0.0
    if odd > IRREGULAR_SHARE:
        told.append(Finding(
            "R06", "warning", f"{percent(odd)} of the steps are longer or shorter in {time!r} than the usual "
            f"{usual:,.4g}; the series were read as if all were alike.",
            "Where the time between steps matters, give it as a column of its own, or bring the series to even steps.",
            {"share": odd, "usual_step": usual},
        ))  # fmt: skip
    return told


def _check(table: RawTable, roles: Mapping[str, str], beside: Collection[str], drop: Collection[str]) -> None:
    known = list(table.frame.columns)
    asked = [*roles.items(), *(("named", name) for name in beside), *(("drop", name) for name in drop)]
    for role, name in asked:
        if name and name not in known:
            raise UserError(f"The {role} column {name!r} is not in the table. {did_you_mean(name, known)}")
    twice = {name for name in roles.values() if name in {*beside, *drop}}
    if twice or roles["series"] == roles["time"]:
        name = next(iter(twice), roles["series"])
        raise UserError(f"The column {name!r} cannot have two roles; name another for one of them.")
