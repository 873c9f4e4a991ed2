"""House rules that lead from the readings to one of five answers. Measures nothing, and has no words of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from advisor.judging import board, choice, halted, learnt, readings
from advisor.judging.case import contenders, learner_of, losses_of, missed
from advisor.judging.choice import Chosen
from advisor.judging.halted import FAMILIES
from advisor.measuring.metrics import METRICS
from advisor.planning.plan import BOOSTED, YARDSTICKS
from advisor.records import Answer, Case, How, Outcome, Reading, Reason, Which

# Folds that both families must have finished before anything is said; one is enough where the plan has only one.
FEWEST_FOLDS = 2
# Skill is seen where the best of both families is as certain as this to beat the dummy.
SKILL_CONFIDENCE = 0.975
# "No signal" recommends a constant, so that not having seen skill does not suffice: a relative error reduction of this
# much over the dummy (an AUC of 0.55) has to be ruled out as certainly. Elsewhere there are too few rows to tell.
LARGEST_NO_SIGNAL = 0.1


@dataclass(frozen=True)
class Ruling:
    """An answer, the reading that carries it (None where none does), why, and all that was read.

    `margin` is the largest that any reading was judged by; each has its own.
    """

    answer: Answer
    how: How | None
    because: tuple[Reason, ...]
    readings: dict[How, Reading]
    chosen: Chosen | None
    margin: float


def ruling(
    case: Case, *, confidence: float | None = None, min_gain: float | None = None, chosen: Chosen | None = None
) -> Ruling:
    """Answer from what a Case holds; `chosen` is its bootstrapped choice, where that is known already.

    `confidence` None is that of the question; `min_gain` None is for each reading the larger of what was asked for and
    the gain that pays for what its side with nets costs. "Worth it" has two chances, one a reading, which share
    the error that is allowed (readings.SHARES); "not worth it" needs both, in company with the confidence that was
    asked for (intersection-union, Berger 1982, needs no correction) and alone as readings.UNLIKELY says.
    """
    chosen = chosen or choice.chosen(case)
    asked = case.question.confidence if confidence is None else confidence
    found = {} if chosen is None else readings.read(case, chosen, min_gain=min_gain)
    least = case.question.min_gain if min_gain is None else min_gain
    margin = max((reading.min_gain for reading in found.values()), default=least)
    answer, how, because = _answer(case, chosen, found, asked)
    return Ruling(answer, how, because, found, chosen, margin)


def _answer(
    case: Case, chosen: Chosen | None, found: dict[How, Reading], confidence: float
) -> tuple[Answer, How | None, tuple[Reason, ...]]:
    missing = _too_little(case, chosen)
    if missing is not None:
        return missing[0], None, (missing[1],)
    if not found or case.matrix is None or chosen is None:
        rows = 0 if case.matrix is None else len(case.matrix.rows)
        return "not_enough_evidence", None, (Reason("too_few_rows", {"rows": rows}),)
    skill, ruled_out = _skill(case, chosen)
    if not skill and ruled_out:
        return "no_signal", None, (Reason("no_skill", {"ruled_out": LARGEST_NO_SIGNAL}),)
    answers = {how: readings.answer_of(reading, confidence) for how, reading in found.items()}
    if all(answer == "not_worth_it" for answer in answers.values()):
        return _not_worth_it(case, "in_company" if "in_company" in found else "alone")
    # That a net does not pay can be known before it is known whether anything does; that one pays cannot.
    if not skill:
        return "not_enough_evidence", None, (Reason("no_skill_yet", {"rows": len(case.matrix.rows),
                                                                     "ruled_out": LARGEST_NO_SIGNAL}),)  # fmt: skip
    certain = [how for how, answer in answers.items() if answer == "worth_it"]
    if not certain:
        disagree = _prior_decides(found, confidence)
        return "too_close_to_call", None, (Reason("prior_decides" if disagree else "neither_certain",
                                                  {"confidence": confidence}),)  # fmt: skip
    noticed = [how for how in certain if _floor_holds(case, found[how])]
    if not noticed:
        return "too_close_to_call", None, (Reason("below_floor"),)
    if late := _classical_side_is_weak(case, chosen):
        return "not_enough_evidence", None, (late,)
    return "worth_it", noticed[0], ()


def _not_worth_it(case: Case, how: How) -> tuple[Answer, How | None, tuple[Reason, ...]]:
    """Say "not worth it" where a strong net learnt its fill on the folds: of a weak one it would be no answer, nor of
    one that did not learn."""
    own = _had_their_chance(case, _strong(case))
    if not own:
        return "not_enough_evidence", None, (_nobody_learnt(case) or halted.no_strong_net(case),)
    if late := _all_cut_short(case, own):
        return "not_enough_evidence", None, (Reason("strong_net_cut_short", {"learners": late}),)
    return "not_worth_it", how, ()


def _classical_side_is_weak(case: Case, chosen: Chosen) -> Reason | None:
    """Say why a gain over the classical side proves nothing: its champion was stopped by the clock on most folds, or
    none of the strongest of that side (boosted trees on tables, elsewhere whoever is essential) learnt its fill on the
    folds.

    Where none takes part by the user's own wish, another question was asked, and the others answer it.
    """
    champion = case.outcomes[next(iter(chosen.members["classical"]))]
    if _all_cut_short(case, [champion]):
        return Reason("classical_cut_short", {"learner": champion.candidate.learner})
    strongest = _strongest(case)
    if not strongest:
        return None
    own = _had_their_chance(case, strongest)
    if not own:
        return _no_strong_opponent(case, strongest)
    late = _all_cut_short(case, own)
    code = "boosted_tree_cut_short" if case.dataset.modality == "tabular" else "strong_opponent_cut_short"
    return Reason(code, {"learners": late}) if late else None


def _strongest(case: Case) -> list[str]:
    """Name the classical learners that take part and that a net has to gain over."""
    if case.dataset.modality == "tabular":
        return [name for name in case.plan.learners if name in BOOSTED]
    return [
        entrant.learner
        for entrant in case.plan.entrants
        if entrant.essential and entrant.family == "classical" and entrant.learner not in YARDSTICKS
    ]


def _no_strong_opponent(case: Case, strongest: Collection[str]) -> Reason:
    """Name who of the strongest came furthest, how far that was, and what stopped it."""
    found = {name: board.furthest(case, name) for name in strongest}
    first = {part.number for part in case.plan.folds.parts if part.repeat == 0}
    done = {name: 0 if own is None else len(first & own.done) for name, own in found.items()}
    name = max(done, key=lambda name: done[name])
    figures = {"learner": name, "judged": done[name], "planned": len(first), "why": board.stopped(found[name])}
    return Reason("no_boosted_tree" if case.dataset.modality == "tabular" else "no_strong_opponent", figures)


def _nobody_learnt(case: Case) -> Reason | None:
    """Name the strong nets that did the folds, where none of them learnt anything; None where none did them."""
    names = {learner_of(case, key) for key in learnt.unlearnt(case)} & _strong(case)
    return Reason("strong_nets_did_not_learn", {"learners": sorted(names)}) if names else None


def _strong(case: Case) -> set[str]:
    return {entrant.learner for entrant in case.plan.entrants if entrant.strong}


def _had_their_chance(case: Case, names: Collection[str]) -> list[Outcome]:
    """Return what came of these learners on all judged folds; where none did them all, of those that were given up.

    Who did not learn is not among them.
    """
    own = [
        outcome
        for key, outcome in case.outcomes.items()
        if outcome.candidate.learner in names and key not in learnt.unlearnt(case)
    ]
    return [o for o in own if _finished(case, o)] or [o for o in own if o.ending == "given_up"]


def _finished(case: Case, outcome: Outcome) -> bool:
    """Tell whether a candidate did the judged folds of the first repeat: only those in front go on to another."""
    assert case.matrix is not None
    return {fold.number for fold in case.matrix.folds if fold.repeat == 0} <= outcome.done


def _all_cut_short(case: Case, own: Collection[Outcome]) -> list[str]:
    """Name the learners of these where the clock stopped each of them, on most of the folds that it did; else nobody.

    Who was given up had its chance all the same, if it learnt its fill on the folds that it did.
    """
    assert case.matrix is not None
    folds = [fold.number for fold in case.matrix.folds]
    late = all(board.cut_short(outcome, folds) for outcome in own)
    return sorted({outcome.candidate.learner for outcome in own}) if late else []


def _too_little(case: Case, chosen: Chosen | None) -> tuple[Answer, Reason] | None:
    """Say what is missing for a comparison, or None where nothing is."""
    families = {entrant.learner: entrant.family for entrant in case.plan.entrants}
    finished = {case.outcomes[key].candidate.family for key in case.columns}
    leading = set() if case.matrix is None else {family for family in FAMILIES if contenders(case, family)}
    if "neural" not in leading and "classical" in leading and (barred := _nets_barred(case)):
        return barred
    for family in FAMILIES:
        if family in leading:
            continue
        if family in finished:
            why = next(
                (case.barred[name] for name, own in families.items() if own == family and name in case.barred), ""
            )
            return "not_enough_evidence", Reason("side_barred", {"family": family, "why": why})
        why, late = halted.why(case, family)
        return "not_enough_evidence", Reason("side_missing", {"family": family, "why": why, "late": late})
    judged = 0 if case.matrix is None else len(case.matrix.folds)
    fewest = min(FEWEST_FOLDS, len(case.plan.folds.parts))
    if judged < fewest:
        why, late = halted.hindered(case)
        return "not_enough_evidence", Reason(
            "too_few_folds", {"judged": judged, "fewest": fewest, "why": why, "late": late}
        )
    return None


def _nets_barred(case: Case) -> tuple[Answer, Reason] | None:
    """Say what it means that no net may lead: that none meets the limits, or that this is not known of all.

    Every net counts of which a fold was done, since that shows what it takes. What weak nets take says nothing of
    strong ones, but for whoever asks for a model that can be read no net will do. None where no limit is to blame.
    """
    nets = [key for key, own in case.outcomes.items() if own.candidate.family == "neural" and own.done]
    limits = {key: missed(case, key) for key in nets}
    barred = [key for key in nets if limits[key][1]]
    if not barred:
        return None
    why = min((limits[key] for key in barred), key=lambda miss: miss[0])[1]
    allowed = [key for key in nets if key not in barred]
    late = sorted({learner_of(case, key) for key in allowed if not _finished(case, case.outcomes[key])})
    if late:
        return "not_enough_evidence", Reason("nets_unfinished", {"learners": late, "why": why})
    if allowed:
        return None
    if not case.question.limits.interpretable and not _strong(case) & {learner_of(case, key) for key in barred}:
        return "not_enough_evidence", halted.no_strong_net(case)
    return "not_worth_it", Reason("nets_barred", {"why": why})


def _skill(case: Case, chosen: Chosen) -> tuple[bool, bool]:
    """Tell whether the best of both families beats the dummy, and whether an error clearly below it is ruled out."""
    if "dummy" not in chosen.members:
        return True, False
    sides: list[Which] = [which for which in FAMILIES if which in chosen.members]
    best = min(sides, key=lambda which: float(losses_of(case, chosen.members[which]).by_row.mean()))
    seen = readings.compare(case, chosen, ("dummy",), sides, ("dummy", best), min_gain=0.0)
    large = readings.compare(case, chosen, ("dummy",), sides, ("dummy", best), min_gain=LARGEST_NO_SIGNAL)
    if seen is None or large is None:
        return True, False
    return seen.p_worth_flat >= SKILL_CONFIDENCE, large.p_worth_flat <= 1 - SKILL_CONFIDENCE


def _prior_decides(found: dict[How, Reading], confidence: float) -> bool:
    """Tell whether the chances with the prior, or those without it, would be an answer by themselves."""
    with_prior, without = (
        {how: getattr(reading.comparison, chance) for how, reading in found.items()}
        for chance in ("p_worth", "p_worth_flat")
    )
    return any(
        any(chances[how] >= reading.asked(confidence) for how, reading in found.items())
        or all(chances[how] <= reading.most_left(confidence) for how, reading in found.items())
        for chances in (with_prior, without)
    )


def _floor_holds(case: Case, reading: Reading) -> bool:
    """Tell whether the absolute improvement reaches the metric's floor (of the dummy's error, where it is relative)."""
    metric = METRICS[case.plan.metric]
    dummy = next((key for key in case.columns if case.outcomes[key].candidate.family == "dummy"), None)
    unit = 1.0
    if metric.floor_of_dummy and dummy is not None:
        unit = metric.error_of_loss(float(losses_of(case, {dummy: 1.0}).by_row.mean()))
    return reading.without.error - reading.with_nets.error >= metric.floor * unit
