"""Who is compared on which rows: whole folds from the front, whole repeats, and nobody who misses a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.case import against, contenders, judged_folds, judged_of, losses_of
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Cost, Fold, Limits, Outcome
from tests.made_case import made_case, made_folds, only_on, probabilities, remade

rng = np.random.default_rng(0)
TARGET = rng.standard_normal(300)
NOISES = {"linear": 0.9, "lightgbm": 0.6, "mlp": 0.8, "realmlp": 0.7}
PREDICTIONS = {
    "dummy": ("dummy", np.zeros(300)),
    **{
        name: ("neural" if "mlp" in name else "classical", TARGET + noise * rng.standard_normal(300))
        for name, noise in NOISES.items()
    },
}
ALL = range(5)


def case(**options: object) -> Case:
    return made_case(TARGET, PREDICTIONS, **options)  # type: ignore[arg-type]


def left(made: Case, done: Mapping[str, Sequence[int]]) -> list[Outcome]:
    """Leave some learners with these folds only."""
    return [only_on(outcome, done.get(outcome.candidate.learner, outcome.done)) for outcome in made.outcomes.values()]


@pytest.mark.parametrize(
    ("situation", "done", "count"),
    [
        ("everybody finished", {}, 5),
        ("the strong net finished three from the front", {"realmlp": (0, 1, 2), "mlp": (0, 1)}, 3),
        ("a fold further back is of no use", {"realmlp": (0, 1, 3), "mlp": ()}, 2),
        ("those without whom there is no answer decide", {"realmlp": (0, 1), "mlp": ALL}, 2),
        ("one boosted tree suffices", {"linear": (0,)}, 5),
        ("and where they did not finish two, whoever did", {"realmlp": (0,), "mlp": (0, 1, 2, 3)}, 4),
        ("no net finished any", {"realmlp": (), "mlp": ()}, 5),
    ],
)
def test_folds_count_from_the_front(situation: str, done: Mapping[str, Sequence[int]], count: int) -> None:
    made = case()
    assert [fold.number for fold in judged_folds(made.plan, left(made, done))] == list(range(count)), situation


def test_who_was_given_up_on_holds_nobody_up() -> None:
    made = case(folds=made_folds(TARGET, repeats=2))
    rest = [outcome for outcome in made.outcomes.values() if outcome.candidate.learner != "realmlp"]
    for done in ((0, 1), range(7)):
        some = remade(made, [*rest, only_on(made.outcomes["realmlp-default"], done, "given_up")])
        assert len(some.matrix.folds) == 10 and "realmlp-default" not in some.columns


def test_who_did_not_finish_the_judged_folds_has_no_column() -> None:
    made = case()
    some = remade(made, left(made, {"linear": (0, 1, 2, 3), "realmlp": (0, 1, 2, 3), "mlp": (0, 1)}))
    assert set(some.columns) == {"dummy-default", "linear-default", "lightgbm-default", "realmlp-default"}
    assert some.matrix.losses.shape == (1, 240, 4) and some.outcomes.keys() == made.outcomes.keys()
    assert list(some.matrix.rows) == sorted(np.concatenate([fold.test for fold in made.plan.folds.parts[:4]]))


def test_losses_and_predictions_stand_in_the_rows_that_they_belong_to() -> None:
    made = case()
    place = made.columns.index("lightgbm-default")
    expected = (TARGET - PREDICTIONS["lightgbm"][1]) ** 2
    np.testing.assert_allclose(made.matrix.losses[0, :, place], expected)
    np.testing.assert_allclose(made.matrix.predictions[place][0], PREDICTIONS["lightgbm"][1], rtol=1e-6)


def test_a_further_repeat_counts_whole_or_not_at_all() -> None:
    made = case(folds=made_folds(TARGET, repeats=2))
    assert made.matrix.losses.shape[0] == 2
    half = remade(made, left(made, {"realmlp": range(8)}))
    assert half.matrix.losses.shape[0] == 1 and len(half.matrix.folds) == 5
    few = remade(made, left(made, {"linear": range(5), "mlp": range(5)}))
    assert few.matrix.losses.shape[0] == 2, "who was not begun on it holds nobody up"
    assert "linear-default" not in few.columns and "lightgbm-default" in few.columns
    nets_only = remade(made, left(made, {name: range(5) for name in ("dummy", "linear", "lightgbm")}))
    assert nets_only.matrix.losses.shape[0] == 1, "a repeat of one family compares nothing"


def test_losses_that_are_no_numbers_keep_a_candidate_out_and_nobody_else() -> None:
    made = case()
    known = made.outcomes["linear-default"]
    broken = replace(known.results[2], losses=np.full(60, np.nan))
    outcomes = {**made.outcomes, "linear-default": replace(known, results={**known.results, 2: broken})}
    some = remade(made, outcomes.values())
    assert "linear-default" not in some.columns and len(some.matrix.folds) == 5
    assert np.isfinite(some.matrix.losses).all()


def test_a_fold_with_one_class_is_left_out_wherever_it_stands() -> None:
    target = (np.arange(300) >= 60).astype(int)
    parts = tuple(
        Fold(j, 0, j, np.setdiff1d(np.arange(300), np.arange(j, 300, 5)), np.arange(j, 300, 5)) for j in range(1, 5)
    )
    alone = Fold(0, 0, 0, np.arange(60, 300), np.arange(0, 60, 5))
    drawn = replace(made_folds(target), parts=(alone, *parts))
    risk = {
        name: (family, probabilities(target, 1.0, rng))
        for name, family in (("linear", "classical"), ("realmlp", "neural"))
    }
    made = made_case(target, risk, "roc_auc", folds=drawn)
    assert [fold.number for fold in made.matrix.folds] == [1, 2, 3, 4]


def test_any_two_are_compared_by_the_log_ratio_of_their_errors() -> None:
    made = case()
    errors = {name: float(np.sqrt(np.mean((TARGET - PREDICTIONS[name][1]) ** 2))) for name in ("linear", "realmlp")}
    compared = against(made, {"linear-default": 1.0}, {"realmlp-default": 1.0}, min_gain=0.05)
    assert compared.theta == pytest.approx(np.log(errors["linear"] / errors["realmlp"]))
    assert compared.theta_min == pytest.approx(-np.log(0.95)) and compared.rows == 300
    back = against(made, {"realmlp-default": 1.0}, {"linear-default": 1.0})
    assert back.theta == pytest.approx(-compared.theta) and back.se == pytest.approx(compared.se)
    assert back.theta_min == pytest.approx(-np.log(0.99)), "the margin asked for, where no other is named"


def test_a_blend_is_the_weighted_mean_of_predictions() -> None:
    made = case()
    mixed = 0.25 * PREDICTIONS["linear"][1] + 0.75 * PREDICTIONS["realmlp"][1]
    lost = losses_of(made, {"linear-default": 0.25, "realmlp-default": 0.75})
    np.testing.assert_allclose(lost.by_row, (TARGET - mixed) ** 2, rtol=1e-4, atol=1e-5)
    assert len(lost.by_fold) == 5


def test_another_metric_judges_the_same_predictions() -> None:
    made = case()
    found = losses_of(made, {"linear-default": 1.0}, METRICS["mae"])
    np.testing.assert_allclose(found.by_row, np.abs(TARGET - PREDICTIONS["linear"][1]), rtol=1e-4, atol=1e-5)


def test_groups_and_copies_are_one_piece_of_evidence_and_called_what_they_are() -> None:
    codes = np.arange(300) // 2
    grouped = case(groups=codes)
    twins = case(folds=replace(made_folds(TARGET), twins=codes))
    few = case(folds=replace(made_folds(TARGET), twins=np.maximum(np.arange(300) - 1, 0)))
    told = {
        name: (judged_of(made).clusters_are, made.matrix.clusters is not None and int(made.matrix.clusters.max()) + 1)
        for name, made in (("groups", grouped), ("copies", twins))
    }
    assert told == {"groups": ("groups", 150), "copies": ("sets of equal rows", 150)}
    assert few.matrix.clusters is None, "a single copy among hundreds changes no standard error"


COSTS = {
    "realmlp": Cost(fit_seconds=1.0, latency_p99_ms=9.0, model_mb=80.0),
    "mlp": Cost(fit_seconds=1.0, latency_p99_ms=1.0, model_mb=8.0),
}


@pytest.mark.parametrize(
    ("limits", "barred", "why"),
    [
        (Limits(max_latency_ms=5.0), {"realmlp"}, "too slow"),
        (Limits(max_model_mb=50.0), {"realmlp"}, "too large: 80 MB"),
        (Limits(interpretable=True), {"realmlp", "mlp", "lightgbm", "dummy"}, "not interpretable"),
        (Limits(), set(), ""),
    ],
    ids=["latency", "size", "interpretable", "none"],
)
def test_who_misses_a_limit_leads_nobody(limits: Limits, barred: set[str], why: str) -> None:
    made = case(limits=limits, costs=COSTS)
    assert set(made.barred) - {"dummy"} == barred - {"dummy"}
    assert why in made.barred.get("realmlp", "")
    leading = {made.outcomes[made.columns[place]].candidate.learner for place in contenders(made, "neural")}
    assert leading == {"mlp", "realmlp"} - barred


def cost_of(latency: float | None, size: float) -> Cost:
    return Cost(fit_seconds=1.0, latency_p99_ms=latency, model_mb=size)


@pytest.mark.parametrize(
    ("situation", "limits", "default", "tuned", "leads", "why"),
    [
        ("the default is too large", Limits(max_model_mb=5.0), (1.0, 20.0), (1.0, 3.0), {"mlp#2"}, None),
        ("the tuned one is too slow", Limits(max_latency_ms=5.0), (4.0, 1.0), (6.0, 1.0), {"mlp"}, None),
        ("a limit is met by who just reaches it", Limits(max_latency_ms=5.0), (5.0, 1.0), (5.1, 1.0), {"mlp"}, None),
        ("who was not timed is as quick as the default", Limits(max_latency_ms=5.0), (4.0, 1.0), (None, 1.0),
         {"mlp", "mlp#2"}, None),
        ("both are too large", Limits(max_model_mb=2.0), (1.0, 20.0), (1.0, 3.0), set(), "too large: 3 MB"),
        ("each misses a limit of its own", Limits(max_latency_ms=5.0, max_model_mb=5.0), (9.0, 1.0), (1.0, 6.0), set(),
         "too large: 6 MB"),
    ],
)  # fmt: skip
def test_settings_that_miss_a_limit_do_not_lead_where_others_of_their_learner_meet_it(
    situation: str,
    limits: Limits,
    default: tuple[float | None, float],
    tuned: tuple[float | None, float],
    leads: set[str],
    why: str | None,
) -> None:
    told = {**PREDICTIONS, "mlp#2": PREDICTIONS["mlp"]}
    costs = {"mlp": cost_of(*default), "mlp#2": cost_of(*tuned), "realmlp": cost_of(99.0, 99.0)}
    made = made_case(TARGET, told, limits=limits, costs=costs)  # type: ignore[arg-type]
    leading = {made.columns[place] for place in contenders(made, "neural")}
    names = {"mlp" if key == "mlp-default" else "mlp#2" for key in leading}
    assert names == leads, situation
    assert made.barred.get("mlp", "").startswith(why or "") and ("mlp" in made.barred) is (why is not None), situation


@pytest.mark.parametrize(
    ("situation", "noises", "leads"),
    [
        ("it beats both", {"mlp": 0.8, "realmlp": 0.7, "smote_mlp": 0.3}, True),
        ("it beats one", {"mlp": 0.2, "realmlp": 0.7, "smote_mlp": 0.3}, False),
        ("it is level with one", {"mlp": 0.8, "realmlp": 0.3, "smote_mlp": 0.3}, False),
        ("one of them did not finish", {"realmlp": 0.7, "smote_mlp": 0.3}, False),
    ],
)
def test_a_variant_leads_where_it_clearly_beats_its_yardsticks(
    situation: str, noises: Mapping[str, float], leads: bool
) -> None:
    hard = np.random.default_rng(3).standard_normal(300)
    nets = {name: ("neural", TARGET + noise * hard) for name, noise in noises.items()}
    made = made_case(TARGET, {**{name: PREDICTIONS[name] for name in ("linear", "lightgbm")}, **nets})
    entrants = tuple(
        replace(entrant, must_beat=("mlp", "realmlp")) if entrant.learner == "smote_mlp" else entrant
        for entrant in made.plan.entrants
    )
    made = remade(made, plan=replace(made.plan, entrants=entrants))
    names = {made.outcomes[made.columns[place]].candidate.learner for place in contenders(made, "neural")}
    assert ("smote_mlp" in names) is leads, situation


def test_a_tuned_variant_is_held_against_defaults_only_by_its_own_tuning() -> None:
    """A yardstick's tuned settings do not count against a variant's default, only against its tuned settings."""
    hard = np.random.default_rng(4).standard_normal(300)
    noises = {"mlp": 0.8, "mlp#2": 0.3, "smote_mlp": 0.5, "smote_mlp#2": 0.45}
    nets = {name: ("neural", TARGET + noise * hard) for name, noise in noises.items()}
    made = made_case(TARGET, {"linear": PREDICTIONS["linear"], **nets})
    entrants = tuple(
        replace(entrant, must_beat=("mlp",)) if entrant.learner == "smote_mlp" else entrant
        for entrant in made.plan.entrants
    )
    made = remade(made, plan=replace(made.plan, entrants=entrants))
    keys = {made.columns[place] for place in contenders(made, "neural")}
    assert "smote_mlp-default" in keys and len(keys) == 3


def test_without_any_fold_there_is_no_matrix() -> None:
    made = case()
    nothing = remade(made, [])
    assert nothing.matrix is None and nothing.columns == ()
