"""GloVe: texts as the mean of what their words mean elsewhere, learnt beforehand, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Learner, Setting
from advisor.estimators.word_vectors import WEIGHTS, VectorsEncoder
from advisor.learners._seconds import Growth
from advisor.learners._texts import linear_on_meaning, no_texts, penalty_and_words


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    return linear_on_meaning(setting, params, WEIGHTS, VectorsEncoder)


def _absent(foundation: str, task: str) -> str | None:
    return WEIGHTS.absent(foundation)


LEARNER = Learner(
    name="glove",
    family="neural",
    summary="The mean of what words mean elsewhere (GloVe, trained beforehand), and the words, with a linear model.",
    build=_build,
    space=penalty_and_words,
    objection=no_texts,
    weights="GloVe 6B, PDDL (public domain)",
    packaged=WEIGHTS.module,
    start="frozen",
    absent=_absent,
    seconds=Growth(0.8, classes=0.3, start=0.8),
)
