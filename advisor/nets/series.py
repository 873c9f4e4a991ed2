"""Nets for series: rows (n, channels + 1, steps), the last channel 1 where a series has steps and 0 beyond its end.

What lies beyond the end of a series is 0 after every layer, so that an answer does not depend on how long the other
series at hand are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advisor.nets.blocks import Dropout


class SeriesNet(nn.Module):
    """Brings series to patches of `stride` steps that follow one another, lets a body look at them, and answers.

    `body` takes patches (n, channels * stride, places) and a mask (n, 1, places) of those that hold a step, and returns
    (n, body.width). `len(bias)` outputs start near `bias`.
    """

    predict_batch = 512

    def __init__(self, body: nn.Module, stride: int, bias: Sequence[float], dropout: float) -> None:
        super().__init__()
        self.body, self.stride = body, stride
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(int(body.width), len(bias))  # type: ignore[arg-type]  # nn.Module types all as Tensor
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(torch.tensor(bias))

    def forward(self, rows: Tensor) -> Tensor:
        """Return (n, outputs)."""
        patches, mask = _patches(rows, self.stride)
        outputs: Tensor = self.head(self.dropout(self.body(patches, mask)))
        return outputs


def _patches(rows: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    missing = -rows.shape[2] % stride
    rows = nn.functional.pad(rows, (0, missing))
    cut = rows.unflatten(2, (-1, stride))
    mask = cut[:, -1:].amax(dim=3)
    return cut[:, :-1].transpose(2, 3).flatten(1, 2), mask


def pooled(seen: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the places that count, (n, width) of (n, width, places); 0 for a series without steps."""
    return (seen * mask).sum(dim=2) / mask.sum(dim=2).clamp(min=1.0)


class _Convolution(nn.Module):
    """A convolution over places, normalised over rows and places."""

    def __init__(self, channels: int, width: int, kernel: int, *, activated: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, width, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.activated = activated

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        seen = self.norm(self.convolution(seen))
        return (torch.relu(seen) if self.activated else seen) * mask


class FCN(nn.Module):
    """Three convolutions and the mean over time (Wang, Yan and Oates 2017)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        sizes = ((channels, width, 7), (width, 2 * width, 5), (2 * width, width, 3))
        self.layers = nn.ModuleList(_Convolution(*size) for size in sizes)
        self.width = width

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return (n, width)."""
        for layer in self.layers:
            seen = layer(seen, mask)
        return pooled(seen, mask)


class _Branches(nn.Module):
    """Convolutions of several lengths beside each other, and one on the largest of three neighbours."""

    def __init__(self, channels: int, width: int, kernels: Sequence[int]) -> None:
        super().__init__()
        narrow = min(width, channels)
        self.bottleneck = nn.Conv1d(channels, narrow, 1, bias=False) if channels > narrow else nn.Identity()
        self.branches = nn.ModuleList(
            nn.Conv1d(narrow, width, kernel, padding=kernel // 2, bias=False) for kernel in kernels
        )
        self.beside = nn.Conv1d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm1d(width * (len(kernels) + 1))

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        narrow = self.bottleneck(seen)
        # Beyond both ends is 0, as it is beyond the end of a series among longer ones.
        largest = nn.functional.max_pool1d(nn.functional.pad(seen, (1, 1)), 3, stride=1) * mask
        parts = [*(branch(narrow) for branch in self.branches), self.beside(largest)]
        normed: Tensor = self.norm(torch.cat(parts, dim=1))
        return normed


class Inception(nn.Module):
    """Blocks of convolutions of several lengths, a shortcut around each pair (after Ismail Fawaz et al. 2020)."""

    def __init__(self, channels: int, width: int, depth: int, kernels: Sequence[int]) -> None:
        super().__init__()
        self.width = width * (len(kernels) + 1)
        inner = [channels, *[self.width] * (depth - 1)]
        self.blocks = nn.ModuleList(_Branches(size, width, kernels) for size in inner)
        self.shortcuts = nn.ModuleList(
            _Convolution(inner[place], self.width, 1, activated=False) for place in range(0, depth - 1, 2)
        )

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return (n, width)."""
        before = seen
        for place, block in enumerate(self.blocks):
            seen = block(seen, mask)
            if place % 2:
                seen = seen + self.shortcuts[place // 2](before, mask)
            seen = torch.relu(seen) * mask
            before = seen if place % 2 else before
        return pooled(seen, mask)


class Recurrent(nn.Module):
    """An LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014): the mean of what it says, and the last."""

    def __init__(self, channels: int, width: int, depth: int, cell: str, dropout: float) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.cells = kind(channels, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)
        self.width = 2 * width

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return (n, 2 * width)."""
        said = self.cells(seen.transpose(1, 2))[0].transpose(1, 2)
        last = (mask.sum(dim=2, keepdim=True).long() - 1).clamp(min=0)
        ends = said.gather(2, last.expand(-1, said.shape[1], 1)).squeeze(2) * mask[:, :, 0]
        return torch.cat([pooled(said, mask), ends], dim=1)


class SeriesTransformer(nn.Module):
    """A Transformer's encoder on patches (Vaswani et al. 2017; Nie et al. 2023), and the mean of what it says."""

    def __init__(self, channels: int, width: int, depth: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.entrance = nn.Linear(channels, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, depth, norm=nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Return (n, width)."""
        tokens = self.entrance(seen.transpose(1, 2))
        tokens = tokens + _places(tokens.shape[1], self.width, tokens.device)
        unseen = mask[:, 0] == 0
        unseen = torch.cat([torch.zeros_like(unseen[:, :1]), unseen[:, 1:]], dim=1)  # nobody looks at nothing at all
        return pooled(self.body(tokens, src_key_padding_mask=unseen).transpose(1, 2), mask)


def _places(count: int, width: int, device: torch.device) -> Tensor:
    """Return sines and cosines (count, width) of places, so that longer series than any of training have them, too."""
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))
    angles = torch.arange(count, device=device)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]
