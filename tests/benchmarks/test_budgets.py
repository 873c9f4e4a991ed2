"""Whether a budget was kept is counted by the wall, for each budget apart."""

import budgets
import lines

LINE = {
    "dataset": "iris", "rows": 150, "columns": 4, "answer": "too_close_to_call", "exit_status": 0, "code": "abc",
    "load": 1.5,
}  # fmt: skip


def a_line(seconds, wall, **facts):
    return {**LINE, "budget_seconds": seconds, "command_seconds": wall, **facts}


def test_a_budget_is_kept_within_five_seconds_or_five_per_cent_of_it():
    assert budgets.kept(a_line(20.0, 24.9)) and not budgets.kept(a_line(20.0, 25.1))
    assert budgets.kept(a_line(300.0, 314.0)) and not budgets.kept(a_line(300.0, 316.0))
    assert budgets.kept(a_line(20.0, 3.0))


def test_the_page_counts_each_budget_apart_and_names_what_failed(tmp_path):
    path = tmp_path / budgets.NAME
    lines.append(path, {"key": "iris 20", **a_line(20.0, 21.0)})
    lines.append(path, {"key": "big 20", **a_line(20.0, 29.0, dataset="big", answer="none", exit_status=3)})
    lines.append(path, {"key": "iris 60", **a_line(60.0, 59.0)})
    lines.append(path, {"key": "odd 60", "status": "failed", "message": "no such file", "code": "abc"})
    budgets.page(path, tmp_path / "budgets.md")
    said = (tmp_path / "budgets.md").read_text()
    short, long = said.split("## 20 s")[1].split("## 60 s")
    assert "1 of 2 [" in short and "median 5.0" in short and "at most 9.0" in short
    assert "an answer on 1 of 2 tables" in short and "| 9.0 (!) |" in short
    assert short.index("| big |") < short.index("| iris |"), "the worst first"
    assert "1 of 1 [" in long and "odd 60 (no such file)" in long
