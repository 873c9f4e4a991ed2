"""What was written comes back, also to another process, and only to the comparison it belongs to."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from advisor.records import Candidate, Cost, FoldResult
from advisor.telling.ledger import FILE_NAME, Ledger

RESULT = FoldResult(
    candidate=Candidate("mlp", "neural", {"width": 64, "activation": "gelu"}),
    fold=3,
    state="done",
    predictions=np.array([[0.1, 0.9], [0.6, 0.4]], dtype=np.float32),
    losses=np.array([0.105360516, 0.91629073]),
    error=0.25,
    cost=Cost(fit_seconds=2.0, latency_p50_ms=0.4, device="cuda", device_name="a GPU"),
    curve={"epoch": (0.0, 1.0), "valid_loss": (0.5, float("nan"))},
    cut_short=True,
    started_at=1_750_000_000.25,
    model="folds/mlp-3.joblib",
)


def test_a_result_comes_back_as_it_was(tmp_path):
    first = Ledger(tmp_path, "a")
    first.add(RESULT)
    first.close()
    (again,) = Ledger(tmp_path, "a").results()
    assert again.candidate.key == RESULT.candidate.key
    for field in dataclasses.fields(FoldResult):
        np.testing.assert_equal(getattr(again, field.name), getattr(RESULT, field.name))
    assert (again.predictions.dtype, again.losses.dtype) == (np.float32, np.float64)


def test_a_result_is_one_of_a_candidate_and_a_fold(tmp_path):
    ledger = Ledger(tmp_path, "a")
    others = [dataclasses.replace(RESULT, fold=4), dataclasses.replace(RESULT, candidate=Candidate("mlp", "neural"))]
    for result in (RESULT, *others, dataclasses.replace(RESULT, error=0.5)):
        ledger.add(result)
    assert [(result.candidate.stage, result.fold, result.error) for result in ledger.results()] == [
        ("tuned", 4, 0.25),
        ("default", 3, 0.25),
        ("tuned", 3, 0.5),
    ]


def test_a_failure_has_no_arrays(tmp_path):
    ledger = Ledger(tmp_path, "a")
    ledger.add(FoldResult(RESULT.candidate, 0, "failed", "ValueError: no"))
    (again,) = ledger.results()
    assert (again.state, again.message, again.predictions, again.losses) == ("failed", "ValueError: no", None, None)


def test_another_comparison_sees_nothing(tmp_path):
    Ledger(tmp_path, "a").add(RESULT)
    assert not list(Ledger(tmp_path, "b").results())


def test_numbers_of_numpy_are_kept_as_numbers(tmp_path):
    ledger = Ledger(tmp_path, "a")
    ledger.add(dataclasses.replace(RESULT, candidate=Candidate("mlp", "neural", {"width": np.int64(64)})))
    assert next(ledger.results()).candidate.params == {"width": 64}


def test_what_cannot_be_kept_is_said(tmp_path):
    odd = dataclasses.replace(RESULT, candidate=Candidate("mlp", "neural", {"x": object()}))
    with pytest.raises(TypeError, match="object"):
        Ledger(tmp_path, "a").add(odd)


def test_what_was_added_survives_a_process_that_is_killed(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from advisor.records import Candidate, FoldResult; from advisor.telling.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]), 'a'); ledger.add(FoldResult(Candidate('tree', 'classical'), 0, 'done'))\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert [result.candidate.learner for result in Ledger(tmp_path, "a").results()] == ["tree"]


def test_a_ledger_holds_no_pickle(tmp_path):
    ledger = Ledger(tmp_path, "a")
    ledger.add(dataclasses.replace(RESULT, predictions=np.array([0.5], dtype=object)))
    ledger.close()
    assert b"pickle" not in (tmp_path / FILE_NAME).read_bytes() and b"|O" not in (tmp_path / FILE_NAME).read_bytes()
