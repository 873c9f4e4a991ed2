"""Learning curves with a planted truth: what is claimed holds, and silence comes with the reason it should."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import evidence, growth, schedule
from advisor.metrics import METRICS
from advisor.records import (
    Constraints,
    Cost,
    Dataset,
    Job,
    Outcome,
    Plan,
    Probe,
    Profile,
    Reading,
    Split,
    Splits,
    Trial,
)
from advisor.standings import standings

FOLDS = 5
SIDES = {"xgboost": "classical", "mlp": "neural"}
SHARES = (0.125, 0.25, 0.5, 1.0)


def law(a, b, alpha):
    return lambda share: a + b * share**-alpha


class World:
    """Two learners whose RMSE follows known laws of the share of the rows, on common hard rows; a fit's luck is `tau`.

    Readings and defaults are those of the cuts asked for, as a run would have them.
    """

    def __init__(self, seed, laws, rows=2_000, cuts=3, tau=0.01, groups=None):
        rng = np.random.default_rng(seed)
        fold = rng.permutation(rows) % FOLDS
        parts = tuple(Split(j, 0, j, np.flatnonzero(fold != j), np.flatnonzero(fold == j)) for j in range(FOLDS))
        drawn = Splits("stratified", FOLDS, 1, parts, 1)
        self.plan = Plan("regression", "rmse", drawn, tuple(SIDES), {}, 0, "cpu", "auto", "f")
        inputs = pd.DataFrame({"a": np.zeros(rows)})
        self.dataset = Dataset("made", "tabular", "regression", inputs, np.zeros(rows), "y", groups=groups)
        self.profile = Profile("made", "tabular", rows, "regression", (), {}, 1, {}, (), "print")
        hard, common = np.exp(0.5 * rng.standard_normal(rows)), rng.standard_normal(rows)
        self.outcomes, self.readings = [], []
        for part in parts[:cuts]:
            for (learner, family), truth in zip(SIDES.items(), laws, strict=True):
                own = rng.standard_normal(len(part.test))
                for share in SHARES:
                    luck = tau * share**-0.25 * rng.standard_normal()
                    error = 0.8 * common[part.test] + 0.5 * own + 0.4 * rng.standard_normal(len(part.test))
                    predicted = hard[part.test] * error * truth(share) * np.exp(luck)
                    self._add(learner, family, part, share, predicted)
        self.standing = standings(self.dataset, self.profile, self.plan, self.outcomes, Constraints())
        losses = self.standing.losses
        self.comparison = evidence.compare_pairs(
            losses["classical"], losses["neural"], self.standing.cuts, METRICS["rmse"]
        )

    def _add(self, learner, family, part, share, predicted):
        if share == 1.0:
            self.outcomes.append(
                Outcome(
                    Job(learner, family, part.number, "default", 0), "ok", error=1.0, inner_error=1.0,
                    predictions=predicted, trials=(Trial(0, {}, 1.0, 1.0, "complete", 0.0),),
                    cost=Cost(fit_seconds=8.0, predict_seconds=2.0),
                )
            )  # fmt: skip
        else:
            train = part.train[: round(share * len(part.train))]
            self.readings.append(
                Reading(Probe("growth", f"{part.number}/{share:g}", learner, train, part.test), predicted)
            )

    def told(self, **changes):
        given = {"outcomes": self.outcomes, "readings": self.readings, "comparison": self.comparison, **changes}
        return growth.more_rows(self.dataset, self.profile, self.plan, self.standing, **given)


STEEP = (law(0.9, 0.1, 0.5), law(0.8, 0.15, 1.0))
SAME = (law(0.9, 0.1, 0.5), law(0.9, 0.1, 0.5))


@pytest.mark.parametrize("laws", [STEEP, (law(0.9, 0.1, 0.5), law(0.7, 0.3, 0.5))])
def test_the_interval_holds_the_planted_gain_and_the_direction_is_right(laws):
    truth = 1 - laws[1](2.0) / laws[0](2.0)
    told = [World(seed, laws, cuts=5).told() for seed in range(40)]
    figures = [each["gain_2n"] for each in told if each["gain_2n"]]
    covered = sum(each["low"] <= truth <= each["high"] for each in figures)
    assert len(figures) >= 30 and covered >= 0.8 * len(
        figures
    )  # 90 % intervals: 32 of 40 is the 5 % point of the count
    assert abs(np.median([each["estimate"] for each in figures]) - truth) < 0.03
    assert sum(each["direction"] == "neural" for each in told) >= 38
    assert not any(each["direction"] == "classical" for each in told)


def test_the_same_pipeline_twice_has_no_direction():
    told = [World(seed, SAME).told() for seed in range(60)]
    assert (
        sum(each["direction"] is not None for each in told) <= 6
    )  # nominal 5 %: more than 6 of 60 has a chance of 3 %
    assert sum(each["gain_2n"] is not None for each in told) <= 6


def test_pipelines_that_never_differ_are_no_trouble():
    world = World(0, SAME)
    twin = {(r.probe.name, r.probe.learner): r.predictions for r in world.readings}
    same = [replace(r, predictions=twin[r.probe.name, "mlp"]) for r in world.readings]
    outer = {o.job.split: o.predictions for o in world.outcomes if o.job.learner == "mlp"}
    told = world.told(readings=same, outcomes=[replace(o, predictions=outer[o.job.split]) for o in world.outcomes])
    assert told["direction"] is None and told["gain_2n"] is None and "noise" in told["reason"]


def bump(share):
    return law(0.9, 0.1, 0.5)(share) + (0.3 if share == 0.5 else 0.0)


def late_leap(share):
    return 0.6 if share == 1.0 else 1.0 + 0.001 / share


@pytest.mark.parametrize(
    ("situation", "laws", "rows", "reason"),
    [
        ("few rows", STEEP, 400, "fewer than 500 rows"),
        ("an error that rises with the rows", (law(0.9, 0.1, 0.5), bump), 4_000, "the neural error rises"),
        ("a curve that its first points do not foretell", (law(1, 0, 1), late_leap), 4_000, "misses the last"),
        ("no growth", SAME, 4_000, "does not move"),
    ],
)
def test_refusals(situation, laws, rows, reason):
    told = World(1, laws, rows=rows, cuts=5).told()
    assert reason in told["reason"], situation
    figures = ("gain_2n", "gain_4n", "p_worth_2n", "p_worth_4n", "rows_needed")
    assert all(told[name] is None for name in figures)
    assert told["detectable_4n"] < told["detectable_2n"]


def test_few_rows_may_still_have_a_direction():
    laws = (law(1, 0, 1), law(0.5, 0.5, 0.5))
    assert World(0, laws, rows=400, cuts=5).told()["direction"] == "neural"


def test_what_else_silences():
    world = World(0, STEEP)
    assert "no time was left" in world.told(readings=[])["reason"]
    assert "no comparison" in world.told(comparison=None)["reason"]
    short = [replace(outcome, cut_short=outcome.job.learner == "mlp") for outcome in world.outcomes]
    assert "learnt its fill" in world.told(outcomes=short)["reason"]
    assert growth.growth_probes(world.dataset, world.plan, world.standing, short) == ()
    alone = World(0, STEEP, cuts=1)
    assert "one cut" in alone.told()["reason"]
    one_cut = [reading for reading in world.readings if reading.probe.name.startswith("0/")]
    assert "two cuts" in world.told(readings=one_cut)["reason"]
    three_points = [reading for reading in world.readings if not reading.probe.name.endswith("/0.125")]
    told = world.told(readings=three_points)
    assert "3 points" in told["reason"] and told["direction"] == "neural" and len(told["curve"]) == 3


def test_rows_needed_lie_where_the_law_passes_the_margin():
    """The net's error is 0.9 + 0.16 / x of the other's at x times the rows: 1 % less at 1.78 times."""
    laws = (law(1.0, 0.0, 1.0), law(0.9, 0.16, 1.0))
    found = [World(seed, laws, rows=20_000, cuts=5, tau=0.002).told()["rows_needed"] for seed in range(5)]
    known = [each["estimate"] for each in found if each]
    assert len(known) >= 4
    assert 1.5 * 20_000 <= np.median(known) <= 2.2 * 20_000
    far = World(0, (law(1.0, 0.0, 1.0), law(1.2, 0.1, 1.0)), rows=20_000, cuts=5, tau=0.002).told()
    assert far["rows_needed"] is None and "within 4 times the rows" in far["reason"]
    assert far["gain_4n"] is not None


def test_probes_are_nested_and_any_prefix_is_of_use():
    world = World(0, STEEP, cuts=5)
    probes = growth.growth_probes(world.dataset, world.plan, world.standing, world.outcomes)
    assert len(probes) == 3 * 3 * 2
    first_pairs = [(probe.name, probe.learner) for probe in probes[:4]]
    assert first_pairs == [("0/0.25", "xgboost"), ("0/0.25", "mlp"), ("1/0.25", "xgboost"), ("1/0.25", "mlp")]
    by_name = {(probe.name, probe.learner): set(probe.train) for probe in probes}
    assert by_name["0/0.125", "mlp"] < by_name["0/0.25", "mlp"] < by_name["0/0.5", "xgboost"]
    assert by_name["0/0.5", "mlp"] < set(world.plan.splits.parts[0].train)
    assert all(not set(probe.train) & set(probe.test) for probe in probes)
    for done in (4, 8, 12, 18):
        readings = [r for r in world.readings if (r.probe.name, r.probe.learner) in
                    {(probe.name, probe.learner) for probe in probes[:done]}]  # fmt: skip
        assert len(world.told(readings=readings)["curve"]) == {4: 2, 8: 3, 12: 4, 18: 4}[done]


def test_seconds_are_in_proportion_to_the_rows_and_pay_for_what_is_in_front():
    world = World(0, STEEP)
    probes = growth.growth_probes(world.dataset, world.plan, world.standing, world.outcomes)
    seconds = schedule.probe_seconds(probes, world.plan, world.outcomes)
    assert seconds[0] == pytest.approx(8.0 * 0.25 + 2.0)
    assert len(seconds) == len(probes)
    taken = schedule.affordable_probes((probes, probes), world.plan, world.outcomes, 2 * 9.0)
    assert [id(probe) for probe in taken] == [id(probe) for probe in (*probes[:2], *probes[:2])]  # 4 s each
    rest = schedule.affordable_probes((probes[:1], probes), world.plan, world.outcomes, 2 * 9.0)
    assert len(rest) == 1 + 3
    alone = schedule.affordable_probes((probes, ()), world.plan, world.outcomes, 2 * 9.0)
    assert len(alone) == 4, "no seconds are kept for a kind that has no probes"


def test_parts_of_the_order_are_fair_small_tables():
    rng = np.random.default_rng(0)
    target = np.where(rng.random(1_000) < 0.1, 1, 0)
    inputs = pd.DataFrame({"a": np.zeros(1_000)})
    dataset = Dataset("made", "tabular", "binary", inputs, target, "y", ("0", "1"))
    train = np.arange(0, 1_000, 2)
    order = growth.nested_order(dataset, train, 0)
    assert sorted(order) == list(train)
    whole = target[train].mean()
    assert all(abs(target[order[:rows]].mean() - whole) < 0.03 for rows in (62, 125, 250))
    assert set(target[order[:4]]) == {0, 1}
    groups = np.arange(1_000) // 10
    order = growth.nested_order(replace(dataset, groups=groups), train, 0)
    assert len(np.unique(groups[order[:50]])) == 10  # five of the ten rows of a group are among the training rows
    latest = growth.nested_order(replace(dataset, times=np.arange(1_000)), train, 0)
    assert latest[0] == train[-1] and latest[-1] == train[0]


def test_rows_that_belong_together_widen_the_curve():
    alone, together = World(0, STEEP), World(0, STEEP, groups=np.arange(2_000) // 20)
    pairs = zip(alone.told()["curve"], together.told()["curve"], strict=True)
    assert any(one["high"] - one["low"] != other["high"] - other["low"] for one, other in pairs)
