"""Runs whose models of the folds are there, and a bench that fits here and now, for what is handed over of them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from advisor import modalities
from advisor.fitting.fold import FoldTask, Shared, carry_out
from advisor.judging.case import case_of
from advisor.profiling import profile
from advisor.records import (
    Candidate,
    Case,
    Entrant,
    Family,
    FoldResult,
    Limits,
    Option,
    Outcome,
    Plan,
    Question,
    Reason,
    Recommendation,
    Which,
)
from tests.made_case import made_folds

rng = np.random.default_rng(0)
ROWS = 150
TABLE = pd.DataFrame({"a": rng.normal(size=ROWS), "b": rng.choice(["x", "y"], ROWS)})
LABELS = np.where(TABLE["a"] + 0.5 * rng.normal(size=ROWS) + (TABLE["b"] == "x") > 0.4, "yes", "no")
# Neighbours stand for a net here: they are quick.
FAMILY: dict[str, Family] = {"dummy": "dummy", "linear": "classical", "tree": "classical", "knn": "neural"}
KEY = {name: f"{name}-default" for name in FAMILY}
BLEND = {KEY["linear"]: 0.5, KEY["tree"]: 0.25, KEY["knn"]: 0.25}


@cache
def results() -> tuple[Shared, dict[str, dict[int, FoldResult]], dict[str, bytes]]:
    """Fit everyone on three folds once; return who did what, and the files of the models."""
    data = modalities.find("tabular").read(TABLE.assign(y=LABELS), target="y")
    entrants = tuple(Entrant(name, family, 1.0, True) for name, family in FAMILY.items())
    plan = Plan("binary", "roc_auc", made_folds(data.target, 3), entrants, {}, 0, "cpu", "auto", "print")
    with tempfile.TemporaryDirectory() as folder:
        world = Shared(data, profile(data, modalities.find("tabular")), plan, Path(folder))
        found = {
            name: {
                number: carry_out(
                    FoldTask(Candidate(name, family), number, 0.0, keep=f"folds/{KEY[name]}-{number}.npz"), world
                )
                for number in range(3)
            }
            for name, family in FAMILY.items()
        }
        files = {file.name: file.read_bytes() for file in (world.folder / "folds").iterdir()}
    return world, found, files


def case_in(
    folder: Path, seconds: float = 1.0, limits: Limits | None = None, cut: tuple[str, ...] = ()
) -> tuple[Shared, Case]:
    """Return the shared and the Case of a run in `folder`, in which every fit has taken so many seconds."""
    world, found, files = results()
    (folder / "folds").mkdir()
    for name, content in files.items():
        (folder / "folds" / name).write_bytes(content)
    outcomes = [
        Outcome(
            Candidate(name, FAMILY[name]),
            {n: replace(r, cost=replace(r.cost, fit_seconds=seconds, latency_p99_ms=1.0, model_mb=0.1),
                        cut_short=name in cut) for n, r in own.items()},
            "complete",
        )
        for name, own in found.items()
    ]  # fmt: skip
    case = case_of(world.dataset, world.profile, world.plan, outcomes, Question(0.02, limits=limits or Limits()))
    return replace(world, folder=folder), case


def recommended(members=BLEND, which: Which = "blend") -> Recommendation:
    option = Option(which, members, 0.1, 0.1, 0.9)
    return Recommendation(which, option, "blend" if len(members) > 1 else "linear", "blend", 0.9, Reason("best"))


class Bench:
    """Carries out refits here and now on a clock made by hand; `ends` says what comes instead of some learner's."""

    def __init__(self, shared: Shared, seconds: float = 1.0, **ends: object) -> None:
        self.shared, self.seconds, self.ends = shared, seconds, ends
        self.now, self.tasks = 0.0, []

    def __call__(self, tasks):
        for task in tasks:
            self.tasks.append(task)
            result = carry_out(task, self.shared)
            self.now += self.seconds
            instead = self.ends.get(task.candidate.learner)
            if instead == "cut":
                result = replace(result, cut_short=True)
            elif instead is not None:
                result = instead
            yield task, result
