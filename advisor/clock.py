"""What time it is, by a clock that nobody can set: a system whose time is put right in mid-run lengthens no budget."""

from __future__ import annotations

import time

_BEGAN = time.time() - time.monotonic()


def now() -> float:
    """Return seconds since the epoch, as they were told when this process began and counted on from there."""
    return _BEGAN + time.monotonic()
