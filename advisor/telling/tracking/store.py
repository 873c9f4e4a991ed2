"""Where runs are kept: an address that answers, or a SQLite file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sqlite3
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.errors import UserError
from advisor.redacted import without_credentials
from advisor.telling.folders import check_journal
from advisor.telling.tracking.text import first_line

SQLITE = "sqlite:///"
# MLflow's runs table shows no number unless asked to. A link can name a shared view, which is a tag of the experiment.
VIEW = "answers"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
COLUMNS = [f"metrics.`{name}`" for name in ("gain", "p_worth", "score", "score_se", "fit_seconds")]
COLUMNS += [f"tags.`{name}`" for name in ("answer", "recommended", "family", "metric")]
# What MLflow says of a store that is there and has no answer at the moment.
NOT_NOW = (
    "INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
)
# What a server does not take is kept and tried again by us, so MLflow need not spend a quarter of an hour on one call.
SCOPED_ENVIRONMENT = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


def default_uri(folder: Path) -> str:
    """Return the absolute SQLite URI of the store that lies in `folder`; nothing is created."""
    return f"{SQLITE}{(folder / 'mlflow.db').absolute().as_posix()}"


def forgo_telemetry() -> None:
    """Keep MLflow, here and in processes we start, from reporting home, unless the user asked for that in its words.

    It would take DO_NOT_TRACK=1, as most people write it, for no wish at all.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """MLflow without telemetry, chatter or links on stdout; all but the telemetry is put back afterwards."""
    forgo_telemetry()
    import mlflow  # noqa: F401  (it sets the levels of its loggers when first imported, so before we set them)

    added = [key for key in SCOPED_ENVIRONMENT if key not in os.environ]
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [logger.level for logger in loggers]
    os.environ.update({key: SCOPED_ENVIRONMENT[key] for key in added})
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for key in added:
            os.environ.pop(key, None)


def absolute(uri: str) -> str:
    """Anchor a relative SQLite path; UserError for a folder or file, which MLflow no longer takes."""
    if uri.startswith(SQLITE):
        return f"{SQLITE}{sqlite_path(uri).absolute().as_posix()}"
    if uri.startswith("file:") or ("://" not in uri and uri != "databricks"):
        folder = Path(uri.removeprefix("file://").removeprefix("file:"))
        instead = folder if folder.suffix in (".db", ".sqlite") else folder / "mlflow.db"
        raise UserError(
            f"'{uri}' is a folder or a file, and MLflow no longer keeps runs in plain files; "
            f"write {SQLITE}{instead.absolute().as_posix()} or the address of a server."
        )
    return uri


def sqlite_path(uri: str) -> Path:
    """Return the file of a SQLite URI."""
    return Path(uri.removeprefix(SQLITE))


def opened(uri: str, experiment: str, artifact_root: Path | None = None) -> tuple[Any, str]:
    """Open the store at `uri`, make the experiment if it is new, and return MLflow's client and the experiment's id.

    `artifact_root` is where a new experiment on a local SQLite store keeps its files (default: `mlartifacts` beside
    the database). Takes some seconds (import, new tables). Raises UserError where the store cannot be used, and
    something else where it is there but does not answer now: it may later.
    """
    check_reachable(uri)
    root = None
    if uri.startswith(SQLITE):
        file = sqlite_path(uri)
        root = (artifact_root or file.parent / "mlartifacts").absolute()
        prepare_sqlite(file, root)
    from mlflow import MlflowClient, MlflowException

    try:
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        return client, experiment_id(client, experiment, root)
    except UserError:
        raise
    except Exception as error:
        # MLflow, SQLAlchemy, requests and the file system each fail in their own classes; to the reader it is one.
        if isinstance(error, MlflowException) and error.error_code in NOT_NOW:
            raise
        raise unusable(uri, error) from error


def check_reachable(uri: str) -> None:
    """Try the store once: MLflow itself would try for minutes before it says nothing is there.

    Raises UserError where there is none, TimeoutError where there is one that does not answer.
    """
    if uri.startswith(("http://", "https://")):
        try:
            urllib.request.urlopen(without_credentials(uri), timeout=10).close()
        except urllib.error.HTTPError:
            return  # whoever refuses politely is alive
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise TimeoutError(f"{without_credentials(uri)} does not answer") from error
            if not isinstance(reason, ssl.SSLError):  # MLflow has its own rules on certificates
                raise unusable(uri, error) from error
    elif not uri.startswith((SQLITE, "databricks", "uc")):
        from sqlalchemy import create_engine

        try:
            engine = create_engine(uri)
            engine.connect().close()
            engine.dispose()
        except Exception as error:
            # Each database driver brings exceptions of its own.
            raise unusable(uri, error) from error


def prepare_sqlite(path: Path, artifact_root: Path) -> None:
    """Make the database at `path` if it is new, and let readers and the writer go side by side (WAL).

    The tables are made in memory, which spares some seventy waits for the disk, and put in place at once, so that
    neither an interruption nor a second comparison finds half a store. Raises UserError where that cannot be done.
    """
    check_journal(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            # Typed as anything: neither MLflow's store nor SQLAlchemy's raw connections tell their types.
            make: Any = SqlAlchemyStore
            store = make("sqlite://", artifact_root.as_uri())
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".mlflow-") as aside:
                with contextlib.closing(sqlite3.connect(f"{aside}/new.db")) as file:
                    connection = store.engine.raw_connection()
                    connection.driver_connection.backup(file)
                    connection.close()
                    file.execute("PRAGMA journal_mode=WAL")
                store.engine.dispose()
                _put_in_place(Path(f"{aside}/new.db"), path)
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as file:
            # Asked for again it would have to wait for everyone who is at work on the store.
            if file.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                file.execute("PRAGMA journal_mode=WAL")
    except (OSError, sqlite3.Error) as error:
        raise unusable(f"{SQLITE}{path.as_posix()}", error) from error


def _put_in_place(new: Path, path: Path) -> None:
    """Give a new store its name, unless another comparison was quicker: its runs may already be in there."""
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not path.exists():
            os.replace(new, path)


def experiment_id(client: Any, name: str, artifact_root: Path | None) -> str:
    """Find the experiment or make it, with its files below `artifact_root`; UserError where it was deleted."""
    from mlflow import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        folder = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "experiment"
        location = (artifact_root / folder).as_uri() if artifact_root is not None else None
        # Without the first tag the UI shows the experiment as if it were about language models.
        tags = {"mlflow.experimentKind": "custom_model_development", VIEW_TAG: json.dumps({"selectedColumns": COLUMNS})}
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=tags))
        except MlflowException as problem:
            found = client.get_experiment_by_name(name)
            if problem.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:  # another comparison was quicker
                raise
    if found.lifecycle_stage != "active":
        raise UserError(f"The MLflow experiment '{name}' was deleted; restore it or name another with --experiment.")
    return str(found.experiment_id)


def unusable(uri: str, error: Exception) -> UserError:
    """Put what a store said into one sentence that names the ways out."""
    return UserError(
        f"Runs cannot be tracked at {without_credentials(uri)} ({first_line(error, uri)}); "
        "check --tracking-uri, leave it out for a local store, or go without by --no-tracking."
    )
