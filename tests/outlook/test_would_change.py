"""What would change the answer: a figure where the run carries one, the reason for silence where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from advisor import learners
from advisor.judging import choice
from advisor.judging.ruling import Ruling, ruling
from advisor.measuring.metrics import METRICS
from advisor.outlook import would_change
from advisor.records import Budget, Case, Cost, Limits, Outcome
from advisor.records.outlook import Gpu
from tests.made_case import made_case, made_folds, only_on, remade

ROWS = 600
BUDGET = Budget(600.0, 60)
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
OWN = {name: rng.standard_normal(ROWS) for name in ("linear", "xgboost", "mlp")}
FAMILY = {"linear": "classical", "xgboost": "classical", "mlp": "neural", "prior_fitted": "neural"}


def case(noises: dict[str, float] | None = None, trials: Sequence[float] = (), **options: object) -> Case:
    """Everybody misses by so much; xgboost and mlp have further trials which miss by these multiples of it."""
    known = {"linear": 1.5, "xgboost": 0.6, "mlp": 0.6, **(noises or {})}
    told = {name: (FAMILY[name], TARGET + noise * OWN.get(name, OWN["mlp"])) for name, noise in known.items()}
    for learner in ("xgboost", "mlp"):
        for number, times in enumerate(trials):
            told[f"{learner}#{number + 2}"] = (FAMILY[learner], TARGET + times * known[learner] * OWN[learner])
    given = {"strong": ("mlp",), "limits": Limits(single=True), **options}
    return made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told}, **given)  # type: ignore[arg-type]


def planned(made: Case, **changes: object) -> Case:
    return replace(made, plan=replace(made.plan, **changes))  # type: ignore[arg-type]


def changed(made: Case, learner: str, **changes: object) -> Case:
    """Let all folds of a learner have come out otherwise."""
    outcomes: list[Outcome] = []
    for outcome in made.outcomes.values():
        if outcome.candidate.learner == learner:
            results = {n: replace(result, **changes) for n, result in outcome.results.items()}  # type: ignore[arg-type]
            outcome = replace(outcome, results=results)
        outcomes.append(outcome)
    return remade(made, outcomes)


def without(made: Case, family: str) -> Case:
    return remade(made, [outcome for outcome in made.outcomes.values() if outcome.candidate.family != family])


def test_expected_best_is_that_of_draws_with_replacement() -> None:
    own = np.random.default_rng(0)
    errors = own.gamma(2.0, size=12)
    drawn = own.choice(errors, (200_000, 5)).min(axis=1).mean()
    assert would_change.expected_best(errors, 5) == pytest.approx(drawn, rel=0.01)
    assert would_change.expected_best(errors, 1) == pytest.approx(errors.mean())
    assert would_change.expected_best(errors, 10_000) == pytest.approx(errors.min())


def test_a_search_that_stands_still_gains_nothing_and_one_that_moves_does() -> None:
    still, draws = would_change.doubled(np.full(10, 0.3))
    assert still < 1e-12 and draws.max() < 1e-12
    moving, draws = would_change.doubled(np.linspace(0.2, 0.4, 10))
    assert moving > 0.02 and np.quantile(draws, 0.05) > 0


# A larger budget


def test_twice_the_trials_say_what_they_may_gain() -> None:
    made = case(trials=(0.95, 0.9, 0.99, 0.85, 0.97))
    told = would_change.larger_budget(made, ruling(made))
    assert told.trials == {"classical": 6, "neural": 6}
    assert all(0 <= g.low <= g.estimate <= g.high < 0.1 for g in told.gain.values())
    assert 0 < told.p_worth < 1 and told.reason == ""
    assert told.rows == {"used": ROWS, "all": ROWS} and told.folds == {"run": 5, "planned": 5}


def test_trials_are_those_that_the_champion_s_learner_completed() -> None:
    made = case(trials=(0.95, 0.9, 0.99, 0.85, 0.97))
    keys = [key for key in made.columns if key.startswith("mlp") and key != "mlp-default"]
    some = [only_on(o, (0, 1), "given_up") if key in keys[:3] else o for key, o in made.outcomes.items()]
    told = would_change.larger_budget(remade(made, some), ruling(remade(made, some)))
    assert told.trials == {"classical": 6, "neural": 3} and told.gain["neural"] is None
    assert "fewer than 5 trials were completed for the neural champion" in told.reason


def test_a_search_that_still_moves_on_one_side_moves_the_chance() -> None:
    made = case(trials=(0.9, 0.8, 0.7, 0.9, 0.8))
    ruled = ruling(made)
    both = would_change.larger_budget(made, ruled)
    still = remade(made, [
        replace(o, results={n: replace(r, losses=made.outcomes["xgboost-default"].results[n].losses)
                            for n, r in o.results.items()})
        if o.candidate.learner == "xgboost" else o
        for o in made.outcomes.values()
    ])  # fmt: skip
    assert would_change.larger_budget(still, ruled).p_worth > both.p_worth


def test_all_folds_would_show_a_smaller_gain_and_repeats_would_not() -> None:
    made = case()
    some = remade(made, [only_on(outcome, (0, 1)) for outcome in made.outcomes.values()])
    ruled = ruling(some)
    told = would_change.larger_budget(some, ruled)
    assert told.folds == {"run": 2, "planned": 5}
    detectable = ruled.readings["alone"].comparison.detectable_theta
    assert np.log1p(-told.detectable_gain) == pytest.approx(-detectable * (2 / 5) ** 0.5)
    twice = case(folds=made_folds(TARGET, repeats=2))
    once = remade(twice, [only_on(outcome, range(5)) for outcome in twice.outcomes.values()])
    assert would_change.larger_budget(once, ruling(once)).detectable_gain is None


@pytest.mark.parametrize(
    ("situation", "made", "part"),
    [
        ("the net did not finish", without(case(), "neural"), "with more time both sides might finish"),
        ("it may not serve", case(limits=Limits(max_model_mb=2.0), costs={"mlp": Cost(model_mb=3.0)}),
         "the neural learners that finished miss the limits"),
        ("none takes part", planned(without(case(), "neural"), entrants=()), "no classical learner takes part"),
    ],
)  # fmt: skip
def test_more_time_is_promised_only_where_it_would_help(situation: str, made: Case, part: str) -> None:
    if "might finish" in part:
        made = remade(made, [only_on(outcome, range(4)) for outcome in made.outcomes.values()])
    assert part in would_change.larger_budget(made, ruling(made)).reason, situation


def test_where_all_rows_were_judged_and_are_too_few_more_time_is_not_promised() -> None:
    own = np.random.default_rng(1)
    target = own.standard_normal(16)
    told = {name: (FAMILY[name], target + own.standard_normal(16)) for name in ("linear", "mlp")}
    made = made_case(target, told, folds=made_folds(target, folds=3))  # type: ignore[arg-type]
    assert "more time would not change that" in would_change.larger_budget(made, ruling(made)).reason


# A GPU


def with_seconds(monkeypatch: pytest.MonkeyPatch, seconds: float, gpu_speed: float = 4.0) -> None:
    known = [
        replace(one, seconds=lambda rows, profile: seconds, gpu_speed=gpu_speed) if one.family == "neural" else one
        for one in learners.catalogue()
    ]
    monkeypatch.setattr(learners, "catalogue", lambda: tuple(known))


@pytest.mark.parametrize(
    ("situation", "seconds", "workers", "speed", "brought_in"),
    [
        ("five folds of 400 s, four times as fast, in 600 s", 400.0, 2, 1.0, True),
        ("one worker serves both families, so that 300 s are left", 400.0, 1, 1.0, False),
        ("which would do for 200 s a fold", 200.0, 1, 1.0, True),
        ("a machine half as fast", 400.0, 2, 2.0, False),
        ("far too long", 4_000.0, 2, 1.0, False),
    ],
)
def test_a_gpu_brings_in_whom_it_would_pay_for(
    monkeypatch: pytest.MonkeyPatch, situation: str, seconds: float, workers: int, speed: float, brought_in: bool
) -> None:
    with_seconds(monkeypatch, seconds)
    made = planned(case(), unaffordable=("ft_transformer", "knn"), speed=speed)
    told = would_change.gpu(made, BUDGET, workers)
    if brought_in:
        assert told.brought_in == ("ft_transformer",) and told.still_too_slow == (), situation
        assert told.assumed_speed == 4.0 and "not tried" in told.reason
    else:
        assert told == Gpu("the nets left out would be too slow on one"), situation


def test_a_gpu_lets_those_finish_whose_time_was_up() -> None:
    made = case(cut_short=("mlp", "xgboost"))
    assert would_change.gpu(made, BUDGET, 1).cut_short == ("mlp",)
    late = [
        only_on(o, (0,), "timeout") if o.candidate.learner == "mlp" else o for o in case().outcomes.values()
    ]  # fmt: skip
    assert would_change.gpu(remade(made, late), BUDGET, 1).cut_short == ("mlp",)


def test_no_word_of_a_gpu_where_it_would_not_matter() -> None:
    assert would_change.gpu(case(), BUDGET, 1) == Gpu("no net was held back by time")
    used = changed(case(), "mlp", cost=Cost(device="cuda", device_name="A GPU"))
    assert "A GPU" in would_change.gpu(used, BUDGET, 1).reason


# Weights from elsewhere


def test_weights_that_are_not_there_are_named() -> None:
    skipped = {"tabicl": "needs pre-trained weights (TabICL); --foundation says where they are"}
    made = planned(case(), skipped=skipped)
    told = would_change.pretrained(made, ruling(made))
    assert list(told.lacking) == ["tabicl"] and "without trying" in told.reason
    pictures = planned(case(), skipped={"efficientnet": "does not read tabular data", **skipped})
    assert list(would_change.pretrained(pictures, ruling(pictures)).lacking) == ["tabicl"]
    large = replace(made, profile=replace(made.profile, rows=10**6))
    assert "fits this data" in would_change.pretrained(large, ruling(made)).reason


def test_a_pre_trained_net_that_took_part_has_its_gain_as_if_it_were_alone() -> None:
    for noise, leads in ((0.4, True), (0.9, False)):
        made = case({"prior_fitted": noise})
        told = would_change.pretrained(made, ruling(made)).took_part["prior_fitted"]
        assert told.champion is leads
        assert told.gain.low < told.gain.estimate < told.gain.high
        assert told.gain.estimate == pytest.approx(1 - noise / 0.6, abs=0.12)


# A smaller margin


def test_at_a_smaller_margin_the_answer_would_indeed_be_worth_it() -> None:
    made = case({"xgboost": 0.7, "mlp": 0.5}, min_gain=0.4)
    ruled = ruling(made)
    assert ruled.answer != "worth_it"
    margin = would_change.smaller_margin(made, ruled).min_gain
    assert 0 < margin < 0.4
    at = [ruling(made, min_gain=asked, chosen=ruled.chosen).answer for asked in (margin, margin + 1e-4)]
    assert at[0] == "worth_it" and at[1] != "worth_it"


def test_the_choice_is_bootstrapped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case({"xgboost": 0.7, "mlp": 0.5}, min_gain=0.4)
    ruled = ruling(made)
    monkeypatch.setattr(choice, "chosen", lambda case: pytest.fail("it was bootstrapped again"))
    assert would_change.smaller_margin(made, ruled).min_gain > 0


def reason(made: Case, ruled: Ruling | None = None) -> tuple[str, list[str]]:
    told = would_change.smaller_margin(made, ruled or ruling(made))
    return told.reason, [each.code for each in told.because]


def test_a_smaller_margin_has_no_figure_where_none_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    better = case({"xgboost": 0.9, "mlp": 0.3})
    assert "at the margin asked for" in reason(better)[0]
    assert "certain not to gain anything" in reason(case({"xgboost": 0.3, "mlp": 0.9}))[0]
    assert reason(case()) == ("the margin is not what keeps the net from being worth it", ["neither_certain"])
    told = {name: (FAMILY[name], 0.01 * OWN[name]) for name in ("linear", "mlp")}
    guesses = made_case(TARGET, {"dummy": ("dummy", np.zeros(ROWS)), **told})  # type: ignore[arg-type]
    assert reason(guesses)[1] == ["no_skill"]
    assert "no comparison" in reason(without(case(), "neural"))[0]
    monkeypatch.setitem(METRICS, "rmse", replace(METRICS["rmse"], floor=0.9))
    assert reason(better)[1] == ["below_floor"], "a smaller margin does not lift a floor"


def test_everything_there_is_to_say_is_said() -> None:
    made = case(limits=Limits())
    told = would_change.would_change(made, ruling(made), [], BUDGET, 2)
    assert told.more_rows.reason and told.more_rows.detectable_2n > 0
    assert told.more_rows.curve == ()
