"""Rows that nobody has seen weigh what was chosen on fewer rows against what can be had from all others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from advisor import modalities, model_files
from advisor.contest.bench import Bench, Members, Rival, members_of, of_all_rows, of_folds, refit
from advisor.contest.wish import Way, bound_rows, from_all
from advisor.fitting import handing
from advisor.fitting.fold import predict
from advisor.judging import blends
from advisor.judging.case import beyond, learner_of, room
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS, Metric
from advisor.records import Case, Family, Recommendation

# A rival as it would be handed over, while it is measured.
MEASURED = Path("model") / "measured.npz"

# Predictions (M, m) or (M, m, K) of M rivals of rows with these targets (m,) -> their shares (M,), which sum to 1.
Choice = Callable[[np.ndarray, np.ndarray], np.ndarray]


def weighed(bench: Bench, recommended: Recommendation) -> Members:
    """Let the spared rows decide who is in the model, and how much each counts.

    Members, and other learners of the families that take part, are fitted on all rows but the spared ones as far as the
    time goes; then they and the members' models of the folds are weighed as any blend is, or the best of them is taken
    where the choice was one model. Who misses a limit, measured as it would be handed over, takes no part. Where all
    do, the models of the folds of other learners are asked, too; and where those do, it is between the recommended
    members, so that somebody is there to say it of.
    """
    case, which, members = bench.case, recommended.which, members_of(bench.case, recommended)
    families: tuple[Family, ...] = ("classical", "neural") if which == "blend" else (
        ("neural",) if which == "neural" else ("classical",)
    )  # fmt: skip
    wanted = from_all(case, members, families, bench.seconds(), bench.workers)
    refit(bench, wanted)
    problems = [f"{learner_of(case, key)}: {bench.problems[key]}" for key in wanted if key in bench.problems]
    refits = [_rival(bench, key, "all rows", one=True) for key in wanted if key in bench.refitted]
    everyone = [*refits, *_of_folds(bench, members)]
    allowed = [rival for rival in everyone if not _misses(case, rival)]
    if not allowed:
        others = from_all(case, members, families, np.inf, bench.workers)
        everyone += _of_folds(bench, [key for key in others if key not in members])
        allowed = [rival for rival in everyone if not _misses(case, rival)]
    if not everyone:
        return Members((), problems)
    rivals = allowed or [rival for rival in everyone if rival.part.key in members] or everyone
    choose = _choice(case, rivals, single=which in ("classical", "neural"), within=bool(allowed))
    target, predictions = case.dataset.target[bench.spared], np.stack([rival.predictions for rival in rivals])
    parts = tuple(
        replace(rival.part, weight=float(share))
        for rival, share in zip(rivals, choose(target, predictions), strict=True)
        if share > 0
    )
    bound = bound_rows(case)
    groups = None if bound is None else bound[bench.spared]
    metric = METRICS[case.plan.metric]
    error = judged_apart(metric, target, predictions, choose, groups=groups, seed=case.plan.seed)
    return Members(parts, problems, spared_error=error)


def judged_apart(
    metric: Metric,
    target: np.ndarray,
    predictions: np.ndarray,
    choose: Choice,
    *,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> float | None:
    """Return the error of what is chosen on rows, by rows that did not choose; None where the metric is not defined.

    The error on the rows that have chosen is too good, the more so the more there was to choose from. So it is chosen
    on one half of the rows and judged on the other, and the reverse (cross-fitting); told is the mean over all rows.
    What is used is chosen on all of them, and so a little better than either half's. `target` (m,), `predictions`
    (M, m) or (M, m, K); rows of equal `groups` (m,) are not parted.
    """
    halves = splits.hold_out(target, 0.5, seed, groups=groups)
    losses = []
    for choosing, judging in (halves, halves[::-1]):
        shares = choose(target[choosing], predictions[:, choosing])
        losses.append(metric.row_losses(target[judging], np.tensordot(shares, predictions[:, judging], axes=1)))
    error = metric.error_of_loss(float(np.concatenate(losses).mean()))
    return error if np.isfinite(error) else None


def best_alone(metric: Metric, target: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return shares (M,): all for the one whose predictions (M, m) or (M, m, K) have the lowest error."""
    shares = np.zeros(len(predictions))
    shares[int(np.argmin([metric.error(target, own) for own in predictions]))] = 1.0
    return shares


def _choice(case: Case, rivals: Sequence[Rival], *, single: bool, within: bool) -> Choice:
    """Return how shares are chosen: all for the best one, or a blend's, `within` the limits where there are any."""
    metric = METRICS[case.plan.metric]
    sizes, most = room(case.question.limits, (rival.taken for rival in rivals)) if within else (None, None)

    def choose(target: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        if single:
            return best_alone(metric, target, predictions)
        return blends.shares(metric, target, list(predictions[:, np.newaxis]), sizes=sizes, most=most)

    return choose


def _of_folds(bench: Bench, keys: Collection[str]) -> list[Rival]:
    """Return these candidates' models of the folds, as far as they are there.

    Each is the mean of them; one of each where no mean is allowed, or where one of the means is beyond the limits.
    """

    def made(one: bool) -> list[Rival]:
        found = []
        for key in keys:
            with suppress(Exception):
                found.append(_rival(bench, key, "folds", one=one))
        return found

    if not bench.case.question.limits.blended:
        return made(one=True)
    means = made(one=False)
    return made(one=True) if any(_misses(bench.case, rival) for rival in means) else means


def _rival(bench: Bench, key: str, way: Way, *, one: bool) -> Rival:
    """Load a model, ask it for the spared rows and measure it; raises ValueError where there is none."""
    place = key, way, one
    if place not in bench.rivals:
        part = of_all_rows(bench, key) if way == "all rows" else of_folds(bench, key, one=one)
        dataset = bench.case.dataset
        inputs = modalities.find(dataset.modality).take(dataset.inputs, bench.spared)
        bench.rivals[place] = Rival(part, predict(part.model, inputs, dataset), _taken(bench, part.model))
    return bench.rivals[place]


def _taken(bench: Bench, model: Any) -> dict[str, float | None]:
    """Return what a model takes as it would be handed over; measured only where there is a limit to keep."""
    dataset, path = bench.case.dataset, bench.shared.folder / MEASURED
    taken: dict[str, float | None] = {"latency_p99_ms": None, "model_mb": None}
    if dataset.example is None or not bench.case.question.limits.serving:
        return taken
    whole = handing.whole(dataset, model)
    path = model_files.write(whole, path)
    try:
        return {**taken, **handing.measured(whole, dataset.example, path)}
    finally:
        path.unlink()


def _misses(case: Case, rival: Rival) -> bool:
    return bool(beyond(case.question.limits, rival.taken)[1])
