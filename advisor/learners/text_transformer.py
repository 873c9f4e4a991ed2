"""A small Transformer that reads the words of a text in their order, trained from nothing but these rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.contracts import Choice, Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import TextNetEstimator
from advisor.learners._seconds import Growth
from advisor.learners._texts import how_to_train, net_on_words, no_texts

LENGTH = 128
HEADS = 4


class _TextTransformer(TextNetEstimator):
    """`depth` layers over vectors of `width`, a multiple of HEADS, for the first `length` words of each text."""

    def __init__(
        self,
        *,
        texts: int = 0,
        length: int = LENGTH,
        width: int = 64,
        depth: int = 2,
        dropout: float = 0.2,
        dropped_words: float = 0.2,
        learning_rate: float = 3e-3,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **training)
        self.texts = texts
        self.length = length
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.dropped_words = dropped_words

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.texts import Reader, TextNet, Words

        codes, numbers = rows.inputs
        words = Words(codes, self.width, self.dropped_words)
        reader = (
            Reader(words, self.texts, self.length, depth=self.depth, heads=HEADS, dropout=self.dropout)
            if self.texts
            else None
        )
        return TextNet(
            reader, numbers.shape[1], len(bias), width=2 * self.width, depth=1, dropout=self.dropout, bias=bias
        )


class TextTransformerClassifier(EarlyStoppingClassifier, _TextTransformer):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class TextTransformerRegressor(EarlyStoppingRegressor, _TextTransformer):
    """The net for values; see EarlyStopping for what it does with rows and targets."""


def _space(setting: Setting) -> Space:
    """How large, how strongly held back, and how fast."""
    return {
        "width": Choice((32, 64, 128)),
        "depth": Integer(1, 3),
        "dropout": Float(0.0, 0.5),
        "learning_rate": Float(2e-4, 1e-2, log=True),
        **how_to_train(setting),
    }


LEARNER = Learner(
    name="text_transformer",
    family="neural",
    summary="A small Transformer over the words of the texts, trained from these rows alone.",
    build=net_on_words(TextTransformerClassifier, TextTransformerRegressor, length=LENGTH),
    space=_space,
    objection=no_texts,
    requires=("torch",),
    seconds=Growth(15.0, start=2.0),
)
