"""A profile as plain text for a terminal and as JSON-safe values for machines; says nothing that it does not."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from advisor.measuring.metrics import METRICS, default_metric
from advisor.measuring.power import detectable_gain_guess
from advisor.records import Finding, Profile
from advisor.wording import percent

MOST_COLUMNS_SHOWN = 40
MOST_CLASSES_SHOWN = 10
LONGEST_NAME = 40
# The error by AUC of a problem that is neither easy nor hopeless.
GUESSED_ERROR = 0.15
TEXT_WIDTH, FINDING_INDENT = 100, 16


def profile_dict(profile: Profile) -> dict[str, Any]:
    """Return the profile as values that `json.dumps(..., allow_nan=False)` takes; `findings` is a list of dicts."""
    return {
        "name": profile.name,
        "modality": profile.modality,
        "rows": profile.rows,
        "columns": len(profile.columns),
        "encoded_columns": profile.encoded_columns,
        "task": profile.task,
        "target": plain(profile.target),
        "kinds": dict(profile.kinds),
        "column_facts": [
            {"name": c.name, "kind": c.kind, "missing_share": float(c.missing_share), "distinct": int(c.distinct)}
            for c in profile.columns
        ],
        "detectable_gain_guess": _detectable(profile),
        "fingerprint": profile.fingerprint,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "message": finding.message,
                "advice": finding.advice,
                "evidence": plain(finding.evidence),
            }
            for finding in profile.findings
        ],
    }


def plain(value: Any) -> Any:
    """Return nested values as JSON knows them: numbers of numpy as Python's, figures that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def profile_text(profile: Profile) -> str:
    """Return the profile as lines of plain text: size, target, at most 40 columns, and findings, the worst first."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(profile.kinds.items(), key=lambda item: -item[1]))
    lines = [
        f"{_shown(profile.name)}: {profile.rows:,} rows, {len(profile.columns):,} columns ({kinds})",
        f"Target {profile.target.get('name', '')!r} ({profile.task}): {_target_line(profile.target)}",
        f"So many rows show a gain of about {percent(_detectable(profile))} four times out of five (a guess before any "
        "training).",
        "",
        *_column_lines(profile),
        "",
    ]
    order = {"severe": 0, "warning": 1, "info": 2}
    worst_first = sorted(profile.findings, key=lambda finding: order[finding.severity])
    counts = Counter[str](finding.severity for finding in worst_first)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in order if counts[severity])
    lines.append(f"Findings: {told or 'none'}")
    for finding in worst_first:
        lines += _finding_lines(finding)
    return "\n".join(lines)


def _detectable(profile: Profile) -> float:
    """Guess what gain the rows could show by the metric that is usual for the task, whose error nobody knows yet."""
    return detectable_gain_guess(profile.rows, METRICS[default_metric(profile.task)], GUESSED_ERROR)


def _target_line(target: Mapping[str, Any]) -> str:
    if "classes" in target:
        largest = sorted(target["classes"], key=lambda entry: -entry["count"])
        named = largest[:MOST_CLASSES_SHOWN]
        shown = ", ".join(f"{_shown(entry['name'])} {percent(entry['share'])}" for entry in named)
        more = len(largest) - MOST_CLASSES_SHOWN
        return shown + (f" and {more} more classes" if more > 0 else "")
    names = (("mean", "mean"), ("sd", "sd"), ("min", "min"), ("max", "max"), ("skew", "skew"))
    figures = [f"{label} {target[key]:.4g}" for label, key in names if target.get(key) is not None]
    zeros = target.get("zeros_share", 0.0)
    return ", ".join(figures) + (f", {percent(zeros)} zeros" if zeros else "")


def _column_lines(profile: Profile) -> list[str]:
    rows = [("column", "kind", "missing", "distinct")]
    for column in profile.columns[:MOST_COLUMNS_SHOWN]:
        missing = percent(column.missing_share) if column.missing_share else ""
        rows.append((_shown(column.name), column.kind, missing, f"{column.distinct:,}"))
    widths = [max(_width(row[place]) for row in rows) for place in range(4)]
    lines = []
    for name, kind, missing, distinct in rows:
        left = name + " " * (widths[0] - _width(name)) + "  " + kind.ljust(widths[1])
        lines.append(f"  {left}  {missing.rjust(widths[2])}  {distinct.rjust(widths[3])}")
    more = len(profile.columns) - MOST_COLUMNS_SHOWN
    return [*lines, f"  and {more:,} more columns"] if more > 0 else lines


def _finding_lines(finding: Finding) -> list[str]:
    """What was found, and under it, marked by an arrow, what to do."""
    room = TEXT_WIDTH - FINDING_INDENT
    said = textwrap.wrap(_printable(finding.message), room)
    advised = textwrap.wrap(_printable(finding.advice), room - 3, break_on_hyphens=False)
    first = f"  {finding.severity:<7}  {finding.code}  "
    return [
        *(f"{first if place == 0 else '':{FINDING_INDENT}}{line}" for place, line in enumerate(said)),
        *(f"{'':{FINDING_INDENT}}{'->' if place == 0 else '  '} {line}" for place, line in enumerate(advised)),
    ]


def _shown(name: str) -> str:
    text = _printable(name)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
