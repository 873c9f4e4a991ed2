"""Nets that did not learn: no better than guessing where others are. Of such a net nothing follows about nets."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from advisor.measuring import evidence
from advisor.records import Case, FoldResult, Outcome

# There is something to learn where anybody beats the dummy by so many standard errors of the paired difference.
LEARNABLE_ERRORS = 3.0
# A training loss that has come down by less than this share has stayed flat; predictions that vary by less than this
# share of what the target does are the same for every row.
FLAT, CONSTANT = 0.02, 0.05


@lru_cache(maxsize=4)
def unlearnt(case: Case) -> frozenset[str]:
    """Return the keys of the nets that did not learn, by the folds that they and the dummy did.

    Such a net is not clearly better than the dummy, and on most folds its training loss stayed flat or it predicts the
    same for every row. None did so where nobody is better than the dummy by LEARNABLE_ERRORS, or there is no dummy.
    """
    dummy = next((outcome for outcome in case.outcomes.values() if outcome.candidate.family == "dummy"), None)
    if dummy is None or not any(_beats(outcome, dummy, LEARNABLE_ERRORS) for outcome in case.outcomes.values()):
        return frozenset()
    return frozenset(
        key
        for key, outcome in case.outcomes.items()
        if outcome.candidate.family == "neural"
        and outcome.done & dummy.done
        and not _beats(outcome, dummy, 1.0)
        and _mostly_guesses(case, outcome)
    )


def did_not_learn(case: Case, own: Collection[Outcome]) -> bool:
    """Tell whether a learner did not learn with any of its settings that did a fold."""
    tried = [outcome.candidate.key for outcome in own if outcome.done]
    return bool(tried) and unlearnt(case).issuperset(tried)


def _beats(outcome: Outcome, dummy: Outcome, errors: float) -> bool:
    """Tell whether a candidate's losses are lower than the dummy's on the same rows, by so many standard errors."""
    pairs = [
        (theirs, own)
        for number in sorted(outcome.done & dummy.done)
        if (own := outcome.results[number].losses) is not None
        and (theirs := dummy.results[number].losses) is not None
        and np.isfinite(own).all() and np.isfinite(theirs).all()
    ]  # fmt: skip
    if sum(len(own) for _, own in pairs) < 2:
        return False
    known, losses = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return evidence.clearly_better(known, losses, errors=errors)


def _mostly_guesses(case: Case, outcome: Outcome) -> bool:
    tests = {part.number: part.test for part in case.plan.folds.parts}
    done = [outcome.results[number] for number in outcome.done]
    guessed = [_flat(result) or _constant(case, result, tests[result.fold]) for result in done]
    return 2 * sum(guessed) > len(guessed)


def _flat(result: FoldResult) -> bool:
    """Tell whether the training loss never came down; False where there is no curve of it."""
    losses = result.curve.get("train_loss", ())
    return len(losses) > 1 and min(losses) > losses[0] - FLAT * abs(losses[0])


def _constant(case: Case, result: FoldResult, test: np.ndarray) -> bool:
    """Tell whether predictions (n,) or (n, K) hardly vary beside the target."""
    if result.predictions is None:
        return False
    target = case.dataset.target[test]
    if case.dataset.classes:
        target = target[:, None] == np.arange(len(case.dataset.classes))
    return bool(result.predictions.std(axis=0).max() < CONSTANT * target.std(axis=0).max())
