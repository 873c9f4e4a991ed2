"""What stands behind the answer, in words: findings, data, folk rules, looks, and what would change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.telling.report import facts, numbers, outlook
from advisor.telling.report.facts import Document
from advisor.telling.report.numbers import known
from advisor.telling.report.wording import label, pairs, value_text

MOST_COLUMNS = 60

_SEVERITIES = ("severe", "warning", "info")
_CHANGES = {
    "more_rows": "More rows",
    "gpu": "A GPU",
    "larger_budget": "A larger budget",
    "smaller_margin": "A smaller margin",
    "pretrained": "Pre-trained weights",
}
_SAYINGS = ("sentence", "reason", "message")
_STAGES = {
    "defaults": "Default configurations",
    "tuned": "After tuning",
    "final": "All that was measured",
}


@dataclass(frozen=True)
class FindingFacts:
    """One numbered finding with its evidence as (name, value) pairs."""

    code: str
    severity: str
    message: str
    advice: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChangeFacts:
    """One thing that might change the answer: a heading, a sentence, and figures as (name, value) pairs."""

    heading: str
    sentence: str
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RuleFacts:
    """A folk rule: its words, who says so, what became of it here, and the evidence."""

    rule: str
    source: str
    held: str
    evidence: str


def settings(champion: Mapping[str, Any]) -> str:
    """Write a champion's configuration as JSON, ready to be copied."""
    return json.dumps(champion["params"], indent=2, ensure_ascii=False)


def reasons(document: Document) -> tuple[str, ...]:
    """Return the reasons, less those that only repeat a severe finding, which the page shows in full."""
    shown = {f"{found['message']} {found['advice']}" for found in document["findings"] if found["severity"] == "severe"}
    return tuple(reason for reason in document["reasons"] if reason not in shown)


def findings(document: Document) -> tuple[FindingFacts, ...]:
    """Return the findings, the severe ones first, otherwise in their order."""
    ordered = sorted(document["findings"], key=lambda finding: _SEVERITIES.index(finding["severity"]))
    return tuple(
        FindingFacts(
            finding["code"], finding["severity"], finding["message"], finding["advice"], pairs(finding["evidence"])
        )
        for finding in ordered
    )


def data(document: Document) -> tuple[tuple[str, str], ...]:
    """Say what the data look like, as (name, value) pairs; where they came from stays with who ran it."""
    profile = document["profile"]
    shown = ("rows", "columns", "encoded_columns", "modality", "task", "target", "kinds")
    hidden = {*shown, "name", "source", "fingerprint", "findings", "column_facts", "notes"}
    facts = {name: profile[name] for name in shown if profile.get(name) is not None}
    if isinstance(facts.get("target"), Mapping):
        target = {name: value for name, value in facts["target"].items() if name != "quantiles" and value is not None}
        facts |= {"target": target.pop("name", None), **target}
    if isinstance(facts.get("classes"), list):
        facts.pop("majority_share", None)
        facts["classes"] = {item["name"]: numbers.percent(known(item["share"])) for item in facts["classes"]}
    return pairs({**facts, **{name: value for name, value in profile.items() if name not in hidden and value}})


def columns(document: Document) -> tuple[tuple[tuple[str, str, str, str], ...], str]:
    """List the columns as (name, kind, missing, distinct), and say how many more there are."""
    given = document["profile"].get("column_facts") or ()
    rows = tuple(
        (
            str(column["name"]),
            str(column["kind"]).replace("_", " "),
            numbers.percent(known(column.get("missing_share"))),
            numbers.count(known(column.get("distinct"))),
        )
        for column in given[:MOST_COLUMNS]
    )
    return rows, f"and {len(given) - MOST_COLUMNS:,} more" if len(given) > MOST_COLUMNS else ""


def would_change(document: Document) -> tuple[ChangeFacts, ...]:
    """Say what would change the answer; a plain text in the document is the reason for silence."""
    told = document["would_change"]
    given = told if isinstance(told, Mapping) else {"reason": told}
    return tuple(_change(name, change) for name, change in given.items() if change)


def _change(name: str, change: Any) -> ChangeFacts:
    heading = "" if name in _SAYINGS else _CHANGES.get(name, label(name))
    if not isinstance(change, Mapping):
        return ChangeFacts(heading, outlook.paragraph([str(change)]), ())
    if name in outlook.WORDS:
        return ChangeFacts(heading, outlook.WORDS[name](change), ())
    sentence = next((str(change[key]) for key in _SAYINGS if change.get(key)), "")
    figures = {key: value for key, value in change.items() if key not in _SAYINGS}
    return ChangeFacts(heading, outlook.paragraph([sentence]), pairs(figures))


def rules(document: Document) -> tuple[RuleFacts, ...]:
    """Lay out the folk rules, those that speak of this case first."""
    agreement = {True: "Held here", False: "Did not hold here"}
    ordered = sorted(document["rules"], key=lambda rule: not rule.get("applies"))
    return tuple(
        RuleFacts(
            str(rule["rule"]),
            str(rule.get("source") or ""),
            agreement.get(rule.get("agrees"), "Cannot be told") if rule.get("applies") else "Does not apply",
            value_text("evidence", rule.get("evidence")),
        )
        for rule in ordered
    )


def looks(document: Document) -> tuple[tuple[str, ...], ...]:
    """Lay out the looks at the evidence as (stage, after how long, chance alone, in company, what was known then)."""
    return tuple(
        (
            _STAGES.get(look["stage"], str(look["stage"])),
            numbers.duration(known(look.get("seconds"))),
            *(numbers.chance(known((look.get("readings") or {}).get(how))) for how in facts.READINGS),
            facts.ANSWERS.get(str(look.get("answer")), "answered") if look.get("decided") else "still open",
        )
        for look in document["looks"]
    )
