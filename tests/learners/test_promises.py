"""What every learner promises, tried on whoever is in the folder."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from advisor.contracts import Choice
from advisor.metrics import METRICS, default_metric


def test_learns_and_keeps_its_shapes(learner, task, build, table, predicted):
    inputs, target = table(task)
    before = inputs.copy(deep=True)
    pipeline = build(learner, task).fit(inputs, target)
    fresh, truth = table(task, seed=1)
    predictions = predicted(pipeline, fresh)
    pd.testing.assert_frame_equal(inputs, before)
    assert np.isfinite(predictions).all()
    if task != "regression":
        classes = 2 if task == "binary" else 3
        assert pipeline.classes_.tolist() == list(range(classes))
        assert predictions.shape == (len(fresh), classes)
        assert (predictions >= 0).all()
        np.testing.assert_allclose(predictions.sum(axis=1), 1, atol=1e-6)
    else:
        assert predictions.shape == (len(fresh),)
    metric = METRICS[default_metric(task)]
    blind = np.full(len(fresh), target.mean()) if task == "regression" else np.bincount(target) / len(target)
    blind = blind if task == "regression" else np.tile(blind, (len(fresh), 1))
    if learner.family != "dummy":
        assert metric.error(truth, predictions) < 0.9 * metric.error(truth, blind)


def test_takes_what_it_has_never_seen(learner, task, build, table, predicted):
    inputs, target = table(task)
    pipeline = build(learner, task).fit(inputs, target)
    strange = inputs.head(8).copy()
    strange["kind"] = pd.Categorical(["a", "new", None, "other", "é", "new", "b", "c"])
    strange["place"] = pd.Categorical([None] * 8, categories=["nowhere"])
    strange["größe"] = np.nan
    strange["日付"] = pd.Series(pd.NaT, index=strange.index, dtype="datetime64[ns]")
    assert np.isfinite(predicted(pipeline, strange)).all()
    assert len(predicted(pipeline, strange.head(1))) == 1


def test_a_row_is_answered_alone_as_in_company(learner, build, table, predicted):
    inputs, target = table("multiclass")
    pipeline = build(learner, "multiclass").fit(inputs, target)
    together = predicted(pipeline, inputs)
    for row in (0, 5, 200):
        np.testing.assert_allclose(predicted(pipeline, inputs.iloc[[row]])[0], together[row], atol=1e-5)


def test_survives_pickling(learner, task, build, table, predicted, tmp_path):
    inputs, target = table(task)
    pipeline = build(learner, task).fit(inputs, target)
    expected = predicted(pipeline, inputs)
    np.testing.assert_array_equal(predicted(pickle.loads(pickle.dumps(pipeline)), inputs), expected)
    joblib.dump(pipeline, tmp_path / "model.joblib")
    np.testing.assert_array_equal(predicted(joblib.load(tmp_path / "model.joblib"), inputs), expected)


def test_same_seed_same_answer(learner, task, build, table, predicted):
    inputs, target = table(task)
    first = build(learner, task, seed=3).fit(inputs, target)
    again = clone(first).fit(inputs, target)
    np.testing.assert_array_equal(predicted(first, inputs), predicted(again, inputs))


def test_every_end_of_its_space_is_a_working_configuration(learner, task, build, table, setting, predicted):
    inputs, target = table(task, rows=60)
    space = learner.space(setting(task, 60))
    ends = [{name: _end(choice, last) for name, choice in space.items()} for last in (False, True)]
    for params in ends if space else []:
        pipeline = build(learner, task, rows=60, params=params).fit(inputs, target)
        assert np.isfinite(predicted(pipeline, inputs)).all()


def _end(choice, last):
    if isinstance(choice, Choice):
        return choice.options[-1 if last else 0]
    return choice.high if last else choice.low


def test_works_on_thirty_rows(learner, task, build, table, predicted):
    inputs, target = table(task, rows=30)
    pipeline = build(learner, task, rows=30).fit(inputs, target)
    assert np.isfinite(predicted(pipeline, inputs)).all()


def test_a_class_too_rare_to_be_held_out_is_learnt(learner, build, table):
    inputs, target = table("binary")
    target[5] = 2
    pipeline = build(learner, "multiclass").fit(inputs, target)
    assert pipeline.classes_.tolist() == [0, 1, 2]
    assert pipeline.predict_proba(inputs).shape == (len(inputs), 3)


def test_a_class_that_is_absent_leaves_a_gap_in_the_codes(learner, build, table):
    inputs, target = table("binary")
    pipeline = build(learner, "multiclass").fit(inputs, target * 2)
    assert pipeline.classes_.tolist() == [0, 2]
    assert set(pipeline.predict(inputs)) <= {0, 2}
    assert pipeline.predict_proba(inputs).shape == (len(inputs), 2)


def test_every_metric_of_its_tasks_can_be_asked_for(learner, task, build, table, predicted):
    inputs, target = table(task, rows=80)
    for metric in METRICS.values():
        if task in metric.tasks:
            pipeline = build(learner, task, rows=80, metric=metric.name).fit(inputs, target)
            assert np.isfinite(metric.error(target, predicted(pipeline, inputs)))


def test_is_silent_and_leaves_no_files(learner, task, build, table, predicted, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs, target = table(task)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted(build(learner, task).fit(inputs, target), inputs)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert list(tmp_path.iterdir()) == []


def test_threads_and_seed_reach_the_estimator(learner, task, build):
    params = build(learner, task, threads=2, seed=17).get_params()
    for name, value in params.items():
        if value is not None and name.endswith(("__n_jobs", "__random_state")):
            assert value == (2 if name.endswith("n_jobs") else 17), name
    assert "model__n_jobs" in params or learner.effort <= 2 or learner.name == "autoencoder_linear"


def test_the_soft_limit_stops_what_iterates(learner, task, build, table, predicted):
    inputs, target = table(task)
    pipeline = build(learner, task, seconds=1e-9).fit(inputs, target)
    model = pipeline if learner.family == "dummy" else pipeline[-1]
    if not hasattr(model, "curve_"):
        pytest.skip("does not train in iterations")
    assert len(next(iter(model.curve_.values()))) <= 2
    assert np.isfinite(predicted(pipeline, inputs)).all()
