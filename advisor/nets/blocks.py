"""Layers for tables: how numbers and categories enter a net, and the multilayer perceptron; rows in, rows out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
}
NORMALISATIONS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


class CategoryEmbedding(nn.Module):
    """One learned vector a level, all columns in one table: codes (n, c) in 0..levels[j] become (n, c * width).

    Code 0 stands for missing or never seen. It starts at the origin, the middle of the others, and stays there unless
    training rows hold it. Entity embeddings: Guo and Berkhahn (2016).
    """

    def __init__(self, levels: Sequence[int], width: int) -> None:
        super().__init__()
        sizes = torch.tensor([level + 1 for level in levels])
        self.register_buffer("offsets", sizes.cumsum(0) - sizes)
        self.offsets: Tensor
        self.table = nn.Embedding(int(sizes.sum()), width)
        nn.init.normal_(self.table.weight, std=1.0 / math.sqrt(width))
        with torch.no_grad():
            self.table.weight[self.offsets] = 0.0

    def forward(self, codes: Tensor) -> Tensor:
        vectors: Tensor = self.table(codes + self.offsets)
        return vectors.flatten(1)


class TableInput(nn.Module):
    """Joins numbers (n, p), 0/1 columns (n, h) and category codes (n, c) to row vectors (n, width).

    `number_embedding` turns the numbers into (n, p, d) first; each code becomes a vector of `embedding_width`.
    """

    def __init__(
        self,
        numbers: int,
        flags: int,
        levels: Sequence[int] = (),
        embedding_width: int = 8,
        number_embedding: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.number_embedding = number_embedding if numbers else None
        self.embedding = CategoryEmbedding(levels, embedding_width) if levels else None
        width = 1 if self.number_embedding is None else int(self.number_embedding.get_output_shape()[1])  # type: ignore[operator]
        self.chunks = (*[width] * numbers, *[1] * flags, *[embedding_width] * len(levels))
        """How many values each number, 0/1 column and code becomes, in their order."""
        self.width = sum(self.chunks)

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        parts = [numbers if self.number_embedding is None else self.number_embedding(numbers).flatten(1)]
        if flags.shape[1]:
            parts.append(flags)
        if self.embedding is not None:
            parts.append(self.embedding(codes))
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


class Dropout(nn.Module):
    """Zeroes entries with probability `share` while training and scales the rest up: any shape to the same shape.

    Srivastava et al. (2014). On a CPU one random byte decides an entry, so that the share is rounded to 1/256; that
    takes half of the time of nn.Dropout, which was a quarter of all training.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.full_share = share
        self.fade(1.0)

    def fade(self, part: float) -> None:
        """Drop only a `part` of the share from now on."""
        self.share = self.full_share * part
        self.bound = min(round(256 * self.share), 255)

    def mask(self, shape: Sequence[int], device: torch.device) -> Tensor | None:
        """Return a factor for each entry, 0 or 1 / (1 - share), or None where nothing is dropped."""
        if not self.training or self.bound == 0:
            return None
        if device.type != "cpu":
            return nn.functional.dropout(torch.ones(*shape, device=device), self.share)
        count = math.prod(shape)
        words = torch.empty((count + 7) // 8, dtype=torch.int64).random_(-(2**63), None)
        # Compared in place bytes stay bytes; truth values would take several times as long, to compare and to convert.
        kept = words.view(torch.uint8)[:count].ge_(self.bound)
        return kept.to(torch.float32).mul_(256 / (256 - self.bound)).view(*shape)

    def forward(self, inputs: Tensor) -> Tensor:
        if inputs.device.type != "cpu":
            return nn.functional.dropout(inputs, self.share, self.training)
        kept = self.mask(inputs.shape, inputs.device)
        return inputs if kept is None else inputs * kept


class MLP(nn.Sequential):
    """`depth` times linear, normalisation, activation, dropout, then a linear head: (n, inputs) to (n, outputs).

    The plain baseline of Gorishniy et al. (2021). Hidden weights start as He et al. (2015) propose; the head starts ten
    times smaller, so that the first predictions are near `bias` (the class log-frequencies, or the mean at 0).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: str = "relu",
        normalisation: str | None = None,
        dropout: float = 0.0,
        bias: Sequence[float] | None = None,
    ) -> None:
        layers: list[nn.Module] = []
        for size in [inputs, *[width] * (depth - 1)][:depth]:
            linear = nn.Linear(size, width)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
            layers.append(linear)
            if normalisation is not None:
                layers.append(NORMALISATIONS[normalisation](width))
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(Dropout(dropout))
        head = nn.Linear(width if depth else inputs, outputs)
        with torch.no_grad():
            head.weight.mul_(0.1)
            head.bias.copy_(torch.zeros(outputs) if bias is None else torch.as_tensor(bias, dtype=torch.float32))
        super().__init__(*layers, head)


class TableNet(nn.Module):
    """An entrance for numbers, 0/1 columns and codes, and a body for what comes out of it: outputs (n, k)."""

    replayable = True

    def __init__(self, entrance: TableInput, body: nn.Module) -> None:
        super().__init__()
        self.entrance = entrance
        self.body = body

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        outputs: Tensor = self.body(self.entrance(numbers, flags, codes))
        return outputs
