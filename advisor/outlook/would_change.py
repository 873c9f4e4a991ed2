"""What would change the answer: more rows, a GPU, a larger budget, a smaller margin, weights from elsewhere.

Each is a figure with its interval, or a `reason` for silence. Pure functions of what a run knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import numpy as np
from scipy import optimize

from advisor import learners
from advisor.judging import halted
from advisor.judging.case import learner_of
from advisor.judging.readings import alone_among
from advisor.judging.ruling import FEWEST_FOLDS, Ruling, ruling
from advisor.measuring import evidence
from advisor.measuring.evidence import StandardError, gain_interval, gain_of
from advisor.measuring.metrics import METRICS
from advisor.outlook.growth import more_rows
from advisor.outlook.transfer import error_curves
from advisor.records import Budget, Case, Comparison, Estimate, Family, ProbeResult
from advisor.records.outlook import Gpu, LargerBudget, Pretrained, SmallerMargin, TookPart, WouldChange

LEVEL = 0.9
FAMILIES: tuple[Literal["classical", "neural"], ...] = ("classical", "neural")
# With fewer complete trials nothing can be said of how a search goes on.
FEWEST_TRIALS = 5
RESAMPLES = 2_000
# A margin is found to within so much.
TOLERANCE = 1e-5


def would_change(
    case: Case, ruled: Ruling, results: Iterable[ProbeResult], budget: Budget, workers: int
) -> WouldChange:
    """Return everything there is to say."""
    results = list(results)
    return WouldChange(
        more_rows=more_rows(case, ruled, results),
        gpu=gpu(case, budget, workers),
        larger_budget=larger_budget(case, ruled),
        smaller_margin=smaller_margin(case, ruled),
        pretrained=pretrained(case, ruled, results),
    )


def smaller_margin(case: Case, ruled: Ruling) -> SmallerMargin:
    """Name the largest margin below the one used at which the answer, all else being equal, would be "worth it".

    Found by bisection, the choice being bootstrapped already: a smaller margin takes nothing from the chance that it is
    exceeded, and all that the answer asks besides (skill, the floor, limits) is the same at every margin. With prices
    each reading has a margin of its own, and this is one for both.
    """
    if ruled.answer == "worth_it":
        return SmallerMargin(reason="the net is worth it at the margin asked for")
    if not ruled.readings:
        return SmallerMargin(reason="there is no comparison to read it from")

    def at(margin: float) -> Ruling:
        return ruling(case, min_gain=margin, chosen=ruled.chosen)

    least = at(0.0)
    if least.answer == "not_worth_it":
        return SmallerMargin(reason="the net is certain not to gain anything")
    if least.answer != "worth_it":
        return SmallerMargin(
            reason="the margin is not what keeps the net from being worth it", because=tuple(least.because)
        )
    edge = optimize.bisect(
        lambda margin: 1.0 if at(margin).answer == "worth_it" else -1.0, 0.0, ruled.margin, xtol=TOLERANCE
    )
    return SmallerMargin(min_gain=max(0.0, edge - TOLERANCE))


def larger_budget(case: Case, ruled: Ruling) -> LargerBudget:
    """Say what twice the trials might still gain, and what the budget left undone.

    For each family: by how much the expected best error of its champion's learner falls from as many trials as were
    completed to twice as many (Dodge et al. 2019, draws from those trials), with a bootstrap over trials. It takes
    trials for draws that know nothing of each other, and no trial for better than the best seen.
    """
    alone = ruled.readings.get("alone")
    compared = None if alone is None else alone.comparison
    trials = {family: _complete_trials(case, ruled, family) for family in FAMILIES}
    draws: dict[str, np.ndarray] = {}
    gains: dict[Family, Estimate | None] = dict.fromkeys(FAMILIES)
    for family, errors in trials.items():
        if len(errors) >= FEWEST_TRIALS:
            estimate, draws[family] = doubled(errors)
            low, high = np.quantile(draws[family], ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
            gains[family] = Estimate(**gain_interval(estimate, low, high, LEVEL))
    told = LargerBudget(
        left_out=case.plan.unaffordable,
        rows={"used": len(case.plan.folds.rows), "all": len(case.dataset.target)},
        folds={"run": _folds_judged(case), "planned": case.plan.folds.folds},
        detectable_gain=_detectable_with_all_folds(case, compared),
        trials={family: len(errors) for family, errors in trials.items()},
        gain=gains,
    )
    if compared is None:
        return replace(told, reason=_why_no_comparison(case))
    if len(draws) < len(FAMILIES):
        poor = " and the ".join(family for family in FAMILIES if family not in draws)
        return replace(
            told,
            reason=f"fewer than {FEWEST_TRIALS} trials were completed for the {poor} champion, too few to say how the "
            "search would go on",
        )
    shift = draws["neural"] - draws["classical"]
    error = StandardError(float(np.hypot(compared.se, shift.std())), compared.df, compared.method)
    p_worth = evidence.posterior(compared.theta + float(shift.mean()), error, compared.theta_min, compared.prior)
    return replace(told, p_worth=p_worth)


def expected_best(errors: np.ndarray, trials: int) -> np.ndarray:
    """Return the expected lowest of `trials` draws, with replacement, from `errors` (..., n) (Dodge et al. 2019)."""
    ordered = np.sort(errors, axis=-1)
    above = 1 - np.arange(ordered.shape[-1] + 1) / ordered.shape[-1]
    return np.asarray(ordered @ (above[:-1] ** trials - above[1:] ** trials))


def doubled(errors: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the log fall of the expected best of errors (n,) from n to 2n trials, and its bootstrap draws."""
    rng = np.random.default_rng(0)

    def fall(errors: np.ndarray) -> np.ndarray:
        trials = errors.shape[-1]
        few, many = (np.maximum(expected_best(errors, count), 1e-300) for count in (trials, 2 * trials))
        return np.asarray(np.maximum(np.log(few / many), 0.0))

    return float(fall(errors)), fall(rng.choice(errors, (RESAMPLES, len(errors))))


def gpu(case: Case, budget: Budget, workers: int) -> Gpu:
    """Name the nets that a GPU would bring in or let finish, and the lowest of the speeds that this rests on.

    Brought in is whose default one GPU fits on all folds of a repeat in the time that nets would have it: all of the
    budget, or half of it where one worker serves both families. That they would do better is not said: nobody tried.
    """
    used = next((r.cost for o in case.outcomes.values() for r in o.results.values() if r.cost.device != "cpu"), None)
    if used is not None:
        return Gpu(f"a GPU was used already ({used.device_name or used.device})")
    nets = {learner.name: learner for learner in learners.catalogue() if learner.family == "neural"}
    stopped = sorted({
        outcome.candidate.learner
        for outcome in case.outcomes.values()
        if outcome.candidate.learner in nets
        and (outcome.ending == "timeout" or any(result.cut_short for result in outcome.results.values()))
    })  # fmt: skip
    unpaid = [name for name in case.plan.unaffordable if name in nets]
    first = [fold for fold in case.plan.folds.parts if fold.repeat == 0]
    seconds = budget.seconds if workers > 1 else budget.seconds / 2
    still = [
        name
        for name in unpaid
        if case.plan.speed * sum(nets[name].seconds(len(fold.train), case.profile) for fold in first)
        > seconds * nets[name].gpu_speed
    ]
    brought_in = [name for name in unpaid if name not in still]
    if not brought_in and not stopped:
        return Gpu("the nets left out would be too slow on one" if unpaid else "no net was held back by time")
    return Gpu(
        "what they would reach was not tried, so that no gain can be stated",
        brought_in=tuple(brought_in),
        still_too_slow=tuple(still),
        cut_short=tuple(stopped),
        assumed_speed=min(nets[name].gpu_speed for name in {*unpaid, *stopped}),
    )


def pretrained(case: Case, ruled: Ruling, results: Iterable[ProbeResult] = ()) -> Pretrained:
    """Name the nets that lack their pre-trained weights, and say how those fared that took part, with their curves.

    A pre-trained net is one with weights to be had from elsewhere, or one that was trained beforehand here.
    """
    known = [
        one
        for one in learners.catalogue()
        if one.family == "neural" and (one.weights or one.pretrained) and case.profile.modality in one.modalities
    ]
    lacking = {
        learner.name: case.plan.skipped[learner.name]
        for learner in known
        if learner.weights and learner.name in case.plan.skipped and learner.objection(case.profile) is None
    }
    leading = {} if ruled.chosen is None else ruled.chosen.members.get("neural", {})
    classical = {key for key in case.columns if case.outcomes[key].candidate.family == "classical"}
    took_part: dict[str, TookPart] = {}
    for learner in known:
        own = {key for key in case.columns if learner_of(case, key) == learner.name}
        if own:
            reading = alone_among(case, classical | own)
            compared = None if reading is None else reading.comparison
            gain = None if compared is None else Estimate(
                **gain_interval(compared.theta, compared.low, compared.high, compared.level)
            )  # fmt: skip
            took_part[learner.name] = TookPart(bool(own & set(leading)), gain)
    reason = "" if took_part else "no pre-trained net fits this data"
    if lacking:
        reason = "what a net with other weights would reach cannot be told without trying it"
    curves = error_curves(case, results)
    if isinstance(curves, str):
        return Pretrained(lacking, took_part, reason, silence=curves)
    return Pretrained(lacking, took_part, reason, curves)


def _complete_trials(case: Case, ruled: Ruling, family: Literal["classical", "neural"]) -> np.ndarray:
    """Return the out-of-fold errors (n,) of all candidates of the learner that leads a family, its default's too."""
    if case.matrix is None or ruled.chosen is None or family not in ruled.chosen.members:
        return np.array([])
    name = learner_of(case, next(iter(ruled.chosen.members[family])))
    lost = case.matrix.losses.mean(axis=(0, 1))
    metric = METRICS[case.plan.metric]
    own = [place for place, key in enumerate(case.columns) if learner_of(case, key) == name]
    return np.array([metric.error_of_loss(float(lost[place])) for place in own])


def _folds_judged(case: Case) -> int:
    return 0 if case.matrix is None else sum(fold.repeat == 0 for fold in case.matrix.folds)


def _why_no_comparison(case: Case) -> str:
    """Say what keeps the sides from being compared, and whether more time would change it."""
    for family in FAMILIES:
        taking_part = [entrant.learner for entrant in case.plan.entrants if entrant.family == family]
        finished = {learner_of(case, key) for key in case.columns} & set(taking_part)
        if not taking_part:
            return f"no {family} learner takes part, whatever the time"
        if finished and finished <= set(case.barred):
            return f"the {family} learners that finished miss the limits"
    why, late = halted.hindered(case)
    if why and not late:
        return f"what kept a side from the folds is a failure ({why}), which more time would not mend"
    judged, left = _folds_judged(case), case.plan.folds.folds
    if judged == left or left < FEWEST_FOLDS:
        return "too few rows were judged, and more time would not change that"
    return "no comparison was reached; with more time both sides might finish"


def _detectable_with_all_folds(case: Case, compared: Comparison | None) -> float | None:
    """Return the gain that would show with 80 % power if all planned folds were run, None where they were.

    A standard error falls with the root of the rows that are judged; a repeat judges the same rows again.
    """
    if compared is None or compared.detectable_theta == 0:
        return None
    planned = len(np.unique(np.concatenate([fold.test for fold in case.plan.folds.parts])))
    if compared.rows >= planned:
        return None
    return gain_of(compared.detectable_theta * float(np.sqrt(compared.rows / planned)))
