"""Where a table begins on a sheet of cells: titles above it, rows of names, a row of units, and what stands below it.

Cells are texts, "" where there is none; a sheet of a workbook is turned into texts for this question alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from advisor.errors import UserError
from advisor.modalities.tabular import numbers
from advisor.modalities.tabular.words import MISSING_WORDS
from advisor.records import Finding
from advisor.wording import counted, some

Row = Sequence[str]

# Rows above the names, and rows of names, are looked for among so many; what columns hold, in so many.
LOOKED_AT, TYPED_ROWS = 30, 100
MOST_HEADER_ROWS = 3
# From this share of its filled cells on a column holds numbers, or dates, and a row of names has none there.
TYPED_SHARE = 0.8
MOST_COLUMNS = 20_000
SHOWN = 3
LONGEST_UNIT = 16
# A unit as people write it below a name: in brackets, or put together of those that are known.
_POWER = r"(?:\^?-?\d|[²³])?"
_UNIT = re.compile(rf"[\[(].*[\])]|(?:{numbers.UNITS}){_POWER}(?:[/·*. -]+(?:{numbers.UNITS}){_POWER})*", re.IGNORECASE)
# Words that a row begins with where it sums others up; and those that do so only among such rows.
_TOTALS = frozenset({
    "total", "totals", "sum", "sums", "subtotal", "subtotals", "average", "mean", "gesamt", "summe",
    "insgesamt", "zwischensumme", "übertrag", "toplam", "celkem", "összesen", "summa", "yhteensä", "σύνολο",
    "jumlah", "ukupno", "łącznie", "totales", "totaux", "totali", "totais", "avg", "ø", "gemiddelde", "średnia",
    "ortalama", "총계", "합계", "gesamtergebnis", "gesamtsumme", "mittelwert", "durchschnitt", "somme", "moyenne",
    "totale", "media", "média", "promedio", "suma", "totaal", "razem", "итого", "всего", "合计", "总计", "小计", "合計",
    "小計", "総計", "среднее", "平均", "平均值", "平均値",
})  # fmt: skip
_STATISTICS = frozenset({
    "min", "max", "minimum", "maximum", "median", "std", "stdev", "sd", "se", "var", "variance", "count", "n", "range",
    "anzahl", "standardabweichung", "standardabw.", "stabw", "varianz", "spannweite", "écart-type", "écart type",
    "nombre", "effectif", "médiane", "mínimo", "máximo", "mediana", "desviación", "desviación estándar",
    "recuento", "conteo", "varianza", "minimo", "massimo", "deviazione standard", "conteggio", "desvio padrão",
    "mínima", "contagem", "aantal", "mediaan", "standaardafwijking", "odchylenie standardowe", "liczba", "минимум",
    "максимум", "медиана", "количество", "стандартное отклонение", "最小", "最大",
    "最小值", "最大值", "中位数", "标准差", "中央値",
    "標準偏差", "件数",
})  # fmt: skip
# A last row without a word is held against the sums of so many rows at least.
FEWEST_SUMMED = 5
# What calls a row a sum stands in one of the first cells.
LABELS = 3
# A row that explains columns has words in so many of those that hold numbers or dates, where one alone may be a slip.
FEWEST_EXPLAINED = 2
# What surveys of Qualtrics write below each question.
_IMPORTED = '{"ImportId"'
_DATELIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?")


@dataclass(frozen=True)
class Layout:
    """Where what is: the rows `above` the names, the `names`, the rows that they take, and how many of them follow that
    hold units or say what the columns are.

    `findings` tell what was guessed.
    """

    above: int
    names: tuple[str, ...]
    header: int
    beneath: int
    findings: tuple[Finding, ...]

    @property
    def first(self) -> int:
        """The first row of the table itself."""
        return self.above + self.header + self.beneath


def find(rows: Sequence[Row], header: int | None = None, known: Collection[str] = ()) -> Layout:
    """Find the table among the first rows of a sheet.

    `header` is the row that has the names, counted from 1, where somebody has said so; 0 is none. Of new rows the names
    are `known`, and the row that has most of them has the names. Raises UserError where there is no row `header`.
    """
    width = _width(rows)
    if (widest := max(map(len, rows), default=0)) > MOST_COLUMNS:
        raise UserError(f"The table has {widest:,} columns or more; up to {MOST_COLUMNS:,} can be compared.")
    if known and header is None:
        named = [len(set(known) & {cell.strip() for cell in row}) for row in rows[:LOOKED_AT]]
        if max(named, default=0):
            header = 1 + named.index(max(named))
    if header is not None:
        if header > len(rows):
            raise UserError(f"--header {header} is beyond the rows of the file; it is counted from 1, and 0 says that "
                            "there is none.")  # fmt: skip
        names = rows[header - 1] if header else []
        return Layout(max(header - 1, 0), _named(names, width), int(header > 0), 0, ())
    above = _rows_above(rows, width)
    # A column may be named that has hardly a cell: a sheet's rows end with the last cell that is filled.
    beyond = range(width, len(rows[above]))
    width = max(width, next((place for place in beyond if not rows[above][place]), len(rows[above])))
    typed = _typed_columns(rows[above + 1 : above + 1 + TYPED_ROWS], width)
    deep = _header_rows(rows[above:], width, typed)
    explained = _rows_of_explanations(rows[above:], deep, width, typed)
    units = 0 if explained else int(_are_units(rows[above:], deep, width, typed))
    names = _named(_joined(rows[above : above + deep], width), width)
    findings = []
    if twins := [name for name in names if name not in _padded(rows[above], width) and re.search(r" \(\d+\)$", name)]:
        findings.append(
            Finding("R04", "warning", f"Several columns have one name; the later ones are called {some(twins, SHOWN)}.",
                    "Give every column a name of its own.", {"names": twins})
        )  # fmt: skip
    if above and any(cell for row in rows[:above] for cell in row):
        title = next(cell for row in rows[:above] for cell in row if cell)
        findings.append(_told(f"{counted(above, 'row')} above the column names {'was' if above == 1 else 'were'} left "
                              f"out, {_shortened(title)}.", {"rows": above}))  # fmt: skip
    if deep > 1:
        findings.append(_told(f"The column names take {deep} rows, which were joined, as in {names[-1]!r}.",
                              {"rows": deep}))  # fmt: skip
    if units:
        row = [cell for cell in rows[above + deep] if cell]
        findings.append(_told(f"Row {above + deep + 1} holds units, {some(row, SHOWN)}; it was left out.",
                              {"row": above + deep + 1}))  # fmt: skip
    if explained:
        row = [cell for cell in rows[above + deep] if cell]
        are = "row says what the columns are" if explained == 1 else "rows say what the columns are"
        findings.append(_told(f"{explained} {are}, {_shortened(row[-1])}, below the names; "
                              f"{'it was' if explained == 1 else 'they were'} left out.",
                              {"row": above + deep + 1, "rows": explained}))  # fmt: skip
    if deep == 1 and not units and not explained and not above and _looks_like_data(rows[0], rows[1:], width, typed):
        findings.append(
            Finding(
                "R04", "warning",
                f"The first row looks like data ({some([cell for cell in rows[0] if cell], SHOWN)}), and was taken for "
                "the column names.",
                "If the file has no column names, say --header 0; columns are then called column 1, column 2, ...",
                {"row": 1},
            )
        )  # fmt: skip
    return Layout(above, names, deep, units + explained, tuple(findings))


def below(rows: Sequence[Row], typed: Sequence[bool]) -> tuple[int, str]:
    """Return how many of the last rows are notes or a total, and what the first of them says.

    A note is a row with one filled cell, where the table has three columns or more; a total is a row that begins with
    such a word where the rows before it say something else, or with one for another statistic beside such a row.
    """
    count, said, pending, totals = 0, "", 0, 0
    for row in reversed(rows):
        filled = [cell for cell in row if cell]
        note = len(filled) <= 1 and len(typed) > 2 and (not filled or not _is_typed(filled[0]))
        before = rows[: len(rows) - count - pending - 1]
        # The label stands in the first cells that are filled, and nowhere above.
        place = next((place for place, cell in enumerate(row[:LABELS]) if cell), 0)
        label = row[place] if row else ""
        alone = bool(label) and not any(len(other) > place and other[place] == label for other in before)
        if alone and label.strip(" :").casefold() in _STATISTICS:
            pending += 1  # one of several statistics, if a total is among them
            said_then = label
            continue
        total = alone and is_total(label)
        if not note and not total:
            break
        count, pending, totals = count + pending + 1, 0, totals + total
        said = filled[0] if filled else said
    if pending and totals:
        count, said = count + pending, said_then
    return count, said


def may_be_totals(levels: Any) -> Any:
    """Return those of many different cells that `is_total` has to be asked of."""
    if not isinstance(levels, pd.arrays.ArrowStringArray):
        return levels
    words = "|".join(map(re.escape, sorted(_TOTALS)))
    found = pc.match_substring_regex(levels.__arrow_array__(), words, ignore_case=True)
    return levels[np.asarray(pc.fill_null(found, False))]


def is_total(cell: str) -> bool:
    """Tell whether a cell calls its row a sum of others: its first or last word does."""
    parts = re.split(r"[\s_-]+", str(cell).strip(" :").casefold())
    return bool(parts) and len(parts) <= 3 and bool({parts[0], parts[-1]} & _TOTALS)


def begins_another(above: Sequence[Row], below: Sequence[Row]) -> bool:
    """Tell whether another table begins with the row after a blank one: names, and values in the row after them."""
    width = _width(above)
    if len(above) < 3 or len(below) < 2 or width < 2:
        return False
    names, first = below[0], below[1]
    typed = _typed_columns(above[1 : 1 + TYPED_ROWS], width)
    filled = [cell for cell in names if cell]
    return (
        len(filled) > 1
        and list(names) != list(above[0])
        and _has_no_values(_padded(names, width), typed)
        and not any(map(_is_typed, filled))
        and any(_is_typed(cell) for cell in first)
    )


def another(names: Row, rows: int) -> Finding:
    """Tell of another table that stands below a blank row."""
    return Finding(
        "R04", "warning",
        f"Another table stands below a blank row, with {some([cell for cell in names if cell], SHOWN)}; it was left "
        f"out ({counted(rows, 'row')}).",
        "Give it a file of its own if it is wanted.",
        {"rows": rows},
    )  # fmt: skip


def typed_columns(rows: Sequence[Row], width: int) -> list[bool]:
    """Tell of each column whether its cells are numbers or dates."""
    return _typed_columns(rows, width)


def _width(rows: Sequence[Row]) -> int:
    """Return how many cells most rows have, empty ones at their end not counted where all rows have them."""
    lengths = Counter(len(row) for row in rows if any(row))
    if not lengths:
        return 0
    usual = max(lengths, key=lambda length: (lengths[length], length))
    last = max((place + 1 for row in rows for place, cell in enumerate(row[:usual]) if cell), default=0)
    return max(last, 1)


def _rows_above(rows: Sequence[Row], width: int) -> int:
    """Count the rows above the names: those with at most half of the cells, before the first that has more, or all up
    to a blank column, behind which another table may stand."""
    reach = {place for row in rows for place, cell in enumerate(row[:width]) if cell}
    blank = next((place for place in range(width) if place not in reach), width)
    for place, row in enumerate(rows[:LOOKED_AT]):
        filled = sum(bool(cell) for cell in row[:width])
        if row and row[0].startswith("#") and len(row) < width:
            continue
        if filled > width / 2 or (width == 1 and filled) or (blank > 1 and len(row) >= blank and all(row[:blank])):
            return place
    return 0


def _typed_columns(rows: Sequence[Row], width: int) -> list[bool]:
    found = []
    for place in range(width):
        cells = [row[place] for row in rows if place < len(row) and row[place] and row[place] not in MISSING_WORDS]
        found.append(bool(cells) and sum(map(_is_typed, cells)) >= TYPED_SHARE * len(cells))
    return found


def _is_typed(cell: str) -> bool:
    return numbers.is_number(cell) or _DATELIKE.fullmatch(cell) is not None


def _header_rows(rows: Sequence[Row], width: int, typed: Sequence[bool]) -> int:
    """Count the rows of names: more than one where a row with gaps or repeated names stands above one without."""
    deep = 1
    while deep < MOST_HEADER_ROWS and deep + 1 < len(rows):
        upper, lower = _padded(rows[deep - 1], width), _padded(rows[deep], width)
        named = [cell for cell in upper if cell]
        incomplete = len(named) < width or len(set(named)) < len(named)
        whole = all(below or above_it for above_it, below in zip(upper, lower, strict=True))
        if not incomplete or not whole or not _has_no_values(lower, typed) or not any(lower[1:]):
            break
        joined = _joined(rows[: deep + 1], width)
        if len(set(joined)) < len(joined):
            break
        deep += 1
    return deep


def _are_units(rows: Sequence[Row], deep: int, width: int, typed: Sequence[bool]) -> bool:
    if deep + 1 >= len(rows):
        return False
    row = _padded(rows[deep], width)
    told = [cell for cell, is_typed in zip(row, typed, strict=True) if is_typed and cell]
    below = [_padded(other, width) for other in rows[deep + 1 :]]
    words = [place for place in range(width) if not typed[place] and re.search(r"\w", row[place])]
    return (
        _has_no_values(row, typed)
        and not any(other[place] == row[place] for place in words for other in below)  # a row as others are
        and len(told) >= max(1, sum(typed) / 2)
        and all(len(cell) <= LONGEST_UNIT for cell in row)
        and 2 * sum(_UNIT.fullmatch(cell) is not None for cell in told) > len(told)
    )


def _rows_of_explanations(rows: Sequence[Row], deep: int, width: int, typed: Sequence[bool]) -> int:
    """Count the rows below the names that explain each column, as surveys have them: its question, its number there."""
    upper = [_padded(row, width) for row in rows[deep : deep + MOST_HEADER_ROWS - 1]]
    for place, row in enumerate(upper):
        filled = [cell for cell in row if cell]
        if filled and all(cell.startswith(_IMPORTED) for cell in filled):
            return place + 1
    row = upper[0] if upper else []
    told = [cell for cell, is_typed in zip(row, typed, strict=False) if is_typed and cell]
    several = len(told) >= max(FEWEST_EXPLAINED, sum(typed) / 2) and len(set(row)) == width
    sentences = sum(len(cell.split()) > 1 for cell in row) > width / 2
    below = [_padded(other, width) for other in rows[deep + 1 :]]
    again = any(other[place] == cell for place, cell in enumerate(row) for other in below)
    return int(several and sentences and _has_no_values(row, typed) and not again)


def _has_no_values(row: Row, typed: Sequence[bool]) -> bool:
    """Tell whether a row has words where its columns have numbers or dates; False where no column has."""
    told = [cell for cell, is_typed in zip(row, typed, strict=True) if is_typed and cell]
    gaps = [cell for cell in told if cell in MISSING_WORDS or not re.search(r"\w|%|°", cell)]
    return bool(told) and not gaps and not any(map(_is_typed, told))


def _looks_like_data(row: Row, others: Sequence[Row], width: int, typed: Sequence[bool]) -> bool:
    """Tell whether a first row is like those below it: numbers where they have numbers, words of theirs elsewhere."""
    cells = _padded(row, width)
    values = [cell for cell, is_typed in zip(cells, typed, strict=True) if is_typed]
    if not values or not all(cell and _is_typed(cell) for cell in values):
        return False
    words = [place for place in range(width) if not typed[place] and cells[place]]
    known = [{other[place] for other in others if place < len(other)} for place in words]
    if words and not all(cells[place] in own for place, own in zip(words, known, strict=True)):
        return False
    counted_up = [str(number) for number in range(width)], [str(number + 1) for number in range(width)]
    years = bool(words) or all(re.fullmatch(r"(19|20)\d\d", cell) for cell in values)
    return cells not in counted_up and (bool(words) or not years)


def _joined(rows: Sequence[Row], width: int) -> list[str]:
    """Join the rows of names column by column; a cell that is empty in an upper row continues the one before it."""
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        last = ""
        for place, cell in enumerate(_padded(row, width)):
            last = cell or (last if depth < len(rows) - 1 else "")
            if last and last not in parts[place]:
                parts[place].append(last)
    return [" ".join(part) for part in parts]


def _named(names: Sequence[str], width: int) -> tuple[str, ...]:
    """Name every column; one without a name is called after its place, counted from 1."""
    kind = "unnamed" if any(names) else "column"
    found: dict[str, None] = {}
    times: Counter[str] = Counter()
    for place, name in enumerate(_padded(names, width), start=1):
        unique = own = name.strip() or f"{kind} {place}"
        times[own] += 1
        while unique in found:
            times[own] = max(times[own], 2)
            unique = f"{own} ({times[own]})"
            times[own] += unique in found
        found[unique] = None
    return tuple(found)


def _padded(row: Row, width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]


def _told(message: str, evidence: dict[str, int]) -> Finding:
    return Finding("R04", "info", message, "If that is wrong, say --header and the row that has the names.", evidence)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
