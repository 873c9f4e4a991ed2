"""Results as lines of JSON, one a case: appended whole and at once, so that an interrupted run loses only its case."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from advisor.document import plain


def append(path: Path, line: Mapping[str, Any]) -> None:
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
    found: dict[str, dict[str, Any]] = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if line.get("status", "ok") == "ok":
            found[line["key"]] = line
    return found


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def write(path: Path, found: Iterable[Mapping[str, Any]]) -> None:
    """Write all lines anew; the file is replaced when it is whole."""
    unfinished = path.with_suffix(".part")
    text = "".join(json.dumps(plain(dict(line)), allow_nan=False) + "\n" for line in found)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
