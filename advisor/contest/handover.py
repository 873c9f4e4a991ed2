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
from advisor.contest.wish import SLACK, Way, from_all, makespan, refit_seconds, spared, that_fit, wish_for
from advisor.fitting import handing
from advisor.fitting.fold import RefitTask, Refitted, Shared, describe, predict
from advisor.judging import blends, choice, recommending
from advisor.judging.board import cut_short
from advisor.judging.case import learner_of
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Family, Handed, Limits, Mixture, Recommendation, Which

Making = Literal["net bagged", "refits", "one fold"]
CarryOut = Callable[[Iterable[RefitTask]], Iterator[tuple[Any, Any]]]

# With fewer folds their models have learnt from too few of the rows to be used instead of a refit.
FOLDS_TO_BAG = 5
# The part of what is left before the end that a fit may take: it has to be written and read after that.
FIT_SHARE = 0.9


def handing_seconds(case: Case, workers: int, most: float) -> float:
    """Expect what it takes in wall time to fit the model that would be recommended now on all rows, at `most` so much.

    Nothing is kept for a member whose fit would take more: it is taken from the folds, and others can use the seconds.
    """
    recommended = recommending.recommend(case, choice.chosen(case))
    if recommended.option is None:
        return 0.0
    members, drawn = recommended.option.members, len(spared(case)) > 0
    bagged = frozenset() if drawn else _bagged(case, members, ways(case)[0])
    expected = {key: SLACK * refit_seconds(case, key) for key in members if key not in bagged}
    fitting = list(expected) if drawn else that_fit(sorted(expected, key=expected.__getitem__), expected, most, workers)
    return min(makespan([expected[key] for key in fitting], workers), most)


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
    Where the whole misses a limit the next way is tried, and after them the next option that is best to use; where
    every option misses one it is the recommended model with a word on that, since a constant would be of no use.
    """
    bench = _Bench(shared, case, carry_out, end, workers, clock, spared(case))
    handed, model, miss = first = _as_allowed(bench, recommended)
    others = list(_others(case, recommended)) if miss else []
    for other in others:
        handed, model, miss = _as_allowed(bench, other)
        if not miss and handed.fitted_on != "nothing":
            break
    else:
        handed, model, miss = first
    if miss and others:
        handing.write(model, shared.folder / handing.MODEL)
        miss += "; no other model that could be used meets the limits"
    bench.clean()
    return (replace(handed, problems=(*handed.problems, miss)) if miss else handed), model


def ways(case: Case) -> tuple[Making, ...]:
    """Return how members may be made, the first way first.

    On the same real draws the mean of a net's models of five folds erred 2 % less than a refit on all rows (20 draws of
    500 rows, five of 2,000), whose luck depends on its seed. A blend is a mean already: made of models of the folds it
    erred 1 % more than of refits, and those are a fifth of the size and as much quicker to ask
    (reports/handing_over.md). So a net that is used alone is bagged, and all others are fitted again. Of fewer folds
    each model has learnt from too few rows. Who asked for one model, or for one that can be read, gets a refit, or
    where the time does not pay for it a model of one fold (see `_misses`).
    """
    limits = case.question.limits
    if not limits.blended or case.plan.folds.folds < FOLDS_TO_BAG:
        return ("refits", "one fold")
    return ("net bagged", "refits", "one fold")


@dataclass(frozen=True, eq=False)
class _Bench:
    """What a model is made with, and the members that are fitted on all rows by now: the files of them by key.

    `short` are the keys of those of them that were still learning when their time was up.
    """

    shared: Shared
    case: Case
    carry_out: CarryOut
    end: float
    workers: int
    clock: Callable[[], float]
    spared: np.ndarray
    refitted: dict[str, Path] = field(default_factory=dict)
    short: set[str] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)

    def clean(self) -> None:
        """Remove what only this needed, and what a fit that was stopped had begun to write."""
        for file in (*self.refitted.values(), *(self.shared.folder / "model").glob("*.part")):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class _Members:
    """Who is in a model, by name: weight and estimator, candidate, how it was fitted; and what did not go as planned.

    `bagged` are the keys of those that were to be models of the folds.
    """

    parts: Mapping[str, tuple[float, Any]]
    keys: Mapping[str, str]
    ways: Mapping[str, Way]
    problems: list[str]
    bagged: frozenset[str] = frozenset()

    def fitted_on(self, way: Way) -> list[str]:
        """Return the keys of those that were fitted this way."""
        return [self.keys[name] for name, own in self.ways.items() if own == way]


def _as_allowed(bench: _Bench, recommended: Recommendation) -> tuple[Handed, Any, str]:
    """Make an option the first way that meets the limits; return which it misses made the last way, if it does."""
    for way in ways(bench.case):
        handed, model = _made(bench, recommended, way)
        miss = _misses(bench.case.question.limits, handed)
        if not miss or (way == "refits" and handed.fitted_on in ("all rows", "nothing")):
            break
    return handed, model, miss


def _others(case: Case, recommended: Recommendation) -> Iterator[Recommendation]:
    """Yield what could be used instead, the best first: every other option, and no constant."""
    without: list[Which] = []
    while recommended.which != "dummy":
        without.append(recommended.which)
        recommended = recommending.recommend(case, choice.chosen(case), without=tuple(without))
        if recommended.which != "dummy":
            yield recommended


def _made(bench: _Bench, recommended: Recommendation, way: Making) -> tuple[Handed, Any]:
    """Fit what is to be fitted and put the members together, made in this way."""
    case, one = bench.case, way == "one fold"
    by_spared = len(bench.spared) > 0 and recommended.option is not None
    members = _from_all(bench, recommended, one) if by_spared else _as_wished(bench, recommended, way)
    parts, kinds = members.parts, set(members.ways.values())
    if not parts:
        return Handed(
            recommended.which, recommended.learner, {}, "nothing", 0, problems=tuple(members.problems)
        ), None  # fmt: skip
    total = sum(weight for weight, _ in parts.values())
    mixed = handing.mixed(parts, len(case.dataset.classes))
    model = handing.whole(case.dataset, mixed)
    path = bench.shared.folder / handing.MODEL
    handing.write(model, path)
    example = case.dataset.example
    measured = {} if example is None else handing.measured(model, example, path)
    return Handed(
        recommended.which,
        next(iter(parts)) if len(parts) == 1 else recommended.learner,
        {name: weight / total for name, (weight, _) in parts.items()},
        kinds.pop() if len(kinds) == 1 else "mixed",
        len(case.dataset.target) - len(bench.spared) if "all rows" in members.ways.values()
        else len(case.plan.folds.rows),
        **measured,
        problems=tuple(members.problems),
        one=one or "folds" not in members.ways.values(),
        spared=len(bench.spared) if by_spared else 0,
        spared_error=_on_spared(bench, mixed) if by_spared else None,
        cut_short=tuple(learner_of(case, key) for key in members.fitted_on("all rows") if key in bench.short),
        folds_because=_why_folds(bench, members),
    ), model  # fmt: skip


def _why_folds(bench: _Bench, members: _Members) -> Literal["", "net_bagged", "no_time"]:
    """Say why members are models of the folds, as Handed has it."""
    of_folds = members.fitted_on("folds")
    if any(key not in members.bagged and key not in bench.refitted for key in of_folds):
        return "no_time"
    return "net_bagged" if members.bagged.intersection(of_folds) else ""


def _as_wished(bench: _Bench, recommended: Recommendation, way: Making) -> _Members:
    """Fit the members again that are to be and that the time pays for, and take the others from the folds."""
    case, members = bench.case, _members(bench.case, recommended)
    bagged = _bagged(case, members, way)
    wish = wish_for(case, members, bench.end - bench.clock(), bench.workers, bagged)
    _refit(bench, [key for key, own in wish.ways.items()
                   if own == "all rows" or not files_of(bench.shared, case.outcomes[key])])  # fmt: skip
    parts, keys, made, problems = dict[str, tuple[float, Any]](), dict[str, str](), dict[str, Way](), list[str]()
    for key, weight in wish.members.items():
        name = learner_of(case, key)
        if key in bench.problems:
            problems.append(f"{name}: {bench.problems[key]}")
        try:
            parts[name] = weight, _member(bench, key, way == "one fold")
            keys[name], made[name] = key, "all rows" if key in bench.refitted else "folds"
        except (ValueError, OSError) as problem:
            problems.append(f"{name}: {problem}")
    return _Members(parts, keys, made, problems, bagged)


def _from_all(bench: _Bench, recommended: Recommendation, one: bool) -> _Members:
    """Let rows that nobody has seen decide between what was chosen, from fewer rows, and what all others give.

    Members, and other learners of the families that take part, are fitted on all rows but the spared ones as far as the
    time goes; then they and the chosen model of the folds are weighed on those as any blend is, or the best of them is
    taken where the choice was one model.
    """
    case, which, members = bench.case, recommended.which, _members(bench.case, recommended)
    families: tuple[Family, ...] = ("classical", "neural") if which == "blend" else (
        ("neural",) if which == "neural" else ("classical",)
    )  # fmt: skip
    wanted = from_all(case, members, families, bench.end - bench.clock(), bench.workers)
    _refit(bench, wanted)
    problems = [f"{learner_of(case, key)}: {bench.problems[key]}" for key in wanted if key in bench.problems]
    keys = {learner_of(case, key): key for key in wanted if key in bench.refitted}
    models = {name: _member(bench, key, one) for name, key in keys.items()}
    ways: dict[str, Way] = dict.fromkeys(models, "all rows")
    for key in members:
        with suppress(ValueError, OSError):
            name = f"{learner_of(case, key)} (folds)"
            models[name] = _of_folds(bench, files_of(bench.shared, case.outcomes[key]), one)
            keys[name], ways[name] = key, "folds"
    if not models:
        return _Members({}, {}, {}, problems)
    weights = _weighed(bench, models, single=which in ("classical", "neural"))
    parts = {name: (weight, models[name]) for name, weight in weights.items()}
    return _Members(parts, keys, {name: ways[name] for name in weights}, problems)


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
            bench.short.update({key} if result.cut_short else ())
        else:
            bench.problems[key] = _why_not(result)
            with suppress(OSError):
                (bench.shared.folder / task.keep).unlink()


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


def _bagged(case: Case, members: Mixture, way: Making) -> frozenset[str]:
    """Return the keys of the members that are to be the mean of their models of the folds: a net that is used alone."""
    alone = way == "net bagged" and len(members) == 1
    return frozenset(key for key in members if alone and case.outcomes[key].candidate.family == "neural")


def _was_cut(case: Case, key: str) -> bool:
    outcome = case.outcomes[key]
    return cut_short(outcome, outcome.done)


def _misses(limits: Limits, handed: Handed) -> str:
    """Say which limit the whole model misses; an empty text where it misses none."""
    latency, size = handed.latency_p99_ms, handed.model_mb
    if limits.max_latency_ms is not None and latency is not None and latency > limits.max_latency_ms:
        return f"as a whole it takes {latency:.3g} ms for a row, allowed are {limits.max_latency_ms:g} ms"
    if not limits.blended and not handed.one:
        asked = "one" if limits.single else "one that can be read"
        return f"it is the mean of several models, and {asked} was asked for"
    if limits.max_model_mb is not None and size is not None and size > limits.max_model_mb:
        return f"as a whole it has {size:.3g} MB, allowed are {limits.max_model_mb:g} MB"
    return ""


def _why_not(result: Any) -> str:
    if isinstance(result, Refitted):
        return result.problem or "it was still learning when its time was up, so that its models of the folds are used"
    return str(result) if isinstance(result, TimeoutError) else describe(result)
