"""all-MiniLM-L6-v2: what texts mean, by a net trained beforehand and left as it is, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Learner, Setting
from advisor.estimators.sentences import WEIGHTS, SentenceEncoder
from advisor.learners._texts import has_texts, linear_on_meaning, no_texts, penalty_and_words
from advisor.records import Profile


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    return linear_on_meaning(setting, params, WEIGHTS, SentenceEncoder)


def _absent(foundation: str, task: str) -> str | None:
    return WEIGHTS.absent(foundation)


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: 4.5 ms for a text of a dozen words, and a second to read the weights."""
    texts = sum(column.kind == "text" for column in profile.columns)
    return 1.0 + 0.006 * rows * texts


LEARNER = Learner(
    name="minilm",
    family="neural",
    summary="What texts mean, by a net trained beforehand (all-MiniLM-L6-v2), and their words, with a linear model.",
    build=_build,
    space=penalty_and_words,
    objection=no_texts,
    essential=has_texts,
    requires=("tokenizers", "safetensors"),
    weights="all-MiniLM-L6-v2, Apache-2.0",
    packaged=WEIGHTS.module,
    start="frozen",
    absent=_absent,
    seconds=_seconds,
    strong=True,
)
