"""What a comparison hands back: the verdict, the files it left, and the model it recommends."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from advisor import model_files
from advisor.errors import UserError
from advisor.telling.folders import RUNS, VERDICT, check_plain, sweep_dead, verdict_in

__all__ = ["MODEL", "RUNS", "Advice", "Verdict", "find_run", "load"]

MODEL = Path("model") / f"model{model_files.INERT}"


class Verdict(SimpleNamespace):
    """The keys of verdict.json as attributes, the figures inside them as they stand there."""


@dataclass(frozen=True)
class Advice:
    """The answer of a finished run and everything behind it.

    `document` is the content of verdict.json; `verdict` gives the same as attributes (`advice.verdict.p_worth`). In a
    notebook the object shows itself. A model that is a pickle is loaded where it is this user's own, or
    with `trust` (see model_files).
    """

    document: Mapping[str, Any] = field(repr=False)
    folder: Path
    trust: bool = field(default=False, repr=False)

    @property
    def verdict(self) -> Verdict:
        """The keys of verdict.json as attributes."""
        return Verdict(**self.document)

    def leaderboard(self) -> pd.DataFrame:
        """Return one row a learner, the least error out of fold first."""
        return pd.DataFrame(list(self.document["leaderboard"]))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row a candidate and fold (kind "fold"), and one a candidate (kind "candidate").

        Raises UserError where the file that has them is missing or damaged.
        """
        from advisor.telling.report import outcomes_in

        return outcomes_in(self.folder)

    @cached_property
    def best_model(self) -> Any:
        """The model that was handed over, a blend too: a scikit-learn pipeline that takes raw tables.

        Raises UserError where the run ended without one, and where it is a pickle of somebody else's that is not
        trusted: loading that runs code out of its file.
        """
        file = model_files.found(self.folder / MODEL)
        if not file.is_file():
            raise UserError(f"The run {self.folder.name} kept no model; compare again with a larger budget.")
        model = model_files.load(self.folder, file.relative_to(self.folder).as_posix(), trust=self.trust)
        if not (hasattr(model, "predict") and hasattr(model, "steps")):
            raise UserError(f"What the run {self.folder.name} kept as its model is none; compare again to get one.")
        return model

    def model(self, which: str) -> Any:
        """Another model of the run: "classical", "neural", "classical_blend" or "blend", of its models of the folds.

        Raises UserError as `best_model` does.
        """
        from advisor.contest.kept import kept_model

        return kept_model(self.folder, which, trust=self.trust)

    def write_model(self, which: str | None, folder: str | Path) -> Path:
        """Write a model of the run (None: what was handed over) into `folder`, and return its path.

        It is model.npz, which `load_model` loads for anybody, or model.joblib where loading it runs code.
        """
        fitted = self.best_model if which is None else self.model(which)
        return model_files.write(fitted, Path(folder) / MODEL.name)

    def save(self, folder: str | Path) -> Path:
        """Copy everything the run left into `folder`, which must be new or empty, and return its path."""
        target = Path(folder)
        if target.exists() and any(target.iterdir()):
            raise UserError(f"The folder {str(folder)!r} is not empty; name a new one.")
        shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return target

    def __str__(self) -> str:
        return str(self.document["sentence"])

    def _repr_html_(self) -> str:
        from advisor.telling.report import card

        return card(self.document, self.folder)


def load(run: str | Path = "latest", runs: str | Path = RUNS, *, trust: bool = False) -> Advice:
    """Return the advice of a finished run: a folder, the name of a run in `runs`, an MLflow run id, or "latest".

    With `trust` models that are pickles are loaded although this user has not made them, which runs whatever code they
    hold. Raises UserError where there is no such run or it did not finish.
    """
    folder = find_run(run, runs)
    return Advice(verdict_in(folder), folder, trust)


def find_run(run: str | Path, runs: str | Path = RUNS, note: Callable[[str], None] = warnings.warn) -> Path:
    """Return the folder of a run, which holds nothing but plain files; see `load`.

    `note` hears of runs that were passed over since they are damaged.
    """
    folder = _find(run, runs, note)
    check_plain(folder)
    sweep_dead(folder)
    return folder


def _find(run: str | Path, runs: str | Path, note: Callable[[str], None]) -> Path:
    if os.path.isdir(run):  # which is False for what cannot be a path, too
        return Path(run)
    finished = sorted(Path(runs).glob(f"*/{VERDICT}"), key=lambda path: path.lstat().st_mtime, reverse=True)
    for path in finished:
        if str(run) == path.parent.name:
            return path.parent
    for path in finished:
        try:
            where = verdict_in(path.parent).get("mlflow")
        except UserError as problem:
            note(f"The run {path.parent.name} is passed over: {problem}")
            continue
        if str(run) == "latest" or (isinstance(where, dict) and where.get("run_id") == str(run)):
            return path.parent
    here = (
        f"{str(runs)!r} holds {len(finished)} finished runs"
        if finished
        else f"there is no finished run in {str(runs)!r}"
    )
    raise UserError(f"No run is called {str(run)!r}: {here}; give a run's folder, its id, or 'latest'.")
