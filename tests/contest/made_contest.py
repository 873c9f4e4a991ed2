"""A contest without processes and learners: tasks are answered from a table, on a clock made by hand."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from advisor import learners
from advisor.contest import looking
from advisor.contest.books import Hands
from advisor.contest.by_table import ByTable
from advisor.contest.contest import Contest, Held
from advisor.contracts import Float, Learner
from advisor.errors import OutOfTime
from advisor.fitting.fold import FoldTask, ProbeTask, Shared
from advisor.judging import choice, looks
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.records import (
    Budget,
    Candidate,
    Case,
    Cost,
    Dataset,
    Entrant,
    Family,
    Finding,
    FoldResult,
    Look,
    Outcome,
    Plan,
    Probe,
    ProbeResult,
    Profile,
    Question,
)

ROWS = 200
TARGET = np.random.default_rng(0).standard_normal(ROWS)


@dataclass(frozen=True)
class Made:
    """A learner of the table: what it loses, the seconds of one fold, what is expected, and how its fits end.

    `tuned(x)` is how many times the default's noise a trial with the setting x (0 to 1) has; None: nothing to tune.
    `deaf` fits do not keep their soft limit; who is `asked` was asked for by name.
    """

    family: Family
    noise: float
    seconds: float = 1.0
    expected: float | None = None
    essential: bool = False
    strong: bool = False
    asked: bool = False
    tuned: Callable[[float], float] | None = None
    deaf: bool = False
    crashes: Callable[[Candidate, int], bool] = lambda candidate, fold: False


USUAL: Mapping[str, Made] = {
    "dummy": Made("dummy", 3.0, 0.01, essential=True),
    "linear": Made("classical", 0.9, 0.1, essential=True),
    "lightgbm": Made("classical", 0.6, 1.0, essential=True, tuned=lambda x: 1.0 - 0.2 * x),
    "forest": Made("classical", 0.7, 1.0, tuned=lambda x: 1.0),
    "realmlp": Made("neural", 0.65, 4.0, essential=True, strong=True, tuned=lambda x: 1.1 - 0.2 * x),
    "mlp": Made("neural", 0.7, 2.0, tuned=lambda x: 1.0 - 0.1 * x),
}


@dataclass
class World:
    """What a contest sees: learners by name, a clock, and everything that was done and told.

    Where `paces` are given trials are counted: each fit takes the table's seconds times the next of them, and the clock
    says that all is over at `spent_at`.
    """

    table: Mapping[str, Made]
    folds: int = 5
    repeats: int = 1
    seconds: float = 200.0
    workers: int = 2
    until: str = "budget"
    trials: int = 20
    paces: Iterator[float] | None = None
    spent_at: float = 1e9
    known: Mapping[tuple[str, int], FoldResult] = field(default_factory=dict)
    probes: Sequence[Probe] = ()
    probe_seconds: float = 10.0
    handing: float = 10.0
    margin: float = 0.01
    now: float = 0.0
    begun: list[tuple[float, str, int]] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    kept: list[FoldResult] = field(default_factory=list)
    told: list[FoldResult] = field(default_factory=list)
    ended: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    busy: float = 0.0

    def shared(self) -> Shared:
        inputs = pd.DataFrame({"a": np.arange(ROWS, dtype=float)})
        dataset = Dataset("made", "tabular", "regression", inputs, TARGET, "y")
        profile = Profile("made", "tabular", ROWS, "regression", (), {}, 2, {"name": "y"}, (), "print")
        entrants = tuple(
            Entrant(name, made.family, made.expected or made.seconds, made.essential, made.strong, asked=made.asked)
            for name, made in self.table.items()
        )
        kind = "holdout" if self.folds == 1 else "stratified"
        folds = splits.draw(TARGET, kind=kind, folds=self.folds, repeats=self.repeats, seed=0)
        plan = Plan(
            "regression", "rmse", folds, entrants, {}, 0, "cpu", "auto", "fingerprint", counted=self.paces is not None
        )
        return Shared(dataset, profile, plan, Path("nowhere"))

    def hold(self) -> Held:
        self.contest_shared = self.shared()
        carry_out, known, time = self.carry_out, self.known, lambda: self.now
        if self.paces is not None:
            by_table = ByTable(
                self.carry_out, self.contest_shared, workers=self.workers, seconds=self.seconds, end=self.spent_at,
                known=known, keep=self.kept.append, clock=time,
            )  # fmt: skip
            carry_out, known, time = by_table.carry_out, {}, by_table.now
        hands = Hands(
            carry_out, self.told.append, self.ended.append, lambda name, *_: self.stages.append(name),
            self.notes.append, self.forgotten.append,
        )  # fmt: skip
        return Contest(
            self.contest_shared, Question(self.margin), Budget(self.seconds, self.trials, until=self.until), hands,
            workers=self.workers, elapsed=lambda: self.now, end=time() + self.seconds, probes=self.probes,
            probe_seconds=self.probe_seconds, checked=self.checked, known=known, handing=lambda case: self.handing,
            clock=time,
        ).hold()  # fmt: skip

    def checked(self, seen: Sequence[ProbeResult]) -> tuple[Finding, ...]:
        """Keep what probes saw, and make a finding of it."""
        self.seen = list(seen)
        return (Finding("X01", "info", f"{len(seen)} probes", "", {}),)

    def carry_out(self, items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Run tasks as LocalEngine.map does, on workers that only pass the time."""
        waiting, order = iter(items), itertools.count()
        running: list[tuple[float, int, Any, Any]] = []
        drained = False
        while running or not drained:
            while not drained and len(running) < self.workers:
                try:
                    item = next(waiting)
                except StopIteration:
                    drained = True
                    break
                if item is None:
                    drained = not running
                    break
                self.tasks.append(item)
                result, seconds = self.answer(item)
                seconds *= 1.0 if self.paces is None else next(self.paces)
                if self.now + seconds > item.deadline:
                    result, seconds = OutOfTime("the budget ran out before it was done"), item.deadline - self.now
                self.busy += seconds
                heapq.heappush(running, (self.now + seconds, next(order), item, result))
            if running:
                self.now, _, item, result = heapq.heappop(running)
                yield item, result

    def answer(self, task: Any) -> tuple[Any, float]:
        if isinstance(task, ProbeTask):
            self.begun.append((self.now, task.probe.name, -1))
            return ProbeResult(task.probe, np.zeros(3), 1.0), 3.0
        assert isinstance(task, FoldTask)
        made, candidate = self.table[task.candidate.learner], task.candidate
        self.begun.append((self.now, candidate.key, task.fold))
        if made.crashes(candidate, task.fold):
            return ValueError("no such thing"), made.seconds
        cut = not made.deaf and task.fit_seconds is not None and made.seconds > task.fit_seconds
        seconds = float(task.fit_seconds) if cut and task.fit_seconds else made.seconds
        return result(self.shared_folds()[task.fold], made, candidate, seconds, cut, task.keep), seconds

    def shared_folds(self) -> Mapping[int, Any]:
        return {part.number: part for part in self.contest_shared.plan.folds.parts}

    # What tests ask about.

    def folds_of(self, key: str) -> list[int]:
        return [fold for _, begun, fold in self.begun if begun == key]

    def order(self) -> list[tuple[str, int]]:
        return [(key, fold) for _, key, fold in self.begun]

    def trials_of(self, learner: str) -> list[str]:
        own = [key for _, key, _ in self.begun if key.startswith(f"{learner}-") and "default" not in key]
        return list(dict.fromkeys(own))

    def when(self, key: str) -> float:
        return next(at for at, begun, _ in self.begun if begun == key)

    def ending(self, key: str) -> Outcome:
        return [outcome for outcome in self.ended if outcome.candidate.key == key][-1]

    def spent(self, family: Family) -> float:
        return sum(result.cost.seconds for result in self.told if result.candidate.family == family)


def result(
    part: Any, made: Made, candidate: Candidate, seconds: float, cut: bool = False, keep: str | None = None
) -> FoldResult:
    """Make what a fit would have sent home; the rows on which a learner errs are its own."""
    times = made.tuned(candidate.params["x"]) if candidate.params and made.tuned is not None else 1.0
    rng = np.random.default_rng(sum(map(ord, candidate.learner)))
    predicted = (TARGET + made.noise * times * rng.standard_normal(ROWS))[part.test]
    losses = METRICS["rmse"].row_losses(TARGET[part.test], predicted)
    error = METRICS["rmse"].error_of_loss(float(losses.mean()))
    cost = Cost(fit_seconds=seconds, cpu_seconds=seconds, latency_p50_ms=1.0, latency_p99_ms=2.0, model_mb=1.0)
    return FoldResult(
        candidate, part.number, "done", "", predicted.astype(np.float32), losses, error, cost, {}, cut, 0.0, keep
    )  # fmt: skip


class AtOnce:
    """An executor that does things when it is asked to, so that looks end at a known moment."""

    def __init__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments))
        return done

    def shutdown(self) -> None: ...


class Answers:
    """Looks that decide what a test says, and remember which Case they saw."""

    def __init__(self, decided: Mapping[str, str]) -> None:
        self.decided, self.seen = decided, list[tuple[str, float, Case]]()

    def look(self, stage: Any, case: Case, elapsed: Callable[[], float]) -> tuple[Look, None]:
        seconds = elapsed()
        self.seen.append((stage, seconds, case))
        answer: Any = self.decided.get(stage, "too_close_to_call")
        return Look(stage, seconds, {}, stage in self.decided or stage == "final", 0.95, 5, answer), None

    @property
    def stages(self) -> list[str]:
        return [stage for stage, _, _ in self.seen]


def set_up(monkeypatch: pytest.MonkeyPatch, world: World, decided: Mapping[str, str] | None = None) -> Answers:
    """Put the made learners, looks that answer at once and few bootstraps in the place of the real ones."""
    answers, usual = Answers(decided or {}), choice.chosen

    def find(name: str) -> Any:
        made = world.table[name]
        space = {} if made.tuned is None else {"space": lambda setting: {"x": Float(0.0, 1.0)}}
        built = SimpleNamespace(get_params=lambda: {"model__x": 0.25})
        return Learner(name, made.family, "", build=lambda setting, params: built, **space)

    monkeypatch.setattr(learners, "find", find)
    monkeypatch.setattr(looking, "ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr(looks, "look", answers.look)
    monkeypatch.setattr(choice, "chosen", lambda case: usual(case, draws=40, blend_draws=4))
    return answers
