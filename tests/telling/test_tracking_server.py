"""Tracking to a real MLflow server, and the UI that `advisor ui` starts; on loopback, waited for in bounds."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

from advisor.errors import UserError
from advisor.records import Candidate, Cost, FoldResult, Outcome
from advisor.telling import tracking
from advisor.telling.tracking import store
from advisor.telling.tracking import ui as ui_room

ROOT = Path(tracking.__file__).parents[3]
STARTING_SECONDS = 240


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with store.quiet():
        store.prepare_sqlite(folder / "mlflow.db", folder / "mlartifacts")
    return tracking.default_uri(folder)


@pytest.fixture(scope="module")
def server(empty_store, tmp_path_factory):
    """A tracking server that also keeps the files; yields its address."""
    folder, port = tmp_path_factory.mktemp("server"), a_free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", empty_store]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "kept")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, folder / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def wait_for(address, process, log):
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the MLflow server did not start: {log.read_text()[-2000:]}")


def test_a_comparison_is_told_to_a_real_server(server, tmp_path, capfd):
    run = tracking.start(server, "houses", "houses · price", params={"metric": "rmse"}, tags={"dataset": "houses"})
    candidate = Candidate("linear", "classical", {"alpha": 0.1})
    result = FoldResult(candidate, 0, "done", error=0.3, cost=Cost(1.0, 0.2), started_at=1_750_000_000.0)
    run.record(result, score=0.3)
    run.ended(Outcome(candidate, {0: result}, "complete"))
    inputs = pd.DataFrame({"rooms": [1.0, 2.0, 3.0]})
    model = LinearRegression().fit(inputs, np.array([1.0, 2.0, 3.0]))
    (tmp_path / "report.html").write_text("<p>No.</p>")
    document = {"answer": "not_worth_it", "sentence": "No.", "recommended": {"learner": "linear"}}
    told = run.finish(document, tmp_path, model=model, input_example=inputs)
    assert run.warnings == []
    assert capfd.readouterr() == ("", ""), "no link, no progress bar, no log line"

    client = MlflowClient(server)
    found = client.search_runs([told["experiment_id"]], "attributes.status = 'FINISHED'")
    assert sorted(run.info.run_name for run in found) == [
        "houses · price",
        "linear",
        f"linear · {candidate.key.removeprefix('linear-')}",
    ]
    assert "report.html" in [file.path for file in client.list_artifacts(told["run_id"])]
    kept = client.list_logged_model_artifacts(told["model_uri"].removeprefix("models:/"))
    assert {"MLmodel", "model.pkl", "requirements.txt"} <= {file.path for file in kept}


def test_the_ui_starts_on_the_store_and_goes_with_ctrl_c(empty_store):
    port = a_free_port()
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from advisor.telling import tracking\n"
        f"tracking.serve({empty_store!r}, port={port}, say=lambda text: print(text, flush=True))"
    )
    ui = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in ui.stdout], daemon=True).start()
        assert lines.get(timeout=STARTING_SECONDS).startswith(f"MLflow UI: http://127.0.0.1:{port}/#/experiments")
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read()
        assert b"<html" in page
        with pytest.raises(UserError, match=rf"Port {port} is taken; this one is free: --port \d+"):
            tracking.serve(empty_store, port=port)
        ui.send_signal(signal.SIGINT)
        assert ui.wait(60) == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server is still there"
    finally:
        ui.kill()
        ui.wait(30)


def test_a_store_that_is_a_server_is_pointed_to(server):
    said = []
    tracking.serve(server, experiment="nobody made it", say=said.append)
    assert said == [f"MLflow UI: {server}/#/experiments?workflowType=machine_learning"]


def test_a_store_that_does_not_answer_the_ui_is_told_without_its_password(monkeypatch):
    def broken(*_, **__):
        raise OSError("API request to http://me:hunter2@db:5000/api failed")

    monkeypatch.setattr("mlflow.MlflowClient.get_experiment_by_name", broken)
    with pytest.raises(
        UserError, match=r"at http://db:5000 does not answer \(API request to http://db:5000/api failed\)"
    ):
        ui_room._page("http://me:hunter2@db:5000", "advisor")


def test_without_a_store_the_ui_says_what_to_do_first(tmp_path):
    with pytest.raises(UserError, match="run 'advisor compare' first"):
        tracking.serve(tracking.default_uri(tmp_path))
