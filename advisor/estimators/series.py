"""A base for estimators that are nets on series; a subclass says which body looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from advisor.estimators.net import ArrayNetEstimator


class SeriesNetEstimator(ArrayNetEstimator):
    """The hooks for a net on series (nets.series.SeriesNet); a subclass builds its body in `_body`.

    Rows are (n, channels + 1, steps), the last channel a mask of the steps that a series has; a plain matrix is one
    channel of series of one length. A body looks at no more than `most_places`: in longer series, several steps that
    follow one another are one place.
    """

    most_places = 128
    # Passes over few rows are cheap and needed: a training has about so many steps.
    steps = 1_000

    dropout: float

    def _body(self, channels: int) -> Any:
        """Build the part between patches and head for so many channels (see nets.series)."""
        raise NotImplementedError

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from advisor.nets.series import SeriesNet

        (series,) = rows.inputs
        stride = max(1, -(-series.shape[2] // self.most_places))
        return SeriesNet(self._body((series.shape[1] - 1) * stride), stride, bias, self.dropout)

    def _tensors(self, X: np.ndarray) -> tuple[Any, ...]:
        if X.ndim == 2:
            X = np.stack([X, np.ones_like(X)], axis=1)
        return super()._tensors(X)

    def _batch_size(self, rows: int) -> int:
        """About ten steps an epoch, within 16..128 rows."""
        return int(np.clip(2 ** round(np.log2(max(rows, 1) / 10)), 16, 128))

    def _epochs(self, rows: int) -> int:
        """About `steps` steps in all, within 20..150 epochs; patience ends most before."""
        return self.epochs or int(np.clip(self.steps * self._batch_size(rows) / max(rows, 1), 20, 150))
