"""Everyone who is told what happens: the ledger at once, MLflow when its store is open, the display on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from advisor import model_files, seals
from advisor.errors import Interrupted, Terminated, Unwritable, UserError
from advisor.measuring.metrics import METRICS
from advisor.records import Budget, Dataset, FoldResult, Outcome, Plan, Profile
from advisor.redacted import redacted
from advisor.telling import folders
from advisor.telling.ledger import DAMAGED, Ledger
from advisor.telling.ledger import FILE_NAME as LEDGER
from advisor.telling.progress import Progress
from advisor.telling.tracking import TrackedRun
from advisor.telling.tracking import start as start_tracking
from advisor.whole import sum_of
from advisor.wording import counted


class Chronicle:
    """The memory of one run, as a context manager: an exception inside ends the MLflow run, too.

    Ctrl-C and SIGTERM leave as Interrupted, a full disk as Unwritable, with the line that resumes the run. Making one
    raises UserError where another process is at work in the folder, where the run that was begun there rests on
    something else than this plan, and where its models are not sealed with `key` (see seals), unless they may be
    trusted; `classes` is how many a prediction has a chance for, 0 where it is a number. Nothing here waits for MLflow
    but `finish`, for as long as it is told, and an exception, for some seconds.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        show: Progress,
        command: str,
        *,
        key: bytes | None = None,
        trust: bool = False,
        classes: int = 0,
    ) -> None:
        self._classes = classes
        self._folder, self._plan, self._show, self._command, self._key = folder, plan, show, command, key
        with ExitStack() as undone:
            undone.callback(show.close)
            self._held = undone.enter_context(folders.hold(folder))
            self._open(trust)
            undone.pop_all()
        self._run: TrackedRun | None = None
        self._notes: list[str] = []

    def _open(self, trust: bool) -> None:
        """Read what an earlier run of this comparison left, and say what of it is taken up; see the class."""
        folder, begun = self._folder, (self._folder / LEDGER).is_file()
        if told := folders.changes(folder, self._plan):
            raise UserError(
                f"The run in {str(folder)!r} cannot go on: {'; '.join(told)}. Ask for what it was begun with, or name "
                "another --out for a new run."
            )
        folders.sweep(folder)
        self._ledger = Ledger(folder, self._plan.fingerprint)
        done = [result for result in self._ledger.results() if result.state == "done"]
        models = [result.model for result in done if result.model is not None]
        if odd := [model for model in models if not model_files.is_model(model)]:
            raise UserError(
                f"The ledger in {str(folder)!r} names {odd[0]!r} as a model of the run; begin anew elsewhere."
            )
        fitting = [result for result in done if self._of_this_plan(result)]
        sound = [result for result in fitting if self._as_written(result)]
        self._let_in([result.model for result in sound if result.model is not None], trust)
        self._known = {(result.candidate.key, result.fold): result for result in sound}
        self._kept = set(self._known)
        if odd_ones := len(done) - len(fitting):
            self._show.note(f"{counted(odd_ones, 'entry', 'entries')} of the ledger fit no fold here; done again.")
        if damaged := self._ledger.damaged:
            entries = counted(damaged, "entry", "entries")
            self._show.note(f"The run's ledger is damaged: {entries} put aside into {DAMAGED}, and done again.")
        if damaged := len(fitting) - len(sound):
            files = counted(damaged, "file")
            self._show.note(f"Models of the run are damaged: {files} not as written, whose fits are done again.")
        if begun and folders.remembered(folder) is None:
            self._show.note(f"{folders.PLAN} cannot be read; what there is of the same rows and folds is taken up.")
        if begun:
            fits, rows = counted(len(self._known), "finished fit"), counted(len(self._plan.folds.rows), "row")
            self._show.note(f"Going on with the run in {str(folder)!r}: it has {fits}, on {rows} as it was begun.")
        folders.remember(folder, self._plan)
        seals.seal(folder, folders.PLAN, self._key)

    def _of_this_plan(self, result: FoldResult) -> bool:
        """Tell whether a result has what its fold asks for: an error, and a prediction and a loss for each row."""
        rows = {part.number: len(part.test) for part in self._plan.folds.parts}.get(result.fold)
        if rows is None or result.error is None or result.predictions is None or result.losses is None:
            return False
        shape = (rows, self._classes) if self._classes else (rows,)
        return result.predictions.shape == shape and result.losses.shape == (rows,)

    def _as_written(self, result: FoldResult) -> bool:
        """Tell whether the fitted model of a result is what was written, if it is there: not all models are kept."""
        file = self._folder / (result.model or "")
        return not file.is_file() or sum_of(file) == result.model_sum

    def __enter__(self) -> Chronicle:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: Any) -> None:
        self._ledger.close()
        self._held.close()
        self._show.close()
        if problem is None:
            return
        if self._run is not None and problem is not self._run.refused:
            words = redacted(str(problem)) or type(problem).__name__
            self._run.fail(words, interrupted=isinstance(problem, KeyboardInterrupt))
        if isinstance(problem, KeyboardInterrupt):
            ended = Interrupted(f"Interrupted; what finished is kept. {self._how_to_go_on()}")
            ended.exit_status = 143 if isinstance(problem, Terminated) else 130
            raise ended from problem
        if isinstance(problem, Unwritable):
            raise Unwritable(f"{problem} What finished is kept; make room. {self._how_to_go_on()}") from problem

    def known(self) -> Mapping[tuple[str, int], FoldResult]:
        """Return what an earlier run of this comparison finished, by a candidate's key and a fold's number."""
        return dict(self._known)

    def keep(self, result: FoldResult) -> None:
        """Write a result down, unless it has been; when this returns it survives whatever comes."""
        place = result.candidate.key, result.fold
        if place not in self._kept:
            if result.model is not None and model_files.executes(result.model):
                seals.seal(self._folder, result.model, self._key)
            self._ledger.add(result)
            self._kept.add(place)

    def tell(self, result: FoldResult) -> None:
        """Tell everyone of a result, one that was known too; raises UserError where runs cannot be tracked."""
        self.keep(result)
        self._show.result(result)
        score = None if result.error is None else METRICS[self._plan.metric].score(result.error)
        if self._run is not None:
            self._run.record(result, score)
            if self._run.refused is not None:
                raise self._run.refused

    def ended(self, outcome: Outcome) -> None:
        """Tell that a candidate is over, whatever came of it."""
        if self._run is not None:
            self._run.ended(outcome)

    def note(self, text: str) -> None:
        """Tell the person something that stops nothing, and keep it for the answer: the display may be silent."""
        self._notes.append(text)
        self._show.note(text)

    def notes(self) -> tuple[str, ...]:
        """Return what was noted so far, in its order."""
        return tuple(self._notes)

    def stage(self, name: str, tasks: int, seconds_left: float) -> None:
        """Tell that so many pieces of work of one kind begin, and how long they may take together."""
        self._show.stage(name, tasks, seconds_left)

    def track(self, uri: str, experiment: str, dataset: Dataset, profile: Profile, budget: Budget) -> None:
        """Begin to tell MLflow, on a thread of its own: a new store takes seconds in which learners can already run.

        Raises UserError where `uri` is no address of a store.
        """
        folds = self._plan.folds
        params = {
            "metric": self._plan.metric,
            "budget_seconds": budget.seconds,
            "trials": budget.trials,
            "seed": budget.seed,
            "until": budget.until,
            "splits": f"{folds.kind} {folds.folds} x {folds.repeats}",
            "trainings": self._plan.trainings,
            "rows_used": len(folds.rows),
            "learners": ", ".join(self._plan.learners),
            "command": redacted(self._command.removesuffix(" --resume")),
        }
        tags = {
            "dataset": dataset.name,
            "target": dataset.target_name,
            "task": dataset.task,
            "metric": self._plan.metric,
            "rows": len(dataset.target),
            "columns": len(profile.columns),
            "folder": self._folder.name,
        }
        self._run = start_tracking(
            uri, experiment, f"{dataset.name} · {dataset.target_name}", folder=self._folder, params=params, tags=tags,
            dataset=dataset, profile=profile, warn=self._show.note,
        )  # fmt: skip
        # Sealed with the plan: what MLflow has not heard is later sent where it belongs, whoever had the folder.
        folders.remember_store(self._folder, self._run.where["tracking_uri"])
        seals.seal(self._folder, folders.PLAN, self._key)

    def where(self) -> dict[str, Any] | None:
        """Say where MLflow keeps this run; run_id is None while its store has not answered, all of it without one."""
        return None if self._run is None else self._run.where

    def finish(
        self, document: Mapping[str, Any], model: Any, dataset: Dataset, patience_seconds: float
    ) -> dict[str, Any] | None:
        """Hand the answer, the files and the model to MLflow, and say where it all is; waits as long as it is told."""
        if self._run is None:
            return None
        return self._run.finish(
            document, model=model, input_example=dataset.example, patience_seconds=patience_seconds
        )  # fmt: skip

    def _how_to_go_on(self) -> str:
        """Say which command takes the run up again; it is printed and may be logged, so no password stands in it."""
        where = "" if "--out" in self._command else f" --out {shlex.quote(str(self._folder))}"
        again = self._command.removesuffix(" --resume") + where + " --resume"
        shown = redacted(again)
        return f"{'Go on' if shown == again else 'Put the password back and go on'} with: {shown}"

    def _let_in(self, models: Sequence[str], trust: bool) -> None:
        """Let pickles of an earlier run in only where they are this user's own, or trusted: then they become so.

        Who goes on with a run loads them later, which runs code out of their files.
        """
        strange = seals.unsealed(self._folder, filter(model_files.executes, models), self._key)
        if strange and not trust:
            raise UserError(
                f"Of the models of the run in {str(self._folder)!r} {len(strange)} were not made by you on this "
                "machine, or were changed since, and going on loads them, which runs whatever code they hold; add "
                "--trust (Python: trust=True) if you trust whoever made them, or delete its folder 'folds' to go on "
                "without them."
            )
        for model in strange:
            seals.seal(self._folder, model, self._key)
