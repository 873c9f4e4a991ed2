"""A run's folder: where it lies, a new one, who is at work there, and what a run that goes on has to share."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from advisor.errors import UserError
from advisor.records import Plan
from advisor.telling.ledger import FILE_NAME as LEDGER
from advisor.whole import UNFINISHED, unwritable, whole_file

if sys.platform != "win32":
    import fcntl

RUNS = Path("advisor-runs")
# What the name of a SQLite file's journal ends with, and the last eight bytes of one that names another.
_JOURNAL = "-journal"
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
VERDICT, PLAN, LOCK = "verdict.json", "plan.json", ".lock"
# What is being written names its process; Python takes no larger number for one.
_MARK = re.compile(rf"\.(\d{{1,9}}){re.escape(UNFINISHED)}$")
# No verdict and no plan comes near it; what is larger is none, and reading it could take all memory.
LARGEST_JSON_BYTES = 32 * 2**20
# More folds or trainings no plan has; a file that says so is damaged.
MOST = 100
# Those parts of a plan's identity that would tell a person nothing.
_HASHES = ("data", "folds")


def run_folder(out: str | Path | None, resume: bool) -> Path | None:
    """Return the folder asked for, made where it is new; None where none was.

    Raises UserError where it cannot take a run.
    """
    if out is None:
        if resume:
            raise UserError("--resume needs --out with the folder of the run to take up again.")
        return None
    folder = Path(out)
    if os.path.isfile(folder / LOCK):
        check_plain(folder)
        hold(folder).close()
    if resume and not os.path.isfile(folder / LEDGER):
        raise UserError(f"There is no run to resume in {str(out)!r}; leave --resume out to begin one there.")
    if not resume and os.path.exists(folder) and (not folder.is_dir() or _used(folder)):
        raise UserError(
            f"--out {str(out)!r} is not an empty folder; name a new one, or add --resume to go on with its run."
        )
    check_plain(folder)
    return _writable(folder)


def new_folder(name: str) -> Path:
    """Make a folder below `advisor-runs` that is named after the data and the moment."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "data"
    return _writable(RUNS / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")


def check_plain(folder: Path) -> None:
    """Raise UserError where a run's folder holds a link or anything else that is no plain file.

    A run never makes one. In a folder from somebody else it would let a command read, send or write files elsewhere.
    """
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            entry = Path(place, name)
            if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                raise UserError(
                    f"{str(entry)!r} is {'a link' if entry.is_symlink() else 'no plain file'}, and the folder of a run "
                    "holds plain files only; remove it, or put the file itself there."
                )
            if name.endswith(_JOURNAL):
                check_journal(entry.with_name(name.removesuffix(_JOURNAL)))


def check_journal(database: Path) -> None:
    """Raise UserError where the journal of a SQLite file names another file: opening it would let SQLite delete that.

    It does where one change went to several databases at once, which nothing here ever makes. Where the name stands is
    said in SQLite's file format (section 3.3, the super-journal's name at the end of a journal).
    """
    try:
        journal = database.with_name(f"{database.name}{_JOURNAL}").read_bytes()
    except OSError:
        return
    if journal.endswith(_NAMES_ANOTHER):
        raise UserError(
            f"{str(database)!r} has a journal that names other files, which SQLite would remove on opening it; it was "
            "not made here: delete the journal if you trust the rest."
        )


def verdict_in(folder: Path) -> dict[str, Any]:
    """Return the content of a finished run's verdict.json; raises UserError where it is missing, cut or another's."""
    try:
        content = _json_in(folder / VERDICT)
    except FileNotFoundError:
        raise UserError(
            f"There is no finished run in {str(folder)!r}: it has no {VERDICT}; --resume finishes one."
        ) from None
    except (OSError, ValueError, RecursionError, MemoryError):
        content = None
    if not isinstance(content, dict) or not {"schema", "answer", "sentence"} <= set(content):
        raise UserError(f"{str(folder / VERDICT)!r} is damaged; --resume with --out {str(folder)!r} writes it again.")
    return content


def hold(folder: Path) -> BinaryIO:
    """Keep every other process out of a run's folder until the file that this returns is closed, or this process ends.

    Raises UserError where another one is at work there. A file system that knows no locks keeps nobody out.
    """
    try:
        file = (folder / LOCK).open("ab")
    except OSError as problem:
        raise unwritable(folder, problem) from problem
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise UserError(
                f"The run in {str(folder)!r} is still going; wait until it has ended, or name another --out."
            ) from None
        except OSError:
            pass
    return file


def remember(folder: Path, plan: Plan) -> None:
    """Write down what a run that goes on here has to share, and its sizes: a busier machine would choose others."""
    content = {"sizes": plan.sizes, "identity": {**(_memory(folder).get("identity") or {}), **plan.identity}}
    with whole_file(folder / PLAN) as draft:
        draft.write_text(json.dumps(content, indent=1), encoding="utf-8")


def remembered(folder: Path | None) -> tuple[int, int, int] | None:
    """Return the sizes of the run in a folder; None where nothing readable says."""
    try:
        rows, folds, trainings = map(int, _memory(folder)["sizes"])
    except (LookupError, ValueError, TypeError, OverflowError):
        return None
    sound = rows > 0 and 0 < folds <= MOST and 0 < trainings <= MOST
    return (rows, folds, trainings) if sound else None


def remember_store(folder: Path, address: str) -> None:
    """Write down which store of MLflow a run is told to; the plan is there already."""
    with whole_file(folder / PLAN) as draft:
        draft.write_text(json.dumps({**_memory(folder), "store": address}, indent=1), encoding="utf-8")


def remembered_store(folder: Path) -> str | None:
    """Return the address that `remember_store` wrote down; None where nothing readable says."""
    address = _memory(folder).get("store")
    return address if isinstance(address, str) else None


def changes(folder: Path, plan: Plan) -> list[str]:
    """Say in what a plan differs from that of the run in a folder, so that no result of that run can be reused.

    What is measured again anyhow is no difference: a budget, a margin, other learners.
    """
    then, now = _memory(folder).get("identity") or {}, plan.identity
    other = {name: (then[name], now[name]) for name in now if name in then and then[name] != now[name]}
    told = [f"{name} was {before} and is {after}" for name, (before, after) in other.items() if name not in _HASHES]
    if "data" in other and not {"target", "task"} & set(other):
        told.insert(0, "the data have changed, or how they are read, grouped or ordered")
    return told or ["the folds are drawn in another way" for _ in other]


def sweep(folder: Path) -> None:
    """Remove all that was begun to be written; only whoever holds the folder knows that nobody is at it."""
    _remove(folder.rglob(f"*{UNFINISHED}"))


def sweep_dead(folder: Path) -> None:
    """Remove from a run's folder what processes had begun to write that are no more: rows of the data may be in it."""
    if (folder / VERDICT).is_file() or (folder / PLAN).is_file():
        marked = ((draft, _MARK.search(draft.name)) for draft in folder.rglob(f"*{UNFINISHED}"))
        _remove(draft for draft, mark in marked if mark and not psutil.pid_exists(int(mark[1])))


def _remove(drafts: Iterable[Path]) -> None:
    for draft in [*drafts]:
        with suppress(OSError):
            if draft.is_dir() and not draft.is_symlink():
                shutil.rmtree(draft)
            else:
                draft.unlink()


def _memory(folder: Path | None) -> dict[str, Any]:
    try:
        content = _json_in(folder / PLAN) if folder else {}
    except (OSError, ValueError, RecursionError, MemoryError):
        return {}
    known = isinstance(content, dict) and isinstance(content.get("identity"), dict)
    return content if known else {}


def _json_in(path: Path) -> Any:
    """Read JSON; raises ValueError where a link, a pipe, a device or an enormous file has its name."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_JSON_BYTES:
        raise ValueError("it is no plain file, or too large")
    return json.loads(path.read_text(encoding="utf-8"))


def _used(folder: Path) -> bool:
    return any(file.name != LOCK for file in folder.iterdir())


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise UserError(
            f"Nothing can be written to {str(folder)!r} ({problem.strerror}); name another --out."
        ) from problem
    return folder
