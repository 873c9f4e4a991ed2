"""Everyone who was begun: what they have done so far, who leads, and who has fallen behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from advisor.contest.racing import falls_behind
from advisor.judging import blends
from advisor.judging.case import beyond, clusters_of, serving_of
from advisor.judging.choice import LEAST_SHARE
from advisor.measuring.metrics import METRICS
from advisor.records import Candidate, Dataset, Ending, Family, Fold, FoldResult, Outcome, Plan, Question

# A default is given up, and a trial: in a trial nothing is lost that others would not find.
CERTAINTY, CERTAINTY_OF_TRIALS = 0.99, 0.9
# One fold of many proves nothing; of three it has to.
FEWEST_FOLDS = 2
# Never the last two of a family.
FEWEST_LEFT = 2
# Means of different losses that are equal but for rounding: whoever adds them up in another order may take any of them
# for the least.
SAME_LOSS = 1e-9


class Entry:
    """A candidate in the contest: folds that it waits for, that are running, and that it has results of."""

    def __init__(self, candidate: Candidate, folds: Iterable[int]) -> None:
        self.candidate = candidate
        self.waiting = list(folds)
        self.running: set[int] = set()
        self.results: dict[int, FoldResult] = {}
        self.ending: Ending | None = None
        self.message = ""

    @property
    def over(self) -> bool:
        """Tell whether nothing more is to come of it: what is under way is waited for, whatever its ending."""
        return not self.running and (self.ending is not None or not self.waiting)

    def done(self) -> set[int]:
        """Return the numbers of the folds with losses."""
        return {number for number, result in self.results.items() if result.state == "done"}

    def end(self, ending: Ending, message: str = "") -> None:
        """Wait for no further fold; who has ended keeps that ending."""
        self.waiting.clear()
        if self.ending is None:
            self.ending, self.message = ending, message

    def outcome(self) -> Outcome:
        """Return what came of it so far."""
        return Outcome(self.candidate, dict(self.results), self.ending or "partial", self.message)


class Field:
    """All entries of a contest by their key, in the order in which they were begun."""

    def __init__(self, dataset: Dataset, plan: Plan, question: Question) -> None:
        self.entries: dict[str, Entry] = {}
        self.first = [part.number for part in plan.folds.parts if part.repeat == 0]
        # A share of the error is a larger share of the losses where the error is their root.
        self._target, self._metric, self._limits = dataset.target, METRICS[plan.metric], question.limits
        self._blended = question.limits.blended
        self._margin = 1 - (1 - question.min_gain) ** (1 / self._metric.power)
        self._folds: Mapping[int, Fold] = {part.number: part for part in plan.folds.parts}
        self._clusters = clusters_of(dataset, plan)[0]

    def begin(self, candidate: Candidate) -> Entry:
        """Enter a candidate for the folds of the first repeat."""
        return self.entries.setdefault(candidate.key, Entry(candidate, self.first))

    def trials(self, family: Family | None = None) -> list[Entry]:
        """Return the trials that have folds to do of which none is under way, of a family (None: of any)."""
        return [
            entry
            for entry in self.entries.values()
            if entry.candidate.params and entry.waiting and not entry.running
            and family in (None, entry.candidate.family)
        ]  # fmt: skip

    def complete(self, entry: Entry) -> bool:
        """Tell whether an entry has done every fold of the first repeat."""
        return set(self.first) <= entry.done()

    def loss(self, entry: Entry, folds: Iterable[int] | None = None) -> float:
        """Return the mean row loss over these folds (None: the first repeat); infinite where none tells anything."""
        losses = _losses(entry, self.first if folds is None else folds)
        return float(losses.mean()) if len(losses) else float("inf")

    def best_of(self, learner: str) -> Entry | None:
        """Return a learner's complete entry with the lowest loss; None where it has none."""
        return min(self._complete_of(learner), key=self.loss, default=None)

    def kept_of(self, learner: str) -> set[str]:
        """Return the keys of those of a learner whose fitted models may yet be used: its default and its best.

        Where limits are set the best of those that meet them may be another one.
        """
        complete = self._complete_of(learner)
        allowed = [entry for entry in complete if self._meets_limits(entry)]
        best = [*self._least(complete), *self._least(allowed)]
        return {f"{learner}-default", *(entry.candidate.key for entry in best)}

    def ranked(self, family: Family) -> list[str]:
        """Name a family's learners that have a complete entry, the lowest loss first."""
        names = dict.fromkeys(e.candidate.learner for e in self.entries.values() if e.candidate.family == family)
        found = {name: self.loss(best) for name in names if (best := self.best_of(name)) is not None}
        return sorted(found, key=lambda name: found[name])

    def settle(self, entry: Entry, *, spared: bool) -> None:
        """See whether an entry is complete, or has fallen behind: a default behind its family's leader, a trial behind
        its learner's best. A default that is `spared` is let finish whatever it did, and one that a blend would use."""
        if entry.ending is not None:
            return
        if self.complete(entry):
            if not entry.waiting and not entry.running:
                entry.ending = "complete"
            return
        rival = self._rival(entry)
        if rival is None or (spared and not entry.candidate.params):
            return
        folds = sorted(entry.done())
        clusters = None if self._clusters is None else self._clusters[self._rows(entry, folds)]
        certainty = CERTAINTY_OF_TRIALS if entry.candidate.params else CERTAINTY
        if falls_behind(
            _losses(entry, folds), _losses(rival, folds),
            margin=self._margin, certainty=certainty, clusters=clusters,
        ) and (entry.candidate.params or not self._blended or self._share(entry, folds) < LEAST_SHARE):  # fmt: skip
            whom = "the best of it so far" if entry.candidate.params else rival.candidate.learner
            entry.end("given_up", f"given up after {len(folds)} of {len(self.first)} folds, behind {whom}")

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what came of everyone so far who has done anything."""
        return tuple(entry.outcome() for entry in self.entries.values() if entry.results)

    def _least(self, entries: list[Entry]) -> list[Entry]:
        """Return those with the least loss: one of each set of losses, as different ones may come out as equal."""
        least = min(map(self.loss, entries), default=0.0)
        best: list[Entry] = []
        for entry in entries:
            own = _losses(entry, self.first)
            if self.loss(entry) <= least * (1 + SAME_LOSS) and not any(
                np.array_equal(own, _losses(other, self.first)) for other in best
            ):
                best.append(entry)
        return best

    def _meets_limits(self, entry: Entry) -> bool:
        default = self.entries.get(f"{entry.candidate.learner}-default", entry)
        return not beyond(self._limits, serving_of(entry.outcome(), default.outcome()))[1]

    def _complete_of(self, learner: str) -> list[Entry]:
        return [entry for entry in self.entries.values()
                if entry.candidate.learner == learner and self.complete(entry)]  # fmt: skip

    def _rival(self, entry: Entry) -> Entry | None:
        """Return who leads on the folds that an entry has done; None where nobody else may be held against it."""
        done, own = entry.done(), entry.candidate
        if len(done) < (FEWEST_FOLDS if len(self.first) > FEWEST_FOLDS + 1 else 1):
            return None
        if own.params:
            return self.best_of(own.learner)
        family = [other for other in self.entries.values() if other.candidate.family == own.family]
        left = {other.candidate.learner for other in family if other.ending in (None, "complete")}
        if len(left) <= FEWEST_LEFT:
            return None
        others = [other for other in family if other.candidate.learner != own.learner and done <= other.done()]
        return min(others, key=lambda other: self.loss(other, done), default=None)

    def _share(self, entry: Entry, folds: Iterable[int]) -> float:
        """Return the share of a default in the blend, of the classical learners or of all, on the folds that it has
        done, with everyone else who has."""
        telling = [number for number in folds if _tells(entry, number)]
        families = ("classical",) if entry.candidate.family == "classical" else ("classical", "neural")
        names = dict.fromkeys(e.candidate.learner for e in self.entries.values() if e.candidate.family in families)
        others = [best for name in names if name != entry.candidate.learner and (best := self.best_of(name))]
        predictions = [
            np.concatenate([np.asarray(each.results[number].predictions) for number in telling])[np.newaxis]
            for each in (entry, *others)
        ]
        target = self._target[np.concatenate([self._folds[number].test for number in telling])]
        return float(blends.shares(self._metric, target, predictions)[0])

    def _rows(self, entry: Entry, folds: Iterable[int]) -> np.ndarray:
        """Return the test rows of the folds that tell something, in the order of `_losses`."""
        parts = [self._folds[number].test for number in sorted(folds) if _tells(entry, number)]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _losses(entry: Entry, folds: Iterable[int]) -> np.ndarray:
    """Return the row losses of these folds; one on which the metric says nothing (an AUC of one class) has none."""
    parts = [entry.results[number].losses for number in sorted(folds) if _tells(entry, number)]
    return np.concatenate([np.asarray(part) for part in parts]) if parts else np.empty(0)


def _tells(entry: Entry, number: int) -> bool:
    losses = entry.results[number].losses
    return losses is not None and not np.isnan(losses).any()
