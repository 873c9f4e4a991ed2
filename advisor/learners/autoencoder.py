"""A multilayer perceptron that first learns to mend rows without their target: a denoising autoencoder, fine-tuned.

Its variants leave the perceptron out: what its hidden layer says of a row goes beside the row into a linear model or
boosted trees. On request, because it says little that trees cannot find in the row itself (reports/augmentation.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from advisor.contracts import Float, Integer, Learner, Setting, Space, Variant
from advisor.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.net_estimator import NetEstimator, training, usual_steps


class _Autoencoder(NetEstimator):
    """An MLP whose hidden layers are pre-trained on the inputs of its own training rows, never on others.

    `swap_share` is the part of the values that pre-training swaps, `pretraining` its share of the epochs (and of the
    seconds, where they are limited).
    """

    def __init__(
        self,
        *,
        width: int = 256,
        depth: int = 3,
        dropout: float = 0.15,
        embedding_width: int = 8,
        swap_share: float = 0.2,
        pretraining: float = 0.3,
        **training: Any,
    ) -> None:
        super().__init__(**training)
        self.width = width
        self.depth = depth
        self.dropout = dropout
        self.embedding_width = embedding_width
        self.swap_share = swap_share
        self.pretraining = pretraining

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float]) -> Any:
        from advisor.nets.blocks import MLP, TableInput
        from advisor.nets.denoising import pretrained
        from advisor.nets.loop import Recipe, pick_device

        numbers, flags, _ = rows.inputs
        entrance = TableInput(numbers.shape[1], flags.shape[1], levels, self.embedding_width)
        body = MLP(
            entrance.width,
            len(bias),
            width=self.width,
            depth=self.depth,
            activation="silu",
            dropout=self.dropout,
            bias=bias,
        )
        count = len(rows.target)
        epochs = max(1, round(self.pretraining * self._epochs(count)))
        return pretrained(
            entrance,
            body,
            rows,
            [levels for levels in self.cardinalities_ if 0 < levels <= self.most_one_hot_levels],
            levels,
            Recipe(batch_size=self._batch_size(count), epochs=epochs),
            swap_share=self.swap_share,
            seconds=None if self.seconds is None else self.pretraining * self.seconds,
            seed=self.seed_,
            device=pick_device(self.device),
            threads=self.n_jobs,
        )


class AutoencoderClassifier(EarlyStoppingClassifier, _Autoencoder):
    """The net for classes."""


class AutoencoderRegressor(EarlyStoppingRegressor, _Autoencoder):
    """The net for values."""


class DenoisingFeatures(TransformerMixin, _Autoencoder):
    """Hidden features (n, width) of a denoising autoencoder, of deviation one on its rows; no target is looked at."""

    _loss = "rmse"

    def __init__(self, *, width: int = 32, depth: int = 2, pretraining: float = 1.0, **training: Any) -> None:
        super().__init__(width=width, depth=depth, dropout=0.0, pretraining=pretraining, **training)

    def fit(self, X: Any, y: Any = None) -> DenoisingFeatures:
        """Learn to mend the rows X (n, p), numbers without gaps and categories."""
        from advisor.nets.denoising import without_head
        from advisor.nets.loop import Rows, cpu_threads, pick_device, seeded

        numbers, nothing = self._checked(X, np.zeros(_num_samples(X)))
        self.seed_ = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        rows = Rows(self._tensors(numbers), self._target(nothing))
        levels = [count for count in self.cardinalities_ if count > self.most_one_hot_levels]
        with seeded(self.seed_, pick_device(self.device)), cpu_threads(self.n_jobs):
            self.model_ = without_head(self._net(rows, levels, [0.0])).cpu()
        features = self._raw_predict(numbers)
        spread = features.std(axis=0)
        self.centre_, self.scale_ = features.mean(axis=0), np.where(spread > 1e-6, spread, 1.0)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of the rows X (m, p), shape (m, width)."""
        return np.asarray((self._predicted(X) - self.centre_) / self.scale_)


class _Beside(TransformerMixin, BaseEstimator):
    """What a learner eats, and beside it what the autoencoder says of the same rows."""

    def __init__(self, inputs: Any, features: Any) -> None:
        self.inputs = inputs
        self.features = features

    def fit(self, X: Any, y: Any = None) -> _Beside:
        self.inputs_, self.features_ = clone(self.inputs).fit(X, y), clone(self.features).fit(X)
        return self

    def transform(self, X: Any) -> Any:
        inputs, features = self.inputs_.transform(X), self.features_.transform(X).astype(np.float32)
        if not isinstance(inputs, pd.DataFrame):
            return np.hstack([inputs, features])
        names = [f"autoencoder {number}" for number in range(features.shape[1])]
        return pd.concat([inputs, pd.DataFrame(features, index=inputs.index, columns=names)], axis=1)


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    model = (AutoencoderRegressor if setting.task == "regression" else AutoencoderClassifier)(**training(setting))
    return Pipeline([("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))])


def _space(setting: Setting) -> Space:
    return {
        "width": Integer(64, 512, log=True),
        "depth": Integer(1, 4),
        "dropout": Float(0.0, 0.5),
        "swap_share": Float(0.05, 0.5),
        "pretraining": Float(0.05, 0.6),
        "learning_rate": Float(1e-4, 1e-2, log=True),
        "weight_decay": Float(1e-6, 1e-1, log=True),
    }


LEARNER = Learner(
    name="autoencoder",
    family="neural",
    summary="Multilayer perceptron pre-trained as a denoising autoencoder on its training rows.",
    build=_build,
    space=_space,
    requires=("torch",),
    effort=7,
    seconds=lambda rows, columns: 0.008 * usual_steps(rows),
    precedence=6,
)


def _with_features(setting: Setting, pipeline: Any) -> Any:
    from sklearn.pipeline import make_pipeline

    own = {name: value for name, value in training(setting).items() if name not in ("metric", "refit")}
    if setting.seconds is not None:
        own["seconds"] = setting.seconds / 3
        if "model__seconds" in pipeline.get_params():
            pipeline.set_params(model__seconds=setting.seconds * 2 / 3)
    features = make_pipeline(setting.modality.encoder("net"), DenoisingFeatures(**own))
    return pipeline.set_params(encode=_Beside(pipeline.named_steps["encode"], features))


VARIANTS = tuple(
    Variant(
        name=f"autoencoder_{base}",
        of=base,
        family="neural",
        summary=f"{what} with the hidden features of a denoising autoencoder beside the inputs.",
        wrap=_with_features,
        requires=("torch",),
        extra_seconds=lambda rows, columns: 0.004 * usual_steps(rows),
    )
    for base, what in (("linear", "A linear model"), ("lightgbm", "LightGBM"))
)
