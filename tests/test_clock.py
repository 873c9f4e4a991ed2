"""Budgets go by a clock that nobody can set."""

import time

import pytest

from advisor import clock


def test_the_time_is_that_of_the_system_until_somebody_sets_it(monkeypatch):
    told = time.time()
    assert clock.now() == pytest.approx(told, abs=5.0)
    monkeypatch.setattr(time, "time", lambda: told + 3600.0)
    assert clock.now() == pytest.approx(told, abs=5.0)
