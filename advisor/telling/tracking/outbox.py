"""What MLflow is to be told, in a run's folder until it has been: nothing of it is lost with a server or a process."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from advisor.errors import UserError

FILE_NAME = "tracking.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS about (fact TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, identity TEXT UNIQUE, entry TEXT, state TEXT DEFAULT 'waiting', answer TEXT
);
CREATE INDEX IF NOT EXISTS waiting ON entries (number) WHERE state = 'waiting';
"""


_SCHEMA = "SELECT type, name, sql FROM sqlite_master"
STATES = ("waiting", "told", "refused")


class Damaged(UserError):
    """The file is there and cannot be read."""


class Outbox:
    """Entries in the order in which MLflow is to hear them, and of each whether it has; for one process at a time.

    An entry is a mapping that JSON can hold; the same one is kept once, so that a comparison that is taken up again may
    tell all it knows again. Raises Damaged where the file cannot be read, UserError where another process holds it or
    it cannot be written; every method raises sqlite3.Error where it cannot be written any longer.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(folder / FILE_NAME, timeout=1.0, check_same_thread=False, isolation_level=None)
        try:
            # Nothing that stands in the file may act: it may be somebody else's.
            self._file.execute("PRAGMA trusted_schema=OFF")
            # The lock goes with the process that has it, whatever ends it. Should the power fail, an entry told twice
            # does no harm (see `sending`), so nothing waits for the disk.
            for line in ("locking_mode=EXCLUSIVE", "synchronous=OFF"):
                self._file.execute(f"PRAGMA {line}").fetchone()
            self._file.execute("BEGIN EXCLUSIVE")
            self._file.execute("COMMIT")
            self._file.executescript(_TABLES)
            self._check()
        except (sqlite3.Error, ValueError, TypeError, LookupError, RecursionError) as problem:
            self._file.close()
            code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise UserError(
                    f"The run {folder.name} is still being told to MLflow by another process; wait for it to end."
                ) from problem
            if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
                raise Damaged(
                    f"{FILE_NAME} of the run {folder.name} is damaged, so nobody knows what MLflow has heard of it; "
                    "delete it, or take the run up again with --resume."
                ) from problem
            raise UserError(f"Nothing can be kept for MLflow in {str(folder)!r} ({problem}).") from problem

    def _check(self) -> None:
        """Raise ValueError, or what reading raises, where the file has something else in it than what is put there."""
        if self._do("PRAGMA quick_check(1)") != [("ok",)] or set(self._do(_SCHEMA)) != _schema_of_ours():
            raise ValueError("its tables are not ours")
        about = self.about()
        if about:
            texts = (about["story"], about["place"]["tracking_uri"], about["place"]["experiment"])
            if not all(isinstance(text, str) for text in texts) or not isinstance(about["params"], dict):
                raise ValueError("its facts are not ours")
        for state, text in self._do("SELECT state, entry FROM entries"):
            entry = json.loads(text)
            if not about or state not in STATES or not all(isinstance(entry[name], str) for name in ("kind", "run")):
                raise ValueError("its entries are not ours")

    def about(self) -> dict[str, Any]:
        """Return the facts that `describe` was told: where the entries go, and from which comparison they are."""
        return {fact: json.loads(value) for fact, value in self._do("SELECT fact, value FROM about")}

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Write down facts beside the entries, in place of what was said of them before."""
        for fact, value in facts.items():
            self._do("INSERT OR REPLACE INTO about VALUES (?, ?)", fact, json.dumps(value))

    def empty(self) -> None:
        """Forget everything."""
        self._do("DELETE FROM entries")
        self._do("DELETE FROM about")

    def add(self, entry: Mapping[str, Any], identity: str | None = None) -> None:
        """Keep an entry until it is settled, unless one of its `identity` (None: the same one) is there already."""
        text = json.dumps(entry, ensure_ascii=False)
        same = identity or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self._do("INSERT OR IGNORE INTO entries (identity, entry) VALUES (?, ?)", same, text)

    def oldest(self) -> tuple[int, dict[str, Any]] | None:
        """Return the entry that is to be told next, with its number; None where all are settled."""
        found = self._do("SELECT number, entry FROM entries WHERE state = 'waiting' ORDER BY number LIMIT 1")
        return (int(found[0][0]), json.loads(found[0][1])) if found else None

    def settle(self, number: int, answer: str | None, *, refused: bool = False) -> None:
        """Note that an entry has been told, or is refused for good, and what MLflow calls what it made of it."""
        state = "refused" if refused else "told"
        self._do("UPDATE entries SET state = ?, answer = ? WHERE number = ?", state, answer, number)

    def answer(self, identity: str) -> str | None:
        """Return what MLflow calls the thing that an entry made; None where it has not made one."""
        found = self._do("SELECT answer FROM entries WHERE identity = ?", identity)
        return found[0][0] if found else None

    def unended(self) -> dict[str, int]:
        """Return the runs that were opened and not ended, and when they were begun, in ms, or begun again."""
        found: dict[str, int] = {}
        for (text,) in self._do("SELECT entry FROM entries ORDER BY number"):
            entry = json.loads(text)
            if entry["kind"] == "open" or entry.get("status") == "RUNNING":
                at = entry.get("at")
                found[entry["run"]] = at if isinstance(at, int) else 0
            elif entry["kind"] == "status":
                found.pop(entry["run"], None)
        return found

    def waiting(self) -> int:
        """Return how many entries are not settled."""
        return int(self._do("SELECT count(*) FROM entries WHERE state = 'waiting'")[0][0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _do(self, words: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._file.execute(words, values).fetchall()


@cache
def _schema_of_ours() -> set[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as file:
        file.executescript(_TABLES)
        return set(file.execute(_SCHEMA))
