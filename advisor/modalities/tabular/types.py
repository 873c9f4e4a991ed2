"""Raw cells to typed columns: what a column is gets decided once, from its own cells, and new rows follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular.dates import date_format, parse_dates, to_nanoseconds
from advisor.modalities.tabular.numbers import number_style, read_numbers
from advisor.wording import some

_MISSING = "? NA N/A n/a #N/A #NA <NA> NaN nan -NaN -nan NULL Null null None NaT nil #VALUE! 1.#QNAN -1.#IND 1.#IND"
MISSING_WORDS = frozenset(["", *_MISSING.split()])
READABLE_SHARE = 0.99
LARGEST_EXACT_WHOLE = 2.0**53
SHOWN = 5

_TRUE = frozenset({"yes", "true", "y", "t", "on"})
_FALSE = frozenset({"no", "false", "n", "f", "off"})
_PAIRS = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"on", "off"})
Kind = Literal["number", "boolean", "date", "category"]


@dataclass(frozen=True)
class Form:
    """How one column is read; `decimal`, `unit` and `date_format` matter where numbers or dates are written as text."""

    name: str
    kind: Kind
    decimal: str = "."
    unit: str = ""
    date_format: str = ""


@dataclass(frozen=True)
class Schema:
    """How every input column is read, in order."""

    columns: tuple[Form, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the input columns."""
        return tuple(form.name for form in self.columns)


@dataclass(frozen=True)
class Words:
    """A column as distinct trimmed texts: `codes` (n,) point into `levels`, -1 where the cell is missing."""

    codes: np.ndarray
    levels: tuple[str, ...]
    nested: bool = False

    def counts(self) -> np.ndarray:
        """How many cells have each level, shape (len(levels),)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))


def words(column: pd.Series) -> Words:
    """Return the distinct trimmed texts of `column`; whole numbers lose their '.0', lists are spelt out."""
    nested = False
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, uniques = column.cat.codes.to_numpy().astype(np.int64), list(column.cat.categories)
    else:
        try:
            codes, found = pd.factorize(column)
        except TypeError:  # lists and dicts cannot be hashed
            nested = True
            codes, found = pd.factorize(
                column.map(lambda cell: cell if _is_missing(cell) else repr(cell)).astype(object)
            )
        uniques = list(found)
    texts = np.array(["" if _is_missing(cell) else _text(cell) for cell in uniques], dtype=object)
    known = np.array([text not in MISSING_WORDS for text in texts], dtype=bool)
    merged, levels = pd.factorize(np.where(known, texts, ""))
    # Python would take code -1 for the last level; the appended -1 keeps missing cells missing.
    target = np.append(merged, -1)
    if not known.all():
        position = int(np.flatnonzero(levels == "")[0])
        levels = np.delete(levels, position)
        target = np.where(target == position, -1, target - (target > position))
    return Words(target[codes], tuple(levels), nested)


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace").strip()
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def infer(column: pd.Series, spelt: Words | None = None) -> Form:
    """Decide how `column` is read, from its own cells only.

    Numbers, and texts that are numbers in at least 99 % of the filled cells (with thousands marks, a decimal comma, a
    currency sign or one unit throughout) are numbers; two words such as yes and no are a boolean; dates written in one
    form in 99 % of the filled cells are dates; all else is a category, also what the source declares as categorical. A
    column without any filled cell is a number. `spelt` saves a second look where the words are known already.
    """
    name, dtype = str(column.name), column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":  # by far the commonest, and the cheapest to recognise
        return Form(name, "number")
    if pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return Form(name, "boolean")
    if _is_plain_number(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        return Form(name, "number")
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return Form(name, "date")
    spelt = spelt or words(column)
    if not spelt.levels:
        return Form(name, "category" if isinstance(dtype, pd.CategoricalDtype) else "number")
    if len(spelt.levels) <= 6 and {level.casefold() for level in spelt.levels} in _PAIRS:
        return Form(name, "boolean")
    if isinstance(dtype, pd.CategoricalDtype):
        return Form(name, "category")
    counts = spelt.counts()
    style = number_style(spelt.levels, counts, READABLE_SHARE)
    if style is not None:
        return Form(name, "number", decimal=style[0], unit=style[1])
    layout = date_format(spelt.levels, counts, READABLE_SHARE)
    return Form(name, "date", date_format=layout) if layout else Form(name, "category")


def apply(form: Form, column: pd.Series, spelt: Words | None = None) -> np.ndarray | pd.Categorical:
    """Read `column` as `form` says, shape (n,): float64, datetime64[ns] or a pandas Categorical of texts.

    A cell that does not fit the form is missing (NaN, NaT), and so is an infinite number.
    """
    dtype = column.dtype
    if form.kind == "category":
        spelt = spelt or words(column)
        order = np.argsort(np.array(spelt.levels, dtype=object))
        rank = np.append(np.argsort(order), -1)
        levels = pd.Index(np.array(spelt.levels, dtype=object)[order], dtype=object)
        return pd.Categorical.from_codes(rank[spelt.codes], categories=levels)
    if form.kind == "date":
        if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
            return to_nanoseconds(column)
        return _by_level(
            spelt or words(column), lambda levels: parse_dates(levels, form.date_format), np.datetime64("NaT")
        )
    if pd.api.types.is_timedelta64_dtype(dtype):
        return np.asarray(column.dt.total_seconds(), dtype=np.float64)
    if not isinstance(dtype, pd.CategoricalDtype) and (_is_plain_number(dtype) or pd.api.types.is_bool_dtype(dtype)):
        values = _floats(column)
    else:
        spelt = spelt or words(column)
        if form.kind == "boolean":
            values = _by_level(spelt, _read_boolean, np.nan)
        else:
            values = _by_level(spelt, lambda levels: read_numbers(levels, form.decimal, form.unit), np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _is_plain_number(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufb"
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_complex_dtype(dtype)


def _floats(column: pd.Series) -> np.ndarray:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _by_level(spelt: Words, read: Callable[[tuple[str, ...]], np.ndarray], missing: Any) -> np.ndarray:
    values = read(spelt.levels)
    return np.asarray(np.append(values, np.array([missing], dtype=values.dtype))[spelt.codes])


def _read_boolean(levels: tuple[str, ...]) -> np.ndarray:
    truth = dict.fromkeys(_TRUE | {"1"}, 1.0) | dict.fromkeys(_FALSE | {"0"}, 0.0)
    return np.array([truth.get(level.casefold(), np.nan) for level in levels], dtype=np.float64)


def type_table(frame: pd.DataFrame) -> tuple[pd.DataFrame, Schema, tuple[str, ...]]:
    """Type every column of `frame` (unique string names); return inputs, schema and a sentence for each lossy reading.

    The inputs have a RangeIndex and the columns of `frame` in order; time is linear in the number of cells.
    """
    losses: dict[str, list[str]] = {}
    arrays: dict[str, Any] = {}
    forms = []
    for name, column in frame.items():
        spelt = words(column) if _needs_words(column.dtype) else None
        form = infer(column, spelt)
        arrays[str(name)] = apply(form, column, spelt)
        forms.append(form)
        for loss in _losses(form, column, spelt, arrays[str(name)]):
            losses.setdefault(loss, []).append(str(name))
    inputs = pd.DataFrame(arrays, index=pd.RangeIndex(len(frame)))
    return inputs, Schema(tuple(forms)), tuple(f"{loss} in {some(names, SHOWN)}." for loss, names in losses.items())


def _needs_words(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype) and dtype.kind in "iufbmM":
        return False
    fixed = (_is_plain_number, pd.api.types.is_bool_dtype, pd.api.types.is_datetime64_any_dtype)
    return isinstance(dtype, pd.CategoricalDtype) or not (
        any(is_kind(dtype) for is_kind in fixed)
        or isinstance(dtype, pd.PeriodDtype)
        or pd.api.types.is_timedelta64_dtype(dtype)
    )


def _losses(form: Form, column: pd.Series, spelt: Words | None, values: Any) -> list[str]:
    """Name what was lost or reinterpreted in reading one column, without its name and without a full stop."""
    if spelt is None:
        if form.kind == "date":
            lost = column.notna().to_numpy() & np.isnat(values)
            return ["Dates outside of the years 1678 to 2261 were read as missing"] if lost.any() else []
        raw = _floats(column) if _is_plain_number(column.dtype) else values
        infinite = ["Infinite values were read as missing"] if np.isinf(raw).any() else []
        large = column.dtype.kind in "iu" and len(values) > 0 and np.nanmax(np.abs(values)) > LARGEST_EXACT_WHOLE
        return [*infinite, *(["Whole numbers beyond 2^53 were rounded"] if large else [])]
    found = ["Nested values were spelt out as text"] if spelt.nested else []
    if form.kind in ("number", "date"):
        lost = int((pd.isna(values) & (spelt.codes >= 0)).sum())
        found += [f"Cells that are no {form.kind} were read as missing"] if lost else []
        found += [f"Numbers were taken out of texts with the unit {form.unit!r}"] if form.unit else []
        found += ["A comma was read as the decimal mark"] if form.decimal == "," else []
    if form.kind == "date" and form.date_format.startswith(("%d/%m", "%m/%d", "%d-%m", "%m-%d", "%d.%m", "%m.%d")):
        order = "day first" if form.date_format.startswith("%d") else "month first"
        found.append(f"Dates were read with the {order}")
    return found


class TypedTable(TransformerMixin, BaseEstimator):
    """Types raw new rows as the training table was typed: same columns, same order, same reading of each cell.

    Columns that the schema does not know are ignored; a column that is absent is a UserError that names the near ones.
    Unknown categories stay as texts; a cell that does not fit its column's form is missing. It learns nothing, so it
    needs no fit.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def fit(self, X: pd.DataFrame, y: Any = None) -> TypedTable:
        """Do nothing; the schema says it all."""
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the typed inputs of the raw rows `X`, shape (len(X), len(schema.columns)), under the index of `X`."""
        if not isinstance(X, pd.DataFrame):
            raise UserError(f"New rows must come as a pandas DataFrame with named columns, not as {type(X).__name__}.")
        table = X.set_axis([str(name).strip() for name in X.columns], axis=1)
        for name in self.schema.names:
            if name not in table.columns:
                raise UserError(f"The new rows have no column {name!r}. {did_you_mean(name, table.columns)}")
            if isinstance(table[name], pd.DataFrame):
                raise UserError(f"The new rows have more than one column called {name!r}; keep one of them.")
        return pd.DataFrame({form.name: apply(form, table[form.name]) for form in self.schema.columns}, index=X.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the input columns, shape (p,)."""
        return np.array(self.schema.names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
