"""Texts as what a net trained beforehand makes of their meaning; nothing of it is trained here."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

# Vectors of texts that were fitted on in this process: candidates are fitted on the same texts, fold by fold. What is
# predicted is always made anew, so that its seconds are what a user waits.
KEPT = 50_000
_KNOWN: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()


class SentenceEncoder(TransformerMixin, BaseEstimator):
    """The columns of texts of a typed frame as vectors of all-MiniLM-L6-v2 (nets.minilm), 384 numbers each.

    `folder` has its weights and its pieces of words. A gap is an empty text. The net itself is not part of a model that
    is written to a file: it is read again from the folder when it is first asked.
    """

    def __init__(self, folder: str) -> None:
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
        return minilm.vectors(*minilm.load(Path(self.folder)), list(distinct))[codes]

    def _known(self, texts: list[str]) -> np.ndarray:
        """Return vectors of texts that are fitted on; what has been fitted on before is remembered."""
        new = [text for text in dict.fromkeys(texts) if (self.folder, text) not in _KNOWN]
        for text, vector in zip(new, self._vectors(new) if new else (), strict=True):
            _KNOWN[self.folder, text] = vector
        found = np.stack([_KNOWN[self.folder, text] for text in texts])
        while len(_KNOWN) > KEPT:
            _KNOWN.popitem(last=False)
        return found
