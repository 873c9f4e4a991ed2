"""Local processes that run work as it is handed to them: one that hangs, dies or is late takes no other with it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from advisor.errors import OutOfTime

# Imported once by the process that workers are forked from, while the caller reads its data. What only some learners
# need each worker loads when it meets the first of them; torch no comparison does without, and two workers that load it
# at once wait seconds for it.
PRELOADED = (
    "advisor.fitting.fold",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.neighbors",
    "torch",
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_shared: Any = None


class LocalEngine:
    """A pool of worker processes that all hold `shared` and use `threads` threads each; a context manager.

    `clock` tells the time, in seconds since the epoch.

    Workers are forked from a clean server process where the system allows it (never from the caller, whose threads
    would be torn), and spawned elsewhere. The caller's main module is not run again, so a script needs no guard.
    """

    def __init__(self, shared: Any, workers: int, threads: int, clock: Callable[[], float] = time.time) -> None:
        self.workers, self._clock = workers, clock
        with tempfile.NamedTemporaryFile(prefix="advisor-", suffix=".pickle", delete=False) as file:
            pickle.dump(shared, file, protocol=pickle.HIGHEST_PROTOCOL)
        self._payload = Path(file.name)
        warm_up()
        self._pool = ProcessPool(
            max_workers=workers,
            initializer=_start_worker,
            initargs=(str(self._payload), threads),
            context=_context(),
        )

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def map(self, work: Callable[[Any, Any], Any], items: Iterable[Any | None]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) as results come; the result of what failed is the exception, never raised here.

        `work(item, shared)` must be a module-level function. Items are drawn when a worker is free, so that what comes
        next may depend on what came before: None stands for "nothing before another result is in". An item has a
        `deadline` (seconds since the epoch): one that has not begun by then is OutOfTime, and so is one that is
        stopped then.
        """
        waiting = iter(items)
        running: dict[Future[Any], Any] = {}
        drained = False
        while running or not drained:
            while not drained and len(running) < self.workers:
                try:
                    item = next(waiting)
                except StopIteration:
                    drained = True
                    break
                if item is None:
                    drained = not running  # nothing is under way that could change that
                    break
                seconds = item.deadline - self._clock()
                if seconds <= 0:
                    yield item, OutOfTime("the budget ran out before it began")
                    continue
                running[self._pool.schedule(_call, args=(work, item), timeout=max(seconds, 0.01))] = item
            done, _ = wait(running, return_when=FIRST_COMPLETED) if running else (set(), None)
            for future in done:
                problem = future.exception()
                if isinstance(problem, TimeoutError):
                    problem = OutOfTime("the budget ran out before it was done")
                yield running.pop(future), future.result() if problem is None else problem

    def close(self) -> None:
        """Stop all workers, whatever they do, and forget the shared data."""
        self._pool.stop()
        self._pool.join()
        self._payload.unlink(missing_ok=True)


def warm_up() -> None:
    """Start the process that workers are forked from, so that its imports run while the caller reads its data."""
    if isinstance(_context(), ForkServerContext):
        with _one_thread_in_environment(), _nameless_main():
            forkserver.ensure_running()


def _call(work: Callable[[Any, Any], Any], item: Any) -> Any:
    return work(item, _shared)


def _start_worker(payload: str, threads: int) -> None:
    """Hold the shared data, keep to the given threads, and leave Ctrl-C to the caller."""
    global _shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    _shared = pickle.loads(Path(payload).read_bytes())


@contextmanager
def _nameless_main() -> Iterator[None]:
    """Hide the caller's script while a worker starts, or the worker would run it again from the top."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _one_thread_in_environment() -> Iterator[None]:
    """OpenMP reads its number of threads when it is loaded, so it must stand in the environment before.

    One is right for whatever does not ask: two that spin on a busy core are many times slower than one. Learners name
    the threads they want.
    """
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Fork(ForkServerProcess):
    def start(self) -> None:
        with _nameless_main():
            super().start()


class _Spawn(SpawnProcess):
    def start(self) -> None:
        with _nameless_main():
            super().start()


class _ForkContext(ForkServerContext):
    Process = _Fork


class _SpawnContext(SpawnContext):
    Process = _Spawn


def _context() -> ForkServerContext | SpawnContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return _SpawnContext()
    context = _ForkContext()
    context.set_forkserver_preload(list(PRELOADED))
    return context
