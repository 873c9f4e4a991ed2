"""How figures and names of columns read in the sentences of findings; one wording for all checks."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence


def some(names: Sequence[str], most: int = 4) -> str:
    """Return the names quoted and joined, at most `most` of them and then how many more there are.

    >>> some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = [repr(name) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def percent(share: float) -> str:
    """Return a share of 0..1 in per cent, with one digit more below 10 %.

    >>> percent(0.0312), percent(0.44)
    ('3.1 %', '44 %')
    """
    return f"{share * 100:.0f} %" if share == 0 or share >= 0.0995 else f"{share * 100:.2g} %"


def drop(names: Iterable[str]) -> str:
    """Return the option that leaves columns out."""
    return option("--drop", ",".join(names))


def option(flag: str, value: str) -> str:
    """Return an option as it is typed, its value quoted for a shell where that is needed.

    >>> option("--group", "Speaker Number")
    "--group 'Speaker Number'"
    """
    plain = all(letter.isalnum() or letter in "_-.,:/+%=@" for letter in value)
    return f"{flag} {value}" if plain else f"{flag} {shlex.quote(value)}"


def columns(names: Sequence[str]) -> str:
    """Return the names as the subject of a sentence.

    >>> columns(["a"])
    "The column 'a'"
    """
    return f"The column {some(names)}" if len(names) == 1 else f"The columns {some(names)}"


def have(names: Sequence[str]) -> str:
    """Return 'has' for one name and 'have' for more."""
    return "has" if len(names) == 1 else "have"


def them(names: Sequence[str]) -> str:
    """Return 'it' for one name and 'them' for more."""
    return "it" if len(names) == 1 else "them"
