"""Rows that sum others up are told, whatever they are called, and rows that only look so are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from advisor.modalities.tabular.read import read
from advisor.modalities.tabular.sums import summed

RNG = np.random.default_rng(0)
REGIONS = pd.DataFrame({
    "region": [f"r{n}" for n in range(24)], "sales": RNG.integers(10, 500, 24), "cost": RNG.integers(10, 300, 24),
    "rate": RNG.random(24).round(2), "kind": list("abcabd") * 4,
})  # fmt: skip


def put(frame: pd.DataFrame, row: dict[str, object], place: int) -> pd.DataFrame:
    return pd.concat([frame[:place], pd.DataFrame([row]), frame[place:]], ignore_index=True)[list(frame.columns)]


def together(part: pd.DataFrame, **more: object) -> dict[str, object]:
    return {"sales": part["sales"].sum(), "cost": part["cost"].sum(), **more}


def months(every: int, label: str | None = "sum") -> pd.DataFrame:
    """Return days with a row that sums up `every` so many."""
    days = pd.DataFrame({"day": pd.date_range("2021-01-01", periods=120).astype(str), "sales": RNG.integers(1, 99, 120),
                         "cost": RNG.random(120).round(2)})  # fmt: skip
    parts = [days[begin : begin + every] for begin in range(0, 120, every)]
    return pd.concat([put(part, together(part, day=label), len(part)) for part in parts], ignore_index=True)


TOLD = {
    "at the end": (put(REGIONS, together(REGIONS, region="All regions", rate=0.4, kind="a"), 24), 1),
    "at the top": (put(REGIONS, together(REGIONS, region="World", kind="b"), 0), 1),
    "in the middle": (put(REGIONS, together(REGIONS, region="Overall"), 9), 1),
    "without a word": (put(REGIONS[["sales", "cost"]], together(REGIONS), 24), 1),
    "of one column": (
        put(REGIONS[["region", "sales"]], {"region": "\u03a3", "sales": REGIONS["sales"].sum()}, 24), 1),
    "of one column, without a word": (put(REGIONS[["region", "sales"]], {"sales": REGIONS["sales"].sum()}, 24), 1),
    "beside years and shares": (
        put(REGIONS.assign(year=2020, share=7.5), together(REGIONS, region="All", year=2020, share=7.5), 24), 1),
    "of regions, year by year": (
        pd.concat([put(REGIONS[n : n + 8], together(REGIONS[n : n + 8], region="World"), 8) for n in (0, 8, 16)]), 3),
    "rounded": (put(REGIONS.assign(sales=REGIONS["sales"] + 0.04), together(
        REGIONS, region="Nation", sales=round(float(REGIONS["sales"].sum() + 1), 1)), 24), 1),
    "a mean": (put(REGIONS, {"region": "Ensemble", "sales": REGIONS["sales"].mean(), "cost": REGIONS["cost"].mean(),
                             "rate": round(REGIONS["rate"].mean(), 3)}, 24), 1),
    "of months": (months(30), 4),
    "of months, above them": (months(30)[::-1].reset_index(drop=True), 4),
    "of tens, without a word": (months(10, None), 12),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "rows"), TOLD.values(), ids=TOLD)
def test_sums_are_told(frame, rows):
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    assert sum(len(found.rows) for found in summed(frame, numeric)) == rows


def test_a_sum_at_the_end_of_a_file_is_a_finding(tmp_path):
    frame = put(REGIONS, together(REGIONS, region="All regions", rate=0.4, kind="a"), 24)
    frame.to_csv(tmp_path / "t.csv", index=False)
    dataset = read(tmp_path / "t.csv", "kind")
    assert [finding.code for finding in dataset.findings] == ["R04"] and len(dataset.target) == 25
    assert dataset.findings[0].message == (
        "1 row may be a sum of others, 'All regions': its numbers in 'sales' and 'cost' are those of all others "
        "together. It was read as a row like all."
    )


@pytest.mark.parametrize("seed", range(20))
def test_tables_without_sums_have_none(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(6, 300))
    frame = pd.DataFrame({
        "k": [f"k{n}" for n in range(size)], "few": rng.poisson(0.3, size), "counts": rng.poisson(3, size),
        "tail": rng.lognormal(sigma=3, size=size).round(1), "code": rng.integers(0, 2, size), "n": range(size),
    })  # fmt: skip
    assert not list(summed(frame, [False, True, True, True, True, True]))
    assert not list(summed(frame[["k", "counts"]], [False, True]))
