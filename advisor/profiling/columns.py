"""Findings D: rows that repeat or contradict each other, and columns that help nobody or need a second look."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.profiling.association import correlation, ranks
from advisor.profiling.survey import Survey
from advisor.profiling.wording import columns, drop, have, percent, some, them
from advisor.records import Column, Finding, Severity

FINE = 100


def duplicate_rows(survey: Survey) -> Finding | None:
    """D01: rows that equal another in every column, target included; a copy may not stand on both sides of a split.

    Where every column has few values, equal rows are no surprise and do no harm. They are a surprise where one of the
    three finest columns, of at least 100 values, has a value of which at least half of the rows are these copies.
    """
    target = pd.util.hash_array(survey.dataset.target)
    level = pd.factorize(survey.input_hashes ^ (target * np.uint64(0x9E3779B97F4A7C15)))[0]
    size = np.bincount(level)[level]
    count = survey.rows - int(level.max()) - 1
    if not count:
        return None
    surprising = np.zeros(survey.rows, dtype=bool)
    for column in sorted(survey.columns, key=lambda column: -column.distinct)[:3]:
        if column.distinct < FINE:
            break
        value = pd.factorize(survey.values(column.name), use_na_sentinel=False)[0]
        surprising |= 2 * size >= np.bincount(value)[value]
    later = pd.Series(level).duplicated().to_numpy()
    share, surprise = count / survey.rows, float((later & surprising).mean())
    severity: Severity = "severe" if surprise >= 0.1 else "warning" if surprise >= 0.01 else "info"
    return Finding(
        "D01",
        severity,
        f"{count:,} of {survey.rows:,} rows ({percent(share)}) are exact copies of an earlier row"
        + (", down to values that hardly any other row has." if surprise >= 0.01 else "."),
        "If they are one case recorded twice, remove the copies before comparing, or scores will be too good."
        if surprise >= 0.01
        else "With so few distinct values that is to be expected; new rows will repeat old ones as well.",
        {"rows": count, "share": share, "surprising_share": surprise},
    )


def contradictions(survey: Survey) -> Finding | None:
    """D02: rows with equal inputs and different targets; what they lose, no model on these columns can win back.

    For classes the floor is the share of rows outside the majority of their set of equal rows; for regression it is the
    variance within the sets over the variance of the target. Both are lower bounds.
    """
    level = pd.factorize(survey.input_hashes)[0]
    size = np.bincount(level)
    if survey.dataset.inputs.shape[1] == 0 or size.max() == 1:
        return None
    rows, floor = _clash_of_classes(survey, level) if survey.class_count else _clash_of_values(survey, level)
    if not rows:
        return None
    best = "gets less than {} of the rows wrong" if survey.class_count else "leaves less than {} of the variance"
    return Finding(
        "D02",
        "warning" if floor >= 0.05 else "info",
        f"{rows:,} rows share all their inputs with a row that has another target, "
        f"so no model {best.format(percent(floor))}.",
        "Look for a column that tells these rows apart, or accept this as the best there can be.",
        {"rows": rows, "share": rows / survey.rows, "irreducible_error": floor},
    )


def _clash_of_classes(survey: Survey, level: np.ndarray) -> tuple[int, float]:
    pairs, count = np.unique(level * survey.class_count + survey.dataset.target, return_counts=True)
    owner = pairs // survey.class_count
    size, most = np.bincount(level), np.zeros(int(level.max()) + 1, dtype=np.int64)
    np.maximum.at(most, owner, count)
    return int(size[np.bincount(owner) > 1].sum()), float((size - most).sum() / survey.rows)


def _clash_of_values(survey: Survey, level: np.ndarray) -> tuple[int, float]:
    target = survey.dataset.target - survey.dataset.target.mean()
    target = target / (np.abs(target).max() or 1.0)
    size = np.bincount(level)
    away = (target - (np.bincount(level, target) / size)[level]) ** 2
    sets = pd.Series(target).groupby(level)
    clash = (sets.transform("max") > sets.transform("min")).to_numpy()
    return int(clash.sum()), float(away[clash].sum() / ((target**2).sum() or 1.0))


def constant_columns(survey: Survey) -> Finding | None:
    """D03: columns with one value, or none at all."""
    varying = {column.name for column in survey.varying}
    names = [column.name for column in survey.columns if column.name not in varying]
    if not names:
        return None
    return Finding(
        "D03",
        "info",
        f"{columns(names)} {have(names)} the same value in every row.",
        f"Nothing is lost by leaving {them(names)} out: {drop(names)}.",
        {"columns": names},
    )


def id_like_columns(survey: Survey) -> Finding | None:
    """D04: columns that name the row: a text or whole number that differs in (nearly) every row."""
    names = [column.name for column in survey.columns if column.kind == "id-like"]
    if not names:
        return None
    return Finding(
        "D04",
        "warning",
        f"{columns(names)} {have(names)} a value of {'its' if len(names) == 1 else 'their'} own in (nearly) every row, "
        "as a name or number of the row has.",
        f"A model can only memorise {them(names)}; leave {them(names)} out: {drop(names)}.",
        {"columns": names},
    )


def many_levels(survey: Survey) -> Finding | None:
    """D05: categories with many levels, most of which have too few rows to learn from one by one."""
    found = {column.name: column.distinct for column in survey.columns if column.kind == "high-cardinality"}
    if not found:
        return None
    names = sorted(found, key=lambda name: -found[name])
    return Finding(
        "D05",
        "info",
        f"{columns(names)} {have(names)} many levels ({found[names[0]]:,} in {names[0]!r}).",
        "Learners pool rare levels; a coarser grouping that means something may do better.",
        {"columns": names, "levels": found},
    )


def text_columns(survey: Survey) -> Finding | None:
    """D06: free text, which is read as a category and so says little to any learner here."""
    names = [column.name for column in survey.columns if column.kind == "text-like"]
    if not names:
        return None
    return Finding(
        "D06",
        "warning",
        f"{columns(names)} {have(names)} free text, which is read as a category here.",
        f"Derive numbers or topics from the text first, or leave {them(names)} out: {drop(names)}.",
        {"columns": names},
    )


def telling_gaps(survey: Survey) -> Finding | None:
    """D07: columns whose gaps alone predict the target; a sign of how the rows were collected, or of a leak.

    The effect is the largest correlation of the gap with a class indicator, or with the ranks of a regression target.
    """
    found = {column.name: effect for column in survey.columns if (effect := _gap_effect(survey, column)) >= 0.2}
    if not found:
        return None
    names = sorted(found, key=lambda name: -found[name])
    strongest = found[names[0]]
    return Finding(
        "D07",
        "severe" if strongest >= 0.9 else "warning" if strongest >= 0.4 else "info",
        f"Whether {some(names)} {'is' if len(names) == 1 else 'are'} missing says much about the target "
        f"(correlation {strongest:.2f} for {names[0]!r}).",
        f"Make sure that the gaps are there before the outcome is known; if they come from it: {drop(names)}.",
        {"columns": names, "correlation": found},
    )


def _gap_effect(survey: Survey, column: Column) -> float:
    """Return the correlation of a column's gaps with the target, 0 where it is not clear of chance or gaps are few."""
    if not 0 < column.missing_share < 1:
        return 0.0
    gap = np.isnan(survey.sample_values[column.name]).astype(np.float64)
    if min(gap.sum(), len(gap) - gap.sum()) < 20:
        return 0.0
    target = survey.sample_target
    if survey.class_count:
        counts = np.bincount(target)
        sides = [(target == code).astype(np.float64) for code in np.argsort(-counts)[:20] if counts[code] >= 10]
    else:
        sides = [ranks(target)]
    effect = max((abs(correlation(gap, side)) for side in sides), default=0.0)
    return effect if effect * np.sqrt(len(gap)) >= 6 else 0.0
