"""What the table of outcomes tells about time: seconds spent, best so far, learning curves. No wording, no rounding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

_MOST_STEPS = 60
_NO_LOSS = {"epoch", "seconds", "learning_rate"}

Series = tuple[tuple[float, ...], tuple[float, ...]]


def seconds_by_learner(outcomes: pd.DataFrame) -> Mapping[str, float]:
    """Add up what tuning, fitting and predicting took, over all outer cuts, per learner."""
    finished = _of_kind(outcomes, "outer")
    if finished.empty:
        return {}
    parts = finished[["tune_seconds", "fit_seconds", "predict_seconds"]].apply(pd.to_numeric, errors="coerce")
    return {str(name): float(total) for name, total in parts.sum(axis=1).groupby(finished["learner"]).sum().items()}


def best_so_far(outcomes: pd.DataFrame) -> Mapping[str, Series]:
    """Follow each family's best inner error over its tuning seconds: family -> (seconds, errors), steps included.

    Inner errors of different outer cuts lie on different rows, so the best so far is taken within a cut and averaged
    over the cuts, from the moment when every cut has one trial; a cut that has ended keeps its last value. A study's
    first trial is the default, which may stand in the table a second time as a job of its own: it is counted once.
    """
    trials = _of_kind(outcomes, "trial")
    if trials.empty:
        return {}
    trials = trials[(trials["state"] == "complete") & (trials["family"] != "dummy")]
    trials = trials.dropna(subset=["inner_error", "seconds"]).sort_values("stage", kind="stable")
    trials = trials.drop_duplicates(["learner", "split", "trial"], keep="last")
    return {str(family): _average_best(rows) for family, rows in trials.groupby("family")}


def _average_best(trials: pd.DataFrame) -> Series:
    cuts = []
    for _, rows in trials.sort_values("ended_at", kind="stable").groupby("split"):
        errors = rows["inner_error"].to_numpy(dtype=float)
        cuts.append((rows["seconds"].to_numpy(dtype=float).cumsum(), np.minimum.accumulate(errors)))
    start, end = max(seconds[0] for seconds, _ in cuts), max(seconds[-1] for seconds, _ in cuts)
    moments = np.unique(np.concatenate([seconds for seconds, _ in cuts]))
    moments = moments[moments >= start]
    best = np.mean([errors[np.searchsorted(seconds, moments, "right") - 1] for seconds, errors in cuts], axis=0)
    changes = np.flatnonzero(np.diff(best, prepend=np.inf) < 0)
    if len(changes) > _MOST_STEPS:
        changes = changes[np.linspace(0, len(changes) - 1, _MOST_STEPS).round().astype(int)]
    times, values = [*moments[changes].tolist(), float(end)], [*best[changes].tolist(), float(best[-1])]
    corners = [(times[0], values[0])]
    for (_, before), (moment, after) in pairwise(zip(times, values, strict=True)):
        corners += [(moment, before), (moment, after)]
    return tuple(x for x, _ in corners), tuple(y for _, y in corners)


def learning_curves(outcomes: pd.DataFrame, learner: str) -> tuple[Mapping[str, Series], ...]:
    """Return the loss curves of a learner's last fit on each outer cut: name of the loss -> (epochs, losses).

    Only the last stage that it reached counts. Values that are not finite are left out.
    """
    finished = _of_kind(outcomes, "outer")
    if finished.empty or "curve" not in finished:
        return ()
    rows = finished[(finished["learner"] == learner) & finished["curve"].map(lambda text: isinstance(text, str))]
    if "tuned" in set(rows["stage"]):
        rows = rows[rows["stage"] == "tuned"]
    return tuple(found for text in rows["curve"] if (found := _losses(json.loads(text))))


def _losses(curve: Mapping[str, list[float | None]]) -> Mapping[str, Series]:
    losses = {}
    for name in [name for name in curve if name not in _NO_LOSS]:
        epochs = curve.get("epoch") or range(1, len(curve[name]) + 1)
        pairs = [
            (float(epoch), float(loss))
            for epoch, loss in zip(epochs, curve[name], strict=False)
            if epoch is not None and loss is not None and np.isfinite(loss)
        ]
        if len(pairs) > 1:
            losses[name] = (tuple(x for x, _ in pairs), tuple(y for _, y in pairs))
    return losses


def _of_kind(outcomes: pd.DataFrame, kind: str) -> pd.DataFrame:
    return outcomes[outcomes["kind"] == kind] if "kind" in outcomes else outcomes.iloc[:0]
