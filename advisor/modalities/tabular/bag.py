"""A table with texts as a sparse matrix: every word and run of letters a column, the other columns beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from advisor.modalities.tabular.columns import want_frame
from advisor.modalities.tabular.encode import MatrixEncoder
from advisor.modalities.tabular.kinds import is_text
from advisor.modalities.tabular.texts import weighed


class BagEncoder(TransformerMixin, BaseEstimator):
    """For linear models of texts: TF-IDF of words and pairs of words and, with `characters`, of three to five letters.

    Each text column has vectors of its own, of length 1. With `beside` the other columns follow as MatrixEncoder has
    them, made as wide together as one text is long; without it they are left out, as for models that count. Without
    `words` they are all there is, for models that have the texts in another way.
    """

    def __init__(self, characters: bool = True, beside: bool = True, words: bool = True) -> None:
        self.characters = characters
        self.beside = beside
        self.words = words

    def fit(self, X: pd.DataFrame, y: Any = None) -> BagEncoder:
        """Learn words, and the other columns, from the typed frame `X` (n, p); the target is not looked at."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> sparse.csr_matrix:
        """Learn from the typed frame `X` (n, p) and return it, shape (n, q), float32."""
        want_frame(X)
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.vectors_: list[tuple[str, Any]] = []
        parts = []
        for name in (name for name in X.columns if self.words and is_text(X[name].dtype)):
            for what in ("words", "letters") if self.characters else ("words",):
                vectors, terms = weighed(X[name], what)
                if vectors is not None:
                    self.vectors_.append((name, vectors))
                    parts.append(terms)
        self.others_ = [name for name in X.columns if not is_text(X[name].dtype)] if self.beside else []
        if self.others_ or not parts:
            self.matrix_ = MatrixEncoder().fit(X[self.others_])
            parts.append(self._beside(X))
        return sparse.hstack(parts, format="csr", dtype=np.float32)

    def transform(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """Return the typed frame `X` as a sparse matrix, shape (len(X), q), float32."""
        parts = [vectors.transform(X[name].fillna("").tolist()) for name, vectors in self.vectors_]
        if hasattr(self, "matrix_"):
            parts.append(self._beside(X))
        return sparse.hstack(parts, format="csr", dtype=np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of the matrix, shape (q,)."""
        names = [f"{column}: {term}" for column, vectors in self.vectors_ for term in vectors.get_feature_names_out()]
        beside = self.matrix_.get_feature_names_out().tolist() if hasattr(self, "matrix_") else []
        return np.array([*names, *beside], dtype=object)

    def _beside(self, X: pd.DataFrame) -> sparse.csr_matrix:
        matrix = self.matrix_.transform(X[self.others_])
        return sparse.csr_matrix(matrix / np.sqrt(max(matrix.shape[1], 1)), dtype=np.float32)
