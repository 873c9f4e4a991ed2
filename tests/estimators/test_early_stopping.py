"""The base is tried through a model that can be computed by hand: iteration i predicts i / 10 of the mean."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from advisor.contracts import FitReport
from advisor.estimators import early_stopping
from advisor.estimators.early_stopping import EarlyStopping, EarlyStoppingClassifier, EarlyStoppingRegressor, Trained


class _Scripted(EarlyStopping):
    """Plays back `script` as held losses and remembers what the hooks were given."""

    def __init__(
        self,
        script=(3.0, 2.0, 1.0, 2.0),
        metric=None,
        validation_fraction=0.2,
        patience=2,
        refit=False,
        trainings=1,
        seconds=None,
        random_state=0,
        n_jobs=1,
    ):
        self.script = script
        self.metric = metric
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.refit = refit
        self.trainings = trainings
        self.seconds = seconds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _train(self, X, y, X_held, y_held, deadline):
        self.seen_ = (X, y, X_held, y_held, deadline)
        return Trained(np.bincount(y) / len(y) if y.dtype.kind == "i" else 0.0, 3, tuple(self.script))

    def _retrain(self, X, y, iterations, deadline):
        self.refitted_ = (len(X), iterations)
        return Trained("a model of all rows", iterations)

    def _raw_predict(self, model, X):
        self.asked_ = X
        return np.tile(model, (len(X), 1)) if np.ndim(model) else np.full(len(X), model)


class Classifier(EarlyStoppingClassifier, _Scripted):
    pass


class Regressor(EarlyStoppingRegressor, _Scripted):
    pass


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(size=(200, 3))


@pytest.mark.parametrize(
    ("rows", "fraction", "held"),
    [(1000, 0.2, 200), (1000, 0.1, 100), (40, 0.2, 10), (30, 0.2, 10), (12, 0.2, 4), (300_000, 0.2, 50_000)],
)
def test_how_many_rows_are_held_out(rows, fraction, held):
    X = np.arange(rows, dtype=float)[:, None]
    model = Regressor(validation_fraction=fraction).fit(X, X[:, 0])
    kept, held_rows = model.seen_[0][:, 0], model.seen_[2][:, 0]
    assert len(held_rows) == held
    assert sorted([*kept, *held_rows]) == list(range(rows))


def test_classes_are_held_out_in_their_shares(numbers):
    y = np.repeat(["rare", "usual"], [20, 180])
    model = Classifier().fit(numbers, y)
    assert np.bincount(model.seen_[3]).tolist() == [4, 36]


@pytest.mark.parametrize(
    "labels", [np.array(["no", "yes"]), np.array([7, -3]), np.array([True, False]), np.array([0.0, 1.0])]
)
def test_any_labels_become_codes_and_come_back(numbers, labels):
    y = labels[np.arange(200) % 2]
    model = Classifier().fit(numbers, y)
    assert set(model.seen_[1]) == {0, 1}
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert model.predict(numbers).dtype == model.classes_.dtype
    np.testing.assert_allclose(model.predict_proba(numbers).sum(axis=1), 1)


def test_rows_of_one_group_are_held_out_together_and_the_latest_where_times_are_told(numbers):
    rows, groups, times = np.arange(200.0)[:, None], np.arange(200) % 25, np.arange(200)[::-1]
    model = Regressor().fit(rows, rows[:, 0], groups=groups)
    kept, held = (model.seen_[place][:, 0].astype(int) for place in (0, 2))
    assert not set(groups[kept]) & set(groups[held])
    model = Classifier().fit(rows, np.arange(200) % 2, times=times)
    kept, held = (model.seen_[place][:, 0].astype(int) for place in (0, 2))
    assert times[kept].max() < times[held].min()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(rows, np.arange(200) % 2, groups=groups[:-1])


def test_a_class_that_only_the_latest_rows_have_is_learnt():
    rows, labels = np.arange(200.0)[:, None], np.repeat([0, 1], [170, 30])
    model = Classifier().fit(rows, labels, times=np.arange(200))
    assert set(model.seen_[1]) == set(model.seen_[3]) == {0, 1}


def test_no_class_goes_missing_from_the_rows_to_learn_from():
    y = np.array([0, 1, 2, 3])
    model = Classifier().fit(np.arange(4.0)[:, None], y)
    assert sorted(model.seen_[1]) == [0, 1, 2, 3]


def test_a_target_is_standardised_for_the_hooks_and_restored_for_the_user(numbers):
    y = 1e9 + 1e3 * numbers[:, 0]
    model = Regressor().fit(numbers, y)
    whole = np.concatenate([model.seen_[1], model.seen_[3]])
    np.testing.assert_allclose([whole.mean(), whole.std()], [0, 1], atol=1e-9)
    np.testing.assert_allclose(model.predict(numbers), y.mean())
    np.testing.assert_allclose(model.fit_report_.curve["held_rmse"], np.array(model.script) * y.std())


def test_a_constant_target_is_predicted(numbers):
    assert Regressor().fit(numbers, np.full(200, 5.0)).predict(numbers[:3]).tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("kind", "metric", "name"),
    [
        (Classifier, "roc_auc", "held_log_loss"),
        (Classifier, "accuracy", "held_log_loss"),
        (Regressor, None, "held_rmse"),
        (Regressor, "rmse", "held_rmse"),
        (Regressor, "mae", "held_mae"),
    ],
)
def test_the_metric_picks_the_loss(numbers, kind, metric, name):
    model = kind(metric=metric).fit(numbers, (numbers[:, 0] > 0).astype(int))
    assert list(model.fit_report_.curve) == [name]
    assert model.best_iteration_ == 3


def test_a_refit_sees_all_rows_for_the_best_number_of_iterations(numbers):
    y = numbers[:, 0]
    assert not hasattr(Regressor().fit(numbers, y), "refitted_")
    assert Regressor(refit=True).fit(numbers, y).refitted_ == (200, 3)


class _Clock:
    """Stands still until somebody waits."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def wait(self, hook, seconds):
        """Let `hook` take so many seconds before it does its work."""

        def slow(*arguments):
            self.now += seconds
            return hook(*arguments)

        return slow


@pytest.fixture
def clock(monkeypatch):
    clock = _Clock()
    monkeypatch.setattr(early_stopping, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("seconds", "refit_takes", "begun", "used"),
    [
        # Training took 10 s for 4 iterations of 160 rows; 3 of 200 are expected to take 1.2 * 9.375 s.
        (None, 11.0, True, True),
        (22.0, 11.0, True, True),
        (21.0, 11.0, False, False),
        (0.0, 11.0, False, False),
        # A machine that got busier: what came too late is not waited for by others, so it is not used either.
        (22.0, 13.0, True, False),
    ],
)
def test_a_refit_ends_in_time_or_is_not_used(monkeypatch, clock, numbers, seconds, refit_takes, begun, used):
    monkeypatch.setattr(Regressor, "_train", clock.wait(Regressor._train, 10.0))
    monkeypatch.setattr(Regressor, "_retrain", clock.wait(Regressor._retrain, refit_takes))
    model = Regressor(refit=True, seconds=seconds).fit(numbers, numbers[:, 0])
    assert hasattr(model, "refitted_") == begun
    assert (model.models_ == ["a model of all rows"]) == used
    assert model.fit_report_.cut_short == (seconds == 0.0)


class Varied(Regressor):
    """What it predicts differs with the seed and with the rows held out."""

    def _train(self, X, y, X_held, y_held, deadline):
        self.held_ = [*getattr(self, "held_", []), X_held[:, 0]]
        return Trained(float(X_held[:, 0].mean() + self.seed_ % 7), 3, (3.0, 2.0, 1.0))


def test_the_mean_of_several_trainings_predicts_each_with_a_seed_and_held_rows_of_its_own(numbers):
    y = numbers[:, 0]
    one, three = (Varied(trainings=count).fit(numbers, y) for count in (1, 3))
    assert len(three.models_) == 3 and three.models_[0] == one.models_[0], "the first is the one there was alone"
    assert len(set(three.models_)) == 3 and not np.array_equal(three.held_[0], three.held_[1])
    np.testing.assert_allclose(three.predict(numbers[:2]), np.mean(three.models_) * y.std() + y.mean())
    again = Varied(trainings=3).fit(numbers, y)
    assert again.models_ == three.models_


def test_probabilities_are_averaged_after_each_was_taken_back_to_the_shares_given(numbers):
    model = Classifier(trainings=2).fit(numbers, np.arange(200) % 2)
    model.models_, model.shares_back_ = [np.array([0.5, 0.5]), np.array([0.2, 0.8])], np.array([[1.0, 3.0], [1.0, 1.0]])
    np.testing.assert_allclose(model.predict_proba(numbers[:1]), [[(0.25 + 0.2) / 2, (0.75 + 0.8) / 2]])


@pytest.mark.parametrize(
    ("seconds", "takes", "kept"),
    [
        (None, [10.0, 10.0, 10.0], 3),
        (32.0, [10.0, 10.0, 10.0], 3),
        (31.0, [10.0, 10.0, 10.0], 2),
        (21.0, [10.0, 10.0, 10.0], 1),
        # Cut short: what has learnt less than the others is not among them.
        (32.0, [10.0, 30.0, 10.0], 1),
        (5.0, [10.0, 10.0, 10.0], 1),
    ],
)
def test_no_training_is_begun_that_would_not_end_in_time(monkeypatch, clock, numbers, seconds, takes, kept):
    left = iter(takes)

    def train(self, *arguments):
        clock.now += next(left)
        return Trained(0.0, 3, (3.0, 2.0, 1.0))

    monkeypatch.setattr(Regressor, "_train", train)
    model = Regressor(trainings=3, seconds=seconds).fit(numbers, numbers[:, 0])
    assert len(model.models_) == kept and model.fit_report_.cut_short == (seconds == 5.0)


def test_the_deadline_counts_from_the_start_of_the_fit_and_is_told_to_all(monkeypatch, clock, numbers):
    told = []
    monkeypatch.setattr(Regressor, "_train", clock.wait(Regressor._train, 5.0))
    monkeypatch.setattr(
        Regressor, "_retrain", lambda *arguments: told.append(arguments[-1]) or Trained("a model of all rows", 3)
    )

    def augment(X, y, cardinalities, seed, deadline):
        clock.now += 7.0
        told.append(deadline)
        return X[:0], y[:0]

    model = Regressor(refit=True, seconds=50.0)
    model.augment = augment
    model.fit(numbers, numbers[:, 0])
    assert [*told, model.seen_[4]] == [1050.0, 1050.0, 1050.0]
    assert Regressor().fit(numbers, numbers[:, 0]).seen_[4] == np.inf


def test_a_report_has_the_largest_memory_of_both_trainings(monkeypatch, numbers):
    def trained(memory):
        return lambda *_: Trained(0.0, 3, (1.0, 2.0), FitReport("cuda", "a GPU", memory, False, {"valid_loss": (1.0,)}))

    monkeypatch.setattr(Regressor, "_train", trained(30.0))
    monkeypatch.setattr(Regressor, "_retrain", trained(40.0))
    report = Regressor(refit=True).fit(numbers, numbers[:, 0]).fit_report_
    assert report == FitReport("cuda", "a GPU", 40.0, False, {"valid_loss": (1.0,)})
    assert Regressor().fit(numbers, numbers[:, 0]).fit_report_.gpu_memory_mb == 30.0


def test_categories_reach_the_hooks_as_codes_of_the_fitted_levels():
    frame = pd.DataFrame(
        {"x": np.arange(60.0), "c": pd.Categorical(["b", "a", None] * 20, categories=["b", "unused", "a"])}
    )
    model = Regressor().fit(frame, frame["x"])
    assert model.cardinalities_ == (0, 3)
    assert model.feature_names_in_.tolist() == ["x", "c"]
    fresh = pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": pd.Categorical(["a", "new", "b"])})
    model.predict(fresh)
    np.testing.assert_array_equal(model.asked_, [[1, 2], [2, np.nan], [3, 0]])
    model.predict(fresh.astype({"c": object}))
    np.testing.assert_array_equal(model.asked_[:, 1], [2, np.nan, 0])


def test_single_precision_stays_single_and_nullable_numbers_become_floats():
    single = pd.DataFrame({"x": np.arange(40, dtype=np.float32), "c": pd.Categorical(["a", "b"] * 20)})
    assert Regressor().fit(single, np.arange(40.0)).seen_[0].dtype == np.float32
    nullable = single.assign(x=pd.array([None, *range(39)], dtype="Int64"))
    model = Regressor().fit(nullable, np.arange(40.0))
    assert np.isnan(np.concatenate([model.seen_[0], model.seen_[2]])[:, 0]).sum() == 1


@pytest.mark.parametrize(
    ("X", "y", "error", "message"),
    [
        (np.ones((20, 2)), np.zeros(20, dtype=int), ValueError, "one class only"),
        (np.full((20, 2), np.inf), np.arange(20) % 2, ValueError, "infinity"),
        (scipy.sparse.csr_matrix(np.eye(20)), np.arange(20) % 2, TypeError, "[Ss]parse"),
        (np.ones((20, 2)), np.arange(19) % 2, ValueError, "inconsistent"),
        (np.ones((1, 2)), np.zeros(1, dtype=int), ValueError, "1 sample"),
        (
            pd.DataFrame({"x": np.full(20, np.inf), "c": pd.Categorical(["a"] * 20)}),
            np.arange(20) % 2,
            ValueError,
            "inf",
        ),
    ],
)
def test_what_it_cannot_take_it_refuses(X, y, error, message):
    with pytest.raises(error, match=message):
        Classifier().fit(X, y)


def test_what_it_was_not_fitted_on_it_refuses(numbers):
    with pytest.raises(NotFittedError):
        Classifier().predict(numbers)
    frame = pd.DataFrame({"x": np.arange(60.0), "c": pd.Categorical(["b", "a"] * 30)})
    model = Regressor().fit(frame, frame["x"])
    with pytest.raises(TypeError, match="fitted on a frame with categories"):
        model.predict(numbers[:, :2])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"x": "z"}))


def test_the_seed_decides_the_held_rows(numbers):
    first, again, other = (Regressor(random_state=seed).fit(numbers, numbers[:, 0]).seen_[2] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert clone(Regressor(random_state=1)).get_params()["random_state"] == 1
