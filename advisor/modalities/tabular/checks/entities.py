"""Finding S03: rows that belong together because they come from one entity, such as a patient with several visits."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advisor.measuring.association import likeness_within
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Column, Finding
from advisor.wording import are, option, some

CLEAR, ALIKE = 6.0, 0.2
CONSTANT_WITHIN = 0.95
MOST_ROWS_OF_AN_ENTITY = 200

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_ENTITY = re.compile(
    "patient|subject|subj|customer|client|user|member|person|employee|student|household|account|acct|session|device"
    "|participant|respondent|visitor|vehicle|machine|driver|family|animal|speaker|author|recording"
)
_NUMBER = re.compile("ids?|uuid|guid|uid|pid|nr|nbr")
_QUANTITY = re.compile("n|num|number|count|total|mean|avg|average|share|is|has|as|of|per|age|days|weeks|months|years")


@dataclass(frozen=True)
class Entity:
    """A column whose values come up several times: how alike targets are within one, what else is fixed there."""

    column: Column
    named: bool
    likeness: float
    clear: bool
    rows_a_value: float
    fixed: tuple[str, ...]

    @property
    def certain(self) -> bool:
        """Tell whether name and data both say that the values are entities."""
        alike = self.clear and self.likeness >= ALIKE and self.rows_a_value <= MOST_ROWS_OF_AN_ENTITY
        return self.named and (alike or bool(self.fixed))


def words(name: str) -> list[str]:
    """Return the words of a column's name in lower case: 'RecordID' and 'record_id' are both record and id."""
    return [word.casefold() for word in _WORDS.findall(name)]


def names_an_entity(name: str) -> bool:
    """Tell whether a column's name says that its values stand for things that may come up more than once."""
    *before, last = words(name) or [""]
    if any(map(_QUANTITY.fullmatch, before)):
        return False
    if _NUMBER.fullmatch(last) or _ENTITY.fullmatch(last) or re.fullmatch(f"({_ENTITY.pattern})(id|nr|nbr)", last):
        return True
    return last in {"number", "no", "code"} and bool(before) and bool(_ENTITY.fullmatch(before[-1]))


def repeated_entities(survey: Survey) -> Finding | None:
    """S03: a column whose values come up a few times each and hang together, that was not named with --group.

    Values hang together where targets are alike within a value, or where other columns are fixed within it, as the sex
    of a patient is. Severe where the column's name says that it is an entity as well, a mere mention for a category
    whose name does not. Numbers without such a name are not looked at: an age also has like targets within a value.
    """
    if survey.dataset.groups is not None:
        return None
    found = [entity for column in survey.columns if (entity := _entity(survey, column)) is not None]
    if not found:
        return None
    entity = max(found, key=lambda entity: (entity.certain, entity.named, entity.column.distinct))
    name, signs = entity.column.name, []
    if entity.clear:
        signs.append(f"targets are alike within a value ({entity.likeness:.2f} on a scale from 0, chance, to 1)")
    if entity.fixed:
        signs.append(f"{some(entity.fixed, most=2)} {are(entity.fixed)} fixed within a value")
    return Finding(
        "S03",
        "severe" if entity.certain else "warning" if entity.named else "info",
        f"{name!r} has {entity.column.distinct:,} values that come up {entity.rows_a_value:.1f} times each"
        + "".join(f", and {sign}" for sign in signs)
        + ".",
        f"If the model will meet values that it has not seen, use {option('--group', name)}; "
        "random folds would flatter it.",
        {
            "column": name,
            "levels": entity.column.distinct,
            "rows_a_level": entity.rows_a_value,
            "likeness_within": entity.likeness,
            "fixed_within": list(entity.fixed),
        },
    )


def _entity(survey: Survey, column: Column) -> Entity | None:
    named = names_an_entity(column.name)
    filled = survey.rows * (1 - column.missing_share)
    if filled < 100 or column.name in survey.dates or column.kind in {"id-like", "text"}:
        return None
    if not (named or column.name in survey.nominal):
        return None
    if not (10 if named else 50) <= column.distinct <= 0.9 * filled or (not named and filled / column.distinct > 50):
        return None
    values = survey.values(column.name)
    known = ~np.isnan(values)
    if (values[known] != np.round(values[known])).any():
        return None
    level = pd.factorize(values[known])[0].astype(np.int64)
    if (np.bincount(level)[level] > 1).mean() < 0.2:
        return None
    likeness, errors = likeness_within(level, survey.dataset.target[known], survey.class_count)
    clear = errors >= CLEAR and likeness >= (0.02 if named else ALIKE)
    fixed = _fixed_within(survey, column, level, known) if named else ()
    if not (clear or fixed or (named and filled / column.distinct <= MOST_ROWS_OF_AN_ENTITY)):
        return None
    entity = Entity(column, named, max(likeness, 0.0), clear, filled / column.distinct, fixed)
    return entity if entity.certain or entity.rows_a_value <= MOST_ROWS_OF_AN_ENTITY else None


def _fixed_within(survey: Survey, entity: Column, level: np.ndarray, known: np.ndarray) -> tuple[str, ...]:
    """Return the columns with 2 to 50 values that agree in nearly all pairs of rows of one level, beyond chance."""
    order = np.argsort(level, kind="stable")
    same = level[order][1:] == level[order][:-1]
    names = []
    for column in survey.varying:
        if column.name == entity.name or not 2 <= column.distinct <= 50:
            continue
        value = pd.factorize(survey.values(column.name)[known], use_na_sentinel=False)[0][order]
        chance = float(((np.bincount(value) / len(value)) ** 2).sum())
        agree = float((value[1:] == value[:-1])[same].mean())
        if chance <= 0.9 and (agree - chance) / (1 - chance) >= CONSTANT_WITHIN:
            names.append(column.name)
    return tuple(names)
