"""An MLflow store takes seconds to make, so it is made once and copied."""

import shutil

import pytest

from advisor.telling import tracking
from advisor.telling.tracking import store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    with store.quiet():
        store.prepare_sqlite(folder / "mlflow.db", folder / "mlartifacts")
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def copied(empty_store):
    """Return a function that puts a store of its own into a folder and returns its address."""

    def copy(folder):
        folder.mkdir(exist_ok=True)
        shutil.copy(empty_store, folder / "mlflow.db")
        return tracking.default_uri(folder)

    return copy


@pytest.fixture
def uri(copied, tmp_path):
    return copied(tmp_path / "store")
