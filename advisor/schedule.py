"""The clock of a comparison: defaults, studies of equal seconds a family, repeats; a look after each may end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor import plan, splits, trial
from advisor.contracts import Learner
from advisor.errors import NothingTrained
from advisor.learners import catalogue
from advisor.looks import Stage
from advisor.records import Budget, Job, Outcome, Plan, Probe, Reading

# The part of the time that defaults may take where there is a choice of how many cuts to run; the rest is for tuning.
DEFAULTS_SHARE = 0.5
# Up to so many rows, judging all of them tells more than tuning does.
ROWS_WORTH_TUNING, DEFAULTS_SHARE_FEW = 2_500, 0.8
# A family's time for defaults is reckoned for so many learners that use all they get, as the three kinds of boosted
# trees do; the others leave most of theirs.
SLOW_LEARNERS = 3

# Workers do not end together, and one fit is slower than the next: a further cut is begun where so many times its
# expected seconds are left.
SLACK = 1.5

CarryOut = Callable[[Sequence[trial.Task]], Iterator[Outcome]]
Show = Callable[[str, int, float], None]
Decided = Callable[[Stage, Sequence[Outcome]], bool]
ReadProbes = Callable[[Sequence[trial.Sounding]], Iterator[tuple[trial.Sounding, Any]]]


@dataclass(frozen=True)
class _Contest:
    """What every stage of one comparison needs: who takes part, how long a fit of either family may last, and who
    carries jobs out. `stop` is where no further job may run (seconds since the epoch)."""

    plan: Plan
    members: Mapping[str, Learner]
    limits: Mapping[str, float]
    trials: int
    workers: int
    margin: float
    carry_out: CarryOut
    show: Show

    def defaults(self, cuts: Sequence[int], stop: float) -> list[Outcome]:
        """Run every learner's default on these cuts."""
        jobs = plan.default_jobs(self.plan, self.members, cuts)
        self.show(f"default configurations, cut {cuts[0] + 1} and on", len(jobs), stop - time.time())
        return list(self.carry_out([trial.Task(job, stop, self.limits[job.family]) for job in jobs]))

    def studies(self, starts: Sequence[Outcome], stop: float) -> list[Outcome]:
        """Tune on the cuts of these defaults, in equal seconds a family and all the time there is."""
        wanted = plan.tuned_jobs(starts, self.members)
        shares = _affordable_studies(wanted, starts, self.workers, max(0.0, stop - time.time()))
        start_of = {(o.job.learner, o.job.split): o for o in starts}
        tasks = [
            trial.Task(
                job,
                stop,
                self.limits[job.family],
                tune_seconds=shares[job.key],
                most_trials=self.trials,
                start=start_of[job.learner, job.split],
                rival_error=_rival_error(job, starts),
                margin=self.margin,
            )
            for job in sorted(wanted, key=lambda job: -shares.get(job.key, 0.0))
            if job.key in shares
        ]
        self.show("tuning", len(tasks), stop - time.time())
        return list(self.carry_out(tasks))

    def further(self, cuts: Sequence[int], step: int, seconds_a_cut: float, stop: float) -> list[Outcome]:
        """Run and tune more cuts, `step` at a time, while the time lasts: they make the interval narrower."""
        found: list[Outcome] = []
        for first in range(0, len(cuts) - step + 1, step):
            if time.time() + step * seconds_a_cut > stop:
                break
            starts = self.defaults(cuts[first : first + step], stop)
            if any(outcome.status == "timeout" for outcome in starts):
                break  # a cut without the slowest learner would favour the other side, so it does not count
            found += [*starts, *self.studies(starts, stop)]
        return found


def carry_through(
    shared: trial.Shared,
    budget: Budget,
    workers: int,
    end: float,
    carry_out: CarryOut,
    show: Show,
    decided: Decided,
    margin: float,
) -> list[Outcome]:
    """Run defaults, studies and repeats until the answer is known or `end` (seconds since the epoch) is near; return
    all outcomes.

    The first cut shows what the defaults cost, and so how many cuts leave time for tuning; further cuts of the first
    repeat follow where the studies leave time, whole repeats only where the answer is still open. `carry_out` yields
    the outcomes of tasks as they come, `show` is told of each stage (name, jobs, seconds left), `decided` is asked
    after each of the looks. A study ends when it will hardly come within `margin` of the other family's error. Raises
    NothingTrained where no default finished.
    """
    began, cuts, rows = time.time(), shared.plan.splits, len(shared.dataset.target)
    members = {learner.name: learner for learner in catalogue()}
    limits = _fit_limits(shared.plan, members, workers, end - began)
    contest = _Contest(shared.plan, members, limits, budget.trials, workers, margin, carry_out, show)
    numbers = splits.in_order(cuts)
    stop = end - max(limits.values())  # the fit on all rows has to follow yet
    outcomes = contest.defaults(numbers[:1], stop)
    decided("landmarks", outcomes)
    share = DEFAULTS_SHARE if rows > ROWS_WORTH_TUNING else DEFAULTS_SHARE_FEW
    count = _affordable_cuts(
        plan.cuts_before_tuning(cuts, rows), cuts.folds, outcomes, workers * share * (stop - began)
    )
    if count > 1:
        outcomes += contest.defaults(numbers[1:count], stop)
    if not any(outcome.status == "ok" for outcome in outcomes):
        first = next((outcome.message for outcome in outcomes if outcome.message), "the budget was too short")
        raise NothingTrained(f"No learner finished: {first}. A larger --budget may help.")
    seconds_a_cut = SLACK * _worker_seconds(outcomes) / count / workers
    stop = end - final_fit_seconds(outcomes, shared)
    if decided("defaults", outcomes):
        return outcomes
    outcomes += contest.studies(outcomes, stop)
    outcomes += contest.further(numbers[count : cuts.folds], 1, seconds_a_cut, stop)  # studies seldom use all they got
    count = len({outcome.job.split for outcome in outcomes})
    if count == len(numbers) or not decided("tuned", outcomes):
        if count >= cuts.folds:
            outcomes += contest.further(numbers[count:], cuts.folds, seconds_a_cut, stop)
        decided("final", outcomes)
    return outcomes


def sound_out(
    probes: Sequence[Probe], fit_seconds: float | None, end: float, read: ReadProbes, show: Show
) -> list[Reading]:
    """Carry out probes in their order until `end` (seconds since the epoch); return what each saw, or why nothing.

    `fit_seconds` is the soft limit of one fit, `read` yields (sounding, reading or exception) as they come.
    """
    show("questions to the data", len(probes), end - time.time())
    return [
        result if isinstance(result, Reading) else Reading(sounding.probe, None, message=trial.describe(result))
        for sounding, result in read([trial.Sounding(probe, end, fit_seconds) for probe in probes])
    ]


def affordable_probes(
    kinds: Sequence[Sequence[Probe]], chosen: Plan, outcomes: Sequence[Outcome], worker_seconds: float
) -> list[Probe]:
    """Take of each kind as many from the front as an equal part of the seconds is expected to pay for.

    A kind without probes has no part, and what one kind leaves of its part is for those after it.
    """
    taken: list[Probe] = []
    kinds = [probes for probes in kinds if probes]
    for place, probes in enumerate(kinds):
        part = worker_seconds / (len(kinds) - place)
        for probe, seconds in zip(probes, probe_seconds(probes, chosen, outcomes), strict=True):
            if seconds > part:
                break
            part -= seconds
            worker_seconds -= seconds
            taken.append(probe)
    return taken


def probe_seconds(probes: Sequence[Probe], chosen: Plan, outcomes: Iterable[Outcome]) -> tuple[float, ...]:
    """Expect what each probe takes, from what its learner's defaults took for a row trained on and a row predicted.

    A learner that takes no part is expected to take as long as the slowest that does.
    """
    rates: dict[str, list[tuple[float, float]]] = {}
    for outcome in outcomes:
        if outcome.status == "ok" and outcome.job.stage == "default":
            part, cost = chosen.splits.parts[outcome.job.split], outcome.cost
            rate = cost.fit_seconds / len(part.train), cost.predict_seconds / len(part.test)
            rates.setdefault(outcome.job.learner, []).append(rate)
    by_learner = {learner: np.mean(found, axis=0) for learner, found in rates.items()}
    slowest = np.max(list(by_learner.values()), axis=0)
    return tuple(
        float(by_learner.get(probe.learner, slowest) @ (len(probe.train), len(probe.test))) for probe in probes
    )


def _affordable_cuts(most: int, folds: int, first: Iterable[Outcome], worker_seconds: float) -> int:
    """Return how many cuts to run, given the outcomes of the first: two or more, and past one repeat whole repeats."""
    count = int(worker_seconds / max(_worker_seconds(first), 1e-9))
    count = min(most, max(plan.FEWEST_CUTS, count))
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


def _rival_error(job: Job, starts: Iterable[Outcome]) -> float | None:
    """Return the least inner error of the classical defaults on the cut of a net's study; None for other studies.

    Trees that were given up early would be weaker opponents, and "worth it" easier to say.
    """
    if job.family != "neural":
        return None
    rivals = [
        o.inner_error
        for o in starts
        if o.job.split == job.split and o.job.family == "classical" and o.inner_error is not None
    ]
    return min(rivals, default=None)


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


def final_fit_seconds(outcomes: Iterable[Outcome], shared: trial.Shared) -> float:
    """Expect the fit on all rows to take what the slowest of these took on a training part, and for more rows more."""
    parts = shared.plan.splits.parts
    rows = len(shared.dataset.target)
    return max((o.cost.fit_seconds * rows / len(parts[o.job.split].train) for o in outcomes), default=0.0)
