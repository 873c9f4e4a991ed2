"""Findings D: rows that repeat each other, and columns that help nobody or need a second look."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.measuring.association import correlation, ranks
from advisor.modalities.tabular.checks.survey import Survey
from advisor.modalities.tabular.values import row_hashes
from advisor.records import Column, Finding, Severity
from advisor.wording import are, columns, drop, have, percent, some, them

FINE = 100
# Equal rows up to so many times as many as chance makes are no surprise: columns that hang together make more.
MOST_TIMES_BY_CHANCE = 3.0


def duplicate_rows(survey: Survey) -> Finding | None:
    """D01: rows that equal another in every column, target included; a copy may not stand on both sides of a fold.

    Where every column has few values, equal rows are no surprise and do no harm. They are a surprise where one of the
    three finest columns, of at least 100 values, has a value of which at least half of the rows are these copies; but
    not where so many equal rows are what columns with so many values each make by chance, if they know nothing of each
    other (two columns with 1 / p and 1 / q equal pairs have 1 / pq).
    """
    target = pd.util.hash_array(survey.dataset.target)
    level = pd.factorize(row_hashes(survey.dataset.inputs) ^ (target * np.uint64(0x9E3779B97F4A7C15)))[0]
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
    by_chance = _pairs(target) * float(np.prod([_pairs(survey.values(column.name)) for column in survey.columns]))
    expected = _pairs(level) <= MOST_TIMES_BY_CHANCE * by_chance
    share, surprise = count / survey.rows, 0.0 if expected else float((later & surprising).mean())
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


def _pairs(values: np.ndarray) -> float:
    """Return the share of all pairs of rows that are equal in these values (n,), gaps being one value."""
    counts = np.bincount(pd.factorize(values, use_na_sentinel=False)[0]).astype(np.float64)
    return float(counts @ (counts - 1) / max(len(values) * (len(values) - 1), 1))


def constant_columns(survey: Survey) -> Finding | None:
    """D03: columns with one value, or none at all."""
    varying = {column.name for column in survey.varying}
    names = [column.name for column in survey.columns if column.name not in varying]
    if not names:
        return None
    empty = [column.name for column in survey.columns if column.name in names and not column.distinct]
    same = [name for name in names if name not in empty]
    said = [f"{columns(same)} {have(same)} the same value in every row."] if same else []
    said += [f"{columns(empty)} {have(empty)} no filled cell."] if empty else []
    return Finding(
        "D03",
        "info",
        " ".join(said),
        f"Nothing is lost by leaving {them(names)} out: {drop(names)}.",
        {"columns": names},
    )


def id_like_columns(survey: Survey) -> Finding | None:
    """D04: columns that name the row: a text or whole number that differs in (nearly) every row.

    Amounts with words among them, dates in a form that is not known and other cells of which R03 warns differ in every
    row as well, and name none.
    """
    doubtful = {
        finding.evidence.get("column") for finding in survey.dataset.findings
        if "words" in finding.evidence or (finding.code == "R03" and finding.severity == "warning")
    }  # fmt: skip
    names = [column.name for column in survey.columns if column.kind == "id-like" and column.name not in doubtful]
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
        f"Whether {some(names)} {are(names)} missing says much about the target "
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
