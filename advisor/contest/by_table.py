"""Where trials are counted a contest goes by the table of seconds and not by the clock.

What a fit takes differs from run to run, and so would the answer if anything were decided by it. So every task takes
what the table says of it, and results are handed on in the order in which they would come by the table, whenever they
do come: what is decided, and when, follows from the seed. A run that is taken up again meets what it had finished in
the same places. That order costs some time: a worker may have to wait for a result that the table expects before its
own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from typing import Any

from advisor import clock, learners
from advisor.contest.books import undone
from advisor.contest.spending import (
    ESSENTIAL_LIMIT,
    FIT_SHARE,
    LOADING_SECONDS,
    STOPPED_AFTER,
    UNHURRIED,
    USUAL_HANDING,
)
from advisor.errors import Unwritable
from advisor.fitting.fold import FoldTask, ProbeTask, Shared
from advisor.planning import rows
from advisor.records import FoldResult

CarryOut = Callable[[Iterable[Any]], Iterator[tuple[Any, Any]]]


class ByTable:
    """Carries tasks out elsewhere and tells the time by them: 0 is the begin of the contest, `seconds` its end.

    `end` is the moment (seconds since the epoch) at which nothing may run any more; what is left before it for making
    the model to use is not begun into. `known` are results of an earlier run, which are not asked for again, and `keep`
    hears of each other one as soon as it is there.
    """

    def __init__(
        self,
        carry_out: CarryOut,
        shared: Shared,
        *,
        workers: int,
        seconds: float,
        end: float,
        known: Mapping[tuple[str, int], FoldResult],
        keep: Callable[[FoldResult], None],
        clock: Callable[[], float] = clock.now,
    ) -> None:
        self._carry_out, self._shared, self._workers = carry_out, shared, workers
        self._seconds, self._end, self._clock = seconds, end, clock
        self._known, self._keep = known, keep
        self._passed = 0.0
        self._queue: deque[Any] = deque()
        self._results: dict[int, Any] = {}
        self._since: dict[int, float] = {}
        self._under_way: Iterator[tuple[Any, Any]] = iter(())
        self._expected = {entrant.learner: entrant.seconds for entrant in shared.plan.entrants}
        folds = sum(part.repeat == 0 for part in shared.plan.folds.parts)
        self._most = ESSENTIAL_LIMIT * workers * (1 - USUAL_HANDING) * seconds / folds

    def now(self) -> float:
        """Return how much time has passed by the table: all of it once the clock says that the budget is spent."""
        spent = self._clock() >= self._end - USUAL_HANDING * self._seconds
        return max(self._seconds, self._passed) if spent else self._passed

    def carry_out(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each task with what came of it, as the engine's `map` does, in the order of the table."""
        waiting, order = iter(tasks), count()
        due: list[tuple[float, int, Any, Any]] = []
        drained = False
        while due or not drained:
            while not drained and len(due) < self._workers:
                try:
                    task = next(waiting)
                except StopIteration:
                    drained = True
                    break
                if task is None:
                    drained = not due
                    break
                heappush(due, (self._passed + self._takes(task), next(order), task, self._begun(task)))
            if due:
                self._passed, _, task, begun = heappop(due)
                yield task, self._result(begun)

    def _takes(self, task: Any) -> float:
        """Return what a task takes by the table, in seconds of a worker."""
        if isinstance(task, FoldTask):
            return self._expected[task.candidate.learner]
        probe, plan = task.probe, self._shared.plan
        learner, profile = learners.find(probe.learner), self._shared.profile
        return rows.seconds_of(learner, len(probe.train), profile, speed=plan.speed, device=plan.device)

    def _begun(self, task: FoldTask | ProbeTask) -> Any:
        """Hand a task on, with limits that only a spent budget makes felt, unless an earlier run has its result."""
        if isinstance(task, FoldTask) and (known := self._known.get((task.candidate.key, task.fold))) is not None:
            self._results[id(task)] = known
            return task
        now = self._clock()
        hurried = self._takes(task) > UNHURRIED * self._most
        limit = max(min(self._most, FIT_SHARE * (self._end - now)), 0.1)
        stop = now + (STOPPED_AFTER if hurried else 1.0) * limit + LOADING_SECONDS
        begun = replace(task, deadline=min(stop, self._end + 0.5), fit_seconds=limit if hurried else None)
        self._queue.append(begun)
        self._since[id(begun)] = now
        return begun

    def _result(self, begun: Any) -> Any:
        """Wait for what comes of a task; what comes of others before it is kept until their turn."""
        while id(begun) not in self._results:
            item, result = next(self._under_way, (None, None))
            if item is None:  # nothing was under way, and the engine has ended
                self._under_way = self._carry_out(self._handed_on())
                continue
            since = self._since.pop(id(item))
            if isinstance(item, FoldTask) and not isinstance(result, Unwritable):
                result = result if isinstance(result, FoldResult) else undone(item, result, since, self._clock())
                self._keep(result)
            self._results[id(item)] = result
        return self._results.pop(id(begun))

    def _handed_on(self) -> Iterator[Any]:
        while True:
            yield self._queue.popleft() if self._queue else None
