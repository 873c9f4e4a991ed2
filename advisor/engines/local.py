"""Local processes that run work as it is handed to them: one that hangs, dies or is late takes no other with it."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import pickle
import random
import signal
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, reduction, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil
from pebble import ProcessExpired, ProcessPool

from advisor import clock
from advisor.errors import OutOfTime, WorkerKilled
from advisor.whole import unwritable

# How often an item is begun whose worker is killed: it may have been the memory that others took.
MOST_TRIES = 2
# An address of a Unix socket has 107 bytes, 103 on macOS, of which multiprocessing takes some thirty for its own.
LONGEST_TEMPORARY = 70
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

# A worker that ends with status 0 has this as its exit code, and after its end so long to be heard (see _Worker).
ENDED_WITH_0, HEARD_SECONDS = 256, 0.5
# Who is below this process, or was, has this in its environment.
MARK = "ADVISOR_WORKERS_OF"

_shared: Any = None


class LocalEngine:
    """A pool of worker processes that all hold `shared` and use `threads` threads each; a context manager.

    `clock` tells the time, in seconds since the epoch.

    Workers are forked from a clean server process where the system allows it (never from the caller, whose threads
    would be torn), and spawned elsewhere. The caller's main module is not run again, so a script needs no guard.
    """

    def __init__(self, shared: Any, workers: int, threads: int, clock: Callable[[], float] = clock.now) -> None:
        self.workers, self._threads, self._clock = workers, threads, clock
        self._payload = _Payload(shared)
        warm_up()
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.workers,
            initializer=_start_worker,
            initargs=(self._payload, self._threads),
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
        stopped then. One whose worker was killed is tried once more, and then it is WorkerKilled.
        """
        waiting = iter(items)
        running: dict[Future[Any], tuple[Any, int]] = {}
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
                if item.deadline <= self._clock():
                    yield item, OutOfTime("the budget ran out before it began")
                    continue
                running[self._begin(work, item)] = item, 1
            done: set[Future[Any]] = set()
            if running:
                soonest = min(item.deadline for item, _ in running.values())
                done, _ = wait(running, max(0.0, soonest - self._clock()), FIRST_COMPLETED)
            if not done:
                # The pool could stop what is late itself, but by a clock that can be set.
                for future in [each for each, (item, _) in running.items() if item.deadline <= self._clock()]:
                    future.cancel()
                    yield running.pop(future)[0], OutOfTime("the budget ran out before it was done")
            for future in done:
                problem, (item, tries) = future.exception(), running.pop(future)
                if isinstance(problem, ProcessExpired | BrokenProcessPool):
                    if tries < MOST_TRIES and item.deadline > self._clock():
                        running[self._begin(work, item)] = item, tries + 1
                        continue
                    problem = _killed(problem, tries)
                yield item, _read(future.result()) if problem is None else problem

    def _begin(self, work: Callable[[Any, Any], Any], item: Any) -> Future[Any]:
        """Hand an item to the pool; to a new one where a worker was killed at rest, which breaks a pool."""
        try:
            return self._pool.schedule(_call, args=(work, item))
        except RuntimeError:
            self._pool.stop()
            self._pool.join()
            self._pool = self._new_pool()
        try:
            return self._pool.schedule(_call, args=(work, item))
        except RuntimeError as problem:
            hopeless = Future[Any]()
            hopeless.set_exception(problem)
            return hopeless

    def close(self) -> None:
        """Stop all workers, whatever they do, and whom they have left behind, and forget the shared data."""
        self._pool.stop()
        self._pool.join()
        self._payload.close()
        _end_orphans()


def warm_up() -> None:
    """Start the process that workers are forked from, so that its imports run while the caller reads its data."""
    if isinstance(_context(), ForkServerContext):
        resource_tracker.ensure_running()  # it lets Ctrl-C through again when it has started
        with _in_environment(), _nameless_main(), _deaf_to_ctrl_c():
            forkserver.ensure_running()


def warmed_up(seconds: float) -> bool:
    """Wait until the process that workers are forked from has loaded what they need, at most so many seconds of wall
    time; tell whether it has. Where workers are not forked each loads that itself, and nothing is waited for."""
    if not isinstance(_context(), ForkServerContext):
        return True
    first = threading.Thread(target=_fork_once, name="advisor-warm-up", daemon=True)
    first.start()
    first.join(max(seconds, 0.0))
    return not first.is_alive()


def _fork_once() -> None:
    """Fork a process that does nothing; its caller waits until the server listens."""
    with suppress(OSError, EOFError):  # a server that has died is told of, or begun anew, by whoever needs it next
        process = _context().Process(target=int, daemon=True)
        process.start()
        process.join()


def _killed(problem: BaseException, tries: int) -> WorkerKilled:
    """Say how the workers of an item ended."""
    code = getattr(problem, "exitcode", None)
    how = "was ended" if code is None else f"ended with status {code % ENDED_WITH_0}"
    if code is not None and code < 0:
        known = code in {-each for each in signal.Signals}
        how = f"was ended by signal {-code}{f' ({signal.Signals(-code).name})' if known else ''}"
    often = "" if tries == 1 else ", and so it was when it was tried once more"
    memory = "; a system that is out of memory does that" if code == -9 else ""
    return WorkerKilled(f"its process {how}{often}{memory}")


def _end_orphans() -> None:
    """End what workers had started and left behind when they ended: nobody waits for it, or would ever end it."""
    mine = _mark()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # gone by now, or somebody else's
            if process.environ().get(MARK) == mine and os.getpid() not in {one.pid for one in process.parents()}:
                process.kill()


def _mark() -> str:
    """Return what no other process has in its environment; a number alone is given again."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


class _Payload:
    """What all workers hold, pickled into a file without a name: whatever ends this process, nothing stays behind.

    A worker that is started inherits the file and reads it; where files cannot be inherited it gets a copy. Raises
    Unwritable where there is no room for it.
    """

    def __init__(self, shared: Any) -> None:
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(prefix="advisor-")  # noqa: SIM115 (closed with the engine)
            pickle.dump(shared, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            self._file.flush()
        except OSError as problem:
            raise unwritable(Path(tempfile.gettempdir()), problem) from problem

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        if sys.platform == "win32":
            self._file.seek(0)
            return pickle.loads, (self._file.read(),)
        return _from_inherited, (reduction.DupFd(self._file.fileno()),)

    def close(self) -> None:
        self._file.close()


def _from_inherited(handle: Any) -> Any:
    descriptor = handle.detach()
    try:
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
            return pickle.loads(data)
    finally:
        os.close(descriptor)


def _call(work: Callable[[Any, Any], Any], item: Any) -> bytes:
    """Return the result as bytes, so that one that cannot be written, or read, is the failure of this item alone."""
    with _left_as_found():
        return pickle.dumps(work(item, _shared), protocol=pickle.HIGHEST_PROTOCOL)


def _read(result: bytes) -> Any:
    try:
        return pickle.loads(result)
    except Exception as problem:
        return problem


@contextmanager
def _left_as_found() -> Iterator[None]:
    """Let nothing that work does to its process change what comes after it, and begin with the same random numbers."""
    environment, floats, place = dict(os.environ), np.geterr(), None
    with suppress(FileNotFoundError):  # removed while the workers are at work
        place = os.getcwd()
    random.seed(0)
    np.random.seed(0)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        np.seterr(**floats)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        if place is not None:
            os.chdir(place)


def _start_worker(shared: Any, threads: int) -> None:
    """Hold the shared data, keep to the given threads, leave Ctrl-C to the caller, and end when the caller ends."""
    global _shared
    silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_caller, name="advisor-caller", daemon=True).start()
    # The pool's own handler would run when a long call of a library returns, and the pool would wait for it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    _shared = shared


def silence() -> None:
    """Let what anybody writes in this process go nowhere.

    The caller's stdout carries the answer alone, and whoever that is piped to would wait for the last who holds it.
    """
    with open(os.devnull, "r+b") as nowhere:
        for stream in (0, 1, 2):
            os.dup2(nowhere.fileno(), stream)


def _end_with_caller() -> None:
    """Wait until the caller is no more, killed perhaps, and end at once: nobody waits for what is under way."""
    if (caller := multiprocessing.parent_process()) is not None:
        caller.join()
        os._exit(1)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Start what is started here deaf to Ctrl-C, which reaches everyone on the terminal (see engines.preload)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
def _in_environment() -> Iterator[None]:
    """Set what has to stand in the environment before a worker starts: whose it is, and a number of threads.

    OpenMP reads that when it is loaded. One is right for whatever does not ask: two that spin on a busy core are many
    times slower than one. Learners name the threads they want.
    """
    wanted = {MARK: _mark(), **dict.fromkeys(THREAD_VARIABLES, "1")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Worker:
    """A worker as its pool sees it, which takes a quick end for an end at rest, and one with status 0 for its own."""

    _dead_since: float | None = None
    _stopped = False

    def terminate(self) -> None:
        self._stopped = True
        super().terminate()  # type: ignore[misc]

    def is_alive(self) -> bool:
        """Be alive for a while after an end that nobody wished for: what it said last may not have been heard yet."""
        alive: bool = super().is_alive()  # type: ignore[misc]
        if alive or self._stopped:
            return alive
        self._dead_since = self._dead_since or clock.now()
        return clock.now() < self._dead_since + HEARD_SECONDS

    @property
    def exitcode(self) -> int | None:
        code: int | None = super().exitcode  # type: ignore[misc]
        return ENDED_WITH_0 if code == 0 else code


class _Fork(_Worker, ForkServerProcess):
    def start(self) -> None:
        with _nameless_main():
            super().start()


class _Spawn(_Worker, SpawnProcess):
    def start(self) -> None:
        with _nameless_main():
            super().start()


class _ForkContext(ForkServerContext):
    Process = _Fork


class _SpawnContext(SpawnContext):
    Process = _Spawn


def _context() -> ForkServerContext | SpawnContext:
    # The server listens at a file in the folder for temporary files, whose name may be too long for that.
    too_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_TEMPORARY
    if too_long or "forkserver" not in multiprocessing.get_all_start_methods():
        return _SpawnContext()
    context = _ForkContext()
    context.set_forkserver_preload(["advisor.engines.preload"])
    return context
