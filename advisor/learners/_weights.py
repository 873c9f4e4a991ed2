"""What nets with weights from elsewhere share: one place serves all, and each knows its own files by their names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advisor.contracts import DOWNLOAD, Setting
from advisor.errors import UserError

# Libraries of nets from elsewhere report nobody's use home unless asked to; they look on their import, after this.
for _variable in ("HF_HUB_DISABLE_TELEMETRY", "TABPFN_DISABLE_TELEMETRY"):
    os.environ.setdefault(_variable, "1")


def weights_file(foundation: str, pattern: str) -> Path | None:
    """Return the file that `foundation` names, where its name fits `pattern`, or the last that fits in a folder.

    The pattern is that of the published names, so that one folder can hold the weights of several nets. None where
    nothing fits, and for DOWNLOAD.
    """
    place = Path(foundation)
    if foundation == DOWNLOAD or not place.exists():
        return None
    fitting = [path for path in place.parent.glob(pattern) if path == place] if place.is_file() else place.glob(pattern)
    return max((path for path in fitting if path.is_file()), default=None)


def foundation_of(setting: Setting, absent: Callable[[str, Any], str | None]) -> str:
    """Return where the weights are; raises UserError where nobody says so, or `absent` has a reason against it."""
    if setting.foundation is None:
        raise UserError("This net needs pre-trained weights; say with --foundation where they are.")
    if reason := absent(setting.foundation, setting.task):
        raise UserError(f"This net needs pre-trained weights, but {reason}.")
    return setting.foundation


def too_large(profile: Any, *, rows: int, columns: int, classes: int | None = None) -> str | None:
    """Say for which tables a net was made, where the profile's is larger."""
    if profile.rows > rows or len(profile.columns) > columns:
        return f"made for up to {rows:,} rows and {columns} columns"
    if classes is not None and len(profile.target.get("classes", ())) > classes:
        return f"made for up to {classes} classes"
    return None
