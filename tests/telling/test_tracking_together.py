"""Comparisons at the same time lose no run of each other: on a SQLite store that none has made yet, and on PostgreSQL.

Three at once; eight with ADVISOR_LONG=1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from mlflow import MlflowClient

from advisor.telling import tracking
from tests.telling.test_tracking_server import Server, a_free_port

ROOT = Path(tracking.__file__).parents[3]
TOGETHER = 8 if os.environ.get("ADVISOR_LONG") else 3
LEARNERS, FOLDS = 3, 5
PROGRAM = f"""
import sys
from pathlib import Path
from advisor.records import Candidate, FoldResult
from advisor.telling import tracking

run = tracking.start(sys.argv[1], "together", sys.argv[2], folder=Path(sys.argv[2]), params={{}}, tags={{}})
for fold in range({FOLDS}):
    for learner in range({LEARNERS}):
        run.record(FoldResult(Candidate(f"learner{{learner}}", "classical", {{}}), fold, "done", error=0.1), 0.9)
run.finish({{"answer": "worth_it"}}, patience_seconds=300)
sys.exit("; ".join(run.warnings) or None)
"""


def tell_together(uri, folder):
    """Run so many comparisons' tracking at once, each in its process, and return what went wrong in each."""
    processes = []
    for number in range(TOGETHER):
        (folder / str(number)).mkdir()
        words = [sys.executable, "-c", PROGRAM, uri, str(folder / str(number))]
        processes.append(subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True))
    return [(process.communicate(timeout=500)[1], process.returncode) for process in processes]


def assert_nothing_is_lost(uri):
    client = MlflowClient(uri)
    (experiment,) = [found for found in client.search_experiments() if found.name == "together"]
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    kinds = [run.data.tags["kind"] for run in found]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "comparison": TOGETHER, "learner": TOGETHER * LEARNERS, "trial": TOGETHER * LEARNERS,
    }  # fmt: skip
    assert {run.info.status for run in found} == {"FINISHED"}
    for run in found:
        if run.data.tags["kind"] == "trial":
            steps = [point.step for point in client.get_metric_history(run.info.run_id, "error")]
            assert sorted(steps) == list(range(FOLDS))


def test_comparisons_that_make_a_store_together_lose_no_run(tmp_path):
    uri = tracking.default_uri(tmp_path / "runs")
    assert tell_together(uri, tmp_path) == [("", 0)] * TOGETHER
    assert_nothing_is_lost(uri)


@pytest.fixture
def postgresql():
    """Debian's PostgreSQL on loopback, as a user who may run it; the address of an empty database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
        Path(found) for found in [shutil.which("initdb")] if found
    ]
    if not programs or find_spec("psycopg2") is None:
        pytest.skip("needs PostgreSQL and psycopg2")
    bin, port = programs[-1].parent, a_free_port()
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        place, user = Path(folder), {}
        if os.geteuid() == 0:  # it refuses to be run by root
            user = {"user": "postgres"}
            shutil.chown(place, "postgres")
        options = {"check": True, "stdout": subprocess.DEVNULL, "cwd": place, **user}
        subprocess.run([bin / "initdb", "-A", "trust", "-U", "advisor", "-D", place / "data"], **options)
        control = [bin / "pg_ctl", "-D", place / "data", "-w"]
        told = f"-h 127.0.0.1 -p {port} -k {place}"
        subprocess.run([*control, "-o", told, "-l", place / "log", "start"], **options)
        yield f"postgresql+psycopg2://advisor@127.0.0.1:{port}/postgres"
        subprocess.run([*control, "-m", "fast", "stop"], **options)


def test_comparisons_on_a_server_on_postgresql_lose_no_run(postgresql, tmp_path):
    server = Server(postgresql, tmp_path)
    server.start()
    try:
        assert tell_together(server.address, tmp_path) == [("", 0)] * TOGETHER
        assert_nothing_is_lost(server.address)
    finally:
        server.stop()
