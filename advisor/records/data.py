"""A table with a target, and what there is to know of it before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Task = Literal["binary", "multiclass", "regression"]


Severity = Literal["info", "warning", "severe"]


@dataclass(frozen=True)
class Dataset:
    """A table with a target, typed and ready to be split.

    `inputs` has a RangeIndex, unique string column names, and of a table only these dtypes: float64 (integers too),
    boolean columns as float64 0/1, pandas `category` for anything nominal (string categories), `str` for free texts,
    datetime64[ns] for dates; missing values are NaN/NaT. `target` holds class codes (int64) or float64 values and
    has no missing entry. `groups` (int64 codes) and `times` (int64 or float64, ascending means later) are set only
    where the user named a column for them; that column is then not among the inputs (a group) or still is (a time).
    `schema` is what the modality needs to read new rows alike; `example` holds a few rows of the inputs as the source
    had them, before typing. `notes` and `findings` are what reading lost or guessed. `unlabelled` has the inputs (m, p)
    of rows without a target, typed as `inputs` are (categories may have levels of their own); None where there are
    none, and where times order the rows: theirs may be later than a fold's.
    """

    name: str
    modality: str
    task: Task
    inputs: pd.DataFrame
    target: np.ndarray
    target_name: str
    classes: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    group_name: str | None = None
    time_name: str | None = None
    source: str = ""
    schema: Any = None
    example: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    unlabelled: pd.DataFrame | None = None


@dataclass(frozen=True)
class Column:
    """One input column as the profile sees it; `size` is how many numbers a cell holds: more than one in series."""

    name: str
    kind: str
    missing_share: float
    distinct: int
    size: int = 1


@dataclass(frozen=True)
class Finding:
    """One numbered thing to know about the data before any model is trained."""

    code: str
    severity: Severity
    message: str
    advice: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Profile:
    """The data at a glance: what is there, what the target is, and what should worry us."""

    name: str
    modality: str
    rows: int
    task: Task
    columns: tuple[Column, ...]
    kinds: Mapping[str, int]
    encoded_columns: int
    target: Mapping[str, Any]
    findings: tuple[Finding, ...]
    fingerprint: str
