"""A worker that hangs, dies or raises takes no other item with it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from advisor.engines.local import LocalEngine, warmed_up
from advisor.errors import OutOfTime, WorkerKilled


@dataclass(frozen=True)
class Item:
    name: str
    deadline: float


def work(item, shared):
    if item.name == "hangs":
        time.sleep(1_000)
    if item.name == "naps":
        time.sleep(2)
    if item.name == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if item.name == "raises":
        raise ValueError("a reason")
    return shared, item.name, os.environ["OMP_NUM_THREADS"]


def in_time() -> float:
    return time.time() + 300


def test_each_item_has_its_own_end():
    assert warmed_up(300.0)
    names = ["fine", "hangs", "dies", "raises", "late", "fine too"]
    with LocalEngine({"shared": 1}, workers=2, threads=1) as engine:
        # However long workers take to start here, what hangs has begun well before its deadline.
        list(engine.map(work, [Item("first", in_time()), Item("second", in_time())]))
        deadlines = {"hangs": time.time() + 6, "late": time.time() - 1}
        items = [Item(name, deadlines.get(name, in_time())) for name in names]
        results = {item.name: result for item, result in engine.map(work, items)}
    assert results["fine"] == ({"shared": 1}, "fine", "1"), "one thread where nobody asks for more"
    assert results["fine too"][1] == "fine too"
    assert isinstance(results["hangs"], OutOfTime) and "before it was done" in str(results["hangs"])
    assert isinstance(results["late"], OutOfTime) and "before it began" in str(results["late"])
    assert isinstance(results["raises"], ValueError)
    assert isinstance(results["dies"], WorkerKilled) and "signal 9 (SIGKILL), and so it was" in str(results["dies"])


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(None, workers=1, threads=1) as known:
        yield known


def test_a_clock_that_is_set_while_work_goes_on_ends_nothing(engine, monkeypatch):
    asleep = engine.map(work, [Item("naps", in_time())])
    told, began = time.time, time.monotonic()
    # Put forward by an hour when the item has long been begun.
    monkeypatch.setattr(time, "time", lambda: told() + (3600.0 if time.monotonic() > began + 1.0 else 0.0))
    assert [result[1] for _, result in asleep] == ["naps"]


def test_items_are_drawn_only_when_a_worker_is_free(engine):
    drawn = []

    def items():
        for number in range(4):
            drawn.append(number)
            yield Item(str(number), in_time())

    running = engine.map(work, items())
    next(running)
    assert drawn == [0]
    assert [item.name for item, _ in running] == ["1", "2", "3"]


def test_none_stands_for_nothing_before_another_result_is_in():
    """What comes next may depend on what came before, however many workers would be free."""
    came = []

    def items():
        yield Item("first", in_time())
        while not came:
            yield None
        yield Item("second", in_time())

    with LocalEngine(None, workers=2, threads=1) as engine:
        for item, _ in engine.map(work, items()):
            came.append(item.name)
    assert came == ["first", "second"]


def test_none_with_nothing_under_way_is_the_end(engine):
    assert list(engine.map(work, iter([None, Item("never", in_time())]))) == []
    assert list(engine.map(work, [])) == []


def marked(item, shared):
    """Be killed the first time, which a file says was the first."""
    if not os.path.exists(item.name):
        open(item.name, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_what_a_worker_was_killed_at_is_tried_once_more(engine, tmp_path):
    items = [Item(str(tmp_path / name), in_time()) for name in "ab"]
    assert [result for _, result in engine.map(marked, items)] == ["done", "done"]


def pid(item, shared):
    return os.getpid()


def test_a_worker_that_is_killed_at_rest_is_missed_by_nobody(engine):
    for _ in range(2):
        ((_, worker),) = engine.map(pid, [Item("", in_time())])
        os.kill(worker, signal.SIGKILL)
    time.sleep(0.5)
    assert [result for _, result in engine.map(work, [Item("fine", in_time())])] == [(None, "fine", "1")]


class Unreadable:
    def __reduce__(self):
        return int, ("no number",)


def odd(item, shared):
    return (lambda: None) if item.name == "unwritable" else Unreadable() if item.name == "unreadable" else os._exit(0)


def test_a_result_that_cannot_be_sent_or_read_and_a_quiet_end_are_failures_of_one_item(engine):
    items = [Item(name, in_time()) for name in ("unwritable", "unreadable", "ends")]
    results = {item.name: result for item, result in engine.map(odd, items)}
    assert isinstance(results["unwritable"], (AttributeError, TypeError, pickle.PicklingError))
    assert isinstance(results["unreadable"], ValueError) and "no number" in str(results["unreadable"])
    assert isinstance(results["ends"], WorkerKilled) and "ended with status 0" in str(results["ends"])
    assert [result for _, result in engine.map(work, [Item("fine", in_time())])] == [(None, "fine", "1")]


ENDLESS = """
import os, sys, time, types
import advisor.engines.local as local
def main():
    item = types.SimpleNamespace(deadline=time.time() + 600)
    engine = local.LocalEngine(b"the table of somebody" * 100_000, workers=2, threads=1)
    for _, pid in engine.map(by_name, [item, item]):
        print(pid, flush=True)
    for _ in engine.map(time_away, [item, item]):
        pass
from tests.engines.test_local import pid as by_name, hangs as time_away
main()
"""


def hangs(item, shared):
    time.sleep(1_000)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_process_that_was_killed_neither_a_worker_nor_a_file_with_the_data(tmp_path, ending):
    places = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    process = subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, text=True, env=places)
    workers = {int(process.stdout.readline()) for _ in range(2)}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert workers and not files, "not even while it is at work"
    process.send_signal(ending)
    process.wait()
    until = time.monotonic() + 30
    while any(map(at_work, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(at_work, workers))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def at_work(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_package_that_cannot_be_imported_keeps_no_worker_from_starting(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise OSError('libcudart.so: cannot open shared object file')")
    code = (
        "import operator, time, types\nfrom advisor.engines.local import LocalEngine\n"
        "item = types.SimpleNamespace(deadline=time.time() + 60)\n"
        "with LocalEngine(2, workers=1, threads=1) as engine:\n"
        "    print([result for _, result in engine.map(operator.is_not, [item])])\n"
    )
    places = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ran = subprocess.run([sys.executable, "-c", code], env=places, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("[True]\n", "")


def ending(item, shared):
    return signal.getsignal(signal.SIGTERM)


def test_a_worker_can_be_stopped_inside_a_long_call_of_a_library(engine):
    """A handler written in Python would run when the call returns, and the others would wait for that."""
    ((_, how),) = engine.map(ending, [Item("stopped", in_time())])
    assert how is signal.SIG_DFL


class SlowToLoad:
    def __reduce__(self):
        return time.sleep, (8,)


def test_a_deadline_counts_while_a_worker_is_not_ready_yet():
    with LocalEngine(SlowToLoad(), workers=1, threads=1) as engine:
        ((_, result),) = engine.map(work, [Item("fine", time.time() + 0.2)])
    assert isinstance(result, OutOfTime)


def test_no_room_for_the_data_is_said_in_a_sentence():
    """A limit on the size of files fails as a full disk does."""
    code = (
        "import resource\nfrom advisor.engines.local import LocalEngine\nfrom advisor.errors import Unwritable\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: LocalEngine(bytes(10**6), workers=1, threads=1)\n"
        "except Unwritable as problem: print(problem)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("cannot be written (File too large).\n")


@pytest.mark.parametrize("start", ["", "if True:\n"])
def test_a_script_without_a_guard_is_not_run_again(tmp_path, start):
    script = tmp_path / "script.py"
    body = [
        "print('the script runs')",
        "import operator, time, types",
        "from advisor.engines.local import LocalEngine",
        "item = types.SimpleNamespace(deadline=time.time() + 60)",
        "with LocalEngine(2, workers=1, threads=1) as engine:",
        "    print([result for _, result in engine.map(operator.is_not, [item])])",
    ]
    script.write_text(start + "\n".join("    " * bool(start) + line for line in body))
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert ran.stdout == "the script runs\n[True]\n"


SLOW_LIBRARY = "import time\ntime.sleep(600)\n"


def loading(tmp_path, code):
    """Run code in a process whose workers need a library that takes ten minutes to load; return what it printed."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(SLOW_LIBRARY)
    places = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=places, capture_output=True, text=True, check=True, timeout=120
    )  # fmt: skip
    return ran.stdout


def test_libraries_that_take_too_long_to_load_are_not_waited_for_and_nobody_waits_for_them_at_the_end(tmp_path):
    """The pipes of the output are closed once everyone has ended who could write to them."""
    code = "from advisor.engines.local import warm_up, warmed_up\nwarm_up(); print(warmed_up(0.5))"
    assert loading(tmp_path, code) == "False\n"


def test_what_workers_need_is_loaded_once_somebody_waited_long_enough(engine):
    assert warmed_up(60.0)


def test_workers_start_where_the_folder_for_temporary_files_has_a_long_name(tmp_path):
    """The server that workers are forked from listens at a file there, whose name may have some hundred bytes only."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    code = (
        "import operator, time, types\nfrom advisor.engines.local import LocalEngine\n"
        "item = types.SimpleNamespace(deadline=time.time() + 60)\n"
        "with LocalEngine(2, workers=1, threads=1) as engine:\n"
        "    print([result for _, result in engine.map(operator.ne, [item])])"
    )
    places = {**os.environ, "TMPDIR": str(long), "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    ran = subprocess.run([sys.executable, "-c", code], env=places, capture_output=True, text=True)
    assert ran.stdout == "[True]\n", ran.stderr
