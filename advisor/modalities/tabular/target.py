"""The target column: what is to be predicted, as codes or numbers, or a sentence that says why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from advisor.contracts import TASKS
from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular import doubts
from advisor.modalities.tabular.deciding import Read, read_column
from advisor.modalities.tabular.words import Words, words, words_of
from advisor.records import Finding, Task
from advisor.wording import counted, shortened, some

FEWEST_ROWS = 20
FEWEST_ROWS_PER_CLASS = 3
MOST_CLASSES = 200
# Predictions are kept in 32 bits; learners were tried with targets of 1e24 and erred as with those of 1.
LARGEST = 1e30
FEW_WHOLE_NUMBERS = 20
MOST_GAPLESS_CODES = 30
# Counts have so many values at least, of which the largest is so much rarer than the commonest.
FEWEST_COUNTED, LAST_COUNTED = 6, 0.1
SHOWN = 3
SPELLINGS = "differ only in how they are written"


@dataclass(frozen=True)
class Target:
    """A target ready for training: `values` are codes into `classes` or float64, `keep` their rows in the table.

    `missing` are the rows without a target; those of classes that are too rare are neither here nor there.
    """

    task: Task
    values: np.ndarray
    keep: np.ndarray
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    missing: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def read_target(
    column: pd.Series, task: str = "auto", *, decimal: str | None = None, asked: str | None = None
) -> Target:
    """Decide the task and return the usable target values.

    `auto` calls texts, categories and booleans classes, and so numbers with two values at most, and whole numbers
    that look like codes (`looks_coded`) and not like counts (`looks_counted`); everything else is regression. Rows
    without a target are left out with a note, and so are the rows of classes with fewer than 3. Labels keep the text of
    the source ('1', not '1.0') and are sorted as text; spellings that differ in capitals, blanks or a full
    stop alone are one.
    `decimal` and `asked` are as in `deciding.read_column`. Raises UserError for an unknown task and for a target that
    cannot be learnt as stated.
    """
    if task not in ("auto", *TASKS):
        raise UserError(f"No task is called {shortened(str(task))!r}. {did_you_mean(str(task), ('auto', *TASKS))}")
    name = shortened(str(column.name))
    read = read_column(column, decimal=decimal, asked=asked)
    if read.form.kind == "tick":  # nobody knows of a target that is not there
        read = read_column(column, decimal=decimal, asked="category")
    kind = read.form.kind
    if kind == "date":
        raise UserError(f"The target {name!r} holds dates; predict a number instead, such as the days until then.")
    if pd.api.types.is_numeric_dtype(column.dtype) and np.isinf(column.to_numpy(float, na_value=np.nan)).any():
        raise UserError(f"The target {name!r} holds infinite values; replace them by numbers, or remove those rows.")
    usable = ~pd.isna(read.values)
    keep, missing = np.flatnonzero(usable), np.flatnonzero(~usable)
    notes = [*_about_missing(name, len(column), len(keep)), *(f"{loss} in {name!r}." for loss in read.notes)]
    coded = kind == "number" and _as_classes(np.asarray(read.values)[keep])
    chosen = ("classes" if coded or kind != "number" else "regression") if task == "auto" else task
    merged: tuple[Finding, ...] = ()
    if chosen == "regression":
        target = _amounts(name, read, keep, notes)
    else:
        told = words_of(read.values) if isinstance(read.values, pd.Categorical) else words(column)
        several = _of_one_truth(told, read) if kind == "boolean" else doubts.spelt_alike(told.levels)
        spelt, merged = _one_spelling(name, told, several, sure=kind == "boolean")
        target = _classes(name, spelt, keep, notes, coded=kind == "number", doubts=read.findings)
        if task == "binary" and len(target.classes) != 2:
            raise UserError(f"The target {name!r} has {len(target.classes)} classes, not two; use --task multiclass.")
    own = tuple(finding for finding in read.findings if "spellings" not in finding.evidence)
    findings = (*own, *merged, *_counted(name, read, keep, task, chosen))
    return replace(target, missing=missing, findings=findings)


def _of_one_truth(spelt: Words, read: Read) -> list[list[int]]:
    """Return the places of words that mean yes, and of those that mean no, where there are several of one."""
    truth = np.full(len(spelt.levels), np.nan)
    truth[spelt.codes[spelt.codes >= 0]] = np.asarray(read.values)[spelt.codes >= 0]
    groups = [np.flatnonzero(truth == value).tolist() for value in (0.0, 1.0)]
    return [places for places in groups if len(places) > 1]


def _one_spelling(
    name: str, spelt: Words, several: list[list[int]], *, sure: bool
) -> tuple[Words, tuple[Finding, ...]]:
    """Join texts that mean one thing, and tell of it; unless that is `sure` letters may be codes, and stay apart."""
    together = {place for places in several for place in places}
    if not several or len(spelt.levels) - len(together) + len(several) > MOST_CLASSES:
        return spelt, ()
    counts = spelt.counts
    first = [spelt.levels[place] for place in several[0]]
    if not sure and any(len(spelt.levels[places[0]].strip()) < 2 for places in several):
        return spelt, (
            Finding("R02", "warning", f"The target {name!r} has classes that differ in capitals alone, "
                    f"{some(first, SHOWN)}. They were taken for different ones.",
                    "Write them alike if they are one.", {"spellings": first}),
        )  # fmt: skip
    place_of: dict[int, int] = {}
    levels: list[str] = []
    for places in (*several, *([place] for place in range(len(spelt.levels)) if place not in together)):
        levels.append(spelt.levels[max(places, key=lambda place: counts[place])])
        place_of |= dict.fromkeys(places, len(levels) - 1)
    codes = np.append([place_of[place] for place in range(len(spelt.levels))], -1)[spelt.codes]
    shown = ", and ".join(some([spelt.levels[place] for place in places], SHOWN) for places in several[:SHOWN])
    finding = Finding(
        "R02", "warning",
        f"The target {name!r} has classes that {'mean one thing' if sure else SPELLINGS}, "
        f"{shown}. They were taken for one.",
        "If they are different ones, write them so that they differ in more.", {"spellings": first},
    )  # fmt: skip
    return Words(codes, tuple(levels)), (finding,)


def _counted(name: str, read: Read, keep: np.ndarray, task: str, chosen: str) -> tuple[Finding, ...]:
    """Tell of whole numbers that may be codes of classes or amounts, where nobody has said which."""
    values = np.asarray(read.values)[keep] if read.form.kind == "number" else np.empty(0)
    if task != "auto" or not len(values) or not looks_coded(values) or len(np.unique(values)) <= 2:
        return ()
    taken, other = (
        ("amounts, such as counts", "multiclass") if chosen == "regression" else ("codes of classes", "regression")
    )
    return (
        Finding(
            "R02", "info",
            f"The whole numbers of the target {name!r} can be read in two ways: as codes of classes or as amounts. "
            f"They were read as {taken}.",
            f"If that is wrong, say --task {other}.",
            {"taken": chosen, "other": other, "values": len(np.unique(values))},
        ),
    )  # fmt: skip


def looks_coded(values: np.ndarray) -> bool:
    """Tell whether whole numbers (n,) look like codes of classes rather than amounts.

    They do where there are at most 20 distinct ones that fill at least half of their range, or at most 30 that start
    at 0 or 1 and leave no gap, as codes do and counts seldom; and where a value has 20 rows on average, so that the
    guess can be checked.
    """
    distinct = np.unique(values)
    if len(distinct) == 0 or (distinct % 1 != 0).any() or len(distinct) > 0.05 * len(values):
        return False
    filled = len(distinct) / (distinct[-1] - distinct[0] + 1)
    gapless = filled == 1 and distinct[0] in (0, 1) and len(distinct) <= MOST_GAPLESS_CODES
    return bool(gapless or (len(distinct) <= FEW_WHOLE_NUMBERS and filled >= 0.5))


def looks_counted(values: np.ndarray) -> bool:
    """Tell whether whole numbers (n,) look like counts: how often each occurs rises to one peak and falls to next to
    nothing, as codes of classes hardly ever do.

    A rise after the peak, or a fall before it, is allowed for as far as two standard deviations of its own counting.
    """
    found, counts = np.unique(values, return_counts=True)
    if len(found) < FEWEST_COUNTED or found[0] < 0 or (found % 1).any():
        return False
    peak = int(np.argmax(counts))
    slack = 2 * np.sqrt(counts[:-1] + counts[1:])
    steps = np.diff(counts)
    unimodal = bool((steps[:peak] >= -slack[:peak]).all() and (steps[peak:] <= slack[peak:]).all())
    return unimodal and bool(counts[-1] <= LAST_COUNTED * counts[peak])


def _as_classes(values: np.ndarray) -> bool:
    return len(np.unique(values)) <= 2 or (looks_coded(values) and not looks_counted(values))


def _about_missing(name: str, rows: int, kept: int) -> list[str]:
    if kept == 0:
        raise UserError(f"The target {name!r} is missing in every row; name another column with --target.")
    if kept < FEWEST_ROWS:
        raise UserError(
            f"Too few rows have a target, {kept} in all; at least {FEWEST_ROWS} are needed to compare anything."
        )
    lost = rows - kept
    return (
        [f"{counted(lost, 'row')} without a target {name!r} {'was' if lost == 1 else 'were'} left out."] if lost else []
    )


def _amounts(name: str, read: Read, keep: np.ndarray, notes: list[str]) -> Target:
    if read.form.kind in ("category", "text"):
        raise UserError(
            f"The target {name!r} holds texts, not numbers; use --task binary or multiclass, or clean the column."
        )
    kept = np.asarray(read.values, dtype=np.float64)[keep]
    if np.ptp(kept) == 0:
        raise UserError(f"The target {name!r} has one value, {kept[0]:g}, in every row; there is nothing to predict.")
    largest = float(np.abs(kept).max())
    if not 1 / LARGEST < largest < LARGEST:
        size, way = ("large", "divide") if largest > 1 else ("small", "multiply")
        raise UserError(
            f"The target {name!r} has values as {size} as {largest:.0e}, which learners cannot count with; {way} it by "
            "a constant, or predict its logarithm."
        )
    return Target("regression", kept, keep, (), tuple(notes))


def _classes(
    name: str, spelt: Words, keep: np.ndarray, notes: list[str], *, coded: bool, doubts: Sequence[Finding]
) -> Target:
    codes, labels = spelt.codes, np.array(spelt.levels, dtype=object)
    counts = np.bincount(codes[keep], minlength=len(labels))
    found = int((counts > 0).sum())
    if found == 1:
        gaps = " If an empty cell means that it is not so, write that there." if len(keep) < len(spelt.codes) else ""
        raise UserError(f"The target {name!r} has one class, {labels[counts > 0][0]!r}; at least two are needed.{gaps}")
    nearly = next((finding for finding in doubts if finding.code == "R03"), None)
    if nearly is not None and (found > MOST_CLASSES or found > len(keep) / 5):
        said = nearly.message.split(". ")[0]
        raise UserError(f"{said}, and as {found} classes they are too many to learn. {nearly.advice}")
    if found > 0.9 * len(keep):
        raise UserError(
            f"The target {name!r} looks like an identifier: nearly every row has its own value; name another column."
        )
    if found > MOST_CLASSES or found > len(keep) / 5:
        way = "use --task regression" if coded else "group them into fewer"
        raise UserError(f"The target {name!r} has {found} classes in {len(keep)} rows, too many to learn; {way}.")
    frequent = counts >= FEWEST_ROWS_PER_CLASS
    if frequent.sum() < 2:
        raise UserError(f"The target {name!r} has fewer than two classes with at least {FEWEST_ROWS_PER_CLASS} rows.")
    rare = labels[(counts > 0) & ~frequent]
    kept = keep[frequent[codes[keep]]]
    if len(rare):
        notes = [
            *notes,
            f"Classes with fewer than {FEWEST_ROWS_PER_CLASS} rows cannot be tested; {len(keep) - len(kept)} "
            f"rows of {len(rare)} such classes were left out ({some(sorted(rare), 5)}).",
        ]
    classes = sorted(labels[frequent])
    rank = {label: code for code, label in enumerate(classes)}
    values = np.array([rank.get(label, -1) for label in labels], dtype=np.int64)[codes[kept]]
    return Target("binary" if len(classes) == 2 else "multiclass", values, kept, tuple(classes), tuple(notes))
