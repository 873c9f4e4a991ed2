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
    path = Path(source)
    if path.is_dir():
        raise UserError(f"{str(source)!r} is a folder that no modality reads; give {readable}.")
    if not path.exists():
        raise UserError(f"There is no file {str(source)!r}; give {readable}.")
    raise UserError(f"{path.name!r} cannot be read by its ending; give {readable}.")
