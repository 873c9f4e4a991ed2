"""The MLflow UI on the same store, on loopback, with as few processes as it can do with."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.errors import UserError
from advisor.redacted import redacted, without_credentials
from advisor.telling.folders import check_journal
from advisor.telling.tracking import store, text


def serve(
    uri: str,
    *,
    artifact_root: Path | None = None,
    port: int = 5000,
    experiment: str | None = None,
    open_browser: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Show the MLflow UI on the store at `uri` until Ctrl-C; `say` gets the link, to `experiment` where it is known.

    A store that is itself a server is only pointed to. Takes two processes and half a gigabyte, where `mlflow ui` takes
    fifteen and three. Raises UserError where the port is taken, nothing was tracked yet, or the server does not start.
    """
    uri = store.absolute(uri)
    file = store.sqlite_path(uri) if uri.startswith(store.SQLITE) else None
    if file is not None and not file.is_file():
        raise UserError(f"There is no MLflow store at {file} yet; run 'advisor compare' first, or name another store.")
    if file is not None:
        check_journal(file)
    store.check_reachable(uri)
    if uri.startswith(("http://", "https://")):
        _announce(without_credentials(uri), _page(uri, experiment), open_browser, say)
        return
    _check_port(port)
    root = artifact_root or (file.parent / "mlartifacts" if file is not None else None)
    with tempfile.TemporaryFile() as log, _ended_by_signals():
        server = _launch(uri, port, root, log.fileno())
        try:
            page = _page(uri, experiment)
            if not _answers(f"http://127.0.0.1:{port}/health", server, 120.0):
                log.seek(0)
                said = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
                raise UserError(f"The MLflow server did not start ({redacted(said[-1])}); try 'mlflow server' by hand.")
            _announce(f"http://127.0.0.1:{port}", page, open_browser, say)
            say("Ctrl-C ends it.")
            server.wait()
        except KeyboardInterrupt:
            pass
        finally:
            _stop(server)


def _launch(uri: str, port: int, artifact_root: Path | None, log: int) -> subprocess.Popen[bytes]:
    store.forgo_telemetry()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # The address may hold a password, which a command line would show to everyone on the machine.
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    if artifact_root is not None:
        command += ["--default-artifact-root", artifact_root.absolute().as_uri()]
    command += ["--uvicorn-opts", "--log-level warning"]
    # A session of its own: Ctrl-C reaches us alone, and we end the server together with its worker.
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def _announce(address: str, page: str, open_browser: bool, say: Callable[[str], None]) -> None:
    link = f"{address.rstrip('/')}/{page}"
    say(f"MLflow UI: {link}")
    if open_browser:
        webbrowser.open(link)


def _page(uri: str, experiment: str | None) -> str:
    """The UI opens among its tools for language models unless the link asks for the machine-learning view."""
    where, view = "experiments", "workflowType=machine_learning"
    if experiment is not None:
        with store.quiet():
            from mlflow import MlflowClient

            try:
                found = MlflowClient(tracking_uri=uri, registry_uri=uri).get_experiment_by_name(experiment)
            except Exception as error:
                # As in `start`: each part of MLflow fails in its own classes, and may quote the address.
                raise UserError(
                    f"The MLflow store at {without_credentials(uri)} does not answer ({text.first_line(error, uri)}); "
                    "check --tracking-uri."
                ) from error
        if found is not None:
            where += f"/{found.experiment_id}/runs"
            view += f"&viewStateShareKey={store.VIEW}" if store.VIEW_TAG in found.tags else ""
    return f"#/{where}?{view}"


def _check_port(port: int) -> None:
    with socket.socket() as probe, socket.socket() as other:
        # A port that a server left seconds ago is free, though it lingers.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            other.bind(("127.0.0.1", 0))
            reason = "is taken" if isinstance(error, OSError) else "does not exist"
            raise UserError(f"Port {port} {reason}; this one is free: --port {other.getsockname()[1]}.") from error


def _answers(address: str, server: subprocess.Popen[bytes], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return True
        time.sleep(0.3)
    return False


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a closed terminal or a plain `kill` end us as Ctrl-C does, so that no server is left behind."""
    endings = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    endings = endings if threading.current_thread() is threading.main_thread() else []
    before = {ending: signal.signal(ending, signal.default_int_handler) for ending in endings}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its worker; by force where they do not go within ten seconds."""
    for ending in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(server.pid, ending)
            else:
                server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
            return
