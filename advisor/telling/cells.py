"""Tables that are handed out: whole files, and no text in them is taken for a formula by the program that opens it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.whole import whole_file

# What spreadsheets read as the begin of a formula, in full width as well.
_ACTING = "=+-@\uff1d\uff0b\uff0d\uff20"
# Where a program that takes another separator than commas begins a new cell: quotes keep it from that in the first
# column alone, since one that stands within what it takes for a cell is a letter to it.
_SEPARATOR = re.compile(r"([;|\t\n])")
# What pandas packs by a name's ending; the name that is written to has another one until it is whole.
_PACKED: Mapping[str, Any] = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip", ".zst": "zstd"}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?")


def inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts act nowhere: before what could be a formula stands an apostrophe, as is usual.

    Names of columns count as texts, and texts that are numbers as numbers.
    """
    escaped = frame.copy()
    for place, dtype in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            escaped.isetitem(place, [_inert(cell) for cell in frame.iloc[:, place]])
    return escaped.set_axis([_inert(name) for name in frame.columns], axis=1)


def write_csv(frame: pd.DataFrame, output: str) -> None:
    """Write a table to a file that is there whole or not at all; what is no plain file, as a pipe, gets it as it comes.

    Raises Unwritable, or OSError, where nobody may write there or the disk is full.
    """
    path = Path(output)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        frame.to_csv(path, index=False)
        return
    with whole_file(path) as draft:
        frame.to_csv(draft, index=False, compression=_PACKED.get(path.suffix.lower()))


def _inert(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    # A carriage return alone would end the line: writers put a text with one into no quotes.
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    told = "".join(f"'{piece}" if _acts(piece) else piece for piece in _SEPARATOR.split(text))
    return f"'{told}" if told.startswith(("\t", "\n")) else told


def _acts(piece: str) -> bool:
    """Tell whether a spreadsheet may take this for a formula: some leave out blanks and what nobody sees before one."""
    first = next((letter for letter in piece if unicodedata.category(letter)[0] not in "ZC"), "")
    return first != "" and first in _ACTING and not _NUMBER.fullmatch(piece.strip())
