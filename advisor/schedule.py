"""The clock of a comparison: defaults on as many cuts as the budget pays for, then studies, equal seconds a family."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from advisor import plan, trial
from advisor.contracts import Learner
from advisor.errors import NothingTrained
from advisor.learners import catalogue
from advisor.records import Budget, Outcome, Plan

# The part of the time that defaults may take where there is a choice of how many cuts to run; the rest is for tuning.
DEFAULTS_SHARE = 0.5
# Where rows are few, judging all of them tells more than tuning does.
FEW_ROWS, DEFAULTS_SHARE_FEW = 2_500, 0.8
# The part of its family's time that the fits of a default may take where they last as long as they are let: a model
# that was cut short tells nothing, so that finishing it goes before tuning it.
LONGEST_DEFAULTS = 0.6
# Cuts that any budget must pay for. Beyond them, all learners on few cuts tell more than few learners on all: without
# the strongest opponent a third of the claims for nets would be false, while fewer rows only widen the interval.
FEWEST_CUTS = 2
# A family's time for defaults is reckoned for so many learners that use all they get; the others leave most of theirs.
SLOW_LEARNERS = 4

CarryOut = Callable[[Sequence[trial.Task]], Iterator[Outcome]]
Stage = Callable[[str, int, float], None]


def carry_through(
    shared: trial.Shared, budget: Budget, workers: int, end: float, carry_out: CarryOut, show: Stage
) -> list[Outcome]:
    """Run the defaults and then the studies until `end` (seconds since the epoch); return all outcomes.

    The first cut shows what the defaults cost, and so how many cuts leave half of the time for tuning. `carry_out`
    yields the outcomes of tasks as they come, `show` is told of each stage (name, jobs, seconds left). Raises
    NothingTrained where no default finished.
    """
    chosen, began = shared.plan, time.time()
    members = {learner.name: learner for learner in catalogue()}
    limits = _fit_limits(chosen, members, workers, end - began)
    stop = end - max(limits.values())  # the fit on all rows has to follow yet
    # Forward in time the last cut has the most rows to learn from; elsewhere all cuts are alike.
    numbers = [part.number for part in chosen.splits.parts][:: -1 if chosen.splits.kind == "forward" else 1]

    def run_defaults(cuts: Sequence[int]) -> list[Outcome]:
        jobs = plan.default_jobs(chosen, members, cuts)
        show(f"default configurations, cut {cuts[0] + 1} and on", len(jobs), stop - time.time())
        return list(carry_out([trial.Task(job, stop, limits[job.family]) for job in jobs]))

    defaults = run_defaults(numbers[:1])
    share = DEFAULTS_SHARE if len(shared.dataset.target) > FEW_ROWS else DEFAULTS_SHARE_FEW
    count = _affordable_cuts(chosen, defaults, workers * share * (stop - began))
    if count > 1:
        defaults += run_defaults(numbers[1:count])
    if not any(outcome.status == "ok" for outcome in defaults):
        first = next((outcome.message for outcome in defaults if outcome.message), "the budget was too short")
        raise NothingTrained(f"No learner finished: {first}. A larger --budget may help.")
    stop = end - _final_fit_seconds(defaults, shared)
    studies = plan.tuned_jobs(defaults, members)
    shares = plan.share_seconds(studies, workers, max(0.0, stop - time.time()))
    starts = {(o.job.learner, o.job.split): o for o in defaults}
    tasks = [
        trial.Task(job, stop, limits[job.family], shares[job.key], budget.trials, starts[job.learner, job.split])
        for job in sorted(studies, key=lambda job: -shares[job.key])
    ]
    show("tuning", len(tasks), stop - time.time())
    return [*defaults, *carry_out(tasks)]


def _affordable_cuts(chosen: Plan, first: Iterable[Outcome], worker_seconds: float) -> int:
    """Return how many cuts to run, given the outcomes of the first: two or more, and past one repeat whole repeats."""
    spent = sum(o.cost.tune_seconds + o.cost.fit_seconds + o.cost.predict_seconds for o in first)
    count = int(worker_seconds / max(spent, 1e-9))
    folds, cuts = chosen.splits.folds, len(chosen.splits.parts)
    count = min(cuts, max(FEWEST_CUTS, count))
    return count if count < folds else count - count % folds


def _fit_limits(chosen: Plan, members: Mapping[str, Learner], workers: int, seconds: float) -> dict[str, float]:
    """Return the soft limit of one fit by family: equal seconds for both, split among the learners that use all.

    However many workers there are, the fits of a job follow each other, and those of the first cut go before the rest.
    """
    fits = min(FEWEST_CUTS, len(chosen.splits.parts)) * (chosen.splits.inner_folds + 1)
    families = [members[name].family for name in chosen.learners]
    slow = {family: min(SLOW_LEARNERS, families.count(family)) for family in set(families)}
    share = LONGEST_DEFAULTS / 2 * seconds * workers / fits
    longest = LONGEST_DEFAULTS * seconds / (FEWEST_CUTS * (chosen.splits.inner_folds + 1))
    return {family: max(0.5, min(longest, share / count)) for family, count in slow.items()}


def _final_fit_seconds(defaults: Iterable[Outcome], shared: trial.Shared) -> float:
    """Expect the fit on all rows to take what the slowest default took on a training part, and for more rows more."""
    parts = shared.plan.splits.parts
    rows = len(shared.dataset.target)
    return max((o.cost.fit_seconds * rows / len(parts[o.job.split].train) for o in defaults), default=0.0)
