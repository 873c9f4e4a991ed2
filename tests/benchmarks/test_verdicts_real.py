import draws
import lines
import pandas as pd
import published
import pytest
import real
from draws import Draw
from tables import is_scored


@pytest.fixture
def index():
    tables = [(f"{task}-{number}", task, 60_000) for task in draws.TASKS for number in range(8)]
    return pd.DataFrame(tables, columns=["name", "task", "rows"])


def test_all_sizes_of_one_seed_come_before_the_next(index):
    found = real.planned(index)
    sizes = [(draw.seed, draw.rows) for draw in found]
    assert sizes == sorted(sizes) and set(sizes) == {(seed, rows) for seed in (3, 4) for rows in real.SECONDS}
    assert len({real.key(draw, real.SECONDS[draw.rows]) for draw in found}) == len(found) == 2 * 47


def test_a_budget_is_part_of_the_key_only_where_it_is_not_that_of_the_record():
    draw = Draw("adult", 2_000, 3)
    assert real.key(draw, 300.0) == draw.key == "2000-adult-3"
    assert real.key(draw, 120.0) == "2000-adult-3-120s"
    assert real.is_record({"rows": 500, "budget_seconds": 120.0})
    assert not real.is_record({"rows": 500, "budget_seconds": 60.0})


def run(monkeypatch, tmp_path, *words):
    """Run the command on draws that are not taken, and return the keys that it would have taken."""
    taken = []

    def run_draw(draw, seconds, workers):
        taken.append(real.key(draw, seconds))
        if draw.table == "fails":
            raise ValueError("no luck")
        return {"answer": "worth_it"}

    monkeypatch.setattr(real, "run_draw", run_draw)
    monkeypatch.setattr("sys.argv", ["real.py", "--out", str(tmp_path), *words])
    real.main()
    return taken


@pytest.fixture
def few(monkeypatch):
    chosen = [Draw(name, rows, seed) for seed in (3, 4) for rows in (500, 2_000) for name in ("fails", "works")]
    monkeypatch.setattr(real, "planned", lambda index: chosen)
    monkeypatch.setattr(draws, "read_index", lambda: None)


@pytest.mark.usefixtures("few")
def test_what_has_a_line_is_not_taken_again_and_what_failed_is(monkeypatch, tmp_path):
    assert run(monkeypatch, tmp_path, "--rows", "500") == ["500-fails-3", "500-works-3", "500-fails-4", "500-works-4"]
    assert run(monkeypatch, tmp_path, "--seed", "3") == ["500-fails-3", "2000-fails-3", "2000-works-3"]
    assert list(lines.read(tmp_path / real.NAME)) == ["500-works-3", "500-works-4", "2000-works-3"]
    assert run(monkeypatch, tmp_path, "--only", "works") == ["2000-works-4"]


@pytest.mark.usefixtures("few")
def test_another_budget_is_another_draw(monkeypatch, tmp_path):
    run(monkeypatch, tmp_path, "--only", "works")
    again = run(monkeypatch, tmp_path, "--only", "works", "--seconds", "300")
    assert again == ["500-works-3-300s", "500-works-4-300s"], "300 s are what draws of 2,000 rows have anyway"
    assert len(run(monkeypatch, tmp_path, "--quick")) == real.QUICK_DRAWS


def test_published_results_are_scored_where_no_threshold_was_chosen_on_the_table():
    assert {is_scored(entry.dataset) for entry in published.planned()} == {True}
    assert 29 <= len(published.planned()) == len({published.key(entry, 300.0) for entry in published.planned()})
    assert published.key(published.planned()[0], 60.0).endswith("-60s")
