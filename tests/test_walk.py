"""What the walk says where it does not come to a learner in time."""

from __future__ import annotations

import signal
import time

import numpy as np
import pandas as pd
import pytest

from advisor import walk
from advisor.cli import main
from advisor.errors import NothingTrained


@pytest.mark.parametrize("budget", ["1s", "20s"])
def test_a_budget_that_is_over_before_a_learner_can_begin_is_said_in_a_sentence(budget, tmp_path, monkeypatch):
    """The libraries of the learners are not there in time; of one second nothing may be left even before that."""
    monkeypatch.setattr(walk, "warmed_up", lambda seconds: False)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=300), "y": rng.normal(size=300)})
    with pytest.raises(NothingTrained, match=f"No learner was begun: .* leave nothing of {budget[:-1]} s"):
        walk.compare(table, "y", budget=budget, out=tmp_path / "run", tracking=False)
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of POSIX")
def test_reading_that_does_not_end_is_ended_with_the_budget(tmp_path, monkeypatch, capsys):
    def endless(*source, **how):
        time.sleep(600)

    monkeypatch.setattr(walk, "read", endless)
    (tmp_path / "table.csv").write_text("a,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "table.csv", "--target", "y", "--budget", "2s", "--out", "run", "--quiet"]) == 3
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("advisor: No learner was begun") and told.err.count("\n") == 1
