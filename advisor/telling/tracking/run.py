"""The run as a comparison sees it: calls return at once, a thread tells the outbox, and no failure gets out."""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from advisor.errors import Unwritable, UserError
from advisor.records import Dataset, FoldResult, Outcome, Profile
from advisor.redacted import redacted, without_credentials
from advisor.telling.tracking import dataset as data_room
from advisor.telling.tracking import store, text
from advisor.telling.tracking.outbox import FILE_NAME, Damaged, Outbox
from advisor.telling.tracking.sending import EXAMPLE, Sender
from advisor.telling.tracking.story import COMPARISON, Story
from advisor.whole import whole_file

PATIENCE_SECONDS = 120.0
# How long a store that does not answer is left alone: longer each time, and hardly at all once the end waits for it.
PAUSES_SECONDS, LAST_PAUSE_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0), 0.5


def start(
    uri: str,
    experiment: str,
    name: str,
    *,
    folder: Path,
    params: Mapping[str, Any],
    tags: Mapping[str, Any],
    dataset: Dataset | None = None,
    profile: Profile | None = None,
    warn: Callable[[str], None] | None = None,
) -> TrackedRun:
    """Begin to tell the store at `uri` of the comparison in `folder`, or go on with it; returns at once.

    `dataset` becomes an input of the run, as its `profile` describes it: both or neither. `warn` gets one sentence for
    everything that goes wrong, on the telling thread. Raises UserError where the address is none.
    """
    uri = store.absolute(uri)
    outbox, notes = _outbox(folder)
    place = {"tracking_uri": without_credentials(uri), "experiment": experiment}
    facts = {name: text.value(thing) for name, thing in params.items()}
    known = outbox.about()
    again = known.get("place") == place
    if not again:
        outbox.empty()
        outbox.describe({"place": place, "story": uuid.uuid4().hex, "params": facts})
    story = Story(outbox, name, tags)
    if again:
        # MLflow keeps a parameter as it was first told.
        changed = {f"resumed.{name}": fact for name, fact in facts.items() if fact != known["params"].get(name)}
        story.write(COMPARISON, {}, tags=changed)
        story.status("RUNNING")
    else:
        story.write(COMPARISON, {}, params)
    if dataset is not None and profile is not None:
        described = data_room.facts(dataset, profile)
        outbox.add({"kind": "data set", "run": COMPARISON, "facts": described})
    return TrackedRun(outbox, story, folder, uri, warn, notes)


class TrackedRun:
    """The run of one comparison. `finish` and `fail` wait, all else returns at once; nothing raises.

    `where` says where MLflow keeps it (see `sending.Sender`). `refused` is the UserError of a store that could not be
    used from the start: nothing was told to it. `warnings` holds one sentence for everything that went wrong.
    """

    def __init__(
        self,
        outbox: Outbox,
        story: Story,
        folder: Path,
        uri: str,
        warn: Callable[[str], None] | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.warnings: list[str] = []
        self.refused: UserError | None = None
        self._outbox, self._story, self._folder, self._warn = outbox, story, folder, warn
        self._model: Any = None
        self._sender = Sender(outbox, folder, uri, lambda: self._model)
        self._not_taken: list[str] = []
        self._more, self._ending = threading.Event(), threading.Event()
        self._left = self._broken = False
        for note in notes:
            self._tell(note)
        # A daemon, so that a server that hangs cannot hold up the end of the program.
        self._teller = threading.Thread(target=self._tell_all, name="advisor-tracking", daemon=True)
        self._teller.start()

    @property
    def where(self) -> dict[str, Any]:
        """Where MLflow keeps the run; run_id is None while it has not answered."""
        return dict(self._sender.where)

    def record(self, result: FoldResult, score: float | None = None) -> None:
        """Log what a candidate did on a fold; its run, and its learner's, are opened if this is the first.

        `score` is the fold's error in the metric's own units.
        """
        self._keep(self._story.record, result, score)

    def ended(self, outcome: Outcome) -> None:
        """Log how a candidate ended and close its run."""
        self._keep(self._story.ended, outcome)

    def finish(
        self,
        document: Mapping[str, Any],
        *,
        model: Any = None,
        input_example: pd.DataFrame | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> dict[str, Any]:
        """Log the answer, end all runs, store the run's files and the recommended model, and return `where`.

        `document` is the content of verdict.json. `model` is the fitted object whose `predict` takes frames like
        `input_example` and gives labels (or numbers); it becomes the MLflow model `model`. Waits at most
        `patience_seconds` for it all to be taken; what is not by then is kept for `replay`.
        """
        self._keep(self._story.leaderboard, document)
        self._keep(self._story.answer, document)
        # What is quick and matters goes before files and model, which may not be waited for to the end.
        self._keep(self._story.close, "FINISHED")
        self._keep(self._story.files, self._folder)
        if model is not None and input_example is not None:
            self._model = model
            self._keep(_write_example, self._folder / EXAMPLE, input_example.head(5))
            recommended = document.get("recommended") or {}
            facts = {name: recommended.get(name) for name in ("learner", "family", "score", "members")}
            self._keep(self._outbox.add, {"kind": "model", "run": COMPARISON, "facts": facts, "at": time.time()})
        self._end(patience_seconds)
        return self.where

    def fail(self, message: str, *, interrupted: bool = False, patience_seconds: float = 5.0) -> None:
        """End all runs as FAILED, or KILLED where the user interrupted; what was recorded before is kept."""
        self._keep(self._story.write, COMPARISON, {}, {}, {"message": message})
        self._keep(self._story.close, "KILLED" if interrupted else "FAILED")
        self._end(patience_seconds)

    def _keep(self, work: Callable[..., None], *arguments: Any) -> None:
        """Put something into the outbox; where that cannot be, MLflow goes without and the comparison goes on."""
        if self._broken or self.refused is not None:
            return
        try:
            work(*arguments)
        except (sqlite3.Error, OSError, Unwritable) as problem:
            self._lost(problem)
        self._more.set()

    def _lost(self, problem: Exception) -> None:
        if not self._broken:
            self._broken = True
            self._tell(f"MLflow is told no more of this run: it cannot be kept ({text.first_line(problem)}).")

    def _tell_all(self) -> None:
        troubles = 0
        try:
            while not self._left:
                self._more.clear()
                oldest = self._outbox.oldest()
                if oldest is None:
                    if self._ending.is_set():
                        return
                    self._more.wait()
                    continue
                try:
                    said = self._sender.send(*oldest)
                    troubles = 0
                    self._not_taken += [said] if said is not None else []
                except UserError as problem:
                    if self.where["run_id"] is None and not troubles:
                        self.refused = problem
                        return
                    troubles = self._pause(problem, troubles)
                except Exception as problem:
                    # Each part of MLflow fails in its own classes; whichever it is, the comparison goes on.
                    troubles = self._pause(problem, troubles)
        except sqlite3.Error as problem:
            self._lost(problem)
        finally:
            self._outbox.close()

    def _pause(self, problem: Exception, troubles: int) -> int:
        if not troubles:
            self._tell(
                f"MLflow takes nothing at the moment ({text.first_line(problem)}); the comparison goes on, and what "
                "there is to tell is kept."
            )
        if self._ending.is_set():
            time.sleep(LAST_PAUSE_SECONDS)
        else:
            self._ending.wait(PAUSES_SECONDS[min(troubles, len(PAUSES_SECONDS) - 1)])
        return troubles + 1

    def _end(self, patience_seconds: float) -> None:
        self._ending.set()
        self._more.set()
        # All is kept by now: whoever interrupts cuts the waiting short, and takes no answer away.
        with contextlib.suppress(KeyboardInterrupt):
            self._teller.join(patience_seconds)
        if self._teller.is_alive():
            self._left = True
            self._tell(
                f"Not all of the run is in MLflow yet: {self.where['tracking_uri']} did not take it in time. "
                f"This sends the rest: advisor track {shlex.quote(str(self._folder))}"
            )
        elif self.refused is not None:
            self._tell(f"The run is not in MLflow: {redacted(str(self.refused))}")
        if self._not_taken:
            more = f", and {len(self._not_taken) - 1} more" if self._not_taken[1:] else ""
            self._tell(f"MLflow refused {self._not_taken[0]}{more}.")

    def _tell(self, sentence: str) -> None:
        self.warnings.append(sentence)
        if self._warn is not None:
            # A display that breaks must not break the tracking.
            with contextlib.suppress(Exception):
                self._warn(sentence)


def _outbox(folder: Path) -> tuple[Outbox, tuple[str, ...]]:
    """Open the outbox of a run; one that is damaged is set aside, and told."""
    try:
        return Outbox(folder), ()
    except Damaged:
        pass
    (folder / FILE_NAME).replace(folder / f"{FILE_NAME}.damaged")
    return Outbox(folder), (f"{FILE_NAME} was damaged and is set aside: MLflow hears of this run from the start.",)


def _write_example(path: Path, example: pd.DataFrame) -> None:
    with whole_file(path) as draft:
        try:
            example.to_parquet(draft)
        except pa.ArrowException:  # a column of several types
            example.astype(str).to_parquet(draft)
