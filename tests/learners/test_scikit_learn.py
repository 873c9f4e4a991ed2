"""scikit-learn's own checks, on every estimator that is ours."""

from importlib import import_module
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from advisor import learners
from advisor.estimators.minirocket import MiniRocketClassifier, MiniRocketRegressor
from advisor.estimators.net import NetEstimator
from advisor.learners.prior_fitted import PriorFittedClassifier, PriorFittedRegressor

# Enough for the checks that ask for skill; all others are about how it goes, not how well, and two iterations will do.
SKILLED = {"max_iterations": 20, "epochs": 30, "patience": 5}
# A recurrent net has to find out first what a column is good for, which it reads as a step in time; one that is slow is
# held to the same when it is small.
OTHERS = {
    "LSTMRegressor": {"epochs": 100, "patience": 20},
    "InceptionClassifier": {"epochs": 8, "width": 4, "depth": 2},
}
HURRIED = {"max_iterations": 2, "epochs": 2}
ASK_FOR_SKILL = ("check_classifiers_train", "check_regressors_train")


def ours():
    yield from (MiniRocketClassifier(features=84), MiniRocketRegressor(features=84))
    for path in Path(learners.__file__).parent.glob("[!_]*.py"):
        module = import_module(f"advisor.learners.{path.stem}")
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")
            # What cannot be fitted is a common base of estimators.
            if own and isinstance(thing, type) and issubclass(thing, BaseEstimator) and hasattr(thing, "fit"):
                yield with_those_it_has(thing(), {**SKILLED, **OTHERS.get(name, {})})


def with_those_it_has(estimator, params):
    return estimator.set_params(**{name: value for name, value in params.items() if name in estimator.get_params()})


# In single precision a row alone and one among others differ in the seventh digit, or do not, as the processor has it.
SINGLE_PRECISION = (NetEstimator, PriorFittedClassifier, PriorFittedRegressor)


def check_rows_alone(estimator):
    """Rows one by one are answered as all at once: scikit-learn's check_methods_subset_invariance, to five digits."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(30, 3)) * 3
    target = inputs[:, 0] if is_regressor(estimator) else (inputs[:, 0] > 0).astype(int)
    fitted, checked = clone(estimator).fit(inputs, target), 0
    for method in ("predict", "predict_proba", "transform"):
        if hasattr(fitted, method):
            ask = getattr(fitted, method)
            alone = np.concatenate([ask(inputs[[row]]) for row in range(len(inputs))])
            np.testing.assert_allclose(alone, ask(inputs), rtol=1e-5, atol=1e-5)
            checked += 1
    assert checked


@parametrize_with_checks(list(ours()))
def test_keeps_the_contract_of_estimators(estimator, check):
    if not check.func.__name__.startswith(ASK_FOR_SKILL):
        estimator = with_those_it_has(clone(estimator), HURRIED)
    if isinstance(estimator, SINGLE_PRECISION) and check.func.__name__ == "check_methods_subset_invariance":
        check_rows_alone(estimator)
    else:
        check(estimator)


def test_they_were_found():
    names = {type(estimator).__name__ for estimator in ours()}
    assert {"XGBoostClassifier", "LightGBMRegressor", "CatBoostClassifier", "SmoothedTreeClassifier"} <= names
