"""The bootstrapped choice: nobody gains by trying more often, and a blend keeps the limits that a model has to keep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from advisor.judging import readings
from advisor.judging.choice import Chosen, chosen
from advisor.measuring.evidence import answer_of
from advisor.records import Case, Cost, Family, Limits
from tests.made_case import made_case, made_folds, probabilities

Made = Mapping[str, tuple[Family, np.ndarray]]
SINGLE = Limits(single=True)


def drawn(case: Case, **options: int) -> Chosen:
    found = chosen(case, **options)
    assert found is not None
    return found


def crowd(rng: np.random.Generator, rows: int, classical: int, neural: int) -> tuple[np.ndarray, Made]:
    """Draw a numeric target and predictions of candidates that are all equally good, some rows being hard for all."""
    hard = rng.standard_normal(rows)
    made: dict[str, tuple[Family, np.ndarray]] = {}
    for family, learner, count in (("classical", "linear", classical), ("neural", "realmlp", neural)):
        for number in range(count):
            own = 0.8 * hard + 0.6 * rng.standard_normal(rows)
            made[learner + (f"#{number + 1}" if number else "")] = (family, own)  # type: ignore[assignment]
    return np.zeros(rows), made


# The choice


def test_ten_times_as_many_candidates_do_not_look_better() -> None:
    rng = np.random.default_rng(0)
    corrected, uncorrected = [], []
    for _ in range(60):
        case = made_case(*crowd(rng, 150, 3, 30), limits=SINGLE)
        found = drawn(case, draws=100)
        corrected.append(found.theta(("classical",), ("neural",), 0.5).mean())
        mean = case.matrix.losses.mean(axis=(0, 1))
        left, right = (mean[case.columns.index(next(iter(found.members[which])))] for which in ("classical", "neural"))
        uncorrected.append(0.5 * np.log(left / right))
    noise = 3 * np.std(corrected) / np.sqrt(60)
    assert abs(np.mean(corrected)) < noise
    assert np.mean(uncorrected) > 2 * noise, "which is what the bootstrap is for"


def test_the_pair_is_what_all_rows_choose() -> None:
    case = made_case(*crowd(np.random.default_rng(1), 200, 5, 5), limits=SINGLE)
    found = drawn(case, draws=50)
    mean = case.matrix.losses.mean(axis=(0, 1))
    for family in ("classical", "neural"):
        own = [place for place, key in enumerate(case.columns) if case.outcomes[key].candidate.family == family]
        assert found.members[family] == {case.columns[min(own, key=lambda place: mean[place])]: 1.0}
    reading = readings.read(case, found)["alone"]
    assert (reading.without.members, reading.with_nets.members) == (found.members["classical"], found.members["neural"])


@pytest.mark.parametrize("held_together", [False, True])
def test_clusters_are_drawn_whole(held_together: bool) -> None:
    """All that a draw tells of rows in groups of five is what it tells of the groups."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(40), 5)
    target, made = crowd(rng, 200, 1, 1)
    # The loss is the number of the group: were groups torn, means over drawn rows would not be those over groups.
    steps = {name: (family, np.sqrt(1.0 + groups)) for name, (family, _) in made.items()}
    case = made_case(target, steps, limits=SINGLE, groups=groups if held_together else None, folds=made_folds(target))
    found = drawn(case, draws=200)
    left_out = found.losses["classical"]
    spread = left_out.std() / np.std(1.0 + np.arange(40))
    # The mean over those not drawn, e^-1 of all, of 40 pieces or of 200.
    expected = np.sqrt((np.e - 1) / (40 if held_together else 200))
    assert spread == pytest.approx(expected, rel=0.2)


def test_identical_sides_are_about_equal_and_not_worth_it() -> None:
    rng = np.random.default_rng(3)
    target = rng.standard_normal(600)
    own = [target + 0.5 * rng.standard_normal(600) for _ in range(3)]
    made = {f"{name}#{place + 1}" if place else name: (family, values)
            for family, name in (("classical", "linear"), ("neural", "realmlp"))
            for place, values in enumerate(own)}  # fmt: skip
    case = made_case(target, made)
    found = readings.read(case, drawn(case, draws=100, blend_draws=20))
    for reading in found.values():
        assert abs(reading.comparison.theta) < 0.005
        assert answer_of(reading.comparison) != "worth_it"
    assert found["alone"].comparison.theta == 0
    assert answer_of(found["alone"].comparison) == "not_worth_it"


def test_a_side_that_is_much_better_is_seen_to_be_by_either_reading() -> None:
    rng = np.random.default_rng(4)
    target = rng.standard_normal(400)
    made: Made = {
        "linear": ("classical", target + rng.standard_normal(400)),
        "tree": ("classical", target + rng.standard_normal(400)),
        "realmlp": ("neural", target + 0.3 * rng.standard_normal(400)),
    }
    case = made_case(target, made)
    for reading in readings.read(case, drawn(case, draws=100, blend_draws=30)).values():
        assert answer_of(reading.comparison) == "worth_it"


def test_areas_under_the_curve_are_chosen_and_compared() -> None:
    rng = np.random.default_rng(5)
    target = rng.integers(0, 2, 600)
    made: Made = {
        "linear": ("classical", probabilities(target, 0.6, rng)),
        "tree": ("classical", probabilities(target, 0.5, rng)),
        "realmlp": ("neural", probabilities(target, 1.2, rng)),
        "mlp": ("neural", probabilities(target, 1.1, rng)),
    }
    case = made_case(target, made, "roc_auc")
    found = drawn(case, draws=100, blend_draws=20)
    assert {case.outcomes[key].candidate.learner for key in found.members["neural"]} == {"realmlp"}
    alone = readings.read(case, found)["alone"]
    errors = alone.comparison.incumbent_error, alone.comparison.challenger_error
    assert alone.comparison.theta == pytest.approx(np.log(errors[0] / errors[1]), abs=0.03)
    assert alone.with_nets.score == pytest.approx(1 - errors[1], abs=0.01)
    # What adds to the ranking is mixed in.
    assert len(found.members["blend"]) > 1
    assert (
        np.nanmean(found.losses["blend"]) < np.nanmean(found.losses["neural"]) < np.nanmean(found.losses["classical"])
    )


def test_without_a_family_there_is_no_reading_and_without_both_no_choice() -> None:
    rng = np.random.default_rng(6)
    target, made = crowd(rng, 100, 2, 2)
    alone = {name: own for name, own in made.items() if own[0] == "classical"}
    case = made_case(target, {**alone, "dummy": ("dummy", np.ones(100))})
    if (found := chosen(case, draws=20)) is not None:
        assert "neural" not in found.members and readings.read(case, found) == {}
    nobody = made_case(target, {"dummy": ("dummy", np.ones(100))})
    assert chosen(nobody, draws=20) is None


# Blends and limits


def four(rng: np.random.Generator, rows: int = 300) -> tuple[np.ndarray, Made]:
    """Draw four learners of whom everybody adds something to a blend."""
    target = rng.standard_normal(rows)
    families: Mapping[str, Family] = {
        "linear": "classical", "tree": "classical", "realmlp": "neural", "mlp": "neural"
    }  # fmt: skip
    return target, {name: (family, target + 0.7 * rng.standard_normal(rows)) for name, family in families.items()}


def cost(latency_ms: float, size_mb: float = 1.0) -> Cost:
    return Cost(fit_seconds=1.0, latency_p50_ms=latency_ms, latency_p99_ms=latency_ms, model_mb=size_mb)


def members(case: Case, found: Chosen, which: str) -> set[str]:
    return {case.outcomes[key].candidate.learner for key in found.members[which]}  # type: ignore[index]


def test_a_blend_is_made_of_all_who_add_to_it_and_the_classical_one_of_no_net() -> None:
    case = made_case(*four(np.random.default_rng(7)))
    found = drawn(case, draws=50, blend_draws=10)
    assert members(case, found, "blend") == {"linear", "tree", "realmlp", "mlp"}
    assert members(case, found, "classical_blend") == {"linear", "tree"}
    for which in ("blend", "classical_blend"):
        assert sum(found.members[which].values()) == pytest.approx(1)
        assert np.isfinite(found.losses[which]).sum() == 10, "the first draws have blends"
    assert np.nanmean(found.losses["blend"]) < np.nanmean(found.losses["classical_blend"])


def test_of_each_learner_its_best_configuration_is_mixed() -> None:
    rng = np.random.default_rng(8)
    target, made = four(rng)
    worse = {f"{name}#2": (family, target + rng.standard_normal(300)) for name, (family, _) in made.items()}
    case = made_case(target, {**worse, **made})
    found = drawn(case, draws=20, blend_draws=4)
    assert set(found.members["blend"]) == {f"{name}-default" for name in made}


@pytest.mark.parametrize("limits", [SINGLE, Limits(interpretable=True)])
def test_one_model_is_no_blend(limits: Limits) -> None:
    case = made_case(*four(np.random.default_rng(9)), limits=limits)
    found = drawn(case, draws=20)
    assert not {"blend", "classical_blend"} & set(found.members)
    assert "in_company" not in readings.read(case, found)


def test_who_misses_a_limit_neither_leads_nor_joins() -> None:
    target, made = four(np.random.default_rng(10))
    exact = {**made, "tree": ("classical", target), "mlp": ("neural", target)}
    slow = {"tree": cost(20.0), "mlp": cost(20.0)}
    case = made_case(target, exact, limits=Limits(max_latency_ms=10.0), costs=slow)  # type: ignore[arg-type]
    assert set(case.barred) == {"tree", "mlp"}
    found = drawn(case, draws=50, blend_draws=10)
    for mixture in found.members.values():
        assert {case.outcomes[key].candidate.learner for key in mixture} <= {"linear", "realmlp"}


@pytest.mark.parametrize(
    ("limits", "most"),
    [(Limits(max_latency_ms=7.0), 2), (Limits(max_model_mb=10.0), 3), (Limits(max_latency_ms=4.0), 1)],
)
def test_members_keep_a_limit_together(limits: Limits, most: int) -> None:
    """Each takes 3 ms and 3 MB; what is asked of one model is asked of a blend."""
    target, made = four(np.random.default_rng(11))
    case = made_case(target, made, limits=limits, costs=dict.fromkeys(made, cost(3.0, 3.0)))
    found = drawn(case, draws=20, blend_draws=5)
    assert len(found.members["blend"]) == most


def test_the_same_seed_draws_the_same() -> None:
    case = made_case(*four(np.random.default_rng(12)))
    one, again, other = (drawn(case, draws=30, blend_draws=3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.losses["neural"], again.losses["neural"])
    assert not np.array_equal(one.losses["neural"], other.losses["neural"])
