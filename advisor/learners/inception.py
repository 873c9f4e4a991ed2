"""A net of the kind of InceptionTime in PyTorch (Ismail Fawaz et al. 2020): convolutions of several lengths at once."""

from __future__ import annotations

from typing import Any

from advisor.contracts import Choice, Integer, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.series import SeriesNetEstimator
from advisor.learners._series import Seconds, builder, how_to_train, is_series
from advisor.records import Profile

# The lengths of the convolutions of a block, by the longest.
KERNELS = {9: (9, 5, 3), 19: (19, 9, 5), 39: (39, 19, 9)}


class _Inception(SeriesNetEstimator):
    """`depth` blocks, each with three convolutions of `width` channels up to `longest` places, and a fourth of one."""

    def __init__(
        self, *, width: int = 16, depth: int = 4, longest: int = 19, dropout: float = 0.1, **training: Any
    ) -> None:
        super().__init__(**training)
        self.width = width
        self.depth = depth
        self.longest = longest
        self.dropout = dropout

    def _body(self, channels: int) -> Any:
        from advisor.nets.series import Inception

        return Inception(channels, self.width, self.depth, KERNELS[self.longest])


class InceptionClassifier(EarlyStoppingClassifier, _Inception):
    """The net for classes."""


class InceptionRegressor(EarlyStoppingRegressor, _Inception):
    """The net for values."""


_SECONDS = Seconds(0.07)
# A comparison is not to be held on fewer rows for want of a net that takes longer than that.
_LONGEST_ESSENTIAL = 60.0


def _essential(profile: Profile) -> bool:
    return is_series(profile) and _SECONDS(profile.rows, profile) <= _LONGEST_ESSENTIAL


def _space(setting: Setting) -> Space:
    return {
        "width": Integer(8, 32, log=True),
        "depth": Choice((2, 4, 6)),
        "longest": Choice((9, 19, 39)),
        **how_to_train(setting),
    }


LEARNER = Learner(
    name="inception",
    family="neural",
    summary="Convolutional net for series: convolutions of several lengths at once, as InceptionTime has them.",
    build=builder(InceptionClassifier, InceptionRegressor),
    modalities=("sequence",),
    space=_space,
    requires=("torch",),
    averaged=True,
    strong=True,
    essential=_essential,
    seconds=_SECONDS,
)
