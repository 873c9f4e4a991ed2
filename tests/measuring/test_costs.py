"""The meters are tested with clocks and memories that we wind by hand, so that no speed of a machine matters."""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import count

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from advisor.measuring import costs


class HandClock:
    """A clock that stands still until somebody winds it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """An estimator whose calls take as long as we say, and which remembers what it was asked."""

    def __init__(self, clock: HandClock, durations: list[float]) -> None:
        self.clock, self.durations, self.asked = clock, iter(durations), []

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        self.asked.append(X)
        self.clock.now += next(self.durations)
        return np.zeros(len(X))


FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": pd.Categorical(["x", "y", "x"])})


def test_a_stopwatch_reads_wall_and_cpu_time_and_stands_still_afterwards() -> None:
    wall, cpu = HandClock(), HandClock()
    with costs.Stopwatch(clock=wall, cpu_clock=cpu, memory_mb=lambda: 50.0) as watch:
        wall.now += 4
        assert watch.wall_seconds == 4
        wall.now, cpu.now = wall.now + 1, cpu.now + 2
    wall.now, cpu.now = wall.now + 1000, cpu.now + 1000
    assert (watch.wall_seconds, watch.cpu_seconds, watch.peak_memory_mb) == (5, 2, 0)


def test_what_was_spared_counts_as_if_it_had_been_done() -> None:
    wall, cpu = HandClock(), HandClock()
    with costs.Stopwatch(clock=wall, cpu_clock=cpu, memory_mb=lambda: 50.0) as watch:
        wall.now, cpu.now = wall.now + 1, cpu.now + 2
        costs.spared(costs.Seconds(10, 20))
        assert (watch.wall_seconds, watch.cpu_seconds, watch.spared_seconds) == (11, 22, 10)
    costs.spared(costs.Seconds(100, 200))
    assert (watch.wall_seconds, watch.cpu_seconds, watch.spared_seconds) == (11, 22, 10)


def test_what_was_spared_within_something_is_part_of_what_that_takes() -> None:
    _, seconds = costs.timed(lambda: costs.spared(costs.Seconds(10, 20)))
    assert seconds.wall >= 10 and seconds.cpu >= 20
    assert seconds.part(0.5) == costs.Seconds(seconds.wall / 2, seconds.cpu / 2)


def test_a_peak_between_start_and_end_is_seen() -> None:
    seen = threading.Event()
    readings = count()

    def memory_mb() -> float:
        reading = next(readings)
        if reading == 3:
            seen.set()
        return {0: 100.0, 1: 130.0, 2: 175.0}.get(reading, 110.0)

    with costs.Stopwatch(memory_mb=memory_mb) as watch:
        assert seen.wait(timeout=30)
    assert watch.peak_memory_mb == 75


def test_memory_that_shrinks_is_no_negative_growth() -> None:
    readings = iter([100.0])
    with costs.Stopwatch(memory_mb=lambda: next(readings, 40.0)) as watch:
        pass
    assert watch.peak_memory_mb == 0


def test_a_large_array_shows_in_the_real_memory() -> None:
    # In a process of its own: what other tests left behind would be given back meanwhile, and hide the growth.
    program = """
import numpy as np
from advisor.measuring import costs

with costs.Stopwatch() as watch:
    block = np.ones(8_000_000)
print(block.nbytes, watch.peak_memory_mb)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert int(told[0]) == 64_000_000
    assert float(told[1]) > 40


def test_a_block_that_fails_is_measured_too_and_leaves_no_thread() -> None:
    clock = HandClock()
    watch = costs.Stopwatch(clock=clock)
    with pytest.raises(KeyError), watch:
        clock.now += 7
        raise KeyError
    assert watch.wall_seconds == 7
    assert not [thread for thread in threading.enumerate() if thread.name == "stopwatch-memory"]


def test_latency_leaves_out_the_warm_up_call_and_asks_one_row_at_a_time() -> None:
    clock = HandClock()
    estimator = Slow(clock, [9.0] + [0.001] * 99 + [0.005])
    p50, p99 = costs.latency(estimator, FRAME, seconds=60, most=100, clock=clock)
    assert p50 == pytest.approx(1.0)
    assert 1.0 < p99 <= 5.0
    assert len(estimator.asked) == 101
    assert all(len(rows) == 1 for rows in estimator.asked)
    assert [rows["a"].iloc[0] for rows in estimator.asked[:4]] == [1, 2, 3, 1]
    assert estimator.asked[0]["b"].dtype == FRAME["b"].dtype


@pytest.mark.parametrize(("seconds", "calls"), [(0.0, 1), (0.25, 3), (100.0, 5)])
def test_latency_stops_in_time_and_measures_at_least_once(seconds: float, calls: int) -> None:
    clock = HandClock()
    estimator = Slow(clock, [0.1] * 50)
    costs.latency(estimator, FRAME, seconds=seconds, most=5, clock=clock)
    assert len(estimator.asked) == 1 + calls


def test_real_classifiers_and_regressors_can_be_timed() -> None:
    inputs = FRAME[["a"]]
    for estimator, target in [(LogisticRegression(), [0, 1, 1]), (LinearRegression(), [0.0, 1.0, 2.0])]:
        fitted = make_pipeline(StandardScaler(), estimator).fit(inputs, target)
        assert np.all(np.asarray(costs.latency(fitted, inputs)) > 0)


def test_no_rows_is_said_in_words() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        costs.latency(DummyRegressor().fit(FRAME[["a"]], [1, 2, 3]), FRAME.iloc[:0])


def test_probabilities_are_what_is_timed_where_there_are_any() -> None:
    class Both:
        asked = ""

        def predict(self, X: pd.DataFrame) -> None:
            self.asked += "v"

        def predict_proba(self, X: pd.DataFrame) -> None:
            self.asked += "p"

    estimator = Both()
    costs.latency(estimator, FRAME, seconds=0)
    assert estimator.asked == "pp"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: Abacus 9: the fast one\n\nprocessor\t: 1\n", "Abacus 9: the fast one"),
        ("processor\t: 0\nmodel name\t:\nBogoMIPS\t: 1\n", "beads"),
        (None, "beads"),
    ],
)
def test_the_processor_has_the_makers_name_or_at_least_its_kind(monkeypatch, text, name) -> None:
    def read(path: object, **how: str) -> str:
        if text is None:
            raise FileNotFoundError
        return text

    monkeypatch.setattr(costs.Path, "read_text", read)
    monkeypatch.setattr(costs.platform, "processor", lambda: "")
    monkeypatch.setattr(costs.platform, "machine", lambda: "beads")
    assert costs.cpu_name.__wrapped__() == name


def test_energy_is_watts_times_seconds():
    assert costs.energy_wh(3600) == costs.CPU_WATTS_PER_CORE
    assert costs.energy_wh(0, 1800, 700) == 350
    assert costs.energy_wh(10, 5) is None


@pytest.mark.parametrize(("told", "watts"), [("700.00\n", 700.0), ("[N/A]\n", None), ("", None)])
def test_the_power_of_a_gpu_is_what_its_driver_tells(monkeypatch, told, watts) -> None:
    answered = subprocess.CompletedProcess([], 0, stdout=told)
    monkeypatch.setattr(costs.subprocess, "run", lambda *_, **__: answered)
    assert costs.gpu_watts.__wrapped__() == watts


def test_a_machine_without_the_driver_knows_no_power(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert costs.gpu_watts.__wrapped__() is None
