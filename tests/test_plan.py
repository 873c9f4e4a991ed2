"""Who runs where, and how the seconds are shared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from advisor.errors import UserError
from advisor.learners import catalogue
from advisor.plan import (
    cuts_before_tuning,
    default_jobs,
    draw_splits,
    make_plan,
    share_seconds,
    tier,
    tuned_jobs,
    twins,
)
from advisor.records import Budget, Dataset, Job, Outcome, Profile, Splits

ROWS = 400
rng = np.random.default_rng(0)


def dataset(**changes):
    inputs = pd.DataFrame({"a": rng.normal(size=ROWS), "b": pd.Categorical(rng.choice(["x", "y"], ROWS))})
    known = {"name": "made", "modality": "tabular", "task": "binary", "inputs": inputs, "target_name": "y"}
    return Dataset(**{**known, "target": rng.integers(0, 2, ROWS), "classes": ("0", "1"), **changes})


PROFILE = Profile("made", "tabular", ROWS, "binary", (), {}, 3, {}, (), "print")
BUDGET = Budget(600, 20)
MEMBERS = {learner.name: learner for learner in catalogue()}


def plan_of(data=None, **options):
    return make_plan(data or dataset(), PROFILE, catalogue(), BUDGET, metric="roc_auc", **options)


@pytest.mark.parametrize(
    ("rows", "expected", "before_tuning"),
    [
        (120, ("stratified", 10, 3), 30),
        (800, ("stratified", 5, 3), 5),
        (15_000, ("stratified", 5, 3), 5),
        (90_000, ("stratified", 3, 1), 3),
        (400_000, ("holdout", 1, 1), 1),
    ],
)
def test_tiers_by_rows(rows, expected, before_tuning):
    assert tier(rows) == expected
    kind, folds, repeats = expected
    cuts = Splits(kind, folds, repeats, (None,) * (folds * repeats), 1)
    assert cuts_before_tuning(cuts, rows) == before_tuning


def test_a_learner_that_is_left_out_is_listed_with_its_reason():
    plan = plan_of(skip=["knn"])
    assert plan.skipped["knn"] == "named in --skip" and "knn" not in plan.learners
    plan = plan_of(only=["linear", "mlp"])
    assert set(plan.learners) == {"dummy", "linear", "mlp"}, "the dummy is the yardstick of 'no signal'"
    plan = plan_of(interpretable=True)
    assert "linear" in plan.learners and "xgboost" in plan.skipped


def test_unknown_learners_are_named_with_the_nearest():
    with pytest.raises(UserError, match="No learner is called 'forrest'\\. Did you mean 'forest'"):
        plan_of(skip=["forrest"])
    with pytest.raises(UserError, match="No learner is left"):
        plan_of(only=["dummy"])


def test_who_is_there_on_request_comes_when_asked_for_and_brings_whom_it_has_to_beat():
    assert plan_of().skipped["gan_mlp"] == "takes part on request only: --also gan_mlp"
    plan = plan_of(also=["gan_mlp"])
    assert {"gan_mlp", "smote_mlp", "mlp", "catboost"} <= set(plan.learners)
    assert "gan_lightgbm" in plan.skipped
    assert plan.must_beat == {"gan_mlp": ("mlp", "smote_mlp"), "smote_mlp": ("mlp",)}
    plan = plan_of(only=["linear", "gan_mlp"])
    assert set(plan.learners) == {"dummy", "linear", "mlp", "smote_mlp", "gan_mlp"}
    brief = make_plan(dataset(), PROFILE, catalogue(), Budget(5, 20), metric="roc_auc", also=["gan_mlp"])
    assert "gan_mlp" in brief.learners, "asked for by name, whatever it takes"


def test_without_whom_it_has_to_beat_a_variant_stays_away():
    plan = plan_of(also=["gan_mlp"], skip=["smote_mlp"])
    assert plan.skipped["gan_mlp"] == "has to beat smote_mlp, which does not take part"
    assert "has to beat mlp" in plan_of(also=["gan_mlp"], skip=["mlp"]).skipped["smote_mlp"]


def test_a_side_of_variants_alone_could_not_lead():
    with pytest.raises(UserError, match="gan_lightgbm leads the neural side only where it beats lightgbm and smote_li"):
        plan_of(only=["gan_lightgbm"])
    assert "gan_lightgbm" in plan_of(only=["gan_lightgbm", "mlp"]).learners
    with pytest.raises(UserError, match="No learner is called 'gan_mpl'\\. Did you mean 'gan_mlp'"):
        plan_of(also=["gan_mpl"])


def test_groups_and_times_change_the_cuts():
    assert plan_of(dataset(groups=rng.integers(0, 50, ROWS))).splits.kind == "grouped"
    assert plan_of(dataset(times=np.arange(ROWS, dtype=float))).splits.kind == "forward"
    assert plan_of().splits.kind == "stratified"


def test_every_binary_test_part_has_both_classes():
    target = np.zeros(ROWS, dtype=int)
    target[:3] = 1
    assert all(len(set(target[part.test])) == 2 for part in plan_of(dataset(target=target)).splits.parts)


def test_every_grouped_test_part_has_both_classes_where_few_groups_have_the_rare_one():
    groups = np.arange(ROWS) // 4
    target = np.isin(groups, [3, 40, 77]).astype(int)
    cuts = plan_of(dataset(target=target, groups=groups)).splits
    assert cuts.folds == 3 and all(len(set(target[part.test])) == 2 for part in cuts.parts)


def copied(rows: int = 60, wrong: int = 0) -> Dataset:
    """Different rows, the first third of which once more; so many of the copies have the other target."""
    once = np.arange(rows)
    inputs = pd.DataFrame({"a": np.append(once, once[: rows // 3]).astype(float)})
    target = np.append(once % 2, once[: rows // 3] % 2)
    target[rows : rows + wrong] = 1 - target[rows : rows + wrong]
    return dataset(inputs=inputs, target=target)


@pytest.mark.parametrize("wrong", [0, 4])
def test_copies_are_twins_whatever_their_targets(wrong):
    codes = twins(copied(wrong=wrong))
    assert np.array_equal(codes[60:], codes[:20]) and len(set(codes)) == 60


def test_nothing_is_held_together_where_no_inputs_repeat_or_hardly_any_differ():
    once = np.arange(60)
    assert twins(dataset(inputs=pd.DataFrame({"a": once.astype(float)}), target=once % 2)) is None
    assert twins(dataset(inputs=pd.DataFrame({"a": once % 29}), target=once % 29 % 2)) is None


def test_inputs_that_repeat_by_nature_are_not_copies():
    """Rows of a table of few values disagree as any two rows do; copies of all of them would not."""
    rng = np.random.default_rng(0)
    inputs = pd.DataFrame(rng.integers(0, 8, (600, 2)), columns=["a", "b"])
    for target in (rng.integers(0, 2, 600), (rng.random(600) < 0.03).astype(int), rng.normal(size=600)):
        task = "regression" if target.dtype == float else "binary"
        assert twins(dataset(inputs=inputs, target=target, task=task)) is None
    assert twins(copied(wrong=11)) is None


def test_no_cut_turns_what_is_learnt_upside_down():
    """Where inputs repeat and targets are a coin, the mean target of the training rows with the inputs of a test row
    must tell nothing of it: cuts that keep rows together by their target leave it just the other one."""
    rng = np.random.default_rng(0)
    data = dataset(inputs=pd.DataFrame({"a": rng.integers(0, 200, 2_000)}), target=rng.integers(0, 2, 2_000))
    told = []
    for part in draw_splits(data, Budget(60, 1)).parts[:5]:
        means = pd.Series(data.target[part.train]).groupby(data.inputs["a"].to_numpy()[part.train]).mean()
        told.append(roc_auc_score(data.target[part.test], means.reindex(data.inputs["a"].iloc[part.test]).fillna(0.5)))
    assert np.mean(told) == pytest.approx(0.5, abs=0.05)


def test_both_families_are_among_the_first_to_run():
    first = default_jobs(plan_of(), MEMBERS, range(5))[:30]
    assert {"dummy", "linear", "lightgbm"} <= {job.learner for job in first}
    assert {job.family for job in first} == {"dummy", "classical", "neural"}


def test_inner_error_alone_decides_who_is_tuned():
    def outcome(name, family, inner, outer):
        return Outcome(Job(name, family, 0, "default", 0), "ok", error=outer, inner_error=inner)

    defaults = [
        outcome("linear", "classical", 0.1, 0.9),
        outcome("tree", "classical", 0.2, 0.8),
        outcome("forest", "classical", 0.3, 0.7),
        outcome("xgboost", "classical", 0.4, 0.0),
        outcome("mlp", "neural", 0.5, 0.5),
        outcome("dummy", "dummy", 0.0, 0.0),
        Outcome(Job("catboost", "classical", 0, "default", 0), "failed"),
    ]
    assert {job.learner for job in tuned_jobs(defaults, MEMBERS)} == {"linear", "tree", "forest", "mlp"}


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_families_get_equal_seconds_and_all_fit_in(workers):
    jobs = [
        Job(name, family, cut, "tuned", 0)
        for cut in range(5)
        for name, family in [("xgboost", "classical"), ("forest", "classical"), ("mlp", "neural")]
    ]
    shares = share_seconds(jobs, workers, 100.0)
    by_family = {
        family: sum(shares[job.key] for job in jobs if job.family == family) for family in ("classical", "neural")
    }
    assert by_family["classical"] == pytest.approx(by_family["neural"])
    assert sum(shares.values()) <= workers * 100.0 + 1e-9
    assert sum(shares.values()) >= 0.6 * min(workers, 5) * 100.0
    assert share_seconds([], workers, 100.0) == {}


def slow_nets(**seconds):
    """The catalogue with nets that take the named seconds a fit, in that precedence."""
    order = list(seconds)
    return [
        replace(learner, seconds=lambda *_, name=learner.name: seconds[name], precedence=order.index(learner.name))
        if learner.name in seconds
        else learner
        for learner in catalogue()
        if learner.family != "neural" or learner.name in seconds
    ]


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        # 600 s on two workers: a family's defaults may take 180 of their 360 worker-seconds, in 2 x 6 fits.
        ({"mlp": 5.0, "realmlp": 5.0, "tabm": 5.0}, {"mlp", "realmlp", "tabm"}),
        ({"realmlp": 28.0, "mlp": 5.0, "tabm": 1.0}, {"realmlp", "tabm"}),  # half of 5 s is more than the 2 s left
        ({"realmlp": 70.0, "tabm": 50.0, "mlp": 9.0}, {"tabm"}),  # half of its seconds is enough to be judged by
        ({"realmlp": 900.0, "tabm": 700.0, "mlp": 800.0}, {"tabm"}),  # none fits: the quickest stays
    ],
)
def test_slow_learners_take_part_by_precedence_as_far_as_the_budget_pays(seconds, taken):
    plan = make_plan(dataset(), PROFILE, slow_nets(**seconds), BUDGET, metric="roc_auc", workers=2)
    assert {name for name in plan.learners if name in seconds} == taken
    assert all("too long for a budget of 600 s" in plan.skipped[name] for name in set(seconds) - taken)
    assert set(plan.unaffordable) == set(seconds) - taken
    assert {"linear", "xgboost", "lightgbm", "catboost"} <= set(plan.learners)


def test_who_is_named_takes_part_however_slow():
    nets = slow_nets(realmlp=900.0, mlp=1.0)
    plan = make_plan(dataset(), PROFILE, nets, BUDGET, metric="roc_auc", workers=2, only=["realmlp", "linear"])
    assert "realmlp" in plan.learners


def test_a_gpu_pays_for_more_nets():
    seconds = {"realmlp": 28.0, "tabm": 50.0, "mlp": 5.0}
    options = {"metric": "roc_auc", "workers": 2}
    on_cpu = make_plan(dataset(), PROFILE, slow_nets(**seconds), BUDGET, **options)
    on_gpu = make_plan(dataset(), PROFILE, slow_nets(**seconds), BUDGET, **options, device="cuda")
    assert "tabm" not in on_cpu.learners and set(seconds) <= set(on_gpu.learners)
