"""What may be spent, on which folds, and who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from advisor.records.data import Task

Family = Literal["dummy", "classical", "neural", "blend"]


@dataclass(frozen=True)
class Budget:
    """What may be spent: `seconds` of wall time for the whole comparison, a ceiling; `trials` caps one learner's study.

    `counted` tells that a number of trials was asked for: then nothing is decided by a clock before the seconds are
    spent (see contest.by_table).
    With `until` "answer" no further candidate is tried once the answer is known; with "budget" what is left goes into
    the model that is handed over.
    """

    seconds: float
    trials: int
    seed: int = 0
    until: Literal["budget", "answer"] = "budget"
    counted: bool = False


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold: positions of training and test rows in the data set. `fold` counts within `repeat`."""

    number: int
    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, eq=False)
class Folds:
    """All folds of a comparison, drawn once for every candidate; `parts` in the order in which they are run.

    `rows` are the positions of the rows that take part, sorted: all of them, or those that the budget pays for.
    `twins` (n,) has equal codes for rows of the data set that are copies of each other; None where nothing is held
    together for that. `one_class` is how many steps in time were left out since they begin with one class alone, or
    end with one where two are needed to judge by.
    """

    kind: Literal["stratified", "grouped", "forward", "holdout"]
    folds: int
    repeats: int
    parts: tuple[Fold, ...]
    rows: np.ndarray
    twins: np.ndarray | None = None
    one_class: int = 0


@dataclass(frozen=True)
class Entrant:
    """A learner that takes part: what one fit of its default is expected to take on a fold, here, in seconds.

    `essential` are those without whom there is no answer; `strong` is a net that a "not worth it" may rest on.
    `must_beat` names those whom it has to beat clearly before it counts for its family; `asked` tells that it was asked
    for by name, or that one which has to beat it was.
    """

    learner: str
    family: Family
    seconds: float
    essential: bool = False
    strong: bool = False
    must_beat: tuple[str, ...] = ()
    asked: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """Who takes part on which folds, by which metric, and who was left out and why.

    `unaffordable` names those of the `skipped` for whom the budget is too short. `speed` is how many times as long as
    on the machine where the table of seconds was written a small fit took here. `identity` is what a fit's result rests
    on, by name: data, folds, metric, seed, device, versions of packages; another run has to share it, as far as both
    name the same, for its results to be reused. `fingerprint` is a hash of it without the versions. `sizes` are the
    rows, the folds and the trainings of a fit that the budget was expected to pay for, by which a resumed run does the
    same. `counted` is that of the Budget.
    """

    task: Task
    metric: str
    folds: Folds
    entrants: tuple[Entrant, ...]
    skipped: Mapping[str, str]
    seed: int
    device: str
    serve_on: str
    fingerprint: str
    foundation: str | None = None
    unaffordable: tuple[str, ...] = ()
    speed: float = 1.0
    sizes: tuple[int, int, int] = (0, 0, 1)
    identity: Mapping[str, str] = field(default_factory=dict)
    counted: bool = False

    @property
    def trainings(self) -> int:
        """How many trainings, from other seeds, a fit of a learner that is averaged is the mean of."""
        return self.sizes[2]

    @property
    def learners(self) -> tuple[str, ...]:
        """Name those who take part."""
        return tuple(entrant.learner for entrant in self.entrants)
