"""An outbox is told to MLflow, entry by entry: what is told twice stands there once, what was refused is not repeated.

Every call to a server has a limit (see `store.quiet`), and whatever it is cut off from is told again later. That does
no harm: times and steps stand in the entries, so that MLflow knows a figure it has; a run that may have been made
already is looked for before it is made; files and tags are written over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.errors import UserError
from advisor.redacted import without_credentials
from advisor.telling import folders
from advisor.telling.tracking import store, text
from advisor.telling.tracking.dataset import log_dataset
from advisor.telling.tracking.model import log_model
from advisor.telling.tracking.outbox import FILE_NAME, Outbox
from advisor.telling.tracking.story import COMPARISON, FILES, Story

PARENT, ENTRY = "mlflow.parentRunId", "advisor.entry"
EXAMPLE = Path("model") / "example.parquet"
# What MLflow says of an entry that it will not take tomorrow either.
FINAL = (
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
)


class Sender:
    """Tells the outbox of a run's folder to the store at `uri`; `load_model` returns the model when its turn comes.

    `where` says where MLflow keeps the run: tracking_uri (without password), experiment, run_id (None until it is
    made), experiment_id and model_uri once they are known.
    """

    def __init__(self, outbox: Outbox, folder: Path, uri: str, load_model: Callable[[], Any]) -> None:
        self._outbox, self._folder, self._uri, self._load_model = outbox, folder, uri, load_model
        self._about = outbox.about()
        self._client: Any = None
        # Whether the oldest entry may have been told before, by us or by a process that did not live to note it.
        self._doubtful = True
        self._ours = dict[str, str]()
        self.where = {**self._about["place"], "run_id": outbox.answer("comparison")}

    def send(self, number: int, entry: Mapping[str, Any]) -> str | None:
        """Tell an entry of the outbox; return None where it was taken, and its name and why where it never will be.

        Raises UserError where the store cannot be used as it is, and what MLflow, its store or the network raise where
        they may take the same entry later.
        """
        with store.quiet():
            if self._client is None:
                self._client, self.where["experiment_id"] = store.opened(self._uri, self.where["experiment"])
            try:
                answer = self._send(entry)
            except Exception as problem:
                self._doubtful = True
                if entry["kind"] == "open" or not _is_final(problem):
                    raise
                self._outbox.settle(number, None, refused=True)
                return f"{_what(entry)} ({text.first_line(problem)})"
        self._doubtful = False
        self._outbox.settle(number, answer)
        return None

    def _send(self, entry: Mapping[str, Any]) -> str | None:
        if entry["kind"] == "open":
            return self._open(entry)
        run_id = self._run_id(entry["run"])
        match entry["kind"]:
            case "write":
                self._write(run_id, entry)
            case "status" if entry["status"] == "RUNNING":
                self._client.update_run(run_id, status="RUNNING")
            case "status":
                self._client.set_terminated(run_id, entry["status"], entry["at"])
            case "data set":
                log_dataset(self._client, run_id, entry["facts"])
            case "file":
                path = self._folder / entry["file"]
                if entry["file"] not in FILES or path.is_symlink() or not path.is_file():
                    raise UserError("it is not there, or no file of a run")
                self._client.log_artifact(run_id, str(path))
            case "model":
                example = pd.read_parquet(self._folder / EXAMPLE)
                self.where["model_uri"] = log_model(
                    self._client, {**self.where, "run_id": run_id}, self._load_model(), example, entry["facts"],
                    self._folder,
                )  # fmt: skip
                return str(self.where["model_uri"])
        return None

    def _run_id(self, name: str) -> str:
        """Return what MLflow calls a run of this story; raises UserError where what the outbox says is another's.

        Its file may be a stranger's, and what is told changes the run: so MLflow is asked, once a run, whose it is.
        """
        if name not in self._ours:
            run_id = self._outbox.answer(name)
            if run_id is None or self._client.get_run(run_id).data.tags.get(ENTRY) != self._mark(name):
                raise UserError(f"The run in MLflow that {FILE_NAME} names is not one of this comparison")
            self._ours[name] = run_id
        return self._ours[name]

    def _mark(self, name: str) -> str:
        return f"{self._about['story']}/{name}"

    def _open(self, entry: Mapping[str, Any]) -> str:
        mark = self._mark(entry["run"])
        found = []
        if self._doubtful:
            condition = f"tags.`{ENTRY}` = '{mark}'"
            found = self._client.search_runs([self.where["experiment_id"]], condition, max_results=1)
        if not found:
            parent = {PARENT: self._run_id(entry["parent"])} if entry["parent"] else {}
            found = [
                self._client.create_run(
                    self.where["experiment_id"], start_time=entry["at"], run_name=entry["called"],
                    tags={**entry["tags"], **parent, ENTRY: mark},
                )
            ]  # fmt: skip
        run_id = str(found[0].info.run_id)
        if entry["parent"] is None:
            self.where["run_id"] = run_id
        return run_id

    def _write(self, run_id: str, entry: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        points = [Metric(name, number, entry["at"], step) for name, number, step in entry["metrics"]]
        # MLflow turns away more than a thousand things in one request.
        for place in range(text.MOST_AT_ONCE, len(points), text.MOST_AT_ONCE):
            self._client.log_batch(run_id, metrics=points[place : place + text.MOST_AT_ONCE])
        self._client.log_batch(
            run_id,
            metrics=points[: text.MOST_AT_ONCE],
            params=[Param(name, thing) for name, thing in entry["params"].items()],
            tags=[RunTag(name, thing) for name, thing in entry["tags"].items()],
        )


def _end(outbox: Outbox, folder: Path) -> None:
    """Put the end of a comparison into the outbox that was ended itself after its verdict and before it told of it."""
    began = outbox.unended().get(COMPARISON)
    try:
        verdict = folders.verdict_in(folder)
    except UserError:
        return
    if began is None or (folder / folders.VERDICT).stat().st_mtime * 1000 < began:
        return
    story = Story(outbox, folder.name, {})
    story.leaderboard(verdict)
    story.answer(verdict)
    story.files(folder)
    for run in outbox.unended():
        story.status("FINISHED", run)


def replay(folder: Path, uri: str | None, load_model: Callable[[], Any]) -> tuple[int, list[str], dict[str, Any]]:
    """Tell MLflow what it has not heard yet of the run in `folder`: how many entries, what it refused, where it is.

    `uri` is the store where it has a password, or where none has heard of the run yet; else it is the one that the
    comparison was told of. Raises UserError where nothing was kept, the store is another one or does not answer.
    """
    if not (folder / FILE_NAME).is_file():
        raise UserError(
            f"Nothing was kept for MLflow in {str(folder)!r}: no comparison ran there, or one with --no-tracking."
        )
    outbox = Outbox(folder)
    try:
        place = outbox.about().get("place")
        if place is None:
            return 0, [], {}
        uri = store.absolute(uri or place["tracking_uri"])
        shown = without_credentials(uri)
        if shown != place["tracking_uri"]:
            if outbox.answer("comparison") is not None:
                raise UserError(f"The run is at {place['tracking_uri']} already, so its rest cannot go to {shown}.")
            outbox.describe({"place": {**place, "tracking_uri": shown}})
        _end(outbox, folder)
        sender, told, refused = Sender(outbox, folder, uri, load_model), 0, list[str]()
        while (waiting := outbox.oldest()) is not None:
            try:
                said = sender.send(*waiting)
            except UserError:
                raise
            except Exception as problem:
                # Each part of MLflow fails in its own classes; whichever it is, what waits can be sent later.
                raise UserError(
                    f"MLflow at {shown} took {told} entries and then no more ({text.first_line(problem)}); the other "
                    f"{outbox.waiting()} are kept: try again later."
                ) from problem
            told, refused = (told + 1, refused) if said is None else (told, [*refused, said])
        return told, refused, sender.where
    except sqlite3.Error as problem:
        raise UserError(f"{FILE_NAME} of the run {folder.name} cannot be used ({problem}).") from problem
    finally:
        outbox.close()


def _is_final(problem: Exception) -> bool:
    """Tell whether an entry would fail for ever: MLflow says so, or it is not the store or the network that failed."""
    from mlflow import MlflowException

    if isinstance(problem, MlflowException):
        return problem.error_code in FINAL
    return not isinstance(problem, OSError)


def _what(entry: Mapping[str, Any]) -> str:
    return str(entry["file"]) if entry["kind"] == "file" else f"a {entry['kind']} of {entry['run']}"
