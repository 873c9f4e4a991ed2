"""Further repeats of the folds, for an answer that is open: by those who may yet lead, and whole ones only."""

from __future__ import annotations

from statistics import fmean

from advisor.contest.field import Entry, Field
from advisor.contest.spending import FAMILIES, Spending
from advisor.contest.timing import Timing
from advisor.judging import choice
from advisor.records import Case, Plan

# Learners of a family that take part, beside those of the blends.
CONTENDERS = 3
# The part of the time that is left which a repeat may be expected to take.
SURE = 0.9


class Repeats:
    """Who goes on to further repeats, and which fold of them is next; a repeat is begun once the last is handed out."""

    def __init__(self, plan: Plan, field: Field, timing: Timing, spending: Spending) -> None:
        self._plan, self._field, self._timing, self._spending = plan, field, timing, spending
        self._entries: list[Entry] = []
        self._queue: list[tuple[Entry, int]] = []
        self._repeat = 0
        self._broken = False

    @property
    def possible(self) -> bool:
        """Tell whether the plan has further repeats at all."""
        return self._plan.folds.repeats > 1

    @property
    def tasks(self) -> int:
        """How many folds a repeat has, all who take part counted."""
        return len(self._field.first) * len(self._entries)

    def choose(self, seen: Case, now: float) -> bool:
        """Choose who takes part: both families' first, learners of the blends, the dummy; tell whether there is time.

        Blends are those of the last look, `seen`; each learner takes part with the best that it has by now.
        """
        self._entries = self._wanted(seen)
        return bool(self._entries) and now + self._wall(self._entries) <= self._spending.until_repeats

    def seconds(self, seen: Case) -> float:
        """Expect what one repeat would take in wall time, were they chosen now; 0 where none is possible."""
        return self._wall(self._wanted(seen)) if self.possible else 0.0

    def next(self, now: float) -> tuple[Entry, int] | None:
        """Return who is to be fitted on which fold next; None where no repeat is left that would end in time."""
        if (
            not self._queue
            and not self._broken
            and self._repeat + 1 < self._plan.folds.repeats
            and (now + self._wall(self._entries) <= self._spending.until_repeats)
        ):
            self._repeat += 1
            numbers = [part.number for part in self._plan.folds.parts if part.repeat == self._repeat]
            for entry in self._entries:
                entry.ending = None
                entry.waiting += numbers
            self._queue = [(entry, number) for number in numbers for entry in self._entries]
        return self._queue.pop(0) if self._queue else None

    def missed(self, fold: int) -> None:
        """Leave a repeat that cannot become whole, and those after it; a fold of the first one is none of them."""
        if fold not in self._field.first:
            self._queue.clear()
            self._broken = True

    def _wanted(self, seen: Case) -> list[Entry]:
        names = [self._field.ranked(family)[:CONTENDERS] for family in FAMILIES]
        chosen = choice.chosen(seen)
        if chosen is None or not all(names):
            return []
        members = [seen.outcomes[key].candidate.learner for mixture in chosen.members.values() for key in mixture]
        everyone = dict.fromkeys((*self._field.ranked("dummy"), *names[0], *names[1], *members))
        return [best for name in everyone if (best := self._field.best_of(name)) is not None]

    def _wall(self, entries: list[Entry]) -> float:
        """Expect what a repeat by these takes in wall time, by what their folds have taken, with something to spare."""
        seconds = sum(
            fmean(self._timing.taken(result) for result in entry.results.values() if result.state == "done")
            for entry in entries
        )
        return len(self._field.first) * seconds / self._spending.workers / SURE
