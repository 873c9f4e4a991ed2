"""The answer as plain text for a terminal, and as a small card for a notebook; both from verdict.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from textwrap import wrap
from typing import Any

from advisor.telling import cut_short
from advisor.telling.report import details, facts, numbers, price
from advisor.telling.report.numbers import known
from advisor.telling.report.wording import metric_words
from advisor.wording import one_line

WIDTH = 96
MOST_ROWS = 8


def summary_text(document: Mapping[str, Any], folder: str | None = None) -> str:
    """Return the answer for a terminal: about 35 lines of at most 96 columns, without colour or control characters.

    `folder` is where the run's files lie; without it only MLflow's place is named.
    """
    answer = facts.answer(document)
    lines = [f"{answer.question}  {answer.badge.upper()}", "", *_wrapped(answer.sentence)]
    readings = _reading_lines(document)
    found = {
        "Use": f"{answer.recommended}. {answer.recommended_reason}".strip(),
        "Handed over": _handed(answer),
        # Where there are readings, these tell who the champions are.
        **({} if readings else dict(answer.champions)),
        "Rows used": facts.rows_used(document),
        "Answer known": facts.answered(document),
    }
    lines += ["", *readings, *_board_lines(document), ""]
    for title, words in found.items():
        if words:
            lines += _wrapped(f"{title + ':':22} {words}", indent=23)
    for problem in document["recommended"].get("problems") or ():
        lines += _wrapped(f"{'Problem:':22} {problem}", indent=23)
    account = price.account(document)
    if account is not None:
        told = (account.outcome, *price.break_even(document))
        lines += _wrapped(f"{'In money:':22} {' '.join(part for part in told if part)}", indent=23)
    for finding in details.findings(document):
        if finding.severity == "severe":
            lines += _wrapped(f"{'Beware:':22} {finding.message} {finding.advice}", indent=23)
    tracked = document["mlflow"]
    if folder is not None or tracked:
        lines.append("")
    if folder is not None:
        lines.append(f"{'Report:':22} {folder.rstrip('/')}/report.html")
    if tracked:
        run = tracked.get("run_id")
        late = f"{tracked['tracking_uri']} had not answered yet; advisor track sends what it has not heard"
        opened = f"run {run}; advisor ui opens it" if run else late
        lines += _wrapped(f"{'MLflow:':22} {opened}", indent=23)
    return "\n".join(one_line(line).replace(numbers.MINUS, "-").rstrip() for line in lines) + "\n"


def _wrapped(text: str, indent: int = 0) -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def _handed(answer: facts.AnswerFacts) -> str:
    return "; ".join(f"{name[:1].lower()}{name[1:]}: {value}" for name, value in answer.handed)


def _reading_lines(document: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for reading in facts.readings(document):
        told = f"gain {reading.gain} ({reading.interval}); chance of more than {reading.margin}: {reading.chance}"
        lines += _wrapped(f"{reading.title + ':':22} {told}", indent=23)
        lines += _wrapped(f"{'':22} with: {reading.with_nets}", indent=29)
        lines += _wrapped(f"{'':22} without: {reading.without}", indent=32)
    return [*lines, ""] if lines else []


def _board_lines(document: Mapping[str, Any]) -> list[str]:
    champions = facts.champion_names(document)
    rows = [("", "learner", "family", metric_words(document["metric"])[0], "candidates", "tuning", "fit", "1,000 rows")]
    best = document["leaderboard"][:MOST_ROWS]
    for row in best:
        measured = (known(row.get(name)) for name in ("tune_seconds", "fit_seconds"))
        rows.append(
            (
                ("*" if row["learner"] in champions else "") + cut_short.marks(row),
                str(row["learner"])[:24],
                facts.FAMILIES.get(row["family"], row["family"]),
                numbers.with_uncertainty(known(row["score"]), facts.half_width(document, row)),
                numbers.count(known(row.get("trials"))),
                *(numbers.duration(value) for value in measured),
                numbers.milliseconds(known(row.get("predict_ms_per_1000_rows"))),
            )
        )
    shown = [[cell if cell != numbers.NOT_MEASURED else "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) if place < 4 else cell.rjust(width) for place, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in shown)
    ]
    more = len(document["leaderboard"]) - MOST_ROWS
    share = numbers.chosen_percent(facts.level(document))
    note = f"* champion of its family; \N{PLUS-MINUS SIGN} is half of the {share} interval"
    footnote = cut_short.footnote(best)
    return [*lines, f"{note}{f'; {more} more in the report' if more > 0 else ''}", *([footnote] if footnote else [])]


def notebook_html(document: Mapping[str, Any]) -> str:
    """Return the answer as a small card of HTML in the notebook's own colours; every value is escaped."""
    answer = facts.answer(document)
    metric, best = metric_words(document["metric"])[0], document["leaderboard"][:MOST_ROWS]
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(cut_short.marked(row))}</th>'
        f'<td style="text-align:left">{escape(facts.FAMILIES.get(row["family"], row["family"]))}</td>'
        f"<td>{escape(numbers.with_uncertainty(known(row['score']), facts.half_width(document, row)))}</td></tr>"
        for row in best
    )
    readings = "".join(
        f"<p style='margin:.4em 0'>{escape(each.title)}: gain {escape(each.gain)} ({escape(each.interval)}), chance "
        f"{escape(each.chance)}; {escape(each.with_nets)} against {escape(each.without)}</p>"
        for each in facts.readings(document)
    )
    handed = escape(f"; {_handed(answer)}" if answer.handed else "")
    chance = f"<p style='margin:.4em 0'>{escape(answer.chance)}</p>" if answer.chance else ""
    badge = f"{escape(answer.symbol)} {escape(answer.badge)}"
    return (
        '<div style="border:1px solid currentColor;border-radius:6px;padding:.8em 1.2em;max-width:46em">'
        f"<div style='opacity:.75'>{escape(answer.question)}</div>"
        f"<div style='font-size:1.15em;font-weight:600;margin:.3em 0'>{badge}</div>"
        f"<p style='margin:.4em 0'>{escape(answer.sentence)}</p>{chance}"
        f"<p style='margin:.4em 0'>Use <strong>{escape(answer.recommended)}</strong>{handed}</p>{readings}"
        '<table><thead><tr><th scope="col" style="text-align:left">learner</th>'
        f'<th scope="col" style="text-align:left">family</th><th scope="col">{escape(metric)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{escape(cut_short.footnote(best))}</div>"
    )
