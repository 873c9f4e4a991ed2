"""The target column: what is to be predicted, as codes or numbers, or a sentence that says why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from advisor.contracts import TASKS
from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular.types import apply, infer, words
from advisor.records import Task
from advisor.wording import some

FEWEST_ROWS = 20
FEWEST_ROWS_PER_CLASS = 3
MOST_CLASSES = 200
FEW_WHOLE_NUMBERS = 20
MOST_GAPLESS_CODES = 30


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
    missing: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def read_target(column: pd.Series, task: str = "auto") -> Target:
    """Decide the task and return the usable target values.

    `auto` calls texts, categories and booleans classes, and so numbers with two values at most, and whole numbers
    that look like codes (`looks_coded`); everything else is regression. Rows without a target are left out with a
    note, and so are the rows of classes with fewer than 3. Labels keep the text of the source ('1', not '1.0') and
    are sorted as text. Raises UserError for an unknown task and for a target that cannot be learnt as stated.
    """
    if task not in ("auto", *TASKS):
        raise UserError(f"No task is called {task!r}. {did_you_mean(task, ('auto', *TASKS))}")
    name = str(column.name)
    spelt = words(column)
    form = infer(column, spelt)
    if form.kind == "date":
        raise UserError(f"The target {name!r} holds dates; predict a number instead, such as the days until then.")
    values = np.asarray(apply(form, column, spelt)) if form.kind == "number" else np.empty(0)
    infinite = (
        form.kind == "number"
        and pd.api.types.is_numeric_dtype(column.dtype)
        and bool(np.isinf(column.to_numpy(float, na_value=np.nan)).any())
    )
    if infinite:
        raise UserError(f"The target {name!r} holds infinite values; replace them by numbers, or remove those rows.")
    keep = np.flatnonzero(~np.isnan(values)) if form.kind == "number" else np.flatnonzero(spelt.codes >= 0)
    notes = _about_missing(name, len(column), len(keep))
    missing = np.delete(np.arange(len(column)), keep)
    chosen: str = task
    if task == "auto":
        chosen = "regression" if form.kind == "number" and not _as_classes(values[keep]) else "classes"
    if chosen == "regression":
        return replace(_amounts(name, np.asarray(apply(form, column, spelt)), form.kind, keep, notes), missing=missing)
    target = _classes(name, spelt.codes, np.array(spelt.levels, dtype=object), keep, notes, coded=form.kind == "number")
    if task == "binary" and len(target.classes) != 2:
        raise UserError(f"The target {name!r} has {len(target.classes)} classes, not two; use --task multiclass.")
    return replace(target, missing=missing)


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


def _as_classes(values: np.ndarray) -> bool:
    return len(np.unique(values)) <= 2 or looks_coded(values)


def _about_missing(name: str, rows: int, kept: int) -> list[str]:
    if kept == 0:
        raise UserError(f"The target {name!r} is missing in every row; name another column with --target.")
    if kept < FEWEST_ROWS:
        raise UserError(
            f"Too few rows have a target, {kept} in all; at least {FEWEST_ROWS} are needed to compare anything."
        )
    return [f"{rows - kept} rows without a target {name!r} were left out."] if kept < rows else []


def _amounts(name: str, values: np.ndarray, kind: str, keep: np.ndarray, notes: list[str]) -> Target:
    if kind == "category":
        raise UserError(
            f"The target {name!r} holds texts, not numbers; use --task binary or multiclass, or clean the column."
        )
    kept = values[keep].astype(np.float64)
    if np.ptp(kept) == 0:
        raise UserError(f"The target {name!r} has one value, {kept[0]:g}, in every row; there is nothing to predict.")
    return Target("regression", kept, keep, (), tuple(notes))


def _classes(
    name: str, codes: np.ndarray, labels: np.ndarray, keep: np.ndarray, notes: list[str], *, coded: bool
) -> Target:
    counts = np.bincount(codes[keep], minlength=len(labels))
    found = int((counts > 0).sum())
    if found == 1:
        raise UserError(f"The target {name!r} has one class, {labels[counts > 0][0]!r}; at least two are needed.")
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
    if coded and frequent.sum() > 2:
        notes = [
            *notes,
            f"The whole numbers of {name!r} were read as {int(frequent.sum())} classes; "
            "use --task regression if they are amounts.",
        ]
    classes = sorted(labels[frequent])
    rank = {label: code for code, label in enumerate(classes)}
    values = np.array([rank.get(label, -1) for label in labels], dtype=np.int64)[codes[kept]]
    return Target("binary" if len(classes) == 2 else "multiclass", values, kept, tuple(classes), tuple(notes))
