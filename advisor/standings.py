"""Outcomes -> who stands where: what each learner reached, and each family's champion on every cut.

A champion is chosen by inner error alone. Its outer rows are looked at afterwards, by the comparison; choosing by
them would be the winner's curse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from advisor import costs, evidence, learners, splits
from advisor.evidence import Cuts, RowLosses
from advisor.metrics import METRICS
from advisor.records import Constraints, Dataset, Outcome, Plan, Profile

# With fewer than a hundredth of the rows being copies, the standard error is the same with and without clusters.
FEW_COPIES = 0.99
SERVING = ("latency_p50_ms", "latency_p99_ms", "predict_ms_per_1000_rows", "model_mb")

Finals = Mapping[str, Mapping[int, Outcome]]
"""Learner -> number of the cut -> what it ended with there: the study's outcome, or its default's where there is
none."""


@dataclass(frozen=True)
class Standings:
    """Who did what on which rows.

    `champions` and `losses` have an entry for each family that finished ("dummy", "classical", "neural"); `losses`
    are on the rows of `cuts`, those cuts which all of these families finished with everyone who leads them elsewhere.
    """

    finals: Finals
    champions: Mapping[str, Mapping[int, Outcome]]
    cuts: Cuts
    losses: Mapping[str, RowLosses]
    barred: Mapping[str, str]


def standings(
    dataset: Dataset, profile: Profile, plan: Plan, outcomes: Iterable[Outcome], constraints: Constraints
) -> Standings:
    """Sort outcomes into finals and champions; learners that miss a constraint are barred from being champion."""
    finals: dict[str, dict[int, Outcome]] = {}
    defaults: dict[tuple[str, int], Outcome] = {}
    late: set[tuple[str, int]] = set()
    for outcome in outcomes:
        if outcome.status == "timeout":
            late.add((outcome.job.learner, outcome.job.split))
        if outcome.status == "ok":
            if outcome.job.stage == "default":
                defaults[outcome.job.learner, outcome.job.split] = outcome
            known = finals.setdefault(outcome.job.learner, {}).get(outcome.job.split)
            if known is None or known.job.stage == "default":
                finals[outcome.job.learner][outcome.job.split] = outcome
    first = splits.in_order(plan.splits)[0]
    finals = {
        name: {number: _measured(outcome, defaults.get((name, first))) for number, outcome in by_cut.items()}
        for name, by_cut in _complete_repeats(finals, plan).items()
    }
    barred = {name: reason for name, cuts in finals.items() if (reason := _misses(name, cuts, constraints))}
    members: dict[str, dict[str, dict[int, Outcome]]] = {}
    for outcome in (outcome for name, by_cut in finals.items() if name not in barred for outcome in by_cut.values()):
        if _beats_its_yardsticks(outcome, finals, defaults, dataset, plan):
            own = members.setdefault(outcome.job.family, {}).setdefault(outcome.job.learner, {})
            own[outcome.job.split] = outcome
    champions = {family: best_by_inner_error(of_family) for family, of_family in members.items()}
    pipelines = {
        family: row_losses(dataset, plan, _with_all_leaders(by_cut, finals, late))
        for family, by_cut in champions.items()
    }
    cuts = common_cuts(dataset, profile, plan, list(pipelines.values()))
    losses = {family: evidence.losses_of(pipeline, cuts) for family, pipeline in pipelines.items() if cuts.numbers}
    return Standings(finals, champions, cuts, losses, barred)


def best_by_inner_error(finals: Finals) -> dict[int, Outcome]:
    """Return on every cut the outcome whose inner error is the least, the first named where several share it.

    Who has none, as where no AUC exists on the inner rows, is not chosen.
    """
    best: dict[int, Outcome] = {}
    for by_cut in finals.values():
        for number, outcome in by_cut.items():
            if outcome.inner_error is None:
                continue
            if number not in best or _inner(outcome) < _inner(best[number]):
                best[number] = outcome
    return best


def without_error(standing: Standings) -> set[int]:
    """Return the cuts that a champion finished although no error exists there: an AUC of test rows of one class."""
    finished = (outcome for by_cut in standing.champions.values() for outcome in by_cut.values())
    return {outcome.job.split for outcome in finished if outcome.error is not None and np.isnan(outcome.error)}


def _with_all_leaders(
    champions: Mapping[int, Outcome], finals: Finals, late: Container[tuple[str, int]]
) -> dict[int, Outcome]:
    """Leave out the cuts on which another leads because the clock stopped someone who is champion, in time, elsewhere.

    There the family was led by whoever happened to be ready, and the other side would look better than it is.
    """
    in_time = {
        name: {number for number, outcome in finals[name].items() if not outcome.cut_short}
        for name in {outcome.job.learner for outcome in champions.values() if not outcome.cut_short}
    }
    return {
        number: outcome
        for number, outcome in champions.items()
        if not any(
            number not in cuts and name != outcome.job.learner and (number in finals[name] or (name, number) in late)
            for name, cuts in in_time.items()
        )
    }


def _beats_its_yardsticks(
    outcome: Outcome, finals: Finals, defaults: Mapping[tuple[str, int], Outcome], dataset: Dataset, plan: Plan
) -> bool:
    """Tell whether an outcome clearly beats, on the inner rows of its cut, all whom its learner has to beat.

    A default is beaten by a default only, so that no study makes the difference. Who is absent, or was still learning
    when its time was up, is not beaten.
    """
    learner, number = outcome.job.learner, outcome.job.split
    metric = METRICS[plan.metric]

    def losses(of: Outcome) -> np.ndarray:
        assert of.inner_rows is not None and of.inner_predictions is not None  # whoever finished has them
        return metric.row_losses(dataset.target[of.inner_rows], of.inner_predictions)

    for name in plan.must_beat.get(learner, ()):
        other = finals.get(name, {}).get(number)
        own = outcome if other is not None and other.job.stage == "tuned" else defaults.get((learner, number))
        if own is None or other is None or other.cut_short or not evidence.clearly_better(losses(other), losses(own)):
            return False
    return True


def row_losses(
    dataset: Dataset, plan: Plan, by_cut: Mapping[int, Outcome], metric: str | None = None
) -> dict[int, Any]:
    """Return the losses of each cut's test rows under `metric` (None: the plan's), cut by cut."""
    judge = METRICS[metric or plan.metric]
    return {
        number: judge.row_losses(dataset.target[plan.splits.parts[number].test], outcome.predictions)
        for number, outcome in by_cut.items()
        if outcome.predictions is not None
    }


def leaderboard(
    standing: Standings, dataset: Dataset, profile: Profile, plan: Plan, outcomes: Iterable[Outcome]
) -> tuple[dict[str, Any], ...]:
    """Return a row for each learner of the plan, the best outer error first and those without a result last."""
    everything = list(outcomes)
    rows = [
        _row(name, standing, dataset, profile, plan, [o for o in everything if o.job.learner == name])
        for name in plan.learners
    ]
    return tuple(sorted(rows, key=lambda row: (row["error"] is None, row["error"])))


def settled(by_cut: Mapping[int, Outcome]) -> Outcome:
    """Choose one configuration out of those that the cuts settled on: the one a model for all rows is trained with.

    The default, where at least half of the cuts kept it; else the configuration whose cut's study improved its inner
    error most. Returns an outcome that has it.
    """
    tuned = [outcome for outcome in by_cut.values() if outcome.params]
    if 2 * len(tuned) <= len(by_cut):
        return next(outcome for outcome in by_cut.values() if not outcome.params)
    return min(tuned, key=lambda outcome: _inner(outcome) / max(outcome.trials[0].inner_error or 0.0, 1e-300))


def leading(champions: Mapping[int, Outcome]) -> str:
    """Name the learner that was champion on most cuts, the better inner error deciding between equals."""
    counts = Counter(outcome.job.learner for outcome in champions.values())
    error = {name: fmean(_inner(o) for o in champions.values() if o.job.learner == name) for name in counts}
    return min(counts, key=lambda name: (-counts[name], error[name]))


def _row(
    name: str, standing: Standings, dataset: Dataset, profile: Profile, plan: Plan, own: list[Outcome]
) -> dict[str, Any]:
    by_cut = standing.finals.get(name, {})
    metric = METRICS[plan.metric]
    pipeline = row_losses(dataset, plan, by_cut)
    cuts = common_cuts(dataset, profile, plan, [pipeline])
    error = se = low = high = None
    if cuts.numbers:
        losses = evidence.losses_of(pipeline, cuts)
        error = metric.error_of_loss(float(losses.by_row.mean()))
        se = evidence.standard_error(losses, cuts, metric)
        low, high = evidence.score_interval(losses, cuts, metric) or (None, None)
    trouble = next((outcome for outcome in own if outcome.status != "ok"), None)
    family = next(iter(own)).job.family if own else "classical"
    serving = _serving(by_cut)
    batch_ms = serving["predict_ms_per_1000_rows"]
    status = "ok" if cuts.numbers and not trouble else ("partly" if cuts.numbers else "failed")
    return {
        "learner": name,
        "family": family,
        "score": None if error is None else metric.score(error),
        "low": low,
        "high": high,
        "error": error,
        "se": se,
        "trials": sum(len(o.trials) - (o.job.stage == "tuned") for o in own if o.trials),
        "splits": len(cuts.numbers),
        "champion_of_splits": sum(o.job.learner == name for o in standing.champions.get(family, {}).values()),
        "tuned_splits": sum(1 for o in by_cut.values() if o.params),
        "fit_seconds": _mean(o.cost.fit_seconds for o in by_cut.values()),
        "tune_seconds": sum(o.cost.tune_seconds for o in own),
        "cpu_seconds": sum(o.cost.cpu_seconds for o in own),
        "energy_wh_estimated": _energy_wh(own),
        "predict_ms_per_1000_rows": batch_ms,
        "rows_per_second": 1_000_000 / batch_ms if batch_ms else None,
        "latency_p50_ms": serving["latency_p50_ms"],
        "latency_p99_ms": serving["latency_p99_ms"],
        # Growth over the start of a job: a later job in the same process grows less, so the largest is the truest.
        "peak_memory_mb": max((o.cost.peak_memory_mb for o in own if o.cost.peak_memory_mb is not None), default=None),
        "model_mb": serving["model_mb"],
        "device": next((o.cost.device for o in by_cut.values()), None),
        "device_name": next((o.cost.device_name for o in by_cut.values()), None),
        "gpu_memory_mb": max((o.cost.gpu_memory_mb for o in own if o.cost.gpu_memory_mb is not None), default=None),
        "status": status,
        "message": _message(name, standing, trouble, own),
    }


def common_cuts(dataset: Dataset, profile: Profile, plan: Plan, pipelines: list[dict[int, Any]]) -> Cuts:
    """Keep the cuts that all pipelines have finished, with the rows that belong together: groups, or copies."""
    twins = plan.splits.twins
    clusters, what = None if dataset.groups is None else splits.together(dataset.groups, twins), "groups"
    if clusters is None and twins is not None and twins.max() + 1 < FEW_COPIES * len(twins):
        # Copies of a row are one piece of evidence, as the rows of a group are.
        clusters, what = twins, "sets of equal rows"
    return evidence.cuts_of(
        plan.splits, pipelines, encoded_columns=profile.encoded_columns, groups=clusters, groups_are=what
    )


def _message(name: str, standing: Standings, trouble: Outcome | None, own: list[Outcome]) -> str:
    if name in standing.barred:
        return standing.barred[name]
    if trouble is not None:
        return f"{trouble.job.stage} on cut {trouble.job.split + 1}: {trouble.message}"
    return "" if own else "the budget ran out before it began"


def _energy_wh(own: list[Outcome]) -> float | None:
    """Estimate the watt-hours of all jobs of a learner; None where a GPU of unknown power took part.

    A job that trained on a GPU is charged for it from its start to the end of its fit, busy or not.
    """
    on_gpu = [o for o in own if o.cost.device != "cpu"]
    # A study that kept its default carries the fit of the default's job.
    fits = sum(o.cost.fit_seconds for o in on_gpu if o.job.stage == "default" or o.params)
    watts = {o.cost.gpu_watts for o in on_gpu}
    return costs.energy_wh(
        sum(o.cost.cpu_seconds for o in own),
        fits + sum(o.cost.tune_seconds for o in on_gpu),
        max((w for w in watts if w is not None), default=None) if None not in watts else None,
    )


def _complete_repeats(finals: Finals, plan: Plan) -> dict[str, dict[int, Outcome]]:
    """Leave out a later repeat that not every learner finished: half a repeat would weigh some rows twice."""
    of_repeat = {part.number: part.repeat for part in plan.splits.parts}
    size = Counter(of_repeat.values())
    present = [Counter(of_repeat[number] for number in by_cut) for by_cut in finals.values()]
    counted = {r for r in size if r == 0 or all(counter[r] == size[r] for counter in present if counter[0] == size[0])}
    return {
        name: {number: outcome for number, outcome in by_cut.items() if of_repeat[number] in counted}
        for name, by_cut in finals.items()
    }


def _misses(name: str, by_cut: Mapping[int, Outcome], constraints: Constraints) -> str | None:
    """Say which constraint the model for all rows misses, as far as it was measured; or None."""
    if constraints.interpretable and not learners.find(name).interpretable:
        return "not interpretable, as --interpretable asks; it ran to show what that costs"
    serving = _serving(by_cut)
    latency, size = serving["latency_p99_ms"], serving["model_mb"]
    if constraints.max_latency_ms is not None and latency is not None and latency > constraints.max_latency_ms:
        return (
            f"too slow: 99 % of single predictions take up to {latency:.3g} ms, "
            f"allowed are {constraints.max_latency_ms:g} ms"
        )
    if constraints.max_model_mb is not None and size is not None and size > constraints.max_model_mb:
        return f"too large: {size:.3g} MB, allowed are {constraints.max_model_mb:g} MB"
    return None


def _inner(outcome: Outcome) -> float:
    return float("inf") if outcome.inner_error is None else outcome.inner_error


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return float(np.mean(known)) if known else None


def _measured(outcome: Outcome, default: Outcome | None) -> Outcome:
    """Add to a default what serving it took on the cut that is always run; a tuned outcome has figures of its own."""
    if outcome.params or default is None or outcome.cost.latency_p99_ms is not None:
        return outcome
    return replace(outcome, cost=replace(outcome.cost, **{name: getattr(default.cost, name) for name in SERVING}))


def _serving(by_cut: Mapping[int, Outcome]) -> dict[str, float | None]:
    """Return what serving takes: the figures of the model for all rows, or of another cut's where it has none."""
    ordered = (*((settled(by_cut),) if by_cut else ()), *by_cut.values())
    known = ([getattr(outcome.cost, name) for outcome in ordered] for name in SERVING)
    return {
        name: next((value for value in values if value is not None), None)
        for name, values in zip(SERVING, known, strict=True)
    }
