"""Outcomes -> a Case: who finished the same folds, what they lost on which rows, and any two of them compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from advisor import learners
from advisor.measuring import evidence, splits
from advisor.measuring.judged import Judged, RowLosses, judged_on
from advisor.measuring.metrics import METRICS, Metric
from advisor.records import (
    WEAK_PRIOR,
    Candidate,
    Case,
    Comparison,
    Dataset,
    Fold,
    Limits,
    Matrix,
    Mixture,
    Outcome,
    Plan,
    Prior,
    Profile,
    Question,
)

# With fewer than a hundredth of the rows being copies, the standard error is the same with and without clusters.
FEW_COPIES = 0.99
SERVING = ("latency_p50_ms", "latency_p99_ms", "model_mb")
FAMILIES = ("classical", "neural")


def case_of(dataset: Dataset, profile: Profile, plan: Plan, outcomes: Iterable[Outcome], question: Question) -> Case:
    """Gather what is known into one value; its matrix is None where no fold was finished by any of both families."""
    known = {outcome.candidate.key: outcome for outcome in outcomes}
    folds = judged_folds(plan, known.values())
    columns = tuple(
        key for key, outcome in known.items() if folds and {fold.number for fold in folds} <= _told(outcome)
    )
    matrix = _matrix(dataset, plan, [known[key] for key in columns], folds) if columns else None
    case = Case(dataset, profile, plan, question, known, columns, matrix, {})
    return replace(case, barred={name: reason for name in plan.learners if (reason := _why_barred(case, name))})


def judged_folds(plan: Plan, outcomes: Iterable[Outcome]) -> tuple[Fold, ...]:
    """Return the folds to judge by: all that were run, or the first few that both families finished.

    Folds are run in the order of the plan, so that whatever is done of them from the front is of use. Where the time
    did not pay for all folds of the first repeat, as many from the front count as a candidate of each family finished:
    of those without whom there is no answer (see Entrant), if they finished two. A further repeat counts where everyone
    who was begun on it finished it, since half a repeat would weigh some rows twice. Who was given up on holds nobody
    up. A fold on which the metric says nothing of anybody (an AUC of one class) is left out, and then no further repeat
    counts.
    """
    everyone = [outcome for outcome in outcomes if outcome.ending != "given_up"]
    essential = {entrant.learner for entrant in plan.entrants if entrant.essential or entrant.strong}
    silent = frozenset().union(*(outcome.done for outcome in everyone)) - frozenset().union(*map(_told, everyone))
    first = [part for part in plan.folds.parts if part.repeat == 0 and part.number not in silent]
    reached = []
    for family in FAMILIES:
        own = [outcome for outcome in everyone if outcome.candidate.family == family]
        weighty = _prefix(first, [_told(outcome) for outcome in own if outcome.candidate.learner in essential])
        reached.append(weighty if weighty >= min(2, len(first)) else _prefix(first, map(_told, own)))
    count = min((reach for reach in reached if reach), default=0)
    folds = first[:count]
    for repeat in range(1, plan.folds.repeats):
        parts = [part for part in plan.folds.parts if part.repeat == repeat]
        numbers = {part.number for part in parts}
        begun = [outcome for outcome in everyone if numbers & set(outcome.results)]
        both = {outcome.candidate.family for outcome in begun} >= set(FAMILIES)
        if silent or count < len(first) or not both or not all(numbers <= _told(outcome) for outcome in begun):
            break
        folds += parts
    return tuple(folds)


def against(
    case: Case,
    incumbent: Mixture,
    challenger: Mixture,
    *,
    min_gain: float | None = None,
    theta: float | None = None,
    spread: float = 0.0,
    metric: str | None = None,
    prior: Prior = WEAK_PRIOR,
) -> Comparison | None:
    """Compare two candidates or blends on the rows that both were judged on; None where that tells nothing.

    `min_gain` None is that of the question; `theta` and `spread` are those of a bootstrapped choice whose pair on all
    rows this is and `prior` what is expected of them (see evidence.compare_pairs); `metric` None is the plan's.
    """
    judge = METRICS[metric or case.plan.metric]
    judged = judged_of(case)
    blended = len(incumbent) > 1 or len(challenger) > 1
    return evidence.compare_pairs(
        losses_of(case, incumbent, judge), losses_of(case, challenger, judge), judged, judge,
        min_gain=case.question.min_gain if min_gain is None else min_gain, theta=theta, spread=spread,
        training=evidence.TRAINING_OF_BLENDS if blended else evidence.TRAINING, prior=prior,
    )  # fmt: skip


def losses_of(case: Case, mixture: Mixture, metric: Metric | None = None) -> RowLosses:
    """Return what a candidate or a blend lost, by row and by fold."""
    by_repeat = mixture_losses(case, mixture, metric or METRICS[case.plan.metric])
    matrix = case.matrix
    assert matrix is not None
    by_fold = [by_repeat[fold.repeat, np.searchsorted(matrix.rows, fold.test)].mean() for fold in matrix.folds]
    return RowLosses(by_repeat.mean(axis=0), np.array(by_fold))


def mixture_losses(case: Case, mixture: Mixture, metric: Metric) -> np.ndarray:
    """Return the row losses (R, n) of the weighted mean of candidates' predictions."""
    matrix = case.matrix
    assert matrix is not None
    place = {key: column for column, key in enumerate(case.columns)}
    if len(mixture) == 1 and metric.name == case.plan.metric:
        return np.asarray(matrix.losses[:, :, place[next(iter(mixture))]])
    blended = sum(weight * matrix.predictions[place[key]] for key, weight in mixture.items())
    return row_losses(matrix, np.asarray(blended), metric)


def row_losses(matrix: Matrix, predictions: np.ndarray, metric: Metric) -> np.ndarray:
    """Return the losses (R, n) of predictions (R, n, K) or (R, n), fold by fold, as some metrics rank within one."""
    found = np.empty(predictions.shape[:2])
    for fold in matrix.folds:
        places = np.searchsorted(matrix.rows, fold.test)
        found[fold.repeat, places] = metric.row_losses(matrix.target[places], predictions[fold.repeat, places])
    return found


def judged_of(case: Case) -> Judged:
    """Return the rows that were judged, as `evidence` takes them."""
    matrix = case.matrix
    assert matrix is not None
    clusters, what = clusters_of(case.dataset, case.plan)
    return judged_on(
        matrix.folds, clusters=clusters, clusters_are=what,
        forward=case.plan.folds.kind == "forward",
    )  # fmt: skip


def clusters_of(dataset: Dataset, plan: Plan) -> tuple[np.ndarray | None, str]:
    """Return codes of rows of the data set that are one piece of evidence (groups, or copies), and what they are."""
    twins = plan.folds.twins
    if dataset.groups is not None:
        return splits.together(dataset.groups, twins), "groups"
    if twins is not None and twins.max() + 1 < FEW_COPIES * len(twins):
        return twins, "sets of equal rows"
    return None, "groups"


def contenders(case: Case, family: str) -> list[int]:
    """Return the columns that may lead a family: they meet the limits, and beat all whom they have to beat.

    A learner that meets a limit with some of its settings may miss it with others, so that each column is asked.
    """
    must_beat = {entrant.learner: entrant.must_beat for entrant in case.plan.entrants}
    return [
        column
        for column, key in enumerate(case.columns)
        if (candidate := case.outcomes[key].candidate).family == family
        and candidate.learner not in case.barred
        and not beyond(case.question.limits, serving(case, key))[1]
        and _beats(case, column, candidate, must_beat.get(candidate.learner, ()))
    ]


def learner_of(case: Case, key: str) -> str:
    """Name the learner of a candidate."""
    return case.outcomes[key].candidate.learner


def _beats(case: Case, column: int, candidate: Candidate, others: tuple[str, ...]) -> bool:
    """Tell whether a candidate clearly beats every learner that it has to beat: their best, or default by default."""
    matrix = case.matrix
    if not others or matrix is None:
        return True
    mean = matrix.losses.mean(axis=0)
    for name in others:
        rivals = [
            place
            for place, key in enumerate(case.columns)
            if (other := case.outcomes[key].candidate).learner == name and (candidate.params or not other.params)
        ]
        best = min(rivals, key=lambda place: mean[:, place].mean(), default=None)
        if best is None or not evidence.clearly_better(mean[:, best], mean[:, column]):
            return False
    return True


def _matrix(dataset: Dataset, plan: Plan, chosen: list[Outcome], folds: tuple[Fold, ...]) -> Matrix:
    rows = np.unique(np.concatenate([fold.test for fold in folds]))
    repeats = 1 + max(fold.repeat for fold in folds)
    shape = (len(dataset.classes),) if dataset.classes else ()
    losses = np.empty((repeats, len(rows), len(chosen)))
    predictions = tuple(np.empty((repeats, len(rows), *shape), dtype=np.float32) for _ in chosen)
    for fold in folds:
        places = np.searchsorted(rows, fold.test)
        for column, outcome in enumerate(chosen):
            result = outcome.results[fold.number]
            losses[fold.repeat, places, column] = result.losses
            predictions[column][fold.repeat, places] = result.predictions
    clusters, what = clusters_of(dataset, plan)
    judged = judged_on(folds, clusters=clusters, clusters_are=what, forward=plan.folds.kind == "forward")
    return Matrix(
        rows, dataset.target[rows], losses, predictions, folds, judged.clusters, judged.clusters_are, judged.forward
    )


def _prefix(folds: list[Fold], finished: Iterable[frozenset[int]]) -> int:
    """Return how many of the folds, from the front, anyone has finished."""
    longest = 0
    for done in finished:
        count = next((place for place, fold in enumerate(folds) if fold.number not in done), len(folds))
        longest = max(longest, count)
    return longest


def _told(outcome: Outcome) -> frozenset[int]:
    """Return the numbers of the folds with losses that can be compared: none of them infinite or not a number."""
    return frozenset(
        number
        for number in outcome.done
        if (losses := outcome.results[number].losses) is not None and np.isfinite(losses).all()
    )


def _why_barred(case: Case, name: str) -> str | None:
    """Say which limit a learner misses with all its settings, as far as they were measured, or None.

    Told is what those settings miss that are the nearest to the limits.
    """
    own = (missed(case, key) for key in case.columns if learner_of(case, key) == name)
    return min(own, key=lambda miss: miss[0], default=(1.0, ""))[1] or None


def missed(case: Case, key: str) -> tuple[float, str]:
    """Return how many times a limit a candidate takes, and say so, as `beyond` does; unreadable is beyond all."""
    if case.question.limits.interpretable and not learners.find(learner_of(case, key)).interpretable:
        return np.inf, "not interpretable, as --interpretable asks; it ran to show what that costs"
    return beyond(case.question.limits, serving(case, key))


def beyond(limits: Limits, taken: Mapping[str, float | None]) -> tuple[float, str]:
    """Return how many times a limit a model takes, and say so: of the limit that it misses most; (1, "") of none.

    `taken` is what `serving` returns; nobody misses a limit by what was not measured.
    """
    latency, size = taken["latency_p99_ms"], taken["model_mb"]
    found = [(1.0, "")]
    if limits.max_latency_ms is not None and latency is not None:
        found.append((
            latency / limits.max_latency_ms,
            f"too slow: 99 % of single predictions take up to {latency:.3g} ms, "
            f"allowed are {limits.max_latency_ms:g} ms",
        ))  # fmt: skip
    if limits.max_model_mb is not None and size is not None:
        found.append((size / limits.max_model_mb, f"too large: {size:.3g} MB, allowed are {limits.max_model_mb:g} MB"))
    return max(found, key=lambda missed: missed[0])


def room(limits: Limits, taken: Iterable[Mapping[str, float | None]]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return what each of M models takes of latency and size (M, 2), and the most of both (2,), as blends.weigh has
    them; None where there is no limit. `taken` is what `serving` returns of each."""
    if not limits.serving:
        return None, None
    sizes = np.array([[cost["latency_p99_ms"] or 0.0, cost["model_mb"] or 0.0] for cost in taken])
    return sizes, np.array([limits.max_latency_ms or np.inf, limits.max_model_mb or np.inf])


def measured(case: Case, key: str, name: str) -> list[float]:
    """Return what a candidate's folds showed of a cost, by the name that it has in Cost.

    Where they showed nothing it is what its learner's default did: single predictions are timed on defaults, and on
    other candidates only where a limit asks for that.
    """
    own = case.outcomes[key]
    return _shown(own, name) or _shown(_default_of(case, own), name)


def serving(case: Case, key: str) -> dict[str, float | None]:
    """Return what a candidate takes to be asked and kept: the least that any fold showed, None where none did."""
    own = case.outcomes[key]
    return serving_of(own, _default_of(case, own))


def serving_of(own: Outcome, default: Outcome) -> dict[str, float | None]:
    """Return what `serving` does, of an outcome and that of its learner's default."""
    return {name: min(_shown(own, name) or _shown(default, name), default=None) for name in SERVING}


def _default_of(case: Case, own: Outcome) -> Outcome:
    return case.outcomes.get(f"{own.candidate.learner}-default", own)


def _shown(outcome: Outcome, name: str) -> list[float]:
    costs = (result.cost for result in outcome.results.values() if result.state == "done")
    return [value for cost in costs if (value := getattr(cost, name)) is not None]
