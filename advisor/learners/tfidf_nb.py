"""Words counted, and the class under whose counts a text is the least unlikely: complement naive Bayes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.learners._seconds import Growth
from advisor.learners._texts import no_texts


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.naive_bayes import ComplementNB
    from sklearn.pipeline import Pipeline

    chosen = {"alpha": 0.3, "norm": False, **params}
    encoder = setting.modality.encoder("bag", characters=chosen.pop("characters", False), beside=False)
    return Pipeline([("encode", encoder), ("model", ComplementNB(**chosen))])


def _space(setting: Setting) -> Space:
    """What Rennie et al. (2003) vary, and whether letters count beside words."""
    return {"alpha": Float(1e-3, 1e1, log=True), "norm": Choice((False, True)), "characters": Choice((False, True))}


LEARNER = Learner(
    name="tfidf_nb",
    family="classical",
    summary="Complement naive Bayes on the words of the texts, without the other columns.",
    build=_build,
    space=_space,
    objection=no_texts,
    tasks=("binary", "multiclass"),
    seconds=Growth(0.5, start=0.02),
)
