"""all-MiniLM-L6-v2: what texts mean, by a net trained beforehand and left as it is, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.estimators.sentences import WEIGHTS, SentenceEncoder
from advisor.learners._texts import has_texts, no_texts
from advisor.records import Profile


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import FeatureUnion, Pipeline

    named = WEIGHTS.named(setting.foundation)
    WEIGHTS.folder(named)  # so that it is said before any fit that they are nowhere
    chosen = dict(params)
    beside = setting.modality.encoder("bag", characters=False, words=chosen.pop("words", True))
    encoder = FeatureUnion([("meaning", SentenceEncoder(named)), ("beside", beside)])
    # Vectors of length 1 ask for a weaker penalty than standardised columns do.
    model = (
        Ridge(alpha=0.3) if setting.task == "regression" else LogisticRegression(C=10.0, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", encoder), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether the words themselves stand beside the meaning."""
    penalty = (
        {"alpha": Float(3e-3, 3e1, log=True)} if setting.task == "regression" else {"C": Float(0.1, 1e3, log=True)}
    )
    return {**penalty, "words": Choice((True, False))}


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
    space=_space,
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
