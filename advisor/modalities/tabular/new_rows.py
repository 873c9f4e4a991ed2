"""New rows read as the table was that a model has learnt from; what is strange about them is told."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.tabular import frames, numbers
from advisor.modalities.tabular.deciding import read_column
from advisor.modalities.tabular.files import raw_table
from advisor.modalities.tabular.forms import (
    MOST_CODES,
    Form,
    Schema,
    Values,
    is_plain_number,
    read_as,
    strangers,
    word_set,
)
from advisor.modalities.tabular.meanings import STAND_INS
from advisor.modalities.tabular.numbers import RACE, TIMES
from advisor.modalities.tabular.words import words
from advisor.wording import counted, shortened, some

# From this share of a column's cells on it is told that they are missing, or nothing that was learnt.
STRANGE_SHARE = 0.05
# So many numbers, nearly all of them beyond those of training, are of another unit or sign; "beyond" is so many times
# what was usual, too.
FEWEST_BEYOND, NEARLY_ALL, FAR = 3, 0.9, 3.0
# A column that lacked cells already may lack more of so many rows before it is told.
FEWEST_ROWS_TO_MISS = 20
SHOWN = 3
# Where new rows from a file keep its decimal mark; and from this share of the numbers on one reading is the right one.
DECIMAL, SURE_SHARE = "decimal mark", 0.9


def raw_rows(source: Any, names: Collection[str] = ()) -> pd.DataFrame:
    """Read new rows without typing them; `names` are those of the inputs that a model was trained on.

    A NewRowsWarning tells of a workbook's formulas that were never computed.
    """
    table = raw_table(source, known=tuple(names))
    for finding in table.findings:
        if "formulas" in finding.evidence:
            warnings.warn(NewRowsWarning(f"{finding.message} {finding.advice}"), stacklevel=2)
    table.frame.attrs[DECIMAL] = table.decimal  # what the file's other numbers are sure of
    return table.frame


class TypedTable(TransformerMixin, BaseEstimator):
    """Types raw new rows as the training table was typed: same columns, same order, same reading of each cell.

    Columns that the schema does not know are ignored, and those that are absent stay so: whoever needs one says so
    (columns.Columns), and what no part of a model looks at is not asked for. Unknown categories stay as texts; a cell
    that does not fit its column's form is missing. Both are told in a NewRowsWarning, as is a column that lacks far
    more cells than it did. It learns nothing, so it needs no fit.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def fit(self, X: pd.DataFrame, y: Any = None) -> TypedTable:
        """Do nothing; the schema says it all."""
        return self

    def rows(self, source: Any) -> pd.DataFrame:
        """Read new rows from `source`, a file or whatever a table can be read from, without typing them."""
        return raw_rows(source, self.schema.names)

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the typed inputs of the raw rows `X` under its index, those columns of the schema that it has."""
        if not frames.is_table(X):
            raise UserError(f"New rows must come as a table with named columns, not as {type(X).__name__}.")
        table = frames.named(frames.frame_of(X))
        mark = getattr(X, "attrs", {}).get(DECIMAL) or ""
        found: dict[str, Any] = {}
        told: list[str] = []
        for form in self.schema.columns:
            if form.name in table.columns:
                column = frames.plain(table[form.name])
                found[form.name] = read_as(form, column)
                other = _of_another_form(form, column, found[form.name], mark)
                own = found[form.name] if other is None else read_as(other, column)
                if other is not None and not pd.Series(own).equals(pd.Series(found[form.name])):
                    form, found[form.name] = other, own
                    told.append(f"Column {shortened(form.name)!r} is written in another way than in training, and was "
                                "read by its own.")  # fmt: skip
                else:
                    told += _of_another_mark(form, column, found[form.name])
                told += _of_another_unit(form, table[form.name], column)
                told += _strange(form, column, found[form.name])
                told += _beyond(form, found[form.name])
                told += _of_other_words(form, found[form.name])
        if told:
            warnings.warn(NewRowsWarning(" ".join(told)), stacklevel=2)
        return pd.DataFrame(found, index=table.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the input columns, shape (p,)."""
        return np.array(self.schema.names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _of_another_form(form: Form, column: pd.Series, values: Values, mark: str) -> Form | None:
    """Return how a new column is written that the form cannot read as it was meant, where that is beyond doubt.

    `mark` is the decimal mark that the numbers of its file are sure of, "" where none is.
    """
    if form.kind == "date":
        lost = strangers(form, column, values)
        own = read_column(column) if lost is not None else None
        sure = own is not None and own.form.kind == "date" and not own.findings
        return replace(form, layouts=own.form.layouts) if sure and own is not None else None
    if form.kind != "number" or form.style in TIMES or pd.api.types.is_numeric_dtype(column.dtype):
        return None
    spelt = words(column)
    other = replace(form, style=replace(form.style, decimal="," if form.style.decimal == "." else ".", grouped=True))
    if not numbers.are_riddles(spelt.levels):
        return None
    if mark:
        return None if mark == form.style.decimal and form.style.grouped else replace(
            form, style=replace(form.style, decimal=mark, grouped=True))  # fmt: skip
    ways = [replace(form, style=replace(form.style, grouped=True)), other]
    inside = [float(np.mean(_likely(way, numbers.read(spelt.levels, way.style)))) for way in ways]
    sure = max(inside) >= SURE_SHARE and 2 * min(inside) < max(inside)
    return ways[int(np.argmax(inside))] if sure else None


def _inside(form: Form, values: np.ndarray) -> np.ndarray:
    """Tell which numbers lie where those of training lay, or little beyond."""
    reach = form.high - form.low
    return (values >= form.low - reach) & (values <= form.high + reach)


def _likely(form: Form, values: np.ndarray) -> np.ndarray:
    """Tell which numbers are of a size that training had: a mark misread makes them a thousand times another."""
    return _inside(form, values) & (values >= form.low / 10 if form.low > 0 else True)


def _of_another_mark(form: Form, column: pd.Series, values: Values) -> Iterator[str]:
    """Say of new numbers that a mark stands before three digits, where training had whole numbers alone, with the mark
    between thousands, or without one and none as small."""
    if form.kind != "number" or not form.whole or form.style in TIMES or not isinstance(values, np.ndarray):
        return
    if pd.api.types.is_numeric_dtype(column.dtype):
        return
    spelt = words(column)
    mark = form.style.decimal
    known = numbers.read(spelt.levels, form.style)
    small = (np.abs(known) < min(abs(form.low), abs(form.high))) | form.style.grouped
    marked = [numbers.riddle_of(level) == mark for level in spelt.levels]
    riddles = small & np.array(marked, dtype=bool)
    if riddles.any():
        first = int(np.argmax(riddles))
        yield (
            f"Column {shortened(form.name)!r}: {_of(int(spelt.counts[riddles].sum()), len(column))} written with a "
            f"{'point' if mark == '.' else 'comma'} before three digits ({spelt.levels[first]!r}), where training had "
            f"whole numbers alone, and read as {known[first]:,.10g}."
        )


def _strange(form: Form, column: pd.Series, values: Values) -> Iterator[str]:
    """Say what of a new column could not be read, was never learnt, or is missing as it never was."""
    rows, name = len(column), shortened(form.name)
    if not rows:
        return
    lost = strangers(form, column, values)
    if lost is not None:
        plural = "" if len(lost.codes) == 1 else "s"
        noun = "yes or no" if form.kind == "boolean" else f"{form.kind}{plural}"
        yield (
            f"Column {name!r}: {_of(len(lost.codes), rows)} no {noun} ({some(lost.levels, SHOWN)}), taken for missing."
        )
    gone = int(pd.isna(values).sum()) - (0 if lost is None else len(lost.codes))
    often = gone >= max(STRANGE_SHARE, 2 * form.missing) * rows
    if often and (not form.missing or rows >= FEWEST_ROWS_TO_MISS):
        before = "none was" if not form.missing else f"{form.missing:.0%} were"
        yield f"Column {name!r}: {_of(gone, rows)} missing, where {before} in training."
    if form.levels is not None and isinstance(values, pd.Categorical):
        known = values.categories.isin(form.levels)
        counts = np.bincount(values.codes[values.codes >= 0], minlength=len(known))
        unknown = int(counts[~known].sum())
        if unknown and unknown >= STRANGE_SHARE * rows:
            yield (
                f"Column {name!r}: {_of(unknown, rows)} of categories that training has not seen "
                f"({some(list(values.categories[~known]), SHOWN)})."
            )


def _of_other_words(form: Form, values: Values) -> Iterator[str]:
    """Say of new texts that they have no word that training had: another language, or nonsense."""
    if form.kind != "text" or form.levels is None:
        return
    texts = pd.Series(values).dropna().tolist()
    unknown = [text for text in texts if (own := word_set(text)) and form.levels.isdisjoint(own)]
    if unknown and len(unknown) >= STRANGE_SHARE * len(values):
        yield (
            f"Column {shortened(form.name)!r}: {len(unknown):,} of {counted(len(texts), 'text')} "
            f"{'has' if len(unknown) == 1 else 'have'} no word that training has seen ({shortened(unknown[0])!r})."
        )


def _of(cells: int, rows: int) -> str:
    return f"{cells:,} of {counted(rows, 'cell')} {'is' if cells == 1 else 'are'}"


def _of_another_unit(form: Form, raw: pd.Series, column: pd.Series) -> Iterator[str]:
    """Say of numbers that they lack the unit that all numbers had in training, or are of other money.

    `raw` is the column as it came: times of a day, which have become seconds in `column`, are no numbers there.
    """
    style, rows = form.style, len(column)
    if form.kind != "number":
        return
    if style in TIMES:
        filled = int(column.notna().sum())
        if filled and is_plain_number(column.dtype) and (style == RACE or is_plain_number(raw.dtype)):
            kind = "a plain number" if is_plain_number(raw.dtype) else "a time of day"
            yield (
                f"Column {shortened(form.name)!r}: {_of(filled, rows)} {kind}, where training had texts of hours, "
                "minutes or seconds, and read as seconds."
            )
        return
    if style.bare and not style.money:
        return
    spelt = words(column)
    counts, name = spelt.counts, shortened(form.name)
    lacks, other = numbers.strange(spelt.levels, style)
    without, foreign = int(counts[lacks].sum()), int(counts[other].sum())
    if without >= max(1, STRANGE_SHARE * rows):
        yield (
            f"Column {name!r}: {_of(without, rows)} without the unit {style.unit!r} that all had in training, "
            "and read as they stand."
        )
    if foreign:
        yield f"Column {name!r}: {counted(foreign, 'cell')} of a currency that training had not, read as they stand."


def _beyond(form: Form, values: Any) -> Iterator[str]:
    """Say of numbers that they are of another size, sign or coding than those of training were."""
    if form.kind != "number" or not np.isfinite(form.high - form.low):
        return
    name, rows = shortened(form.name), len(values)
    ends = f"{form.low:,.6g} to {form.high:,.6g}"
    fillers = np.isin(values, list(STAND_INS)) & ~_inside(form, values)
    if fillers.any():
        yield (
            f"Column {name!r}: {_of(int(fillers.sum()), rows)} {float(values[fillers][0]):,.10g}, far from all numbers "
            f"of training ({ends}), and may stand for a gap."
        )
    low, high = form.usual
    outside = (values < form.low) | (values > form.high)
    far = (values < (low / FAR if low > 0 else -np.inf)) | (values > (high * FAR if high > 0 else np.inf))
    mostly = f", mostly {low:,.6g} to {high:,.6g}" if (low, high) != (form.low, form.high) else ""
    filled = ~(np.isnan(values) | fillers)
    beyond = filled & (outside | far)
    if filled.sum() >= FEWEST_BEYOND and beyond.sum() >= NEARLY_ALL * filled.sum():
        yield (
            f"Column {name!r}: {_of(int(beyond.sum()), rows)} beyond what was usual in training ({ends}"
            f"{mostly}), as {float(values[beyond][0]):,.10g}; their unit or sign may be another one."
        )
        return
    negative = filled & (values < 0)
    if negative.any() and form.low >= 0:
        yield (
            f"Column {name!r}: {_of(int(negative.sum()), rows)} below zero ({float(values[negative][0]):,.10g}), where "
            f"none was in training ({ends})."
        )
        return
    unknown = filled & ~np.isin(values, form.codes)
    if form.codes and unknown.any() and (len(form.codes) == 2 or unknown.sum() >= STRANGE_SHARE * rows):
        yield (
            f"Column {name!r}: {_of(int(unknown.sum()), rows)} none of the numbers of training, as "
            f"{float(values[unknown][0]):,.10g}; it had {some([f'{code:g}' for code in form.codes], MOST_CODES)} alone."
        )
