"""Objects of an inert model that are made by more than a name and attributes, and what of the others is looked at.

A Kind takes an object apart into values and arrays, and makes it again out of whatever stands in a file. The makers of
trees and of support vector machines follow numbers in a fitted model without looking: where those lead beyond an array
the process reads what is not its own, or dies. So such numbers are looked at here, once, when a model is made.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

_UNPRINTABLE = re.compile(rb"[^\n\x20-\x7e]")


@dataclass(frozen=True)
class Kind:
    """How one kind of object is told as values and arrays, and made of them; `make` raises where they do not fit."""

    take: Callable[[Any], Any]
    make: Callable[[Any], Any]


def refuse(why: str) -> NoReturn:
    """Raise ValueError, which says of a file why it is not loaded."""
    raise ValueError(why)


def name_of(thing: Any) -> str:
    """Return the name of a type or a function as `module.name`; of anything else it is nobody's."""
    return f"{getattr(thing, '__module__', None)}.{getattr(thing, '__name__', None)}"


def _want(sound: Any, what: str) -> None:
    if not sound:
        refuse(f"the {what} in it does not fit together")


def _parts_of_tree(tree: Any) -> Any:
    """Return what makes a tree, without the bytes between the fields of its nodes: what memory held is nobody's."""
    told = tree.__getstate__()
    nodes = np.zeros(told["nodes"].shape, told["nodes"].dtype)
    for field in told["nodes"].dtype.names:
        nodes[field] = told["nodes"][field]
    return (*tree.__reduce__()[1], {**told, "nodes": nodes})


def _tree(state: Any) -> Any:
    """Make a tree of scikit-learn whose every step leads to a later node, and looks at a column that there is."""
    from sklearn.tree._tree import Tree

    columns, classes, outputs, told = state
    nodes, classes = told["nodes"], np.asarray(classes, dtype=np.intp)
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    inner, places = left != -1, np.arange(len(nodes))
    _want(columns >= 1 and outputs >= 1 and classes.shape == (outputs,) and classes.min() >= 1, "tree")
    _want(told["node_count"] == len(nodes) >= 1 and np.array_equal(inner, right != -1), "tree")
    for child in (left, right):
        _want(((child > places) & (child < len(nodes)))[inner].all(), "tree")
    _want(((feature >= 0) & (feature < columns))[inner].all(), "tree")
    tree = Tree(columns, classes, outputs)
    tree.__setstate__(told)
    return tree


def _neighbours(state: Any) -> Any:
    """Make a tree of neighbours anew out of its rows: it is the same, and none is read from a file."""
    from sklearn.neighbors import KDTree

    rows, leaf_size, p = state
    _want(isinstance(rows, np.ndarray) and rows.ndim == 2 and leaf_size >= 1 and p >= 1, "tree of neighbours")
    return KDTree(rows, leaf_size, metric="minkowski", p=p)


def _power(tree: Any) -> float:
    """Return p of the distance of a tree of neighbours, sum(|a - b|^p)^(1/p)."""
    powers = {"ManhattanDistance64": 1, "EuclideanDistance64": 2}
    return powers[type(tree.__getstate__()[11]).__name__]


def _index(state: Any) -> Any:
    import pandas as pd

    values, texts, name = state
    return pd.Index(values, dtype="str" if texts else getattr(values, "dtype", object), name=name)


def _parts_of_index(index: Any) -> Any:
    import pandas as pd

    texts = isinstance(index.dtype, pd.StringDtype)
    return (index.tolist() if texts else index.to_numpy()), texts, index.name


def _category(state: Any) -> Any:
    import pandas as pd

    return pd.CategoricalDtype(*state)


def _xgboost(model: Any) -> Any:
    import xgboost

    _want(isinstance(model, bytes), "model of XGBoost")
    return xgboost.Booster(model_file=bytearray(model))


def _lightgbm(state: Any) -> Any:
    import lightgbm

    model, best_iteration = state
    # Where it cannot be parsed the library prints what it met, which a terminal would obey.
    _want(isinstance(model, bytes) and not _UNPRINTABLE.search(model), "model of LightGBM")
    booster = lightgbm.Booster(model_str=model.decode("ascii"))
    booster.best_iteration = int(best_iteration)
    return booster


def _catboost(model: Any) -> Any:
    import catboost

    _want(isinstance(model, bytes), "model of CatBoost")
    return catboost.CatBoost().load_model(blob=model)


def _tensor(values: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(values.copy())  # what a net does to its weights is done to no other array of the file


def _parameter(state: Any) -> Any:
    import torch

    values, learns = state
    return torch.nn.Parameter(_tensor(values), requires_grad=bool(learns))


def _bunch(state: Any) -> Any:
    from sklearn.utils import Bunch

    return Bunch(**state)


KINDS: Mapping[str, Kind] = {
    "sklearn.tree._tree.Tree": Kind(_parts_of_tree, _tree),
    "sklearn.neighbors._kd_tree.KDTree": Kind(
        lambda tree: (np.asarray(tree.data), tree.__getstate__()[4], _power(tree)), _neighbours
    ),
    "pandas.Index": Kind(_parts_of_index, _index),
    "pandas.CategoricalDtype": Kind(lambda dtype: (dtype.categories, dtype.ordered), _category),
    "collections.OrderedDict": Kind(lambda pairs: [list(pair) for pair in pairs.items()], OrderedDict),
    "collections.Counter": Kind(dict, Counter),
    "sklearn.utils._bunch.Bunch": Kind(dict, _bunch),
    # What these three write themselves. Nothing in it is run; but it is read by the libraries' own parsers, in C++.
    "xgboost.core.Booster": Kind(lambda booster: bytes(booster.save_raw("ubj")), _xgboost),
    "lightgbm.basic.Booster": Kind(
        lambda booster: (booster.model_to_string(num_iteration=-1).encode(), booster.best_iteration), _lightgbm
    ),
    "catboost.core.CatBoost": Kind(lambda model: model.__getstate__()["__model"], _catboost),
    # Where a tensor was is not kept: nets are kept on the CPU.
    "torch.Tensor": Kind(lambda tensor: tensor.detach().cpu().numpy(), _tensor),
    "torch.nn.parameter.Parameter": Kind(
        lambda tensor: (tensor.detach().cpu().numpy(), tensor.requires_grad), _parameter
    ),
}


def _check_tree_estimator(model: Any) -> None:
    if hasattr(model, "tree_"):
        _want(name_of(type(model.tree_)) == "sklearn.tree._tree.Tree", "tree")
        _want(model.tree_.n_features == model.n_features_in_, "tree")


def _check_machine(model: Any) -> None:
    """Look at what libsvm is handed: how many vectors each class has, and how many coefficients they come with."""
    if not hasattr(model, "support_vectors_"):
        return
    vectors, counts = len(model.support_), model._n_support
    regression = model._impl in ("epsilon_svr", "nu_svr")
    classes = 2 if regression else len(model.classes_)
    pairs = 1 if regression else classes * (classes - 1) // 2
    _want(isinstance(model._sparse, bool) and not model._sparse and model.kernel == "rbf", "machine")
    _want(model.support_vectors_.shape == (vectors, model.n_features_in_), "machine")
    _want(model.shape_fit_[1] == model.n_features_in_ and counts.shape == (classes,), "machine")
    _want(counts[0] == vectors if regression else (counts.min() >= 0 and counts.sum() == vectors), "machine")
    _want(model._dual_coef_.shape == (classes - 1, vectors) and model._intercept_.shape == (pairs,), "machine")
    _want(len(model._probA) == 0 and len(model._probB) == 0, "machine")


def _check_neighbours(model: Any) -> None:
    """Look at the rows that are remembered, and at their labels, which are counted by their number."""
    if not hasattr(model, "_fit_X"):
        return
    rows, labels = model._fit_X, model._y
    _want(isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and rows.ndim == 2, "neighbours")
    _want(rows.shape[1] == model.n_features_in_ and labels.shape == (len(rows),), "neighbours")
    if hasattr(model, "classes_"):
        _want(labels.dtype.kind == "i" and 0 <= labels.min() <= labels.max() < len(model.classes_), "neighbours")


def _check_words(model: Any) -> None:
    """See to it that words stand for the columns that there are."""
    places = sorted(model.__dict__.get("vocabulary_", {}).values())
    _want(places == list(range(len(places))), "list of words")


def _check_pipeline(model: Any) -> None:
    """Let nobody name a folder of pickles, where a pipeline that is fitted again would look."""
    _want(model.memory is None, "pipeline")


# What is looked at once an object of `listed.OBJECTS` has been made.
CHECKS: Mapping[str, Callable[[Any], None]] = {
    **dict.fromkeys(
        (
            "advisor.learners.tree.SmoothedTreeClassifier",
            "sklearn.tree._classes.DecisionTreeClassifier",
            "sklearn.tree._classes.DecisionTreeRegressor",
            "sklearn.tree._classes.ExtraTreeClassifier",
            "sklearn.tree._classes.ExtraTreeRegressor",
        ),
        _check_tree_estimator,
    ),
    **dict.fromkeys(("sklearn.svm._classes.SVC", "sklearn.svm._classes.SVR"), _check_machine),
    **dict.fromkeys(
        ("advisor.learners.knn.SmoothedNeighboursClassifier", "sklearn.neighbors._regression.KNeighborsRegressor"),
        _check_neighbours,
    ),
    "sklearn.feature_extraction.text.TfidfVectorizer": _check_words,
    "sklearn.pipeline.Pipeline": _check_pipeline,
}
