"""Who did not learn: a net at chance where others are not, by what it predicts or by its training loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.board import board_of
from advisor.judging.learnt import unlearnt
from advisor.judging.ruling import ruling
from advisor.judging.verdict import judge
from advisor.records import Case
from advisor.telling.sentences import reason
from tests.made_case import made_case, only_on, probabilities, remade

rng = np.random.default_rng(3)
ROWS = 400
VALUES = rng.standard_normal(ROWS)
CODES = rng.integers(0, 2, ROWS)
NOISE = rng.standard_normal(ROWS)
NEAR = 0.8 * (VALUES + 0.5 * rng.standard_normal(ROWS))
HALVES = np.full((ROWS, 2), 0.5)


def regression(net: np.ndarray, **options: object) -> Case:
    told = {"dummy": ("dummy", np.zeros(ROWS)), "linear": ("classical", NEAR), "lightgbm": ("classical", 0.95 * NEAR),
            "realmlp": ("neural", net), "mlp": ("neural", 0.3 * NEAR)}  # fmt: skip
    return made_case(VALUES, told, **options)  # type: ignore[arg-type]


def with_loss(made: Case, *losses: float) -> Case:
    """Give realmlp this training loss, epoch by epoch."""
    return remade(made, [
        replace(o, results={n: replace(r, curve={"train_loss": losses}) for n, r in o.results.items()})
        if o.candidate.learner == "realmlp" else o
        for o in made.outcomes.values()
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "made", "expected"),
    [
        ("it predicts the mean for every row", regression(0.001 * NOISE), True),
        ("it learnt", regression(NEAR), False),
        ("it learnt a little", regression(0.1 * NEAR), False),
        ("it learnt its training rows by heart", with_loss(regression(NOISE), 1.0, 0.5, 0.1), False),
        ("its loss stayed where it was", with_loss(regression(0.2 * NOISE), 1.0, 0.999, 0.995), True),
        ("its loss stayed where it was, for it began well", with_loss(regression(NEAR), 0.3, 0.3), False),
        ("it did but two folds, with the mean",
         remade(regression(0 * NOISE), [only_on(o, (0, 1), "given_up") if o.candidate.learner == "realmlp" else o
                                        for o in regression(0 * NOISE).outcomes.values()]), True),
    ],
)  # fmt: skip
def test_who_did_not_learn(situation: str, made: Case, expected: bool) -> None:
    assert unlearnt(made) == (frozenset({"realmlp-default"}) if expected else frozenset()), situation


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy"])
def test_it_is_seen_by_every_metric_of_classes(metric: str) -> None:
    told = {"dummy": ("dummy", HALVES), "linear": ("classical", probabilities(CODES, 1.0, rng)),
            "realmlp": ("neural", HALVES + 0.001 * np.column_stack([NOISE, -NOISE]))}  # fmt: skip
    assert unlearnt(made_case(CODES, told, metric)) == {"realmlp-default"}  # type: ignore[arg-type]


def test_where_there_is_nothing_to_learn_nobody_failed_to() -> None:
    told = {"dummy": ("dummy", np.zeros(ROWS)), "linear": ("classical", 0.1 * NOISE), "realmlp": ("neural", 0 * NOISE)}
    assert not unlearnt(made_case(VALUES, told))  # type: ignore[arg-type]
    assert not unlearnt(remade(regression(0 * NOISE), [o for o in regression(0 * NOISE).outcomes.values()
                                                       if o.candidate.family != "dummy"]))  # fmt: skip


def test_of_strong_nets_that_did_not_learn_no_answer_follows() -> None:
    made = regression(0.001 * NOISE)
    ruled = ruling(made)
    assert ruled.answer == "not_enough_evidence"
    assert [why.code for why in ruled.because] == ["strong_nets_did_not_learn"]
    assert "No strong net learnt: realmlp did no better" in reason(ruled.because[0])
    assert ruling(regression(NEAR + 0.3 * NOISE)).answer == "not_worth_it"
    # Another strong net that learnt, and lost, is an answer.
    assert ruling(regression(0.001 * NOISE, strong=("realmlp", "mlp"))).answer == "not_worth_it"


def test_it_is_told_where_its_figures_stand() -> None:
    made = regression(0.001 * NOISE, strong=("realmlp", "mlp"))
    row = next(row for row in board_of(made) if row.learner == "realmlp")
    assert row.did_not_learn and row.message.startswith("did not learn") and row.status == "ok"
    assert not any(row.did_not_learn for row in board_of(made) if row.learner != "realmlp")
    told = [why for why in judge(made, made).remarks if why.code == "did_not_learn"]
    assert told[0].figures == {"learners": ["realmlp"]}
    assert reason(told[0]).endswith("does not count against nets: realmlp.")
