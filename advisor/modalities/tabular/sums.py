"""Rows that are the sum or the mean of others: their numbers show it, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advisor.modalities.tabular import numbers
from advisor.modalities.tabular.forms import ends, finite
from advisor.modalities.tabular.words import text_of, words

# A sum has so many terms, and where one block alone of a table is summed up, or one column, more.
FEWEST_TERMS, FEWEST_ALONE = 3, 5
# It stands in one of so many columns at least: years and shares add up to nothing.
FEWEST_OF = 3
# A sum of rounded numbers may be off by as much as they together; not by more than this share.
MOST_OFF_SHARE = 1e-3
# Chance makes a row the mean of all others less often than this, in one column and in all; rows at both ends are asked.
MOST_OFTEN, RARE, ENDS = 0.1, 1e-4, 3
# In larger tables only columns that hold numbers already are looked at, for sums alone; and a block has so many rows
# at most.
MANY_ROWS, LONGEST_BLOCK = 100_000, 1_000
MOST_DIGITS, LOOKED_AT = 9, 100


@dataclass(frozen=True)
class Summed:
    """Rows (their places) that are a `kind`, "sum" or "mean", of all others, or sums of the rows beside them."""

    rows: tuple[int, ...]
    kind: str
    columns: tuple[str, ...]


def numbers_of(column: pd.Series) -> np.ndarray:
    """Return a column as numbers (n,), in whatever style they are written, NaN where they are none."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    spelt = words(column)
    style = numbers.style_of(spelt.levels, spelt.counts)
    known = numbers.read(spelt.levels, style) if style is not None else np.full(len(spelt.levels), np.nan)
    return np.asarray(np.append(known, np.nan)[spelt.codes])


def summed(frame: pd.DataFrame, typed: Sequence[bool]) -> Iterator[Summed]:
    """Yield the rows of `frame` (n, p) that sum others up; `typed` (p,) tells which columns hold numbers or dates.

    First sums of blocks of rows, which stand below or above their block, then one row of the rest. Linear in the number
    of cells.
    """
    if len(frame) <= FEWEST_ALONE:
        return
    names = [
        name for name, is_typed in zip(frame.columns, typed, strict=True)
        if is_typed and (len(frame) <= MANY_ROWS or pd.api.types.is_numeric_dtype(frame[name].dtype))
        and not pd.api.types.is_datetime64_any_dtype(frame[name].dtype)
    ]  # fmt: skip
    columns = {name: finite(numbers_of(frame[name])) for name in names}
    columns = {name: values for name, values in columns.items() if np.isfinite(values).sum() > FEWEST_ALONE}
    amounts = {name: values for name, values in columns.items() if ends(values)[0] >= 0}  # others add up to anything
    rest = np.ones(len(frame), dtype=bool)
    if amounts:
        blocks = _blocks(list(amounts.values()))
        if not blocks:
            above = _blocks([values[::-1] for values in amounts.values()])
            blocks = [len(frame) - 1 - place for place in above]
        if blocks:
            rest[blocks] = False
            yield Summed(tuple(blocks), "block", tuple(amounts))
        places = np.flatnonzero(rest)
        kept = {name: values[places] if blocks else values for name, values in amounts.items()}
        for place, which in _totals(kept).items():
            row = int(places[place])
            at_an_end = place == 0 or place >= len(places) - ENDS
            if len(which) > 1 or (at_an_end and _is_called(frame, row, typed)):
                rest[row] = False
                yield Summed((row,), "sum", which)
    if rest.all() and len(frame) <= MANY_ROWS:
        for row in sorted({0, *range(len(frame) - ENDS, len(frame))}):
            if which := _means(columns, row):
                yield Summed((row,), "mean", which)
                return


def label(frame: pd.DataFrame, row: int) -> str:
    """Return what a row is called: the first of its cells that is filled."""
    cells = [cell for cell in frame.iloc[row].tolist() if not pd.isna(cell) and text_of(cell)]
    return text_of(cells[0]) if cells else ""


def _unit(values: np.ndarray) -> float:
    """Return to what numbers were rounded: 0.01 where they have two decimals."""
    shown = [f"{value:.12g}" for value in values[np.isfinite(values)][:LOOKED_AT]]
    digits = max((len(text.partition(".")[2]) if "e" not in text else MOST_DIGITS for text in shown), default=0)
    return float(10.0 ** -min(digits, MOST_DIGITS))


def _off(sums: np.ndarray, units: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Return by how much sums of so many rounded terms may be off."""
    return np.asarray(np.maximum(1e-9 * sums, np.minimum(units / 2 * np.sqrt(terms), MOST_OFF_SHARE * sums)))


# Sums of numbers beyond all measure are endless, and nobody's sum.
_QUIETLY = np.errstate(over="ignore", invalid="ignore")


@_QUIETLY
def _blocks(columns: Sequence[np.ndarray]) -> list[int]:
    """Return the rows of amounts (p columns of n) that are the sums of all rows since the last such row, in a third
    of the columns where they have something; [] where there is one alone that may be so by chance, or is the last."""
    found: list[int] = []
    begin, rows, units = 0, len(columns[0]), np.array([_unit(values) for values in columns])
    chance, fewest = False, len(columns)
    while begin < rows:
        part = np.nan_to_num(np.column_stack([values[begin : begin + LONGEST_BLOCK] for values in columns]), posinf=0.0)
        sums = np.cumsum(part, axis=0) - part
        terms = np.cumsum(part > 0, axis=0) - (part > 0)
        hits = (part > 0) & (terms >= FEWEST_TERMS) & (np.abs(part - sums) <= _off(sums, units, terms + 1))
        votes = hits.sum(axis=1)
        last = np.flatnonzero((votes > 0) & (FEWEST_OF * votes >= (part > 0).sum(axis=1)))
        if not len(last):
            break
        length = int(last[0])
        # In one column alone small numbers add up by chance.
        fewest = min(fewest, int(votes[length]))
        chance |= fewest == 1 and length < FEWEST_ALONE
        found.append(begin + length)
        begin += length + 1
    # One block of rows alone has to be long, and shows it in several columns; the last row may sum up all.
    alone = len(found) == 1 and (fewest < 2 or found[0] < 2 * FEWEST_ALONE or found[0] == rows - 1)
    return [] if chance or alone else found


@_QUIETLY
def _totals(columns: Mapping[str, np.ndarray]) -> dict[int, tuple[str, ...]]:
    """Return the rows of amounts that are as much as all others together, and in which columns; a third of those
    where they have something at least."""
    found: dict[int, list[str]] = {}
    for name, values in columns.items():
        most = ends(values)[1]
        others = float(np.nansum(values)) - most
        terms = int(np.count_nonzero(values > 0))
        if terms > FEWEST_TERMS and abs(most - others) <= _off(
            np.array(others), np.array(_unit(values)), np.array(terms)
        ):
            found.setdefault(int(np.nanargmax(values)), []).append(name)
    filled = {row: sum(values[row] > 0 for values in columns.values()) for row in found}
    return {row: tuple(which) for row, which in found.items() if FEWEST_OF * len(which) >= filled[row]}


@_QUIETLY
def _means(columns: Mapping[str, np.ndarray], row: int) -> tuple[str, ...]:
    """Return the columns in which a row is the mean of all others, () where that may be chance."""
    hits, chance, filled = [], 1.0, 0
    for name, values in columns.items():
        if np.isnan(values[row]):
            continue
        filled += 1
        count = int(np.count_nonzero(~np.isnan(values))) - 1
        mean = (float(np.nansum(values)) - values[row]) / count
        off = max(_unit(values[[row]]) / 2, 1e-9 * abs(mean))
        spread = float(np.nanstd(values)) if abs(mean - values[row]) <= 1.001 * off else 0.0
        if 2 * off < MOST_OFTEN * spread:
            hits.append(name)
            chance *= 2 * off / spread
    return tuple(hits) if hits and 2 * len(hits) >= filled and chance <= RARE else ()


def _is_called(frame: pd.DataFrame, row: int, typed: Sequence[bool]) -> bool:
    """Tell whether a row has a word that no other has, or none where all others have one."""
    for name, is_typed in zip(frame.columns, typed, strict=True):
        cell, filled = frame[name].iloc[row], frame[name].notna() & (frame[name] != "")
        alone = int((frame[name] == cell).sum()) == 1 if filled.iloc[row] else int((~filled).sum()) == 1
        if not is_typed and alone:
            return True
    return False
