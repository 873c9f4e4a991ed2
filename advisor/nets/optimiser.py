"""How weights move: SGD, Adam and AdamW as torch's own fused kernels, clipped gradients, averaged weights.

The kernels are called directly. `torch.optim.Optimizer` imports all of torch's compiler at its first use, over two CPU
seconds in each process, and its functions sort the weights anew at every step, a third of a small net's whole step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

OPTIMISERS = ("adamw", "adam", "sgd")
MOMENTUM = 0.9


def paced(weight: nn.Parameter, pace: float) -> nn.Parameter:
    """Let a weight learn `pace` times as fast as the others, and return it."""
    weight.pace = pace  # type: ignore[attr-defined]
    return weight


class Optimiser:
    """Moves a module's weights by their gradients, clipped by their joint norm.

    `kind` is "adamw" (Loshchilov and Hutter 2019), "adam" (Kingma and Ba 2015; its decay is part of the gradient) or
    "sgd" with Nesterov's momentum of 0.9 (Sutskever et al. 2013). Only matrices decay; biases and the gains of
    normalisations do not. `clip_norm` (Pascanu, Mikolov and Bengio 2013) is handed to the kernel as the gradients'
    scale, so that clipping takes no pass of its own over them. `beta1` and `beta2` are the memories of Adam's means and
    squares.
    """

    def __init__(
        self,
        module: nn.Module,
        weight_decay: float,
        clip_norm: float | None,
        kind: str = "adamw",
        beta2: float = 0.999,
        beta1: float = 0.9,
    ) -> None:
        self.weight_decay, self.clip_norm, self.kind, self.betas = weight_decay, clip_norm, kind, (beta1, beta2)
        groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
        for weight in module.parameters():
            if weight.requires_grad:
                groups.setdefault((weight.ndim > 1, getattr(weight, "pace", 1.0)), []).append(weight)
        self.groups = [(_Moments(weights), decays, pace) for (decays, pace), weights in groups.items()]

    @torch.no_grad()
    def step(self, learning_rate: float | Tensor, decay_share: float = 1.0) -> None:
        """Move all weights with `decay_share` of the weight decay, and clear the gradients.

        A learning rate that lies on the weights' device is read there, so that the step can be captured.
        """
        scale = None
        if self.clip_norm is not None:
            scale = _excess([weight.grad for moments, *_ in self.groups for weight in moments.weights], self.clip_norm)
        for moments, decays, pace in self.groups:
            decay = self.weight_decay * decay_share if decays else 0.0
            moments.step(self.kind, learning_rate * pace, decay, scale, self.betas)


class WeightAverage:
    """A running mean of a module's weights, with a memory of about `steps` steps; early on, of all steps so far."""

    def __init__(self, module: nn.Module, steps: float) -> None:
        self.weights: list[Tensor] = [weight for weight in module.parameters() if weight.requires_grad]
        self.means = [weight.detach().clone() for weight in self.weights]
        self.steps = steps
        self.seen = 0

    def next_share(self) -> float:
        """Count a step and return the share of it: young means forget faster, as their first steps were the worst."""
        self.seen += 1
        return max(1.0 / max(1.0, self.steps), 2.0 / (self.seen + 1))

    @torch.no_grad()
    def update(self, share: float | Tensor | None = None) -> None:
        """Move the mean by `share` (of `next_share` where None) of the way to the weights of now."""
        share = self.next_share() if share is None else share
        # A share that lies on a GPU is read there, so that the step can be captured.
        torch._foreach_lerp_(self.means, self.weights, share if isinstance(share, float) else [share] * len(self.means))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the module have the mean as its weights inside the block; nothing is copied."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for mean, weight in zip(self.means, self.weights, strict=True):
            mean.data, weight.data = weight.data, mean.data


class _Moments:
    """Weights that move alike, and the running means of their gradients and squared gradients."""

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        self.weights: list[Tensor] = list(weights)
        self.first = [torch.zeros_like(weight) for weight in weights]
        self.second = [torch.zeros_like(weight) for weight in weights]
        self.count = torch.zeros((), dtype=torch.float32, device=weights[0].device)

    def step(
        self, kind: str, learning_rate: float | Tensor, decay: float, scale: Tensor | None, betas: tuple[float, float]
    ) -> None:
        gradients: list[Tensor] = [weight.grad for weight in self.weights]  # type: ignore[misc]  # all took part
        if kind == "sgd":
            torch._fused_sgd_(
                self.weights,
                gradients,
                self.first,
                weight_decay=decay,
                momentum=MOMENTUM,
                lr=learning_rate,
                dampening=0.0,
                nesterov=True,
                maximize=False,
                is_first_step=False,
                grad_scale=scale,
            )
        else:
            self.count.add_(1.0)
            (torch._fused_adamw_ if kind == "adamw" else torch._fused_adam_)(
                self.weights,
                gradients,
                self.first,
                self.second,
                [],
                [self.count] * len(self.weights),
                lr=learning_rate,
                beta1=betas[0],
                beta2=betas[1],
                weight_decay=decay,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
                grad_scale=scale,
            )
        for weight in self.weights:
            weight.grad = None


def _excess(gradients: Sequence[Tensor | None], limit: float) -> Tensor:
    """How many times too long all gradients together are, at least 1; on a GPU nobody waits for the figure."""
    present = [gradient for gradient in gradients if gradient is not None]
    if present[0].device.type != "cpu":
        return (nn.utils.get_total_norm(present) / limit).clamp(min=1.0)
    # A dot product of each is half the price of torch's own norm on one core.
    norm = math.sqrt(sum(float(torch.dot(flat, flat)) for flat in (gradient.flatten() for gradient in present)))
    return torch.tensor(max(1.0, norm / limit))
