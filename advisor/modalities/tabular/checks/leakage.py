"""Findings L: columns that know the answer before a model does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.measuring.association import rank_correlation
from advisor.modalities.tabular.checks.forest import forest_skill
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Finding
from advisor.wording import drop, some

AUC_TOO_GOOD = 0.995
R2_TOO_GOOD = 0.99
COPY_CORRELATION = 0.9995
# Below half of what could be known a column gives no cause to suspect it, and the shares are unsteady.
LEAST_SKILL, NEARLY_ALL = 0.5, 0.98
MOST_ROWS = 4_000


def predicts_alone(survey: Survey) -> Finding | None:
    """L01: one column alone predicts rows that its fit did not see, with an AUC of 0.995 or an R2 of 0.99 and more.

    A copy of the target is L02 and not repeated here. Left out below 50 rows or 10 rows of the second largest class,
    where such a score comes up by chance.
    """
    if survey.rows < 50 or (survey.class_count and np.sort(np.bincount(survey.dataset.target))[-2:].min() < 10):
        return None
    limit = AUC_TOO_GOOD if survey.class_count else R2_TOO_GOOD
    copies = copied_columns(survey)
    found = {name: skill for name, skill in survey.skills.items() if skill >= limit and name not in copies}
    if not found:
        return None
    names = sorted(found, key=lambda name: -found[name])
    measure = "AUC" if survey.class_count else "R2"
    return Finding(
        "L01",
        "severe",
        f"{some(names)} alone {'predicts' if len(names) == 1 else 'predict'} the target almost perfectly "
        f"({measure} {_below_one(found[names[0]])} on held-out rows for {names[0]!r}).",
        f"If it is only known once the outcome is, it is a leak: {drop(names)}. If not, a rule on it will do.",
        {"columns": names, "measure": measure, "skill": found},
    )


def copies_target(survey: Survey) -> Finding | None:
    """L02: a column that is the target in other words: equal, monotone in it, or one level for each class."""
    names = list(copied_columns(survey))
    if not names:
        return None
    many = len(names) > 1
    return Finding(
        "L02",
        "severe",
        f"{some(names)} {'are copies' if many else 'is a copy'} of the target {survey.dataset.target_name!r} "
        "in other numbers or words.",
        f"A model would only read the answer off; leave {'them' if many else 'it'} out: {drop(names)}.",
        {"columns": names},
    )


def nearly_all_alone(survey: Survey) -> Finding | None:
    """L03: one column alone has 98 % of the skill that all have together, by the same forest on rows it did not see.

    Skill is 2 AUC - 1, or R2. Not looked at where the strongest column alone reaches less than 0.5, and not repeated
    for what L01 and L02 name.
    """
    told = (predicts_alone(survey), copies_target(survey))
    if len(survey.varying) < 2 or survey.rows < 100 or any(told):
        return None
    name = max(survey.skills, key=lambda name: survey.skills[name])
    if _share_of_all(survey, survey.skills[name]) < LEAST_SKILL:
        return None
    rows = np.sort(np.random.default_rng(0).permutation(len(survey.sample))[:MOST_ROWS])
    target, fold = survey.sample_target[rows], np.random.default_rng(1).permutation(len(rows)) % 2
    columns = {column.name: survey.sample_values[column.name][rows] for column in survey.varying}
    alone, whole = (
        forest_skill(own, target, survey.class_count, fold) for own in ([columns[name]], list(columns.values()))
    )
    if _share_of_all(survey, alone) < max(NEARLY_ALL * _share_of_all(survey, whole), LEAST_SKILL):
        return None
    measure = "AUC" if survey.class_count else "R2"
    return Finding(
        "L03",
        "warning",
        f"{name!r} alone predicts the target as well as all {len(columns)} columns together ({measure} {alone:.2f} "
        f"against {whole:.2f} on held-out rows, by the same forest).",
        f"If it is only known once the outcome is, it is a leak: {drop([name])}. If not, a rule on it will do.",
        {"columns": [name], "measure": measure, "alone": alone, "all": whole},
    )


def _share_of_all(survey: Survey, skill: float) -> float:
    """Put a skill on a scale from 0, chance, to 1."""
    return 2 * skill - 1 if survey.class_count else skill


def copied_columns(survey: Survey) -> tuple[str, ...]:
    """Return the columns that are the target under another name, in the order of the table."""
    if not survey.class_count:
        return tuple(column.name for column in survey.varying if _same_order(survey, column.name))
    promising = [name for name, skill in survey.skills.items() if skill >= 0.9]
    return tuple(name for name in promising if _same_classes(survey, name))


def _same_classes(survey: Survey, name: str) -> bool:
    values, target = survey.sample_values[name], survey.sample_target
    known = ~np.isnan(values)
    if known.mean() < 0.5 or known.sum() < 20:
        return False
    level = pd.factorize(values[known])[0]
    if level.max() + 1 > 2 * survey.class_count or len(np.unique(target[known])) < 2:
        return False
    table = np.zeros((level.max() + 1, survey.class_count))
    np.add.at(table, (level, target[known]), 1)
    forth, back = table.max(axis=1).sum() / known.sum(), table.max(axis=0).sum() / known.sum()
    # A rare class can hide in the agreement, so what is beyond always naming the largest class must agree as well.
    guess = table.sum(axis=0).max() / known.sum()
    return bool(min(forth, back) >= 0.999 and (min(forth, back) - guess) / (1 - guess) >= 0.98)


def _same_order(survey: Survey, name: str) -> bool:
    values, target = survey.sample_values[name], survey.sample_target
    known = ~np.isnan(values)
    if known.mean() < 0.5 or known.sum() < 20:
        return False
    if name in survey.nominal:
        level, value = pd.factorize(values[known])[0], pd.factorize(target[known])[0]
        pairs = len(np.unique(level.astype(np.int64) * (value.max() + 1) + value))
        return bool(2 < level.max() + 1 < 0.9 * known.sum() and pairs == level.max() + 1 == value.max() + 1)
    return abs(rank_correlation(values, target)) >= COPY_CORRELATION


def _below_one(skill: float) -> str:
    return f"{min(skill, 0.9999):.4f}" if skill < 1 else "1"
