"""Folders of a run as somebody else might hand them over, or a disk give them back: hostile and damaged variants.

Nothing here knows what a run's files are called, but for what is special about one: whatever file is in the folder is
spoilt in every way there is, each value of each JSON is put in the place of others, and what loads code when it is read
stands in every file's place.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import pickle
import random
import re
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ACTING = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202etxt\u2066\r\nadvisor: all is well\x00"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{% raw %}"
FORMULA = "=cmd|' /C calc'!A0"
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf"), "", ACTING, MARKUP, FORMULA, "9" * 5000, [], {},
    [[]], {"": {}}, [None], {"__proto__": 1}, "../../outside/secret.txt", "/etc/passwd", "os:system", "\ud800",
)  # fmt: skip
# Where names of files stand, these come first.
PLACES = ("../../../outside/secret.txt", "/etc/passwd", "{outside}/secret.txt", "folds/../../sound/model/x", "//host/x")
SPARSE_BYTES = 1 << 36
DEEP = 200_000
ROWS_OF_A_BOMB = 400_000_000


@dataclass(frozen=True)
class Sandbox:
    """Where a variant is tried: the run's folder, what must not change, and the file that code would make."""

    run: Path
    outside: Path
    mark: Path
    server: str


@dataclass(frozen=True)
class Variant:
    """One way of spoiling a run's folder; `own` where the reader is who made the run, `resumed` where a resume reads
    what is spoilt."""

    name: str
    spoil: Callable[[Sandbox], None]
    own: bool
    resumed: bool = True


class Acts:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def variants(run: Path, seed: int = 0) -> list[Variant]:
    """Return all variants of a finished run's folder, the same for the same seed."""
    rng = random.Random(seed)
    files = _kinds_of_files(run, rng)
    made = [
        *(Variant(f"{name}: {how}", partial(spoil, name), own=True) for name in files for how, spoil in DAMAGE.items()),
        *(
            Variant(f"{name}: {how}", partial(spoil, name), own=False)
            for name in files
            for how, spoil in PICKLES.items()
        ),
    ]
    for name in files:
        if name.endswith(".json"):
            made += _of_json(run, name, rng)
        if name.endswith(".jsonl"):
            made += _of_ledger(run, name, rng)
        if name.endswith(".parquet"):
            made += [Variant(f"{name}: {how}", partial(spoil, name), own=True) for how, spoil in PARQUETS.items()]
        if name.endswith(".sqlite"):
            made += [
                Variant(f"{name}: {how}", partial(spoil, name), own=own)
                for how, spoil in DATABASES.items()
                for own in (True, False)
            ]
    made += [Variant(f"besides: {how}", spoil, own=True) for how, spoil in BESIDES.items()]
    rng.shuffle(made)
    return [replace(each, resumed=_is_resumed(each.name, rng)) for each in made]


def _is_resumed(name: str, rng: random.Random) -> bool:
    """Tell whether the run is to be resumed, which takes longest: where that reads what is spoilt, mostly."""
    file, _, how = name.partition(": ")
    if how in DAMAGE or file in ("besides", "ledger.jsonl"):
        return file.startswith(("ledger", "tracking", "plan", "seals", ".lock", "besides", "folds/tree"))
    return file.startswith(("tracking", "plan", "seals", "folds/tree")) and rng.random() < 0.25


def _kinds_of_files(run: Path, rng: random.Random) -> list[str]:
    """Return one of all files whose names differ in numbers alone, relative to the run's folder."""
    kinds: dict[str, list[str]] = {}
    for file in sorted(path for path in run.rglob("*") if path.is_file()):
        name = file.relative_to(run).as_posix()
        kinds.setdefault(re.sub(r"\d+", "0", name), []).append(name)
    return [rng.choice(names) for names in kinds.values()]


# --- whatever the file -----------------------------------------------------------------------------------------------


def _cut(name: str, box: Sandbox) -> None:
    content = (box.run / name).read_bytes()
    (box.run / name).write_bytes(content[: len(content) // 2])


def _flip(name: str, box: Sandbox) -> None:
    content = bytearray((box.run / name).read_bytes() or b"\0")
    rng = random.Random(name)
    for _ in range(1 + len(content) // 1000):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    (box.run / name).write_bytes(content)


def _write(content: bytes, name: str, box: Sandbox) -> None:
    (box.run / name).write_bytes(content)


def _gone(name: str, box: Sandbox) -> None:
    (box.run / name).unlink()


def _folder(name: str, box: Sandbox) -> None:
    _gone(name, box)
    (box.run / name).mkdir()


def _link(target: str, name: str, box: Sandbox) -> None:
    _gone(name, box)
    (box.run / name).symlink_to(target.format(outside=box.outside))


def _pipe(name: str, box: Sandbox) -> None:
    _gone(name, box)
    os.mkfifo(box.run / name)


def _sparse(name: str, box: Sandbox) -> None:
    with (box.run / name).open("r+b") as file:
        file.truncate(SPARSE_BYTES)


def _unreadable(name: str, box: Sandbox) -> None:
    (box.run / name).chmod(0)


DAMAGE: dict[str, Callable[[str, Sandbox], None]] = {
    "cut": _cut,
    "empty": partial(_write, b""),
    "bytes flipped": _flip,
    "noise": partial(_write, random.Random(0).randbytes(3000)),
    "what a terminal obeys": partial(_write, ACTING.encode()),
    "gone": _gone,
    "a folder": _folder,
    "a link to a file of the system": partial(_link, "/etc/passwd"),
    "a link to a file outside": partial(_link, "{outside}/secret.txt"),
    "a link to itself": partial(_link, "."),
    "a pipe": _pipe,
    "huge and sparse": _sparse,
    "not to be read": _unreadable,
}


def _pickle(name: str, box: Sandbox) -> None:
    (box.run / name).write_bytes(pickle.dumps(Acts(box.mark)))


def _joblib(name: str, box: Sandbox) -> None:
    joblib.dump([np.array([Acts(box.mark)], dtype=object)], box.run / name, compress=("zlib", 3))


def _npz(name: str, box: Sandbox) -> None:
    """Arrays of objects under names that climb out of a folder."""
    told = io.BytesIO()
    np.save(told, np.array([Acts(box.mark)], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(box.run / name, "w") as file:
        for inner in ("a.npy", "../../../outside/zip-slip.txt", str(box.outside / "slipped.txt"), "schema.json"):
            file.writestr(inner, told.getvalue())


def _skops(name: str, box: Sandbox) -> None:
    """The form of skops, that names a function of the system as a type."""
    call = {
        "__class__": "function", "__module__": "builtins", "__loader__": "FunctionNode", "__id__": 1,
        "content": {"module_path": "os", "function": "mkdir"},
    }  # fmt: skip
    made = {
        "__class__": "Pipeline", "__module__": "sklearn.pipeline", "__loader__": "ReduceNode", "__id__": 2,
        "__reduce__": {"args": call}, "content": call, "protocol": 2, "_skops_version": "0.13.0",
    }  # fmt: skip
    with zipfile.ZipFile(box.run / name, "w") as file:
        file.writestr("schema.json", json.dumps(made))


def _torch(name: str, box: Sandbox) -> None:
    with zipfile.ZipFile(box.run / name, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Acts(box.mark), protocol=2))
        file.writestr("archive/version", "3")
        file.writestr("archive/byteorder", sys.byteorder)


PICKLES: dict[str, Callable[[str, Sandbox], None]] = {
    "a pickle": _pickle,
    "a pickle of joblib": _joblib,
    "an archive of arrays": _npz,
    "an archive of skops": _skops,
    "an archive of torch": _torch,
}


# --- JSON ------------------------------------------------------------------------------------------------------------


def _of_json(run: Path, name: str, rng: random.Random) -> Iterator[Variant]:
    whole = {
        "{}": "{}", "[]": "[]", "null": "null", "a number": "7", "a text": '"x"', "deep": "[" * DEEP,
        "deep and closed": "[" * DEEP + "]" * DEEP, "deep objects": '{"a":' * DEEP,
        "a number of many digits": "9" * 100_000, "a letter that is none": '"\\ud800"', "NaN": "NaN",
        "not UTF-8": "\udcff",
    }  # fmt: skip
    for how, text in whole.items():
        spoil = partial(_write, text.encode("utf-8", "surrogateescape"), name)
        yield Variant(f"{name}: {how}", spoil, own=bool(rng.getrandbits(1)))
    content = json.loads((run / name).read_text())
    # A long document is spoilt at its first level everywhere and below it here and there.
    places = sorted(_places(content), key=lambda place: (len(place) > 1, rng.random()))
    for number, place in enumerate(places[:110]):
        values = (*PLACES, *VALUES) if "file" in str(place) else VALUES
        value = values[number % len(values)] if number < len(values) else rng.choice(values)
        yield Variant(
            f"{name}: {'.'.join(map(str, place))} is {_short(value)}", partial(_put, name, place, value),
            own=bool(rng.getrandbits(1)),
        )  # fmt: skip
    for value in (ACTING, MARKUP, "9" * 5000):
        yield Variant(f"{name}: every text is {_short(value)}", partial(_put_everywhere, name, value), own=False)
    for value in (float("nan"), 1e308, -1, 10**400):
        yield Variant(f"{name}: every number is {_short(value)}", partial(_put_everywhere, name, value), own=False)


def _put(name: str, place: tuple[Any, ...], value: Any, box: Sandbox) -> None:
    content = json.loads((box.run / name).read_text())
    _set(content, place, _here(value, box))
    (box.run / name).write_text(json.dumps(content))


def _put_everywhere(name: str, value: Any, box: Sandbox) -> None:
    content = json.loads((box.run / name).read_text())
    for place in _places(content):
        if isinstance(_get(content, place), str if isinstance(value, str) else float | int):
            _set(content, place, value)
    (box.run / name).write_text(json.dumps(content))


def _of_ledger(run: Path, name: str, rng: random.Random) -> Iterator[Variant]:
    """Spoil entries and give them the right sum, which anybody can work out."""
    entry = json.loads((run / name).read_text().splitlines()[1].partition(" ")[2])
    places = sorted(_places(entry), key=lambda _: rng.random())
    for number, place in enumerate(places[:24]):
        values = (*PLACES, *VALUES) if place[-1] in ("model", "learner") else VALUES
        value = rng.choice(values)
        yield Variant(
            f"{name}: {'.'.join(map(str, place))} is {_short(value)}", partial(_put_in_ledger, name, place, value),
            own=bool(number % 2),
        )  # fmt: skip
    for how, array in {
        "an array of objects": None, "an array that says it is huge": np.zeros(0), "no numbers": np.array(["a", "b"]),
        "not finite": np.full(5, np.nan), "another shape": np.zeros((2, 3, 4)), "complex": np.zeros(4, complex),
    }.items():  # fmt: skip
        for kind in rng.sample(["predictions", "losses"], 1):
            yield Variant(f"{name}: {kind} are {how}", partial(_put_array, name, kind, how, array), own=True)


def _put_in_ledger(name: str, place: tuple[Any, ...], value: Any, box: Sandbox) -> None:
    lines = (box.run / name).read_text().splitlines()
    for number, line in enumerate(lines):
        entry = json.loads(line.partition(" ")[2])
        try:
            _set(entry, place, _here(value, box))
        except (LookupError, TypeError):
            continue
        lines[number] = _line(entry)
    (box.run / name).write_text("\n".join(lines) + "\n")


def _put_array(name: str, kind: str, how: str, array: Any, box: Sandbox) -> None:
    told = io.BytesIO()
    np.save(told, np.array([Acts(box.mark)], dtype=object) if array is None else array, allow_pickle=True)
    content = told.getvalue()
    if "huge" in how:
        content = content.replace(b"(0,), }", b"(1125899906842624,), }")
    _put_in_ledger(name, ("arrays", kind), base64.b64encode(content).decode(), box)


def _line(entry: Any) -> str:
    text = json.dumps(entry)
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}"


def _places(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in list(inner):
        yield from _places(value, (*place, key))


def _get(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        content = content[key]
    return content


def _set(content: Any, place: tuple[Any, ...], value: Any) -> None:
    _get(content, place[:-1])[place[-1]] = value


def _here(value: Any, box: Sandbox) -> Any:
    return value.replace("{outside}", str(box.outside)) if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 30 else f"{text[:27]}..."


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _metadata(name: str, box: Sandbox) -> None:
    """Types that old readers unpickled, and what pandas believes of a file."""
    acts = pickle.dumps(Acts(box.mark))
    table = pq.read_table(box.run / name)
    field = pa.field(
        "odd", pa.binary(),
        metadata={b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": acts},
    )  # fmt: skip
    table = table.append_column(field, pa.array([acts] * len(table), pa.binary()))
    pandas_says = {
        "index_columns": [{"kind": "range", "name": "../x", "start": 0, "stop": 10**18, "step": 1}], "columns": [
            {"name": column, "field_name": column, "pandas_type": "object", "numpy_type": "object",
             "metadata": {"encoding": "pickle"}} for column in table.column_names],
        "column_indexes": [{"name": ACTING, "pandas_type": "object", "numpy_type": "object", "metadata": None}],
    }  # fmt: skip
    pq.write_table(table.replace_schema_metadata({b"pandas": json.dumps(pandas_says).encode()}), box.run / name)


def _bomb(name: str, box: Sandbox) -> None:
    """Few bytes that say there are very many rows, all alike."""
    rows = pa.array(np.zeros(1_000_000, np.int8))
    with pq.ParquetWriter(box.run / name, pa.schema([("stage", pa.int8())])) as writer:
        batch = pa.record_batch([rows], names=["stage"])
        for _ in range(ROWS_OF_A_BOMB // 1_000_000):
            writer.write_batch(batch)


def _texts(value: str, name: str, box: Sandbox) -> None:
    """Every text, and every name of a column, is one that acts."""
    table = pq.read_table(box.run / name)
    columns = {
        column: pa.array([value] * len(table)) if pa.types.is_string(table[column].type) or
        pa.types.is_large_string(table[column].type) else table[column] for column in table.column_names
    }  # fmt: skip
    pq.write_table(pa.table(columns), box.run / name)


def _other_columns(name: str, box: Sandbox) -> None:
    pq.write_table(pa.table({ACTING: [1, 2], MARKUP: [FORMULA, None]}), box.run / name)


def _not_finite(name: str, box: Sandbox) -> None:
    table = pq.read_table(box.run / name)
    columns = {
        column: pa.array([float("nan")] * len(table)) if pa.types.is_floating(table[column].type) else table[column]
        for column in table.column_names
    }
    pq.write_table(pa.table(columns), box.run / name)


PARQUETS: dict[str, Callable[[str, Sandbox], None]] = {
    "metadata that would be unpickled": _metadata,
    "a bomb": _bomb,
    "texts that act": partial(_texts, ACTING),
    "texts of markup": partial(_texts, MARKUP),
    "other columns": _other_columns,
    "nothing finite": _not_finite,
}


# --- the database of what MLflow is to be told ----------------------------------------------------------------------


def _sql(script: str, name: str, box: Sandbox) -> None:
    with closing(sqlite3.connect(box.run / name)) as file:
        values = {"outside": box.outside.as_posix(), "server": box.server}
        for word, value in values.items():
            script = script.replace(f"@{word}", value)
        file.executescript(script)
        file.commit()


def _entries(entry: dict[str, Any], name: str, box: Sandbox) -> None:
    """Leave the run as it is known to MLflow, and one more entry to tell."""
    with closing(sqlite3.connect(box.run / name)) as file:
        text = json.dumps(entry).replace("@outside", box.outside.as_posix())
        file.execute("INSERT INTO entries (identity, entry) VALUES ('hostile', ?)", (text,))
        file.commit()


def _super_journal(name: str, box: Sandbox) -> None:
    """A journal that makes SQLite delete the file that it names (section 3.3 of its file format)."""
    target = str(box.outside / "secret.txt").encode()
    head = bytes.fromhex("d9d505f920a163d7") + (0).to_bytes(4, "big") + bytes(500)
    tail = target + len(target).to_bytes(4, "big") + sum(target).to_bytes(4, "big") + bytes.fromhex("d9d505f920a163d7")
    (box.run / f"{name}-journal").write_bytes(head + tail)


_ATTACK = "ATTACH DATABASE '@outside/made.sqlite' AS x;"
DATABASES: dict[str, Callable[[str, Sandbox], None]] = {
    "a trigger": partial(
        _sql, "CREATE TRIGGER t AFTER UPDATE ON entries BEGIN INSERT INTO about VALUES ('x', 1); END;"
    ),
    "a trigger that loads code": partial(
        _sql,
        "CREATE TRIGGER t AFTER UPDATE ON entries BEGIN SELECT load_extension('@outside/x.so'); END;",
    ),
    "a trigger without an end": partial(
        _sql,
        "CREATE TRIGGER t AFTER UPDATE ON entries BEGIN INSERT INTO entries (identity, entry) SELECT randomblob(9), "
        "entry FROM entries; END;",
    ),
    "a view without an end": partial(
        _sql,
        "DROP TABLE entries; CREATE VIEW entries AS WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 "
        "FROM n) SELECT number, 'x' AS identity, '{}' AS entry, 'waiting' AS state, NULL AS answer FROM n;",
    ),
    "no tables": partial(_sql, "DROP TABLE entries; DROP TABLE about;"),
    "other tables": partial(_sql, "DROP TABLE entries; CREATE TABLE entries (x);"),
    "another server": partial(
        _sql,
        "UPDATE about SET value = '{\"tracking_uri\": \"@server\", \"experiment\": \"x\"}' WHERE fact = 'place'; "
        "UPDATE entries SET state = 'waiting', answer = NULL;",
    ),
    "a store elsewhere": partial(
        _sql,
        "UPDATE about SET value = '{\"tracking_uri\": \"sqlite:///@outside/made.db\", \"experiment\": \"x\"}' "
        "WHERE fact = 'place'; UPDATE entries SET state = 'waiting', answer = NULL;",
    ),
    "a place that acts": partial(
        _sql, "UPDATE about SET value = '{\"tracking_uri\": \"\x1b[31m\\u001b[31m\", \"experiment\": \"\\u202e\"}';"
    ),
    "about is text": partial(_sql, "UPDATE about SET value = 'no JSON';"),
    "about is a list": partial(_sql, "UPDATE about SET value = '[]';"),
    "about is gone": partial(_sql, "DELETE FROM about;"),
    "entries are text": partial(_sql, "UPDATE entries SET state = 'waiting', entry = 'no JSON';"),
    "entries are lists": partial(_sql, "UPDATE entries SET state = 'waiting', entry = '[]';"),
    "entries are empty": partial(_sql, "UPDATE entries SET state = 'waiting', entry = '{}';"),
    "entries are blobs": partial(_sql, "UPDATE entries SET state = 'waiting', entry = x'00ff';"),
    "entries are deep": partial(
        _sql,
        "UPDATE entries SET state = 'waiting', entry = replace(hex(zeroblob(100000)), '0', '[');",
    ),
    "another state": partial(_sql, "UPDATE entries SET state = '\x1b[31m', answer = '../../x';"),
    "a file outside": partial(
        _entries, {"kind": "file", "run": "comparison", "file": "../../outside/secret.txt", "at": 0}
    ),
    "a file of the system": partial(_entries, {"kind": "file", "run": "comparison", "file": "/etc/passwd", "at": 0}),
    "a file that acts": partial(_entries, {"kind": "file", "run": "comparison", "file": ACTING, "at": 0}),
    "an entry of no kind": partial(_entries, {"kind": ACTING, "run": ACTING}),
    "an entry with odd parts": partial(
        _entries,
        {"kind": "write", "run": "comparison", "metrics": [[ACTING, "x", []]], "params": {ACTING: 1}, "tags": [],
         "at": ACTING},
    ),
    "a condition in a name": partial(
        _entries,
        {"kind": "open", "run": "x' OR tags.`a` != '", "parent": None, "at": 0, "called": ACTING, "tags": {}},
    ),
    "a status that is none": partial(_entries, {"kind": "status", "run": "comparison", "status": ACTING, "at": "x"}),
    "a model": partial(_entries, {"kind": "model", "run": "comparison", "facts": {"learner": ACTING}, "at": 0}),
    "a data set": partial(_entries, {"kind": "data set", "run": "comparison", "facts": [ACTING]}),
    "a journal that names a file": _super_journal,
}  # fmt: skip


# --- what a run never has --------------------------------------------------------------------------------------------


def _named(name: str, box: Sandbox) -> None:
    (box.run / name).write_bytes(b"x")


def _unfinished_links(box: Sandbox) -> None:
    """What a killed process may have left is removed at the next start: what it points to is not."""
    (box.run / "folds.1.part").symlink_to(box.outside)
    (box.run / "verdict.json.1.part").symlink_to(box.outside / "secret.txt")


def _folder_of_links(box: Sandbox) -> None:
    shutil.rmtree(box.run / "folds")
    (box.run / "folds").symlink_to(box.outside)


def _unfinished_folder(box: Sandbox) -> None:
    (box.run / "x.part").mkdir()
    (box.run / "x.part" / "inner").write_text("x")


def _deep_folders(box: Sandbox) -> None:
    place = os.open(box.run, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d" * 50, dir_fd=place)
        inner = os.open("d" * 50, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def _many(box: Sandbox) -> None:
    for number in range(3000):
        (box.run / "folds" / f"x-{number}.joblib").write_bytes(b"x")


def _everything_gone(box: Sandbox) -> None:
    shutil.rmtree(box.run)
    box.run.mkdir()


def _lock(make: Callable[[Path], None], box: Sandbox) -> None:
    (box.run / ".lock").unlink(missing_ok=True)
    make(box.run / ".lock")


def _module(box: Sandbox) -> None:
    """Modules that Python would load if the folder were looked through for them."""
    for name in ("advisor.py", "sitecustomize.py", "pandas.py", "conftest.py"):
        (box.run / name).write_text(f"import os; os.mkdir({str(box.mark)!r})")


BESIDES: dict[str, Callable[[Sandbox], None]] = {
    "a name that acts": partial(_named, ACTING.replace("\0", "").replace("/", "")),
    "a name of markup": partial(_named, MARKUP.replace("/", "")),
    "a name that is no text": partial(_named, os.fsdecode(b"\xff\xfe")),
    "drafts that are links": _unfinished_links,
    "a draft that is a folder": _unfinished_folder,
    "folds are a link": _folder_of_links,
    "folders as deep as can be": _deep_folders,
    "very many files": _many,
    "nothing": _everything_gone,
    "the lock is a folder": partial(_lock, Path.mkdir),
    "the lock is a pipe": partial(_lock, os.mkfifo),
    "modules": _module,
    "a journal of nothing": partial(_named, "nothing-journal"),
    "a log of the database": partial(_named, "tracking.sqlite-wal"),
}
