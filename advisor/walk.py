"""The walk from a data set to advice; the only file that knows every room.

The command line, the Python API and the benchmarks all come through `compare`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from advisor import document as documents
from advisor import metrics, modalities, plan, prices, progress, quantities, report, trial
from advisor.advice import MODEL, RUNS, Advice
from advisor.chronicle import Chronicle
from advisor.contracts import DOWNLOAD
from advisor.effort import effort
from advisor.engine import LocalEngine, warm_up
from advisor.errors import UserError, did_you_mean
from advisor.flattery import flattery_findings, flattery_probes
from advisor.growth import growth_probes
from advisor.learners import catalogue
from advisor.ledger import FILE_NAME as LEDGER
from advisor.looks import Stage, look
from advisor.permuted import permuted_finding, permuted_probes
from advisor.profiling import profile as profile_of
from advisor.records import Budget, Constraints, Dataset, Finding, Look, Outcome, Probe, Profile, Reading, Verdict
from advisor.schedule import affordable_probes, carry_through, final_fit_seconds, sound_out
from advisor.standings import standings
from advisor.tracking import default_uri
from advisor.variance import seed_probes, variance
from advisor.verdict import judge, margin_at, ruling
from advisor.would_change import would_change

EXPERIMENT = "advisor"
# Where Linux has none of these (NVIDIA's and AMD's), torch need not be asked for a GPU.
GPU_DRIVERS = ("/dev/nvidiactl", "/dev/kfd")
# The part of the budget that checks of the data may take once the defaults have run: what a random split would flatter,
# and whether a shuffled target teaches anything.
GATES = 0.05
# The part of the budget that is kept for questions to the data, once the answer is as good as it gets.
QUESTIONS = 0.08
# What the last steps after the trials take besides the final fit: judging, drawing, writing, logging the model.
CLOSING_SECONDS = 8.0


def compare(
    source: Any,
    target: Any = None,
    *,
    task: str = "auto",
    metric: str = "auto",
    budget: str | float | None = None,
    preset: str = "standard",
    trials: int | None = None,
    learners: Sequence[str] = (),
    skip: Sequence[str] = (),
    also: Sequence[str] = (),
    min_gain: str | float | None = None,
    confidence: float = 0.95,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    interpretable: bool = False,
    max_latency: str | float | None = None,
    max_model_size: str | float | None = None,
    serve_on: str = "auto",
    cost_per_hour: str | float | None = None,
    predictions_per_day: str | float | None = None,
    value_per_error: str | float | None = None,
    months: str | float = 12,
    retrain_per_year: str | float = 12,
    engineering_cost: str | float = 0,
    foundation: str | Path | None = None,
    device: str = "auto",
    engine: str = "local",
    workers: int | None = None,
    seed: int = 0,
    tracking: bool = True,
    tracking_uri: str | None = None,
    experiment: str = EXPERIMENT,
    out: str | Path | None = None,
    resume: bool = False,
    quiet: bool = True,
    command: str | None = None,
    began: float | None = None,
) -> Advice:
    """Measure whether a neural network is worth it for this data, and return the advice.

    `source` is a path, a name of the catalogue, "openml:ID" or a DataFrame; `target` the name of its target column,
    or the target itself (a Series or array as long as the table). `budget` is wall time for everything ("10m", or
    seconds), `min_gain` the smallest relative error reduction that would be worth a net ("2%"; None: the metric's
    default), `confidence` what a decided answer must reach. `group` names a column whose values must not be torn
    apart by a split, `time` one that orders the rows. Nets are trained on `device` ("auto", "cpu", "cuda", "mps");
    latencies are taken on `serve_on` ("cpu", "gpu", or "auto": where the model was trained), and there the recommended
    model answers. `learners` and `skip` name who takes part and who does not, `also` those who do on request only.
    `foundation` says where weights of pre-trained nets are: a file, a folder, or "download". The run's
    files go into a new folder below `advisor-runs`, or into `out`; with `resume` what an
    interrupted run has finished there is not done again. The budget counts from `began` (seconds since the epoch; None:
    the call).

    Money is in one currency of the caller's own, over `months`: `cost_per_hour` of this machine, `predictions_per_day`,
    `value_per_error` of one unit of the metric's error avoided on one prediction (accuracy: one wrong prediction; MAE
    and RMSE: one unit of the target), `retrain_per_year` refits, and what a net costs in `engineering_cost`. Where
    these ask for a larger gain than `min_gain`, that is the margin; see `advisor.prices`.

    Raises UserError where the caller can mend it, NothingTrained where no learner finished.
    """
    began = began or clock.time()
    request = _request(preset, budget, trials, seed, min_gain, confidence, workers)
    constraints = Constraints(
        interpretable,
        None if max_latency is None else quantities.milliseconds(max_latency),
        None if max_model_size is None else quantities.megabytes(max_model_size),
    )
    money = prices.read(
        request.workers, cost_per_hour=cost_per_hour, predictions_per_day=predictions_per_day,
        value_per_error=value_per_error, months=months, retrain_per_year=retrain_per_year,
        engineering_cost=engineering_cost,
    )  # fmt: skip
    _known_engine(engine)
    places = _places(device, serve_on)
    folder = _folder(out, resume)
    warm_up()
    dataset = read(source, target, task=task, group=group, time=time, drop=drop)
    judged_by = metrics.find(metric, dataset.task)
    prices.check(money, judged_by.name)
    asked: dict[str, Any] = {
        "constraints": constraints, "min_gain": request.min_gain, "confidence": request.confidence,
    }  # fmt: skip
    profile = profile_of(dataset, modalities.find(dataset.modality))
    chosen = plan.make_plan(
        dataset, profile, catalogue(), request.budget,
        metric=judged_by.name, only=learners, skip=skip, also=also,
        interpretable=interpretable, device=places[0], serve_on=places[1],
        workers=request.workers, foundation=None if foundation is None else _weights(foundation),
    )  # fmt: skip
    folder = folder or _new_folder(dataset.name)
    command = command or f"advisor.compare({dataset.source or dataset.name!r}, {dataset.target_name!r})"
    show = progress.show(request.budget.seconds, quiet=quiet, score_of=judged_by.score)
    for note in dataset.notes:
        show.note(note)
    with Chronicle(folder, chosen, show, command) as chronicle:
        if tracking:
            uri = tracking_uri or default_uri(RUNS)
            chronicle.track(uri, experiment, dataset, profile, request.budget)
        shared = trial.Shared(dataset, profile, chosen, request.threads)
        with LocalEngine(shared, request.workers, request.threads) as pool:
            end = began + request.budget.seconds - min(CLOSING_SECONDS, request.budget.seconds / 4)
            ask = partial(_ask, pool, shared, request, show)
            looks: list[Look] = []
            gates: list[Finding] = []

            def decided(stage: Stage, outcomes: Sequence[Outcome]) -> bool:
                if stage == "defaults":
                    kinds = permuted_probes(dataset, chosen), flattery_probes(dataset, profile, chosen)
                    readings = ask(kinds, outcomes, clock.time() + GATES * request.budget.seconds)
                    found = permuted_finding(dataset, readings), *flattery_findings(dataset, profile, chosen, readings)
                    gates.extend(finding for finding in found if finding is not None)
                standing = standings(dataset, profile, chosen, outcomes, constraints)
                margin = margin_at(dataset, profile, chosen, standing, outcomes, money, request.min_gain)
                priced = asked | {"min_gain": margin}
                looks.append(look(stage, standing, chosen, **priced, seconds=clock.time() - began))
                return looks[-1].decided

            outcomes = carry_through(
                shared, request.budget, request.workers, end - QUESTIONS * request.budget.seconds,
                partial(chronicle.carry_out, pool), show.stage, decided,
                judged_by.min_gain if request.min_gain is None else request.min_gain,
            )  # fmt: skip
            profile = replace(profile, findings=(*profile.findings, *gates))
            standing = standings(dataset, profile, chosen, outcomes, constraints)
            kinds = growth_probes(dataset, chosen, standing, outcomes), seed_probes(chosen, standing, outcomes)
            until = end - final_fit_seconds(outcomes, shared)
            if looks[-1].stage != "final":  # the answer came early, and what was saved is not spent on its outskirts
                until = min(until, clock.time() + QUESTIONS * request.budget.seconds)
            readings = ask(kinds, outcomes, until)
            verdict = judge(dataset, profile, chosen, standing, outcomes, **asked, looks=looks, priced=money)
            compared = ruling(standing, chosen, **asked | {"min_gain": verdict.min_gain}).comparison
            further = {
                "would_change": would_change(
                    dataset, profile, chosen, standing, compared, outcomes, readings, answer=verdict.answer,
                    confidence=request.confidence, budget=request.budget, workers=request.workers,
                ),
                "effort": effort(dataset, profile, chosen, standing, outcomes, min_gain=verdict.min_gain),
                "variance": variance(dataset, chosen, standing, outcomes, readings),
            }  # fmt: skip
            documents.outcomes_table(outcomes, chosen, began).to_parquet(folder / "outcomes.parquet", index=False)
            documents.out_of_fold_table(standing, dataset, chosen).to_parquet(folder / "oof.parquet", index=False)
            model = _train_recommended(pool, verdict, folder, request, began, show)
        content = documents.verdict_document(
            verdict, dataset, profile, chosen, request.budget,
            spent_seconds=clock.time() - began, environment=documents.environment(chosen, outcomes, command),
            mlflow=chronicle.where(), further=further,
        )  # fmt: skip
        _write_json(content, folder)
        report.write(folder)
        content["mlflow"] = chronicle.finish(content, folder, model, dataset)
        content["budget"] = documents.spent(request.budget, clock.time() - began)
        _write_json(content, folder)
    return Advice(content, folder)


def read(
    source: Any,
    target: Any = None,
    *,
    task: str = "auto",
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
) -> Dataset:
    """Read a source into a Dataset; a `target` that is no name is joined to the table as its column "target".

    Raises UserError with a sentence that says what would be right.
    """
    if target is not None and not isinstance(target, str):
        source, target = _joined(source, target)
    modality = modalities.claim(source)
    return modality.read(source, target=target, task=task, group=group, time=time, drop=tuple(drop))


def profile(source: Any, target: Any = None, **options: Any) -> Profile:
    """Look at a data set without training anything; options are those of `read`."""
    dataset = read(source, target, **options)
    return profile_of(dataset, modalities.find(dataset.modality))


@dataclass(frozen=True)
class _Request:
    """What was asked for, in numbers."""

    budget: Budget
    min_gain: float | None
    confidence: float
    workers: int
    threads: int


def _request(
    preset: str,
    budget: str | float | None,
    trials: int | None,
    seed: int,
    min_gain: str | float | None,
    confidence: float,
    workers: int | None,
) -> _Request:
    if preset not in plan.PRESETS:
        raise UserError(f"No preset is called {preset!r}. {did_you_mean(preset, plan.PRESETS)}")
    effort = plan.PRESETS[preset]
    if not 0.5 < confidence < 1:
        raise UserError(f"--confidence must lie between 0.5 and 1, such as 0.95; {confidence} does not.")
    if trials is not None and trials < 1:
        raise UserError(
            f"--trials must be 1 or more, and {trials} is not; leave it out for the preset's {effort.trials}."
        )
    if workers is not None and workers < 1:
        raise UserError(f"--workers must be 1 or more, and {workers} is not; leave it out to use every core.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = workers or cores
    return _Request(
        Budget(effort.seconds if budget is None else quantities.seconds(budget), trials or effort.trials, seed=seed),
        None if min_gain is None else quantities.share(min_gain, "--min-gain", zero=True),
        confidence,
        workers,
        max(1, cores // workers),
    )


def _ask(
    pool: LocalEngine,
    shared: trial.Shared,
    request: _Request,
    show: progress.Progress,
    kinds: Sequence[Sequence[Probe]],
    outcomes: Sequence[Outcome],
    until: float,
) -> list[Reading]:
    """Put as many probes of each kind to the data as the time until then (seconds since the epoch) pays for."""
    seconds = request.workers * (until - clock.time())
    probes = affordable_probes(kinds, shared.plan, outcomes, seconds)
    return sound_out(probes, None, until, partial(pool.map, trial.read_probe), show.stage) if probes else []


def _train_recommended(
    pool: LocalEngine,
    verdict: Verdict,
    folder: Path,
    request: _Request,
    began: float,
    show: progress.Progress,
) -> Any:
    """Train the recommended model on all rows with all cores, keep it and return it; None where the time ran out."""
    wanted = verdict.recommended
    show.stage(f"training {wanted['learner']} on all rows", 1, began + request.budget.seconds - clock.time())
    wish = trial.Refit(
        wanted["learner"], wanted["params"], folder / MODEL,
        deadline=max(began + request.budget.seconds, clock.time() + 1.0), threads=request.workers * request.threads,
    )  # fmt: skip
    ((_, result),) = pool.map(trial.refit, [wish])
    if isinstance(result, BaseException):
        show.note(f"The recommended model could not be trained on all rows: {trial.describe(result)}.")
        return None
    return joblib.load(folder / MODEL)


def _joined(source: Any, target: Any) -> tuple[pd.DataFrame, str]:
    """Put X and y into one frame, the target under its own name or "target"."""
    if not isinstance(source, pd.DataFrame):
        source = pd.DataFrame(np.asarray(source))
        source.columns = [f"x{column}" for column in source.columns]
    if len(source) != len(target):
        raise UserError(f"The table has {len(source)} rows and the target {len(target)}; they must be as many.")
    name = str(getattr(target, "name", None) or "target")
    if name in source.columns:
        raise UserError(f"The table has a column {name!r} already; pass its name as the target, or rename one of them.")
    return source.assign(**{name: np.asarray(target)}), name


def _known_engine(wanted: str) -> None:
    if wanted.partition(":")[0] == "ray":
        raise UserError("Ray is no engine of this version yet; leave --engine out, or give local.")
    if wanted != "local":
        raise UserError(f"No engine is called {wanted!r}; give local.")


def _places(device: str, serve_on: str) -> tuple[str, str]:
    """Return where to train ("auto" becomes the best device here) and where to serve.

    Raises UserError where that is no device, or none that is here. torch is loaded only where there may be a choice.
    """
    if device not in ("auto", "cpu", "cuda", "mps"):
        raise UserError(f"No device is called {device!r}; give auto, cpu, cuda or mps.")
    if serve_on not in ("auto", "cpu", "gpu"):
        raise UserError(f"--serve-on must be auto, cpu or gpu, and {serve_on!r} is not.")
    sure = sys.platform == "linux" and not any(Path(driver).exists() for driver in GPU_DRIVERS)
    if device == "cpu" or (device == "auto" and sure):
        place = "cpu"
    else:
        from advisor.nets.loop import pick_device

        place = pick_device(device).type
    if serve_on == "gpu" and place == "cpu":
        raise UserError("--serve-on gpu needs a GPU to take times on, and none is used here; give cpu.")
    return place, serve_on


def _weights(foundation: str | Path) -> str:
    if str(foundation) != DOWNLOAD and not Path(foundation).exists():
        raise UserError(f"--foundation {str(foundation)!r} does not exist; name a file, a folder, or {DOWNLOAD!r}.")
    return str(foundation) if str(foundation) == DOWNLOAD else str(Path(foundation).resolve())


def _folder(out: str | Path | None, resume: bool) -> Path | None:
    """Return the folder asked for, or None for a new one; raises UserError where it cannot take a run."""
    if out is None:
        if resume:
            raise UserError("--resume needs --out with the folder of the run to take up again.")
        return None
    folder = Path(out)
    if resume and not (folder / LEDGER).is_file():
        raise UserError(f"There is no run to resume in {str(out)!r}; leave --resume out to begin one there.")
    if not resume and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(
            f"--out {str(out)!r} is not an empty folder; name a new one, or add --resume to go on with its run."
        )
    _writable(folder)
    return folder


def _new_folder(name: str) -> Path:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "data"
    folder = RUNS / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    _writable(folder)
    return folder


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise UserError(
            f"Nothing can be written to {str(folder)!r} ({problem.strerror}); name another --out."
        ) from problem


def _write_json(content: Mapping[str, Any], folder: Path) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "verdict.json").write_text(text + "\n", encoding="utf-8")
