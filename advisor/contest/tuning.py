"""Whose settings are tried next: one study a learner, and the learner first that has had the fewest seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from advisor import learners
from advisor.contest.field import Entry, Field
from advisor.contest.spending import Spending
from advisor.contest.timing import Timing
from advisor.fitting.fold import Shared, default_params, setting_of
from advisor.fitting.study import Study
from advisor.records import Budget, Candidate, Ending, FoldResult

# Learners of a family that are tuned at a time: more would leave each too few trials to learn from.
TUNED_AT_A_TIME = 3
# What a study learns of a trial that came to this end; of one that was left for want of time it learns what there is.
TOLD: dict[Ending, Literal["complete", "given_up", "failed"]] = {
    "complete": "complete", "given_up": "given_up", "partial": "given_up", "failed": "failed", "timeout": "failed",
}  # fmt: skip


class Tuning:
    """The studies of a contest by learner."""

    def __init__(self, shared: Shared, budget: Budget, field: Field, timing: Timing, spending: Spending) -> None:
        self._shared, self._budget = shared, budget
        self._field, self._timing, self._spending = field, timing, spending
        self._studies: dict[str, Study] = {}
        self._seconds: dict[str, float] = defaultdict(float)

    def next(self, names: Sequence[str], now: float) -> Candidate | None:
        """Return new settings of one of these learners, who all have a complete default; None where none can go on.

        Nothing is proposed that is not expected to have run through all folds before the stop.
        """
        under_way: dict[str, float] = defaultdict(float)
        for each in self._spending.running.values():
            under_way[each.candidate.learner] += each.expected if each.candidate.params else 0.0
        for name in sorted(names, key=lambda name: self._seconds[name] + under_way[name]):
            if now + len(self._field.first) * self._timing.of_trial(name) >= self._spending.stop:
                continue
            params = self._study(name).ask()
            if params is not None:
                return Candidate(name, self._field.entries[f"{name}-default"].candidate.family, params)
        return None

    def tunable(self, names: Sequence[str]) -> list[str]:
        """Return those of these learners, in order, that have something to tune."""
        return [name for name in names if learners.find(name).tunable]

    def take(self, result: FoldResult) -> None:
        """Take note of what a fold of a trial took, by what counts for it."""
        if result.candidate.params:
            self._seconds[result.candidate.learner] += self._timing.taken(result)

    def tell(self, entry: Entry) -> None:
        """Tell a study what came of settings: those it asked for, or those of an earlier run."""
        if not entry.candidate.params or entry.ending is None:
            return
        self._study(entry.candidate.learner).tell(entry.candidate.params, self._errors(entry), TOLD[entry.ending])

    def _errors(self, entry: Entry) -> list[float]:
        """Return the errors of the first repeat, as far as it came, in the order of the folds."""
        results = [entry.results[number] for number in self._field.first if number in entry.results]
        return [result.error for result in results if result.error is not None]

    def _study(self, learner: str) -> Study:
        if learner not in self._studies:
            rows = len(self._shared.plan.folds.parts[0].train)
            space = learners.find(learner).space(setting_of(self._shared, rows, self._budget.seed, None))
            self._studies[learner] = Study(
                space,
                default_params=default_params(self._shared, learner, space, rows),
                default_errors=self._errors(self._field.entries[f"{learner}-default"]),
                seed=self._budget.seed,
                most=self._budget.trials,
            )
        return self._studies[learner]
