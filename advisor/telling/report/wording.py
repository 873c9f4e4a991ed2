"""JSON values in words: names without underscores, values with the unit that their name carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.telling.report import numbers
from advisor.telling.report.numbers import known

MOST_ITEMS = 8

_METRICS = {
    "roc_auc": ("ROC AUC", "the chance that a row of the positive class is ranked above one of the other class"),
    "log_loss": ("log loss", "how surprised the predicted probabilities are by what happened; 0 is perfect"),
    "accuracy": ("accuracy", "the share of rows whose class is predicted right"),
    "balanced_accuracy": ("balanced accuracy", "the accuracy within each class, averaged over the classes"),
    "rmse": ("RMSE", "the root of the mean squared error, in the target's own units"),
    "mae": ("MAE", "the mean absolute error, in the target's own units"),
}
_LABELS = {
    "trials": "Candidates",
    "spent_seconds": "Search, all told",
    "tune_seconds": "Search beyond defaults",
    "fit_seconds": "One fit of the champion",
    "cpu_seconds": "Processor time",
    "predict_ms_per_1000_rows": "Predict 1,000 rows",
    "latency_p50_ms": "Latency, median",
    "latency_p99_ms": "Latency, p99",
    "peak_memory_mb": "Peak memory",
    "gpu_memory_mb": "Peak GPU memory",
    "model_mb": "Model size",
    "energy_wh_estimated": "Energy, estimated",
    "rows_per_second": "Rows a second, 1,000 at once",
    "sd": "Standard deviation",
}


def metric_words(name: str) -> tuple[str, str]:
    """Return a metric's name as people write it, and what it is; an unknown one keeps its name."""
    return _METRICS.get(name, (name.replace("_", " "), ""))


def pairs(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Turn a mapping into (name, value) pairs of words."""
    return tuple((label(name), value_text(str(name), value)) for name, value in given.items())


def label(name: Any) -> str:
    """Drop the unit from a name whose value is written with it: "warm_seconds" becomes "Warm time"."""
    text = str(name)
    if text in _LABELS:
        return _LABELS[text]
    for ending, words in (("_seconds", " time"), ("_ms", ""), ("_mb", ""), ("_pct", "")):
        text = text.removesuffix(ending) + (words if text.endswith(ending) else "")
    text = text.replace("_", " ")
    return text[:1].upper() + text[1:]


def value_text(name: str, value: Any) -> str:
    """Write any JSON value for people; the unit follows from the name's ending, as everywhere in this package."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return numbers.NOT_MEASURED
    if isinstance(value, Mapping):
        texts = [f"{str(key).replace('_', ' ')}: {value_text(str(key), item)}" for key, item in value.items()]
        return _some(texts)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _some([value_text(name, item) for item in value])
    number = known(value)
    if isinstance(value, str) or number is None:
        return str(value)
    return _with_unit(name, number, isinstance(value, int))


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - MOST_ITEMS
    return ", ".join(texts[:MOST_ITEMS]) + (f" and {more:,} more" if more > 0 else "")


def _with_unit(name: str, number: float, whole: bool) -> str:
    if name.endswith("seconds"):
        return numbers.duration(number)
    if name.endswith("_ms") or "_ms_per_" in name:
        return numbers.milliseconds(number)
    if name.endswith("_mb"):
        return numbers.megabytes(number)
    if "_wh_" in name:
        return numbers.watt_hours(number)
    if name == "rows_per_second":
        return numbers.significant(number, 2)
    if name.endswith("_pct"):
        return numbers.percent(number / 100)
    if name.endswith(("share", "gain", "margin")):
        return numbers.percent(number)
    if name.startswith("p_") or name.endswith("chance"):
        return numbers.chance(number)
    return numbers.count(number) if whole else numbers.significant(number)
