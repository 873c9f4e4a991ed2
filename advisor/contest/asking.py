"""Questions to the data that are put while there is time: beside judging, beside other tasks, and by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, TypeVar

from advisor import clock
from advisor.fitting.fold import ProbeTask, describe
from advisor.records import Probe, ProbeResult

Answer = TypeVar("Answer")


class Asking:
    """Probes with the seconds that each is likely to take; one that would not end by `until` is not begun.

    `work` carries out tasks and yields them with what came of them; `until` is in seconds since the epoch.
    """

    def __init__(
        self, probes: Iterable[tuple[Probe, float]], work: Any, until: float, clock: Callable[[], float] = clock.now
    ) -> None:
        self._probes, self._work, self._until, self._clock = iter(probes), work, until, clock
        self.results: list[ProbeResult] = []

    def while_waiting(self, judge: Callable[[], Answer]) -> Answer:
        """Judge on a thread; questions are asked until it has ended, since no fit may be begun before."""
        with ThreadPoolExecutor(1, "advisor-judging") as thread:
            judging = thread.submit(judge)
            for _ in self._heard(self._tasks(judging.done)):
                pass
            return judging.result()

    def beside(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Return the results of these tasks; workers that they leave free are asked questions, which are kept."""
        return self._heard(chain(tasks, self._tasks()))

    def finish(self) -> None:
        """Put the questions that are left."""
        for _ in self.beside(()):
            pass

    def _heard(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for task, result in self._work(tasks):
            if not isinstance(task, ProbeTask):
                yield task, result
            elif isinstance(result, ProbeResult):
                self.results.append(result)
            else:
                self.results.append(ProbeResult(task.probe, None, message=describe(result)))

    def _tasks(self, over: Callable[[], bool] = lambda: False) -> Iterator[ProbeTask]:
        while not over() and (asked := next(self._probes, None)) is not None:
            probe, seconds = asked
            if self._clock() + seconds <= self._until:
                yield ProbeTask(probe, self._until)
