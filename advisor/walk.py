"""The walk from a data set to advice, each room once: the only file that knows every room.

The command line, the Python API and the benchmarks all come through `compare`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from threadpoolctl import threadpool_limits

from advisor import clock, modalities, model_files, options, profiling, seals
from advisor.advice import Advice
from advisor.contest import handover, kept
from advisor.contest.asking import Asking
from advisor.contest.by_table import ByTable
from advisor.contest.contest import Contest, Hands, Held
from advisor.contest.spending import LARGEST_HANDING
from advisor.contracts import Engine
from advisor.engines.local import LocalEngine, warm_up, warmed_up
from advisor.errors import NothingTrained, UserError
from advisor.fitting import handing
from advisor.fitting.fold import Shared, carry_out
from advisor.judging import effort, looks, prices, verdict
from advisor.judging.ruling import ruling
from advisor.learners import catalogue
from advisor.measuring import machine, metrics
from advisor.outlook import would_change
from advisor.outlook.growth import growth_probes, likely_seconds
from advisor.outlook.transfer import transfer_probes
from advisor.planning import closing
from advisor.planning import plan as planning
from advisor.profiling import flattery, permuted
from advisor.records import (
    Budget,
    Dataset,
    Finding,
    Handed,
    Plan,
    ProbeResult,
    Profile,
    Question,
    Verdict,
)
from advisor.telling import document, folders, progress, report, tables
from advisor.telling.chronicle import Chronicle
from advisor.telling.tracking import default_uri
from advisor.whole import whole_file
from advisor.wording import too_late

EXPERIMENT = "advisor"
# The part of the budget that checks of the data may take once the defaults have run.
GATES_SHARE = 0.05


def compare(
    source: Any,
    target: Any = None,
    *,
    task: str = "auto",
    metric: str = "auto",
    budget: str | float | None = None,
    preset: str = "standard",
    trials: int | None = None,
    until: str = "budget",
    learners: Sequence[str] = (),
    skip: Sequence[str] = (),
    also: Sequence[str] = (),
    min_gain: str | float | None = None,
    confidence: float = 0.95,
    group: Hashable = None,
    time: Hashable = None,
    drop: Sequence[Hashable] = (),
    series: str | Sequence[str] | None = None,
    read_as: Mapping[Any, str] | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
    image: Hashable | None = None,
    single: bool = False,
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
    threads: int | None = None,
    seed: int = 0,
    tracking: bool = True,
    tracking_uri: str | None = None,
    experiment: str = EXPERIMENT,
    out: str | Path | None = None,
    resume: bool = False,
    trust: bool = False,
    quiet: bool = True,
    command: str | None = None,
    began: float | None = None,
    pace: float | None = None,
    begun: Callable[[], None] = lambda: None,
) -> Advice:
    """Measure whether a neural network is worth it for this data, and return the advice.

    `source` is a path, a name of the catalogue, "openml:ID", a table of Python or series as arrays; `target` the
    name of its target column, or the target itself (a Series or array as long as the table). `series` says that a
    table has a row a step: it names the columns that say whose, and when (the latter may be left out). `read_as`
    says of columns what they are ("number", "category", "date", "text"), `decimal`, `encoding`, `header` (the row
    of the names, from 1; 0: none) and `sheet` how a file is written, where that is not found out; `image` names the
    column of a table that has the paths of pictures. `budget` is wall time for everything ("10m", or seconds);
    `until` says whether what is left of it once the answer is known goes into the model that is handed over
    ("budget") or no further candidate is tried ("answer"). `min_gain` is the smallest relative error reduction that
    would be worth a net ("2%"; None: the metric's default), `confidence` what a decided answer must reach. `group`
    names a column whose values must not be torn apart by a fold, `time` one that orders the rows. With `single` one
    model is handed over and no blend. Nets are trained on `device` ("auto", "cpu", "cuda", "mps"); latencies are
    taken on `serve_on` ("cpu", "gpu", or "auto": where the model was trained), and there the model answers.
    `learners` and `skip` name who takes part and who does not, `also` those who do on request only. `foundation`
    says where weights of pre-trained nets are: a file, a folder, or "download". `workers` processes (None: one a
    core) use `threads` threads each (None: one). The run's files go into a new folder below `advisor-runs`, or into
    `out`; with `resume` what an interrupted run has finished there is not done again, and with `trust` even if
    somebody else began it, whose models then may run code. The budget counts from `began` (seconds since the epoch;
    None: the call); `pace` is how slow this machine is (measuring.machine; None: measured now). `begun` is called when
    the data are read, and from then on everything ends in time by itself.

    Money is in one currency of the caller's own, over `months`: `cost_per_hour` of this machine, `predictions_per_day`,
    `value_per_error` of one unit of the metric's error avoided on one prediction (accuracy: one wrong prediction; MAE
    and RMSE: one unit of the target), `retrain_per_year` refits, and what a net costs in `engineering_cost`. Where
    these ask for a larger gain than `min_gain`, that is the margin; see `advisor.judging.prices`.

    Raises UserError where the caller can mend it, NothingTrained where no learner finished.
    """
    began = began or clock.now()
    workers, threads = options.workers(workers), options.threads(threads)
    spend = options.budget(preset, budget, trials, seed, until)
    limits = options.limits(
        interpretable=interpretable, single=single, max_latency=max_latency, max_model_size=max_model_size
    )
    money = prices.read(
        workers, cost_per_hour=cost_per_hour, predictions_per_day=predictions_per_day,
        value_per_error=value_per_error, months=months, retrain_per_year=retrain_per_year,
        engineering_cost=engineering_cost,
    )  # fmt: skip
    gain = None if min_gain is None else options.share(min_gain, "--min-gain", zero=True)
    asked = options.confidence(confidence)
    options.engine(engine)
    place, served = options.device(device, serve_on, _pick)
    weights = None if foundation is None else options.foundation(foundation)
    folder = folders.run_folder(out, resume)
    # Where trials are counted the plan goes by the table, too; else pace is taken before anything of ours is at work.
    pace = 1.0 if spend.counted else pace or machine.speed()
    warm_up()
    dataset = read(
        source, target, task=task, group=group, time=time, drop=drop, series=series, image=image, read_as=read_as,
        decimal=decimal, encoding=encoding, header=header, sheet=sheet,
    )  # fmt: skip
    if not resume and clock.now() >= began + spend.seconds:
        raise NothingTrained(too_late(spend.seconds))
    judged_by = metrics.find(metric, dataset.task)
    prices.check(money, judged_by.name)

    def left() -> float:
        """Return the seconds that are left to begin with; by the table all of them are."""
        return spend.seconds if spend.counted else began + spend.seconds - clock.now()

    thorough = closing.pays_for_slow_checks(left(), pace)
    profile = profiling.profile(dataset, modalities.find(dataset.modality), thorough)
    ready = warmed_up(began + spend.seconds - clock.now())
    judging, writing = closing.kept(spend.seconds, left(), pace, tracking=tracking)
    end = began + spend.seconds - writing
    if not resume and (not ready or clock.now() >= end - judging):
        raise NothingTrained(too_late(spend.seconds))
    plan = planning.make_plan(
        dataset, profile, catalogue(), spend,
        metric=judged_by.name, seconds=left() - writing, speed=pace, workers=workers,
        only=learners, skip=skip, also=also, interpretable=interpretable,
        averaged=limits.blended and not limits.serving, device=place, serve_on=served, foundation=weights,
        sizes=folders.remembered(folder) if resume else None,
    )  # fmt: skip
    question = Question(judged_by.min_gain if gain is None else gain, asked, limits, money)
    folder = folder or folders.new_folder(dataset.name)
    command = command or f"advisor.compare({dataset.source or dataset.name!r}, {dataset.target_name!r})"
    show = progress.show(spend.seconds, quiet=quiet, score_of=judged_by.score)
    for note in (*dataset.notes, *(found.message for found in dataset.findings if found.severity != "info")):
        show.note(note)
    for name in (*learners, *also):
        if name in plan.skipped:
            show.note(f"{name} takes no part: {plan.skipped[name].removesuffix('.')}.")
    begun()
    _get_ready(plan)
    # Judging takes no more threads than a worker does: they would have to wait for each other.
    key = seals.own_key()
    with (
        threadpool_limits(threads),
        Chronicle(folder, plan, show, command, key=key, trust=trust, classes=len(dataset.classes)) as chronicle,
    ):
        if not seals.lasts(key):
            show.note("This user has no folder to keep a key in (XDG_DATA_HOME), so that its model asks for --trust.")
        if tracking:
            chronicle.track(tracking_uri or default_uri(folders.RUNS), experiment, dataset, profile, spend)
        shared = Shared(dataset, profile, plan, folder.resolve(), threads)
        with LocalEngine(shared, workers, threads) as pool:
            local: Engine = pool
            work = partial(local.map, carry_out)
            held = _hold(shared, question, spend, work, chronicle, began, end, judging, workers)
            final = held.final
            chronicle.stage("judging", 1, end - clock.now())
            probes = (*growth_probes(final), *transfer_probes(final))
            asking = Asking(
                ((probe, likely_seconds(final, probe)) for probe in probes), work,
                _questions_end(spend, end),
            )  # fmt: skip
            judged = asking.while_waiting(partial(_judged, held, began))
            chronicle.stage(f"handing over {judged.recommended.learner}", 1, end - clock.now())
            handed, model = handover.hand_over(
                shared, final, judged.recommended, asking.beside, end=end, workers=workers,
                planned=LARGEST_HANDING * spend.seconds if spend.counted else None,
            )  # fmt: skip
            asking.finish()
        kept.keep_options(shared, final)
        # Both have just been written, whatever lay there when the run was taken up.
        for file in (model_files.found(folder / place) for place in (handing.MODEL, kept.TABLE)):
            if model_files.executes(file.name):
                seals.seal(folder, file.relative_to(folder).as_posix(), key)
        content = _written(folder, judged, handed, held, spend, command, chronicle, asking.results, workers, began)
        patience = closing.patience(spend.seconds, began + spend.seconds - clock.now())
        chronicle.finish(content, model, dataset, patience)
    return Advice(content, folder)


def read(
    source: Any,
    target: Any = None,
    *,
    task: str = "auto",
    group: Hashable = None,
    time: Hashable = None,
    drop: Sequence[Hashable] = (),
    series: str | Sequence[str] | None = None,
    image: Hashable | None = None,
    **how: Any,
) -> Dataset:
    """Read a source into a Dataset; `target` is the name of a column, or the target itself.

    `series`, `image` and `how` are the options of `compare` that say how a source is to be read: read_as, decimal,
    encoding, header, sheet.
    Raises UserError with a sentence that says what would be right.
    """
    if isinstance(drop, str) or not isinstance(drop, Iterable):
        drop = (drop,)
    modality = modalities.claim(source)
    if series is not None:
        modality, how = modalities.find("sequence"), {**how, "series": series}
    if image is not None:
        if series is not None:
            raise UserError("A table has steps of series or paths of pictures; say --series or --image, not both.")
        modality, how = modalities.find("image"), {**how, "image": image}
    return modality.read(source, target=target, task=task, group=group, time=time, drop=tuple(drop), **how)


def profile(source: Any, target: Any = None, **read_options: Any) -> Profile:
    """Look at a data set without training anything; options are those of `read`."""
    dataset = read(source, target, **read_options)
    return profiling.profile(dataset, modalities.find(dataset.modality))


def _get_ready(plan: Plan) -> None:
    """Load on a thread what the end needs, while the workers are busy: nets to be put together, figures to be drawn."""
    wanted = ["matplotlib.figure", "matplotlib.backends.backend_svg"]
    wanted += ["torch"] if any(entrant.family == "neural" for entrant in plan.entrants) else []

    def load() -> None:
        for module in wanted:
            with suppress(Exception):  # told by who cannot do without
                import_module(module)

    Thread(target=load, name="advisor-imports", daemon=True).start()


def _pick(wish: str) -> str:
    from advisor.nets.device import pick_device  # torch is loaded only where there may be a choice

    return str(pick_device(wish).type)


def _hold(
    shared: Shared,
    question: Question,
    budget: Budget,
    work: Any,
    chronicle: Chronicle,
    began: float,
    end: float,
    judging: float,
    workers: int,
) -> Held:
    """Hold the contest, with the checks of the data that take fits; `judging`: seconds kept for the last look."""
    end -= judging
    carry_out, known, time, until = work, chronicle.known(), clock.now, end
    if budget.counted:
        until = round(end - began, 3)  # a moment of the epoch has no more digits that are the same in every run
        by_table = ByTable(
            work, shared, workers=workers, seconds=until, end=end, known=known, keep=chronicle.keep
        )  # fmt: skip
        carry_out, known, time = by_table.carry_out, {}, by_table.now
    hands = Hands(carry_out, chronicle.tell, chronicle.ended, chronicle.stage, chronicle.note, partial(_forget, shared))
    probes = (
        *permuted.permuted_probes(shared.dataset, shared.plan),
        *flattery.flattery_probes(shared.dataset, shared.profile, shared.plan),
    )
    return Contest(
        shared, question, budget, hands, workers=workers, elapsed=lambda: clock.now() - began, end=until,
        probes=probes, probe_seconds=GATES_SHARE * budget.seconds, checked=partial(_checked, shared), known=known,
        handing=partial(handover.handing_seconds, workers=workers, most=LARGEST_HANDING * (until - time())),
        clock=time,
    ).hold()  # fmt: skip


def _questions_end(budget: Budget, end: float) -> float:
    """Return until when questions to the data may be put; where trials are counted none is left out for being slow."""
    now = clock.now()
    return min(end, now + max(closing.QUESTIONS_SHARE * budget.seconds, (end - now) / 2 if budget.counted else 0.0))


def _judged(held: Held, began: float) -> Verdict:
    """Take the last look where the answer is not known yet, and judge."""
    seen = held.looks
    if held.decided is None:
        seen = (*seen, looks.look("final", held.final, lambda: clock.now() - began)[0])
    return verdict.judge(held.decided or held.final, held.final, seen)


def _checked(shared: Shared, seen: Sequence[ProbeResult]) -> tuple[Finding, ...]:
    """Say what the checks that take fits found."""
    dataset, profile, plan = shared.dataset, shared.profile, shared.plan
    return permuted.permuted_finding(dataset, seen), *flattery.flattery_findings(dataset, profile, plan, seen)


def _forget(shared: Shared, file: str) -> None:
    (shared.folder / file).unlink(missing_ok=True)


def _written(
    folder: Path,
    judged: Verdict,
    handed: Handed,
    held: Held,
    budget: Budget,
    command: str,
    chronicle: Chronicle,
    results: Sequence[ProbeResult],
    workers: int,
    began: float,
) -> Mapping[str, Any]:
    """Write what a run leaves behind; verdict.json once, and before any of it is sent elsewhere."""
    final = held.final
    case = held.decided or final
    with whole_file(folder / "outcomes.parquet") as draft:
        tables.outcomes_table(final, began).to_parquet(draft, index=False)
    with whole_file(folder / "oof.parquet") as draft:
        tables.out_of_fold_table(final, judged.champions).to_parquet(draft, index=False)
    ruled = ruling(case)
    changes = would_change.would_change(case, ruled, results, budget, workers)
    content = document.verdict_document(
        judged, handed, final, budget,
        spent_seconds=clock.now() - began,
        environment=document.environment(final.plan, final.outcomes.values(), command),
        mlflow=chronicle.where(), would_change=changes, effort=effort.effort(case, ruled),
        began=began, notes=chronicle.notes(),
    )  # fmt: skip
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with whole_file(folder / "verdict.json") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    report.write(folder)
    return content
