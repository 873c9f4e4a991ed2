"""The gain that so many rows could show, against known figures."""

from __future__ import annotations

import pytest

from advisor.measuring.metrics import METRICS, Metric
from advisor.measuring.power import detectable_gain_guess


@pytest.mark.parametrize(("rows", "gain"), [(1000, 0.150), (10_000, 0.050), (50_000, 0.0227)])
def test_the_guess_gives_the_known_figures_for_accuracy(rows: int, gain: float) -> None:
    assert detectable_gain_guess(rows, METRICS["accuracy"], 0.15) == pytest.approx(gain, abs=0.005)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_metric_has_a_guess_that_falls_with_rows(metric: Metric) -> None:
    guesses = [detectable_gain_guess(rows, metric, 0.1) for rows in (100, 999, 1000, 10_000)]
    assert guesses == sorted(guesses, reverse=True)
    assert 0 < guesses[-1] < guesses[0] < 1
