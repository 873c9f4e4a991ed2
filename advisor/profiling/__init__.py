"""A look at the data before any training: what is there, what the target is, what should worry us. Fits no learner."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pandas as pd

from advisor.contracts import Modality
from advisor.profiling.findings import look_for_findings
from advisor.profiling.target import target_facts
from advisor.profiling.text import profile_dict, profile_text
from advisor.records import Dataset, Profile

__all__ = ["profile", "profile_dict", "profile_text"]


def profile(dataset: Dataset, modality: Modality, thorough: bool = True) -> Profile:
    """Describe `dataset`: columns as `modality` sees them, target, numbered findings and a fingerprint.

    `thorough` as in `Modality.checks`.
    """
    columns = modality.facts(dataset)
    return Profile(
        name=dataset.name,
        modality=modality.name,
        rows=len(dataset.target),
        task=dataset.task,
        columns=columns,
        kinds=dict(Counter(column.kind for column in columns)),
        encoded_columns=modality.width(dataset, columns),
        target=target_facts(dataset),
        findings=look_for_findings(dataset, modality, columns, thorough),
        fingerprint=_fingerprint(dataset, modality),
    )


def _fingerprint(dataset: Dataset, modality: Modality) -> str:
    """Return a sha256 over inputs, target, groups and times: the same data gives the same text on any machine."""
    told = (modality.fingerprint(dataset), dataset.task, dataset.target_name, dataset.classes)
    digest = hashlib.sha256(repr(told).encode())
    for array in (pd.util.hash_array(dataset.target), dataset.groups, dataset.times):
        digest.update(b"|" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
