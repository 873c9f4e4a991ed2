"""What every test may rely on: one thread a process, no telemetry, and real tables where they are at hand."""

import os

# Before numpy, torch or MLflow is imported by anyone: their thread pools and telemetry read these only once.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import atexit
import tempfile
from pathlib import Path

import pytest

# The key that seals models lies here, and the user's own is left alone.
_data_home = tempfile.TemporaryDirectory(prefix="advisor-tests-")
atexit.register(_data_home.cleanup)
os.environ["XDG_DATA_HOME"] = _data_home.name

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tables with its index.csv: ADVISOR_TEST_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("ADVISOR_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "index.csv").is_file():
        pytest.skip("no folder of real tables: set ADVISOR_TEST_DATA to one that has an index.csv")
    return folder
