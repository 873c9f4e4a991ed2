"""A model's file says by its ending whether loading it runs code; whatever is wrong with one is told in a sentence."""

import json
import os
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from advisor import load_model, model_files
from advisor.advice import load
from advisor.cli import main
from advisor.contracts import FitReport
from advisor.errors import UserError
from tests.telling.report.example import document

X, Y = np.arange(8.0).reshape(4, 2), np.array([0, 0, 1, 1])


class Mark:
    """Unpickled, it leaves a mark in the folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


class Own(LogisticRegression):
    """A stranger to the list, though it inherits from one that is on it."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "model" / "model.npz"


def test_a_model_is_inert_where_it_can_be_and_else_a_pickle_never_both(place):
    assert model_files.write(LogisticRegression().fit(X, Y), place) == place
    assert not model_files.executes(place.name)
    pickled = model_files.write(Own().fit(X, Y), place)
    assert pickled == place.with_suffix(".joblib") == model_files.found(place) and model_files.executes(pickled.name)
    assert [file.name for file in place.parent.iterdir()] == ["model.joblib"]
    np.testing.assert_array_equal(model_files.read(pickled).predict(X), Y)
    assert model_files.write(LogisticRegression().fit(X, Y), place) == place == model_files.found(place)
    assert [file.name for file in place.parent.iterdir()] == ["model.npz"]


def test_a_pickle_that_is_called_an_inert_model_is_none(place):
    place.parent.mkdir()
    joblib.dump(Mark(), place)
    with pytest.raises(UserError, match="cannot be loaded"):
        load_model(place)
    assert not (place.parent.parent / "ran").exists()


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize(
    ("tree", "told"),
    [({"make": "os.system", "of": "touch ran"}, "it holds a 'os.system'"), ({"type": "os.system"}, "'os.system'"),
     ({"pickle": "gASV"}, "says nothing that is known"), ({"array": 0}, "an array holds objects")],
)  # fmt: skip
def test_a_hostile_model_of_a_run_is_told_in_a_sentence_and_runs_nothing(place, capsys, tree, told, trust):
    place.parent.mkdir()
    with zipfile.ZipFile(place, "w") as archive, archive.open("0.npy", "w") as entry:
        np.lib.format.write_array(entry, np.array([Mark()]), allow_pickle=True)
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("model.json", json.dumps(tree))
    (place.parent.parent / "verdict.json").write_text(json.dumps(document()))
    (place.parent.parent / "new.csv").write_text("a,b\n1,2\n")
    assert main(["predict", ".", "new.csv", *(["--trust"] if trust else [])]) == 2
    heard = capsys.readouterr().err
    assert told in heard and heard.count("\n") == 1 and "cannot be loaded" in heard
    assert not (place.parent.parent / "ran").exists()


@pytest.mark.parametrize("cut", [0, 10, 100, -30])
def test_a_damaged_model_is_told_in_a_sentence(place, cut):
    model_files.write(LogisticRegression().fit(X, Y), place)
    (place.parent.parent / "verdict.json").write_text(json.dumps(document()))
    place.write_bytes(place.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"cannot be loaded \(.*\): it is damaged"):
        _ = load(place.parent.parent).best_model


def test_a_file_that_is_no_model_is_told(place):
    with pytest.raises(UserError, match=r"give a file that ends with \.npz or \.joblib"):
        load_model("model.pkl")
    with pytest.raises(UserError, match=r"cannot be read \(No such file"):
        load_model(place)


@pytest.mark.parametrize("name", ["model/../x.npz", "folds/.hidden.npz", "/etc/model.npz", "folds/a.pkl", "x.npz", 3])
def test_a_model_lies_where_models_lie(name):
    assert not model_files.is_model(name) and model_files.is_model("folds/knn-default-3.npz")


@pytest.mark.parametrize("thing", [None, 3, [1], {"a": (2,)}, np.ones(3), FitReport()], ids=repr)
def test_what_comes_out_of_a_file_and_is_no_model_is_told_in_a_sentence(place, capsys, thing):
    run = place.parent.parent
    for name in ("model/model.npz", "folds/tree-1.npz", "folds/table.npz"):
        model_files.write(thing, run / name)
    options = {"classical": {"tree": {"weight": 1.0, "files": ["folds/tree-1.npz"]}}}
    (run / "folds/options.json").write_text(json.dumps({"classes": ["a"], "serve_on": "cpu", "options": options}))
    (run / "verdict.json").write_text(json.dumps(document()))
    for words in (["predict", ".", "new.csv"], ["model", ".", "-o", "out"], ["model", ".", "--which", "classical"]):
        assert main(words) == 2
        heard = capsys.readouterr().err
        assert "compare again" in heard and heard.count("\n") == 1, heard
