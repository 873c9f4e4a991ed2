"""GloVe: texts as the mean of what their words mean elsewhere, learnt beforehand, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.estimators.word_vectors import WEIGHTS, VectorsEncoder
from advisor.learners._seconds import Growth
from advisor.learners._texts import no_texts


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import FeatureUnion, Pipeline

    named = WEIGHTS.named(setting.foundation)
    WEIGHTS.folder(named)  # so that it is said before any fit that they are nowhere
    chosen = dict(params)
    beside = setting.modality.encoder("bag", characters=False, words=chosen.pop("words", True))
    encoder = FeatureUnion([("meaning", VectorsEncoder(named)), ("beside", beside)])
    # Vectors of length 1 ask for a weaker penalty than standardised columns do.
    model = (
        Ridge(alpha=0.3) if setting.task == "regression" else LogisticRegression(C=10.0, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", encoder), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether the words themselves stand beside their meaning."""
    penalty = (
        {"alpha": Float(3e-3, 3e1, log=True)} if setting.task == "regression" else {"C": Float(0.1, 1e3, log=True)}
    )
    return {**penalty, "words": Choice((True, False))}


def _absent(foundation: str, task: str) -> str | None:
    return WEIGHTS.absent(foundation)


LEARNER = Learner(
    name="glove",
    family="neural",
    summary="The mean of what words mean elsewhere (GloVe, trained beforehand), and the words, with a linear model.",
    build=_build,
    space=_space,
    objection=no_texts,
    weights="GloVe 6B, PDDL (public domain)",
    packaged=WEIGHTS.module,
    start="frozen",
    absent=_absent,
    seconds=Growth(0.8, classes=0.3, start=0.8),
)
