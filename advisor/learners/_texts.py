"""What learners of texts share."""

from __future__ import annotations

from advisor.records import Profile


def has_texts(profile: Profile) -> bool:
    """Tell whether there is a column of free text to learn from."""
    return any(column.kind == "text" for column in profile.columns)


def no_texts(profile: Profile) -> str | None:
    """Say that there is no column of free text to learn from, or None where there is one."""
    return None if has_texts(profile) else "needs a column of free text, and there is none"


def names_of_texts(profile: Profile) -> tuple[str, ...]:
    """Name the columns of free text."""
    return tuple(column.name for column in profile.columns if column.kind == "text")
