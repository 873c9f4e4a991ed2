"""When a comparison may end early, as a table in plain words."""

from dataclasses import replace

import pytest

from advisor import looks
from advisor.looks import look
from advisor.records import Comparison, Constraints
from advisor.standings import standings
from advisor.verdict import Ruling
from tests.made import DATASET, PROFILE, all_outcomes, plan

MARGIN = 0.02


def compared(theta, se, df=None, p_worth=0.0):
    return Comparison(theta, se, df, 0, 0, 0.9, p_worth, p_worth, MARGIN, 0.1, 0.2, 0.2, 600, "by hand")


@pytest.mark.parametrize(
    ("stage", "asked", "answer", "theta", "decided"),
    [
        ("landmarks", None, "not_worth_it", -0.5, False),
        ("defaults", 0.975, "not_worth_it", -0.5, True),
        ("defaults", 0.975, "not_worth_it", -0.02, False),
        ("defaults", 0.975, "worth_it", 0.5, False),
        ("defaults", 0.975, "not_enough_evidence", -0.5, False),
        ("tuned", 0.975, "not_worth_it", -0.02, True),
        ("tuned", 0.975, "worth_it", 0.5, True),
        ("tuned", 0.975, "no_signal", 0.0, True),
        ("tuned", 0.975, "too_close_to_call", 0.0, False),
        ("tuned", 0.975, "not_enough_evidence", 0.0, False),
        ("final", 0.95, "too_close_to_call", 0.0, True),
    ],
)
def test_what_each_look_may_decide(monkeypatch, stage, asked, answer, theta, decided):
    levels = []

    def ruling(standing, plan, *, confidence, **options):
        levels.append(confidence)
        return Ruling(answer, (), compared(theta, 0.01))

    monkeypatch.setattr(looks, "ruling", ruling)
    chosen = plan()
    standing = standings(DATASET, PROFILE, chosen, all_outcomes(chosen), Constraints())
    seen = look(stage, standing, chosen, constraints=Constraints(), min_gain=MARGIN, confidence=0.95, seconds=7.0)
    assert (seen.decided, seen.seconds, seen.cuts) == (decided, 7.0, 3)
    assert seen.confidence == (None if asked is None else pytest.approx(asked))
    assert levels == [pytest.approx(asked or 0.975)]


def test_a_net_that_nothing_lets_through_is_known_from_the_defaults():
    chosen, none = plan(), Constraints(interpretable=True)
    outcomes = [o for o in all_outcomes(chosen) if o.job.family != "neural"]
    standing = standings(DATASET, PROFILE, chosen, outcomes, none)
    seen = look("defaults", standing, chosen, constraints=none, min_gain=MARGIN, confidence=0.95, seconds=1.0)
    assert seen.decided and seen.p_worth is None and not seen.because


def test_a_net_that_is_too_large_may_be_tuned_to_a_smaller_one():
    chosen, small = plan(), Constraints(max_model_mb=1.0)
    outcomes = [
        replace(o, cost=replace(o.cost, model_mb=3.0 if o.job.family == "neural" else 0.1))
        for o in all_outcomes(chosen)
    ]
    standing = standings(DATASET, PROFILE, chosen, outcomes, small)
    told = {"constraints": small, "min_gain": MARGIN, "confidence": 0.95, "seconds": 1.0}
    assert not look("defaults", standing, chosen, **told).decided
    assert look("tuned", standing, chosen, **told).decided
