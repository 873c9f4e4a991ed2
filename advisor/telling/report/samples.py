"""A few rows of the data as the page draws them: of series, curves; texts and pictures as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.telling.report.facts import Document
from advisor.telling.report.numbers import known
from advisor.wording import counted, some

WIDTH, HEIGHT, EDGE = 160, 60, 4
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")
Curves = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Line:
    """A stretch of a curve without gaps: "x,y x,y" in the drawing's units, and the place of its channel, from 0."""

    channel: int
    points: str


@dataclass(frozen=True)
class Drawn:
    """A row with what is to be predicted of it."""

    label: str
    lines: tuple[Line, ...]


def pictures(document: Document) -> tuple[tuple[str, str], ...]:
    """Return the rows that are pictures: what is to be predicted of each, and a text that shows it; none but such."""
    rows = [(str(row.get("label", "")), str(row.get("picture"))) for row in document.get("samples") or ()]
    return tuple((label, picture) for label, picture in rows if PICTURE.fullmatch(picture))


def texts(document: Document) -> tuple[tuple[str, str], ...]:
    """Return the rows that are texts: what is to be predicted of each, and the text, shortened; none but such."""
    rows = [(str(row.get("label", "")), row.get("text")) for row in document.get("samples") or ()]
    return tuple((label, text) for label, text in rows if isinstance(text, str))


def curves(document: Document) -> tuple[Drawn, ...]:
    """Return the rows that are curves, each channel on one scale in all of them, and time on one scale as well."""
    rows = [row for row in document.get("samples") or () if isinstance(row.get("curves"), Mapping)]
    longest = max((known(row.get("steps")) or 1 for row in rows), default=1)
    ends = {name: _ends([row["curves"].get(name) or () for row in rows]) for row in rows for name in row["curves"]}
    return tuple(
        Drawn(
            str(row.get("label", "")),
            tuple(
                line
                for channel, (name, values) in enumerate(row["curves"].items())
                for line in _lines(channel, values, ends[name], (known(row.get("steps")) or 1) / longest)
            ),
        )
        for row in rows
    )


def caption(document: Document) -> str:
    """Say what is shown: how many rows, and which channels."""
    rows = [row for row in document.get("samples") or () if isinstance(row.get("curves"), Mapping)]
    channels = list(rows[0]["curves"]) if rows else []
    more = len(document["profile"].get("column_facts") or ()) - len(channels)
    told = f"{some(channels, 4)}{f' of {len(channels) + more:,} channels' if more > 0 else ''}"
    return f"{counted(len(rows), 'row')} of the data, {told}; each channel is on one scale in all of them."


def _ends(given: Sequence[Sequence[Any]]) -> tuple[float, float]:
    values = [value for row in given for each in row if (value := known(each)) is not None]
    return min(values, default=0.0), max(values, default=1.0)


def _lines(channel: int, values: Sequence[Any], ends: tuple[float, float], share: float) -> list[Line]:
    """Return the stretches of a curve that takes such a share of the drawing's width."""
    low, high = ends
    room = max(len(values) - 1, 1)
    stretches: list[list[str]] = [[]]
    for place, each in enumerate(values):
        value = known(each)
        if value is None:
            stretches.append([])
            continue
        x = EDGE + (WIDTH - 2 * EDGE) * share * place / room
        y = EDGE + (HEIGHT - 2 * EDGE) * ((high - value) / (high - low) if high > low else 0.5)
        stretches[-1].append(f"{x:.1f},{y:.1f}")
    # A value between two gaps is a dot.
    return [Line(channel, " ".join(each if len(each) > 1 else each * 2)) for each in stretches if each]
