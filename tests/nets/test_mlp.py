"""The MLP as a learner: smooth interactions, categories it never saw, and a life between machines."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from advisor.contracts import FitReport
from advisor.errors import UserError
from advisor.learners.mlp import MLPClassifier, MLPRegressor
from advisor.nets.device import GpuMemory


def _places(rows, seed, levels=40):
    """A table whose target is decided by a long and a short category and a number."""
    rng = np.random.default_rng(seed)
    place, kind = rng.integers(0, levels, rows), rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=rows).astype(np.float32),
            "place": pd.Categorical.from_codes(place, [f"place {i}" for i in range(levels)]),
            "kind": pd.Categorical.from_codes(kind, ["a", "b", "c"]),
        }
    )
    return frame, np.where(place % 2, 1.0, -1.0) + (kind == 1) + 0.3 * frame["size"].to_numpy()


def test_a_smooth_interaction_is_learnt_better_than_trees_learn_it():
    # The sign of each product is an XOR: no first split helps a tree to find it.
    numbers = np.random.default_rng(0).uniform(-1, 1, size=(2500, 4))
    target = np.sin(3 * (numbers[:, 0] * numbers[:, 1] + numbers[:, 2] * numbers[:, 3]))
    train, test = slice(2000), slice(2000, None)

    def error(model):
        return np.sqrt(np.mean((model.fit(numbers[train], target[train]).predict(numbers[test]) - target[test]) ** 2))

    net = error(MLPRegressor(width=128, depth=2, epochs=30, learning_rate=5e-3, dropout=0.0))
    trees = [DecisionTreeRegressor(random_state=0, min_samples_leaf=3), RandomForestRegressor(100, random_state=0)]
    assert net < 0.7 * min(map(error, trees))


@pytest.mark.parametrize("levels", [8, 40], ids=["one-hot", "embedded"])
def test_categories_are_learnt_and_unseen_ones_are_answered(levels):
    frame, target = _places(1500, 0, levels)
    net = MLPRegressor(width=64, depth=2, epochs=30, learning_rate=3e-3).fit(frame, target)
    fresh, truth = _places(500, 1, levels)
    assert np.mean((net.predict(fresh) - truth) ** 2) < 0.1 * truth.var()

    strange = fresh.assign(place=pd.Categorical(["nowhere"] * len(fresh)))
    missing = fresh.assign(place=pd.Categorical([None] * len(fresh), categories=fresh["place"].cat.categories))
    np.testing.assert_array_equal(net.predict(strange), net.predict(missing))
    # What is left without the place is known; its effect of +-1 is not guessed wildly.
    centre = net.predict(strange) - (truth - np.where(fresh["place"].cat.codes % 2, 1.0, -1.0))
    assert abs(centre.mean()) < 0.8


def test_a_missing_level_that_training_rows_had_is_learnt():
    frame, target = _places(1500, 0)
    frame.loc[::3, "place"] = None
    target[::3] = 4.0
    net = MLPRegressor(width=64, depth=2, epochs=30, learning_rate=3e-3).fit(frame, target)
    assert np.abs(net.predict(frame.iloc[::3]) - 4.0).mean() < 0.5


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_net_comes_out_of_a_pickle_with_the_same_answers(device):
    frame, target = _places(300, 0)
    net = MLPClassifier(epochs=3, device=device).fit(frame, target > 0)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(frame), net.predict_proba(frame))
    assert {weight.device.type for weight in again.models_[0].parameters()} == {"cpu"}


@pytest.mark.parametrize(("peaks", "most"), [([30.0, 40.0], 40.0), ([40.0, 30.0], 40.0), ([None, None], None)])
def test_a_fit_tells_its_gpu_and_the_most_it_held_there_refit_included(monkeypatch, peaks, most):
    class Memory(GpuMemory):
        def __exit__(self, *exception):
            self.peak_mb = left.pop(0)

    left = list(peaks)
    monkeypatch.setattr("advisor.nets.device.GpuMemory", Memory)
    monkeypatch.setattr("advisor.nets.device.device_name", lambda device: f"a {device.type} of ours")
    frame, target = _places(300, 0)
    net = MLPRegressor(epochs=2, refit=True)
    net.fit_report_ = FitReport(gpu_memory_mb=99.0)  # as an earlier fit may have left it
    report = net.fit(frame, target).fit_report_
    assert (report.device, report.device_name, report.gpu_memory_mb) == ("cpu", "a cpu of ours", most) and not left


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU on this machine")
def test_a_net_trained_on_a_gpu_says_so():
    frame, target = _places(300, 0)
    report = MLPClassifier(epochs=2, device="cuda").fit(frame, target > 0).fit_report_
    assert (report.device, report.device_name) == ("cuda", torch.cuda.get_device_name()) and report.gpu_memory_mb > 0


def test_the_same_seed_gives_the_same_net():
    frame, target = _places(300, 0)
    first, again, other = (
        MLPRegressor(epochs=3, random_state=seed).fit(frame, target).predict(frame) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_learning_curve_has_one_value_an_epoch():
    frame, target = _places(300, 0)
    curve = MLPClassifier(epochs=4, patience=9).fit(frame, target > 0).fit_report_.curve
    assert set(curve) == {"epoch", "train_loss", "valid_loss", "learning_rate", "seconds"}
    assert curve["epoch"] == (1.0, 2.0, 3.0, 4.0)
    assert np.isfinite([value for values in curve.values() for value in values]).all()


def test_no_time_at_all_still_leaves_a_net():
    frame, target = _places(2000, 0)
    net = MLPClassifier(epochs=1000, seconds=0.0).fit(frame, target > 0)
    assert len(net.fit_report_.curve["epoch"]) == 1
    assert np.isfinite(net.predict_proba(frame)).all()


def test_numbers_with_gaps_are_refused_when_learning_and_when_asked():
    frame, target = _places(100, 0)
    gappy = frame.assign(size=frame["size"].where(frame["size"] > 0))
    with pytest.raises(UserError, match="NaN among numbers; impute them first"):
        MLPRegressor(epochs=1).fit(gappy, target)
    with pytest.raises(UserError, match="NaN among numbers; impute them first"):
        MLPRegressor(epochs=1).fit(frame, target).predict(gappy)


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "balanced_accuracy"])
def test_every_metric_of_classes_trains_a_net_with_skill(metric):
    frame, target = _places(800, 0, levels=8)
    net = MLPClassifier(metric=metric, width=64, epochs=15, label_smoothing=0.1 if metric == "accuracy" else 0.0)
    assert net.fit(frame, target > 0).score(frame, target > 0) > 0.9


def test_the_absolute_error_ignores_what_the_squared_error_follows():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(1000, 2)).astype(np.float32)
    target = rng.exponential(size=1000) ** 2

    def middle(metric):
        return MLPRegressor(metric=metric, width=32, depth=1, epochs=15).fit(numbers, target).predict(numbers).mean()

    assert middle("mae") < 0.6 * middle("rmse")


def test_the_learner_is_known_without_loading_torch():
    code = "import sys; from advisor.learners.mlp import LEARNER; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_held_rows_it_trains_as_many_epochs_as_were_planned_on_all_of_them():
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = MLPClassifier(epochs=7, patience=1, refit=True, validation_fraction=0.0).fit(X, y)
    curve = model.fit_report_.curve
    assert model.best_iteration_ == 7 and len(curve["train_loss"]) == 7 and "valid_loss" not in curve
    assert not model.fit_report_.cut_short and (model.shares_back_ == 1).all()
    # A class of one row is learnt from, too.
    y[0] = 2
    assert MLPClassifier(epochs=2, validation_fraction=0.0).fit(X, y).predict_proba(X).shape == (60, 3)
