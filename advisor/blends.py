"""Blends of what has finished: what a net adds to an ensemble of the others, although alone it may not pay.

Members are weighed by their inner predictions alone; the outer rows of a cut see one blend, as they see one champion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from advisor.metrics import METRICS, Metric
from advisor.records import Dataset, Outcome, Plan
from advisor.standings import Standings

# Members drawn at most; a share of a twenty-fifth is the finest that inner rows of usual number can justify.
MOST_DRAWS = 25


@dataclass(frozen=True)
class Blend:
    """A weighted mean of learners on one cut: shares that sum to 1, and its predictions of the cut's test rows."""

    weights: Mapping[str, float]
    predictions: np.ndarray


def blends(standing: Standings, dataset: Dataset, plan: Plan, families: Collection[str]) -> dict[int, Blend]:
    """Blend the learners of `families` on every cut that was judged: {number of the cut: blend}.

    Learners that miss a constraint are left out. A cut on which none of them finished has no blend.
    """
    found = {}
    for number in standing.cuts.numbers:
        members = {
            name: by_cut[number]
            for name, by_cut in standing.finals.items()
            if number in by_cut and by_cut[number].job.family in families and name not in standing.barred
        }
        if blend := _blend(members, dataset, METRICS[plan.metric]):
            found[number] = blend
    return found


def _blend(members: Mapping[str, Outcome], dataset: Dataset, metric: Metric) -> Blend | None:
    first = next((o.inner_rows for o in members.values() if o.inner_rows is not None), None)
    if first is None:
        return None
    alike = {name: o for name, o in members.items() if o.inner_rows is not None and np.array_equal(o.inner_rows, first)}
    inner = {name: np.asarray(o.inner_predictions) for name, o in alike.items()}
    weights = weigh(inner, dataset.target[first], metric)
    outer = sum(share * np.asarray(alike[name].predictions) for name, share in weights.items())
    return Blend(weights, np.asarray(outer))


def weigh(predictions: Mapping[str, np.ndarray], target: np.ndarray, metric: Metric) -> dict[str, float]:
    """Return shares that sum to 1: greedy selection with replacement (Caruana et al. 2004), the best single first.

    `predictions` are (m, K) or (m,) for the same m rows. In each draw the member joins whose mean with those before
    has the lowest error, up to 25 draws; the draw after which the error was lowest counts, the earliest of equals.
    """
    total = np.zeros(next(iter(predictions.values())).shape)
    drawn: list[str] = []
    best_error, best_count = np.inf, 1
    for count in range(1, MOST_DRAWS + 1):
        errors = {name: metric.error(target, (total + values) / count) for name, values in predictions.items()}
        name = min(errors, key=lambda name: errors[name])
        total = total + predictions[name]
        drawn.append(name)
        if errors[name] < best_error:
            best_error, best_count = errors[name], count
    kept = drawn[:best_count]
    return {name: kept.count(name) / best_count for name in dict.fromkeys(kept)}
