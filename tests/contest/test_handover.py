"""The model to use is made whole: fitted on all rows where time pays for that, of models of the folds where not."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from functools import cache
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from advisor import modalities
from advisor.contest.handover import hand_over, handing_seconds, ways
from advisor.contest.kept import OPTIONS, keep_options, kept_model
from advisor.contest.wish import SLACK, from_all, makespan, refit_seconds, spared, wish_for
from advisor.errors import OutOfTime, UserError
from advisor.fitting import handing
from advisor.fitting.fold import FoldTask, Refitted, Shared, carry_out
from advisor.judging.case import case_of
from advisor.measuring import splits
from advisor.profiling import profile
from advisor.records import (
    Candidate,
    Case,
    Entrant,
    Family,
    FoldResult,
    Limits,
    Option,
    Outcome,
    Plan,
    Question,
    Reason,
    Recommendation,
    Which,
)
from tests.made_case import made_case, made_folds

rng = np.random.default_rng(0)
ROWS = 150
TABLE = pd.DataFrame({"a": rng.normal(size=ROWS), "b": rng.choice(["x", "y"], ROWS)})
LABELS = np.where(TABLE["a"] + 0.5 * rng.normal(size=ROWS) + (TABLE["b"] == "x") > 0.4, "yes", "no")
# Neighbours stand for a net here: they are quick.
FAMILY: dict[str, Family] = {"dummy": "dummy", "linear": "classical", "tree": "classical", "knn": "neural"}
KEY = {name: f"{name}-default" for name in FAMILY}
BLEND = {KEY["linear"]: 0.5, KEY["tree"]: 0.25, KEY["knn"]: 0.25}


@cache
def results() -> tuple[Shared, dict[str, dict[int, FoldResult]], dict[str, bytes]]:
    """Fit everyone on three folds once; return who did what, and the files of the models."""
    import tempfile

    data = modalities.find("tabular").read(TABLE.assign(y=LABELS), target="y")
    entrants = tuple(Entrant(name, family, 1.0, True) for name, family in FAMILY.items())
    plan = Plan("binary", "roc_auc", made_folds(data.target, 3), entrants, {}, 0, "cpu", "auto", "print")
    with tempfile.TemporaryDirectory() as folder:
        world = Shared(data, profile(data, modalities.find("tabular")), plan, Path(folder))
        found = {
            name: {
                number: carry_out(
                    FoldTask(Candidate(name, family), number, 0.0, keep=f"folds/{KEY[name]}-{number}.joblib"), world
                )
                for number in range(3)
            }
            for name, family in FAMILY.items()
        }
        files = {file.name: file.read_bytes() for file in (world.folder / "folds").iterdir()}
    return world, found, files


def case_in(folder: Path, seconds: float = 1.0, limits: Limits | None = None, cut: tuple[str, ...] = ()):
    """Return the shared and the Case of a run in `folder`, in which every fit has taken so many seconds."""
    world, found, files = results()
    (folder / "folds").mkdir()
    for name, content in files.items():
        (folder / "folds" / name).write_bytes(content)
    outcomes = [
        Outcome(
            Candidate(name, FAMILY[name]),
            {n: replace(r, cost=replace(r.cost, fit_seconds=seconds, latency_p99_ms=1.0, model_mb=0.1),
                        cut_short=name in cut) for n, r in own.items()},
            "complete",
        )
        for name, own in found.items()
    ]  # fmt: skip
    case = case_of(world.dataset, world.profile, world.plan, outcomes, Question(0.02, limits=limits or Limits()))
    return replace(world, folder=folder), case


def recommended(members=BLEND, which: Which = "blend") -> Recommendation:
    option = Option(which, members, 0.1, 0.1, 0.9)
    return Recommendation(which, option, "blend" if len(members) > 1 else "linear", "blend", 0.9, Reason("best"))


class Bench:
    """Carries out refits here and now on a clock made by hand; `ends` says what comes instead of some learner's."""

    def __init__(self, shared: Shared, seconds: float = 1.0, **ends: object) -> None:
        self.shared, self.seconds, self.ends = shared, seconds, ends
        self.now, self.tasks = 0.0, []

    def __call__(self, tasks):
        for task in tasks:
            self.tasks.append(task)
            result = carry_out(task, self.shared)
            self.now += self.seconds
            instead = self.ends.get(task.candidate.learner)
            if instead == "cut":
                result = replace(result, cut_short=True)
            elif instead is not None:
                result = instead
            yield task, result


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
    for known in (model, joblib.load(tmp_path / handing.MODEL), pickle.loads(pickle.dumps(model))):
        assert set(known.predict(new)) <= {"yes", "no"} and list(known.classes_) == ["no", "yes"]
        np.testing.assert_allclose(known.predict_proba(new).sum(axis=1), 1)
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["model.joblib"], "nothing else is left"


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
    ("end", "problem"),
    [
        (ValueError("no such thing"), "tree: ValueError: no such thing"),
        (OutOfTime("the budget ran out before it was done"), "tree: the budget ran out before it was done"),
        (Refitted(Candidate("tree", "classical"), 1.0, problem="MemoryError: "), "tree: MemoryError: "),
        ("cut", "tree: it was still learning when its time was up, so that its models of the folds are used"),
    ],
)
def test_a_refit_that_crashes_or_is_cut_short_falls_back_to_its_folds_and_says_so(tmp_path, end, problem):
    handed, model, bench = handed_over(tmp_path, tree=end)
    assert (handed.fitted_on, handed.problems) == ("mixed", (problem,))
    assert (handed.folds_because, handed.cut_short) == ("no_time", ())
    assert set(handed.members) == {"linear", "tree", "knn"} and len(model.predict(TABLE)) == ROWS
    assert len(bench.tasks) == 3
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["model.joblib"]


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


def measured_as(monkeypatch, **figures):
    """Let the whole model be measured by what it is: {single, folds, blend: its latency}."""

    def measured(model, example, path):
        last = model[-1].estimator
        votes = getattr(last, "estimators", ())
        kind = "single" if not votes else "folds" if votes[0][0].startswith("fold") else "blend"
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
        "as a whole it takes 8 ms for a row, allowed are 5 ms; no other model that could be used meets the limits",
    )
    written = joblib.load(tmp_path / handing.MODEL)
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
    written = joblib.load(tmp_path / handing.MODEL)
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


def test_of_five_folds_a_net_alone_is_the_mean_of_its_models_and_a_blend_is_of_refits(tmp_path):
    shared, case = case_in(tmp_path)
    bench = Bench(shared)
    handed, model = hand_over(shared, of_five(case), recommended(), bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.fitted_on, handed.one, handed.folds_because) == ("all rows", True, "")
    assert {task.candidate.learner for task in bench.tasks} == {"linear", "tree", "knn"}
    assert set(model.predict(TABLE)) == {"no", "yes"}
    net, alone = recommended({KEY["knn"]: 1.0}, "neural"), Bench(shared)
    handed, _ = hand_over(shared, of_five(case), net, alone, end=1e3, workers=1, clock=lambda: alone.now)
    assert (handed.fitted_on, handed.one, handed.folds_because) == ("folds", False, "net_bagged")
    assert alone.tasks == [], "nothing was fitted again"
    late = Bench(shared)
    handed, _ = hand_over(shared, of_five(case), recommended(), late, end=1e-9, workers=1, clock=lambda: late.now)
    assert (handed.fitted_on, handed.folds_because) == ("folds", "no_time"), "all were to be fitted again"
    assert handing_seconds(of_five(case), 1, 1e3) <= handing_seconds(case, 1, 1e3)


@pytest.mark.parametrize("limits", [Limits(single=True), Limits(interpretable=True)], ids=["single", "readable"])
def test_who_asks_for_one_model_or_one_to_read_gets_a_refit(tmp_path, limits):
    shared, case = case_in(tmp_path, limits=limits)
    assert ways(of_five(case))[0] == "refits"
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


def test_a_mean_of_folds_that_misses_a_limit_makes_way_for_refits(tmp_path, monkeypatch):
    shared, case = case_in(tmp_path, limits=Limits(max_latency_ms=5.0))
    told = iter([9.0, 4.0])
    monkeypatch.setattr(handing, "measured", lambda *_: {"latency_p99_ms": next(told)})
    bench = Bench(shared)
    handed, _ = hand_over(shared, of_five(case), recommended(), bench, end=1e3, workers=1, clock=lambda: bench.now)
    assert (handed.which, handed.fitted_on, handed.problems) == ("blend", "all rows", ())


def test_the_models_of_all_options_are_kept_and_nothing_else(tmp_path):
    shared, case = case_in(tmp_path)
    (tmp_path / "folds" / "mlp-1234.joblib").write_bytes(b"of one who lost")
    (tmp_path / "folds" / "mlp-1234.part").write_bytes(b"of one who was stopped")
    (tmp_path / "folds" / "knn-default-1.joblib").unlink()
    keep_options(shared, case)
    content = json.loads((tmp_path / OPTIONS).read_text())
    assert {"classical", "neural", "blend"} <= set(content["options"])
    assert content["options"]["neural"][KEY["knn"]]["files"] == [f"folds/{KEY['knn']}-{n}.joblib" for n in (0, 2)]
    named = {file for members in content["options"].values() for member in members.values() for file in member["files"]}
    assert {f"folds/{file.name}" for file in (tmp_path / "folds").glob("*.joblib")} - {"folds/table.joblib"} == named
    assert not list((tmp_path / "folds").glob("*.part"))


def test_another_model_of_the_run_is_made_of_what_was_kept(tmp_path):
    shared, case = case_in(tmp_path)
    keep_options(shared, case)
    model = kept_model(tmp_path, "blend")
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


def test_a_fit_on_more_rows_is_expected_to_take_longer_as_its_learner_does():
    case = drawn_case(lightgbm=2.0, linear=2.0)
    assert 2.0 < refit_seconds(case, "linear-default") < refit_seconds(case, "lightgbm-default") < 2.0 * 5


@pytest.mark.parametrize(
    ("seconds", "workers", "last"), [([3, 2, 2], 1, 7), ([3, 2, 2], 2, 4), ([3], 9, 3), ([], 2, 0)]
)
def test_the_last_of_several_ends_when(seconds, workers, last):
    assert makespan(seconds, workers) == last


# Where the contest was held on fewer rows than there are.

TARGET = rng.standard_normal(2_000)
DRAWN = made_folds(TARGET[:500], 5)
SKILL = {"linear": 0.5, "lightgbm": 0.41, "realmlp": 0.4}


def drawn_case(**seconds: float) -> Case:
    """A Case of 500 rows of 2,000; a fit on all rows is expected to take five times the seconds of a fold."""
    predictions = {name: ("neural" if name == "realmlp" else "classical", TARGET + noise * rng.standard_normal(2_000))
                   for name, noise in SKILL.items()}  # fmt: skip
    case = made_case(TARGET, predictions, folds=replace(DRAWN, rows=np.arange(500)))
    outcomes = [
        replace(outcome, results={
            number: replace(r, cost=replace(r.cost, fit_seconds=seconds.get(outcome.candidate.learner, 1.0)))
            for number, r in outcome.results.items()
        })
        for outcome in case.outcomes.values()
    ]  # fmt: skip
    return case_of(case.dataset, case.profile, case.plan, outcomes, case.question)


PAIR = {"lightgbm-default": 0.5, "realmlp-default": 0.5}


@pytest.mark.parametrize(
    ("seconds", "ways"),
    [(1_000.0, {"lightgbm": "all rows", "realmlp": "all rows"}), (20.0, {"lightgbm": "all rows", "realmlp": "folds"}),
     (0.1, {"lightgbm": "folds", "realmlp": "folds"})],
    ids=["time for both", "time for the quick one", "no time"],
)  # fmt: skip
def test_as_many_members_as_fit_are_fitted_on_all_rows(seconds, ways):
    wish = wish_for(drawn_case(lightgbm=1.0, realmlp=40.0), PAIR, seconds, 1)
    assert {key.rpartition("-")[0]: way for key, way in wish.ways.items()} == ways and wish.members == PAIR


def test_rows_are_spared_only_where_the_contest_left_many_out(tmp_path):
    left = spared(drawn_case())
    assert 290 <= len(left) <= 310 and left.min() >= 500, "none of those that the contest was held on"
    assert not len(spared(case_in(tmp_path)[1])), "it was held on all rows"
    case = drawn_case()
    later = replace(case, dataset=replace(case.dataset, times=np.arange(2_000)))
    assert not len(spared(later)), "what was left out is older"


def test_members_are_had_from_all_rows_before_others_as_far_as_the_time_goes():
    case = drawn_case(lightgbm=1.0, realmlp=40.0, linear=0.1)
    both = ("classical", "neural")
    assert from_all(case, PAIR, both, 1_000.0, 1) == ["lightgbm-default", "realmlp-default", "linear-default"]
    assert from_all(case, PAIR, both, 20.0, 1) == ["lightgbm-default", "linear-default"]
    assert from_all(case, PAIR, ("classical",), 1_000.0, 1)[-1] == "linear-default"
    assert from_all(case, PAIR, both, 0.001, 1) == []


def drawn_run(folder: Path, noise: float) -> tuple[Shared, Case]:
    """A run on 90 of 900 rows, whose law a tree learns the better the more rows it has, unless it is all noise."""
    rows = np.random.default_rng(1)
    table = pd.DataFrame({"a": rows.uniform(-3, 3, 900), "b": rows.uniform(-3, 3, 900)})
    target = np.sin(3 * table["a"]) * np.sign(table["b"]) + noise * rows.normal(size=900)
    data = modalities.find("tabular").read(table.assign(y=target), target="y")
    folds = splits.draw(data.target, kind="stratified", folds=3, repeats=1, seed=0, rows=np.arange(90))
    entrants = tuple(Entrant(name, family, 1.0, True) for name, family in FAMILY.items())
    plan = Plan("regression", "rmse", folds, entrants, {}, 0, "cpu", "auto", "print")
    shared = Shared(data, profile(data, modalities.find("tabular")), plan, folder)
    outcomes = [
        Outcome(
            Candidate(name, family),
            {n: carry_out(FoldTask(Candidate(name, family), n, 0.0, keep=f"folds/{KEY[name]}-{n}.joblib"), shared)
             for n in range(3)},
            "complete",
        )
        for name, family in FAMILY.items()
    ]  # fmt: skip
    return shared, case_of(data, shared.profile, plan, outcomes, Question(0.01))


@pytest.mark.parametrize(("end", "way"), [(1_000.0, "all rows"), (1e-9, "folds")], ids=["time", "no time"])
def test_rows_that_nobody_has_seen_decide_between_more_rows_and_what_was_chosen(tmp_path, end, way):
    shared, case = drawn_run(tmp_path, noise=0.1)
    bench = Bench(shared)
    handed, model = hand_over(shared, case, recommended(), bench, end=end, workers=1, clock=lambda: bench.now)
    assert handed.fitted_on == way and handed.folds_because == ("" if way == "all rows" else "no_time")
    if way == "all rows":
        assert max(handed.members, key=handed.members.get) in ("tree", "knn"), "they gain most by more rows"
        unseen = set(spared(case).tolist())
        assert unseen and all(set(task.without.tolist()) == unseen for task in bench.tasks)
        assert handed.rows == 900 - len(unseen)
    else:
        assert {name.removesuffix(" (folds)") for name in handed.members} <= {"linear", "tree", "knn"}
        assert not bench.tasks and handed.rows == 90
    assert np.isfinite(model.predict(shared.dataset.inputs.head(3))).all()


def test_one_model_is_chosen_where_one_was_recommended(tmp_path):
    shared, case = drawn_run(tmp_path, noise=0.1)
    bench = Bench(shared)
    handed, _ = hand_over(
        shared, case, recommended({KEY["linear"]: 1.0}, "classical"), bench, end=1_000.0, workers=1,
        clock=lambda: bench.now,
    )  # fmt: skip
    assert handed.members == {"tree": 1.0}, "the best of its family on rows that nobody has seen"
