"""The layers of RealMLP (Holzmüller, Grinsztajn and Steinwart 2024, "Better by default"), rows in, rows out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

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
        """Scale the weights so that each sum has deviation one on these rows, and draw biases; return the outputs.

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


class HiddenLayer(ScaledLinear):
    """A scaled linear layer and x + a (f(x) - x) with a learned a for each unit: (n, inputs) to (n, outputs).

    `activation` f is "mish" (Misra 2020), "selu" (Klambauer et al. 2017), "silu" or "relu"; a starts from one. `kept`
    (n, outputs) are the factors of dropout, if any.
    """

    def __init__(self, inputs: int, outputs: int, activation: str, share_pace: float = 0.1) -> None:
        super().__init__(inputs, outputs)
        self.activation = activation
        self.share = paced(nn.Parameter(torch.ones(outputs)), share_pace)

    def forward(self, inputs: Tensor, kept: Tensor | None = None) -> Tensor:
        outputs: Tensor = _Hidden.apply(  # type: ignore[no-untyped-call]
            inputs, self.weight, self.bias, self.share, kept, self.gain, _BENDS[self.activation]
        )
        return outputs


class _Hidden(torch.autograd.Function):
    """A hidden layer as one step with its gradients by hand.

    By torch's own gradients a layer is some thirty passes over its values, which on a CPU take longer than its products
    of matrices do.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor,
        share: Tensor,
        kept: Tensor | None,
        gain: float,
        bend_of: _Bend,
    ) -> Tensor:
        values = torch.addmm(bias, inputs, weight, alpha=gain)
        bend, *known = bend_of.bend(values)
        ctx.save_for_backward(inputs, weight, share, kept, values, bend, *known)
        ctx.gain, ctx.bend_of = gain, bend_of
        outputs = torch.addcmul(values, bend, share)
        return outputs if kept is None else outputs.mul_(kept)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        inputs, weight, share, kept, values, bend, *known = ctx.saved_tensors
        if kept is not None:
            gradient = gradient * kept
        of_share = (gradient * bend).sum(dim=0)
        # d/dx [x + a (f - x)] = 1 + a (f' - 1)
        gradient = torch.addcmul(gradient, gradient, ctx.bend_of.slope(values, bend, *known).mul_(share))
        # With beta=0 what is added to is not read: the product's own factor is the gain.
        of_inputs = torch.addmm(gradient.new_empty(()), gradient, weight.t(), beta=0, alpha=ctx.gain)
        of_weight = torch.addmm(gradient.new_empty(()), inputs.t(), gradient, beta=0, alpha=ctx.gain)
        return of_inputs, of_weight, gradient.sum(dim=0), of_share, None, None, None


class _Bend(NamedTuple):
    """How far an activation is from its input: `bend(x)` is f(x) - x and what else `slope(x, *bend(x))`, f'(x) - 1,
    is made of.
    """

    bend: Callable[[Tensor], tuple[Tensor, ...]]
    slope: Callable[..., Tensor]


def _mish_bend(inputs: Tensor) -> tuple[Tensor, ...]:
    """x tanh(log(1 + e^x)) - x = x q with q = -2 / (e^x (e^x + 2) + 2); beyond 20 that is nothing in any digit."""
    power = inputs.clamp(max=20.0).exp_()
    more = power + 2.0
    share = torch.addcmul(inputs.new_full((), -1.0), power, more, value=-0.5).reciprocal_()
    return inputs * share, more, share


def _mish_slope(inputs: Tensor, bend: Tensor, more: Tensor, share: Tensor) -> Tensor:
    """q (1 + x q e^x (e^x + 1)), which is q (1 - 2x - x q (e^x + 2))."""
    return torch.addcmul(share, share, torch.addcmul(inputs, bend, more, value=0.5), value=-2.0)


def _selu_bend(inputs: Tensor) -> tuple[Tensor, ...]:
    below = inputs.clamp(max=0.0)
    power = below.expm1()
    bend = (inputs * (_SELU_SCALE - 1.0)).sub_(below, alpha=_SELU_SCALE).add_(power, alpha=_SELU_SCALE * _SELU_ALPHA)
    return bend, power


def _selu_slope(inputs: Tensor, bend: Tensor, power: Tensor) -> Tensor:
    # As numbers, since a comparison that yields truth values takes several times as long on a CPU.
    above = torch.gt(inputs, 0.0, out=torch.empty_like(inputs))
    slope = (power * (_SELU_SCALE * _SELU_ALPHA)).add_(above, alpha=_SELU_SCALE * (1.0 - _SELU_ALPHA))
    return slope.add_(_SELU_SCALE * _SELU_ALPHA - 1.0)


def _silu_bend(inputs: Tensor) -> tuple[Tensor, ...]:
    share = inputs.sigmoid()
    return torch.addcmul(-inputs, inputs, share), share


def _silu_slope(inputs: Tensor, bend: Tensor, share: Tensor) -> Tensor:
    return torch.addcmul(share, share, bend, value=-1.0).sub_(1.0)


def _relu_bend(inputs: Tensor) -> tuple[Tensor, ...]:
    return (inputs.clamp(max=0.0).neg_(),)


def _relu_slope(inputs: Tensor, bend: Tensor) -> Tensor:
    return torch.gt(inputs, 0.0, out=torch.empty_like(inputs)).sub_(1.0)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_BENDS = {
    "mish": _Bend(_mish_bend, _mish_slope),
    "selu": _Bend(_selu_bend, _selu_slope),
    "silu": _Bend(_silu_bend, _silu_slope),
    "relu": _Bend(_relu_bend, _relu_slope),
}


class RealMLP(nn.Module):
    """Scaling, `depth` hidden layers, and a linear head: a table's row to (n, outputs).

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
        self.width = width
        self.entrance = entrance
        self.scaling = Scaling(entrance.width)
        sizes = [entrance.width, *[width] * (depth - 1)][:depth]
        self.body = nn.ModuleList(HiddenLayer(size, width, activation) for size in sizes)
        self.dropout = Dropout(dropout)
        self.head = ScaledLinear(width if depth else entrance.width, outputs)

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        inside = self.scaling(self.entrance(numbers, flags, codes))
        # Drawn for all layers at once: small draws are dear.
        kept = self.dropout.mask((len(self.body) * len(inside), self.width), inside.device)
        masks = [None] * len(self.body) if kept is None else kept.split(len(inside))
        for layer, mask in zip(self.body, masks, strict=True):
            inside = layer(inside, mask)
        outputs: Tensor = self.head(inside)
        return outputs

    @torch.no_grad()
    def start_from(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> None:
        """Fit the first weights to training rows, layer by layer."""
        inside = self.scaling(self.entrance(numbers, flags, codes))
        for layer in (*self.body, self.head):
            inside = layer.start_from(inside)
