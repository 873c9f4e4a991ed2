"""Records -> the Parquet tables of a run: what came of every candidate and fold, and what was predicted out of fold.

Cells that are JSON themselves are made plain by `document`, as everything else is.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

from advisor.measuring.metrics import METRICS
from advisor.records import Candidate, Case, Champion, FoldResult, Outcome
from advisor.telling.document import plain
from advisor.telling.naming import key_of


def outcomes_table(case: Case, began: float) -> pd.DataFrame:
    """Return one row a candidate and fold (kind "fold") and one a candidate (kind "candidate").

    Times are seconds since `began` (of the epoch), or since the first fit of an earlier run that this one goes on with.
    A candidate's error is over the folds that were judged, None where it did not finish them; its seconds are those of
    all its folds.
    """
    judged = () if case.matrix is None else tuple(fold.number for fold in case.matrix.folds)
    fits = (result.started_at for outcome in case.outcomes.values() for result in outcome.results.values())
    began = min((began, *fits))
    rows = [
        row
        for outcome in case.outcomes.values()
        for row in (
            *(_fold_row(case, result, began) for result in outcome.results.values()),
            _candidate_row(case, outcome, judged, began),
        )
    ]
    columns = [
        "kind", "candidate", "learner", "family", "stage", "number", "repeat", "fold", "state", "error",
        "score", "seconds", "started_at", "ended_at", "params", "folds", "ending", "fit_seconds", "predict_seconds",
        "cpu_seconds", "latency_p50_ms", "latency_p99_ms", "peak_memory_mb", "model_mb", "device", "device_name",
        "gpu_memory_mb", "cut_short", "message", "curve",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def out_of_fold_table(case: Case, champions: Mapping[str, Champion | None]) -> pd.DataFrame:
    """Return what champions and blends predicted of rows they had not learnt from: one row a test row, fold and model.

    Columns: row (position in the data), repeat, fold (within the repeat), which, learner, target, then `prediction` or
    one `p_<class>` a class. The rows chose who is champion, and the weights of a blend.
    """
    matrix, data = case.matrix, case.dataset
    names = [f"p_{label}" for label in data.classes] or ["prediction"]
    frames = []
    for champion in champions.values():
        if champion is None or matrix is None:
            continue
        mixture = {key_of(name, champion.params[name]): share for name, share in champion.members.items()}
        place = {key: column for column, key in enumerate(case.columns)}
        blended = np.asarray(sum(share * matrix.predictions[place[key]] for key, share in mixture.items()))
        for fold in matrix.folds:
            target = data.target[fold.test]
            told = {
                "row": fold.test,
                "repeat": fold.repeat,
                "fold": fold.fold,
                "which": champion.which,
                "learner": champion.learner,
                "target": np.asarray(data.classes, dtype=object)[target] if data.classes else target,
            }
            predicted = blended[fold.repeat, np.searchsorted(matrix.rows, fold.test)].reshape(len(fold.test), -1)
            frames.append(pd.concat([pd.DataFrame(told), pd.DataFrame(predicted, columns=names)], axis=1))
    empty = pd.DataFrame(columns=["row", "repeat", "fold", "which", "learner", "target", *names])
    return pd.concat(frames, ignore_index=True) if frames else empty


def _fold_row(case: Case, result: FoldResult, began: float) -> dict[str, Any]:
    part = next(part for part in case.plan.folds.parts if part.number == result.fold)
    cost = dataclasses.asdict(result.cost)
    started = result.started_at - began
    return {
        "kind": "fold",
        **_of_candidate(result.candidate),
        "number": part.number,
        "repeat": part.repeat,
        "fold": part.fold,
        "state": result.state,
        "error": result.error,
        "score": None if result.error is None else METRICS[case.plan.metric].score(result.error),
        "seconds": result.cost.seconds,
        "started_at": started,
        "ended_at": started + result.cost.seconds,
        **{name: value for name, value in cost.items() if name not in ("gpu_watts", "spared_seconds")},
        "cut_short": result.cut_short,
        "message": result.message,
        "curve": json.dumps(plain(result.curve)) if result.curve else None,
    }


def _candidate_row(case: Case, outcome: Outcome, judged: Sequence[int], began: float) -> dict[str, Any]:
    results = outcome.results.values()
    finished = bool(judged) and set(judged) <= outcome.done
    metric = METRICS[case.plan.metric]
    error = None
    if finished:
        losses = [outcome.results[number].losses for number in judged]
        error = metric.error_of_loss(float(np.concatenate([loss for loss in losses if loss is not None]).mean()))
    return {
        "kind": "candidate",
        **_of_candidate(outcome.candidate),
        "error": error,
        "score": None if error is None else metric.score(error),
        "seconds": sum(result.cost.seconds for result in results),
        "started_at": min((result.started_at - began for result in results), default=None),
        "ended_at": max((result.started_at - began + result.cost.seconds for result in results), default=None),
        "folds": len(outcome.done),
        "ending": outcome.ending,
        "fit_seconds": fmean([result.cost.fit_seconds for result in results]) if results else None,
        "message": outcome.message,
    }


def _of_candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "candidate": candidate.key,
        "learner": candidate.learner,
        "family": candidate.family,
        "stage": candidate.stage,
        "params": json.dumps(plain(candidate.params)),
    }
