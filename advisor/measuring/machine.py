"""How fast is this machine now, busy as it may be? A piece of work, timed, against where costs were taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import fmean

import numpy as np
from threadpoolctl import threadpool_limits

# What the piece took on a quiet core of the machine where the learners' seconds were taken (benchmarks/seconds.py).
REFERENCE_SECONDS = 0.0020
# Whoever was asleep before gets a core to itself at first, even where others want it: so many pieces outlast that.
PIECES = 40
# The part of the pieces, the longest, that does not count: one pause is no slow machine.
PAUSES_SHARE = 0.05


def speed(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how many times as long as on the reference machine a core takes now: 2 where it is half as fast.

    The piece is what fits are made of, small matrix products with something for each entry and a sort between them; the
    mean of forty, a tenth of a second in all. A core that is shared shows as a slow one, for as much of the time as
    others have it.
    """
    rng = np.random.default_rng(0)
    batch, weights = (rng.standard_normal(shape).astype(np.float32) for shape in ((256, 128), (128, 128)))
    taken = []
    # Threads of one product that wait for each other on a busy core would show as a machine twenty times as slow.
    with threadpool_limits(1):
        for _ in range(PIECES):
            began = clock()
            hidden = batch
            for _ in range(20):
                hidden = np.tanh(hidden @ weights * np.float32(0.05))
            np.sort(hidden.ravel())
            taken.append(clock() - began)
    counted = sorted(taken)[: PIECES - round(PAUSES_SHARE * PIECES)]
    return float(np.clip(fmean(counted) / REFERENCE_SECONDS, 0.2, 20.0))
