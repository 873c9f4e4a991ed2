"""The verdict: the answer, what to use, what everybody reached and what it took, as one record."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.judging import board, choice, halted, prices, recommending, rules
from advisor.judging.case import against
from advisor.judging.ruling import Ruling, ruling
from advisor.measuring import evidence
from advisor.records import BoardRow, Case, Look, Reason, Verdict


def judge(decided: Case, final: Case, looks: Sequence[Look] = ()) -> Verdict:
    """Judge: the answer by the Case of the moment when it was known, the model to use by all that was measured.

    Both are the same where nothing was spent after the answer; where something was, it went into the model to use, so
    that the families' effort is no longer equal and nothing of it may move the answer.
    """
    ruled = ruling(decided)
    chosen = ruled.chosen if final is decided else choice.chosen(final)
    recommended = recommending.recommend(final, chosen, no_signal=ruled.answer == "no_signal", decided=decided)
    rows = board.board_of(final, decided)
    sides = recommending.champions(final, chosen)
    carrying = ruled.readings.get(ruled.how or "alone")
    return Verdict(
        answer=ruled.answer,
        how=ruled.how,
        because=ruled.because,
        min_gain=ruled.margin if carrying is None else carrying.min_gain,
        readings=ruled.readings,
        champions=sides,
        recommended=recommended,
        board=rows,
        account=prices.account(
            final, chosen, rows, None if ruled.answer == "not_enough_evidence" else carrying, decided
        ),
        remarks=(*_beware(final), *_unlearnt(rows, ruled), *_remarks(decided, ruled)),
        rules=rules.check(decided, ruled),
        looks=tuple(looks),
    )


def _beware(case: Case) -> list[Reason]:
    """Repeat the severe findings."""
    return [
        Reason("severe_finding", {"message": finding.message, "advice": finding.advice})
        for finding in case.profile.findings
        if finding.severity == "severe"
    ]


def _unlearnt(rows: Sequence[BoardRow], ruled: Ruling) -> list[Reason]:
    """Name the nets that did not learn, where the answer does not do so already."""
    told = [
        name for why in ruled.because if why.code == "strong_nets_did_not_learn" for name in why.figures["learners"]
    ]
    names = [row.learner for row in rows if row.did_not_learn and row.learner not in told]
    return [Reason("did_not_learn", {"learners": names})] if names else []


def _remarks(case: Case, ruled: Ruling) -> list[Reason]:
    """Say what the interval rests on, what could have been seen, and where another metric disagrees."""
    found: list[Reason] = []
    alone = ruled.readings.get("alone")
    if alone is None or case.matrix is None:
        return found
    compared = alone.comparison
    folds = len([fold for fold in case.matrix.folds if fold.repeat == 0])
    found.append(Reason("rests_on", {"rows": compared.rows, "method": compared.method,
                                     "repeats": case.matrix.losses.shape[0]}))  # fmt: skip
    if len(case.plan.folds.rows) < len(case.dataset.target):
        found.append(Reason("rows_drawn", {"used": len(case.plan.folds.rows), "rows": len(case.dataset.target)}))
    if folds < case.plan.folds.folds:
        why, late = halted.hindered(case)
        planned = case.plan.folds.folds
        found.append(Reason("folds_left", {"judged": folds, "planned": planned, "why": why, "late": late}))
    margin = ruled.readings[ruled.how or "alone"].min_gain
    if margin > case.question.min_gain:
        found.append(Reason("margin_raised", {"margin": margin, "asked": case.question.min_gain,
                                              "months": case.question.prices.months}))  # fmt: skip
    if case.plan.metric != "log_loss" and case.dataset.task != "regression":
        by_log_loss = against(case, alone.without.members, alone.with_nets.members, metric="log_loss")
        if by_log_loss is not None and by_log_loss.theta * compared.theta < 0:
            found.append(Reason("log_loss_disagrees", {"gain": by_log_loss.gain}))
    if case.plan.folds.one_class:
        found.append(Reason("steps_of_one_class", {"steps": case.plan.folds.one_class, "judged": folds}))
    if case.matrix.forward:
        found.append(Reason("by_block", {"gains": [evidence.gain_of(theta) for theta in compared.by_fold]}))
    if case.plan.unaffordable:
        found.append(Reason("unaffordable", {"learners": list(case.plan.unaffordable)}))
    return found
