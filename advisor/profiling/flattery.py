"""Do random folds flatter the score here? Both ways of drawing them are measured on the same rows.

A column that says which rows belong together, or which came first, was named by the user or found by the profile. One
default is trained twice for the same test rows, on as many rows: once on rows that are kept apart by that column, once
on rows drawn at random, among them the test rows' relatives. Only what the second knows of them differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor import modalities
from advisor.errors import UserError
from advisor.measuring import evidence, splits
from advisor.measuring.judged import Judged, RowLosses, judged_on, losses_of
from advisor.measuring.metrics import ERROR_NAMES, METRICS, Metric
from advisor.records import Dataset, Finding, Fold, Plan, Probe, ProbeResult, Profile, Severity
from advisor.wording import option, percent

KIND = "flattery"
# Quick and strong, and it holds no rows out to know when to stop, which would itself be done in one way or the other.
LEARNER = "extra_trees"
# More rows would cost more and say the same.
MOST_ROWS = 5_000
# Where rows are few, more folds cost little, and the spread between folds is what the noise is judged by.
FOLDS, FOLDS_OF_FEW, FEW_ROWS = 3, 5, 2_500
# Neighbours in time err alike, so the rows of a test block count as so many pieces of evidence.
BLOCKS_A_FOLD = 10
SURE = 0.975


@dataclass(frozen=True)
class Axis:
    """What may tie rows together: the values (n,) of `column`, NaN where unknown, and whether the user named it."""

    kind: str
    column: str
    values: np.ndarray
    named: bool


def axes(dataset: Dataset, profile: Profile) -> tuple[Axis, ...]:
    """Return what the user named with --group or --time, and for the other what the profile proposes (S03, S01)."""
    modality = modalities.find(dataset.modality)
    found: dict[str, Axis] = {}
    for finding in profile.findings:
        if finding.severity == "info":
            continue
        if finding.code == "S03":
            name = finding.evidence["column"]
            found["group"] = Axis("group", name, modality.values(dataset, name), False)
        elif finding.code == "S01":
            names = finding.evidence["columns"]
            if len(names) == 1:
                found["time"] = Axis("time", names[0], modality.values(dataset, names[0]), False)
            elif finding.evidence["rows_in_order"]:
                found["time"] = Axis("time", " + ".join(names), np.arange(len(dataset.target), dtype=float), False)
    if dataset.groups is not None:
        found["group"] = Axis("group", dataset.group_name or "", dataset.groups.astype(float), True)
    if dataset.times is not None:
        found["time"] = Axis("time", dataset.time_name or "", dataset.times.astype(float), True)
    return tuple(found.values())


def flattery_probes(dataset: Dataset, profile: Profile, plan: Plan) -> tuple[Probe, ...]:
    """List the fits that measure it: two a fold, on three folds (five of up to 2,500 rows) and at most 5,000 rows.

    Only rows that take part in the plan are drawn. Empty where nothing ties rows together, or where it has too few
    values to keep rows apart by.
    """
    probes: list[Probe] = []
    for axis in axes(dataset, profile):
        for number, (apart, mixed, test) in enumerate(_drawn(dataset, plan, axis)):
            for way, train in (("apart", apart), ("random", mixed)):
                probes.append(Probe(KIND, f"{axis.kind}-{way}-{number}", LEARNER, train, test, plan.seed + number))
    return tuple(probes)


def flattery_findings(
    dataset: Dataset, profile: Profile, plan: Plan, results: Sequence[ProbeResult]
) -> tuple[Finding, ...]:
    """Judge what the probes saw: S05 for each axis, with the error of either way and a 90 % interval for each.

    Severe where the error on random folds is lower with 97.5 % certainty and by the metric's margin or more, a warning
    where it is certain but smaller; else it is only told. Silent for an axis with too little to say.
    """
    findings = []
    for axis in axes(dataset, profile):
        own = {
            result.probe.name.removeprefix(f"{axis.kind}-"): result
            for result in results
            if result.probe.kind == KIND and result.probe.name.startswith(f"{axis.kind}-")
        }
        finding = _judged(dataset, profile, METRICS[plan.metric], axis, own)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _drawn(dataset: Dataset, plan: Plan, axis: Axis) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for each fold the training rows apart from the test rows, as many drawn at random, and the test rows."""
    rows = plan.folds.rows[~np.isnan(axis.values[plan.folds.rows])]
    values = np.unique(axis.values[rows], return_inverse=True)[1].astype(np.int64)
    keep = splits.part_of_groups(values, MOST_ROWS, plan.seed) if axis.kind == "group" else _latest(values, MOST_ROWS)
    rows, values = rows[keep], values[keep]
    count = FOLDS_OF_FEW if len(rows) <= FEW_ROWS else FOLDS
    target = dataset.target[rows]
    twins = None if plan.folds.twins is None else plan.folds.twins[rows]
    try:
        drawn = splits.draw(
            target,
            kind="grouped" if axis.kind == "group" else "forward",
            # Forward in time the first blocks leave few rows to learn from, and are run last.
            folds=max(count, 5) if axis.kind == "group" else count + 2,
            repeats=1,
            seed=plan.seed,
            groups=values if axis.kind == "group" else None,
            times=values if axis.kind == "time" else None,
            twins=twins,
        )
    except UserError:
        return []
    ways = []
    for fold in drawn.parts[:count]:
        mixed, test = splits.with_relatives(target, fold.train, fold.test, plan.seed, twins)
        ways.append((rows[fold.train], rows[mixed], rows[test]))
    return ways


def _latest(values: np.ndarray, most: int) -> np.ndarray:
    return np.sort(np.argsort(values, kind="stable")[-most:])


def _judged(
    dataset: Dataset, profile: Profile, metric: Metric, axis: Axis, results: Mapping[str, ProbeResult]
) -> Finding | None:
    losses, folds, clusters = _losses(dataset, metric, axis, results)
    if not folds:
        return None
    judged = judged_on(folds, clusters=clusters)
    apart, mixed = (losses_of(losses[way], judged) for way in ("apart", "random"))
    comparison = evidence.compare_pairs(apart, mixed, judged, metric, min_gain=0.0)
    if comparison is None:
        return None
    certain = comparison.theta > 0 and comparison.p_worth_flat >= SURE
    severity: Severity = "info"
    if certain:
        severity = "severe" if comparison.gain >= metric.min_gain else "warning"
    figures = {"random": _figure(mixed, judged, metric), "apart": _figure(apart, judged, metric)}
    return Finding(
        "S05",
        severity,
        _message(axis, metric, figures, comparison.gain, certain),
        _advice(axis, certain),
        {
            "column": axis.column,
            "by": axis.kind,
            "named": axis.named,
            "learner": LEARNER,
            "metric": metric.name,
            **figures,
            "flattery": comparison.gain,
            "certainty": comparison.p_worth_flat,
            "folds": len(judged.numbers),
            "rows": judged.rows,
        },
    )


def _losses(
    dataset: Dataset, metric: Metric, axis: Axis, results: Mapping[str, ProbeResult]
) -> tuple[dict[str, dict[int, np.ndarray]], list[Fold], np.ndarray]:
    """Return the row losses of either way by fold, the folds that both have, and what is one piece of evidence (n,)."""
    losses: dict[str, dict[int, np.ndarray]] = {"apart": {}, "random": {}}
    tested: dict[int, Fold] = {}
    clusters = axis.values.copy()
    for name, result in results.items():
        if result.predictions is None:
            continue
        way, _, place = name.partition("-")
        number, test = int(place), result.probe.test
        found = metric.row_losses(dataset.target[test], result.predictions)
        if not np.isfinite(found).all():  # an AUC does not exist where the test rows have one class
            continue
        losses[way][number] = found
        tested[number] = Fold(number, 0, number, result.probe.train, test)
        if axis.kind == "time":
            order = np.argsort(np.argsort(axis.values[test], kind="stable"), kind="stable")
            clusters[test] = number * BLOCKS_A_FOLD + order * BLOCKS_A_FOLD // len(test)
    both = sorted(losses["apart"].keys() & losses["random"].keys())
    return losses, [tested[number] for number in both], clusters


def _figure(losses: RowLosses, judged: Judged, metric: Metric) -> dict[str, float]:
    """Return an error with its 90 % interval."""
    error = metric.error_of_loss(float(losses.by_row.mean()))
    bounds = evidence.score_interval(losses, judged, metric) or (np.nan, np.nan)
    # A score is the error or 1 - error, and so is the way back.
    low, high = sorted(metric.score(bound) for bound in bounds)
    return {"error": error, "low": low, "high": high}


def _message(axis: Axis, metric: Metric, figures: Mapping[str, Mapping[str, float]], gain: float, certain: bool) -> str:
    mixed, apart = (f"{f['error']:.3g} ({f['low']:.3g} to {f['high']:.3g})" for f in figures.values())
    if axis.kind == "group":
        seen, unseen = f"where it knows other rows of the same {axis.column!r}", f"where {axis.column!r} is new to it"
    else:
        seen, unseen = "where it knows rows around them", f"where it knows only earlier rows by {axis.column!r}"
    measured = (
        f"on the same rows, after as many, {LEARNER} has an error ({ERROR_NAMES[metric.name]}) of {mixed} {seen}, "
        f"and of {apart} {unseen}"
    )
    if certain:
        return f"Random folds flatter the score: {measured}; {percent(gain)} of the error would be hidden."
    return f"Random folds were not seen to flatter the score: {measured}."


def _advice(axis: Axis, certain: bool) -> str:
    if axis.named:
        keep = "The folds of this comparison keep them apart, as you asked"
        return f"{keep}; do not hold its scores against those of random folds." if certain else f"{keep}."
    joined = " + " in axis.column
    use = "one column joined from them with --time" if joined else option(f"--{axis.kind}", axis.column)
    if certain:
        return f"If the model will meet {'new ones' if axis.kind == 'group' else 'what comes later'}, use {use}."
    return f"Should it matter all the same, use {use}."
