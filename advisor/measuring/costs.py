"""What a model costs to train, keep and ask: seconds, memory, size and latency are measured; energy is an estimate."""

from __future__ import annotations

import platform
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import psutil

BYTES_PER_MB = 1_000_000
_SAMPLES_PER_SECOND = 20
# What a busy core draws where nothing is known of the processor: the default of the Green Algorithms calculator
# (Lannelongue, Grealey and Inouye 2021), whose table of processors runs from 4 to 24 W a core. Memory and cooling are
# not counted.
CPU_WATTS_PER_CORE = 12.0

Clock = Callable[[], float]
T = TypeVar("T")


@dataclass(frozen=True)
class Seconds:
    """Time on the wall, and of the processor."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall - other.wall, self.cpu - other.cpu)

    def part(self, share: float) -> Seconds:
        """Return a share of it."""
        return Seconds(self.wall * share, self.cpu * share)


# What this process has not done again, since it remembers what came of it.
_spared = Seconds()


def spared(seconds: Seconds) -> None:
    """Take note that something was remembered that has taken so long before; a Stopwatch counts it as done."""
    global _spared
    _spared = _spared + seconds


def timed(make: Callable[[], T]) -> tuple[T, Seconds]:
    """Return what `make` makes, and how long that takes with what was spared in it: what `spared` wants to know."""
    began = _spared + Seconds(time.perf_counter(), time.process_time())
    made = make()
    return made, _spared + Seconds(time.perf_counter(), time.process_time()) - began


def resident_mb() -> float:
    """Return the resident memory of this process in MB (10^6 bytes)."""
    return float(psutil.Process().memory_info().rss) / BYTES_PER_MB


@cache
def cpu_name() -> str:
    """Return what its maker calls the processor, or at least its architecture."""
    with suppress(OSError):
        # Linux: platform.processor() knows the architecture at best.
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


@cache
def gpu_watts() -> float | None:
    """Return the power limit in watts of the first NVIDIA GPU as its driver tells it, or None where nothing tells."""
    question = ["nvidia-smi", "--query-gpu=power.limit", "--format=csv,noheader,nounits"]
    with suppress(OSError, ValueError, IndexError, subprocess.SubprocessError):
        told = subprocess.run(question, capture_output=True, text=True, timeout=10, check=True)
        return float(told.stdout.splitlines()[0])
    return None


def energy_wh(cpu_seconds: float, gpu_seconds: float = 0.0, watts_of_gpu: float | None = None) -> float | None:
    """Estimate watt-hours: CPU seconds at CPU_WATTS_PER_CORE, and GPU seconds at the GPU's power limit.

    A rough figure that tells orders of magnitude: a core may draw a third of this or twice as much, and a GPU seldom
    reaches its limit. None where a GPU was used whose limit is not known.
    """
    if gpu_seconds > 0 and watts_of_gpu is None:
        return None
    return (cpu_seconds * CPU_WATTS_PER_CORE + gpu_seconds * (watts_of_gpu or 0.0)) / 3600


class Stopwatch:
    """Measures a `with` block: wall seconds, CPU seconds of this process, and the growth of its memory in MB.

    Memory is sampled about twenty times a second by a daemon thread, so a peak shorter than that, or one inside a call
    that holds the interpreter lock, can be missed: `peak_memory_mb` is a lower bound. It is the growth over the start,
    never negative. Child processes are not counted. The figures may be read inside the block, where they stand for the
    time so far, and do not change after it, whether it ended well or by an exception.

    What was `spared` inside the block counts as if it had been done there: what a fit takes does not depend on who was
    fitted before it. `spared_seconds` tells how much of the wall seconds that is.
    """

    def __init__(
        self, clock: Clock = time.perf_counter, cpu_clock: Clock = time.process_time, memory_mb: Clock = resident_mb
    ) -> None:
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._memory_mb = memory_mb
        self._stop = threading.Event()
        self._sampler: threading.Thread | None = None
        self._ended: tuple[float, float] | None = None

    def __enter__(self) -> Stopwatch:
        self._start_memory_mb = self._peak_mb = self._memory_mb()
        self._sampler = threading.Thread(target=self._sample, name="stopwatch-memory", daemon=True)
        self._sampler.start()
        self._spared_before = _spared
        self._start = (self._clock(), self._cpu_clock())
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended = (self._clock(), self._cpu_clock())
        self._spared = self._spared_here()
        self._stop.set()
        if self._sampler is not None:
            self._sampler.join()
        self._peak_mb = max(self._peak_mb, self._memory_mb())

    def _sample(self) -> None:
        while not self._stop.wait(1 / _SAMPLES_PER_SECOND):
            self._peak_mb = max(self._peak_mb, self._memory_mb())

    @property
    def wall_seconds(self) -> float:
        """Seconds on the wall since the block began, or of the whole block once it has ended."""
        return (self._ended[0] if self._ended else self._clock()) - self._start[0] + self.spared_seconds

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all threads of this process, user and system."""
        cpu = (self._ended[1] if self._ended else self._cpu_clock()) - self._start[1]
        return cpu + (self._spared if self._ended else self._spared_here()).cpu

    @property
    def spared_seconds(self) -> float:
        """Seconds on the wall that the block would have taken longer if nothing had been remembered."""
        return (self._spared if self._ended else self._spared_here()).wall

    def _spared_here(self) -> Seconds:
        return _spared - self._spared_before

    @property
    def peak_memory_mb(self) -> float:
        """Largest growth of resident memory over the start that was seen, in MB."""
        return max(0.0, self._peak_mb - self._start_memory_mb)


def one_row_of(frame: pd.DataFrame, position: int) -> pd.DataFrame:
    """Return one row of a frame, as a frame."""
    return frame.iloc[[position]]


def latency(
    estimator: Any,
    inputs: Any,
    seconds: float = 0.3,
    most: int = 100,
    *,
    one_row: Callable[[Any, int], Any] = one_row_of,
    clock: Clock = time.perf_counter,
) -> tuple[float, float]:
    """Return the median and the 99th percentile of the milliseconds that one prediction of one row takes.

    One call warms up and is not counted; then rows of `inputs` are asked one by one (`one_row` takes one out, as the
    modality has it), in order and around again, until `seconds` have passed or `most` calls are made, and at least
    once. With at most 100 calls the 99th percentile is close to the slowest call. Raises ValueError where `inputs` has
    no row.
    """
    if len(inputs) == 0:
        raise ValueError("at least one row is needed to time a prediction, and there is none")
    predict = _prediction(estimator)
    rows = (one_row(inputs, position % len(inputs)) for position in count())
    predict(next(rows))
    milliseconds: list[float] = []
    started = clock()
    while not milliseconds or (len(milliseconds) < most and clock() - started < seconds):
        row = next(rows)
        before = clock()
        predict(row)
        milliseconds.append(1000 * (clock() - before))
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return float(p50), float(p99)


def _prediction(estimator: Any) -> Callable[[Any], Any]:
    """Return what a user of the model would call: probabilities where there are any, else values."""
    method: Callable[[Any], Any] = getattr(estimator, "predict_proba", None) or estimator.predict
    return method
