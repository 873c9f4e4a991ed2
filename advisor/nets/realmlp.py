"""The layers of RealMLP (Holzmüller, Grinsztajn and Steinwart 2024, "Better by default"), rows in, rows out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from advisor.nets.blocks import Dropout, TableInput
from advisor.nets.optimiser import paced

# Rows whose random mean a unit's bias puts on the edge of its activation ("he+5" in the paper).
ROWS_A_BIAS = 5


class Scaling(nn.Module):
    """A learned factor for each input, six times as quick as the weights: (n, p) to (n, p)."""

    def __init__(self, inputs: int, pace: float = 6.0) -> None:
        super().__init__()
        self.factors = paced(nn.Parameter(torch.ones(inputs)), pace)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs * self.factors


class ScaledLinear(nn.Module):
    """A linear layer whose weights are all of size one and are divided by sqrt(inputs): (n, inputs) to (n, outputs).

    The neural tangent parametrisation (Jacot, Gabriel and Hongler 2018): one learning rate then suits all widths.
    """

    def __init__(self, inputs: int, outputs: int, bias_pace: float = 0.1) -> None:
        super().__init__()
        self.gain = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.randn(inputs, outputs))
        self.bias = paced(nn.Parameter(torch.zeros(outputs)), bias_pace)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.addmm(self.bias, inputs, self.weight, alpha=self.gain)

    @torch.no_grad()
    def start_from(self, inputs: Tensor) -> Tensor:
        """Scale the weights so that each output has deviation one on these rows, and draw biases; return the outputs.

        A bias puts a random mean of a few rows at zero (Steinwart 2019), so that units bend where rows are.
        """
        spread = (self.gain * inputs @ self.weight).std(dim=0, correction=0)
        self.weight.div_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))
        units = len(self.bias)
        shares = torch.empty(units, ROWS_A_BIAS).exponential_()  # normalised: uniform over all ways to share one
        shares /= shares.sum(dim=1, keepdim=True)
        chosen = inputs[torch.randint(len(inputs), (units, ROWS_A_BIAS))]
        centres = (shares.unsqueeze(2) * chosen).sum(dim=1)
        self.bias.copy_(-self.gain * (centres * self.weight.t()).sum(dim=1))
        outputs: Tensor = self(inputs)
        return outputs


class ParametricActivation(nn.Module):
    """x + a (f(x) - x) with a learned a for each unit, from one at the start: (n, p) to the same shape.

    `activation` is "mish" (Misra 2020), "selu" (Klambauer et al. 2017), "silu" or "relu".
    """

    def __init__(self, activation: str, width: int, pace: float = 0.1) -> None:
        super().__init__()
        self.with_slope = _WITH_SLOPE[activation]
        self.share = paced(nn.Parameter(torch.ones(width)), pace)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = _Bent.apply(inputs, self.share, self.with_slope)  # type: ignore[no-untyped-call]
        return outputs


class _Bent(torch.autograd.Function):
    """The parametric activation with its gradients by hand: torch's Mish took a quarter of all training on a CPU."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, share: Tensor, with_slope: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> Tensor:
        values, slopes = with_slope(inputs)
        bend = values.sub_(inputs)
        ctx.save_for_backward(bend, slopes, share)
        return torch.addcmul(inputs, bend, share)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        bend, slopes, share = ctx.saved_tensors
        # d/dx [x + a (f - x)] = 1 + a (f' - 1)
        steepness = torch.addcmul(1.0 - share, slopes, share)
        return gradient * steepness, (gradient * bend).sum(dim=0), None


def _mish(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """x tanh(log(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2), and its slope; beyond 20 it is x to every digit."""
    power = inputs.clamp(max=20.0).exp_()
    below = torch.addcmul(torch.full((), 2.0, device=inputs.device), power, power + 2.0)
    share = 1.0 - 2.0 / below
    # The slope of the share is 4 e^x (e^x + 1) / (n + 2)^2.
    slopes = torch.addcmul(share, inputs, (4.0 * power).mul_(power + 1.0).div_(below * below))
    return inputs * share, slopes


def _selu(inputs: Tensor) -> tuple[Tensor, Tensor]:
    values = nn.functional.selu(inputs)
    return values, torch.where(inputs > 0, _SELU_SCALE, values + _SELU_SCALE * _SELU_ALPHA)


def _silu(inputs: Tensor) -> tuple[Tensor, Tensor]:
    share = inputs.sigmoid()
    values = inputs * share
    return values, torch.addcmul(share, values, 1.0 - share)


def _relu(inputs: Tensor) -> tuple[Tensor, Tensor]:
    return inputs.clamp(min=0.0), (inputs > 0).to(inputs.dtype)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_WITH_SLOPE = {"mish": _mish, "selu": _selu, "silu": _silu, "relu": _relu}


class RealMLP(nn.Module):
    """Scaling, `depth` times linear, activation, dropout, and a linear head: a table's row to (n, outputs).

    `start_from` has to see training rows once before the first step.
    """

    replayable = True

    def __init__(
        self,
        entrance: TableInput,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: str,
        dropout: float,
    ) -> None:
        super().__init__()
        self.entrance = entrance
        self.scaling = Scaling(entrance.width)
        layers: list[nn.Module] = []
        for size in [entrance.width, *[width] * (depth - 1)][:depth]:
            layers += [ScaledLinear(size, width), ParametricActivation(activation, width), Dropout(dropout)]
        self.body = nn.Sequential(*layers)
        self.head = ScaledLinear(width if depth else entrance.width, outputs)

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.body(self.scaling(self.entrance(numbers, flags, codes))))
        return outputs

    @torch.no_grad()
    def start_from(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> None:
        """Fit the first weights to training rows, layer by layer."""
        inside = self.scaling(self.entrance(numbers, flags, codes))
        for layer in self.body:
            if isinstance(layer, ScaledLinear):
                inside = layer.start_from(inside)
            elif not isinstance(layer, Dropout):
                inside = layer(inside)
        self.head.start_from(inside)
