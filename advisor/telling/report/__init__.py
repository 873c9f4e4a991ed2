"""The answer for people: one self-contained HTML file, made from verdict.json and outcomes.parquet alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import UndefinedError

from advisor.errors import UserError
from advisor.telling.folders import verdict_in
from advisor.telling.report import details, facts, method, outlook, pictures, price, samples
from advisor.telling.report.text import notebook_html, summary_text
from advisor.whole import whole_file
from advisor.wording import one_line

__all__ = ["card", "render", "summary_text", "write"]

_HERE = Path(__file__).parent
_NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|kB|MB|GB)(?!\w))|(?<=\d) (?=±)|(?<=±) (?=\d)")


def render(document: Mapping[str, Any], outcomes: pd.DataFrame) -> str:
    """Return the report as one HTML page that needs neither a network nor a script.

    `document` is verdict.json as a mapping; `outcomes` the table of candidates and folds, which may be empty. The
    same input gives the same text. Every value is escaped; nothing in a document can become markup.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["tie"] = _tie
    drawn = {
        "gain": pictures.gain(document),
        "leaderboard": pictures.leaderboard(document),
        "pareto": pictures.pareto(document),
        "search": pictures.search(outcomes),
        "learning": pictures.learning(document, outcomes),
        "growth": pictures.growth(document),
        "transfer": pictures.transfer(document),
    }
    return environment.get_template("page.html.j2").render(
        document=document,
        details=details,
        facts=facts,
        method=method,
        price=price,
        outlook=outlook,
        samples=samples,
        answer=facts.answer(document),
        readings=facts.readings(document),
        board=facts.board(document),
        findings=details.findings(document),
        figures={name: Markup(svg) if svg else None for name, svg in drawn.items()},
        style=Markup((_HERE / "style.css").read_text(encoding="utf-8")),
    )


def write(folder: Path) -> Path:
    """Write report.html into a run's folder from its verdict.json and outcomes.parquet, whole or not at all.

    Raises UserError where there is no finished run, or where a file of it cannot be read. A run without outcomes gets a
    report without the figures that need them.
    """
    table, page = folder / "outcomes.parquet", folder / "report.html"
    document = verdict_in(folder)
    outcomes = outcomes_in(folder) if table.exists() else pd.DataFrame()
    with _of_a_run(folder):
        text = render(document, outcomes)
    with whole_file(page) as draft:
        draft.write_bytes(text.encode("utf-8", "replace"))
    return page


def outcomes_in(folder: Path) -> pd.DataFrame:
    """Return the table of the outcomes of the run in `folder`; raises UserError where it is missing or damaged."""
    table = folder / "outcomes.parquet"
    try:
        return pd.read_parquet(table)
    except (ValueError, OSError, LookupError, TypeError, AttributeError, ArithmeticError) as problem:
        raise UserError(
            f"{str(table)!r} cannot be read ({one_line(str(problem))}); delete it to get a report without its figures."
        ) from problem


def card(document: Mapping[str, Any], folder: Path) -> str:
    """Return the answer of the run in `folder` for a notebook; raises UserError where `document` is none of a run."""
    with _of_a_run(folder):
        return notebook_html(document)


@contextmanager
def _of_a_run(folder: Path) -> Iterator[None]:
    """Answer in a sentence where a folder holds something else than what a run writes, which nobody can foresee."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, UndefinedError) as odd:
        told = f"{type(odd).__name__}: {odd}"
        raise UserError(f"{str(folder)!r} holds something else than what a run writes ({told}).") from odd


def _tie(text: str) -> str:
    """Keep a number and its unit on one line."""
    return _NUMBER_AND_UNIT.sub("\N{NO-BREAK SPACE}", str(text))
