"""What people write for amounts (10m, 2%, 5ms, 50MB) and the numbers they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from advisor.errors import UserError

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1000.0, "": 1.0}
_MEGABYTES = {"kb": 1e-3, "mb": 1.0, "gb": 1000.0, "": 1.0}
_SHARES = {"%": 0.01, "": 1.0}


def seconds(text: str | float, name: str = "--budget") -> float:
    """Read a duration: "90s", "10m", "1.5h", or a number of seconds. Raises UserError unless it is positive.

    >>> seconds("10m")
    600.0
    """
    return _amount(text, _SECONDS, name, "a time such as 90s, 10m or 1h")


def milliseconds(text: str | float, name: str = "--max-latency") -> float:
    """Read a short duration: "5ms", "0.2s", or a number of milliseconds. Raises UserError unless it is positive."""
    return _amount(text, _MILLISECONDS, name, "a time such as 5ms")


def megabytes(text: str | float, name: str = "--max-model-size") -> float:
    """Read a size: "500KB", "50MB", or a number of MB. Raises UserError unless it is positive."""
    return _amount(text, _MEGABYTES, name, "a size such as 50MB")


def share(text: str | float, name: str, *, zero: bool = False) -> float:
    """Read a share: "2%" or 0.02. Raises UserError unless it lies between 0 and 1, the ends left out (`zero` lets 0
    in).

    >>> share("2%", "--min-gain")
    0.02
    """
    value = _amount(text, _SHARES, name, "a share such as 2%", zero)
    if value >= 1:
        raise UserError(f"{name} must be below 100%, and {text} is not; give a share such as 2% or 0.02.")
    return value


def number(text: str | float, name: str, *, zero: bool = False) -> float:
    """Read a plain number above zero, such as a price in whatever currency (`zero` lets 0 in).

    >>> number("0.35", "--cost-per-hour")
    0.35
    """
    return _amount(text, {"": 1.0}, name, "a plain number such as 0.5, without unit or currency", zero)


def _amount(text: str | float, units: Mapping[str, float], name: str, example: str, zero: bool = False) -> float:
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*([a-z%]*)\s*", str(text).lower())
    if match is None or match[2] not in units or not (float(match[1]) > 0 or (zero and float(match[1]) == 0)):
        raise UserError(f"{name} must be {example}, {'zero or more' if zero else 'above zero'}; {str(text)!r} is not.")
    return float(match[1]) * units[match[2]]
