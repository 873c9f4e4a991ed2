"""TabM in its small form: one net, many scalings of its input, a head for each (Gorishniy et al. 2025)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tabm import ElementwiseAffine, LinearEnsemble
from torch import Tensor, nn

from advisor.nets.blocks import MLP, TableInput


class TabM(nn.Module):
    """A table's row to (n, members, outputs): all members share the hidden layers.

    "TabM-mini" of the paper, from the authors' own layers. What tells the members apart is how each scales its input
    (random signs, or normal factors, one for all values of an embedded number) and its head. The shared layers see
    members as further rows, so that a step is one product of matrices a layer; nothing is done member by member.
    """

    replayable = True

    def __init__(
        self,
        entrance: TableInput,
        members: int,
        *,
        width: int,
        depth: int,
        activation: str,
        dropout: float,
        bias: Sequence[float],
    ) -> None:
        super().__init__()
        self.entrance = entrance
        self.members = members
        embedded = entrance.number_embedding is not None
        self.scaling = ElementwiseAffine(
            (members, entrance.width),
            bias=False,
            scaling_init="normal" if embedded else "random-signs",
            scaling_init_chunks=list(entrance.chunks),
        )
        net = MLP(entrance.width, 1, width=width, depth=depth, activation=activation, dropout=dropout)
        self.hidden = nn.Sequential(*list(net)[:-1])
        self.heads = LinearEnsemble(width if depth else entrance.width, len(bias), k=members)
        with torch.no_grad():
            self.heads.weight.mul_(0.1)
            self.heads.bias.copy_(torch.tensor(bias).expand(members, -1))

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        inputs = self.entrance(numbers, flags, codes)
        scaled = self.scaling(inputs.unsqueeze(1).expand(-1, self.members, -1))
        hidden = self.hidden(scaled.flatten(0, 1))
        outputs: Tensor = self.heads(hidden.unflatten(0, (-1, self.members)))
        return outputs
