"""The numbered findings before any training: those of the modality, and those that hold for data of any kind.

D is for rows and columns, L for leaks, S for folds, T for the target; R is what reading lost or guessed, and what was
not looked for. Two more come once models have been trained: L04 (advisor.profiling.permuted) and S05
(advisor.profiling.flattery).
"""

from __future__ import annotations

from advisor.contracts import Modality
from advisor.profiling.contradictions import contradictions
from advisor.profiling.target import heavy_tails, rare_classes, unlearnable_target
from advisor.records import Column, Dataset, Finding


def look_for_findings(
    dataset: Dataset, modality: Modality, columns: tuple[Column, ...], thorough: bool = True
) -> tuple[Finding, ...]:
    """Return what is to be known before training: what reading tells, then every finding by its code."""
    found = (
        *modality.checks(dataset, columns, thorough),
        contradictions(dataset, modality.codes(dataset)),
        rare_classes(dataset),
        heavy_tails(dataset),
        unlearnable_target(dataset),
    )
    told = sorted((finding for finding in found if finding is not None), key=lambda finding: finding.code)
    return (*_notes_of_reading(dataset), *sorted(dataset.findings, key=lambda finding: finding.code), *told)


def _notes_of_reading(dataset: Dataset) -> tuple[Finding, ...]:
    """Turn what was lost or guessed when the data was read into findings, so that whoever shows findings shows it."""
    return tuple(Finding("R01", "info", note, "Make sure that this was meant.", {}) for note in dataset.notes)
