"""What is written comes out as it was, and a file can ask for nothing but values, arrays and objects of the list."""

import io
import json
import os
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pandas as pd
import pytest

from advisor import inert
from advisor.contracts import FitReport
from advisor.inert.kinds import CHECKS, KINDS
from advisor.inert.listed import NAMES, OBJECTS
from advisor.modalities.tabular.numbers import Style


def written(thing) -> bytes:
    file = io.BytesIO()
    inert.write(thing, file)
    return file.getvalue()


def there_and_back(thing):
    return inert.read(written(thing))


def file_of(tree, compression=zipfile.ZIP_STORED, **entries) -> bytes:
    """Put a file together by hand: a tree, and entries by name (without .npy)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("model.json", tree if isinstance(tree, str) else json.dumps(tree))
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(array, **options) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "thing",
    [
        None, True, 3, 0.1, float("inf"), "Größe\ud800", [1, [2.5, None]], (1, ("a",)), {"a": 1, "b": (2,)},
        {1: "one", ("two", 2): None}, {1, 2}, frozenset({"a", "b"}), b"\x00bytes", np.float32(0.1), np.int64(2**60),
        np.bool_(True), OrderedDict(b=1, a=2), Counter({3: 2}), np.float32, Style(",", "kg", money=frozenset("€$")),
        FitReport(curve={"valid_loss": (1.0, 0.5)}), pd.CategoricalDtype(["x", "y"]),
    ],
    ids=lambda thing: type(thing).__name__,  # what sets say of themselves differs from process to process
)  # fmt: skip
def test_values_come_out_with_their_types(thing):
    again = there_and_back(thing)
    assert again == thing and type(again) is type(thing)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(3), np.empty((0, 2)),
        np.array(["a", "longer"]), np.array(["2020-01-01", "NaT"], dtype="datetime64[ns]"), np.array([True, False]),
        np.array([("a", 1)], dtype=[("name", "U3"), ("number", "i2")]),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)  # fmt: skip
def test_arrays_come_out_with_their_form_and_order(array):
    again = there_and_back(array)
    np.testing.assert_array_equal(again, array)
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.flags.f_contiguous == array.flags.f_contiguous


def test_an_array_of_anything_is_told_item_by_item_and_never_pickled():
    things = np.array([["a", None, 1.5], [("b",), {"c": 1}, np.int8(1)]], dtype=object)
    content = written(things)
    np.testing.assert_array_equal(inert.read(content), things)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["model.json"]


@pytest.mark.parametrize(
    "index", [pd.Index(["a", None, 2], dtype=object, name="n"), pd.Index(["a", "b"]), pd.Index([1])]
)
def test_an_index_keeps_its_dtype_and_name(index):
    pd.testing.assert_index_equal(there_and_back(index), index)


def test_what_is_there_twice_is_written_once_and_stays_one():
    array, report = np.arange(1000.0), FitReport()
    again = there_and_back([array, report, (array, report)])
    assert again[0] is again[2][0] and again[1] is again[2][1]
    assert len(written([array, array])) < 1.5 * array.nbytes


def test_equal_models_make_equal_bytes():
    assert written({"a": {"y", "x"}, "b": np.ones(3)}) == written({"a": {"x", "y"}, "b": np.ones(3)})


class Stranger:
    """Nobody has put it on the list."""


@pytest.mark.parametrize("thing", [Stranger(), [{"a": (Stranger(),)}], os.system, print, open, Stranger, lambda: 1, 1j])
def test_what_is_not_on_the_list_is_not_written(thing):
    with pytest.raises(inert.NotInert, match="not on the list"):
        written(thing)


HOSTILE = {
    "a type that is not listed": {"make": "subprocess.Popen", "of": {"args": "touch ran"}},
    "a function in the place of a type": {"make": "os.system", "of": "touch ran"},
    "a listed name in the place of an object": {"make": "numpy.float32", "of": {}},
    "a listed object in the place of a name": {"type": "sklearn.pipeline.Pipeline"},
    "a function": {"type": "os.system"},
    "a function of builtins": {"type": "builtins.eval"},
    "a module's own import": {"type": "advisor.model_files.io.os.system"},
    "a caller of methods": {"make": "operator.methodcaller", "of": ["system", "touch ran"]},
    "a partial": {"make": "functools.partial", "of": {"func": {"type": "os.system"}}},
    "a name with dots around": {"make": "sklearn.pipeline.Pipeline.__init__", "of": {}},
    "a prefix of ours": {"make": "advisor.walk.compare", "of": {}},
    "a state that is no dictionary": {"make": "advisor.contracts.FitReport", "of": ["a"]},
    "a state with keys that are no texts": {"make": "advisor.contracts.FitReport", "of": {"pairs": [[1, 2]]}},
    "an object inside a value": {"dict": {"a": [{"tuple": [{"make": "os.path", "of": None}]}]}},
    "an unknown word": {"pickle": "gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAlydW4="},
    "two words": {"list": [], "make": "a.b"},
    "an empty object": {},
    "an array that is not there": {"array": 3},
    "an array outside": {"array": "../../secret"},
    "a number of no type": {"number": ["object", "x"]},
    "something before it was made": {"same": 0},
    "an object that is no name": {"make": ["sklearn.pipeline.Pipeline"], "of": {}},
}


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_tree_is_refused_and_runs_nothing(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
        inert.read(file_of(tree))
    assert not list(tmp_path.iterdir())


class Mark:
    """Unpickled, it leaves a mark in the folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_an_array_of_pickled_objects_is_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = npy(np.array([Mark()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="an array holds objects"):
        inert.read(file_of({"array": 0}, **{"0": hostile}))
    assert not list(tmp_path.iterdir())


def test_a_small_file_cannot_become_large():
    zeros = npy(np.zeros(10_000_000, dtype=np.uint8))
    with pytest.raises(ValueError, match="compressed"):
        inert.read(file_of({"array": 0}, zipfile.ZIP_DEFLATED, **{"0": zeros}))
    promising = io.BytesIO()
    np.lib.format.write_array_header_1_0(promising, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    with pytest.raises((ValueError, MemoryError)):
        inert.read(file_of({"array": 0}, **{"0": promising.getvalue()}))
    # Two entries of the directory that have the same bytes.
    content = bytearray(file_of(None, **{"0": npy(np.zeros(1000)), "1": npy(np.zeros(1))}))
    own, other = (content.rindex(name) - 46 for name in (b"1.npy", b"0.npy"))
    content[own : own + 46] = content[other : other + 46]
    with pytest.raises(ValueError, match="overlap"):
        inert.read(bytes(content))


@pytest.mark.parametrize("tree", ["[" * 100_000, "", "nonsense", "{}", '{"tuple": 7}', '{"make": 1, "of": 2}', "\xff"])
def test_a_tree_that_is_none_raises(tree):
    with pytest.raises((ValueError, RecursionError, KeyError, TypeError)):
        inert.read(file_of(tree))


def test_every_byte_that_changes_is_noticed_or_harmless():
    content = written({"a": np.arange(50.0), "b": FitReport()})
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            again = inert.read(bytes(changed))
        except Exception:
            continue
        # What is outside of all checksums, as the time of an entry is, changes nothing.
        np.testing.assert_array_equal(again["a"], np.arange(50.0))
        assert again["b"] == FitReport()


def test_the_list_names_what_there_is_and_nothing_that_runs_what_it_is_told():
    from importlib import import_module

    for name in {*OBJECTS, *KINDS}:
        module, _, own = name.rpartition(".")
        assert isinstance(getattr(import_module(module), own), type), name
    assert not OBJECTS & KINDS.keys() and CHECKS.keys() <= OBJECTS
    assert {name.partition(".")[0] for name in NAMES} == {"numpy", "torch", "advisor"}
