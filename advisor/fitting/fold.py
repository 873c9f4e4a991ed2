"""One fit, start to end: a candidate on a fold, a probe, or a member of the model to use. Knows no engine, no ledger.

Whatever learns or stops training is fitted inside the training part; the test rows are predicted once.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from advisor import clock, learners, modalities, model_files
from advisor.contracts import Setting, fit_report
from advisor.errors import Unwritable
from advisor.estimators.early_stopping import EarlyStopping
from advisor.measuring import costs, metrics, splits
from advisor.records import Candidate, Cost, Dataset, FoldResult, Plan, Probe, ProbeResult, Profile
from advisor.redacted import redacted
from advisor.whole import sum_of

# Seconds in which single predictions are timed, on a candidate's first fold alone.
LATENCY_SECONDS = 0.1
# Probabilities may be off by so much: some learners count with single precision, over many classes.
PROBABILITY_SLACK = 1e-3


@dataclass(frozen=True)
class Shared:
    """What every worker holds from the start, so that a task carries almost nothing.

    `folder` is the run's: fitted models of folds are kept below it.
    """

    dataset: Dataset
    profile: Profile
    plan: Plan
    folder: Path
    threads: int = 1


@dataclass(frozen=True)
class FoldTask:
    """A candidate to be fitted on a fold; no result is wanted after `deadline` (seconds since the epoch).

    `fit_seconds` is the soft limit of the fit (None: none). With `timed` single predictions are timed as well; `keep`
    names the file below the run's folder that the fitted model goes to (see model_files.write).
    """

    candidate: Candidate
    fold: int
    deadline: float
    fit_seconds: float | None = None
    timed: bool = False
    keep: str | None = None


@dataclass(frozen=True)
class ProbeTask:
    """A probe with its clock, as a FoldTask is a candidate with its clock."""

    probe: Probe
    deadline: float
    fit_seconds: float | None = None


@dataclass(frozen=True)
class RefitTask:
    """The wish for a candidate fitted on all rows but those `without`, and written to `keep` (see model_files)."""

    candidate: Candidate
    deadline: float
    fit_seconds: float | None
    keep: str
    without: np.ndarray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Refitted:
    """What came of it: the file is there and whole, unless `problem` says why not."""

    candidate: Candidate
    seconds: float
    cut_short: bool = False
    problem: str = ""


Task = FoldTask | ProbeTask | RefitTask
Result = FoldResult | ProbeResult | Refitted


@singledispatch
def carry_out(task: Any, shared: Shared) -> Result:
    """Carry out one task; what a learner raises becomes part of the result, SystemExit and KeyboardInterrupt too:
    here nobody else raises them.

    Raises Unwritable where the fitted model of a fold cannot be kept: that is no fault of the learner.
    """
    raise TypeError(f"{type(task).__name__} is no task")


@carry_out.register
def _(task: FoldTask, shared: Shared) -> FoldResult:
    began = clock.now()
    try:
        _load(task.candidate.learner)
        began = clock.now()
        return _on_fold(task, shared)
    except Unwritable:
        raise
    except BaseException as problem:
        cost = Cost(fit_seconds=clock.now() - began)
        return FoldResult(task.candidate, task.fold, "failed", describe(problem), cost=cost, started_at=began)


@carry_out.register
def _(task: ProbeTask, shared: Shared) -> ProbeResult:
    probe, dataset = task.probe, shared.dataset
    began = time.monotonic()
    try:
        _load(probe.learner)
        began = time.monotonic()
        target = dataset.target[probe.train]
        if probe.permuted:
            target = np.random.default_rng(probe.seed).permutation(target)
        setting = setting_of(shared, len(probe.train), probe.seed, task.fit_seconds)
        fitted = _fitted(shared, learners.find(probe.learner).build(setting, {}), probe.train, target)
        predictions = predict(fitted, _inputs(dataset, probe.test), dataset)
    except BaseException as problem:
        return ProbeResult(probe, None, time.monotonic() - began, describe(problem))
    return ProbeResult(probe, predictions, time.monotonic() - began)


@carry_out.register
def _(task: RefitTask, shared: Shared) -> Refitted:
    began, dataset = time.monotonic(), shared.dataset
    try:
        _load(task.candidate.learner)
        began = time.monotonic()
        rows = np.arange(len(dataset.target))
        rows = rows if task.without is None else np.delete(rows, task.without)
        setting = setting_of(shared, len(rows), shared.plan.seed, task.fit_seconds)
        estimator = learners.find(task.candidate.learner).build(setting, task.candidate.params)
        fitted = _fitted(shared, estimator, rows)
        model_files.write(fitted, shared.folder / task.keep)
    except BaseException as problem:
        return Refitted(task.candidate, time.monotonic() - began, problem=describe(problem))
    return Refitted(task.candidate, time.monotonic() - began, fit_report(fitted).cut_short)


def describe(problem: BaseException) -> str:
    """Say in one line what went wrong and where, for a table of failures."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" ({frames[-1].name} in {frames[-1].filename.rsplit('/', 1)[-1]})" if frames else ""
    try:
        text = " ".join(redacted(str(problem)).split())
    except Exception:  # an exception may be broken itself
        text = ""
    return f"{type(problem).__name__}{': ' if text else ''}{text[:300]}{'...' * (len(text) > 300)}{where}"


def setting_of(shared: Shared, rows: int, seed: int, fit_seconds: float | None) -> Setting:
    """Return what a learner may know when it builds an estimator for so many training rows."""
    return Setting(
        profile=shared.profile,
        modality=modalities.find(shared.dataset.modality),
        metric=shared.plan.metric,
        rows=rows,
        seed=seed,
        trainings=shared.plan.trainings,
        threads=shared.threads,
        device=shared.plan.device,
        seconds=fit_seconds,
        foundation=shared.plan.foundation,
        unlabelled=shared.dataset.unlabelled,
    )


def predict(estimator: Any, inputs: Any, dataset: Dataset) -> np.ndarray:
    """Return probabilities (n, K) in the order of `dataset.classes`, or values (n,).

    A class that the training part lacked gets probability 0. Raises FloatingPointError where a prediction is not
    finite, and ValueError where there is not one for each row, or probabilities are none.
    """
    known = np.asarray(estimator.predict_proba(inputs) if dataset.classes else estimator.predict(inputs))
    expected = (len(inputs), len(estimator.classes_)) if dataset.classes else (len(inputs),)
    if known.shape != expected:
        raise ValueError(f"the model's predictions have the shape {known.shape} where {expected} is right")
    known = known.astype(float)
    with np.errstate(over="ignore"):  # they are kept with single precision
        if not np.isfinite(known.astype(np.float32)).all():
            raise FloatingPointError("the model predicts values that are not finite")
    if not dataset.classes:
        return known
    sums = known.sum(axis=1)
    if (known < -PROBABILITY_SLACK).any():
        raise ValueError(f"the model predicts a probability of {known.min():.3g}")
    if (np.abs(sums - 1) > PROBABILITY_SLACK).any():
        worst = sums[np.abs(sums - 1).argmax()]
        raise ValueError(f"the model predicts probabilities of a row that sum to {worst:.3g} rather than 1")
    values = np.zeros((len(known), len(dataset.classes)))
    values[:, np.asarray(estimator.classes_, dtype=int)] = known
    return values


def serve_on(fitted: Any, place: str) -> None:
    """Let a fitted net answer on "cpu" or "gpu" from now on; "auto" leaves it as it was trained."""
    model = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    if place != "auto" and "device" in model.get_params():
        model.set_params(device="cpu" if place == "cpu" else "auto")


def _on_fold(task: FoldTask, shared: Shared) -> FoldResult:
    """Fit on the training part, predict the test part once, and measure what either takes."""
    dataset, plan = shared.dataset, shared.plan
    fold = next(part for part in plan.folds.parts if part.number == task.fold)
    started_at = clock.now()
    test_inputs, test_target = _inputs(dataset, fold.test), dataset.target[fold.test]
    setting = setting_of(shared, len(fold.train), plan.seed + task.fold, task.fit_seconds)
    with costs.Stopwatch() as fit_watch:
        estimator = learners.find(task.candidate.learner).build(setting, task.candidate.params)
        fitted = _fitted(shared, estimator, fold.train)
    with costs.Stopwatch() as predict_watch:
        predictions = predict(fitted, test_inputs, dataset)
    report, metric = fit_report(fitted), metrics.METRICS[plan.metric]
    serving: dict[str, float | None] = {"latency_p50_ms": None, "latency_p99_ms": None, "model_mb": None}
    model = model_sum = None
    if task.keep is not None:
        serve_on(fitted, plan.serve_on)
        written = model_files.write(fitted, shared.folder / task.keep)
        serving["model_mb"] = written.stat().st_size / costs.BYTES_PER_MB
        model, model_sum = written.relative_to(shared.folder).as_posix(), sum_of(written)
    if task.timed:
        serving["latency_p50_ms"], serving["latency_p99_ms"] = costs.latency(
            fitted, test_inputs, LATENCY_SECONDS, one_row=modalities.find(dataset.modality).one_row
        )
    cost = Cost(
        fit_seconds=fit_watch.wall_seconds,
        predict_seconds=predict_watch.wall_seconds,
        cpu_seconds=fit_watch.cpu_seconds + predict_watch.cpu_seconds,
        peak_memory_mb=max(fit_watch.peak_memory_mb, predict_watch.peak_memory_mb),
        device=report.device,
        device_name=report.device_name or (costs.cpu_name() if report.device == "cpu" else None),
        gpu_memory_mb=report.gpu_memory_mb,
        gpu_watts=costs.gpu_watts() if report.device.startswith("cuda") else None,
        spared_seconds=fit_watch.spared_seconds,
        **serving,
    )
    losses = metric.row_losses(test_target, predictions)
    return FoldResult(
        task.candidate, task.fold, "done", "", predictions.astype(np.float32), losses,
        metric.error_of_loss(float(losses.mean())), cost, dict(report.curve), report.cut_short, started_at, model,
        model_sum,
    )  # fmt: skip


def _fitted(shared: Shared, estimator: Any, rows: np.ndarray, target: np.ndarray | None = None) -> Any:
    """Fit an estimator on `rows` (positions); `target` (len(rows),) takes the place of theirs.

    One that holds rows out to know when to stop is told which belong together and when they were, so that these are
    as far from the others as the test rows are.
    """
    dataset = shared.dataset
    told: dict[str, Any] = {}
    if isinstance(estimator[-1] if isinstance(estimator, Pipeline) else estimator, EarlyStopping):
        bound = splits.together(dataset.groups, shared.plan.folds.twins)
        for name, codes in (("groups", bound), ("times", dataset.times)):
            if codes is not None:
                told[f"model__{name}" if isinstance(estimator, Pipeline) else name] = codes[rows]
    return estimator.fit(_inputs(dataset, rows), dataset.target[rows] if target is None else target, **told)


def _inputs(dataset: Dataset, rows: np.ndarray) -> Any:
    return modalities.find(dataset.modality).take(dataset.inputs, rows)


def _load(learner: str) -> None:
    """Import what a learner needs before any clock runs: loading a library is no cost of a fit."""
    if why := learners.find(learner).broken():
        raise ImportError(why)


def default_params(shared: Shared, learner: str, space: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Read the default values of the tuned parameters off an unfitted estimator, where they have the same name."""
    params = learners.find(learner).build(setting_of(shared, rows, shared.plan.seed, None), {}).get_params()
    return {name: params[f"model__{name}"] for name in space if f"model__{name}" in params}
