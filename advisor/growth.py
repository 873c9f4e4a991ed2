"""Would more rows help? Defaults on nested shares of the training rows, and a power law through what the net gains.

A figure only where the curve carries one; elsewhere a direction, or the reason for silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from advisor import evidence, splits
from advisor.evidence import Cuts, StandardError, gain_interval, gain_of
from advisor.metrics import METRICS, Metric
from advisor.records import Comparison, Dataset, Outcome, Plan, Probe, Profile, Reading
from advisor.standings import Standings, common_cuts, leading

KIND = "growth"
# Shares of a training part to fit on, the most telling first; the whole part is known from the defaults. Each is half
# of the next, and with the whole they cost 0.6 of what 10, 20, 40 and 80 per cent do and end where the rows end.
SHARES = (0.25, 0.5, 0.125)
# One cut does not show what another training sample would have changed; past a few, more cuts tell little more.
FEWEST_CUTS, MOST_CUTS = 2, 3
FEWEST_TRAINED = 30
# Below this many rows curves are too rough for any figure, and above these many times the rows nobody knows.
FEWEST_ROWS, FURTHEST = 500, 4.0
ALPHAS = (0.25, 0.5, 1.0, 1.5)
FITTED_SHARES = 3
DRAWS = 4_000
LEVEL = 0.9
# Two-sided, for a direction and for a slope that is not nothing; one-sided, for an error that rises with the rows.
CERTAINTY, RISE = 0.95, 0.95


@dataclass(frozen=True)
class Curve:
    """How the net's gain moved with the share of the training rows: `theta` (A,) at `shares` (A,), ascending to 1.

    `theta` is the log ratio of errors, positive where the net is better; `log_errors` (2, A) are the classical and the
    neural log errors. `covariance` (A, A) is theta's by rows or clusters; `noise` the variance that fitting on other
    rows or from another seed adds to each point, with `df` degrees of freedom. `rise_sd` (2, A - 1) are the standard
    deviations of the steps in log_errors.
    """

    shares: np.ndarray
    theta: np.ndarray
    log_errors: np.ndarray
    covariance: np.ndarray
    noise: float
    df: int
    rise_sd: np.ndarray
    cuts: tuple[int, ...] = ()


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
    told |= {"cuts": len(curve.cuts), "direction": direction(curve), "curve": _points(curve, plan)}
    reason = silence(curve, profile.rows)
    if reason:
        return told | {"reason": reason}
    return told | project(curve, comparison, profile.rows)


def direction(curve: Curve) -> str | None:
    """Name the family that more rows favour; None where it may be nothing.

    The slope of theta against log rows and the way from the first point to the last must both say so: a bump between
    them is no direction.
    """
    draws = _draws(curve)
    slope = np.log(curve.shares) - np.log(curve.shares).mean()
    above = {_certainly(draws @ slope), _certainly(draws[:, -1] - draws[:, 0])}
    return {1: "neural", -1: "classical"}.get(above.pop()) if len(above) == 1 else None


def silence(curve: Curve, rows: int) -> str:
    """Say why the curve carries no figure, or nothing where it does (learning curves do misbehave: Mohr et al. 2022;
    about one in seven is not monotone)."""
    if rows < FEWEST_ROWS:
        return f"with fewer than {FEWEST_ROWS} rows a learning curve is too rough for a figure"
    if len(curve.shares) <= FITTED_SHARES:
        return f"the time left paid for {len(curve.shares)} points of the curve, and {FITTED_SHARES + 1} are needed"
    rises = np.diff(curve.log_errors) > stats.norm.ppf(RISE) * curve.rise_sd + 1e-12
    for side, rose in zip(("classical", "neural"), rises, strict=True):
        if rose.any():
            return f"the {side} error rises with more rows from one point of the curve to the next"
    draws = _draws(curve)
    first = _power_law(curve.shares[:FITTED_SHARES], draws[:, :FITTED_SHARES])
    if _certainly(_at(first, curve.shares[-1]) - draws[:, -1]):
        return "a curve through the first points misses the last, so that it would miss what lies beyond it too"
    last = _power_law(curve.shares[-FITTED_SHARES:], draws[:, -FITTED_SHARES:])
    if not _certainly(last[1]) or direction(curve) is None:
        return "the gain does not move with the rows by more than its noise"
    return ""


def project(curve: Curve, comparison: Comparison, rows: int) -> dict[str, Any]:
    """Carry the champions' gain on to twice and four times the rows, with intervals, chances and the rows needed.

    Delta(n) = a + b n^-alpha through the last three points, alpha in {0.25, 0.5, 1, 1.5} as fits each draw best; the
    draws (a parametric bootstrap of the curve, Efron and Tibshirani 1993) carry the uncertainty of alpha with them.
    """
    rng = np.random.default_rng(1)
    law = _power_law(curve.shares[-FITTED_SHARES:], _draws(curve)[:, -FITTED_SHARES:])
    error = StandardError(comparison.se, comparison.df, comparison.method)
    standard = rng.standard_normal(DRAWS) if error.df is None else rng.standard_t(error.df, DRAWS)
    now = comparison.theta + error.value * standard
    told: dict[str, Any] = {}
    for times in (2, 4):
        growth = _at(law, float(times)) - _at(law, 1.0)
        theta = comparison.theta + float(np.median(growth))
        reach = _spread(growth)
        spread = StandardError(float(np.hypot(error.value, reach)), error.df, error.method)
        low, high = np.quantile(now + growth, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        told[f"p_worth_{times}n"] = evidence.posterior(theta, spread, comparison.theta_min)
        told[f"gain_{times}n"] = gain_interval(theta, low, high, LEVEL)
    return told | _rows_needed(law, now, comparison, rows)


def _rows_needed(law: tuple[np.ndarray, ...], now: np.ndarray, comparison: Comparison, rows: int) -> dict[str, Any]:
    """Find at how many rows the gain passes the margin, as far as four times the rows; beyond them nobody knows."""
    if comparison.theta >= comparison.theta_min:
        return {}
    times = np.geomspace(1.0, FURTHEST, 49)
    growth = np.array([_at(law, share) - _at(law, 1.0) for share in times])
    passed = np.median(growth, axis=1) + comparison.theta >= comparison.theta_min
    if not passed.any():
        return {"reason": f"the estimated gain does not pass the margin within {FURTHEST:.0f} times the rows"}
    reached = now + growth >= comparison.theta_min
    first = np.where(reached.any(axis=0), times[reached.argmax(axis=0)], np.inf)
    low, high = np.quantile(first, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), method="nearest")
    return {
        "rows_needed": {
            "estimate": round(rows * float(times[passed.argmax()])),
            "low": round(rows * float(low)) if np.isfinite(low) else None,
            "high": round(rows * float(high)) if np.isfinite(high) else None,
            "level": LEVEL,
        }
    }


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
    return _measured(shares, by_row, np.array([each.by_split for each in losses]), cuts, metric)


def _measured(shares: np.ndarray, by_row: np.ndarray, by_split: np.ndarray, cuts: Cuts, metric: Metric) -> Curve:
    """Measure the curve from losses by row (2A, n) and by split (2A, J), the classical side first.

    Log errors are linearised (delta method), as everywhere in `evidence`. What another training sample or seed adds is
    the residual of cuts times points (two-way analysis of variance) with Nadeau and Bengio's (2003) factor, since cuts
    share training rows; it holds the rows' share once more, which is counted twice rather than subtracted.
    """
    mean = by_row.mean(axis=1, keepdims=True)
    log_errors = (metric.power * np.log(mean)).reshape(2, -1)
    rows = (metric.power * (by_row / mean - 1)).reshape(2, len(shares), -1)
    parts = (metric.power * (by_split / mean - 1)).reshape(2, len(shares), -1)
    factor = 1 / len(cuts.numbers) + float(np.mean(cuts.test_rows / cuts.train_rows))
    df = (len(cuts.numbers) - 1) * (len(shares) - 1)

    def residual(effects: np.ndarray) -> float:
        left = effects - effects.mean(axis=0) - effects.mean(axis=1, keepdims=True) + effects.mean()
        return factor * float(np.square(left).sum()) / df

    rises = [
        np.sqrt(np.diag(_covariance(np.diff(side, axis=0), cuts)) + 2 * residual(part))
        for side, part in zip(rows, parts, strict=True)
    ]
    return Curve(
        shares=shares,
        theta=log_errors[0] - log_errors[1],
        log_errors=log_errors,
        covariance=_covariance(rows[0] - rows[1], cuts),
        noise=residual(parts[0] - parts[1]),
        df=df,
        rise_sd=np.array(rises),
        cuts=cuts.numbers,
    )


def _covariance(effects: np.ndarray, cuts: Cuts) -> np.ndarray:
    """Return the covariance (A, A) of means of effects (A, n), by clusters where rows belong together (Liang and Zeger
    1986)."""
    centred = effects - effects.mean(axis=1, keepdims=True)
    count = cuts.rows
    if cuts.clusters is not None:
        count = int(cuts.clusters.max()) + 1
        centred = np.array([np.bincount(cuts.clusters, weights=each, minlength=count) for each in centred])
    return np.asarray(count / max(count - 1, 1) * centred @ centred.T / cuts.rows**2)


def _draws(curve: Curve) -> np.ndarray:
    """Draw curves (DRAWS, A) that the rows, the training samples and the seeds might have given instead."""
    rng = np.random.default_rng(0)
    rows = rng.multivariate_normal(np.zeros(len(curve.shares)), curve.covariance, DRAWS, method="eigh")
    scale = np.sqrt(curve.noise * curve.df / rng.chisquare(curve.df, (DRAWS, 1)))
    return np.asarray(curve.theta + rows + scale * rng.standard_normal(rows.shape))


def _power_law(shares: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a + b share^-alpha to each draw (B, k) by least squares; return a, b and alpha (B,), alpha as fits best."""
    fits = []
    for alpha in ALPHAS:
        design = np.column_stack([np.ones_like(shares), shares**-alpha])
        weights = np.linalg.lstsq(design, draws.T, rcond=None)[0]
        fits.append((*weights, np.full(len(draws), alpha), np.square(draws.T - design @ weights).sum(axis=0)))
    by_alpha = np.array(fits)  # (alphas, 4, B)
    best = by_alpha[:, 3].argmin(axis=0)
    a, b, alpha, _ = by_alpha[best, :, np.arange(len(draws))].T
    return a, b, alpha


def _at(law: tuple[np.ndarray, ...], share: float) -> np.ndarray:
    a, b, alpha = law
    return np.asarray(a + b * share**-alpha)


def _certainly(draws: np.ndarray) -> int:
    """Return 1 or -1 where nearly all draws lie above or below zero, 0 elsewhere."""
    tail = (1 - CERTAINTY) / 2
    return int(np.mean(draws > 0) > 1 - tail) - int(np.mean(draws < 0) > 1 - tail)


def _spread(draws: np.ndarray) -> float:
    """Return a standard deviation that a few wild extrapolations do not carry away: half the central 68 %."""
    low, high = np.quantile(draws, stats.norm.cdf((-1, 1)))
    return float(high - low) / 2


def _points(curve: Curve, plan: Plan) -> list[dict[str, Any]]:
    """List the curve's points with their intervals; rows are those trained on, on average over the cuts."""
    trained = float(np.mean([len(plan.splits.parts[number].train) for number in curve.cuts]))
    low, high = np.quantile(_draws(curve), ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return [
        {
            "share": float(share),
            "train_rows": round(share * trained),
            "gain": gain_of(theta),
            "low": gain_of(bottom),
            "high": gain_of(top),
        }
        for share, theta, bottom, top in zip(curve.shares, curve.theta, low, high, strict=True)
    ]
