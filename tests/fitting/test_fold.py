"""One fit: what it may see, what it leaves, and that nothing it does can bring the comparison down."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from advisor import learners, modalities, model_files
from advisor.contracts import FitReport
from advisor.errors import Unwritable
from advisor.fitting import fold
from advisor.fitting.fold import FoldTask, ProbeTask, RefitTask, Shared, carry_out, default_params, describe, predict
from advisor.learners import catalogue
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.planning.plan import make_plan
from advisor.profiling import profile
from advisor.records import Budget, Candidate, Probe
from advisor.whole import sum_of

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


def shared(folder: Path, target=LABELS, **changes: object) -> Shared:
    world = usual() if target is LABELS and not changes else made(target, **changes)
    return replace(world, folder=folder)


@cache
def usual() -> Shared:
    return made(LABELS)


def made(target, **changes: object) -> Shared:
    data = modalities.find("tabular").read(TABLE.assign(y=target), target="y")
    data = replace(data, **changes)
    seen = profile(data, modalities.find("tabular"))
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[data.task]
    plan = make_plan(data, seen, catalogue(), Budget(600.0, 10), metric=metric, seconds=600.0)
    return Shared(data, seen, plan, Path())


def task(learner="linear", number=0, params=None, **options: object) -> FoldTask:
    known = {"timed": False, "keep": None, "fit_seconds": None, **options}
    candidate = Candidate(learner, learners.find(learner).family, params or {})
    return FoldTask(candidate, number, time.time() + 300, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize("target", [LABELS, rng.choice(list("abc"), ROWS), rng.normal(size=ROWS)])
@pytest.mark.parametrize("learner", ["dummy", "tree"])
def test_a_fold_is_judged_by_its_test_rows(tmp_path, target, learner):
    world = shared(tmp_path, target)
    result = carry_out(task(learner, timed=True, keep="folds/it.npz"), world)
    part, data = world.plan.folds.parts[0], world.dataset
    assert result.state == "done", result.message
    shape = (len(part.test), len(data.classes)) if data.classes else (len(part.test),)
    assert result.predictions.shape == shape and result.predictions.dtype == np.float32
    assert len(result.losses) == len(part.test)
    known = METRICS[world.plan.metric].error(data.target[part.test], result.predictions.astype(float))
    assert result.error == pytest.approx(known, rel=1e-4)
    cost = result.cost
    assert min(cost.fit_seconds, cost.predict_seconds, cost.latency_p50_ms, cost.latency_p99_ms, cost.model_mb) > 0
    assert (result.model, result.model_sum) == ("folds/it.npz", sum_of(tmp_path / "folds/it.npz"))
    again = predict(model_files.read(tmp_path / result.model), data.inputs.take(part.test), data)
    np.testing.assert_allclose(again, result.predictions, rtol=1e-5)
    assert not list(tmp_path.rglob("*.part"))


def test_a_model_that_cannot_be_written_is_no_fault_of_its_learner(tmp_path):
    (tmp_path / "folds").write_text("not a folder")
    with pytest.raises(Unwritable, match=r"it\.npz' cannot be written"):
        carry_out(task(keep="folds/it.npz"), shared(tmp_path))


def test_what_is_not_asked_for_is_neither_kept_nor_timed(tmp_path):
    result = carry_out(task(), shared(tmp_path))
    assert result.cost.latency_p99_ms is result.cost.model_mb is result.model is None
    assert not list(tmp_path.iterdir())


def test_the_targets_of_the_test_part_change_nothing_but_the_error(tmp_path):
    world = shared(tmp_path)
    test = world.plan.folds.parts[0].test
    scrambled = world.dataset.target.copy()
    scrambled[test] = rng.permutation(scrambled[test])
    other = replace(world, dataset=replace(world.dataset, target=scrambled))
    for wish in (task("tree"), task("tree", params={"max_depth": 2})):
        one, two = carry_out(wish, world), carry_out(wish, other)
        np.testing.assert_array_equal(one.predictions, two.predictions)
        assert one.error != two.error


def test_settings_are_those_of_the_candidate_and_defaults_are_read_off_the_learner(tmp_path):
    world = shared(tmp_path)
    path = tmp_path / carry_out(task("linear", params={"C": 0.5}, keep="m.npz"), world).model
    assert model_files.read(path)[-1].C == 0.5
    space = learners.find("linear").space(fold.setting_of(world, 100, 0, None))
    known = default_params(world, "linear", space, 100)
    assert set(known) <= set(space)


def test_what_a_learner_raises_becomes_its_result_and_has_cost_its_time(tmp_path, monkeypatch):
    def slow(setting, params):
        time.sleep(0.02)
        raise ValueError("no such\n thing")

    broken = replace(learners.find("linear"), build=slow)
    monkeypatch.setattr(learners, "find", lambda name: broken)
    result = carry_out(task(), shared(tmp_path))
    assert (result.state, result.predictions) == ("failed", None)
    assert result.message == "ValueError: no such thing (slow in test_fold.py)"
    assert result.cost.fit_seconds >= 0.02


def test_what_cannot_be_loaded_is_a_failure_too(tmp_path, monkeypatch):
    absent = replace(learners.find("linear"), requires=("no_such_package",))
    monkeypatch.setattr(learners, "find", lambda name: absent)
    world = shared(tmp_path)
    assert "no_such_package" in carry_out(task(), world).message
    refitted = carry_out(RefitTask(Candidate("linear", "classical"), 0.0, None, "m.npz"), world)
    assert "no_such_package" in refitted.problem


def test_a_thing_that_is_no_task_is_said_to_be_none(tmp_path):
    with pytest.raises(TypeError, match="int is no task"):
        carry_out(3, shared(tmp_path))


def test_a_description_is_one_line_of_some_length():
    try:
        raise ValueError("x " * 1_000)
    except ValueError as problem:
        assert len(describe(problem)) < 400 and "\n" not in describe(problem)


def test_a_class_the_training_part_lacked_has_no_chance(tmp_path):
    class Two:
        classes_ = np.array([0, 2])

        def predict_proba(self, inputs):
            return np.array([[0.25, 0.75]])

    data = shared(tmp_path, rng.choice(list("abc"), ROWS)).dataset
    np.testing.assert_array_equal(predict(Two(), TABLE[:1], data), [[0.25, 0.0, 0.75]])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([[0.5, np.nan], [0.5, 0.5]], "not finite"),
        ([[0.5, 1e39], [0.5, 0.5]], "not finite"),
        ([[0.5, 0.5]], r"shape \(1, 2\) where \(2, 2\) is right"),
        ([0.5, 0.5], r"shape \(2,\) where \(2, 2\) is right"),
        ([[0.5, 0.6], [0.5, 0.5]], "sum to 1.1 rather than 1"),
        ([[1.5, -0.5], [0.5, 0.5]], "a probability of -0.5"),
    ],
)
def test_predictions_that_are_none_are_refused(tmp_path, answer, said):
    class Wild:
        classes_ = np.array([0, 1])

        def predict_proba(self, inputs):
            return np.array(answer)

    with pytest.raises((ValueError, FloatingPointError), match=said):
        predict(Wild(), TABLE[:2], shared(tmp_path).dataset)


def test_values_are_one_for_each_row(tmp_path):
    class Column:
        def predict(self, inputs):
            return np.zeros((len(inputs), 1))

    with pytest.raises(ValueError, match=r"shape \(2, 1\) where \(2,\) is right"):
        predict(Column(), TABLE[:2], shared(tmp_path, rng.normal(size=ROWS)).dataset)


def test_what_a_process_remembers_is_part_of_a_fit_but_not_of_the_workers_time(tmp_path, monkeypatch):
    class Remembering(LogisticRegression):
        def fit(self, X, y):
            fold.costs.spared(fold.costs.Seconds(1_000, 2_000))
            return super().fit(X, y)

    def build(setting, params):
        return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", Remembering())])

    remembering = replace(learners.find("linear"), build=build)
    monkeypatch.setattr(learners, "find", lambda name: remembering)
    cost = carry_out(task(), shared(tmp_path)).cost
    assert cost.fit_seconds > 1_000 and cost.cpu_seconds > 2_000 and cost.spared_seconds == 1_000
    assert cost.seconds == pytest.approx(cost.fit_seconds + cost.predict_seconds - 1_000)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({}, ("cpu", "a processor", None)),
        ({"device": "cuda", "device_name": "a GPU", "gpu_memory_mb": 12.5}, ("cuda", "a GPU", 12.5)),
        ({"device": "mps"}, ("mps", None, None)),
        ({"cut_short": True, "curve": {"valid_loss": (2.0, 1.0)}}, ("cpu", "a processor", None)),
    ],
)
def test_a_result_tells_what_the_fit_reported(tmp_path, monkeypatch, told, place):
    class Told(LogisticRegression):
        fit_report_ = FitReport(**told)

    def build(setting, params):
        return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", Told())])

    monkeypatch.setattr(fold.costs, "cpu_name", lambda: "a processor")
    monkeypatch.setattr(fold.costs, "gpu_watts", lambda: 700.0)
    net = replace(learners.find("linear"), build=build)
    monkeypatch.setattr(learners, "find", lambda name: net)
    result = carry_out(task(), shared(tmp_path))
    assert result.state == "done", result.message
    cost = result.cost
    assert (cost.device, cost.device_name, cost.gpu_memory_mb) == place
    assert (cost.gpu_watts is not None) == (cost.device == "cuda")
    assert result.cut_short == told.get("cut_short", False) and result.curve == told.get("curve", {})


def test_a_fit_gets_its_limit_its_seed_and_its_threads(tmp_path, monkeypatch):
    settings = []
    linear = learners.find("linear")
    spy = replace(linear, build=lambda setting, params: (settings.append(setting), linear.build(setting, params))[1])
    monkeypatch.setattr(learners, "find", lambda name: spy)
    world = replace(shared(tmp_path), threads=2)
    carry_out(task(number=3, fit_seconds=7.0), world)
    setting = settings[0]
    assert (setting.seconds, setting.seed, setting.threads) == (7.0, world.plan.seed + 3, 2)
    assert setting.rows == len(world.plan.folds.parts[3].train)


def test_a_probe_sees_its_own_rows_and_what_breaks_is_a_message(tmp_path):
    world = shared(tmp_path)
    ones, others = np.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
    probe = Probe("share", "half", "linear", ones, others)
    seen = carry_out(ProbeTask(probe, time.time() + 60), world)
    target, auc = world.dataset.target[others], METRICS["roc_auc"]
    assert seen.predictions.shape == (len(others), 2) and auc.error(target, seen.predictions) < 0.4
    shuffled = carry_out(ProbeTask(replace(probe, permuted=True), time.time() + 60), world)
    assert auc.error(target, shuffled.predictions) > 0.35
    broken = carry_out(ProbeTask(replace(probe, train=ones[:1]), time.time() + 60), world)
    assert broken.predictions is None and "Error" in broken.message


@pytest.mark.parametrize(("wish", "place"), [("cpu", "cpu"), ("gpu", "auto"), ("auto", "cpu")])
def test_a_net_answers_where_it_is_to_serve(tmp_path, wish, place):
    world = shared(tmp_path)
    world = replace(world, plan=replace(world.plan, device="cpu", serve_on=wish))
    result = carry_out(task("mlp", params={"epochs": 2}, keep="m.npz"), world)
    assert result.state == "done", result.message
    assert model_files.read(tmp_path / "m.npz")[-1].device == place


class Counting(LogisticRegression):
    """Never has enough, and tells of how many rows."""

    fit_report_ = FitReport(cut_short=True)

    def fit(self, X, y):
        self.rows_ = len(y)
        return super().fit(X, y)


def test_a_refit_learns_from_all_rows_and_says_whether_it_was_cut_short(tmp_path, monkeypatch):
    world = shared(tmp_path)

    def build(setting, params):
        return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", Counting())])

    counting = replace(learners.find("linear"), build=build)
    monkeypatch.setattr(learners, "find", lambda name: counting)
    refitted = carry_out(RefitTask(Candidate("linear", "classical"), time.time() + 60, 5.0, "model/m.npz"), world)
    assert refitted.cut_short and not refitted.problem
    assert model_files.read(tmp_path / "model" / "m.joblib")[-1].rows_ == ROWS, (
        "it is no estimator of ours, so a pickle"
    )


@pytest.mark.parametrize("changes", [{"groups": np.arange(ROWS) // 8}, {"times": np.arange(ROWS)}])
def test_rows_that_stop_training_keep_to_groups_and_times(tmp_path, monkeypatch, changes):
    told, usual = [], splits.hold_out

    def watched(target, share, seed, groups=None, times=None, most=None):
        told.append((groups, times))
        kept, held = usual(target, share, seed, groups=groups, times=times, most=most)
        if times is not None:
            assert times[kept].max() < times[held].min()
        else:
            assert not set(groups[kept]) & set(groups[held])
        return kept, held

    world = shared(tmp_path, rng.normal(size=ROWS), **changes)
    monkeypatch.setattr(splits, "hold_out", watched)
    result = carry_out(task("lightgbm"), world)
    assert result.state == "done", result.message
    assert told and all(seen["times" in changes] is not None for seen in told)
