"""Champions come from inner error alone; what did not finish weighs nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.records import Constraints, Cost, Job, Outcome
from advisor.standings import leaderboard, leading, settled, standings
from tests.made import DATASET, PROFILE, TARGET, all_outcomes, outcome, plan


def test_the_champion_has_the_best_inner_error_whatever_it_does_outside():
    chosen = plan()
    standing = standings(DATASET, PROFILE, chosen, all_outcomes(chosen), Constraints())
    assert {o.job.learner for o in standing.champions["classical"].values()} == {"xgboost"}
    board = leaderboard(standing, DATASET, PROFILE, chosen, all_outcomes(chosen))
    assert board[0]["learner"] == "linear", "although linear is better outside, and the leaderboard says so"


def test_a_study_replaces_the_default_of_its_cut_in_any_order():
    chosen = plan()
    outcomes = all_outcomes(chosen)
    tuned = replace(outcomes[2], job=replace(outcomes[2].job, stage="tuned"), params={"depth": 3}, inner_error=0.05)
    for order in ([*outcomes, tuned], [tuned, *outcomes]):
        standing = standings(DATASET, PROFILE, chosen, order, Constraints())
        assert standing.finals["xgboost"][0].params == {"depth": 3}


def test_failures_are_shown_and_do_not_count():
    chosen = plan()
    broken = Outcome(Job("mlp", "neural", 0, "default", 0), "failed", "ValueError: no")
    outcomes = [o for o in all_outcomes(chosen) if o.job.key != broken.job.key] + [broken]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    assert standing.cuts.numbers == (1, 2)
    row = {row["learner"]: row for row in leaderboard(standing, DATASET, PROFILE, chosen, outcomes)}["mlp"]
    assert row["status"] == "partly" and "ValueError: no" in row["message"] and row["splits"] == 2


def test_the_row_of_a_net_says_which_gpu_it_needs_and_how_much_of_it():
    chosen = plan()
    used = {0: 120.0, 1: 300.0, 2: None}
    outcomes = [
        replace(o, cost=replace(o.cost, device="cuda", device_name="a GPU", gpu_memory_mb=used[o.job.split]))
        if o.job.learner == "mlp"
        else o
        for o in all_outcomes(chosen)
    ]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    rows = {row["learner"]: row for row in leaderboard(standing, DATASET, PROFILE, chosen, outcomes)}
    assert [rows["mlp"][key] for key in ("device", "device_name", "gpu_memory_mb")] == ["cuda", "a GPU", 300.0]
    assert rows["linear"]["gpu_memory_mb"] is None


def test_half_a_repeat_is_left_out():
    chosen = plan(repeats=2)
    outcomes = [o for o in all_outcomes(chosen) if not (o.job.learner == "mlp" and o.job.split == 5)]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
    assert standing.cuts.numbers == (0, 1, 2)
    alone = [o for o in all_outcomes(chosen) if (o.job.learner, o.job.split) != ("xgboost", 5)]
    alone = [o for o in alone if o.job.learner != "mlp" or o.job.split == 4]
    assert standings(DATASET, PROFILE, chosen, alone, Constraints(max_model_mb=50.0)).finals["mlp"] == {}
    assert standings(DATASET, PROFILE, chosen, all_outcomes(chosen), Constraints()).cuts.numbers == tuple(range(6))


@pytest.mark.parametrize(
    "constraints", [Constraints(max_latency_ms=1.0), Constraints(max_model_mb=1.0)], ids=["latency", "size"]
)
def test_who_misses_a_constraint_is_no_champion(constraints):
    chosen = plan()
    standing = standings(DATASET, PROFILE, chosen, all_outcomes(chosen), constraints)
    assert not standing.champions and "too " in standing.barred["mlp"]


def test_the_configuration_for_all_rows_must_meet_the_constraints_too():
    """A small default is measured first; what tuning settled on is as large as it likes."""
    chosen = plan()
    first, other = Cost(latency_p50_ms=1.0, latency_p99_ms=2.0, model_mb=1.0), Cost()
    outcomes = [replace(o, cost=other if o.job.split else first) for o in all_outcomes(chosen)]
    large = Cost(latency_p50_ms=1.0, latency_p99_ms=2.0, model_mb=200.0)
    tuned = [outcome("mlp", part, 0.5, 0.1, "tuned", params={"width": 999}, cost=large) for part in chosen.splits.parts]
    first_only = standings(DATASET, PROFILE, chosen, [*outcomes, tuned[0]], Constraints(max_model_mb=50.0))
    assert not first_only.barred, "most cuts keep the default, which was measured on the first"
    (row,) = [row for row in leaderboard(first_only, DATASET, PROFILE, chosen, outcomes) if row["learner"] == "mlp"]
    assert row["model_mb"] == 1.0
    outcomes += tuned[1:]
    standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints(max_model_mb=50.0))
    assert standing.barred == {"mlp": "too large: 200 MB, allowed are 50 MB"}
    (row,) = [row for row in leaderboard(standing, DATASET, PROFILE, chosen, outcomes) if row["learner"] == "mlp"]
    assert (row["model_mb"], row["latency_p50_ms"]) == (200.0, 1.0), "what is told is what will serve"


def test_copies_and_groups_are_called_what_they_are():
    chosen = plan()
    codes = np.arange(len(DATASET.target)) // 2
    copies = replace(chosen, splits=replace(chosen.splits, twins=codes))
    told = {}
    for name, dataset, planned in (("copies", DATASET, copies), ("groups", replace(DATASET, groups=codes), chosen)):
        cuts = standings(dataset, PROFILE, planned, all_outcomes(planned), Constraints()).cuts
        told[name] = (cuts.clusters_are, int(cuts.clusters.max()) + 1)
    assert told == {"copies": ("sets of equal rows", 300), "groups": ("groups", 300)}


def test_the_params_of_most_cuts_decide():
    part = plan().splits.parts[0]
    kept, tuned = outcome("mlp", part, 0.5, 0.2), outcome("mlp", part, 0.5, 0.1, params={"width": 64})
    much = outcome("mlp", part, 0.5, 0.02, params={"width": 128})
    much = replace(much, trials=(replace(much.trials[0], inner_error=0.2),))
    assert settled({0: kept, 1: kept, 2: tuned}) is kept
    assert settled({0: kept, 1: tuned, 2: much}).params == {"width": 128}


def test_the_leader_is_champion_most_often():
    part = plan().splits.parts[0]
    a, b = outcome("linear", part, 0.5, 0.9), outcome("xgboost", part, 0.5, 0.1)
    assert leading({0: a, 1: a, 2: b}) == "linear"
    assert leading({0: a, 1: b}) == "xgboost"


def rivals(errors):
    """Outcomes of mlp, of a variant of it, and of what that has to beat, with inner predictions as far off as said."""
    chosen = replace(plan(), learners=("mlp", "smote_mlp", "gan_mlp"), must_beat={"gan_mlp": ("mlp", "smote_mlp")})
    part = chosen.splits.parts[0]
    return chosen, [judged(name, part, noise) for name, noise in errors.items()]


def judged(name, part, noise, stage="default", **changes):
    truth = TARGET[part.train]
    risk = np.clip(truth + noise * np.random.default_rng(7).uniform(-1, 1, len(truth)), 0.001, 0.999)
    known = outcome("mlp", part, 0.5, noise, stage, inner_rows=part.train, **changes)
    return replace(
        known, job=replace(known.job, learner=name), inner_predictions=np.column_stack([1 - risk, risk]),
    )  # fmt: skip


def leader(chosen, outcomes):
    chosen = replace(chosen, metric="log_loss")
    champions = standings(DATASET, PROFILE, chosen, outcomes, Constraints()).champions
    return champions["neural"][0].job.learner if "neural" in champions else None


@pytest.mark.parametrize(
    ("errors", "who"),
    [
        ({"mlp": 0.5, "smote_mlp": 0.4, "gan_mlp": 0.3}, "gan_mlp"),
        ({"mlp": 0.5, "smote_mlp": 0.2, "gan_mlp": 0.3}, "smote_mlp"),
        ({"mlp": 0.2, "smote_mlp": 0.4, "gan_mlp": 0.3}, "mlp"),
        ({"mlp": 0.5, "smote_mlp": 0.3, "gan_mlp": 0.3}, "smote_mlp"),
        ({"mlp": 0.5, "gan_mlp": 0.3}, "mlp"),
        ({"gan_mlp": 0.3}, None),
    ],
    ids=["beats both", "not the interpolation", "not the original", "level", "one is absent", "both are"],
)
def test_a_variant_leads_only_where_it_clearly_beats_its_yardsticks(errors, who):
    assert leader(*rivals(errors)) == who


def test_a_yardstick_that_was_cut_short_is_not_beaten():
    chosen, outcomes = rivals({"mlp": 0.5, "smote_mlp": 0.4, "gan_mlp": 0.3})
    outcomes[1] = replace(outcomes[1], cut_short=True)
    assert leader(chosen, outcomes) == "smote_mlp"


def test_a_study_of_its_own_gives_a_variant_no_lead_over_untuned_yardsticks():
    chosen, outcomes = rivals({"mlp": 0.3, "smote_mlp": 0.35, "gan_mlp": 0.4})
    part = chosen.splits.parts[0]
    tuned = judged("gan_mlp", part, 0.1, "tuned")
    assert leader(chosen, [*outcomes, tuned]) == "mlp"
    both = [judged("mlp", part, 0.2, "tuned"), judged("smote_mlp", part, 0.2, "tuned"), tuned]
    assert leader(chosen, [*outcomes, *both]) == "gan_mlp"
    assert leader(chosen, [*rivals({"mlp": 0.5, "smote_mlp": 0.5, "gan_mlp": 0.4})[1], tuned]) == "gan_mlp"


def test_energy_counts_the_gpu_from_start_to_end_of_a_job_and_is_silent_where_its_power_is_unknown():
    chosen = plan()

    def energy(watts, *more):
        outcomes = [
            replace(o, cost=replace(o.cost, device="cuda", gpu_watts=watts)) if o.job.learner == "mlp" else o
            for o in all_outcomes(chosen)
        ]
        study = replace(outcomes[3], job=replace(outcomes[3].job, stage="tuned"))
        outcomes += [study, *more]
        standing = standings(DATASET, PROFILE, chosen, outcomes, Constraints())
        board = leaderboard(standing, DATASET, PROFILE, chosen, outcomes)
        return {row["learner"]: row["energy_wh_estimated"] for row in board}

    # three defaults of 1 s and a fit of 0.5 s, a study of 1 s that kept its default's fit; 1.5 CPU seconds each
    assert energy(300.0)["mlp"] == pytest.approx((4 * 1.5 * 12 + (3 * 1.5 + 1.0) * 300) / 3600)
    assert energy(None)["mlp"] is None and energy(None)["linear"] == pytest.approx(3 * 1.5 * 12 / 3600)


def without_xgboost_on_the_last_cut(**instead):
    """xgboost leads on cuts 0 and 1; on cut 2 it is as `instead` says, so that linear leads there."""
    outcomes = all_outcomes(plan())
    last = next(o for o in outcomes if o.job.learner == "xgboost" and o.job.split == 2)
    return [replace(last, **instead) if o is last else o for o in outcomes]


@pytest.mark.parametrize(
    ("instead", "judged"),
    [
        ({"status": "timeout", "predictions": None, "inner_error": None}, (0, 1)),
        ({"inner_error": 0.4, "cut_short": True}, (0, 1)),
        # Who breaks down is part of how a family does.
        ({"status": "failed", "predictions": None, "inner_error": None}, (0, 1, 2)),
        ({"inner_error": 0.4}, (0, 1, 2)),
    ],
)
def test_a_cut_on_which_the_clock_stopped_who_leads_elsewhere_does_not_count(instead, judged):
    standing = standings(DATASET, PROFILE, plan(), without_xgboost_on_the_last_cut(**instead), Constraints())
    assert standing.champions["classical"][2].job.learner == "linear"
    assert standing.cuts.numbers == judged


def test_who_is_cut_short_and_leads_all_the_same_leaves_all_cuts():
    short = [replace(o, cut_short=o.job.learner == "xgboost") for o in all_outcomes(plan())]
    assert standings(DATASET, PROFILE, plan(), short, Constraints()).cuts.numbers == (0, 1, 2)
    once = [replace(o, cut_short=o.job.learner == "xgboost" and o.job.split == 2) for o in all_outcomes(plan())]
    assert standings(DATASET, PROFILE, plan(), once, Constraints()).cuts.numbers == (0, 1, 2), "it leads there as well"
