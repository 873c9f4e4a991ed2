"""What is said of the model to use: the one that was handed over, why that is not the planned one, how it was made."""

from dataclasses import replace

import pytest

from advisor.judging.verdict import judge
from advisor.records import Handed, Limits, Reason
from advisor.telling.sentences import reason, sentence
from advisor.telling.to_use import to_use, what_was_handed_over, why_handed
from tests.telling.made_document import regression, told

CASE = regression(0.76)
VERDICT = judge(CASE, CASE)
PLANNED = VERDICT.recommended
PLAN = "the blend of lightgbm, realmlp and linear"
ALL = {"linear": 0.2, "lightgbm": 0.3, "realmlp": 0.5}
CHOSE = "1,000 rows that nobody had learnt from chose it"


def handed_of(members, case=CASE, **changes):
    known = {"which": "blend", "learner": "blend", "members": members, "fitted_on": "all rows", "rows": 700}
    return Handed(**{**known, **changes})


def test_the_case_is_one_of_a_blend():
    assert PLANNED.which == "blend" and to_use(PLANNED, None, CASE).startswith(f"{PLAN}, which is ")


def test_what_was_handed_over_as_planned_is_told_as_the_plan_is():
    same = handed_of(ALL, cut_short=("realmlp",))
    plan = f"{PLAN}, which is expected to be best, as blends usually are"
    assert to_use(PLANNED, same, CASE) == to_use(PLANNED, None, CASE) == plan
    assert to_use(PLANNED, handed_of({}, fitted_on="nothing"), CASE) == plan
    assert told(CASE, same)["recommended"]["reason"] == reason(PLANNED.reason)


@pytest.mark.parametrize(
    ("handed", "used", "why"),
    [
        (
            handed_of({"linear": 0.3, "lightgbm": 0.7}, spared=1000),
            f"the blend of lightgbm and linear, as {CHOSE} (planned was {PLAN})",
            f"{CHOSE} among what could be made in the time. Planned and not in it: realmlp; as made in the time, it "
            "got no weight from those rows.",
        ),
        (
            handed_of(ALL, spared=1000),
            f"the blend of realmlp, lightgbm and linear, as {CHOSE}",
            f"{CHOSE} among what could be made in the time.",
        ),
        (
            handed_of({"realmlp": 1.0}, learner="realmlp", cut_short=("realmlp",)),
            f"realmlp (cut short), which is what could be made (planned was {PLAN})",
            "It is what could be made of the model that was planned. Planned and not in it, since they could not be "
            "made: lightgbm and linear.",
        ),
        (
            handed_of({"lightgbm": 1.0}, which="classical", learner="lightgbm"),
            f"lightgbm, since the blend of all as a whole misses a limit (planned was {PLAN})",
            "Handed over is the best classical model rather than the blend of all, which as a whole misses a limit.",
        ),
    ],
    ids=["others by spared rows", "the same by spared rows", "one is missing", "a limit"],
)
def test_sentence_and_reason_speak_of_what_was_handed_over(handed, used, why):
    assert to_use(PLANNED, handed, CASE) == used
    assert why_handed(PLANNED, handed, CASE) == why
    open_answer = replace(VERDICT, answer="too_close_to_call")
    assert sentence(open_answer, handed, CASE).endswith(f" Until more is known use {used}.")
    assert told(CASE, handed)["recommended"]["reason"] == why


def test_who_is_not_in_it_may_have_missed_a_limit():
    limited = replace(CASE, question=replace(CASE.question, limits=Limits(max_model_mb=5.0)))
    handed = handed_of({"linear": 1.0}, learner="linear", spared=1000)
    assert what_was_handed_over(handed, PLANNED, limited)[1] == (
        "Planned and not in it: lightgbm and realmlp; as made in the time, they missed a limit or got no weight from "
        "those rows."
    )


def test_rows_that_decided_what_was_handed_over_are_told():
    words = what_was_handed_over(handed_of(ALL, spared=1000), PLANNED, CASE)
    assert words[0].startswith(
        "The model handed over was fitted on 700 rows. 1,000 rows that nobody had learnt from decided"
    )
    assert len(words) == 1, "everybody who was planned is in it"


def test_members_that_could_not_be_made_are_named():
    words = what_was_handed_over(handed_of({"lightgbm": 0.5, "realmlp": 0.5}), PLANNED, CASE)
    assert words[1:] == ["Planned and not in it, since it could not be made: linear."]


@pytest.mark.parametrize(
    ("fitted_on", "part"),
    [
        ("all rows", "was fitted on all 800 rows"),
        ("folds", "Each member of the model handed over is a model of one fold."),
        ("mixed", "some members were fitted on 800 rows; each of the others is a model of one fold."),
        ("nothing", "No model could be handed over."),
    ],
)
def test_how_the_model_was_fitted_is_told_and_what_went_wrong(fitted_on, part):
    case = regression(0.4)
    wanted = judge(case, case).recommended
    members = {key.rpartition("-")[0]: share for key, share in wanted.option.members.items()}
    members = {} if fitted_on == "nothing" else members | {"lightgbm": 0.1}
    handed = Handed(wanted.which, wanted.learner, members, fitted_on, 800, problems=("linear: it ran out of memory",))
    words = what_was_handed_over(handed, wanted, case)
    assert part in words[0] and words[-1] == "linear: it ran out of memory."
    other = what_was_handed_over(replace(handed, which="classical"), replace(wanted, which="blend"), case)
    assert other[1] == (
        "Handed over is the best classical model rather than the blend of all, which as a whole misses a limit."
    )


OF_FOLDS = "The model handed over is the mean of its models of the folds"
OTHERS = "Of the model handed over some members were fitted on 800 rows; each of the others is"


@pytest.mark.parametrize(
    ("fitted_on", "because", "one", "words"),
    [
        ("folds", "nets_bagged", False, f"{OF_FOLDS}, which of a net erred less than one fit on all rows, on average "
         "where both were tried."),
        ("mixed", "nets_bagged", False, "Of the model handed over each net is the mean of its models of the folds and, "
         "where the time paid for it, half of it a fit on all 800 rows, which erred less on average than either alone "
         "where both were tried; all others were fitted on all rows."),
        ("folds", "no_time", False, f"{OF_FOLDS}, since the time did not pay for a fit on all rows."),
        ("folds", "", False, f"{OF_FOLDS}."),
        ("folds", "no_time", True, "The model handed over is a model of one fold, since the time did not pay for a fit "
         "on all rows and the limits leave no room for the mean of several."),
        ("folds", "failed", False, f"{OF_FOLDS}, since a fit on all rows failed."),
        ("mixed", "no_time", False, f"{OTHERS} the mean of its models of the folds, since the time did not pay for "
         "every such fit."),
    ],
)  # fmt: skip
def test_why_a_model_is_one_of_the_folds_is_told_as_it_is(fitted_on, because, one, words):
    case = regression(0.4, limits=Limits(max_model_mb=9.0)) if one else regression(0.4)
    wanted = judge(case, case).recommended
    members = {"realmlp": 1.0} if fitted_on == "folds" else {"realmlp": 0.5, "lightgbm": 0.5}
    handed = Handed(wanted.which, "realmlp", members, fitted_on, 800, one=one, folds_because=because)
    assert what_was_handed_over(handed, wanted, case)[0] == words


def test_a_net_alone_that_was_made_both_ways_is_told_so():
    made = handed_of({"realmlp": 1.0}, which="neural", fitted_on="mixed", one=False, folds_because="nets_bagged")
    assert what_was_handed_over(made, replace(PLANNED, which="neural"), CASE)[0] == (
        "The model handed over is the mean of its models of the folds, and half of it a fit on all 700 rows, which "
        "erred less on average than either alone where both were tried."
    )


def test_one_model_of_one_fold_is_no_matter_of_limits_where_there_are_none():
    handed = handed_of({"realmlp": 1.0}, which="neural", fitted_on="folds", one=True, folds_because="no_time")
    assert what_was_handed_over(handed, replace(PLANNED, which="neural"), CASE)[0] == (
        "The model handed over is a model of one fold, since the time did not pay for a fit on all rows."
    )


def test_one_learner_made_both_ways_is_told_as_that():
    handed = handed_of({"lightgbm": 1.0}, learner="lightgbm", fitted_on="mixed", spared=1_000)
    assert what_was_handed_over(handed, PLANNED, CASE)[0].startswith(
        "The model handed over is a weighted mean of a fit on 700 rows and its models of folds. 1,000 rows that "
    )


def test_a_best_model_that_does_not_pay_is_told():
    why = Reason("best_does_not_pay", {"regret": 0.08, "best": "blend", "margin": 0.2})
    dear = replace(PLANNED, which="classical_blend", reason=why, regret=0.08, best="blend")
    assert to_use(dear, None, CASE).endswith(
        "which is expected to have 8.0 % more error than the blend of all, which costs more than that is worth at the "
        "prices given"
    )


def test_a_model_of_the_part_that_was_not_held_out_is_no_matter_of_limits():
    apart = replace(CASE, plan=replace(CASE.plan, folds=replace(CASE.plan.folds, kind="holdout", folds=1)))
    handed = handed_of({"realmlp": 1.0}, which="neural", fitted_on="folds", one=True, folds_because="no_time")
    assert what_was_handed_over(handed, replace(PLANNED, which="neural"), apart)[0] == (
        "The model handed over is a model of one fold, since the time did not pay for a fit on all rows."
    )


def test_where_folds_go_forward_in_time_it_is_the_newest_model_whatever_the_limits():
    forward = replace(CASE, plan=replace(CASE.plan, folds=replace(CASE.plan.folds, kind="forward")))
    handed = handed_of({"realmlp": 1.0}, which="neural", fitted_on="folds", one=True, folds_because="no_time")
    words = what_was_handed_over(handed, replace(PLANNED, which="neural"), forward)
    assert words[0] == (
        "The model handed over is the newest of its models of the folds, since the time did not pay for a fit on all "
        "rows."
    )


def test_a_fit_that_the_clock_stopped_is_told():
    case = regression(0.4)
    wanted = judge(case, case).recommended
    members = {"realmlp": 0.5, "lightgbm": 0.5}
    handed = Handed("blend", "blend", members, "all rows", 800, cut_short=("lightgbm", "realmlp"))
    words = what_was_handed_over(handed, replace(wanted, which="blend"), case)
    assert words[1] == (
        "Still learning when their time was up: lightgbm and realmlp; a larger budget may make the model better."
    )
