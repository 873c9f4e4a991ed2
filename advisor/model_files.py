"""Model files: written so that loading them runs no code, or where that cannot be as a pickle, which asks for trust.

The ending tells which: an inert model (see `inert`) is a .npz that anybody may load, a pickle is a .joblib, which runs
whatever code it holds, so that it is loaded where this user has sealed it (see `seals`), or trusts whoever made it.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from advisor import inert, seals
from advisor.errors import UserError
from advisor.whole import whole_file

INERT, PICKLE = ".npz", ".joblib"
# A model lies in the folder of the model to use, or in that of the models of the folds, and nowhere else.
_NAME = re.compile(r"(?:model|folds)/[^./\\][^/\\]*\.(?:npz|joblib)")


def write(model: Any, path: Path) -> Path:
    """Write a fitted model to `path`, which ends with .npz, or beside it as .joblib where something in it is not inert.

    Returns where it is; of the two files one is there afterwards. Raises Unwritable where the disk is full.
    """
    import joblib

    pickled = path.with_suffix(PICKLE)
    try:
        with whole_file(path) as draft:
            inert.write(model, draft)
        pickled.unlink(missing_ok=True)
        return path
    except inert.NotInert:
        with whole_file(pickled) as draft:
            joblib.dump(model, draft)
        path.unlink(missing_ok=True)
        return pickled


def found(path: Path) -> Path:
    """Return where a model is that was written to `path`; where there is none, `path`."""
    pickled = path.with_suffix(PICKLE)
    return pickled if pickled.is_file() and not path.is_file() else path


def remove(path: Path) -> None:
    """Remove a model that was written to `path`, if there is one."""
    for file in (path, path.with_suffix(PICKLE)):
        file.unlink(missing_ok=True)


def read(path: Path) -> Any:
    """Load a model that this program has just written itself."""
    return _loaded(path.read_bytes(), path.suffix)


def load(folder: Path, name: str, *, trust: bool) -> Any:
    """Load a model of a run's folder: an inert one in any case, a pickle if it is sealed or `trust` lets it run code.

    `name` is relative to the folder. Raises UserError where neither is so, and where the file is not there or damaged.
    """
    run = folder.absolute().name
    if not is_model(name):
        raise UserError(f"The run {run!r} names {name!r} as a model of its own, which it cannot be; it is not loaded.")
    try:
        content = (folder / name).read_bytes()  # what is loaded is what was looked at, whatever becomes of the file
    except OSError as problem:
        raise UserError(f"The model {name!r} of the run {run!r} cannot be read ({problem.strerror}).") from problem
    if executes(name) and not trust and not seals.fits(folder, name, content):
        raise UserError(
            f"The model {name!r} of the run {run!r} was not made by you on this machine, or was changed since, and "
            "loading it runs whatever code it holds; add --trust (Python: trust=True) if you trust whoever made it."
        )
    return _told(content, f"The model {name!r} of the run {run!r}", Path(name).suffix)


def load_model(path: str | Path, *, trust: bool = False) -> Any:
    """Load a model that `advisor model` has written: a .npz in any case, a .joblib if `trust` lets it run code.

    Raises UserError where the file is neither, is not there or damaged, or may not be loaded.
    """
    place = Path(path)
    if place.suffix not in (INERT, PICKLE):
        raise UserError(f"{str(path)!r} is no model; give a file that ends with {INERT} or {PICKLE}.")
    if place.suffix == PICKLE and not trust:
        raise UserError(
            f"Loading {str(path)!r} runs whatever code it holds; say trust=True if you trust whoever made it."
        )
    try:
        content = place.read_bytes()
    except OSError as problem:
        raise UserError(f"The model {str(path)!r} cannot be read ({problem.strerror}).") from problem
    return _told(content, f"The model {str(path)!r}", place.suffix)


def executes(name: str) -> bool:
    """Tell whether loading the model of this name would run code out of its file."""
    return name.endswith(PICKLE)


def is_model(name: Any) -> bool:
    """Tell whether `name` may be that of a model of a run: below its folder, where models lie."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _told(content: bytes, which: str, suffix: str) -> Any:
    try:
        return _loaded(content, suffix)
    except Exception as problem:
        # A file that was cut, changed or made with other versions fails in whatever class its pieces raise.
        raise UserError(
            f"{which} cannot be loaded ({_reason(problem)}): it is damaged, or was made with other versions of the "
            "packages in it; compare again to get a new one."
        ) from problem


def _reason(problem: Exception) -> str:
    words = " ".join(str(problem).split()) if type(problem) is ValueError else ""
    return words[:200] or type(problem).__name__


def _loaded(content: bytes, suffix: str) -> Any:
    import joblib

    return inert.read(content) if suffix == INERT else joblib.load(io.BytesIO(content))
