"""Small tables, and where real data lies."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(os.environ.get("ADVISOR_TEST_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))


@pytest.fixture
def table() -> pd.DataFrame:
    """Sixty rows with every kind of column and a target of two classes."""
    draw = np.random.default_rng(0)
    rows = 60
    return pd.DataFrame(
        {
            "amount": draw.normal(size=rows).round(3),
            "count": draw.integers(0, 9, rows),
            "ok": draw.choice(["yes", "no"], rows),
            "colour": draw.choice(["red", "green", "blue"], rows),
            "city": [f"city {number}" for number in draw.integers(0, 25, rows)],
            "when": pd.date_range("2020-01-01", periods=rows, freq="31h").astype(str),
            "y": draw.choice(["a", "b"], rows),
        }
    )


@pytest.fixture(scope="session")
def real_table() -> Callable[[str], tuple[Path, str, str]]:
    """Return a function from a name to path, target and task of a shared data set; skip where the folder is absent."""
    index = DATA / "index.csv"
    if not index.exists():
        pytest.skip("the shared data are not on this machine; set ADVISOR_TEST_DATA to their folder")
    with index.open(encoding="utf-8") as lines:
        rows = {row["name"]: row for row in csv.DictReader(lines)}
    return lambda name: (DATA / rows[name]["file"], rows[name]["target"], rows[name]["task"])
