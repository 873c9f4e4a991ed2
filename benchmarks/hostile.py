"""Every command is asked about a run's folder that is hostile or damaged, each time in a process of its own.

The process is forked from one that has everything loaded, has a limit of seconds and memory, and is watched: whether
code ran that a file held, what it wrote or changed outside the folder, whom it called, what it printed that a terminal
would obey, whether it hung, and whether it ended in a traceback.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing.util import _exit_function
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import pages
import pandas as pd
from hostile_variants import Sandbox, Variant

from advisor.wording import OBEYED

SECONDS, RESUME_SECONDS, MEMORY_BYTES = 60.0, 120.0, 4 << 30
RESUME_BUDGET = "5s"
RUN_ID = "0123456789abcdef" * 2
# What each command reads, as far as it gets; whatever is in a folder besides its files every command meets.
_READS = {
    "report": ("verdict", "outcomes", "report"),
    "predict": ("verdict", "model/", "seals"),
    "model": ("verdict", "model/", "seals"),
    "model of the folds": ("verdict", "folds/", "seals"),
    "track": ("tracking", "plan", "seals", "model/"),
    "track elsewhere": ("tracking", "plan", "seals", "model/"),
    "from Python": ("verdict", "outcomes"),
    "report after": ("ledger", "plan"),
}
HEAVY = (
    "advisor.cli", "advisor.walk", "advisor.telling.report", "matplotlib.backends.backend_svg", "mlflow", "pandas",
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.sklearn", "torch",
)  # fmt: skip
COMPARE = (
    "compare", "table.csv", "--target", "y", "--trials", "1", "--learners", "linear,tree,mlp", "--workers", "1",
    "--until", "answer", "--min-gain", "90%", "--quiet",
)  # fmt: skip
# Statuses of commands that said what there was to say.
SAID = (0, 2, 3)


@dataclass(frozen=True)
class Told:
    """What became of one command; `status` is None where it hung."""

    status: int | None
    output: bytes
    called: tuple[str, ...]
    cpu_seconds: float


def make_run(place: Path, budget: str = "60s") -> None:
    """Make what all variants start from in `place`: a table, a finished run, its store, and the key of its maker."""
    place.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc")).round(3)
    frame["y"] = np.where(frame["a"] + rng.normal(size=120) > 0, "yes", "no")
    frame.to_csv(place / "table.csv", index=False)
    environment = {**os.environ, "PYTHONPATH": str(pages.HERE), **_homes(place, own=True)}
    run = "advisor-runs/sound"
    for words in ((*COMPARE, "--budget", budget, "--out", run), ("track", run)):
        subprocess.run(
            [sys.executable, "-m", "advisor", *words], cwd=place, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    verdict = place / run / "verdict.json"
    document = json.loads(verdict.read_text())
    # MLflow may have answered too late to be named in it.
    document["mlflow"]["run_id"] = RUN_ID
    verdict.write_text(json.dumps(document))


def load_everything(made: Path) -> None:
    """Load what commands need, so that each is forked with it; what they load when first used as well."""
    for module in HEAVY:
        import_module(module)
    from advisor import load
    from advisor.telling.report import render

    os.environ["XDG_DATA_HOME"] = _homes(made, own=True)["XDG_DATA_HOME"]
    advice = load(made / "advisor-runs" / "sound")
    render(advice.document, advice.outcomes)
    advice.best_model.predict(pd.read_csv(made / "table.csv"))


def tried(made: Path, variant: Variant) -> dict[str, Any]:
    """Try a variant of the run below `made` with every command; return what was found, as a line."""
    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as scratch, _listening() as heard:
        place = Path(scratch)
        shutil.copytree(made, place / "work")
        work = place / "work"
        shutil.copytree(work / "advisor-runs" / "sound", work / "advisor-runs" / "hostile")
        verdict = work / "advisor-runs" / "hostile" / "verdict.json"
        verdict.write_text(verdict.read_text().replace(RUN_ID, "f" * len(RUN_ID)))
        box = Sandbox(work / "advisor-runs" / "hostile", place / "outside", place / "code-ran", heard.address)
        box.outside.mkdir()
        for name in ("secret.txt", "inner/more.txt"):
            (box.outside / name).parent.mkdir(exist_ok=True)
            (box.outside / name).write_text("kept")
        variant.spoil(box)
        commands = _commands(variant)
        before = _tree(place)
        found = {}
        for name, words in commands.items():
            most = RESUME_SECONDS if "--resume" in words else SECONDS
            environment = _homes(work, own=variant.own or name.startswith("sound"))
            found[name] = ran(words, work, environment, most)
        after = _tree(place)
        with suppress(OSError):
            _open_up(box.run)
        return _line(variant, box, found, before, after, heard.calls)


def _commands(variant: Variant) -> dict[str, Sequence[str]]:
    """Return every command that takes a run, on the spoilt one, and some on the sound one beside it."""
    run = "advisor-runs/hostile"
    commands: dict[str, Sequence[str]] = {
        "report": ("report", run),
        "predict": ("predict", run, "table.csv", "-o", "predictions.csv"),
        "model": ("model", run, "-o", "model"),
        "model of the folds": ("model", run, "--which", "classical", "-o", "other-model"),
        "track": ("track", run),
        "track elsewhere": ("track", run, "--tracking-uri", "sqlite:///other.db"),
        "from Python": ("python", run),
        "sound, track": ("track", RUN_ID),
    }
    if "verdict" in variant.name or "besides" in variant.name:
        commands["sound, report"] = ("report", RUN_ID)
    if "besides" in variant.name:
        commands |= {
            "sound, predict": ("predict", RUN_ID, "table.csv", "-o", "sound.csv"),
            "sound, model": ("model", RUN_ID, "--which", "classical", "-o", "other-model-2"),
            "latest": ("report", "latest"),
        }
    if variant.resumed:
        commands["resume"] = (*COMPARE, "--budget", RESUME_BUDGET, "--out", run, "--resume")
        commands["report after"] = ("report", run)
    file, _, how = variant.name.partition(": ")
    everyone = file == "besides" or " link " in how or "folder" in how or "pipe" in how
    return {name: words for name, words in commands.items() if everyone or file.startswith(_READS.get(name, ("",)))}


def ran(words: Sequence[str], cwd: Path, environment: dict[str, str], seconds: float) -> Told:
    """Run a command as a process forked from this one, and end it and all that it started after `seconds`."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as calls:
        child = os.fork()
        if child == 0:
            _child(words, cwd, environment, output.fileno(), calls.fileno())
        status, cpu_seconds = _ended(child, seconds)
        output.seek(0)
        calls.seek(0)
        return Told(status, output.read(), tuple(calls.read().decode(errors="replace").splitlines()), cpu_seconds)


def _child(words: Sequence[str], cwd: Path, environment: dict[str, str], output: int, calls: int) -> None:
    status = 1
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(cwd)
        os.environ.update(environment)
        tempfile.tempdir = None
        # What this process was to tidy up at its end is not the child's, which tidies up after itself alone.
        atexit._clear()
        finalize._registry.clear()  # type: ignore[attr-defined]
        atexit.register(finalize._exitfunc)  # type: ignore[attr-defined]
        atexit.register(_exit_function)
        sys.argv = ["advisor", *words]
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
        os.chmod(output, 0o600)

        def heard(event: str, arguments: tuple[Any, ...]) -> None:
            if event in ("os.system", "os.exec", "pty.spawn") or (event == "socket.connect" and _network(arguments)):
                os.write(calls, f"{event} {arguments[-1] if event == 'socket.connect' else arguments!r}\n".encode())

        sys.addaudithook(heard)
        status = _asked(words)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _network(arguments: tuple[Any, ...]) -> bool:
    return isinstance(arguments[-1], tuple)  # a path or bytes are a socket of this machine


class _Here:
    """An engine that works in this very process: a worker of its own would load for seconds what is loaded here."""

    def __init__(self, shared: Any, *_: Any) -> None:
        self._shared = shared

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def map(self, work: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each item with what came of it."""
        for item in items:
            if item is None:
                return
            try:
                yield item, work(item, self._shared)
            except Exception as problem:
                yield item, problem


def _asked(words: Sequence[str]) -> int:
    import advisor
    from advisor import walk
    from advisor.cli import main
    from advisor.engines import local

    if words[0] != "python":
        walk.LocalEngine = _Here  # type: ignore[assignment, misc]
        walk.warm_up = local.warm_up = lambda: None
        return main(list(words))

    try:
        advice = advisor.load(words[1])
        # A notebook and a terminal show these.
        shown = [str(advice), advice._repr_html_(), repr(advice), str(len(advice.leaderboard())), str(advice.outcomes)]
    except advisor.UserError as problem:
        print(problem)
        return 2
    return 0 if shown else 1


def _ended(child: int, seconds: float) -> tuple[int | None, float]:
    """Return how a child ended, None where it had to be killed, and the seconds of a processor that it took."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, code, used = os.wait4(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        _, _, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(code) if done else None, used.ru_utime + used.ru_stime


def _line(
    variant: Variant,
    box: Sandbox,
    found: dict[str, Told],
    before: dict[str, str],
    after: dict[str, str],
    calls: Sequence[bytes],
) -> dict[str, Any]:
    root = box.mark.parent
    # What commands were asked to write.
    mine = ("work/advisor-runs/", "work/predictions.csv", "work/sound.csv", "work/model", "work/other-model",
            "work/other.db", "work/mlartifacts", "work/data-", "work/home", "work/tmp")  # fmt: skip
    changed = [path for path in sorted(before | after) if before.get(path) != after.get(path)]
    kept = ("work/advisor-runs/sound/verdict.json", "work/advisor-runs/sound/model", "work/advisor-runs/sound/folds")
    outside = [path for path in changed if not path.startswith(mine) or path.startswith(kept)]
    hooks = {call for told in found.values() for call in told.called if not call.startswith("socket.connect")}
    return {
        "variant": variant.name,
        "commands": len(found),
        "own": variant.own,
        "code_run": sorted({path for path in after if path.startswith("code-ran")} | hooks),
        "written_outside": outside,
        "called": sorted({call for told in found.values() for call in told.called if call.startswith("socket")}),
        "asked_of_server": [call.decode(errors="replace")[:200] for call in calls],
        "left_in_temp": sorted(path for path in set(after) - set(before) if path.startswith("work/tmp/")),
        "cpu_seconds": {name: round(told.cpu_seconds, 2) for name, told in found.items()},
        "hung": [name for name, told in found.items() if told.status is None],
        "tracebacks": {
            name: _last_line(told.output, root) for name, told in found.items()
            if told.status is not None and (told.status not in SAID or b"Traceback" in told.output)
        },
        "control": {
            name: ascii(letters)[:80] for name, told in found.items() if (letters := _obeyed(told.output))
        },
        "about_others": {
            name: f"{told.status} {_last_line(told.output, root)}" for name, told in found.items()
            if name.startswith("sound") and told.status != 0
        },
        "statuses": dict(Counter(str(told.status) for told in found.values())),
    }  # fmt: skip


def _obeyed(output: bytes) -> str:
    """Return what a terminal would obey in an output, but ends of lines."""
    text = output.decode("utf-8", "surrogateescape").replace("\n", "")
    return "".join(OBEYED.findall(text))


def _last_line(output: bytes, root: Path) -> str:
    lines = output.decode(errors="replace").strip().splitlines() or [""]
    return ascii(lines[-1].replace(str(root), ""))[1:-1][:300]


def _homes(work: Path, own: bool) -> dict[str, str]:
    """Return where a user's own things lie: those of who made the run, or of somebody else."""
    homes = {
        "XDG_DATA_HOME": work / ("data-own" if own else "data-other"), "HOME": work / "home", "TMPDIR": work / "tmp",
        "MPLCONFIGDIR": work / "home",
    }  # fmt: skip
    for folder in homes.values():
        folder.mkdir(exist_ok=True)
    return {**{name: str(folder) for name, folder in homes.items()}, "MLFLOW_DISABLE_TELEMETRY": "true"}


def _tree(place: Path) -> dict[str, str]:
    """Return what there is below a folder, each with a sum of what is in it; links are not followed."""
    found = {}
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            path = Path(folder, name)
            facts = path.lstat()
            told = f"{stat.S_IFMT(facts.st_mode)}"
            if stat.S_ISREG(facts.st_mode) and facts.st_size < 1 << 26:
                with suppress(OSError):
                    told += hashlib.sha256(path.read_bytes()).hexdigest()
            found[os.fsencode(path.relative_to(place)).decode(errors="replace")] = told
    return found


def _open_up(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)


@dataclass(frozen=True)
class _Heard:
    address: str
    calls: list[bytes]


@contextmanager
def _listening() -> Iterator[_Heard]:
    """Yield a server of somebody else, on this machine: what is said to it is written down and answered by nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        heard = _Heard(f"http://127.0.0.1:{server.getsockname()[1]}", [])

        def listen() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = server.accept()
                    with caller:
                        caller.settimeout(2)
                        with suppress(OSError):
                            heard.calls.append(caller.recv(2000))
                            caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        threading.Thread(target=listen, daemon=True).start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)


def planned(made: Path, chosen: Sequence[Variant]) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what is to be tried, by name."""
    return {f"hostile {variant.name}{'' if variant.own else ', from a stranger'}": partial(tried, made, variant)
            for variant in chosen}  # fmt: skip
