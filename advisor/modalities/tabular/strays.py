"""Rows that are none of a table's, its names again, notes and sums below it; and what may be such rows and stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from advisor.modalities.tabular import layout, sums
from advisor.modalities.tabular.doubts import two_ways
from advisor.modalities.tabular.words import text_of
from advisor.records import Finding
from advisor.wording import counted, shortened, some

# Up to this share of the rows may be sums of others.
MOST_SUMS_SHARE = 0.34
# Rows without any word are strange where hardly one of the others lacks one.
MOST_WORDLESS_SHARE, WORDS_SHARE = 0.1, 0.95
# A column of names beside merged cells: hardly filled, and each name once.
FEWEST_BLOCKS, MOST_FILLED_SHARE = 3, 0.5
# A table beside the data is shorter than it.
FEWEST_BESIDE, MOST_BESIDE_SHARE = 5, 0.5
SHOWN = 3


def without_strays(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the table without another one beside it, without its names in the middle of it, and without notes and sums
    below it; tell of each.

    Rows that may be sums of others, and cells that may have been merged, are told of and stay.
    """
    frame, findings = _without_tables_beside(frame)
    again = _names_again(frame)
    if again.any():
        findings.append(_left_out(int(again.sum()), "with the column names, in the middle of the table,"))
        frame = frame[~again].reset_index(drop=True)
    texts = _texts(frame.tail(layout.LOOKED_AT))
    typed = layout.typed_columns(_texts(frame.head(layout.LOOKED_AT)), len(frame.columns))
    count, said = layout.below(texts, typed)
    if not count and len(frame) > layout.FEWEST_SUMMED and _sums_up(frame, texts[-1], typed):
        count, said = 1, next(cell for cell in texts[-1] if cell)
    if 0 < count < len(frame):
        findings.append(_left_out(count, f"below the table, with {said!r} in front,"))
        frame = frame.iloc[: len(frame) - count]
    maybe = [*_sums_inside(frame, typed)] or [*_sums_by_their_numbers(frame, typed)]
    return frame, [*findings, *maybe, *_merged(frame)]


def _without_tables_beside(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the table without columns behind one that has neither a name nor a cell, where they are filled in one run
    of rows, half of them at most."""
    names = frame.columns.tolist()
    nameless = [place for place, name in enumerate(names) if name.startswith("unnamed ")]
    blanks = [place for place in nameless if not _filled(frame[names[place]]).any()]
    findings: list[Finding] = []
    gone: list[str] = []
    for blank, end in pairwise([*blanks, len(names)]):
        beside = names[blank + 1 : end]
        if not beside or not blank or len(frame) < FEWEST_BESIDE:
            continue
        rows = np.flatnonzero(np.any([_filled(frame[name]) for name in beside], axis=0))
        if len(rows) and rows[-1] - rows[0] < len(rows) <= MOST_BESIDE_SHARE * len(frame):
            gone += [names[blank], *beside]
            first = [frame[name][_filled(frame[name])].astype(object).head(1).tolist() for name in beside]
            shown = [text_of(cells[0]) if name.startswith("unnamed ") and cells else name
                     for name, cells in zip(beside, first, strict=True)]  # fmt: skip
            findings.append(
                Finding("R04", "warning", f"Another table stands beside the data, behind a blank column, with "
                        f"{some(shown, SHOWN)}; it was left out ({counted(len(rows), 'row')}).",
                        "Give it a file of its own if it is wanted, or take the blank column out if it belongs to the "
                        "rows.", {"rows": len(rows)})
            )  # fmt: skip
    return frame.drop(columns=gone) if gone else frame, findings


def _left_out(count: int, what: str) -> Finding:
    message = f"{counted(count, 'row')} {what} {'was' if count == 1 else 'were'} left out."
    return Finding("R04", "info", message, "Make sure that this was meant.", {"rows": count})


def _texts(frame: pd.DataFrame) -> list[list[str]]:
    rows = frame.astype(object).itertuples(index=False)
    return [["" if pd.isna(cell) else text_of(cell) for cell in row] for row in rows]


def _names_again(frame: pd.DataFrame) -> np.ndarray:
    """Tell of which rows (n,) most cells are the names of their columns, as where files were joined."""
    alike, texts = np.zeros(len(frame), dtype=np.int64), _text_columns(frame)
    most = max(1, len(frame.columns) / 2)
    for name in texts if len(texts) > most else ():
        alike += (frame[name] == name).to_numpy(dtype=bool, na_value=False)
    return alike > most


def _filled(column: pd.Series) -> np.ndarray:
    """Tell which cells (n,) have something in them."""
    if isinstance(column.dtype, pd.StringDtype):
        letters = pc.binary_length(column.array.__arrow_array__())
        if pc.min(letters).as_py():
            return column.notna().to_numpy()
        return np.asarray(pc.fill_null(pc.greater(letters, 0), False))
    return np.asarray(column.notna() & (column != "").fillna(True), dtype=bool)


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [
        name for name in frame.columns if frame[name].dtype == object or isinstance(frame[name].dtype, pd.StringDtype)
    ]


def _sums_up(frame: pd.DataFrame, last: Sequence[str], typed: Sequence[bool]) -> bool:
    """Tell whether a last row without a word holds the sums of the columns above it."""
    if any(cell and not is_typed for cell, is_typed in zip(last, typed, strict=True)) or all(typed):
        return False
    filled = [name for name, cell in zip(frame.columns, last, strict=True) if cell]
    values = [sums.numbers_of(frame[name]) for name in filled]
    totals = [float(np.nansum(column[:-1])) for column in values]
    same = [np.isclose(total, column[-1], rtol=1e-6) for total, column in zip(totals, values, strict=True)]
    return bool(same) and all(same) and any(totals)


def _sums_inside(frame: pd.DataFrame, typed: Sequence[bool]) -> Iterator[Finding]:
    """Tell of rows in the middle that are called a total in one of the first columns of words and have no other, and of
    rows that have numbers and no word at all, where all others have some."""
    texts = set(_text_columns(frame))
    names = [name for name, is_typed in zip(frame.columns, typed, strict=True) if not is_typed and name in texts]
    if not names:
        return
    filled = np.stack([_filled(frame[name]) for name in names])
    counts = filled.sum(axis=0, dtype=np.uint16)
    for place, name in enumerate(names[: layout.LABELS]):
        alone = filled[place] & (counts == 1)
        levels = layout.may_be_totals(frame[name][alone].unique()) if alone.any() else ()
        totals = [level for level in levels if isinstance(level, str) and layout.is_total(level)]
        if not totals:
            continue
        called = alone & np.array(frame[name].isin(totals), dtype=bool)
        if len(names) == 1 and frame[name][~called].duplicated().any():
            return  # a level as others are
        if 0 < called.sum() <= MOST_SUMS_SHARE * len(frame):
            shown = list(dict.fromkeys(frame[name][called].astype(str)))
            yield _maybe_sums(int(called.sum()), f"{some(shown, SHOWN)} in column {name!r}")
    worded = int(np.count_nonzero(counts))
    rest = frame[counts == 0].drop(columns=names)
    wordless = int((rest.notna() & (rest != "")).any(axis=1).sum())
    if (
        len(names) > 1
        and 0 < wordless <= MOST_WORDLESS_SHARE * len(frame)
        and counts.sum() >= WORDS_SHARE * len(names) * worded
    ):
        yield _maybe_sums(wordless, "since they have numbers and no words")


def _sums_by_their_numbers(frame: pd.DataFrame, typed: Sequence[bool]) -> Iterator[Finding]:
    """Tell of rows whose numbers are those of others together, or their mean."""
    for found in sums.summed(frame, typed):
        shown = repr(shortened(sums.label(frame, found.rows[0])))
        if found.kind == "block":
            yield _maybe_sums(len(found.rows), f"as {shown}: their numbers are those of the rows beside them together")
        else:
            those = "those of all others together" if found.kind == "sum" else "the means of all others"
            yield _maybe_sums(1, f"{shown}: its numbers in {some(found.columns, SHOWN)} are {those}", found.kind)


def _maybe_sums(count: int, why: str, kind: str = "sum") -> Finding:
    return Finding(
        "R04", "warning",
        f"{counted(count, 'row')} may be {f'a {kind}' if count == 1 else 'sums'} of others, {why}. "
        f"{'It was' if count == 1 else 'They were'} read as {'a row' if count == 1 else 'rows'} like all.",
        f"Remove them if they are {kind}s: a model would learn from each row twice.", {"rows": count},
    )  # fmt: skip


def _merged(frame: pd.DataFrame) -> Iterator[Finding]:
    """Tell of first columns that are filled where a block of rows begins, as merged cells are."""
    for name in frame.columns:
        filled = _filled(frame[name])
        cells = int(filled.sum())
        if not filled[:1].all() or not FEWEST_BLOCKS <= cells <= MOST_FILLED_SHARE * len(frame):
            return
        if frame[name][filled].duplicated().any():
            return
        yield two_ways(
            name, "warning", f"{len(frame) - cells:,} of its {counted(len(frame), 'cell')} may be gaps, or mean what "
            "stands above them, as where cells were merged", "with gaps",
            "If cells were merged, fill them down before the table is used.",
            cells=cells, taken="gap", other="cell above",
        )  # fmt: skip
