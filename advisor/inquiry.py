"""From the first fit to the verdict: the contest, looks at it while it runs, and what is asked of the data beside it.

Knows no file, no MLflow and no terminal: what happens is told through the functions it is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from advisor import schedule
from advisor.effort import effort
from advisor.flattery import flattery_findings, flattery_probes
from advisor.growth import growth_probes
from advisor.looks import CONCLUSIVE, Stage, look
from advisor.metrics import METRICS
from advisor.permuted import permuted_finding, permuted_probes
from advisor.prices import Prices
from advisor.prior import landmarks
from advisor.records import Budget, Constraints, Finding, Look, Outcome, Probe, Profile, Reading, Verdict
from advisor.schedule import CarryOut, ReadProbes, Show
from advisor.standings import Standings, standings
from advisor.trial import Shared
from advisor.variance import seed_probes, variance
from advisor.verdict import judge, margin_at, ruling
from advisor.would_change import would_change

# The part of the budget that checks of the data may take once the defaults have run (what a random split would
# flatter, whether a shuffled target teaches anything), and seconds without which they would tell nothing.
GATES, FEWEST_GATE_SECONDS = 0.05, 6.0
# The part of the budget that is kept for questions to the data, once the answer is as good as it gets.
QUESTIONS = 0.08


@dataclass(frozen=True)
class Request:
    """What was asked for, in numbers: `workers` processes of `threads` threads each."""

    budget: Budget
    min_gain: float | None
    confidence: float
    constraints: Constraints
    prices: Prices
    workers: int
    threads: int


@dataclass(frozen=True)
class Hands:
    """How things are done and told elsewhere: jobs, probes, and the stage that is being worked on."""

    carry_out: CarryOut
    read_probes: ReadProbes
    show: Show


@dataclass(frozen=True)
class Found:
    """All that came of it; `profile` has the findings of the gates as well, `further` keys of verdict.json beside the
    verdict's own."""

    profile: Profile
    outcomes: Sequence[Outcome]
    standing: Standings
    verdict: Verdict
    further: Mapping[str, Any]


def inquire(shared: Shared, request: Request, hands: Hands, began: float, end: float) -> Found:
    """Measure both sides until the answer is known or `end` is near, and judge.

    `began` and `end` are seconds since the epoch; the fit on all rows has to follow before `end`. Raises NothingTrained
    where no default finished.
    """
    dataset, plan, budget = shared.dataset, shared.plan, request.budget
    asked: dict[str, Any] = {"constraints": request.constraints, "confidence": request.confidence}
    looks: list[Look] = []
    findings: list[Finding] = []

    def decided(stage: Stage, outcomes: Sequence[Outcome]) -> bool:
        if stage == "defaults":
            until = time.time() + max(GATES * budget.seconds, min(FEWEST_GATE_SECONDS, 2 * GATES * budget.seconds))
            findings.extend(_gates(shared, request, hands, outcomes, until))
        standing = standings(dataset, shared.profile, plan, outcomes, request.constraints)
        margin = margin_at(dataset, shared.profile, plan, standing, outcomes, request.prices, request.min_gain)
        seen = look(stage, standing, plan, **asked, min_gain=margin, seconds=time.time() - began)
        looks.append(replace(seen, landmarks=_landmarks(shared, outcomes)) if stage == "landmarks" else seen)
        return looks[-1].decided

    outcomes = schedule.carry_through(
        shared, budget, request.workers, end - QUESTIONS * budget.seconds, hands.carry_out, hands.show, decided,
        METRICS[plan.metric].min_gain if request.min_gain is None else request.min_gain,
    )  # fmt: skip
    profile = replace(shared.profile, findings=(*shared.profile.findings, *findings))
    standing = standings(dataset, profile, plan, outcomes, request.constraints)
    verdict = judge(
        dataset, profile, plan, standing, outcomes,
        **asked, min_gain=request.min_gain, looks=looks, priced=request.prices,
    )  # fmt: skip
    wanted = [outcome for outcome in outcomes if outcome.job.learner == verdict.recommended["learner"]]
    until = end - schedule.final_fit_seconds(wanted, shared)
    if verdict.answer in CONCLUSIVE:  # what was saved is not spent on the outskirts of an answer
        until = min(until, time.time() + QUESTIONS * budget.seconds)
    kinds = growth_probes(dataset, plan, standing, outcomes), seed_probes(plan, standing, outcomes)
    readings = _ask(shared, request, hands, kinds, outcomes, until)
    compared = ruling(standing, plan, **asked, min_gain=verdict.min_gain).comparison
    further = {
        "would_change": would_change(
            dataset, profile, plan, standing, compared, outcomes, readings,
            **asked, answer=verdict.answer, min_gain=verdict.min_gain, budget=budget, workers=request.workers,
        ),
        "effort": effort(dataset, profile, plan, standing, outcomes, min_gain=verdict.min_gain),
        "variance": variance(dataset, plan, standing, outcomes, readings),
    }  # fmt: skip
    return Found(profile, outcomes, standing, verdict, further)


def _landmarks(shared: Shared, outcomes: Sequence[Outcome]) -> Mapping[str, float] | None:
    """Read the landmarks off the inner errors of the first cut's defaults; outer rows tell nobody what to expect."""
    errors = {o.job.learner: o.inner_error for o in outcomes if o.inner_error is not None}
    data = shared.dataset
    return landmarks(errors, task=data.task, rows=len(data.target), classes=len(data.classes))


def _gates(
    shared: Shared, request: Request, hands: Hands, outcomes: Sequence[Outcome], until: float
) -> Iterator[Finding]:
    """Check the data by fits: what a shuffled target teaches, and what a random split flatters."""
    dataset, profile, plan = shared.dataset, shared.profile, shared.plan
    kinds = permuted_probes(dataset, plan), flattery_probes(dataset, profile, plan)
    readings = _ask(shared, request, hands, kinds, outcomes, until)
    yield permuted_finding(dataset, readings)
    yield from flattery_findings(dataset, profile, plan, readings)


def _ask(
    shared: Shared,
    request: Request,
    hands: Hands,
    kinds: Sequence[Sequence[Probe]],
    outcomes: Sequence[Outcome],
    until: float,
) -> list[Reading]:
    """Put as many probes of each kind to the data as the time until then (seconds since the epoch) pays for."""
    seconds = request.workers * (until - time.time())
    probes = schedule.affordable_probes(kinds, shared.plan, outcomes, seconds)
    return schedule.sound_out(probes, None, until, hands.read_probes, hands.show) if probes else []
