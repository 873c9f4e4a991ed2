"""What training beforehand is worth here: how the errors of nets that began from nothing, from frozen and from tuned
weights fall with the rows, beside the classical side's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from advisor import learners
from advisor.judging.case import contenders, learner_of
from advisor.measuring.evidence import compare_pairs, gain_interval, score_interval
from advisor.measuring.judged import Judged, RowLosses
from advisor.measuring.metrics import METRICS, Metric
from advisor.outlook import growth
from advisor.records import Case, Estimate, Fold, Probe, ProbeResult
from advisor.records.outlook import ErrorCurve, ErrorPoint

CLASSICAL, SCRATCH = "classical", "scratch"
ORDER = (CLASSICAL, SCRATCH, "frozen", "tuned")
LEVEL = 0.9


def sides(case: Case) -> dict[str, str]:
    """Name the learner that leads the classical side and those that lead the nets of each start: {start: learner}.

    Empty where no net from scratch, or none that began from weights trained beforehand, has finished.
    """
    if case.matrix is None:
        return {}
    lost = case.matrix.losses.mean(axis=(0, 1))
    best: dict[str, int] = {}
    for family in growth.FAMILIES:
        for place in contenders(case, family):
            start = CLASSICAL if family == CLASSICAL else learners.find(learner_of(case, case.columns[place])).start
            best[start] = min((place, best.get(start, place)), key=lambda known: lost[known])
    told = {start: learner_of(case, case.columns[best[start]]) for start in ORDER if start in best}
    return told if SCRATCH in told and len(told.keys() - {CLASSICAL, SCRATCH}) else {}


def transfer_probes(case: Case) -> tuple[Probe, ...]:
    """List the fits that the curves want beyond those of `growth.growth_probes`."""
    asked = {(probe.learner, probe.name) for probe in growth.growth_probes(case)}
    wanted = growth.probes_of(case, tuple(sides(case).values()))
    return tuple(probe for probe in wanted if (probe.learner, probe.name) not in asked)


def error_curves(case: Case, results: Iterable[ProbeResult]) -> tuple[ErrorCurve, ...] | str:
    """Return a curve for each of the `sides`, none where there are none, or say why they cannot be drawn."""
    told, results = sides(case), list(results)
    if not told:
        return ()
    names = tuple(told.values())
    usable = growth.usable_folds(case, names)
    found = growth.predictions_of(case, usable, names, results)
    shares, folds = growth.points_and_folds(usable, names, found)
    if len(shares) < 2 or len(folds) < growth.FEWEST_FOLDS:
        return growth.TOO_LATE
    judged, metric = growth.judged_rows(case, folds), METRICS[case.plan.metric]
    lost = {
        start: [growth.losses_at(case, folds, judged, found, name, share) for share in shares]
        for start, name in told.items()
    }
    scratch = lost[SCRATCH]
    curves = []
    for start, name in told.items():
        points = tuple(
            _point(case, folds, results, judged, name, losses, float(share))
            for losses, share in zip(lost[start], shares, strict=True)
        )
        curve = ErrorCurve(start, name, points)
        if start not in (CLASSICAL, SCRATCH):
            enough = metric.error_of_loss(float(scratch[-1].by_row.mean()))
            curve = replace(
                curve,
                gain=_gain(scratch[-1], lost[start][-1], judged, metric),
                gain_fewest=_gain(scratch[0], lost[start][0], judged, metric),
                matches_with=next((each.train_rows for each in points if each.error <= enough), None),
            )
        curves.append(curve)
    return tuple(curves)


def _point(
    case: Case, folds: Sequence[Fold], results: Iterable[ProbeResult], judged: Judged, name: str, losses: RowLosses,
    share: float,
) -> ErrorPoint:  # fmt: skip
    """Return the error of a default at a share of the rows, its interval, and the mean seconds of its fits there."""
    metric, numbers = METRICS[case.plan.metric], [fold.number for fold in folds]
    error = metric.error_of_loss(float(losses.by_row.mean()))
    interval = score_interval(losses, judged, metric, level=LEVEL)
    low, high = (error, error) if interval is None else sorted(metric.score(end) for end in interval)
    if share == 1.0:
        took = [growth.default_results(case, name)[number].cost.seconds for number in numbers]
    else:
        asked = {f"{number}/{share:g}" for number in numbers}
        took = [each.seconds for each in results if each.probe.learner == name and each.probe.name in asked]
    rows = round(share * float(np.mean([len(fold.train) for fold in folds])))
    return ErrorPoint(rows, error, low, high, float(np.mean(took)))


def _gain(scratch: RowLosses, other: RowLosses, judged: Judged, metric: Metric) -> Estimate | None:
    pair = compare_pairs(scratch, other, judged, metric, level=LEVEL)
    return None if pair is None else Estimate(**gain_interval(pair.theta, pair.low, pair.high, pair.level))
