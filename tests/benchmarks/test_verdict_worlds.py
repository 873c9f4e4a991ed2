import made
import numpy as np
import pytest
import trained
from scipy import stats
from synthetic import BASE_ERROR, World, _Rows, judged, log_error, row_losses, row_variance, strength_of, tally

from advisor.metrics import METRICS


@pytest.mark.parametrize("metric", BASE_ERROR)
@pytest.mark.parametrize("gain", [0.0, 0.1])
def test_a_planted_error_is_the_error_that_rows_have(metric, gain):
    rng = np.random.default_rng(0)
    error = BASE_ERROR[metric] * (1 - gain)
    strength = float(strength_of(metric, np.log(error)))
    rows = _Rows.drawn(rng, 100_000)
    losses = row_losses(metric, strength, rows.sign, rows.hard, rows.noise(rng, 0))
    measured = METRICS[metric].error_of_loss(losses.mean())
    scale = np.sqrt(5 / 3) if metric == "rmse" else 1.0  # of Student's t with 5 degrees of freedom
    assert measured == pytest.approx(error * scale, rel=0.03)


@pytest.mark.parametrize("metric", BASE_ERROR)
def test_strength_and_error_are_inverse(metric):
    strengths = np.array([0.5, 1.0, 2.0])
    assert strength_of(metric, log_error(metric, strengths)) == pytest.approx(strengths, rel=1e-4)


def test_the_auc_of_two_normal_scores_is_known():
    assert np.exp(log_error("roc_auc", np.array(1.0))) == pytest.approx(stats.norm.sf(np.sqrt(2)))


def test_two_equal_pipelines_differ_less_than_they_err():
    assert 0 < row_variance("rmse") < 10


def test_a_world_is_the_same_each_time_it_is_drawn():
    world = World("rmse", 300, 0.05, 0.4)
    assert judged(world, 3) == judged(world, 3)
    assert judged(world, 3).looks != judged(world, 4).looks


def test_many_rows_show_a_large_gain_and_equal_pipelines_are_not_worth_it():
    shown, equal = (tally(World("rmse", 10_000, gain, 0.4), range(8)) for gain in (0.10, 0.0))
    assert shown["counts"]["answer worth_it"] >= 7
    assert "answer worth_it" not in equal["counts"]
    assert sum(row[0] for row in shown["bins"]) == 8


def test_counts_are_summed_and_the_margin_is_no_gain():
    cells = [
        {"metric": "rmse", "rows": 300, "gain": gain, "swing": 0.4, "cases": 10, "counts": {"answer worth_it": hits}}
        for gain, hits in ((0.0, 0), (0.01, 1), (0.05, 6))
    ]
    found = made.headline(cells)
    assert found["false worth it, equal pipelines (simulated)"] == (0, 10, "")
    assert found["false worth it, gain at the margin (simulated)"][:2] == (1, 10)
    assert "rmse, 300 rows, 1 of 10" in found["false worth it, gain at the margin (simulated)"][2]
    assert made.power(cells, 0.05)["rmse"][0][:2] == (300, 0.6)


@pytest.mark.parametrize("kind", trained.KINDS)
def test_every_kind_of_trained_case_can_be_counted(kind):
    name, sizes = next(iter(trained.KINDS[kind][1].items()))
    found = trained.tally(kind, name, sizes[0], 2)
    assert found["cases"] == 2 and found == trained.tally(kind, name, sizes[0], 2)


@pytest.mark.parametrize(("planted", "found"), [("leak", 3), ("copy", 3), ("drift", 3), ("groups", 3), ("nothing", 0)])
def test_what_is_planted_is_warned_of_and_nothing_else(planted, found):
    assert trained.tally("findings", planted, 1000, 3)["counts"]["found"] == found
