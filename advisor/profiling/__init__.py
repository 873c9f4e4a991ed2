"""A look at the data before any training: what is there, what the target is, what should worry us. Fits no learner."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from advisor.contracts import Modality
from advisor.profiling.findings import FINDINGS, look_for_findings
from advisor.profiling.survey import Survey, fingerprint
from advisor.profiling.target import target_facts
from advisor.profiling.text import profile_dict, profile_text
from advisor.records import Dataset, Finding, Profile

__all__ = ["FINDINGS", "profile", "profile_dict", "profile_text"]

MOST_COLUMNS_A_CATEGORY = 100
COLUMNS_A_DATE = 6


def profile(dataset: Dataset, modality: Modality) -> Profile:
    """Describe `dataset`: columns as `modality` sees them, target, numbered findings and a fingerprint.

    `encoded_columns` is what a one-hot encoding would have: one a number, one a level (at most 100) and six a date.
    """
    columns = modality.facts(dataset)
    survey = Survey(dataset, columns)
    encoded = 0
    for column in columns:
        dtype = dataset.inputs[column.name].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            encoded += min(column.distinct, MOST_COLUMNS_A_CATEGORY)
        else:
            encoded += COLUMNS_A_DATE if pd.api.types.is_datetime64_any_dtype(dtype) else 1
    return Profile(
        name=dataset.name,
        modality=modality.name,
        rows=survey.rows,
        task=dataset.task,
        columns=columns,
        kinds=dict(Counter(column.kind for column in columns)),
        encoded_columns=encoded,
        target=target_facts(survey),
        findings=(*_notes_of_reading(dataset), *look_for_findings(survey)),
        fingerprint=fingerprint(survey),
    )


def _notes_of_reading(dataset: Dataset) -> tuple[Finding, ...]:
    """Turn what was lost or guessed when the data was read into findings, so that whoever shows findings shows it."""
    return tuple(Finding("R01", "info", note, "Make sure that this was meant.", {}) for note in dataset.notes)
