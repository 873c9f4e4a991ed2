import json
from dataclasses import replace

import ablate
import lines
import numpy as np
import pytest
from ablate import Kept, ablated, champions, first_split
from cases import LARGE, PUBLISHED, is_scored, t1_cases, t2_cases
from look_rule import answer_at, first_answer

from advisor.evidence import StandardError, posterior
from advisor.records import Comparison


def test_the_frozen_lists_are_as_large_as_they_should_be():
    assert sum(map(is_scored, LARGE)) >= 8
    assert sum(is_scored(entry.dataset) for entry in PUBLISHED) >= 25
    keys = [case.key for case in (*t1_cases(), *t2_cases())]
    assert len(set(keys)) == len(keys)
    assert {(case.rows, case.seed) for case in t1_cases()} == {(n, s) for n in (500, 2000, 10_000) for s in (0, 1)}


def test_published_verdicts_have_the_sign_of_their_gain():
    assert all(entry.gain > 0 for entry in PUBLISHED if entry.verdict == "nn")
    assert all(entry.gain < 0 for entry in PUBLISHED if entry.verdict == "tree")


def test_half_a_line_of_a_killed_run_is_no_result_and_spoils_none(tmp_path):
    path = tmp_path / "t1.jsonl"
    lines.append(path, {"key": "a", "value": 1})
    with path.open("a") as file:
        file.write('{"key": "b", "val')
    assert list(lines.read(path)) == ["a"]
    lines.append(path, {"key": "c", "value": float("nan")})
    assert lines.read(path)["c"] == {"key": "c", "value": None}
    assert list(lines.read(path)) == ["a", "c"]


def test_a_failed_case_is_run_again_and_a_later_result_counts(tmp_path):
    path = tmp_path / "t1.jsonl"
    lines.append(path, {"key": "a", "status": "failed"})
    assert lines.read(path) == {}
    lines.append(path, {"key": "a", "status": "ok", "answer": "worth_it"})
    assert lines.read(path)["a"]["answer"] == "worth_it"
    lines.write(path, [{"key": "z"}])
    assert list(lines.read(path)) == ["z"]
    assert lines.read(tmp_path / "none.jsonl") == {}


def effect(theta, se, theta_min=0.02):
    error = StandardError(se, None, "")
    return Comparison(
        theta, se, None, theta - 1.645 * se, theta + 1.645 * se, 0.9, posterior(theta, error, theta_min),
        error.chance(theta - theta_min, se), theta_min, 2.485 * se, 1.0, 1.0, 1000, "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "theta", "answer"),
    [
        ("defaults", 0.30, None),
        ("defaults", -0.03, None),
        ("defaults", -0.20, "not_worth_it"),
        ("tuned", 0.038, None),
        ("tuned", 0.05, "worth_it"),
        ("tuned", -0.01, "not_worth_it"),
        ("final", 0.038, "worth_it"),
        ("final", 0.02, "too_close_to_call"),
    ],
)
def test_early_looks_ask_for_more_and_defaults_may_only_give_up(stage, theta, answer):
    assert answer_at(stage, effect(theta, 0.01)) == answer


def test_what_tuning_may_add_keeps_hope_alive():
    behind = effect(-0.05, 0.001)
    assert first_answer([("defaults", behind), ("tuned", behind)]) == ("not_worth_it", "tuned")
    assert first_answer([("defaults", None), ("tuned", None), ("final", None)])[0] == "not_enough_evidence"


def kept(rows=1000, folds=5):
    """Two classical learners and two nets; the second net has the better inner error, the first the better outer."""
    rng = np.random.default_rng(0)
    hard = rng.exponential(size=rows)
    fold_of = rng.permutation(rows) % folds
    arrays = {"repeats": np.array([[fold, 0] for fold in range(folds)])}
    jobs = []
    levels = {"linear": (1.0, 0.30), "forest": (1.2, 0.40), "mlp": (0.8, 0.35), "tabm": (1.5, 0.25)}
    for fold in range(folds):
        test = np.flatnonzero(fold_of == fold)
        arrays[f"test {fold}"] = test
        for name, (level, inner) in levels.items():
            for stage, worse in (("default", 1.1), ("tuned", 1.0)):
                key = f"{stage}-{name}-{fold}"
                arrays[key] = level * worse * hard[test] * rng.gamma(8, 1 / 8, len(test))
                family = "neural" if name in ("mlp", "tabm") else "classical"
                jobs.append(
                    {
                        "key": key, "learner": name, "family": family, "stage": stage, "split": fold,
                        "inner_error": inner * worse, "error": float(arrays[key].mean()), "cut_short": False,
                        "seconds": 1.0 if stage == "default" else 3.0, "trials": 5,
                    }
                )  # fmt: skip
    about = {
        "jobs": jobs, "rows": rows, "encoded_columns": 5, "metric": "mae", "folds": folds, "kind": "stratified",
        "min_gain": 0.01,
    }  # fmt: skip
    return Kept(about, arrays)


def test_champions_are_those_of_the_score_they_are_chosen_by():
    by_inner, by_outer = (champions(kept(), tuned=True, by=by) for by in ("inner_error", "error"))
    assert {job["learner"] for job in by_inner["neural"].values()} == {"tabm"}
    assert {job["learner"] for job in by_outer["neural"].values()} == {"mlp"}
    assert all(job["stage"] == "tuned" for job in by_inner["classical"].values())
    untuned = champions(kept(), tuned=False, by="inner_error")
    assert all(job["stage"] == "default" for job in untuned["classical"].values())


def test_rules_are_replayed_from_what_was_kept():
    found = ablated(kept())
    assert found["answers"]["ours, replayed"] == found["answers"]["no looks"] == "not_worth_it"
    assert found["answers"]["champions by outer score"] == "worth_it"
    assert set(found["answers"]) >= {"naive t", "Nadeau-Bengio", "no prior"}
    assert found["stage"] == "defaults" and found["share_of_seconds"] == pytest.approx(0.25)
    assert first_split(kept()) == "classical"


def test_one_cut_alone_is_not_compared():
    whole = kept()
    jobs = [job for job in whole.about["jobs"] if job["family"] == "classical" or job["split"] == 0]
    found = ablated(replace(whole, about={**whole.about, "jobs": jobs}))
    assert found["answers"] == {} and found["stage"] is None
    assert json.dumps(found)


def test_what_is_kept_is_read_as_it_was(tmp_path):
    whole = kept()
    path = tmp_path / "kept" / "t1-d-1000-0.npz"
    path.parent.mkdir()
    np.savez_compressed(path, about=np.array(json.dumps(whole.about)), **whole.arrays)
    ablate.write(tmp_path)
    assert lines.read(tmp_path / "ablations.jsonl")["t1-d-1000-0"]["answers"] == ablated(whole)["answers"]
