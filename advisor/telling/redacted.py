"""Addresses, commands and messages without the passwords in them, fit to be shown; what is doubtful is taken out."""

from __future__ import annotations

import re
import shlex

# A user alone ends at the last @ before a slash. A password is taken to go on to the last @ of the word, since database
# drivers let it hold slashes: a path with an @ after a port may go with it, which costs nothing but the path.
_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://)(?:[^/?#:]*:.*@|[^/?#]*@)", re.IGNORECASE | re.DOTALL)
_IN_QUERY = re.compile(r"([?&;][\w.-]*(?:pass|pwd|token|secret|key|credential|sig)[\w.-]*=)[^&;#]*", re.IGNORECASE)
# A bare address in a message ends with its word, whatever quotes its password has.
_LITERAL_OR_WORD = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]*?://\S+|[^\s'"]+""")


def without_credentials(uri: str) -> str:
    """Return an address without user, password and whatever else it names as a secret.

    >>> without_credentials("https://me:secret@host:5000/store?api_key=1&x=2")
    'https://host:5000/store?api_key=***&x=2'
    """
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1", uri))


def redacted(command: str) -> str:
    """Return a command line, a line of Python or a message with every address in it without its credentials."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if shlex.join(words) == command:
        return shlex.join(map(without_credentials, words))
    return _LITERAL_OR_WORD.sub(lambda word: without_credentials(word[0]), command)
