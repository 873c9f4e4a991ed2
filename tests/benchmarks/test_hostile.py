"""Hostile folders are hostile, whoever is watched is seen, and in short form every command withstands them.

The long form tries hundreds of variants: benchmarks/faults.py, last seen in reports/faults.md.
"""

import io
import os
import pickle
import subprocess
import sys
import zipfile

import faults
import hostile
import hostile_variants
import joblib
import lines
import numpy as np
import pages
import pytest
from hostile_variants import Sandbox, Variant


@pytest.fixture
def box(tmp_path):
    for name in ("run", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "model").write_bytes(b"a model")
    (tmp_path / "outside" / "secret.txt").write_text("kept")
    return Sandbox(tmp_path / "run", tmp_path / "outside", tmp_path / "ran", "http://127.0.0.1:9")


def unpickled_of_zip(path, name):
    with zipfile.ZipFile(path) as file:
        return file.read(name)


@pytest.mark.parametrize(
    ("how", "load"),
    [
        ("a pickle", lambda path: pickle.loads(path.read_bytes())),
        ("a pickle of joblib", joblib.load),
        ("an archive of torch", lambda path: pickle.loads(unpickled_of_zip(path, "archive/data.pkl"))),
        (
            "an archive of arrays",
            lambda path: np.load(io.BytesIO(unpickled_of_zip(path, "a.npy")), allow_pickle=True),
        ),
    ],
)
def test_what_runs_code_when_it_is_loaded_does(box, how, load):
    hostile_variants.PICKLES[how]("model", box)
    load(box.run / "model")
    assert box.mark.is_dir()


def test_every_file_is_spoilt_and_the_same_way_each_time(tmp_path):
    (tmp_path / "folds").mkdir()
    for name in ("folds/a-0.bin", "folds/a-1.bin", "plan.json"):
        (tmp_path / name).write_text('{"a": {"b": [1, "x"]}}')
    names = [each.name for each in hostile_variants.variants(tmp_path)]
    assert names == [each.name for each in hostile_variants.variants(tmp_path)] and len(set(names)) == len(names)
    files = {name.partition(": ")[0] for name in names}
    assert len(files & {"folds/a-0.bin", "folds/a-1.bin"}) == 1, "files that differ in a number are of one kind"
    assert {"plan.json", "besides"} < files
    assert any(name.startswith("plan.json: a.b.1 is ") for name in names)


@pytest.mark.parametrize(
    ("code", "harm"),
    [
        ("import os; os.system('true')", "os.system"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket.connect ('127.0.0.1', 9)"),
    ],
)
def test_whoever_runs_a_shell_or_calls_somebody_is_heard(tmp_path, monkeypatch, code, harm):
    monkeypatch.setattr(hostile, "_asked", lambda words: exec(code) or 0)
    told = hostile.ran(("report", "x"), tmp_path, {}, 60)
    assert any(call.startswith(harm) for call in told.called)


def test_who_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(hostile, "_asked", lambda words: exec("import os, time; os.write(1, b'on'); time.sleep(600)"))
    told = hostile.ran(("report", "x"), tmp_path, {}, 1)
    assert told.status is None and told.output == b"on"


def test_what_is_changed_outside_is_seen(box, tmp_path):
    before = hostile._tree(tmp_path)
    (box.outside / "secret.txt").write_text("gone")
    after = hostile._tree(tmp_path)
    told = hostile.Told(1, b"Traceback\n\x1b[31mred", (), 0.0)
    line = hostile._line(Variant("x: y", lambda box: None, own=True), box, {"report": told}, before, after, [])
    assert line["written_outside"] == ["outside/secret.txt"] and not line["code_run"]
    assert line["control"] and line["tracebacks"] and not line["hung"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each command is a process forked from one that has all loaded")
def test_no_command_is_harmed_by_a_folder_of_any_kind(tmp_path):
    """One variant of each kind of file, drawn from all."""
    environment = {**os.environ, "PYTHONPATH": str(pages.HERE)}
    subprocess.run(
        [sys.executable, str(pages.HERE / "benchmarks" / "faults.py"), "hostile", "--quick", "--out", str(tmp_path)],
        check=True, env=environment, timeout=550,
    )  # fmt: skip
    found = list(lines.read(tmp_path / faults.NAME).values())
    assert len(found) >= 12 and not lines.failed(tmp_path / faults.NAME)
    harm = {line["variant"]: {name: line[name] for name in faults.HARM if line[name]} for line in found}
    assert not any(harm.values()), {name: done for name, done in harm.items() if done}
    assert "code run 0" in (tmp_path / "faults.md").read_text()
