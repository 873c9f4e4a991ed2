"""What is said of the model to use: which it is and why, how it was made, and what did not come out as planned."""

from __future__ import annotations

from advisor.records import Case, Handed, Recommendation, Which
from advisor.telling.naming import MIXED, OPTIONS, by_learner, named, the, who
from advisor.wording import listed, percent


def as_planned(recommended: Recommendation, handed: Handed | None, case: Case) -> bool:
    """Tell whether what was handed over, if anything was, is the model that was recommended, by who is in it.

    It is not where rows that nobody had learnt from weighed it, whoever is in it.
    """
    if handed is None or handed.fitted_on == "nothing":
        return True
    same = recommended.option is None or set(handed.members) == set(planned(recommended, case))
    return same and handed.which == recommended.which and not handed.spared


def planned(recommended: Recommendation, case: Case) -> dict[str, float]:
    """Return the shares by learner of the model that was recommended; none where it is a constant of nobody's."""
    return {} if recommended.option is None else by_learner(recommended.option.members, case)


def to_use(recommended: Recommendation, handed: Handed | None, case: Case) -> str:
    """Name what to use and why, as the end of a sentence; empty where it is a constant.

    That is the model that was handed over, and the recommended one where none was.
    """
    if recommended.option is None or recommended.which == "dummy":
        return ""
    plan = the(who(recommended.option, case))
    if handed is None or as_planned(recommended, handed, case):
        return f"{plan}, which is {_why_best(recommended)}"
    others = set(handed.members) != set(planned(recommended, case))
    used = f"{the(named(handed.members, handed.cut_short))}, {_why_this(recommended, handed)}"
    return f"{used} (planned was {plan})" if others else used


def why_handed(recommended: Recommendation, handed: Handed, case: Case) -> str:
    """Say why another model was handed over than the recommended one, as sentences."""
    if handed.which != recommended.which:
        return instead(handed.which, recommended.which)
    told = "It is what could be made of the model that was planned."
    if handed.spared:
        told = f"{handed.spared:,} rows that nobody had learnt from chose it among what could be made in the time."
    return " ".join([told, *_not_in_it(recommended, handed, case)])


def what_was_handed_over(handed: Handed, recommended: Recommendation, case: Case) -> list[str]:
    """Say how the model that was handed over was fitted, and what did not come out as planned."""
    told = _how_fitted(handed, case)
    if handed.spared:
        told += (
            f" {handed.spared:,} rows that nobody had learnt from decided which models are in it and how much they "
            "count, so that more rows and what was chosen on fewer could be weighed."
        )
    more = [instead(handed.which, recommended.which)] if handed.which != recommended.which else (
        _not_in_it(recommended, handed, case)
    )  # fmt: skip
    if handed.cut_short:
        whose = "its" if len(handed.cut_short) == 1 else "their"
        late = f"Still learning when {whose} time was up: {listed(handed.cut_short)}"
        more.append(f"{late}; a larger budget may make the model better.")
    return [told, *more, *(f"{problem.rstrip('.')}." for problem in handed.problems)]


def instead(which: Which, wanted: Which) -> str:
    """Say that another model was handed over than the one that is expected to be best."""
    return f"Handed over is {OPTIONS[which]} rather than {OPTIONS[wanted]}, which as a whole misses a limit."


def _why_best(recommended: Recommendation) -> str:
    """Say why this is recommended, after "which is"."""
    # What is usual decides where the rows cannot tell, and may say otherwise than the reading just told.
    best_of_all = "expected to be best" + (", as blends usually are" if recommended.which in MIXED else "")
    why = {"best": best_of_all, "only_one": "the only one there is"}.get(recommended.reason.code)
    if why is not None:
        return why
    best = OPTIONS[recommended.best or "blend"]
    if recommended.reason.code == "best_does_not_pay":
        return (
            f"expected to have {percent(recommended.regret)} more error than {best}, which costs more than that is "
            "worth at the prices given"
        )
    return f"simpler than {best} and expected to have only {percent(recommended.regret)} more error"


def _why_this(recommended: Recommendation, handed: Handed) -> str:
    """Say why what was handed over is another model than the recommended one, as the end of a sentence."""
    if handed.which != recommended.which:
        return f"since {OPTIONS[recommended.which]} as a whole misses a limit"
    if handed.spared:
        return f"as {handed.spared:,} rows that nobody had learnt from chose it"
    return "which is what could be made"


def _not_in_it(recommended: Recommendation, handed: Handed, case: Case) -> list[str]:
    """Name who was planned and is not in the model, and say as much as is known of why."""
    missing = [name for name in planned(recommended, case) if name not in handed.members]
    if not missing or not handed.members:
        return []
    they = "it" if len(missing) == 1 else "they"
    if not handed.spared:
        return [f"Planned and not in it, since {they} could not be made: {listed(missing)}."]
    # Each was weighed as its models of the folds and as a fit on all rows, where these were there and within limits.
    missed = "missed a limit or " if case.question.limits.serving else ""
    return [f"Planned and not in it: {listed(missing)}; as made in the time, {they} {missed}got no weight from those "
            "rows."]  # fmt: skip


def _how_fitted(handed: Handed, case: Case) -> str:
    """Say on which rows the members were fitted, and of those that are models of the folds, why they are.

    Where folds go forward in time it is always the newest model, whatever the limits.
    """
    forward, limits = case.plan.folds.kind == "forward", case.question.limits
    if handed.fitted_on == "nothing":
        return "No model could be handed over."
    if handed.fitted_on == "all rows":
        return f"The model handed over was fitted on {'' if handed.spared else 'all '}{handed.rows:,} rows."
    no_time = "the time did not pay for a fit on all rows"
    if handed.fitted_on == "mixed" and handed.folds_because == "nets_bagged":
        return _nets_both_ways(handed)
    if handed.fitted_on == "mixed" and len(handed.members) == 1:
        return f"The model handed over is a weighted mean of a fit on {handed.rows:,} rows and its models of folds."
    if handed.fitted_on == "mixed":
        subject = f"Of the model handed over some members were fitted on {handed.rows:,} rows; each of the others"
        no_time = "the time did not pay for every such fit"
    else:
        subject = f"{'Each member of the model' if len(handed.members) > 1 else 'The model'} handed over"
    if handed.one and not forward and case.plan.folds.folds > 1 and (limits.serving or not limits.blended):
        # Which is tried last, for whoever asked for one model or for less than the mean of several takes.
        no_time += " and the limits leave no room for the mean of several"
    why = {
        # No more than was measured (reports/handing_over.md).
        "nets_bagged": ", which of a net erred less than one fit on all rows, on average where both were tried",
        "no_time": f", since {no_time}",
        "failed": ", since a fit on all rows failed",
        "": "",
    }[handed.folds_because]
    one = "the newest of its models of the folds" if forward else "a model of one fold"
    return f"{subject} is {one if handed.one else 'the mean of its models of the folds'}{why}."


def _nets_both_ways(handed: Handed) -> str:
    """Say it of a model whose nets are models of the folds and fitted on all rows as well."""
    why = "which erred less on average than either alone where both were tried"
    fit = f"a fit on all {handed.rows:,} rows"
    if len(handed.members) == 1:
        return f"The model handed over is the mean of its models of the folds, and half of it {fit}, {why}."
    return (
        f"Of the model handed over each net is the mean of its models of the folds and, where the time paid for it, "
        f"half of it {fit}, {why}; all others were fitted on all rows."
    )
