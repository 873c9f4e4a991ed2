"""The kinds of data that can be compared on: each folder in here is one and ends with its MODALITY.

The catalogue of data sets, advisor.modalities.cards, is a source that any of them may read from.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from advisor.contracts import Modality
from advisor.errors import UserError, did_you_mean
from advisor.wording import shortened


@cache
def catalogue() -> tuple[Modality, ...]:
    """Return every modality of this folder, by name."""
    names = sorted(module.name for module in iter_modules(__path__) if module.ispkg)
    return tuple(import_module(f"{__name__}.{name}").MODALITY for name in names)


def find(name: str) -> Modality:
    """Return the modality called `name`; a UserError names the near ones."""
    known = {modality.name: modality for modality in catalogue()}
    if name not in known:
        raise UserError(f"No modality is called {name!r}. {did_you_mean(name, known)}")
    return known[name]


def claim(source: Any) -> Modality:
    """Return the one modality that reads `source`; a UserError says what could be read instead."""
    claimed = [modality for modality in catalogue() if modality.claims(source)]
    if len(claimed) == 1:
        return claimed[0]
    readable = "; or ".join(modality.reads for modality in catalogue())
    if not isinstance(source, (str, Path)):
        raise UserError(f"Data of type {type(source).__name__} cannot be read; give {readable}.")
    path, shown = Path(source), shortened(str(source), 200)
    if is_there(path) and path.is_dir():
        raise UserError(f"{shown!r} is a folder that no modality reads; give {readable}.")
    if not is_there(path):
        raise UserError(f"There is no file {shown!r}; give {readable}.")
    raise UserError(f"{shortened(path.name, 80)!r} cannot be read by its ending; give {readable}.")


def is_there(path: Path) -> bool:
    """Tell whether there is something under a path, whatever name it has."""
    try:
        return path.exists()
    except (OSError, ValueError):  # longer than a name can be, or with what no name can hold
        return False
