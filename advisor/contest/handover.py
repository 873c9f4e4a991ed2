"""The model that is recommended is made whole: of its members' models of the folds, or of members fitted again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from advisor import clock, model_files
from advisor.contest.bench import Bench, CarryOut, Members, Part, members_of, of_all_rows, of_folds, refit, was_cut
from advisor.contest.kept import files_of
from advisor.contest.weighing import weighed
from advisor.contest.wish import Way, asking_seconds, in_turn, makespan, of_fewer, spared, that_fit, wish_for
from advisor.fitting import handing
from advisor.fitting.fold import Shared
from advisor.judging import choice, recommending
from advisor.judging.case import learner_of
from advisor.records import Case, Handed, Limits, Mixture, Recommendation, Which

Making = Literal["nets bagged", "refits", "one fold"]

# With fewer folds their models have learnt from too few of the rows to be used instead of a refit.
FOLDS_TO_BAG = 5
# The part of what may be kept for fits that may be kept for those of nets, whose models of the folds are there already.
KEPT_AS_WELL = 1 / 3
# The part of what is left in which models of the folds may be asked for the spared rows; the others are for refits, and
# for asking those.
ASKING_SHARE = 0.5


def handing_seconds(case: Case, workers: int, most: float) -> float:
    """Expect what it takes in wall time to fit the model that would be recommended now on all rows, at `most` so much.

    Nothing is kept for a member whose fit would take more: it is taken from the folds, and others can use the seconds.
    Nothing is kept for nets that are bagged where all of it would take more than KEPT_AS_WELL of that.
    """
    recommended = recommending.recommend(case, choice.chosen(case))
    if recommended.option is None:
        return 0.0
    members = recommended.option.members
    bagged = nets_of(case, members) if ways(case, members)[0] == "nets bagged" else frozenset[str]()
    quick, expected = in_turn(case, members, bagged)
    needed = [key for key in quick if key not in bagged]
    fitting = needed if len(spared(case)) else that_fit(needed, expected, most, workers)
    fitting += [key for key in that_fit(quick, expected, KEPT_AS_WELL * most, workers) if key in bagged]
    return min(makespan([expected[key] for key in fitting], workers), most)


def hand_over(
    shared: Shared,
    case: Case,
    recommended: Recommendation,
    carry_out: CarryOut,
    *,
    end: float,
    workers: int,
    planned: float | None = None,
    clock: Callable[[], float] = clock.now,
) -> tuple[Handed, Any]:
    """Make the recommended model, write it below the run's folder, and return what it is, and the model.

    Members are the means of their models of the folds, or fitted on all rows (see `ways`); what cannot be fitted by
    `end` (seconds since the epoch) is taken from the folds; fits are chosen for `planned` seconds of wall time, None:
    for what is left. Where the contest was held on fewer rows than there are,
    rows that nobody has seen decide between what was chosen and what can be had from all others (see `weighed`), if
    enough of them can be spared. A constant learns nothing from more rows, so that none are spared for it. Where the
    whole misses a limit the next way is tried, and after them the next option that is best to use; where every option
    misses one it is the recommended model with a word on that, since a constant would be of no use.
    """
    unseen = np.array([], dtype=int)
    if recommended.which != "dummy":
        took = asking_seconds(case, members_of(case, recommended))
        unseen = spared(case, ASKING_SHARE * (end - clock()) / took if took and planned is None else np.inf)
    bench = Bench(shared, case, carry_out, end, workers, clock, unseen, planned=planned)
    handed, model, miss = first = _as_allowed(bench, recommended)
    others = list(_others(case, recommended)) if miss else []
    for other in others:
        handed, model, miss = _as_allowed(bench, other)
        if not miss and handed.fitted_on != "nothing":
            break
    else:
        handed, model, miss = first
    if miss and others:
        model_files.write(model, shared.folder / handing.MODEL)
        miss += "; no other option meets the limits"
    bench.clean()
    return (replace(handed, problems=(*handed.problems, miss)) if miss else handed), model


def ways(case: Case, members: Mixture) -> tuple[Making, ...]:
    """Return how members may be made, the first way first.

    What a net learns depends on its seed, and on how many rows it has: on some tables the mean of its models of five
    folds is far better than one fit on all rows, on others far worse, and the mean of both is near the better one. On
    17 draws of 500 and 2,000 rows it erred 1.1 % less (standard error 0.7) than the models of the folds and 2.3 % (1.5)
    less than the fit, and a blend with such nets 0.7 % (0.5) less than one with nets of the folds
    (reports/handing_over.md).
    With trees it makes less of a difference, and a fit on all rows is smaller and quicker to ask. So nets are bagged
    and, where there is time, fitted again as well, each for half; all others are fitted again. Of fewer folds each
    model has learnt from too few rows, of folds that go forward in time some from the oldest alone, and of folds of a
    part of the rows all from less than there is: those are no rivals of a refit. Who asked for one model, or for one
    that can be read, gets a refit, or where the time does not pay for it a model of one fold (see `_misses`).
    """
    folds = case.plan.folds
    whole = folds.folds >= FOLDS_TO_BAG and folds.kind != "forward" and not of_fewer(case)
    if nets_of(case, members) and whole and case.question.limits.blended:
        return ("nets bagged", "refits", "one fold")
    return ("refits", "one fold")


def nets_of(case: Case, members: Mixture) -> frozenset[str]:
    """Return the keys of those members that are nets."""
    return frozenset(key for key in members if case.outcomes[key].candidate.family == "neural")


def _as_allowed(bench: Bench, recommended: Recommendation) -> tuple[Handed, Any, str]:
    """Make an option the first way that meets the limits; return which it misses made the last way, if it does."""
    for way in ways(bench.case, members_of(bench.case, recommended)):
        handed, model = _made(bench, recommended, way)
        miss = _misses(bench.case.question.limits, handed)
        # Where each member is one model already, or was weighed with others, no further way gives anything else.
        if not miss or handed.one or handed.spared:
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


def _made(bench: Bench, recommended: Recommendation, way: Making) -> tuple[Handed, Any]:
    """Fit what is to be fitted and put the members together, made in this way."""
    case, by_spared = bench.case, len(bench.spared) > 0
    members = weighed(bench, recommended) if by_spared else _as_wished(bench, recommended, way)
    parts, problems = members.parts, tuple(members.problems)
    if not parts:
        # What lies there is of an earlier run, or of another option; it must not pass for the model of this one.
        model_files.remove(bench.shared.folder / handing.MODEL)
        return Handed(recommended.which, recommended.learner, {}, "nothing", 0, problems=problems), None
    model = handing.whole(case.dataset, handing.mixed(
        {f"{learner_of(case, part.key)} ({part.way})": (part.weight, part.model) for part in parts},
        len(case.dataset.classes),
    ))  # fmt: skip
    path = model_files.write(model, bench.shared.folder / handing.MODEL)
    example = case.dataset.example
    measured = {} if example is None else handing.measured(model, example, path)
    fitted_on = {part.way for part in parts}
    shares = _by_learner(case, members)
    return Handed(
        recommended.which,
        recommending.name_of(case, recommended.which, {part.key: part.weight for part in parts}),
        shares,
        fitted_on.pop() if len(fitted_on) == 1 else "mixed",
        len(case.dataset.target) - len(bench.spared) if members.fitted_on("all rows") else len(case.plan.folds.rows),
        **measured,
        problems=problems,
        one=all(part.one for part in parts),
        spared=len(bench.spared),
        spared_error=members.spared_error,
        cut_short=_still_learning(bench, members),
        folds_because=_why_folds(bench, members),
    ), model  # fmt: skip


def _by_learner(case: Case, members: Members) -> dict[str, float]:
    """Return the shares by learner, which sum to 1: a refit and models of the folds of the same one count together."""
    shares = defaultdict[str, float](float)
    for part in members.parts:
        shares[learner_of(case, part.key)] += part.weight
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _still_learning(bench: Bench, members: Members) -> tuple[str, ...]:
    """Name the learners with a part that the clock stopped: in its fit on all rows, or on most of its folds."""
    late = [*(key for key in members.fitted_on("all rows") if key in bench.short),
            *(key for key in members.fitted_on("folds") if was_cut(bench.case, key))]  # fmt: skip
    return tuple(dict.fromkeys(learner_of(bench.case, key) for key in late))


def _why_folds(bench: Bench, members: Members) -> Literal["", "nets_bagged", "no_time", "failed"]:
    """Say why members are models of the folds, as Handed has it."""
    from_folds = members.fitted_on("folds")
    missing = [key for key in from_folds if key not in members.bagged and key not in bench.refitted]
    if missing:
        return "failed" if bench.crashed.issuperset(missing) else "no_time"
    return "nets_bagged" if members.bagged.intersection(from_folds) else ""


def _as_wished(bench: Bench, recommended: Recommendation, way: Making) -> Members:
    """Fit the members again that are to be and that the time pays for, and take the others from the folds."""
    case, members = bench.case, members_of(bench.case, recommended)
    bagged = nets_of(case, members) if way == "nets bagged" else frozenset[str]()
    wish = wish_for(case, members, bench.seconds(), bench.workers, bagged)
    there = {key: bool(files_of(bench.shared, case, key)) for key in members}
    refit(bench, [key for key, own in wish.ways.items() if "all rows" in own or not there[key]])
    parts, problems = list[Part](), list[str]()
    for key, weight in wish.members.items():
        name = learner_of(case, key)
        # That a net is but the mean of its models of the folds is no problem.
        if key in bench.problems and (key not in bagged or key in bench.crashed):
            problems.append(f"{name}: {bench.problems[key]}")
        try:
            own = _parts(bench, key, wish.ways[key] if there[key] else ("all rows",), one=way == "one fold")
            parts += [replace(part, weight=weight / len(own)) for part in own]
        except Exception as problem:  # a model may raise what it likes when it is read
            problems.append(f"{name}: {problem}")
    return Members(tuple(parts), problems, bagged)


def _parts(bench: Bench, key: str, wished: tuple[Way, ...], *, one: bool) -> list[Part]:
    """Load a member, made the ways that were wished; of its folds where it could not be fitted on all rows."""
    made: list[Way] = [way for way in wished if way == "folds" or key in bench.refitted] or ["folds"]
    return [of_folds(bench, key, one=one) if way == "folds" else of_all_rows(bench, key) for way in made]


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
