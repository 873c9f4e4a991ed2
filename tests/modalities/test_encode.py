"""Encoders learn from training rows only, and take whatever comes afterwards."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from advisor.errors import UserError
from advisor.modalities.tabular import MODALITY, read

STYLES = ("matrix", "ordinal", "frame", "net")
NAN = np.nan


@pytest.fixture
def inputs(table) -> pd.DataFrame:
    frame = read(table, target="y").inputs.copy()
    frame.loc[::5, "amount"] = NAN
    frame["nothing known"] = NAN
    frame["always"] = 1.0
    frame["number of row"] = np.arange(len(frame), dtype=float) + 1000
    frame["name of row"] = pd.Categorical([f"r{row}" for row in range(len(frame))])
    frame["größe <b>"] = np.linspace(0.5, 9.7, len(frame))
    return frame


@pytest.fixture
def target(table) -> np.ndarray:
    return read(table, target="y").target


def values(encoded) -> np.ndarray:
    if not isinstance(encoded, pd.DataFrame):
        return encoded
    return np.column_stack([c.cat.codes if c.dtype == "category" else c for _, c in encoded.items()]).astype(float)


@pytest.mark.parametrize("style", STYLES)
def test_rows_to_come_change_nothing_that_was_learned(style, inputs, target):
    train, test = np.arange(40), np.arange(40, 60)
    alone = MODALITY.encoder(style).fit(inputs.iloc[train].copy(), target[train]).transform(inputs.iloc[train])
    odd = inputs.astype({"colour": object, "amount": float})
    odd.loc[test, "colour"] = "only in test"
    odd.loc[test, "amount"] = 1e300
    odd["colour"] = odd["colour"].astype("category")
    encoder = MODALITY.encoder(style).fit(odd.iloc[train], target[train])
    np.testing.assert_array_equal(values(encoder.transform(odd.iloc[train])), values(alone))
    after = values(encoder.transform(odd.iloc[test]))
    assert after.shape == (20, values(alone).shape[1])
    assert not np.isinf(after).any()


@pytest.mark.parametrize("style", STYLES)
def test_names_shapes_and_columns_left_out(style, inputs, target):
    encoder = MODALITY.encoder(style)
    encoded = encoder.fit_transform(inputs, target)
    names = list(encoder.get_feature_names_out())
    assert encoded.shape == (60, len(names))
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.startswith(("nothing known", "always", "number of row", "name of row"))]
    assert [name for name in names if name.startswith("größe")]
    assert [name for name in names if name.startswith("when")]
    assert list(encoder.feature_names_in_) == list(inputs.columns)
    assert encoder.n_features_in_ == inputs.shape[1]
    if isinstance(encoded, pd.DataFrame):
        assert list(encoded.columns) == names


@pytest.mark.parametrize("style", STYLES)
def test_clone_pickle_and_pandas_output(style, inputs, target):
    encoder = MODALITY.encoder(style)
    first = values(encoder.fit(inputs, target).transform(inputs))
    np.testing.assert_array_equal(values(pickle.loads(pickle.dumps(encoder)).transform(inputs)), first)
    again = clone(encoder)
    assert not hasattr(again, "columns_")
    np.testing.assert_array_equal(values(again.fit(inputs, target).transform(inputs)), first)
    framed = clone(encoder).set_output(transform="pandas").fit(inputs, target).transform(inputs.iloc[3:5])
    assert list(framed.columns) == list(encoder.get_feature_names_out())
    assert list(framed.index) == [3, 4]


@pytest.mark.parametrize("style", STYLES)
def test_any_one_kind_of_column_suffices(style, inputs, target):
    for names in (["colour"], ["amount"], ["when"], ["nothing known"], ["always", "name of row"]):
        encoder = MODALITY.encoder(style)
        assert encoder.fit_transform(inputs[names], target).shape[1] >= 1
        assert encoder.transform(inputs[names].iloc[:1]).shape[0] == 1
        assert encoder.transform(inputs[names].iloc[:0]).shape[0] == 0


@pytest.mark.parametrize("style", STYLES)
def test_column_that_is_gone_is_named(style, inputs, target):
    encoder = MODALITY.encoder(style).fit(inputs, target)
    with pytest.raises(UserError, match="no column 'amount'"):
        encoder.transform(inputs.drop(columns="amount"))
    with pytest.raises(TypeError, match="pandas DataFrame"):
        MODALITY.encoder(style).fit(inputs.to_numpy())


def test_frame_keeps_gaps_and_forgets_unseen_levels(inputs):
    encoder = MODALITY.encoder("frame").fit(inputs.iloc[:40])
    after = encoder.transform(inputs.assign(colour=pd.Categorical(["violet"] * 60)).iloc[40:])
    assert after["amount"].dtype == np.float32
    assert after["amount"].isna().tolist() == inputs["amount"].iloc[40:].isna().tolist()
    assert after["colour"].isna().all()
    assert list(after["colour"].cat.categories) == ["blue", "green", "red"]


def test_frame_keeps_the_most_frequent_levels():
    letters = pd.Categorical(list("aaabbbccd") * 5)
    encoded = MODALITY.encoder("frame").set_params(max_levels=2).fit_transform(pd.DataFrame({"x": letters}))
    assert list(encoded["x"].cat.categories) == ["a", "b"]
    assert encoded["x"].isna().sum() == 15


@pytest.mark.parametrize("scaling", ["robust", "quantile", "standard"])
def test_net_has_no_gaps_and_no_giants(scaling, inputs):
    inputs.loc[2, "count"] = 1e30
    encoder = MODALITY.encoder("net").set_params(scaling=scaling)
    encoded = encoder.fit_transform(inputs)
    numbers = encoded.select_dtypes("float32")
    assert numbers.shape[1] + 2 == encoded.shape[1], "all but colour and city are float32"
    assert np.isfinite(numbers).all(axis=None)
    assert numbers.abs().to_numpy().max() < 10
    assert encoded["amount missing"].tolist() == inputs["amount"].isna().astype(float).tolist()
    assert encoded["amount"][0] == encoder.transform(inputs[:1].assign(amount=inputs["amount"].median()))["amount"][0]


def test_net_bends_smoothly_at_three():
    encoder = MODALITY.encoder("net").fit(pd.DataFrame({"x": np.arange(1, 102, dtype=float) + 0.5}))
    scaled = encoder.transform(pd.DataFrame({"x": [51.5, 101.5, 1e9]}))["x"].to_numpy()
    np.testing.assert_allclose(scaled, [0, 1 / np.sqrt(1 + 1 / 9), 3], rtol=1e-5)


def test_unknown_scaling_is_refused(inputs):
    with pytest.raises(ValueError, match="'robust', 'quantile' or 'standard'"):
        MODALITY.encoder("net").set_params(scaling="none").fit(inputs)


def test_matrix_is_one_hot_with_a_place_for_others():
    frame = pd.DataFrame({"c": pd.Categorical(["a"] * 20 + ["b"] * 20 + ["odd"] + [None] * 3), "x": np.arange(44) / 7})
    encoder = MODALITY.encoder("matrix").set_params(min_rows=5)
    encoded = encoder.fit_transform(frame.drop(columns="x").assign(x=frame["x"]))
    assert list(encoder.get_feature_names_out()) == ["x", "c = a", "c = b", "c = odd", "c other"]
    encoded = clone(encoder).fit_transform(pd.concat([frame] * 10, ignore_index=True))
    assert encoded.dtype == np.float64
    np.testing.assert_allclose(encoded[:, 1:].sum(axis=1), 1)


def test_matrix_pools_rare_levels():
    cells = ["a"] * 150 + ["b"] * 147 + ["rare"] * 3
    encoder = MODALITY.encoder("matrix").fit(pd.DataFrame({"c": pd.Categorical(cells)}))
    assert list(encoder.get_feature_names_out()) == ["c = a", "c = b", "c other"]
    new = encoder.transform(pd.DataFrame({"c": pd.Categorical(["rare", "new", "b"])}))
    np.testing.assert_array_equal(new, [[0, 0, 1], [0, 0, 1], [0, 1, 0]])


def test_matrix_stays_narrow():
    many = {f"c{k}": pd.Categorical([f"l{n % 97}" for n in range(3000)]) for k in range(40)}
    assert MODALITY.encoder("matrix").fit_transform(pd.DataFrame(many)).shape[1] <= 1100


def levels_and_target(classes: int) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    level = draw.integers(0, 30, 900)
    target = draw.integers(0, classes, 900) if classes else level + draw.normal(size=900)
    return pd.DataFrame({"c": pd.Categorical([f"l{n:02d}" for n in level])}), target


@pytest.mark.parametrize(("classes", "width"), [(0, 1), (2, 1), (5, 5), (10, 10), (11, 1)])
def test_ordinal_width_of_large_categories(classes, width):
    frame, target = levels_and_target(classes)
    encoder = MODALITY.encoder("ordinal")
    assert encoder.fit_transform(frame, target).shape == (900, width)
    labels = np.array([f"class {code:02d}" for code in target]) if classes else target
    np.testing.assert_array_equal(clone(encoder).fit(frame, labels).transform(frame), encoder.transform(frame))


def test_ordinal_means_are_cross_fitted():
    frame, _ = levels_and_target(0)
    noise = np.random.default_rng(1).normal(size=900)
    encoder = MODALITY.encoder("ordinal")
    crossed = encoder.fit_transform(frame, noise)[:, 0]
    assert abs(np.corrcoef(crossed, noise)[0, 1]) < 0.1 < np.corrcoef(encoder.transform(frame)[:, 0], noise)[0, 1]
    unseen = encoder.transform(pd.DataFrame({"c": pd.Categorical(["unseen"])}))
    assert unseen[0, 0] == pytest.approx(noise.mean(), abs=1e-6)


def test_ordinal_without_target_uses_shares():
    frame, _ = levels_and_target(0)
    encoded = MODALITY.encoder("ordinal").fit_transform(frame)[:, 0]
    shares = frame["c"].map(frame["c"].value_counts(normalize=True)).astype(float)
    np.testing.assert_allclose(encoded, shares, rtol=1e-6)


def test_date_parts_by_hand():
    dates = pd.DataFrame(
        {"d": pd.to_datetime(["1970-01-02 12:00", "2024-02-29 06:00", None, "2023-12-31 00:00"]).as_unit("ns")}
    )
    encoded = MODALITY.encoder("frame").fit_transform(dates).to_numpy()
    wanted = [[1.5, 1, 2, 4, 12], [19782.25, 2, 29, 3, 6], [NAN] * 5, [19722, 12, 31, 6, 0]]
    np.testing.assert_allclose(encoded, wanted)


TALES = [
    f"{'ships sail the sea' if n % 3 else 'trains run on rails'} {'very ' * (n % 5)}much {n % 4}" for n in range(80)
]


def test_free_text_becomes_its_length_and_what_it_is_about():
    texts = pd.DataFrame({"t": pd.array([*TALES[:-1], None], dtype="str")})
    encoder = MODALITY.encoder("frame").fit(texts)
    encoded = encoder.transform(texts)
    assert list(encoded.columns[:3]) == ["t characters", "t words", "t topic 1"]
    assert encoded["t words"].iloc[3] == len(TALES[3].split()) and np.isnan(encoded["t words"].iloc[-1])
    topics = encoded.filter(like="topic").to_numpy()
    ships = np.arange(80) % 3 != 0
    assert max(abs(np.corrcoef(topic[:-1], ships[:-1])[0, 1]) for topic in topics.T) > 0.9
    strange = encoder.transform(pd.DataFrame({"t": pd.array(["words never seen", "", None], dtype="str")}))
    for unknown in (topics[-1], *strange.filter(like="topic").to_numpy()):
        np.testing.assert_allclose(unknown, topics[:-1].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("text", ["", ":)", "🙂 🙂", "!!! ???"])
def test_texts_without_a_word_are_about_nothing(text):
    texts = pd.DataFrame(
        {"t": pd.array([text + " " * (n % 3) for n in range(60)], dtype="str"), "x": np.arange(60) % 7.0}
    )
    encoded = MODALITY.encoder("matrix").fit_transform(texts)
    assert len(encoded) == 60 and np.isfinite(encoded).all()


def test_encoders_sit_in_pipelines(inputs, target):
    for style, model in (("matrix", LogisticRegression()), ("ordinal", DecisionTreeClassifier())):
        pipeline = Pipeline([("encode", MODALITY.encoder(style)), ("model", model)])
        assert clone(pipeline).fit(inputs, target).predict_proba(inputs).shape == (60, 2)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([0.5, 1.5, 2.5] * 20, "numeric"),
        ([1.0, 2.0, 3.0] * 20, "integer"),
        ([0.0, 1.0] * 30, "boolean"),
        (np.arange(60.0), "id-like"),
        (np.arange(60.0) * 1e9, "integer"),
        ([7.0] * 60, "constant"),
        ([NAN] * 60, "constant"),
        (pd.Categorical(["a", "b"] * 30), "categorical"),
        (pd.Categorical([f"c{n % 55}" for n in range(600)]), "high-cardinality"),
        (pd.Categorical([f"c{n}" for n in range(60)]), "id-like"),
        (pd.array([f"a longer text with number {n}" for n in range(60)], dtype="str"), "text"),
        (pd.Categorical(["a"] * 60), "constant"),
        (pd.date_range("2020", periods=60).as_unit("ns"), "date"),
    ],
)
def test_kinds(column, kind, table):
    dataset = read(table, target="y")
    frame = pd.DataFrame({"x": column})
    fact = MODALITY.facts(type(dataset)("t", "tabular", "binary", frame, np.zeros(len(frame)), "y"))[0]
    assert (fact.name, fact.kind) == ("x", kind)
    assert fact.distinct == frame["x"].nunique()
    assert fact.missing_share == frame["x"].isna().mean()


REAL = (
    "adult",
    "ames_housing_kaggle",
    "autos",
    "car_selling_price",
    "compas_two_year_recid",
    "diamonds",
    "garments_productivity",
    "heart-c",
    "house_sales_kc",
    "loans_full_schema",
    "MIC_LET_IS",
    "soybean",
)


@pytest.mark.parametrize("name", REAL)
def test_real_tables(name, real_table):
    path, goal, task = real_table(name)
    dataset = read(path, target=goal)
    assert dataset.task == ("binary" if name == "heart-c" else task)
    assert {str(dtype) for dtype in dataset.inputs.dtypes} <= {"float64", "category", "str", "datetime64[ns]"}
    assert len(MODALITY.facts(dataset)) == dataset.inputs.shape[1]
    draw = np.random.default_rng(0).permutation(len(dataset.target))[:2000]
    train, test = np.array_split(draw, 2)
    for style in STYLES:
        encoder = MODALITY.encoder(style)
        before = encoder.fit_transform(MODALITY.take(dataset.inputs, train), dataset.target[train])
        after = encoder.transform(MODALITY.take(dataset.inputs, test))
        assert before.shape[1] == after.shape[1] == len(encoder.get_feature_names_out())
        assert not np.isinf(values(after)).any()
        if style == "matrix":
            assert not np.isnan(after).any()
