"""The model that is handed over is one scikit-learn estimator: raw rows in, labels or values out."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from advisor import modalities, model_files
from advisor.fitting import handing

rng = np.random.default_rng(0)
TABLE = pd.DataFrame({"a": rng.normal(size=90), "b": rng.choice(["x", "y"], 90)})
LABELS = np.array(["low", "middle", "high"])[np.arange(90) % 3]


class Known:
    """A fitted classifier of some codes that gives the same chances to every row."""

    def __init__(self, **chances: float) -> None:
        self.classes_ = np.array([int(name[1:]) for name in chances])
        self.chances = list(chances.values())

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self):
        return DummyClassifier().__sklearn_tags__()

    def get_params(self, deep: bool = True) -> dict:
        return {}

    def predict_proba(self, X):
        return np.tile(self.chances, (len(X), 1))


ROW = np.zeros((1, 1))


def chances(model) -> list[float]:
    return handing.Labelled(model, list("abc")).predict_proba(ROW)[0].tolist()


def test_a_blend_is_the_weighted_mean_of_its_members():
    one, two = Known(c0=0.2, c1=0.3, c2=0.5), Known(c0=1.0, c1=0.0, c2=0.0)
    assert chances(handing.mixed({"one": (0.75, one), "two": (0.25, two)}, 3)) == pytest.approx([0.4, 0.225, 0.375])
    assert handing.mixed({"one": (1.0, one)}, 3) is one
    values = {name: (weight, DummyRegressor(strategy="constant", constant=value).fit(ROW, [0.0]))
              for name, weight, value in (("a", 0.75, 1.0), ("b", 0.25, 5.0))}  # fmt: skip
    assert handing.mixed(values, 0).predict(ROW) == pytest.approx([2.0])


def test_models_of_the_folds_that_lack_a_rare_class_are_left_out():
    whole, lacking = Known(c0=0.2, c1=0.3, c2=0.5), Known(c0=0.9, c1=0.1)
    assert handing.bag([lacking, whole, lacking], 3) is whole
    assert chances(handing.bag([whole, lacking, Known(c0=0.4, c1=0.5, c2=0.1)], 3)) == pytest.approx([0.3, 0.4, 0.3])


def test_where_no_model_of_a_fold_has_learnt_every_class_they_are_taken_as_they_are():
    assert chances(handing.bag([Known(c0=0.9, c1=0.1), Known(c1=0.5, c2=0.5)], 3)) == pytest.approx([0.45, 0.3, 0.25])
    assert chances(handing.bag([Known(c0=0.9, c1=0.1)], 3)) == pytest.approx([0.9, 0.1, 0.0])


def test_one_of_the_models_of_the_folds_can_stand_for_all():
    first = Known(c0=0.2, c1=0.3, c2=0.5)
    assert handing.first_of(handing.bag([first, Known(c0=1.0, c1=0.0, c2=0.0)], 3)) is first
    assert handing.first_of(handing.bag([first], 3)) is first


def test_memory_is_what_loading_and_asking_the_whole_adds(tmp_path):
    data = modalities.find("tabular").read(TABLE.assign(y=rng.normal(size=90)), target="y")
    last = DummyRegressor().fit(data.inputs, data.target)
    last.ballast = np.ones(8_000_000)
    model = handing.whole(data, last)
    model_files.write(model, tmp_path / handing.MODEL)
    measured = handing.measured(model, data.example, tmp_path / handing.MODEL)
    assert 60.0 < measured["peak_memory_mb"] < 200.0 and measured["model_mb"] == pytest.approx(64.0, rel=0.01)


@pytest.mark.parametrize("target", [LABELS, rng.normal(size=90)])
def test_the_whole_takes_raw_rows_answers_as_the_source_does_and_pickles(tmp_path, target):
    data = modalities.find("tabular").read(TABLE.assign(y=target), target="y")
    codes = len(data.classes)

    def fitted(seed: int) -> Pipeline:
        if codes:
            last = DummyClassifier(strategy="stratified", random_state=seed)
        else:
            last = DummyRegressor(quantile=seed / 4, strategy="quantile")
        encode = modalities.find("tabular").encoder("matrix")
        return Pipeline([("encode", encode), ("model", last)]).fit(data.inputs, data.target)

    bagged = handing.bag([fitted(seed) for seed in range(3)], codes)
    model = handing.whole(data, handing.mixed({"one": (0.5, bagged), "two": (0.5, fitted(3))}, codes))
    check_is_fitted(model)
    path = tmp_path / "model" / "model.npz"
    model_files.write(model, path)
    new = TABLE.head(4).assign(b="never seen", unasked=1)
    for known in (model, model_files.read(path), pickle.loads(pickle.dumps(model))):
        assert known.predict(new).shape == (4,)
        if codes:
            assert is_classifier(known) and list(known.classes_) == sorted(set(LABELS))
            assert set(known.predict(new)) <= set(LABELS)
            np.testing.assert_allclose(known.predict_proba(new).sum(axis=1), 1)
        else:
            assert is_regressor(known)
    measured = handing.measured(model, data.example, path)
    assert measured["latency_p99_ms"] >= measured["latency_p50_ms"] > 0 and measured["model_mb"] > 0
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]
