"""Large text files that are plainly written, by pandas' parser on all cores.

One pass over the bytes shows first that nothing in them is odd: no quotes, no rows of another width, no blank lines, no
codes that begin with zeros. Whatever is not plain is left to text_files, which is slower and reads anything.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.modalities.tabular import frames, layout, text_files
from advisor.modalities.tabular.dialects import BLANKS, SAMPLE_ROWS, cut, dialect_of
from advisor.modalities.tabular.encodings import SAMPLE_BYTES, garbled, is_binary, is_utf8
from advisor.modalities.tabular.strays import without_strays
from advisor.modalities.tabular.text_files import TextTable
from advisor.modalities.tabular.words import ERRORS, MISSING_WORDS

# Below, pandas reads with one thread, and nobody waits.
FEWEST_BYTES = 5 << 20
SPAN_BYTES, BLOCK_BYTES, LONGEST_CODE = 1 << 24, 1 << 18, 64
LARGEST_EXACT_WHOLE = 2**53
_NEWLINE, _QUOTE, _NOUGHT, _BEYOND_ASCII = ord("\n"), ord('"'), ord("0"), 128


def read(path: Path, decimal: str | None = None) -> TextTable | None:
    """Read a table as `text_files.read` reads its bytes; None where that has to do it."""
    try:
        if path.stat().st_size < FEWEST_BYTES:
            return None
        with path.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
    except (OSError, ValueError):
        return None
    text = head.decode("utf-8", errors="ignore")
    dialect = dialect_of(text)
    rows = list(cut(text, dialect, SAMPLE_ROWS))
    if len(rows) < SAMPLE_ROWS and len(head) == SAMPLE_BYTES:
        rows.pop()  # the sample ends within a row
    if is_binary(head) or dialect.delimiter == BLANKS or not dialect.delimiter.isascii() or dialect.quote != '"':
        return None
    if dialect.lines or len(rows) < 2 or text.startswith("\ufeff") or "\n" not in text:
        return None
    place, mark = layout.find(rows), decimal or text_files.decimal_of(rows[1:])
    names = list(place.names)
    if place.first != 1 or mark == "," or any(len(row) != len(names) for row in rows):
        return None
    count = _rows(path, ord(dialect.delimiter), len(names))
    if count is None:
        return None
    frame = _parsed(path, dialect.delimiter, [[row[column] for row in rows[1:]] for column in range(len(names))])
    if frame is None or len(frame) != count - 1 or _has_empty_rows(frame):
        return None
    frame, told = without_strays(frames.named(frame.set_axis(names, axis=1)))
    return TextTable(frame, mark, (), (*place.findings, *garbled(head), *told))


def _rows(path: Path, delimiter: int, width: int) -> int | None:
    """Count the rows of a file; None where something in it is odd."""
    size = path.stat().st_size
    with ThreadPoolExecutor() as pool:
        spans = list(pool.map(partial(_span, path, delimiter), range(0, size, SPAN_BYTES)))
    known = [span for span in spans if span is not None]
    delimiters, newlines = sum(span[0] for span in known), sum(span[1] for span in known)
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        newlines += file.read(1) != b"\n"
    # An empty line of one column alone is a gap.
    if len(known) < len(spans) or width < 2 or delimiters != newlines * (width - 1):
        return None
    return newlines if all(span[2] for span in known) or is_utf8(np.memmap(path, np.uint8, "r")) else None


def _span(path: Path, delimiter: int, start: int) -> tuple[int, int, bool] | None:
    """Count delimiters and line ends of a span of a file, and tell whether it is ASCII; None where it has quotes, or
    whole numbers that begin with zeros, as codes do.

    A block is looked at while it is in the processor's memory, in arrays that are used again.
    """
    held, digits = np.empty((2, BLOCK_BYTES + 2), dtype=np.uint8)
    marks = np.empty((3, BLOCK_BYTES + 2), dtype=bool)
    delimiters, newlines, ascii_only = 0, 0, True
    codes = rb"[%c\n]0\d{1,%d}[%c\r\n]" % (delimiter, LONGEST_CODE - 2, delimiter)
    with path.open("rb", buffering=0) as file:
        for place in range(start, start + SPAN_BYTES, BLOCK_BYTES):
            file.seek(place)
            size = file.readinto(held.data) or 0
            if not size:
                break
            block, (before, ends, odd) = held[:size], marks[:, :size]
            np.equal(block, delimiter, out=before)
            np.equal(block, _NEWLINE, out=ends)
            delimiters += int(np.count_nonzero(before[:BLOCK_BYTES]))
            newlines += int(np.count_nonzero(ends[:BLOCK_BYTES]))
            if np.equal(block, _QUOTE, out=odd).any():
                return None
            ascii_only &= bool(block.max() < _BEYOND_ASCII)
            # A delimiter or a line's end, a nought, and a digit.
            before |= ends
            inner = max(size - 2, 0)
            padded = np.equal(block[1:-1], _NOUGHT, out=ends[:inner])
            padded &= before[:inner]
            np.subtract(block[2:], _NOUGHT, out=digits[:inner])
            padded &= np.less(digits[:inner], 10, out=odd[:inner])
            if padded.any():
                ahead = file.read(LONGEST_CODE)
                if re.search(codes, block.tobytes() + ahead + b"\n" * (len(ahead) < LONGEST_CODE)):
                    return None
    return delimiters, newlines, ascii_only


def _parsed(path: Path, delimiter: str, samples: Sequence[Sequence[str]]) -> pd.DataFrame | None:
    """Parse a file whose first row has the names; `samples` are the first cells of each column.

    Texts stay as they are written, also such as stand for a gap; None where pandas would take for numbers what may be
    none.
    """
    plain = [text_files.are_plain(cells) for cells in samples]
    seen = {cell for cells, number in zip(samples, plain, strict=True) if number for cell in cells} & MISSING_WORDS
    gaps: Any = [""]
    if seen - {""}:  # words for a gap are looked for, in each cell, only where there are some
        words = sorted(MISSING_WORDS - ERRORS)
        gaps = {column: words if number else [""] for column, number in enumerate(plain)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # such columns are looked at below
            frame = pd.read_csv(
                path, sep=delimiter, header=None, names=range(len(samples)), skiprows=1, keep_default_na=False,
                na_values=gaps, encoding="utf-8", compression=None,
            )  # fmt: skip
    except (pd.errors.ParserError, UnicodeDecodeError, OverflowError):
        return None
    for column, dtype in enumerate(frame.dtypes):
        filled = set(samples[column]) - MISSING_WORDS
        if dtype.kind == "b" or (dtype.kind == "O" and set(map(type, frame[column].dropna().unique())) == {bool}):
            fits = filled <= {"True", "False"}
        elif dtype.kind in "iuf":
            fits = plain[column] or not filled or filled == {"1"}
            fits = fits and (dtype.kind == "f" or frame[column].abs().max() <= LARGEST_EXACT_WHOLE)
        else:
            fits = isinstance(dtype, pd.StringDtype)
        if not fits:
            return None
    whole = frame.select_dtypes("integer").columns
    return frame.astype(dict.fromkeys(whole, np.float64)) if len(whole) else frame


def _has_empty_rows(frame: pd.DataFrame) -> bool:
    """Tell whether a row has no cell at all, as may stand between two tables, or below one."""
    empty = np.ones(len(frame), dtype=bool)
    for column in frame.columns:
        empty &= frame[column].isna().to_numpy()
        if not empty.any():
            return False
    return True
