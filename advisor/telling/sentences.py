"""What is said of an answer, in sentences: the answer, what it rests on, what to use, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from advisor import learners
from advisor.judging.case import learner_of
from advisor.judging.looks import CONCLUSIVE
from advisor.measuring.evidence import gain_of
from advisor.measuring.metrics import ERROR_NAMES
from advisor.records import Budget, Case, Handed, How, Look, Option, Reading, Reason, Recommendation, Verdict, Which
from advisor.telling.report.numbers import chosen_percent, duration
from advisor.wording import chance, counted, less_or_more, listed, percent

Figures = Mapping[str, Any]

OPENINGS = {
    "worth_it": "Worth it",
    "not_worth_it": "Not worth it",
    "too_close_to_call": "Too close to call",
    "no_signal": "No signal",
    "not_enough_evidence": "Not enough evidence",
}
READINGS: Mapping[How, str] = {"alone": "alone", "in_company": "beside the classical models"}
OPTIONS: Mapping[Which, str] = {
    "classical": "the best classical model",
    "neural": "the best net",
    "classical_blend": "the blend of the classical models",
    "blend": "the blend of all",
    "dummy": "a constant",
}
SIDES = {"classical": "classical model", "neural": "neural net"}
# So many members of a blend are named in a sentence, the heaviest first.
MOST_NAMED = 3
MIXED: tuple[Which, ...] = ("classical_blend", "blend")


def sentence(verdict: Verdict, case: Case) -> str:
    """Say the answer with its figures, by the reading that carries it, and what to use where it is open."""
    opening = OPENINGS[verdict.answer]
    if not verdict.readings or verdict.answer in ("no_signal", "not_enough_evidence"):
        told = " ".join(map(reason, verdict.because))
        return f"{opening}: {told[:1].lower()}{told[1:]}{_meanwhile(verdict, case)}"
    if verdict.answer == "worth_it" and verdict.how is not None:
        beside = "" if verdict.how == "alone" else f" {READINGS['in_company']}"
        carrying = verdict.readings[verdict.how]
        return f"{opening}{beside}: {measured(carrying, verdict.min_gain, case)}{of_rows(case)}."
    both = "; ".join(measured(given, verdict.min_gain, case, short=True) for given in verdict.readings.values())
    if verdict.answer == "not_worth_it":
        how = "neither alone nor beside the classical models does a net save" if len(verdict.readings) > 1 else (
            "the best net does not save"
        )  # fmt: skip
        return f"{opening}: {how} more than {chosen_percent(verdict.min_gain)} of the error{of_rows(case)}: {both}."
    return f"{opening}{of_rows(case)}: {both}.{_meanwhile(verdict, case)}"


def measured(given: Reading, margin: float, case: Case, *, short: bool = False) -> str:
    """Say what a reading found: who has how much less error than whom, the interval, and the chance of the margin.

    `short` is for a reading among others: it says of the two sides no more than who they are.
    """
    compared = given.comparison
    ours, theirs, reduced = who(given.with_nets, case), who(given.without, case), fewer_errors(compared.gain, case)
    if given.how == "alone":
        sides = f"{ours} alone {reduced} than {theirs}{'' if short else ', the best classical model'}"
    else:
        nets = _of_family(given.with_nets, case, "neural")
        with_nets = f"a blend with {listed(nets, MOST_NAMED)}" if nets and len(given.with_nets.members) > 1 else ours
        best = f"the best without nets ({theirs})" if short else f"the best that can be built without nets, {theirs}"
        sides = f"{with_nets} {reduced} than {best}{'' if nets else ' although it gives nets no weight'}"
    level, likely = percent(compared.level), chance(compared.p_worth)
    span = less_to_more(gain_of(compared.low), gain_of(compared.high))
    if short:
        return f"{sides} ({level} interval {span}; chance of more than {chosen_percent(margin)}: {likely})"
    return f"{sides}; {level} interval {span}; the chance that it saves more than {chosen_percent(margin)} is {likely}"


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


def who(option: Option, case: Case) -> str:
    """Name an option: its learner, or a blend by its heaviest members."""
    named = [learner_of(case, key) for key in sorted(option.members, key=lambda key: -option.members[key])]
    return named[0] if len(named) == 1 else f"a blend of {listed(named, MOST_NAMED)}"


def to_use(recommended: Recommendation, case: Case) -> str:
    """Name what to use and why, as the end of a sentence; empty where it is a constant."""
    if recommended.option is None or recommended.which == "dummy":
        return ""
    name = who(recommended.option, case)
    name = f"the {name[2:]}" if name.startswith("a blend") else name
    # What is usual decides where the rows cannot tell, and may say otherwise than the reading just told.
    best_of_all = "expected to be best" + (", as blends usually are" if recommended.which in MIXED else "")
    why = {"best": best_of_all, "only_one": "the only one there is"}.get(recommended.reason.code)
    if why is None:
        best = OPTIONS[recommended.best or "blend"]
        why = f"simpler than {best} and expected to have only {percent(recommended.regret)} more error"
    return f"{name}, which is {why}"


def of_rows(case: Case) -> str:
    """Say for how many rows an answer holds, where they were drawn."""
    used, rows = len(case.plan.folds.rows), len(case.dataset.target)
    return f", for {used:,} of {rows:,} rows" if used < rows else ""


def reason(given: Reason) -> str:
    """Put a reason into words."""
    return SAYINGS[given.code](given.figures)


def reasons(verdict: Verdict, handed: Handed | None, case: Case, budget: Budget) -> list[str]:
    """Return all there is to say of an answer beyond its sentence, what matters most first."""
    told_already = not verdict.readings or verdict.answer in ("no_signal", "not_enough_evidence")
    told = [] if told_already else [reason(why) for why in verdict.because]
    told += _other_readings(verdict, case)
    told += when_known(verdict, budget)
    told += [reason(remark) for remark in verdict.remarks]
    told += _detectable(verdict)
    told += _weight_of_nets(verdict, case)
    told += [] if handed is None else what_was_handed_over(handed, verdict.recommended, case)
    return [*told, *_trained_beforehand(case)]


def answered(looks: Iterable[Look]) -> Look | None:
    """Return the look at which the answer was known, None where it stayed open to the end."""
    return next((look for look in looks if look.decided and look.answer in CONCLUSIVE), None)


def when_known(verdict: Verdict, budget: Budget) -> list[str]:
    """Say when the answer was known, and what became of the time that was left."""
    look = answered(verdict.looks)
    if look is None:
        return []
    known = f"The answer was known after {duration(look.seconds)} of {duration(budget.seconds)}"
    if look.stage == "final":
        return [f"{known}."]
    if budget.until == "answer":
        return [
            f"{known}, and no further candidate was tried, as --until answer asks; what was spent after it made the "
            "model that is handed over and asked what more rows would bring."
        ]
    return [f"{known}; the rest of the time went into the model that is handed over, and moves no answer."]


def what_was_handed_over(handed: Handed, recommended: Recommendation, case: Case) -> list[str]:
    """Say how the model that was handed over was fitted, and what did not come out as planned."""
    told = _how_fitted(handed)
    if handed.spared:
        told += (
            f" {handed.spared:,} rows that nobody had learnt from decided which models are in it and how much they "
            "count, so that more rows and what was chosen on fewer could be weighed."
        )
    more = [] if handed.which == recommended.which else [instead(handed.which, recommended.which)]
    planned = {} if recommended.option is None else recommended.option.members
    missing = [name for name in (learner_of(case, key) for key in planned) if name not in handed.members]
    if not more and not handed.spared and missing and handed.members:
        more = [f"Left out of it, since the time did not pay for them: {listed(missing)}."]
    if handed.cut_short:
        late = f"Still learning when the time of its fit was up: {listed(handed.cut_short)}"
        more.append(f"{late}; a larger budget may make the model better.")
    return [told, *more, *(f"{problem.rstrip('.')}." for problem in handed.problems)]


def _how_fitted(handed: Handed) -> str:
    """Say on which rows the members were fitted, and of those that are models of the folds, why they are."""
    if handed.fitted_on == "nothing":
        return "No model could be handed over."
    if handed.fitted_on == "all rows":
        return f"The model handed over was fitted on {'' if handed.spared else 'all '}{handed.rows:,} rows."
    no_time = "the time did not pay for a fit on all rows"
    if handed.fitted_on == "mixed":
        who = f"Of the model handed over some members were fitted on {handed.rows:,} rows; each of the others"
        no_time = "the time did not pay for every such fit"
    else:
        who = f"{'Each member of the model' if len(handed.members) > 1 else 'The model'} handed over"
    if handed.one:
        # Which is tried last, for whoever asked for one model or for less than the mean of several takes.
        no_time += " and the limits leave no room for the mean of several"
    why = {
        "net_bagged": ", which is expected to err less than one fit on all rows",
        "no_time": f", since {no_time}",
        "": "",
    }[handed.folds_because]
    return f"{who} is {'a model of one fold' if handed.one else 'the mean of its models of the folds'}{why}."


def instead(which: Which, wanted: Which) -> str:
    """Say that another model was handed over than the one that is expected to be best."""
    return f"Handed over is {OPTIONS[which]} rather than {OPTIONS[wanted]}, which as a whole misses a limit."


def _meanwhile(verdict: Verdict, case: Case) -> str:
    """Say what to use until more is known; nothing where the answer is known, or where that is a constant."""
    use = "" if verdict.answer in ("not_worth_it", "no_signal") else to_use(verdict.recommended, case)
    return use and f" Until more is known use {use}."


def _other_readings(verdict: Verdict, case: Case) -> Iterator[str]:
    """Say what the readings found that the answer's own sentence leaves out."""
    if verdict.answer in ("not_worth_it", "too_close_to_call"):
        return
    sides = {(tuple(given.without.members), tuple(given.with_nets.members)) for given in verdict.readings.values()}
    if verdict.how is not None and len(verdict.readings) > len(sides):
        yield "No blend does better than a model alone, on either side, so both ways of asking compare the same two."
        return
    for how, given in verdict.readings.items():
        if how != verdict.how:
            beside = "" if how == "alone" else f"{READINGS[how].capitalize()} "
            yield f"{beside}{measured(given, verdict.min_gain, case)}."


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


def _of_family(option: Option, case: Case, family: str) -> list[str]:
    """Name the learners of a family in a blend, the heaviest first."""
    heaviest = sorted(option.members, key=lambda key: -option.members[key])
    return [learner_of(case, key) for key in heaviest if case.outcomes[key].candidate.family == family]


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
    missing = figures["left_out"]
    why = f": the budget did not pay for {listed(missing)}" if missing else ""
    return f"No strong net was measured{why}, and of weak ones alone nothing follows. A larger budget brings one in."


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
    return (
        f"It is simpler than {OPTIONS[figures['best']]} and expected to have {percent(figures['regret'])} more error, "
        f"which is within the margin of {chosen_percent(figures['margin'])}."
    )


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
        "chances, so each of them is asked for half of the doubt)."
    ),
    "prior_decides": lambda f: (
        f"Whether the answer is {chosen_percent(f['confidence'])} certain hangs on the weak prior that expects no "
        "great difference, so it is called open."
    ),
    "below_floor": lambda f: "The gain is certain, and yet too small in itself for anybody to notice it.",
    "no_strong_net": _no_strong_net,
    "strong_net_cut_short": lambda f: (
        f"The clock stopped {listed(f['learners'])} before learning had ended, so that nothing can be ruled out. A "
        "larger budget lets it end."
    ),
    "classical_cut_short": lambda f: (
        f"The clock stopped {f['learner']}, the best classical model, before learning had ended: what a net gains "
        "over it proves nothing. A larger budget lets it end."
    ),
    "nets_barred": lambda f: f"No net meets the limits ({f['why']}).",
    "side_barred": lambda f: f"No {SIDES[f['family']]} may be used here{' (' + f['why'] + ')' if f['why'] else ''}.",
    "side_missing": lambda f: (
        f"No {SIDES[f['family']]} finished the folds in time. A larger budget, or fewer rows, would help."
    ),
    "too_few_folds": lambda f: (
        f"Both sides finished {counted(f['judged'], 'fold')} in time, and {f['fewest']} are the fewest to go by. A "
        "larger budget would help."
    ),
    "severe_finding": lambda f: f"{f['message']} {f['advice']}",
    "rests_on": _rests_on,
    "rows_drawn": lambda f: (
        f"The budget paid for {f['used']:,} of {f['rows']:,} rows, which were drawn: the answer is for that many."
    ),
    "folds_left": lambda f: (
        f"The budget paid for {f['judged']} of {f['planned']} folds; a larger one would judge more rows."
    ),
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
    "simplest_within_margin": _simplest,
    "nothing_beats_a_constant": lambda f: "Nothing beats the same answer for every row, which costs nothing.",
    "nothing_meets_the_limits": lambda f: (
        "No model that finished may be used, so the same answer for every row is left."
    ),
}
