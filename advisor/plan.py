"""Who runs on which rows, who is left out and why, and how the seconds are shared.

Both families get the same tuning seconds on every outer cut; within a family they go to the learners whose defaults did
best on the INNER rows of that cut. Outer rows choose nothing.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from advisor import splits
from advisor.contracts import Learner
from advisor.errors import UserError, did_you_mean
from advisor.records import Budget, Dataset, Job, Outcome, Plan, Profile, Splits

# The part of its family's time that the fits of a default may take where they last as long as they are let: a model
# that was cut short tells nothing, so that finishing it goes before tuning it.
LONGEST_DEFAULTS = 0.6
# Cuts that any budget must pay for. Beyond them, all learners on few cuts tell more than few learners on all: without
# the strongest opponent a third of the claims for nets would be false, while fewer rows only widen the interval.
FEWEST_CUTS = 2
# Few rows deserve five inner fits a configuration, which a short budget cannot pay for: within two minutes they left
# 2 of 5 cuts to judge, and nets and boosted trees that were cut short.
SECONDS_FOR_INNER_FOLDS = 300
# With fewer rows the way they are cut makes a fifth of the estimate's spread, so that all repeats are worth their time.
FEW_ROWS = 300
# A GPU is shared by the workers that train on it, so that more than these, one for each family, train no more nets.
GPU_WORKERS = 2
# With less of the seconds that its default usually takes a learner would be judged below its worth.
FEWEST_SECONDS = 0.5
# Rows of equal inputs are no copies where their targets differ at least so many times as often as those of two rows
# drawn at random; and where so few inputs are different, nothing is left to hold apart.
BY_NATURE, FEWEST_DIFFERENT = 0.5, 30
# Learners a family tunes on one cut: more would leave each too few trials to learn from.
TUNED_PER_FAMILY = 3
# Learners up to this effort, and the quickest of each family, run first, so that even the shortest budget holds both
# families and a linear yardstick.
ESSENTIAL_EFFORT = 3


@dataclass(frozen=True)
class Preset:
    """A named amount of effort: seconds when no budget is named, and trials a study."""

    seconds: float
    trials: int


PRESETS: Mapping[str, Preset] = {
    "quick": Preset(seconds=120, trials=15),
    "standard": Preset(seconds=600, trials=60),
    "thorough": Preset(seconds=3600, trials=200),
}


def tier(rows: int) -> tuple[str, int, int]:
    """Return (kind, folds, repeats) of the outer cuts for a table of `rows` rows.

    Repeats buy little, so that those after the first are run only where the first leaves the answer open.
    """
    if rows > 250_000:
        return "holdout", 1, 1
    if rows > 20_000:
        return "stratified", 3, 1
    return "stratified", 5 if rows >= FEW_ROWS else 10, 3


def cuts_before_tuning(cuts: Splits, rows: int) -> int:
    """Return how many cuts defaults are run on at the most before anything is tuned: one repeat, or all where rows
    are so few that the other repeats tell more than tuning."""
    return cuts.folds if rows >= FEW_ROWS else len(cuts.parts)


def make_plan(
    dataset: Dataset,
    profile: Profile,
    learners: Sequence[Learner],
    budget: Budget,
    *,
    metric: str,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    also: Sequence[str] = (),
    interpretable: bool = False,
    device: str = "cpu",
    serve_on: str = "auto",
    workers: int = 1,
    foundation: str | None = None,
) -> Plan:
    """Pair every suitable learner with every outer cut, and say why the others were left out.

    `only`, `skip` and `also` name learners, the last those that take part on request only; whom these have to beat
    comes with them. The dummy always takes part, since "no signal" is measured against it. Raises
    UserError for an unknown name or where no learner is left.
    """
    for name in (*only, *skip, *also):
        if name not in {learner.name for learner in learners}:
            raise UserError(f"No learner is called {name!r}. {did_you_mean(name, [lr.name for lr in learners])}")
    asked = _with_yardsticks((*only, *also), learners)
    wanted = {learner.name for learner in learners if not only or learner.name in asked}
    skipped = {
        learner.name: reason
        for learner in learners
        if learner.family != "dummy"
        and (reason := _why_not(learner, profile, wanted, asked, skip, interpretable, foundation))
    }
    for learner in learners:
        if learner.name not in skipped and (absent := [name for name in learner.must_beat if name in skipped]):
            skipped[learner.name] = f"has to beat {absent[0]}, which does not take part"
    cuts = draw_splits(dataset, budget)
    unaffordable: dict[str, str] = {}
    if not only:
        unasked = [learner for learner in learners if learner.name not in (*skipped, *asked)]
        seconds = fit_seconds(cuts, budget.seconds, workers, device)
        unaffordable = too_slow(unasked, len(dataset.target), len(profile.columns), seconds, budget, device)
        skipped |= unaffordable
    members = [learner for learner in learners if learner.name not in skipped]
    chosen = tuple(learner.name for learner in members)
    if not any(learner.family != "dummy" for learner in members):
        raise UserError(f"No learner is left to compare: {'; '.join(f'{k}: {v}' for k, v in skipped.items())}.")
    for learner in members:
        if not any(other.family == learner.family and not other.must_beat for other in members):
            raise UserError(
                f"{learner.name} leads the {learner.family} side only where it beats "
                f"{' and '.join(learner.must_beat)}; name a learner of that side as well, such as mlp."
            )
    return Plan(
        dataset.task, metric, cuts, chosen, skipped, budget.seed, device, serve_on,
        _fingerprint(profile, metric, cuts, (*chosen, foundation or "")), foundation,
        tuple(unaffordable), {learner.name: learner.must_beat for learner in members if learner.must_beat},
    )  # fmt: skip


def _why_not(
    learner: Learner,
    profile: Profile,
    wanted: Container[str],
    asked: Container[str],
    skip: Container[str],
    interpretable: bool,
    foundation: str | None,
) -> str | None:
    """Say why a learner takes no part, whatever the budget, or None where it may."""
    if learner.name not in wanted:
        return "not among --learners"
    if learner.on_request and learner.name not in asked:
        terms = f" (its weights: {learner.weights})" if learner.weights else ""
        return f"takes part on request only: --also {learner.name}{terms}"
    if learner.name in skip:
        return "named in --skip"
    if interpretable and not (learner.interpretable or learner.family == "neural"):
        return "not interpretable, as --interpretable asks"
    if reason := learner.suits(profile):
        return reason
    if learner.weights and foundation is None:
        return f"needs pre-trained weights ({learner.weights}); --foundation says where they are"
    if foundation is not None and (reason := learner.absent(foundation, profile.task)):
        return f"needs pre-trained weights ({learner.weights}); {reason}"
    return None


def _with_yardsticks(names: Iterable[str], learners: Sequence[Learner]) -> frozenset[str]:
    """Return the names, and those of all whom one of them has to beat."""
    members = {learner.name: learner for learner in learners}
    wanted = set(names)
    return frozenset(wanted.union(*(members[name].must_beat for name in wanted)))


def fit_seconds(cuts: Splits, budget_seconds: float, workers: int, device: str = "cpu") -> float:
    """Return the worker-seconds that a family's defaults may take together for one fit each; a GPU's are for nets.

    Both families get the same. However many cuts are planned, the budget has to pay for a few, and for each default
    the fits of the inner cuts and one more.
    """
    fits = min(FEWEST_CUTS, len(cuts.parts)) * (cuts.inner_folds + 1)
    at_once = workers if device == "cpu" else min(workers, GPU_WORKERS)
    return LONGEST_DEFAULTS / 2 * budget_seconds * at_once / fits


def too_slow(
    learners: Sequence[Learner], rows: int, columns: int, seconds: float, budget: Budget, device: str = "cpu"
) -> dict[str, str]:
    """Name those that `seconds` for one fit of all of a family do not pay for, with the reason: {learner: reason}.

    They are taken by precedence while the time lasts; where not even one fits, the quickest of its family stays.
    """
    reasons: dict[str, str] = {}
    for family in {learner.family for learner in learners}:
        costs = {
            lr.name: lr.seconds(rows, columns) / (1.0 if device == "cpu" else lr.gpu_speed)
            for lr in learners
            if lr.family == family
        }
        left = seconds
        taken = [name for name, seconds in costs.items() if not seconds]
        slow = [lr.name for lr in sorted(learners, key=lambda lr: lr.precedence) if costs.get(lr.name)]
        for name in slow:
            if FEWEST_SECONDS * costs[name] <= left:
                left -= costs[name]
                taken.append(name)
        if not taken:
            taken.append(min(slow, key=lambda name: costs[name]))
        for name in slow:
            if name not in taken:
                reasons[name] = (
                    f"one fit takes about {costs[name]:,.0f} s, too long for a budget of {budget.seconds:,.0f} s; "
                    "a larger one, or --learners, brings it in"
                )
    return reasons


def draw_splits(dataset: Dataset, budget: Budget) -> Splits:
    """Draw the outer cuts that fit the table: forward in time, by group, or stratified with exact copies kept
    together."""
    rows = len(dataset.target)
    kind, folds, repeats = tier(rows)
    if dataset.times is not None:
        kind, folds = "forward", 5 if folds == 1 else min(folds, 5)
    elif dataset.groups is not None:
        kind, folds = "grouped", max(folds, 3)
    folds = budget.folds or folds
    copies = twins(dataset)
    bound = splits.together(dataset.groups, copies)
    if dataset.task == "binary" and folds > 1:
        # Every test part needs both classes, or its AUC does not exist.
        pieces = np.arange(rows) if bound is None else bound
        folds = max(2, min(folds, *(len(np.unique(pieces[dataset.target == code])) for code in (0, 1))))
    inner_folds = 5 if rows <= 2_500 and budget.seconds >= SECONDS_FOR_INNER_FOLDS else 1
    return splits.draw(
        dataset.target,
        kind=kind,
        folds=folds,
        repeats=budget.repeats or repeats,
        inner_folds=inner_folds,
        seed=budget.seed,
        groups=dataset.groups,
        times=dataset.times,
        twins=copies,
    )


def twins(dataset: Dataset) -> np.ndarray | None:
    """Return codes (n,) that are equal for rows which are to stay on one side of every cut: copies of one another.

    Rows are copies where their inputs are equal, whatever their targets: were copies with another target left on the
    other side, what is trained would know of a test row's inputs just the wrong answer. None where no inputs repeat;
    where there are fewer than 30 different ones; and where they repeat by nature, as they do in tables of few values
    and will in rows to come. Copies repeat their target too, so that is told by targets: rows of equal inputs then
    disagree at least half as often as two rows drawn at random.
    """
    hashes = pd.util.hash_pandas_object(dataset.inputs, index=False).to_numpy()
    codes, unique = pd.factorize(hashes)
    if len(unique) == len(codes) or len(unique) < FEWEST_DIFFERENT:
        return None
    agreeing = _pairs(codes, dataset.target) / _pairs(codes)
    at_random = _pairs(dataset.target) / _pairs(np.zeros(len(codes)))
    return codes if 1 - agreeing < BY_NATURE * (1 - at_random) else None


def _pairs(*codes: np.ndarray) -> float:
    """Count the pairs of rows that are equal in all of these."""
    counts = pd.DataFrame(dict(enumerate(codes))).value_counts().to_numpy(dtype=float)
    return float(counts @ (counts - 1) / 2)


def default_jobs(plan: Plan, learners: Mapping[str, Learner], cuts: Sequence[int]) -> tuple[Job, ...]:
    """List the default configurations to run on the cuts of these numbers.

    The essential come first; then the slow before the quick, so that no worker waits long for the last one.
    """
    chosen = sorted((learners[name] for name in plan.learners), key=lambda lr: lr.effort)
    quickest = {learner.family: learner for learner in reversed(chosen)}
    essential = [lr for lr in chosen if lr.effort <= ESSENTIAL_EFFORT or lr is quickest[lr.family]]
    others = [lr for lr in reversed(chosen) if lr not in essential]
    return tuple(
        Job(learner.name, learner.family, number, "default", plan.seed + number)
        for learner in (*essential, *others)
        for number in cuts
    )


def tuned_jobs(defaults: Iterable[Outcome], learners: Mapping[str, Learner]) -> list[Job]:
    """List the studies to run after `defaults`: on each cut, each family's best few by inner error."""
    by_cut: dict[tuple[int, str], list[Outcome]] = {}
    for outcome in defaults:
        if outcome.inner_error is not None and learners[outcome.job.learner].tunable:
            by_cut.setdefault((outcome.job.split, outcome.job.family), []).append(outcome)
    return [
        Job(outcome.job.learner, outcome.job.family, outcome.job.split, "tuned", outcome.job.seed)
        for _, outcomes in sorted(by_cut.items())
        for outcome in sorted(outcomes, key=lambda outcome: outcome.inner_error or 0.0)[:TUNED_PER_FAMILY]
    ]


def share_seconds(jobs: Sequence[Job], workers: int, seconds: float) -> dict[str, float]:
    """Share `seconds` of wall time on `workers` among studies: {job key: seconds}, equal for both families on every
    cut.

    A family's part of a cut is split evenly among its studies. The unit is found by laying the jobs out, longest first,
    on the worker that is free first (Graham 1969), since the last to finish decides.
    """
    together: dict[tuple[int, str], int] = {}
    for job in jobs:
        together[job.split, job.family] = together.get((job.split, job.family), 0) + 1
    weights = {job.key: 1 / together[job.split, job.family] for job in jobs}
    busy = [0.0] * workers
    for weight in sorted(weights.values(), reverse=True):
        heapq.heapreplace(busy, busy[0] + weight)
    return {key: seconds * weight / max(busy) for key, weight in weights.items()} if jobs else {}


def _fingerprint(profile: Profile, metric: str, cuts: Splits, learners: Sequence[str]) -> str:
    text = hashlib.sha256(repr((profile.fingerprint, metric, cuts.kind, cuts.inner_folds, tuple(learners))).encode())
    for part in cuts.parts:
        text.update(part.test.tobytes())
    return text.hexdigest()[:16]
