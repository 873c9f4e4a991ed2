"""The model to use is made whole: fitted on all rows where time pays for that, of models of the folds where not."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from advisor import model_files
from advisor.contest.handover import hand_over, handing_seconds, ways
from advisor.contest.kept import OPTIONS, files_of, keep_options, kept_model
from advisor.contest.wish import SLACK, makespan, refit_seconds
from advisor.errors import OutOfTime, UserError
from advisor.fitting import handing
from advisor.fitting.fold import Refitted
from advisor.measuring import splits
from advisor.records import Candidate, Case, FoldResult, Limits, Outcome, Reason, Recommendation, Which
from advisor.whole import sum_of
from tests.contest.made_handover import BLEND, KEY, LABELS, ROWS, TABLE, Bench, case_in, recommended


def handed_over(tmp_path, members=BLEND, which: Which = "blend", *, end=1_000.0, limits=None, cut=(), **ends):
    shared, case = case_in(tmp_path, limits=limits, cut=cut)
    bench = Bench(shared, **ends)
    handed, model = hand_over(
        shared, case, recommended(members, which), bench, end=end, workers=1, clock=lambda: bench.now
    )
    return handed, model, bench


def test_members_are_fitted_on_all_rows_where_the_time_pays_for_that(tmp_path):
    handed, model, bench = handed_over(tmp_path)
    assert (handed.fitted_on, handed.rows, handed.problems) == ("all rows", ROWS, ())
    assert (handed.folds_because, handed.cut_short) == ("", ())
    assert handed.members == {"linear": 0.5, "tree": 0.25, "knn": 0.25} and handed.learner == "blend"
    assert {task.candidate.learner for task in bench.tasks} == {"linear", "tree", "knn"}
    assert handed.latency_p99_ms > 0 and handed.model_mb > 0 and handed.peak_memory_mb >= 0
    new = TABLE.head(5).assign(b="never seen")
    for known in (model, model_files.read(tmp_path / handing.MODEL), pickle.loads(pickle.dumps(model))):
        assert set(known.predict(new)) <= {"yes", "no"} and list(known.classes_) == ["no", "yes"]
        np.testing.assert_allclose(known.predict_proba(new).sum(axis=1), 1)
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["model.npz"], "nothing else is left"


def test_each_fit_has_what_is_left_of_the_time(tmp_path):
    _, _, bench = handed_over(tmp_path, seconds=100.0, end=500.0)
    assert [task.fit_seconds for task in bench.tasks] == pytest.approx([450.0, 360.0, 270.0])
    assert {task.deadline for task in bench.tasks} == {500.0}


def test_where_the_time_pays_for_nothing_models_of_the_folds_are_used(tmp_path):
    handed, model, bench = handed_over(tmp_path, end=1.0)
    assert (handed.fitted_on, handed.rows, bench.tasks) == ("folds", ROWS, [])
    assert handed.folds_because == "no_time"
    assert set(model.predict(TABLE.head(9))) == {"yes", "no"}


def test_where_it_pays_for_some_members_the_others_are_of_the_folds(tmp_path):
    """A refit is expected to take about a second and a third more: two of three fit into 3.3 seconds."""
    handed, _, bench = handed_over(tmp_path, end=3.3)
    assert handed.fitted_on == "mixed" and len(bench.tasks) == 2 and handed.problems == ()
    assert handed.folds_because == "no_time"


@pytest.mark.parametrize(
    ("end", "problem", "because"),
    [
        (ValueError("no such thing"), "tree: ValueError: no such thing", "failed"),
        (OutOfTime("the budget ran out before it was done"), "tree: the budget ran out before it was done", "no_time"),
        (Refitted(Candidate("tree", "classical"), 1.0, problem="MemoryError: "), "tree: MemoryError: ", "failed"),
        (
            "cut",
            "tree: it was still learning when its time was up, so that its models of the folds are used",
            "no_time",
        ),
    ],
)
def test_a_refit_that_crashes_or_is_cut_short_falls_back_to_its_folds_and_says_so(tmp_path, end, problem, because):
    handed, model, bench = handed_over(tmp_path, tree=end)
    assert (handed.fitted_on, handed.problems) == ("mixed", (problem,))
    assert (handed.folds_because, handed.cut_short) == (because, ())
    assert set(handed.members) == {"linear", "tree", "knn"} and len(model.predict(TABLE)) == ROWS
    assert len(bench.tasks) == 3
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["model.npz"]


def test_who_was_judged_while_still_learning_may_be_so_again_in_as_much_time(tmp_path):
    handed, _, bench = handed_over(tmp_path, {KEY["tree"]: 1.0}, "classical", cut=("tree",), tree="cut")
    assert (handed.fitted_on, handed.problems, handed.cut_short) == ("all rows", (), ("tree",))
    assert 1.3 < bench.tasks[0].fit_seconds < 1.3 * 1.5


def test_where_nothing_can_be_recommended_the_dummy_is_handed_over(tmp_path):
    shared, case = case_in(tmp_path)
    nothing = Recommendation("dummy", None, "dummy", "dummy", None, Reason("nothing_beats_a_constant"))
    handed, model = hand_over(shared, case, nothing, Bench(shared), end=9.0, workers=1, clock=lambda: 0.0)
    assert handed.learner == "dummy" and len(set(model.predict(TABLE))) == 1


def test_a_member_whose_models_are_gone_is_fitted_again_or_left_out(tmp_path):
    shared, case = case_in(tmp_path)
    for file in (tmp_path / "folds").glob("tree-*"):
        file.unlink()
    bench = Bench(shared)
    handed, _ = hand_over(shared, case, recommended(), bench, end=1.0, workers=1, clock=lambda: 0.0)
    assert handed.fitted_on == "mixed" and [task.candidate.learner for task in bench.tasks] == ["tree"]
    bench = Bench(shared, tree=ValueError("no"))
    handed, _ = hand_over(shared, case, recommended(), bench, end=1.0, workers=1, clock=lambda: 0.0)
    assert handed.members == pytest.approx({"linear": 2 / 3, "knn": 1 / 3})
    assert handed.problems == ("tree: ValueError: no", "tree: its models of the folds are gone")


@pytest.mark.parametrize("left", ["model.joblib", "model.npz"])
def test_a_model_of_an_earlier_run_is_gone_where_none_can_be_made(tmp_path, left):
    """The folder may be a stranger's: what lies there after the hand-over is sealed as this user's own."""
    shared, case = case_in(tmp_path)
    for file in (tmp_path / "folds").glob("linear-*"):
        file.unlink()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / left).write_bytes(b"somebody else's")
    bench, alone = Bench(shared, linear=ValueError("no")), recommended({KEY["linear"]: 1.0}, "classical")
    handed, model = hand_over(shared, case, alone, bench, end=9.0, workers=1, clock=lambda: 0.0)
    assert (handed.fitted_on, model) == ("nothing", None) and not list((tmp_path / "model").iterdir())


def measured_as(monkeypatch, **figures):
    """Let the whole model be measured by what it is: {single, folds, blend: its latency}."""

    def measured(model, example, path):
        last = model[-1].estimator
        votes = getattr(last, "estimators", ())
        several = [name.startswith("fold") or name.endswith("(folds)") for name, _ in votes]
        kind = "single" if not votes else "folds" if several[0] else "blend"
        return {"latency_p50_ms": 1.0, "latency_p99_ms": figures[kind], "model_mb": 1.0}

    monkeypatch.setattr(handing, "measured", measured)


def test_a_blend_that_misses_a_limit_as_a_whole_makes_way_for_the_next_option(tmp_path, monkeypatch):
    measured_as(monkeypatch, single=2.0, folds=9.0, blend=20.0)
    handed, _, bench = handed_over(tmp_path, limits=Limits(max_latency_ms=5.0))
    assert handed.which in ("classical", "neural") and handed.latency_p99_ms == 2.0 and handed.problems == ()
    keys = [task.candidate.key for task in bench.tasks]
    assert len(keys) == len(set(keys)), "what was fitted is not fitted again"


def test_the_mean_of_the_folds_that_misses_a_limit_makes_way_for_one_of_them(tmp_path, monkeypatch):
    measured_as(monkeypatch, single=2.0, folds=9.0, blend=20.0)
    handed, _, _bench = handed_over(
        tmp_path, {KEY["linear"]: 1.0}, "classical", end=0.5, limits=Limits(max_latency_ms=5.0)
    )
    assert (handed.which, handed.fitted_on, handed.latency_p99_ms) == ("classical", "folds", 2.0)


def test_where_every_model_misses_a_limit_the_recommended_one_is_handed_over_with_a_word(tmp_path, monkeypatch):
    measured_as(monkeypatch, single=8.0, folds=9.0, blend=20.0)
    handed, model, _ = handed_over(tmp_path, {KEY["linear"]: 1.0}, "classical", limits=Limits(max_latency_ms=5.0))
    assert (handed.which, handed.learner, handed.latency_p99_ms) == ("classical", "linear", 8.0)
    assert handed.problems == (
        "as a whole it takes 8 ms for a row, allowed are 5 ms; no other option meets the limits",
    )
    written = model_files.read(tmp_path / handing.MODEL)
    np.testing.assert_array_equal(written.predict_proba(TABLE), model.predict_proba(TABLE))
    assert type(written[-1].estimator[-1]).__name__ == "LogisticRegression"


def test_a_single_model_that_misses_a_limit_makes_way_for_another(tmp_path, monkeypatch):
    def measured(model, example, path):
        last = model[-1].estimator
        quick = isinstance(last, Pipeline) and isinstance(last[-1], KNeighborsClassifier)
        return {"latency_p99_ms": 2.0 if quick else 9.0}

    monkeypatch.setattr(handing, "measured", measured)
    handed, model, _ = handed_over(tmp_path, {KEY["linear"]: 1.0}, "classical", limits=Limits(max_latency_ms=5.0))
    assert (handed.which, handed.learner, handed.problems) == ("neural", "knn", ())
    written = model_files.read(tmp_path / handing.MODEL)
    np.testing.assert_array_equal(written.predict_proba(TABLE), model.predict_proba(TABLE))


def test_a_constant_that_misses_a_limit_makes_way_for_nobody(tmp_path, monkeypatch):
    measured_as(monkeypatch, single=8.0)
    shared, case = case_in(tmp_path, limits=Limits(max_latency_ms=5.0))
    nothing = Recommendation("dummy", None, "dummy", "dummy", None, Reason("nothing_beats_a_constant"))
    handed, _ = hand_over(shared, case, nothing, Bench(shared), end=9.0, workers=1, clock=lambda: 0.0)
    assert (handed.which, handed.problems) == ("dummy", ("as a whole it takes 8 ms for a row, allowed are 5 ms",))


def test_size_is_a_limit_too(tmp_path):
    handed, _, _ = handed_over(tmp_path, {KEY["linear"]: 1.0}, "classical", limits=Limits(max_model_mb=1e-6))
    assert handed.problems[0].startswith("as a whole it has 0.0")


def of_five(case: Case) -> Case:
    """The same Case, as if its folds were five."""
    return replace(case, plan=replace(case.plan, folds=replace(case.plan.folds, folds=5)))


def test_of_five_folds_nets_are_half_the_means_of_their_models_and_all_are_fitted_again(tmp_path):
    shared, case = case_in(tmp_path)
    bench = Bench(shared)
    handed, model = hand_over(shared, of_five(case), recommended(), bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one, handed.folds_because) == ("mixed", False, "nets_bagged")
    assert handed.members == {"linear": 0.5, "tree": 0.25, "knn": 0.25} and handed.rows == ROWS
    assert {task.candidate.learner for task in bench.tasks} == {"linear", "tree", "knn"}
    assert set(model.predict(TABLE)) == {"no", "yes"}
    net, alone = recommended({KEY["knn"]: 1.0}, "neural"), Bench(shared)
    handed, model = hand_over(shared, of_five(case), net, alone, end=1e3, workers=1, clock=lambda: alone.now)
    assert (handed.fitted_on, handed.one, handed.folds_because) == ("mixed", False, "nets_bagged")
    both = model[-1].estimator
    assert both.weights == [0.5, 0.5] and [name for name, _ in both.estimators] == ["knn (folds)", "knn (all rows)"]


@pytest.mark.parametrize("how", ["no time", "failed", "still learning"])
def test_a_net_that_was_not_fitted_again_is_the_mean_of_its_models_of_the_folds(tmp_path, how):
    shared, case = case_in(tmp_path)
    net = recommended({KEY["knn"]: 1.0}, "neural")
    ends = {"failed": {"knn": ValueError("it is too hot")}, "still learning": {"knn": "cut"}}
    alone = Bench(shared, **ends.get(how, {}))
    end = 1e-9 if how == "no time" else 1e3
    handed, _ = hand_over(shared, of_five(case), net, alone, end=end, workers=1, clock=lambda: alone.now)
    assert (handed.fitted_on, handed.one, handed.folds_because) == ("folds", False, "nets_bagged")
    assert bool(handed.problems) == (how == "failed"), "only what went wrong is one"


def test_who_is_no_net_is_of_the_folds_for_want_of_time_alone(tmp_path):
    shared, case = case_in(tmp_path)
    late = Bench(shared)
    handed, _ = hand_over(shared, of_five(case), recommended(), late, end=1e-9, workers=1, clock=lambda: late.now)
    assert (handed.fitted_on, handed.folds_because) == ("folds", "no_time"), "the others were to be fitted again"


def test_time_is_kept_for_fits_of_nets_that_are_bagged_after_that_of_the_others(tmp_path, monkeypatch):
    _, case = case_in(tmp_path, seconds=10.0)
    monkeypatch.setattr("advisor.contest.handover.recommending.recommend", lambda *_: recommended())
    each = {name: SLACK * refit_seconds(case, KEY[name]) for name in ("linear", "tree", "knn")}
    assert handing_seconds(case, 1, 1e3) == handing_seconds(of_five(case), 1, 1e3) == pytest.approx(sum(each.values()))
    assert handing_seconds(of_five(case), 1, 3.1 * sum(each.values())) == pytest.approx(sum(each.values()))
    assert handing_seconds(of_five(case), 1, 2.9 * sum(each.values())) == pytest.approx(each["linear"] + each["tree"])


@pytest.mark.parametrize("limits", [Limits(single=True), Limits(interpretable=True)], ids=["single", "readable"])
def test_who_asks_for_one_model_or_one_to_read_gets_a_refit(tmp_path, limits):
    shared, case = case_in(tmp_path, limits=limits)
    assert ways(of_five(case), {KEY["knn"]: 1.0})[0] == "refits"
    bench = Bench(shared)
    alone = recommended({KEY["linear"]: 1.0}, "classical")
    handed, _ = hand_over(shared, of_five(case), alone, bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one) == ("all rows", True)


@pytest.mark.parametrize("limits", [Limits(single=True), Limits(interpretable=True)], ids=["single", "readable"])
def test_one_model_is_one_also_where_the_time_pays_for_no_refit(tmp_path, limits):
    shared, case = case_in(tmp_path, limits=limits)
    bench = Bench(shared)
    alone = recommended({KEY["linear"]: 1.0}, "classical")
    handed, model = hand_over(shared, of_five(case), alone, bench, end=1e-9, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one, handed.problems) == ("folds", True, ())
    assert handed.folds_because == "no_time"
    assert isinstance(model[-1].estimator, Pipeline), "and no mean of several"


def test_a_mean_of_folds_that_misses_a_limit_makes_way_for_a_refit(tmp_path, monkeypatch):
    measured_as(monkeypatch, single=4.0, folds=9.0)
    shared, case = case_in(tmp_path, limits=Limits(max_latency_ms=5.0))
    bench, alone = Bench(shared), recommended({KEY["knn"]: 1.0}, "neural")
    handed, _ = hand_over(shared, of_five(case), alone, bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.which, handed.fitted_on, handed.problems) == ("neural", "all rows", ())


def test_what_another_way_would_not_change_is_made_once(tmp_path, monkeypatch):
    made = []
    shared, case = case_in(tmp_path, limits=Limits(max_latency_ms=5.0))
    monkeypatch.setattr(handing, "measured", lambda model, *_: made.append(model) or {"latency_p99_ms": 9.0})
    bench = Bench(shared)
    hand_over(shared, of_five(case), recommended(), bench, end=1e3, workers=1, clock=lambda: bench.now)
    weights = [getattr(model[-1].estimator, "weights", None) for model in made]
    blends = [own for own in weights if own and own[:2] == [0.5, 0.25]]
    assert blends == [[0.5, 0.25, 0.125, 0.125], [0.5, 0.25, 0.25]], "with the net made both ways and of refits"


def test_who_was_cut_short_on_the_folds_that_are_handed_over_is_named(tmp_path):
    handed, _, _ = handed_over(tmp_path, end=1e-9, cut=("tree",))
    assert (handed.fitted_on, handed.cut_short) == ("folds", ("tree",))


def forward(case: Case) -> Case:
    """The same Case, as if its five folds went forward in time, and the second of those run had learnt most rows."""
    learnt = {0: 60, 1: 120, 2: 30}
    parts = tuple(replace(part, train=np.arange(learnt[part.number])) for part in case.plan.folds.parts)
    return replace(case, plan=replace(case.plan, folds=replace(case.plan.folds, kind="forward", folds=5, parts=parts)))


def test_forward_in_time_a_net_alone_is_fitted_again(tmp_path):
    shared, case = case_in(tmp_path)
    bench, alone = Bench(shared), recommended({KEY["knn"]: 1.0}, "neural")
    assert ways(of_five(case), {KEY["knn"]: 1.0})[0] == "nets bagged"
    handed, _ = hand_over(shared, forward(case), alone, bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one, handed.rows) == ("all rows", True, ROWS)


@pytest.mark.parametrize("limits", [Limits(), Limits(single=True)], ids=["any", "single"])
def test_forward_in_time_the_newest_model_stands_in_for_a_fit_that_time_did_not_pay_for(tmp_path, limits):
    shared, case = case_in(tmp_path, limits=limits)
    bench, alone = Bench(shared), recommended({KEY["knn"]: 1.0}, "neural")
    handed, model = hand_over(shared, forward(case), alone, bench, end=1e-9, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one, handed.folds_because, handed.problems) == ("folds", True, "no_time", ())
    newest = model_files.read(tmp_path / "folds" / f"{KEY['knn']}-1.npz")
    np.testing.assert_array_equal(model.predict_proba(TABLE), newest.predict_proba(shared.dataset.inputs))
    handed, model = hand_over(shared, forward(case), recommended(), bench, end=1e-9, workers=1, clock=lambda: bench.now)
    assert handed.one and len(handed.members) == 3, "each member of a blend is one model, too"


def test_forward_in_time_the_newest_models_are_kept_and_another_model_is_made_of_them(tmp_path):
    shared, case = case_in(tmp_path)
    assert files_of(shared, forward(case), KEY["tree"]) == [f"folds/{KEY['tree']}-1.npz"]
    keep_options(shared, forward(case))
    newest = model_files.read(tmp_path / "folds" / f"{KEY['knn']}-1.npz")
    known = kept_model(tmp_path, "neural", trust=True).predict_proba(TABLE)
    np.testing.assert_array_equal(known, newest.predict_proba(shared.dataset.inputs))
    (tmp_path / "folds" / f"{KEY['knn']}-1.npz").unlink()
    assert not files_of(shared, forward(case), KEY["knn"]), "the others are gone"


def test_the_fold_that_has_learnt_most_rows_is_the_newest():
    times = np.random.default_rng(0).permutation(600)
    folds = splits.draw(np.zeros(600), kind="forward", folds=5, repeats=1, seed=0, times=times)
    newest = max(folds.parts, key=lambda part: len(part.train))
    assert times[newest.test].max() == 599 and times[newest.train].max() == times[newest.test].min() - 1


def test_the_models_of_all_options_are_kept_and_nothing_else(tmp_path):
    shared, case = case_in(tmp_path)
    (tmp_path / "folds" / "mlp-1234.npz").write_bytes(b"of one who lost")
    (tmp_path / "folds" / "mlp-1234.part").write_bytes(b"of one who was stopped")
    (tmp_path / "folds" / "knn-default-1.npz").unlink()
    keep_options(shared, case)
    content = json.loads((tmp_path / OPTIONS).read_text())
    assert {"classical", "neural", "blend"} <= set(content["options"])
    assert content["options"]["neural"][KEY["knn"]]["files"] == [f"folds/{KEY['knn']}-{n}.npz" for n in (0, 2)]
    named = {file for members in content["options"].values() for member in members.values() for file in member["files"]}
    assert {f"folds/{file.name}" for file in (tmp_path / "folds").glob("*.npz")} - {"folds/table.npz"} == named
    assert not list((tmp_path / "folds").glob("*.part"))


def test_another_model_of_the_run_is_made_of_what_was_kept(tmp_path):
    shared, case = case_in(tmp_path)
    keep_options(shared, case)
    model = kept_model(tmp_path, "blend", trust=True)
    assert list(model.classes_) == ["no", "yes"] and set(model.predict(TABLE)) == {"no", "yes"}
    assert np.mean(model.predict(TABLE) == LABELS) > 0.7
    with pytest.raises(UserError, match="has no forest model; it has: classical, neural"):
        kept_model(tmp_path, "forest")
    (tmp_path / OPTIONS).unlink()
    with pytest.raises(UserError, match="kept no models of its folds"):
        kept_model(tmp_path, "blend")


def test_the_time_of_the_model_to_use_is_that_of_its_members(tmp_path):
    _, case = case_in(tmp_path, seconds=10.0)
    each = {SLACK * refit_seconds(case, KEY[name]) for name in ("linear", "tree", "knn")}
    assert handing_seconds(case, 9, 1e3) in each
    assert handing_seconds(case, 1, 1e3) >= handing_seconds(case, 9, 1e3)
    assert handing_seconds(case, 9, 0.9 * min(each)) == 0.0, "nothing is kept for fits that it would not pay for"


@pytest.mark.parametrize(
    ("seconds", "workers", "last"), [([3, 2, 2], 1, 7), ([3, 2, 2], 2, 4), ([3], 9, 3), ([], 2, 0)]
)
def test_the_last_of_several_ends_when(seconds, workers, last):
    assert makespan(seconds, workers) == last


def test_a_model_of_a_fold_that_is_not_what_was_written_is_not_used(tmp_path):
    results = {}
    for number in range(3):
        (tmp_path / f"{number}.joblib").write_bytes(b"a model")
        results[number] = FoldResult(
            Candidate("tree", "classical"), number, "done",
            model=f"{number}.joblib", model_sum=sum_of(tmp_path / f"{number}.joblib"),
        )  # fmt: skip
    (tmp_path / "1.joblib").write_bytes(b"")
    outcome = Outcome(Candidate("tree", "classical"), results, "complete")
    plan = SimpleNamespace(folds=SimpleNamespace(kind="stratified"))
    case = SimpleNamespace(outcomes={"tree-default": outcome}, plan=plan)
    assert files_of(SimpleNamespace(folder=tmp_path), case, "tree-default") == ["0.joblib", "2.joblib"]
