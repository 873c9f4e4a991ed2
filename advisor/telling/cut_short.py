"""The marks beside a learner that the clock stopped, or that did not learn, wherever its figures stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

MARK = "\N{DAGGER}"
WORDS = "still learning when its time was up"
ON_MOST = f"{WORDS} on most folds"
UNLEARNT = "\N{DOUBLE DAGGER}"
NOT_LEARNT = "did not learn: no better than the same answer for every row"


def worded(learner: str, late: Collection[str]) -> str:
    """Return a learner as it stands in a sentence, with two words where it is among those that were cut short."""
    return f"{learner} (cut short)" if learner in late else learner


def marks(row: Mapping[str, Any]) -> str:
    """Return the marks of a row of the leaderboard, none where its figures are what they seem."""
    return (MARK if row.get("cut_short") else "") + (UNLEARNT if row.get("did_not_learn") else "")


def marked(row: Mapping[str, Any]) -> str:
    """Return the learner of a row of the leaderboard, with its marks."""
    return f"{row['learner']}{marks(row)}"


def footnote(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say what the marks mean that any of these rows has; an empty text where none has one."""
    used = {mark for row in rows for mark in marks(row)}
    return "; ".join(f"{mark} {words}" for mark, words in ((MARK, ON_MOST), (UNLEARNT, NOT_LEARNT)) if mark in used)
