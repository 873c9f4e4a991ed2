"""A table as the checks see it: all rows, a sample in their order, and what several checks need, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from advisor.measuring.association import held_out_skill
from advisor.modalities.tabular.kinds import is_text
from advisor.modalities.tabular.values import as_numbers
from advisor.records import Column, Dataset

SAMPLE_ROWS = 20_000
SAMPLE_CELLS = 4_000_000


@dataclass(frozen=True)
class Survey:
    """A dataset with the description of its columns; `sample` are ascending positions of at most 20,000 rows."""

    dataset: Dataset
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.dataset.target)

    @property
    def class_count(self) -> int:
        """The number of classes, 0 for regression."""
        return len(self.dataset.classes) if self.dataset.task != "regression" else 0

    @cached_property
    def sample(self) -> np.ndarray:
        """Positions of the rows that costly checks look at: all, or a random part, in the order of the table."""
        wide = SAMPLE_CELLS // max(self.dataset.inputs.shape[1], 1)
        size = min(self.rows, SAMPLE_ROWS, max(wide, 1_000))
        if size == self.rows:
            return np.arange(self.rows)
        return np.sort(np.random.default_rng(0).choice(self.rows, size, replace=False))

    @cached_property
    def sample_target(self) -> np.ndarray:
        """The target of the sampled rows."""
        return np.asarray(self.dataset.target[self.sample])

    @cached_property
    def sample_values(self) -> dict[str, np.ndarray]:
        """Each input column on the sampled rows, as numbers."""
        sampled = self.dataset.inputs.take(self.sample)
        return {column.name: as_numbers(sampled[column.name]) for column in self.columns}

    @cached_property
    def skills(self) -> dict[str, float]:
        """How well each column that varies predicts the target alone, on held-out rows: AUC, or R2 for regression."""
        return {
            column.name: held_out_skill(
                self.sample_values[column.name], column.name in self.nominal, self.sample_target, self.class_count
            )
            for column in self.varying
        }

    @cached_property
    def nominal(self) -> frozenset[str]:
        """The names of the columns whose values have no order."""
        dtypes = self.dataset.inputs.dtypes.items()
        return frozenset(
            str(name) for name, dtype in dtypes if isinstance(dtype, pd.CategoricalDtype) or is_text(dtype)
        )

    @cached_property
    def dates(self) -> frozenset[str]:
        """The names of the columns that hold dates."""
        dtypes = self.dataset.inputs.dtypes.items()
        return frozenset(str(name) for name, dtype in dtypes if pd.api.types.is_datetime64_any_dtype(dtype))

    @cached_property
    def varying(self) -> tuple[Column, ...]:
        """The columns with at least two values, missing counted as one."""
        return tuple(column for column in self.columns if column.distinct + (0 < column.missing_share < 1) > 1)

    def values(self, name: str) -> np.ndarray:
        """One input column on all rows, as numbers."""
        return as_numbers(self.dataset.inputs[name])
