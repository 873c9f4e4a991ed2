"""How a number becomes a vector before it enters a net: (n, p) to (n, p, d), each column with weights of its own."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor, nn

from advisor.nets.optimiser import paced

KINDS = ("linear_periodic", "periodic", "piecewise_linear")
MOST_BINS = 48


class LinearPeriodic(nn.Module):
    """A number and `width - 1` mixtures of cosines of it: (n, p) to (n, p, width).

    The "PBLD" embedding of RealMLP (Holzmüller, Grinsztajn and Steinwart 2024): frequencies drawn with deviation
    `sigma`, phases uniform, both learned at a tenth of the pace.
    """

    def __init__(
        self, numbers: int, width: int = 4, frequencies: int = 16, sigma: float = 0.1, pace: float = 0.1
    ) -> None:
        super().__init__()
        self.width = width
        bound = 1.0 / math.sqrt(frequencies)
        self.frequencies = paced(nn.Parameter(2 * math.pi * sigma * torch.randn(numbers, frequencies)), pace)
        self.phases = paced(nn.Parameter(math.pi * (2 * torch.rand(numbers, frequencies) - 1)), pace)
        self.mixtures = paced(nn.Parameter(bound * (2 * torch.rand(numbers, frequencies, width - 1) - 1)), pace)
        self.offsets = paced(nn.Parameter(bound * (2 * torch.rand(numbers, 1, width - 1) - 1)), pace)

    def forward(self, numbers: Tensor) -> Tensor:
        columns = numbers.t().unsqueeze(2)
        waves = torch.addcmul(self.phases.unsqueeze(1), columns, self.frequencies.unsqueeze(1)).cos()
        mixed = torch.baddbmm(self.offsets, waves, self.mixtures)
        return torch.cat([columns, mixed], dim=2).transpose(0, 1)

    def get_output_shape(self) -> torch.Size:
        """Return (p, width), under the name that the other embeddings have for it."""
        return torch.Size((len(self.phases), self.width))


def number_embedding(kind: str | None, numbers: Tensor, width: int) -> nn.Module | None:
    """Return a fresh embedding of `kind` for such training numbers (n, p), or None for none.

    "periodic" and "piecewise_linear" are those of Gorishniy, Rubachev and Babenko (2022) by their own package, the
    latter with bins at the quantiles of the training rows. A constant column has no bins, so that where there is one
    the numbers enter as they are. Raises ValueError for an unknown kind.
    """
    if kind is None or numbers.shape[1] == 0:
        return None
    if kind == "linear_periodic":
        return LinearPeriodic(numbers.shape[1], width)
    # Not at the top: a model without these embeddings can then be loaded where their package is not.
    from rtdl_num_embeddings import PeriodicEmbeddings, PiecewiseLinearEmbeddings, compute_bins

    if kind == "periodic":
        periodic: nn.Module = PeriodicEmbeddings(numbers.shape[1], width, lite=True)
        return periodic
    if kind != "piecewise_linear":
        raise ValueError(f"a number embedding is one of {', '.join(KINDS)} or None, not {kind!r}")
    if len(numbers) < 3 or bool((numbers == numbers[0]).all(dim=0).any()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a 0/1 column has one bin only, which is right for it
        bins = compute_bins(numbers, n_bins=min(MOST_BINS, len(numbers) - 1))
        piecewise: nn.Module = PiecewiseLinearEmbeddings(bins, width, activation=False, version="B")
    return piecewise
