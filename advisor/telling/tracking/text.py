"""Names, values and the answer in the forms that MLflow takes: short enough, finite, with clean keys."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from advisor.records import Candidate
from advisor.redacted import redacted
from advisor.telling import cut_short
from advisor.wording import one_line, percent

LONGEST_NAME = 250
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
# A comparison has hundreds of curves, and a store takes a fifth of a millisecond a point.
LONGEST_CURVE = 60
MOST_AT_ONCE = 900


def candidate_name(candidate: Candidate) -> str:
    """Name a candidate as a person would search for it: `catboost · default`, `catboost · 3f2a91c0de`."""
    return f"{candidate.learner} · {candidate.key.removeprefix(candidate.learner + '-')}"


def clip(text: str, longest: int) -> str:
    """Shorten a text to `longest` characters, the last of them an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def first_line(error: BaseException, *addresses: str) -> str:
    """Return the first line of what an exception says, or its class where it says nothing.

    No password is in it: neither those that it says are some, nor those of `addresses`.
    """
    lines = str(error).strip().splitlines()
    # MLflow and requests quote the address in full; clipped first, a password might lose the @ that gives it away.
    return clip(redacted(lines[0], *addresses).rstrip(".") if lines else type(error).__name__, 300)


def key(name: str) -> str:
    """Make a key of letters, digits, `_-. ` and slashes, as MLflow wants it on every system."""
    parts = [re.sub(r"[^\w.\- ]", "_", part) for part in name.split("/")]
    return "/".join(part for part in parts if part.strip("."))[:LONGEST_NAME] or "_"


def value(thing: Any) -> str:
    """Write a parameter as JSON would, but text without quotes; no secret and no control character is in it."""
    plain = thing.tolist() if isinstance(thing, np.generic | np.ndarray) else thing
    text = plain if isinstance(plain, str) else json.dumps(plain, default=str, ensure_ascii=False)
    return clip("\n".join(map(one_line, redacted(text).splitlines())), LONGEST_PARAM)


def tags(known: Mapping[str, Any]) -> dict[str, str]:
    """Make tags of what is known; empty values are left out."""
    return {key(name): clip(value(thing), LONGEST_TAG) for name, thing in known.items() if thing not in (None, "")}


def finite(numbers: Mapping[str, Any]) -> dict[str, float]:
    """Keep what is a finite number; a truth value is none."""
    real = {
        key(name): float(thing)
        for name, thing in numbers.items()
        if isinstance(thing, int | float | np.number) and not isinstance(thing, bool)
    }
    return {name: number for name, number in real.items() if math.isfinite(number)}


def thinned(length: int) -> list[int]:
    """Return the positions of at most LONGEST_CURVE evenly spread points of a curve, both ends among them."""
    return sorted({round(position) for position in np.linspace(0, length - 1, min(length, LONGEST_CURVE))})


def answer_metrics(document: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of the answer, for the parent run's columns."""
    gain, recommended = document.get("gain") or {}, document.get("recommended") or {}
    metrics = {name: document.get(name) for name in ("p_worth", "min_gain", "detectable_gain")}
    metrics |= {"gain": gain.get("estimate"), "gain_low": gain.get("low"), "gain_high": gain.get("high")}
    for how, reading in (document.get("readings") or {}).items():
        metrics |= {f"{how}/gain": ((reading or {}).get("gain") or {}).get("estimate")}
        metrics |= {f"{how}/p_worth": (reading or {}).get("p_worth")}
    for family, champion in (document.get("champions") or {}).items():
        metrics[f"score_{family}"] = (champion or {}).get("score")
    spent = {name: (document.get("budget") or {}).get(name) for name in ("spent_seconds", "answered_seconds")}
    return {**metrics, "score": recommended.get("score"), **spent}


def answer_tags(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a person filters comparisons by."""
    profile, recommended = document.get("profile") or {}, document.get("recommended") or {}
    target = profile.get("target")
    found = {
        "answer": document.get("answer"),
        "how": document.get("how"),
        "recommended": recommended.get("learner"),
        "family": recommended.get("family"),
        "members": ", ".join(recommended.get("members") or ()),
        "metric": document.get("metric"),
        "task": profile.get("task"),
        "target": target.get("name") if isinstance(target, Mapping) else target,
        "rows": profile.get("rows"),
        "columns": profile.get("columns"),
    }
    for family, champion in (document.get("champions") or {}).items():
        found[f"champion_{family}"] = (champion or {}).get("learner")
    return found


def description(document: Mapping[str, Any]) -> str:
    """The answer as Markdown: the sentence, the leaderboard, the reasons, and where to read on."""
    recommended = document.get("recommended") or {}
    lines = [f"**{_inert(document.get('sentence') or document.get('answer'))}**", ""]
    if recommended.get("learner"):
        members = recommended.get("members") or {}
        shares = ", ".join(f"{_inert(name)} {percent(share)}" for name, share in members.items())
        use = f"{_inert(recommended['learner'])}{f' ({shares})' if len(members) > 1 else ''}"
        lines += [f"Recommended: {use}. {_inert(recommended.get('reason') or '')}".strip(), ""]
    rows = document.get("leaderboard") or ()
    if rows:
        lines += [f"| learner | family | {_inert(document.get('metric'))} | ± | candidates | tuning s | fit s |"]
        lines += ["|---|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        numbers = [row.get(name) for name in ("score", "se", "trials", "tune_seconds", "fit_seconds")]
        cells = ["" if number is None else f"{number:.4g}" for number in numbers]
        lines += [f"| {_inert(cut_short.marked(row))} | {_inert(row.get('family'))} | {' | '.join(cells)} |"]
    footnote = cut_short.footnote(rows)
    lines += ["", f"{footnote}."] if footnote else []
    reasons = [f"- {_inert(reason)}" for reason in document.get("reasons") or ()]
    more = "The whole story: **report.html** under Artifacts. Below this run lie learners, below them their candidates."
    return clip("\n".join([*lines, "", *reasons, "", more]), LONGEST_TAG)


def _inert(text: Any) -> str:
    """Write a text so that nothing in it is markup: names of columns and labels may hold links, pictures and HTML."""
    return re.sub(r"([\\`\[\]|])", r"\\\1", escape(one_line(str(text)), quote=False))
