import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from advisor import tracking
from advisor.errors import UserError
from advisor.records import Cost, Dataset, Job, Outcome, Split, Trial
from advisor.tracking import model as model_room
from advisor.tracking import store, text

BEGAN = 1_750_000_000.0
FAMILIES = {"forest": "classical", "mlp": "neural", "xgboost": "classical"}
ROWS = 60
INPUTS = pd.DataFrame(
    {
        "age": np.arange(ROWS, dtype=float) % 17,
        "größe": np.linspace(0.5, 9.5, ROWS),
        "town": pd.Categorical(np.resize(["Bern", "Köln", "<b>"], ROWS)),
    }
)
BANK = Dataset("bank", "tabular", "binary", INPUTS, np.arange(ROWS) % 2, "subscribed", ("no", "yes"))
DOCUMENT = {
    "answer": "not_worth_it",
    "sentence": "No: forest reaches roc_auc 0.910, and the chance that a net gains more than 2 % is 1 %.",
    "p_worth": 0.01,
    "min_gain": 0.02,
    "gain": {"estimate": -0.11, "low": -0.2, "high": None, "level": 0.9},
    "detectable_gain": float("nan"),
    "metric": "roc_auc",
    "recommended": {"learner": "forest", "family": "classical", "score": 0.91, "reason": "It errs least."},
    "champions": {
        "classical": {"learner": "forest", "score": 0.91, "params": {"max_depth": 6}},
        "neural": {"learner": "mlp", "score": 0.9, "params": {}},
        "blend": None,
    },
    "leaderboard": [
        {"learner": "forest", "family": "classical", "score": 0.91, "error": 0.09, "se": 0.004, "status": "ok"},
        {"learner": "mlp", "family": "neural", "score": 0.9, "error": 0.1, "se": None, "status": "ok"},
        {"learner": "xgboost", "family": "classical", "score": None, "status": "failed", "message": "out of memory"},
    ],
    "reasons": ["The net's error is 11 % larger."],
    "profile": {"rows": ROWS, "columns": 3, "task": "binary", "target": {"name": "subscribed"}},
    "budget": {"seconds": 600, "spent_seconds": 300.5},
}


def an_outcome(learner, split, *, stage="tuned", error=0.1, trials=2, status="ok", curve=None, params=None):
    tried = tuple(
        Trial(
            n,
            params or {"max_depth": 5 + n},
            error,
            2.0,
            "failed" if n == 9 else "complete",
            BEGAN + 10 * split + 2 * n,
        )
        for n in range(trials)
    )
    cost = Cost(2.0 * trials, 3.0, 0.5, 6.0, latency_p50_ms=None, peak_memory_mb=120.0, model_mb=float("inf"))
    return Outcome(
        Job(learner, FAMILIES[learner], split, stage, 0),
        status,
        "" if status == "ok" else "out of memory",
        error if status == "ok" else None,
        error,
        params=tried[0].params if tried else {},
        trials=tried,
        cost=cost,
        curve=curve or {},
    )


def a_cut(split):
    return Split(split, 0, split, np.arange(4), np.arange(4))


@pytest.fixture(scope="session")
def a_model():
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    labels = np.array(BANK.classes, dtype=object)[BANK.target]
    return make_pipeline(columns, LogisticRegression()).fit(INPUTS.astype({"town": object}), labels)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    with store.quiet():
        store.prepare_sqlite(folder / "mlflow.db", folder / "mlartifacts")
    return folder / "mlflow.db"


def copied(empty_store, folder):
    folder.mkdir(exist_ok=True)
    shutil.copy(empty_store, folder / "mlflow.db")
    return tracking.default_uri(folder)


@pytest.fixture
def uri(empty_store, tmp_path):
    return copied(empty_store, tmp_path)


def begin(uri, **options):
    given = {"params": {"budget": "10m"}, "tags": {"dataset": "bank"}, **options}
    return tracking.start(uri, "advisor", "bank · subscribed", **given)


@pytest.fixture(scope="session")
def finished(empty_store, tmp_path_factory, a_model):
    """A whole comparison of three learners on two splits, told to a store of its own."""
    folder = tmp_path_factory.mktemp("with space, and ü#")
    run = begin(copied(empty_store, folder), dataset=BANK)
    for split in (0, 1):
        run.record(an_outcome("forest", split, stage="default", error=0.3, trials=0), a_cut(split), 0.7)
        run.record(an_outcome("forest", split, error=0.1 + split / 100), a_cut(split), 0.9 - split / 100)
        curve = {"train": tuple(np.linspace(1, 0.2, 900)), "valid": (0.9, float("nan"), 0.4)}
        run.record(an_outcome("mlp", split, error=0.12, curve=curve), a_cut(split), 0.88)
        run.record(an_outcome("xgboost", split, status="failed", trials=10), a_cut(split))
    (folder / "report.html").write_text("<p>No.</p>")
    (folder / "verdict.json").write_text("{}")
    run.finish(DOCUMENT, folder, model=a_model, input_example=INPUTS.head(5), patience_seconds=300)
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


def test_learners_lie_below_the_comparison_and_trials_below_learners(finished, client):
    (parent,) = runs(client, "tags.kind = 'comparison'")
    assert parent.info.run_id == finished.where["run_id"]
    learners = runs(client, f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert names(learners) == ["forest", "mlp", "xgboost"]
    forest = next(run for run in learners if run.info.run_name == "forest")
    assert names(runs(client, f"tags.`mlflow.parentRunId` = '{forest.info.run_id}'")) == [
        "forest · default · split 0 · final fit",
        "forest · default · split 1 · final fit",
        "forest · split 0 · final fit",
        "forest · split 0 · trial 0",
        "forest · split 0 · trial 1",
        "forest · split 1 · final fit",
        "forest · split 1 · trial 0",
        "forest · split 1 · trial 1",
    ]


def test_a_trial_tells_its_parameters_its_error_and_its_true_time(client):
    (trial,) = runs(client, "tags.kind = 'trial' and tags.learner = 'mlp' and tags.split = '1' and tags.trial = '1'")
    assert trial.data.params == {"max_depth": "6"}
    assert trial.data.metrics == {"inner_error": 0.12, "seconds": 2.0}
    assert (trial.info.start_time, trial.info.end_time) == (round((BEGAN + 12) * 1000), round((BEGAN + 14) * 1000))
    assert trial.data.tags.items() >= {"state": "complete", "stage": "tuned", "repeat": "0", "fold": "1"}.items()


def test_what_failed_is_failed_and_says_why(client):
    assert len(runs(client, "tags.kind = 'trial' and tags.state = 'failed' and attributes.status = 'FAILED'")) == 2
    assert len(runs(client, "tags.kind = 'fit' and tags.message = 'out of memory' and status = 'FAILED'")) == 2
    (learner,) = runs(client, "tags.kind = 'learner' and status = 'FAILED'")
    assert learner.info.run_name == "xgboost"
    assert learner.data.tags["message"] == "out of memory"
    assert len(runs(client, "status = 'RUNNING'")) == 0


def test_a_learner_shows_its_splits_as_steps_and_its_row_of_the_leaderboard(client):
    (forest,) = runs(client, "tags.kind = 'learner' and tags.learner = 'forest'")
    history = client.get_metric_history(forest.info.run_id, "split/outer_score")
    assert {(point.step, point.value) for point in history} == {(0, 0.9), (1, 0.89)}
    assert {point.value for point in client.get_metric_history(forest.info.run_id, "split default/outer_score")} == {
        0.7
    }
    shown = [point.value for point in client.get_metric_history(forest.info.run_id, "score")]
    assert shown == pytest.approx([0.7, 0.9, 0.9, 0.895, 0.91])
    assert forest.data.metrics["score"] == 0.91
    assert forest.data.metrics["score_se"] == 0.004
    assert forest.data.params == {"max_depth": "6"}
    assert "split/model_mb" not in forest.data.metrics, "infinity is no metric"


def test_a_learners_run_spans_its_own_work(client):
    (net,) = runs(client, "tags.kind = 'learner' and tags.learner = 'mlp'")
    last_fit_ended = BEGAN + 10 + 2 * 2 + 3.5
    assert (net.info.start_time, net.info.end_time) == (round(BEGAN * 1000), round(last_fit_ended * 1000))


def test_learning_curves_are_histories_of_the_final_fit(client):
    (fit,) = runs(client, "tags.kind = 'fit' and tags.learner = 'mlp' and tags.split = '0'")
    train = client.get_metric_history(fit.info.run_id, "curve/train")
    assert len(train) == text.LONGEST_CURVE
    assert (train[0].step, train[-1].step, train[-1].value) == (1, 900, pytest.approx(0.2))
    valid = client.get_metric_history(fit.info.run_id, "curve/valid")
    assert [(point.step, point.value) for point in valid] == [(1, 0.9), (3, 0.4)]


def test_the_answer_is_the_description_and_a_filter(client):
    (parent,) = runs(client, "tags.answer = 'not_worth_it' and tags.recommended = 'forest' and metrics.p_worth < 0.05")
    note = parent.data.tags["mlflow.note.content"]
    assert DOCUMENT["sentence"] in note
    assert "| forest | classical | 0.91 | 0.004 |" in note
    assert parent.data.metrics["gain"] == -0.11
    assert not {"gain_high", "detectable_gain"} & set(parent.data.metrics)
    assert parent.data.params == {"budget": "10m"}
    assert parent.data.tags.items() >= {"dataset": "bank", "target": "subscribed", "task": "binary"}.items()
    assert parent.info.status == "FINISHED"


def test_the_data_set_is_an_input_of_the_comparison(finished, client):
    (given,) = client.get_run(finished.where["run_id"]).inputs.dataset_inputs
    assert given.dataset.name == "bank"
    assert f'"num_rows": {ROWS}' in given.dataset.profile
    assert "subscribed" in given.dataset.schema and "größe" in given.dataset.schema.encode().decode("unicode-escape")


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


def test_a_model_of_ours_is_found_to_need_our_code_and_what_that_imports():
    ours = LogisticRegression()
    ours.note_ = an_outcome("forest", 0)
    assert {"advisor", "pandas", "numpy", "sklearn"} <= model_room._packages_of(ours)
    assert "advisor" not in model_room._packages_of(LogisticRegression())
    assert "neural-net-advisor" not in str(model_room._requirements({"advisor", "sklearn"}))


def test_the_users_own_run_stays_as_it_was(empty_store, tmp_path, a_model):
    theirs, ours = copied(empty_store, tmp_path / "theirs"), copied(empty_store, tmp_path / "ours")
    mlflow.set_tracking_uri(theirs)
    environment = dict(os.environ)
    try:
        with mlflow.start_run() as active:
            run = begin(ours)
            run.record(an_outcome("mlp", 0), a_cut(0), 0.9)
            run.finish(DOCUMENT, tmp_path, model=a_model, input_example=INPUTS.head(5))
            assert run.warnings == []
            assert mlflow.active_run().info.run_id == active.info.run_id
            assert mlflow.get_tracking_uri() == theirs
        left = MlflowClient(theirs).get_run(active.info.run_id)
        assert (left.data.metrics, left.data.params, left.outputs.model_outputs) == ({}, {}, [])
        assert dict(os.environ) == environment
    finally:
        mlflow.set_tracking_uri("")


def test_odd_names_and_values_are_made_to_fit(uri):
    run = begin(uri)
    odd = {"a<b>/../c:d": np.float64(0.5), "naïve depth": None, "flag": True, "": [1, 2], "long": "x" * 7000}
    run.record(an_outcome("forest", 0, trials=1, params=odd), a_cut(0), 0.9)
    run.finish({}, Path("nowhere"))
    assert run.warnings == []
    (trial,) = runs(MlflowClient(uri), "tags.kind = 'trial'")
    known = dict(trial.data.params)
    assert len(known.pop("long")) == text.LONGEST_PARAM
    assert known == {"a_b_/c_d": "0.5", "naïve depth": "null", "flag": "true", "_": "[1, 2]"}


def break_store(uri):
    with contextlib.closing(sqlite3.connect(store.sqlite_path(uri))) as connection:
        connection.execute("DROP TABLE latest_metrics")
        connection.execute("DROP TABLE metrics")
        connection.commit()


def test_a_store_that_breaks_midway_costs_warnings_and_no_more(uri, tmp_path):
    heard = []
    run = begin(uri, warn=heard.append)
    run.record(an_outcome("forest", 0), a_cut(0), 0.9)
    wait_until_written(run)
    assert run.warnings == []
    break_store(uri)
    for split in range(1, 6):
        run.record(an_outcome("forest", split), a_cut(split), 0.9)
    told = run.finish(DOCUMENT, tmp_path)
    assert told["run_id"] == run.where["run_id"]
    assert run.off and len(run.warnings) == 3 and heard == run.warnings
    assert "logging forest · split 1 failed" in heard[0] and "the comparison goes on" in heard[0]
    assert "tracking is off" in heard[2]


def wait_until_written(run):
    """Pass a marker through the queue: what was asked for before it has been written."""
    written = threading.Event()
    run._later("marking", written.set)
    assert written.wait(60)


def test_one_failure_is_forgiven_and_a_broken_display_does_no_harm(uri, tmp_path, monkeypatch):
    def unheard(sentence):
        raise RuntimeError("the display is gone")

    run = begin(uri, warn=unheard)
    wait_until_written(run)
    client, calls = run._story.client, []
    real = client.log_batch

    def shaky(*arguments, **options):
        calls.append(arguments)
        if len(calls) in (1, 5):
            raise ConnectionError("reset by peer\nwith details")
        return real(*arguments, **options)

    monkeypatch.setattr(client, "log_batch", shaky)
    for split in range(4):
        run.record(an_outcome("forest", split, trials=1), a_cut(split), 0.9)
    run.finish(DOCUMENT, tmp_path)
    assert not run.off and len(run.warnings) == 2
    assert "(reset by peer)" in run.warnings[0]
    (parent,) = runs(MlflowClient(uri), "tags.answer = 'not_worth_it'")
    assert parent.info.status == "FINISHED"


def test_a_store_that_hangs_is_left_behind(uri, tmp_path, monkeypatch):
    run = begin(uri)
    wait_until_written(run)
    gate = threading.Event()
    monkeypatch.setattr(run._story.client, "log_batch", lambda *_, **__: gate.wait(60))
    run.record(an_outcome("forest", 0), a_cut(0), 0.9)
    told = run.finish(DOCUMENT, tmp_path, patience_seconds=0.3)
    gate.set()
    assert told["run_id"] == run.where["run_id"]
    assert "still busy" in run.warnings[-1] and run.off


@pytest.mark.parametrize(("interrupted", "status"), [(True, "KILLED"), (False, "FAILED")])
def test_a_comparison_that_ends_early_says_so_and_keeps_what_was_done(uri, interrupted, status):
    run = begin(uri)
    run.record(an_outcome("forest", 0), a_cut(0), 0.9)
    run.fail("No learner finished.", interrupted=interrupted, patience_seconds=60)
    client = MlflowClient(uri)
    (parent,) = runs(client, "tags.kind = 'comparison'")
    assert (parent.info.status, parent.data.tags["message"]) == (status, "No learner finished.")
    (learner,) = runs(client, "tags.kind = 'learner'")
    assert learner.info.status == status
    assert len(runs(client, "tags.kind = 'trial' and status = 'FINISHED'")) == 2


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
        begin(address.format(folder=tmp_path))
    assert "\n" not in str(caught.value) and "secret" not in str(caught.value)


def test_a_deleted_experiment_is_not_written_to(uri):
    client = MlflowClient(uri)
    client.delete_experiment(client.create_experiment("advisor"))
    with pytest.raises(UserError, match="was deleted; restore it"):
        begin(uri)


def test_a_new_store_is_made_whole_and_in_silence(tmp_path, capfd):
    run = begin(tracking.default_uri(tmp_path / "runs"))
    run.finish({}, tmp_path)
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
    check = "import sys, advisor.tracking; sys.exit('mlflow' in sys.modules or 'sqlalchemy' in sys.modules)"
    root = Path(tracking.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", check], cwd=root, check=False).returncode == 0
