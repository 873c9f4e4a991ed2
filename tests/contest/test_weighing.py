"""Where the contest was held on fewer rows than there are, rows that nobody has seen decide what is handed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor import modalities, model_files
from advisor.contest import weighing
from advisor.contest.handover import hand_over, handing_seconds, ways
from advisor.contest.weighing import best_alone, judged_apart
from advisor.contest.wish import LEAST_SPARED, asking_seconds, from_all, refit_seconds, spared, wish_for
from advisor.fitting import handing
from advisor.fitting.fold import FoldTask, Shared, carry_out
from advisor.judging import blends
from advisor.judging.case import case_of
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.profiling import profile
from advisor.records import (
    Candidate,
    Case,
    Entrant,
    Limits,
    Option,
    Outcome,
    Plan,
    Question,
    Reason,
    Recommendation,
    Which,
)
from tests.contest.made_handover import BLEND, FAMILY, KEY, Bench, recommended
from tests.made_case import made_case, made_folds

SKILL = {"linear": 0.5, "lightgbm": 0.41, "realmlp": 0.4}
PAIR = {"lightgbm-default": 0.5, "realmlp-default": 0.5}
ALL, FOLDS = ("all rows",), ("folds",)


def drawn_case(rows: int = 2_000, **seconds: float) -> Case:
    """A Case of 500 of these rows, a fit of whose learners has taken so many seconds on a fold."""
    rng = np.random.default_rng(0)
    target = rng.standard_normal(rows)
    folds = replace(made_folds(target[:500], 5), rows=np.arange(500))
    predictions = {name: ("neural" if name == "realmlp" else "classical", target + noise * rng.standard_normal(rows))
                   for name, noise in SKILL.items()}  # fmt: skip
    case = made_case(target, predictions, folds=folds)
    outcomes = [
        replace(outcome, results={
            number: replace(r, cost=replace(r.cost, fit_seconds=seconds.get(outcome.candidate.learner, 1.0)))
            for number, r in outcome.results.items()
        })
        for outcome in case.outcomes.values()
    ]  # fmt: skip
    return case_of(case.dataset, case.profile, case.plan, outcomes, case.question)


def drawn_run(folder: Path, rows: int = 5_500, limits: Limits | None = None) -> tuple[Shared, Case]:
    """A run on 90 of these rows, whose law a tree learns the better the more rows it has."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.uniform(-3, 3, rows), "b": rng.uniform(-3, 3, rows)})
    target = np.sin(3 * table["a"]) * np.sign(table["b"]) + 0.1 * rng.normal(size=rows)
    data = modalities.find("tabular").read(table.assign(y=target), target="y")
    folds = splits.draw(data.target, kind="stratified", folds=5, repeats=1, seed=0, rows=np.arange(90))
    entrants = tuple(Entrant(name, family, 1.0, True) for name, family in FAMILY.items())
    plan = Plan("regression", "rmse", folds, entrants, {}, 0, "cpu", "auto", "print")
    shared = Shared(data, profile(data, modalities.find("tabular")), plan, folder)
    outcomes = [
        Outcome(
            Candidate(name, family),
            {n: carry_out(FoldTask(Candidate(name, family), n, 0.0, keep=f"folds/{KEY[name]}-{n}.npz"), shared)
             for n in range(5)},
            "complete",
        )
        for name, family in FAMILY.items()
    ]  # fmt: skip
    return shared, case_of(data, shared.profile, plan, outcomes, Question(0.01, limits=limits or Limits()))


def handed_over(shared: Shared, case: Case, members=BLEND, which: Which = "blend", end=1e3, **ends):
    bench = Bench(shared, **ends)
    wanted = recommended(members, which)
    handed, model = hand_over(shared, case, wanted, bench, end=end, workers=1, clock=lambda: bench.now)
    return handed, model, bench


def size_mb(shared: Shared, model: object) -> float:
    """Return what a fitted learner takes as a whole."""
    path = shared.folder / "asked.npz"
    model_files.write(handing.whole(shared.dataset, model), path)
    return path.stat().st_size / 1e6


# Which rows are spared, and who is fitted on the others.


def test_a_fit_on_more_rows_is_expected_to_take_longer_as_its_learner_does():
    case = drawn_case(lightgbm=2.0, linear=2.0)
    assert 2.0 < refit_seconds(case, "linear-default") < refit_seconds(case, "lightgbm-default") < 2.0 * 5


@pytest.mark.parametrize(
    ("seconds", "ways"),
    [(1_000.0, {"lightgbm": ALL, "realmlp": ALL}), (20.0, {"lightgbm": ALL, "realmlp": FOLDS}),
     (0.1, {"lightgbm": FOLDS, "realmlp": FOLDS})],
    ids=["time for both", "time for the quick one", "no time"],
)  # fmt: skip
def test_as_many_members_as_fit_are_fitted_on_all_rows(seconds, ways):
    wish = wish_for(drawn_case(lightgbm=1.0, realmlp=40.0), PAIR, seconds, 1)
    assert {key.rpartition("-")[0]: way for key, way in wish.ways.items()} == ways and wish.members == PAIR


@pytest.mark.parametrize(
    ("seconds", "ways"),
    [(1_000.0, {"lightgbm": ALL, "realmlp": FOLDS + ALL}), (25.0, {"lightgbm": ALL, "realmlp": FOLDS}),
     (0.1, {"lightgbm": FOLDS, "realmlp": FOLDS})],
    ids=["time for both", "time for who has no other way", "no time"],
)  # fmt: skip
def test_who_is_bagged_is_fitted_on_all_rows_as_well_where_the_others_leave_time_for_it(seconds, ways):
    wish = wish_for(drawn_case(lightgbm=2.0, realmlp=2.0), PAIR, seconds, 1, {"realmlp-default"})
    assert {key.rpartition("-")[0]: way for key, way in wish.ways.items()} == ways


def test_members_are_had_from_all_rows_before_others_as_far_as_the_time_goes():
    case = drawn_case(lightgbm=1.0, realmlp=40.0, linear=0.1)
    both = ("classical", "neural")
    assert from_all(case, PAIR, both, 1_000.0, 1) == ["lightgbm-default", "realmlp-default", "linear-default"]
    assert from_all(case, PAIR, both, 20.0, 1) == ["lightgbm-default", "linear-default"]
    assert from_all(case, PAIR, ("classical",), 1_000.0, 1)[-1] == "linear-default"
    assert from_all(case, PAIR, both, 0.001, 1) == []


@pytest.mark.parametrize(
    ("rows", "least", "most"),
    [(550, 0, 0), (2_000, 0, 0), (5_400, 0, 0), (6_000, 1_050, 1_150), (30_000, 3_900, 4_100)],
)
def test_a_fifth_of_what_was_left_out_is_spared_where_that_is_enough_to_tell(rows, least, most):
    left = spared(drawn_case(rows))
    assert least <= len(left) <= most and (left >= 500).all(), "none of those that the contest was held on"
    assert not len(left) or len(left) >= LEAST_SPARED


def test_no_more_rows_are_spared_than_there_is_time_to_ask_models_for():
    case = drawn_case(20_000)
    assert len(spared(case)) > 2_000 and LEAST_SPARED <= len(spared(case, 1_200)) <= 1_500
    assert LEAST_SPARED <= len(spared(case, 0)) <= 1_300, "fewer would say nothing"
    asked = {key: asking_seconds(case, [key]) for key in case.outcomes}
    assert asking_seconds(case, list(asked)) == pytest.approx(sum(asked.values()))


def test_of_rows_in_order_of_time_none_are_spared():
    case = drawn_case(6_000)
    assert not len(spared(replace(case, dataset=replace(case.dataset, times=np.arange(6_000))))), "those left are older"


def test_groups_are_spared_whole_and_only_those_of_which_no_row_was_seen():
    case = drawn_case(6_000)
    groups = np.arange(6_000) // 7
    left = spared(replace(case, dataset=replace(case.dataset, groups=groups)))
    others = np.setdiff1d(np.arange(6_000), left)
    assert LEAST_SPARED <= len(left) <= 1_200 and not np.isin(groups[left], groups[others]).any()
    torn = np.arange(6_000) % 7
    assert not len(spared(replace(case, dataset=replace(case.dataset, groups=torn)))), "every group was seen"
    copies = replace(case.plan, folds=replace(case.plan.folds, twins=np.arange(6_000) % 5_900))
    left = spared(replace(case, plan=copies))
    assert len(left) and not np.isin(np.arange(100) + 5_900, left).any(), "the contest has seen copies of these"


@pytest.mark.parametrize(("members", "which"), [(BLEND, "blend"), ({KEY["knn"]: 1.0}, "neural")], ids=["blend", "net"])
def test_where_too_few_could_be_spared_what_is_recommended_is_fitted_on_all_rows(tmp_path, members, which):
    shared, case = drawn_run(tmp_path, rows=900)
    assert ways(case, {KEY["knn"]: 1.0}) == ("refits", "one fold"), "the folds have learnt a tenth of the rows"
    handed, _, bench = handed_over(shared, case, members, which)
    assert (handed.fitted_on, handed.rows, handed.spared, handed.spared_error) == ("all rows", 900, 0, None)
    assert handed.members == {key.removesuffix("-default"): weight for key, weight in members.items()}
    assert {task.without for task in bench.tasks} == {None} and len(bench.tasks) == len(members)
    assert handing_seconds(case, 1, 1e3) > 0
    late, _, idle = handed_over(shared, case, members, which, end=1e-9)
    assert (late.fitted_on, late.folds_because, idle.tasks) == ("folds", "no_time", [])


# Who is handed over.


@pytest.mark.parametrize(("end", "way"), [(1_000.0, "all rows"), (1e-9, "folds")], ids=["time", "no time"])
def test_rows_that_nobody_has_seen_decide_between_more_rows_and_what_was_chosen(tmp_path, end, way):
    shared, case = drawn_run(tmp_path)
    handed, model, bench = handed_over(shared, case, end=end)
    assert handed.fitted_on == way and handed.folds_because == ("" if way == "all rows" else "no_time")
    unseen = spared(case) if way == "all rows" else spared(case, 0)
    assert handed.spared == len(unseen) >= LEAST_SPARED
    if way == "all rows":
        assert max(handed.members, key=handed.members.get) in ("tree", "knn"), "they gain most by more rows"
        assert all(task.without.tolist() == unseen.tolist() for task in bench.tasks)
        assert handed.rows == 5_500 - len(unseen)
    else:
        assert set(handed.members) <= {"linear", "tree", "knn"}
        assert not bench.tasks and handed.rows == 90
    told = METRICS["rmse"].error(case.dataset.target[unseen], model.predict(shared.dataset.inputs.iloc[unseen]))
    assert handed.spared_error == pytest.approx(told, rel=0.1) and sum(handed.members.values()) == pytest.approx(1)


def test_a_fit_keeps_to_its_part_of_the_time_and_what_it_has_learnt_by_then_is_weighed(tmp_path):
    shared, case = drawn_run(tmp_path)
    handed, _, bench = handed_over(shared, case, tree="cut")
    assert "tree" in handed.members and handed.cut_short == ("tree",) and handed.problems == ()
    limits = {task.candidate.key: task.fit_seconds for task in bench.tasks}
    assert limits == {key: pytest.approx(max(1.3 * refit_seconds(case, key), 0.5)) for key in limits}


def test_the_told_error_is_by_rows_that_did_not_choose_and_keeps_groups_whole(tmp_path, monkeypatch):
    shared, case = drawn_run(tmp_path)
    bound = np.arange(len(case.dataset.target)) // 2
    monkeypatch.setattr(weighing, "bound_rows", lambda case: bound)
    asked = {}

    def told(metric, target, predictions, choose, *, groups, seed):
        asked.update(target=target, shares=choose(target, predictions), groups=groups)
        return 0.123

    monkeypatch.setattr(weighing, "judged_apart", told)
    handed, _, _ = handed_over(shared, case)
    unseen = spared(case)
    assert handed.spared_error == 0.123
    assert asked["target"].tolist() == case.dataset.target[unseen].tolist()
    assert asked["groups"].tolist() == bound[unseen].tolist()
    assert sorted(asked["shares"][asked["shares"] > 0]) == pytest.approx(sorted(handed.members.values()))


def test_one_model_is_chosen_where_one_was_recommended(tmp_path):
    handed, _, _ = handed_over(*drawn_run(tmp_path), {KEY["linear"]: 1.0}, "classical")
    assert handed.members == {"tree": 1.0}, "the best of its family on rows that nobody has seen"
    assert (handed.learner, handed.fitted_on, handed.one) == ("tree", "all rows", True)


def test_where_nothing_beats_a_constant_the_constant_is_handed_over(tmp_path):
    shared, case = drawn_run(tmp_path)
    option = Option("dummy", {KEY["dummy"]: 1.0}, 1.0, 1.0, 1.0)
    nothing = Recommendation("dummy", option, "dummy", "dummy", 1.0, Reason("nothing_beats_a_constant"))
    bench = Bench(shared)
    handed, model = hand_over(shared, case, nothing, bench, end=9.0, workers=1, clock=lambda: 0.0)
    assert (handed.which, handed.learner, handed.members) == ("dummy", "dummy", {"dummy": 1.0})
    assert (handed.rows, handed.spared, handed.spared_error) == (5_500, 0, None)
    assert len(set(model.predict(shared.dataset.inputs))) == 1 and bench.tasks[0].without is None


def sharing(monkeypatch, *shares: float) -> None:
    """Let the rivals of a blend have these shares, whatever they predict."""
    monkeypatch.setattr(blends, "shares", lambda *_, **__: np.array(shares))


def test_a_refit_and_models_of_the_folds_of_one_learner_count_together(tmp_path, monkeypatch):
    shared, case = drawn_run(tmp_path)
    pair = {KEY["linear"]: 0.5, KEY["tree"]: 0.5}
    sharing(monkeypatch, 0.125, 0.5, 0.125, 0.25)
    handed, model, _ = handed_over(shared, case, pair, "classical_blend")
    assert handed.members == {"linear": 0.25, "tree": 0.75}
    assert (handed.learner, handed.fitted_on, handed.folds_because) == ("classical_blend", "mixed", "")
    assert len(model[-1].estimators) == 4 and np.isfinite(model.predict(shared.dataset.inputs)).all()
    sharing(monkeypatch, 0.0, 0.5, 0.0, 0.5)
    handed, _, _ = handed_over(shared, case, pair, "classical_blend")
    assert (handed.learner, handed.members, handed.fitted_on) == ("tree", {"tree": 1.0}, "mixed"), "and no blend"


def test_a_net_alone_that_becomes_two_is_called_a_blend(tmp_path, monkeypatch):
    sharing(monkeypatch, 0.5, 0.5, 0.0, 0.0)
    handed, _, _ = handed_over(*drawn_run(tmp_path), {KEY["knn"]: 1.0}, "blend")
    assert handed.learner == "blend" and len(handed.members) == 2


# Limits.


def limited(case: Case, limits: Limits) -> Case:
    return replace(case, question=replace(case.question, limits=limits))


def of_a_fold(shared: Shared, learner: str) -> float:
    """Return what the largest of a learner's models of the folds takes as a whole, in MB."""
    return max(size_mb(shared, model_files.read(file)) for file in (shared.folder / "folds").glob(f"{KEY[learner]}-*"))


@pytest.mark.parametrize("single", [True, False], ids=["one model", "a blend"])
def test_who_is_too_large_from_all_rows_is_not_taken(tmp_path, single):
    """Of a fold a tree is small enough; from all rows it is the best of all, and several times as large."""
    shared, case = drawn_run(tmp_path)
    most = 1.5 * of_a_fold(shared, "tree")
    members, which = ({KEY["linear"]: 1.0}, "classical") if single else (BLEND, "blend")
    free, _, _ = handed_over(shared, case, members, which)
    assert "tree" in free.members and free.model_mb > 2 * most
    handed, _, _ = handed_over(shared, limited(case, Limits(single=single, max_model_mb=most)), members, which)
    assert handed.which == which and handed.problems == () and handed.model_mb <= most
    assert handed.spared_error > free.spared_error and (handed.learner == "linear" or not single)
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["model.npz"], "nothing else is left"


def test_a_blend_keeps_a_limit_together(tmp_path):
    shared, case = drawn_run(tmp_path)
    free, model, _ = handed_over(shared, case)
    sizes = [size_mb(shared, each.estimator) for _, each in model[-1].estimators]
    most = 1.1 * max(sizes)
    assert len(sizes) > 1 and free.model_mb > most, "each keeps it alone, and not all of them"
    handed, _, _ = handed_over(shared, limited(case, Limits(max_model_mb=most)))
    assert handed.model_mb <= most and handed.problems == () and handed.which == "blend"


def test_where_the_mean_of_the_folds_is_too_large_one_of_them_is_weighed(tmp_path):
    shared, case = drawn_run(tmp_path)
    most = 1.1 * of_a_fold(shared, "tree")
    kept = limited(case, Limits(max_model_mb=most))
    handed, _, _ = handed_over(shared, kept, {KEY["tree"]: 1.0}, "classical", end=1e-9)
    assert (handed.learner, handed.fitted_on, handed.one, handed.problems) == ("tree", "folds", True, ())
    assert handed.model_mb <= most


def test_where_only_another_learner_keeps_a_limit_and_no_time_is_left_its_folds_are_used(tmp_path):
    shared, case = drawn_run(tmp_path)
    kept = limited(case, Limits(max_model_mb=1.5 * of_a_fold(shared, "linear")))
    assert of_a_fold(shared, "tree") > kept.question.limits.max_model_mb
    handed, _, _ = handed_over(shared, kept, {KEY["tree"]: 1.0}, "classical", end=1e-9)
    assert (handed.learner, handed.fitted_on, handed.problems) == ("linear", "folds", ())


def test_where_nobody_keeps_a_limit_it_is_the_recommended_one_with_a_word(tmp_path):
    shared, case = drawn_run(tmp_path)
    kept = limited(case, Limits(single=True, max_model_mb=1e-6))
    handed, _, bench = handed_over(shared, kept, {KEY["linear"]: 1.0}, "classical")
    assert (handed.which, handed.learner) == ("classical", "linear")
    assert handed.problems[-1].startswith("as a whole it has 0.0")
    keys = [task.candidate.key for task in bench.tasks]
    assert len(keys) == len(set(keys)), "what was fitted is not fitted again"


def test_nobody_is_asked_for_the_spared_rows_twice(tmp_path, monkeypatch):
    shared, case = drawn_run(tmp_path)
    asked, predict = [], weighing.predict
    monkeypatch.setattr(weighing, "predict", lambda model, *rest: asked.append(model) or predict(model, *rest))
    handed_over(shared, limited(case, Limits(max_model_mb=1e-6)), {KEY["knn"]: 1.0}, "neural")
    assert 0 < len(asked) == len({id(model) for model in asked}) <= 3 * len(BLEND), (
        "refits, means of folds, one of each"
    )


# The error that is told.


@pytest.mark.parametrize("blended", [False, True], ids=["one", "blend"])
def test_of_many_that_are_equal_the_told_error_is_not_better_than_the_truth(blended):
    """Twenty models with noise of their own: the lowest error on the rows that choose is too good, the told is not."""
    rmse = METRICS["rmse"]

    def choose(target, predictions):
        if blended:
            return blends.shares(rmse, target, list(predictions[:, None]))
        return best_alone(rmse, target, predictions)

    told, flattering = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        target = rng.standard_normal(4_000)
        # As good as each other, and as bad as they can be: what they say has nothing to do with the target.
        predictions = 0.5 * rng.standard_normal((20, 4_000))
        asked, others = slice(0, 1_000), slice(1_000, None)
        shares = choose(target[asked], predictions[:, asked])
        truth = rmse.error(target[others], shares @ predictions[:, others])
        told.append(judged_apart(rmse, target[asked], predictions[:, asked], choose, seed=seed) / truth)
        flattering.append(rmse.error(target[asked], shares @ predictions[:, asked]) / truth)
    se = np.std(told) / np.sqrt(len(told))
    assert np.mean(flattering) < 1 - 5 * se, "what the rows say that have chosen"
    assert 1 - 2 * se < np.mean(told) < 1 + 4 * se and se < 0.003


def test_the_told_error_is_none_where_the_metric_says_nothing():
    target = np.zeros(40, dtype=int)
    predictions = np.tile([0.7, 0.3], (2, 40, 1))
    auc = METRICS["roc_auc"]
    assert judged_apart(auc, target, predictions, lambda *_: np.array([0.5, 0.5])) is None
    assert judged_apart(METRICS["log_loss"], target, predictions, lambda *_: np.array([0.5, 0.5])) == pytest.approx(
        -np.log(0.7)
    )


def test_rows_of_one_group_choose_or_judge_together():
    groups = np.arange(60) // 6
    seen = []

    def choose(target, predictions):
        seen.append(set(groups[target.astype(int)]))
        return np.array([1.0])

    target = np.arange(60.0)
    assert judged_apart(METRICS["mae"], target, target[None] + 2.0, choose, groups=groups) == pytest.approx(2.0)
    assert len(seen) == 2 and not seen[0] & seen[1]
