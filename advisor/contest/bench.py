"""The bench that a model is made on: members are fitted on all rows here, or their models of the folds are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from advisor import model_files
from advisor.contest.books import why
from advisor.contest.kept import files_of
from advisor.contest.spending import LEAST_LIMIT, UNHURRIED
from advisor.contest.wish import SLACK, Way, refit_seconds
from advisor.errors import OutOfTime
from advisor.fitting import handing
from advisor.fitting.fold import RefitTask, Refitted, Shared
from advisor.judging.board import cut_short
from advisor.records import Case, Mixture, Recommendation
from advisor.whole import UNFINISHED

CarryOut = Callable[[Iterable[RefitTask]], Iterator[tuple[Any, Any]]]

# The part of what is left before the end that a fit may take: it has to be written and read after that.
FIT_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Part:
    """A fitted model that may be part of what is handed over, and its weight there.

    `key` is that of its candidate; `one` tells that it is one model, and no mean of several.
    """

    key: str
    way: Way
    model: Any
    one: bool = True
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Rival:
    """A part that the spared rows weigh: its predictions of them, and what it takes as a whole (see judging.beyond)."""

    part: Part
    predictions: np.ndarray
    taken: Mapping[str, float | None]


@dataclass(frozen=True, eq=False)
class Members:
    """Who is in a model, and what did not go as planned.

    `bagged` are the keys of those that were to be models of the folds; `spared_error` is as in Handed.
    """

    parts: tuple[Part, ...]
    problems: list[str]
    bagged: frozenset[str] = frozenset()
    spared_error: float | None = None

    def fitted_on(self, way: Way) -> list[str]:
        """Return the keys of those that were fitted this way."""
        return [part.key for part in self.parts if part.way == way]


@dataclass(frozen=True, eq=False)
class Bench:
    """What a model is made with, and the members that are fitted on all rows by now: the files of them by key.

    `spared` are the positions of the rows that nobody may learn from. `short` are the keys of those fitted that
    were still learning when their time was up; `problems` says of the others why not, and `crashed` are those for
    whom it was not the time. `rivals` keeps who was weighed, so that nobody is asked twice, by key, way and whether
    one model of the folds was to be enough. `planned` is the wall time that fits are chosen for: None is what is left.
    """

    shared: Shared
    case: Case
    carry_out: CarryOut
    end: float
    workers: int
    clock: Callable[[], float]
    spared: np.ndarray
    refitted: dict[str, Path] = field(default_factory=dict)
    short: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)
    crashed: set[str] = field(default_factory=set)
    rivals: dict[tuple[str, Way, bool], Rival] = field(default_factory=dict)
    planned: float | None = None

    def seconds(self) -> float:
        """Return the wall time that fits are chosen for."""
        return self.end - self.clock() if self.planned is None else self.planned

    def clean(self) -> None:
        """Remove what only this needed, and what a fit that was stopped had begun to write."""
        for file in (*self.refitted.values(), *(self.shared.folder / "model").glob(f"*{UNFINISHED}")):
            file.unlink(missing_ok=True)


def members_of(case: Case, recommended: Recommendation) -> Mixture:
    """Return the members by candidate key; where nothing is recommended that was fitted, the dummy."""
    if recommended.option is not None:
        return recommended.option.members
    outcomes = case.outcomes.items()
    dummy = next((key for key, each in outcomes if each.candidate.family == "dummy" and each.done), None)
    return {} if dummy is None else {dummy: 1.0}


def refit(bench: Bench, keys: list[str]) -> None:
    """Fit these members on all rows but the spared ones, as far as that has not been tried, the longest first.

    Where rows were spared each keeps to what it is expected to take, so that one that takes longer leaves the others
    their time; what it has learnt by then the spared rows weigh as they do anybody else.
    """
    case, weighed = bench.case, len(bench.spared) > 0

    def tasks() -> Iterator[RefitTask]:
        for key in sorted(keys, key=lambda key: -refit_seconds(case, key)):
            if key in bench.refitted or key in bench.problems:
                continue
            yield RefitTask(
                case.outcomes[key].candidate, bench.end, _limit(bench, key), f"model/{key}.npz",
                bench.spared if weighed else None,
            )  # fmt: skip

    for task, result in bench.carry_out(tasks()):
        key = task.candidate.key
        whole = isinstance(result, Refitted) and not result.problem
        if whole and (weighed or not result.cut_short or was_cut(case, key)):
            bench.refitted[key] = model_files.found(bench.shared.folder / task.keep)
            bench.short.update({key} if result.cut_short else ())
        else:
            bench.problems[key] = _why_not(result)
            if not isinstance(result, OutOfTime) and (not isinstance(result, Refitted) or result.problem):
                bench.crashed.add(key)
            with suppress(OSError):
                model_files.found(bench.shared.folder / task.keep).unlink()


def of_all_rows(bench: Bench, key: str) -> Part:
    """Load a candidate that was fitted on all rows."""
    return Part(key, "all rows", handing.load_member(bench.refitted[key], bench.case.plan.serve_on))


def of_folds(bench: Bench, key: str, *, one: bool) -> Part:
    """Load the mean of a candidate's models of the folds, or where `one` is asked for one of them.

    Raises ValueError where none of them is left (see `files_of`).
    """
    place, files = bench.case.plan.serve_on, files_of(bench.shared, bench.case, key)
    if not files:
        raise ValueError("its models of the folds are gone")
    models = [handing.load_member(bench.shared.folder / file, place) for file in files]
    bagged = handing.bag(models, len(bench.case.dataset.classes))
    first = handing.first_of(bagged)
    return Part(key, "folds", first if one else bagged, one or first is bagged)


def was_cut(case: Case, key: str) -> bool:
    """Tell whether a candidate was stopped by the clock on most of its folds, while it was still learning."""
    outcome = case.outcomes[key]
    return cut_short(outcome, outcome.done)


def _limit(bench: Bench, key: str) -> float | None:
    """Return the soft limit of a fit on all rows, None for none."""
    case, expected = bench.case, refit_seconds(bench.case, key)
    left = max(FIT_SHARE * (bench.end - bench.clock()), 0.1)
    # Who was cut short would learn for ever; what was judged had so much.
    if was_cut(case, key) or (len(bench.spared) and not case.plan.counted):
        return min(left, max(SLACK * expected, LEAST_LIMIT))
    return None if case.plan.counted and expected < UNHURRIED * left else left


def _why_not(result: Any) -> str:
    if isinstance(result, Refitted):
        return result.problem or "it was still learning when its time was up, so that its models of the folds are used"
    return why(result)
