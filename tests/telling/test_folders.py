"""A run's folder: new or the one asked for, and what it remembers for a run that is taken up again."""

import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import pytest

from advisor.advice import find_run
from advisor.errors import UserError
from advisor.telling import folders
from advisor.telling.ledger import FILE_NAME


def test_a_folder_asked_for_is_made_and_has_to_be_empty(tmp_path):
    assert folders.run_folder(None, False) is None
    assert folders.run_folder(tmp_path / "run", False).is_dir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not an empty folder"):
        folders.run_folder(tmp_path / "run", False)
    for resume, told in ((False, "name another --out"), (True, "no run to resume")):
        with pytest.raises(UserError, match=told):
            folders.run_folder(tmp_path / ("a" * 5_000), resume)


def test_only_a_run_is_taken_up_again(tmp_path):
    with pytest.raises(UserError, match="--resume needs --out"):
        folders.run_folder(None, True)
    with pytest.raises(UserError, match="no run to resume"):
        folders.run_folder(tmp_path, True)
    (tmp_path / FILE_NAME).touch()
    assert folders.run_folder(tmp_path, True) == tmp_path


def plan_of(sizes=(1_500, 3, 2), **identity):
    told = {"target": "y", "task": "binary", "seed": "0", "metric": "roc_auc", "data": "d1", "folds": "f1", **identity}
    return SimpleNamespace(sizes=sizes, identity=told)


def test_the_sizes_of_a_run_are_remembered(tmp_path):
    folders.remember(tmp_path, plan_of())
    assert folders.remembered(tmp_path) == (1_500, 3, 2)
    assert folders.remembered(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{}",
        "null",
        '{"sizes": ["a", 3], "identity": {}}',
        '{"sizes": [1, 2, 3]}',
        '{"sizes": [9, 1e9, 1], "identity": {}}',
    ],
)
def test_what_is_no_memory_is_none(tmp_path, text):
    (tmp_path / folders.PLAN).write_text(text)
    assert folders.remembered(tmp_path) is None
    assert not folders.changes(tmp_path, plan_of())


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ({}, []),
        ({"lightgbm": "4.0"}, []),
        ({"seed": "1", "folds": "f2"}, ["seed was 0 and is 1"]),
        ({"seed": "1", "metric": "accuracy"}, ["seed was 0 and is 1", "metric was roc_auc and is accuracy"]),
        ({"data": "d2", "folds": "f2"}, ["the data have changed, or how they are read, grouped or ordered"]),
        ({"target": "z", "data": "d2", "folds": "f2"}, ["target was y and is z"]),
        ({"folds": "f2"}, ["the folds are drawn in another way"]),
        ({"numpy": "2.1"}, ["numpy was 2.0 and is 2.1"]),
    ],
)
def test_what_keeps_a_run_from_going_on_is_named_and_what_does_not_is_no_matter(tmp_path, identity, told):
    folders.remember(tmp_path, plan_of(numpy="2.0"))
    assert folders.changes(tmp_path, plan_of(sizes=(1, 1, 1), **{"numpy": "2.0", **identity})) == told


def test_the_versions_of_learners_that_sit_out_once_are_not_forgotten(tmp_path):
    folders.remember(tmp_path, plan_of(xgboost="3.0"))
    folders.remember(tmp_path, plan_of())
    assert folders.changes(tmp_path, plan_of(xgboost="3.1")) == ["xgboost was 3.0 and is 3.1"]


def test_only_one_process_is_at_work_in_a_folder(tmp_path):
    (tmp_path / FILE_NAME).touch()
    held = folders.hold(tmp_path)
    for resume in (True, False):
        with pytest.raises(UserError, match="is still going; wait until it has ended, or name another --out"):
            folders.run_folder(tmp_path, resume)
    held.close()
    assert folders.run_folder(tmp_path, True) == tmp_path


def test_a_lock_dies_with_its_process(tmp_path):
    code = "import sys, os; from pathlib import Path; from advisor.telling import folders\n"
    code += "held = folders.hold(Path(sys.argv[1])); print('held', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(UserError, match="still going"):
        folders.hold(tmp_path)
    holder.kill()
    holder.communicate()
    folders.hold(tmp_path).close()


def test_a_folder_with_nothing_but_a_lock_is_empty(tmp_path):
    folders.hold(tmp_path).close()
    assert folders.run_folder(tmp_path, False) == tmp_path


def test_what_was_half_written_is_swept_away_and_nothing_else(tmp_path):
    (tmp_path / "folds").mkdir()
    for name in ("verdict.json.7.part", "folds/a.npz.7.part", "verdict.json", "folds/a.npz"):
        (tmp_path / name).touch()
    (tmp_path / "model.part" / "inner").mkdir(parents=True)
    (tmp_path / "model.part" / "inner" / "example.parquet").touch()
    folders.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["a.npz", "verdict.json"]


def test_only_what_dead_processes_left_in_a_run_is_swept_away_by_whoever_reads_it(tmp_path):
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()
    for name in (f"report.html.{over.pid}.part", f"report.html.{os.getpid()}.part", "film.part"):
        (tmp_path / name).touch()
    (tmp_path / f"tmp1.{over.pid}.part" / "model").mkdir(parents=True)
    find_run(tmp_path)
    assert len([*tmp_path.iterdir()]) == 4, "no folder of a run"
    (tmp_path / folders.VERDICT).touch()
    find_run(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"report.html.{os.getpid()}.part", "film.part", folders.VERDICT}


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", "7", '{"schema": 1', "[" * 100_000, "\x00"])
def test_a_verdict_that_is_damaged_is_answered_in_a_sentence(tmp_path, text):
    with pytest.raises(UserError, match=r"it has no verdict\.json"):
        folders.verdict_in(tmp_path)
    (tmp_path / folders.VERDICT).write_text(text)
    with pytest.raises(UserError, match="is damaged; --resume with --out "):
        folders.verdict_in(tmp_path)


def test_a_new_folder_is_named_after_the_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = folders.new_folder("my data: 50%")
    assert made.is_dir() and made.name.startswith("my-data-50-") and made.parent.name == "advisor-runs"


def test_a_journal_that_names_another_file_is_not_opened(tmp_path):
    """SQLite removes a file that a journal names as its super-journal: here one that lies outside."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as file:
        file.execute("CREATE TABLE results (x)")
        file.executemany("INSERT INTO results VALUES (?)", [("y" * 500,)] * 200)
        file.commit()
        file.execute("PRAGMA cache_size=2")
        file.execute("UPDATE results SET x = 'z' || x")
        for name in ("mlflow.db", "mlflow.db-journal"):
            (tmp_path / "run").mkdir(exist_ok=True)
            (tmp_path / "run" / name).write_bytes((tmp_path / name).read_bytes())
    folders.check_journal(tmp_path / "run" / "mlflow.db")  # one that was left by a crash is
    victim, journal = tmp_path / "victim", tmp_path / "run" / "mlflow.db-journal"
    victim.write_text("precious")
    name = str(victim).encode()
    tail = struct.pack(">II", len(name), sum(name)) + bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(journal.read_bytes() + struct.pack(">I", 0x40000000 // 4096 + 1) + name + tail)
    with pytest.raises(UserError, match="names other files"):
        folders.check_journal(tmp_path / "run" / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "run" / "mlflow.db")) as file:
        file.execute("SELECT * FROM results").fetchall()
    assert not victim.exists(), "or else this is why"
