"""One job: what it may see, what it leaves, and that nothing it does can bring the comparison down."""

import time
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from advisor import modalities, splits, trial
from advisor.learners import catalogue, find
from advisor.metrics import METRICS
from advisor.nets import many
from advisor.plan import make_plan
from advisor.profiling import profile
from advisor.records import Budget, Cost, Job, Probe
from advisor.trial import Refit, Shared, Sounding, Task, predict, read_probe, refit, run

rng = np.random.default_rng(0)
ROWS = 240
TABLE = pd.DataFrame(
    {
        "größe": rng.normal(size=ROWS),
        "kind": rng.choice(["a", "b", None], ROWS),
        "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, ROWS), "D"),
        "flag": rng.choice(["yes", "no"], ROWS),
    }
)
LABELS = np.where(TABLE["größe"] + rng.normal(size=ROWS) + (TABLE["kind"] == "a") > 0.3, "good", "bad")
TABLE.loc[::9, "größe"] = np.nan


def shared(target=LABELS, seconds=60.0, **changes):
    data = modalities.find("tabular").read(TABLE.assign(y=target), target="y")
    data = replace(data, **changes)
    seen = profile(data, modalities.find("tabular"))
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[data.task]
    budget = Budget(seconds, 10, folds=3, repeats=1)
    return Shared(data, seen, make_plan(data, seen, catalogue(), budget, metric=metric), 1)


def task(learner="linear", family="classical", stage="default", split=0, **options):
    return Task(Job(learner, family, split, stage, 0), time.time() + 300, **options)


@pytest.mark.parametrize("target", [LABELS, rng.choice(list("abc"), ROWS), rng.normal(size=ROWS)])
def test_a_default_is_judged_inside_and_outside(target):
    world = shared(target)
    outcome = run(world, task())
    assert outcome.status == "ok", outcome.message
    split = world.plan.splits.parts[0]
    assert len(outcome.predictions) == len(split.test)
    assert set(outcome.inner_rows) < set(split.train) and len(outcome.inner_predictions) == len(outcome.inner_rows)
    assert outcome.trials[0].inner_error == outcome.inner_error
    assert outcome.cost.latency_p50_ms > 0 and outcome.cost.model_mb > 0


def test_the_targets_of_the_test_part_change_nothing_but_the_outer_error():
    world = shared()
    test = world.plan.splits.parts[0].test
    scrambled = world.dataset.target.copy()
    scrambled[test] = rng.permutation(scrambled[test])
    other = replace(world, dataset=replace(world.dataset, target=scrambled))
    for stage in ("default", "tuned"):
        options = {"tune_seconds": 30.0, "most_trials": 4} if stage == "tuned" else {}
        one, two = (
            run(w, task(stage=stage, **options, start=run(w, task()) if stage == "tuned" else None))
            for w in (world, other)
        )
        assert one.params == two.params and one.inner_error == two.inner_error
        np.testing.assert_array_equal(one.predictions, two.predictions)
        assert one.error != two.error


def test_a_default_that_was_cut_short_learns_its_fill_before_anything_else_is_tried(monkeypatch):
    world = shared()
    limits = []
    build = trial.learners.find("xgboost").build
    slow = replace(trial.learners.find("xgboost"), build=lambda s, p: (limits.append(s.seconds), build(s, p))[1])
    monkeypatch.setattr(trial.learners, "find", lambda name: slow)
    start = replace(run(world, task("xgboost", fit_seconds=1.0)), cut_short=True, error=9.0)
    limits.clear()
    outcome = run(world, task("xgboost", stage="tuned", fit_seconds=1.0, tune_seconds=60.0, most_trials=1, start=start))
    assert outcome.status == "ok" and not outcome.cut_short and outcome.error < 1, outcome.message
    assert len(limits) >= 2 and min(limits[:2]) > 8, "six fits in a minute"
    limits.clear()
    outcome = run(world, task("xgboost", stage="tuned", fit_seconds=1.0, tune_seconds=1.0, most_trials=1, start=start))
    assert outcome.cut_short and outcome.error == 9.0, "no longer limit, nothing to gain"


@pytest.mark.parametrize(("wish", "place"), [("cpu", "cpu"), ("gpu", "auto"), ("auto", "cpu")])
def test_a_net_answers_where_it_is_to_serve(tmp_path, wish, place):
    world = shared()
    world = replace(world, plan=replace(world.plan, device="cpu", serve_on=wish))
    net = Refit("mlp", {"epochs": 2}, tmp_path / "model" / "model.joblib", time.time() + 60, 1)
    refit(world, net)
    assert joblib.load(net.path)[-1][-1].device == place


def test_serving_is_timed_one_row_at_a_time_where_the_model_will_serve(monkeypatch):
    """Once a default, on the cut that is run first: forward in time that is the last one."""
    world = shared()
    splits = replace(world.plan.splits, kind="forward")
    world = replace(world, plan=replace(world.plan, device="auto", serve_on="cpu", splits=splits))
    mlp, asked = trial.learners.find("mlp"), []
    quick = replace(mlp, build=lambda setting, params: mlp.build(setting, {"epochs": 2}))
    monkeypatch.setattr(trial.learners, "find", lambda name: quick)
    monkeypatch.setattr(
        trial.costs, "latency", lambda fitted, rows, seconds: (asked.append(trial._model(fitted)), (1.0, 2.0))[1]
    )
    known = [run(world, task("mlp", "neural", split=number)).cost.latency_p99_ms for number in (0, 1, 2)]
    assert known == [None, None, 2.0]
    assert [model.device for model in asked] == ["cpu"]


def test_what_a_study_settles_on_is_measured_on_every_cut():
    """It may be the model for all rows, which a limit on size or latency holds for."""
    world, cut = shared(), 1
    start = run(world, task(split=cut))
    assert start.cost.latency_p99_ms is None and start.cost.model_mb is None
    split, linear = world.plan.splits.parts[cut], find("linear")
    inner = trial._as_inner(world, start.job, split, start.inner_predictions)
    settled = trial._outer(world, task(split=cut), linear, split, {"C": 0.5}, inner, start.trials, Cost())
    assert settled.cost.latency_p99_ms > 0 and settled.cost.model_mb > 0


def test_a_study_that_kept_its_default_has_used_the_seconds_of_the_search_alone():
    fitted, search = Cost(3.0, 1.0, cpu_seconds=4.0, peak_memory_mb=9.0), Cost(7.0, cpu_seconds=6.0, peak_memory_mb=5.0)
    assert trial._add(fitted, search) == Cost(7.0, 1.0, cpu_seconds=6.0, peak_memory_mb=9.0)


def test_a_probe_reads_its_own_rows_and_what_breaks_is_a_message():
    world = shared()
    ones, others = np.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
    probe = Probe("share", "half", "linear", ones, others)
    reading = read_probe(world, Sounding(probe, time.time() + 60))
    target = world.dataset.target[others]
    auc = METRICS["roc_auc"]
    assert reading.predictions.shape == (len(others), 2) and auc.error(target, reading.predictions) < 0.4
    shuffled = read_probe(world, Sounding(replace(probe, permuted=True), time.time() + 60))
    assert auc.error(target, shuffled.predictions) > 0.35
    broken = read_probe(world, Sounding(replace(probe, train=ones[:1]), time.time() + 60))
    assert broken.predictions is None and "Error" in broken.message


def test_a_study_without_time_keeps_the_default_and_its_predictions():
    world = shared()
    start = run(world, task())
    outcome = run(world, task(stage="tuned", tune_seconds=0.0, most_trials=9, start=start))
    assert outcome.job.stage == "tuned" and outcome.params == {} and len(outcome.trials) == 1
    assert outcome.predictions is start.predictions
    assert (start.ended, outcome.ended) == ("", "seconds")


def test_the_inner_folds_of_a_narrow_net_are_trained_side_by_side(monkeypatch):
    world = shared(seconds=300.0)  # enough for five inner folds
    assert world.plan.splits.inner_folds == 5
    params = {"width": 16, "depth": 1, "dropout": 0.0, "epochs": 6}
    split, sizes = world.plan.splits.parts[0], []

    def spy(wishes, *rest):
        sizes.append(len(wishes))
        return train_many(wishes, *rest)

    train_many = many.train_many
    monkeypatch.setattr(many, "train_many", spy)
    mlp, told = find("mlp"), []
    together = trial._validate(world, task("mlp", "neural"), mlp, split, params, lambda *fold: told.append(fold))
    assert set(sizes) == {5} and [fold for fold, _ in told] == list(range(5))
    monkeypatch.setattr(type(mlp.build(trial._setting(world, 100, 0, None), {})[-1]), "side_by_side", False)
    alone = trial._validate(world, task("mlp", "neural"), mlp, split, params, None)
    assert set(sizes) == {5}
    np.testing.assert_allclose(together.predictions, alone.predictions, atol=0.02)


def test_a_study_that_finds_better_fits_that():
    world = shared()
    start = run(world, task("tree"))
    outcome = run(world, task("tree", stage="tuned", tune_seconds=60.0, most_trials=10, start=start))
    assert outcome.status == "ok" and len(outcome.trials) == 10 and outcome.ended == "trials"
    if outcome.params:
        assert outcome.inner_error < start.inner_error


def test_a_study_far_behind_the_other_family_ends_early_and_says_so():
    world = shared()
    start = run(world, task("tree"))
    options = {"stage": "tuned", "tune_seconds": 60.0, "most_trials": 60, "start": start}
    outcome = run(world, task("tree", **options, rival_error=1e-9, margin=0.02))
    assert outcome.ended == "futility" and len(outcome.trials) < 60


def test_what_a_learner_raises_becomes_its_outcome():
    world = shared()
    broken = replace(world, dataset=replace(world.dataset, target=np.full(ROWS, 7)))
    outcome = run(broken, task())
    assert outcome.status == "failed" and outcome.message and outcome.predictions is None


def test_a_class_the_training_part_lacked_has_no_chance():
    class Two:
        classes_ = np.array([0, 2])

        def predict_proba(self, inputs):
            return np.array([[0.25, 0.75]])

    data = shared(rng.choice(list("abc"), ROWS)).dataset
    np.testing.assert_array_equal(predict(Two(), None, data), [[0.25, 0.0, 0.75]])


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({}, ("cpu", "a processor", None)),
        ({"device_": "cpu", "device_name_": None, "gpu_memory_mb_": None}, ("cpu", "a processor", None)),
        ({"device_": "cuda", "device_name_": "a GPU", "gpu_memory_mb_": 12.5}, ("cuda", "a GPU", 12.5)),
        ({"device_": "mps"}, ("mps", None, None)),
    ],
)
def test_an_outcome_says_where_its_model_was_trained(monkeypatch, told, place):
    class Told(LogisticRegression):
        def fit(self, X, y):
            for name, value in told.items():
                setattr(self, name, value)
            return super().fit(X, y)

    def build(setting, params):
        return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", Told())])

    monkeypatch.setattr(trial.costs, "cpu_name", lambda: "a processor")
    net = replace(trial.learners.find("linear"), build=build)
    monkeypatch.setattr(trial.learners, "find", lambda name: net)
    outcome = run(shared(), task(split=1))
    assert outcome.status == "ok", outcome.message
    cost = outcome.cost
    assert (cost.device, cost.device_name, cost.gpu_memory_mb) == place


def test_predictions_that_are_not_finite_are_refused():
    class Wild:
        def predict(self, inputs):
            return np.array([np.inf])

    with pytest.raises(FloatingPointError, match="not finite"):
        predict(Wild(), None, shared(rng.normal(size=ROWS)).dataset)


@pytest.mark.parametrize("learner", ["dummy", "linear", "xgboost"])
def test_the_model_for_all_rows_takes_raw_tables_and_answers_in_labels(tmp_path, learner):
    path = tmp_path / "model" / "model.joblib"
    refit(shared(), Refit(learner, {}, path, time.time() + 60, 1))
    model = joblib.load(path)
    new = TABLE.head(3).assign(kind="never seen", unasked=1)
    assert set(model.predict(new)) <= {"good", "bad"} and list(model.classes_) == ["bad", "good"]
    np.testing.assert_allclose(model.predict_proba(new).sum(axis=1), 1, atol=1e-6)


def test_rows_that_stop_training_keep_to_groups_copies_and_times(monkeypatch):
    told = []
    usual = splits.hold_out

    def watched(target, share, seed, groups=None, times=None, most=None):
        told.append((groups, times))
        kept, held = usual(target, share, seed, groups=groups, times=times, most=most)
        if times is not None:
            assert times[kept].max() < times[held].min()
        elif groups is not None:
            assert not set(groups[kept]) & set(groups[held])
        return kept, held

    monkeypatch.setattr(splits, "hold_out", watched)
    for changes in ({"groups": np.arange(ROWS) // 8}, {"times": np.arange(ROWS)}):
        world = shared(rng.normal(size=ROWS), **changes)
        told.clear()
        assert run(world, task("lightgbm")).status == "ok"
        name = 1 if "times" in changes else 0
        assert len(told) >= 3 and all(seen[name] is not None for seen in told), "inner cut, its fit, and the outer fit"
