"""Results as lines of JSON, one a case: appended whole and at once, so that an interrupted run loses only its case."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from advisor.telling.document import plain

Line = Mapping[str, Any]


def append(path: Path, line: Line) -> None:
    """Write one result; when this returns it survives a crash. Half a line that a crash left is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell() and _last_byte(path) != b"\n":
            file.write(b"\n")
        file.write(json.dumps(plain(dict(line)), allow_nan=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the finished results by key, the last of each; half lines and failed cases are left out."""
    return {line["key"]: line for line in _whole(path) if line.get("status", "ok") == "ok"}


def failed(path: Path) -> dict[str, str]:
    """Return why cases failed that never finished, by key."""
    done = read(path)
    return {line["key"]: line.get("message", "") for line in _whole(path) if line["key"] not in done}


def run_missing(path: Path, planned: Mapping[str, Callable[[], Line]], about: Line) -> None:
    """Run what the file has no finished line of, one after another, and append a line of each, failed ones too.

    `planned` is {key: work}; `about` goes into every line.
    """
    known = read(path)
    missing = [key for key in planned if key not in known]
    for number, key in enumerate(missing, 1):
        began = time.time()
        load = os.getloadavg()[0]
        try:
            line = {**planned[key](), "status": "ok"}
        except Exception as problem:
            line = {"status": "failed", "message": f"{type(problem).__name__}: {problem}"}
        ended = {"wall_seconds": time.time() - began, "load": (load + os.getloadavg()[0]) / 2}
        append(path, {"key": key, **about, **line, **ended})
        said = line.get("answer") or line.get("message", "done")
        print(f"{number} of {len(missing)}: {key}: {said}", file=sys.stderr, flush=True)


def _whole(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            yield json.loads(text)
        except ValueError:
            continue


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
