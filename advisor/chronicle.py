"""Everyone who is told what happens: the ledger at once, MLflow when its store is open, the display on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from advisor import engine, trial
from advisor.errors import Interrupted
from advisor.ledger import Ledger
from advisor.metrics import METRICS
from advisor.progress import Progress
from advisor.records import Budget, Dataset, Job, Outcome, Plan, Profile
from advisor.tracking import TrackedRun
from advisor.tracking import start as start_tracking


class Chronicle:
    """The memory of one run, as a context manager: an exception inside ends the MLflow run, too.

    Ctrl-C leaves as Interrupted, with the line that resumes the run.
    """

    def __init__(self, folder: Path, chosen: Plan, show: Progress, command: str) -> None:
        self._folder, self._plan, self._show, self._command = folder, chosen, show, command
        self._ledger = Ledger(folder, chosen.fingerprint)
        self._known = {outcome.job.key: outcome for outcome in self._ledger.outcomes() if outcome.status == "ok"}
        self._starting: Future[TrackedRun] | None = None
        self._untold: list[Outcome] = []

    def __enter__(self) -> Chronicle:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: Any) -> None:
        self._ledger.close()
        self._show.close()
        if problem is None:
            return
        if self._starting is not None and self._starting.exception() is None:
            run = self._starting.result()
            run.fail(str(problem) or type(problem).__name__, interrupted=isinstance(problem, KeyboardInterrupt))
        if isinstance(problem, KeyboardInterrupt):
            where = "" if "--out" in self._command else f" --out {shlex.quote(str(self._folder))}"
            again = self._command.removesuffix(" --resume") + where + " --resume"
            raise Interrupted(f"Interrupted; what finished is kept. Go on with: {again}") from problem

    def track(self, uri: str, experiment: str, dataset: Dataset, profile: Profile, budget: Budget) -> None:
        """Open the MLflow store on a thread of its own: a new one takes seconds in which learners can already run."""
        params = {
            "metric": self._plan.metric,
            "budget_seconds": budget.seconds,
            "trials": budget.trials,
            "seed": budget.seed,
            "splits": f"{self._plan.splits.kind} {self._plan.splits.folds} x {self._plan.splits.repeats}",
            "learners": ", ".join(self._plan.learners),
            "command": self._command,
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
        self._starting = ThreadPoolExecutor(1, "advisor-mlflow").submit(
            start_tracking, uri, experiment, f"{dataset.name} · {dataset.target_name}",
            params=params, tags=tags, dataset=dataset, digest=profile.fingerprint[:36], warn=self._show.note,
        )  # fmt: skip

    def carry_out(self, pool: engine.LocalEngine, tasks: Sequence[trial.Task]) -> Iterator[Outcome]:
        """Yield the outcome of every task as it comes, told to everyone; what the ledger knows is not done again."""
        yield from (self._tell(self._known[task.job.key]) for task in tasks if task.job.key in self._known)
        for task, result in pool.map(trial.run, [task for task in tasks if task.job.key not in self._known]):
            outcome = _as_outcome(task.job, result)
            self._ledger.add(outcome)
            yield self._tell(outcome)

    def _tell(self, outcome: Outcome) -> Outcome:
        self._show.outcome(outcome)
        self._untold.append(outcome)
        if self._starting is not None and self._starting.done():
            self._catch_up(self._starting.result())
        return outcome

    def _catch_up(self, run: TrackedRun) -> None:
        for outcome in self._untold:
            score = None if outcome.error is None else METRICS[self._plan.metric].score(outcome.error)
            run.record(outcome, self._plan.splits.parts[outcome.job.split], score)
        self._untold.clear()

    def where(self) -> dict[str, Any] | None:
        """Say where MLflow keeps this run; waits until its store is open. None where nothing is tracked."""
        if self._starting is None:
            return None
        run = self._starting.result()
        self._catch_up(run)
        return dict(run.where)

    def finish(self, content: Mapping[str, Any], folder: Path, model: Any, dataset: Dataset) -> dict[str, Any] | None:
        """Hand the answer, the files and the model to MLflow, and say where it all is."""
        if self._starting is None:
            return None
        return self._starting.result().finish(content, folder, model=model, input_example=dataset.example)


def _as_outcome(job: Job, result: Any) -> Outcome:
    if isinstance(result, Outcome):
        return result
    if isinstance(result, TimeoutError):
        begun = "before it began" in str(result)
        return Outcome(job, "timeout", str(result) if begun else "the budget ran out before it was done")
    return Outcome(job, "failed", trial.describe(result))
