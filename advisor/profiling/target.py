"""Findings T, and the facts about the target: what is to be predicted, and whether it can be as it is stated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor.records import Dataset, Finding
from advisor.wording import are, counted, percent, some

FEW_ROWS, SMALL_SHARE = 10, 0.01
# The farthest 1 % of the rows of a normal variable hold 9 % of its variance.
HEAVY_TAIL_SHARE = 0.3
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def target_facts(dataset: Dataset) -> Mapping[str, Any]:
    """Describe the target in JSON-safe values: classes with counts and shares, or moments and quantiles.

    Figures that cannot be computed (the skew of a constant) are None.
    """
    target, name = dataset.target, dataset.target_name
    if dataset.classes:
        counts = np.bincount(target.astype(np.int64), minlength=len(dataset.classes))
        classes = [
            {"name": label, "count": int(count), "share": float(count / len(target))}
            for label, count in zip(dataset.classes, counts, strict=True)
        ]
        return {"name": name, "classes": classes, "majority_share": float(counts.max() / len(target))}
    values = target[np.isfinite(target)]
    if not len(values):
        return {"name": name, "distinct": 0}
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    scaled = (values - values.mean()) / spread if spread > 0 else values * 0
    return {
        "name": name,
        "mean": _number(values.mean()),
        "sd": _number(spread),
        "min": _number(values.min()),
        "max": _number(values.max()),
        "quantiles": {str(q): _number(np.quantile(values, q)) for q in QUANTILES},
        "skew": _number((scaled**3).mean()) if spread > 0 else None,
        "zeros_share": float((values == 0).mean()),
        "distinct": len(np.unique(values)),
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def rare_classes(dataset: Dataset) -> Finding | None:
    """T01: classes with fewer than 10 rows (some folds will lack them) or less than 1 % of the rows."""
    if not dataset.classes:
        return None
    rows, counts = len(dataset.target), np.bincount(dataset.target, minlength=len(dataset.classes))
    few, small = counts < FEW_ROWS, counts < SMALL_SHARE * rows
    if not (few | small).any() or len(counts) > 50:
        return None
    rare = {dataset.classes[code]: int(counts[code]) for code in np.flatnonzero(few | small)}
    names = sorted(rare, key=lambda name: rare[name])
    return Finding(
        "T01",
        "warning" if few.any() else "info",
        f"{'The class' if len(names) == 1 else f'{len(names)} classes,'} {some(names)} "
        f"{are(names)} rare ({counted(rare[names[0]], 'row')} of {rows:,} for {names[0]!r}).",
        "Scores for rare classes are unsteady; merge them with a like class, or collect more rows.",
        {"classes": rare},
    )


def variance_share_of_top_percent(values: np.ndarray) -> float:
    """Return which part of the variance of values (n,) the 1 % that lie farthest from the mean hold; 0 without any."""
    if not len(values):
        return 0.0
    away = np.sort(np.abs(values - values.mean()))
    away = (away / (away[-1] or 1.0)) ** 2
    top = max(1, round(0.01 * len(away)))
    return float(away[-top:].sum() / away.sum()) if away.sum() > 0 else 0.0


def heavy_tails(dataset: Dataset) -> Finding | None:
    """T02: a regression target whose farthest 1 % of the rows hold much of its variance (9 % for a normal one)."""
    if dataset.classes or len(dataset.target) < 200:
        return None
    share = variance_share_of_top_percent(dataset.target)
    if share < HEAVY_TAIL_SHARE:
        return None
    positive = bool((dataset.target > 0).all())
    return Finding(
        "T02",
        "warning" if share >= 0.5 else "info",
        f"The target has heavy tails: the farthest 1 % of the rows hold {percent(share)} of its variance.",
        f"RMSE hangs on those rows; consider --metric mae{' or the logarithm as target' if positive else ''}.",
        {"variance_share_of_top_percent": share},
    )


def unlearnable_target(dataset: Dataset) -> Finding | None:
    """T03: a target that cannot be learnt as stated: one value, a number of the row, an ID, or the wrong task."""
    name, rows = dataset.target_name, len(dataset.target)
    distinct = np.unique(dataset.target)
    evidence = {"distinct": len(distinct), "rows": rows}
    if len(distinct) < 2:
        message = f"The target {name!r} has one value only."
        return Finding("T03", "severe", message, "Name a column that varies with --target.", evidence)
    if dataset.classes:
        return _too_many_classes(dataset, evidence)
    if rows >= 30 and len(distinct) == rows and (np.diff(distinct) == 1).all():
        message = f"The target {name!r} numbers the rows: all from {distinct[0]:.0f} to {distinct[-1]:.0f}, once each."
        return Finding("T03", "severe", message, "Name the column that is to be predicted with --target.", evidence)
    if len(distinct) > 10 or rows < 3 * len(distinct):
        return None
    if len(distinct) == 2:
        message = f"The target {name!r} has two values only."
        return Finding("T03", "severe", message, "Predict a class instead: --task binary.", evidence)
    return Finding(
        "T03",
        "warning",
        f"The target {name!r} has {len(distinct)} values only, so it may be a class or a grade rather than a quantity.",
        "If the steps between the values mean nothing, use --task multiclass.",
        evidence,
    )


def _too_many_classes(dataset: Dataset, evidence: Mapping[str, Any]) -> Finding | None:
    name, classes, rows = dataset.target_name, len(dataset.classes), len(dataset.target)
    if classes > 20 and classes > rows / 3:
        return Finding(
            "T03",
            "severe",
            f"The target {name!r} has {classes:,} classes in {rows:,} rows, so it names rows, not classes.",
            "Name another column with --target, or use --task regression if its values are quantities.",
            evidence,
        )
    if classes <= 50:
        return None
    numbers = all(label.replace(".", "", 1).replace("-", "", 1).isdigit() for label in dataset.classes)
    return Finding(
        "T03",
        "warning",
        f"The target {name!r} has {classes:,} classes, most with few rows to learn from.",
        "Use --task regression, since the classes are numbers." if numbers else "Merge classes that are alike.",
        evidence,
    )
