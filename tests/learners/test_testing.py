"""Whoever breaks a promise is told so: each of these learners breaks one, and keeps the others."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB

from advisor.contracts import Learner
from advisor.testing import check_learner, checks


class Bayes(ClassifierMixin, BaseEstimator):
    """Naive Bayes on the first column, which tells most, with one fault where it has one."""

    def __init__(self, fault=""):
        self.fault = fault

    def fit(self, X, y):
        match self.fault:
            case "prints":
                print("epoch 1")
            case "prints in C":
                os.write(2, b"epoch 1\n")
            case "warns":
                warnings.warn("did not converge", stacklevel=2)
            case "writes":
                Path("fit.log").write_text("epoch 1")
            case "changes its inputs":
                X[X.columns[0]] += 1.0
        self.model_ = GaussianNB().fit(self._numbers(X), y)
        self.classes_ = self.model_.classes_
        if self.fault == "has no seed":
            self.model_.theta_ += np.random.default_rng().normal(size=self.model_.theta_.shape) / 100
        return self

    def _numbers(self, X):
        return X.iloc[:, :1].fillna(0.0).to_numpy()

    def predict_proba(self, X):
        found = self.model_.predict_proba(self._numbers(X))
        if self.fault == "answers by the company":
            found = (found + found.mean(axis=0)) / 2
        if self.fault == "has no answer to gaps":
            found[X.iloc[:, 0].isna()] = np.nan
        return found

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __getstate__(self):
        kept = super().__getstate__().copy()
        if self.fault == "forgets":
            kept["fault"] = "answers by the company"
        return kept


def learner(fault):
    return Learner("bayes", "classical", "", lambda setting, params: Bayes(fault), tasks=("multiclass",), executes=True)


def test_who_keeps_all_promises_is_told_nothing():
    check_learner(learner(""))


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("prints", "is_silent_and_leaves_no_files"),
        ("prints in C", "is_silent_and_leaves_no_files"),
        ("warns", "is_silent_and_leaves_no_files"),
        ("writes", "is_silent_and_leaves_no_files"),
        ("changes its inputs", "learns_and_keeps_its_shapes"),
        ("has no seed", "gives_the_same_answer_for_the_same_seed"),
        ("answers by the company", "answers_a_row_alone_as_in_company"),
        ("has no answer to gaps", "takes_what_it_has_never_seen"),
        ("forgets", "survives_pickling"),
    ],
)
def test_who_breaks_a_promise_is_told_which(fault, broken):
    with pytest.raises(AssertionError):
        dict(checks(learner(fault)))[f"{broken}-multiclass"]()
