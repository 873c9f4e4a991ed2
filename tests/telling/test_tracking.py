import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from advisor import modalities, profiling
from advisor.errors import UserError
from advisor.fitting import handing
from advisor.records import Candidate, Column, Cost, Dataset, FoldResult, Outcome, Profile
from advisor.telling import tracking
from advisor.telling.tracking import model as model_room
from advisor.telling.tracking import outbox, store, text
from advisor.telling.tracking.sending import Sender

BEGAN = 1_750_000_000.0
FAMILIES = {"forest": "classical", "mlp": "neural", "xgboost": "classical"}
ROWS = 60
DEEP = {"max_depth": 6}
INPUTS = pd.DataFrame(
    {
        "age": np.arange(ROWS, dtype=float) % 17,
        "größe": np.linspace(0.5, 9.5, ROWS),
        "town": pd.Categorical(np.resize(["Bern", "Köln", "<b>"], ROWS)),
    }
)
BANK = Dataset(
    "bank", "tabular", "binary", INPUTS, np.arange(ROWS) % 2, "subscribed", ("no", "yes"),
    source="https://me:hunter2@files.example/bank.csv",
)  # fmt: skip
PROFILE = Profile(
    "bank", "tabular", ROWS, "binary",
    (Column("age", "integer", 0.0, 17), Column("größe", "numeric", 0.0, ROWS), Column("town", "id-like", 0.0, 3)),
    {}, 5, {}, (), "0123456789abcdef" * 4,
)  # fmt: skip
DOCUMENT = {
    "answer": "not_worth_it",
    "sentence": "No: forest reaches roc_auc 0.910, and the chance that a net gains more than 2 % is 1 %.",
    "p_worth": 0.01,
    "how": "in_company",
    "readings": {
        "alone": {"gain": {"estimate": -0.3}, "p_worth": 0.001},
        "in_company": {"gain": {"estimate": -0.11}, "p_worth": 0.01},
    },
    "min_gain": 0.02,
    "gain": {"estimate": -0.11, "low": -0.2, "high": None, "level": 0.9},
    "detectable_gain": float("nan"),
    "metric": "roc_auc",
    "recommended": {
        "learner": "forest",
        "family": "classical",
        "score": 0.91,
        "reason": "It errs least.",
        "members": {"forest": 1.0},
    },
    "champions": {
        "classical": {"learner": "forest", "score": 0.91, "params": {"max_depth": 6}},
        "neural": {"learner": "mlp", "score": 0.9, "params": {}},
        "classical_blend": None,
        "blend": None,
    },
    "leaderboard": [
        {
            "learner": "forest",
            "family": "classical",
            "score": 0.91,
            "error": 0.09,
            "se": 0.004,
            "status": "ok",
            "cut_short": False,
            "params": {"max_depth": 6},
        },
        {
            "learner": "mlp",
            "family": "neural",
            "score": 0.9,
            "error": 0.1,
            "se": None,
            "status": "ok",
            "cut_short": True,
        },
        {"learner": "xgboost", "family": "classical", "score": None, "status": "failed", "message": "out of memory"},
    ],
    "reasons": ["The net's error is 11 % larger."],
    "profile": {"rows": ROWS, "columns": 3, "task": "binary", "target": {"name": "subscribed"}},
    "budget": {"seconds": 600, "spent_seconds": 300.5},
}


def a_result(learner, fold, *, params=None, error=0.1, state="done", curve=None):
    cost = Cost(3.0, 0.5, 6.0, latency_p50_ms=None, peak_memory_mb=120.0, model_mb=float("inf"))
    well = state == "done"
    return FoldResult(
        Candidate(learner, FAMILIES[learner], params or {}), fold, state, "" if well else "out of memory",
        error=error if well else None, cost=cost, curve=curve or {}, started_at=BEGAN + 10 * fold,
    )  # fmt: skip


def an_outcome(result, ending="complete"):
    return Outcome(result.candidate, {result.fold: result}, ending, result.message)


@pytest.fixture(scope="session")
def a_model():
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    labels = np.array(BANK.classes, dtype=object)[BANK.target]
    return make_pipeline(columns, LogisticRegression()).fit(INPUTS.astype({"town": object}), labels)


def begin(uri, folder, **options):
    folder.mkdir(exist_ok=True)
    given = {"params": {"budget": "10m"}, "tags": {"dataset": "bank"}, **options}
    return tracking.start(uri, "advisor", "bank · subscribed", folder=folder, **given)


@pytest.fixture(scope="session")
def finished(copied, tmp_path_factory, a_model):
    """A whole comparison of three learners on two folds, told to a store of its own."""
    folder = tmp_path_factory.mktemp("with space, and ü#")
    run = begin(copied(folder), folder, dataset=BANK, profile=PROFILE)
    curve = {"train": tuple(np.linspace(1, 0.2, 900)), "valid": (0.9, float("nan"), 0.4)}
    for fold in (0, 1):
        run.record(a_result("forest", fold, error=0.3), 0.7)
        run.record(a_result("forest", fold, params=DEEP, error=0.1 + fold / 100), 0.9 - fold / 100)
        run.record(a_result("mlp", fold, error=0.12, curve=curve), 0.88)
    run.ended(an_outcome(a_result("forest", 1, params=DEEP)))
    run.ended(an_outcome(a_result("forest", 1), "given_up"))
    late = {fold: replace(a_result("mlp", fold), cut_short=fold == 0) for fold in (0, 1)}
    run.ended(Outcome(late[0].candidate, late, "complete"))
    run.record(a_result("xgboost", 0, state="failed"))
    run.ended(an_outcome(a_result("xgboost", 0, state="failed"), "failed"))
    (folder / "report.html").write_text("<p>No.</p>")
    (folder / "verdict.json").write_text("{}")
    run.finish(DOCUMENT, model=a_model, input_example=INPUTS.head(5), patience_seconds=300)
    assert run.warnings == []
    return run


@pytest.fixture(scope="session")
def client(finished):
    return MlflowClient(tracking_uri=finished.where["tracking_uri"])


def runs(client, condition):
    experiment = client.get_experiment_by_name("advisor")
    return client.search_runs([experiment.experiment_id], condition)


def names(found):
    return sorted(run.info.run_name for run in found)


def test_a_comparison_that_was_killed_after_its_verdict_is_ended_by_what_it_left(copied, tmp_path):
    run = begin(copied(tmp_path), tmp_path / "run")
    run.record(a_result("forest", 0, error=0.1), 0.9)
    run._end(300)  # its teller alone: nothing of an end was told, as where the process was killed
    left = {**DOCUMENT, "schema": 1, "answer": "worth_it", "sentence": "Yes."}
    (tmp_path / "run" / "verdict.json").write_text(json.dumps(left))
    sent, refused, where = tracking.replay(tmp_path / "run", None, None)
    assert sent > 3 and refused == []
    client = MlflowClient(where["tracking_uri"])
    parent = client.get_run(where["run_id"])
    assert (parent.info.status, parent.data.tags["answer"]) == ("FINISHED", "worth_it")
    assert not runs(client, "status = 'RUNNING'")
    assert [file.path for file in client.list_artifacts(where["run_id"])] == ["verdict.json"]
    assert tracking.replay(tmp_path / "run", None, None)[:2] == (0, [])


def test_learners_lie_below_the_comparison_and_candidates_below_learners(finished, client):
    (parent,) = runs(client, "tags.kind = 'comparison'")
    assert parent.info.run_id == finished.where["run_id"]
    learners = runs(client, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert names(learners) == ["forest", "mlp", "xgboost"]
    forest = next(run for run in learners if run.info.run_name == "forest")
    deep = Candidate("forest", "classical", DEEP).key.removeprefix("forest-")
    assert names(runs(client, f"tags.`mlflow.parentRunId` = '{forest.info.run_id}'")) == sorted(
        ["forest · default", f"forest · {deep}"]
    )


def test_a_candidate_tells_its_parameters_its_folds_as_steps_and_its_true_time(client):
    (trial,) = runs(client, "tags.kind = 'trial' and tags.learner = 'forest' and tags.stage = 'tuned'")
    assert trial.data.params == {"max_depth": "6"}
    history = client.get_metric_history(trial.info.run_id, "score")
    assert {(point.step, point.value) for point in history} == {(0, 0.9), (1, 0.89)}
    assert {point.value for point in client.get_metric_history(trial.info.run_id, "error")} == {0.1, 0.11}
    assert trial.data.metrics["mean_score"] == pytest.approx(0.895)
    assert trial.data.metrics["fit_seconds"] == 3.0 and trial.data.metrics["folds"] == 1
    assert "model_mb" not in trial.data.metrics, "infinity is no metric"
    assert (trial.info.start_time, trial.info.end_time) == (round(BEGAN * 1000), round((BEGAN + 10 + 3.5) * 1000))
    assert trial.data.tags["ending"] == "complete"


def test_how_a_candidate_ended_is_told(client):
    (behind,) = runs(client, "tags.kind = 'trial' and tags.ending = 'given_up'")
    assert (behind.info.run_name, behind.info.status) == ("forest · default", "FINISHED")
    (net,) = runs(client, "tags.kind = 'trial' and tags.learner = 'mlp'")
    assert net.info.status == "FINISHED", "whoever was still open at the end is closed"


def test_what_failed_is_failed_and_says_why(client):
    (trial,) = runs(client, "tags.kind = 'trial' and tags.message = 'out of memory' and status = 'FAILED'")
    assert trial.data.tags.items() >= {"state": "failed", "ending": "failed", "learner": "xgboost"}.items()
    (learner,) = runs(client, "tags.kind = 'learner' and status = 'FAILED'")
    assert learner.info.run_name == "xgboost"
    assert learner.data.tags["message"] == "out of memory"
    assert len(runs(client, "status = 'RUNNING'")) == 0


def test_a_learner_stands_by_its_best_candidate_and_its_row_of_the_leaderboard(client):
    (forest,) = runs(client, "tags.kind = 'learner' and tags.learner = 'forest'")
    shown = [point.value for point in client.get_metric_history(forest.info.run_id, "score")]
    assert shown == pytest.approx([0.7, 0.9, 0.7, 0.895, 0.91])
    assert forest.data.metrics["score"] == 0.91
    assert forest.data.metrics["score_se"] == 0.004
    assert forest.data.params == {"max_depth": "6"}


def test_who_was_cut_short_is_said_where_its_figures_stand(client):
    (trial,) = runs(client, "tags.kind = 'trial' and tags.learner = 'mlp'")
    assert trial.data.tags["cut_short"] == "still learning when its time was up on 1 of 2 folds"
    (learner,) = runs(client, "tags.kind = 'learner' and tags.learner = 'mlp'")
    assert learner.data.tags["cut_short"] == "still learning when its time was up on most folds"
    (parent,) = runs(client, "tags.kind = 'comparison'")
    note = parent.data.tags["mlflow.note.content"]
    assert "| mlp† | neural | 0.9 |" in note and "\n\n† still learning when its time was up on most folds.\n" in note
    assert not [run for run in runs(client, "tags.learner = 'forest'") if "cut_short" in run.data.tags]


def test_a_learners_run_spans_its_own_work(client):
    (net,) = runs(client, "tags.kind = 'learner' and tags.learner = 'mlp'")
    assert (net.info.start_time, net.info.end_time) == (round(BEGAN * 1000), round((BEGAN + 10 + 3.5) * 1000))


def test_learning_curves_are_histories_of_the_candidate_fold_by_fold(client):
    (trial,) = runs(client, "tags.kind = 'trial' and tags.learner = 'mlp'")
    train = client.get_metric_history(trial.info.run_id, "curve/train fold 1")
    assert len(train) == text.LONGEST_CURVE
    assert (train[0].step, train[-1].step, train[-1].value) == (1, 900, pytest.approx(0.2))
    valid = client.get_metric_history(trial.info.run_id, "curve/valid fold 0")
    assert [(point.step, point.value) for point in valid] == [(1, 0.9), (3, 0.4)]


def test_many_curves_go_in_pieces(uri, tmp_path):
    run = begin(uri, tmp_path)
    curve = {f"loss {place}": tuple(np.arange(100.0)) for place in range(20)}
    run.record(a_result("mlp", 0, curve=curve), 0.9)
    run.finish({})
    assert run.warnings == []
    (trial,) = runs(MlflowClient(uri), "tags.kind = 'trial'")
    assert sum(name.startswith("curve/") for name in trial.data.metrics) == 20


def test_the_answer_is_the_description_and_a_filter(client):
    (parent,) = runs(client, "tags.answer = 'not_worth_it' and tags.recommended = 'forest' and metrics.p_worth < 0.05")
    note = parent.data.tags["mlflow.note.content"]
    assert DOCUMENT["sentence"] in note
    assert "| forest | classical | 0.91 | 0.004 |" in note
    assert parent.data.metrics["gain"] == -0.11
    assert parent.data.metrics["alone/p_worth"] == 0.001 and parent.data.tags["how"] == "in_company"
    assert not {"gain_high", "detectable_gain"} & set(parent.data.metrics)
    assert parent.data.params == {"budget": "10m"}
    assert parent.data.tags.items() >= {"dataset": "bank", "target": "subscribed", "task": "binary"}.items()
    assert parent.info.status == "FINISHED"


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "![x](http://evil.example)", "`a`|b\\", "\x1b[31mred\x9b2J"]
)
def test_names_in_the_description_are_no_markup(name):
    changed = {key: name for key in ("sentence", "metric")} | {"reasons": [name]}
    board = [{**DOCUMENT["leaderboard"][0], "learner": name}]
    recommended = {**DOCUMENT["recommended"], "learner": name, "members": {name: 0.5, "mlp": 0.5}, "reason": name}
    note = text.description({**DOCUMENT, **changed, "leaderboard": board, "recommended": recommended})
    plain = re.sub(r"\\.", "", note)  # what a backslash stands before is a letter like any other
    assert not re.search(r"[<\[`]", plain) and not set(note) & {"\x1b", "\x9b"}
    assert plain.splitlines()[6].count("|") == 8


def test_the_data_set_is_an_input_of_the_comparison(finished, client):
    (given,) = client.get_run(finished.where["run_id"]).inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("bank", PROFILE.fingerprint[:36])
    assert json.loads(given.dataset.profile) == {"num_rows": ROWS, "num_columns": 4}
    columns = {column["name"]: column["type"] for column in json.loads(given.dataset.schema)["mlflow_colspec"]}
    assert columns == {"age": "double", "größe": "double", "town": "any", "subscribed": "string"}
    assert "files.example/bank.csv" in given.dataset.source and "hunter2" not in given.dataset.source


def test_a_data_set_from_a_file_names_the_file(uri, tmp_path):
    (tmp_path / "bank.csv").write_text("age\n1\n")
    run = begin(uri, tmp_path, dataset=replace(BANK, source=str(tmp_path / "bank.csv")), profile=PROFILE)
    run.finish({})
    assert run.warnings == []
    (given,) = MlflowClient(uri).get_run(run.where["run_id"]).inputs.dataset_inputs
    assert given.dataset.source_type == "local" and str(tmp_path / "bank.csv") in given.dataset.source


def test_report_and_verdict_are_artifacts(finished, client):
    stored = [file.path for file in client.list_artifacts(finished.where["run_id"])]
    assert set(stored) >= {"report.html", "verdict.json"}


@pytest.fixture
def elsewhere(finished):
    """MLflow's own loader goes by the global address, which the tracking never sets: set it for one test."""
    mlflow.set_tracking_uri(finished.where["tracking_uri"])
    yield
    mlflow.set_tracking_uri("")


@pytest.mark.parametrize("address", ["models:/", "runs:/"])
def test_the_model_predicts_labels_of_rows_as_they_come(finished, elsewhere, address):
    where = finished.where
    model = mlflow.pyfunc.load_model(where["model_uri"] if address == "models:/" else f"runs:/{where['run_id']}/model")
    whole_numbers = INPUTS.astype({"age": int, "town": object}).head(7)
    for rows in (INPUTS.head(7), whole_numbers, whole_numbers[["town", "größe", "age"]]):
        labels = model.predict(rows)
        assert set(labels) <= {"no", "yes"} and len(labels) == 7
    with pytest.raises(mlflow.MlflowException, match="town"):
        model.predict(INPUTS[["age", "größe"]])


def test_the_model_carries_example_and_pinned_packages(finished, elsewhere):
    folder = Path(mlflow.artifacts.download_artifacts(finished.where["model_uri"]))
    assert mlflow.models.Model.load(folder).load_input_example(str(folder)).shape == (5, 3)
    pinned = (folder / "requirements.txt").read_text().split()
    assert all("==" in line for line in pinned)
    assert any(line.startswith("scikit-learn==") for line in pinned)
    assert not any(line.startswith(("torch", "neural-net-advisor")) for line in pinned)


@pytest.mark.parametrize("task", ["classes", "values"])
def test_a_blend_that_is_handed_over_answers_from_the_store_as_it_does_itself(uri, tmp_path, task):
    raw = INPUTS.astype({"age": int, "town": object}).assign(town=lambda rows: rows["town"].mask(rows["age"] == 3))
    target = np.array(BANK.classes)[BANK.target] if task == "classes" else INPUTS["größe"] ** 2
    read = modalities.find("tabular").read(raw.assign(asked=target), target="asked")
    kinds = (LogisticRegression(), GaussianNB()) if task == "classes" else (Ridge(), KNeighborsRegressor())
    # The first member is the mean of two models of folds, as a member is that was not fitted on all rows.
    fitted = [
        make_pipeline(modalities.find("tabular").encoder("matrix"), kind).fit(read.inputs.take(rows), read.target[rows])
        for kind, rows in ((kinds[0], np.arange(40)), (clone(kinds[0]), np.arange(20, 60)), (kinds[1], np.arange(60)))
    ]
    codes = len(read.classes)
    mixed = handing.mixed({"one": (0.7, handing.bag(fitted[:2], codes)), "two": (0.3, fitted[2])}, codes)
    assert isinstance(mixed, VotingClassifier if codes else VotingRegressor)
    model = handing.whole(read, mixed)
    run = begin(uri, tmp_path, dataset=read, profile=profiling.profile(read, modalities.find("tabular")))
    told = run.finish(DOCUMENT, model=model, input_example=read.example, patience_seconds=300)
    assert run.warnings == []
    mlflow.set_tracking_uri(uri)
    try:
        loaded = mlflow.pyfunc.load_model(told["model_uri"])
        rows = raw.tail(30).assign(town=lambda rows: rows["town"].replace("Bern", "a town that is new"))
        answers = loaded.predict(rows)
    finally:
        mlflow.set_tracking_uri("")
    np.testing.assert_array_equal(answers, model.predict(rows))
    assert len(set(answers)) > 1 and (not codes or set(answers) <= set(BANK.classes))


def test_a_model_of_ours_is_found_to_need_our_code_and_what_that_imports():
    ours = LogisticRegression()
    ours.note_ = Column("age", "number", 0.0, 17)
    assert {"advisor", "pandas", "numpy", "sklearn"} <= model_room._packages_of(ours)
    assert "advisor" not in model_room._packages_of(LogisticRegression())
    assert "neural-net-advisor" not in str(model_room._requirements({"advisor", "sklearn"}))


def test_the_users_own_run_stays_as_it_was(copied, tmp_path, a_model):
    theirs, ours = copied(tmp_path / "theirs"), copied(tmp_path / "ours")
    mlflow.set_tracking_uri(theirs)
    environment = dict(os.environ)
    try:
        with mlflow.start_run() as active:
            run = begin(ours, tmp_path / "run")
            run.record(a_result("mlp", 0), 0.9)
            run.finish(DOCUMENT, model=a_model, input_example=INPUTS.head(5))
            assert run.warnings == []
            assert mlflow.active_run().info.run_id == active.info.run_id
            assert mlflow.get_tracking_uri() == theirs
        left = MlflowClient(theirs).get_run(active.info.run_id)
        assert (left.data.metrics, left.data.params, left.outputs.model_outputs) == ({}, {}, [])
        assert dict(os.environ) == environment
    finally:
        mlflow.set_tracking_uri("")


def test_odd_names_and_values_are_made_to_fit(uri, tmp_path):
    run = begin(uri, tmp_path)
    odd = {"a<b>/../c:d": np.float64(0.5), "naïve depth": None, "flag": True, "": [1, 2], "long": "x" * 7000}
    run.record(a_result("forest", 0, params=odd), 0.9)
    run.finish({})
    assert run.warnings == []
    (trial,) = runs(MlflowClient(uri), "tags.kind = 'trial'")
    known = dict(trial.data.params)
    assert len(known.pop("long")) == text.LONGEST_PARAM
    assert known == {"a_b_/c_d": "0.5", "naïve depth": "null", "flag": "true", "_": "[1, 2]"}


def tell(run, folds=(0,)):
    for fold in folds:
        run.record(a_result("forest", fold), 0.9)


def wait_until(fact):
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rename(uri, **tables):
    with contextlib.closing(sqlite3.connect(store.sqlite_path(uri))) as connection:
        for old, new in tables.items():
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")


def scores(uri):
    (trial,) = runs(MlflowClient(uri), "tags.kind = 'trial'")
    return sorted(
        (point.step, point.value) for point in MlflowClient(uri).get_metric_history(trial.info.run_id, "score")
    )


def test_a_store_that_breaks_midway_is_told_the_rest_once_and_only_once(uri, tmp_path, a_model):
    heard = []
    run = begin(uri, tmp_path / "run", warn=heard.append)
    tell(run)
    wait_until(lambda: run._outbox.waiting() == 0)
    assert run.warnings == [] and run.where["run_id"]
    rename(uri, metrics="gone")
    tell(run, range(1, 6))
    (tmp_path / "run" / "report.html").write_text("<p>No.</p>")
    told = run.finish(DOCUMENT, model=a_model, input_example=INPUTS, patience_seconds=2.0)
    assert told["run_id"] == run.where["run_id"] and "model_uri" not in told
    assert len(heard) == 2 and heard == run.warnings
    assert "takes nothing at the moment" in heard[0] and "the comparison goes on" in heard[0]
    assert heard[1].endswith(f"This sends the rest: advisor track {tmp_path / 'run'}")
    run._teller.join(60)
    with pytest.raises(UserError, match=r"took 0 entries and then no more .* are kept: try again later"):
        tracking.replay(tmp_path / "run", None, lambda: a_model)
    rename(uri, gone="metrics")
    sent, refused, where = tracking.replay(tmp_path / "run", None, lambda: a_model)
    assert sent > 10 and refused == [] and where["run_id"] == told["run_id"]
    everything = all_that_is_in(uri)
    assert scores(uri) == [(fold, 0.9) for fold in range(6)]
    assert not runs(MlflowClient(uri), "status = 'RUNNING'")
    assert "report.html" in [file.path for file in MlflowClient(uri).list_artifacts(told["run_id"])]
    mlflow.set_tracking_uri(uri)
    try:
        assert set(mlflow.pyfunc.load_model(where["model_uri"]).predict(INPUTS)) <= {"no", "yes"}
    finally:
        mlflow.set_tracking_uri("")
    assert tracking.replay(tmp_path / "run", None, lambda: a_model)[:2] == (0, [])
    assert all_that_is_in(uri) == everything


def all_that_is_in(uri):
    with contextlib.closing(sqlite3.connect(store.sqlite_path(uri))) as connection:
        tables = ("runs", "metrics", "params", "tags", "inputs", "datasets", "logged_models", "input_tags")
        return {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables}


def test_an_entry_whose_answer_was_lost_stands_there_once(uri, tmp_path, a_model):
    """Everything is told a second time, as if the process had been killed each time before it could note the answer."""
    run = begin(uri, tmp_path, dataset=BANK, profile=PROFILE)
    tell(run, (0, 1))
    run.ended(an_outcome(a_result("forest", 1)))
    run.finish(DOCUMENT, model=a_model, input_example=INPUTS, patience_seconds=120)
    assert run.warnings == []
    before = all_that_is_in(uri)
    box = outbox.Outbox(tmp_path)
    numbers = [number for (number,) in box._do("SELECT number FROM entries ORDER BY number")]
    for number in numbers:
        box._do("UPDATE entries SET state = 'waiting' WHERE number = ?", number)
        (entry,) = box._do("SELECT entry FROM entries WHERE number = ?", number)
        sender = Sender(box, tmp_path, uri, lambda: a_model)
        assert sender.send(number, json.loads(entry[0])) is None
    box.close()
    after = all_that_is_in(uri)
    changing = ("logged_models",)  # when it was last written
    assert {name: rows for name, rows in after.items() if name not in changing} == {
        name: rows for name, rows in before.items() if name not in changing
    }
    assert len(after["logged_models"]) == 1


def test_a_comparison_taken_up_again_goes_on_in_its_run(uri, tmp_path):
    first = begin(uri, tmp_path, params={"budget": "10m"})
    tell(first)
    first.fail("Interrupted.", interrupted=True, patience_seconds=60)
    again = begin(uri, tmp_path, params={"budget": "20m"})
    tell(again, (0, 1))
    told = again.finish({"answer": "worth_it"}, patience_seconds=60)
    assert told["run_id"] == first.where["run_id"] and again.warnings == []
    assert scores(uri) == [(0, 0.9), (1, 0.9)]
    (parent,) = runs(MlflowClient(uri), "tags.kind = 'comparison'")
    assert (parent.info.status, parent.data.params) == ("FINISHED", {"budget": "10m"})
    assert parent.data.tags["resumed.budget"] == "20m"
    for answer in ("worth_it", "not_worth_it"):
        (tmp_path / "report.html").write_text(answer)
        once_more = begin(uri, tmp_path, params={"budget": "20m"})
        once_more.finish({"answer": answer}, patience_seconds=60)
        assert once_more.warnings == []
    assert mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/report.html") == "not_worth_it", "the latest"
    elsewhere = begin(tracking.default_uri(tmp_path / "other"), tmp_path)
    tell(elsewhere, (0, 1))
    assert elsewhere.finish({}, patience_seconds=120)["run_id"] not in (None, told["run_id"])
    assert len(scores(tracking.default_uri(tmp_path / "other"))) == 2


def test_what_mlflow_refuses_is_told_and_not_repeated_and_the_rest_goes_on(uri, tmp_path):
    def unheard(sentence):
        raise RuntimeError("the display is gone")

    run = begin(uri, tmp_path, warn=unheard)
    wait_until(lambda: run._outbox.waiting() == 0)
    MlflowClient(uri).delete_run(run.where["run_id"])
    tell(run)
    run.finish(DOCUMENT, patience_seconds=60)
    assert len(run.warnings) == 1 and "MLflow refused a write of comparison (" in run.warnings[0]
    assert scores(uri) == [(0, 0.9)]
    assert tracking.replay(tmp_path, None, None)[:2] == (0, [])


@pytest.mark.parametrize(
    "error",
    [
        mlflow.MlflowException("API request to http://me:hunter2@db:5000/api/2.0 failed with 'reset by peer'"),
        OSError(f"{'x' * 250} http://me:hunter2-{'y' * 60}@db:5000 is gone"),
    ],
)
def test_no_failure_tells_a_password(uri, tmp_path, monkeypatch, error):
    def broken(*_, **__):
        raise error

    assert "hunter2" in str(error) and "hunter2" not in str(store.unusable("http://me:hunter2@db:5000", error))
    monkeypatch.setattr("mlflow.MlflowClient.log_batch", broken)
    run = begin(uri, tmp_path)
    run.finish({}, patience_seconds=5.0)
    assert run.warnings and "hunter2" not in "".join(run.warnings) and "http://db:5000" in run.warnings[0]
    run._teller.join(60)


def test_a_run_from_a_stranger_sends_no_other_file_of_this_machine(uri, tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    run = begin(uri, tmp_path / "run")
    (tmp_path / "run" / "report.html").symlink_to(tmp_path / "secret")
    told = run.finish({}, patience_seconds=60)
    box = outbox.Outbox(tmp_path / "run")
    box.add({"kind": "file", "run": "comparison", "file": "../secret"})
    box.close()
    assert "report.html" in run.warnings[0]
    sent, refused, _ = tracking.replay(tmp_path / "run", None, None)
    assert sent == 0 and len(refused) == 1 and refused[0].startswith("../secret")
    assert MlflowClient(uri).list_artifacts(told["run_id"]) == []


def test_a_run_from_a_stranger_changes_no_other_run_in_mlflow(uri, tmp_path, a_model):
    """Its outbox says that MLflow calls its comparison, or a learner's parent, what is another's there."""
    mine = begin(uri, tmp_path / "mine")
    mine.finish({}, patience_seconds=60)
    run = begin(uri, tmp_path / "run")
    run.finish({}, patience_seconds=60)
    before = all_that_is_in(uri)
    (tmp_path / "run" / "report.html").touch()
    (tmp_path / "run" / "model").mkdir()
    INPUTS.to_parquet(tmp_path / "run" / "model" / "example.parquet")
    box = outbox.Outbox(tmp_path / "run")
    box._do("UPDATE entries SET answer = ? WHERE identity = 'comparison'", mine.where["run_id"])
    told = [{"kind": "write", "at": 1, "metrics": [["score", 9.0, 0]], "params": {"p": "x"}, "tags": {"t": "x"}},
            {"kind": "status", "status": "RUNNING"}, {"kind": "status", "status": "FAILED", "at": 1},
            {"kind": "data set", "facts": {"name": "x", "digest": "x", "source": "x", "columns": [], "rows": 1}},
            {"kind": "file", "file": "report.html"}, {"kind": "model", "facts": {}}]  # fmt: skip
    for entry in told:
        box.add({**entry, "run": "comparison"})
    box.close()
    sent, refused, _ = tracking.replay(tmp_path / "run", None, lambda: a_model)
    assert (sent, len(refused)) == (0, len(told)) and all("not one of this comparison" in each for each in refused)
    box = outbox.Outbox(tmp_path / "run")
    box.add({"kind": "open", "run": "x", "parent": "comparison", "called": "x", "at": 1, "tags": {}}, "x")
    box.close()
    with pytest.raises(UserError, match="not one of this comparison"):
        tracking.replay(tmp_path / "run", None, None)
    assert all_that_is_in(uri) == before


def test_a_run_that_is_being_told_is_left_to_whoever_tells_it(uri, tmp_path):
    run = begin(uri, tmp_path)
    with pytest.raises(UserError, match="still being told"):
        tracking.replay(tmp_path, None, None)
    run.finish({}, patience_seconds=60)
    assert tracking.replay(tmp_path, None, None)[0] == 0


def test_the_rest_goes_to_the_store_that_has_the_beginning(uri, tmp_path):
    run = begin(uri, tmp_path)
    run.finish({}, patience_seconds=60)
    with pytest.raises(UserError, match=r"is at sqlite:///.* already, so its rest cannot go to sqlite:///.*other\.db"):
        tracking.replay(tmp_path, f"sqlite:///{tmp_path}/other.db", None)
    with pytest.raises(UserError, match="Nothing was kept"):
        tracking.replay(tmp_path / "store", None, None)


def test_an_interruption_at_the_end_cuts_the_waiting_short_and_takes_no_answer_away(uri, tmp_path, monkeypatch):
    run = begin(uri, tmp_path)
    tell(run)
    wait = run._teller.join

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(run._teller, "join", interrupted)
    run.finish({"answer": "worth_it"}, patience_seconds=60)
    assert "This sends the rest: advisor track" in run.warnings[-1]
    wait(60)
    tracking.replay(tmp_path, None, None)
    (parent,) = runs(MlflowClient(uri), "tags.kind = 'comparison'")
    assert parent.info.status == "FINISHED"


def test_a_damaged_outbox_is_set_aside_by_a_comparison_and_told_by_a_replay(uri, tmp_path):
    (tmp_path / outbox.FILE_NAME).write_bytes(b"no database" * 400)
    with pytest.raises(UserError, match="damaged"):
        tracking.replay(tmp_path, None, None)
    run = begin(uri, tmp_path)
    tell(run)
    run.finish({}, patience_seconds=60)
    assert len(run.warnings) == 1 and "set aside" in run.warnings[0] and scores(uri) == [(0, 0.9)]


@pytest.mark.parametrize(("interrupted", "status"), [(True, "KILLED"), (False, "FAILED")])
def test_a_comparison_that_ends_early_says_so_and_keeps_what_was_done(uri, tmp_path, interrupted, status):
    run = begin(uri, tmp_path)
    run.record(a_result("forest", 0), 0.9)
    run.fail("No learner finished.", interrupted=interrupted, patience_seconds=60)
    client = MlflowClient(uri)
    (parent,) = runs(client, "tags.kind = 'comparison'")
    assert (parent.info.status, parent.data.tags["message"]) == (status, "No learner finished.")
    (learner,) = runs(client, "tags.kind = 'learner'")
    assert learner.info.status == status
    (trial,) = runs(client, "tags.kind = 'trial'")
    assert (trial.info.status, trial.data.metrics["score"]) == (status, 0.9)


def refused(uri, folder):
    run = begin(uri, folder)
    run.finish({}, patience_seconds=60)
    raise run.refused


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("mlruns", r"write sqlite:///.*mlruns/mlflow.db"),
        ("file:///somewhere/mlruns", "write sqlite:////somewhere/mlruns/mlflow.db"),
        ("http://127.0.0.1:9", "--no-tracking"),
        ("http://user:secret@127.0.0.1:9", r"at http://127.0.0.1:9 \("),
        ("nosuch://127.0.0.1/store", "--tracking-uri"),
        ("sqlite:///{folder}/binary.db", "not a database"),
        ("sqlite:///{folder}/binary.db/mlflow.db", "--tracking-uri"),
    ],
)
def test_a_wrong_address_is_answered_with_one_sentence_at_the_start(tmp_path, address, hint):
    (tmp_path / "binary.db").write_bytes(b"\x00garbage" * 500)
    with pytest.raises(UserError, match=hint) as caught:
        refused(address.format(folder=tmp_path), tmp_path)
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)


def test_a_deleted_experiment_is_not_written_to(uri, tmp_path):
    client = MlflowClient(uri)
    client.delete_experiment(client.create_experiment("advisor"))
    with pytest.raises(UserError, match="was deleted; restore it"):
        refused(uri, tmp_path)


def test_a_new_store_is_made_whole_and_in_silence(tmp_path, capfd):
    run = begin(tracking.default_uri(tmp_path / "runs"), tmp_path)
    run.finish({})
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir() if path.suffix == "") == []
    with contextlib.closing(sqlite3.connect(tmp_path / "runs" / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    client = MlflowClient(run.where["tracking_uri"])
    kept = (tmp_path / "runs" / "mlartifacts").as_uri()
    assert all(place.artifact_location.startswith((kept, kept[7:])) for place in client.search_experiments())


def test_the_default_address_is_absolute_and_importing_costs_no_mlflow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tracking.default_uri(Path("runs")) == f"sqlite:///{tmp_path.as_posix()}/runs/mlflow.db"
    check = "import sys, advisor.telling.tracking; sys.exit('mlflow' in sys.modules or 'sqlalchemy' in sys.modules)"
    root = Path(tracking.__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", check], cwd=root, check=False).returncode == 0
