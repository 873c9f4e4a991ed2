"""What people type, and the values it means: amounts (10m, 2%, 5ms, 50MB), names, places. Each error names the way out.

Functions bear the name of the option that they read; Python callers may give the value itself.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.contracts import DOWNLOAD
from advisor.errors import UserError, did_you_mean
from advisor.records import Budget, Limits

Until = Literal["budget", "answer"]


@dataclass(frozen=True)
class Preset:
    """A named amount of effort: seconds when no budget is named, and trials a study."""

    seconds: float
    trials: int


PRESETS: Mapping[str, Preset] = {
    "quick": Preset(seconds=120, trials=15),
    "standard": Preset(seconds=600, trials=60),
    "thorough": Preset(seconds=3600, trials=200),
}
DEVICES = ("auto", "cpu", "cuda", "mps")
# Where Linux has none of these (NVIDIA's and AMD's), torch need not be asked for a GPU.
GPU_DRIVERS = ("/dev/nvidiactl", "/dev/kfd")

_UNTIL: Mapping[str, Until] = {"budget": "budget", "answer": "answer"}
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1000.0, "": 1.0}
_MEGABYTES = {"kb": 1e-3, "mb": 1.0, "gb": 1000.0, "": 1.0}
_SHARES = {"%": 0.01, "": 1.0}


def seconds(text: str | float, name: str = "--budget") -> float:
    """Read a duration: "90s", "10m", "1.5h", or a number of seconds. Raises UserError unless it is positive.

    >>> seconds("10m")
    600.0
    """
    return _amount(text, _SECONDS, name, "a time such as 90s, 10m or 1h")


def milliseconds(text: str | float, name: str = "--max-latency") -> float:
    """Read a short duration: "5ms", "0.2s", or a number of milliseconds. Raises UserError unless it is positive."""
    return _amount(text, _MILLISECONDS, name, "a time such as 5ms")


def megabytes(text: str | float, name: str = "--max-model-size") -> float:
    """Read a size: "500KB", "50MB", or a number of MB. Raises UserError unless it is positive."""
    return _amount(text, _MEGABYTES, name, "a size such as 50MB")


def share(text: str | float, name: str, *, zero: bool = False) -> float:
    """Read a share: "2%" or 0.02. Raises UserError unless it lies between 0 and 1, the ends left out (`zero` lets 0
    in).

    >>> share("2%", "--min-gain")
    0.02
    """
    value = _amount(text, _SHARES, name, "a share such as 2%", zero)
    if value >= 1:
        raise UserError(f"{name} must be below 100%, and {text} is not; give a share such as 2% or 0.02.")
    return value


def number(text: str | float, name: str, *, zero: bool = False) -> float:
    """Read a plain number above zero, such as a price in whatever currency (`zero` lets 0 in).

    >>> number("0.35", "--cost-per-hour")
    0.35
    """
    return _amount(text, {"": 1.0}, name, "a plain number such as 0.5, without unit or currency", zero)


def budget(preset: str, spend: str | float | None, trials: int | None, seed: int, stop: str) -> Budget:
    """Return what may be spent: what was said, or else what the preset has.

    Raises UserError for an unknown preset, fewer trials than 1, or what is no time.
    """
    if preset not in PRESETS:
        raise UserError(f"No preset is called {preset!r}. {did_you_mean(preset, PRESETS)}")
    usual = PRESETS[preset]
    if trials is not None and trials < 1:
        raise UserError(
            f"--trials must be 1 or more, and {trials} is not; leave it out for the preset's {usual.trials}."
        )
    spent = usual.seconds if spend is None else seconds(spend)
    return Budget(spent, trials or usual.trials, seed, until(stop), counted=trials is not None)


def limits(
    *, interpretable: bool, single: bool, max_latency: str | float | None, max_model_size: str | float | None
) -> Limits:
    """Return what a model has to satisfy."""
    return Limits(
        interpretable,
        None if max_latency is None else milliseconds(max_latency),
        None if max_model_size is None else megabytes(max_model_size),
        single,
    )


def confidence(value: float) -> float:
    """Read what a decided answer must reach: above one half, below certainty. Raises UserError elsewhere."""
    if not 0.5 < value < 1:
        raise UserError(f"--confidence must lie between 0.5 and 1, such as 0.95; {value} does not.")
    return value


def workers(value: int | None) -> int:
    """Return how many processes there will be, one a core where nothing was said (None).

    Cores are those that this process may use. Raises UserError below 1.
    """
    if value is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if value < 1:
        raise UserError(f"--workers must be 1 or more, and {value} is not; leave it out to use every core.")
    return value


def threads(value: int | None = None) -> int:
    """Return how many threads each process has, one where nothing was said (None). Raises UserError below 1."""
    if value is not None and value < 1:
        raise UserError(f"--threads must be 1 or more, and {value} is not; leave it out for one a process.")
    return value or 1


def names(text: str) -> tuple[str, ...]:
    """Read a list of names with commas between.

    >>> names("a, b,"), names("")
    (('a', 'b'), ())
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def kinds(text: str) -> dict[str, str]:
    """Read what columns are: a list of COLUMN=KIND with commas between. Raises UserError for what is none.

    >>> kinds("zip=category, size=number")
    {'zip': 'category', 'size': 'number'}
    """
    found = {}
    for part in names(text):
        column, sign, kind = part.rpartition("=")
        if not sign or not column.strip():
            raise UserError(f"--read takes COLUMN=KIND, such as zip=category, and {part!r} is not that.")
        found[column.strip()] = kind.strip()
    return found


def device(wish: str, serve_on: str, pick: Callable[[str], str]) -> tuple[str, str]:
    """Return where to train ("auto" becomes the best device here) and where to serve.

    `pick` turns a wish for a device into the kind of one that is here ("cpu", "cuda", "mps"), or raises UserError; it
    is called only where there may be a choice, since whoever knows has to load torch first. Raises UserError for what
    is no device, and for serving on a GPU where none is used.
    """
    if wish not in DEVICES:
        raise UserError(f"No device is called {wish!r}; give {', '.join(DEVICES[:-1])} or {DEVICES[-1]}.")
    if serve_on not in ("auto", "cpu", "gpu"):
        raise UserError(f"--serve-on must be auto, cpu or gpu, and {serve_on!r} is not.")
    no_gpu = sys.platform == "linux" and not any(Path(driver).exists() for driver in GPU_DRIVERS)
    place = "cpu" if wish == "cpu" or (wish == "auto" and no_gpu) else pick(wish)
    if serve_on == "gpu" and place == "cpu":
        raise UserError("--serve-on gpu needs a GPU to take times on, and none is used here; give cpu.")
    return place, serve_on


def engine(name: str) -> str:
    """Return the name of the engine that fits run on; raises UserError where there is none of that name."""
    if name.partition(":")[0] == "ray":
        raise UserError("Ray is no engine of this version yet; leave --engine out, or give local.")
    if name != "local":
        raise UserError(f"No engine is called {name!r}; give local.")
    return name


def foundation(path: str | Path) -> str:
    """Return where pre-trained weights are: the whole path of a file or folder, or DOWNLOAD as it is.

    Raises UserError where there is nothing.
    """
    if str(path) == DOWNLOAD:
        return DOWNLOAD
    if not Path(path).exists():
        raise UserError(f"--foundation {str(path)!r} does not exist; name a file, a folder, or {DOWNLOAD!r}.")
    return str(Path(path).resolve())


def until(text: str) -> Until:
    """Return when to stop: once the budget is spent, or once the answer is known. Raises UserError elsewhere."""
    if text not in _UNTIL:
        raise UserError(f"--until must be budget or answer, and {text!r} is not.")
    return _UNTIL[text]


def _amount(text: str | float, units: Mapping[str, float], name: str, example: str, zero: bool = False) -> float:
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*([a-z%]*)\s*", str(text).lower())
    if match is None or match[2] not in units or not (float(match[1]) > 0 or (zero and float(match[1]) == 0)):
        raise UserError(f"{name} must be {example}, {'zero or more' if zero else 'above zero'}; {str(text)!r} is not.")
    return float(match[1]) * units[match[2]]
