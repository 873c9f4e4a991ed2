"""Cases out of nothing: made losses and predictions of made candidates, and the folds, plan and records around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from advisor.judging.case import case_of
from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.records import (
    Candidate,
    Case,
    Cost,
    Dataset,
    Ending,
    Entrant,
    Family,
    Fold,
    FoldResult,
    Folds,
    Limits,
    Outcome,
    Plan,
    Prices,
    Profile,
    Question,
    Task,
)

TASKS: Mapping[str, Task] = {
    "roc_auc": "binary", "accuracy": "binary", "balanced_accuracy": "binary", "log_loss": "binary",
    "rmse": "regression", "mae": "regression",
}  # fmt: skip


def made_folds(target: np.ndarray, folds: int = 5, repeats: int = 1, seed: int = 0) -> Folds:
    """Draw stratified folds over all rows."""
    return splits.draw(target, kind="stratified", folds=folds, repeats=repeats, seed=seed)


def made_case(
    target: np.ndarray,
    predictions: Mapping[str, tuple[Family, np.ndarray] | tuple[Family, np.ndarray, Mapping[str, object]]],
    metric: str = "rmse",
    *,
    folds: Folds | None = None,
    groups: np.ndarray | None = None,
    min_gain: float | None = None,
    confidence: float = 0.95,
    limits: Limits | None = None,
    prices: Prices | None = None,
    cut_short: Sequence[str] = (),
    costs: Mapping[str, Cost] | None = None,
    strong: Sequence[str] = ("realmlp",),
    findings: Sequence[object] = (),
    encoded_columns: int = 4,
) -> Case:
    """Make a Case of out-of-fold predictions by learner: {name: (family, predictions (n,) or (n, K)[, params])}.

    Names that end with `#2` and so on are further configurations of the learner before the `#`.
    """
    task = TASKS[metric]
    classes = ("no", "yes") if task != "regression" else ()
    inputs = pd.DataFrame({"a": np.arange(len(target), dtype=float), "b": 0.5})
    dataset = Dataset("made", "tabular", task, inputs, target, "y", classes, groups=groups)
    profile = Profile(
        "made", "tabular", len(target), task, (), {}, encoded_columns, {"name": "y"}, tuple(findings), "print"
    )  # type: ignore[arg-type]
    drawn = folds or made_folds(target)
    judge = METRICS[metric]
    outcomes, entrants = [], {}
    for name, (family, predicted, *params) in predictions.items():
        learner = name.partition("#")[0]
        settings = dict(params[0]) if params else ({"setting": name} if "#" in name else {})
        candidate = Candidate(learner, family, settings)
        cost = (costs or {}).get(name, Cost(fit_seconds=1.0, predict_seconds=0.1, cpu_seconds=1.1, latency_p50_ms=1.0,
                                            latency_p99_ms=2.0, model_mb=1.0))  # fmt: skip
        results = {
            part.number: result_of(candidate, part, target, predicted, judge, cost, learner in cut_short)
            for part in drawn.parts
        }
        outcomes.append(Outcome(candidate, results, "complete"))
        entrants[learner] = Entrant(
            learner, family, 1.0, essential=learner in ("linear", "lightgbm", *strong), strong=learner in strong
        )
    plan = Plan(task, metric, drawn, tuple(entrants.values()), {}, 0, "cpu", "auto", "fingerprint")
    question = Question(
        judge.min_gain if min_gain is None else min_gain, confidence, limits or Limits(), prices or Prices()
    )
    return case_of(dataset, profile, plan, outcomes, question)


def result_of(
    candidate: Candidate,
    part: Fold,
    target: np.ndarray,
    predicted: np.ndarray,
    judge: object,
    cost: Cost,
    cut_short: bool = False,
) -> FoldResult:
    """Make the result of one fold out of predictions for all rows."""
    own = predicted[part.test]
    losses = judge.row_losses(target[part.test], own)  # type: ignore[attr-defined]
    error = judge.error(target[part.test], own)  # type: ignore[attr-defined]
    return FoldResult(candidate, part.number, "done", "", own, losses, error, cost, {}, cut_short, float(part.number))


def probabilities(target: np.ndarray, skill: float, rng: np.random.Generator) -> np.ndarray:
    """Make predictions (n, 2) of classes that are right the more often the greater `skill` is."""
    z = skill * (2 * target - 1) + rng.standard_normal(len(target))
    p = 1 / (1 + np.exp(-z * 1.2))
    return np.column_stack([1 - p, p])


def remade(case: Case, outcomes: Iterable[Outcome] | None = None, **changes: object) -> Case:
    """Make a Case again of other outcomes, or with other fields (dataset, profile, plan, question)."""
    case = replace(case, **changes)  # type: ignore[arg-type]
    known = case.outcomes.values() if outcomes is None else outcomes
    return case_of(case.dataset, case.profile, case.plan, known, case.question)


def only_on(outcome: Outcome, folds: Iterable[int], ending: Ending = "partial", message: str = "") -> Outcome:
    """Leave of an outcome what it did on these folds."""
    results = {number: outcome.results[number] for number in folds}
    return replace(outcome, results=results, ending=ending, message=message)
