"""Sequences: series of one channel or more, of one length or many, from files, arrays or a long table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.contracts import Modality
from advisor.errors import did_you_mean
from advisor.modalities import is_there
from advisor.modalities.arrays import hold_pictures
from advisor.modalities.sequence import values
from advisor.modalities.sequence.checks import look_for_findings
from advisor.modalities.sequence.encode import SeriesEncoder, Summaries, names_of_summaries
from advisor.modalities.sequence.new_rows import TypedSeries
from advisor.modalities.sequence.read import read
from advisor.modalities.sequence.sources import ENDINGS, is_series, raw_series
from advisor.modalities.tabular.encode import FrameEncoder, MatrixEncoder, NetEncoder, OrdinalEncoder
from advisor.records import Column, Dataset, Finding

# What a table's learners eat, made of numbers that sum up each series.
OF_SUMMARIES: Mapping[str, Callable[..., Any]] = {
    "matrix": MatrixEncoder,
    "ordinal": OrdinalEncoder,
    "frame": FrameEncoder,
    "net": NetEncoder,
}


@dataclass(frozen=True)
class Sequence:
    """The modality of series; see `advisor.contracts.Modality` for what each method promises."""

    name: str = "sequence"
    reads: str = (
        "series: a .ts or .npz file, an array (rows, channels, steps), arrays of several lengths, or with --series a "
        "table of steps"
    )

    def claims(self, source: Any) -> bool:
        """Tell whether `source` is a file of series or arrays that make no table."""
        if not isinstance(source, (str, Path)):
            return is_series(source)
        path = Path(source)
        if path.suffix.lower() not in ENDINGS or (is_there(path) and path.is_dir()):
            return False
        return not hold_pictures(path)

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset; options are those of `advisor.modalities.sequence.read.read`."""
        return read(source, **options)

    def rows(self, source: Any, names: Collection[str] = ()) -> pd.DataFrame:
        """Read new rows from `source` without typing them."""
        return raw_series(source).channels

    def typed(self, dataset: Dataset) -> TypedSeries:
        """Return a transformer that types raw new rows exactly as `dataset` was typed when it was read."""
        return TypedSeries(dataset.schema)

    def take(self, inputs: pd.DataFrame, index: np.ndarray) -> pd.DataFrame:
        """Return the rows at the positions `index`, under their own index, shape (len(index), p)."""
        return inputs.take(index)

    def one_row(self, inputs: pd.DataFrame, position: int) -> pd.DataFrame:
        """Return the row at `position` as a frame of shape (1, p)."""
        return inputs.iloc[[position]]

    def codes(self, dataset: Dataset) -> np.ndarray:
        """Return codes (n,) that are equal for rows with equal series."""
        return values.row_codes(dataset.inputs)

    def fingerprint(self, dataset: Dataset) -> str:
        """Return a sha256 over channels and values."""
        return values.fingerprint(dataset)

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe every channel."""
        return values.facts(dataset)

    def values(self, dataset: Dataset, name: str) -> np.ndarray:
        """Return the mean of each series of a channel (n,), NaN where it is absent."""
        return values.means(dataset.inputs[name])

    def width(self, dataset: Dataset, columns: tuple[Column, ...]) -> int:
        """Return how many numbers sum up a row."""
        return len(names_of_summaries(tuple(column.name for column in columns)))

    def checks(self, dataset: Dataset, columns: tuple[Column, ...], thorough: bool = True) -> tuple[Finding, ...]:
        """Look for the findings that are about series; see `advisor.modalities.sequence.checks`."""
        return look_for_findings(dataset, columns)

    def samples(self, dataset: Dataset) -> list[dict[str, Any]]:
        """Return a few rows as curves; see `values.samples`."""
        return values.samples(dataset)

    def encoder(self, style: str, **options: Any) -> Any:
        """Return an unfitted encoder: 'series' for arrays, or 'matrix', 'ordinal', 'frame' and 'net' of summaries.

        `options` are parameters of the encoder, or of the last step of the pipeline that it is.
        """
        from sklearn.pipeline import Pipeline

        if style == "series":
            return SeriesEncoder(**options)
        if style not in OF_SUMMARIES:
            raise ValueError(f"No encoder is called {style!r}. {did_you_mean(style, [*OF_SUMMARIES, 'series'])}")
        return Pipeline([("summaries", Summaries()), ("encode", OF_SUMMARIES[style](**options))])


MODALITY: Modality = Sequence()
