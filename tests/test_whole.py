"""A file is there whole or as it was before, whatever ends who writes it."""

import subprocess
import sys

import pytest

from advisor.errors import Unwritable
from advisor.whole import whole_file


def test_what_was_written_takes_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "new" / "verdict.json"
    for text in ("old", "new"):
        with whole_file(path) as draft:
            draft.write_text(text)
            assert path.exists() == (text == "new")
        assert path.read_text() == text and [file.name for file in path.parent.iterdir()] == ["verdict.json"]


def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "verdict.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as draft:
        draft.write_text("half")
        _ = 1 / 0
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["verdict.json"]


def test_who_is_killed_while_writing_leaves_what_was_there(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from advisor.whole import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as draft: draft.write_text('half'); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "verdict.json"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_text() == "old" and [file.name for file in tmp_path.glob("*.part")]


def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    """A limit on the size of files fails as a full disk does."""
    code = (
        "import resource, sys; from pathlib import Path; from advisor.errors import Unwritable\n"
        "from advisor.whole import whole_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n with whole_file(Path(sys.argv[1])) as draft: draft.write_bytes(bytes(2000))\n"
        "except Unwritable as problem: print(problem)"
    )
    path = tmp_path / "verdict.json"
    ran = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    assert ran.stdout == f"{str(path)!r} cannot be written (File too large).\n" and not list(tmp_path.iterdir())


def test_a_place_that_is_no_folder_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match="cannot be written"), whole_file(tmp_path / "file" / "verdict.json"):
        pass
