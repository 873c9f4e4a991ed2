import numpy as np
import pytest
import scoring
from made_lines import line, reading
from scoring import Chance


@pytest.mark.parametrize(
    ("p_worth", "alone", "in_company", "single"),
    [
        (0.991, "worth_it", "worth_it", "worth_it"), (0.989, None, "worth_it", "worth_it"),
        (0.961, None, "worth_it", "worth_it"), (0.959, None, None, "worth_it"), (0.94, None, None, None),
        (0.06, None, None, None), (0.04, "not_worth_it", "not_worth_it", "not_worth_it"), (None, None, None, None),
    ],
)  # fmt: skip
def test_a_reading_by_itself_decides_as_the_answer_asks(p_worth, alone, in_company, single):
    own = reading(0.1, p_worth)
    shared = {**line(), "readings": {"alone": own, "in_company": own}}
    assert (scoring.decided(shared, "alone"), scoring.decided(shared, "in_company")) == (alone, in_company)
    one = {**line(), "readings": {"alone": own, "in_company": None}}
    assert (scoring.decided(one, "alone"), scoring.decided(one, "in_company")) == (single, None)


@pytest.mark.parametrize(
    ("answer", "how", "true", "wrong"),
    [
        ("worth_it", "alone", (0.03, -0.5), False),
        ("worth_it", "alone", (0.015, 0.5), True),
        ("worth_it", "in_company", (-0.1, 0.1), False),
        ("not_worth_it", None, (-0.5, 0.03), True),
        ("not_worth_it", None, (-0.5, 0.01), False),
        ("too_close_to_call", None, (0.2, 0.2), None),
        ("no_signal", None, (0.2, 0.2), None),
    ],
)
def test_a_decided_answer_is_wrong_on_the_other_side_of_the_margin(answer, how, true, wrong):
    assert scoring.answer_is_wrong(line(answer, how, true=true)) is wrong


def test_a_wrong_answer_within_the_noise_of_the_truth_is_not_wrong_beyond_it():
    near, far = (line(true=(theta, 0.1), se=0.01) for theta in (0.01, -0.1))
    assert scoring.answer_is_wrong(near) and not scoring.answer_is_wrong(near, scoring.NOISE)
    assert scoring.answer_is_wrong(far) and scoring.answer_is_wrong(far, scoring.NOISE)
    missed = line("not_worth_it", None, true=(0.03, 0.0), se=0.01)
    assert scoring.answer_is_wrong(missed) and not scoring.answer_is_wrong(missed, scoring.NOISE)


def test_every_reading_is_held_to_its_own_margin():
    own = line("worth_it", "alone", true=(0.1, 0.1))
    assert scoring.answer_is_wrong(own) is False
    own["readings"]["alone"]["min_gain"] = 0.2
    assert scoring.answer_is_wrong(own) is True


def test_a_truth_that_is_not_known_makes_nothing_right_or_wrong():
    lost = {**line(), "true": {"alone": None, "in_company": [0.1, 0.01]}}
    assert scoring.answer_is_wrong(lost) is None and scoring.covers(lost, "alone") is None
    assert scoring.answer_is_wrong({**lost, "answer": "not_worth_it", "how": None}) is True


def test_a_net_was_worth_it_where_either_truth_is_clearly_above_the_margin():
    assert scoring.is_worth_it(line(true=(-0.3, 0.1))) and scoring.is_worth_it(line(true=(0.1, -0.3)))
    assert not scoring.is_worth_it(line(true=(0.03, 0.03), se=0.01))
    assert scoring.is_worth_it(line(true=(0.04, 0.0), se=0.01))


def test_an_interval_holds_the_truth_or_not():
    assert scoring.covers(line(), "alone") is True
    assert scoring.covers(line(), "in_company") is False
    assert scoring.covers({**line(), "readings": {"alone": None, "in_company": None}}, "alone") is None


def test_the_best_measured_counts_both_ways_and_catboost_as_shipped():
    own = line()
    assert scoring.best(own) == 0.17
    assert scoring.regret(own, 0.18) == pytest.approx(np.log(0.18 / 0.17))
    own["errors"]["catboost"] = 0.1
    assert scoring.best(own) == 0.1
    own["options"]["blend"]["folds"] = None
    own["options"]["classical"]["refits"]["error"] = 0.05
    assert scoring.best(own) == 0.05


def test_a_chance_is_held_against_a_truth_that_has_noise():
    alone, company = scoring.chances([line(true=(0.0202027, 0.2), se=0.05)])
    assert alone.true == pytest.approx(0.5, abs=1e-5), "a truth on the margin is as likely above it as below"
    assert company.said == 0.6 and company.true == pytest.approx(0.99984, abs=1e-5)
    assert [one.true for one in scoring.chances([line(true=(0.0, 0.1), se=0.0)])] == [0.0, 1.0]


def test_brier_skill_is_one_for_an_oracle_none_for_the_base_rate_and_negative_for_a_liar():
    true = [1.0, 1.0, 0.0, 0.0]

    def skill(said):
        return scoring.brier_skill([Chance(p, q, "d") for p, q in zip(said, true, strict=True)])

    assert skill(true) == 1 and skill([0.5] * 4) == 0 and skill([0.0, 0.0, 1.0, 1.0]) == -3
    assert skill([0.9, 0.8, 0.1, 0.4]) == pytest.approx(1 - (0.01 + 0.04 + 0.01 + 0.16) / 1.0)
    assert np.isnan(scoring.brier_skill([])) and np.isnan(scoring.brier_skill([Chance(0.5, 1.0, "d")]))


def test_the_noise_of_a_truth_bounds_what_an_honest_chance_can_reach():
    """Expected over the noise the best is to say the chance itself: no claim of certainty scores higher."""
    true = np.array([0.9, 0.1] * 10)
    honest, certain = (
        scoring.brier_skill([Chance(float(p), float(q), "d") for p, q in zip(said, true, strict=True)])
        for said in (true, true.round())
    )
    assert honest == pytest.approx(1 - 0.09 / 0.25) and certain < honest


def test_reliability_sorts_chances_into_bins_that_meet_at_their_ends():
    told = [Chance(p, q, "d") for p, q in [(0.0, 0.0), (0.04, 0.5), (0.05, 0.2), (0.95, 1.0), (1.0, 0.5)]]
    assert scoring.reliability(told) == [
        ("0 to 5 %", 2, pytest.approx(0.02), pytest.approx(0.25)),
        ("5 to 20 %", 1, pytest.approx(0.05), pytest.approx(0.2)),
        ("95 to 100 %", 2, pytest.approx(0.975), pytest.approx(0.75)),
    ]
