import lines


def test_half_a_line_of_a_killed_run_is_no_result_and_spoils_none(tmp_path):
    path = tmp_path / "draws.jsonl"
    lines.append(path, {"key": "a", "value": 1})
    with path.open("a") as file:
        file.write('{"key": "b", "val')
    assert list(lines.read(path)) == ["a"]
    lines.append(path, {"key": "c", "value": float("nan")})
    assert lines.read(path)["c"] == {"key": "c", "value": None}
    assert list(lines.read(path)) == ["a", "c"]
    assert lines.read(tmp_path / "none.jsonl") == {}


def test_what_is_in_the_file_is_not_run_again_and_what_failed_is(tmp_path):
    path, ran = tmp_path / "draws.jsonl", []

    def work(key, fails=False):
        ran.append(key)
        if fails:
            raise ValueError("no luck")
        return {"answer": f"of {key}"}

    lines.run_missing(path, {"a": lambda: work("a"), "b": lambda: work("b", fails=True)}, {"code": "abc"})
    assert ran == ["a", "b"] and lines.failed(path) == {"b": "ValueError: no luck"}
    assert lines.read(path)["a"]["code"] == "abc" and lines.read(path)["a"]["wall_seconds"] >= 0
    lines.run_missing(path, {"a": lambda: work("a"), "b": lambda: work("b"), "c": lambda: work("c")}, {})
    assert ran == ["a", "b", "b", "c"] and lines.failed(path) == {}
    assert [line["answer"] for line in lines.read(path).values()] == ["of a", "of b", "of c"]
