"""Findings S01 and S02: signs that rows hang together by time or place in the table, so that random folds flatter."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from advisor.measuring.association import (
    DRIFT_AUC,
    drift_of_target,
    likeness_of_neighbours,
    likeness_of_neighbours_within,
    rank_correlation,
)
from advisor.modalities.tabular.checks.entities import words
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Finding, Severity
from advisor.wording import option, some

SORTED_SHARE = 0.995
CLEAR, ALIKE = 6.0, 0.1
NEIGHBOURS_ALIKE = 0.3

_CALENDAR = (
    frozenset({"year", "yr"}),
    frozenset({"month", "mnth", "mon"}),
    frozenset({"day", "mday", "dayofmonth"}),
    frozenset({"hour", "hr", "hh"}),
    frozenset({"minute", "min"}),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME_WORDS = frozenset(
    {"date", "time", "datetime", "timestamp", "day", "week", "month", "year", "hour", "period", "batch", "epoch"}
)
# Days of birth tell how old somebody is, not when a row was recorded.
_BIRTH = re.compile(r"birth.*|dob|born|geb|geburt.*|naissance|nacimiento|nascita|nascimento")


@dataclass(frozen=True)
class Clock:
    """What tells when a row was: the columns it is made of, its value for every row (NaN unknown), and how it orders.

    `likeness` is that of targets of neighbours in time, `drift` the AUC by which the target alone tells the first fifth
    from the last.
    """

    columns: tuple[str, ...]
    in_order: bool
    steps: int
    likeness: float
    alike: bool
    drift: float

    @property
    def matters(self) -> bool:
        """Tell whether random folds would put rows on both sides that know of each other's target."""
        return self.alike or self.drift >= DRIFT_AUC


def time_column(survey: Survey) -> Finding | None:
    """S01: a date, or a column by which the rows are in order of time, that was not named with --time.

    Severe where targets that are close in time are alike (random folds then let a model look at the answer's
    neighbours) or where the target drifts from the first fifth to the last.
    """
    found = clocks(survey) if survey.dataset.times is None else []
    if not found:
        return None
    clock = max(found, key=lambda clock: (clock.matters, clock.in_order, clock.steps))
    names = list(clock.columns)
    tell = "tell" if len(names) > 1 else "tells"
    message = f"{some(names)} {tell if clock.in_order or clock.matters else 'may tell'} when a row was recorded"
    message += ", the rows are in that order" if clock.in_order else ""
    if clock.alike:
        message += f", and targets close in time are alike ({clock.likeness:.2f} on a scale from 0, chance, to 1)"
    elif clock.matters:
        message += f", and the target drifts (AUC {clock.drift:.2f} between the first fifth and the last)"
    use = option("--time", names[0]) if len(names) == 1 else "one column joined from them with --time"
    severity: Severity = "severe" if clock.matters else "warning" if clock.in_order else "info"
    return Finding(
        "S01",
        severity,
        f"{message}.",
        f"If the model is to predict what comes later, use {use}; random folds would flatter it.",
        {
            "columns": names,
            "rows_in_order": clock.in_order,
            "likeness_of_neighbours": clock.likeness,
            "drift_auc": clock.drift,
        },
    )


def row_order(survey: Survey) -> Finding | None:
    """S02: nothing tells the time, yet neighbouring rows are alike in target and columns.

    A warning where half of the number columns are alike in neighbours of one target value, as in blocks of one origin;
    a mere mention where only the target is. Tables that are sorted by the target, or by what tells the time, are left
    out.
    """
    dataset = survey.dataset
    if dataset.times is not None or dataset.groups is not None or survey.rows < 200:
        return None
    if sorted_by_target(dataset.target, survey.class_count) or any(clock.in_order for clock in clocks(survey)):
        return None
    likeness, errors = likeness_of_neighbours(dataset.target, survey.class_count)
    blocks = _likeness_of_columns(survey) if likeness >= NEIGHBOURS_ALIKE and errors >= CLEAR else 0.0
    advice = "If the rows have a time or an origin that the table lacks, add it as a column and use --time or --group."
    evidence = {"likeness_of_neighbours": likeness, "likeness_of_columns": blocks}
    if blocks >= NEIGHBOURS_ALIKE:
        message = (
            f"Neighbouring rows are alike in their targets ({likeness:.2f} on a scale from 0, chance, to 1) "
            "and in most of their columns, as rows of one origin or in order of time are."
        )
        return Finding("S02", "warning", message, advice, evidence)
    if likeness >= ALIKE and errors >= CLEAR:
        message = f"Neighbouring rows have like targets ({likeness:.2f} on a scale from 0, chance, to 1)."
        return Finding("S02", "info", message, advice, evidence)
    return None


def clocks(survey: Survey) -> list[Clock]:
    """Return what tells the time of a row: dates, calendar parts or time-like numbers by which the rows are sorted."""
    found = []
    for column in survey.varying:
        name = column.name
        if any(map(_BIRTH.fullmatch, words(name))):
            continue
        if name in survey.dates and column.distinct >= 10 and column.missing_share < 0.5:
            found.append(_clock(survey, (name,), survey.values(name)))
        elif name not in survey.dates | survey.nominal and column.distinct >= 5 and _TIME_WORDS & set(words(name)[-1:]):
            values = survey.values(name)
            if is_sorted(values):
                found.append(_clock(survey, (name,), values))
    names, key = _calendar(survey)
    if len(names) > 1 and is_sorted(key):
        found.append(_clock(survey, names, key))
    return found


def _clock(survey: Survey, names: tuple[str, ...], values: np.ndarray) -> Clock:
    in_order = is_sorted(values)
    known = np.flatnonzero(~np.isnan(values))
    # Rows of one time are taken in random order, unless the table itself is in order of time.
    rows = known if in_order else np.random.default_rng(0).permutation(known)
    target = survey.dataset.target[rows[np.argsort(values[rows], kind="stable")]]
    likeness, errors = likeness_of_neighbours(target, survey.class_count)
    drift = drift_of_target(target, survey.class_count)
    steps = len(np.unique(values[known]))
    return Clock(names, in_order, steps, likeness, likeness >= ALIKE and errors >= CLEAR, drift)


def is_sorted(values: np.ndarray) -> bool:
    """Tell whether numbers go up, or go down, along the rows with hardly an exception; False where they do not vary."""
    known = values[~np.isnan(values)]
    if len(known) < 0.9 * len(values) or len(known) < 20 or known[0] == known[-1]:
        return False
    steps = np.diff(known)
    smooth = max((steps >= 0).mean(), (steps <= 0).mean()) >= SORTED_SHARE
    # The day of the month hardly ever goes down from one row to the next either, but starts again every month.
    return bool(smooth and abs(rank_correlation(known, np.arange(len(known), dtype=np.float64))) >= 0.95)


def _calendar(survey: Survey) -> tuple[tuple[str, ...], np.ndarray]:
    """Join columns such as year, month, day and hour to one number that grows with time; names in that order."""
    key, names = np.zeros(survey.rows), []
    for part in _CALENDAR:
        fitting = [
            column.name for column in survey.varying
            if column.kind != "text" and words(column.name) and set(words(column.name)) <= part
        ]  # fmt: skip
        for name in fitting[:1]:
            key = key * 400 + _calendar_part(survey, name)
            names.append(name)
    return tuple(names), key


def _calendar_part(survey: Survey, name: str) -> np.ndarray:
    if name not in survey.nominal:
        return survey.values(name)
    levels = [str(level).casefold()[:3] for level in survey.dataset.inputs[name].cat.categories]
    place = [float(_MONTHS.index(level)) if level in _MONTHS else np.nan for level in levels]
    return np.array([*place, np.nan])[survey.dataset.inputs[name].cat.codes.to_numpy()]


def sorted_by_target(target: np.ndarray, classes: int) -> bool:
    """Tell whether rows were put in order of their target, class by class or by value."""
    if classes:
        return int((target[1:] != target[:-1]).sum()) < max(3 * classes, 0.01 * len(target))
    steps = np.diff(target)
    return bool(max((steps >= 0).mean(), (steps <= 0).mean()) >= 0.98)


def _likeness_of_columns(survey: Survey) -> float:
    """Return the median over number columns of how alike neighbours of one target value are; 0 where there are few."""
    target = survey.sample_target
    if not survey.class_count:
        target = np.searchsorted(np.quantile(target, np.linspace(0, 1, 21)[1:-1]), target)
    alike = [
        likeness_of_neighbours_within(survey.sample_values[column.name], target.astype(np.int64))
        for column in survey.varying
        if column.name not in survey.nominal and column.kind != "id-like"
    ]
    return float(np.median(alike)) if len(alike) >= 3 else 0.0
