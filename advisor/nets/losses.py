"""What a net on a table minimises, and the error by which an epoch of it is judged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class TableLoss:
    """`kind` "log_loss" takes codes (n,) and logits (n, K), "rmse" and "mae" values (n,) and outputs (n, 1).

    Outputs may have members, (n, members, K): each is trained by itself, and their mean answers. `smoothing` is that of
    labels (Szegedy et al. 2016), for classes.
    """

    kind: Literal["log_loss", "rmse", "mae"]
    smoothing: float = 0.0

    def __call__(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss over rows and members."""
        if self.kind == "log_loss":
            if outputs.ndim == 3:
                target = target.repeat_interleave(outputs.shape[1])
                outputs = outputs.flatten(0, 1)
            return functional.cross_entropy(outputs, target, label_smoothing=self.smoothing)
        values = outputs.squeeze(-1)
        return self._apart(values, target if values.ndim == 1 else target.unsqueeze(1).expand_as(values))

    def error(self, outputs: Tensor, target: Tensor) -> float:
        """Return the error of the members' mean: log loss without smoothing, mean squared or mean absolute error."""
        if self.kind == "log_loss":
            logs = outputs.log_softmax(dim=-1)
            if outputs.ndim == 3:
                logs = logs.logsumexp(dim=1) - math.log(outputs.shape[1])
            return float(functional.nll_loss(logs, target))
        values = outputs.squeeze(-1)
        return float(self._apart(values if values.ndim == 1 else values.mean(dim=1), target))

    def _apart(self, values: Tensor, target: Tensor) -> Tensor:
        return (functional.l1_loss if self.kind == "mae" else functional.mse_loss)(values, target)
