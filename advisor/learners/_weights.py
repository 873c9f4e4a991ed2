"""Where pre-trained weights lie: one place that is named serves every net, each knows its own files by their names."""

from __future__ import annotations

from pathlib import Path

from advisor.contracts import DOWNLOAD


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
