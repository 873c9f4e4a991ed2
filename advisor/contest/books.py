"""What came of it, taken down and told: results, endings, what an earlier run knew, and which models are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from advisor.contest.field import Entry, Field
from advisor.contest.repeats import Repeats
from advisor.contest.spending import Spending
from advisor.contest.timing import Timing
from advisor.contest.tuning import Tuning
from advisor.errors import OutOfTime, Unwritable, WorkerKilled
from advisor.fitting.fold import FoldTask, Task, describe
from advisor.records import Candidate, Cost, FoldResult, Outcome

# Folds that are expected to take less of all workers' seconds than this are let finish.
CHEAP = 0.02


@dataclass(frozen=True)
class Hands:
    """How things are done and told elsewhere.

    `carry_out` yields (task, result) as results come; the result of what failed is the exception. `tell` hears of every
    result once, `ended` of every candidate that came to its end (again, where repeats of the folds went on from there),
    `stage` of a name, a number of tasks and the seconds left, `note` of what a person should know; `forget` removes the
    file of a fitted model, named below the run's folder.
    """

    carry_out: Callable[[Iterable[Task | None]], Iterator[tuple[Any, Any]]]
    tell: Callable[[FoldResult], None]
    ended: Callable[[Outcome], None]
    stage: Callable[[str, int, float], None]
    note: Callable[[str], None]
    forget: Callable[[str], None]


class Books:
    """Takes results down where they belong; `known` are those of an earlier run, by a candidate's key and a fold.

    `essential` names the learners without whom there is no answer.
    """

    def __init__(
        self,
        hands: Hands,
        field: Field,
        timing: Timing,
        spending: Spending,
        tuning: Tuning,
        repeats: Repeats,
        *,
        known: Mapping[tuple[str, int], FoldResult],
        essential: frozenset[str],
    ) -> None:
        self._hands, self._field, self._timing = hands, field, timing
        self._spending, self._tuning, self._repeats = spending, tuning, repeats
        self._known, self._essential = dict(known), essential

    def enter(self, candidate: Candidate) -> Entry:
        """Enter a candidate; what an earlier run finished of it is taken up at once."""
        entry = self._field.begin(candidate)
        self.take_up(entry)
        return entry

    def take_up(self, entry: Entry) -> None:
        """Take up what is known of the folds that an entry waits for, all of it before anything is made of it."""
        key = entry.candidate.key
        known = [number for number in entry.waiting if (key, number) in self._known]
        for number in known:
            entry.waiting.remove(number)
            self._note(entry, self._known.pop((key, number)), earlier=True)
        if known:
            self._settle(entry)

    def take(self, task: FoldTask, result: Any, now: float) -> None:
        """Take note of a result; what failed or was stopped ends its candidate only, and has cost its time.

        Raises Unwritable where the result could not be kept: nothing that comes after it could be.
        """
        if isinstance(result, Unwritable):
            raise result
        entry = self._field.entries[task.candidate.key]
        begun = self._spending.finish(task.candidate, task.fold)
        if not isinstance(result, FoldResult):
            late = isinstance(result, OutOfTime)
            result = undone(task, result, now if begun is None else begun.since, now)
            if late and begun is not None and now < self._spending.stop:
                # It had its share, and the others have theirs still.
                took = result.cost.fit_seconds
                many = took / max(begun.expected, 1e-3)
                result = replace(result, message=f"stopped after {took:.0f} s, {many:.0f} times as long as expected")
        entry.running.discard(task.fold)
        self._note(entry, result)
        self._settle(entry)

    def close(self, entry: Entry) -> None:
        """Tell of an entry that has come to its end, and keep only those fitted models that may yet be used."""
        if entry.ending is None:
            entry.end("complete" if self._field.complete(entry) else "partial")
        self._hands.ended(entry.outcome())
        self._tuning.tell(entry)
        learner = entry.candidate.learner
        kept = self._field.kept_of(learner)
        for other in self._field.entries.values():
            if other.candidate.learner == learner and other.over and other.candidate.key not in kept:
                self._forget(other)
        if not entry.candidate.params and self._field.complete(entry):
            self._take_up_trials(learner)

    def _note(self, entry: Entry, result: FoldResult, *, earlier: bool = False) -> None:
        entry.results[result.fold] = result
        self._spending.take(result.candidate.family, self._timing.taken(result), earlier=earlier)
        self._tuning.take(result)
        if (slow := self._timing.take(result)) is not None:
            self._hands.note(slow)
        self._hands.tell(result)
        if result.state != "done":
            entry.end("timeout" if result.state == "timeout" else "failed", f"fold {result.fold + 1}: {result.message}")
            self._repeats.missed(result.fold)

    def _settle(self, entry: Entry) -> None:
        left = len(entry.waiting) * self._timing.expected(entry.candidate)
        cheap = left < CHEAP * self._spending.capacity
        self._field.settle(entry, spared=cheap or entry.candidate.learner in self._essential)
        if entry.over:
            self.close(entry)

    def _forget(self, entry: Entry) -> None:
        for number, result in entry.results.items():
            if result.model is not None:
                self._hands.forget(result.model)
                entry.results[number] = replace(result, model=None)

    def _take_up_trials(self, learner: str) -> None:
        """Enter the trials of a learner that an earlier run began, in their order."""
        trials = {key: result.candidate for (key, _), result in self._known.items()
                  if result.candidate.params and result.candidate.learner == learner}  # fmt: skip
        for candidate in trials.values():
            self.enter(candidate)


def undone(task: FoldTask, problem: Any, since: float, now: float) -> FoldResult:
    """Return what there is of a fold that failed or was stopped: why, and what it took since then."""
    state: Literal["timeout", "failed"] = "timeout" if isinstance(problem, OutOfTime) else "failed"
    cost = Cost(fit_seconds=max(0.0, now - since))
    return FoldResult(task.candidate, task.fold, state, why(problem), cost=cost, started_at=since)


def why(problem: Any) -> str:
    """Say in one line why there is no result."""
    return str(problem) if isinstance(problem, OutOfTime | WorkerKilled) else describe(problem)
