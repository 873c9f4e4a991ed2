"""What a comparison hands back: the verdict, the files it left, and the model it recommends."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from advisor.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

MODEL = Path("model") / "model.joblib"
RUNS = Path("advisor-runs")


@dataclass(frozen=True)
class Advice:
    """The answer of a finished run and everything behind it.

    `document` is the content of verdict.json; `verdict` gives the same as attributes (`advice.verdict.p_worth`). In a
    notebook the object shows itself.
    """

    document: Mapping[str, Any] = field(repr=False)
    folder: Path

    @property
    def verdict(self) -> SimpleNamespace:
        """The keys of verdict.json as attributes."""
        return SimpleNamespace(**self.document)

    def leaderboard(self) -> pd.DataFrame:
        """Return one row a learner, the best outer error first."""
        import pandas as pd

        return pd.DataFrame(list(self.document["leaderboard"]))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Every trial and every cut, one row each."""
        import pandas as pd

        return pd.read_parquet(self.folder / "outcomes.parquet")

    @cached_property
    def best_model(self) -> Any:
        """The recommended model, trained on all rows: a scikit-learn pipeline that takes raw tables.

        Raises UserError where the run ended without one. Loading runs code from the file: load only runs you trust.
        """
        import joblib

        path = self.folder / MODEL
        if not path.is_file():
            raise UserError(f"The run {self.folder.name} kept no model; compare again with a larger budget.")
        return joblib.load(path)

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
        from advisor.report import notebook_html

        return notebook_html(self.document)


def load(run: str | Path = "latest", runs: str | Path = RUNS) -> Advice:
    """Return the advice of a finished run: a folder, the name of a run in `runs`, an MLflow run id, or "latest".

    Raises UserError where there is no such run or it did not finish.
    """
    folder = find_run(run, runs)
    try:
        document = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(
            f"The run {folder.name} has no readable verdict.json: it did not finish; resume it."
        ) from problem
    return Advice(document, folder)


def find_run(run: str | Path, runs: str | Path = RUNS) -> Path:
    """Return the folder of a run; see `load`."""
    if Path(run).is_dir():
        return Path(run)
    finished = sorted(Path(runs).glob("*/verdict.json"), key=lambda path: path.stat().st_mtime)
    if str(run) == "latest" and finished:
        return finished[-1].parent
    for path in finished:
        known = json.loads(path.read_text(encoding="utf-8")).get("mlflow") or {}
        if str(run) in (path.parent.name, known.get("run_id")):
            return path.parent
    here = (
        f"{str(runs)!r} holds {len(finished)} finished runs"
        if finished
        else f"there is no finished run in {str(runs)!r}"
    )
    raise UserError(f"No run is called {str(run)!r}: {here}; give a run's folder, its id, or 'latest'.")
