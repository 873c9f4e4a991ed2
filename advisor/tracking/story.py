"""What is written where: comparison, learner, trial. Raises what MLflow raises; `run` decides what follows."""

from __future__ import annotations

import getpass
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advisor.records import Outcome, Split
from advisor.tracking import text

PARENT = "mlflow.parentRunId"
DESCRIPTION = "mlflow.note.content"


class Story:
    """The runs of one comparison. Tag `kind` tells them apart: comparison, learner, and below it trial and fit."""

    def __init__(self, client: Any, experiment_id: str, name: str, tags: Mapping[str, Any]) -> None:
        self.client = client
        self.experiment_id = experiment_id
        self.run_id = ""
        self._learners: dict[str, str] = {}
        self._well: dict[str, bool] = {}
        self._ended: dict[str, float] = {}
        self._scores: dict[tuple[str, str], list[float]] = {}
        self._recorded = 0
        source = {"mlflow.source.name": "advisor compare", "mlflow.source.type": "LOCAL"}
        self.run_id = self._open(name, {**tags, **source, "kind": "comparison"}, time.time())

    def write(
        self,
        run_id: str,
        metrics: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        step: int = 0,
        histories: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Write all there is to say of a run in one request; `histories` are learning curves, a step a value."""
        from mlflow.entities import Metric, Param, RunTag

        now = _milliseconds(time.time())
        points = [Metric(name, number, now, step) for name, number in text.finite(metrics).items()]
        for name, values in (histories or {}).items():
            steps = [step for step in text.thinned(len(values)) if math.isfinite(values[step])]
            points += [Metric(text.key(name), float(values[step]), now, step + 1) for step in steps]
        self.client.log_batch(
            run_id,
            metrics=points,
            params=[Param(text.key(name), text.value(thing)) for name, thing in (params or {}).items()],
            tags=[RunTag(name, thing) for name, thing in text.tags(tags or {}).items()],
        )

    def record(self, outcome: Outcome, split: Split | None, score: float | None) -> None:
        """Write a finished job: its trials, its final fit, and how its learner stands now."""
        job, cost = outcome.job, outcome.cost
        shared = {"learner": job.learner, "family": job.family, "stage": job.stage, "split": job.split}
        if split is not None:
            shared |= {"repeat": split.repeat, "fold": split.fold}
        fitted = cost.fit_seconds + cost.predict_seconds
        # The final fit follows the last trial; without trials it has ended just now.
        tuned_at = max((trial.started_at + trial.seconds for trial in outcome.trials), default=time.time() - fitted)
        began = min((trial.started_at for trial in outcome.trials), default=tuned_at)
        parent = self._learner(job.learner, job.family, began)
        for trial in outcome.trials:
            tags = {**shared, "kind": "trial", "trial": trial.number, "state": trial.state}
            run_id = self._open(f"{text.job_name(job)} · trial {trial.number}", tags, trial.started_at, parent)
            self.write(run_id, {"inner_error": trial.inner_error, "seconds": trial.seconds}, trial.params)
            self._close(run_id, trial.state != "failed", trial.started_at + trial.seconds)
        numbers = {"outer_score": score, "outer_error": outcome.error, "inner_error": outcome.inner_error, **vars(cost)}
        tags = {**shared, "kind": "fit", "status": outcome.status, "message": outcome.message}
        run_id = self._open(f"{text.job_name(job)} · final fit", tags, tuned_at, parent)
        self.write(run_id, numbers, outcome.params, histories=_curves(outcome))
        self._close(run_id, outcome.status == "ok", tuned_at + fitted)
        self._ended[job.learner] = max(tuned_at + fitted, self._ended.get(job.learner, 0.0))
        self._progress(outcome, parent, numbers, score)

    def _progress(self, outcome: Outcome, run_id: str, numbers: Mapping[str, Any], score: float | None) -> None:
        """Give the learner's run its numbers split by split, and the mean score of its latest stage so far."""
        job = outcome.job
        self._recorded += 1
        well = outcome.status == "ok"
        self._well[job.learner] = self._well.get(job.learner, False) or well
        section = "split" if job.stage == "tuned" else f"split {job.stage}"
        message = {} if well else {"message": f"split {job.split}: {outcome.message or outcome.status}"}
        by_split = {f"{section}/{name}": number for name, number in numbers.items()}
        self.write(run_id, by_split, tags=message, step=job.split)
        if score is not None and math.isfinite(score):
            self._scores.setdefault((job.learner, job.stage), []).append(score)
        scores = self._scores.get((job.learner, "tuned")) or self._scores.get((job.learner, job.stage))
        if scores:
            self.write(run_id, {"score": float(np.mean(scores))}, step=self._recorded)

    def leaderboard(self, document: Mapping[str, Any]) -> None:
        """Give every learner's run the numbers of its row, so that the UI's table compares learners."""
        for row in document.get("leaderboard") or ():
            run_id = self._learner(row["learner"], row.get("family"), time.time())
            self._well.setdefault(row["learner"], row.get("status", "ok") == "ok")
            numbers = {"score_se" if name == "se" else name: thing for name, thing in row.items()}
            tags = {name: row.get(name) for name in ("status", "message", "device", "device_name")}
            params = text.champion_params(document, row["learner"])
            self.write(run_id, numbers, params, tags, step=self._recorded + 1)

    def answer(self, document: Mapping[str, Any]) -> None:
        """Put the answer where people look: columns, filters and description of the comparison's run."""
        tags = {**text.answer_tags(document), DESCRIPTION: text.description(document)}
        self.write(self.run_id, text.answer_metrics(document), tags=tags)

    def close(self, status: str) -> None:
        """End all runs; a learner is FAILED where none of its jobs went well."""
        for learner, run_id in self._learners.items():
            ending = status if status != "FINISHED" or self._well.get(learner) else "FAILED"
            ended = self._ended.get(learner, time.time())
            self.client.set_terminated(run_id, ending, _milliseconds(ended))
        self.client.set_terminated(self.run_id, status)

    def _learner(self, learner: str, family: Any, began: float) -> str:
        if learner not in self._learners:
            tags = {"kind": "learner", "learner": learner, "family": family}
            self._learners[learner] = self._open(learner, tags, began, self.run_id)
        return self._learners[learner]

    def _open(self, name: str, tags: Mapping[str, Any], began: float, parent: str | None = None) -> str:
        belonging = {PARENT: parent, "mlflow.user": _user()}
        run = self.client.create_run(
            self.experiment_id,
            start_time=_milliseconds(began),
            run_name=text.clip(name, text.LONGEST_NAME),
            tags=text.tags({**tags, **belonging}),
        )
        return str(run.info.run_id)

    def _close(self, run_id: str, well: bool, ended: float) -> None:
        self.client.set_terminated(run_id, "FINISHED" if well else "FAILED", _milliseconds(ended))


def _curves(outcome: Outcome) -> dict[str, tuple[float, ...]]:
    return {f"curve/{name}": values for name, values in outcome.curve.items()}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"
