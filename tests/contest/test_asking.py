"""Questions are put while there is time, and none that would not end in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import numpy as np
import pytest

from advisor.contest import asking
from advisor.fitting.fold import ProbeTask
from advisor.records import Probe, ProbeResult


class World:
    """Workers that take the seconds they are said to, one task after another, by a clock of their own."""

    def __init__(self, **seconds: float) -> None:
        self.now = 0.0
        self.seconds = seconds
        rows = np.arange(3)
        self.probes = [(Probe("growth", name, "mlp", rows, rows), took) for name, took in seconds.items()]

    def asking(self, until: float) -> asking.Asking:
        return asking.Asking(self.probes, self.work, until, clock=lambda: self.now)

    def work(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for task in tasks:
            if not isinstance(task, ProbeTask):
                yield task, "done"
                continue
            self.now += self.seconds[task.probe.name]
            failed = task.probe.name == "bad"
            yield task, ValueError("no such thing") if failed else ProbeResult(task.probe, np.zeros(3))


def names(asked: asking.Asking) -> list[str]:
    return [result.probe.name for result in asked.results]


def test_what_would_not_end_in_time_is_not_begun() -> None:
    world = World(slow=4.0, quick=1.0, slower=5.0, last=2.0)
    beside = world.asking(until=3.0)
    beside.finish()
    assert names(beside) == ["quick", "last"] and world.now == 3.0
    beside.finish()
    assert len(beside.results) == 2, "nothing is asked twice"


def test_questions_are_asked_beside_other_tasks_and_only_those_are_returned() -> None:
    beside = World(one=1.0, bad=1.0).asking(until=9.0)
    assert list(beside.beside(["a refit"])) == [("a refit", "done")]
    assert names(beside) == ["one", "bad"]
    assert "ValueError: no such thing" in beside.results[1].message and beside.results[1].predictions is None


def test_no_question_is_begun_once_judging_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(one=1.0, two=1.0, three=1.0)
    first_asked = Event()
    judging: list[Future[str]] = []

    class Listening(ThreadPoolExecutor):
        def submit(self, *args: Any, **named: Any) -> Future[Any]:
            judging.append(super().submit(*args, **named))
            return judging[-1]

    def work(tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for pair in world.work(tasks):
            yield pair
            first_asked.set()
            judging[0].result(10)

    def judge() -> str:
        assert first_asked.wait(10)
        return "the answer"

    monkeypatch.setattr(asking, "ThreadPoolExecutor", Listening)
    beside = asking.Asking(world.probes, work, 9.0, clock=lambda: world.now)
    assert beside.while_waiting(judge) == "the answer"
    assert names(beside) == ["one"]
    beside.finish()
    assert names(beside) == ["one", "two", "three"]
