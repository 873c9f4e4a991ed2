"""What has happened, durable at once: a result is on disk before the next is awaited, so a run can be resumed."""

from __future__ import annotations

import dataclasses
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from advisor.records import Candidate, Cost, FoldResult

FILE_NAME = "ledger.sqlite"
# Blends and readings need no more digits of a prediction than the matrix of a Case holds.
_ARRAYS = {"predictions": np.float32, "losses": np.float64}


class Ledger:
    """Results by candidate and fold, in one SQLite file of a run's folder.

    `fingerprint` says which data, folds and learners the results belong to; those of another fingerprint are not
    given back. Arrays are kept as plain .npz without pickles, so that a ledger can be opened without trusting it.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._file = sqlite3.connect(folder / FILE_NAME)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS results (fingerprint TEXT, candidate TEXT, fold INTEGER, facts TEXT,"
            " arrays BLOB, PRIMARY KEY (fingerprint, candidate, fold))"
        )
        self._file.commit()

    def add(self, result: FoldResult) -> None:
        """Write `result` down; when this returns it survives a crash of the process."""
        facts = {
            field.name: getattr(result, field.name) for field in dataclasses.fields(result) if field.name not in _ARRAYS
        }
        arrays: dict[str, Any] = {
            name: np.asarray(array, dtype)
            for name, dtype in _ARRAYS.items()
            if (array := getattr(result, name)) is not None
        }
        blob = io.BytesIO()
        np.savez(blob, **arrays)
        self._file.execute(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)",
            (self._fingerprint, result.candidate.key, result.fold, json.dumps(facts, default=_plain),
             blob.getvalue()),
        )  # fmt: skip
        self._file.commit()

    def results(self) -> Iterator[FoldResult]:
        """Yield what is known of this comparison, in the order in which it was written."""
        rows = self._file.execute(
            "SELECT facts, arrays FROM results WHERE fingerprint = ? ORDER BY rowid", (self._fingerprint,)
        )
        for text, blob in rows.fetchall():
            facts = json.loads(text)
            facts["candidate"] = Candidate(**facts["candidate"])
            facts["cost"] = Cost(**facts["cost"])
            facts["curve"] = {name: tuple(values) for name, values in facts["curve"].items()}
            with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
                yield FoldResult(**facts, **{name: arrays[name] for name in arrays.files})

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _plain(value: Any) -> Any:
    """Turn what JSON does not know (records, NumPy scalars) into what it does."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot be written to the ledger: {type(value).__name__}")
