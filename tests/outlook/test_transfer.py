"""Curves of nets by where their training began: what was planted is found, and who takes part is plain."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.outlook import transfer
from advisor.records import Case, Folds, Limits, Probe, ProbeResult
from tests.made_case import made_case, made_folds

ROWS, SHARES = 1_000, (0.125, 0.25, 0.5)
FAMILIES = {"lightgbm": "classical", "mlp": "neural", "prior_fitted": "neural"}
# The error at a share of the rows: the net trained beforehand needs an eighth of them for what the other needs all.
LAWS = {
    "lightgbm": lambda share: 0.9,
    "mlp": lambda share: share**-0.5,
    "prior_fitted": lambda share: 0.7 * (8 * share) ** -0.1,
}


def world(laws=LAWS) -> tuple[Case, list[ProbeResult]]:
    """Make a case of three learners, and the probes that were asked for, with errors by the laws."""
    rng = np.random.default_rng(0)
    target, noise = np.zeros(ROWS), rng.standard_normal(ROWS)
    folds: Folds = made_folds(target)
    own = {name: 0.9 * noise + 0.3 * rng.standard_normal(ROWS) for name in laws}
    predictions = {name: (FAMILIES[name], law(1.0) * own[name]) for name, law in laws.items()}
    case = made_case(target, predictions, folds=folds, limits=Limits(single=True), strong=("mlp",))  # type: ignore[arg-type]
    probes = [
        Probe("growth", f"{fold.number}/{share:g}", name, fold.train[: round(share * len(fold.train))], fold.test)
        for name in laws
        for share in SHARES
        for fold in folds.parts[:3]
    ]
    results = [
        ProbeResult(probe, laws[probe.learner](len(probe.train) / 800) * own[probe.learner][probe.test], seconds=2.0)
        for probe in probes
    ]
    return case, results


def test_each_start_has_the_curve_that_was_planted() -> None:
    curves = transfer.error_curves(*world())
    assert [(curve.start, curve.learner) for curve in curves] == [
        ("classical", "lightgbm"), ("scratch", "mlp"), ("frozen", "prior_fitted"),
    ]  # fmt: skip
    for curve in curves:
        assert [point.train_rows for point in curve.points] == [100, 200, 400, 800]
        for point in curve.points:
            assert point.low < point.error < point.high
            assert point.error == pytest.approx(LAWS[curve.learner](point.train_rows / 800), rel=0.15)
        assert [point.seconds for point in curve.points] == [2.0, 2.0, 2.0, pytest.approx(1.1)]


def test_what_training_beforehand_saves_is_told_with_its_interval() -> None:
    classical, scratch, frozen = transfer.error_curves(*world())
    assert classical.gain is scratch.gain is None
    assert frozen.gain_fewest.low > 0.5 and frozen.gain.low > 0.2
    assert frozen.matches_with == 100
    worse = {**LAWS, "prior_fitted": lambda share: 2.0}
    frozen = transfer.error_curves(*world(worse))[-1]
    assert frozen.matches_with is None and frozen.gain.high < 0


def test_without_a_net_of_either_kind_there_is_nothing_to_draw() -> None:
    for left in ("mlp", "prior_fitted"):
        case, results = world({name: law for name, law in LAWS.items() if name != left})
        assert transfer.sides(case) == {} and transfer.transfer_probes(case) == ()
        assert transfer.error_curves(case, results) == ()


def test_only_what_growth_does_not_ask_is_asked_besides() -> None:
    case, results = world()
    assert {probe.learner for probe in transfer.transfer_probes(case)} == {"mlp"}
    assert transfer.error_curves(case, [each for each in results if each.probe.learner != "mlp"]) == (
        "no time was left to fit on fewer rows, on two folds at least"
    )
