"""The mark beside a learner that the clock stopped, wherever its figures stand: with more time they may be better."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

MARK = "\N{DAGGER}"
WORDS = "still learning when its time was up"
ON_MOST = f"{WORDS} on most folds"


def worded(learner: str, late: Collection[str]) -> str:
    """Return a learner as it stands in a sentence, with two words where it is among those that were cut short."""
    return f"{learner} (cut short)" if learner in late else learner


def marked(row: Mapping[str, Any]) -> str:
    """Return the learner of a row of the leaderboard, with the mark where it was cut short."""
    return f"{row['learner']}{MARK if row.get('cut_short') else ''}"


def footnote(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say what the mark means; an empty text where none of these rows has it."""
    return f"{MARK} {ON_MOST}" if any(row.get("cut_short") for row in rows) else ""
