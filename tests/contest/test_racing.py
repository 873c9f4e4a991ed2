"""Who falls behind: whoever loses by more than the margin on nearly every draw of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.contest.racing import MOST_UNITS, falls_behind

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("situation", "behind", "noise", "expected"),
    [
        ("far behind", 1.5, 0.3, True),
        ("better", 0.8, 0.3, False),
        ("worse, but within the margin", 1.005, 0.0, False),
        ("behind by more than the margin, every row alike", 1.05, 0.0, True),
        ("perhaps behind, but the rows disagree", 1.05, 3.0, False),
    ],
)
@pytest.mark.parametrize("rows", [200, 2 * MOST_UNITS])
def test_it_takes_a_clear_loss_by_more_than_the_margin(situation, behind, noise, expected, rows):
    leader, errors = 1 + 0.5 * rng.random(rows), rng.standard_normal(rows)
    spread = noise * np.sqrt(rows / 200)  # so that the mean is as uncertain, however many rows there are
    losses = behind * leader + spread * (errors - errors.mean())
    assert falls_behind(losses, leader, margin=0.01, certainty=0.99) is expected, situation


@pytest.mark.parametrize("rows", [300, 2 * MOST_UNITS])
def test_less_certainty_gives_up_sooner(rows):
    """The loss is 1.8 standard errors: sure enough at nine tenths, not at 99 of a hundred."""
    noise = rng.standard_normal(rows)
    noise = (noise - noise.mean()) / noise.std()
    losses = 1.0 + 1.8 / np.sqrt(rows) + noise
    assert falls_behind(losses, np.ones(rows), margin=0.0, certainty=0.9)
    assert not falls_behind(losses, np.ones(rows), margin=0.0, certainty=0.99)


def test_rows_of_a_cluster_are_one_piece_of_evidence():
    losses = np.repeat([1.6, 0.7, 1.6, 0.7, 1.3], 100) + 0.01 * rng.standard_normal(500)
    assert falls_behind(losses, np.ones(500), margin=0.01, certainty=0.99)
    assert not falls_behind(losses, np.ones(500), margin=0.01, certainty=0.99, clusters=np.arange(500) // 100)


@pytest.mark.parametrize("losses", [[2.0], [np.inf, 2.0, 2.0], [np.nan, 2.0, 2.0], []])
def test_nobody_falls_behind_on_what_says_nothing(losses):
    assert not falls_behind(np.array(losses), np.ones(len(losses)), margin=0.0, certainty=0.9)
