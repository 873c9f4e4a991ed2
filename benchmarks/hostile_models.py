"""Model files changed at random: how many are refused, how many answer, and whether any of them runs code.

    python benchmarks/hostile_models.py [--files 1000] [--learners tree,xgboost]      writes reports/hostile_models.md

Each file is that of a learner fitted on made rows, with one to four changes in its tree of values or in its arrays. It
is read and asked in a process of its own, where Python's audit events tell whether anything was run, opened for writing
or connected to. Who knows the form can change it more cleverly; this finds what breaks by chance.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import signal
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from advisor import inert
from advisor.inert.form import TREE
from advisor.inert.kinds import KINDS
from advisor.inert.listed import NAMES, OBJECTS
from advisor.learners import find
from advisor.testing import Subject, answers

REPORT = Path(__file__).resolve().parents[1] / "reports" / "hostile_models.md"
LEARNERS = (
    "tree",
    "forest",
    "linear",
    "knn",
    "svm",
    "tfidf_nb",
    "lightgbm",
    "xgboost",
    "catboost",
    "mlp",
    "tabm",
    "lstm",
)
# What iterates does so a few times: the file is what matters.
FEW = {"max_iterations": 5, "epochs": 2, "n_estimators": 5}
SECONDS = 20
RUNS = ("exec", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "os.remove",
        "os.mkdir", "pickle.find_class", "ctypes.dlopen")  # fmt: skip
REFUSED, RAISED, ANSWERED, CODE = "refused", "raised when it was asked", "answered", "ran code"
ENDED, LONG = "ended the process", "took too long"
STRANGE: tuple[Any, ...] = (None, True, -1, 0, 10**6, 2**31, 1e300, "x", "../x", "", [], {}, {"type": sorted(NAMES)[0]})


def changed(rng: random.Random, tree: Any, arrays: dict[str, bytes]) -> bytes:
    """Return a file of this tree of values and these arrays with one to four changes."""
    tree, arrays = {"root": json.loads(json.dumps(tree))}, dict(arrays)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if arrays and rng.random() < 0.5:
            name = rng.choice(sorted(arrays))
            arrays[name] = _other_array(rng, arrays[name])
        else:
            _change(rng, tree)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {TREE: json.dumps(tree.get("root")), **arrays}.items():
            archive.writestr(name, content)
    return file.getvalue()


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a tree, as what holds it and its key there."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])


def _change(rng: random.Random, tree: Any) -> None:
    places = list(_places(tree))
    if not places:
        return
    holder, key = rng.choice(places)
    if key == "make":
        holder[key] = rng.choice(sorted(OBJECTS | KINDS.keys()))
    elif rng.random() < 0.2:
        del holder[key]
    elif rng.random() < 0.3:
        other, place = rng.choice(places)
        holder[key] = json.loads(json.dumps(other[place])) if place in other or isinstance(other, list) else None
    else:
        holder[key] = rng.choice((*STRANGE, {"same": rng.randrange(40)}))


def _other_array(rng: random.Random, content: bytes) -> bytes:
    array = np.load(io.BytesIO(content))
    way = rng.randrange(4)
    if way == 0 and array.nbytes:
        letters = bytearray(array.tobytes())
        for _ in range(rng.choice((1, 3, 20))):
            letters[rng.randrange(len(letters))] = rng.randrange(256)
        array = np.frombuffer(bytes(letters), array.dtype).reshape(array.shape)
    elif way == 1 and array.ndim:
        array = rng.choice((array[: len(array) // 2], np.concatenate([array, array])))
    elif way == 2 and array.dtype.kind in "fiu":
        array = array.astype(rng.choice(("f4", "f8", "i4", "i8", "u1")))
    elif array.dtype.kind in "fi" and array.itemsize >= 4:
        array = np.full_like(array, rng.choice((-1, 0, 10**6, 2**31 - 1)))
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tried(learner: str, files: int) -> Counter[str]:
    """Return what came of so many changed files of a learner's model."""
    subject = Subject(find(learner), lambda model: model.set_params(**{
        name: FEW[name.rpartition("__")[2]] for name in model.get_params() if name.rpartition("__")[2] in FEW
    }))  # fmt: skip
    inputs, target = subject.table("binary", rows=80)
    file = io.BytesIO()
    inert.write(subject.build("binary", rows=80).fit(inputs, target), file)
    answers(inert.read(file.getvalue()), inputs)
    with zipfile.ZipFile(file) as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    tree = json.loads(arrays.pop(TREE))
    found: Counter[str] = Counter()
    while (at := found.total()) < files:
        contents = (changed(random.Random(f"{learner} {number}"), tree, arrays) for number in range(at, files))
        found.update(_in_a_process(contents, inputs))
    return found


def _in_a_process(contents: Iterator[bytes], inputs: Any) -> list[str]:
    """Read and ask these files one after another in a child of this process, up to the first that ends it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _child(contents, inputs, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as lines:
        told = lines.read().split("\n")[:-1]
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        told.append(LONG if os.WTERMSIG(status) == signal.SIGALRM else ENDED)
    return told


def _child(contents: Iterator[bytes], inputs: Any, writer: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(silent, number)
    heard: list[str] = []
    listening = False

    def hear(event: str, details: Any) -> None:
        writes = event == "open" and isinstance(details[1], str) and bool(set(details[1]) & set("wax+"))
        imports = event == "exec" and os.path.isfile(details[0].co_filename)  # a module that is installed here
        if listening and (writes or event in RUNS) and not imports:
            heard.append(event)

    sys.addaudithook(hear)
    for content in contents:
        signal.alarm(SECONDS)
        listening = True
        result = _read_and_asked(content, inputs)
        listening = False
        os.write(writer, f"{CODE if heard else result}\n".encode())
        heard.clear()


def _read_and_asked(content: bytes, inputs: Any) -> str:
    try:
        model = inert.read(content)
    except Exception:
        return REFUSED
    try:
        answers(model, inputs)
    except Exception:
        return RAISED
    return ANSWERED


def main(words: Sequence[str] | None = None) -> None:
    """Try so many files of each learner, and write what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000, help="files of each learner")
    parser.add_argument("--learners", default=",".join(LEARNERS))
    parser.add_argument("--json", action="store_true", help="print what came of them, and write no page")
    asked = parser.parse_args(words)
    warnings.simplefilter("ignore")
    for name in (*OBJECTS, *KINDS):  # whose import runs code of ours is no hostile file
        import_module(name.rpartition(".")[0])
    found = {learner: tried(learner, asked.files) for learner in asked.learners.split(",")}
    if asked.json:
        print(json.dumps(found))
        return
    columns = (REFUSED, RAISED, ANSWERED, LONG, ENDED, CODE)
    lines = [
        "# Model files changed at random", "",
        f"`python benchmarks/hostile_models.py --files {asked.files}`", "",
        f"{asked.files:,} files of each learner's model, each with one to four changes in its values or arrays, were",
        "read and asked for 80 rows. Boosted trees are parsed by their own libraries, which changed bytes can end.", "",
        "| learner | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns),
        *(f"| {name} | " + " | ".join(str(own[column]) for column in columns) + " |" for name, own in found.items()),
    ]  # fmt: skip
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
