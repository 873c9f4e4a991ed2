"""The clock of a comparison: defaults on as many cuts as the budget pays for, then studies, equal seconds a family."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from advisor import plan, splits, trial
from advisor.contracts import Learner
from advisor.errors import NothingTrained
from advisor.learners import catalogue
from advisor.records import Budget, Job, Outcome, Plan

# The part of the time that defaults may take where there is a choice of how many cuts to run; the rest is for tuning.
DEFAULTS_SHARE = 0.5
# Where rows are few, judging all of them tells more than tuning does.
FEW_ROWS, DEFAULTS_SHARE_FEW = 2_500, 0.8
# A family's time for defaults is reckoned for so many learners that use all they get, as the three kinds of boosted
# trees do; the others leave most of theirs.
SLOW_LEARNERS = 3

# Workers do not end together, and one fit is slower than the next: a further cut is begun where so many times its
# expected seconds are left.
SLACK = 1.5

CarryOut = Callable[[Sequence[trial.Task]], Iterator[Outcome]]
Stage = Callable[[str, int, float], None]


def carry_through(
    shared: trial.Shared, budget: Budget, workers: int, end: float, carry_out: CarryOut, show: Stage
) -> list[Outcome]:
    """Run the defaults and then the studies until `end` (seconds since the epoch); return all outcomes.

    The first cut shows what the defaults cost, and so how many cuts leave half of the time for tuning; further cuts
    follow where the studies leave time. `carry_out`
    yields the outcomes of tasks as they come, `show` is told of each stage (name, jobs, seconds left). Raises
    NothingTrained where no default finished.
    """
    chosen, began = shared.plan, time.time()
    members = {learner.name: learner for learner in catalogue()}
    limits = _fit_limits(chosen, members, workers, end - began)
    stop = end - max(limits.values())  # the fit on all rows has to follow yet
    numbers = splits.in_order(chosen.splits)

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

    def run_studies(starts: Sequence[Outcome]) -> list[Outcome]:
        studies = plan.tuned_jobs(starts, members)
        shares = _affordable_studies(studies, starts, workers, max(0.0, stop - time.time()))
        by_job = {(o.job.learner, o.job.split): o for o in starts}
        tasks = [
            trial.Task(job, stop, limits[job.family], shares[job.key], budget.trials, by_job[job.learner, job.split])
            for job in sorted(studies, key=lambda job: -shares.get(job.key, 0.0))
            if job.key in shares
        ]
        show("tuning", len(tasks), stop - time.time())
        return list(carry_out(tasks))

    outcomes = [*defaults, *run_studies(defaults)]
    # Studies seldom use all they were given: where a further cut fits into the rest, it makes the interval narrower.
    step = 1 if count < chosen.splits.folds else chosen.splits.folds
    seconds = SLACK * step * _worker_seconds(defaults) / max(count, 1) / workers
    while numbers[count : count + step] and time.time() + seconds <= stop:
        further = run_defaults(numbers[count : count + step])
        if any(outcome.status == "timeout" for outcome in further):
            break  # a cut without the slowest learner would favour the other side, so it does not count
        outcomes += [*further, *run_studies(further)]
        count += step
    return outcomes


def _affordable_cuts(chosen: Plan, first: Iterable[Outcome], worker_seconds: float) -> int:
    """Return how many cuts to run, given the outcomes of the first: two or more, and past one repeat whole repeats."""
    count = int(worker_seconds / max(_worker_seconds(first), 1e-9))
    folds, cuts = chosen.splits.folds, len(chosen.splits.parts)
    count = min(cuts, max(plan.FEWEST_CUTS, count))
    return count if count < folds else count - count % folds


def _affordable_studies(
    studies: Sequence[Job], starts: Iterable[Outcome], workers: int, seconds: float
) -> dict[str, float]:
    """Share the seconds among studies that can each pay for another configuration: {job key: seconds}.

    Where one of a family's studies on a cut cannot, the family's last by inner error gives its part up to the others,
    until all can or one is left.
    """
    needed = {(o.job.learner, o.job.split): _worker_seconds([o]) for o in starts}
    while True:
        shares = plan.share_seconds(studies, workers, seconds)
        groups: dict[tuple[int, str], list[Job]] = {}
        for job in studies:
            groups.setdefault((job.split, job.family), []).append(job)
        dropped = {
            jobs[-1].key
            for jobs in groups.values()
            if len(jobs) > 1 and any(shares[job.key] < needed[job.learner, job.split] for job in jobs)
        }
        if not dropped:
            return shares
        studies = [job for job in studies if job.key not in dropped]


def _worker_seconds(outcomes: Iterable[Outcome]) -> float:
    return sum(o.cost.tune_seconds + o.cost.fit_seconds + o.cost.predict_seconds for o in outcomes)


def _fit_limits(chosen: Plan, members: Mapping[str, Learner], workers: int, seconds: float) -> dict[str, float]:
    """Return the soft limit of one fit by family: equal seconds for both, split among the learners that use all."""
    families = [members[name].family for name in chosen.learners]
    slow = {family: min(SLOW_LEARNERS, families.count(family)) for family in set(families)}
    share = plan.fit_seconds(chosen.splits, seconds, workers)
    # The fits of a job follow each other on one worker, and those of the first cut go before the rest.
    longest = plan.LONGEST_DEFAULTS * seconds / (plan.FEWEST_CUTS * (chosen.splits.inner_folds + 1))
    return {family: max(0.5, min(longest, share / count)) for family, count in slow.items()}


def _final_fit_seconds(defaults: Iterable[Outcome], shared: trial.Shared) -> float:
    """Expect the fit on all rows to take what the slowest default took on a training part, and for more rows more."""
    parts = shared.plan.splits.parts
    rows = len(shared.dataset.target)
    return max((o.cost.fit_seconds * rows / len(parts[o.job.split].train) for o in defaults), default=0.0)
