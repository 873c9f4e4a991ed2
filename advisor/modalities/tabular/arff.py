"""ARFF, the file of Weka and OpenML: each column is read as the header declares it, nominals as categories."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pandas as pd

from advisor.errors import UserError
from advisor.modalities.tabular.words import MISSING_WORDS
from advisor.records import Finding
from advisor.wording import counted, some

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ATTRIBUTE = re.compile(rf"@attribute\s+({_QUOTED}|[^\s,{{}}]+)\s+(.+)", re.IGNORECASE)
_VALUE = re.compile(rf"\s*({_QUOTED}|[^,]*?)\s*(?:,|$)")
SHOWN = 3
_NUMERIC = ("numeric", "real", "integer")


def read_arff(text: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the table of an ARFF document, shape (rows, attributes): float64, text, or category as declared; and what
    is to be told of cells that are not.

    '?' is missing; quoted names and values, comments, sparse rows, string and date attributes are understood. Raises
    UserError where the header or a row does not follow the format, and for relational attributes.
    """
    head, found, body = _split(text)
    if not found:
        raise UserError("The ARFF file has no @data line, so it holds no rows.")
    names, kinds = [], []
    for line in head:
        match = _ATTRIBUTE.match(line)
        if match is None:
            raise UserError(f"The ARFF file has an @attribute line that cannot be read: {line[:80]!r}.")
        names.append(_unquote(match[1]))
        kinds.append(match[2].strip())
    if any(kind.lower().startswith("relational") for kind in kinds):
        raise UserError("The ARFF file has a relational attribute; a table with one value a cell is needed.")
    rows = _sparse_rows(body, kinds) if body and body[0].startswith("{") else _dense_rows(body, len(names))
    table = pd.DataFrame(rows, columns=range(len(names)), dtype=object)
    columns = [_typed(table[place], kind) for place, kind in enumerate(kinds)]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    lost = [
        (names[place], table[place][typed.isna() & ~table[place].isin([None, *MISSING_WORDS])])
        for place, typed in enumerate(columns)
    ]
    findings = [_undeclared(name, cells.tolist(), len(table)) for name, cells in lost if len(cells)]
    return frame.set_axis(names, axis=1), findings


def _undeclared(name: str, cells: list[str], rows: int) -> Finding:
    """Tell of cells that are not what the header says that their column holds."""
    return Finding(
        "R03", "warning",
        f"{counted(len(cells), 'cell')} of column {name!r} {'is' if len(cells) == 1 else 'are'} not what the header "
        f"declares: {some(list(dict.fromkeys(cells)), SHOWN)}. They were read as missing.",
        "Mend the header or the cells.", {"column": name, "cells": len(cells), "share": len(cells) / max(rows, 1)},
    )  # fmt: skip


def _split(text: str) -> tuple[list[str], bool, list[str]]:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("%")]
    start = next((place for place, line in enumerate(lines) if line.lower().startswith("@data")), None)
    head = [line for line in lines[:start] if line.lower().startswith("@attribute")]
    return head, start is not None, lines[start + 1 :] if start is not None else []


def _dense_rows(body: list[str], width: int) -> list[list[str | None]]:
    if any("\\" in line or ("'" in line and '"' in line) for line in body):
        cells = [_values(line) for line in body]
    else:
        quote = "'" if any("'" in line for line in body) else '"'
        delimiter = "\t" if body and "," not in body[0] and "\t" in body[0] else ","
        reader = csv.reader(StringIO("\n".join(body)), quotechar=quote, delimiter=delimiter, skipinitialspace=True)
        cells = [[cell.strip() for cell in row] for row in reader]
    for number, row in enumerate(cells, start=1):
        if len(row) != width:
            raise UserError(
                f"Row {number} of the ARFF file has {len(row)} values; its header declares {width} attributes."
            )
    return [[None if cell == "?" else cell for cell in row] for row in cells]


def _sparse_rows(body: list[str], kinds: list[str]) -> list[list[str | None]]:
    """Values that a sparse row leaves out are 0, or the first of a nominal's values, as the format has it."""
    blank: list[str | None] = [_nominal(kind)[0] if kind.startswith("{") else "0" for kind in kinds]
    rows = []
    for line in body:
        row = blank.copy()
        for cell in _values(line.strip("{} ")):
            place, _, value = cell.partition(" ")
            if not place.isdigit() or int(place) >= len(kinds):
                raise UserError(f"The ARFF file has a sparse row that cannot be read: {line[:80]!r}.")
            row[int(place)] = None if value.strip() == "?" else _unquote(value.strip())
        rows.append(row)
    return rows


def _values(line: str) -> list[str]:
    return [_unquote(match[1].strip()) for match in _VALUE.finditer(line) if match[1]]


def _unquote(word: str) -> str:
    if len(word) >= 2 and word[0] == word[-1] and word[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def _nominal(kind: str) -> list[str]:
    return _values(kind.strip().removeprefix("{").rstrip().removesuffix("}")) or [""]


def _typed(column: pd.Series, kind: str) -> pd.Series:
    if kind.startswith("{"):
        levels = list(dict.fromkeys(_nominal(kind)))
        return column.where(column.isin(levels)).astype(pd.CategoricalDtype(levels))
    if kind.lower().split()[0] in _NUMERIC:
        return pd.to_numeric(column, errors="coerce").astype("float64")
    return column
