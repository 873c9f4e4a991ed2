"""Tables: rows of numbers, categories and dates from files, frames, the catalogue or OpenML."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.contracts import Modality
from advisor.errors import did_you_mean
from advisor.modalities import is_there
from advisor.modalities.tabular import samples, values
from advisor.modalities.tabular.bag import BagEncoder
from advisor.modalities.tabular.checks import look_for_findings
from advisor.modalities.tabular.encode import FrameEncoder, MatrixEncoder, NetEncoder, OrdinalEncoder
from advisor.modalities.tabular.files import ENDINGS, OPENML, ending
from advisor.modalities.tabular.frames import is_table
from advisor.modalities.tabular.joined import is_array
from advisor.modalities.tabular.kinds import facts
from advisor.modalities.tabular.new_rows import TypedTable, raw_rows
from advisor.modalities.tabular.read import read
from advisor.modalities.tabular.tokens import WordsEncoder
from advisor.records import Column, Dataset, Finding

STYLES = {
    "matrix": MatrixEncoder,
    "ordinal": OrdinalEncoder,
    "frame": FrameEncoder,
    "net": NetEncoder,
    "bag": BagEncoder,
    "words": WordsEncoder,
}


@dataclass(frozen=True)
class Tabular:
    """The tabular modality; see `advisor.contracts.Modality` for what each method promises."""

    name: str = "tabular"
    reads: str = (
        "a .csv, .tsv, .parquet, .feather, .arff or .xlsx file, a DataFrame, a name of the catalogue, or openml:ID"
    )

    def claims(self, source: Any) -> bool:
        """Tell whether `source` is a table or array, a file with a known ending, openml:ID, or a bare name."""
        if not isinstance(source, (str, Path)):
            return is_table(source) or is_array(source)
        if str(source).lower().startswith(OPENML):
            return True
        path = Path(source)
        there = is_there(path)
        return not (there and path.is_dir()) and (ending(path) in ENDINGS or (not path.suffix and not there))

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset; options are those of `advisor.modalities.tabular.read.read`."""
        return read(source, **options)

    def rows(self, source: Any, names: Collection[str] = ()) -> pd.DataFrame:
        """Read new rows from `source` without typing them, for a model that was trained by `advisor` to predict."""
        return raw_rows(source, names)

    def typed(self, dataset: Dataset) -> TypedTable:
        """Return a transformer that types raw new rows exactly as `dataset` was typed when it was read."""
        return TypedTable(dataset.schema)

    def take(self, inputs: pd.DataFrame, index: np.ndarray) -> pd.DataFrame:
        """Return the rows at the positions `index`, under their own index, shape (len(index), p)."""
        return inputs.take(index)

    def one_row(self, inputs: pd.DataFrame, position: int) -> pd.DataFrame:
        """Return the row at `position` as a frame of shape (1, p)."""
        return inputs.iloc[[position]]

    def codes(self, dataset: Dataset) -> np.ndarray:
        """Return codes (n,) that are equal for rows with equal cells."""
        return values.row_codes(dataset.inputs)

    def fingerprint(self, dataset: Dataset) -> str:
        """Return a sha256 over names, types and cells."""
        return values.fingerprint(dataset)

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe every input column."""
        return facts(dataset)

    def values(self, dataset: Dataset, name: str) -> np.ndarray:
        """Return a column as numbers (n,): dates as seconds, levels as codes, NaN where a cell is missing."""
        return values.as_numbers(dataset.inputs[name])

    def width(self, dataset: Dataset, columns: tuple[Column, ...]) -> int:
        """Return how many columns a one-hot encoding would have."""
        return values.width(dataset, columns)

    def checks(self, dataset: Dataset, columns: tuple[Column, ...], thorough: bool = True) -> tuple[Finding, ...]:
        """Look for the findings D, L and S that are about tables; see `advisor.modalities.tabular.checks`."""
        return look_for_findings(dataset, columns, thorough)

    def samples(self, dataset: Dataset) -> list[dict[str, str]]:
        """Return a few of its texts, none of a table without any: other cells may be of persons."""
        return samples.samples(dataset)

    def encoder(self, style: str, **options: Any) -> Any:
        """Return an unfitted encoder: 'matrix', 'ordinal', 'frame', 'net', 'bag' or 'words', and its options."""
        if style not in STYLES:
            raise ValueError(f"No encoder is called {style!r}. {did_you_mean(style, STYLES)}")
        return STYLES[style](**options)


MODALITY: Modality = Tabular()
