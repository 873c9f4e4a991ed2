"""Free texts as numbers: how long they are and what they are about, and the words themselves."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline

from advisor.measuring import costs

LENGTHS = ("characters", "words")
TOPICS, MOST_TERMS = 32, 50_000
# Of so many texts a word has to stand in two of them before it is looked at.
MANY_TEXTS = 200
# Runs of letters are taken from the beginning of a text alone: of 1,000 mails of 3,500 characters all of them took six
# times the seconds of the words, and were no better.
FIRST_CHARACTERS = 2_000
# What has been learnt of the texts of a fold serves every candidate that is fitted on them.
KEPT = 24
_LEARNT: OrderedDict[tuple[str, str], tuple[tuple[Any, Any], costs.Seconds]] = OrderedDict()


def learnt(texts: pd.Series, what: str, fit: Callable[[list[str]], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Return what `fit` makes of a column of texts (n,), a fitted transformer and the texts by it; `what` names it.

    What has been fitted on these texts before is not fitted again, and counts as if it were (costs.spared).
    """
    key = hashlib.sha256(pd.util.hash_array(texts.to_numpy(object)).tobytes()).hexdigest(), what
    if key in _LEARNT:
        _LEARNT.move_to_end(key)
        found, seconds = _LEARNT[key]
        costs.spared(seconds)
        return found
    found, seconds = costs.timed(lambda: fit(texts.fillna("").tolist()))
    _LEARNT[key] = found, seconds
    while len(_LEARNT) > KEPT:
        _LEARNT.popitem(last=False)
    return found


def weighed(texts: pd.Series, what: Literal["words", "letters"]) -> tuple[TfidfVectorizer | None, sparse.csr_matrix]:
    """Return TF-IDF fitted on a column of texts (n,), and their vectors (n, terms), float32 of length 1.

    Terms are words and pairs of words, or three to five letters within words of the beginnings. None, and no term,
    where there is not one.
    """
    return learnt(texts, what, lambda told: _weighed(told, what))


def _weighed(texts: list[str], what: str) -> tuple[TfidfVectorizer | None, sparse.csr_matrix]:
    own: dict[str, Any] = {"ngram_range": (1, 2)}
    if what == "letters":
        own = {"analyzer": "char_wb", "ngram_range": (3, 5), "preprocessor": _beginning}
    vectors = TfidfVectorizer(
        sublinear_tf=True, min_df=2 if len(texts) >= MANY_TEXTS else 1, max_features=MOST_TERMS,
        strip_accents="unicode", dtype=np.float32, **own,
    )  # fmt: skip
    try:
        return vectors, vectors.fit_transform(texts)
    except ValueError:  # no term in all of them
        return None, sparse.csr_matrix((len(texts), 0), dtype=np.float32)


def _topics(texts: pd.Series, topics: int) -> tuple[tuple[Pipeline | None, np.ndarray], np.ndarray]:
    """Return the directions that texts (n,) may be about, fitted, with their means (k,), and the texts along them
    (n, k)."""
    words, terms = weighed(texts, "words")
    width = min(topics, *(size - 1 for size in terms.shape))
    if words is None or width < 1:
        return (None, np.empty(0)), np.empty((len(texts), 0))
    directions = TruncatedSVD(width, random_state=0)
    found, told = directions.fit_transform(terms), terms.getnnz(axis=1) > 0
    usual = found[told].mean(axis=0)
    found[~told] = usual
    return (make_pipeline(words, directions), usual), found


def _beginning(text: str) -> str:
    return text[:FIRST_CHARACTERS].casefold()


class TextReader(TransformerMixin, BaseEstimator):
    """A column of texts as numbers: its characters, its words, and up to `topics` directions that it may be about.

    The directions are those of latent semantic analysis (Deerwester et al. 1990): a truncated singular value
    decomposition of TF-IDF over words and pairs of words, learnt from the texts of `fit` alone. A gap has no length.
    What has no known word is taken to be about what texts are on average: of one about nothing, where no other text
    lies, learners would say anything.
    """

    usual_: Any = 0.0  # of a model from before there were means

    def __init__(self, topics: int = TOPICS) -> None:
        self.topics = topics

    def fit(self, X: pd.Series, y: Any = None) -> TextReader:
        """Learn words and directions from a column of texts (n,); the target is not looked at."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.Series, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Learn from a column of texts (n,), and return it as numbers (n, 2 + topics)."""
        (self.model_, self.usual_), found = learnt(X, f"topics {self.topics}", lambda texts: _topics(X, self.topics))
        self.width_ = found.shape[1]
        return np.hstack([_lengths(X), found])

    def transform(self, X: pd.Series) -> np.ndarray:
        """Return a column of texts as numbers (len(X), 2 + topics)."""
        found = np.empty((len(X), 0)) if self.model_ is None else np.empty((0, self.width_))
        if self.model_ is not None and len(X):
            terms = self.model_[0].transform(X.fillna("").tolist())
            found = self.model_[1].transform(terms)
            found[terms.getnnz(axis=1) == 0] = self.usual_
        return np.hstack([_lengths(X), found])

    def names(self, column: str) -> list[str]:
        """Return the names of the numbers that come of a column called so."""
        return [f"{column} {part}" for part in (*LENGTHS, *(f"topic {n}" for n in range(1, self.width_ + 1)))]


def _lengths(column: pd.Series) -> np.ndarray:
    """Return characters and words (n, 2), NaN where a cell is missing."""
    texts = column.fillna("").tolist()
    parts = np.array([(len(text), len(text.split())) for text in texts] or np.empty((0, 2)), dtype=np.float64)
    parts[column.isna().to_numpy()] = np.nan
    return parts
