import numpy as np
import pandas as pd
import pytest
from cases import Case
from comparisons import _codes, drawn, effect, facts, truth

from advisor import walk
from advisor.advice import Advice
from advisor.metrics import METRICS


def line_of_dots(rows=1500, classes=True):
    """A straight line, which a linear model learns and a constant does not; labels are texts or numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=list("abc"))
    value = 2 * frame["a"] - frame["b"] + rng.normal(size=rows)
    frame["y"] = np.where(value > 0, "yes", "no") if classes else value
    return frame


def document(metric, classical, neural, recommended="classical"):
    return {
        "metric": metric, "min_gain": 0.02, "environment": {"seed": 0, "device": "cpu"},
        "recommended": {"family": recommended},
        "champions": {
            "classical": {"learner": classical, "params": {}, "score": 0.5},
            "neural": neural and {"learner": neural, "params": {}, "score": 0.5},
            "blend": None,
        },
    }  # fmt: skip


def measured(frame, metric, tmp_path, **champions):
    sample, rest = drawn(frame, Case("t1", "d", "auto", 400, 0))
    dataset, profile = walk.read(sample, "y"), walk.profile(sample, "y")
    return truth(Advice(document(metric, **champions), tmp_path), dataset, profile, rest, "y", 10.0)


@pytest.mark.parametrize(("classes", "metric"), [(True, "log_loss"), (False, "rmse")])
def test_the_truth_knows_which_of_two_models_is_better_on_rows_not_drawn(classes, metric, tmp_path):
    frame = line_of_dots(classes=classes)
    found = measured(frame, metric, tmp_path, classical="tree", neural="linear")
    assert found["rows"] == len(frame) - 400
    assert found["errors"]["neural"] < found["errors"]["catboost"] < found["errors"]["dummy"]
    assert found["class"] == "worth_it"
    turned = measured(frame, metric, tmp_path, classical="linear", neural="tree")
    assert turned["class"] == "not_worth_it"
    assert turned["theta"] == pytest.approx(-found["theta"]) and turned["se"] == pytest.approx(found["se"])


def test_without_a_net_there_is_no_true_effect(tmp_path):
    found = measured(line_of_dots(), "roc_auc", tmp_path, classical="linear", neural=None)
    assert "theta" not in found and set(found["errors"]) == {"classical", "catboost", "dummy"}


def test_rows_are_drawn_once_and_alike_each_time():
    frame = line_of_dots()
    case = Case("t1", "d", "auto", 400, 1)
    (sample, rest), (again, _) = drawn(frame, case), drawn(frame, case)
    pd.testing.assert_frame_equal(sample, again)
    assert len(sample) == 400 and not set(sample["a"]) & set(rest["a"])
    assert not drawn(frame, Case("t1", "d", "auto", 400, 0))[0].equals(sample)
    assert len(drawn(frame, Case("t2", "d", "auto", 10_000, 0))[0]) == len(frame)


def test_a_class_that_was_not_drawn_is_left_out_of_the_truth():
    frame = line_of_dots()
    dataset = walk.read(frame, "y")
    codes, kept = _codes(dataset, pd.Series(["no", "perhaps", "yes", "no"]))
    assert kept.tolist() == [0, 2, 3]
    assert codes.tolist() == [0, 1, 0]


def test_whole_numbers_are_the_same_class_however_they_are_written():
    frame = line_of_dots().assign(y=np.arange(1500) % 2)
    codes, _ = _codes(walk.read(frame, "y"), pd.Series([1.0, 0.0, 1.0]))
    assert codes.tolist() == [1, 0, 1]


def test_the_true_effect_is_the_log_ratio_with_an_error_that_shrinks_with_rows():
    rng = np.random.default_rng(0)
    hard = rng.exponential(size=40_000)
    left, right = hard, 0.9 * hard * rng.gamma(8, 1 / 8, 40_000)
    theta, se = effect(left, right, METRICS["mae"])
    assert theta == pytest.approx(-np.log(0.9), abs=4 * se)
    assert effect(left[:10_000], right[:10_000], METRICS["mae"])[1] == pytest.approx(2 * se, rel=0.1)


def test_what_is_scored_of_a_verdict_is_there():
    verdict = {
        **document("roc_auc", "linear", "mlp"), "answer": "worth_it", "p_worth": 0.99, "gain": {}, "looks": [],
        "recommended": {"family": "neural", "learner": "mlp", "score": 0.9, "reason": ""},
        "budget": {"seconds": 60, "spent_seconds": 30},
        "cost": {"classical": {"cpu_seconds": 1}, "neural": {"cpu_seconds": 2}},
        "leaderboard": [{"learner": "mlp", "status": "ok"}, {"learner": "knn", "status": "failed"}], "splits": {},
    }  # fmt: skip
    found = facts(verdict)
    assert found["learners"] == ["mlp"] and found["spent_seconds"] == 30 and found["blend"] is None
