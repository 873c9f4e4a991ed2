"""The model that is recommended is made whole: of its members' models of the folds, or of members fitted again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from advisor import modalities
from advisor.contest.kept import files_of
from advisor.contest.wish import SLACK, Way, Wish, from_all, makespan, refit_seconds, spared, wish_for
from advisor.fitting import handing
from advisor.fitting.fold import RefitTask, Refitted, Shared, describe, predict
from advisor.judging import blends, choice, recommending
from advisor.judging.board import cut_short
from advisor.judging.case import learner_of
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Family, Handed, Limits, Mixture, Recommendation, Which

Making = Literal["nets bagged", "refits", "one fold"]
CarryOut = Callable[[Iterable[RefitTask]], Iterator[tuple[Any, Any]]]

# With fewer folds their models have learnt from too few of the rows to be used instead of a refit.
FOLDS_TO_BAG = 5
# The part of what is left before the end that a fit may take: it has to be written and read after that.
FIT_SHARE = 0.9


def handing_seconds(case: Case, workers: int) -> float:
    """Expect what it takes in wall time to fit the model that would be recommended now on all rows; 0 where none is."""
    recommended = recommending.recommend(case, choice.chosen(case))
    if recommended.option is None:
        return 0.0
    bagged = ways(case)[0] == "nets bagged" and not len(spared(case))
    keys = [key for key in recommended.option.members if not (bagged and _is_net(case, key))]
    return SLACK * makespan([refit_seconds(case, key) for key in keys], workers)


def hand_over(
    shared: Shared,
    case: Case,
    recommended: Recommendation,
    carry_out: CarryOut,
    *,
    end: float,
    workers: int,
    clock: Callable[[], float] = time.time,
) -> tuple[Handed, Any]:
    """Make the recommended model, write it below the run's folder, and return what it is, and the model.

    Members are the means of their models of the folds, or fitted on all rows (see `ways`); what cannot be fitted by
    `end` (seconds since the epoch) is taken from the folds. Where the contest was held on fewer rows than there are,
    rows that nobody has seen decide between what was chosen and what can be had from all others (see `_from_all`).
    Where the whole misses a limit the next way is tried, and after them the next option that is best to use.
    """
    bench = _Bench(shared, case, carry_out, end, workers, clock, spared(case))
    without: list[Which] = []
    while True:
        for way in ways(case):
            handed, model = _made(bench, recommended, way)
            miss = _misses(case.question.limits, handed)
            if not miss or (way == "refits" and handed.fitted_on in ("all rows", "nothing")):
                break
        if not miss or recommended.which in ("dummy", "classical", "neural"):
            break
        without.append(recommended.which)
        recommended = recommending.recommend(case, choice.chosen(case), without=tuple(without))
    bench.clean()
    return (replace(handed, problems=(*handed.problems, miss)) if miss else handed), model


def ways(case: Case) -> tuple[Making, ...]:
    """Return how members may be made, the first way first.

    On the same real draws the mean of a net's models of five folds erred a tenth less than a refit on all rows, which
    depends on its seed; of the others, and of blends, either erred as much as the other (reports/handing_over.md), and
    a refit is a fifth of the size and as much quicker to ask. So nets are bagged and the others fitted again. Of fewer
    folds each model has learnt from too few rows. Who asked for one model, or for one that can be read, gets a refit,
    or where the time does not pay for it a model of one fold.
    """
    limits = case.question.limits
    if not limits.blended or case.plan.folds.folds < FOLDS_TO_BAG:
        return ("refits", "one fold")
    return ("nets bagged", "refits", "one fold")


@dataclass(frozen=True, eq=False)
class _Bench:
    """What a model is made with, and the members that are fitted on all rows by now: the files of them by key."""

    shared: Shared
    case: Case
    carry_out: CarryOut
    end: float
    workers: int
    clock: Callable[[], float]
    spared: np.ndarray
    refitted: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def clean(self) -> None:
        """Remove what only this needed, and what a fit that was stopped had begun to write."""
        for file in (*self.refitted.values(), *(self.shared.folder / "model").glob("*.part")):
            file.unlink(missing_ok=True)


def _made(bench: _Bench, recommended: Recommendation, way: Making) -> tuple[Handed, Any]:
    """Fit what is to be fitted and put the members together, made in this way."""
    case, one = bench.case, way == "one fold"
    members = _members(case, recommended)
    if len(bench.spared) and recommended.option is not None:
        parts, made, problems = _from_all(bench, recommended, members, one)
    else:
        bagged = {key for key in members if way == "nets bagged" and _is_net(case, key)}
        wish = wish_for(case, members, bench.end - bench.clock(), bench.workers, bagged)
        _refit(bench, [key for key, way in wish.ways.items()
                       if way == "all rows" or not files_of(bench.shared, case.outcomes[key])])  # fmt: skip
        parts, made, problems = _parts(bench, wish, one)
    if not parts:
        return Handed(recommended.which, recommended.learner, {}, "nothing", 0, problems=tuple(problems)), None
    total = sum(weight for weight, _ in parts.values())
    mixed = handing.mixed(parts, len(case.dataset.classes))
    model = handing.whole(case.dataset, mixed)
    path = bench.shared.folder / handing.MODEL
    handing.write(model, path)
    example = case.dataset.example
    measured = {} if example is None else handing.measured(model, example, path)
    seen = _on_spared(bench, mixed) if len(bench.spared) and recommended.option is not None else None
    kinds = set(made.values())
    return Handed(
        recommended.which,
        next(iter(parts)) if len(parts) == 1 else recommended.learner,
        {name: weight / total for name, (weight, _) in parts.items()},
        kinds.pop() if len(kinds) == 1 else "mixed",
        len(case.dataset.target) - len(bench.spared) if "all rows" in made.values() else len(case.plan.folds.rows),
        **measured,
        problems=tuple(problems),
        one=one or "folds" not in made.values(),
        spared=0 if seen is None else len(bench.spared),
        spared_error=seen,
    ), model


def _from_all(
    bench: _Bench, recommended: Recommendation, members: Mixture, one: bool
) -> tuple[dict[str, tuple[float, Any]], dict[str, Way], list[str]]:
    """Let rows that nobody has seen decide between what was chosen, from fewer rows, and what all others give.

    Members, and other learners of the families that take part, are fitted on all rows but the spared ones as far as the
    time goes; then they and the chosen model of the folds are weighed on those as any blend is, or the best of them is
    taken where the choice was one model.
    """
    case, which = bench.case, recommended.which
    families: tuple[Family, ...] = ("classical", "neural") if which == "blend" else (
        ("neural",) if which == "neural" else ("classical",)
    )  # fmt: skip
    keys = from_all(case, members, families, bench.end - bench.clock(), bench.workers)
    _refit(bench, keys)
    problems = [f"{learner_of(case, key)}: {bench.problems[key]}" for key in keys if key in bench.problems]
    models = {learner_of(case, key): _member(bench, key, one) for key in keys if key in bench.refitted}
    ways: dict[str, Way] = dict.fromkeys(models, "all rows")
    for key in members:
        with suppress(ValueError, OSError):
            name = f"{learner_of(case, key)} (folds)"
            files = files_of(bench.shared, case.outcomes[key])
            models[name], ways[name] = _of_folds(bench, files, one), "folds"
    if not models:
        return {}, {}, problems
    weights = _weighed(bench, models, single=which in ("classical", "neural"))
    return {name: (weight, models[name]) for name, weight in weights.items()}, {n: ways[n] for n in weights}, problems


def _on_spared(bench: _Bench, model: Any) -> float:
    """Return the error of a model on the spared rows."""
    dataset, metric = bench.case.dataset, METRICS[bench.case.plan.metric]
    inputs = modalities.find(dataset.modality).take(dataset.inputs, bench.spared)
    return metric.error(dataset.target[bench.spared], predict(model, inputs, dataset))


def _weighed(bench: _Bench, models: Mapping[str, Any], *, single: bool) -> dict[str, float]:
    """Weigh fitted models on the spared rows; return the weights above 0."""
    case, metric = bench.case, METRICS[bench.case.plan.metric]
    inputs = modalities.find(case.dataset.modality).take(case.dataset.inputs, bench.spared)
    target = case.dataset.target[bench.spared]
    predictions = {name: predict(model, inputs, case.dataset) for name, model in models.items()}
    if single:
        return {min(predictions, key=lambda name: metric.error(target, predictions[name])): 1.0}
    shares = blends.shares(metric, target, [each[np.newaxis] for each in predictions.values()])
    return {name: float(share) for name, share in zip(predictions, shares, strict=True) if share > 0}


def _members(case: Case, recommended: Recommendation) -> Mixture:
    """Return the members by candidate key; where nothing is recommended that was fitted, the dummy."""
    if recommended.option is not None:
        return recommended.option.members
    outcomes = case.outcomes.items()
    dummy = next((key for key, each in outcomes if each.candidate.family == "dummy" and each.done), None)
    return {} if dummy is None else {dummy: 1.0}


def _refit(bench: _Bench, keys: list[str]) -> None:
    """Fit these members on all rows, as far as that has not been tried, the longest first."""
    case = bench.case

    def tasks() -> Iterator[RefitTask]:
        for key in sorted(keys, key=lambda key: -refit_seconds(case, key)):
            if key in bench.refitted or key in bench.problems:
                continue
            limit = FIT_SHARE * (bench.end - bench.clock())
            if _was_cut(case, key):  # it would learn for ever; what was judged had so much
                limit = min(limit, SLACK * refit_seconds(case, key))
            yield RefitTask(
                case.outcomes[key].candidate, bench.end, max(limit, 0.1), f"model/{key}.joblib",
                bench.spared if len(bench.spared) else None,
            )  # fmt: skip

    for task, result in bench.carry_out(tasks()):
        key = task.candidate.key
        if isinstance(result, Refitted) and not result.problem and (not result.cut_short or _was_cut(case, key)):
            bench.refitted[key] = bench.shared.folder / task.keep
        else:
            bench.problems[key] = _why_not(result)
            with suppress(OSError):
                (bench.shared.folder / task.keep).unlink()


def _parts(bench: _Bench, wish: Wish, one: bool) -> tuple[dict[str, tuple[float, Any]], dict[str, Way], list[str]]:
    """Load the members: return weights and models by learner, how each was fitted, and what did not go as planned."""
    case, parts, ways, problems = bench.case, dict[str, tuple[float, Any]](), dict[str, Way](), list[str]()
    for key, weight in wish.members.items():
        name = learner_of(case, key)
        if key in bench.problems:
            problems.append(f"{name}: {bench.problems[key]}")
        try:
            parts[name] = weight, _member(bench, key, one)
            ways[name] = "all rows" if key in bench.refitted else "folds"
        except (ValueError, OSError) as problem:
            problems.append(f"{name}: {problem}")
    return parts, ways, problems


def _member(bench: _Bench, key: str, one: bool) -> Any:
    """Load a member: fitted on all rows where it is, else the mean of its models of the folds, or one of them."""
    if key in bench.refitted:
        return handing.load_member(bench.refitted[key], bench.case.plan.serve_on)
    return _of_folds(bench, files_of(bench.shared, bench.case.outcomes[key]), one)


def _of_folds(bench: _Bench, files: list[str], one: bool) -> Any:
    """Return the mean of a candidate's models of the folds, or one of them; raises ValueError where there is none."""
    place, classes = bench.case.plan.serve_on, len(bench.case.dataset.classes)
    if not files:
        raise ValueError("its models of the folds are gone")
    bagged = handing.bag([handing.load_member(bench.shared.folder / file, place) for file in files], classes)
    return handing.first_of(bagged) if one else bagged


def _is_net(case: Case, key: str) -> bool:
    return case.outcomes[key].candidate.family == "neural"


def _was_cut(case: Case, key: str) -> bool:
    outcome = case.outcomes[key]
    return cut_short(outcome, outcome.done)


def _misses(limits: Limits, handed: Handed) -> str:
    """Say which limit the whole model misses; an empty text where it misses none."""
    latency, size = handed.latency_p99_ms, handed.model_mb
    if limits.max_latency_ms is not None and latency is not None and latency > limits.max_latency_ms:
        return f"as a whole it takes {latency:.3g} ms for a row, allowed are {limits.max_latency_ms:g} ms"
    if limits.single and handed.fitted_on == "folds" and not handed.one:
        return "it is the mean of several models, and one was asked for"
    if limits.max_model_mb is not None and size is not None and size > limits.max_model_mb:
        return f"as a whole it has {size:.3g} MB, allowed are {limits.max_model_mb:g} MB"
    return ""


def _why_not(result: Any) -> str:
    if isinstance(result, Refitted):
        return result.problem or "it was still learning when its time was up, so that its models of the folds are used"
    return str(result) if isinstance(result, TimeoutError) else describe(result)
