"""Variance components with a planted truth: they are found again, and few figures are called few."""

from dataclasses import replace

import numpy as np
import pytest

from advisor import variance
from advisor.metrics import METRICS
from advisor.records import Constraints, Reading
from advisor.standings import standings
from advisor.variance import Spread, components
from tests.made import DATASET, PROFILE, TARGET, all_outcomes, outcome, plan

PLANTED = {"split": 0.06, "tuning": 0.04, "seed": 0.02}


def mean_squares(rng, cuts=400):
    """Draw mean squares as `variance` would find them, for theta = split + tuning + seed of one cut."""
    split, seed = (rng.normal(0, PLANTED[name], cuts) for name in ("split", "seed"))
    tuned, default = rng.normal(0, PLANTED["tuning"], (2, cuts))
    theta, untuned = split + tuned + seed, split + default + rng.normal(0, PLANTED["seed"], cuts)
    again = rng.normal(0, PLANTED["seed"], (cuts, 3))
    return theta - tuned, theta - untuned, again


def test_planted_components_are_found_again():
    rng = np.random.default_rng(0)
    theta, moved, again = mean_squares(rng)
    told = components(
        Spread(float(np.var(theta, ddof=1)), len(theta) - 1),
        Spread(float(np.mean(moved**2)) / 2, len(moved)),
        Spread(float(np.var(again, axis=1, ddof=1).mean()), 2 * len(again)),
    )
    for name, sd in PLANTED.items():
        assert told[name]["sd"] == pytest.approx(sd, rel=0.15), name
        assert told[name]["low"] <= sd <= told[name]["high"], name
    assert sum(each["share"] for each in told.values()) == pytest.approx(1)


def test_intervals_cover_the_planted_components_with_as_few_figures_as_a_run_has():
    rng, covered = np.random.default_rng(1), dict.fromkeys(PLANTED, 0)
    for _ in range(100):
        theta, moved, again = mean_squares(rng, cuts=5)
        told = components(
            Spread(float(np.var(theta, ddof=1)), 4),
            Spread(float(np.mean(moved**2)) / 2, 5),
            Spread(float(np.var(again[:2], axis=1, ddof=1).mean()), 4),
        )
        for name, sd in PLANTED.items():
            covered[name] += told[name]["low"] <= sd <= told[name]["high"]
    assert all(count >= 83 for count in covered.values()), covered  # 90 % intervals: fewer has a chance of 1 %


def test_what_the_seed_explains_is_not_explained_twice():
    told = components(Spread(0.01, 4), Spread(0.01, 5), Spread(0.01, 4))
    assert told["split"]["sd"] == told["tuning"]["sd"] == 0 and told["seed"]["share"] == 1
    unknown = components(Spread(0.01, 4), None, None)
    assert unknown["seed"] is None and unknown["tuning"] is None
    assert unknown["split"]["sd"] == pytest.approx(0.1) and unknown["split"]["share"] is None


def ran(seeds=(1, 2), tuned=True):
    """Outcomes of a made run and the readings of its seed probes; errors are what the predictions have."""
    chosen = plan()
    outcomes = all_outcomes(chosen, {"mlp": 0.6, "xgboost": 0.7})
    if tuned:
        outcomes += [outcome("mlp", part, 0.5, 0.15, "tuned", params={"width": 8}) for part in chosen.splits.parts]
    metric = METRICS[chosen.metric]
    outcomes = [
        replace(o, error=metric.error(TARGET[chosen.splits.parts[o.job.split].test], o.predictions)) for o in outcomes
    ]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    probes = variance.seed_probes(chosen, standing, outcomes)
    rng = np.random.default_rng(0)
    readings = []
    for probe in probes:
        risk = 1 / (1 + np.exp(-(TARGET[probe.test] - 0.5 + 0.6 * rng.normal(size=len(probe.test)))))
        if int(probe.name.partition("/")[2]) in seeds:
            readings.append(Reading(probe, np.column_stack([1 - risk, risk])))
    return variance.variance(DATASET, chosen, standing, outcomes, readings), probes, chosen


def test_the_seed_probes_are_the_leaders_on_the_same_rows_with_other_seeds():
    _, probes, chosen = ran()
    assert len(probes) == 2 * 2 * 2
    assert {probe.learner for probe in probes[:2]} == {"xgboost", "mlp"} and probes[0].name == probes[1].name
    assert len({(probe.learner, probe.seed) for probe in probes}) == len(probes)
    assert all(probe.seed != chosen.seed + int(probe.name[0]) for probe in probes)
    part = chosen.splits.parts[0]
    assert list(probes[0].train) == list(part.train) and list(probes[0].test) == list(part.test)


def test_a_run_is_divided_into_three():
    told, _, _ = ran()
    assert (told["split"]["df"], told["tuning"]["df"], told["seed"]["df"]) == (2, 3, 4)
    assert told["missing"] == {} and told["remark"].startswith("split: so few")
    assert sum(told[name]["share"] for name in PLANTED) == pytest.approx(1)


def test_what_was_not_measured_is_said():
    told, _, _ = ran(seeds=(), tuned=False)
    assert set(told["missing"]) == {"seed", "tuning"} and told["seed"] is None
    chosen = plan()
    outcomes = [o for o in all_outcomes(chosen) if o.job.split == 0]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    assert "fewer than two cuts" in variance.variance(DATASET, chosen, standing, outcomes, [])["reason"]
