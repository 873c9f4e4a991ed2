"""What a comparison hands back, out of the files that it left."""

import json
import os

import pandas as pd
import pytest

from advisor.advice import Advice, find_run, load
from advisor.errors import UserError
from tests.telling.report.example import document, outcomes


@pytest.fixture
def runs(tmp_path):
    """Two finished runs, the second the newer one, and one that did not finish."""
    for place, name in enumerate(("first", "second")):
        folder = tmp_path / name
        folder.mkdir()
        content = document()
        content["mlflow"]["run_id"] = f"id-{name}"
        (folder / "verdict.json").write_text(json.dumps(content))
        os.utime(folder / "verdict.json", (1_000 + place, 1_000 + place))
    (tmp_path / "unfinished").mkdir()
    return tmp_path


def test_the_verdict_has_the_keys_of_the_document_as_attributes(runs):
    advice = load("first", runs)
    assert advice.verdict.answer == "worth_it" and advice.verdict.how == "alone"
    assert advice.verdict.readings["in_company"]["p_worth"] == pytest.approx(0.991)
    assert type(advice.verdict).__name__ == "Verdict" and vars(advice.verdict) == dict(advice.document)
    assert str(advice) == advice.document["sentence"] and "Worth it" in advice._repr_html_()
    assert list(advice.leaderboard()["learner"])[:2] == ["mlp", "catboost"]


@pytest.mark.parametrize(
    ("run", "name"), [("latest", "second"), ("first", "first"), ("id-first", "first"), ("id-second", "second")]
)
def test_a_run_is_found_by_name_by_its_mlflow_id_or_as_the_latest(runs, run, name):
    assert find_run(run, runs) == runs / name
    assert find_run(runs / name) == runs / name


def test_a_run_whose_store_never_answered_is_found_by_its_name(runs):
    content = document()
    content["mlflow"]["run_id"] = None
    (runs / "first" / "verdict.json").write_text(json.dumps(content))
    assert find_run("first", runs) == runs / "first"
    with pytest.raises(UserError, match="No run is called 'None'"):
        find_run("None", runs)


def test_what_is_no_run_says_what_there_is(runs, tmp_path):
    with pytest.raises(UserError, match="holds 2 finished runs"):
        find_run("third", runs)
    with pytest.raises(UserError, match="--resume finishes one"):
        load(runs / "unfinished")


@pytest.mark.parametrize("text", ["", '{"schema": 1, "ans', "{}", "[]", "null"])
def test_a_damaged_run_is_passed_over_with_a_note_and_breaks_nothing_about_another(runs, text):
    (runs / "second" / "verdict.json").write_text(text)
    told = []
    assert find_run("first", runs, told.append) == runs / "first" and not told
    for name in ("latest", "id-first"):
        assert find_run(name, runs, told.append) == runs / "first"
    assert len(told) == 2 and all(note.startswith("The run second is passed over: ") for note in told)
    with pytest.warns(UserWarning, match="The run second is passed over"):
        assert load("latest", runs).folder == runs / "first"
    with pytest.raises(UserError, match="is damaged"):
        load("second", runs)


def a_pipe(path):
    os.mkfifo(path)


def an_endless_file(path):
    path.symlink_to("/dev/zero")


def a_link_to_nothing(path):
    path.symlink_to(path.with_name("gone"))


def an_enormous_file(path):
    path.touch()
    os.truncate(path, 900 * 2**30)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and devices of POSIX")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("instead", [a_pipe, an_endless_file, a_link_to_nothing, an_enormous_file])
def test_what_is_no_file_of_a_sensible_size_is_passed_over_unread(runs, instead):
    (runs / "second" / "verdict.json").unlink()
    instead(runs / "second" / "verdict.json")
    told = []
    for name in ("latest", "id-first"):
        assert find_run(name, runs, told.append) == runs / "first"
    assert all(note.startswith("The run second is passed over: ") for note in told)
    with pytest.raises(UserError):
        load("second", runs)


def test_a_name_that_no_path_can_have_is_no_run(runs):
    for name in ("a" * 5_000, "a\0b"):
        with pytest.raises(UserError, match="holds 2 finished runs"):
            find_run(name, runs)


def test_files_of_a_run_can_be_read_and_saved(runs):
    outcomes(document()).to_parquet(runs / "first" / "outcomes.parquet")
    advice = load("first", runs)
    assert set(advice.outcomes["kind"]) == {"fold", "candidate"}
    pd.testing.assert_frame_equal(load(advice.save(runs / "copy")).outcomes, advice.outcomes)
    with pytest.raises(UserError, match="is not empty"):
        advice.save(runs / "copy")
    with pytest.raises(UserError, match="kept no model"):
        _ = advice.best_model
    assert repr(Advice({}, runs)) == f"Advice(folder={runs!r})"
