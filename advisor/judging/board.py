"""The board: a line for each learner, with its best configuration's score and all that it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Literal

from advisor import learners
from advisor.judging.case import case_of, judged_of, learner_of, losses_of, serving
from advisor.judging.learnt import did_not_learn
from advisor.judging.readings import alone_among
from advisor.measuring import costs, evidence
from advisor.measuring.metrics import METRICS
from advisor.records import BoardRow, Case, Entrant, Estimate, FoldResult, Outcome
from advisor.wording import counted

NOT_LEARNT = (
    "did not learn: no better than the same answer for every row, which says nothing against nets; other settings "
    "(more trials), more rows or a net trained beforehand may help"
)


def board_of(case: Case, decided: Case | None = None) -> tuple[BoardRow, ...]:
    """Return a row for each learner of the plan, the lowest out-of-fold error first and those without one last.

    The error is that of the learner's best configuration, which was chosen by these rows, so that it looks a little
    better than it is; readings and options are free of that, and so are the gains of nets, which are of the moment when
    the answer was known (`decided`). Of those who were not in front and went on to no further
    repeat of the folds it is that of the first.
    """
    first = _first_repeat(case)
    rows = [
        _row(case if best_of(case, entrant.learner) is not None else first, entrant, _gain(decided or case, entrant))
        for entrant in case.plan.entrants
    ]
    return tuple(sorted(rows, key=lambda row: (row.error is None, row.error)))


def best_of(case: Case, learner: str) -> str | None:
    """Return the key of a learner's configuration that lost least on all judged rows; None where none finished."""
    if case.matrix is None:
        return None
    mean = case.matrix.losses.mean(axis=(0, 1))
    own = [(float(mean[place]), key) for place, key in enumerate(case.columns)
           if case.outcomes[key].candidate.learner == learner]  # fmt: skip
    return min(own)[1] if own else None


def cut_short(outcome: Outcome, folds: Iterable[int]) -> bool:
    """Tell whether a candidate was stopped by the clock before it had learnt its fill, on most of the folds."""
    results = [outcome.results[number] for number in folds if number in outcome.results]
    return 2 * sum(result.cut_short for result in results) > len(results)


def _first_repeat(case: Case) -> Case:
    """Return the case as the first repeat of the folds alone would have it."""
    if case.matrix is None or all(fold.repeat == 0 for fold in case.matrix.folds):
        return case
    parts = tuple(part for part in case.plan.folds.parts if part.repeat == 0)
    plan = replace(case.plan, folds=replace(case.plan.folds, repeats=1, parts=parts))
    return case_of(case.dataset, case.profile, plan, case.outcomes.values(), case.question)


def furthest(case: Case, learner: str) -> Outcome | None:
    """Return a learner's outcome with the most folds done, the earliest of equals; None where it was never begun."""
    own = (outcome for outcome in case.outcomes.values() if outcome.candidate.learner == learner)
    return max(own, key=lambda outcome: len(outcome.done), default=None)


def stopped(outcome: Outcome | None) -> str:
    """Say what kept a candidate from its folds."""
    if outcome is None:
        return "the budget ran out before it began"
    if outcome.ending == "complete":
        return "what it predicted on some of them cannot be judged"
    return outcome.message or "the budget ran out"


def _gain(case: Case, entrant: Entrant) -> Estimate | None:
    """Return what a net gains over the classical champion as if it were the only net, None where that is not known."""
    if entrant.family != "neural":
        return None
    others = {key for key in case.columns if case.outcomes[key].candidate.family != "neural"}
    own = {key for key in case.columns if learner_of(case, key) == entrant.learner}
    reading = alone_among(case, others | own) if own else None
    if reading is None:
        return None
    compared = reading.comparison
    return Estimate(**evidence.gain_interval(compared.theta, compared.low, compared.high, compared.level))


def _row(case: Case, entrant: Entrant, gain: Estimate | None) -> BoardRow:
    name, metric = entrant.learner, METRICS[case.plan.metric]
    own = [outcome for outcome in case.outcomes.values() if outcome.candidate.learner == name]
    results = [result for outcome in own for result in outcome.results.values()]
    key = best_of(case, name)
    error = se = None
    interval: tuple[float | None, float | None] = (None, None)
    if key is not None:
        judged, lost = judged_of(case), losses_of(case, {key: 1.0})
        error = metric.error_of_loss(float(lost.by_row.mean()))
        se = evidence.standard_error(lost, judged, metric)
        interval = evidence.score_interval(lost, judged, metric) or (None, None)
    best = case.outcomes[key] if key is not None else next(iter(own), None)
    done = [] if best is None else [result.cost for result in best.results.values() if result.state == "done"]
    asked = {} if best is None else serving(case, best.candidate.key)
    predicted = [
        1_000_000 * result.cost.predict_seconds / len(result.losses)
        for result in ([] if best is None else best.results.values())
        if result.losses is not None and len(result.losses)
    ]
    first = next((result.cost for result in results if result.state == "done"), None)
    folds = [] if case.matrix is None else [fold.number for fold in case.matrix.folds]
    return BoardRow(
        learner=name,
        family=entrant.family,
        start=learners.find(name).start if entrant.family == "neural" else None,
        gain=gain,
        score=None if error is None else metric.score(error),
        low=interval[0],
        high=interval[1],
        error=error,
        se=se,
        trials=len(own),
        folds=0 if key is None else len(folds),
        params={} if best is None else dict(best.candidate.params),
        fit_seconds=fmean(cost.fit_seconds for cost in done) if done else None,
        tune_seconds=sum(r.cost.seconds for r in results if r.candidate.params),
        spent_seconds=sum(r.cost.seconds for r in results),
        cpu_seconds=sum(r.cost.cpu_seconds for r in results),
        energy_wh_estimated=_energy_wh(results),
        predict_ms_per_1000_rows=fmean(predicted) if predicted else None,
        latency_p50_ms=asked.get("latency_p50_ms"),
        latency_p99_ms=asked.get("latency_p99_ms"),
        # Growth over the start of a fit: a later fit in the same process grows less, so the largest is the truest.
        peak_memory_mb=_most(result.cost.peak_memory_mb for result in results),
        model_mb=asked.get("model_mb"),
        device=None if first is None else first.device,
        device_name=None if first is None else first.device_name,
        gpu_memory_mb=_most(result.cost.gpu_memory_mb for result in results),
        cut_short=best is not None and bool(folds) and cut_short(best, folds),
        did_not_learn=did_not_learn(case, own),
        status=_status(case, key, own),
        message=_message(case, name, key, own),
    )


def _status(case: Case, key: str | None, own: Sequence[Outcome]) -> Literal["ok", "partly", "given_up", "failed"]:
    """Tell how a learner ended; who did some folds and was left for want of time did not fail.

    Its best may have been judged on the first few folds alone, as far as others came.
    """
    if key is not None:
        whole = _first(case) <= case.outcomes[key].done
        return "ok" if whole and not any(map(_unfinished, own)) else "partly"
    if any(_first(case) <= outcome.done for outcome in own):
        return "ok"  # nobody finished a fold whom it could be compared with
    if any(outcome.ending == "given_up" for outcome in own):
        return "given_up"
    return "partly" if any(outcome.done and outcome.ending != "failed" for outcome in own) else "failed"


def _message(case: Case, name: str, key: str | None, own: Sequence[Outcome]) -> str:
    """Say what kept a learner from its folds; where its best did them, what that one, or others of it, met with.

    Who was given up on in favour of the best says nothing of the learner.
    """
    if name in case.barred:
        return case.barred[name]
    if did_not_learn(case, own):
        return NOT_LEARNT
    if key is not None:
        # A crash tells more than a clock that ran out.
        lost = sorted(filter(_unfinished, own), key=lambda outcome: outcome.ending != "failed")
        best = case.outcomes[key]
        if best.message or not (lost or _first(case) - best.done):
            return best.message
        if _first(case) - best.done:
            return f"{_part_of(case, best)}; {stopped(best)}"
        return f"{len(lost)} of its {counted(len(own), 'trial')} did not finish: {lost[0].message}"
    known = furthest(case, name)
    given_up = next((outcome for outcome in own if outcome.ending == "given_up"), None)
    if given_up is not None:
        return given_up.message
    if known is None or not known.done:
        return stopped(known)
    if _first(case) <= known.done:
        return f"finished its {counted(len(_first(case)), 'fold')}; nobody can be compared with it on them"
    return f"{_part_of(case, known)}; {stopped(known)}"


def _first(case: Case) -> set[int]:
    """Return the numbers of the folds of the first repeat."""
    return {part.number for part in case.plan.folds.parts if part.repeat == 0}


def _part_of(case: Case, outcome: Outcome) -> str:
    first = _first(case)
    return f"finished {len(first & outcome.done)} of {counted(len(first), 'fold')}"


def _unfinished(outcome: Outcome) -> bool:
    return outcome.ending in ("failed", "timeout")


def _energy_wh(results: Sequence[FoldResult]) -> float | None:
    """Estimate the watt-hours of all fits of a learner; None where a GPU of unknown power took part."""
    on_gpu = [result.cost for result in results if result.cost.device != "cpu"]
    watts = {cost.gpu_watts for cost in on_gpu}
    return costs.energy_wh(
        sum(result.cost.cpu_seconds for result in results),
        sum(cost.fit_seconds for cost in on_gpu),
        max((w for w in watts if w is not None), default=None) if None not in watts else None,
    )


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
