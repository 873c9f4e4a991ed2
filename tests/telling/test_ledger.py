"""What was written comes back, also to another process, and only to the comparison it belongs to."""

import base64
import dataclasses
import hashlib
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from advisor.records import Candidate, Cost, FoldResult
from advisor.telling.ledger import DAMAGED, FILE_NAME, Ledger

CANDIDATE = Candidate("mlp", "neural", {"width": 64, "activation": "gelu"})
RESULT = FoldResult(
    candidate=CANDIDATE,
    fold=3,
    state="done",
    predictions=np.array([[0.1, 0.9], [0.6, 0.4]], dtype=np.float32),
    losses=np.array([0.105360516, 0.91629073]),
    error=0.25,
    cost=Cost(fit_seconds=2.0, latency_p50_ms=0.4, device="cuda", device_name="a GPU"),
    curve={"epoch": (0.0, 1.0), "valid_loss": (0.5, float("nan"))},
    cut_short=True,
    started_at=1_750_000_000.25,
    model=f"folds/{CANDIDATE.key}-3.npz",
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


def three(folder):
    """Three results of one candidate, and the bytes of each line."""
    ledger = Ledger(folder, "a")
    for fold in (0, 1, 2):
        ledger.add(dataclasses.replace(RESULT, fold=fold, model=None))
    ledger.close()
    return (folder / FILE_NAME).read_bytes().splitlines(keepends=True)


def folds(ledger):
    return [result.fold for result in ledger.results()]


def test_a_byte_that_was_flipped_costs_its_entry_alone_wherever_it_is(tmp_path):
    lines = three(tmp_path)
    rng, length = np.random.default_rng(0), len(lines[1])
    # The sum, what it is of, an array, the end of the line: each is noticed.
    for place in {0, 63, 64, 65, length - 2, length - 1, *rng.integers(0, length, 30).tolist()}:
        damaged = bytearray(lines[1])
        damaged[place] ^= 1 << int(rng.integers(0, 8))
        (tmp_path / FILE_NAME).write_bytes(lines[0] + damaged + lines[2])
        ledger = Ledger(tmp_path, "a")
        # Without its end a line and the next are one.
        assert (folds(ledger), ledger.damaged >= 1) == ([0] if place == length - 1 else [0, 2], True), place
        ledger.close()


def test_what_is_damaged_is_put_aside_once_and_done_again(tmp_path):
    lines = three(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(lines[0] + b"x" + lines[1] + lines[2][:100])
    ledger = Ledger(tmp_path, "a")
    assert (ledger.damaged, folds(ledger)) == (2, [0])
    assert (tmp_path / DAMAGED).read_bytes() == b"x" + lines[1] + lines[2][:100] + b"\n"
    ledger.add(dataclasses.replace(RESULT, fold=1, model=None))
    ledger.close()
    again = Ledger(tmp_path, "a")
    assert (again.damaged, folds(again)) == (0, [0, 1])


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"hello\nworld\n", b"SQLite format 3\x00" + bytes(4096), b"\n\n", b"{}\n"]
)
def test_a_file_that_is_no_ledger_is_put_aside(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    ledger = Ledger(tmp_path, "a")
    assert not folds(ledger) and (ledger.damaged > 0) == bool(content)
    ledger.add(RESULT)
    assert folds(ledger) == [3]


def test_a_cut_ledger_keeps_every_whole_line(tmp_path):
    whole = b"".join(lines := three(tmp_path))
    ends = np.cumsum([len(line) for line in lines])
    for length in np.random.default_rng(0).integers(0, len(whole), 20):
        (tmp_path / FILE_NAME).write_bytes(whole[:length])
        ledger = Ledger(tmp_path, "a")
        assert folds(ledger) == list(range(int((ends <= length).sum())))
        ledger.close()


@pytest.mark.parametrize("model", ["../../secret.txt", "/etc/passwd", "folds/other-3.npz"])
def test_an_entry_that_points_to_a_file_of_somebody_else_is_not_believed(tmp_path, model):
    """Files of models are loaded and removed by the name that the ledger has."""
    Ledger(tmp_path, "a").add(dataclasses.replace(RESULT, model=model))
    assert Ledger(tmp_path, "a").damaged == 1


def test_a_sum_does_not_make_a_result(tmp_path):
    for text in (b"{}", b"[]", b"null", b'{"fingerprint": "a", "facts": {}, "arrays": {}}'):
        (tmp_path / FILE_NAME).write_bytes(hashlib.sha256(text).hexdigest().encode() + b" " + text + b"\n")
        assert Ledger(tmp_path, "a").damaged == 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("started_at", 1e308), ("started_at", float("nan")), ("started_at", True), ("fold", 1.5), ("fold", "0"),
        ("state", "odd"), ("state", ["done"]), ("message", 3), ("error", "0"), ("error", float("inf")),
        ("cut_short", 1), ("curve", {"epoch": ["x"]}), ("curve", {"epoch": 3}), ("cost.fit_seconds", "1"),
        ("cost.fit_seconds", 1e300), ("cost.latency_p99_ms", "<script>"), ("cost.device", None), ("cost.more", 1),
        ("candidate.learner", 7), ("candidate.family", "odd"), ("candidate.params", []), ("model_sum", {}),
    ],
)  # fmt: skip
def test_a_result_has_the_types_of_a_result(tmp_path, place, value):
    ledger = Ledger(tmp_path, "a")
    ledger.add(dataclasses.replace(RESULT, model=None))
    ledger.close()
    entry = json.loads((tmp_path / FILE_NAME).read_bytes().partition(b" ")[2])
    *above, last = place.split(".")
    (entry["facts"][above[0]] if above else entry["facts"])[last] = value
    text = json.dumps(entry).encode()
    (tmp_path / FILE_NAME).write_bytes(hashlib.sha256(text).hexdigest().encode() + b" " + text + b"\n")
    again = Ledger(tmp_path, "a")
    assert (again.damaged, folds(again)) == (1, [])


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1 + 2j]), np.array([np.nan]), np.array([1, 2])])
def test_an_array_of_a_result_has_finite_numbers(tmp_path, array):
    told = io.BytesIO()
    np.save(told, array)
    text = json.dumps({
        "fingerprint": "a", "facts": {"candidate": {"learner": "tree", "family": "classical"}, "fold": 0,
                                      "state": "done", "cost": {}, "curve": {}},
        "arrays": {"losses": base64.b64encode(told.getvalue()).decode()},
    }).encode()  # fmt: skip
    (tmp_path / FILE_NAME).write_bytes(hashlib.sha256(text).hexdigest().encode() + b" " + text + b"\n")
    assert Ledger(tmp_path, "a").damaged == 1


def test_a_full_disk_is_told_and_what_was_written_before_stays(tmp_path):
    """A limit on the size of files fails as a full disk does: in the middle of a line."""
    code = (
        "import resource, sys; from pathlib import Path; from advisor.errors import Unwritable\n"
        "from advisor.records import Candidate, FoldResult; from advisor.telling.ledger import Ledger, FILE_NAME\n"
        "ledger = Ledger(Path(sys.argv[1]), 'a'); ledger.add(FoldResult(Candidate('tree', 'classical'), 0, 'done'))\n"
        "size = (Path(sys.argv[1]) / FILE_NAME).stat().st_size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))\n"
        "try: ledger.add(FoldResult(Candidate('tree', 'classical'), 1, 'done'))\n"
        "except Unwritable as problem: print(problem)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert "ledger.jsonl' cannot be written (File too large)." in ran.stdout
    left = Ledger(tmp_path, "a")
    assert (folds(left), left.damaged) == ([0], 0), "no half line is left behind"


def test_a_ledger_holds_no_pickle(tmp_path):
    ledger = Ledger(tmp_path, "a")
    ledger.add(dataclasses.replace(RESULT, predictions=np.array([0.5], dtype=object)))
    ledger.close()
    assert b"pickle" not in (tmp_path / FILE_NAME).read_bytes() and b"|O" not in (tmp_path / FILE_NAME).read_bytes()


class Hostile:
    """Unpickled, it leaves a mark in the folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_arrays_in_the_ledger_of_somebody_else_run_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = Ledger(tmp_path, "a")
    ledger.add(RESULT)
    ledger.close()
    blob = io.BytesIO()
    np.save(blob, np.array([Hostile()], dtype=object))
    entry = json.loads((tmp_path / FILE_NAME).read_bytes().partition(b" ")[2])
    entry["arrays"]["predictions"] = base64.b64encode(blob.getvalue()).decode()
    text = json.dumps(entry).encode()
    (tmp_path / FILE_NAME).write_bytes(hashlib.sha256(text).hexdigest().encode() + b" " + text + b"\n")
    again = Ledger(tmp_path, "a")
    assert again.damaged == 1 and not list(again.results())
    assert not (tmp_path / "ran").exists()
    np.load(io.BytesIO(blob.getvalue()), allow_pickle=True)
    assert (tmp_path / "ran").is_dir(), "it would have"
