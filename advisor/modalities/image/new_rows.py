"""New pictures read as those were that a model has learnt from; what is strange about them is told."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.image.decode import Unreadable, are_grey, decoded, white_of
from advisor.modalities.image.sources import new_pictures
from advisor.modalities.tabular import frames
from advisor.wording import counted, listed, shortened

SHOWN = 3


@dataclass(frozen=True)
class Schema:
    """How pictures were read: the name of their column, what white is in arrays (None: bytes), and whether all were
    grey."""

    column: str
    white: float | None
    grey: bool


class TypedPictures(TransformerMixin, BaseEstimator):
    """Reads raw new pictures as those of training: paths, bytes, arrays, pictures of Pillow's, texts with data:image.

    They come as a table with their column, or as a list or an array of pictures. One that cannot be read is told in a
    NewRowsWarning and answered as a white one is, and so is colour where training had none. It learns nothing, so it
    needs no fit.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def fit(self, X: Any, y: Any = None) -> TypedPictures:
        """Do nothing; the schema says it all."""
        return self

    def rows(self, source: Any) -> pd.DataFrame:
        """Return new pictures of a folder, a file or whatever they can be read from, without reading one."""
        return new_pictures(source, (self.schema.column,))

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the pictures of raw rows `X` as a Dataset has them: one column of arrays (height, width, 3)."""
        cells, index = self._cells(X)
        white, told = self._white(cells)
        found, gone = np.empty(len(cells), dtype=object), []
        for place, cell in enumerate(cells):
            try:
                found[place] = decoded(cell, white).pixels
            except Unreadable as problem:
                found[place] = np.full((1, 1, 3), 255, dtype=np.uint8)
                gone.append(f"{_name(cell, place)} ({problem})")
        if gone:
            one = len(gone) == 1
            told.append(f"{counted(len(gone), 'picture')} cannot be read and {'is' if one else 'are'} answered as "
                        f"{'a white one' if one else 'white ones'}: {listed(gone, SHOWN)}.")  # fmt: skip
        coloured = sum(not are_grey([picture]) for picture in found) if self.schema.grey else 0
        if coloured:
            told.append(f"{counted(coloured, 'picture')} of {len(found):,} {'has' if coloured == 1 else 'have'} "
                        "colours, where all of training were grey.")  # fmt: skip
        if told:
            warnings.warn(NewRowsWarning(" ".join(told)), stacklevel=2)
        return pd.DataFrame({"image": pd.Series(found, index=index, dtype=object)}, index=index)

    def _white(self, cells: list[Any]) -> tuple[float | None, list[str]]:
        """Return what is white in new arrays: what was in training, unless all of them have another scale, which is
        told; one picture alone may just be dark."""
        arrays, whites = [], []
        for cell in cells:
            if isinstance(cell, np.ndarray) and cell.dtype != np.uint8:
                with suppress(Unreadable):
                    whites.append(white_of(cell))
                    arrays.append(cell)
        learnt, own = self.schema.white, max(whites, default=None)
        if own is None or learnt is None or own == learnt:
            return own if learnt is None else learnt, []
        if own < learnt and (len(arrays) < 2 or not any((np.mod(each, 1) != 0).any() for each in arrays)):
            return learnt, []
        are = "1 array has" if len(arrays) == 1 else f"{len(arrays):,} arrays have"
        return own, [f"{are} values up to {own:g}, where those of training went up to {learnt:g}, and were read so."]

    def _cells(self, X: Any) -> tuple[list[Any], pd.Index]:
        if frames.is_table(X):
            table = frames.named(frames.frame_of(X))
            if self.schema.column not in table.columns:
                raise UserError(f"New rows have no column {self.schema.column!r}, which holds the pictures.")
            return table[self.schema.column].tolist(), table.index
        if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.ndim > 2):
            return list(X), pd.RangeIndex(len(X))
        raise UserError(f"New pictures come as a table or a list of them, not as {type(X).__name__}.")

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the column of pictures, shape (1,)."""
        return np.array([self.schema.column], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _name(cell: Any, place: int) -> str:
    return repr(shortened(cell.rpartition("/")[2])) if isinstance(cell, str) else f"number {place + 1}"
