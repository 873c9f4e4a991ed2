"""A multilayer perceptron that first learns to mend rows without their target: a denoising autoencoder, fine-tuned.

Its variants leave the perceptron out: what its hidden layer says of a row goes beside the row into a linear model or
boosted trees. On request, because it says little that trees cannot find in the row itself (reports/augmentation.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples, check_is_fitted

from advisor.contracts import Float, Integer, Learner, Setting, Space, Variant
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import NetEstimator, training, whether_to_hold_out
from advisor.learners._seconds import NO_REFIT, Growth


class _Autoencoder(NetEstimator):
    """An MLP whose hidden layers are pre-trained on the inputs of its training rows and of rows without a target.

    `swap_share` is the part of the values that pre-training swaps, `pretraining` its share of the epochs (and of the
    seconds, where they are limited).
    """

    _unlabelled: Any = None

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

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.blocks import MLP, TableInput
        from advisor.nets.denoising import pretrained
        from advisor.nets.device import pick_device
        from advisor.nets.loop import Recipe

        rows = self._and_unlabelled(rows)
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
            seconds=None if seconds is None else self.pretraining * seconds,
            seed=self.seed_,
            device=pick_device(self.device),
            threads=self.n_jobs,
        )

    @contextmanager
    def _seeing(self, unlabelled: Any) -> Iterator[None]:
        """Let pre-training see these rows, too, inside the block; they are forgotten after it."""
        self._unlabelled = unlabelled
        try:
            yield
        finally:
            del self._unlabelled

    def _and_unlabelled(self, rows: Any) -> Any:
        """Return the inputs of the training rows and of those without a target; no target goes with them."""
        from advisor.nets.denoising import without_target

        if self._unlabelled is None:
            return rows
        return without_target(rows.inputs, self._tensors(self._as_fitted(self._unlabelled)))


class AutoencoderClassifier(EarlyStoppingClassifier, _Autoencoder):
    """The net for classes."""

    def fit(
        self, X: Any, y: Any, groups: Any = None, times: Any = None, unlabelled: Any = None
    ) -> AutoencoderClassifier:
        """Learn from X (n, p) and labels y (n,); `unlabelled` (m, p) are rows to pre-train on besides."""
        with self._seeing(unlabelled):
            super().fit(X, y, groups, times)
        return self


class AutoencoderRegressor(EarlyStoppingRegressor, _Autoencoder):
    """The net for values."""

    def fit(
        self, X: Any, y: Any, groups: Any = None, times: Any = None, unlabelled: Any = None
    ) -> AutoencoderRegressor:
        """Learn from X (n, p) and values y (n,); `unlabelled` (m, p) are rows to pre-train on besides."""
        with self._seeing(unlabelled):
            super().fit(X, y, groups, times)
        return self


class DenoisingFeatures(TransformerMixin, _Autoencoder):
    """Hidden features (n, width) of a denoising autoencoder, of deviation one on its rows; no target is looked at."""

    _loss = "rmse"

    def __init__(self, *, width: int = 32, depth: int = 2, pretraining: float = 1.0, **training: Any) -> None:
        super().__init__(width=width, depth=depth, dropout=0.0, pretraining=pretraining, **training)

    def fit(self, X: Any, y: Any = None, unlabelled: Any = None) -> DenoisingFeatures:
        """Learn to mend the rows X (n, p) and `unlabelled` (m, p), numbers without gaps and categories."""
        from advisor.nets.denoising import without_head
        from advisor.nets.device import cpu_threads, pick_device, seeded
        from advisor.nets.loop import Rows

        numbers, nothing = self._checked(X, np.zeros(_num_samples(X)))
        self.seed_ = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        rows = Rows(self._tensors(numbers), self._target(nothing))
        levels = [count for count in self.cardinalities_ if count > self.most_one_hot_levels]
        with self._seeing(unlabelled), seeded(self.seed_, pick_device(self.device)), cpu_threads(self.n_jobs):
            self.models_ = [without_head(self._net(rows, levels, [0.0], self.seconds)).cpu()]
        features = self._raw_predict(self.models_[0], numbers)
        spread = features.std(axis=0)
        self.centre_, self.scale_ = features.mean(axis=0), np.where(spread > 1e-6, spread, 1.0)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of the rows X (m, p), shape (m, width)."""
        return np.asarray((self._predicted(X)[0] - self.centre_) / self.scale_)


class _Forgetful(BaseEstimator):
    """Keeps its `unlabelled` rows until it is fitted and pickled: nobody needs them to predict."""

    def __getstate__(self) -> Any:
        state = super().__getstate__()
        try:
            check_is_fitted(self)
        except NotFittedError:
            return state
        return {**state, "unlabelled": None}


class _Pretrained(_Forgetful, Pipeline):
    """The steps "encode" and "model"; the model's pre-training sees `unlabelled` (a frame or None), too."""

    def __init__(
        self, steps: Any, *, unlabelled: Any = None, transform_input: Any = None, memory: Any = None,
        verbose: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(steps, transform_input=transform_input, memory=memory, verbose=verbose)
        self.unlabelled = unlabelled

    def fit(self, X: Any, y: Any = None) -> _Pretrained:
        """Fit the encoder on X (n, p) alone, and the model on X and y (n,)."""
        encode, model = self.named_steps["encode"], self.named_steps["model"]
        rows = encode.fit_transform(X, y)
        model.fit(rows, y, unlabelled=None if self.unlabelled is None else encode.transform(self.unlabelled))
        return self


class _Beside(TransformerMixin, _Forgetful):
    """What a learner eats, and beside it what the autoencoder says of the same rows."""

    def __init__(self, inputs: Any, features: Any, unlabelled: Any = None) -> None:
        self.inputs = inputs
        self.features = features
        self.unlabelled = unlabelled

    def fit(self, X: Any, y: Any = None) -> _Beside:
        self.inputs_ = clone(self.inputs).fit(X, y)
        self.features_ = clone(self.features).set_params(unlabelled=self.unlabelled).fit(X)
        return self

    def transform(self, X: Any) -> Any:
        inputs, features = self.inputs_.transform(X), self.features_.transform(X).astype(np.float32)
        if not isinstance(inputs, pd.DataFrame):
            return np.hstack([inputs, features])
        names = [f"autoencoder {number}" for number in range(features.shape[1])]
        return pd.concat([inputs, pd.DataFrame(features, index=inputs.index, columns=names)], axis=1)


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    model = (AutoencoderRegressor if setting.task == "regression" else AutoencoderClassifier)(**training(setting))
    steps = [("encode", setting.modality.encoder("net")), ("model", model.set_params(**params))]
    return _Pretrained(steps, unlabelled=setting.unlabelled)


def _space(setting: Setting) -> Space:
    return {
        "width": Integer(64, 512, log=True),
        "depth": Integer(1, 4),
        "dropout": Float(0.0, 0.5),
        "swap_share": Float(0.05, 0.5),
        "pretraining": Float(0.05, 0.6),
        "learning_rate": Float(1e-4, 1e-2, log=True),
        "weight_decay": Float(1e-6, 1e-1, log=True),
        **whether_to_hold_out(setting),
    }


LEARNER = Learner(
    name="autoencoder",
    family="neural",
    summary="Multilayer perceptron pre-trained as a denoising autoencoder on rows without their target.",
    build=_build,
    space=_space,
    requires=("torch",),
    seconds=Growth(8.0, rows=1.15, values=1.2, drop=NO_REFIT, fewer_passes=True),
)


def _with_features(setting: Setting, pipeline: Any) -> Any:
    own = {name: value for name, value in training(setting).items() if name not in ("metric", "refit")}
    if setting.seconds is not None:
        own["seconds"] = setting.seconds / 3
        if "model__seconds" in pipeline.get_params():
            pipeline.set_params(model__seconds=setting.seconds * 2 / 3)
    features = _Pretrained([("encode", setting.modality.encoder("net")), ("model", DenoisingFeatures(**own))])
    return pipeline.set_params(encode=_Beside(pipeline.named_steps["encode"], features, setting.unlabelled))


VARIANTS = tuple(
    Variant(
        name=f"autoencoder_{base}",
        of=base,
        family="neural",
        summary=f"{what} with the hidden features of a denoising autoencoder beside the inputs.",
        wrap=_with_features,
        requires=("torch",),
        extra_seconds=Growth(8.5, rows=0.95, fewer_passes=True),
    )
    for base, what in (("linear", "A linear model"), ("lightgbm", "LightGBM"))
)
