"""The words themselves, weighed by how rare they are, with a linear model: the usual first answer for texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._texts import has_texts, no_texts


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline

    chosen = dict(params)
    encoder = setting.modality.encoder("bag", characters=chosen.pop("characters", True))
    # Vectors of length 1 ask for a weaker penalty than standardised columns do.
    model = (
        Ridge(alpha=0.3, solver="sparse_cg") if setting.task == "regression" else
        LogisticRegression(C=30.0, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", encoder), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether letters count beside words."""
    penalty = (
        {"alpha": Float(3e-3, 3e1, log=True)} if setting.task == "regression" else {"C": Float(0.3, 3e3, log=True)}
    )
    return {**penalty, "characters": Choice((True, False))}


LEARNER = Learner(
    name="tfidf_linear",
    family="classical",
    summary="Words, pairs of words and letters by TF-IDF, with logistic or ridge regression.",
    build=_build,
    space=_space,
    objection=no_texts,
    essential=has_texts,
    interpretable=True,
    seconds=Growth(1.0, classes=0.3, start=0.1),
)
