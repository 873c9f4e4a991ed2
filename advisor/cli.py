"""Words in, words out: the `advisor` command. It decides nothing and loads nothing heavy before it must."""

from __future__ import annotations

import atexit
import gc
import json
import os
import re
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import typer

from advisor import clock
from advisor.errors import AdvisorError, NothingTrained, Terminated, UserError
from advisor.redacted import redacted
from advisor.wording import OBEYED, one_line, too_late

EXAMPLE = "advisor compare churn.csv --target churned --budget 10m"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    # Rich takes longer to load than all else here; it is there where the options of a command are laid out in groups.
    rich_markup_mode="rich" if sys.argv[2:] else None,
    help=f"Measures, on your own data, whether a neural network is worth it.\n\nExample: {EXAMPLE}",
)

# How long after a budget is over the command is told so again, in seconds.
AGAIN_SECONDS = 0.5

_EFFORT, _QUESTION, _DATA, _RECORD = "Effort", "What counts as worth it", "Data", "Records"
_MONEY = "Money, in one currency of your own"

Source = Annotated[
    str,
    typer.Argument(
        help="A table (.csv .tsv .parquet .feather .arff .xlsx), series (.ts .npz), a folder of pictures, a catalogue "
        "name, or openml:ID."
    ),
]
Target = Annotated[str | None, typer.Option(help="The column to predict.")]
Drop = Annotated[str, typer.Option(help="Columns to leave out, with commas between.")]
Group = Annotated[str | None, typer.Option(help="A column whose values no fold may tear apart.")]
Time = Annotated[str | None, typer.Option(help="A column that orders the rows: train on earlier, test on later.")]
Task = Annotated[str, typer.Option(help="auto, binary, multiclass or regression.")]
Series = Annotated[
    str,
    typer.Option(
        help="Of a table with a row a step of a series: the columns that say whose, and when: id,time.",
        rich_help_panel=_DATA,
    ),
]
ReadAs = Annotated[
    str,
    typer.Option(help="What columns are: a=number,b=category (or date, text).", rich_help_panel=_DATA),
]
Decimal = Annotated[str | None, typer.Option(help="The decimal mark of a text file: . or ,", rich_help_panel=_DATA)]
Encoding = Annotated[str | None, typer.Option(help="The encoding of a text file.", rich_help_panel=_DATA)]
Header = Annotated[
    int | None, typer.Option(help="The row of the column names, from 1; 0: none.", min=0, rich_help_panel=_DATA)
]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a workbook.", rich_help_panel=_DATA)]
Image = Annotated[
    str | None, typer.Option(help="The column of a table that has paths of pictures.", rich_help_panel=_DATA)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Load pickles that somebody else made, which runs whatever code they hold.")
]
Run = Annotated[str, typer.Argument(help="A run's folder, its id, or latest.")]

# Typer carries its own Click and names only some of its errors in public; this is their common base.
UsageError: Any = typer.BadParameter.__base__


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"advisor {version('neural-net-advisor')}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(help=f"Answer whether a neural network is worth it for this data.\n\nExample: {EXAMPLE}")
def compare(
    source: Source,
    target: Annotated[str | None, typer.Option(help="The column to predict.", rich_help_panel=_DATA)] = None,
    task: Annotated[str, typer.Option(help="auto, binary, multiclass or regression.", rich_help_panel=_DATA)] = "auto",
    group: Annotated[
        str | None, typer.Option(help="A column whose values no fold may tear apart.", rich_help_panel=_DATA)
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="A column that orders the rows in time.", rich_help_panel=_DATA)
    ] = None,
    drop: Annotated[str, typer.Option(help="Columns to leave out: a,b,c.", rich_help_panel=_DATA)] = "",
    series: Series = "",
    read: ReadAs = "",
    decimal: Decimal = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    image: Image = None,
    metric: Annotated[
        str,
        typer.Option(
            help="auto, roc_auc, log_loss, accuracy, balanced_accuracy, rmse or mae.", rich_help_panel=_QUESTION
        ),
    ] = "auto",
    min_gain: Annotated[
        str | None,
        typer.Option(
            help="Smallest relative error reduction worth a net, e.g. 2% (default: by metric).",
            rich_help_panel=_QUESTION,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Certainty that a decided answer needs.", rich_help_panel=_QUESTION)
    ] = 0.95,
    single: Annotated[
        bool, typer.Option("--single", help="Hand over one model and no blend.", rich_help_panel=_QUESTION)
    ] = False,
    interpretable: Annotated[
        bool, typer.Option("--interpretable", help="Only models a person can read.", rich_help_panel=_QUESTION)
    ] = False,
    max_latency: Annotated[
        str | None, typer.Option(help="Largest 99th percentile for one row, e.g. 5ms.", rich_help_panel=_QUESTION)
    ] = None,
    max_model_size: Annotated[
        str | None, typer.Option(help="Largest model, e.g. 50MB.", rich_help_panel=_QUESTION)
    ] = None,
    serve_on: Annotated[
        str, typer.Option(help="Where the model will answer: auto, cpu or gpu.", rich_help_panel=_QUESTION)
    ] = "auto",
    cost_per_hour: Annotated[
        str | None, typer.Option(help="Price of an hour of this machine, e.g. 0.35.", rich_help_panel=_MONEY)
    ] = None,
    predictions_per_day: Annotated[
        str | None, typer.Option(help="How many rows the model will answer a day.", rich_help_panel=_MONEY)
    ] = None,
    value_per_error: Annotated[
        str | None,
        typer.Option(
            help="Value of one wrong prediction avoided (accuracy), or one unit of error (mae, rmse).",
            rich_help_panel=_MONEY,
        ),
    ] = None,
    months: Annotated[str, typer.Option(help="Horizon of the account.", rich_help_panel=_MONEY)] = "12",
    retrain_per_year: Annotated[
        str, typer.Option(help="How often the model is fitted again.", rich_help_panel=_MONEY)
    ] = "12",
    engineering_cost: Annotated[
        str, typer.Option(help="What a net costs in people's time over the horizon.", rich_help_panel=_MONEY)
    ] = "0",
    foundation: Annotated[
        str | None,
        typer.Option(
            help="Weights of pre-trained nets: a file, a folder (each takes its own), or download.",
            rich_help_panel=_EFFORT,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Wall time for everything: 90s, 10m, 1h (default: by preset).", rich_help_panel=_EFFORT),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="quick (2m), standard (10m) or thorough (1h).", rich_help_panel=_EFFORT)
    ] = "standard",
    trials: Annotated[
        int | None, typer.Option(help="Most settings tried of a learner.", rich_help_panel=_EFFORT)
    ] = None,
    until: Annotated[
        str,
        typer.Option(
            help="budget: what is left once the answer is known goes into the model; answer: stop then.",
            rich_help_panel=_EFFORT,
        ),
    ] = "budget",
    learners: Annotated[str, typer.Option(help="Only these learners: a,b,c.", rich_help_panel=_EFFORT)] = "",
    skip: Annotated[str, typer.Option(help="Not these learners: a,b.", rich_help_panel=_EFFORT)] = "",
    also: Annotated[
        str, typer.Option(help="These as well, who take part on request only: a,b.", rich_help_panel=_EFFORT)
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=_EFFORT)] = "auto",
    engine: Annotated[str, typer.Option(help="Where fits run: local.", rich_help_panel=_EFFORT)] = "local",
    workers: Annotated[
        int | None, typer.Option(help="Processes at work (default: one a core).", rich_help_panel=_EFFORT)
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Threads of each process (default: one).", rich_help_panel=_EFFORT)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", rich_help_panel=_EFFORT)] = 0,
    tracking_uri: Annotated[
        str | None, typer.Option(help="MLflow store (default: a SQLite file in advisor-runs).", rich_help_panel=_RECORD)
    ] = None,
    experiment: Annotated[str, typer.Option(help="MLflow experiment.", rich_help_panel=_RECORD)] = "advisor",
    no_tracking: Annotated[
        bool, typer.Option("--no-tracking", help="Leave MLflow out.", rich_help_panel=_RECORD)
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(help="Folder of the run (default: a new one in advisor-runs).", rich_help_panel=_RECORD),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted run in --out.", rich_help_panel=_RECORD)
    ] = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Go on with a run that somebody else began, whose pickles may run code.",
            rich_help_panel=_RECORD,
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print verdict.json instead of text.", rich_help_panel=_RECORD)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.", rich_help_panel=_RECORD)] = False,
) -> None:
    """Run a comparison and print the answer."""
    began = clock.now()
    from advisor import options

    seconds = options.budget(preset, budget, trials, seed, until).seconds
    # What an earlier run has finished makes an answer even where nothing more can be begun.
    with nullcontext(_nothing) if resume else _over_at(began + seconds, seconds) as begun:
        from advisor.measuring import machine

        pace = machine.speed()  # before anything of our own is at work
        from advisor.engines.local import warm_up

        warm_up()  # workers get ready while this process loads what it needs itself
        from advisor.telling.report import summary_text
        from advisor.walk import compare as run

        advice = run(
            source, target, task=task, group=group, time=time, drop=options.names(drop),
            series=options.names(series) or None, read_as=options.kinds(read), decimal=decimal,
            encoding=encoding, header=header, sheet=sheet, image=image, metric=metric, min_gain=min_gain,
            confidence=confidence, single=single, interpretable=interpretable, max_latency=max_latency,
            max_model_size=max_model_size, serve_on=serve_on, budget=budget, until=until, preset=preset, trials=trials,
            learners=options.names(learners), skip=options.names(skip), also=options.names(also),
            cost_per_hour=cost_per_hour, predictions_per_day=predictions_per_day, value_per_error=value_per_error,
            months=months, retrain_per_year=retrain_per_year, engineering_cost=engineering_cost,
            foundation=foundation, device=device, engine=engine, workers=workers, threads=threads, seed=seed,
            tracking_uri=tracking_uri, experiment=experiment, tracking=not no_tracking, out=out, resume=resume,
            trust=trust, quiet=quiet, command=shlex.join(["advisor", *sys.argv[1:]]), began=began, pace=pace,
            begun=begun,
        )  # fmt: skip
    if as_json:
        _print_json(advice.document)
        return
    typer.echo(summary_text(advice.document, str(advice.folder)))


@app.command()
def profile(
    source: Source, target: Target = None, task: Task = "auto", group: Group = None, time: Time = None,
    drop: Drop = "", series: Series = "", read: ReadAs = "", decimal: Decimal = None, encoding: Encoding = None,
    header: Header = None, sheet: Sheet = None, image: Image = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Look at the data: columns, target and numbered findings. Trains nothing."""
    from advisor.options import kinds, names
    from advisor.profiling import profile_dict, profile_text
    from advisor.walk import profile as look

    seen = look(
        source, target, task=task, group=group, time=time, drop=names(drop),
        series=names(series) or None, read_as=kinds(read), decimal=decimal, encoding=encoding, header=header,
        sheet=sheet, image=image,
    )  # fmt: skip
    if as_json:
        _print_json(profile_dict(seen))
    else:
        typer.echo(profile_text(seen))


@app.command()
def report(
    run: Run = "latest", open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False
) -> None:
    """Write the report of a finished run again."""
    from advisor.advice import find_run
    from advisor.telling.report import write

    page = write(find_run(run, note=_note))
    typer.echo(one_line(str(page)))
    if open_:
        typer.launch(str(page.absolute()))


@app.command()
def predict(
    run: Run,
    new_data: Annotated[
        str, typer.Argument(help="Rows like those the model was trained on: a table, series, pictures.")
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="The CSV to write.")] = "predictions.csv",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse rows with cells or categories that training has not seen.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write labels as they are, those that a spreadsheet takes for a formula too.")
    ] = False,
    trust: Trust = False,
) -> None:
    """Predict new rows with a run's recommended model."""
    import warnings

    import pandas as pd

    from advisor import load
    from advisor.advice import find_run
    from advisor.errors import NewRowsWarning, Unwritable
    from advisor.telling.cells import inert, write_csv

    model = load(find_run(run, note=_note), trust=trust).best_model
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", NewRowsWarning)
        rows = model[0].rows(new_data)
        table = pd.DataFrame({"prediction": model.predict(rows)})
    if rows.index.name is not None:  # rows have names of their own, as the series of a long table
        table.insert(0, str(rows.index.name), rows.index)
    strange = dict.fromkeys(str(each.message) for each in told if issubclass(each.category, NewRowsWarning))
    if strict and strange:
        raise UserError(f"{' '.join(strange)} Mend the rows, or leave out --strict.")
    for sentence in strange:
        typer.echo(one_line(redacted(sentence)), err=True)
    if hasattr(model, "predict_proba"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NewRowsWarning)
            chances = model.predict_proba(rows)
        table = table.join(pd.DataFrame(chances, columns=[f"p_{label}" for label in model.classes_]))
    try:
        write_csv(table if raw else inert(table), output)
    except Unwritable as problem:
        raise UserError(f"{problem} Name another file with -o.") from problem
    except OSError as problem:
        raise UserError(f"{output!r} cannot be written ({problem.strerror}); name another file with -o.") from problem
    typer.echo(one_line(f"{len(table):,} predictions in {output}"), err=True)


@app.command()
def model(
    run: Run = "latest",
    which: Annotated[
        str | None, typer.Option(help="classical, neural or blend (default: what was handed over).")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="The folder to write it to.")] = "model",
    trust: Trust = False,
) -> None:
    """Make another model of a finished run, of the models of its folds; its time was spent then."""
    from advisor.advice import find_run, load

    typer.echo(str(load(find_run(run, note=_note), trust=trust).write_model(which, output)))


@app.command()
def learners(as_json: AsJson = False) -> None:
    """Show who can run here, and who cannot and why."""
    from advisor.learners import catalogue

    rows: list[dict[str, Any]] = [
        {
            "learner": learner.name,
            "family": learner.family,
            "modalities": list(learner.modalities),
            "start": learner.start if learner.family == "neural" else None,
            "runs_here": (reason := learner.missing() or learner.broken()) is None,
            "reason": reason,
            "tasks": list(learner.tasks),
            "interpretable": learner.interpretable,
            # Every learner is held to it, bit for bit (advisor.testing); nets alone are trained on a GPU, which sums in
            # another order.
            "deterministic": "on a CPU" if learner.family == "neural" else "always",
            "on_request": learner.on_request,
            "model": "pickle" if learner.executes else "inert",
            "summary": learner.summary,
        }
        for learner in catalogue()
    ]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        asked = " (on request)" if row["on_request"] else ""
        asked += " (its models run code when they are loaded)" if row["model"] == "pickle" else ""
        reads = ", ".join(row["modalities"])
        typer.echo(f"{row['learner']:<20} {row['family']:<10} {reads:<24} {row['reason'] or row['summary']}{asked}")


@app.command()
def datasets(
    name: Annotated[str | None, typer.Argument(help="One card of the catalogue.")] = None, as_json: AsJson = False
) -> None:
    """Show the catalogue of data sets, or one card."""
    from dataclasses import asdict

    from advisor.modalities import cards

    chosen = [cards.find(name)] if name else list(cards.cards())
    if as_json:
        _print_json(asdict(chosen[0]) if name else [asdict(card) for card in chosen])
    elif name:
        for key, value in asdict(chosen[0]).items():
            if value is not None:
                typer.echo(f"{key:<16} {value}")
    else:
        for card in chosen:
            where = "bundled" if card.sklearn_loader else f"openml:{card.openml_id}"
            typer.echo(f"{card.name:<22} {card.task:<11} {card.rows:>9,} x {card.columns:<5} {where:<14} {card.title}")


@app.command()
def track(
    run: Run = "latest",
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="The store that the comparison was told of, where its address has a password."),
    ] = None,
    trust: Trust = False,
) -> None:
    """Send to MLflow what it has not heard of a run, because it was slow or down."""
    from advisor import seals
    from advisor.advice import Advice, find_run
    from advisor.telling import folders
    from advisor.telling.tracking import KEPT, replay

    folder = find_run(run, note=_note)
    if tracking_uri is None and not trust and (folder / KEPT).is_file():
        own = seals.holds(folder, folders.PLAN, seals.own_key())
        if (tracking_uri := folders.remembered_store(folder) if own else None) is None:
            raise UserError(
                f"The run {folder.name!r} was not begun by you on this machine, and its folder names the store to "
                "tell, which would get your credentials; name the store with --tracking-uri, or add --trust."
            )
    told, refused, where = replay(folder, tracking_uri, lambda: Advice({}, folder, trust).best_model)
    for entry in refused:
        typer.echo(one_line(f"MLflow refused {entry}."), err=True)
    at = f" at {where['tracking_uri']}" if where else ""
    sent = f"{told:,} {'entry' if told == 1 else 'entries'} sent"
    typer.echo(one_line(f"{sent}; MLflow{at} has all that there is to tell."))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 5000,
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow store (default: the one in advisor-runs).")] = None,
    experiment: Annotated[str, typer.Option(help="MLflow experiment to open.")] = "advisor",
) -> None:
    """Open the MLflow UI on the store of the comparisons made here."""
    from advisor.advice import RUNS
    from advisor.telling.tracking import default_uri, serve

    serve(tracking_uri or default_uri(RUNS), port=port, experiment=experiment)


def _note(text: str) -> None:
    typer.echo(one_line(redacted(text)), err=True)


def _print_json(content: Any) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    # JSON escapes the control characters of ASCII alone, and a terminal obeys others as well.
    typer.echo("\n".join(OBEYED.sub(_escaped, line) for line in text.split("\n")))


def _escaped(letters: re.Match[str]) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in letters[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 answered, 2 the user can mend it, 3 nothing trained, 130
    interrupted, 143 ended by the system. With --json an object is printed on every one of them, with the sentence as
    its `error`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    ended = _ended_by_system()
    # What the libraries made is not searched for garbage once more when all is over: that takes a second.
    atexit.register(gc.freeze)
    try:
        status = app(args=words, prog_name="advisor", standalone_mode=False)
        sys.stdout.flush()
    except AdvisorError as problem:
        return _failed(str(problem), problem.exit_status, words)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except UsageError as problem:
        if "--json" in words:
            return _failed(problem.format_message(), 2, words)
        # It may quote a word that was typed, such as an address with its password.
        problem.message = one_line(redacted(problem.message))
        problem.show()
        return 2
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough; the interpreter must not complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        sentence = "There is not enough memory for that: the data, or a file of the run, are larger than this machine."
        return _failed(sentence, 2, words)
    except Exception as problem:
        # A fault of ours: who reports it needs the traceback, and nobody needs the secrets that it may quote.
        # A model that somebody made to fail may have given it words that a terminal obeys.
        print("\n".join(one_line(redacted(line)) for line in traceback.format_exc().splitlines()), file=sys.stderr)
        return _failed(f"{type(problem).__name__}: {problem}", 1, words)
    if status == 130:
        return _failed("interrupted", 143 if ended else 130, words)
    return status if isinstance(status, int) else 0


def _ended_by_system() -> list[int]:
    """Let SIGTERM, a container's and a scheduler's way to end, do what Ctrl-C does; return where it is noted.

    It does so once: what has to be done then is not to be interrupted.
    """
    noted: list[int] = []

    def end(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_IGN)
        noted.append(number)
        raise Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
    return noted


def _nothing() -> None:
    pass


@contextmanager
def _over_at(moment: float, budget_seconds: float) -> Iterator[Callable[[], None]]:
    """Raise NothingTrained at a moment (seconds since the epoch), unless what is yielded is called before.

    Loading libraries on a busy machine, and reading a large table or looking at it, cannot be asked to stop.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield _nothing  # then the walk itself says so, a little later
        return

    def end(number: int, frame: Any) -> None:
        raise NothingTrained(too_late(budget_seconds))

    def call_off() -> None:
        signal.setitimer(signal.ITIMER_REAL, *timer)

    before = signal.signal(signal.SIGALRM, end)
    # Again and again: whoever is interrupted may take the first for a fault of what it was doing.
    timer = signal.setitimer(signal.ITIMER_REAL, max(moment - clock.now(), 1e-3), AGAIN_SECONDS)
    try:
        yield call_off
    finally:
        call_off()
        signal.signal(signal.SIGALRM, before)


def _failed(sentence: str, status: int, words: Sequence[str]) -> int:
    sentence = one_line(redacted(sentence))
    if "--json" in words:
        _print_json({"error": sentence, "exit_status": status})
    print(f"advisor: {sentence}", file=sys.stderr)
    return status
