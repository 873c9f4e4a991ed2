"""Whether a record that was read from a file is one that this program would have written: each field of its type."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np


def believable(record: Any) -> bool:
    """Tell whether every field of a record, and of those in it, has the type that it says; numbers are finite."""
    kind: Any = type(record)
    return all(_is(getattr(record, name), hint) for name, hint in _hints(kind).items())


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _is(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin in (Union, UnionType):
        return any(_is(value, each) for each in inner)
    if hint == tuple[float, ...]:  # a curve, whose numbers need not be finite
        return isinstance(value, tuple) and all(type(each) in (int, float) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _is(name, inner[0]) and _is(each, inner[1]) for name, each in value.items()
        )
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype.kind == "f" and bool(np.isfinite(value).all())
    if hint in (bool, str, NoneType):
        return isinstance(value, hint)
    return isinstance(value, hint) and believable(value)
