"""Tables: rows of numbers, categories and dates from files, frames, the catalogue or OpenML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.errors import did_you_mean
from advisor.modalities.tabular.encode import FrameEncoder, MatrixEncoder, NetEncoder, OrdinalEncoder
from advisor.modalities.tabular.files import ENDINGS, OPENML, ending, raw_table
from advisor.modalities.tabular.kinds import facts
from advisor.modalities.tabular.read import read
from advisor.modalities.tabular.types import TypedTable
from advisor.records import Column, Dataset

STYLES = {"matrix": MatrixEncoder, "ordinal": OrdinalEncoder, "frame": FrameEncoder, "net": NetEncoder}


@dataclass(frozen=True)
class Tabular:
    """The tabular modality; see `advisor.contracts.Modality` for what each method promises."""

    name: str = "tabular"

    def claims(self, source: Any) -> bool:
        """Tell whether `source` is a DataFrame, a file with a known ending, openml:ID, or a bare name."""
        if not isinstance(source, (str, Path)):
            return isinstance(source, pd.DataFrame)
        if str(source).lower().startswith(OPENML):
            return True
        path = Path(source)
        return not path.is_dir() and (ending(path) in ENDINGS or (not path.suffix and not path.exists()))

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset; options are those of `advisor.modalities.tabular.read.read`."""
        return read(source, **options)

    def rows(self, source: Any) -> pd.DataFrame:
        """Read new rows from `source` without typing them, for a model that was trained by `advisor` to predict."""
        return raw_table(source).frame

    def typed(self, dataset: Dataset) -> TypedTable:
        """Return a transformer that types raw new rows exactly as `dataset` was typed when it was read."""
        return TypedTable(dataset.schema)

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe every input column."""
        return facts(dataset)

    def encoder(self, style: str) -> Any:
        """Return an unfitted encoder: 'matrix', 'ordinal', 'frame' or 'net'."""
        if style not in STYLES:
            raise ValueError(f"No encoder is called {style!r}. {did_you_mean(style, STYLES)}")
        return STYLES[style]()


MODALITY = Tabular()
