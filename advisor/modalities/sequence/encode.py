"""Two ways to feed a learner with series: numbers that sum each of them up, and arrays with a mask.

Each learns from the rows of `fit` only.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from advisor.errors import UserError
from advisor.measuring.remembered import Remembered
from advisor.modalities.sequence.cells import lengths
from advisor.modalities.sequence.statistics import statistics
from advisor.modalities.sequence.values import digests

# Channels are held against each other where they are so few.
MOST_CHANNELS_PAIRED = 6
# Longer series are brought to about so many steps, by means of steps that follow one another.
MOST_STEPS = 1_000
STATISTICS = tuple(statistics(np.zeros((1, 2))))
# What was said of series that were fitted on in this process: candidates are fitted on the same ones, fold by fold.
# What is predicted is always made anew, so that its seconds are what a user waits.
_KNOWN = Remembered(most_numbers=5_000_000)


def names_of_summaries(channels: tuple[str, ...]) -> list[str]:
    """Return the names of the numbers that sum up a row of these channels, in order."""
    each = [f"{channel} {name}" for channel in channels for name in (*STATISTICS, "share of gaps")]
    return ["steps", *each, *(f"{a} with {b}" for a, b in _pairs(channels))]


def _pairs(channels: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(combinations(channels, 2)) if len(channels) <= MOST_CHANNELS_PAIRED else []


class Summaries(TransformerMixin, BaseEstimator):
    """Typed series as a frame of numbers: some sixty for each channel, how channels go together, and the length.

    What a series is too short for, and all of a channel that is absent, is NaN. Gaps are filled by straight lines.
    """

    def fit(self, X: pd.DataFrame, y: object = None) -> Summaries:
        """Note the channels of the typed rows `X` (n, p); nothing is learnt."""
        self.feature_names_in_ = np.array(_wanted(X).columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        return self

    def fit_transform(self, X: pd.DataFrame, y: object = None, **fit_params: object) -> pd.DataFrame:
        """Return the numbers (n, q) of the typed rows `X`; what has been fitted on before is remembered."""
        self.fit(X)
        keys = [b"".join(row) for row in zip(*(digests(X[name]) for name in X.columns), strict=True)]
        found = _KNOWN.rows(keys, lambda new: _numbers(X.iloc[new]), lengths(X) + 1.0)
        return self._frame(found, X.index)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the numbers (len(X), q) of the typed rows `X` under their index."""
        check_is_fitted(self, "n_features_in_")
        return self._frame(_numbers(_channels(X, self.feature_names_in_)), X.index)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the numbers, shape (q,)."""
        return np.array(names_of_summaries(tuple(self.feature_names_in_)), dtype=object)

    def _frame(self, numbers: np.ndarray, index: pd.Index) -> pd.DataFrame:
        return pd.DataFrame(numbers, index=index, columns=list(self.get_feature_names_out()))


class SeriesEncoder(TransformerMixin, BaseEstimator):
    """Typed series as one array (n, channels + 1, steps), float32; the last channel is 1 where a series has steps.

    Each channel is centred and scaled by the values of the rows of `fit`, gaps are filled by straight lines, and what
    lies beyond the end of a series, and all of a channel that is absent, is 0. There are as many steps as the longest
    of the rows at hand has. Where the longest of `fit` has more than `most_steps`, steps that follow one another are
    averaged, as many in all series.
    """

    def __init__(self, most_steps: int = MOST_STEPS) -> None:
        self.most_steps = most_steps

    def fit(self, X: pd.DataFrame, y: object = None) -> SeriesEncoder:
        """Learn centres, scales and how many steps to average from the typed rows `X` (n, p)."""
        self.feature_names_in_ = np.array(_wanted(X).columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.averaged_ = averaged(int(lengths(X).max(initial=0)), self.most_steps)
        centres, scales = [], []
        for name in X.columns:
            values = np.concatenate([np.zeros(0, dtype=np.float32), *X[name]]).astype(np.float64)
            known = values[~np.isnan(values)]
            centre = float(known.mean()) if len(known) else 0.0
            deviation = float(known.std()) if len(known) else 0.0
            centres.append(centre)
            scales.append(deviation if deviation > 1e-9 * abs(centre) else 1.0)
        self.centres_, self.scales_ = np.array(centres), np.array(scales)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the array (len(X), channels + 1, steps) of the typed rows `X`."""
        check_is_fitted(self, "averaged_")
        rows = _channels(X, self.feature_names_in_)
        # A series far longer than any of training is brought to a length that memory has room for.
        steps = lengths(rows)
        factors = np.maximum(self.averaged_, -(-steps // (4 * self.most_steps)))
        ends = -(-steps // factors)
        found = np.zeros((len(rows), rows.shape[1] + 1, max(int(ends.max(initial=0)), 1)), dtype=np.float32)
        for place, name in enumerate(rows.columns):
            for row, cell in enumerate(rows[name]):
                if len(cell):
                    values = (fill(cell) - self.centres_[place]) / self.scales_[place]
                    found[row, place, : ends[row]] = _by_means(values, int(factors[row]))
        found[:, -1] = np.arange(found.shape[2]) < ends[:, None]
        return found

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the channels and of the mask, shape (channels + 1,)."""
        return np.array([*self.feature_names_in_, "mask"], dtype=object)


def averaged(longest: int, most_steps: int = MOST_STEPS) -> int:
    """Return how many steps that follow one another become one, where the longest series has so many."""
    return max(1, -(-longest // most_steps))


def fill(values: np.ndarray) -> np.ndarray:
    """Return a series (steps,) as float64 with its gaps on straight lines between their neighbours; one value at
    least must be there."""
    gaps = np.isnan(values)
    if not gaps.any():
        return values.astype(np.float64)
    places = np.arange(len(values))
    return np.asarray(np.interp(places, places[~gaps], values[~gaps].astype(np.float64)))


def _by_means(values: np.ndarray, factor: int) -> np.ndarray:
    if factor == 1:
        return values
    starts = np.arange(0, len(values), factor)
    return np.asarray(np.add.reduceat(values, starts) / np.diff(np.r_[starts, len(values)]))


def _wanted(X: pd.DataFrame) -> pd.DataFrame:
    """Refuse what is not a frame with a TypeError."""
    if not isinstance(X, pd.DataFrame):
        raise TypeError(f"Encoders of series take a typed pandas DataFrame, not {type(X).__name__}.")
    return X


def _channels(X: pd.DataFrame, names: np.ndarray) -> pd.DataFrame:
    absent = [name for name in names if name not in _wanted(X).columns]
    if absent:
        raise UserError(f"The new rows have no channel {absent[0]!r}.")
    return X[list(names)]


def _numbers(X: pd.DataFrame) -> np.ndarray:
    """Return the numbers (n, q) of typed rows; series of one length are looked at together."""
    steps = lengths(X)
    width = len(STATISTICS) + 1
    pairs = list(combinations(range(X.shape[1]), 2)) if X.shape[1] <= MOST_CHANNELS_PAIRED else []
    found = np.full((len(X), 1 + width * X.shape[1] + len(pairs)), np.nan)
    found[:, 0] = steps
    cells = [X[name].to_numpy() for name in X.columns]
    for length in np.unique(steps[steps > 0]):
        rows = np.flatnonzero(steps == length)
        there = np.array([[bool(len(column[row])) for row in rows] for column in cells])
        given = np.stack([cells[place][rows[row]] for place, row in np.argwhere(there)])
        gaps = np.isnan(given)
        filled = np.stack([fill(series) for series in given]) if gaps.any() else given.astype(np.float64)
        told = np.full((len(cells), len(rows), width), np.nan)
        told[there] = np.stack([*statistics(filled).values(), gaps.mean(axis=1)], axis=1)
        found[rows, 1 : 1 + width * len(cells)] = told.swapaxes(0, 1).reshape(len(rows), -1)
        if pairs:
            whole = np.full((len(cells), len(rows), length), np.nan)
            whole[there] = filled
            found[rows, 1 + width * len(cells) :] = np.stack([_likeness(whole[a], whole[b]) for a, b in pairs], axis=1)
    return found


def _likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the correlation of series with one another, row by row; NaN where one is flat or absent."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (a, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where(np.isfinite(found), found, np.nan)
