"""What is made by more than its attributes comes out the same, and numbers that lead beyond an array are refused."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from advisor import inert, modalities, walk
from advisor.inert.kinds import KINDS
from advisor.learners.knn import SmoothedNeighboursClassifier

RNG = np.random.default_rng(0)
ROWS, CODES = RNG.normal(size=(60, 4)), RNG.integers(0, 3, 60)
TREE = KINDS["sklearn.tree._tree.Tree"]


def there_and_back(thing):
    file = io.BytesIO()
    inert.write(thing, file)
    return inert.read(file.getvalue())


def fitted_tree():
    return DecisionTreeClassifier(random_state=0).fit(ROWS, CODES)


@pytest.mark.parametrize(
    "model",
    [fitted_tree(), DecisionTreeRegressor().fit(ROWS, CODES), RandomForestClassifier(5).fit(ROWS, CODES),
     SVC().fit(ROWS, CODES), SVR().fit(ROWS, CODES), *(KNeighborsRegressor(3, p=p).fit(ROWS, CODES) for p in (1, 2)),
     *(SmoothedNeighboursClassifier(3, weights=w).fit(ROWS, CODES) for w in ("uniform", "distance"))],
)  # fmt: skip
def test_models_of_scikit_learn_answer_as_before(model):
    asked = RNG.normal(size=(200, 4))
    ask = "decision_function" if isinstance(model, SVC) else getattr(model, "predict_proba", None) and "predict_proba"
    again = there_and_back(model)
    np.testing.assert_array_equal(getattr(again, ask or "predict")(asked), getattr(model, ask or "predict")(asked))


def test_a_tree_has_the_same_bytes_again_and_none_of_what_memory_held():
    first, again = io.BytesIO(), io.BytesIO()
    inert.write(fitted_tree(), first)
    inert.write(inert.read(first.getvalue()), again)
    assert first.getvalue() == again.getvalue()


@pytest.mark.parametrize(
    ("field", "place", "value"),
    [("left_child", 0, 10_000), ("right_child", 0, -2), ("left_child", 0, 0), ("right_child", 0, -1),
     ("feature", 0, 4), ("feature", 0, -2)],
)  # fmt: skip
def test_a_tree_that_leads_out_of_itself_or_in_a_circle_is_not_made(field, place, value):
    columns, classes, outputs, told = TREE.take(fitted_tree().tree_)
    nodes = told["nodes"].copy()
    nodes[field][place] = value
    with pytest.raises(ValueError, match="the tree in it does not fit together"):
        TREE.make((columns, classes, outputs, {**told, "nodes": nodes}))


@pytest.mark.parametrize(
    "changed", [{"node_count": 10_000}, {"node_count": 0}, {"nodes": np.zeros(3)}, {"values": np.zeros((1, 1, 1))}]
)
def test_a_tree_whose_parts_are_not_of_one_size_is_not_made(changed):
    columns, classes, outputs, told = TREE.take(fitted_tree().tree_)
    with pytest.raises((ValueError, IndexError)):
        TREE.make((columns, classes, outputs, {**told, **changed}))


def tree_of_another_width():
    model = fitted_tree()
    model.n_features_in_ = 2
    return model


def machine(kind=SVC, **changed):
    model = kind().fit(ROWS, CODES)
    for name, value in changed.items():
        setattr(model, name, value)
    return model


def neighbours(kind=SmoothedNeighboursClassifier, **changed):
    model = kind(3, weights="uniform").fit(ROWS, CODES)
    for name, value in changed.items():
        setattr(model, name, value)
    return model


def words(**places):
    model = TfidfVectorizer().fit(["a few words", "a few more words"])
    model.vocabulary_.update(places)
    return model


@pytest.mark.parametrize(
    "model",
    [
        tree_of_another_width(),
        machine(_n_support=np.array([500, 500, 500], dtype=np.int32)),
        machine(_n_support=np.array([3, 3], dtype=np.int32)),
        machine(support_vectors_=ROWS[:, :2]),
        machine(_dual_coef_=np.zeros((1, 3))),
        machine(_intercept_=np.zeros(1)),
        machine(n_features_in_=3),
        machine(kernel="precomputed"),
        machine(_probA=np.zeros(1)),
        machine(SVR, _n_support=np.array([500, 0], dtype=np.int32)),
        neighbours(_y=np.full(60, 7)),
        neighbours(_y=np.full(60, -1)),
        neighbours(_y=np.zeros(3, dtype=int)),
        neighbours(_fit_X=ROWS[:, :2]),
        neighbours(KNeighborsRegressor, n_features_in_=7),
        words(few=10_000),
        words(few=1),
        Pipeline([("none", "passthrough")], memory="folder"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_whose_numbers_do_not_fit_together_is_refused(model):
    with pytest.raises(ValueError, match="in it does not fit together"):
        there_and_back(model)


@pytest.mark.parametrize(
    ("name", "state"),
    [("xgboost.core.Booster", 10**12), ("xgboost.core.Booster", "model.json"), ("catboost.core.CatBoost", "model.cbm"),
     ("lightgbm.basic.Booster", ("tree", 3)), ("lightgbm.basic.Booster", (b"tree\nobjective=\x1b[31mred\n", 3))],
)  # fmt: skip
def test_boosted_trees_come_from_bytes_alone_which_no_terminal_obeys(name, state):
    with pytest.raises(ValueError, match="in it does not fit together"):
        KINDS[name].make(state)


def test_another_version_is_told_in_words_that_are_not_the_files():
    model = fitted_tree()
    file = io.BytesIO()
    inert.write(model, file)
    now = sklearn.__version__.encode()
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content.replace(now, b"\\u001b[31m"))
    with pytest.warns(UserWarning, match=r"^The model was made with another version of scikit-learn\.$"):
        inert.read(again.getvalue())


def test_a_tree_of_neighbours_is_made_of_its_rows_and_of_no_file():
    model = KNeighborsRegressor(3).fit(ROWS, CODES)
    again = there_and_back(model)._tree
    for ours, theirs in zip(again.get_arrays(), model._tree.get_arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def a_table():
    told = {"price": ["1,5 kg", "2,5 kg", None] * 20, "city": ["Ulm", "Bonn"] * 30, "y": ["a", "b", "b"] * 20}
    return pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60).astype(str), **told}), "y", {}


def pictures():
    return [np.full((8, 8, 3), shade, dtype=np.uint8) for shade in range(60)], ["a", "b", "b"] * 20, {}


def series():
    steps = [
        {"patient": f"p{i}", "day": day, "pulse": 60.0 + i + day, "y": "ab"[i % 2]}
        for i in range(40)
        for day in (1, 2, 3)
    ]
    return pd.DataFrame(steps), "y", {"series": ("patient", "day")}


@pytest.mark.parametrize("source", [a_table, pictures, series])
def test_what_reads_new_rows_of_each_kind_of_data_comes_out_as_it_was(source):
    rows, target, how = source()
    dataset = walk.read(rows, target, **how)
    typed = modalities.find(dataset.modality).typed(dataset)
    again = there_and_back(typed)
    assert again.schema == typed.schema and type(again) is type(typed)
