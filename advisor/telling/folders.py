"""A run's folder: where it lies, a new one, and whether anything can be written there."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from datetime import datetime
from pathlib import Path

from advisor.errors import UserError
from advisor.telling.ledger import FILE_NAME as LEDGER

RUNS = Path("advisor-runs")
SIZES = "sizes.json"


def run_folder(out: str | Path | None, resume: bool) -> Path | None:
    """Return the folder asked for, made where it is new; None where none was.

    Raises UserError where it cannot take a run.
    """
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
    return _writable(folder)


def new_folder(name: str) -> Path:
    """Make a folder below `advisor-runs` that is named after the data and the moment."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "data"
    return _writable(RUNS / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")


def remember(folder: Path, sizes: tuple[int, int, int]) -> None:
    """Write down the sizes of a run (see Plan), so that it can be taken up on a machine that is busier or less so."""
    (folder / SIZES).write_text(json.dumps(sizes), encoding="utf-8")


def remembered(folder: Path | None) -> tuple[int, int, int] | None:
    """Return the sizes of the run in a folder; None where nothing readable says."""
    if folder is None:
        return None
    try:
        rows, folds, trainings = json.loads((folder / SIZES).read_text(encoding="utf-8"))
        return int(rows), int(folds), int(trainings)
    except (OSError, ValueError, TypeError):
        return None


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
