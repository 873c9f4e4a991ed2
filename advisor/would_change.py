"""What would change the answer: more rows, a GPU, a larger budget, a smaller margin, weights from elsewhere.

Each is a figure with its interval, or a `reason` for silence. Pure functions of what a run knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from advisor import evidence, learners
from advisor import plan as plans
from advisor.evidence import StandardError, gain_interval, gain_of
from advisor.growth import more_rows
from advisor.metrics import METRICS
from advisor.records import Answer, Budget, Comparison, Constraints, Dataset, Outcome, Plan, Profile, Reading
from advisor.standings import Standings, common_cuts, row_losses, without_error
from advisor.verdict import FEWEST_CUTS, Ruling, ruling

LEVEL = 0.9
FAMILIES = ("classical", "neural")
# With fewer finished trials on a cut nothing can be said of how a search goes on.
FEWEST_TRIALS = 5
RESAMPLES = 2_000
# A margin is found to within so much.
TOLERANCE = 1e-5


def would_change(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    comparison: Comparison | None,
    outcomes: Sequence[Outcome],
    readings: Sequence[Reading],
    *,
    answer: Answer,
    constraints: Constraints,
    min_gain: float,
    confidence: float,
    budget: Budget,
    workers: int,
) -> dict[str, Any]:
    """Return verdict.json's `would_change`, everything there is to say."""
    return {
        "more_rows": more_rows(dataset, profile, plan, standing, comparison, outcomes, readings),
        "gpu": gpu(plan, profile, outcomes, budget, workers),
        "larger_budget": larger_budget(plan, standing, comparison, outcomes),
        "smaller_margin": smaller_margin(
            standing, plan, answer, constraints=constraints, min_gain=min_gain, confidence=confidence
        ),
        "pretrained": pretrained(dataset, profile, plan, standing),
    }


def smaller_margin(
    standing: Standings, plan: Plan, answer: Answer, *, constraints: Constraints, min_gain: float, confidence: float
) -> dict[str, Any]:
    """Name the largest margin below `min_gain` at which the answer, all else being equal, would be "worth it".

    Found by bisection: a smaller margin takes nothing from the chance that it is exceeded, and all that the answer
    asks besides (skill, the floor, constraints) is the same at every margin.
    """
    if answer == "worth_it":
        return {"reason": "the net is worth it at the margin asked for"}

    def at(margin: float) -> Ruling:
        return ruling(standing, plan, constraints=constraints, min_gain=margin, confidence=confidence)

    least = at(0.0)
    if least.comparison is None:
        return {"reason": "there is no comparison to read it from"}
    if least.answer != "worth_it":
        why = least.because[0] if least.because else "The net is certain not to gain anything."
        return {"reason": f"the margin is not what keeps the net from being worth it: {why[0].lower()}{why[1:-1]}"}
    edge = optimize.bisect(
        lambda margin: 1.0 if at(margin).answer == "worth_it" else -1.0, 0.0, min_gain, xtol=TOLERANCE
    )
    return {"min_gain": max(0.0, edge - TOLERANCE)}


def larger_budget(
    plan: Plan, standing: Standings, comparison: Comparison | None, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Say what twice the trials might still gain, and what the budget left undone.

    For each family: by how much the expected best inner error of its champion's study falls from as many trials as it
    had to twice as many (Dodge et al. 2019, draws from the trials that finished), averaged over the cuts where at least
    five did, with a bootstrap over trials. It takes trials for draws that know nothing of each other, and no trial for
    better than the best seen; inner gains are larger than what the outer rows see of them. `p_worth` is the chance
    that the net would be worth it if they all arrived. `detectable_gain` is what all rows would show, where some cuts
    were left out.
    """
    unjudged = without_error(standing)
    told: dict[str, Any] = {
        "left_out": list(plan.unaffordable),
        "cuts": {"run": (run := len(standing.cuts.numbers)), "planned": max(run, plan.splits.folds - len(unjudged))},
        "detectable_gain": _detectable_with_all_cuts(plan, standing, comparison),
        "trials": {},
        "gain": dict.fromkeys(FAMILIES),
        "p_worth": None,
    }
    draws: dict[str, np.ndarray] = {}
    for family in FAMILIES:
        studies = _finished_trials(standing, outcomes, family)
        told["trials"][family] = sum(map(len, studies))
        rich = [errors for errors in studies if len(errors) >= FEWEST_TRIALS]
        if rich:
            estimate, draws[family] = doubled(rich)
            low, high = np.quantile(draws[family], ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
            told["gain"][family] = gain_interval(estimate, low, high, LEVEL)
    if len(draws) < 2 or comparison is None:
        poor = " and the ".join(family for family in FAMILIES if family not in draws)
        reason = (
            _why_no_comparison(plan, standing)
            if comparison is None
            else f"fewer than {FEWEST_TRIALS} trials finished on any cut for the {poor} champion, too few to say how "
            "the search would go on"
        )
        return told | {"reason": reason}
    shift = draws["neural"] - draws["classical"]
    error = StandardError(float(np.hypot(comparison.se, shift.std())), comparison.df, comparison.method)
    return told | {"p_worth": evidence.posterior(comparison.theta + float(shift.mean()), error, comparison.theta_min)}


def expected_best(errors: np.ndarray, trials: int) -> np.ndarray:
    """Return the expected lowest of `trials` draws, with replacement, from `errors` (..., n) (Dodge et al. 2019)."""
    ordered = np.sort(errors, axis=-1)
    above = 1 - np.arange(ordered.shape[-1] + 1) / ordered.shape[-1]
    return np.asarray(ordered @ (above[:-1] ** trials - above[1:] ** trials))


def doubled(studies: Sequence[np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the mean log fall of the expected best from n to 2n trials over studies (n,), and its bootstrap draws."""
    rng = np.random.default_rng(0)

    def fall(errors: np.ndarray) -> np.ndarray:
        trials = errors.shape[-1]
        few, many = (np.maximum(expected_best(errors, count), 1e-300) for count in (trials, 2 * trials))
        return np.asarray(np.maximum(np.log(few / many), 0.0))

    estimate = float(np.mean([fall(errors) for errors in studies]))
    return estimate, np.mean([fall(rng.choice(errors, (RESAMPLES, len(errors)))) for errors in studies], axis=0)


def gpu(plan: Plan, profile: Profile, outcomes: Sequence[Outcome], budget: Budget, workers: int) -> dict[str, Any]:
    """Name the nets that a GPU would bring in or let finish, and the lowest of the speeds that this rests on.

    That they would do better is not said: nobody has tried.
    """
    used = next((o.cost for o in outcomes if o.cost.device != "cpu"), None)
    if used is not None:
        return {"reason": f"a GPU was used already ({used.device_name or used.device})"}
    members = {learner.name: learner for learner in learners.catalogue()}
    nets = {name for name, learner in members.items() if learner.family == "neural"}
    late = [outcome for outcome in outcomes if outcome.cut_short or outcome.status == "timeout"]
    stopped = sorted({outcome.job.learner for outcome in late} & nets)
    unpaid = [name for name in plan.unaffordable if name in nets]
    taking_part = [members[name] for name in (*plan.learners, *plan.unaffordable) if name in members]
    seconds = plans.fit_seconds(plan.splits, budget.seconds, workers, "cuda")
    still = plans.too_slow(taking_part, profile.rows, len(profile.columns), seconds, budget, "cuda")
    brought_in = [name for name in unpaid if name not in still]
    if not brought_in and not stopped:
        return {
            "reason": "no net was held back by time" if not unpaid else "the nets left out would be too slow on one"
        }
    return {
        "brought_in": brought_in,
        "still_too_slow": [name for name in unpaid if name in still],
        "cut_short": stopped,
        "assumed_speed": min(members[name].gpu_speed for name in {*unpaid, *stopped}),
        "reason": "what they would reach was not tried, so that no gain can be stated",
    }


def pretrained(dataset: Dataset, profile: Profile, plan: Plan, standing: Standings) -> dict[str, Any]:
    """Name the nets that lack their pre-trained weights, and say how those fared that took part.

    A pre-trained net is one with weights to be had from elsewhere, or one that has nothing to tune. `took_part` has its
    gain over the classical champions on the outer rows: it was not chosen by them.
    """
    known = [lr for lr in learners.catalogue() if lr.family == "neural" and (lr.weights or not lr.tunable)]
    lacking = {
        learner.name: plan.skipped[learner.name]
        for learner in known
        if learner.weights and learner.name in plan.skipped and learner.objection(profile) is None
    }
    took_part: dict[str, Any] = {}
    for learner in known:
        by_cut = standing.finals.get(learner.name)
        if by_cut:
            took_part[learner.name] = {
                "champion_on_cuts": sum(
                    outcome.job.learner == learner.name for outcome in standing.champions.get("neural", {}).values()
                ),
                "cuts": len(by_cut),
                "gain": _gain_over_classical(dataset, profile, plan, standing, by_cut),
            }
    told: dict[str, Any] = {"lacking": lacking, "took_part": took_part}
    if lacking:
        return told | {"reason": "what a net with other weights would reach cannot be told without trying it"}
    return told if took_part else told | {"reason": "no pre-trained net fits this data"}


def _gain_over_classical(
    dataset: Dataset, profile: Profile, plan: Plan, standing: Standings, by_cut: Mapping[int, Outcome]
) -> dict[str, Any] | None:
    champions = standing.champions.get("classical")
    if not champions:
        return None
    pipelines = [row_losses(dataset, plan, each) for each in (champions, by_cut)]
    cuts = common_cuts(dataset, profile, plan, pipelines)
    if not cuts.numbers:
        return None
    sides = [evidence.losses_of(pipeline, cuts) for pipeline in pipelines]
    comparison = evidence.compare_pairs(sides[0], sides[1], cuts, METRICS[plan.metric])
    if comparison is None:
        return None
    return gain_interval(comparison.theta, comparison.low, comparison.high, comparison.level)


def _finished_trials(standing: Standings, outcomes: Sequence[Outcome], family: str) -> list[np.ndarray]:
    """Return the inner errors that the champion's learner reached on each cut, its default's among them."""
    studies = []
    for number, champion in standing.champions.get(family, {}).items():
        own = [o for o in outcomes if o.job.learner == champion.job.learner and o.job.split == number]
        trials = next((o.trials for o in reversed(own) if o.job.stage == "tuned"), champion.trials)
        studies.append(np.array([trial.inner_error for trial in trials if trial.inner_error is not None]))
    return studies


def _why_no_comparison(plan: Plan, standing: Standings) -> str:
    """Say what keeps the sides from being compared, and whether more time would change it."""
    family_of = {learner.name: learner.family for learner in learners.catalogue()}
    for family in FAMILIES:
        if family in standing.champions:
            continue
        if family not in {family_of[name] for name in plan.learners}:
            return f"no {family} learner takes part, whatever the time"
        if family in {family_of[name] for name in standing.barred}:
            return f"the {family} learners that finished miss the constraints"
    unjudged = len(without_error(standing))
    both, left = all(family in standing.champions for family in FAMILIES), plan.splits.folds - unjudged
    if both and (left <= len(standing.cuts.numbers) or left < FEWEST_CUTS):
        what = "test parts have both classes" if unjudged else "rows were judged"
        return f"too few {what}, and more time would not change that"
    return "no comparison was reached; with more time both sides might finish"


def _detectable_with_all_cuts(plan: Plan, standing: Standings, comparison: Comparison | None) -> float | None:
    """Return the gain that would show with 80 % power if all planned cuts were run, None where they were.

    A standard error falls with the root of the rows that are judged; a repeat judges the same rows again.
    """
    if comparison is None or comparison.detectable_theta == 0:
        return None
    unjudged, judged = without_error(standing), standing.cuts.rows
    tests = [part.test for part in plan.splits.parts if part.number not in unjudged]
    planned = len(np.unique(np.concatenate(tests)))
    if not 0 < judged < planned:
        return None
    return gain_of(comparison.detectable_theta * float(np.sqrt(judged / planned)))
