"""The rows that are judged are counted once each, and keep what belongs together."""

from __future__ import annotations

import numpy as np

from advisor.measuring.judged import judged_on, losses_of
from advisor.records import Fold
from tests.measuring.made_folds import k_fold


def test_rows_are_averaged_over_repeats_and_folds_keep_their_order() -> None:
    folds = k_fold(4, folds=2, repeats=2)
    by_fold = {fold.number: 10.0 * fold.repeat + fold.test for fold in folds}
    judged = judged_on(folds)
    found = losses_of(by_fold, judged)
    np.testing.assert_allclose(found.by_row, [5, 6, 7, 8])
    np.testing.assert_allclose(found.by_fold, [by_fold[number].mean() for number in range(4)])
    assert (judged.rows, judged.numbers, judged.share) == (4, (0, 1, 2, 3), 1.0)
    assert judged_on(k_fold(100)).share == 0.25


def test_rows_that_were_never_judged_do_not_count() -> None:
    folds = (Fold(7, 0, 0, np.arange(80), np.arange(80, 100)),)
    judged = judged_on(folds, clusters=np.repeat(np.arange(50), 2))
    assert judged.rows == 20
    assert judged.clusters is not None
    assert judged.clusters.tolist() == np.repeat(np.arange(10), 2).tolist()
    np.testing.assert_array_equal(losses_of({7: np.arange(20.0)}, judged).by_row, np.arange(20))
