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
from advisor.engine import LocalEngine, warm_up
from advisor.errors import UserError, did_you_mean
from advisor.inquiry import Hands, Request, inquire
from advisor.learners import catalogue
from advisor.ledger import FILE_NAME as LEDGER
from advisor.profiling import profile as profile_of
from advisor.records import Budget, Constraints, Dataset, Plan, Profile, Verdict
from advisor.tracking import default_uri

EXPERIMENT = "advisor"
# Where Linux has none of these (NVIDIA's and AMD's), torch need not be asked for a GPU.
GPU_DRIVERS = ("/dev/nvidiactl", "/dev/kfd")
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
    workers, threads = _workers(workers)
    constraints = Constraints(
        interpretable,
        None if max_latency is None else quantities.milliseconds(max_latency),
        None if max_model_size is None else quantities.megabytes(max_model_size),
    )
    money = prices.read(
        workers, cost_per_hour=cost_per_hour, predictions_per_day=predictions_per_day,
        value_per_error=value_per_error, months=months, retrain_per_year=retrain_per_year,
        engineering_cost=engineering_cost,
    )  # fmt: skip
    request = Request(
        _budget(preset, budget, trials, seed),
        None if min_gain is None else quantities.share(min_gain, "--min-gain", zero=True),
        _confidence(confidence), constraints, money, workers, threads,
    )  # fmt: skip
    _known_engine(engine)
    places = _places(device, serve_on)
    folder = _folder(out, resume)
    warm_up()
    dataset = read(source, target, task=task, group=group, time=time, drop=drop)
    judged_by = metrics.find(metric, dataset.task)
    prices.check(money, judged_by.name)
    profile = profile_of(dataset, modalities.find(dataset.modality))
    chosen = plan.make_plan(
        dataset, profile, catalogue(), request.budget,
        metric=judged_by.name, only=learners, skip=skip, also=also,
        interpretable=interpretable, device=places[0], serve_on=places[1],
        workers=request.workers, foundation=None if foundation is None else _weights(foundation),
    )  # fmt: skip
    if learners or skip:
        _both_sides(chosen)
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
            hands = Hands(partial(chronicle.carry_out, pool), partial(pool.map, trial.read_probe), show.stage)
            found = inquire(shared, request, hands, began, end)
            tables = {
                "outcomes": documents.outcomes_table(found.outcomes, chosen, began),
                "oof": documents.out_of_fold_table(found.standing, dataset, chosen),
            }
            for name, table in tables.items():
                table.to_parquet(folder / f"{name}.parquet", index=False)
            model = _train_recommended(pool, found.verdict, folder, request, began, show)
        content = documents.verdict_document(
            found.verdict, dataset, found.profile, chosen, request.budget,
            spent_seconds=clock.time() - began, environment=documents.environment(chosen, found.outcomes, command),
            mlflow=chronicle.where(), further=found.further,
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


def _budget(preset: str, budget: str | float | None, trials: int | None, seed: int) -> Budget:
    if preset not in plan.PRESETS:
        raise UserError(f"No preset is called {preset!r}. {did_you_mean(preset, plan.PRESETS)}")
    effort = plan.PRESETS[preset]
    if trials is not None and trials < 1:
        raise UserError(
            f"--trials must be 1 or more, and {trials} is not; leave it out for the preset's {effort.trials}."
        )
    seconds = effort.seconds if budget is None else quantities.seconds(budget)
    return Budget(seconds, trials or effort.trials, seed=seed)


def _confidence(confidence: float) -> float:
    if not 0.5 < confidence < 1:
        raise UserError(f"--confidence must lie between 0.5 and 1, such as 0.95; {confidence} does not.")
    return confidence


def _workers(workers: int | None) -> tuple[int, int]:
    """Return how many processes there will be, and threads for each; never more together than there are cores."""
    if workers is not None and workers < 1:
        raise UserError(f"--workers must be 1 or more, and {workers} is not; leave it out to use every core.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = workers or cores
    return workers, max(1, cores // workers)


def _train_recommended(
    pool: LocalEngine,
    verdict: Verdict,
    folder: Path,
    request: Request,
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
        from advisor.nets.device import pick_device

        place = pick_device(device).type
    if serve_on == "gpu" and place == "cpu":
        raise UserError("--serve-on gpu needs a GPU to take times on, and none is used here; give cpu.")
    return place, serve_on


def _both_sides(chosen: Plan) -> None:
    """Raise UserError where the wishes leave out a side, without which there is nothing to compare."""
    present = {learner.family for learner in catalogue() if learner.name in chosen.learners}
    for family, example in (("classical", "lightgbm"), ("neural", "mlp")):
        if family not in present:
            raise UserError(
                f"No {family} learner takes part, and a comparison needs both sides; add one, such as {example}."
            )


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
