"""What the table of outcomes tells about time: best so far, learning curves. No wording, no rounding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

_MOST_STEPS = 60
_NO_LOSS = {"epoch", "seconds", "learning_rate"}

Series = tuple[tuple[float, ...], tuple[float, ...]]


def best_so_far(outcomes: pd.DataFrame) -> Mapping[str, Series]:
    """Follow each family's least error out of fold over the seconds of the run: family -> (seconds, errors).

    A candidate counts from the moment when it had finished the folds that were judged; steps have both their corners,
    and each curve goes on to the end of the last candidate of all.
    """
    rows = _of_kind(outcomes, "candidate")
    if rows.empty:
        return {}
    rows = rows[rows["family"] != "dummy"].dropna(subset=["error", "ended_at"])
    end = float(rows["ended_at"].max()) if len(rows) else 0.0
    return {str(family): _falling(own, end) for family, own in rows.groupby("family")}


def _falling(candidates: pd.DataFrame, end: float) -> Series:
    ordered = candidates.sort_values("ended_at", kind="stable")
    moments, best = ordered["ended_at"].to_numpy(dtype=float), np.minimum.accumulate(ordered["error"].to_numpy(float))
    changes = np.flatnonzero(np.diff(best, prepend=np.inf) < 0)
    if len(changes) > _MOST_STEPS:
        changes = changes[np.linspace(0, len(changes) - 1, _MOST_STEPS).round().astype(int)]
    times, values = [*moments[changes].tolist(), end], [*best[changes].tolist(), float(best[-1])]
    corners = [(times[0], values[0])]
    for (_, before), (moment, after) in pairwise(zip(times, values, strict=True)):
        corners += [(moment, before), (moment, after)]
    return tuple(x for x, _ in corners), tuple(y for _, y in corners)


def learning_curves(
    outcomes: pd.DataFrame, learner: str, params: Mapping[str, Any]
) -> tuple[Mapping[str, Series], ...]:
    """Return the loss curves of a candidate on each fold: name of the loss -> (epochs, losses).

    Values that are not finite are left out.
    """
    rows = _of_kind(outcomes, "fold")
    if rows.empty:
        return ()
    own = rows[(rows["learner"] == learner) & rows["curve"].map(lambda text: isinstance(text, str))]
    own = own[own["params"].map(lambda text: json.loads(text) == dict(params)).astype(bool)]
    return tuple(found for text in own["curve"] if (found := _losses(json.loads(text))))


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
