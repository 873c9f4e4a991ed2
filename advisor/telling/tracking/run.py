"""The parent run as `compare` sees it: calls return at once, a thread writes, and no failure gets out."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pandas as pd

from advisor.errors import UserError
from advisor.records import Dataset, FoldResult, Outcome, Profile
from advisor.telling.redacted import without_credentials
from advisor.telling.tracking import store, text
from advisor.telling.tracking.dataset import log_dataset
from advisor.telling.tracking.model import log_model
from advisor.telling.tracking.story import Story

STRIKES = 3
PATIENCE_SECONDS = 120.0


def start(
    uri: str,
    experiment: str,
    name: str,
    *,
    params: Mapping[str, Any],
    tags: Mapping[str, Any],
    artifact_root: Path | None = None,
    dataset: Dataset | None = None,
    profile: Profile | None = None,
    warn: Callable[[str], None] | None = None,
) -> TrackedRun:
    """Open the store at `uri`, make the experiment if it is new, and begin the parent run of a comparison.

    `artifact_root` is where a new experiment on a local SQLite store keeps its files (default: `mlartifacts` beside
    the database). `dataset` becomes an input of the run, as its `profile` describes it: both or neither. `warn` gets
    one sentence for every later failure, on the writing thread. Takes some seconds (import, new tables) and may be
    called on any thread, one at a time. Raises UserError where the store cannot be used.
    """
    uri = store.absolute(uri)
    store.check_reachable(uri)
    with store.quiet():
        root = None
        if uri.startswith(store.SQLITE):
            file = store.sqlite_path(uri)
            root = (artifact_root or file.parent / "mlartifacts").absolute()
            store.prepare_sqlite(file, root)
        try:
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            experiment_id = store.experiment_id(client, experiment, root)
            story = Story(client, experiment_id, name, tags)
        except UserError:
            raise
        except Exception as error:
            # MLflow, SQLAlchemy, requests and the file system each fail in their own classes; to the reader it is one.
            raise store.unusable(uri, error) from error
    run = TrackedRun(story, {"tracking_uri": without_credentials(uri), "experiment": experiment}, warn)
    run.describe(params, dataset, profile)
    return run


class TrackedRun:
    """The run of one comparison. `finish` and `fail` wait, all else returns at once; nothing raises.

    `where` says where MLflow keeps it: tracking_uri (without password), experiment, experiment_id, run_id, and
    model_uri once `finish` has stored the model; verdict.json is written before that, and has the others. `warnings`
    holds one sentence a failure; after three in a row tracking is `off`.
    """

    def __init__(self, story: Story, where: Mapping[str, Any], warn: Callable[[str], None] | None = None) -> None:
        self.where = {**where, "experiment_id": story.experiment_id, "run_id": story.run_id}
        self.warnings: list[str] = []
        self.off = False
        self._story = story
        self._warn = warn
        self._strikes = 0
        self._queue: SimpleQueue[tuple[str, Callable[..., None], tuple[Any, ...]] | None] = SimpleQueue()
        # A daemon, so that a server that hangs cannot hold up the end of the program.
        self._writer = threading.Thread(target=self._write_all, name="advisor-tracking", daemon=True)
        self._writer.start()

    def describe(
        self, params: Mapping[str, Any], dataset: Dataset | None = None, profile: Profile | None = None
    ) -> None:
        """Log the comparison's parameters and its data set (see `start`, which calls this)."""
        self._later("logging the parameters", self._story.write, self._story.run_id, {}, params)
        if dataset is not None and profile is not None:
            client, run_id = self._story.client, self._story.run_id
            self._later("logging the data set", log_dataset, client, run_id, dataset, profile)

    def record(self, result: FoldResult, score: float | None = None) -> None:
        """Log what a candidate did on a fold; its run, and its learner's, are opened if this is the first.

        `score` is the fold's error in the metric's own units.
        """
        what = f"logging {text.candidate_name(result.candidate)} on fold {result.fold}"
        self._later(what, self._story.record, result, score)

    def ended(self, outcome: Outcome) -> None:
        """Log how a candidate ended and close its run."""
        self._later(f"closing {text.candidate_name(outcome.candidate)}", self._story.ended, outcome)

    def finish(
        self,
        document: Mapping[str, Any],
        folder: Path,
        *,
        model: Any = None,
        input_example: pd.DataFrame | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> dict[str, Any]:
        """Log the answer, end all runs, store the files of `folder` and the recommended model, and return `where`.

        `document` is the content of verdict.json. `model` is the fitted object whose `predict` takes frames like
        `input_example` and gives labels (or numbers); it becomes the MLflow model `model`. Waits at most
        `patience_seconds` for the writing to end.
        """
        self._later("logging the leaderboard", self._story.leaderboard, document)
        self._later("logging the answer", self._story.answer, document)
        # What is quick and matters goes before files and model, which may not be waited for to the end.
        self._later("ending the runs", self._story.close, "FINISHED")
        for file in ("report.html", "verdict.json", "outcomes.parquet"):
            if (folder / file).is_file():
                put = self._story.client.log_artifact
                self._later(f"storing {file}", put, self._story.run_id, str(folder / file))
        if model is not None and input_example is not None:
            self._later("storing the model", self._store_model, model, input_example, document)
        self._end(patience_seconds)
        return dict(self.where)

    def fail(self, message: str, *, interrupted: bool = False, patience_seconds: float = 15.0) -> None:
        """End all runs as FAILED, or KILLED where the user interrupted; what was recorded before is kept."""
        self._later("logging the failure", self._story.write, self._story.run_id, {}, {}, {"message": message})
        self._later("ending the runs", self._story.close, "KILLED" if interrupted else "FAILED")
        self._end(patience_seconds)

    def _store_model(self, model: Any, example: pd.DataFrame, document: Mapping[str, Any]) -> None:
        recommended = document.get("recommended") or {}
        facts = {name: recommended.get(name) for name in ("learner", "family", "score", "members")}
        self.where["model_uri"] = log_model(self._story.client, self.where, model, example, facts)

    def _later(self, what: str, work: Callable[..., None], *arguments: Any) -> None:
        if not self.off:
            self._queue.put((what, work, arguments))

    def _write_all(self) -> None:
        while (item := self._queue.get()) is not None:
            what, work, arguments = item
            if self.off:
                continue
            try:
                with store.quiet():
                    work(*arguments)
                self._strikes = 0
            except Exception as error:
                # The law of this module: whatever goes wrong while writing is told, never raised.
                self._strikes += 1
                self.off = self._strikes >= STRIKES
                ending = "tracking is off for the rest of this run" if self.off else "the comparison goes on"
                self._tell(f"MLflow: {what} failed ({text.first_line(error)}); {ending}.")

    def _end(self, patience_seconds: float) -> None:
        self._queue.put(None)
        self._writer.join(patience_seconds)
        if self._writer.is_alive() and not self.off:
            self.off = True
            self._tell(f"MLflow: the store was still busy after {patience_seconds:.0f} s, so the rest was left out.")

    def _tell(self, sentence: str) -> None:
        self.warnings.append(sentence)
        if self._warn is not None:
            # A display that breaks must not break the tracking.
            with contextlib.suppress(Exception):
                self._warn(sentence)
