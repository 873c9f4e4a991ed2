"""Would more rows help? Defaults on nested shares of the training rows, and what their curve says.

A figure only where the curve carries one; elsewhere a direction, or the reason for silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from advisor import evidence, learning_curve, splits
from advisor.evidence import gain_of
from advisor.learning_curve import Curve, direction, project, silence
from advisor.metrics import METRICS
from advisor.records import Comparison, Dataset, Outcome, Plan, Probe, Profile, Reading
from advisor.standings import Standings, common_cuts, leading

KIND = "growth"
# Shares of a training part to fit on, the most telling first; the whole part is known from the defaults. Each is half
# of the next, and with the whole they cost 0.6 of what 10, 20, 40 and 80 per cent do and end where the rows end.
SHARES = (0.25, 0.5, 0.125)
# One cut does not show what another training sample would have changed; past a few, more cuts tell little more.
FEWEST_CUTS, MOST_CUTS = 2, 3
FEWEST_TRAINED = 30


def growth_probes(dataset: Dataset, plan: Plan, standing: Standings, outcomes: Iterable[Outcome]) -> tuple[Probe, ...]:
    """List the fits that the curve wants, so ordered that whatever is done of them from the front is of use.

    The leading learner of each family, by inner error, on nested shares of a cut's training rows, judged on the cut's
    test rows. Two cuts first, then one more at a time. Empty where the curve could not be read: fewer than two cuts, or
    a default whose time was up before it had learnt its fill.
    """
    leaders, whole = _leaders(standing), _whole(outcomes)
    usable = _usable_cuts(plan, standing, leaders, whole)[:MOST_CUTS]
    if len(usable) < FEWEST_CUTS:
        return ()
    first, further = usable[:FEWEST_CUTS], usable[FEWEST_CUTS:]
    wanted = [(number, share) for share in SHARES for number in first]
    wanted += [(number, share) for number in further for share in SHARES]
    orders = {number: nested_order(dataset, plan.splits.parts[number].train, plan.seed + number) for number in usable}
    return tuple(
        Probe(
            KIND, _name(number, share), learner, np.sort(orders[number][:rows]), plan.splits.parts[number].test,
            plan.seed + number,
        )
        for number, share in wanted
        if (rows := round(share * len(orders[number]))) >= FEWEST_TRAINED
        for learner in leaders.values()
    )  # fmt: skip


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


def more_rows(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    comparison: Comparison | None,
    outcomes: Iterable[Outcome],
    readings: Iterable[Reading],
) -> dict[str, Any]:
    """Say what twice and four times the rows would change: verdict.json's would_change.more_rows.

    The gain at so many rows is what the champions gain now plus how far the curve of the defaults goes on to grow; that
    tuning helps as much at more rows is taken for granted. `p_worth_*` are chances under the prior of the verdict.
    `direction` names the family that more rows favour, None where none was seen. `reason` says why figures are None.
    `detectable_*` is the gain that so many rows would show with 80 % power if nothing but the rows changed.
    """
    leaders, whole = _leaders(standing), _whole(outcomes)
    told: dict[str, Any] = dict.fromkeys(
        ("p_worth_2n", "p_worth_4n", "gain_2n", "gain_4n", "rows_needed", "detectable_2n", "detectable_4n")
    ) | {"direction": None, "learners": leaders, "cuts": 0, "curve": [], "reason": ""}
    if comparison is None:
        return told | {"reason": "there is no comparison that more rows could change"}
    if comparison.detectable_theta > 0:
        # A standard error falls with the root of the rows.
        told |= {f"detectable_{k}n": gain_of(comparison.detectable_theta / float(np.sqrt(k))) for k in (2, 4)}
    usable = _usable_cuts(plan, standing, leaders, whole)
    late = any(outcome.cut_short for (name, _), outcome in whole.items() if name in leaders.values())
    if len(usable) < FEWEST_CUTS and late:
        return told | {"reason": "a default's time was up before it had learnt its fill: its curve would show the time"}
    if len(usable) < FEWEST_CUTS:
        return told | {"reason": "one cut does not show what another training sample would have changed"}
    found = _predictions(readings, leaders, whole, usable)
    curve = _curve(dataset, profile, plan, leaders, found)
    if isinstance(curve, str):
        return told | {"reason": curve}
    trained = float(np.mean([len(plan.splits.parts[number].train) for number in curve.cuts]))
    told |= {"cuts": len(curve.cuts), "direction": direction(curve), "curve": learning_curve.points(curve, trained)}
    reason = silence(curve, profile.rows)
    if reason:
        return told | {"reason": reason}
    return told | project(curve, comparison, profile.rows)


def _leaders(standing: Standings) -> dict[str, str]:
    """Name each family's leading learner by inner error: {family: learner}."""
    return {
        family: leading(standing.champions[family])
        for family in ("classical", "neural")
        if standing.champions.get(family)
    }


def _whole(outcomes: Iterable[Outcome]) -> dict[tuple[str, int], Outcome]:
    """Return what the defaults did on whole training parts: {(learner, cut): outcome}.

    A study that kept its default may have let it learn for longer, and then that counts.
    """
    return {
        (o.job.learner, o.job.split): o
        for o in sorted(outcomes, key=lambda o: o.job.stage == "tuned")
        if o.status == "ok" and not o.params and o.predictions is not None
    }


def _usable_cuts(
    plan: Plan, standing: Standings, leaders: Mapping[str, str], whole: Mapping[tuple[str, int], Outcome]
) -> list[int]:
    """List the cuts on which both leaders' defaults learnt their fill, the one with most to learn from first."""
    numbers = [
        number
        for number in standing.cuts.numbers
        if len(leaders) == 2
        and all((name, number) in whole and not whole[name, number].cut_short for name in leaders.values())
    ]
    return numbers[::-1] if plan.splits.kind == "forward" else numbers


def _name(number: int, share: float) -> str:
    return f"{number}/{share:g}"


def _predictions(
    readings: Iterable[Reading],
    leaders: Mapping[str, str],
    whole: Mapping[tuple[str, int], Outcome],
    usable: Sequence[int],
) -> dict[tuple[str, float, int], Any]:
    """Gather predictions: {(learner, share, cut): predictions of the cut's test rows}."""
    found = {(name, 1.0, number): whole[name, number].predictions for number in usable for name in leaders.values()}
    for reading in readings:
        if reading.probe.kind == KIND and reading.predictions is not None:
            number, _, share = reading.probe.name.partition("/")
            if int(number) in usable:
                found[reading.probe.learner, float(share), int(number)] = reading.predictions
    return found


def _curve(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    leaders: Mapping[str, str],
    found: Mapping[tuple[str, float, int], Any],
) -> Curve | str:
    """Join what was found to a curve over cuts that have all its points; or say why there is none."""
    sides = [leaders.get(family) for family in ("classical", "neural")]
    cuts_of_share: dict[float, set[int]] = {}
    for _, share, number in found:
        if all((side, share, number) in found for side in sides):
            cuts_of_share.setdefault(share, set()).add(number)
    shares = np.array(sorted(share for share, cuts in cuts_of_share.items() if len(cuts) >= FEWEST_CUTS))
    numbers = set.intersection(*(cuts_of_share[share] for share in shares)) if len(shares) else set()
    if len(shares) < 2 or len(numbers) < FEWEST_CUTS:
        return "no time was left to fit on fewer rows, on two cuts at least"
    metric = METRICS[plan.metric]
    pipelines = [
        {
            number: metric.row_losses(dataset.target[plan.splits.parts[number].test], found[side, share, number])
            for number in numbers
        }
        for side in sides
        for share in shares
        if side is not None
    ]
    cuts = common_cuts(dataset, profile, plan, pipelines)
    if set(cuts.numbers) != numbers:
        return "an error on fewer rows is not finite"
    losses = [evidence.losses_of(pipeline, cuts) for pipeline in pipelines]
    by_row = np.array([each.by_row for each in losses])
    if by_row.mean(axis=1).min() <= 1e-12 * np.abs(by_row).max():
        return "a learner makes no error, so that there is no ratio of errors to follow"
    return learning_curve.measured(shares, by_row, np.array([each.by_split for each in losses]), cuts, metric)
