"""Learning curves with a planted truth: what is claimed holds, and silence comes with the reason it should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.ruling import Ruling, ruling
from advisor.outlook import growth
from advisor.records import Case, Cost, Dataset, Fold, Folds, Limits, MoreRows, Probe, ProbeResult
from tests.made_case import made_case, only_on, remade

FOLDS = 5
SIDES = {"xgboost": "classical", "mlp": "neural"}
SHARES = (0.125, 0.25, 0.5, 1.0)

Law = Callable[[float], float]


def law(a: float, b: float, alpha: float) -> Law:
    return lambda share: a + b * share**-alpha


class World:
    """Two learners whose RMSE follows known laws of the share of the rows, on common hard rows; a fit's luck is `tau`.

    Probes and defaults are those of the folds asked for, as a run would have them. `rows` of `drawn_from` take part.
    """

    def __init__(
        self, seed: int, laws: Sequence[Law], rows: int = 2_000, folds: int = 3, tau: float = 0.01,
        groups: np.ndarray | None = None, drawn_from: int | None = None,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(seed)
        fold = rng.permutation(rows) % FOLDS
        parts = tuple(Fold(j, 0, j, np.flatnonzero(fold != j), np.flatnonzero(fold == j)) for j in range(FOLDS))
        target = np.zeros(drawn_from or rows)
        hard, common = np.exp(0.5 * rng.standard_normal(rows)), rng.standard_normal(rows)
        whole = {learner: np.zeros(len(target)) for learner in SIDES}
        self.results = []
        for part in parts[:folds]:
            for learner, truth in zip(SIDES, laws, strict=True):
                own = rng.standard_normal(len(part.test))
                for share in SHARES:
                    luck = tau * share**-0.25 * rng.standard_normal()
                    error = 0.8 * common[part.test] + 0.5 * own + 0.4 * rng.standard_normal(len(part.test))
                    predicted = hard[part.test] * error * truth(share) * np.exp(luck)
                    if share == 1.0:
                        whole[learner][part.test] = predicted
                    else:
                        train = part.train[: round(share * len(part.train))]
                        probe = Probe("growth", f"{part.number}/{share:g}", learner, train, part.test)
                        self.results.append(ProbeResult(probe, predicted))
        made = made_case(
            target, {learner: (family, whole[learner]) for learner, family in SIDES.items()},  # type: ignore[misc]
            folds=Folds("stratified", FOLDS, 1, parts, np.arange(rows)), groups=groups, limits=Limits(single=True),
            strong=("mlp",),
        )  # fmt: skip
        done = [only_on(outcome, range(folds), "complete") for outcome in made.outcomes.values()]
        self.case = remade(made, done)
        self.ruled = ruling(self.case)

    def told(
        self, results: Sequence[ProbeResult] | None = None, case: Case | None = None, ruled: Ruling | None = None
    ) -> MoreRows:
        return growth.more_rows(case or self.case, ruled or self.ruled, self.results if results is None else results)


STEEP = (law(0.9, 0.1, 0.5), law(0.8, 0.15, 1.0))
SAME = (law(0.9, 0.1, 0.5), law(0.9, 0.1, 0.5))


@pytest.mark.parametrize("laws", [STEEP, (law(0.9, 0.1, 0.5), law(0.7, 0.3, 0.5))])
def test_the_interval_holds_the_planted_gain_and_the_direction_is_right(laws: Sequence[Law]) -> None:
    truth = 1 - laws[1](2.0) / laws[0](2.0)
    told = [World(seed, laws, folds=5).told() for seed in range(40)]
    figures = [each.gain_2n for each in told if each.gain_2n]
    covered = sum(each.low <= truth <= each.high for each in figures)
    assert len(figures) >= 30 and covered >= 0.8 * len(
        figures
    )  # 90 % intervals: 32 of 40 is the 5 % point of the count
    assert abs(np.median([each.estimate for each in figures]) - truth) < 0.03
    assert sum(each.direction == "neural" for each in told) >= 38
    assert not any(each.direction == "classical" for each in told)


def test_the_same_learner_twice_has_no_direction() -> None:
    told = [World(seed, SAME).told() for seed in range(60)]
    assert sum(each.direction is not None for each in told) <= 6  # nominal 5 %: more than 6 of 60 has a chance of 3 %
    assert sum(each.gain_2n is not None for each in told) <= 6


def twins(world: World) -> tuple[Case, list[ProbeResult]]:
    """Let the tree predict what the net does, on all rows and on all shares of them."""
    probed = {(r.probe.name, r.probe.learner): r.predictions for r in world.results}
    net = world.case.outcomes["mlp-default"]
    tree = world.case.outcomes["xgboost-default"]
    same = {
        n: replace(result, predictions=net.results[n].predictions, losses=net.results[n].losses)
        for n, result in tree.results.items()
    }
    results = [replace(r, predictions=probed[r.probe.name, "mlp"]) for r in world.results]
    return remade(world.case, [net, replace(tree, results=same)]), results


def test_learners_that_never_differ_are_no_trouble() -> None:
    case, results = twins(World(0, SAME))
    told = growth.more_rows(case, ruling(case), results)
    assert told.direction is None and told.gain_2n is None and "noise" in told.reason
    assert told.detectable_2n is None, "without a spread nothing is to be detected"


def bump(share: float) -> float:
    return law(0.9, 0.1, 0.5)(share) + (0.3 if share == 0.5 else 0.0)


def late_leap(share: float) -> float:
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
def test_refusals(situation: str, laws: Sequence[Law], rows: int, reason: str) -> None:
    told = World(1, laws, rows=rows, folds=5).told()
    assert reason in told.reason, situation
    figures = ("gain_2n", "gain_4n", "gain_all", "p_worth_2n", "p_worth_4n", "p_worth_all", "rows_needed")
    assert all(getattr(told, name) is None for name in figures)
    assert told.detectable_4n < told.detectable_2n


def test_few_rows_may_still_have_a_direction() -> None:
    laws = (law(1, 0, 1), law(0.5, 0.5, 0.5))
    assert World(0, laws, rows=400, folds=5).told().direction == "neural"


def test_what_else_silences() -> None:
    world = World(0, STEEP)
    assert "no time was left" in world.told(results=[]).reason
    assert "no comparison" in world.told(ruled=replace(world.ruled, readings={})).reason
    net = world.case.outcomes["mlp-default"]
    late = replace(net, results={n: replace(result, cut_short=True) for n, result in net.results.items()})
    short = remade(world.case, [world.case.outcomes["xgboost-default"], late])
    assert "learnt its fill" in world.told(case=short).reason
    assert growth.growth_probes(short) == ()
    alone = remade(world.case, [only_on(outcome, (0,)) for outcome in world.case.outcomes.values()])
    assert "one fold" in world.told(case=alone).reason and growth.growth_probes(alone) == ()
    one_fold = [result for result in world.results if result.probe.name.startswith("0/")]
    assert "two folds" in world.told(results=one_fold).reason
    three_points = [result for result in world.results if not result.probe.name.endswith("/0.125")]
    told = world.told(results=three_points)
    assert "3 points" in told.reason and told.direction == "neural" and len(told.curve) == 3
    unfinished = [replace(r, predictions=None, message="too late") for r in world.results]
    assert "no time was left" in world.told(results=unfinished).reason
    broken = [replace(r, predictions=np.full_like(r.predictions, np.nan)) for r in world.results]
    assert "not finite" in world.told(results=broken).reason


def test_rows_needed_lie_where_the_law_passes_the_margin() -> None:
    """The net's error is 0.9 + 0.16 / x of the other's at x times the rows: 1 % less at 1.78 times."""
    laws = (law(1.0, 0.0, 1.0), law(0.9, 0.16, 1.0))
    found = [World(seed, laws, rows=20_000, folds=5, tau=0.002).told().rows_needed for seed in range(5)]
    known = [each.estimate for each in found if each]
    assert len(known) >= 4
    assert 1.5 * 20_000 <= np.median(known) <= 2.2 * 20_000
    far = World(0, (law(1.0, 0.0, 1.0), law(1.2, 0.1, 1.0)), rows=20_000, folds=5, tau=0.002).told()
    assert far.rows_needed is None and "within 4 times the rows" in far.reason
    assert far.gain_4n is not None


def test_where_rows_were_drawn_all_of_them_have_their_figure() -> None:
    """Of 5,000 rows 2,000 took part; the truth at two and a half times the rows is known."""
    truth = 1 - STEEP[1](2.5) / STEEP[0](2.5)
    told = [World(seed, STEEP, folds=5, drawn_from=5_000).told() for seed in range(20)]
    figures = [each.gain_all for each in told if each.gain_all]
    assert len(figures) >= 14 and sum(each.low <= truth <= each.high for each in figures) >= 0.8 * len(figures)
    assert abs(np.median([each.estimate for each in figures]) - truth) < 0.03
    one = next(each for each in told if each.gain_all)
    assert (one.rows, one.rows_all) == (2_000, 5_000) and one.gain_2n.estimate < one.gain_all.estimate
    assert 0 < one.p_worth_all <= 1 and one.detectable_4n < one.detectable_all < one.detectable_2n


def test_beyond_four_times_the_rows_there_is_no_figure_for_all() -> None:
    told = next(t for seed in range(9) if (t := World(seed, STEEP, folds=5, drawn_from=9_000).told()).gain_2n)
    assert told.rows_all == 9_000 and told.gain_all is None and told.p_worth_all is None
    assert "more than 4 times those used" in told.reason and told.direction == "neural"
    assert told.detectable_all < told.detectable_4n
    everything = World(0, STEEP).told()
    assert everything.rows_all is None and everything.gain_all is None and everything.detectable_all is None


def test_probes_are_nested_and_any_prefix_is_of_use() -> None:
    world = World(0, STEEP, folds=5)
    probes = growth.growth_probes(world.case)
    assert len(probes) == 3 * 3 * 2
    first_pairs = [(probe.name, probe.learner) for probe in probes[:4]]
    assert first_pairs == [("0/0.25", "xgboost"), ("0/0.25", "mlp"), ("1/0.25", "xgboost"), ("1/0.25", "mlp")]
    by_name = {(probe.name, probe.learner): set(probe.train) for probe in probes}
    assert by_name["0/0.125", "mlp"] < by_name["0/0.25", "mlp"] < by_name["0/0.5", "xgboost"]
    assert by_name["0/0.5", "mlp"] < set(world.case.plan.folds.parts[0].train)
    assert all(not set(probe.train) & set(probe.test) for probe in probes)
    for done, points in {4: 2, 8: 3, 12: 4, 18: 4}.items():
        asked = {(probe.name, probe.learner) for probe in probes[:done]}
        results = [r for r in world.results if (r.probe.name, r.probe.learner) in asked]
        assert len(world.told(results=results).curve) == points


def test_a_probe_is_likely_to_take_its_share_of_what_the_default_took() -> None:
    world = World(0, STEEP, folds=5)
    net = world.case.outcomes["mlp-default"]
    slow = {n: replace(r, cost=Cost(fit_seconds=7.5, predict_seconds=0.5)) for n, r in net.results.items()}
    made = remade(world.case, [world.case.outcomes["xgboost-default"], replace(net, results=slow)])
    likely = {probe.name: growth.likely_seconds(made, probe) for probe in growth.growth_probes(made)
              if probe.learner == "mlp"}  # fmt: skip
    assert {name: likely[name] for name in ("0/0.25", "0/0.5", "1/0.125")} == pytest.approx(
        {"0/0.25": 2.0, "0/0.5": 4.0, "1/0.125": 1.0}
    )


def test_it_is_the_default_of_whom_all_rows_choose_that_is_asked() -> None:
    """A family's champion may be a tuned one; its learner's default makes the curve."""
    world = World(0, STEEP)
    net, tree = world.case.outcomes["mlp-default"], world.case.outcomes["xgboost-default"]
    tuned = replace(net.candidate, params={"width": 8})
    better = {
        n: replace(r, candidate=tuned, predictions=r.predictions / 2, losses=r.losses / 4)
        for n, r in net.results.items()
    }
    other = replace(net.candidate, learner="realmlp")
    worse = {n: replace(r, candidate=other, losses=r.losses * 2) for n, r in net.results.items()}
    made = remade(
        world.case,
        [net, tree, replace(net, candidate=tuned, results=better), replace(net, candidate=other, results=worse)],
    )
    assert {probe.learner for probe in growth.growth_probes(made)} == {"xgboost", "mlp"}
    told = growth.more_rows(made, ruling(made), world.results)
    assert told.learners == {"classical": "xgboost", "neural": "mlp"} and told.direction == "neural"


def test_parts_of_the_order_are_fair_small_tables() -> None:
    rng = np.random.default_rng(0)
    target = np.where(rng.random(1_000) < 0.1, 1, 0)
    inputs = World(0, SAME, rows=100).case.dataset.inputs
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


def test_rows_that_belong_together_widen_the_curve() -> None:
    alone, together = World(0, STEEP), World(0, STEEP, groups=np.arange(2_000) // 20)
    pairs = zip(alone.told().curve, together.told().curve, strict=True)
    assert any(one.high - one.low != other.high - other.low for one, other in pairs)
