"""What has happened, durable at once: a result is on disk before the next is awaited, so a run can be resumed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from advisor import model_files
from advisor.records import Candidate, Cost, FoldResult
from advisor.telling.believable import believable
from advisor.whole import unwritable, whole_file

FILE_NAME = "ledger.jsonl"
# Where entries go that cannot be believed, so that nobody stumbles over them twice.
DAMAGED = "ledger.damaged"
# No second, megabyte or watt of a fit is more.
MOST = 1e12
# Blends and readings need no more digits of a prediction than the matrix of a Case holds.
_ARRAYS = {"predictions": np.float32, "losses": np.float64}


class Ledger:
    """Results by candidate and fold, in one text file of a run's folder that only ever grows.

    A line is one result: the sha256 of what follows, and JSON of what `fingerprint` it belongs to, its facts, and its
    arrays as .npy without pickles, so that a ledger can be opened without trusting it. Results of another fingerprint,
    of other data or folds, are not given back. A line that does not match its sum, whatever happened to it (a process
    that was killed while it wrote, a disk that forgot, an editor), is put aside into ledger.damaged when the ledger is
    opened; `damaged` is how many there were.

    Raises Unwritable where the disk is full or nobody may write there.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._fingerprint, self._path = fingerprint, folder / FILE_NAME
        try:
            self.damaged = _put_aside(self._path)
            self._file = self._path.open("ab", buffering=0)
        except OSError as problem:
            raise unwritable(self._path, problem) from problem

    def add(self, result: FoldResult) -> None:
        """Write `result` down; when this returns it survives a crash of the machine."""
        facts = {
            field.name: getattr(result, field.name) for field in dataclasses.fields(result) if field.name not in _ARRAYS
        }
        arrays = {
            name: _as_text(np.asarray(array, dtype))
            for name, dtype in _ARRAYS.items()
            if (array := getattr(result, name)) is not None
        }
        entry = {"fingerprint": self._fingerprint, "facts": facts, "arrays": arrays}
        text = json.dumps(entry, default=_plain).encode()
        line = _sum(text) + b" " + text + b"\n"
        end = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(line) != len(line):
                # A disk that is all but full takes a part; asking for the rest says why.
                self._file.write(line[self._file.tell() - end :])
            os.fsync(self._file.fileno())
        except OSError as problem:
            with suppress(OSError):
                self._file.truncate(end)
            raise unwritable(self._path, problem) from problem

    def results(self) -> Iterator[FoldResult]:
        """Yield what is known of this comparison, each fold of a candidate once, in the order of its last word."""
        last: dict[tuple[str, int], FoldResult] = {}
        for line in _lines(self._path):
            entry = json.loads(line.partition(b" ")[2])
            if entry["fingerprint"] == self._fingerprint:
                result = _result(entry)
                place = result.candidate.key, result.fold
                last.pop(place, None)
                last[place] = result
        yield from last.values()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _put_aside(path: Path) -> int:
    """Move lines that are not as they were written out of a ledger, and return how many there were."""
    bad = [line for line in _lines(path) if not _believed(line)]
    if bad:
        with (path.parent / DAMAGED).open("ab") as aside:
            aside.writelines(line.rstrip(b"\n") + b"\n" for line in bad)
        with whole_file(path) as draft, draft.open("wb") as file:
            file.writelines(line for line in _lines(path) if _believed(line))
    return len(bad)


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _believed(line: bytes) -> bool:
    """Tell whether a line is whole, as it was written, and says what a result says."""
    told, _, text = line.removesuffix(b"\n").partition(b" ")
    if not line.endswith(b"\n") or told != _sum(text):
        return False
    try:
        entry = json.loads(text)
        result = _result(entry)
    except (ValueError, TypeError, LookupError, AttributeError, EOFError, RecursionError, MemoryError):
        return False  # the sum is right, so that somebody has written this who is not us
    own = {f"folds/{result.candidate.key}-{result.fold}{ending}" for ending in (model_files.INERT, model_files.PICKLE)}
    numbers = (result.started_at, *(value for value in vars(result.cost).values() if isinstance(value, float)))
    return (
        isinstance(entry["fingerprint"], str)
        and believable(result)
        and result.model in {None, *own}
        and all(abs(number) < MOST for number in numbers)
    )


def _sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _result(entry: dict[str, Any]) -> FoldResult:
    facts = dict(entry["facts"])
    facts["candidate"] = Candidate(**facts["candidate"])
    facts["cost"] = Cost(**facts["cost"])
    facts["curve"] = {name: tuple(values) for name, values in facts["curve"].items()}
    arrays = {name: _from_text(text) for name, text in entry["arrays"].items()}
    return FoldResult(**(facts | arrays))


def _as_text(array: np.ndarray) -> str:
    data = io.BytesIO()
    np.lib.format.write_array(data, array, allow_pickle=False)
    return base64.b64encode(data.getvalue()).decode()


def _from_text(text: str) -> np.ndarray:
    data = io.BytesIO(base64.b64decode(text, validate=True))
    array: np.ndarray = np.lib.format.read_array(data, allow_pickle=False)
    return array


def _plain(value: Any) -> Any:
    """Turn what JSON does not know (records, NumPy scalars) into what it does."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot be written to the ledger: {type(value).__name__}")
