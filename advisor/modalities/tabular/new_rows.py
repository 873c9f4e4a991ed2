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
from advisor.modalities.tabular.doubts import STAND_INS
from advisor.modalities.tabular.files import raw_table
from advisor.modalities.tabular.forms import Form, Schema, Values, read_as, strangers
from advisor.modalities.tabular.numbers import TIMES
from advisor.modalities.tabular.words import words
from advisor.wording import counted, shortened, some

# From this share of a column's cells on it is told that they could not be read, or are nothing that was learnt.
STRANGE_SHARE = 0.05
# A column that lacked cells already may lack more of so many rows before it is told.
FEWEST_ROWS_TO_MISS = 20
SHOWN = 3
# Where new rows from a file keep its decimal mark; and from this share of the numbers on one reading is the right one.
DECIMAL, SURE_SHARE = "decimal mark", 0.9


def raw_rows(source: Any, names: Collection[str] = ()) -> pd.DataFrame:
    """Read new rows without typing them; `names` are those of the inputs that a model was trained on."""
    table = raw_table(source, known=tuple(names))
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
                if other is not None and other != form:
                    found[form.name] = read_as(other, column)
                    told.append(f"Column {shortened(form.name)!r} is written in another way than in training, and was "
                                "read by its own.")  # fmt: skip
                told += _strange(other or form, column, found[form.name])
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
    inside = [float(np.mean(_inside(way, numbers.read(spelt.levels, way.style)))) for way in ways]
    sure = max(inside) >= SURE_SHARE and 2 * min(inside) < max(inside)
    return ways[int(np.argmax(inside))] if sure else None


def _inside(form: Form, values: np.ndarray) -> np.ndarray:
    """Tell which numbers lie where those of training lay, or little beyond."""
    reach = form.high - form.low
    return (values >= form.low - reach) & (values <= form.high + reach)


def _strange(form: Form, column: pd.Series, values: Values) -> Iterator[str]:
    """Say what of a new column could not be read, was never learnt, or is missing as it never was."""
    rows, name = len(column), shortened(form.name)
    if not rows:
        return
    lost = strangers(form, column, values)
    if lost is not None and len(lost.codes) >= STRANGE_SHARE * rows:
        plural = "" if len(lost.codes) == 1 else "s"
        noun = "yes or no" if form.kind == "boolean" else f"{form.kind}{plural}"
        yield (
            f"Column {name!r}: {_of(len(lost.codes), rows)} no {noun} ({some(lost.levels, SHOWN)}), taken for missing."
        )
    yield from _of_another_unit(form, column)
    yield from _fillers(form, values)
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


def _of(cells: int, rows: int) -> str:
    return f"{cells:,} of {counted(rows, 'cell')} {'is' if cells == 1 else 'are'}"


def _of_another_unit(form: Form, column: pd.Series) -> Iterator[str]:
    """Say of numbers that they lack the unit that all numbers had in training, or are of other money."""
    style = form.style
    if form.kind != "number" or style in TIMES or (style.bare and not style.money):
        return
    spelt = words(column)
    counts, name = spelt.counts, shortened(form.name)
    lacks, other = numbers.strange(spelt.levels, style)
    without, foreign = int(counts[lacks].sum()), int(counts[other].sum())
    if without >= max(1, STRANGE_SHARE * len(column)):
        yield (
            f"Column {name!r}: {_of(without, len(column))} without the unit {style.unit!r} that all had in training, "
            "and read as they stand."
        )
    if foreign:
        yield f"Column {name!r}: {counted(foreign, 'cell')} of a currency that training had not, read as they stand."


def _fillers(form: Form, values: Any) -> Iterator[str]:
    """Say of numbers that programs write for a gap and that lie far from all that was learnt."""
    if form.kind != "number" or not np.isfinite(form.high - form.low):
        return
    strange = np.isin(values, list(STAND_INS)) & ~_inside(form, values)
    if strange.any():
        shown = f"{float(values[strange][0]):,.10g}"
        yield (
            f"Column {shortened(form.name)!r}: {_of(int(strange.sum()), len(values))} {shown}, far from all numbers of "
            f"training ({form.low:,.4g} to {form.high:,.4g}), and may stand for a gap."
        )
