"""What a fit takes: expected from the table of seconds at first, then from what was measured here.

A machine that is busy is the usual machine. A fit that takes a multiple of what was expected is told once a learner,
and from then on what it took is expected.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from advisor.records import Candidate, FoldResult, Plan

# A fit is slow that takes so many times as long as expected, and long enough to matter.
SLOW, LEAST_SLOW_SECONDS = 3.0, 2.0
# What was measured of the last fits of a learner's study counts, the longer ones of them; and of its default's.
RECENT_TRIALS, RECENT_DEFAULTS = 8, 3
# Fits shorter than this tell nothing of the machine's pace, which is held between these.
LEAST_TELLING_SECONDS, SLOWEST_PACE, FASTEST_PACE = 0.2, 10.0, 0.3


class Timing:
    """Seconds of a worker that one fold takes, predictions included, by learner: expected, then measured."""

    def __init__(self, plan: Plan) -> None:
        self._table = {entrant.learner: max(entrant.seconds, 1e-3) for entrant in plan.entrants}
        self._defaults: dict[str, list[float]] = defaultdict(list)
        self._tuned: dict[str, list[float]] = defaultdict(list)
        self._told: set[str] = set()
        self._counted = plan.counted

    def expected(self, candidate: Candidate) -> float:
        """Return what one fold of a candidate is expected to take."""
        return self.of_trial(candidate.learner) if candidate.params else self.of_default(candidate.learner)

    def of_default(self, learner: str) -> float:
        """Expect the longest of the last few folds; before there is one, what the table says, at the pace seen here."""
        if self._defaults[learner]:
            return max(self._defaults[learner][-RECENT_DEFAULTS:])
        return self._table[learner] * self._pace()

    def of_trial(self, learner: str) -> float:
        """Expect the upper quartile of the last few folds of trials and the usual one of the default."""
        if not self._tuned[learner]:
            return self.of_default(learner)
        recent = sorted((*self._tuned[learner][-RECENT_TRIALS:], median(self._defaults[learner] or [0.0])))
        return recent[int(0.75 * (len(recent) - 1) + 0.5)]

    def taken(self, result: FoldResult) -> float:
        """Return the seconds that count for a fold: those it took, or the table's where trials are counted."""
        return self._table[result.candidate.learner] if self._counted else result.cost.seconds

    def take(self, result: FoldResult) -> str | None:
        """Learn what a fold took; return a sentence, once a learner, where that was a multiple of what was expected.

        A fold that was stopped has taken its time, too, but does not tell how long a whole one takes; one that failed
        tells nothing. A trial that ended at its own limit has settings that take long, on however quick a machine.
        """
        if result.state == "failed":
            return None
        learner, seconds, before = result.candidate.learner, self.taken(result), self.expected(result.candidate)
        if result.state == "done":
            (self._tuned if result.candidate.params else self._defaults)[learner].append(seconds)
        limited = result.cut_short and bool(result.candidate.params)
        if limited or seconds <= max(SLOW * before, LEAST_SLOW_SECONDS) or learner in self._told:
            return None
        self._told.add(learner)
        took, then = (
            (f"took {seconds:.1f} s", "; the time that is left is planned by what was measured")
            if result.state == "done"
            else (f"was stopped after {seconds:.1f} s", "")
        )
        hard = "the data or its settings" if result.candidate.params else "the data"
        return (
            f"A fit of {learner} {took}, {seconds / before:.0f} times as long as expected: the machine is busy, or "
            f"{hard} are hard on it{then}."
        )

    def _pace(self) -> float:
        """Return how many times as long as in the table the fits so far have taken: the median by learner.

        What should be over at once and was not has waited for a core once, and is no hundred times as slow for that.
        """
        longest = {learner: max(taken) for learner, taken in self._defaults.items() if taken}
        ratios = [seconds / max(self._table[learner], LEAST_TELLING_SECONDS) for learner, seconds in longest.items()
                  if seconds > LEAST_TELLING_SECONDS]  # fmt: skip
        return min(max(median(ratios), FASTEST_PACE), SLOWEST_PACE) if len(ratios) > 1 else 1.0
