"""When a comparison may end early, as a table in plain words."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.judging import looks
from advisor.judging.looks import chance_after_tuning, look
from advisor.judging.ruling import Ruling
from advisor.measuring.evidence import StandardError
from advisor.records import Answer, Case, Comparison, Cost, Limits, Option, Reading
from tests.made_case import made_case, remade

ROWS = 300
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
TOLD = {
    "dummy": ("dummy", np.zeros(ROWS)),
    "linear": ("classical", TARGET + 0.5 * rng.standard_normal(ROWS)),
    "realmlp": ("neural", TARGET + 0.6 * rng.standard_normal(ROWS)),
}


def case(**options: object) -> Case:
    return made_case(TARGET, TOLD, **options)  # type: ignore[arg-type]


def reading(how: str, theta: float, se: float = 0.01) -> Reading:
    compared = Comparison(theta, se, None, 0, 0, 0.9, 0.1, 0.1, 0.02, 0.1, 0.2, 0.2, 600, "by hand")
    known = Option("classical", {}, 1.0, 1.0, 1.0)
    return Reading(how, known, known, compared, 0.02)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stage", "answer", "thetas", "decided"),
    [
        ("defaults", "not_worth_it", (-0.5, -0.3), True),
        ("defaults", "not_worth_it", (-0.5,), True),
        ("defaults", "not_worth_it", (-0.02, -0.5), False),
        ("defaults", "not_worth_it", (-0.5, -0.02), False),
        ("defaults", "worth_it", (0.5, 0.5), False),
        ("defaults", "no_signal", (0.0, 0.0), False),
        ("defaults", "not_enough_evidence", (-0.5, -0.5), False),
        ("tuned", "not_worth_it", (-0.02, -0.02), True),
        ("tuned", "worth_it", (0.5, 0.5), True),
        ("tuned", "no_signal", (0.0, 0.0), True),
        ("tuned", "too_close_to_call", (0.0, 0.0), False),
        ("tuned", "not_enough_evidence", (0.0, 0.0), False),
        ("final", "too_close_to_call", (0.0, 0.0), True),
        ("final", "not_enough_evidence", (), True),
    ],
)
def test_what_each_look_may_decide(
    monkeypatch: pytest.MonkeyPatch, stage: looks.Stage, answer: Answer, thetas: tuple[float, ...], decided: bool
) -> None:
    asked = []

    def ruling(case: Case, *, confidence: float) -> Ruling:
        asked.append(confidence)
        found = {how: reading(how, theta) for how, theta in zip(("alone", "in_company"), thetas, strict=False)}
        return Ruling(answer, None, (), found, None, 0.02)  # type: ignore[arg-type]

    monkeypatch.setattr(looks, "ruling", ruling)
    seen, ruled = look(stage, case(), lambda: 7.0)
    assert (seen.decided, seen.stage, seen.seconds, seen.folds) == (decided, stage, 7.0, 5)
    assert asked == [pytest.approx(0.95 if stage == "final" else 0.975)] and seen.confidence == asked[0]
    assert seen.answer == ruled.answer == answer and len(seen.p_worth) == len(thetas)
    assert (seen.hope is not None) is (stage == "defaults" and answer == "not_worth_it")


def test_half_of_the_error_of_whatever_confidence_was_asked_for() -> None:
    made = case(confidence=0.8)
    assert [look(stage, made, lambda: 1.0)[0].confidence for stage in ("defaults", "tuned", "final")] == pytest.approx(
        [0.9, 0.9, 0.8]
    )


@pytest.mark.parametrize(
    ("limits", "decided"),
    [(Limits(interpretable=True), True), (Limits(max_model_mb=2.0), False)],
    ids=["no tuning makes a net readable", "tuning may find a smaller one"],
)
def test_nets_that_no_limit_lets_through(limits: Limits, decided: bool) -> None:
    made = case(limits=limits, costs={"realmlp": Cost(fit_seconds=1.0, model_mb=3.0)})
    seen, ruled = look("defaults", made, lambda: 1.0)
    assert ruled.answer == "not_worth_it" and seen.decided is decided and seen.p_worth == {}
    assert look("tuned", made, lambda: 1.0)[0].decided


def test_a_look_at_nothing() -> None:
    seen, ruled = look("defaults", remade(case(), []), lambda: 1.0)
    assert (seen.decided, seen.folds, ruled.answer) == (False, 0, "not_enough_evidence")


def test_tuning_is_granted_what_it_gained_elsewhere() -> None:
    """Untuned, a net that loses 5 % for certain is not written off; one that loses a third is."""
    sure = StandardError(0.001, None, "row by row")
    assert chance_after_tuning(-0.05, sure, 0.01) > 0.025
    assert chance_after_tuning(-0.40, sure, 0.01) < 0.025


def test_an_unsure_measurement_leaves_more_hope() -> None:
    chances = [chance_after_tuning(-0.2, StandardError(se, None, ""), 0.01) for se in (0.01, 0.1)]
    assert chances[0] < chances[1]
