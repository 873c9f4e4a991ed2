"""Learners that fail on purpose, written as files of the catalogue, as somebody who adds a learner writes his.

`write` puts one file a learner into a folder, and beside it a `sitecustomize.py` that adds the folder to the catalogue
of every process which has it on its path: commands and workers meet these as they do all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LEARNER = '''
"""A learner that fails on purpose."""

import ctypes, glob, os, random, re, resource, shutil, signal, subprocess, sys, tempfile, threading, time, warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from advisor.contracts import Integer, Learner


class Broken(ClassifierMixin, BaseEstimator):
    def __init__(self, depth=3, seed=0):
        self.depth, self.seed = depth, seed

    def fit(self, X, y):
        {fit}
        self.tree_ = DecisionTreeClassifier(max_depth=self.depth, random_state=0).fit(X, y)
        self.classes_ = self.tree_.classes_
        return self

    def predict_proba(self, X):
        answer = (self.tree_.predict_proba(X) + 0.1) / 1.2
        {predict}
        return answer

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _build(setting, params):
    {build}
    return Pipeline([("encode", setting.modality.encoder("matrix")), ("model", Broken(seed=setting.seed, **params))])


LEARNER = Learner(
    name="{name}", family="{family}", summary="Fails on purpose.", build=_build, requires={requires},
    space=lambda setting: {{"depth": Integer(1, 9)}}, strong={strong}, seconds=lambda rows, profile: 0.05,
)
'''

# A net whose loss is NaN from the first step.
NET = '''
"""A net that fails on purpose."""

from sklearn.pipeline import Pipeline

from advisor.contracts import Learner
from advisor.estimators.early_stopping import EarlyStoppingClassifier
from advisor.estimators.net import NetEstimator, training


class Broken(EarlyStoppingClassifier, NetEstimator):
    def __init__(self, **training):
        super().__init__(**training)

    def _net(self, rows, levels, bias, seconds):
        from advisor.nets.blocks import MLP, TableInput, TableNet

        numbers, flags, _ = rows.inputs
        entrance = TableInput(numbers.shape[1], flags.shape[1], levels)
        return TableNet(entrance, MLP(entrance.width, len(bias), width=8, depth=1, bias=[float("nan")] * len(bias)))


LEARNER = Learner(
    name="{name}", family="neural", summary="Fails on purpose.", requires=("torch",), strong={strong},
    build=lambda setting, params: Pipeline(
        [("encode", setting.modality.encoder("net")), ("model", Broken(**training(setting)))]
    ),
    seconds=lambda rows, profile: 0.1,
)
'''


@dataclass(frozen=True)
class Fault:
    """Python that runs when a learner is built, fitted or asked; `requires` names packages, and `files` writes them.

    `says` is a pattern of what the leaderboard has to say of it, None where it is to do well all the same.
    """

    says: str | None
    build: str = "pass"
    fit: str = "pass"
    predict: str = "pass"
    requires: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    code: str = LEARNER


def from_fold(number: int, fault: str) -> str:
    """Let a fault happen from this fold on (from 0): those before it, and so their models, are fine."""
    return f"if self.seed >= {number}: {fault}"


def write(
    folder: Path, faults: Mapping[str, Fault], family: Literal["classical", "neural"], *, strong: bool = False
) -> None:
    """Write a learner of this family for each fault, by name, and what makes them known."""
    (folder / "learners").mkdir(parents=True, exist_ok=True)
    for name, fault in faults.items():
        (folder / "learners" / f"{name}.py").write_text(fault.code.format(
            name=name, family=family, strong=strong and family == "neural", requires=fault.requires,
            build=fault.build, fit=fault.fit, predict=fault.predict,
        ))  # fmt: skip
        for file, text in fault.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
    (folder / "sitecustomize.py").write_text(
        f"import advisor.learners\nadvisor.learners.__path__.append({str(folder / 'learners')!r})\n"
    )
