"""Three ways to feed a learner: features that people have thought of, what a trained net sees, and the pixels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from advisor.errors import UserError
from advisor.measuring.remembered import Remembered
from advisor.modalities.image import features
from advisor.modalities.image.decode import are_grey, pixels_of

# Numbers of pictures that were fitted on in this process: candidates are fitted on the same pictures, fold by fold.
# What is predicted is always made anew, so that its seconds are what a user waits.
_KNOWN = Remembered(most_numbers=40_000_000)
CHUNK = 512
SMALLEST_SIDE, LARGEST_SIDE = 8, 64
# Several arrays (height, width, 3): a list, or an array or column of objects.
Pictures = Any


def digest(picture: np.ndarray) -> bytes:
    """Return 16 bytes that are the same for equal pictures alone."""
    return hashlib.blake2b(repr(picture.shape).encode() + picture.tobytes(), digest_size=16).digest()


class _OfPictures(TransformerMixin, BaseEstimator):
    """What all share: the one column of pictures of a typed frame."""

    def _see(self, X: Any) -> np.ndarray:
        if not isinstance(X, pd.DataFrame):
            raise UserError(f"Pictures come as a typed frame with the column 'image', not as {type(X).__name__}.")
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        return self._pictures(X)

    def _pictures(self, X: pd.DataFrame) -> np.ndarray:
        pictures: np.ndarray = X["image"].to_numpy()
        return pictures


class _Remembering(_OfPictures):
    """Pictures as numbers that depend on each alone; nothing is learnt, and what was fitted on is remembered."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Any:
        """Note the names of the typed frame `X` (n, 1)."""
        self._see(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> pd.DataFrame:
        """Return the typed frame `X` as numbers, float32 (n, q); what has been fitted on before is remembered."""
        pictures = self._see(X)
        keys = [(type(self).__name__, digest(picture)) for picture in pictures]
        values = _KNOWN.rows(keys, lambda new: self._numbers(pictures[new]), [picture.size for picture in pictures])
        return self._frame(values, X.index)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the typed frame `X` as numbers, float32 (len(X), q), under its index."""
        check_is_fitted(self, "feature_names_in_")
        return self._frame(self._numbers(self._pictures(X)), X.index)

    def _frame(self, values: np.ndarray, index: pd.Index) -> pd.DataFrame:
        return pd.DataFrame(values, columns=self.get_feature_names_out(), index=index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the numbers, shape (q,)."""
        raise NotImplementedError

    def _numbers(self, pictures: Pictures) -> np.ndarray:
        """Return the numbers of pictures, float32 (n, q)."""
        raise NotImplementedError


class Features(_Remembering):
    """Pictures as a frame of features: edges by place and direction, brightness by place, colours.

    With `levels` numbers are rounded to so many a unit: boosted trees, which look at each, then take a third of the
    time or less.
    """

    def __init__(self, levels: int | None = None) -> None:
        self.levels = levels

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, shape (q,)."""
        return np.array(features.names(), dtype=object)

    def _frame(self, values: np.ndarray, index: pd.Index) -> pd.DataFrame:
        return super()._frame(values if self.levels is None else np.round(values * self.levels) / self.levels, index)

    def _numbers(self, pictures: Pictures) -> np.ndarray:
        return features.described(pictures)


class Seen(_Remembering):
    """Pictures as vectors of a net trained beforehand, EfficientNet-Lite0 (nets.efficientnet), 1,280 numbers each.

    `weights` is the file that has them (None: that of the package, wherever the model is asked). The net itself is not
    part of a model that is written to a file: it is read again when it is first asked.
    """

    def __init__(self, weights: str | None = None, n_jobs: int = 1) -> None:
        self.weights = weights
        self.n_jobs = n_jobs

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the numbers, shape (1280,)."""
        from advisor.nets.efficientnet import WIDTH

        return np.array([f"seen {place}" for place in range(WIDTH)], dtype=object)

    def _numbers(self, pictures: Pictures) -> np.ndarray:
        from advisor.nets import efficientnet

        net = efficientnet.load(None if self.weights is None else Path(self.weights))
        # A few hundred at a time: a square takes more room than the picture that it is made of.
        parts = [efficientnet.vectors(net, pixels_of(pictures[start : start + CHUNK], efficientnet.SIDE), self.n_jobs)
                 for start in range(0, len(pictures), CHUNK)]  # fmt: skip
        return np.concatenate(parts) if parts else np.empty((0, efficientnet.WIDTH), dtype=np.float32)


class Pixels(_OfPictures):
    """Pictures as squares of numbers for nets, float32 (n, channels, side, side).

    One channel where all pictures of `fit` are grey, else three. `side` (None: the median of the longer sides of `fit`,
    within 8..64) is what all are stretched to. Each channel has mean 0 and deviation 1 over the pictures of `fit`, or,
    where `standard` is not wanted, goes from -1 for black to 1 for white; there are three channels then.
    """

    def __init__(self, side: int | None = None, standard: bool = True) -> None:
        self.side = side
        self.standard = standard

    def fit(self, X: pd.DataFrame, y: Any = None) -> Pixels:
        """Learn the side, the channels, and their means and deviations from the typed frame `X` (n, 1)."""
        pictures = self._see(X)
        self.side_ = self.side or side_of(pictures)
        self.channels_ = 1 if self.standard and are_grey(pictures) else 3
        if not self.standard:
            self.centre_ = self.scale_ = np.full((1, 3, 1, 1), 127.5, dtype=np.float32)
            return self
        values = self._values(pictures)
        self.centre_ = values.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
        spread = values.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
        self.scale_ = np.where(spread > 0, spread, np.float32(1.0))
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the pixels of the typed frame `X`, float32 (len(X), channels, side, side)."""
        check_is_fitted(self, "scale_")
        scaled: np.ndarray = (self._values(self._pictures(X)) - self.centre_) / self.scale_
        return scaled

    def _values(self, pictures: Pictures) -> np.ndarray:
        pixels = pixels_of(pictures, self.side_).astype(np.float32)
        if self.channels_ == 1:
            pixels = (pixels @ features.GREY)[..., None]
        return np.ascontiguousarray(np.moveaxis(pixels, 3, 1))


def side_of(pictures: Pictures) -> int:
    """Return the side of squares that most pictures lose little in: the median of the longer sides, within bounds."""
    longer = np.median([max(picture.shape[:2]) for picture in pictures]) if len(pictures) else SMALLEST_SIDE
    return int(np.clip(longer, SMALLEST_SIDE, LARGEST_SIDE))


def values_of(pictures: Pictures) -> int:
    """Return how many numbers `Pixels` makes of one of these pictures."""
    return int(side_of(pictures) ** 2 * (1 if are_grey(pictures) else 3))
