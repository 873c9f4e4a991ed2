"""Blends weigh by inner rows alone, and a member that errs otherwise than the rest is worth having."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.blends import blends, weigh
from advisor.metrics import METRICS
from advisor.records import Constraints
from advisor.standings import standings
from tests.made import DATASET, PROFILE, TARGET, all_outcomes, plan

rng = np.random.default_rng(3)
TRUTH = rng.normal(size=4000)
RMSE = METRICS["rmse"]


def test_equally_good_strangers_share_evenly():
    told = {name: TRUTH + rng.normal(size=4000) for name in "ab"}
    weights = weigh(told, TRUTH, RMSE)
    assert weights["a"] == pytest.approx(0.5, abs=0.05) and sum(weights.values()) == pytest.approx(1)
    mixed = sum(share * told[name] for name, share in weights.items())
    assert RMSE.error(TRUTH, mixed) == pytest.approx(np.sqrt(0.5), rel=0.05), "independent errors halve the variance"


def test_shares_go_by_precision():
    told = {"sharp": TRUTH + rng.normal(size=4000), "dull": TRUTH + 2 * rng.normal(size=4000)}
    assert weigh(told, TRUTH, RMSE)["sharp"] == pytest.approx(0.8, abs=0.06), "inverse variances, 4 to 1"


def test_a_copy_and_a_spoiler_get_nothing():
    good = TRUTH + 0.1 * rng.normal(size=4000)
    assert weigh({"good": good, "copy": good.copy(), "noise": rng.normal(size=4000)}, TRUTH, RMSE) == {"good": 1.0}


def standing_of(outcomes, chosen, constraints=None):
    return standings(DATASET, PROFILE, chosen, outcomes, constraints or Constraints())


def with_inner(chosen, told):
    """Outcomes whose inner predictions are `told[learner]` for all rows of the target."""
    rows = np.arange(len(TARGET))
    return [
        replace(o, inner_rows=rows, inner_predictions=np.column_stack([1 - told[o.job.learner], told[o.job.learner]]))
        for o in all_outcomes(chosen)
    ]


def test_outer_rows_choose_nothing_and_families_are_kept_apart():
    chosen = plan()
    right, wrong = TARGET * 0.8 + 0.1, np.full(len(TARGET), 0.5)
    outcomes = with_inner(chosen, {"dummy": wrong, "linear": right, "xgboost": wrong, "mlp": wrong})
    standing = standing_of(outcomes, chosen)
    found = blends(standing, DATASET, chosen, ("classical", "neural"))
    assert {tuple(blend.weights) for blend in found.values()} == {("linear",)}, "xgboost is better outside"
    np.testing.assert_array_equal(found[0].predictions, standing.finals["linear"][0].predictions)
    nets = blends(standing, DATASET, chosen, ("neural",))
    assert {tuple(blend.weights) for blend in nets.values()} == {("mlp",)}


def test_who_misses_a_constraint_or_has_other_inner_rows_is_no_member():
    chosen = plan()
    told = dict.fromkeys(("dummy", "linear", "xgboost", "mlp"), TARGET * 0.5 + 0.25)
    outcomes = [
        replace(o, inner_rows=o.inner_rows[::2], inner_predictions=o.inner_predictions[::2])
        if o.job.learner == "mlp"
        else o
        for o in with_inner(chosen, told)
    ]
    found = blends(standing_of(outcomes, chosen), DATASET, chosen, ("classical", "neural"))
    assert all("mlp" not in blend.weights for blend in found.values())
    barred = standing_of(outcomes, chosen, Constraints(max_latency_ms=1.0))
    assert blends(barred, DATASET, chosen, ("classical", "neural")) == {}
