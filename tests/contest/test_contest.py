"""When what is begun, and what ends it: told by a clock made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import NothingTrained, Unwritable
from advisor.fitting.fold import FoldTask
from advisor.records import Probe
from tests.contest.made_contest import USUAL, Made, World, set_up


def hold(monkeypatch: pytest.MonkeyPatch, decided: Mapping[str, str] | None = None, **options: object):
    world = World(**{"table": USUAL, **options})  # type: ignore[arg-type]
    answers = set_up(monkeypatch, world, decided)
    return world, answers, world.hold()


def changed(**learners: object) -> dict[str, Made]:
    """The usual learners, some of them changed: name={...}, or left out: name=None."""
    table = {name: replace(made, **(learners.get(name) or {})) for name, made in USUAL.items()}  # type: ignore[arg-type]
    return {name: made for name, made in table.items() if name not in learners or learners[name] is not None}


def test_essentials_are_run_fold_after_fold_before_anybody_else(monkeypatch):
    world, *_ = hold(monkeypatch)
    essential = [f"{name}-default" for name in ("dummy", "linear", "lightgbm", "realmlp")]
    assert world.order()[:20] == [(key, fold) for fold in range(5) for key in essential]


def test_other_defaults_come_before_trials_and_both_families_get_about_the_same_seconds(monkeypatch):
    world, _, held = hold(monkeypatch, seconds=250.0, trials=1_000, handing=0.0)
    assert {f"{name}-default" for name in USUAL} <= set(held.final.columns)
    first_trial = min(world.when(key) for name in USUAL for key in world.trials_of(name))
    assert max(world.when(f"{name}-default") for name in USUAL) <= first_trial
    assert world.spent("classical") == pytest.approx(world.spent("neural"), rel=0.1)
    assert world.spent("neural") > 220.0, "two workers for four minutes"


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_worker_waits(monkeypatch, workers):
    world, *_ = hold(monkeypatch, workers=workers, seconds=300.0, trials=1_000)
    assert world.busy > 0.94 * workers * 280.0, "ten seconds of 300 are kept for the model, and a trial fits no longer"
    assert world.now <= 300.0


def test_a_default_that_the_budget_cannot_pay_for_is_not_begun_and_is_named(monkeypatch):
    table = changed(mlp={"seconds": 50.0})
    world, _, held = hold(monkeypatch, table=table, seconds=100.0)
    assert "mlp-default" not in dict(world.order())
    assert held.final.plan.unaffordable == ("mlp",) and "mlp" not in held.final.plan.learners
    assert held.final.plan.skipped["mlp"] == "the budget does not pay for it: 5 folds of it would take about 250 s"


@pytest.mark.parametrize("asked", [True, False])
def test_a_default_that_was_asked_for_by_name_may_take_more_than_the_share_of_its_family(monkeypatch, asked):
    table = changed(mlp={"seconds": 20.0, "asked": asked})
    world, _, held = hold(monkeypatch, table=table, seconds=100.0)
    assert ("mlp-default" in held.final.columns) is asked
    assert held.final.plan.unaffordable == (() if asked else ("mlp",))
    if asked:
        assert world.folds_of("mlp-default") == [0, 1, 2, 3, 4]
        assert not any(r.cut_short for r in held.final.outcomes["mlp-default"].results.values())
        last = max(at for at, key, _ in world.begun if key == "mlp-default")
        essential = max(world.when(f"{name}-default") for name in ("dummy", "linear", "lightgbm", "realmlp"))
        assert essential <= world.when("mlp-default") and last < world.when("forest-default")
    assert world.now <= 100.0


def test_of_defaults_that_were_asked_for_by_name_only_those_are_begun_that_end_in_time(monkeypatch):
    """Two of a hundred seconds each fit beside each other into ninety of two workers by themselves, and not both."""
    late = {"seconds": 20.0, "asked": True}
    world, _, held = hold(monkeypatch, table=changed(mlp=late, forest=late), seconds=100.0)
    begun = {"mlp-default", "forest-default"} & set(dict(world.order()))
    assert len(begun) == 1 and begun <= set(held.final.columns)
    assert {f"{name}-default" for name in held.final.plan.unaffordable} == {"mlp-default", "forest-default"} - begun
    world, _, held = hold(monkeypatch, table=changed(mlp={"seconds": 50.0, "asked": True}), seconds=100.0)
    assert held.final.plan.skipped["mlp"] == "the budget does not pay for it: 5 folds of it would take about 250 s"


def test_one_that_is_too_slow_does_not_keep_out_a_quicker_one(monkeypatch):
    table = {**changed(mlp={"seconds": 50.0}), "tabm": Made("neural", 0.7, 1.5)}
    _world, _, held = hold(monkeypatch, table=table, seconds=100.0)
    assert "tabm-default" in held.final.columns and held.final.plan.unaffordable == ("mlp",)


def test_a_default_that_no_longer_fits_has_folds_from_the_front_and_keeps_nobody_waiting(monkeypatch):
    table = {**USUAL, "knn": Made("classical", 0.6, 8.0, expected=0.2, deaf=True)}
    world, _, _held = hold(monkeypatch, table=table, seconds=60.0, workers=1, handing=0.0)
    assert world.folds_of("knn-default") == [0, 1, 2]
    assert world.ending("knn-default").ending == "partial"
    assert world.trials_of("lightgbm"), "what is left is used by others"


def test_who_falls_behind_is_given_up_but_never_the_last_two_nor_an_essential(monkeypatch):
    bad = {name: Made("classical", 3.0, 8.0) for name in ("knn", "tree")}
    table = {**changed(linear={"noise": 5.0}, mlp={"noise": 4.0, "seconds": 3.0}), **bad}
    world, *_ = hold(monkeypatch, table=table)
    endings = {outcome.candidate.key: outcome.ending for outcome in world.ended}
    assert endings["knn-default"] == endings["tree-default"] == "given_up"
    assert "behind lightgbm" in world.ending("knn-default").message
    assert len(world.folds_of("knn-default")) < 5
    assert endings["linear-default"] == "complete", "there is no answer without it"
    assert endings["mlp-default"] == "complete", "one of the last two nets"


def test_a_default_whose_other_folds_are_cheap_is_let_finish(monkeypatch):
    world, *_ = hold(monkeypatch, table={**USUAL, "knn": Made("classical", 3.0, 0.2)})
    assert world.ending("knn-default").ending == "complete"


def test_trials_go_on_fold_after_fold_and_are_given_up_behind_the_best_of_their_learner(monkeypatch):
    table = changed(lightgbm={"tuned": lambda x: 0.5 if x < 0.3 else 3.0})
    world, _, held = hold(monkeypatch, table=table)
    given_up = [o for o in world.ended if o.ending == "given_up"]
    assert given_up and all(set(o.results) == {0, 1} for o in given_up), "two folds prove it"
    assert all(o.message == "given up after 2 of 5 folds, behind the best of it so far" for o in given_up)
    best = min((key for key in held.final.columns if key.startswith("lightgbm")), key=lambda key: loss(held, key))
    assert held.final.outcomes[best].candidate.params["x"] < 0.3
    for name in USUAL:
        for key in world.trials_of(name):
            folds = world.folds_of(key)
            assert folds == sorted(folds) and len(folds) == len(set(folds)), "nothing is fitted twice"


def loss(held, key: str) -> float:
    return float(held.final.matrix.losses[:, :, held.final.columns.index(key)].mean())


def test_a_study_has_no_more_trials_than_its_cap_the_default_included(monkeypatch):
    world, *_ = hold(monkeypatch, trials=4)
    assert [len(world.trials_of(name)) for name in ("lightgbm", "forest", "realmlp", "mlp")] == [3, 3, 3, 3]
    world, *_ = hold(monkeypatch, trials=1)
    assert not any(world.trials_of(name) for name in USUAL)


def test_few_trials_that_are_counted_have_the_time_there_is_for_each(monkeypatch):
    """A clock would decide what comes of them otherwise; where they are many, one of them starves no other."""
    few, *_ = hold(monkeypatch, trials=2, seconds=4_000.0, workers=1)
    many, *_ = hold(monkeypatch, trials=1_000, seconds=400.0, workers=1)
    for world, least, most in ((few, 50.0, 100.0), (many, 0.0, 16.0)):
        limits = [task.fit_seconds for task in world.tasks if isinstance(task, FoldTask) and task.candidate.params]
        assert limits and least < min(limits) and max(limits) <= most


def test_no_settings_are_tried_twice_those_of_the_default_included(monkeypatch):
    _, _, held = hold(monkeypatch, seconds=400.0)
    tried = [(o.candidate.learner, o.candidate.params["x"]) for o in held.final.outcomes.values() if o.candidate.params]
    assert len(tried) == len(set(tried)) and all(x != 0.25 for _, x in tried)


def test_a_study_ends_after_failures(monkeypatch):
    table = changed(lightgbm={"crashes": lambda candidate, fold: bool(candidate.params)})
    world, *_ = hold(monkeypatch, table=table)
    assert 5 <= len(world.trials_of("lightgbm")) <= 6, "five in a row; one more may have been under way"


def test_looks_come_after_the_defaults_and_half_way(monkeypatch):
    _world, answers, held = hold(monkeypatch, trials=1_000)
    assert answers.stages == ["defaults", "tuned"] == [look.stage for look in held.looks]
    (_, first, case), (_, half, _) = answers.seen
    assert set(case.columns) == {f"{name}-default" for name in USUAL} | set(case.columns)
    assert half == pytest.approx((first + 190.0) / 2, abs=5.0)
    assert held.decided is None


def test_a_contest_that_is_decided_by_budget_tunes_only_those_of_the_model_to_use(monkeypatch):
    world, answers, held = hold(monkeypatch, {"tuned": "worth_it"}, trials=1_000)
    assert answers.stages == ["defaults", "tuned"]
    decided_at, case = answers.seen[1][1:]
    assert held.decided is case and held.final is not case
    assert set(case.outcomes) < set(held.final.outcomes)
    members = serving(case)
    later = {key.rpartition("-")[0] for at, key, _ in world.begun if at > decided_at + 1e-9}
    assert later and later <= members
    assert world.now > 180.0, "what is left of the budget is used"


def serving(case) -> set[str]:
    from advisor.judging import choice, recommending

    members = recommending.recommend(case, choice.chosen(case)).option.members
    return {case.outcomes[key].candidate.learner for key in members}


def test_those_of_the_model_to_use_get_equal_seconds_whatever_their_family(monkeypatch):
    table = changed(realmlp={"seconds": 1.0, "noise": 0.6}, lightgbm={"noise": 0.6})
    world, answers, _held = hold(monkeypatch, {"defaults": "not_worth_it"}, table=table, trials=1_000)
    members = serving(answers.seen[0][2]) & {"lightgbm", "realmlp", "forest", "mlp"}
    assert {"lightgbm", "realmlp"} <= members, "a blend of both"
    spent = {name: sum(r.cost.seconds for r in world.told if r.candidate.learner == name and r.candidate.params)
             for name in members}  # fmt: skip
    assert max(spent.values()) < 1.3 * min(spent.values())


@pytest.mark.parametrize("stage", ["defaults", "tuned"])
def test_a_contest_for_the_answer_stops_once_it_is_known(monkeypatch, stage):
    world, answers, held = hold(monkeypatch, {stage: "not_worth_it"}, until="answer", trials=1_000)
    assert answers.stages[-1] == stage and held.decided is answers.seen[-1][2]
    assert world.now < answers.seen[-1][1] + 5.0, "only what was under way is awaited"


def test_data_are_checked_although_the_answer_is_known(monkeypatch):
    """A check that is left out then would be made or not by how fast the first look is, and it may overrule all."""
    probes = [Probe("share", f"probe {i}", "linear", np.arange(3), np.arange(3)) for i in range(9)]
    known = {"defaults": "not_worth_it"}
    world, _, held = hold(monkeypatch, known, probes=probes, probe_seconds=30.0, until="answer", trials=1_000)
    assert held.decided is not None and [seen.probe.name for seen in world.seen] == [f"probe {i}" for i in range(9)]


def test_nothing_is_tuned_for_a_case_without_signal(monkeypatch):
    world, answers, _ = hold(monkeypatch, {"defaults": "no_signal"}, trials=1_000)
    assert world.now < answers.seen[0][1] + 5.0


def test_repeats_follow_where_the_answer_is_open_and_only_whole_ones_count(monkeypatch):
    world, answers, held = hold(monkeypatch, repeats=3, seconds=300.0)
    assert world.stages[-1] == "further repeats of the folds" and answers.stages == ["defaults", "tuned"]
    assert len(held.final.matrix.folds) in (10, 15)
    begun = {fold for _, _, fold in world.begun}
    assert begun >= set(range(10))
    repeated = {key for key, fold in world.order() if fold >= 5}
    assert {key.rpartition("-")[0] for key in repeated} >= {"dummy", "lightgbm", "realmlp"}
    assert all(sorted(world.folds_of(key))[:10] == list(range(10)) for key in repeated)
    assert world.now <= 300.0


@pytest.mark.parametrize("known_at", ["defaults", "tuned"])
def test_no_repeats_once_the_answer_is_known_and_no_time_is_kept_for_them(monkeypatch, known_at):
    world, *_ = hold(monkeypatch, {known_at: "worth_it"}, repeats=3, trials=1_000)
    assert all(fold < 5 for _, _, fold in world.begun)
    assert world.now > 180.0


def test_a_repeat_that_does_not_fit_is_not_begun(monkeypatch):
    world, _, held = hold(monkeypatch, repeats=3, seconds=40.0, trials=1_000)
    assert all(fold < 5 for _, _, fold in world.begun) and len(held.final.matrix.folds) == 5


def test_a_crash_in_a_repeat_ends_the_repeats_and_what_was_whole_still_counts(monkeypatch):
    table = changed(linear={"crashes": lambda candidate, fold: fold == 7})
    world, _, held = hold(monkeypatch, table=table, repeats=3, seconds=300.0)
    assert len(held.final.matrix.folds) == 5
    assert max(fold for _, _, fold in world.begun) <= 8, "the repeat cannot become whole"
    assert "linear-default" in held.final.columns


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_begun_that_is_not_expected_to_end_in_time(monkeypatch, workers):
    world, *_ = hold(monkeypatch, workers=workers, seconds=90.0, handing=20.0, trials=1_000)
    assert world.now <= 70.0 + 0.5, "the time of the model to use is kept"
    assert all(r.state == "done" for r in world.told)


def test_what_the_model_takes_is_kept_up_to_a_bound(monkeypatch):
    world, *_ = hold(monkeypatch, handing=1e6, trials=1_000)
    assert 120.0 < world.now <= 140.0, "three tenths of the time at the most"


def test_a_disk_that_is_full_ends_the_contest_and_no_candidate_is_blamed(monkeypatch):
    full = Unwritable("'run/folds/it.npz' cannot be written (No space left on device).")
    world = World(table=USUAL)
    set_up(monkeypatch, world)
    usual = world.answer
    monkeypatch.setattr(world, "answer", lambda task: (full, 1.0) if len(world.begun) == 4 else usual(task))
    with pytest.raises(Unwritable, match="No space left"):
        world.hold()
    assert 0 < len(world.told) <= 4 and all(result.state == "done" for result in world.told) and not world.ended


def test_a_crash_ends_its_candidate_only(monkeypatch):
    table = changed(forest={"crashes": lambda candidate, fold: fold == 2})
    world, _, held = hold(monkeypatch, table=table)
    outcome = held.final.outcomes["forest-default"]
    assert outcome.ending == "failed" and outcome.message.startswith("fold 3: ValueError: no such thing")
    assert outcome.results[2].cost.seconds == pytest.approx(1.0), "it has cost its time"
    assert [o.candidate.key for o in world.ended].count("forest-default") == 1, "told once, whatever was under way"
    assert "lightgbm-default" in held.final.columns and not world.trials_of("forest")


def test_a_fit_that_heeds_no_limit_is_stopped_and_costs_no_more_than_its_bound(monkeypatch):
    table = changed(forest={"seconds": 1e6, "expected": 1.0, "deaf": True})
    world, _, held = hold(monkeypatch, table=table, seconds=300.0)
    outcome = held.final.outcomes["forest-default"]
    assert outcome.ending == "timeout" and "91 times as long as expected" in outcome.message
    limit = 0.25 * 2 * 270.0 / 5
    assert all(r.cost.seconds == pytest.approx(3 * limit + 10) for r in outcome.results.values())
    assert len(outcome.results) <= 2, "no fold of it is begun after that"
    assert "realmlp-default" in held.final.columns and world.now <= 300.0


def test_a_slow_net_without_whom_there_is_no_answer_is_cut_short_rather_than_left(monkeypatch):
    table = changed(realmlp={"seconds": 60.0, "expected": 5.0})
    world, _, held = hold(monkeypatch, table=table, seconds=100.0)
    results = held.final.outcomes["realmlp-default"].results
    assert len(results) >= 2 and all(r.cut_short for r in results.values())
    assert world.now <= 100.5


def test_a_slow_fit_is_told_once_and_planned_around(monkeypatch):
    table = changed(forest={"seconds": 9.0, "expected": 1.0})
    world, *_ = hold(monkeypatch, table=table)
    assert len(world.notes) == 1 and world.notes[0].startswith("A fit of forest took 9.0 s, 9 times as long")


def test_nothing_trained_is_said_with_the_first_reason(monkeypatch):
    table = {name: replace(made, crashes=lambda *_: True) for name, made in USUAL.items()}
    with pytest.raises(NothingTrained, match=r"No learner finished: \w+ failed \(ValueError: no such thing.*profile"):
        hold(monkeypatch, table=table)


def test_a_budget_that_pays_for_nothing_is_no_crash(monkeypatch):
    world, answers, held = hold(monkeypatch, seconds=1.0)
    assert answers.stages == [] and held.decided is None and world.now <= 1.5


def test_one_part_held_out_is_a_fold_like_any_other(monkeypatch):
    world, _, held = hold(monkeypatch, folds=1, seconds=60.0)
    assert len(held.final.matrix.folds) == 1 and {f"{name}-default" for name in USUAL} <= set(held.final.columns)
    assert all(outcome.ending != "given_up" for outcome in world.ended)


def test_two_learners_are_a_contest(monkeypatch):
    table = {name: USUAL[name] for name in ("dummy", "linear")} | {"mlp": replace(USUAL["mlp"], essential=True)}
    world, _, held = hold(monkeypatch, table=table, workers=1)
    assert {"linear-default", "mlp-default"} <= set(held.final.columns) and len(world.trials_of("mlp")) == 19


def test_checks_of_the_data_come_between_and_hold_nobody_up(monkeypatch):
    probes = [Probe("share", f"probe {i}", "linear", np.arange(3), np.arange(3)) for i in range(9)]
    world, _, held = hold(monkeypatch, probes=probes, probe_seconds=8.0)
    seen = [probe.probe.name for probe in world.seen]
    assert seen and len(seen) < 9, "while their time lasts"
    assert any(probe.predictions is None and "budget ran out" in probe.message for probe in world.seen)
    assert [finding.message for finding in held.final.profile.findings] == [f"{len(seen)} probes"]
    first = world.when("probe 0")
    assert max(world.when(f"{name}-default") for name in USUAL) <= first
    assert world.when("probe 1") < first + 8.0


def known_of(world: World) -> dict:
    return {(r.candidate.key, r.fold): r for r in world.told if r.state == "done"}


def test_what_an_earlier_run_finished_is_taken_up_and_not_done_again(monkeypatch):
    earlier, *_ = hold(monkeypatch, seconds=120.0, trials=6)
    world, _, _held = hold(monkeypatch, seconds=120.0, trials=6, known=known_of(earlier))
    assert not set(world.order()) & set(earlier.order())
    told = [(r.candidate.key, r.fold) for r in world.told]
    assert len(told) == len(set(told)) and set(told) >= set(earlier.order()), "told once, those known too"
    ended = [outcome.candidate.key for outcome in world.ended]
    assert len(ended) == len(set(ended))
    for name in ("lightgbm", "forest", "realmlp", "mlp"):
        both = set(world.trials_of(name)) | set(earlier.trials_of(name))
        assert len(both) <= 5, "the cap holds for both runs together"


def test_a_run_that_was_cut_off_goes_on_where_it_was(monkeypatch):
    earlier, *_ = hold(monkeypatch, seconds=300.0)
    some = dict(list(known_of(earlier).items())[:33])
    world, _, held = hold(monkeypatch, seconds=300.0, known=some)
    assert not set(world.order()) & set(some)
    assert {key for key, _ in some} <= set(held.final.outcomes)
    assert sum(len(o.results) for o in held.final.outcomes.values()) == len(world.told)
    assert len({r.candidate.key for r in world.told if r.candidate.learner == "lightgbm"}) > 3, "studies go on"


def test_seconds_of_an_earlier_run_do_not_keep_defaults_out(monkeypatch):
    slow = changed(realmlp={"seconds": 30.0})
    earlier, *_ = hold(monkeypatch, table=slow, seconds=700.0)
    known = {at: r for at, r in known_of(earlier).items() if r.candidate.learner in ("dummy", "linear", "realmlp")}
    _world, _, held = hold(monkeypatch, table=slow, seconds=120.0, known=known)
    assert "forest-default" in held.final.columns


def test_a_default_that_an_earlier_run_paid_for_takes_part_on_a_machine_that_would_not_pay_for_it(monkeypatch):
    earlier, *_ = hold(monkeypatch, table=changed(mlp={"seconds": 20.0}), seconds=500.0)
    known = {at: r for at, r in known_of(earlier).items() if r.candidate.key == "mlp-default"}
    world, _, held = hold(monkeypatch, table=changed(mlp={"seconds": 50.0}), seconds=100.0, known=known)
    assert len(known) == 5 and "mlp-default" in held.final.columns and "mlp-default" not in dict(world.order())


def test_models_of_those_who_lost_are_forgotten_and_those_that_may_be_used_are_kept(monkeypatch):
    world, _, held = hold(monkeypatch)
    made = {task.keep for task in world.tasks if task.keep}
    left = made - set(world.forgotten)
    for name in USUAL:
        own = [key for key in held.final.columns if key.rpartition("-")[0] == name]
        best = min(own, key=lambda key: loss(held, key))
        for key in {best, f"{name}-default"}:
            assert {f"folds/{key}-{fold}.npz" for fold in range(5)} <= left
            assert all(r.model is not None for r in held.final.outcomes[key].results.values())
        for key in set(own) - {best, f"{name}-default"}:
            assert all(r.model is None for r in held.final.outcomes[key].results.values())
    assert left == {r.model for o in held.final.outcomes.values() for r in o.results.values() if r.model}


def test_single_predictions_are_timed_on_the_fold_that_is_run_first_of_a_default(monkeypatch):
    world, *_ = hold(monkeypatch)
    assert any(task.candidate.params for task in world.tasks)
    assert all(task.timed == (task.fold == 0 and not task.candidate.params) for task in world.tasks)
