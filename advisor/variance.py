"""How much of the spread of the gain is seed, split and tuning: variance components of log error ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.metrics import METRICS
from advisor.records import Dataset, Outcome, Plan, Probe, Reading
from advisor.standings import Standings, leading

KIND = "seed"
FAMILIES = ("classical", "neural")
# Other seeds on few cuts: what is asked is how much they differ, not by how much one cut differs from the next.
OTHER_SEEDS, MOST_CUTS = 2, 2
SEED_STEP = 1_009
LEVEL = 0.9
DRAWS = 20_000
# With fewer degrees of freedom a component is little more than a guess, and is said to be.
FEW = 3


@dataclass(frozen=True)
class Spread:
    """A mean square with its degrees of freedom, in units of theta squared."""

    mean_square: float
    df: int


def seed_probes(plan: Plan, standing: Standings, outcomes: Iterable[Outcome]) -> tuple[Probe, ...]:
    """List the defaults of both families' leading learners to fit again with other seeds, on the same rows.

    Their first fit, with the plan's seed, is known from the defaults. Both families with one seed on one cut come
    together, so that whatever is done from the front is of use.
    """
    known = _defaults(outcomes)
    if not all(standing.champions.get(family) for family in FAMILIES):
        return ()
    leaders = [leading(standing.champions[family]) for family in FAMILIES]
    numbers = [n for n in standing.cuts.numbers if all((leader, n) in known for leader in leaders)][:MOST_CUTS]
    return tuple(
        Probe(
            KIND, f"{number}/{seed}", leader, plan.splits.parts[number].train, plan.splits.parts[number].test,
            plan.seed + number + SEED_STEP * seed,
        )
        for seed in range(1, OTHER_SEEDS + 1)
        for number in numbers
        for leader in leaders
    )  # fmt: skip


def variance(
    dataset: Dataset, plan: Plan, standing: Standings, outcomes: Sequence[Outcome], readings: Iterable[Reading]
) -> dict[str, Any]:
    """Say how much of the spread of theta from one figure to the next is split, tuning and seed: verdict.json's
    `variance`.

    theta is the log ratio of the families' outer errors on one cut. Split: its variance over cuts. Tuning: half the
    mean square of what tuning moved it on a cut (champions among the defaults against champions at the end). Both hold
    a seed's share, which is taken off; without seeds they keep it and `seed` says why it is None. Each component has a
    standard deviation `sd`, an interval, the degrees of freedom `df` that it rests on, and a `share` of their sum where
    there are two or more to share it.
    """
    numbers = standing.cuts.numbers if set(FAMILIES) <= set(standing.losses) else ()
    final = {n: _theta(*(standing.champions[family][n].error for family in FAMILIES)) for n in numbers}
    theta = {n: value for n, value in final.items() if value is not None}
    if len(theta) < 2:
        return {"reason": "fewer than two cuts have an error of both families, so that there is no spread to divide"}
    split = Spread(float(np.var(list(theta.values()), ddof=1)), len(theta) - 1)
    tuning, changed = _tuning(standing, outcomes, theta)
    seed = _seeds(dataset, plan, standing, outcomes, readings)
    told = components(split, tuning, seed, changed)
    missing = {
        "tuning": "it changed nothing on any cut" if tuning is None else None,
        "seed": "no time was left to fit with other seeds; split and tuning hold its share" if seed is None else None,
    }
    few = [name for name, component in told.items() if component and component["df"] < FEW]
    return {
        "cuts": len(theta),
        **told,
        "missing": {name: reason for name, reason in missing.items() if reason},
        "remark": f"{' and '.join(few)}: so few figures that it is little more than a guess" if few else None,
    }


def components(
    split: Spread, tuning: Spread | None, seed: Spread | None, changed: float = 1.0
) -> dict[str, dict[str, Any] | None]:
    """Divide mean squares into components with generalised confidence intervals (Weerahandi 1993).

    The mean squares of split and tuning hold the seed's component too (tuning as far as it `changed` the entries at
    all), so that theirs are differences, not below 0; the interval draws each mean square as df M / chi^2.
    """
    rng = np.random.default_rng(0)
    given = {"split": split, "tuning": tuning, "seed": seed}
    known = {name: spread for name, spread in given.items() if spread is not None}
    draws = {name: spread.mean_square * spread.df / rng.chisquare(spread.df, DRAWS) for name, spread in known.items()}
    point = {name: spread.mean_square for name, spread in known.items()}
    seed_shares = {"split": 1.0, "tuning": changed, "seed": 0.0}

    def part(name: str, values: Mapping[str, Any]) -> Any:
        return np.maximum(values[name] - seed_shares[name] * values.get("seed", 0.0), 0.0)

    variances = {name: float(part(name, point)) for name in known}
    drawn = {name: part(name, draws) for name in known}
    total, drawn_total = sum(variances.values()), np.maximum(sum(drawn.values()), 1e-300)
    told: dict[str, Any] = dict.fromkeys(given)
    for name, spread in known.items():
        low, high = np.sqrt(np.quantile(drawn[name], ((1 - LEVEL) / 2, (1 + LEVEL) / 2)))
        told[name] = {
            "sd": float(np.sqrt(variances[name])), "low": float(low), "high": float(high), "level": LEVEL,
            "df": spread.df, **dict.fromkeys(("share", "share_low", "share_high")),
        }  # fmt: skip
        if len(known) > 1 and total > 0:
            least, most = np.quantile(drawn[name] / drawn_total, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
            told[name] |= {"share": variances[name] / total, "share_low": float(least), "share_high": float(most)}
    return told


def _theta(classical: float | None, neural: float | None) -> float | None:
    """Return the log ratio of two errors, None where one of them is missing or zero."""
    return (
        float(np.log(classical / neural)) if classical and neural and np.isfinite([classical, neural]).all() else None
    )


def _defaults(outcomes: Iterable[Outcome]) -> dict[tuple[str, int], Outcome]:
    return {(o.job.learner, o.job.split): o for o in outcomes if o.job.stage == "default" and o.status == "ok"}


def _tuning(
    standing: Standings, outcomes: Sequence[Outcome], theta: Mapping[int, float]
) -> tuple[Spread | None, float]:
    """Return half the mean square of what tuning moved theta, and the share of entries that it changed at all."""
    if not any(outcome.job.stage == "tuned" and outcome.status == "ok" for outcome in outcomes):
        return None, 0.0
    best: dict[tuple[str, int], Outcome] = {}
    for (name, number), outcome in _defaults(outcomes).items():
        known = best.get((outcome.job.family, number))
        if name not in standing.barred and (known is None or (outcome.inner_error or 0.0) < (known.inner_error or 0.0)):
            best[outcome.job.family, number] = outcome
    moved, changed = [], []
    for number, after in theta.items():
        untuned = [best.get((family, number)) for family in FAMILIES]
        before = _theta(*(outcome.error if outcome else None for outcome in untuned))
        if before is not None:
            moved.append(after - before)
            changed += [
                outcome is not None and outcome.error != standing.champions[family][number].error
                for family, outcome in zip(FAMILIES, untuned, strict=True)
            ]
    if not any(changed):
        return None, 0.0
    return Spread(float(np.mean(np.square(moved))) / 2, len(moved)), float(np.mean(changed))


def _seeds(
    dataset: Dataset, plan: Plan, standing: Standings, outcomes: Iterable[Outcome], readings: Iterable[Reading]
) -> Spread | None:
    """Pool the variance of theta from one seed to the next within cuts, default against default."""
    metric, known = METRICS[plan.metric], _defaults(outcomes)
    leaders = [leading(standing.champions[family]) for family in FAMILIES]
    errors: dict[tuple[int, str], dict[str, float]] = {}
    for reading in readings:
        if reading.probe.kind == KIND and reading.predictions is not None:
            cut, _, seed = reading.probe.name.partition("/")
            errors.setdefault((int(cut), seed), {})[reading.probe.learner] = metric.error(
                dataset.target[reading.probe.test], reading.predictions
            )
    thetas: dict[int, list[float]] = {}
    for (number, _), found in errors.items():
        value = _theta(*(found.get(leader) for leader in leaders))
        if value is not None:
            thetas.setdefault(number, []).append(value)
    for number, values in thetas.items():
        first = [known.get((leader, number)) for leader in leaders]
        value = _theta(*(outcome.error if outcome else None for outcome in first))
        if value is not None:
            values.append(value)
    groups = [values for values in thetas.values() if len(values) > 1]
    df = sum(len(values) - 1 for values in groups)
    return Spread(float(sum(np.var(values) * len(values) for values in groups)) / df, df) if df else None
