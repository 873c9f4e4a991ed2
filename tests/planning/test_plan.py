"""Who takes part, who is left out and why, and which rows are copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from advisor.errors import UserError
from advisor.learners import catalogue
from advisor.planning import plan as planning
from advisor.planning.plan import copies, make_plan
from advisor.records import Budget, Column, Dataset, Plan, Profile

ROWS = 400
rng = np.random.default_rng(0)


def dataset(**changes: object) -> Dataset:
    inputs = pd.DataFrame({"a": rng.normal(size=ROWS), "b": pd.Categorical(rng.choice(["x", "y"], ROWS))})
    known = {"name": "made", "modality": "tabular", "task": "binary", "inputs": inputs, "target_name": "y"}
    return Dataset(**{**known, "target": rng.integers(0, 2, ROWS), "classes": ("0", "1"), **changes})  # type: ignore[arg-type]


PROFILE = Profile("made", "tabular", ROWS, "binary", (), {}, 3, {}, (), "print")


def plan_of(data: Dataset | None = None, learners=None, seconds: float = 600.0, **options: object) -> Plan:
    return make_plan(
        data or dataset(), PROFILE, catalogue() if learners is None else learners, Budget(seconds, 20),
        metric="roc_auc", seconds=seconds, **{"workers": 2, **options},
    )  # fmt: skip


def taking(**seconds: float):
    """The catalogue, in which the named take so many seconds a fit and nobody else any."""
    return [replace(each, seconds=lambda *_, name=each.name: seconds.get(name, 0.0)) for each in catalogue()]


def test_a_learner_that_is_left_out_is_listed_with_its_reason():
    plan = plan_of(skip=["knn"])
    assert plan.skipped["knn"] == "named in --skip" and "knn" not in plan.learners
    plan = plan_of(only=["linear", "mlp"])
    assert set(plan.learners) == {"dummy", "linear", "mlp"}, "the dummy is the yardstick of 'no signal'"
    assert plan.skipped["forest"] == "not among --learners"
    plan = plan_of(interpretable=True)
    assert "linear" in plan.learners and "not interpretable" in plan.skipped["xgboost"]
    assert "mlp" in plan.learners, "nets run, to show what that costs"


def test_unknown_learners_are_named_with_the_nearest():
    with pytest.raises(UserError, match="No learner is called 'forrest'\\. Did you mean 'forest'"):
        plan_of(skip=["forrest"])
    with pytest.raises(UserError, match="No learner is called 'gan_mpl'\\. Did you mean 'gan_mlp'"):
        plan_of(also=["gan_mpl"])
    with pytest.raises(UserError, match="No learner is left"):
        plan_of(only=["dummy"])


@pytest.mark.parametrize(("only", "family", "example"), [(["linear"], "neural", "mlp"), (["mlp"], "classical", "li")])
def test_a_comparison_needs_both_sides(only, family, example):
    with pytest.raises(UserError, match=f"No {family} learner takes part, .* add one, such as {example}"):
        plan_of(only=only)


def test_who_was_named_and_cannot_take_part_is_told_with_the_reason():
    with pytest.raises(UserError, match=r"No neural learner takes part, .* such as mlp; minilm: .* text"):
        plan_of(only=["linear", "minilm"])


def test_who_is_there_on_request_comes_when_asked_for_and_brings_whom_it_has_to_beat():
    assert plan_of().skipped["gan_mlp"] == "takes part on request only: --also gan_mlp"
    plan = plan_of(also=["gan_mlp"])
    assert {"gan_mlp", "smote_mlp", "mlp", "catboost"} <= set(plan.learners) and "gan_lightgbm" in plan.skipped
    assert {entrant.learner for entrant in plan.entrants if entrant.asked} == {"gan_mlp", "smote_mlp", "mlp"}
    must_beat = {entrant.learner: entrant.must_beat for entrant in plan.entrants if entrant.must_beat}
    assert must_beat == {"gan_mlp": ("mlp", "smote_mlp"), "smote_mlp": ("mlp",)}
    plan = plan_of(only=["linear", "gan_mlp"])
    assert set(plan.learners) == {"dummy", "linear", "mlp", "smote_mlp", "gan_mlp"}
    assert "gan_mlp" in plan_of(seconds=5.0, also=["gan_mlp"]).learners, "asked for by name, whatever it takes"


def test_without_whom_it_has_to_beat_a_variant_stays_away():
    plan = plan_of(also=["gan_mlp"], skip=["smote_mlp"])
    assert plan.skipped["gan_mlp"] == "has to beat smote_mlp, which does not take part"
    assert "has to beat mlp" in plan_of(also=["gan_mlp"], skip=["mlp"]).skipped["smote_mlp"]


def test_a_side_of_variants_alone_could_not_lead():
    with pytest.raises(UserError, match="gan_lightgbm leads the neural side only where it beats lightgbm and smote_li"):
        plan_of(only=["gan_lightgbm"])
    assert "gan_lightgbm" in plan_of(only=["gan_lightgbm", "mlp"]).learners


def essentials(plan: Plan) -> set[str]:
    return {entrant.learner for entrant in plan.entrants if entrant.essential}


@pytest.mark.parametrize(
    ("situation", "options", "expected"),
    [
        ("a linear yardstick, a boosted tree, a strong net", {}, {"dummy", "linear", "lightgbm", "realmlp"}),
        ("the next boosted tree", {"skip": ["lightgbm", "realmlp"]}, {"dummy", "linear", "xgboost", "tabm"}),
        ("who there is", {"only": ["linear", "mlp"]}, {"dummy", "linear", "mlp"}),
        ("of several the quickest", {"only": ["forest", "knn", "resnet", "mlp"]}, {"dummy", "knn", "mlp"}),
        ("a variant leads nobody", {"only": ["linear", "gan_mlp"]}, {"dummy", "linear", "mlp"}),
    ],
)
def test_who_makes_an_answer_possible(situation, options, expected):
    learners = taking(forest=2.0, knn=1.0, resnet=4.0, mlp=3.0)
    assert essentials(plan_of(learners=learners, **options)) == expected, situation


def test_who_would_take_too_much_of_the_budget_is_named_with_its_seconds():
    plan = plan_of(learners=taking(tabm=100.0, resnet=80.0))
    assert plan.unaffordable == ("tabm",) and "tabm" not in plan.learners and "resnet" in plan.learners
    assert plan.skipped["tabm"] == "the budget does not pay for it: 5 folds of it would take about 500 s"
    slow = plan_of(learners=taking(tabm=100.0, resnet=80.0), speed=2.0)
    assert set(slow.unaffordable) == {"tabm", "resnet"} and slow.speed == 2.0
    assert "1,000 s" in slow.skipped["tabm"]


def test_who_is_named_or_makes_an_answer_possible_takes_part_however_slow():
    learners = taking(realmlp=900.0, tabm=900.0)
    assert "realmlp" in plan_of(learners=learners).learners
    assert {"realmlp", "tabm"} <= set(plan_of(learners=learners, only=["realmlp", "tabm", "linear"]).learners)
    assert {"realmlp", "linear"} <= set(plan_of(learners=learners, seconds=-3.0).learners), "a budget spent on reading"


def test_averaged_learners_take_as_many_times_as_long_and_the_others_do_not():
    plan = plan_of(learners=taking(realmlp=1.0, tabm=1.0))
    expected = {entrant.learner: entrant.seconds for entrant in plan.entrants}
    assert (plan.trainings, expected["realmlp"], expected["tabm"]) == (3, 3.0, 1.0)
    one = plan_of(learners=taking(realmlp=1.0, tabm=1.0), averaged=False)
    assert one.trainings == 1 and {entrant.seconds for entrant in one.entrants} == {0.0, 1.0}
    assert one.fingerprint != plan.fingerprint
    assert plan_of(learners=taking(realmlp=1.0), sizes=(ROWS, 5, 2)).trainings == 2, "that of an earlier plan"


def test_a_gpu_pays_for_more_nets():
    learners = [replace(each, gpu_speed=10.0) for each in taking(tabm=100.0, forest=100.0)]
    plan = plan_of(learners=learners, device="cuda")
    assert "tabm" in plan.learners and "forest" not in plan.learners
    assert {entrant.learner: entrant.seconds for entrant in plan.entrants}["tabm"] == pytest.approx(10.0)


def test_the_fingerprint_tells_what_a_result_rests_on():
    data = dataset()
    one = plan_of(data).fingerprint
    assert one == plan_of(data, seconds=601.0).fingerprint, "a longer budget goes on with what there is"
    fewer = plan_of(data, skip=["lightgbm"])
    assert one == fewer.fingerprint, "what others did is what it was"
    assert "lightgbm" in plan_of(data).identity and "lightgbm" not in fewer.identity
    other = make_plan(data, PROFILE, catalogue(), Budget(600, 20, seed=1), metric="roc_auc", seconds=600, workers=2)
    assert one != other.fingerprint
    log_loss = make_plan(data, PROFILE, catalogue(), Budget(600, 20), metric="log_loss", seconds=600, workers=2)
    assert one != log_loss.fingerprint


def copied(rows: int = 60, wrong: int = 0) -> Dataset:
    """Different rows, the first third of which once more; so many of the copies have the other target."""
    once = np.arange(rows)
    inputs = pd.DataFrame({"a": np.append(once, once[: rows // 3]).astype(float)})
    target = np.append(once % 2, once[: rows // 3] % 2)
    target[rows : rows + wrong] = 1 - target[rows : rows + wrong]
    return dataset(inputs=inputs, target=target)


@pytest.mark.parametrize("wrong", [0, 4])
def test_copies_stay_together_whatever_their_targets(wrong):
    codes = copies(copied(wrong=wrong))
    assert codes is not None and np.array_equal(codes[60:], codes[:20]) and len(set(codes)) == 60


def test_nothing_is_held_together_where_no_inputs_repeat_or_hardly_any_differ():
    once = np.arange(60)
    assert copies(dataset(inputs=pd.DataFrame({"a": once.astype(float)}), target=once % 2)) is None
    assert copies(dataset(inputs=pd.DataFrame({"a": once % 29}), target=once % 29 % 2)) is None


def test_inputs_that_repeat_by_nature_are_not_copies():
    """Rows of a table of few values disagree as any two rows do; copies of all of them would not."""
    rng = np.random.default_rng(0)
    inputs = pd.DataFrame(rng.integers(0, 8, (600, 2)), columns=["a", "b"])
    for target in (rng.integers(0, 2, 600), (rng.random(600) < 0.03).astype(int), rng.normal(size=600)):
        task = "regression" if target.dtype == float else "binary"
        assert copies(dataset(inputs=inputs, target=target, task=task)) is None
    assert copies(copied(wrong=11)) is None


def test_no_fold_turns_what_is_learnt_upside_down():
    """Where inputs repeat and targets are a coin, the mean target of the training rows with the inputs of a test row
    must tell nothing of it: folds that keep rows together by their target leave it just the other one."""
    rng = np.random.default_rng(0)
    data = dataset(inputs=pd.DataFrame({"a": rng.integers(0, 200, 2_000)}), target=rng.integers(0, 2, 2_000))
    told = []
    for part in plan_of(data).folds.parts[:5]:
        means = pd.Series(data.target[part.train]).groupby(data.inputs["a"].to_numpy()[part.train]).mean()
        told.append(roc_auc_score(data.target[part.test], means.reindex(data.inputs["a"].iloc[part.test]).fillna(0.5)))
    assert np.mean(told) == pytest.approx(0.5, abs=0.05)


def test_a_run_that_goes_on_draws_the_rows_and_folds_of_the_first_however_busy_the_machine_is_now():
    data, slow = dataset(), taking(linear=20.0, lightgbm=20.0, realmlp=20.0)
    quiet = plan_of(data, taking(linear=2.0, lightgbm=2.0, realmlp=2.0), seconds=60.0)
    busy = plan_of(data, slow, seconds=60.0)
    assert busy.sizes != quiet.sizes and busy.fingerprint != quiet.fingerprint
    again = plan_of(data, slow, seconds=60.0, sizes=quiet.sizes)
    assert again.sizes == quiet.sizes and again.fingerprint == quiet.fingerprint


@pytest.mark.parametrize(
    ("modality", "absent", "expected"),
    [
        ("sequence", (), {"dummy", "linear", "minirocket", "inception"}),
        ("image", (), {"dummy", "linear", "svm", "efficientnet"}),
        ("image", ("efficientnet", "efficientnet_tuned"), {"dummy", "linear", "svm", "cnn"}),
    ],
)
def test_on_other_data_than_tables_those_are_essential_who_say_so(modality, absent, expected):
    profile = Profile("made", modality, 300, "binary", (Column("a", modality, 0.0, 300, 100),), {}, 60, {}, (), "")
    able = [each for each in catalogue() if modality in each.modalities and not each.on_request]
    able = [each for each in able if each.name not in absent]
    assert planning._essential(able, 300, profile) == expected
