"""What can go wrong, told so that the reader knows the way out."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from advisor.redacted import redacted


class AdvisorError(Exception):
    """Something stopped the comparison; the text is one plain sentence, `exit_status` what the command returns.

    The sentence may quote what was typed and what libraries said, so that secrets are taken out of it.
    """

    exit_status = 1

    def __init__(self, sentence: str = "") -> None:
        super().__init__(redacted(sentence))


class UserError(AdvisorError, ValueError):
    """The person who asked can mend it: the sentence says what is wrong and what would be right."""

    exit_status = 2


class Unwritable(UserError):
    """A file of a run cannot be written: the disk is full, or nobody may write there."""


class NothingTrained(AdvisorError):
    """No learner finished, so there is nothing to answer from."""

    exit_status = 3


class NewRowsWarning(UserWarning):
    """New rows hold what a model has not learnt: cells that cannot be read, unknown categories, or far more gaps."""


class OutOfTime(AdvisorError, TimeoutError):
    """A task was not begun, or was stopped, because its deadline had come."""


class WorkerKilled(AdvisorError):
    """The process that worked on a task was ended from outside, or crashed."""


class Interrupted(AdvisorError):
    """The user stopped the comparison, or the system did (`exit_status` 143); what had finished is kept."""

    exit_status = 130


class Terminated(KeyboardInterrupt):
    """The system asked the process to end (SIGTERM), which is treated as Ctrl-C is."""


def did_you_mean(wanted: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest known words, or all of them where none is near and they are few.

    >>> did_you_mean("forrest", ["forest", "tree"])
    "Did you mean 'forest'?"
    """
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in names}
    near = [folded[match] for match in get_close_matches(wanted.casefold(), folded, n=3, cutoff=0.6)]
    if near:
        return f"Did you mean {' or '.join(repr(name) for name in near)}?"
    shown = ", ".join(names[:12])
    return f"There are: {shown}{', ...' if len(names) > 12 else ''}." if names else ""
