"""New series read as those were that a model has learnt from; what is strange about them is told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.sequence.cells import EMPTY, Typed, frame_of, lengths, objects, typed
from advisor.modalities.sequence.long_tables import new_series
from advisor.modalities.sequence.read import SeriesSchema
from advisor.modalities.sequence.sources import ENDINGS, of_arrays, raw_series
from advisor.wording import counted, shortened

# From this share of the rows on it is told what they are that training has not seen.
STRANGE_SHARE = 0.05


class TypedSeries(TransformerMixin, BaseEstimator):
    """Types raw new rows as the rows of training were typed: same channels, same order, one form of cell.

    Rows are a frame with a cell a channel, or arrays without names, which go by their places. A channel that the rows
    lack is absent in all of them; what training has not seen is told in a NewRowsWarning. It needs no fit.
    """

    def __init__(self, schema: SeriesSchema) -> None:
        self.schema = schema

    def fit(self, X: Any, y: Any = None) -> TypedSeries:
        """Do nothing; the schema says it all."""
        return self

    def rows(self, source: Any) -> pd.DataFrame:
        """Read new rows from a file or table as they are; those of a long table are under the names of their series."""
        is_path = isinstance(source, (str, Path))
        if self.schema.long is not None and not (is_path and Path(source).suffix.lower() in ENDINGS):
            cells, strange = new_series(source, self.schema.long)
            if strange:
                warnings.warn(NewRowsWarning(" ".join(strange)), stacklevel=2)
            return cells
        return raw_series(source).channels

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the typed rows of the raw rows `X` under its index, a column for each channel of the schema."""
        frame, absent = self._named(X)
        found = typed(frame)
        told = [
            *(f"There is no channel {shortened(name)!r}; it is taken for absent in all rows." for name in absent),
            *_strange(found, self.schema),
        ]
        if told:
            warnings.warn(NewRowsWarning(" ".join(told)), stacklevel=2)
        return found.frame

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the channels, shape (p,)."""
        return np.array(self.schema.names, dtype=object)

    def _named(self, X: Any) -> tuple[pd.DataFrame, list[str]]:
        names = self.schema.names
        if not isinstance(X, pd.DataFrame):
            if not isinstance(X, (np.ndarray, list, tuple)):
                raise UserError(f"New series come as a frame of cells or as arrays, not as {type(X).__name__}.")
            X = of_arrays(X, names)
            if X.shape[1] != len(names):
                raise UserError(
                    f"The new series have {counted(X.shape[1], 'channel')}, and those that were learnt from "
                    f"{len(names):,}; give as many, or a frame with their names."
                )
        given = X.set_axis([str(name) for name in X.columns], axis=1)
        if not set(names) & set(given.columns) and given.shape[1] == len(names):
            given = given.set_axis(list(names), axis=1)
        absent = [name for name in names if name not in given.columns]
        if len(absent) == len(names):
            raise UserError(
                f"The new series have {counted(given.shape[1], 'channel')}, and none of those that were learnt from: "
                f"{', '.join(names[:5])}."
            )
        nothing = objects([EMPTY] * len(given))
        columns = {name: nothing if name in absent else given[name].to_numpy() for name in names}
        return frame_of(columns, given.index), absent

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _strange(found: Typed, schema: SeriesSchema) -> Iterator[str]:
    """Say what of new rows training has not seen."""
    rows, steps = len(found.frame), lengths(found.frame)
    if not rows:
        return
    if found.unreadable:
        yield f"{counted(found.unreadable, 'value')} that no number can be read from {_were(found.unreadable)} gaps."
    empty, longer = int((steps == 0).sum()), int((steps > schema.longest).sum())
    if empty:
        yield f"{_of(empty, rows)} without any value."
    if longer:
        yield f"{_of(longer, rows)} longer than the longest of training ({steps.max():,} and {schema.longest:,} steps)."
    for channel in schema.channels:
        cells = found.frame[channel.name]
        gone = sum(not len(cell) for cell in cells) - empty
        if gone > max(STRANGE_SHARE, 2 * channel.absent) * rows and gone < rows:
            yield f"Channel {shortened(channel.name)!r}: {_of(gone, rows)} without it."
        values = np.concatenate([EMPTY, *cells])
        reach = channel.high - channel.low
        beyond = (values < channel.low - reach) | (values > channel.high + reach)
        if np.isfinite(reach) and beyond.mean() >= STRANGE_SHARE if len(values) else False:
            yield (
                f"Channel {shortened(channel.name)!r}: {100 * beyond.mean():.0f} % of the values lie far from all of "
                f"training ({channel.low:,.4g} to {channel.high:,.4g})."
            )


def _of(some: int, rows: int) -> str:
    return f"{some:,} of {counted(rows, 'series', 'series')} {'is' if some == 1 else 'are'}"


def _were(values: int) -> str:
    return "was taken for" if values == 1 else "were taken for"
