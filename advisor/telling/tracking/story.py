"""What is told where: comparison, learner, candidate; all of it into the outbox, which MLflow hears when it can."""

from __future__ import annotations

import getpass
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from advisor.records import Candidate, FoldResult, Outcome
from advisor.telling import cut_short
from advisor.telling.tracking import text
from advisor.telling.tracking.outbox import Outbox
from advisor.wording import counted

COMPARISON = "comparison"
DESCRIPTION = "mlflow.note.content"
# The files of a comparison that MLflow gets.
FILES = ("report.html", "verdict.json", "outcomes.parquet")


class Story:
    """The runs of one comparison. Tag `kind` tells them apart: comparison, learner, and below it trial, a candidate.

    A fold of a candidate is a step of its run, which is open from its first fold to its last. Times are those of what
    happened, so that the same result is the same entry whenever it is told.
    """

    def __init__(self, outbox: Outbox, name: str, tags: Mapping[str, Any]) -> None:
        self._outbox = outbox
        self._learners: dict[str, str] = {}
        self._candidates: dict[str, str] = {}
        self._over: set[str] = set()
        self._well: set[str] = set()
        self._last_seen: dict[str, float] = {}
        self._scores: dict[str, dict[str, list[tuple[float, float]]]] = {}
        self._recorded = 0
        source = {"mlflow.source.name": "advisor compare", "mlflow.source.type": "LOCAL"}
        self._open(COMPARISON, name, {**tags, **source, "kind": COMPARISON}, time.time())

    def write(
        self,
        run: str,
        metrics: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
        step: int = 0,
        histories: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        """Write all there is to say of a run at once, at a time (seconds since the epoch; None: now).

        `histories` are learning curves, a step a value.
        """
        points: list[tuple[str, float, int]] = [
            (name, number, step) for name, number in text.finite(metrics).items()
        ]  # fmt: skip
        for name, values in (histories or {}).items():
            steps = [step for step in text.thinned(len(values)) if math.isfinite(values[step])]
            points += [(text.key(name), float(values[step]), step + 1) for step in steps]
        self._outbox.add({
            "kind": "write", "run": run, "at": _milliseconds(at or time.time()), "metrics": points,
            "params": {text.key(name): text.value(thing) for name, thing in (params or {}).items()},
            "tags": text.tags(tags or {}),
        })  # fmt: skip

    def record(self, result: FoldResult, score: float | None) -> None:
        """Write what a candidate did on a fold, as a step of its run, and how its learner stands now."""
        candidate, cost = result.candidate, result.cost
        run = self._candidate(candidate, result.started_at or time.time())
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
            self.write(self._learners[candidate.learner], mean, at=ended, step=self._recorded)
        self.write(run, numbers, tags=tags, at=ended, step=result.fold, histories=histories)

    def ended(self, outcome: Outcome) -> None:
        """Close a candidate's run and say how it ended."""
        candidate = outcome.candidate
        run = self._candidate(candidate, time.time())
        late = sum(result.cut_short for result in outcome.results.values())
        told = f"{cut_short.WORDS} on {late} of {counted(len(outcome.results), 'fold')}" if late else ""
        tags = {"ending": outcome.ending, "message": outcome.message, "cut_short": told}
        self.write(run, {"folds": len(outcome.done)}, tags=tags, at=self._last_seen.get(candidate.key))
        self._close(candidate.key, run, "FAILED" if outcome.ending in ("failed", "timeout") else "FINISHED")

    def leaderboard(self, document: Mapping[str, Any]) -> None:
        """Give every learner's run the numbers of its row, so that the UI's table compares learners."""
        for row in document.get("leaderboard") or ():
            run = self._learner(row["learner"], row.get("family"), time.time())
            self._well |= {row["learner"]} if row.get("status", "ok") in ("ok", "partly", "given_up") else set()
            numbers = {"score_se" if name == "se" else name: thing for name, thing in row.items()}
            tags = {name: row.get(name) for name in ("status", "message", "device", "device_name")}
            tags["cut_short"] = cut_short.ON_MOST if row.get("cut_short") else ""
            self.write(run, numbers, row.get("params"), tags, step=self._recorded + 1)

    def answer(self, document: Mapping[str, Any]) -> None:
        """Put the answer where people look: columns, filters and description of the comparison's run."""
        tags = {**text.answer_tags(document), DESCRIPTION: text.description(document)}
        self.write(COMPARISON, text.answer_metrics(document), tags=tags)

    def close(self, status: str) -> None:
        """End all runs; a learner or candidate is FAILED where nothing of it went well."""
        for name, run in (*self._candidates.items(), *self._learners.items()):
            if name not in self._over:
                self._close(name, run, status if status != "FINISHED" or name in self._well else "FAILED")
        self.status(status)

    def status(self, status: str, run: str = COMPARISON) -> None:
        """Say how the comparison, or a run below it, stands: RUNNING again, FINISHED, FAILED or KILLED."""
        self._outbox.add({"kind": "status", "run": run, "status": status, "at": _milliseconds(time.time())})

    def files(self, folder: Path) -> None:
        """Hand over those of the comparison's files that are there."""
        now = time.time()
        for file in FILES:
            if (folder / file).is_file():
                self._outbox.add({"kind": "file", "run": COMPARISON, "file": file, "at": now})

    def _candidate(self, candidate: Candidate, began: float) -> str:
        if candidate.key not in self._candidates:
            self._learner(candidate.learner, candidate.family, began)
            tags = {"kind": "trial", "learner": candidate.learner, "family": candidate.family,
                    "stage": candidate.stage, "candidate": candidate.key}  # fmt: skip
            run = f"candidate {candidate.key}"
            self._open(run, text.candidate_name(candidate), tags, began, self._learners[candidate.learner])
            self._candidates[candidate.key] = run
            if candidate.params:
                self.write(run, {}, candidate.params, at=began)
        return self._candidates[candidate.key]

    def _learner(self, learner: str, family: Any, began: float) -> str:
        if learner not in self._learners:
            tags = {"kind": "learner", "learner": learner, "family": family}
            self._open(f"learner {learner}", learner, tags, began, COMPARISON)
            self._learners[learner] = f"learner {learner}"
        return self._learners[learner]

    def _open(self, run: str, called: str, tags: Mapping[str, Any], began: float, parent: str | None = None) -> None:
        entry = {
            "kind": "open", "run": run, "parent": parent, "called": text.clip(text.value(called), text.LONGEST_NAME),
            "at": _milliseconds(began), "tags": text.tags({**tags, "mlflow.user": _user()}),
        }  # fmt: skip
        self._outbox.add(entry, run)

    def _close(self, name: str, run: str, status: str) -> None:
        at = _milliseconds(self._last_seen.get(name, time.time()))
        self._outbox.add({"kind": "status", "run": run, "status": status, "at": at})
        self._over.add(name)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "unknown"
