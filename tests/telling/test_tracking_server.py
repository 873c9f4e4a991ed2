"""Tracking to a real MLflow server, what must not get there, and the UI that `advisor ui` starts; all on loopback."""

import itertools
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


class Server:
    """An MLflow server that also keeps the files; it can be stopped, and started again at its address."""

    def __init__(self, uri, folder):
        self.port, self.folder = a_free_port(), folder
        self.address = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--workers", "1"]
        self.command += [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--artifacts-destination",
            str(folder / "kept"),
        ]

    def start(self):
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(f"{self.address}/health", self.process, self.folder / "log")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture(scope="module")
def restartable(empty_store):
    server = Server(empty_store, Path(empty_store.removeprefix("sqlite:///")).parent)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(restartable):
    return restartable.address


def wait_for(address, process, log):
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the MLflow server did not start: {log.read_text()[-2000:]}")


def test_a_comparison_is_told_to_a_real_server(server, tmp_path, capfd):
    run = tracking.start(
        server, "houses", "houses · price", folder=tmp_path, params={"metric": "rmse"}, tags={"dataset": "houses"}
    )
    candidate = Candidate("linear", "classical", {"alpha": 0.1})
    result = FoldResult(candidate, 0, "done", error=0.3, cost=Cost(1.0, 0.2), started_at=1_750_000_000.0)
    run.record(result, score=0.3)
    run.ended(Outcome(candidate, {0: result}, "complete"))
    inputs = pd.DataFrame({"rooms": [1.0, 2.0, 3.0]})
    model = LinearRegression().fit(inputs, np.array([1.0, 2.0, 3.0]))
    (tmp_path / "report.html").write_text("<p>No.</p>")
    document = {"answer": "not_worth_it", "sentence": "No.", "recommended": {"learner": "linear"}}
    told = run.finish(document, model=model, input_example=inputs)
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


def a_fold(number):
    return FoldResult(Candidate("linear", "classical", {}), number, "done", error=0.3, started_at=1_750_000_000.0)


def test_a_server_that_is_restarted_midway_hears_everything_once(restartable, tmp_path):
    """Of two comparisons one is over while the server is down, and the other goes on until it is back."""
    begun = {}
    for name in ("over", "going on"):
        (tmp_path / name).mkdir()
        begun[name] = tracking.start(
            restartable.address, "restarted", "houses", folder=tmp_path / name, params={}, tags={"which": name}
        )
        begun[name].record(a_fold(0), score=0.3)
    until(lambda: not any(run._outbox.waiting() for run in begun.values()))
    restartable.stop()
    for run in begun.values():
        run.record(a_fold(1), score=0.3)
        until(lambda run=run: run.warnings)
        assert len(run.warnings) == 1 and "takes nothing at the moment" in run.warnings[0]
        run.record(a_fold(2), score=0.3)
    over = begun["over"].finish({"answer": "worth_it"}, patience_seconds=1.0)
    assert len(begun["over"].warnings) == 2 and "advisor track" in begun["over"].warnings[1]
    begun["over"]._teller.join(60)
    with pytest.raises(UserError, match="cannot be tracked"):
        tracking.replay(tmp_path / "over", None, None)
    restartable.start()
    assert tracking.replay(tmp_path / "over", None, None)[0] > 3
    assert tracking.replay(tmp_path / "over", None, None)[0] == 0
    going_on = begun["going on"].finish({"answer": "worth_it"}, patience_seconds=120)
    assert len(begun["going on"].warnings) == 1, "what was late has arrived, so there is no more to say"
    client = MlflowClient(restartable.address)
    for told in (over, going_on):
        parent = client.get_run(told["run_id"])
        assert (parent.info.status, parent.data.tags["answer"]) == ("FINISHED", "worth_it")
        (learner,) = runs_below(client, parent)
        (trial,) = runs_below(client, learner)
        assert [point.step for point in client.get_metric_history(trial.info.run_id, "error")] == [0, 1, 2]


def runs_below(client, run):
    return client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")


def until(fact):
    deadline = time.monotonic() + STARTING_SECONDS
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def slowly(listening, port):
    """Pass every connection on to a server, each of its answers so late that one waits for it."""

    def passed_on(near):
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            for start, end, wait in ((near, far, 0.0), (far, near, 0.4)):
                pump = threading.Thread(target=pumped, args=(start, end, wait), daemon=True)
                pump.start()
            pump.join()

    def pumped(start, end, wait):
        try:
            while data := start.recv(65_536):
                time.sleep(wait)
                end.sendall(data)
            end.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=passed_on, args=(connection,), daemon=True).start()


def test_a_slow_server_hears_everything_once_though_nobody_waits_for_it(server, tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        port = int(server.rpartition(":")[2])
        threading.Thread(target=slowly, args=(listening, port), daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        run = tracking.start(address, "slow", "houses", folder=tmp_path, params={}, tags={})
        for number in range(3):
            run.record(a_fold(number), score=0.3)
        run.finish({"answer": "worth_it"}, patience_seconds=0.2)
        assert run.refused is None and "advisor track" in run.warnings[-1]
        run._teller.join(60)
        tracking.replay(tmp_path, None, None)
        assert tracking.replay(tmp_path, None, None)[0] == 0
    client = MlflowClient(server)
    parents = client.search_runs([client.get_experiment_by_name("slow").experiment_id], "tags.answer = 'worth_it'")
    (learner,) = runs_below(client, parents[0])
    (trial,) = runs_below(client, learner)
    assert len(parents) == 1 and parents[0].info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(trial.info.run_id, "error")] == [0, 1, 2]


@pytest.mark.parametrize("answers", [1, 2])
def test_a_server_that_answers_and_then_hangs_holds_nothing_up(answers, tmp_path):
    """It answers so many times 200 with nothing in it, and takes every further connection without a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        held = []

        def serve():
            for number in itertools.count():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                if number >= answers:
                    held.append(connection)
                    continue
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        run = tracking.start(address, "hung", "houses", folder=tmp_path, params={}, tags={})
        run.record(a_fold(0), score=0.3)
        until(lambda: held or run.refused)
        told = run.finish({"answer": "worth_it"}, patience_seconds=0.5)
        assert told["run_id"] is None and (run.refused or "advisor track" in run.warnings[-1])
        listening.close()
        for connection in held:
            connection.close()
        run._teller.join(60)


def test_a_server_that_fails_at_everything_is_waited_for_and_not_believed(tmp_path):
    class Failing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(500 if self.path != "/" else 503)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = tracking.start(
            f"http://127.0.0.1:{server.server_port}", "failing", "houses", folder=tmp_path, params={}, tags={}
        )
        run.record(a_fold(0), score=0.3)
        until(lambda: run.warnings)
        run.finish({"answer": "worth_it"}, patience_seconds=0.5)
        assert run.refused is None
        assert "takes nothing at the moment" in run.warnings[0] and "advisor track" in run.warnings[-1]
        run._teller.join(60)
        with pytest.raises(UserError, match="took 0 entries"):
            tracking.replay(tmp_path, None, None)
    finally:
        server.shutdown()


# Ten forms of a secret, and what all of them have in common, so that a part of one would be found as well.
PLANTED = {
    "MLFLOW_TRACKING_PASSWORD": "hunter2-in-mlflow",
    "MLFLOW_TRACKING_USERNAME": "me",
    "AWS_ACCESS_KEY_ID": "AKIAHUNTER2HUNTER2XX",
    "AWS_SECRET_ACCESS_KEY": "abc/hunter2+aws",
    "DATABASE_URL": "postgresql://me:hunter2@db@db.example:5432/runs",
    "OPENAI_API_KEY": "sk-hunter2hunter2hunter2",
    "AZURE_STORAGE_CONNECTION_STRING": "AccountName=me;AccountKey=hunter2azure==;Suffix=x",
}
FORMS = (
    "http://me:hunter2@[::1]:5000/store", "https://host/x?token=hunter2&rows=5", "Authorization: Bearer hunter2.x-y",
    "password='hunter2 and more'", "http://me:hunter%32@host", "https://hunter2@host/x",
)  # fmt: skip
# What every process of the comparison does at its start: a learner fails, and says all that it knows; and whom anybody
# calls over the network is written down.
LOOSE_TONGUE = """
import os, sys

def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        with open(%r, "a") as calls:
            calls.write(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]!r}\\n")

sys.addaudithook(heard)
from sklearn.tree import DecisionTreeClassifier

def fit(self, *_, **__):
    known = [os.environ[name] for name in %r]
    raise OSError(" ".join(known + %r))

DecisionTreeClassifier.fit = fit
"""


# What would act in a page, a terminal or Markdown, in the names of a table, its columns and its classes.
ACTING = ("<img src=x onerror=alert(1)>", "\x1b[31mred\x9b2J", "![seen](http://evil.example/x.png)", "<b>yes\u202e")


@pytest.fixture(scope="module")
def told(server, empty_store, tmp_path_factory):
    """A comparison of a hostile table with secrets all around it: all texts that it leaves, by name, and its folder."""
    tmp_path = tmp_path_factory.mktemp("told")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 3)), columns=ACTING[:3])
    table["y"] = np.where(table[ACTING[0]] + rng.normal(size=120) > 0, ACTING[3], "no")
    table.to_csv(tmp_path / f"{ACTING[0]}.csv", index=False)
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "sitecustomize.py").write_text(
        LOOSE_TONGUE % (str(tmp_path / "calls"), list(PLANTED), list(FORMS))
    )
    # MLflow keeps quiet by itself where it sees a test or a builder at work.
    plain = {name: value for name, value in os.environ.items()
             if name not in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "CI") and "PYTEST" not in name}  # fmt: skip
    uri = server.replace("http://", "http://me:hunter2%40%2F@")
    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "compare", f"{ACTING[0]}.csv", "--target", "y", "--budget", "60s",
         "--trials", "1", "--learners", "linear,tree,mlp", "--workers", "1", "--out", "run", "--tracking-uri", uri],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**plain, **PLANTED, "PYTHONPATH": os.pathsep.join([str(tmp_path / "loose"), str(ROOT)])},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    texts = {"stdout": ran.stdout, "stderr": ran.stderr}
    for folder in (tmp_path / "run", Path(empty_store.removeprefix("sqlite:///")).parent):
        for file in (path for path in folder.rglob("*") if path.is_file()):
            told = pd.read_parquet(file).to_csv() if file.suffix == ".parquet" else file.read_bytes().decode("latin-1")
            texts[str(file.relative_to(folder.parent))] = told
    assert len(texts) > 15 and any("tree" in text and "OSError" in text for text in texts.values()), "it did fail"
    return texts, tmp_path / "run"


def test_a_comparison_leaves_no_secret_anywhere(told):
    texts, folder = told
    found = {name for name, text in texts.items() if "hunter" in text.lower()}
    assert not found, found
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["mlflow"]["run_id"] and "OSError" in verdict["failed"]["tree"]


def test_a_comparison_calls_nobody_but_its_tracker(told, server):
    calls = (told[1].parent / "calls").read_text().splitlines()
    port = server.rpartition(":")[2]
    assert any(f"('127.0.0.1', {port})" in call for call in calls), "calls are heard"
    others = [call for call in calls if "127.0.0.1" not in call and "localhost" not in call]
    assert not [call for call in others if "socket.connect '" not in call and "socket.connect /" not in call], others


def test_nothing_in_a_table_acts_on_a_terminal_in_the_report_or_in_mlflow(told, server):
    texts, folder = told
    for name in ("stdout", "stderr"):
        assert not set(texts[name]) & {"\x1b", "\x9b", "\u202e"}, name
    page = (folder / "report.html").read_text()
    assert "<img" not in page and "&lt;img src=x onerror" in page and "<b>yes" not in page
    run = json.loads((folder / "verdict.json").read_text())["mlflow"]["run_id"]
    note = MlflowClient(server).get_run(run).data.tags["mlflow.note.content"]
    assert "<" not in note and "](" not in note.replace("\\](", "") and not set(note) & {"\x1b", "\x9b"}


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
        with socket.socket() as probe:  # all addresses of 127.0.0.0/8 are this machine's, and the UI listens on one
            assert probe.connect_ex(("127.0.0.2", port)) != 0, "the UI is for this machine alone"
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
