"""One job, start to end: tune, fit, predict, score. Knows no engine, no ledger, no MLflow, no report.

Configurations are chosen on inner rows only. The outer test rows are predicted once, by what was chosen without them.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from advisor import costs, learners, metrics, modalities, splits
from advisor.contracts import Learner, Setting
from advisor.early_stopping import EarlyStopping
from advisor.evidence import clearly_better
from advisor.metrics import Metric
from advisor.net_estimator import fit_together
from advisor.records import Cost, Dataset, Job, Outcome, Plan, Probe, Profile, Reading, Split, Trial
from advisor.splits import Cut

# Seconds in which single predictions are timed on a cut that another has told of already.
LATENCY_SECONDS = 0.1


@dataclass(frozen=True)
class Shared:
    """What every worker holds from the start, so that a task carries almost nothing."""

    dataset: Dataset
    profile: Profile
    plan: Plan
    threads: int


@dataclass(frozen=True)
class Task:
    """A job with its clock: no result is wanted after `deadline` (seconds since the epoch).

    `fit_seconds` is the soft limit of one fit. A study has `tune_seconds` of wall time, its last fit included,
    `most_trials`, and the outcome of its learner's default on the same cut as `start`. Where `rival_error`, the
    classical side's least inner error on that cut, is known (for studies of nets alone), it ends when it will hardly
    come within `margin` of it.
    """

    job: Job
    deadline: float
    fit_seconds: float | None = None
    tune_seconds: float = 0.0
    most_trials: int = 0
    start: Outcome | None = None
    rival_error: float | None = None
    margin: float = 0.0


@dataclass(frozen=True)
class Sounding:
    """A probe with its clock, as a Task is a job with its clock."""

    probe: Probe
    deadline: float
    fit_seconds: float | None = None


@dataclass(frozen=True)
class Refit:
    """The wish for a learner with `params`, trained on all rows with all `threads` and written to `path`."""

    learner: str
    params: Mapping[str, Any]
    path: Path
    deadline: float
    threads: int


@dataclass(frozen=True)
class _Inner:
    """How one configuration did on the inner rows; `losses` and `predictions` in the order of `rows`."""

    rows: np.ndarray
    predictions: np.ndarray
    losses: np.ndarray
    fold_errors: tuple[float, ...]

    @property
    def error(self) -> float:
        return float(np.mean(self.fold_errors))


def run(shared: Shared, task: Task) -> Outcome:
    """Carry out one job. Whatever a learner raises becomes a failed outcome with its message."""
    try:
        for module in learners.find(task.job.learner).requires:
            import_module(module)  # before any clock runs: loading a library is no cost of a fit
        return _default(shared, task) if task.job.stage == "default" else _tuned(shared, task)
    except Exception as problem:
        return Outcome(task.job, "failed", describe(problem))


def describe(problem: BaseException) -> str:
    """Say in one line what went wrong and where, for a table of failures."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" ({frames[-1].name} in {frames[-1].filename.rsplit('/', 1)[-1]})" if frames else ""
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text[:300]}{where}"


def refit(shared: Shared, wish: Refit) -> None:
    """Train the wished learner on all rows and write it; its `predict` takes raw tables and answers in the source's
    labels.

    The file appears only when it is whole. An iterative learner keeps to the time that is left.
    """
    dataset = shared.dataset
    learner = learners.find(wish.learner)
    seconds = 0.8 * (wish.deadline - time.time())
    setting = _setting(shared, len(dataset.target), shared.plan.seed, seconds, wish.threads)
    target = np.asarray(dataset.classes, dtype=object)[dataset.target] if dataset.classes else dataset.target
    fitted = _fitted(shared, learner.build(setting, wish.params), np.arange(len(target)), target)
    _serve_on(fitted, shared.plan.serve_on)
    wish.path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = wish.path.with_suffix(".part")
    joblib.dump(Pipeline([("table", setting.modality.typed(dataset)), ("learner", fitted)]), unfinished)
    unfinished.replace(wish.path)


def read_probe(shared: Shared, sounding: Sounding) -> Reading:
    """Fit the probe's default on its rows and predict its test rows; what a learner raises becomes a message."""
    probe, dataset = sounding.probe, shared.dataset
    began = time.monotonic()
    try:
        target = dataset.target[probe.train]
        if probe.permuted:
            target = np.random.default_rng(probe.seed).permutation(target)
        setting = _setting(shared, len(probe.train), probe.seed, sounding.fit_seconds)
        fitted = _fitted(shared, learners.find(probe.learner).build(setting, {}), probe.train, target)
        predictions = predict(fitted, dataset.inputs.take(probe.test), dataset)
    except Exception as problem:
        return Reading(probe, None, time.monotonic() - began, describe(problem))
    return Reading(probe, predictions, time.monotonic() - began)


def _default(shared: Shared, task: Task) -> Outcome:
    learner, split = learners.find(task.job.learner), shared.plan.splits.parts[task.job.split]
    with costs.Stopwatch() as watch:
        inner = _validate(shared, task, learner, split, {}, None)
    tuned = Cost(tune_seconds=watch.wall_seconds, cpu_seconds=watch.cpu_seconds)
    started_at = time.time() - watch.wall_seconds
    trial = Trial(0, {}, _known(inner.error), watch.wall_seconds, "complete", started_at)
    return _outer(shared, task, learner, split, {}, inner, (trial,), tuned)


def _tuned(shared: Shared, task: Task) -> Outcome:
    from advisor import tuning  # the only path that needs Optuna

    started_at = time.time()
    learner, split = learners.find(task.job.learner), shared.plan.splits.parts[task.job.split]
    start = task.start
    assert start is not None
    best: dict[str, Any] = {"error": np.inf}

    def evaluate(params: Mapping[str, Any], report: tuning.Report) -> float:
        inner = _validate(shared, task, learner, split, params, report)
        if inner.error < best["error"]:
            best.update(error=inner.error, params=dict(params), inner=inner)
        return inner.error

    def time_left() -> float:
        return min(task.tune_seconds + started_at, task.deadline) - time.time()

    with costs.Stopwatch() as watch:
        longer = time_left() / (shared.plan.splits.inner_folds + 1)
        if start.cut_short and longer > (task.fit_seconds or 0.0):
            # Nothing that could be tried tells more than the default does when it may learn its fill.
            task = replace(task, fit_seconds=longer)
            start = _default(shared, task)
        last_fit_seconds = 1.2 * (start.cost.fit_seconds + start.cost.predict_seconds) + LATENCY_SECONDS
        assert start.inner_predictions is not None
        default = _as_inner(shared, task.job, split, start.inner_predictions)
        setting = _setting(shared, len(split.train), task.job.seed, task.fit_seconds)
        space = learner.space(setting)
        study = tuning.tune(
            space,
            evaluate,
            default_params=_default_params(learner, setting, space),
            default_errors=default.fold_errors,
            default=start.trials[0],
            seconds_left=lambda: time_left() - last_fit_seconds,
            most_trials=task.most_trials,
            seed=task.job.seed,
            rival_error=task.rival_error,
            margin=task.margin,
        )
    cost = Cost(tune_seconds=watch.wall_seconds, cpu_seconds=watch.cpu_seconds, peak_memory_mb=watch.peak_memory_mb)
    if "inner" not in best or not clearly_better(default.losses, best["inner"].losses):
        return replace(start, job=task.job, trials=study.trials, cost=_add(start.cost, cost), ended=study.ended)
    outcome = _outer(shared, task, learner, split, best["params"], best["inner"], study.trials, cost)
    return replace(outcome, ended=study.ended)


def _validate(
    shared: Shared, task: Task, learner: Learner, split: Split, params: Mapping[str, Any], report: Any
) -> _Inner:
    """Fit and predict every inner cut; `report`, told of each, may raise to give up."""
    inputs, target = shared.dataset.rows(split.train)
    predictions, cuts = [], _cuts(shared, task.job, split)
    metric = metrics.METRICS[shared.plan.metric]
    fold_errors: list[float] = []

    def fitted(fit: np.ndarray, at_once: int) -> Any:
        seconds = task.fit_seconds and at_once * task.fit_seconds
        setting = _setting(shared, len(fit), task.job.seed, seconds)
        return _fitted(shared, learner.build(setting, params), split.train[fit])

    unfitted = _model(learner.build(_setting(shared, len(cuts[0][0]), task.job.seed, task.fit_seconds), params))
    if len(cuts) > 1 and getattr(unfitted, "side_by_side", False):
        estimators: Iterable[Any] = fit_together([partial(fitted, fit, len(cuts)) for fit, _ in cuts])
    else:
        estimators = (fitted(fit, 1) for fit, _ in cuts)
    for fold, (estimator, (_, held)) in enumerate(zip(estimators, cuts, strict=True)):
        predictions.append(predict(estimator, inputs.take(held), shared.dataset))
        fold_errors.append(metric.error(target[held], predictions[-1]))
        if report is not None:
            report(fold, fold_errors[-1])
    return _inner(metric, target, split, cuts, np.concatenate(predictions))


def _inner(metric: Metric, target: np.ndarray, split: Split, cuts: tuple[Cut, ...], predictions: np.ndarray) -> _Inner:
    parts = np.split(predictions, np.cumsum([len(held) for _, held in cuts])[:-1])
    losses = [metric.row_losses(target[held], part) for (_, held), part in zip(cuts, parts, strict=True)]
    errors = tuple(metric.error_of_loss(float(part.mean())) for part in losses)
    rows = split.train[np.concatenate([held for _, held in cuts])]
    return _Inner(rows, predictions, np.concatenate(losses), errors)


def _as_inner(shared: Shared, job: Job, split: Split, predictions: np.ndarray) -> _Inner:
    target = shared.dataset.target[split.train]
    return _inner(metrics.METRICS[shared.plan.metric], target, split, _cuts(shared, job, split), predictions)


def _cuts(shared: Shared, job: Job, split: Split) -> tuple[Cut, ...]:
    dataset = shared.dataset
    return splits.inner_cuts(
        dataset.target[split.train],
        inner_folds=shared.plan.splits.inner_folds,
        seed=job.seed,
        groups=None if dataset.groups is None else dataset.groups[split.train],
        times=None if dataset.times is None else dataset.times[split.train],
        twins=None if shared.plan.splits.twins is None else shared.plan.splits.twins[split.train],
        both_classes=shared.plan.metric == "roc_auc",
    )


def _fitted(shared: Shared, estimator: Any, rows: np.ndarray, target: np.ndarray | None = None) -> Any:
    """Fit an estimator on `rows` (positions); `target` (len(rows),) takes the place of theirs.

    One that holds rows out to know when to stop is told which belong together and when they were, so that these are
    as far from the others as the test rows are.
    """
    dataset, told = shared.dataset, {}
    if isinstance(_model(estimator), EarlyStopping):
        bound = splits.together(dataset.groups, shared.plan.splits.twins)
        for name, codes in (("groups", bound), ("times", dataset.times)):
            if codes is not None:
                told[f"model__{name}" if isinstance(estimator, Pipeline) else name] = codes[rows]
    return estimator.fit(dataset.inputs.take(rows), dataset.target[rows] if target is None else target, **told)


def _outer(
    shared: Shared,
    task: Task,
    learner: Learner,
    split: Split,
    params: Mapping[str, Any],
    inner: _Inner,
    trials: tuple[Trial, ...],
    tuned: Cost,
) -> Outcome:
    """Fit the chosen configuration on the whole training part and predict the test part, once."""
    test_inputs, test_target = shared.dataset.rows(split.test)
    setting = _setting(shared, len(split.train), task.job.seed, task.fit_seconds)
    with costs.Stopwatch() as fit_watch:
        estimator = _fitted(shared, learner.build(setting, params), split.train)
    with costs.Stopwatch() as predict_watch:
        predictions = predict(estimator, test_inputs, shared.dataset)
    metric = metrics.METRICS[shared.plan.metric]
    cost = Cost(
        tune_seconds=tuned.tune_seconds,
        fit_seconds=fit_watch.wall_seconds,
        predict_seconds=predict_watch.wall_seconds,
        cpu_seconds=tuned.cpu_seconds + fit_watch.cpu_seconds + predict_watch.cpu_seconds,
        peak_memory_mb=max(tuned.peak_memory_mb or 0.0, fit_watch.peak_memory_mb, predict_watch.peak_memory_mb),
        **_where(_model(estimator)),
    )
    first = split.number == splits.in_order(shared.plan.splits)[0]
    if first or params:
        # One cut tells what serving costs, the others would repeat it: but for what each of them settles on, since that
        # may be the model for all rows.
        _serve_on(estimator, shared.plan.serve_on)
        p50_ms, p99_ms = costs.latency(estimator, test_inputs, 0.3 if first else LATENCY_SECONDS)
        cost = replace(cost, latency_p50_ms=p50_ms, latency_p99_ms=p99_ms, model_mb=costs.model_mb(estimator))
    if first:
        cost = replace(cost, predict_ms_per_1000_rows=costs.predict_ms_per_1000_rows(estimator, test_inputs))
    return Outcome(
        job=task.job,
        status="ok",
        error=metric.error(test_target, predictions),
        inner_error=_known(inner.error),
        predictions=predictions,
        inner_rows=inner.rows,
        inner_predictions=inner.predictions,
        params=dict(params),
        trials=trials,
        cost=cost,
        curve=dict(getattr(_model(estimator), "learning_curve_", {})),
        cut_short=bool(getattr(_model(estimator), "cut_short_", False)),
    )


def _known(error: float) -> float | None:
    """Return an inner error, None where there is none, as where no inner test row is of the other class."""
    return error if np.isfinite(error) else None


def predict(estimator: Any, inputs: Any, dataset: Dataset) -> np.ndarray:
    """Return probabilities (n, K) in the order of `dataset.classes`, or values (n,).

    A class that the training part lacked gets probability 0. Raises FloatingPointError where a prediction is not
    finite.
    """
    if not dataset.classes:
        values = np.asarray(estimator.predict(inputs), dtype=float)
    else:
        known = estimator.predict_proba(inputs)
        values = np.zeros((len(known), len(dataset.classes)))
        values[:, np.asarray(estimator.classes_, dtype=int)] = known
    if not np.isfinite(values).all():
        raise FloatingPointError("the model predicts values that are not finite")
    return values


def _model(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the estimator where it stands alone."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def _where(model: Any) -> dict[str, Any]:
    """Return the part of a Cost that says where a model was trained; one that says nothing was trained on the CPU."""
    device = str(getattr(model, "device_", "cpu"))
    return {
        "device": device,
        "device_name": getattr(model, "device_name_", None) or (costs.cpu_name() if device == "cpu" else None),
        "gpu_memory_mb": getattr(model, "gpu_memory_mb_", None),
        "gpu_watts": costs.gpu_watts() if device.startswith("cuda") else None,
    }


def _serve_on(estimator: Any, place: str) -> None:
    """Let a fitted net answer on "cpu" or "gpu" from now on; "auto" leaves it as it was trained."""
    model = _model(estimator)
    if place != "auto" and "device" in model.get_params():
        model.set_params(device="cpu" if place == "cpu" else "auto")


def _setting(shared: Shared, rows: int, seed: int, fit_seconds: float | None, threads: int | None = None) -> Setting:
    return Setting(
        profile=shared.profile,
        modality=modalities.find(shared.dataset.modality),
        metric=shared.plan.metric,
        rows=rows,
        seed=seed,
        threads=threads or shared.threads,
        device=shared.plan.device,
        seconds=fit_seconds,
        foundation=shared.plan.foundation,
        unlabelled=shared.dataset.unlabelled,
    )


def _default_params(learner: Learner, setting: Setting, space: Mapping[str, Any]) -> dict[str, Any]:
    """Read the default values of the tuned parameters off an unfitted estimator, where they have the same name."""
    params = learner.build(setting, {}).get_params()
    return {name: params[f"model__{name}"] for name in space if f"model__{name}" in params}


def _add(fitted: Cost, tuned: Cost) -> Cost:
    """The default stayed: its own fit is what the model is; what this job used is the search, the fit is counted
    with the default's job."""
    return replace(
        fitted,
        tune_seconds=tuned.tune_seconds,
        cpu_seconds=tuned.cpu_seconds,
        peak_memory_mb=max(fitted.peak_memory_mb or 0.0, tuned.peak_memory_mb or 0.0),
    )
