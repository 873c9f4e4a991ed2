"""Checks of the data that take fits: put between the others while their time lasts, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.contest.books import why
from advisor.fitting.fold import ProbeTask
from advisor.records import Probe, ProbeResult

# The part of the time left that the fit of a check may take: predictions come after it.
FIT_SHARE = 0.9


class Probing:
    """The checks of a contest; their `seconds` of wall time begin with the first of them."""

    def __init__(self, probes: Sequence[Probe], seconds: float) -> None:
        self._probes, self._seconds = list(probes), seconds
        self._end: float | None = None
        self.seen: list[ProbeResult] = []

    def next(self, now: float, stop: float) -> ProbeTask | None:
        """Return the next check, to be over before `stop`, or None where their time is up."""
        if self._end is None:
            self._end = min(now + self._seconds, stop)
        if not self._probes or now >= self._end:
            return None
        return ProbeTask(self._probes.pop(0), self._end, FIT_SHARE * (self._end - now))

    def take(self, task: ProbeTask, result: Any) -> None:
        """Take note of what a check saw; one that failed or was stopped saw nothing, and says why."""
        known = isinstance(result, ProbeResult)
        self.seen.append(result if known else ProbeResult(task.probe, None, message=why(result)))
