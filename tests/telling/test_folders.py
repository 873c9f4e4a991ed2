"""A run's folder: new or the one asked for, and what it remembers for a run that is taken up again."""

import pytest

from advisor.errors import UserError
from advisor.telling import folders
from advisor.telling.ledger import FILE_NAME


def test_a_folder_asked_for_is_made_and_has_to_be_empty(tmp_path):
    assert folders.run_folder(None, False) is None
    assert folders.run_folder(tmp_path / "run", False).is_dir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not an empty folder"):
        folders.run_folder(tmp_path / "run", False)


def test_only_a_run_is_taken_up_again(tmp_path):
    with pytest.raises(UserError, match="--resume needs --out"):
        folders.run_folder(None, True)
    with pytest.raises(UserError, match="no run to resume"):
        folders.run_folder(tmp_path, True)
    (tmp_path / FILE_NAME).touch()
    assert folders.run_folder(tmp_path, True) == tmp_path


def test_the_sizes_of_a_run_are_remembered(tmp_path):
    folders.remember(tmp_path, (1_500, 3, 2))
    assert folders.remembered(tmp_path) == (1_500, 3, 2)
    assert folders.remembered(None) is None


@pytest.mark.parametrize("text", ["", "[1]", "{}", "null", '["a", 3]'])
def test_what_is_no_memory_is_none(tmp_path, text):
    (tmp_path / folders.SIZES).write_text(text)
    assert folders.remembered(tmp_path) is None


def test_a_new_folder_is_named_after_the_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = folders.new_folder("my data: 50%")
    assert made.is_dir() and made.name.startswith("my-data-50-") and made.parent.name == "advisor-runs"
