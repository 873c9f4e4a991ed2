"""Words: house rules that lead from evidence, costs and constraints to one of five answers. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from advisor import champions, evidence, learners, prices, rules, sentences
from advisor.metrics import METRICS, Metric
from advisor.prices import NO_PRICES, Prices
from advisor.records import (
    Answer,
    Comparison,
    Constraints,
    Dataset,
    Look,
    Outcome,
    Plan,
    Profile,
    Verdict,
)
from advisor.sentences import percent
from advisor.standings import Standings, leaderboard, without_error

# Cuts that both families must have finished before anything is said; one is enough where the plan has only one.
FEWEST_CUTS = 2
# Skill is seen where a family is as certain as this to beat the dummy; there are two, so that noise passes in 5 %.
SKILL_CONFIDENCE = 0.975
# "No signal" recommends a constant, so that not having seen skill does not suffice: a relative error reduction of this
# much over the dummy (an AUC of 0.55) has to be ruled out as certainly. Elsewhere there are too few rows to tell.
LARGEST_NO_SIGNAL = 0.1


@dataclass(frozen=True)
class Ruling:
    """An answer, the sentences that carry it, and the comparison it rests on (None: there was too little)."""

    answer: Answer
    because: tuple[str, ...]
    comparison: Comparison | None


def ruling(
    standing: Standings, plan: Plan, *, constraints: Constraints, min_gain: float | None, confidence: float
) -> Ruling:
    """Answer from what has finished; parameters as those of `judge`."""
    metric = METRICS[plan.metric]
    comparison = _compare(standing, metric, metric.min_gain if min_gain is None else min_gain)
    answer, because = _answer(standing, plan, comparison, metric, confidence, constraints)
    return Ruling(answer, tuple(because), comparison)


def judge(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    outcomes: Sequence[Outcome],
    *,
    constraints: Constraints,
    min_gain: float | None = None,
    confidence: float = 0.95,
    looks: Sequence[Look] = (),
    priced: Prices = NO_PRICES,
) -> Verdict:
    """Answer the question from what has finished.

    `min_gain` is the relative error reduction that would be worth a net (None: the metric's default), `confidence` the
    chance that a "worth it" must reach and a "not worth it" leave to the net, `looks` those that were taken. Where
    the prices ask for a larger gain than `min_gain`, that is the margin.
    """
    metric = METRICS[plan.metric]
    board = leaderboard(standing, dataset, profile, plan, outcomes)
    asked = metric.min_gain if min_gain is None else min_gain
    sides = champions.sides(standing, board)
    margin = champions.margin_that_pays(standing, metric, priced, sides, asked)
    ruled = ruling(standing, plan, constraints=constraints, min_gain=margin, confidence=confidence)
    answer, because, comparison = ruled.answer, ruled.because, ruled.comparison
    leaders = {
        family: champions.champion(standing, family, metric, board) if family in standing.champions else None
        for family in ("classical", "neural")
    }
    recommended = champions.recommend(answer, comparison is not None, standing, board)
    reasons = [f"{f.message} {f.advice}" for f in profile.findings if f.severity == "severe"]
    blend = champions.blend(dataset, plan, standing, board, metric, margin)
    reasons += [*because, *sentences.why_this_margin(margin, asked, priced)]
    reasons += [*sentences.remarks(dataset, plan, standing, comparison, metric)]
    reasons += [
        *sentences.in_company(blend),
        *sentences.given_up(outcomes),
        *sentences.ended_early(looks),
        *sentences.who_else(plan),
    ]
    fair = None if answer == "not_enough_evidence" else comparison
    money = prices.account(
        priced, metric.name, sides["neural"], sides["classical"], fair, min_gain=asked, confidence=confidence
    )
    seen = rules.Seen(dataset, profile, plan, standing, outcomes, comparison, answer, constraints, asked)
    return Verdict(
        answer=answer,
        sentence=sentences.sentence(answer, comparison, leaders, metric, margin, because),
        p_worth=None if comparison is None else comparison.p_worth,
        min_gain=margin,
        gain=champions.gain(comparison),
        detectable_gain=champions.detectable_gain(comparison),
        metric=plan.metric,
        recommended=recommended,
        champions={**leaders, "blend": blend},
        leaderboard=board,
        reasons=tuple(reasons),
        failed={row["learner"]: row["message"] for row in board if row["status"] == "failed"},
        cost={**champions.cost(standing, board), **money, "pareto": prices.pareto(board, priced)},
        looks=tuple(asdict(look) for look in looks),
        rules=rules.check(seen),
    )


def margin_at(
    dataset: Dataset,
    profile: Profile,
    plan: Plan,
    standing: Standings,
    outcomes: Sequence[Outcome],
    priced: Prices,
    min_gain: float | None,
) -> float:
    """Return the margin by what has been measured so far: the larger of the one asked for and the gain that pays."""
    metric = METRICS[plan.metric]
    asked = metric.min_gain if min_gain is None else min_gain
    sides = champions.sides(standing, leaderboard(standing, dataset, profile, plan, outcomes))
    return champions.margin_that_pays(standing, metric, priced, sides, asked)


def _compare(standing: Standings, metric: Metric, margin: float) -> Comparison | None:
    if "classical" not in standing.losses or "neural" not in standing.losses:
        return None
    return evidence.compare_pairs(
        standing.losses["classical"], standing.losses["neural"], standing.cuts, metric, min_gain=margin
    )


def _answer(
    standing: Standings,
    plan: Plan,
    comparison: Comparison | None,
    metric: Metric,
    confidence: float,
    constraints: Constraints,
) -> tuple[Answer, list[str]]:
    """Return the answer and the sentences that carry it."""
    missing = _too_little(standing, plan, constraints)
    if missing is not None:
        return missing
    if comparison is None:
        return "not_enough_evidence", [
            f"Only {standing.cuts.rows} rows were judged out of fold, too few for any honest figure."
        ]
    skilled = "dummy" not in standing.losses or _chance_of_skill(standing, metric) >= SKILL_CONFIDENCE
    if not skilled and _chance_of_skill(standing, metric, LARGEST_NO_SIGNAL) <= 1 - SKILL_CONFIDENCE:
        return "no_signal", [
            "Neither family predicts better than a constant guess on rows it has not seen, and an error "
            f"{percent(LARGEST_NO_SIGNAL)} lower is ruled out (97.5 % one-sided each)."
        ]
    answer = evidence.answer_of(comparison, confidence)
    # That a net does not pay can be known before it is known whether anything does; that one pays cannot.
    if not skilled and answer != "not_worth_it":
        return "not_enough_evidence", [
            f"On {comparison.rows:,} rows judged out of fold nobody is certain to beat a constant guess, and an "
            f"error {percent(LARGEST_NO_SIGNAL)} lower is not ruled out; more rows or a larger budget would tell."
        ]
    behind = {"worth_it": "classical", "not_worth_it": "neural"}.get(answer)
    if behind is not None and (cut := _cut_short(standing, behind)):
        return "not_enough_evidence", [
            f"The {behind} side is behind, but its champion was still learning when its time was up on {cut}; "
            "a larger budget would let it finish."
        ]
    low, high = sorted((comparison.p_worth, comparison.p_worth_flat))
    if answer == "too_close_to_call":
        if low <= 1 - confidence or high >= confidence:
            return answer, ["With and without the weak prior the answer differs, so the data alone do not carry it."]
        return answer, [f"Neither side reaches {percent(confidence)} certainty; the simpler family is the one to take."]
    if answer == "worth_it" and not _floor_holds(standing, metric):
        return "too_close_to_call", [
            "The relative gain is certain, but the absolute improvement is below the floor of what anyone would notice."
        ]
    return answer, []


def _too_little(standing: Standings, plan: Plan, constraints: Constraints) -> tuple[Answer, list[str]] | None:
    """Say what is missing for a comparison, or None where nothing is."""
    if "classical" in standing.losses and "neural" not in standing.champions:
        nets = [name for name in plan.learners if learners.find(name).family == "neural"]
        barred = [standing.barred[name] for name in nets if name in standing.barred]
        if barred and len(barred) == len(nets):
            return "not_worth_it", [f"No neural net meets the constraints: {barred[0]}."]
        if constraints.interpretable:
            return "not_worth_it", ["No neural net is interpretable, which was asked for."]
    absent = [family for family in ("classical", "neural") if family not in standing.champions]
    for family in absent:
        barred = [reason for name, reason in standing.barred.items() if name in _family(standing, family)]
        if barred:
            return "not_enough_evidence", [f"No {family} learner that finished meets the constraints: {barred[0]}."]
    if absent:
        return "not_enough_evidence", [
            f"No {' and no '.join(absent)} learner that may lead its side finished on any cut."
        ]
    fewest = min(FEWEST_CUTS, len(plan.splits.parts))
    if len(standing.cuts.numbers) < fewest:
        run, unjudged = len(standing.cuts.numbers), len(without_error(standing))
        why = [f"on {unjudged} more cut{'s' if unjudged > 1 else ''} {sentences.ONE_CLASS}"] if unjudged else []
        left = len(plan.splits.parts) - unjudged
        why += ["a larger budget would let them"] if left > run and left >= fewest else []
        return "not_enough_evidence", [
            f"Both families finished, with those who lead them, on {run} of the {fewest} cuts that an answer needs at "
            f"least; {'; '.join(why)}."
        ]
    return None


def _cut_short(standing: Standings, family: str) -> str | None:
    """Say on how many cuts the champion of a family was stopped by the clock, where it was on most; None elsewhere."""
    by_cut = standing.champions[family]
    stopped = sum(outcome.cut_short for outcome in by_cut.values())
    return f"{stopped} of {len(by_cut)} cuts" if 2 * stopped > len(by_cut) else None


def _family(standing: Standings, family: str) -> set[str]:
    return {name for name, cuts in standing.finals.items() if any(o.job.family == family for o in cuts.values())}


def _chance_of_skill(standing: Standings, metric: Metric, least: float = 0.0) -> float:
    """Return the better family's chance of an error below the dummy's by more than the share `least`."""
    dummy = standing.losses["dummy"]
    chances = (
        evidence.chance_of_skill(standing.losses[family], dummy, standing.cuts, metric, least=least)
        for family in ("classical", "neural")
    )
    return max(chance for chance in chances if chance is not None)


def _floor_holds(standing: Standings, metric: Metric) -> bool:
    """Tell whether the net's absolute improvement reaches the metric's floor (of the dummy's loss, where it is
    relative)."""
    improvement = standing.losses["classical"].by_row.mean() - standing.losses["neural"].by_row.mean()
    unit = standing.losses["dummy"].by_row.mean() if metric.floor_of_dummy and "dummy" in standing.losses else 1.0
    return bool(improvement >= metric.floor * unit)
