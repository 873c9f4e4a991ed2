"""The form of an inert model: a zip with `model.json`, a tree of values and names, and the arrays that it numbers.

Arrays are .npy files as numpy writes them, read without pickle. A value of JSON stands for itself, a list for a list;
an object has one key, which says what it is:

    {"array": 3}  {"bytes": 4}               3.npy; 4.npy, an array of bytes
    {"objects": [shape, items]}              an array of anything, by its flat items
    {"number": ["float32", 0.5]}             a scalar of numpy
    {"dict": {...}}  {"pairs": [[k, v]]}     a dictionary whose keys are all texts, or any
    {"tuple": []} {"set": []} {"frozenset": []}
    {"type": "builtins.float"}               a type or function, one of `listed.NAMES`
    {"make": "a.b.C", "of": state}           an object, one of `listed.OBJECTS` or `kinds.KINDS`
    {"same": 5}                              the fifth array or object that was finished, once more

Nothing else can be said, so that whoever writes a file chooses among values, arrays, and objects of the list; what
each of those could be made to do stands there. Equal models make equal bytes.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from advisor.inert.kinds import CHECKS, KINDS, name_of, refuse
from advisor.inert.listed import NAMES, OBJECTS

TREE = "model.json"
Thing = TypeVar("Thing")
# How an .npy file begins whose header is of the first version, as most are.
_FIRST_VERSION = b"\x93NUMPY\x01\x00"
_PLAIN = (bool, int, float, str)
_NUMBERS = {name: np.dtype(name).type for name in (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
)}  # fmt: skip


class NotInert(TypeError):
    """What holds something that is not on the list, so that it has to be kept as a pickle."""


def write(model: Any, file: Path | BinaryIO) -> None:
    """Write a fitted model. Raises NotInert where something in it is not on the list."""
    telling = _Telling()
    tree = json.dumps(telling.told(model), separators=(",", ":"))
    with ZipFile(file, "w", ZIP_STORED) as archive:
        archive.writestr(ZipInfo(TREE), tree)  # without a time, which ZipInfo leaves out: equal models, equal bytes
        for number, array in enumerate(telling.arrays):
            with archive.open(ZipInfo(f"{number}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def read(content: bytes) -> Any:
    """Make the model that the bytes of a file tell of; runs no code but that of the types on the list.

    Raises ValueError for what is not on the list, and whatever zipfile, json, numpy and those types raise where the
    file is damaged or was made to be. Warns where it was made with another version of scikit-learn.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        # Nothing is packed and nothing told twice, so that a small file cannot become large.
        if any(entry.compress_type != ZIP_STORED for entry in archive.infolist()):
            refuse("an entry is compressed")
        if sum(entry.file_size for entry in archive.infolist()) > len(content):
            refuse("its entries overlap")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model = _Making(archive).made(json.loads(archive.read(TREE)))
    # Its own words would be the file's, which a terminal might obey.
    if any(each.category.__name__ == "InconsistentVersionWarning" for each in told):
        warnings.warn("The model was made with another version of scikit-learn.", stacklevel=2)
    return model


class _Telling:
    """Turns a model into values of JSON; arrays are put aside, and what was met before is told by its number."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        # The things are held as well: their ids stay theirs.
        self._met: dict[int, tuple[int, Any]] = {}

    def told(self, thing: Any) -> Any:
        """Return `thing` as values of JSON."""
        if thing is None or type(thing) in _PLAIN:
            return thing
        if type(thing) is list:
            return [self.told(each) for each in thing]
        if id(thing) in self._met:
            return {"same": self._met[id(thing)][0]}
        own = _TOLD.get(type(thing))
        if own is not None:
            return own(self, thing)
        if isinstance(thing, np.generic) and thing.dtype.name in _NUMBERS:
            return {"number": [thing.dtype.name, thing.item()]}
        if (name := name_of(thing)) in NAMES:
            return {"type": name}
        return self._object(thing)

    def _object(self, thing: Any) -> dict[str, Any]:
        name = name_of(type(thing))
        if name in KINDS:
            state = KINDS[name].take(thing)
        elif name in OBJECTS:
            state = thing.__getstate__()
        else:
            raise NotInert(f"it holds a {name}, which is not on the list of advisor/inert/listed.py")
        return self._noted(thing, {"make": name, "of": self.told(state)})

    def _noted(self, thing: Any, told: dict[str, Any]) -> dict[str, Any]:
        self._met[id(thing)] = len(self._met), thing
        return told

    def array(self, thing: np.ndarray) -> dict[str, Any]:
        """Put an array aside; one of objects is told item by item."""
        if thing.dtype.hasobject:
            return {"objects": [list(thing.shape), [self.told(each) for each in thing.ravel().tolist()]]}
        self.arrays.append(thing)
        return self._noted(thing, {"array": len(self.arrays) - 1})

    def bytes(self, thing: bytes) -> dict[str, Any]:
        """Put bytes aside."""
        self.arrays.append(np.frombuffer(thing, dtype=np.uint8))
        return self._noted(thing, {"bytes": len(self.arrays) - 1})

    def dictionary(self, thing: Mapping[Any, Any]) -> dict[str, Any]:
        """Tell a dictionary in its order."""
        if all(type(key) is str for key in thing):
            return {"dict": {key: self.told(value) for key, value in thing.items()}}
        return {"pairs": [[self.told(key), self.told(value)] for key, value in thing.items()]}

    def items(self, thing: Any) -> dict[str, Any]:
        """Tell what has items; those of sets in an order that is always the same."""
        items = [self.told(each) for each in thing]
        if not isinstance(thing, tuple):
            items.sort(key=json.dumps)
        return {type(thing).__name__: items}


_TOLD: Mapping[type, Callable[[_Telling, Any], dict[str, Any]]] = {
    np.ndarray: _Telling.array,
    bytes: _Telling.bytes,
    dict: _Telling.dictionary,
    tuple: _Telling.items,
    set: _Telling.items,
    frozenset: _Telling.items,
}


class _Making:
    """Makes what was told; the numbers of things follow from the order of the tree, as they did when it was written."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._made: list[Any] = []

    def made(self, told: Any) -> Any:
        """Return what `told` stands for."""
        if isinstance(told, list):
            return [self.made(each) for each in told]
        if not isinstance(told, dict):
            return told
        if told.keys() == {"make", "of"}:
            return self._noted(_object(told["make"], self.made(told["of"])))
        if len(told) != 1:
            refuse(f"an object has the keys {sorted(told)}")
        ((what, content),) = told.items()
        return _MADE.get(what, _Making.unknown)(self, content)

    def unknown(self, content: Any) -> Any:
        """Refuse what nobody knows."""
        refuse("an object says nothing that is known")

    def array(self, number: int) -> np.ndarray:
        """Read an array."""
        return self._noted(self._stored(number))

    def bytes(self, number: int) -> bytes:
        """Read bytes."""
        return self._noted(self._stored(number).tobytes())

    def objects(self, content: Any) -> np.ndarray:
        """Make an array of anything."""
        shape, told = content
        found = np.empty(len(told), dtype=object)
        for place, each in enumerate(told):
            found[place] = self.made(each)
        return found.reshape(shape)

    def number(self, content: Any) -> Any:
        """Make a scalar of numpy."""
        name, value = content
        return _NUMBERS[name](value)

    def dictionary(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Make a dictionary with texts as keys."""
        return {key: self.made(value) for key, value in content.items()}

    def pairs(self, content: Any) -> dict[Any, Any]:
        """Make a dictionary with any keys."""
        return {self.made(key): self.made(value) for key, value in content}

    def name(self, content: str) -> Any:
        """Find a type or function."""
        if content not in NAMES:
            refuse(f"it names {content!r}")
        return _found(content)

    def same(self, number: int) -> Any:
        """Return what was made before."""
        return self._made[number]

    def _stored(self, number: int) -> np.ndarray:
        content = self._archive.read(f"{int(number)}.npy")
        if content[:8] != _FIRST_VERSION:
            found: np.ndarray = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
            return found
        begin = 10 + int.from_bytes(content[8:10], "little")
        shape, by_columns, dtype = _header(content[8:begin])
        if dtype.hasobject:
            refuse("an array holds objects")
        values = np.frombuffer(content, dtype, offset=begin) if dtype.itemsize else np.empty(shape, dtype)
        return values.reshape(shape, order="F" if by_columns else "C").copy(order="K")

    def _noted(self, thing: Thing) -> Thing:
        self._made.append(thing)
        return thing


@lru_cache(maxsize=4096)
def _header(told: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read what an .npy file says of its array; a forest has thousands of arrays, and few forms of them."""
    found: tuple[tuple[int, ...], bool, np.dtype[Any]] = np.lib.format.read_array_header_1_0(io.BytesIO(told))
    return found


_MADE: Mapping[str, Callable[[_Making, Any], Any]] = {
    "array": _Making.array,
    "bytes": _Making.bytes,
    "objects": _Making.objects,
    "number": _Making.number,
    "dict": _Making.dictionary,
    "pairs": _Making.pairs,
    "tuple": lambda making, content: tuple(making.made(each) for each in content),
    "set": lambda making, content: {making.made(each) for each in content},
    "frozenset": lambda making, content: frozenset(making.made(each) for each in content),
    "type": _Making.name,
    "same": _Making.same,
}


def _object(name: str, state: Any) -> Any:
    """Make an object of the list out of its state, without calling what makes new ones."""
    if name in KINDS:
        return KINDS[name].make(state)
    if name not in OBJECTS:
        refuse(f"it holds a {name!r}")
    kind = _found(name)
    thing = kind.__new__(kind)
    if state is None:
        return thing
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        refuse(f"the state of a {name} is no dictionary of names")
    if hasattr(kind, "__setstate__"):
        thing.__setstate__(state)
    else:
        thing.__dict__.update(state)
    if name in CHECKS:
        CHECKS[name](thing)
    return thing


def _found(name: str) -> Any:
    module, _, own = name.rpartition(".")
    return getattr(import_module(module), own)
