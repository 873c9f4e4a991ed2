"""An MLP and boosted trees with more rows to learn from: interpolated ones, or those of a generator (a GAN).

On request, because both seldom pay: interpolation does little for strong classifiers (Elor and Averbuch-Elor 2022), and
reports/augmentation.md has figures for both. A generator has to beat interpolation, too.
"""

from __future__ import annotations

from typing import Any

from advisor.contracts import Setting, Variant
from advisor.estimators.augmenting import Generation, Interpolation
from advisor.records import Profile


def _interpolated(setting: Setting, pipeline: Any) -> Any:
    return pipeline.set_params(model__augment=Interpolation())


def _generated(setting: Setting, pipeline: Any) -> Any:
    return pipeline.set_params(model__augment=Generation(setting.threads))


def _generating_seconds(rows: int, profile: Profile) -> float:
    """One generator, whose steps are as many whatever the rows; measured."""
    return 4.0


VARIANTS = (
    Variant(
        name="smote_mlp",
        of="mlp",
        family="neural",
        summary="The MLP with rows interpolated between neighbours added to its training rows.",
        wrap=_interpolated,
    ),
    Variant(
        name="gan_mlp",
        of="mlp",
        family="neural",
        summary="The MLP with rows of a conditional WGAN-GP added to its training rows.",
        wrap=_generated,
        must_beat=("smote_mlp",),
        extra_seconds=_generating_seconds,
    ),
    Variant(
        name="smote_lightgbm",
        of="lightgbm",
        family="classical",
        summary="LightGBM with rows interpolated between neighbours added to its training rows.",
        wrap=_interpolated,
    ),
    Variant(
        name="gan_lightgbm",
        of="lightgbm",
        family="neural",
        summary="LightGBM with rows of a conditional WGAN-GP added to its training rows.",
        wrap=_generated,
        must_beat=("smote_lightgbm",),
        requires=("torch",),
        extra_seconds=_generating_seconds,
    ),
)
