"""How fast is this machine now, busy as it may be? A piece of work, timed, against where costs were taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

# What the piece took on a quiet core of the machine where the learners' seconds were taken (benchmarks/seconds.py).
REFERENCE_SECONDS = 0.0020
PIECES = 12


def speed(clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how many times as long as on the reference machine a core takes now: 2 where it is half as fast.

    The piece is what fits are made of, small matrix products with something for each entry and a sort between them; the
    median of a dozen, a tenth of a second in all. A core that is shared shows as a slow one.
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
    return float(np.clip(median(taken) / REFERENCE_SECONDS, 0.2, 20.0))
