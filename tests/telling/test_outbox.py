"""What is kept for MLflow is read only where all of it is what was put there: the file may be somebody else's."""

import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from advisor import seals
from advisor.cli import main
from advisor.errors import Unwritable, UserError
from advisor.telling import folders
from advisor.telling.tracking import replay
from advisor.telling.tracking.outbox import FILE_NAME, Damaged, Outbox
from advisor.telling.tracking.run import _outbox, _write_example
from tests.telling.report.example import document

ELSEWHERE = "http://127.0.0.1:9"


@pytest.fixture
def run(tmp_path):
    """A run's folder with something that MLflow has not heard yet."""
    box = Outbox(tmp_path)
    box.describe({"place": {"tracking_uri": "sqlite:///own.db", "experiment": "x"}, "story": "s", "params": {}})
    box.add({"kind": "write", "run": "comparison"})
    box.close()
    return tmp_path


def change(folder, script):
    with closing(sqlite3.connect(folder / FILE_NAME)) as file:
        file.executescript(script)
        file.commit()


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE about SET value = 'no JSON'",
        "UPDATE about SET value = '[]'",
        "UPDATE about SET value = x'ff'",
        "DELETE FROM about",
        "DELETE FROM about WHERE fact = 'story'",
        "UPDATE entries SET entry = '[]'",
        'UPDATE entries SET entry = \'{"kind": 3, "run": "x"}\'',
        "UPDATE entries SET entry = replace(hex(zeroblob(100000)), '0', '[')",
        "UPDATE entries SET state = 'odd'",
        "DROP TABLE entries; CREATE TABLE entries (x)",
        "DROP TABLE entries; CREATE VIEW entries AS SELECT 1 AS number, 'waiting' AS state, '{}' AS entry",
        "CREATE TRIGGER t AFTER UPDATE ON entries BEGIN DELETE FROM about; END",
        "CREATE TABLE more (x)",
    ],
)
def test_what_was_not_put_there_is_damage_told_and_set_aside(run, script):
    change(run, script)
    with pytest.raises(Damaged, match=r"is damaged, .* take the run up again with --resume"):
        Outbox(run)
    box, notes = _outbox(run)
    assert "set aside" in notes[0] and box.waiting() == 0 and (run / f"{FILE_NAME}.damaged").is_file()
    box.close()


def test_a_page_that_was_overwritten_is_damage(run):
    content = bytearray((run / FILE_NAME).read_bytes())
    content[4096:8192] = bytes(4096)
    (run / FILE_NAME).write_bytes(content)
    with pytest.raises(Damaged):
        replay(run, None, None)


def test_what_is_sound_is_read_again(run):
    box = Outbox(run)
    assert box.waiting() == 1 and box.about()["place"]["experiment"] == "x"
    box.close()


def test_only_a_store_that_was_sealed_with_the_plan_is_told_unasked(run, capsys, monkeypatch):
    """Whoever had the folder could name a server of his own, which would get this user's password or token."""
    (run / "verdict.json").write_text(json.dumps(document()))
    (run / folders.PLAN).write_text(json.dumps({"sizes": [1, 1, 1], "identity": {}}))
    seals.seal(run, folders.PLAN, seals.own_key())
    assert main(["track", str(run)]) == 2 and "name the store with --tracking-uri" in capsys.readouterr().err
    folders.remember_store(run, "sqlite:///own.db")
    assert main(["track", str(run)]) == 2 and "name the store with --tracking-uri" in capsys.readouterr().err
    seals.seal(run, folders.PLAN, seals.own_key())
    told = []
    monkeypatch.setattr("advisor.telling.tracking.replay", lambda folder, uri, _: (told.append(uri), (0, [], {}))[1])
    place = json.dumps({"tracking_uri": ELSEWHERE, "experiment": "x"})
    change(run, f"UPDATE about SET value = '{place}' WHERE fact = 'place'")
    assert main(["track", str(run)]) == 0
    assert told == ["sqlite:///own.db"]


def test_what_mlflow_refused_is_told_without_what_a_terminal_obeys(run, capsys, monkeypatch):
    (run / "verdict.json").write_text(json.dumps(document()))
    refused = "\x1b[31m\u202e.txt (no\nfile)"
    monkeypatch.setattr(
        "advisor.telling.tracking.replay", lambda *_: (0, [refused], {"tracking_uri": "http://\x1b[2J"})
    )
    assert main(["track", str(run), "--tracking-uri", ELSEWHERE]) == 0
    told = capsys.readouterr()
    assert not set(told.out + told.err) & {"\x1b", "\u202e"} and told.err.count("\n") == told.out.count("\n") == 1


def test_a_store_is_forgotten_with_a_plan_that_is_written_anew(run):
    (run / folders.PLAN).write_text(json.dumps({"identity": {}, "store": ELSEWHERE}))
    assert folders.remembered_store(run) == ELSEWHERE
    for odd in ("[" * 100_000, '{"identity": {}, "store": 3}', "{}"):
        (run / folders.PLAN).write_text(odd)
        assert folders.remembered_store(run) is None


def test_without_anything_kept_it_is_said(tmp_path):
    with pytest.raises(UserError, match="Nothing was kept for MLflow"):
        replay(tmp_path, None, None)


def test_the_example_beside_a_model_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    rows, file = pd.DataFrame({"a": [1, "x"]}), tmp_path / "model" / "example.parquet"
    _write_example(file, rows)
    assert list(pd.read_parquet(file)["a"]) == ["1", "x"], "a column of several types is written as text"

    def cut(frame, draft):
        draft.write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    monkeypatch.setattr(pd.DataFrame, "to_parquet", cut)
    with pytest.raises(Unwritable, match="No space left"):
        _write_example(file, rows)
    assert file.read_bytes() == before and list(file.parent.iterdir()) == [file]
