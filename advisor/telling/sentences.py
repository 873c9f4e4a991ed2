"""What is said of an answer, in sentences: the answer, what it rests on, and the words of every reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor import learners
from advisor.judging.case import learner_of
from advisor.measuring.evidence import gain_of
from advisor.measuring.metrics import ERROR_NAMES
from advisor.records import Budget, Case, Handed, Option, Reading, Reason, Verdict
from advisor.telling import cut_short, time_left
from advisor.telling.naming import MOST_NAMED, OPTIONS, late_among, who
from advisor.telling.report.numbers import chosen_percent
from advisor.telling.to_use import to_use, what_was_handed_over
from advisor.wording import chance, counted, less_or_more, listed, percent

Figures = Mapping[str, Any]

OPENINGS = {
    "worth_it": "Worth it",
    "not_worth_it": "Not worth it",
    "too_close_to_call": "Too close to call",
    "no_signal": "No signal",
    "not_enough_evidence": "Not enough evidence",
}
SIDES = {"classical": "classical model", "neural": "neural net"}
SAME_TWO = (
    "On all rows both ways of asking compare the same two. Beside the classical models the choice, blends included, is "
    "made anew on each draw of rows and does not always fall on these, so that its figures may be others."
)


def sentence(verdict: Verdict, handed: Handed | None, case: Case) -> str:
    """Say the answer with its figures, by the reading that carries it, and what to use where it is open."""
    opening = OPENINGS[verdict.answer]
    if not verdict.readings or verdict.answer in ("no_signal", "not_enough_evidence"):
        told = " ".join(map(reason, verdict.because))
        return f"{opening}: {told[:1].lower()}{told[1:]}{_meanwhile(verdict, handed, case)}"
    if verdict.answer == "worth_it" and verdict.how is not None:
        beside = "" if verdict.how == "alone" else " beside the classical models"
        return f"{opening}{beside}: {measured(verdict.readings[verdict.how], case)}{of_rows(case)}."
    both = "; ".join(measured(given, case, short=True) for given in verdict.readings.values())
    if verdict.answer == "not_worth_it":
        margins = {margin(given) for given in verdict.readings.values()}
        much = f"more than {margins.pop()}" if len(margins) == 1 else "as much as would pay for it"
        return f"{opening}: {_not_saved(verdict, much, case)}{of_rows(case)}: {both}."
    return f"{opening}{of_rows(case)}: {both}.{_meanwhile(verdict, handed, case)}"


def _not_saved(verdict: Verdict, much: str, case: Case) -> str:
    """Say of which readings it is certain that nets do not save so much of the error, and of which it is likely."""
    if len(verdict.readings) == 1:
        return f"the best net does not save {much} of the error"
    alone = verdict.readings["alone"].comparison
    if max(alone.p_worth, alone.p_worth_flat) <= 1 - case.question.confidence:
        return f"neither alone nor beside the classical models does a net save {much} of the error"
    return f"beside the classical models nets do not save {much} of the error, and alone it is not likely"


def measured(given: Reading, case: Case, *, short: bool = False) -> str:
    """Say what a reading found: who has how much less error than whom, the interval, and the chance of the margin.

    In company the figures are those of a choice that is made anew on each draw of rows; named are the two that all rows
    choose. `short` is for a reading among others: it says of the two sides no more than who they are.
    """
    compared = given.comparison
    ours, theirs, reduced = who(given.with_nets, case), who(given.without, case), fewer_errors(compared.gain, case)
    if given.how == "alone":
        sides = f"{ours} alone {reduced} than {theirs}{'' if short else ', the best classical model'}"
    elif given.without.which == "classical" and given.with_nets.which == "neural":
        # The same two as alone, by other figures: a blend may be chosen too, and sometimes is.
        sides = f"free to blend as well, the side with nets ({ours}) {reduced} than the side without ({theirs})"
    else:
        nets = _nets(given.with_nets, case)
        with_nets = f"a blend with {listed(nets, MOST_NAMED)}" if nets and len(given.with_nets.members) > 1 else ours
        if not nets:
            with_nets = "the best that can be built with nets gives them no weight and"
        best = f"the best without nets ({theirs})" if short else f"the best that can be built without nets, {theirs}"
        sides = f"{with_nets} {reduced} than {best}"
    level, likely = percent(compared.level), chance(compared.p_worth)
    span = less_to_more(gain_of(compared.low), gain_of(compared.high))
    if short:
        return f"{sides} ({level} interval {span}; chance of more than {margin(given)}: {likely})"
    return f"{sides}; {level} interval {span}; the chance that it saves more than {margin(given)} is {likely}"


def margin(given: Reading) -> str:
    """Write the margin that a reading was held to, which with prices is its own."""
    return chosen_percent(given.min_gain)


def less_to_more(low: float, high: float) -> str:
    """Write the interval of a relative error reduction.

    >>> less_to_more(0.037, 0.117), less_to_more(-0.02, 0.01), less_to_more(-0.3, -0.1)
    ('from 3.7 % to 12 % less', 'from 2.0 % more to 1.0 % less', 'from 30 % to 10 % more')
    """
    ends = [less_or_more(low).rpartition(" "), less_or_more(high).rpartition(" ")]
    first = ends[0][0] if ends[0][2] == ends[1][2] and low >= -1 else less_or_more(low)
    return f"from {first} to {less_or_more(high)}"


def fewer_errors(gain: float, case: Case) -> str:
    """Say a relative error reduction as what a model does: "has 8.1 % less error (RMSE)", "makes 6.0 % fewer errors".

    A net that makes many times as many is said to, since a reduction by -4,454 % tells nobody anything.
    """
    words = less_or_more(gain)
    if case.plan.metric == "accuracy":
        return f"makes {words.replace('less', 'fewer').replace('as much', 'as many')} errors"
    return f"has {words} error ({ERROR_NAMES[case.plan.metric]})"


def of_rows(case: Case) -> str:
    """Say for how many rows an answer holds, where they were drawn."""
    used, rows = len(case.plan.folds.rows), len(case.dataset.target)
    return f", for {used:,} of {rows:,} rows" if used < rows else ""


def reason(given: Reason) -> str:
    """Put a reason into words."""
    return SAYINGS[given.code](given.figures)


def reasons(verdict: Verdict, handed: Handed | None, case: Case, budget: Budget, *, worked: bool) -> list[str]:
    """Return all there is to say of an answer beyond its sentence, what matters most first.

    `worked` tells whether something was begun for the model to use once the answer was known.
    """
    told_already = not verdict.readings or verdict.answer in ("no_signal", "not_enough_evidence")
    told = [] if told_already else [reason(why) for why in verdict.because]
    told += _other_readings(verdict, case)
    told += time_left.when_known(verdict, budget, worked=worked)
    told += [reason(remark) for remark in verdict.remarks]
    told += _detectable(verdict)
    told += _weight_of_nets(verdict, case)
    told += [] if handed is None else what_was_handed_over(handed, verdict.recommended, case)
    return [*told, *_trained_beforehand(case)]


def _meanwhile(verdict: Verdict, handed: Handed | None, case: Case) -> str:
    """Say what to use until more is known; nothing where the answer is known, or where that is a constant."""
    use = "" if verdict.answer in ("not_worth_it", "no_signal") else to_use(verdict.recommended, handed, case)
    return use and f" Until more is known use {use}."


def _other_readings(verdict: Verdict, case: Case) -> Iterator[str]:
    """Say what the readings found that the answer's own sentence leaves out, and why the same two have two figures."""
    if verdict.answer not in ("not_worth_it", "too_close_to_call"):
        for how, given in verdict.readings.items():
            if how != verdict.how:
                told = measured(given, case)
                yield f"{told if how == 'alone' else told[:1].upper() + told[1:]}."
    sides = {(tuple(given.without.members), tuple(given.with_nets.members)) for given in verdict.readings.values()}
    if len(verdict.readings) > len(sides):
        yield SAME_TWO


def _detectable(verdict: Verdict) -> Iterator[str]:
    carrying = verdict.readings.get(verdict.how or "alone")
    if carrying is not None and carrying.comparison.detectable_theta > 0:
        smallest = percent(gain_of(carrying.comparison.detectable_theta))
        yield f"This data could have shown a gain of {smallest} or more with 80 % power."


def _weight_of_nets(verdict: Verdict, case: Case) -> Iterator[str]:
    blend = verdict.champions.get("blend")
    if blend is not None:
        nets = {entrant.learner for entrant in case.plan.entrants if entrant.family == "neural"}
        share = sum(weight for name, weight in blend.members.items() if name in nets)
        yield (
            f"In the blend of all, nets have {percent(share)} of the weight."
            if share
            else ("The blend of all gives nets no weight.")
        )


def _trained_beforehand(case: Case) -> Iterator[str]:
    for learner in learners.catalogue():
        if learner.weights and learner.name in case.plan.learners:
            yield (
                f"{learner.name} was trained beforehand (weights: {learner.weights}); whether these rows were among "
                "what it saw is for the user to know."
            )


def _nets(option: Option, case: Case) -> list[str]:
    """Name the nets in an option, the heaviest first, with a word where the clock stopped one."""
    heaviest, late = sorted(option.members, key=lambda key: -option.members[key]), late_among(option.members, case)
    nets = [key for key in heaviest if case.outcomes[key].candidate.family == "neural"]
    return [cut_short.worded(learner_of(case, key), late) for key in nets]


def _margin_raised(figures: Figures) -> str:
    over = f"over {figures['months']:g} months"
    if figures["margin"] > 0.999:
        return (
            "At the prices given not even a net without error would earn back what it costs beyond the classical side "
            f"{over}."
        )
    return (
        f"The margin is {chosen_percent(figures['margin'])} rather than {chosen_percent(figures['asked'])}: with less, "
        f"a net would not earn back what it costs beyond the classical side {over}."
    )


def _no_strong_net(figures: Figures) -> str:
    missing, why = figures["left_out"], figures["why"]
    because = f": the budget did not pay for {listed(missing)}" if missing else f" ({why})" if why else ""
    more = " A larger budget brings one in." if figures["late"] else "" if why else " None takes part here."
    return f"No strong net was measured{because}, and of weak ones alone nothing follows.{more}"


def _side_missing(figures: Figures) -> str:
    side, why = SIDES[figures["family"]], figures["why"]
    if not figures["late"]:
        return f"No {side} finished the folds: all that were tried failed ({why})."
    met = f" ({why})" if why else ""
    return f"No {side} finished the folds in time{met}. A larger budget, or fewer rows, would help."


def _too_few_folds(figures: Figures) -> str:
    judged, fewest, why = counted(figures["judged"], "fold"), figures["fewest"], figures["why"]
    if why and not figures["late"]:
        return f"Both sides finished {judged}, and one of them no more ({why}); {fewest} are the fewest to go by."
    return f"Both sides finished {judged} in time, and {fewest} are the fewest to go by. A larger budget would help."


def _folds_left(figures: Figures) -> str:
    judged, planned, why = figures["judged"], figures["planned"], figures["why"]
    if why and not figures["late"]:
        return f"{judged} of {planned} folds were judged, since one of the sides finished no more ({why})."
    return f"The budget paid for {judged} of {planned} folds; a larger one would judge more rows."


def _rests_on(figures: Figures) -> str:
    again = f", {figures['repeats']} times over" if figures["repeats"] > 1 else ""
    return (
        f"The intervals rest on {figures['rows']:,} rows predicted out of fold by both sides{again}; the standard "
        f"error was taken {figures['method']}. The choice among candidates was bootstrapped: whoever is chosen is "
        "judged on rows that did not choose it."
    )


def _log_loss_disagrees(figures: Figures) -> str:
    better = "the net" if figures["gain"] > 0 else "the classical side"
    return f"By log loss {better} is ahead ({percent(abs(figures['gain']))}): the two metrics disagree."


def _simplest(figures: Figures) -> str:
    best, regret = OPTIONS[figures["best"]], percent(figures["regret"])
    return f"It is simpler than {best} and expected to have only {regret} more error."


# Every code that judging gives has its words here, which a test holds it to.
SAYINGS: Mapping[str, Callable[[Figures], str]] = {
    "too_few_rows": lambda f: f"{counted(f['rows'], 'row')} judged by both sides are too few for an honest interval.",
    "no_skill": lambda f: (
        "Nothing predicted better than the same answer for every row, and an error lower by "
        f"{chosen_percent(f['ruled_out'])} is ruled out."
    ),
    "no_skill_yet": lambda f: (
        f"On {f['rows']:,} rows nothing is certain to predict better than the same answer for every row, and an error "
        f"lower by {chosen_percent(f['ruled_out'])} is not ruled out either."
    ),
    "neither_certain": lambda f: (
        f'Neither way of asking is as certain as was wanted ({chosen_percent(f["confidence"])}; "worth it" has two '
        "chances, which share the doubt)."
    ),
    "prior_decides": lambda f: (
        f"Whether the answer is {chosen_percent(f['confidence'])} certain hangs on the prior, what nets gained "
        "on other tables, so it is called open."
    ),
    "steps_of_one_class": lambda f: (
        f"{counted(f['steps'], 'step')} forward in time could not be judged, since one class alone was there to learn "
        f"from or to be told apart; the answer rests on {counted(f['judged'], 'step')} in which both were."
    ),
    "below_floor": lambda f: "The gain is certain, and yet too small in itself for anybody to notice it.",
    "no_strong_net": _no_strong_net,
    "strong_nets_did_not_learn": lambda f: (
        f"No strong net learnt: {listed(f['learners'])} did no better than the same answer for every row, where others "
        "did. That says how {} trained and nothing of what nets can do; a larger budget tries other settings.".format(
            "it was" if len(f["learners"]) == 1 else "they were"
        )
    ),
    "did_not_learn": lambda f: (
        "What did not learn (no better than the same answer for every row, where others are) does not count against "
        f"nets: {listed(f['learners'])}."
    ),
    "strong_net_cut_short": lambda f: (
        f"The clock stopped {listed(f['learners'])} before learning had ended, so that nothing can be ruled out. A "
        "larger budget lets it end."
    ),
    "classical_cut_short": lambda f: (
        f"The clock stopped {f['learner']}, the best classical model, before learning had ended: what a net gains "
        "over it proves nothing. A larger budget lets it end."
    ),
    "no_boosted_tree": lambda f: (
        f"No boosted tree finished the folds ({f['learner']} did {f['judged']} of {f['planned']}; {f['why']}), and "
        "without one what a net gains over the other classical models proves nothing."
    ),
    "boosted_tree_cut_short": lambda f: (
        f"The clock stopped {listed(f['learners'])} before learning had ended, and without a boosted tree what a net "
        "gains over the other classical models proves nothing. A larger budget lets it end."
    ),
    "no_strong_opponent": lambda f: (
        f"The strongest classical learner of such data did not finish the folds ({f['learner']} did {f['judged']} of "
        f"{f['planned']}; {f['why']}), and without it what a net gains over the others proves nothing."
    ),
    "strong_opponent_cut_short": lambda f: (
        f"The clock stopped {listed(f['learners'])}, the strongest classical learner of such data, before learning had "
        "ended, and without it what a net gains proves nothing. A larger budget lets it end."
    ),
    "nets_barred": lambda f: f"No net meets the limits ({f['why']}).",
    "nets_unfinished": lambda f: (
        f"No net that meets the limits finished the folds: too few were done of {listed(f['learners'])}, and others "
        f"miss the limits ({f['why']}). A larger budget would help."
    ),
    "side_barred": lambda f: f"No {SIDES[f['family']]} may be used here{' (' + f['why'] + ')' if f['why'] else ''}.",
    "side_missing": _side_missing,
    "too_few_folds": _too_few_folds,
    "severe_finding": lambda f: f"{f['message']} {f['advice']}",
    "rests_on": _rests_on,
    "rows_drawn": lambda f: (
        f"The budget paid for {f['used']:,} of {f['rows']:,} rows, which were drawn: the answer is for that many."
    ),
    "folds_left": _folds_left,
    "margin_raised": _margin_raised,
    "log_loss_disagrees": _log_loss_disagrees,
    "by_block": lambda f: f"The gain from one block of time to the next: {', '.join(map(percent, f['gains']))}.",
    "unaffordable": lambda f: (
        f"The budget did not pay for {listed(f['learners'])}; a larger one, or --learners, brings them in."
    ),
    "best": lambda f: (
        "It is expected to have the least error of all champions and blends: by rows that did not choose it and, where "
        "they cannot tell, by what is usual of such models."
    ),
    "only_one": lambda f: "It is the only model that may be used.",
    "simpler_and_nearly_as_good": _simplest,
    "best_does_not_pay": lambda f: (
        f"It is expected to have {percent(f['regret'])} more error than {OPTIONS[f['best']]}, which costs more than "
        "that is worth at the prices given."
    ),
    "nothing_beats_a_constant": lambda f: "Nothing beats the same answer for every row, which costs nothing.",
    "nothing_meets_the_limits": lambda f: (
        "No model that finished may be used, so the same answer for every row is left."
    ),
}
