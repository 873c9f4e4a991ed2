"""What was written comes back, also to another process, and only to the comparison it belongs to."""

import dataclasses

import numpy as np
import pytest

from advisor.ledger import Ledger
from advisor.records import Cost, Job, Outcome, Trial

OUTCOME = Outcome(
    job=Job("mlp", "neural", 3, "tuned", 7),
    status="ok",
    error=0.25,
    inner_error=0.2,
    predictions=np.array([[0.1, 0.9], [0.6, 0.4]]),
    inner_rows=np.array([4, 2]),
    inner_predictions=np.array([[0.5, 0.5], [1.0, 0.0]]),
    params={"width": np.int64(64), "activation": "gelu"},
    trials=(Trial(0, {}, 0.3, 1.5, "complete", 10.0), Trial(1, {"width": 64}, None, 0.1, "failed", 12.0)),
    cost=Cost(fit_seconds=2.0, latency_p50_ms=0.4),
    curve={"epoch": (0.0, 1.0)},
)


def test_an_outcome_comes_back_as_it_was(tmp_path):
    first = Ledger(tmp_path, "a")
    first.add(OUTCOME)
    first.close()
    (again,) = Ledger(tmp_path, "a").outcomes()
    for field in dataclasses.fields(Outcome):
        np.testing.assert_equal(getattr(again, field.name), getattr(OUTCOME, field.name))


def test_a_failure_has_no_arrays(tmp_path):
    ledger = Ledger(tmp_path, "a")
    ledger.add(Outcome(OUTCOME.job, "failed", "ValueError: no"))
    (again,) = ledger.outcomes()
    assert again.status == "failed" and again.predictions is None


def test_another_comparison_sees_nothing(tmp_path):
    Ledger(tmp_path, "a").add(OUTCOME)
    assert not list(Ledger(tmp_path, "b").outcomes())


def test_what_cannot_be_kept_is_said(tmp_path):
    with pytest.raises(TypeError, match="object"):
        Ledger(tmp_path, "a").add(dataclasses.replace(OUTCOME, params={"x": object()}))
