"""A bag of words whose meanings are learnt from nothing but these rows, and a perceptron on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.contracts import Float, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import TextNetEstimator
from advisor.learners._seconds import Growth
from advisor.learners._texts import how_to_train, net_on_words, no_texts

LENGTH = 256


class _TextBag(TextNetEstimator):
    """Vectors of `embedding_width` for words and pairs of words, their mean and maximum, and a layer of `width`."""

    def __init__(
        self,
        *,
        texts: int = 0,
        length: int = LENGTH,
        embedding_width: int = 64,
        width: int = 64,
        depth: int = 1,
        dropout: float = 0.3,
        dropped_words: float = 0.2,
        learning_rate: float = 3e-3,
        **training: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **training)
        self.texts = texts
        self.length = length
        self.embedding_width = embedding_width
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.dropped_words = dropped_words

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.texts import Bag, TextNet, Words

        codes, numbers = rows.inputs
        words = Words(codes, self.embedding_width, self.dropped_words)
        reader = Bag(words, self.texts) if self.texts else None
        return TextNet(
            reader, numbers.shape[1], len(bias), width=self.width, depth=self.depth, dropout=self.dropout, bias=bias
        )


class TextBagClassifier(EarlyStoppingClassifier, _TextBag):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class TextBagRegressor(EarlyStoppingRegressor, _TextBag):
    """The net for values; see EarlyStopping for what it does with rows and targets."""


def _space(setting: Setting) -> Space:
    """How wide, how strongly held back, and how fast."""
    return {
        "embedding_width": Integer(16, 128, log=True),
        "width": Integer(32, 256, log=True),
        "depth": Integer(0, 2),
        "dropout": Float(0.0, 0.6),
        "learning_rate": Float(5e-4, 2e-2, log=True),
        **how_to_train(setting),
    }


LEARNER = Learner(
    name="text_bag",
    family="neural",
    summary="A bag of words and pairs of words whose meanings a net learns from these rows alone.",
    build=net_on_words(TextBagClassifier, TextBagRegressor, length=LENGTH, ordered=False),
    space=_space,
    objection=no_texts,
    requires=("torch",),
    seconds=Growth(5.0),
)
