"""A worker that hangs, dies or raises takes no other item with it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from advisor.engine import LocalEngine


@dataclass(frozen=True)
class Item:
    name: str
    deadline: float


def work(shared, item):
    if item.name == "hangs":
        time.sleep(1_000)
    if item.name == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if item.name == "raises":
        raise ValueError("a reason")
    return shared, item.name, os.environ["OMP_NUM_THREADS"]


def test_each_item_has_its_own_end():
    in_time, soon = time.time() + 60, time.time() + 15
    names = ["fine", "hangs", "dies", "raises", "late", "fine too"]
    deadlines = {"hangs": soon, "late": time.time() - 1}
    with LocalEngine({"shared": 1}, workers=2, threads=1) as engine:
        results = {
            item.name: result for item, result in engine.map(work, [Item(n, deadlines.get(n, in_time)) for n in names])
        }
    assert results["fine"] == ({"shared": 1}, "fine", "1")
    assert results["fine too"][1] == "fine too"
    assert isinstance(results["hangs"], TimeoutError)
    assert isinstance(results["late"], TimeoutError) and "before it began" in str(results["late"])
    assert isinstance(results["raises"], ValueError)
    assert "Abnormal termination" in str(results["dies"])


def test_items_are_drawn_only_when_a_worker_is_free():
    drawn = []

    def items():
        for number in range(4):
            drawn.append(number)
            yield Item(str(number), time.time() + 60)

    with LocalEngine(None, workers=1, threads=1) as engine:
        next(engine.map(work, items()))
        assert drawn == [0]


@pytest.mark.parametrize("start", ["", "if True:\n"])
def test_a_script_without_a_guard_is_not_run_again(tmp_path, start):
    script = tmp_path / "script.py"
    body = [
        "print('the script runs')",
        "import operator, time, types",
        "from advisor.engine import LocalEngine",
        "item = types.SimpleNamespace(deadline=time.time() + 60)",
        "with LocalEngine(2, workers=1, threads=1) as engine:",
        "    print([result for _, result in engine.map(operator.is_not, [item])])",
    ]
    script.write_text(start + "\n".join("    " * bool(start) + line for line in body))
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert ran.stdout == "the script runs\n[True]\n"
