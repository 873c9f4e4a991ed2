"""How numbers and lists are written, everywhere alike: in findings, errors, sentences and reports."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

# Control characters, and those that turn the direction of writing round.
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    """Write a text on one line, without what a terminal would obey rather than show: names in data may hold anything.

    >>> one_line("a\\x1b[31m red\\nname")
    'a [31m red name'
    """
    return OBEYED.sub(" ", text)


def percent(share: float) -> str:
    """Write a share in per cent with two significant digits, and none that mean nothing.

    >>> percent(0.0234), percent(0.456), percent(-0.0004)
    ('2.3 %', '46 %', '-0.04 %')
    """
    value = 100 * share
    digits = 0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2
    text = f"{value:.{digits}f}"
    return f"{text.removeprefix('-') if float(text) == 0 else text} %"


def chance(probability: float) -> str:
    """Write a probability in per cent, never as certainty.

    >>> chance(0.9999), chance(0.42), chance(0.001)
    ('more than 99 %', '42 %', 'less than 1 %')
    """
    if probability > 0.99:
        return "more than 99 %"
    return "less than 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def less_or_more(gain: float) -> str:
    """Write a relative error reduction so that nobody has to think about its sign.

    >>> less_or_more(0.081), less_or_more(-0.034), less_or_more(-44.5)
    ('8.1 % less', '3.4 % more', '46 times as much')
    """
    if gain < -1:
        return f"{1 - gain:.2g} times as much"
    return f"{percent(abs(gain))} {'less' if gain >= 0 else 'more'}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Write how many there are of something; `plural` is needed where it does not end with an s.

    >>> counted(1, "row"), counted(12345, "row"), counted(2, "class", "classes")
    ('1 row', '12,345 rows', '2 classes')
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def listed(words: Sequence[str], most: int | None = None) -> str:
    """Join words as a sentence lists them, at most `most` of them and then how many more there are.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c"], most=1), listed([])
    ('a', 'a, b and c', 'a and 2 more', '')
    """
    shown = list(words if most is None else words[:most])
    if len(shown) < len(words):
        shown.append(f"{len(words) - len(shown):,} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def some(names: Sequence[str], most: int = 4) -> str:
    """List names that somebody else chose, in quotes, at most `most` of them and then how many more there are.

    >>> some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    return listed([repr(name) for name in names], most)


def columns(names: Sequence[str]) -> str:
    """Name columns as the subject of a sentence.

    >>> columns(["a"]), columns(["a", "b"])
    ("The column 'a'", "The columns 'a' and 'b'")
    """
    return f"The column{'' if len(names) == 1 else 's'} {some(names)}"


def have(names: Sequence[str]) -> str:
    """Return 'has' for one name and 'have' for more."""
    return "has" if len(names) == 1 else "have"


def are(names: Sequence[str]) -> str:
    """Return 'is' for one name and 'are' for more."""
    return "is" if len(names) == 1 else "are"


def them(names: Sequence[str]) -> str:
    """Return 'it' for one name and 'them' for more."""
    return "it" if len(names) == 1 else "them"


def option(flag: str, value: str) -> str:
    """Write an option as it is typed, its value quoted for a shell where that is needed.

    >>> option("--group", "Speaker Number")
    "--group 'Speaker Number'"
    """
    plain = all(letter.isalnum() or letter in "_-.,:/+%=@" for letter in value)
    return f"{flag} {value}" if plain else f"{flag} {shlex.quote(value)}"


def drop(names: Iterable[str]) -> str:
    """Write the option that leaves columns out.

    >>> drop(["a", "b"])
    '--drop a,b'
    """
    return option("--drop", ",".join(names))


def shortened(text: str, most: int = 60) -> str:
    """Write what may be long on one line: white space as blanks, and no more than so many letters.

    >>> shortened("a  b"), shortened("abcdefgh", 6)
    ('a b', 'abc...')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def too_late(budget_seconds: float) -> str:
    """Say that a budget was over before a learner could begin."""
    return (
        "No learner was begun: loading libraries, reading the data and looking at them, and what writing an answer "
        f"would take, leave nothing of {budget_seconds:g} s on this machine, busy as it is. A larger --budget, or "
        "fewer rows, may help."
    )
