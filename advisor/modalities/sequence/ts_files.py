"""Files of series as the archives of time series classification and regression have them (.ts): one series a line.

Lines that start with # are remarks, with @ say how the rest is written, and below @data each line has the channels with
colons between, their values with commas between, ? for a gap, and at its end a label or a number to predict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advisor.errors import UserError
from advisor.modalities.sequence.cells import frame_of, objects


@dataclass(frozen=True)
class TsFile:
    """What a file has: a frame of cells, and the labels (n,) as texts, called "class" or "target"; None without."""

    channels: pd.DataFrame
    labels: list[str] | None
    target: str


def read_ts(content: bytes, shown: str) -> TsFile:
    """Read the bytes of a .ts file that is `shown` by that name.

    Raises UserError, with the line, where one cannot be read or has another number of channels than the first.
    """
    told: dict[str, str] = {}
    rows: list[list[np.ndarray]] = []
    labels: list[str] = []
    begun = False
    for number, given in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        line = given.strip()
        if not line or line.startswith("#"):
            continue
        if not begun:
            if not line.startswith("@"):
                raise UserError(f"Line {number} of {shown!r} stands before @data, and starts with neither # nor @.")
            word, _, rest = line[1:].partition(" ")
            told[word.lower()] = rest.strip()
            begun = word.lower() == "data"
            if begun and told.get("timestamps", "").lower().startswith("true"):
                raise UserError(
                    f"{shown!r} has a time beside every value (@timeStamps true), which is not read; write values."
                )
            continue
        parts = line.split(":")
        if _is_labelled(told):
            labels.append(parts.pop().strip())
            if not parts:
                raise UserError(f"Line {number} of {shown!r} has no label after a colon; the file may be cut short.")
        if rows and len(parts) != len(rows[0]):
            raise UserError(f"Line {number} of {shown!r} has {len(parts)} channels, and the first has {len(rows[0])}.")
        rows.append([_numbers(part, number, shown) for part in parts])
    if not rows:
        raise UserError(f"{shown!r} has no series{'' if begun else ': there is no line @data'}.")
    channels = {f"channel {place + 1}": objects([row[place] for row in rows]) for place in range(len(rows[0]))}
    target = "target" if _says(told, "targetlabel") else "class"
    return TsFile(frame_of(channels), [_known(label) for label in labels] if labels else None, target)


def _says(told: dict[str, str], word: str) -> bool:
    return told.get(word, "false").lower().startswith("true")


def _is_labelled(told: dict[str, str]) -> bool:
    return _says(told, "classlabel") or _says(told, "targetlabel")


def _known(label: str) -> str:
    return "" if label == "?" else label


def _numbers(part: str, line: int, shown: str) -> np.ndarray:
    """Return the values of one channel."""
    words: Sequence[str] = part.replace("?", "nan").split(",") if part.strip() else ()
    try:
        return np.array(words, dtype=np.float64).astype(np.float32)
    except ValueError as problem:
        said = str(problem).rpartition(":")[2].strip()
        raise UserError(f"Line {line} of {shown!r} has {said}, which is no number; write ? for a gap.") from problem
