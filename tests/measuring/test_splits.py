"""No row is on both sides, and neither is anything that belongs to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import UserError
from advisor.measuring.splits import FEW_GROUPS, draw, hold_out, part_of, part_of_groups, together, with_relatives

N = 300
rng = np.random.default_rng(0)
CODES = rng.choice([0, 1, 2], N, p=[0.6, 0.3, 0.1])
VALUES = rng.normal(size=N)
OPTIONS = {"folds": 5, "repeats": 2, "seed": 0}


@pytest.mark.parametrize("target", [CODES, VALUES])
def test_every_row_is_tested_once_a_repeat(target):
    folds = draw(target, kind="stratified", **OPTIONS)
    for repeat in range(2):
        tested = np.concatenate([part.test for part in folds.parts if part.repeat == repeat])
        assert sorted(tested) == list(range(N))
    for part in folds.parts:
        assert not set(part.train) & set(part.test)


def test_classes_keep_their_shares():
    for part in draw(CODES, kind="stratified", **OPTIONS).parts:
        assert np.abs(np.bincount(CODES[part.test]) / len(part.test) - np.bincount(CODES) / N).max() < 0.02


def test_twins_stay_together():
    twins = np.arange(N) // 3
    for part in draw(CODES, kind="stratified", twins=twins, **OPTIONS).parts:
        assert not set(twins[part.train]) & set(twins[part.test])


@pytest.mark.parametrize("target", [CODES, VALUES])
def test_groups_are_not_torn(target):
    groups = rng.integers(0, 40, N)
    for part in draw(target, kind="grouped", groups=groups, **OPTIONS).parts:
        assert not set(groups[part.train]) & set(groups[part.test])


def test_time_goes_forward_and_moments_are_not_torn():
    times = rng.integers(0, 30, N).astype(float)
    folds = draw(VALUES, kind="forward", times=times, **OPTIONS)
    assert len(folds.parts) == 5 and folds.repeats == 1
    for part in folds.parts:
        assert times[part.train].max() < times[part.test].min()


def test_the_fold_with_most_rows_to_learn_from_is_run_first():
    parts = draw(VALUES, kind="forward", times=np.arange(N), **OPTIONS).parts
    assert [len(part.train) for part in parts] == sorted((len(part.train) for part in parts), reverse=True)
    assert [part.number for part in parts] == [0, 1, 2, 3, 4]
    assert parts[0].test.max() == N - 1


@pytest.mark.parametrize("kind", ["stratified", "grouped", "forward", "holdout"])
def test_only_rows_that_take_part_are_drawn_and_by_their_place_in_the_data_set(kind):
    rows = np.sort(rng.choice(N, 120, replace=False))
    apart = {"groups": np.arange(N) // 4} if kind == "grouped" else {"times": np.arange(N) // 4}
    folds = draw(CODES, kind=kind, rows=rng.permutation(rows), twins=np.arange(N) // 2, **apart, **OPTIONS)
    assert (folds.rows == rows).all() and len(folds.twins) == N
    for part in folds.parts:
        assert set(part.train) | set(part.test) <= set(rows)
        assert not set(part.train) & set(part.test)
    if kind in ("stratified", "grouped"):
        tested = np.concatenate([part.test for part in folds.parts if part.repeat == 1])
        assert (np.sort(tested) == rows).all()
        assert not any(set(part.train // 2) & set(part.test // 2) for part in folds.parts)


def test_a_hold_out_is_a_fifth_and_keeps_copies_on_one_side():
    folds = draw(CODES, kind="holdout", twins=np.arange(N) // 2, **OPTIONS)
    (part,) = folds.parts
    assert (folds.folds, folds.repeats, len(part.test)) == (1, 1, pytest.approx(N / 5, abs=2))
    assert not set(part.train // 2) & set(part.test // 2)


def test_too_few_moments_or_groups_are_said():
    with pytest.raises(UserError, match="too few distinct moments"):
        draw(VALUES, kind="forward", times=np.zeros(N), **OPTIONS)
    with pytest.raises(UserError, match="3 groups, fewer than the 5 folds"):
        draw(VALUES, kind="grouped", groups=np.arange(N) % 3, **OPTIONS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.floats(0.05, 0.5), st.integers(0, 9))
def test_hold_out_parts_the_rows_and_keeps_every_class_in_training(labels, share, seed):
    target = np.array(labels)
    kept, held = hold_out(target, share, seed)
    assert sorted([*kept, *held]) == list(range(len(target))) and len(held) >= 1
    if len(set(labels)) < len(labels):
        assert len(kept) >= 1
    if min(np.bincount(target)[np.unique(target)]) > 1:
        assert set(target[kept]) == set(labels)


def test_hold_out_is_stratified_and_repeatable():
    _, held = hold_out(CODES, 0.2, 7)
    assert np.abs(np.bincount(CODES[held]) / len(held) - np.bincount(CODES) / N).max() < 0.03
    assert (hold_out(CODES, 0.2, 7)[1] == held).all() and not np.array_equal(hold_out(CODES, 0.2, 8)[1], held)


def test_rows_that_belong_together_by_group_or_by_being_copies_are_one_piece():
    groups, twins = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 1, 1, 2, 3, 4])
    codes = together(groups, twins)
    assert codes[0] == codes[1] == codes[2] and codes[4] == codes[5]
    assert len(set(codes)) == 3
    assert together(None, None) is None
    assert together(groups, None) is groups and together(None, twins) is twins


@pytest.mark.parametrize("target", [CODES, VALUES])
@pytest.mark.parametrize("count", [40, FEW_GROUPS + 500])
def test_neither_groups_nor_copies_are_torn(target, count):
    rows = 10 * N
    target = np.resize(target, rows)
    groups, twins = rng.integers(0, count, rows), np.arange(rows)
    twins[1::300] = twins[::300]  # copies that stand in two groups
    for part in draw(target, kind="grouped", groups=groups, twins=twins, **OPTIONS).parts:
        for codes in (groups, twins):
            assert not set(codes[part.train]) & set(codes[part.test])


def test_there_are_no_more_folds_than_any_class_has_rows():
    target = np.repeat(np.arange(30), 8)
    folds = draw(target, kind="stratified", folds=10, repeats=2, seed=0)
    assert (folds.folds, len(folds.parts)) == (8, 16)


def test_whole_groups_are_held_out_and_rare_classes_shared_out():
    groups = np.arange(N) // 3
    target = np.repeat(np.arange(N // 3) % 10 == 0, 3).astype(int)
    kept, held = hold_out(target, 0.2, 0, groups=groups)
    assert not set(groups[kept]) & set(groups[held])
    assert len(held) == pytest.approx(0.2 * N, abs=3)
    assert target[held].mean() == pytest.approx(0.1, abs=0.04)


def test_a_class_with_one_group_is_not_held_out():
    groups = np.arange(N) // 30
    target = (groups == 4).astype(int)
    for seed in range(20):
        kept, held = hold_out(target, 0.3, seed, groups=groups)
        assert target[kept].any() and not target[held].any()


def test_the_latest_rows_are_held_out_whole_moments_at_a_time():
    times = rng.integers(0, 30, N)
    kept, held = hold_out(VALUES, 0.2, 0, times=times)
    assert times[kept].max() < times[held].min() and len(held) >= 0.2 * N
    groups = rng.integers(0, 40, N)
    kept, held = hold_out(VALUES, 0.2, 0, times=times, groups=groups)
    assert times[kept].max() < times[held].min() and not set(groups[kept]) & set(groups[held])
    kept, held = hold_out(VALUES, 0.2, 0, times=np.zeros(N))
    assert len(kept) + len(held) == N and len(held) == 60, "one moment cannot but be torn"
    kept, held = hold_out(VALUES, 0.2, 0, times=np.append(np.zeros(N - 1), 1.0))
    assert held.tolist() == [N - 1], "the first moment is most of the rows"


@pytest.mark.parametrize(
    ("situation", "classes", "judged", "left_out"),
    [
        ("both all the time", np.arange(N) % 2, 5, 0),
        ("one comes late", np.where(np.arange(N) < N // 2, 0, np.arange(N) % 2), 2, 3),
        ("the last rows have one", np.where(np.arange(N) > 5 * N // 6, 0, np.arange(N) % 2), 4, 1),
        ("three, of which the last rows have one", np.where(np.arange(N) > 5 * N // 6, 0, np.arange(N) % 3), 5, 0),
    ],
)
def test_forward_in_time_two_classes_are_needed(situation, classes, judged, left_out):
    folds = draw(classes.astype(np.int64), kind="forward", times=np.arange(N), **OPTIONS)
    assert (len(folds.parts), folds.folds, folds.one_class) == (judged, judged, left_out), situation
    for part in folds.parts:
        assert len(np.unique(classes[part.train])) > 1


def test_forward_in_time_with_one_class_until_the_end_is_explained():
    late = np.where(np.arange(N) < N - 5, 0, 1).astype(np.int64)
    with pytest.raises(UserError, match=r"the first \d+% of the rows hold one class alone"):
        draw(late, kind="forward", times=np.arange(N), **OPTIONS)


def test_forward_in_time_the_groups_of_the_test_part_are_not_known():
    times, groups = np.arange(N), rng.integers(0, 150, N)
    for part in draw(VALUES, kind="forward", times=times, groups=groups, **OPTIONS).parts:
        assert times[part.train].max() < times[part.test].min()
        assert not set(groups[part.train]) & set(groups[part.test])
    with pytest.raises(UserError, match="name --group or --time, not both"):
        draw(VALUES, kind="forward", times=times, groups=np.arange(N) % 3, **OPTIONS)


def test_whole_groups_are_drawn_from_a_large_table():
    groups = np.arange(N) // 7
    part = part_of_groups(groups, 100, 0)
    assert 90 < len(part) <= 100
    assert not set(groups[part]) & set(np.delete(groups, part))
    assert len(part_of_groups(groups, N, 0)) == N


def test_a_part_of_the_rows_has_about_so_many_of_each_class():
    rows = np.arange(0, N, 2)
    part = part_of(CODES, rows, 60, 0)
    assert len(part) == 60 and set(part) <= set(rows)
    assert np.abs(np.bincount(CODES[part]) / 60 - np.bincount(CODES[rows]) / len(rows)).max() < 0.03
    assert part_of(CODES, rows, N, 0) is rows


def test_a_random_fold_of_one_size_has_relatives_of_the_test_rows_but_no_copies():
    part = draw(CODES, kind="grouped", groups=np.arange(N) // 6, **OPTIONS).parts[0]
    twins = np.arange(N) // 2
    train, test = with_relatives(CODES, part.train, part.test, 0, twins)
    assert len(train) == len(part.train) and set(test) < set(part.test)
    assert not set(twins[train]) & set(twins[test])
    assert set(train) & set(part.test)
