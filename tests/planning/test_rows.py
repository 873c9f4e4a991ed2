"""How many rows and folds: as many as the seconds pay for with those without whom there is no answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor.learners import find
from advisor.planning.rows import affordable, draw, drawn, seconds_of, tier, trainings
from advisor.records import Dataset, Profile

PROFILE = Profile("made", "tabular", 1, "binary", (), {}, 3, {}, (), "print")
rng = np.random.default_rng(0)
# A net that takes a millisecond a row.
NET = replace(find("mlp"), seconds=lambda rows, profile: rows / 1000, gpu_speed=10.0)


def dataset(rows: int, **changes: object) -> Dataset:
    inputs = pd.DataFrame({"a": rng.normal(size=rows)})
    known = {"name": "made", "modality": "tabular", "task": "binary", "inputs": inputs, "target_name": "y"}
    return Dataset(**{**known, "target": rng.integers(0, 2, rows), "classes": ("0", "1"), **changes})  # type: ignore[arg-type]


def paid(rows: int, seconds: float, speed: float = 1.0, device: str = "cpu") -> tuple[int, int]:
    return affordable(rows, [NET], PROFILE, seconds, speed=speed, device=device)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (120, ("stratified", 10, 3)),
        (299, ("stratified", 10, 3)),
        (800, ("stratified", 5, 3)),
        (2_500, ("stratified", 5, 3)),
        (15_000, ("stratified", 5, 1)),
        (90_000, ("stratified", 3, 1)),
        (400_000, ("holdout", 1, 1)),
    ],
)
def test_tiers_by_rows(rows, expected):
    assert tier(rows) == expected


@pytest.mark.parametrize(
    ("situation", "rows", "seconds", "expected"),
    [
        ("three of 5 x 0.4 s are a fifth of 30", 500, 30.1, 3),
        ("two of them", 500, 29.9, 2),
        ("whatever they take, one", 500, 0.1, 1),
        ("a budget that reading has used up", 500, -5.0, 1),
        ("never more, whatever the budget", 500, 1e6, 3),
        ("many rows have little luck", 25_000, 1e6, 1),
    ],
)
def test_a_fit_is_the_mean_of_as_many_trainings_as_the_seconds_pay_for(situation, rows, seconds, expected):
    found = trainings(rows, 5, [NET], PROFILE, seconds, speed=1.0, device="cpu")
    assert found == expected, situation


@pytest.mark.parametrize(
    ("situation", "rows", "seconds", "expected"),
    [
        ("all rows in the folds of their tier: 5 x 8 s of 100", 10_000, 101.0, (10_000, 5)),
        ("three folds of all rows: 3 x 6.7 s of 50", 10_000, 51.0, (10_000, 3)),
        ("few rows in ten folds", 200, 5.0, (200, 10)),
        ("few rows in five", 200, 2.1, (200, 5)),
        ("few rows in three, whatever they take", 200, 0.1, (200, 3)),
        ("a part held out", 400_000, 801.0, (400_000, 1)),
        ("nothing pays for it: the fewest rows", 10_000, 0.0, (200, 3)),
        ("a budget that reading has used up", 10_000, -5.0, (200, 3)),
    ],
)
def test_rows_and_folds_that_the_seconds_pay_for(situation, rows, seconds, expected):
    assert paid(rows, seconds) == expected, situation


def test_fewer_rows_where_three_folds_of_all_are_too_many():
    rows, folds = paid(100_000, 50.0)
    assert folds == 3 and 8_000 < rows <= 10_000, "3 x 2/3 x 10,000 rows take 20 s"
    assert paid(400_000, 50.0)[0] <= 10_000 and paid(400_000, 50.0)[1] == 3
    assert paid(100_000, 50.0, speed=2.0)[0] <= 5_000 and paid(100_000, 50.0, device="cuda")[0] > 80_000


def test_seconds_go_with_the_speed_of_the_machine_and_a_gpu_serves_nets():
    assert seconds_of(NET, 1_000, PROFILE, speed=3.0, device="cpu") == pytest.approx(3.0)
    assert seconds_of(NET, 1_000, PROFILE, speed=3.0, device="cuda") == pytest.approx(0.3)
    forest = replace(find("forest"), seconds=NET.seconds)
    assert seconds_of(forest, 1_000, PROFILE, speed=1.0, device="cuda") == pytest.approx(1.0)


def test_rows_are_drawn_by_class_and_sorted():
    data = dataset(4_000, target=(np.arange(4_000) % 10 == 0).astype(int))
    rows = drawn(data, 1_000, 0, None)
    assert len(rows) == pytest.approx(1_000, abs=5) and (np.diff(rows) > 0).all()
    assert data.target[rows].mean() == pytest.approx(0.1, abs=0.01)
    assert np.array_equal(drawn(data, 4_000, 0, None), np.arange(4_000))


def test_whole_groups_are_drawn_where_enough_of_them_are_left():
    many = dataset(4_000, groups=np.arange(4_000) // 10)
    rows = drawn(many, 1_000, 0, None)
    assert all(np.isin(np.arange(10) + 10 * group, rows).all() for group in np.unique(many.groups[rows]))
    few = dataset(4_000, groups=np.arange(4_000) // 1_000)
    rows = drawn(few, 1_000, 0, None)
    assert len(np.unique(few.groups[rows])) == 4, "one whole group would tell nothing of others"
    assert draw(few, 1_000, 3, 0, None).folds == 3


def test_of_rows_in_time_the_latest_are_taken():
    data = dataset(1_000, times=np.arange(1_000)[::-1].astype(float))
    assert np.array_equal(drawn(data, 300, 0, None), np.arange(300))


def test_groups_and_times_change_the_folds():
    groups, times = rng.integers(0, 50, 400), np.arange(400, dtype=float)
    assert draw(dataset(400), 400, 5, 0, None).kind == "stratified"
    grouped = draw(dataset(400, groups=groups), 400, 5, 0, None)
    assert grouped.kind == "grouped" and grouped.repeats == 3
    assert all(not set(groups[part.train]) & set(groups[part.test]) for part in grouped.parts)
    forward = draw(dataset(400, times=times), 400, 5, 0, None)
    assert forward.kind == "forward" and forward.repeats == 1
    assert all(times[part.train].max() < times[part.test].min() for part in forward.parts)
    assert forward.parts[0].train.size == max(part.train.size for part in forward.parts), "the last one is run first"


@pytest.mark.parametrize("groups", [None, np.arange(1_000) // 5])
def test_one_fold_is_a_part_held_out(groups):
    folds = draw(dataset(1_000, groups=groups), 1_000, 1, 0, None)
    assert (folds.kind, folds.folds, folds.repeats, len(folds.parts)) == ("holdout", 1, 1, 1)
    if groups is not None:
        assert not set(groups[folds.parts[0].train]) & set(groups[folds.parts[0].test])


def test_every_binary_test_part_has_both_classes():
    target = np.zeros(400, dtype=int)
    target[:3] = 1
    folds = draw(dataset(400, target=target), 400, 5, 0, None)
    assert folds.folds == 3 and all(len(set(target[part.test])) == 2 for part in folds.parts)
    groups = np.arange(400) // 4
    target = np.isin(groups, [3, 40, 77]).astype(int)
    folds = draw(dataset(400, target=target, groups=groups), 400, 5, 0, None)
    assert folds.folds == 3 and all(len(set(target[part.test])) == 2 for part in folds.parts)


def test_copies_stand_on_one_side_of_every_fold_of_drawn_rows():
    twins = np.arange(3_000) // 2
    folds = draw(dataset(3_000), 1_000, 3, 0, twins)
    assert all(not set(twins[part.train]) & set(twins[part.test]) for part in folds.parts)
    assert set(np.concatenate([part.test for part in folds.parts])) == set(folds.rows)
