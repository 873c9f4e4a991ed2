"""The clock of a comparison: defaults, then studies, repeat by repeat, with equal seconds for both families."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from advisor import plan, trial
from advisor.contracts import Learner
from advisor.errors import NothingTrained
from advisor.learners import catalogue
from advisor.records import Budget, Outcome, Plan

# The part of the time that the defaults of all repeats may take; the rest is for tuning.
DEFAULTS_SHARE = 0.5
# The part of its family's time that the fits of a default may take where they last as long as they are let: a model
# that was cut short tells nothing, so that finishing it goes before tuning it.
LONGEST_DEFAULTS = 0.8
# A family's time for defaults is reckoned for so many learners that use all they get; the others leave most of theirs.
SLOW_LEARNERS = 2

CarryOut = Callable[[Sequence[trial.Task]], Iterator[Outcome]]
Stage = Callable[[str, int, float], None]


def carry_through(
    shared: trial.Shared, budget: Budget, workers: int, end: float, carry_out: CarryOut, show: Stage
) -> list[Outcome]:
    """Run the defaults and then the studies of each repeat until `end` (seconds since the epoch); return all outcomes.

    `carry_out` yields the outcomes of tasks as they come, `show` is told of each stage (name, jobs, seconds left). The
    number of repeats shrinks to what leaves half of the time for tuning. Raises NothingTrained where nothing finished.
    """
    chosen = shared.plan
    members = {learner.name: learner for learner in catalogue()}
    repeats = chosen.splits.repeats
    limits = _fit_limits(chosen, members, workers, end - time.time())
    outcomes: list[Outcome] = []
    repeat = 0
    while repeat < repeats:
        repeat_began = time.time()
        jobs = plan.default_jobs(chosen, members, repeat)
        stop = end - max(limits.values())  # the fit on all rows has to follow yet
        show("default configurations", len(jobs), stop - repeat_began)
        defaults = list(carry_out([trial.Task(job, stop, limits[job.family]) for job in jobs]))
        outcomes += defaults
        if not any(outcome.status == "ok" for outcome in outcomes):
            first = next((outcome.message for outcome in outcomes if outcome.message), "the budget was too short")
            raise NothingTrained(f"No learner finished: {first}. A larger --budget may help.")
        took = time.time() - repeat_began
        stop = end - _final_fit_seconds(defaults, shared)
        if repeat == 0:
            # As many repeats as let the defaults of all of them take half of the time at most.
            repeats = max(1, min(repeats, int(DEFAULTS_SHARE * (stop - repeat_began) / max(took, 0.1))))
        later = repeats - repeat - 1
        seconds = (stop - time.time() - later * took) / (later + 1)
        studies = plan.tuned_jobs(defaults, members)
        shares = plan.share_seconds(studies, workers, max(0.0, seconds))
        starts = {(o.job.learner, o.job.split): o for o in defaults}
        tasks = [
            trial.Task(job, stop, limits[job.family], shares[job.key], budget.trials, starts[job.learner, job.split])
            for job in sorted(studies, key=lambda job: -shares[job.key])
        ]
        show("tuning", len(tasks), stop - time.time())
        outcomes += carry_out(tasks)
        repeat += 1
    return outcomes


def _fit_limits(chosen: Plan, members: Mapping[str, Learner], workers: int, seconds: float) -> dict[str, float]:
    """Return the soft limit of one fit by family: equal seconds for both, split among the learners that use all."""
    fits = len(chosen.splits.parts) * (chosen.splits.inner_folds + 1)
    families = [members[name].family for name in chosen.learners]
    slow = {family: min(SLOW_LEARNERS, families.count(family)) for family in set(families)}
    return {
        family: max(0.5, LONGEST_DEFAULTS / 2 * seconds * workers / (fits * count)) for family, count in slow.items()
    }


def _final_fit_seconds(defaults: Iterable[Outcome], shared: trial.Shared) -> float:
    """Expect the fit on all rows to take what the slowest default took on a training part, and for more rows more."""
    parts = shared.plan.splits.parts
    rows = len(shared.dataset.target)
    return max((o.cost.fit_seconds * rows / len(parts[o.job.split].train) for o in defaults), default=0.0)
