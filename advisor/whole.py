"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from advisor.errors import Unwritable

# What a file is called while it is written; one that a process left behind when it was killed may be removed.
UNFINISHED = ".part"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield where to write; what was written takes the place of `path` once it is on the disk, after the block.

    The folder is made where it is missing. An exception in the block leaves `path` as it was. Raises Unwritable where
    the disk is full or nobody may write there.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        _to_disk(draft)
        draft.replace(path)
        with suppress(OSError):  # not every system opens folders; the file is whole under either name
            _to_disk(path.parent)
    except OSError as problem:
        raise unwritable(path, problem) from problem
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def sum_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unwritable(path: Path, problem: OSError) -> Unwritable:
    """Say that `path` cannot be written, and what the system says of it."""
    return Unwritable(f"{str(path)!r} cannot be written ({problem.strerror or problem}).")


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
