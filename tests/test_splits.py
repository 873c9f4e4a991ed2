"""No row is on both sides, and neither is anything that belongs to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import UserError
from advisor.splits import draw, hold_out, inner_cuts

N = 300
rng = np.random.default_rng(0)
CODES = rng.choice([0, 1, 2], N, p=[0.6, 0.3, 0.1])
VALUES = rng.normal(size=N)
OPTIONS = {"folds": 5, "repeats": 2, "inner_folds": 1, "seed": 0}


@pytest.mark.parametrize("target", [CODES, VALUES])
def test_every_row_is_tested_once_a_repeat(target):
    splits = draw(target, kind="stratified", **OPTIONS)
    for repeat in range(2):
        tested = np.concatenate([part.test for part in splits.parts if part.repeat == repeat])
        assert sorted(tested) == list(range(N))
    for part in splits.parts:
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
    splits = draw(target, kind="grouped", groups=groups, **OPTIONS)
    for part in splits.parts:
        assert not set(groups[part.train]) & set(groups[part.test])
        for fit, held in inner_cuts(target[part.train], inner_folds=1, seed=0, groups=groups[part.train]):
            assert not set(groups[part.train][fit]) & set(groups[part.train][held])


def test_time_goes_forward_and_moments_are_not_torn():
    times = rng.integers(0, 30, N).astype(float)
    splits = draw(VALUES, kind="forward", times=times, **OPTIONS)
    assert len(splits.parts) == 5 and splits.repeats == 1
    for part in splits.parts:
        assert times[part.train].max() < times[part.test].min()
        ((fit, held),) = inner_cuts(VALUES[part.train], inner_folds=5, seed=0, times=times[part.train])
        assert times[part.train][fit].max() < times[part.train][held].min()


def test_too_few_moments_or_groups_are_said():
    with pytest.raises(UserError, match="too few distinct moments"):
        draw(VALUES, kind="forward", times=np.zeros(N), **OPTIONS)
    with pytest.raises(UserError, match="3 groups, fewer than the 5 folds"):
        draw(VALUES, kind="grouped", groups=np.arange(N) % 3, **OPTIONS)


def test_large_tables_are_tuned_on_a_subsample():
    ((fit, held),) = inner_cuts(VALUES, inner_folds=1, seed=0, most_rows=100)
    assert (len(fit), len(held)) == (80, 20) and not set(fit) & set(held)


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
