"""Typed frames to one float matrix and one code matrix; all that is learned comes from the rows of `fit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from advisor.errors import UserError, did_you_mean
from advisor.modalities.tabular.kinds import category_kind, counts_rows, is_text, level_counts
from advisor.modalities.tabular.texts import TextReader

DATE_PARTS = ("days", "month", "day", "weekday", "hour")
LARGEST = 1e37  # stays finite as float32, and so do sums of a few


class Columns(BaseEstimator):
    """Takes a typed frame apart; every encoder is built on it.

    Left out, by the rows of `fit`: constant columns and id-like ones (a new id says nothing). Dates become days since
    1970, month, day, weekday (Monday is 0) and hour, as far as these vary; texts become their number of
    characters, of words, and what they are about (texts.TextReader). Categories
    keep their `max_levels` most frequent levels with at least `min_rows` rows; every other level, unseen ones
    included, gets the code -1 like a missing cell, so that a model has met in training what new levels will look
    like. Where nothing is left, one column of zeros named 'nothing' keeps learners alive.
    """

    def __init__(self, max_levels: int = 1000, min_rows: int = 1) -> None:
        self.max_levels = max_levels
        self.min_rows = min_rows

    def fit(self, X: pd.DataFrame, y: Any = None) -> Columns:
        """Learn from the typed frame `X` (n, p) which columns and levels to keep."""
        want_frame(X)
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.floats_: list[str] = []
        self.dates_: list[str] = []
        self.texts_: list[str] = []
        levels: dict[str, pd.Index] = {}
        for name, dtype in zip(X.columns, X.dtypes, strict=True):
            if is_text(dtype):
                self.texts_.append(name)
                continue
            if not isinstance(dtype, pd.CategoricalDtype):
                (self.dates_ if dtype.kind == "M" else self.floats_).append(name)
                continue
            counts = level_counts(X[name].cat.codes.to_numpy(), len(X[name].cat.categories))
            kind = category_kind(X[name].cat.categories, counts)
            if kind != "constant" and kind != "id-like":
                # Plain objects: every booster takes them, and look-ups are several times faster than in Arrow texts.
                levels[name] = X[name].cat.categories[self._kept(counts)].astype(object)
        self.levels_ = {name: kept for name, kept in levels.items() if len(kept)}
        names = [*self.floats_, *(f"{name} {part}" for name in self.dates_ for part in DATE_PARTS)]
        self.readers_ = {name: TextReader() for name in self.texts_}
        told = [reader.fit_transform(X[name]) for name, reader in self.readers_.items()]
        names += [part for name, reader in self.readers_.items() for part in reader.names(name)]
        matrix = self._matrix(X, told)
        self.kept_ = np.flatnonzero(_informative(matrix))
        self.number_names_ = [names[place] for place in self.kept_]
        if not self.number_names_ and not self.levels_:
            self.number_names_ = ["nothing"]
        self._drop_unused_sources()
        return self

    def numbers(self, X: pd.DataFrame) -> np.ndarray:
        """Return the numeric columns, shape (len(X), len(number_names_)), float64 with NaN where missing."""
        self._check(X)
        if self.number_names_ == ["nothing"]:
            return np.zeros((len(X), 1))
        return self._matrix(X)[:, self.kept_]

    def codes(self, X: pd.DataFrame) -> np.ndarray:
        """Return the categories as codes into `levels_`, shape (len(X), len(levels_)), int64, -1 where unknown."""
        self._check(X)
        out = np.empty((len(X), len(self.levels_)), dtype=np.int64, order="F")
        for place, (name, kept) in enumerate(self.levels_.items()):
            own, here, _ = _levels_in_use(X[name])
            out[:, place] = np.append(kept.get_indexer(here), -1)[own]
        return out

    def _kept(self, counts: np.ndarray) -> np.ndarray:
        frequent = np.flatnonzero(counts >= self.min_rows)
        if len(frequent) > self.max_levels:
            frequent = np.sort(frequent[np.argsort(-counts[frequent], kind="stable")[: self.max_levels]])
        return frequent

    def _matrix(self, X: pd.DataFrame, told: Sequence[np.ndarray] | None = None) -> np.ndarray:
        """Return all numbers (n, q); `told` are those of texts where they are known already."""
        parts = [X[self.floats_].to_numpy(dtype=np.float64, na_value=np.nan)] if self.floats_ else []
        parts += [_date_parts(X[name].to_numpy()) for name in self.dates_]
        parts += told if told is not None else [self.readers_[name].transform(X[name]) for name in self.texts_]
        matrix = np.hstack(parts) if len(parts) > 1 else parts[0] if parts else np.empty((len(X), 0))
        return np.clip(matrix, -LARGEST, LARGEST)

    def _drop_unused_sources(self) -> None:
        """Forget sources of which no column is kept, so that new rows do not pay for them."""
        width = len(DATE_PARTS)
        sizes = [1] * len(self.floats_) + [width] * len(self.dates_)
        sizes += [len(self.readers_[name].names(name)) for name in self.texts_]
        sources = [*self.floats_, *self.dates_, *self.texts_]
        kept = np.zeros(sum(sizes), dtype=bool)
        kept[self.kept_] = True
        parts = np.split(kept, np.cumsum(sizes)[:-1])[: len(sources)]
        used = {name for name, part in zip(sources, parts, strict=True) if part.any()}
        self.floats_, self.dates_, self.texts_ = (
            [name for name in names if name in used] for names in (self.floats_, self.dates_, self.texts_)
        )
        self.readers_ = {name: self.readers_[name] for name in self.texts_}
        left = [part for part in parts if part.any()]
        self.kept_ = np.flatnonzero(np.concatenate(left)) if left else np.empty(0, dtype=np.int64)

    def _check(self, X: pd.DataFrame) -> None:
        check_is_fitted(self, "kept_")
        want_frame(X)
        for name in (*self.floats_, *self.dates_, *self.texts_, *self.levels_):
            if name not in X.columns:
                raise UserError(f"The new rows have no column {name!r}. {did_you_mean(str(name), X.columns)}")


def want_frame(X: Any) -> None:
    """Refuse what is not a DataFrame with a TypeError."""
    if not isinstance(X, pd.DataFrame):
        raise TypeError(f"Encoders take a typed pandas DataFrame, not {type(X).__name__}.")


def _informative(matrix: np.ndarray) -> np.ndarray:
    """Tell which columns (p,) neither hold one value at most nor count rows."""
    low, high = np.fmin.reduce(matrix, axis=0, initial=np.inf), np.fmax.reduce(matrix, axis=0, initial=-np.inf)
    keep = np.asarray(low < high)
    head = matrix[:200]
    whole = ((head % 1 == 0) | np.isnan(head)).all(axis=0)
    for place in np.flatnonzero(keep & whole):
        column = matrix[:, place]
        filled = column[~np.isnan(column)]
        start = filled[:200]
        if len(np.unique(start)) < len(start) or (filled % 1 != 0).any() or not counts_rows(filled):
            continue
        keep[place] = len(np.unique(filled)) < len(filled)
    return keep


def _levels_in_use(column: pd.Series) -> tuple[np.ndarray, pd.Index, int]:
    """Return codes (n,), the levels they point into, and n; one row of a column with many levels stays cheap."""
    codes, levels = column.cat.codes.to_numpy().astype(np.int64), column.cat.categories
    if len(codes) < len(levels):
        used, codes = np.unique(codes, return_inverse=True)
        levels = levels[used[used >= 0]]
        codes = codes - (1 if len(used) and used[0] < 0 else 0)
    return codes, levels, len(codes)


def _date_parts(values: np.ndarray) -> np.ndarray:
    """Return days since 1970 with their fraction, month, day, weekday and hour, shape (n, 5), NaN for NaT."""
    days, months = values.astype("datetime64[D]"), values.astype("datetime64[M]")
    whole = days.astype(np.int64)
    hours = (values - days).astype("timedelta64[ns]").astype(np.int64) / 3.6e12
    month, day = months.astype(np.int64) % 12 + 1, (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    parts = np.column_stack([whole + hours / 24.0, month, day, (whole + 3) % 7, hours]).astype(np.float64)
    parts[np.isnat(values)] = np.nan
    return parts
