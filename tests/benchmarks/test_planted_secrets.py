"""A planted secret is found in whatever form it stands, and where it was not planted none is."""

import base64
import json

import faults
import lines
import pandas as pd
import planted_secrets as planted
import pytest

SECRET = 'Pw/http@7"q=x'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "http://me:Pw%2Fhttp%407%22q%3Dx@host",
        "http://me:Pw%2fhttp%407%22q%3dx@host",
        json.dumps({"command": SECRET}),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"me:{SECRET}".encode()).decode(),
        base64.b64encode(f"user:{SECRET} and more".encode()).decode(),
        SECRET.encode().hex(),
        "Pw/http@7&quot;q=x",
    ],
)
def test_a_secret_is_found_as_it_may_be_written(text):
    assert planted.found({"a": SECRET, "b": "another-one"}, {"here": text, "there": "nothing"}) == {"a": ["here"]}


def test_no_secret_is_found_where_none_is():
    texts = {"a": "http://127.0.0.1:5000/store", "b": base64.b64encode(b"me:other-password").decode()}
    known = {
        **planted.ADDRESSES,
        **planted._in_variables(planted.VARIABLES),
        **planted.IN_FILES,
    }
    assert not planted.found(known, texts)


def test_all_secrets_differ_and_none_is_part_of_another():
    secrets = [*planted.ADDRESSES.values(), *planted._in_variables(planted.VARIABLES).values(),
               *planted.TOKEN.values(), *planted.IN_FILES.values(), *planted.IN_HEADERS.values()]  # fmt: skip
    assert len(secrets) >= 20
    assert not [(one, two) for one in secrets for two in secrets if one is not two and one in two]


def test_files_are_looked_through_tables_too(tmp_path):
    (tmp_path / "run" / "deep").mkdir(parents=True)
    (tmp_path / "run" / "deep" / "a.bin").write_bytes(b"\xff" + SECRET.encode())
    pd.DataFrame({"x": [SECRET] * 1000}).to_parquet(tmp_path / "run" / "t.parquet")
    where = planted.found({"a": SECRET}, dict(planted.texts_below(tmp_path / "run")))["a"]
    assert "run/deep/a.bin" in where and "run/t.parquet, its rows" in where


def a_hostile_line(variant, **harm):
    facts = {"variant": variant, "commands": 5, "statuses": {"0": 3, "2": 2}, "code": "abc"}
    return {"key": f"hostile {variant}", **facts, **{name: [] for name in faults.HARM}, **harm}


def test_the_page_counts_each_part_that_has_lines_and_names_what_was_lost(tmp_path):
    own = tmp_path / faults.NAME
    lines.append(own, a_hostile_line("verdict.json: cut"))
    lines.append(own, a_hostile_line("model: a pickle", code_run=["code-ran"]))
    lines.append(own, {"key": "secrets refused", "planted": ["a", "b"], "found": {"b": ["run/x"]}, "texts": 9,
                       "statuses": [2], "code": "abc"})  # fmt: skip
    lines.append(tmp_path / "budgets.jsonl", {"key": "iris 20", "budget_seconds": 20.0, "command_seconds": 27.0})
    lines.append(tmp_path / faults.KILLS, {"key": "1", "ends": ["SIGKILL after 1 fit"] * 8, "identical": True})
    lines.append(tmp_path / faults.INJECTED, {"key": "a crash", "survived": True, "said": "tree failed"})
    lines.append(tmp_path / faults.INJECTED, {"key": "odd"})
    faults.page(tmp_path)
    said = (tmp_path / "faults.md").read_text()
    for row in (
        "| faults | 1 | survived 1, lost 0 |", "| kills | 8 | verdicts identical 1 of 1", "| 2 | code run 1 |",
        "| secrets planted | 2 | found 1 |", "kept 0 of 1", "at most 7.0", "- b in run/x",
        "- ran code of the folder: model: a pickle", "| a crash | survived | tree failed |",
    ):  # fmt: skip
        assert row in said, row


def test_without_lines_there_is_no_page(tmp_path):
    faults.page(tmp_path)
    assert not list(tmp_path.iterdir())
