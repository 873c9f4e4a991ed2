"""Texts without the secrets in them, fit to be shown, written and sent; what is doubtful is taken out.

Whatever leaves a run goes through `redacted`: errors, notes, messages in the ledger, verdict.json and with it the
report, and all that MLflow is told. A secret is known by where it stands (an address, a name such as token=, a header),
by its form, or because this process was given it: in an environment variable with a telling name, or as a word of its
command line.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

HIDDEN = "***"
# Shorter ones may be part of any word.
SHORTEST_SECRET = 6

_NAMES = r"pass(?:word|wd|phrase)|pwd|token(?!i[sz]|s)|secret|credential|(?:api|access|account|private|shared)[_-]?key"
# A user alone ends at the last @ before a slash. A password is taken to go on to the last @ of the word, since database
# drivers let it hold slashes: a path with an @ after a port may go with it, which costs nothing but the path.
_PASSWORD = re.compile(
    r"(\b[a-z][a-z0-9+.-]*://|(?<![:\w/])//)(?:[^/?#:]*:(.*)@|([^/?#]*)@)", re.IGNORECASE | re.DOTALL
)
_IN_QUERY = re.compile(
    r"([?&;#](?:[\w.-]*(?:pass|pwd|token|secret|key|credential|sig)[\w.-]*|auth|bearer|code|jwt|pat)=)([^&;#]*)",
    re.IGNORECASE,
)
# An address whose scheme was forgotten.
_WITHOUT_SCHEME = re.compile(r"(?<![\w/:@.])[\w.+-]+:([^\s/@:'\"]+)@(?=[\w.-]+(?:[:/]|$|\s))")
# A bare address in a message ends with its word, whatever quotes its password has.
_LITERAL_OR_WORD = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"]*?://\S+|[^\s'"]+""")
# What --read says of a column is no secret, whatever the column is called.
_NAMED = re.compile(
    rf"""((?<![a-z])[\w.-]*(?:{_NAMES})[\w.-]*["']?\s*(?:=|:\s*(?=["']))\s*)"""
    r"""(?!(?:number|category|date|text)\b)("[^"]*"|'[^']*'|[^\s"'&;,)]+)""",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(\bauthorization\W{1,4}(?:basic|bearer)\s+|\bbearer\s+(?=[\w.~+/*-]{8}))[\w.~+/=*-]+", re.IGNORECASE
)
_FORMS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:gh[opsru]_|github_pat_|glpat-|hf_|sk-|xox[abeoprs]-|dapi)[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)
# A word of a command: the name of what follows, or both in one.
_OPTION = re.compile(rf"-{{1,2}}[\w-]*(?:{_NAMES})[\w-]*", re.IGNORECASE)
_OPTION_WITH_VALUE = re.compile(rf"({_OPTION.pattern}=).*", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(
    rf"{_NAMES}|tokens$|connection_?string"
    r"|(?:^|_)(?:(?:ssh|master)?keys?|auth|authorization|bearer|cookies?|pass|pats?|pw|sas)"
    r"(?:_b64|_\d+)?$",
    re.IGNORECASE,
)
# Nearly all texts have nothing of this in them, and finding that out is quick.
_SUSPICIOUS = re.compile(rf"//|:[^\s@]+@|{_NAMES}|authorization|bearer|{_FORMS.pattern}", re.IGNORECASE | re.DOTALL)


def without_credentials(uri: str) -> str:
    """Return an address without user, password and whatever else it names as a secret.

    >>> without_credentials("https://me:secret@host:5000/store?api_key=1&x=2")
    'https://host:5000/store?api_key=***&x=2'
    """
    shown = _WITHOUT_SCHEME.sub("", _IN_QUERY.sub(rf"\1{HIDDEN}", _PASSWORD.sub(r"\1", uri)))
    plain = unquote(uri)
    if plain == uri:
        return shown
    # An address within an address, or what a driver is told, has its signs written by number.
    written = {form for secret in _within(plain) for form in (secret, quote(secret, safe="")) if secret}
    return _without(shown, sorted(written, key=len, reverse=True))


def redacted(text: str, *addresses: str) -> str:
    """Return a command line, a line of Python or a message without the secrets in it, and without those of `addresses`.

    >>> redacted("no access with token=abc123 to https://me:secret@host/x")
    'no access with token=*** to https://host/x'
    """
    # One by one: a thread that tells MLflow takes variables away, and what is gone must end nothing here.
    variables = tuple((name, value) for name in list(os.environ) if (value := os.environ.get(name)) is not None)
    given = _given((*sys.argv, *addresses), variables)
    if not _SUSPICIOUS.search(text) and not any(secret in text for secret in given):
        return text
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if shlex.join(words) == text:
        shown = [HIDDEN if _OPTION.fullmatch(before) else _OPTION_WITH_VALUE.sub(rf"\1{HIDDEN}", word)
                 for before, word in zip(["", *words], words, strict=False)]  # fmt: skip
        text = shlex.join(_without(without_credentials(word), given) for word in shown).replace(f"'{HIDDEN}'", HIDDEN)
    else:
        text = _LITERAL_OR_WORD.sub(_within_quotes, text)
    text = _NAMED.sub(rf"\1{HIDDEN}", _without(text, given))
    return _FORMS.sub(HIDDEN, _HEADER.sub(rf"\1{HIDDEN}", text))


def _within_quotes(word: re.Match[str]) -> str:
    mark = word[0][0] if word[0][0] in "'\"" else ""
    return mark + without_credentials(word[0][len(mark) : len(word[0]) - len(mark)]) + mark


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


@lru_cache(maxsize=8)
def _given(words: tuple[str, ...], variables: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the secrets in words and environment variables, as they may be written, the longest first."""
    found = {secret for text in (*words, *dict(variables).values()) for secret in _within(text)}
    for name, value in variables:
        # A number may be a limit. A file may hold secrets, but its name is none.
        if _VARIABLE.search(name) and ("pass" in name.lower() or not value.isdigit()) and not os.path.exists(value):
            found.add(value)
    written = {form for secret in found for form in (secret, unquote(secret), quote(secret, safe=""))}
    return tuple(sorted((secret for secret in written if len(secret) >= SHORTEST_SECRET), key=len, reverse=True))


def _within(address: str) -> Iterator[str]:
    """Yield what an address holds as secrets, and the parts of a password that a library may take it apart into."""
    for match in _WITHOUT_SCHEME.finditer(address):
        yield match[1]
    if "//" not in address:
        return
    if (plain := unquote(address)) != address:
        yield from _within(plain)
    for match in _PASSWORD.finditer(address):
        password = match[2] or match[3] or ""
        yield from (password, *re.split(r"[/?#:@]", password))
    for match in _IN_QUERY.finditer(address):
        yield match[2]
