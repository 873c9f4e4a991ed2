import numpy as np
import pytest
from real import strategies, wrong_among_decided
from scoring import (
    brier,
    brier_skill,
    cluster_interval,
    is_wrong,
    published_regret,
    regret,
    share_interval,
    truth_class,
)


@pytest.mark.parametrize(
    ("theta", "se", "truth"),
    [
        (0.10, 0.01, "worth_it"),
        (0.02, 0.02, "undecidable"),
        (-0.05, 0.01, "not_worth_it"),
        (0.02, 0.0, "undecidable"),
        (0.03, 0.0, "worth_it"),
    ],
)
def test_the_truth_is_known_only_beyond_the_noise_of_its_rows(theta, se, truth):
    assert truth_class(theta, se, 0.02) == truth


@pytest.mark.parametrize(
    ("answer", "truth", "wrong"),
    [
        ("worth_it", "not_worth_it", True),
        ("not_worth_it", "worth_it", True),
        ("worth_it", "worth_it", False),
        ("worth_it", "undecidable", False),
        ("too_close_to_call", "worth_it", False),
        ("no_signal", "worth_it", False),
    ],
)
def test_only_a_decided_answer_against_a_known_truth_is_wrong(answer, truth, wrong):
    assert is_wrong(answer, truth) is wrong


def test_regret_is_the_share_of_error_that_the_better_choice_avoids():
    assert regret(0.2, 0.1) == pytest.approx(0.5)
    assert regret(0.1, 0.1) == 0
    assert regret(0.0, 0.1) == 0
    assert regret(0.1, 0.11) < 0
    assert regret(1e9, 1e-9) < 1 + 1e-12


@pytest.mark.parametrize("errors", [(0.2, 0.15), (0.2, 0.3), (0.2, 0.2)])
def test_published_regret_is_regret_by_the_published_errors(errors):
    tree, net = errors
    gain = 1 - net / tree
    assert published_regret("classical", gain) == pytest.approx(regret(tree, min(errors)))
    assert published_regret("neural", gain) == pytest.approx(regret(net, min(errors)))


def test_brier_by_hand_and_its_skill_against_the_base_rate():
    assert brier([1.0, 0.5, 0.0], [True, False, False]) == pytest.approx(0.25 / 3)
    came = [True, False, False, False]
    assert brier_skill([0.25] * 4, came) == pytest.approx(0)
    assert brier_skill([1.0, 0, 0, 0], came) == pytest.approx(1)
    assert brier_skill([0.0, 1, 1, 1], came) < 0
    assert np.isnan(brier_skill([0.5, 0.5], [True, True]))


def test_no_error_in_29_cases_is_what_90_per_cent_agreement_takes():
    low, high = share_interval(29, 29, level=0.90)
    assert 0.90 <= low < 0.91 and high == 1
    assert share_interval(0, 0) == (0.0, 1.0)


def mean(values):
    return float(np.mean(values))


def test_draws_of_one_source_count_as_one():
    rng = np.random.default_rng(0)
    sources = rng.normal(size=12)
    values = [float(value) for value in np.repeat(sources, 20)]
    alone = cluster_interval([float(value) for value in sources], [str(i) for i in range(12)], mean)
    repeated = cluster_interval(values, [str(i) for i in np.repeat(range(12), 20)], mean)
    independent = cluster_interval(values, [str(i) for i in range(240)], mean)
    assert repeated == pytest.approx(alone)
    assert repeated[1] - repeated[0] > 3 * (independent[1] - independent[0])


def test_the_cluster_interval_covers_the_mean_of_sources():
    rng = np.random.default_rng(1)
    covered = 0
    for seed in range(100):
        values = np.repeat(rng.normal(size=25), 3) + 0.1 * rng.normal(size=75)
        low, high = cluster_interval(
            list(values), [str(i) for i in np.repeat(range(25), 3)], mean, draws=300, seed=seed
        )
        covered += low <= 0 <= high
    assert 85 <= covered <= 99


def test_one_source_has_no_interval():
    assert np.isnan(cluster_interval([1.0, 2.0], ["a", "a"], mean)).all()


def line(answer="worth_it", truth="worth_it", rows=500, family="neural"):
    errors = {"classical": 0.2, "neural": 0.1, "catboost": 0.25, "dummy": 0.5}
    return {
        "dataset": "d", "rows": rows, "answer": answer, "recommended": {"family": family},
        "truth": {"theta": np.log(2), "class": truth, "errors": errors},
    }  # fmt: skip


def test_each_choice_pays_for_the_model_it_takes():
    found = strategies(line(family="classical"), {"first_split": "neural", "answers": {"no prior": "worth_it"}})
    assert found == pytest.approx(
        {
            "advisor": 0.5,
            "always boosted trees (CatBoost, defaults)": 0.6,
            "always the classical champion": 0.5,
            "always the net": 0.0,
            "net from 10,000 rows on, else CatBoost": 0.6,
            "one 80/20 split": 0.0,
            "a coin": 0.25,
            "rule: no prior": 0.0,
        }
    )
    assert strategies(line(rows=10_000), None)["net from 10,000 rows on, else CatBoost"] == 0
    assert strategies(line(family="dummy"), None)["advisor"] == pytest.approx(0.8)


def test_wrong_is_counted_among_the_decided_with_a_known_truth():
    cases = [
        line(),
        line(truth="not_worth_it"),
        line(truth="undecidable"),
        line(answer="too_close_to_call", truth="worth_it"),
        {**line(), "truth": {"errors": {}}},
    ]
    assert wrong_among_decided(cases) == (1, 2, 1)
