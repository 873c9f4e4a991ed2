"""A pickle of one's own is loaded unasked, anybody else's runs no code before it is trusted."""

import json
import os
import pickle
import stat

import joblib
import pytest

from advisor import model_files, seals
from advisor.advice import find_run, load
from advisor.cli import main
from advisor.contest.kept import OPTIONS, kept_model
from advisor.errors import UserError
from advisor.telling.folders import run_folder
from advisor.telling.ledger import FILE_NAME as LEDGER
from tests.telling.report.example import document

MODEL = "model/model.joblib"


class Hostile:
    """Unpickled, it leaves a mark in the folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run with a model and models of its folds that are pickles and run code; no seal is on them."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    for name in (MODEL, "folds/tree-1.joblib"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        joblib.dump(Hostile(), folder / name)
    (folder / "verdict.json").write_text(json.dumps(document()))
    write_options(folder, ["folds/tree-1.joblib"])
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    return folder


def write_options(folder, files, **changed):
    options = {"classical": {"tree": {"weight": 1.0, "files": files}}}
    content = {"classes": ["no", "yes"], "serve_on": "auto", "options": options, **changed}
    (folder / OPTIONS).write_text(json.dumps(content))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    key = seals.own_key()
    assert len(key) == seals.KEY_BYTES and seals.own_key() == key
    (file,) = (tmp_path / "data" / "advisor").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_bytes() == key
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    assert seals.own_key() != key
    (tmp_path / "other" / "advisor" / "seal.key").write_bytes(b"")
    with pytest.raises(UserError, match="is damaged; delete it"):
        seals.own_key()


def test_where_no_key_can_be_kept_it_seals_for_this_process_alone(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    key = seals.own_key()
    assert key == seals.own_key() and not seals.lasts(key)
    (tmp_path / "model").mkdir()
    (tmp_path / MODEL).touch()
    seals.seal(tmp_path, MODEL, None)
    assert not (tmp_path / seals.FILE_NAME).exists()
    assert seals.unsealed(tmp_path, [MODEL, "folds/gone.joblib"], None) == [MODEL]
    seals.seal(tmp_path, MODEL, key)
    assert seals.holds(tmp_path, MODEL, key) and not seals.holds(tmp_path, MODEL, bytes(seals.KEY_BYTES))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert seals.lasts(seals.own_key())


def test_a_relative_data_folder_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert seals.data_folder() == tmp_path / ".local" / "share" / "advisor"


def test_what_was_sealed_is_loaded_wherever_the_folder_lies_and_what_was_changed_is_not(tmp_path):
    (tmp_path / "model").mkdir()
    joblib.dump({"weights": list(range(1000))}, tmp_path / MODEL)
    (tmp_path / seals.FILE_NAME).write_text("half a li")
    seals.seal(tmp_path, MODEL, seals.own_key())
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert model_files.load(moved, MODEL, trust=False) == {"weights": list(range(1000))}
    content = bytearray((moved / MODEL).read_bytes())
    content[len(content) // 2] ^= 1
    (moved / MODEL).write_bytes(content)
    with pytest.raises(UserError, match="was changed since"):
        model_files.load(moved, MODEL, trust=False)


def test_a_seal_is_of_one_name_and_one_key(tmp_path):
    for name in (MODEL, "folds/a.joblib"):
        (tmp_path / name).parent.mkdir()
        joblib.dump(1, tmp_path / name)
    seals.seal(tmp_path, "folds/a.joblib", seals.own_key())
    lines = (tmp_path / seals.FILE_NAME).read_text()
    (tmp_path / seals.FILE_NAME).write_text(lines + lines.replace("folds/a", "model/model"))
    seals.seal(tmp_path, MODEL, bytes(seals.KEY_BYTES))
    assert seals.unsealed(tmp_path, [MODEL, "folds/a.joblib"], seals.own_key()) == [MODEL]


@pytest.mark.parametrize(
    "words",
    [["predict", "run", "new.csv"], ["model", "run"], ["model", "run", "--which", "classical"], ["report", "run"]],
    ids=" ".join,
)
def test_no_command_runs_code_of_a_model_that_somebody_else_made(run, capsys, words):
    status = main(words)
    told = capsys.readouterr().err
    assert not (run.parent / "ran").exists()
    if words[0] != "report":
        assert status == 2 and "add --trust" in told and told.count("\n") == 1


def test_from_python_trust_is_a_word_too(run):
    with pytest.raises(UserError, match="trust=True"):
        _ = load("run").best_model
    with pytest.raises(UserError, match="trust=True"):
        load(run).model("classical")
    assert not (run.parent / "ran").exists()
    with pytest.raises(UserError, match="kept as its model is none"):
        _ = load("run", trust=True).best_model
    assert (run.parent / "ran").is_dir()


@pytest.mark.parametrize("name", ["../run/folds/tree-1.joblib", "folds/../../x.joblib", "{run}/model/model.joblib", 7])
def test_options_that_name_files_elsewhere_load_none_of_them(run, name):
    write_options(run, [str(name).format(run=run) if isinstance(name, str) else name])
    with pytest.raises(UserError, match="as a model of its own"):
        kept_model(run, "classical", trust=True)
    assert not (run.parent / "ran").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"options": []},
        {"options": {"classical": {"tree": 3}}},
        {"options": {"classical": 3}},
        {"classes": None},
        {"options": {"classical": {"tree": {"weight": 10**400, "files": []}}}},
    ],
)
def test_damaged_options_are_answered_in_a_sentence(run, changed):
    write_options(run, [], **changed)
    with pytest.raises(UserError, match="is damaged"):
        kept_model(run, "classical")


@pytest.mark.parametrize("content", [b"", b"\x80\x05}q\x00", pickle.dumps({})[:-1], b"no.such\nname\n."])
def test_a_damaged_model_of_ones_own_is_answered_in_a_sentence(run, content):
    (run / MODEL).write_bytes(content)
    seals.seal(run, MODEL, seals.own_key())
    with pytest.raises(UserError, match="cannot be loaded"):
        _ = load(run).best_model


@pytest.mark.parametrize("place", ["report.html", "model/more.joblib", "folds/away", "verdict.json"])
def test_a_folder_with_a_link_in_it_is_read_by_nobody(run, place, tmp_path):
    (tmp_path / "outside").write_text("{}")
    (run / place).unlink(missing_ok=True)
    (run / place).symlink_to(tmp_path / "outside")
    (run / LEDGER).touch()
    for read in (find_run, load, lambda folder: run_folder(folder, resume=True)):
        with pytest.raises(UserError, match="is a link"):
            read(run)
    assert (tmp_path / "outside").read_text() == "{}"


def test_a_pipe_in_a_folder_holds_nobody_up(run):
    os.mkfifo(run / "outcomes.parquet")
    with pytest.raises(UserError, match="no plain file"):
        find_run(run)
