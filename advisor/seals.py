"""Seals: what tells a file of one's own from a stranger's, where a stranger's may do harm, as a pickle does.

A seal is an HMAC-SHA-256 of a file's name and bytes, with a key that never leaves this user's data folder. Those of a
run stand in one text file of its folder, a line each, which is only ever appended to: so a fold's model is known again
after a crash, and a folder that is moved keeps its seals. What has none was made by somebody else, or changed since.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from advisor.errors import UserError
from advisor.whole import unwritable

FILE_NAME = "seals.txt"
KEY_BYTES = 32


def own_key() -> bytes:
    """Return this user's key, made on first use; where it cannot be kept, as without a home, one of this process alone.

    It lies in `advisor/seal.key` below XDG_DATA_HOME, or ~/.local/share, readable by its owner alone. Raises UserError
    where that file is not what was written there.
    """
    try:
        path = data_folder() / "seal.key"
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except (OSError, RuntimeError):  # Path.home() raises the latter where a user has none
        return _passing_key()
    if len(key) != KEY_BYTES:
        raise UserError(f"The key that seals models, {str(path)!r}, is damaged; delete it to get a new one.")
    return key


def lasts(key: bytes) -> bool:
    """Tell whether a key of this user is there for the next process, too."""
    return key != _passing_key()


def data_folder() -> Path:
    """Return where this user's own data of ours lie; nothing is created. A relative XDG_DATA_HOME does not count."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "share") / "advisor"


def seal(folder: Path, name: str, key: bytes | None) -> None:
    """Write down that the file `name` of a run's folder, as it is now, was made by the key's owner (None: nobody).

    A file that is not there gets no seal. Raises Unwritable where the disk is full.
    """
    if key is None or not (folder / name).is_file():
        return
    # The line is ended before it and not after, so that one which a crash has torn spoils no other.
    line = f"\n{_code(name, (folder / name).read_bytes(), key)}  {name}"
    try:
        with open(folder / FILE_NAME, "a", encoding="utf-8") as file:
            file.write(line)
    except OSError as problem:
        raise unwritable(folder / FILE_NAME, problem) from problem


def unsealed(folder: Path, names: Iterable[str], key: bytes | None) -> list[str]:
    """Return those files of a run's folder that are there and have no seal of this key."""
    known = _known(folder)
    there = (name for name in names if (folder / name).is_file())
    return [name for name in there if not _holds(known, name, (folder / name).read_bytes(), key)]


def holds(folder: Path, name: str, key: bytes | None) -> bool:
    """Tell whether a file of a run's folder is there, as the key's owner made it."""
    return (folder / name).is_file() and not unsealed(folder, [name], key)


def fits(folder: Path, name: str, content: bytes) -> bool:
    """Tell whether this user has sealed `content` as the file `name` of a run's folder."""
    return _holds(_known(folder), name, content, own_key())


@cache
def _passing_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _make(path: Path) -> None:
    """Write a new key, whole before it has its name, and none over another that was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _known(folder: Path) -> set[tuple[str, str]]:
    """Read the seals of a folder as pairs of code and name; a torn line holds for nothing."""
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return set()
    return {(code, name) for code, _, name in (line.partition("  ") for line in lines)}


def _holds(known: set[tuple[str, str]], name: str, content: bytes, key: bytes | None) -> bool:
    if key is None:
        return False
    code = _code(name, content, key).encode()
    return any(own == name and hmac.compare_digest(code, other.encode()) for other, own in known)


def _code(name: str, content: bytes, key: bytes) -> str:
    return hmac.new(key, name.encode() + b"\0" + content, hashlib.sha256).hexdigest()
