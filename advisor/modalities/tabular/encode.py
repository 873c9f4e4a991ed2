"""Four ways to feed a learner: matrix, ordinal, frame and net; each learns from the rows of `fit` only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import QuantileTransformer, TargetEncoder
from sklearn.utils.multiclass import type_of_target

from advisor.modalities.tabular.columns import Columns, want_frame

NORMAL_IQR = 1.349
WIDEST_ONE_HOT = 1000
MOST_ENCODED_CLASSES = 10


class _Encoder(TransformerMixin, BaseEstimator):
    """What the four encoders share: the names and number of the columns seen in `fit`, and rows without a target."""

    columns_: Columns
    names_out_: list[str]

    def _see(self, X: pd.DataFrame, columns: Columns) -> Columns:
        self.columns_ = columns.fit(X)
        self.feature_names_in_ = self.columns_.feature_names_in_
        self.n_features_in_ = self.columns_.n_features_in_
        return self.columns_

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the encoded columns, shape (q,)."""
        return np.array(self.names_out_, dtype=object)


class FrameEncoder(_Encoder):
    """For boosted trees: float32 numbers with NaN kept, and `category` columns with the levels seen in `fit`.

    A level beyond the `max_levels` most frequent, or unseen in `fit`, is missing: rare levels teach the trees what an
    unseen one looks like, and histograms stay small.
    """

    def __init__(self, max_levels: int = 1000) -> None:
        self.max_levels = max_levels

    def fit(self, X: pd.DataFrame, y: Any = None) -> FrameEncoder:
        """Learn columns and levels from the typed frame `X` (n, p); the target is not looked at."""
        columns = self._see(X, Columns(max_levels=self.max_levels))
        self.dtypes_ = _dtypes(columns)
        self.names_out_ = [*columns.number_names_, *columns.levels_]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the encoded frame, shape (len(X), q), under the index of `X`."""
        numbers = self.columns_.numbers(X).astype(np.float32)
        return _frame(numbers, self.columns_.number_names_, self.columns_.codes(X), self.dtypes_, X.index)


class NetEncoder(_Encoder):
    """For neural nets: scaled float32 numbers without gaps, flags for the gaps, and `category` columns.

    `scaling` is 'robust' (median 0, quartiles 1 apart, then x / sqrt(1 + (x / 3)^2), which bends outliers smoothly to
    within +-3; Holzmüller, Grinsztajn and Steinwart 2024), 'quantile' (normal scores by quantiles, scikit-learn), or
    'standard' (mean 0, standard deviation 1). A gap becomes the median and, where `fit` saw gaps, sets the column
    '... missing' to 1. Levels with fewer than `min_rows` rows or beyond the `max_levels` most frequent are missing,
    so that the net's place for unknown levels gets trained and an embedding table stays small.
    """

    def __init__(self, scaling: str = "robust", max_levels: int = 200, min_rows: int = 2) -> None:
        self.scaling = scaling
        self.max_levels = max_levels
        self.min_rows = min_rows

    def fit(self, X: pd.DataFrame, y: Any = None) -> NetEncoder:
        """Learn columns, levels, medians and scales from the typed frame `X` (n, p); the target is not looked at."""
        if self.scaling not in ("robust", "quantile", "standard"):
            raise ValueError(f"scaling is 'robust', 'quantile' or 'standard', not {self.scaling!r}")
        columns = self._see(X, Columns(max_levels=self.max_levels, min_rows=self.min_rows))
        numbers = columns.numbers(X)
        self.gaps_ = np.flatnonzero(np.isnan(numbers).any(axis=0))
        self.medians_ = _medians(numbers)
        filled = _fill(numbers, self.medians_)
        if self.scaling == "quantile":
            count = max(2, min(1000, len(filled)))
            self.quantiles_ = QuantileTransformer(n_quantiles=count, output_distribution="normal", subsample=None).fit(
                filled
            )
        elif self.scaling == "robust":
            self.centre_, self.scale_ = self.medians_, _quartile_width(filled)
        else:
            spread = filled.std(axis=0)
            self.centre_, self.scale_ = filled.mean(axis=0), np.where(spread > 0, spread, 1.0)
        self.dtypes_ = _dtypes(columns)
        self.number_names_ = [*columns.number_names_, *_flag_names(columns, self.gaps_)]
        self.names_out_ = [*self.number_names_, *columns.levels_]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the encoded frame, shape (len(X), q), under the index of `X`."""
        numbers = self.columns_.numbers(X)
        filled = _fill(numbers, self.medians_)
        if self.scaling == "quantile":
            scaled = self.quantiles_.transform(filled) if len(filled) else filled
        else:
            scaled = (filled - self.centre_) / self.scale_
        if self.scaling == "robust":
            scaled = scaled / np.sqrt(1.0 + np.square(scaled / 3.0))
        ready = np.hstack([scaled, np.isnan(numbers[:, self.gaps_])]).astype(np.float32)
        return _frame(ready, self.number_names_, self.columns_.codes(X), self.dtypes_, X.index)


class MatrixEncoder(_Encoder):
    """For linear models and neighbours: a float64 matrix without gaps, numbers of like size, categories one-hot.

    Numbers: gaps become the median and are flagged; centred on the mean and divided by the standard deviation of the
    values within the 1st and 99th percentile, so that a few outliers do not set the scale, and cut at +-10.
    Categories: a column a level for those with at least `min_rows` rows, up to `max_levels` of them (fewer where that
    would make more than 1,000 columns in all), and one column '... other' for rare, unseen and missing levels where
    `fit` saw any.
    """

    def __init__(self, max_levels: int = 100, min_rows: int = 5) -> None:
        self.max_levels = max_levels
        self.min_rows = min_rows

    def fit(self, X: pd.DataFrame, y: Any = None) -> MatrixEncoder:
        """Learn columns, levels, medians and scales from the typed frame `X` (n, p); the target is not looked at."""
        want_frame(X)
        nominal = sum(isinstance(dtype, pd.CategoricalDtype) for dtype in X.dtypes)
        most = max(2, min(self.max_levels, WIDEST_ONE_HOT // max(1, nominal)))
        columns = self._see(X, Columns(max_levels=most, min_rows=min(self.min_rows, max(1, len(X) // 50))))
        numbers = columns.numbers(X)
        self.gaps_ = np.flatnonzero(np.isnan(numbers).any(axis=0))
        self.medians_ = _medians(numbers)
        filled = _fill(numbers, self.medians_)
        core = np.clip(filled, *np.quantile(filled, (0.01, 0.99), axis=0)) if filled.shape[1] else filled
        self.centre_, spread = core.mean(axis=0), core.std(axis=0)
        full = filled.std(axis=0)
        self.scale_ = np.where(spread > 1e-12 * full, spread, np.where(full > 0, full, 1.0))
        self.others_ = np.asarray((columns.codes(X) < 0).any(axis=0))
        self.names_out_ = [
            *columns.number_names_,
            *_flag_names(columns, self.gaps_),
            *_names_of_levels(list(columns.levels_), list(columns.levels_.values()), self.others_),
        ]
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the encoded matrix, shape (len(X), q), float64."""
        numbers = self.columns_.numbers(X)
        scaled = np.clip((_fill(numbers, self.medians_) - self.centre_) / self.scale_, -10.0, 10.0)
        sizes = [len(levels) for levels in self.columns_.levels_.values()]
        parts = (scaled, np.isnan(numbers[:, self.gaps_]))
        return _beside(parts, self.columns_.codes(X), sizes, self.others_, np.float64)


class OrdinalEncoder(_Encoder):
    """For single trees and forests: float32 numbers with NaN kept (scikit-learn's trees split on it), few columns.

    Categories with up to `one_hot` levels become a column a level; larger ones become the mean target of the level,
    cross-fitted inside the rows of `fit` so that no row sees its own target (scikit-learn's TargetEncoder;
    Micci-Barreca 2001). Without a target, and with more than 10 classes, where that would make a column a class, they
    become the share of rows that have the level.
    """

    def __init__(self, one_hot: int = 10) -> None:
        self.one_hot = one_hot

    def fit(self, X: pd.DataFrame, y: Any = None) -> OrdinalEncoder:
        """Learn columns, levels and their mean targets from the typed frame `X` (n, p) and the target `y` (n,)."""
        self._learn(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **params: Any) -> np.ndarray:
        """Learn and return the encoded rows, shape (n, q), float32; mean targets are cross-fitted here."""
        return self._assembled(X, self._learn(X, y))

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the encoded rows, shape (len(X), q), float32 with NaN where a number is missing."""
        return self._assembled(X, self._looked_up(self.columns_.codes(X)[:, self.large_]))

    def _learn(self, X: pd.DataFrame, y: Any) -> np.ndarray:
        """Fit everything, and return the encoding of the large categories for the rows of `fit`."""
        columns = self._see(X, Columns(max_levels=len(X)))
        codes = columns.codes(X)
        sizes = np.array([len(levels) for levels in columns.levels_.values()], dtype=np.int64)
        self.small_, self.large_ = np.flatnonzero(sizes <= self.one_hot), np.flatnonzero(sizes > self.one_hot)
        self.sizes_ = [int(sizes[place]) for place in self.small_]
        self.others_ = np.asarray((codes[:, self.small_] < 0).any(axis=0))
        large, widths = codes[:, self.large_], sizes[self.large_] + 1
        kind = _target_kind(y) if len(self.large_) else None
        if kind is None:
            shares = [np.bincount(large[:, k] + 1, minlength=width) / len(large) for k, width in enumerate(widths)]
            self.tables_ = [share[:, None] for share in shares]
            encoded = self._looked_up(large)
        else:
            encoder = TargetEncoder(target_type=kind, cv=_folds(y, kind))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds is no problem here
                encoded = np.asarray(encoder.fit_transform(large, y))
            self.tables_ = _tables(encoder, widths)
        self.names_out_ = self._names(columns, encoded.shape[1])
        return encoded

    def _names(self, columns: Columns, width: int) -> list[str]:
        names = list(columns.levels_)
        small = [columns.levels_[names[place]] for place in self.small_]
        hot = _names_of_levels([names[place] for place in self.small_], small, self.others_)
        each = width // max(1, len(self.large_))
        ends = [f" mean {k}" for k in range(each)] if each > 1 else [" mean"]
        return [*columns.number_names_, *(names[place] + end for place in self.large_ for end in ends), *hot]

    def _looked_up(self, large: np.ndarray) -> np.ndarray:
        found = [table[large[:, place] + 1] for place, table in enumerate(self.tables_)]
        return np.hstack(found) if found else np.empty((len(large), 0))

    def _assembled(self, X: pd.DataFrame, large: np.ndarray) -> np.ndarray:
        codes = self.columns_.codes(X)[:, self.small_]
        return _beside((self.columns_.numbers(X), large), codes, self.sizes_, self.others_, np.float32)


def _tables(encoder: TargetEncoder, widths: np.ndarray) -> list[np.ndarray]:
    """Return a table a column, shape (levels + 1, means): what each level becomes, code -1 in the first row."""
    overall = np.atleast_1d(encoder.target_mean_)
    means = len(overall)
    tables = []
    for place, width in enumerate(widths):
        table = np.tile(overall, (width, 1))
        for k in range(means):
            table[encoder.categories_[place] + 1, k] = encoder.encodings_[place * means + k]
        tables.append(table)
    return tables


def _target_kind(y: Any) -> str | None:
    """Return the kind of target for TargetEncoder, or None where levels are encoded without a target."""
    if y is None:
        return None
    if np.asarray(y).dtype.kind == "f":
        return "continuous"
    kind = type_of_target(y)
    few = kind == "binary" or (kind == "multiclass" and len(np.unique(y)) <= MOST_ENCODED_CLASSES)
    return kind if few else None


def _folds(y: Any, kind: str) -> KFold | StratifiedKFold:
    """Return the folds for cross-fitting, the same every time, or a model would change from one fit to the next."""
    rows = len(y) if kind == "continuous" else int(np.unique(np.asarray(y), return_counts=True)[1].max())
    folds = KFold if kind == "continuous" else StratifiedKFold
    return folds(max(2, min(5, rows)), shuffle=True, random_state=0)


def _dtypes(columns: Columns) -> dict[str, pd.CategoricalDtype]:
    return {name: pd.CategoricalDtype(levels) for name, levels in columns.levels_.items()}


def _frame(
    numbers: np.ndarray, names: list[str], codes: np.ndarray, dtypes: dict[str, pd.CategoricalDtype], index: pd.Index
) -> pd.DataFrame:
    table = pd.DataFrame(numbers, columns=names, index=index)
    if not dtypes:
        return table
    nominal = {
        name: pd.Categorical.from_codes(codes[:, place], dtype=dtype)
        for place, (name, dtype) in enumerate(dtypes.items())
    }
    return pd.concat([table, pd.DataFrame(nominal, index=index)], axis=1)


def _medians(numbers: np.ndarray) -> np.ndarray:
    """Return the median of the filled cells of each column, shape (p,); a column without any gets 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of NaN only
        medians = np.nanmedian(numbers, axis=0) if np.isnan(numbers).any() else np.median(numbers, axis=0)
    return np.asarray(np.nan_to_num(medians))


def _fill(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(numbers), values, numbers)


def _quartile_width(filled: np.ndarray) -> np.ndarray:
    """Return the distance of the quartiles of each column, or half of its range where the quartiles coincide."""
    low, high = np.quantile(filled, (0.25, 0.75), axis=0)
    half_range = np.ptp(filled, axis=0) / 2.0
    return np.where(high > low, high - low, np.where(half_range > 0, half_range, 1.0))


def _flag_names(columns: Columns, gaps: np.ndarray) -> list[str]:
    return [f"{columns.number_names_[place]} missing" for place in gaps]


def _names_of_levels(names: list[str], levels: list[pd.Index], others: np.ndarray) -> list[str]:
    return [
        f"{name} = {level}" if level is not None else f"{name} other"
        for name, kept, other in zip(names, levels, others, strict=True)
        for level in [*kept, *([None] if other else [])]
    ]


def _beside(
    parts: tuple[np.ndarray, ...], codes: np.ndarray, sizes: list[int], others: np.ndarray, dtype: type
) -> np.ndarray:
    """Return `parts` and, to their right, a one-hot column a level and one for code -1 where `others` says so.

    Shape (n, widths of parts + sum(sizes) + sum(others)). Written into one array: of wide tables there is room for one.
    """
    edge = sum(part.shape[1] for part in parts)
    widths = np.array(sizes, dtype=np.int64) + others
    out = np.zeros((len(codes), edge + int(widths.sum())), dtype=dtype)
    np.concatenate(parts, axis=1, out=out[:, :edge])
    for place, size in enumerate(sizes):
        column = np.where(codes[:, place] < 0, size, codes[:, place])
        rows = np.flatnonzero(column < widths[place])
        out[rows, edge + column[rows]] = 1.0
        edge += int(widths[place])
    return out
