"""A multilayer perceptron that first learns to mend rows without their target: a denoising autoencoder, fine-tuned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.contracts import Float, Integer, Learner, Setting, Space
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
