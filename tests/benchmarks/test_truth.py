import json

import joblib
import numpy as np
import pandas as pd
import pytest
import truth
from sklearn.linear_model import LogisticRegression, Ridge

from advisor import learners, modalities, profiling, walk
from advisor.contracts import Setting
from advisor.measuring.metrics import METRICS


def line_of_dots(rows=1_000, classes=True):
    """A straight line, which a linear model learns and a constant does not; labels are texts or numbers."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=list("abc"))
    value = 2 * frame["a"] - frame["b"] + rng.normal(size=rows)
    return frame.assign(y=np.where(value > 0, "yes", "no") if classes else value)


def test_a_class_that_was_not_drawn_is_left_out_of_the_truth():
    dataset = walk.read(line_of_dots(), "y")
    rest = pd.DataFrame({"a": range(4), "y": ["no", "perhaps", "yes", "no"]})
    others = truth.unseen(dataset, rest)
    assert others.rows["a"].tolist() == [0, 2, 3]
    assert [dataset.classes[code] for code in others.target] == ["no", "yes", "no"]


def test_a_copy_of_a_seen_row_is_no_new_row_where_copies_are_kept_together():
    frame = line_of_dots(300)
    twice = pd.concat([frame, frame.head(200)], ignore_index=True)
    rest = pd.concat([frame.head(50), line_of_dots(400).tail(100)], ignore_index=True)
    left = truth.new_rows(walk.read(twice, "y"), twice, rest)
    assert left["a"].tolist() == rest["a"].tail(100).tolist() and list(left.index) == list(range(100))
    assert truth.new_rows(walk.read(frame, "y"), frame, rest) is rest, "this table has nothing twice"


def test_answers_come_in_the_order_of_the_classes():
    frame = line_of_dots()
    dataset = walk.read(frame, "y")
    model = LogisticRegression().fit(frame[list("abc")], frame["y"])
    model.classes_ = model.classes_[::-1]
    assert truth.answered(model, frame[list("abc")], dataset)[:, ::-1] == pytest.approx(
        model.predict_proba(frame[list("abc")])
    )
    values = line_of_dots(classes=False)
    fitted = Ridge().fit(values[list("abc")], values["y"])
    assert truth.answered(fitted, values[list("abc")], walk.read(values, "y")).shape == (len(values),)


@pytest.mark.parametrize("classes", [True, False])
def test_catboost_as_shipped_takes_words_and_gaps_as_they_are(classes):
    frame = line_of_dots(400, classes)
    frame["word"] = pd.Series(np.where(frame["a"] > 0, "up", "down")).where(frame["b"] > -1)
    frame["yes"] = frame["c"] > 0
    dataset = walk.read(frame.head(300), "y")
    rows = frame.drop(columns="y")
    answer = truth.plain_catboost(dataset, rows.head(300), rows.tail(100))
    metric = METRICS["log_loss" if classes else "rmse"]
    others = truth.unseen(dataset, frame.tail(100))
    assert metric.error(others.target, answer) < metric.error(others.target, truth.constant(dataset, 100))


def test_an_effect_is_a_log_ratio_and_turns_with_its_sides():
    metric, losses = METRICS["rmse"], np.random.default_rng(0).exponential(size=1_000)
    theta, se = truth.effect(4 * losses, losses, metric)
    assert theta == pytest.approx(np.log(2)) and se == pytest.approx(0, abs=1e-12)
    other = np.random.default_rng(1).exponential(size=1_000)
    there, back = truth.effect(losses, other, metric), truth.effect(other, losses, metric)
    assert there[0] == pytest.approx(-back[0]) and there[1] == pytest.approx(back[1])
    assert truth.theta_of(0.01) == pytest.approx(0.01005, rel=1e-3)


def test_errors_of_next_to_nothing_are_no_ratio():
    assert truth.log_ratio(0.2, 0.1, 0.5) == pytest.approx(np.log(2))
    assert truth.log_ratio(0.0, 1e-9, 0.5) == 0
    assert np.isnan(truth.log_ratio(None, 0.1, 0.5))


def test_options_of_a_run_are_measured_both_ways(tmp_path):
    """A linear model and a tree stand for two families, with two models of folds each."""
    frame = line_of_dots()
    sample, rest = frame.head(400), frame.tail(600)
    dataset = walk.read(sample, "y")
    keys = {"linear-default": ("linear", "classical"), "tree-default": ("tree", "neural")}
    setting = Setting(
        profiling.profile(dataset, modalities.find("tabular")), modalities.find("tabular"), "log_loss", 200
    )
    (tmp_path / "folds").mkdir()
    files = {}
    for key, (learner, _) in keys.items():
        for part, rows in enumerate((np.arange(200), np.arange(200, 400))):
            model = learners.find(learner).build(setting, {}).fit(dataset.inputs.take(rows), dataset.target[rows])
            joblib.dump(model, tmp_path / "folds" / f"{key}-{part}.joblib")
        files[key] = [f"folds/{key}-{part}.joblib" for part in range(2)]
    one = {key: {key: {"weight": 1.0, "files": files[key]}} for key in keys}
    both = {key: {"weight": 0.5, "files": files[key]} for key in keys}
    content = {"options": {"classical": one["linear-default"], "neural": one["tree-default"], "blend": both}}
    (tmp_path / "folds" / "options.json").write_text(json.dumps(content))
    pd.DataFrame(
        [("fold", key, learner, family, "{}", family == "neural") for key, (learner, family) in keys.items()],
        columns=["kind", "candidate", "learner", "family", "params", "cut_short"],
    ).to_parquet(tmp_path / "outcomes.parquet")
    others = truth.unseen(dataset, rest)
    found = truth.measured(tmp_path, dataset, METRICS["log_loss"], others, seed=0, workers=1)
    options = found["options"]
    assert options["blend"]["members"] == {"linear": 0.5, "tree": 0.5}
    assert options["blend"]["cut_short"] == ["tree"] and options["classical"]["cut_short"] == []
    for way in truth.WAYS:
        assert options["classical"][way]["error"] < options["neural"][way]["error"]
        assert options["blend"][way]["error"] < options["neural"][way]["error"]
    assert options["classical"]["folds"]["model_mb"] > options["classical"]["refits"]["model_mb"]
    errors = {which: option["refits"]["error"] for which, option in options.items()}
    assert found["effects"]["classical/neural"][0] == pytest.approx(np.log(errors["classical"] / errors["neural"]))
    assert found["effects"]["classical/blend"][1] > 0
