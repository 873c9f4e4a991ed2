from collections import Counter

import draws
import pandas as pd
import pytest
from draws import Draw
from tables import LARGE, PUBLISHED, is_scored


def test_the_frozen_lists_are_as_large_as_they_should_be():
    assert sum(map(is_scored, LARGE)) >= 8
    assert sum(is_scored(entry.dataset) for entry in PUBLISHED) >= 25


def test_published_verdicts_have_the_sign_of_their_gain():
    assert all(entry.gain > 0 for entry in PUBLISHED if entry.verdict == "nn")
    assert all(entry.gain < 0 for entry in PUBLISHED if entry.verdict == "tree")


@pytest.fixture
def index():
    tables = [(f"{task}-{rows}-{number}", task, rows) for task in draws.TASKS for rows in (900, 2_500, 5_000, 60_000)
              for number in range(6)]  # fmt: skip
    named = [(name, "multiclass", 100_000) for name in draws.LEFT_OUT]
    return pd.DataFrame(tables + named, columns=["name", "task", "rows"])


def test_draws_spread_over_tasks_leave_enough_rows_and_no_table_twice(index):
    found = draws.draws(index)
    entry = index.set_index("name").loc
    for rows, counts in draws.DRAWN.items():
        own = [draw for draw in found if draw.rows == rows]
        assert Counter(entry[draw.table, "task"] for draw in own) == counts
        assert len({draw.table for draw in own}) == len(own)
        assert all(entry[draw.table, "rows"] >= rows + draws.FEWEST_REST_ROWS for draw in own)
    assert not {draw.table for draw in found} & set(draws.LEFT_OUT)


def test_the_order_of_tables_is_nobodys_choice_and_the_same_each_time(index):
    shuffled = index.sample(frac=1, random_state=0)
    assert draws.draws(shuffled) == draws.draws(index)
    assert draws.whole_tables(shuffled) == draws.whole_tables(index)


def test_whole_tables_take_the_tasks_in_turn(index):
    found = draws.whole_tables(index)
    low, high = draws.WHOLE_ROWS
    entry = index.set_index("name").loc
    assert [entry[draw.table, "task"] for draw in found[:3]] == list(draws.TASKS)
    assert all(low <= entry[draw.table, "rows"] <= high for draw in found)
    assert len({draw.key for draw in found}) == sum(draws.WHOLE.values())


def test_the_real_tables_give_the_draws_that_were_written_down(shared_data):
    found = draws.draws(draws.read_index(shared_data))
    assert Counter(draw.rows for draw in found) == {500: 20, 2_000: 16, 10_000: 11}
    assert not {draw.table for draw in found} & {name for name in LARGE if not is_scored(name)}
    assert not {draw.table for draw in found} & set(draws.DEVELOPED)
    assert found[0].key == "500-lending_club-3" and found[-1].key == "10000-nycflights13_arr_delay-3"


def test_priors_are_fitted_on_tables_that_are_not_scored(index, shared_data):
    found = draws.unscored(draws.read_index(shared_data))
    assert {draw.seed for draw in found} == {draws.UNSCORED_SEED} and draws.UNSCORED_SEED not in draws.SEEDS
    assert Counter(draw.rows for draw in found) == {500: 11, 2_000: 6}
    scored = {draw.table for draw in (*draws.draws(draws.read_index(shared_data)), *draws.whole_tables(index))}
    assert not {draw.table for draw in found} & scored


def test_another_seed_draws_other_rows_of_the_same_tables(index):
    first, second = (draws.draws(index, seed) for seed in draws.SEEDS)
    assert draws.draws(index) == first and [draw.table for draw in first] == [draw.table for draw in second]
    assert not {draw.key for draw in first} & {draw.key for draw in second}


def test_larger_draws_come_from_the_other_end_of_the_order_with_the_tasks_in_turn(index):
    entry = index.set_index("name").loc
    for rows, counts in draws.DRAWN.items():
        own = [draw.table for draw in draws.draws(index) if draw.rows == rows]
        assert [entry[name, "task"] for name in own[:3]] == list(draws.TASKS)
        for task in draws.TASKS:
            able = index[(index["task"] == task) & (index["rows"] >= rows + draws.FEWEST_REST_ROWS)]["name"]
            kept = [name for name in able if name not in draws.LEFT_OUT]
            order = draws.in_order(kept) if rows == 500 else draws.in_order(kept)[::-1]
            assert [name for name in own if entry[name, "task"] == task] == order[: counts[task]]


def test_rows_are_drawn_once_and_alike_each_time():
    frame = pd.DataFrame({"a": range(1_500)})
    (sample, rest), (again, _) = (draws.split(frame, Draw("d", 400)) for _ in range(2))
    pd.testing.assert_frame_equal(sample, again)
    assert len(sample) == 400 and len(rest) == 1_100 and not set(sample["a"]) & set(rest["a"])
    assert not draws.split(frame, Draw("d", 400, seed=0))[0].equals(sample)
    seen, unseen = draws.split(frame, Draw("d", None))
    assert len(seen) == 1_125 and len(unseen) == 375
