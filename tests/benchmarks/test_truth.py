import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import truth
from sklearn.linear_model import LogisticRegression, Ridge

from advisor import learners, modalities, model_files, profiling, walk
from advisor.contracts import Setting
from advisor.judging import verdict
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
            model_files.write(model, tmp_path / "folds" / f"{key}-{part}.npz")
        files[key] = [f"folds/{key}-{part}.npz" for part in range(2)]
    one = {key: {key: {"weight": 1.0, "files": files[key]}} for key in keys}
    both = {key: {"weight": 0.5, "files": files[key]} for key in keys}
    content = {"options": {"classical": one["linear-default"], "neural": one["tree-default"], "blend": both}}
    (tmp_path / "folds" / "options.json").write_text(json.dumps(content))
    # A reading may have compared who is in no option any more, and has no model of a fold left.
    tried = keys | {"knn-default": ("knn", "classical")}
    pd.DataFrame(
        [("fold", key, learner, family, "{}", family == "neural") for key, (learner, family) in tried.items()],
        columns=["kind", "candidate", "learner", "family", "params", "cut_short"],
    ).to_parquet(tmp_path / "outcomes.parquet")
    others = truth.unseen(dataset, rest)
    pairs = {
        "alone": ({"linear-default": 1.0}, {"tree-default": 1.0}),
        "in_company": ({"linear-default": 1.0}, {"linear-default": 3.0, "knn-default": 1.0}),
    }
    found = truth.measured(tmp_path, dataset, METRICS["log_loss"], others, seed=0, workers=1, pairs=pairs)
    options = found["options"]
    assert options["blend"]["members"] == {"linear": 0.5, "tree": 0.5}
    assert options["blend"]["cut_short"] == ["tree"] and options["classical"]["cut_short"] == []
    for way in truth.WAYS:
        assert options["classical"][way]["error"] < options["neural"][way]["error"]
        assert options["blend"][way]["error"] < options["neural"][way]["error"]
    assert options["classical"]["folds"]["model_mb"] > options["classical"]["refits"]["model_mb"]
    for which, way in (("classical", "refits"), ("neural", "folds")):
        assert options[which]["nets_folds"]["error"] == options[which][way]["error"]
    assert options["classical"]["handed"]["error"] == options["classical"]["refits"]["error"]
    halves = sorted(options["neural"][way]["error"] for way in ("refits", "folds"))
    assert options["neural"]["handed"]["error"] < np.mean(halves), "the loss of a mean is below the mean of the losses"
    assert options["neural"]["handed"]["model_mb"] > options["neural"]["nets_folds"]["model_mb"]
    errors = {which: option["handed"]["error"] for which, option in options.items()}
    assert found["effects"]["classical/neural"][0] == pytest.approx(np.log(errors["classical"] / errors["neural"]))
    assert found["effects"]["classical/blend"][1] > 0
    assert found["true"]["alone"] == found["effects"]["classical/neural"]
    assert found["true"]["in_company"][0] not in (None, pytest.approx(0.0)) and found["true"]["in_company"][1] > 0
    assert set(options) == {"classical", "neural", "blend"}, "who was only compared is no option"


def test_a_side_that_cannot_be_fitted_again_has_no_truth():
    said = {"a": np.array([0.1, 0.2]), "b": np.array([0.3, 0.1])}
    others = truth.Unseen(pd.DataFrame(index=range(2)), np.array([0.0, 0.0]))
    rmse = METRICS["rmse"]
    assert truth._true(({"a": 1.0}, {"c": 1.0}), said, others, rmse) is None
    theta, se = truth._true(({"a": 1.0}, {"a": 2.0, "b": 2.0}), said, others, rmse)
    assert theta == pytest.approx(np.log(np.sqrt(0.025) / np.sqrt(0.03125))) and se > 0


def test_verdicts_are_heard_while_they_are_judged_and_not_after(monkeypatch):
    alone = SimpleNamespace(
        without=SimpleNamespace(members={"linear-default": 1.0}), with_nets=SimpleNamespace(members={"mlp-1": 1.0})
    )
    judged = SimpleNamespace(readings={"alone": alone})
    monkeypatch.setattr(verdict, "judge", lambda *given: judged)
    before = verdict.judge
    with truth.judged() as seen:
        assert verdict.judge("decided", "final") is judged
    assert seen == [judged] and verdict.judge is before
    assert truth.pairs_of(seen[-1]) == {"alone": ({"linear-default": 1.0}, {"mlp-1": 1.0})}


def test_a_first_complete_answer_has_both_readings():
    looks = [{"seconds": 3.0, "readings": {}}, {"seconds": 5.0, "readings": {"alone": 0.4}},
             {"seconds": 9.0, "readings": {"alone": 0.4, "in_company": 0.2}},
             {"seconds": 20.0, "readings": {"alone": 0.4, "in_company": 0.2}}]  # fmt: skip
    assert truth.first_answer({"looks": looks}) == 9.0
    assert truth.first_answer({"looks": looks[:2]}) is None
