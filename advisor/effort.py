"""Equal time and equal trials: both readings of a fair contest, and where they differ. Outer rows choose nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor import evidence
from advisor.metrics import METRICS
from advisor.records import Dataset, Outcome, Plan, Profile, Trial
from advisor.standings import Standings, common_cuts, row_losses

FAMILIES = ("classical", "neural")


@dataclass(frozen=True)
class Pick:
    """What a family would have entered after so many trials on one cut: a learner, its configuration, its inner error.

    `outcome` holds its outer predictions where this configuration was judged (as champion, or as a default), else None.
    """

    learner: str
    params: Mapping[str, Any]
    inner_error: float
    outcome: Outcome | None


def effort(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    outcomes: Sequence[Outcome],
    *,
    min_gain: float | None = None,
) -> dict[str, Any]:
    """Compare the families by equal time, as they were tuned, and by equal trials: verdict.json's `effort`.

    For the second reading each family is let have all its defaults on each cut, and beyond them its first T trials, in
    the order in which they began; T is the smaller family's count there. Where every configuration picked so was judged
    on the outer rows too, the outer gain is given; elsewhere only inner errors can be compared, and `outer.reason` says
    so. `reason` alone is returned where there are no cuts of both families.
    """
    metric = METRICS[plan.metric]
    theta_min = -float(np.log1p(-(metric.min_gain if min_gain is None else min_gain)))
    numbers = standing.cuts.numbers if set(FAMILIES) <= set(standing.losses) else ()
    if not numbers:
        return {"reason": "no cut was finished by both families"}
    tried = {(family, number): trials_in_order(outcomes, family, number) for family in FAMILIES for number in numbers}
    beyond = {key: [each for each in found if each[1].number > 0] for key, found in tried.items()}
    fewest = {number: min(len(beyond[family, number]) for family in FAMILIES) for number in numbers}
    picks = {
        (family, number): pick(
            [*(each for each in found if each[1].number == 0), *beyond[family, number][: fewest[number]]],
            outcomes, standing, number,
        )
        for (family, number), found in tried.items()
    }  # fmt: skip
    by_time = {key: standing.champions[key[0]][key[1]].inner_error or np.nan for key in picks}
    thetas = {
        "equal_time": _theta(by_time, numbers),
        "equal_trials": _theta({key: each.inner_error for key, each in picks.items()}, numbers),
    }
    if not all(np.isfinite(theta) for theta in thetas.values()):
        return {"reason": "a side makes no inner error, so that there is no ratio of errors"}
    time, trials = thetas["equal_time"], thetas["equal_trials"]
    signs, sides = time * trials < 0, (time > theta_min) != (trials > theta_min)
    return {
        "cuts": len(numbers),
        "trials": {family: sum(len(beyond[family, number]) for number in numbers) for family in FAMILIES},
        "equal_trials_used": sum(fewest.values()),
        "tune_seconds": {family: _seconds(outcomes, family, numbers) for family in FAMILIES},
        "inner_gain": {name: evidence.gain_of(theta) for name, theta in thetas.items()},
        "same_choice_on_cuts": {
            family: sum(_same(picks[family, number], standing.champions[family][number]) for number in numbers)
            for family in FAMILIES
        },
        "sign_differs": signs,
        "side_of_margin_differs": sides,
        "outer": _outer(dataset, profile, plan, standing, picks, numbers),
    }


def trials_in_order(outcomes: Iterable[Outcome], family: str, number: int) -> list[tuple[str, Trial]]:
    """List a family's trials on a cut in the order in which they began: (learner, trial).

    A study carries its learner's default as trial 0 a second time; it counts once, and one that was run again with more
    time counts twice.
    """
    seen = {
        (outcome.job.learner, trial.number, trial.started_at): (outcome.job.learner, trial)
        for outcome in outcomes
        if outcome.job.family == family and outcome.job.split == number
        for trial in outcome.trials
    }
    return sorted(seen.values(), key=lambda each: (each[1].started_at, each[0], each[1].number))


def pick(tried: Sequence[tuple[str, Trial]], outcomes: Iterable[Outcome], standing: Standings, number: int) -> Pick:
    """Choose by inner error what a family would have entered after these trials.

    A learner's default stays where its whole study found nothing clearly better (more than one standard error), since
    a part of the study would hardly have; elsewhere the best configuration of the part stands for it.
    """
    candidates: list[Pick] = []
    judged = [o for o in outcomes if o.job.split == number and o.status == "ok" and o.predictions is not None]
    for learner in dict.fromkeys(name for name, _ in tried):
        final = standing.finals.get(learner, {}).get(number)
        if final is None or learner in standing.barred:
            continue
        known = [trial for name, trial in tried if name == learner and trial.inner_error is not None]
        chosen = min(
            (trial for trial in known if trial.number == 0 or final.params),
            key=lambda trial: trial.inner_error or 0.0,
            default=None,
        )
        if chosen is not None:
            params = {} if chosen.number == 0 else dict(chosen.params)
            # What was run last of the same configuration is what counts: a default may have had more time again.
            outer = [o for o in judged if o.job.learner == learner and dict(o.params) == params]
            candidates.append(Pick(learner, params, float(chosen.inner_error or 0.0), outer[-1] if outer else None))
    return min(candidates, key=lambda each: each.inner_error, default=Pick("", {}, np.nan, None))


def _same(picked: Pick, champion: Outcome) -> bool:
    return picked.learner == champion.job.learner and picked.params == dict(champion.params)


def _theta(errors: Mapping[tuple[str, int], float], numbers: Sequence[int]) -> float:
    """Return the mean log ratio of inner errors over the cuts, positive where the net is better."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = [np.log(errors["classical", number]) - np.log(errors["neural", number]) for number in numbers]
        return float(np.mean(ratios))


def _seconds(outcomes: Iterable[Outcome], family: str, numbers: Sequence[int]) -> float:
    return sum(o.cost.tune_seconds for o in outcomes if o.job.family == family and o.job.split in numbers)


def _outer(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    picks: Mapping[tuple[str, int], Pick],
    numbers: Sequence[int],
) -> dict[str, Any]:
    """Compare on outer rows what equal trials would have entered, where all of it was judged there."""
    if all(_same(picked, standing.champions[family][number]) for (family, number), picked in picks.items()):
        return {"reason": "both readings enter the same configurations, so that the judged gain holds for both"}
    unjudged = sum(any(picks[family, number].outcome is None for family in FAMILIES) for number in numbers)
    if unjudged:
        return {
            "reason": f"on {unjudged} of {len(numbers)} cuts equal trials would have entered a configuration that was "
            "not judged on the outer rows, so that only inner errors can be compared"
        }
    pipelines = [
        row_losses(dataset, plan, {n: outcome for n in numbers if (outcome := picks[family, n].outcome) is not None})
        for family in FAMILIES
    ]
    cuts = common_cuts(dataset, profile, plan, pipelines)
    sides = [evidence.losses_of(pipeline, cuts) for pipeline in pipelines]
    comparison = evidence.compare_pairs(sides[0], sides[1], cuts, METRICS[plan.metric])
    if comparison is None:
        return {"reason": "too few rows were judged for an honest figure"}
    return dict(evidence.gain_interval(comparison.theta, comparison.low, comparison.high, comparison.level))
