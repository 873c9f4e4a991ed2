"""How models are named in sentences: an option by what it is, a model by its learners, heaviest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from advisor.judging import board
from advisor.judging.case import learner_of
from advisor.records import Candidate, Case, Mixture, Option, Which
from advisor.telling import cut_short
from advisor.wording import listed

OPTIONS: Mapping[Which, str] = {
    "classical": "the best classical model",
    "neural": "the best net",
    "classical_blend": "the blend of the classical models",
    "blend": "the blend of all",
    "dummy": "a constant",
}
MIXED: tuple[Which, ...] = ("classical_blend", "blend")
# So many members of a blend are named in a sentence, the heaviest first.
MOST_NAMED = 3


def named(members: Mapping[str, float], late: Collection[str] = ()) -> str:
    """Name a model by its shares by learner; of one learner it is said where the clock stopped it.

    >>> named({"tree": 0.2, "linear": 0.8}), named({"tree": 1.0}, late=["tree"])
    ('a blend of linear and tree', 'tree (cut short)')
    """
    heaviest = sorted(members, key=lambda name: -members[name])
    # In a list of several the words would hide the names; who of a blend was cut short is told beside it.
    return cut_short.worded(heaviest[0], late) if len(heaviest) == 1 else f"a blend of {listed(heaviest, MOST_NAMED)}"


def the(name: str) -> str:
    """Name a model that is known already: "a blend of ..." becomes "the blend of ..."."""
    return f"the {name[2:]}" if name.startswith("a blend") else name


def who(option: Option, case: Case) -> str:
    """Name an option: its learner, or a blend by its heaviest members."""
    return named(by_learner(option.members, case), late_among(option.members, case))


def by_learner(members: Mixture, case: Case) -> dict[str, float]:
    """Return shares by learner of shares by candidate."""
    return {learner_of(case, key): share for key, share in members.items()}


def late_among(members: Mixture, case: Case) -> tuple[str, ...]:
    """Name the learners whose candidate the clock stopped on most of the folds that were judged."""
    folds = [] if case.matrix is None else [fold.number for fold in case.matrix.folds]
    return tuple(learner_of(case, key) for key in members if board.cut_short(case.outcomes[key], folds))


def key_of(learner: str, params: Mapping[str, Any]) -> str:
    """Return the key of a candidate, which its family is no part of."""
    return Candidate(learner, "blend", params).key
