"""Free texts as codes of their words, for nets that learn for themselves what words mean; other columns beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from advisor.estimators.words import words_of
from advisor.modalities.tabular.columns import want_frame
from advisor.modalities.tabular.encode import MatrixEncoder
from advisor.modalities.tabular.texts import MANY_TEXTS

MOST_TERMS = 20_000


class WordsEncoder(TransformerMixin, BaseEstimator):
    """For nets that read: `length` codes for each of the `texts` (names of columns), then the other columns.

    A code is 1 for the word that most texts of `fit` have, and so on; words of one text alone are not kept where texts
    are many, nor more than MOST_TERMS. A word never seen is passed over, and 0 fills up what is too short. With
    `ordered` words come as they stand in the text, its first ones; without, each comes once, and pairs of neighbours
    are words, too, the most frequent first where they are more than `length`. The other columns are those of
    MatrixEncoder.
    """

    def __init__(self, texts: Sequence[str] = (), length: int = 128, ordered: bool = True) -> None:
        self.texts = texts
        self.length = length
        self.ordered = ordered

    def fit(self, X: pd.DataFrame, y: object = None) -> WordsEncoder:
        """Learn words, and the other columns, from the typed frame `X` (n, p); the target is not looked at."""
        want_frame(X)
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        counts = Counter(term for name in self.texts for terms in self._terms(X[name]) for term in set(terms))
        least = 2 if len(X) >= MANY_TEXTS else 1
        kept = sorted(((-count, term) for term, count in counts.items() if count >= least))[:MOST_TERMS]
        self.codes_ = {term: place + 1 for place, (_, term) in enumerate(kept)}
        self.others_ = [name for name in X.columns if name not in self.texts]
        self.matrix_ = MatrixEncoder().fit(X[self.others_])
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the typed frame `X` as numbers (len(X), texts * length + q), float32; the first ones are codes."""
        check_is_fitted(self, "codes_")
        beside = self.matrix_.transform(X[self.others_])
        wide = len(self.texts) * self.length
        found = np.zeros((len(X), wide + beside.shape[1]), dtype=np.float32)
        found[:, wide:] = beside
        for place, name in enumerate(self.texts):
            start = place * self.length
            for row, terms in zip(found, self._terms(X[name]), strict=True):
                codes = self._coded(terms)
                row[start : start + len(codes)] = codes
        return found

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, shape (q,)."""
        words = [f"{name} word {place + 1}" for name in self.texts for place in range(self.length)]
        return np.array([*words, *self.matrix_.get_feature_names_out()], dtype=object)

    def _terms(self, column: pd.Series) -> Iterator[list[str]]:
        for text in column.fillna(""):
            words = words_of(text)
            yield words if self.ordered else [*words, *(f"{one} {two}" for one, two in pairwise(words))]

    def _coded(self, terms: Iterable[str]) -> list[int]:
        known = (code for term in terms if (code := self.codes_.get(term)))
        return list(islice(known, self.length)) if self.ordered else sorted(set(known))[: self.length]
