"""What has happened, durable at once: an outcome is on disk before the next is awaited, so a run can be resumed."""

from __future__ import annotations

import dataclasses
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from advisor.records import Cost, Job, Outcome, Trial

FILE_NAME = "ledger.sqlite"
_ARRAYS = ("predictions", "inner_rows", "inner_predictions")


class Ledger:
    """Outcomes by the key of their job, in one SQLite file of a run's folder.

    `fingerprint` says which data, cuts and learners the outcomes belong to; those of another fingerprint are not
    given back. Arrays are kept as plain .npz without pickles, so that a ledger can be opened without trusting it.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        self._file = sqlite3.connect(folder / FILE_NAME)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS outcomes (fingerprint TEXT, key TEXT, facts TEXT, arrays BLOB,"
            " PRIMARY KEY (fingerprint, key))"
        )
        self._file.commit()

    def add(self, outcome: Outcome) -> None:
        """Write `outcome` down; when this returns it survives a crash of the process."""
        facts = {
            field.name: getattr(outcome, field.name)
            for field in dataclasses.fields(outcome)
            if field.name not in _ARRAYS
        }
        arrays = io.BytesIO()
        present = {name: getattr(outcome, name) for name in _ARRAYS}
        np.savez_compressed(arrays, **{name: array for name, array in present.items() if array is not None})
        self._file.execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
            (self._fingerprint, outcome.job.key, json.dumps(facts, default=_plain), arrays.getvalue()),
        )
        self._file.commit()

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what is known of this comparison, in the order in which it was written."""
        rows = self._file.execute(
            "SELECT facts, arrays FROM outcomes WHERE fingerprint = ? ORDER BY rowid", (self._fingerprint,)
        )
        for text, blob in rows.fetchall():
            facts = json.loads(text)
            facts["job"] = Job(**facts["job"])
            facts["cost"] = Cost(**facts["cost"])
            facts["trials"] = tuple(Trial(**trial) for trial in facts["trials"])
            facts["curve"] = {name: tuple(values) for name, values in facts["curve"].items()}
            with np.load(io.BytesIO(blob), allow_pickle=False) as arrays:
                yield Outcome(**facts, **{name: arrays[name] for name in arrays.files})

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
