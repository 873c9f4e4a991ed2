"""Secrets are planted all around comparisons, and looked for in everything that these leave.

Each is planted in a form of its own (an address, a variable, a header, a file), and looked for as it is, as addresses,
JSON, HTML and Python write it, in base64 and in hexadecimal digits: in the run's folder, in MLflow's database and
artifacts, in the folder for temporary files, in what was printed and in the command lines of processes it started.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import numpy as np
import pages
import pandas as pd
import psutil
import pyarrow.parquet as pq

# Of addresses, by where they stand in them.
ADDRESSES = {
    "password of an http tracker": 'Pw/http@7"q=x',
    "user alone of a tracker": "dapi-user-alone-41",
    "token in the query of a tracker": "query+token/43==",
    "password of a postgresql tracker": "Pw'pg#sql 47",
    "password of a mysql tracker": "Pw%mysql&53",
    "password of the data's address": "Pw:data@59!",
    "token in the query of the data": "data~token~61",
    "key of a bucket": "bucket/Key+67",
}
VARIABLES = {
    "MLFLOW_TRACKING_PASSWORD": "Env-tracking-pw-71",
    "AWS_SECRET_ACCESS_KEY": "wJalr/XUtnF+EMI73",
    "AWS_ACCESS_KEY_ID": "AKIAQ7Q7Q7Q7Q7Q7Q7Q7",
    "DATABASE_URL": "postgresql://me:Pw-database-79@db.example:5432/runs",
    "OPENAI_API_KEY": "sk-proj-b2b2b2b2b2b2b2b2b2b2",
    "GITHUB_TOKEN": "ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "AZURE_STORAGE_CONNECTION_STRING": "AccountName=me;AccountKey=azureKey83==;Suffix=x",
    "https_proxy": "http://me:Pw-proxy-89@127.0.0.1:9",
    "MY_COMPANY_PASSPHRASE": "correct horse battery 97",
}
# MLflow refuses to have this one beside a password.
TOKEN = {"MLFLOW_TRACKING_TOKEN": "Env-tracking-token-101"}
# What of a variable's value is the secret, where it is not all of it.
PARTS = {
    "DATABASE_URL": "Pw-database-79",
    "AZURE_STORAGE_CONNECTION_STRING": "azureKey83",
    "https_proxy": "Pw-proxy-89",
}
FILES = {
    ".netrc": "machine 127.0.0.1 login me password Pw-netrc-103",
    ".config/tracker.yaml": "headers:\n  Authorization: Bearer bearer.In-a-file_107\n",
}
IN_FILES = {".netrc": "Pw-netrc-103", ".config/tracker.yaml": "bearer.In-a-file_107"}
COMPARE = (
    "compare", "table.csv", "--target", "y", "--trials", "1", "--learners", "linear,tree,mlp", "--workers", "1",
    "--until", "answer", "--min-gain", "90%", "--out", "run",
)  # fmt: skip
# What each process does when it starts: a learner fails and says all that it knows.
LOOSE_TONGUE = """
import os, sys
from sklearn.tree import DecisionTreeClassifier

def fit(self, *_, **__):
    raise OSError(" ".join([*sys.argv, *(os.environ.get(name, "") for name in %r), %r]))

DecisionTreeClassifier.fit = fit
"""
HEADERS = "Authorization: Bearer header-token-109; api_key=query-key-113"
IN_HEADERS = {"a header in an error": "header-token-109", "a name in an error": "query-key-113"}
STARTING_SECONDS = 240.0


def written(secret: str) -> set[str]:
    """Return the forms in which a secret may stand in a text."""
    in_addresses = quote(secret, safe="")
    forms = {
        secret, quote(secret), in_addresses, re.sub("%..", lambda digits: digits[0].lower(), in_addresses),
        quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1], html.escape(secret), secret.encode().hex(),
    }  # fmt: skip
    for before in range(3):
        # In base64 it looks in three ways, by what stands before it; the digits that neighbours share are left out.
        digits = base64.b64encode(b"\0" * before + secret.encode()).decode()
        forms.add(digits[-(-8 * before // 6) : len(digits) - 4 if "=" in digits else None])
    # A library may take a password apart at what divides addresses.
    forms |= {part for part in re.split(r"[/?#:@]", secret) if len(part) > 7}
    return {form for form in forms if len(form) > 5}


def found(planted: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return where each secret stands, by its name; those that stand nowhere are left out."""
    places = {
        name: sorted(place for place, text in texts.items() if any(form in text for form in written(secret)))
        for name, secret in planted.items()
    }
    return {name: where for name, where in places.items() if where}


def texts_below(folder: Path, but: Sequence[Path] = ()) -> Iterator[tuple[str, str]]:
    """Yield the names and contents of all files below a folder, Parquet as text as well."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path not in but:
            name = path.relative_to(folder.parent).as_posix()
            yield name, path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                table = pq.read_table(path)
                cells = (str(cell) for column in table.columns for cell in column.to_pylist())
                yield f"{name}, its rows", f"{table.schema} {' '.join(cells)}"


class _Place:
    """A folder to compare in, with a home of its own, secrets in its files and variables, and a loose tongue."""

    def __init__(self, folder: Path, variables: Mapping[str, str], *, loose: bool = False) -> None:
        self.folder = folder
        self.said: dict[str, str] = {}
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
        frame["y"] = np.where(frame["a"] + rng.normal(size=120) > 0, "yes", "no")
        frame.to_csv(folder / "table.csv", index=False)
        for name in ("home", "tmp", "loose"):
            (folder / name).mkdir()
        self._files = [folder / "home" / name for name in FILES]
        for path, text in zip(self._files, FILES.values(), strict=True):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        paths = [str(pages.HERE)]
        if loose:
            tongue = LOOSE_TONGUE % (list(variables), HEADERS)
            self._files.append(folder / "loose" / "sitecustomize.py")
            self._files[-1].write_text(tongue)
            paths.insert(0, str(folder / "loose"))
        homes = {"HOME": "home", "TMPDIR": "tmp", "XDG_DATA_HOME": "home", "MPLCONFIGDIR": "home"}
        self.environment = {
            **os.environ, **{name: str(folder / place) for name, place in homes.items()}, **variables,
            "PYTHONPATH": os.pathsep.join(paths), "no_proxy": "127.0.0.1", "COLUMNS": "100",
        }  # fmt: skip

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "advisor", *words], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[str], name: str) -> int:
        stdout, stderr = process.communicate(timeout=600)
        self.said |= {f"stdout of {name}": stdout, f"stderr of {name}": stderr}
        return process.returncode

    def ask(self, *words: str) -> int:
        return self.end(self.begin(*words), words[0] + str(len(self.said)))

    def texts(self, *more: Path) -> dict[str, str]:
        """Return all that was left and said here, and in other folders."""
        return {
            **self.said,
            **dict(texts_below(self.folder, but=self._files)),
            **{name: text for folder in more for name, text in texts_below(folder)},
        }


@contextmanager
def place(variables: Mapping[str, str] = VARIABLES, *, loose: bool = False) -> Iterator[_Place]:
    """Yield a folder to compare in, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="planted-", ignore_cleanup_errors=True) as folder:
        yield _Place(Path(folder).resolve(), variables, loose=loose)


@contextmanager
def mlflow_server() -> Iterator[tuple[int, Path]]:
    """Yield the port of a real MLflow server, and the folder with its database and artifacts."""
    from advisor.telling.tracking import default_uri, store

    with tempfile.TemporaryDirectory(prefix="planted-store-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        with store.quiet():
            store.prepare_sqlite(folder / "mlflow.db", folder / "mlartifacts")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            sys.executable, "-m", "mlflow", "server", "--backend-store-uri", default_uri(folder), "--workers", "1",
            "--host", "127.0.0.1", "--port", str(port), "--artifacts-destination", str(folder / "kept"),
        ]  # fmt: skip
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server)
            yield port, folder
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.3)
    raise TimeoutError("the MLflow server did not start")


class _Echo(BaseHTTPRequestHandler):
    """A server that knows nothing and says all it was told, the headers decoded."""

    def do_GET(self) -> None:
        told = [self.path, *(f"{name}: {value}" for name, value in self.headers.items())]
        for value in self.headers.values():
            with suppress(ValueError):
                told.append(base64.b64decode(value.rpartition(" ")[2], validate=True).decode(errors="replace"))
        text = json.dumps({"error_code": "INTERNAL_ERROR", "message": " ".join(told)}).encode()
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PATCH = do_GET

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def echoing() -> Iterator[int]:
    """Yield the port of a server that echoes what it is told in its errors."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _in_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: PARTS.get(name, value) for name, value in variables.items()}


def _line(planted: Mapping[str, str], texts: Mapping[str, str], statuses: Sequence[int]) -> dict[str, Any]:
    return {"planted": sorted(planted), "found": found(planted, texts), "texts": len(texts), "statuses": list(statuses)}


def _with_password(port: int, name: str = "password of an http tracker") -> str:
    return f"http://me:{quote(ADDRESSES[name], safe='')}@127.0.0.1:{port}"


def finished(budget: str) -> dict[str, Any]:
    """A comparison that ends well but for a learner that tells all it knows; the model, the report, more of it sent."""
    known = {"password of an http tracker": ADDRESSES["password of an http tracker"], **_in_variables(VARIABLES),
             **IN_FILES, **IN_HEADERS}  # fmt: skip
    with mlflow_server() as (port, store), place(loose=True) as here:
        statuses = [
            here.ask(*COMPARE, "--budget", budget, "--tracking-uri", _with_password(port)),
            here.ask("report", "run"),
            here.ask("predict", "run", "table.csv"),
            here.ask("track", "run", f"--tracking-uri={_with_password(port)}"),
        ]
        return _line(known, here.texts(store), statuses)


def killed(budget: str) -> dict[str, Any]:
    """A comparison that is killed once it has results, and taken up again; the token stands in a variable."""
    variables = {name: value for name, value in VARIABLES.items() if name != "MLFLOW_TRACKING_PASSWORD"} | TOKEN
    known = {"user alone of a tracker": ADDRESSES["user alone of a tracker"], **_in_variables(variables), **IN_FILES}
    with mlflow_server() as (port, store), place(variables, loose=True) as here:
        words = (*COMPARE, "--budget", budget, "--tracking-uri",
                 f"http://{ADDRESSES['user alone of a tracker']}@127.0.0.1:{port}")  # fmt: skip
        process, ledger = here.begin(*words), here.folder / "run" / "ledger.jsonl"
        while process.poll() is None and (not ledger.exists() or ledger.read_bytes().count(b"\n") < 3):
            time.sleep(0.05)
        started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        here.said["command lines"] = "\n".join(" ".join(each.cmdline()) for each in started)
        process.kill()
        statuses = [here.end(process, "the killed")]
        at_once = found(known, here.texts(store))
        statuses.append(here.ask(*words, "--resume"))
        line = _line(known, here.texts(store), statuses)
        return {**line, "found": {**at_once, **line["found"]}}


def interrupted(budget: str) -> dict[str, Any]:
    """A comparison that is ended by SIGTERM says how to go on; its tracker's address has a token in its query."""
    known = {"token in the query of a tracker": ADDRESSES["token in the query of a tracker"]}
    with echoing() as port, place({}) as here:
        query = quote(ADDRESSES["token in the query of a tracker"], safe="")
        words = (*COMPARE, "--budget", budget, "--tracking-uri", f"http://127.0.0.1:{port}/?token={query}")
        process, ledger = here.begin(*words), here.folder / "run" / "ledger.jsonl"
        while process.poll() is None and (not ledger.exists() or ledger.read_bytes().count(b"\n") < 2):
            time.sleep(0.05)
        process.terminate()
        return _line(known, here.texts(), [here.end(process, "the ended")])


def echoed(budget: str) -> dict[str, Any]:
    """A tracker that answers with errors which quote the address and the headers that it was told."""
    known = {"password of an http tracker": ADDRESSES["password of an http tracker"], **IN_FILES}
    with echoing() as port, place({}) as here:
        address = _with_password(port)
        statuses = [
            here.ask(*COMPARE, "--budget", budget, "--tracking-uri", address),
            here.ask("track", "run", "--tracking-uri", address),
            here.ask("track", "run"),
            here.ask("ui", "--tracking-uri", address),
        ]
        return _line(known, here.texts(), statuses)


def echoed_token(budget: str) -> dict[str, Any]:
    """The same, and what the tracker is told stands in a variable."""
    known = {**_in_variables(TOKEN)}
    with echoing() as port, place(TOKEN) as here:
        statuses = [here.ask(*COMPARE, "--budget", budget, "--tracking-uri", f"http://127.0.0.1:{port}")]
        return _line(known, here.texts(), statuses)


def refused(budget: str) -> dict[str, Any]:
    """Trackers and data that cannot be reached or read at all: each is answered in a sentence that quotes them."""
    known = {name: secret for name, secret in ADDRESSES.items() if "http" not in name and "alone" not in name}
    known |= _in_variables(VARIABLES)

    def at(name: str) -> str:
        return quote(ADDRESSES[name], safe="")

    trackers = [
        f"postgresql://me:{at('password of a postgresql tracker')}@127.0.0.1:9/runs?sslmode=disable",
        f"mysql+pymysql://me:{at('password of a mysql tracker')}@127.0.0.1:9/runs",
        f"http://127.0.0.1:9/?token={at('token in the query of a tracker')}",
        f"file:///x?token={at('token in the query of a tracker')}",
        f"{ADDRESSES['token in the query of a tracker']}://odd",
    ]
    data = [
        f"postgresql://me:{at('password of the data' + chr(39) + 's address')}@127.0.0.1:9/x",
        f"https://me:{at('password of the data' + chr(39) + 's address')}@127.0.0.1:9/x.csv"
        f"?token={at('token in the query of the data')}",
        f"s3://me:{at('key of a bucket')}@bucket/x.parquet",
        f"openml:1?api_key={at('token in the query of the data')}",
    ]
    with place() as here:
        statuses = [here.ask(*COMPARE, "--budget", budget, "--tracking-uri", trackers[0])]
        statuses += [here.ask("ui", "--tracking-uri", address) for address in trackers]
        statuses += [here.ask("compare", source, "--target", "y", "--budget", "20s", "--json") for source in data]
        statuses += [here.ask("profile", data[1]), here.ask("predict", "run", data[1]), here.ask("track", data[1])]
        return _line(known, here.texts(), statuses)


CASES: dict[str, Callable[[str], dict[str, Any]]] = {
    "finished": finished,
    "killed and resumed": killed,
    "ended by the system": interrupted,
    "an echoing tracker": echoed,
    "an echoing tracker, a token": echoed_token,
    "refused": refused,
}


def planned(budget: str) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what is to be tried, by name."""
    return {f"secrets {name}": partial(case, budget) for name, case in CASES.items()}
