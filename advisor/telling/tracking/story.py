"""What is written where: comparison, learner, candidate. Raises what MLflow raises; `run` decides what follows."""

from __future__ import annotations

import getpass
import math
import time
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from advisor.records import Candidate, FoldResult, Outcome
from advisor.telling import cut_short
from advisor.telling.tracking import text
from advisor.wording import counted

PARENT = "mlflow.parentRunId"
DESCRIPTION = "mlflow.note.content"


class Story:
    """The runs of one comparison. Tag `kind` tells them apart: comparison, learner, and below it trial, a candidate.

    A fold of a candidate is a step of its run, which is open from its first fold to its last.
    """

    def __init__(self, client: Any, experiment_id: str, name: str, tags: Mapping[str, Any]) -> None:
        self.client = client
        self.experiment_id = experiment_id
        self.run_id = ""
        self._learners: dict[str, str] = {}
        self._candidates: dict[str, str] = {}
        self._over: set[str] = set()
        self._well: set[str] = set()
        self._last_seen: dict[str, float] = {}
        self._scores: dict[str, dict[str, list[tuple[float, float]]]] = {}
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
        """Write all there is to say of a run at once; `histories` are learning curves, a step a value."""
        from mlflow.entities import Metric, Param, RunTag

        now = _milliseconds(time.time())
        points = [Metric(name, number, now, step) for name, number in text.finite(metrics).items()]
        for name, values in (histories or {}).items():
            steps = [step for step in text.thinned(len(values)) if math.isfinite(values[step])]
            points += [Metric(text.key(name), float(values[step]), now, step + 1) for step in steps]
        # MLflow turns away more than a thousand things in one request.
        for place in range(text.MOST_AT_ONCE, len(points), text.MOST_AT_ONCE):
            self.client.log_batch(run_id, metrics=points[place : place + text.MOST_AT_ONCE])
        self.client.log_batch(
            run_id,
            metrics=points[: text.MOST_AT_ONCE],
            params=[Param(text.key(name), text.value(thing)) for name, thing in (params or {}).items()],
            tags=[RunTag(name, thing) for name, thing in text.tags(tags or {}).items()],
        )

    def record(self, result: FoldResult, score: float | None) -> None:
        """Write what a candidate did on a fold, as a step of its run, and how its learner stands now."""
        candidate, cost = result.candidate, result.cost
        run_id = self._candidate(candidate, result.started_at or time.time())
        well = result.state == "done"
        numbers = {"error": result.error, "score": score, **vars(cost)}
        tags = {} if well else {"state": result.state, "message": result.message}
        histories = {f"curve/{name} fold {result.fold}": values for name, values in result.curve.items()}
        ended = (result.started_at or time.time()) + cost.seconds
        for name in (candidate.key, candidate.learner):
            self._last_seen[name] = max(ended, self._last_seen.get(name, 0.0))
            self._well |= {name} if well else set()
        self._recorded += 1
        if well and result.error is not None and score is not None and math.isfinite(score):
            own = self._scores.setdefault(candidate.learner, {})
            own.setdefault(candidate.key, []).append((result.error, score))
            numbers["mean_score"] = fmean(each for _, each in own[candidate.key])
            # A learner stands by its best candidate so far, among those with as many folds as any.
            best = min(own.values(), key=lambda folds: (-len(folds), fmean(error for error, _ in folds)))
            mean = {"score": fmean(each for _, each in best)}
            self.write(self._learners[candidate.learner], mean, step=self._recorded)
        self.write(run_id, numbers, tags=tags, step=result.fold, histories=histories)

    def ended(self, outcome: Outcome) -> None:
        """Close a candidate's run and say how it ended."""
        candidate = outcome.candidate
        run_id = self._candidate(candidate, time.time())
        late = sum(result.cut_short for result in outcome.results.values())
        told = f"{cut_short.WORDS} on {late} of {counted(len(outcome.results), 'fold')}" if late else ""
        tags = {"ending": outcome.ending, "message": outcome.message, "cut_short": told}
        self.write(run_id, {"folds": len(outcome.done)}, tags=tags)
        self._close(candidate.key, run_id, "FAILED" if outcome.ending in ("failed", "timeout") else "FINISHED")

    def leaderboard(self, document: Mapping[str, Any]) -> None:
        """Give every learner's run the numbers of its row, so that the UI's table compares learners."""
        for row in document.get("leaderboard") or ():
            run_id = self._learner(row["learner"], row.get("family"), time.time())
            self._well |= {row["learner"]} if row.get("status", "ok") in ("ok", "partly", "given_up") else set()
            numbers = {"score_se" if name == "se" else name: thing for name, thing in row.items()}
            tags = {name: row.get(name) for name in ("status", "message", "device", "device_name")}
            tags["cut_short"] = cut_short.ON_MOST if row.get("cut_short") else ""
            self.write(run_id, numbers, row.get("params"), tags, step=self._recorded + 1)

    def answer(self, document: Mapping[str, Any]) -> None:
        """Put the answer where people look: columns, filters and description of the comparison's run."""
        tags = {**text.answer_tags(document), DESCRIPTION: text.description(document)}
        self.write(self.run_id, text.answer_metrics(document), tags=tags)

    def close(self, status: str) -> None:
        """End all runs; a learner or candidate is FAILED where nothing of it went well."""
        for name, run_id in (*self._candidates.items(), *self._learners.items()):
            if name not in self._over:
                self._close(name, run_id, status if status != "FINISHED" or name in self._well else "FAILED")
        self.client.set_terminated(self.run_id, status)

    def _candidate(self, candidate: Candidate, began: float) -> str:
        if candidate.key not in self._candidates:
            parent = self._learner(candidate.learner, candidate.family, began)
            tags = {"kind": "trial", "learner": candidate.learner, "family": candidate.family,
                    "stage": candidate.stage, "candidate": candidate.key}  # fmt: skip
            run_id = self._open(text.candidate_name(candidate), tags, began, parent)
            self._candidates[candidate.key] = run_id
            if candidate.params:
                self.write(run_id, {}, candidate.params)
        return self._candidates[candidate.key]

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

    def _close(self, name: str, run_id: str, status: str) -> None:
        self.client.set_terminated(run_id, status, _milliseconds(self._last_seen.get(name, time.time())))
        self._over.add(name)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"
