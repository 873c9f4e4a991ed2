"""What can be wrong with series before any training: numbered findings D, L and S, and the order they are told in.

D is for rows and channels, L for leaks, S for folds that would flatter. What holds for data of any kind is found by
advisor.profiling; what reading a long table found is told by long_tables (R06).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from advisor.measuring.association import held_out_skill
from advisor.modalities.sequence import values
from advisor.modalities.sequence.cells import lengths
from advisor.modalities.sequence.encode import MOST_STEPS, averaged, fill
from advisor.records import Column, Dataset, Finding, Severity
from advisor.wording import columns as named
from advisor.wording import counted, drop, have, percent, them

# From this share of the rows on copies are severe, and from this on they are more than a mention.
MANY_COPIES, SOME_COPIES = 0.1, 0.01
# Series are nearly equal where they differ by less than this part of their own deviation, at so many places.
NEARLY, PLACES, MOST_ROWS_COMPARED = 0.01, 64, 2_000
# Rows are cuts of one series where, from row to row, so large a share of them goes on where the last one ended: by no
# more than so many usual steps, or by repeating at least so many of its values.
CUTS_SHARE, STEPS_ON, VALUES_REPEATED = 0.6, 3.0, 4
# What the length of a series alone may say of the target: AUC for classes, R2 for values.
TELLING_AUC, TELLING_R2 = 0.8, 0.5


@dataclass(frozen=True)
class Survey:
    """A data set of series with what several checks want to know of it."""

    dataset: Dataset
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.dataset.target)

    @cached_property
    def steps(self) -> np.ndarray:
        """How many steps each row has, shape (n,)."""
        return lengths(self.dataset.inputs)

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes (n,) that are equal for equal rows."""
        return values.row_codes(self.dataset.inputs)


def copies(survey: Survey) -> Finding | None:
    """D01: rows whose series are equal to those of an earlier row, value by value; those without any do not count."""
    later = pd.Series(survey.codes).duplicated().to_numpy() & (survey.steps > 1)
    if not later.any():
        return None
    count, share = int(later.sum()), float(later.mean())
    return Finding(
        "D01", _severity(share),
        f"{count:,} of {survey.rows:,} rows ({percent(share)}) are exact copies of an earlier row.",
        "If they are one case recorded twice, remove the copies before comparing, or scores will be too good.",
        {"rows": count, "share": share},
    )  # fmt: skip


def constant_channels(survey: Survey) -> Finding | None:
    """D03: channels with one value in all steps of all rows, or none at all."""
    channels = {channel.name: channel for channel in survey.dataset.schema.channels}
    names = [name for name, channel in channels.items() if not channel.low < channel.high]
    if not names or len(names) == len(channels):
        return None
    return Finding(
        "D03", "info", f"{named(names)} {have(names)} one value in all steps of all rows, or none.",
        f"Nothing is lost by leaving {them(names)} out: {drop(names)}.", {"columns": names},
    )  # fmt: skip


def near_copies(survey: Survey) -> Finding | None:
    """D09: rows that are nearly equal to another one, and not equal: recorded twice, or made from one another."""
    rows = np.flatnonzero(survey.steps > 1)
    rows = rows[~pd.Series(survey.codes[rows]).duplicated().to_numpy()]
    if len(rows) > MOST_ROWS_COMPARED:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS_COMPARED, replace=False))
    if len(rows) < 2:
        return None
    shapes = _shapes(survey.dataset.inputs.iloc[rows])
    # Distances by pieces of rows: |a - b|^2 = |a|^2 + |b|^2 - 2 ab.
    squares = (shapes**2).sum(axis=1)
    own = ((shapes - shapes.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    near = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), 256):
        piece = slice(start, start + 256)
        apart = squares[piece, None] + squares - 2 * shapes[piece] @ shapes.T
        apart[np.arange(len(apart)), np.arange(start, start + len(apart))] = np.inf
        near[piece] = (apart <= NEARLY**2 * own[piece, None]).any(axis=1) & (own[piece] > 0)
    if not near.any():
        return None
    count, share = int(near.sum()), float(near.mean())
    return Finding(
        "D09", _severity(share / 2),
        f"{counted(count, 'row')} of {len(rows):,} ({percent(share)}) {'is' if count == 1 else 'are'} nearly equal to "
        "another one.",
        "If they were made from one another, keep one of each, or name with --group what tells which belong together.",
        {"rows": count, "share": share, "compared": len(rows)},
    )  # fmt: skip


def hardly_any_steps(survey: Survey) -> Finding | None:
    """D10: rows of one step, which have no shape, or of none."""
    none, one = int((survey.steps == 0).sum()), int((survey.steps == 1).sum())
    if not none + one:
        return None
    said = [f"{counted(none, 'row')} {'has' if none == 1 else 'have'} no value at all"] if none else []
    said += [f"{counted(one, 'row')} {'has' if one == 1 else 'have'} one step"] if one else []
    return Finding(
        "D10", "warning" if none + one > SOME_COPIES * survey.rows else "info", f"{' and '.join(said)}.",
        "They are learnt from as they are; leave them out if they are faults.", {"empty": none, "one_step": one},
    )  # fmt: skip


def long_series(survey: Survey) -> Finding | None:
    """D11: series of so many steps that nets and MiniRocket get means of several."""
    longest = int(survey.steps.max(initial=0))
    factor = averaged(longest)
    if factor == 1:
        return None
    return Finding(
        "D11", "info",
        f"The longest series has {longest:,} steps; nets and MiniRocket look at means of {factor} steps each.",
        f"If what matters is quicker than that, cut the series to {MOST_STEPS:,} steps that hold it.",
        {"longest": longest, "averaged": factor},
    )  # fmt: skip


def telling_length(survey: Survey) -> Finding | None:
    """L06: the number of steps alone says much of the target."""
    if len(np.unique(survey.steps)) < 2:
        return None
    classes = len(survey.dataset.classes)
    skill = held_out_skill(survey.steps.astype(np.float64), False, survey.dataset.target, classes)
    if skill < (TELLING_AUC if classes else TELLING_R2):
        return None
    measure = "AUC" if classes else "R2"
    return Finding(
        "L06", "warning", f"How long a series is says much of the target by itself ({measure} {skill:.2f}).",
        "Make sure that new series are as long when the answer is wanted; else cut all to one length.",
        {"skill": skill, "measure": measure},
    )  # fmt: skip


def cuts_of_one(survey: Survey) -> Finding | None:
    """S06: rows that go on where the one before ended, or repeat its end: cuts of one series.

    They go on where the step from row to row is no larger than steps within rows are, and much smaller than between
    rows of like targets drawn at random.
    """
    if survey.dataset.groups is not None or survey.rows < 10:
        return None
    order = np.flatnonzero(survey.steps > VALUES_REPEATED)
    repeats, goes_on = [], []
    for name in survey.dataset.inputs.columns:
        cells = [cell for cell in survey.dataset.inputs[name].iloc[order] if len(cell)]
        if len(cells) < 10:
            continue
        pairs = list(pairwise(cells))
        repeats.append(float(np.mean([_repeats(a, b) for a, b in pairs])))
        goes_on.append(_goes_on(cells))
    told = {"repeats": max(repeats, default=0.0), "goes_on": min(goes_on, default=0.0)}
    if max(told.values()) < CUTS_SHARE:
        return None
    overlapping = told["repeats"] >= CUTS_SHARE
    share = told["repeats"] if overlapping else told["goes_on"]
    how = "begin with values that the row before ended with" if overlapping else "go on where the row before ended"
    return Finding(
        "S06", "severe" if overlapping else "warning",
        f"{percent(share)} of the rows {how}: they look like cuts of one series.",
        "If new rows will be of other series, name with --group what tells which rows are of one; random folds would "
        "flatter.",
        {"share": share, "overlapping": overlapping},
    )  # fmt: skip


def _severity(share: float) -> Severity:
    return "severe" if share >= MANY_COPIES else "warning" if share >= SOME_COPIES else "info"


def _shapes(inputs: pd.DataFrame) -> np.ndarray:
    """Return rows as values at so many places of each channel, one beside the other, in units of the channel."""
    parts = []
    for name in inputs.columns:
        part = np.zeros((len(inputs), PLACES))
        for row, cell in enumerate(inputs[name]):
            if len(cell):
                part[row] = np.interp(np.linspace(0, len(cell) - 1, PLACES), np.arange(len(cell)), fill(cell))
        parts.append((part - part.mean()) / (part.std() or 1.0))
    return np.hstack(parts)


def _repeats(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether `b` begins with values that `a` ends with, and that are not all one."""
    for start in np.flatnonzero(a == b[0]):
        end = a[start:]
        both = min(len(end), len(b))
        if both >= VALUES_REPEATED and np.array_equal(end[:both], b[:both]) and np.ptp(b[:both]) > 0:
            return bool(both == len(end))
    return False


def _goes_on(cells: list[np.ndarray]) -> float:
    """Return the share of rows that go on where the one before ended, or 0 where rows drawn at random do so as well."""
    ends, starts = (np.array([fill(cell)[place] for cell in cells]) for place in (-1, 0))
    within = np.median(np.abs(np.concatenate([np.diff(fill(cell)) for cell in cells])))
    if not within:
        return 0.0
    in_order = np.mean(np.abs(starts[1:] - ends[:-1]) <= STEPS_ON * within)
    # Rows near each other in the file may be alike without being of one series; those two apart are as near.
    at_random = max(
        np.mean(np.abs(starts[2:] - ends[:-2]) <= STEPS_ON * within),
        np.mean(np.abs(starts[:-1] - ends[:-1]) <= STEPS_ON * within),
    )
    return float(in_order) if in_order >= 2 * at_random else 0.0


CHECKS: tuple[tuple[str, Callable[[Survey], Finding | None]], ...] = (
    ("D01", copies),
    ("D03", constant_channels),
    ("D09", near_copies),
    ("D10", hardly_any_steps),
    ("D11", long_series),
    ("L06", telling_length),
    ("S06", cuts_of_one),
)


def look_for_findings(dataset: Dataset, columns: tuple[Column, ...]) -> tuple[Finding, ...]:
    """Run every check on series whose channels were described, and return what was found, in the order of CHECKS."""
    survey = Survey(dataset, columns)
    return tuple(finding for _, check in CHECKS if (finding := check(survey)) is not None)
