"""Made tables for checks: small, of numbers, flags, short and long categories and dates, with gaps, names that are no
identifiers, and a target that three of the columns decide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.records import Task


def made(task: Task, rows: int, seed: int = 0, *, texts: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """Return typed inputs (rows, 6), as a Dataset has them, and their target (rows,): codes, or large values.

    With `texts` there is a seventh column of free texts, some of whose words tell the target.
    """
    rng = np.random.default_rng(seed)
    size = rng.normal(size=rows)
    kind = rng.choice(list("abcdé"), rows)
    day = rng.integers(0, 1000, rows)
    inputs = pd.DataFrame(
        {
            "größe": size,
            '"a": [{,}]': rng.normal(size=rows) * 1e6,
            "flag": rng.integers(0, 2, rows).astype(float),
            "kind": pd.Categorical(kind),
            "place": pd.Categorical(rng.choice([f"place {i}" for i in range(60)], rows)),
            "日付": pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"),
        }
    )
    inputs["日付"] = inputs["日付"].astype("datetime64[ns]")
    signal = 2 * size + 2 * np.isin(kind, ["a", "é"]) + day / 500 + 0.3 * rng.normal(size=rows)
    for column, step in (("größe", 11), ("flag", 7), ("kind", 13), ("日付", 17)):
        inputs.loc[::step, column] = None
    if texts:
        inputs["remark"] = pd.array([_remark(value, rng) for value in signal], dtype="str")
        inputs.loc[::19, "remark"] = None
    if task == "regression":
        return inputs, signal * 1e5 + 1e7
    edges = np.quantile(signal, [0.5] if task == "binary" else [0.3, 0.6])
    return inputs, np.digitize(signal, edges).astype(np.int64)


def _remark(value: float, rng: np.random.Generator) -> str:
    """Return a text of a dozen words, half of which tell how large a value is."""
    scale = ("awful", "poor", "plain", "fair", "great", "superb")
    place = int(np.clip(value / 2 + 3, 0, 5))
    told = [scale[int(np.clip(place + step, 0, 5))] for step in rng.choice([-1, 0, 0, 0, 1], 6)]
    return " ".join([*told, *rng.choice(["the", "a", "häuser", "ship", "sea", "🙂", "and"], 6)])


def strange(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return eight rows as no training has seen any: new levels and words, and columns without a value."""
    rows = inputs.head(8).copy()
    if "remark" in rows:
        texts = ["never said before", None, "", "🙂", "x" * 10_000, "<b>great</b>", "GREAT", "great\nfair"]
        rows["remark"] = pd.array(texts, dtype="str")
    rows["kind"] = pd.Categorical(["a", "new", None, "other", "é", "new", "b", "c"])
    rows["place"] = pd.Categorical([None] * 8, categories=["nowhere"])
    rows["größe"] = np.nan
    rows["日付"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ns]")
    return rows
