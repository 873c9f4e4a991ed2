"""The model to use, as verdict.json describes it: as it was handed over, or as it was planned where nothing was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.judging.case import judged_of, losses_of
from advisor.measuring.evidence import score_interval
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Champion, Handed, Verdict, Which
from advisor.telling import sentences, to_use
from advisor.telling.naming import key_of

_SERVING = ("latency_p50_ms", "latency_p99_ms", "model_mb")
# What is told of the model that was handed over, as it is where there was none.
_NOTHING_HANDED: Mapping[str, Any] = {
    "fitted_on": None, "rows": None, "problems": (), "spared": 0, "one": None, "cut_short": (), "folds_because": "",
    "peak_memory_mb": None,
}  # fmt: skip


def described(verdict: Verdict, handed: Handed | None, case: Case) -> dict[str, Any]:
    """Describe the model to use: as it was handed over where one was, else as it was planned."""
    wanted = verdict.recommended
    as_planned = to_use.as_planned(wanted, handed, case)
    made = handed if handed is not None and handed.fitted_on != "nothing" else None
    members = to_use.planned(wanted, case) if made is None else made.members
    which = _which(members, case) if made is not None and not as_planned else wanted.which
    learner = wanted.learner if not members else next(iter(members)) if len(members) == 1 else which
    own = verdict.champions.get(wanted.which)
    serving = {name: None if own is None else own.cost.get(name) for name in _SERVING}
    if made is not None:
        serving = {name: getattr(made, name) for name in _SERVING}
    told = dict(_NOTHING_HANDED) if handed is None else {name: getattr(handed, name) for name in _NOTHING_HANDED}
    families = {entrant.learner: entrant.family for entrant in case.plan.entrants}
    return {
        "learner": learner,
        "family": families.get(learner, wanted.family) if len(members) < 2 else "blend",
        "which": which,
        **_score(verdict, made, case),
        "reason": sentences.reason(wanted.reason) if as_planned or made is None else (
            to_use.why_handed(wanted, made, case)
        ),
        "members": members,
        "regret": wanted.regret if as_planned else None,
        "best": wanted.best,
        **told,
        **serving,
    }  # fmt: skip


def _which(members: Mapping[str, float], case: Case) -> Which:
    """Say which of the options a model of these learners is, by who is in it."""
    families = {entrant.family for entrant in case.plan.entrants if entrant.learner in members}
    if len(members) > 1:
        return "blend" if "neural" in families else "classical_blend"
    return next((family for family in families if family != "blend"), "dummy")


def _score(verdict: Verdict, made: Handed | None, case: Case) -> dict[str, float | None]:
    """Return the score of the model to use: by rows that nobody had seen, else by the rows out of fold."""
    wanted = verdict.recommended
    if made is not None and made.spared_error is not None:
        return {"score": METRICS[case.plan.metric].score(made.spared_error), "low": None, "high": None}
    if made is not None and not to_use.as_planned(wanted, made, case):
        return _score_of(made.members, case, verdict.champions)
    if wanted.option is not None:
        return {"score": wanted.option.score, "low": wanted.option.low, "high": wanted.option.high}
    return {"score": wanted.score, "low": None, "high": None}


def _score_of(
    members: Mapping[str, float], case: Case, champions: Mapping[str, Champion | None]
) -> dict[str, float | None]:
    """Score a model of other members than planned on the rows out of fold, which chose its members' settings."""
    settings = {name: params for champion in champions.values() if champion for name, params in champion.params.items()}
    mixture = {key_of(name, settings.get(name, {})): share for name, share in members.items()}
    if not mixture or not set(mixture) <= set(case.columns):
        return dict.fromkeys(("score", "low", "high"))
    metric, lost = METRICS[case.plan.metric], losses_of(case, mixture)
    low, high = score_interval(lost, judged_of(case), metric) or (None, None)
    return {"score": metric.score(metric.error_of_loss(float(lost.by_row.mean()))), "low": low, "high": high}
