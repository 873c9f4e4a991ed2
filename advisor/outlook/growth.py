"""Would more rows help? Defaults on nested shares of the training rows, and what their curve says.

A figure only where the curve carries one; elsewhere a direction, or the reason for silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from advisor.judging.case import clusters_of, contenders, learner_of
from advisor.judging.ruling import Ruling
from advisor.measuring import splits
from advisor.measuring.evidence import gain_of
from advisor.measuring.judged import Judged, RowLosses, judged_on, losses_of
from advisor.measuring.metrics import METRICS
from advisor.outlook import learning_curve
from advisor.outlook.learning_curve import FURTHEST, Curve, direction, project, silence
from advisor.records import Case, Comparison, Dataset, Fold, FoldResult, MoreRows, Probe, ProbeResult

KIND = "growth"
FAMILIES: tuple[Literal["classical", "neural"], ...] = ("classical", "neural")
# Shares of a training part to fit on, the most telling first; the whole part is known from the defaults. Each is half
# of the next, and with the whole they cost 0.6 of what 10, 20, 40 and 80 per cent do and end where the rows end.
SHARES = (0.25, 0.5, 0.125)
# One fold does not show what another training sample would have changed; past a few, more folds tell little more.
FEWEST_FOLDS, MOST_FOLDS = 2, 3
FEWEST_TRAINED = 30
TOO_LATE = "no time was left to fit on fewer rows, on two folds at least"


def growth_probes(case: Case) -> tuple[Probe, ...]:
    """List the fits that the curve wants, so ordered that whatever is done of them from the front is of use.

    The default of each family's leading learner, on nested shares of a fold's training rows, judged on the fold's test
    rows. Two folds first, then one more. Empty where the curve could not be read: fewer than two folds, or a default
    whose time was up before it had learnt its fill.
    """
    leaders = _leaders(case)
    return probes_of(case, tuple(leaders.values())) if len(leaders) == len(FAMILIES) else ()


def probes_of(case: Case, names: Sequence[str]) -> tuple[Probe, ...]:
    """List the fits of these learners' defaults on fewer rows, on folds where all of them learnt their fill."""
    usable = usable_folds(case, names)[:MOST_FOLDS]
    if len(usable) < FEWEST_FOLDS:
        return ()
    first, further = usable[:FEWEST_FOLDS], usable[FEWEST_FOLDS:]
    wanted = [(fold, share) for share in SHARES for fold in first]
    wanted += [(fold, share) for fold in further for share in SHARES]
    seed = case.plan.seed
    orders = {fold.number: nested_order(case.dataset, fold.train, seed + fold.number) for fold in usable}
    return tuple(
        Probe(
            KIND, f"{fold.number}/{share:g}", learner, np.sort(orders[fold.number][:rows]), fold.test,
            seed + fold.number,
        )
        for fold, share in wanted
        if (rows := round(share * len(fold.train))) >= FEWEST_TRAINED
        for learner in names
    )  # fmt: skip


def likely_seconds(case: Case, probe: Probe) -> float:
    """Return what a probe of `growth_probes` is likely to take: its share of what its learner's default took on whole
    training parts, in seconds."""
    took = [result.cost.seconds for result in default_results(case, probe.learner).values()]
    whole = np.mean([len(fold.train) for fold in case.plan.folds.parts])
    return float(np.mean(took) * len(probe.train) / whole)


def nested_order(dataset: Dataset, train: np.ndarray, seed: int) -> np.ndarray:
    """Order training rows (positions, (n,)) so that every part from the front is a fair small table, within the next.

    Each stratum of the target is spread evenly over the order, two rows of each class in front; groups stay whole;
    where rows are ordered in time the latest come first, as a shorter history would have them.
    """
    rng = np.random.default_rng(seed)
    if dataset.times is not None:
        return train[np.argsort(-dataset.times[train], kind="stable")]
    if dataset.groups is not None:
        codes = np.unique(dataset.groups[train], return_inverse=True)[1]
        return train[np.argsort(rng.permutation(codes.max() + 1)[codes], kind="stable")]
    codes = splits.strata(dataset.target[train])
    shuffled = rng.permutation(len(train))
    place = np.empty(len(train))
    for code in np.unique(codes):
        rows = shuffled[codes[shuffled] == code]
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
        if dataset.classes:
            place[rows[:2]] = 0.0
    return train[np.argsort(place, kind="stable")]


def more_rows(case: Case, ruled: Ruling, results: Iterable[ProbeResult]) -> MoreRows:
    """Say what twice and four times the rows would change and, where rows were drawn for the contest, what all would.

    The gain at so many rows is what the champions gain now plus how far the curve of the defaults goes on to grow; that
    tuning helps as much at more rows is taken for granted. Chances are under the prior of the verdict. Beyond four
    times the rows there is a direction and no figure.
    """
    rows, everybody = len(case.plan.folds.rows), len(case.dataset.target)
    leaders = _leaders(case)
    told = MoreRows(rows, everybody if everybody > rows else None, learners=leaders)
    alone = ruled.readings.get("alone")
    if alone is None:
        return replace(told, reason="there is no comparison that more rows could change")
    compared = alone.comparison
    told = _with_detectable(told, compared)
    usable = usable_folds(case, tuple(leaders.values())) if len(leaders) == len(FAMILIES) else []
    if len(usable) < FEWEST_FOLDS:
        late = any(r.cut_short for name in leaders.values() for r in default_results(case, name).values())
        return replace(
            told,
            reason="a default's time was up before it had learnt its fill: its curve would show the time"
            if late
            else "one fold does not show what another training sample would have changed",
        )
    sides = tuple(leaders[family] for family in FAMILIES)
    curve = _curve(case, usable, sides, predictions_of(case, usable, sides, results))
    if isinstance(curve, str):
        return replace(told, reason=curve)
    trained = float(np.mean([len(fold.train) for fold in usable if fold.number in curve.folds]))
    told = replace(
        told, direction=direction(curve), folds=len(curve.folds), curve=learning_curve.points(curve, trained)
    )
    reason = silence(curve, rows)
    return replace(told, reason=reason) if reason else _with_figures(told, curve, compared)


def _with_detectable(told: MoreRows, compared: Comparison) -> MoreRows:
    """Add the gains that more rows would show: a standard error falls with the root of the rows."""
    if compared.detectable_theta <= 0:
        return told
    twice, four, whole = (
        gain_of(compared.detectable_theta / float(np.sqrt(times))) for times in (2, 4, (told.rows_all or 1) / told.rows)
    )
    return replace(told, detectable_2n=twice, detectable_4n=four, detectable_all=whole if told.rows_all else None)


def _with_figures(told: MoreRows, curve: Curve, compared: Comparison) -> MoreRows:
    """Carry the gain on, as far as the curve may be followed."""
    twice, four = project(curve, compared, (2.0, 4.0))
    told = replace(told, gain_2n=twice.gain, gain_4n=four.gain, p_worth_2n=twice.p_worth, p_worth_4n=four.p_worth)
    reasons = []
    if told.rows_all is not None and told.rows_all <= FURTHEST * told.rows:
        (whole,) = project(curve, compared, (told.rows_all / told.rows,))
        told = replace(told, gain_all=whole.gain, p_worth_all=whole.p_worth)
    elif told.rows_all is not None:
        reasons.append(f"all rows are more than {FURTHEST:.0f} times those used, too many to follow the curve so far")
    if compared.theta < compared.theta_min:
        told = replace(told, rows_needed=learning_curve.rows_needed(curve, compared, told.rows))
        if told.rows_needed is None:
            reasons.append(f"the estimated gain does not pass the margin within {FURTHEST:.0f} times the rows")
    return replace(told, reason="; ".join(reasons))


def _leaders(case: Case) -> dict[str, str]:
    """Name the learner of each family's champion on all rows: {family: learner}."""
    if case.matrix is None:
        return {}
    lost = case.matrix.losses.mean(axis=(0, 1))
    champions = {
        family: min(places, key=lambda place: lost[place])
        for family in FAMILIES
        if (places := contenders(case, family))
    }
    return {family: learner_of(case, case.columns[place]) for family, place in champions.items()}


def default_results(case: Case, learner: str) -> dict[int, FoldResult]:
    """Return what a learner's default did on whole training parts: results by fold, of those that were done."""
    outcome = case.outcomes.get(f"{learner}-default")
    return {} if outcome is None else {number: outcome.results[number] for number in outcome.done}


def usable_folds(case: Case, names: Sequence[str]) -> list[Fold]:
    """List the folds of the first repeat on which these learners' defaults learnt their fill, in the plan's order."""
    if case.matrix is None:
        return []
    known = [default_results(case, name) for name in names]
    return [
        fold
        for fold in case.matrix.folds
        if fold.repeat == 0 and all(fold.number in done and not done[fold.number].cut_short for done in known)
    ]


def predictions_of(
    case: Case, usable: Sequence[Fold], names: Sequence[str], results: Iterable[ProbeResult]
) -> dict[tuple[str, float, int], np.ndarray]:
    """Gather predictions: {(learner, share, fold): predictions of the fold's test rows}."""
    numbers = [fold.number for fold in usable]
    found = {
        (name, 1.0, number): np.asarray(default_results(case, name)[number].predictions)
        for number in numbers
        for name in names
    }
    for result in results:
        if result.probe.kind == KIND and result.predictions is not None:
            number, _, share = result.probe.name.partition("/")
            if int(number) in numbers:
                found[result.probe.learner, float(share), int(number)] = result.predictions
    return found


def points_and_folds(
    usable: Sequence[Fold], names: Sequence[str], found: Mapping[tuple[str, float, int], np.ndarray]
) -> tuple[np.ndarray, list[Fold]]:
    """Return the shares that all these learners have on two folds at least, ascending, and the folds that have all."""
    folds_of_share: dict[float, set[int]] = {}
    for _, share, number in found:
        if all((name, share, number) in found for name in names):
            folds_of_share.setdefault(share, set()).add(number)
    shares = np.array(sorted(share for share, folds in folds_of_share.items() if len(folds) >= FEWEST_FOLDS))
    numbers = set.intersection(*(folds_of_share[share] for share in shares)) if len(shares) else set()
    return shares, [fold for fold in usable if fold.number in numbers]


def judged_rows(case: Case, folds: Sequence[Fold]) -> Judged:
    """Return the rows that these folds judge, with those that belong together."""
    clusters, what = clusters_of(case.dataset, case.plan)
    return judged_on(folds, clusters=clusters, clusters_are=what, forward=case.plan.folds.kind == "forward")


def losses_at(
    case: Case,
    folds: Sequence[Fold],
    judged: Judged,
    found: Mapping[tuple[str, float, int], np.ndarray],
    learner: str,
    share: float,
) -> RowLosses:
    """Return what a learner's default lost on the judged rows where it learnt from a share of the training rows."""
    metric, target = METRICS[case.plan.metric], case.dataset.target
    lost = {fold.number: metric.row_losses(target[fold.test], found[learner, share, fold.number]) for fold in folds}
    return losses_of(lost, judged)


def _curve(
    case: Case,
    usable: Sequence[Fold],
    sides: Sequence[str],
    found: Mapping[tuple[str, float, int], np.ndarray],
) -> Curve | str:
    """Join what was found to a curve over folds that have all its points; or say why there is none."""
    shares, folds = points_and_folds(usable, sides, found)
    if len(shares) < 2 or len(folds) < FEWEST_FOLDS:
        return TOO_LATE
    metric = METRICS[case.plan.metric]
    judged = judged_rows(case, folds)
    losses = [losses_at(case, folds, judged, found, side, share) for side in sides for share in shares]
    by_row = np.array([each.by_row for each in losses])
    if not np.isfinite(by_row).all():
        return "an error on fewer rows is not finite"
    if by_row.mean(axis=1).min() <= 1e-12 * np.abs(by_row).max():
        return "a learner makes no error, so that there is no ratio of errors to follow"
    by_fold = np.array([each.by_fold for each in losses])
    tested = float(np.mean([len(fold.test) / len(fold.train) for fold in folds]))
    return learning_curve.measured(shares, by_row, by_fold, judged, metric, tested)
