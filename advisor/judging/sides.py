"""What each side of a comparison takes to be found, fitted and asked, and the gain at which the difference pays."""

from __future__ import annotations

from statistics import fmean

from advisor.judging import bills
from advisor.judging.case import losses_of, measured
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Mixture


def cost_of(case: Case, members: Mixture) -> dict[str, float | None]:
    """Add up what one fit and one question of all members take; None where one of them was not measured."""

    def summed(name: str) -> float | None:
        parts = [measured(case, key, name) for key in members]
        return sum(fmean(part) for part in parts) if all(parts) else None

    return {name: summed(name) for name in ("fit_seconds", "latency_p50_ms", "latency_p99_ms", "model_mb")}


def side_of(case: Case, members: Mixture, searched: Case | None = None) -> bills.Side:
    """Return what a champion or a blend takes: the whole search of its members' families, and all members' models.

    The search is that which `searched` knows (None: `case`): what is spent once an answer is known is no part of
    what it asks for. Serving is priced one row at a time (the median latency), which is the dearest way to ask.
    """
    families = {case.outcomes[key].candidate.family for key in members}
    spent = sum(
        result.cost.seconds
        for outcome in (searched or case).outcomes.values()
        if outcome.candidate.family in families
        for result in outcome.results.values()
    )
    cost = cost_of(case, members)
    latency = cost["latency_p50_ms"]
    return bills.Side(spent, cost["fit_seconds"] or 0.0, None if latency is None else latency / 1000)


def margin_of(case: Case, without: Mixture, with_nets: Mixture, searched: Case | None = None) -> float:
    """Return the margin to judge a pair by: what was asked for, or the gain that pays for what it costs, if larger.

    `searched` is that of `side_of`. Each pair has one of its own: a blend with a net takes all members' models, and
    errs less than a net to begin with.
    """
    error = METRICS[case.plan.metric].error_of_loss(float(losses_of(case, without).by_row.mean()))
    question = case.question
    ours, theirs = side_of(case, with_nets, searched), side_of(case, without, searched)
    return bills.margin(question.prices, ours, theirs, error, question.min_gain)


def has_nets(case: Case, members: Mixture) -> bool:
    """Tell whether a net is among the members of a champion or a blend."""
    return any(case.outcomes[key].candidate.family == "neural" for key in members)
