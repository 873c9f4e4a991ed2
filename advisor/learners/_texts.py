"""What learners of texts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.contracts import Choice, Float, Setting, Space
from advisor.estimators.net import training, whether_to_hold_out
from advisor.nets.packaged import Packaged
from advisor.records import Profile


def has_texts(profile: Profile) -> bool:
    """Tell whether there is a column of free text to learn from."""
    return any(column.kind == "text" for column in profile.columns)


def no_texts(profile: Profile) -> str | None:
    """Say that there is no column of free text to learn from, or None where there is one."""
    return None if has_texts(profile) else "needs a column of free text, and there is none"


def names_of_texts(profile: Profile) -> tuple[str, ...]:
    """Name the columns of free text."""
    return tuple(column.name for column in profile.columns if column.kind == "text")


def net_on_words(
    classifier: Callable[..., Any], regressor: Callable[..., Any], **words: Any
) -> Callable[[Setting, Mapping[str, Any]], Any]:
    """Return what builds a pipeline of the encoder of words, made with `words`, and a net that learns meanings."""

    def build(setting: Setting, params: Mapping[str, Any]) -> Any:
        from sklearn.pipeline import Pipeline

        names = names_of_texts(setting.profile)
        kind = regressor if setting.task == "regression" else classifier
        encoder = setting.modality.encoder("words", texts=names, **words)
        model = kind(texts=len(names), **training(setting)).set_params(**params)
        return Pipeline([("encode", encoder), ("model", model)])

    return build


def how_to_train(setting: Setting) -> dict[str, Any]:
    """Return what may be tuned of the training of any net that learns what words mean."""
    return {
        "dropped_words": Float(0.0, 0.5),
        "weight_decay": Float(1e-6, 1e-1, log=True),
        "batch_size": Choice((None, 16, 32, 64, 128)),
        **whether_to_hold_out(setting),
    }


def linear_on_meaning(
    setting: Setting, params: Mapping[str, Any], weights: Packaged, encoder: Callable[[str | None], Any]
) -> Any:
    """Return a linear model on what `encoder` makes of texts with those weights, with the words themselves beside it.

    Raises UserError where the weights are nowhere.
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import FeatureUnion, Pipeline

    named = weights.named(setting.foundation)
    weights.folder(named)  # so that it is said before any fit that they are nowhere
    chosen = dict(params)
    beside = setting.modality.encoder("bag", characters=False, words=chosen.pop("words", True))
    both = FeatureUnion([("meaning", encoder(named)), ("beside", beside)])
    # Vectors of length 1 ask for a weaker penalty than standardised columns do.
    model = (
        Ridge(alpha=0.3) if setting.task == "regression" else LogisticRegression(C=10.0, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", both), ("model", model.set_params(**chosen))])


def penalty_and_words(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether the words themselves stand beside their meaning."""
    penalty = (
        {"alpha": Float(3e-3, 3e1, log=True)} if setting.task == "regression" else {"C": Float(0.1, 1e3, log=True)}
    )
    return {**penalty, "words": Choice((True, False))}
