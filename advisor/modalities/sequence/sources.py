"""Any source of series to their channels as they are written, and to what it says of each of them besides."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError
from advisor.modalities.arrays import are_pictures, axes, depth_of
from advisor.modalities.sequence.cells import frame_of, objects
from advisor.modalities.sequence.ts_files import read_ts
from advisor.records import Finding, Task
from advisor.wording import counted, shortened, some

ENDINGS = (".ts", ".npz")


@dataclass(frozen=True)
class RawSeries:
    """Series as their source has them, before typing.

    `channels` has an object column a channel and a row a series, `beside` what else there is of each row (its target, a
    group), `target` and `task` are the source's own, `notes` and `findings` what was left out or guessed.
    """

    channels: pd.DataFrame
    name: str
    source: str
    beside: pd.DataFrame = field(default_factory=pd.DataFrame)
    target: str | None = None
    task: Task | None = None
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def is_series(source: Any) -> bool:
    """Tell whether a Python value is series without names: (n, channels, steps), or arrays that make no table."""
    return axes(source) == 3 and not are_pictures(source)


def raw_series(source: Any, target: str | None = None) -> RawSeries:
    """Read `source`, a path or a Python value; `target` is the name of what is to be predicted, where it matters.

    Raises UserError in one sentence where it cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return RawSeries(source, "series", "DataFrame")
    if not isinstance(source, (str, Path)):
        return RawSeries(of_arrays(source), "series", type(source).__name__)
    path = Path(source)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"There is no file {shortened(str(path), 200)!r}; check the path.") from None
    except OSError as problem:
        raise UserError(f"{shortened(path.name, 80)!r} cannot be read ({problem.strerror}).") from problem
    if path.suffix.lower() == ".ts":
        read = read_ts(content, shortened(path.name, 80))
        beside = pd.DataFrame() if read.labels is None else pd.DataFrame({read.target: read.labels})
        # A file says whether it has classes or values, however the classes are called.
        classes: Task = "binary" if len(set(read.labels or ()) - {""}) == 2 else "multiclass"
        task: Task = "regression" if read.target == "target" else classes
        named = read.target if read.labels is not None else None
        return RawSeries(read.channels, path.stem, str(path), beside, named, task)
    return _of_npz(content, path, target)


def of_arrays(source: Any, names: Iterable[str] = ()) -> pd.DataFrame:
    """Return series without names as a frame of cells: "channel 1" and so on, or `names` where they are as many.

    Series are an array (n, channels, steps) or (n, steps), or n arrays (steps,) or (channels, steps). Raises UserError
    where they are anything else or do not all have as many channels.
    """
    rows = [_channels_of(each) for each in source]
    counts = {len(channels) for channels in rows}
    if len(counts) > 1:
        raise UserError(
            f"The series have {some([str(count) for count in sorted(counts)])} channels; give each as many."
        )
    count = next(iter(counts), 0)
    given = list(names)
    called = given if len(given) == count else [f"channel {place + 1}" for place in range(count)]
    return frame_of({name: objects([row[place] for row in rows]) for place, name in enumerate(called)})


def _channels_of(series: Any) -> list[Any]:
    depth = depth_of(series)
    if depth not in (1, 2):
        raise UserError("Each series is an array of steps, or of channels and steps; at least one of them is neither.")
    return list(series) if depth == 2 else [series]


def _of_npz(content: bytes, path: Path, target: str | None) -> RawSeries:
    shown = shortened(path.name, 80)
    arrays = _arrays(content, shown)
    large = {name: array for name, array in arrays.items() if array.ndim > 1 or _holds_arrays(array)}
    series = "X" if "X" in large else max(large, key=lambda name: (large[name].ndim, large[name].size), default=None)
    if series is None:
        raise UserError(f"{shown!r} has no series: an array X of shape (rows, steps) or (rows, channels, steps).")
    if large[series].ndim > 3:
        raise UserError(f"{series!r} in {shown!r} has {large[series].ndim} axes; series have 2 or 3.")
    channels = of_arrays(large[series])
    beside = {name: array for name, array in arrays.items() if array.shape == (len(channels),) and name not in large}
    others = [name for name in arrays if name != series and name not in beside]
    notes = (f"Besides {series!r}, {some(others)} of {shown!r} {'was' if len(others) == 1 else 'were'} not read.",)
    return RawSeries(
        channels, path.stem, str(path), pd.DataFrame(beside), "y" if "y" in beside else None,
        notes=notes if others else (),
    )  # fmt: skip


def _holds_arrays(array: np.ndarray) -> bool:
    return array.dtype == object and any(isinstance(each, (np.ndarray, list)) for each in array)


def _arrays(content: bytes, shown: str) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file by name; arrays of arrays are built without running what a file says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, EOFError, pickle.UnpicklingError, NotImplementedError) as problem:
        raise UserError(
            f"{shown!r} cannot be read as an .npz file ({shortened(str(problem), 120)}); write it with numpy.savez."
        ) from problem


def _array(content: bytes) -> np.ndarray:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    if not dtype.hasobject:
        stream.seek(0)
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
    array: np.ndarray = _Arrays(stream).load()
    return array.reshape(shape)


class _Arrays(pickle.Unpickler):
    """Reads arrays of arrays, and nothing that a file could use to run code."""

    def find_class(self, module: str, name: str) -> Any:
        known = {"numpy": {"ndarray", "dtype"}, "numpy._core.multiarray": {"_reconstruct", "scalar"},
                 "numpy.core.multiarray": {"_reconstruct", "scalar"},
                 "numpy._core.numeric": {"_frombuffer"}, "numpy.core.numeric": {"_frombuffer"}}  # fmt: skip
        if name not in known.get(module, ()):
            raise pickle.UnpicklingError(f"it holds a {module}.{name}, and only arrays are read")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def doubtful_shape(channels: pd.DataFrame) -> Finding | None:
    """R02: more channels than steps, which series have seldom and arrays of (rows, steps, channels) often."""
    sample = channels.head(20)
    steps = max((len(cell) for name in sample for cell in sample[name] if hasattr(cell, "__len__")), default=0)
    if not 0 < steps < channels.shape[1] or not str(channels.columns[0]).startswith("channel "):
        return None
    return Finding(
        "R02", "warning",
        f"The series were read as {counted(channels.shape[1], 'channel')} of {counted(steps, 'step')} each.",
        "If it is the other way round, swap the last two axes.", {"channels": channels.shape[1], "steps": steps},
    )  # fmt: skip
