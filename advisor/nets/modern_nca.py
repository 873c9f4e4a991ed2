"""ModernNCA: a net that moves rows to where near ones are alike, and answers with its neighbours (Ye et al. 2025)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from advisor.nets.blocks import ACTIVATIONS, Dropout, TableInput
from advisor.nets.loop import Rows

# No class is ever impossible, as a logarithm is taken of its share among the neighbours.
LEAST_SHARE = 1e-7
# Distances that are held at a time where no gradient is asked for: 64 MB in single precision.
MOST_DISTANCES = 2**24
# Rows that are moved at a time where no gradient is asked for.
MOST_ROWS = 8192


def numbered(rows: Rows) -> Rows:
    """Return rows that know their place among the candidates, which are the same rows: a further input (n,)."""
    return Rows((*rows.inputs, torch.arange(len(rows.target))), rows.target)


def labels(target: Tensor, outputs: int) -> Tensor:
    """Return what neighbours hand on, (n, outputs): 0/1 for class codes (n,), or the values of a single output."""
    return nn.functional.one_hot(target, outputs).float() if outputs > 1 else target.unsqueeze(1)


def periodic(numbers: int, width: int) -> nn.Module:
    """Return the "PLR (lite)" embedding (Gorishniy, Rubachev and Babenko 2022): (n, numbers) to (n, numbers, width).

    Its frequencies begin close to each other (deviation 0.01), so that 16 do what the package's 48 do. Waves of all
    candidates are most of what a step costs.
    """
    # Not at the top: a model without this embedding can then be loaded where its package is not.
    from rtdl_num_embeddings import PeriodicEmbeddings

    embedding: nn.Module = PeriodicEmbeddings(numbers, width, n_frequencies=16, lite=True)
    return embedding


class Neighbours(nn.Module):
    """A table's row to the softmax over minus its distances to the training rows, times their labels: (n, outputs).

    Neighbourhood components analysis (Goldberger et al. 2004) as Ye et al. (2025) made it modern: `depth` blocks of
    batch normalisation, a layer of `block_width` and one back follow the linear layer to `width`; distances are
    Euclidean, not squared; each step in training sees a random `sample_share` of the training rows, and `most_sampled`
    at most. Outputs are log shares of the classes, or the mean value.

    The training rows are `numbers`, `flags`, `codes` and `labels` (n, outputs): 0/1 for classes, else values. They are
    kept as they are while the net learns; `settle` replaces them by what the net has made of them.
    """

    replayable = True

    def __init__(
        self,
        entrance: TableInput,
        rows: tuple[Tensor, Tensor, Tensor],
        labels: Tensor,
        *,
        width: int,
        depth: int,
        block_width: int,
        dropout: float,
        sample_share: float,
        most_sampled: int,
    ) -> None:
        super().__init__()
        self.classes = labels.shape[1] > 1
        self.sampled = max(2, min(round(sample_share * len(labels)), most_sampled))
        self.entrance = entrance
        self.linear = nn.Linear(entrance.width, width)
        blocks = [_block(width, block_width, dropout) for _ in range(depth)]
        self.body = nn.Sequential(*blocks, *([nn.BatchNorm1d(width)] if depth else []))
        # Not among the weights: they do not change, and the best weights are copied whenever an epoch was better.
        for name, part in zip(("numbers", "flags", "codes"), rows, strict=True):
            self.register_buffer(name, part, persistent=False)
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("settled", None, persistent=False)
        self.numbers: Tensor
        self.flags: Tensor
        self.codes: Tensor
        self.labels: Tensor
        self.settled: Tensor | None

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor, places: Tensor | None = None) -> Tensor:
        """Answer rows; `places` (n,) says which of the training rows they are, and none counts for itself."""
        here = self.embedded(numbers, flags, codes)
        if self.training:
            drawn = torch.randperm(len(self.labels), device=here.device)[: self.sampled]
            there = self.embedded(self.numbers[drawn], self.flags[drawn], self.codes[drawn])
            own = None if places is None else places.unsqueeze(1) == drawn
            return self._answers(here, there, self.labels[drawn], own)
        there = self._all()
        everyone = torch.arange(len(there), device=here.device)
        size = max(1, MOST_DISTANCES // len(there))
        parts = [
            self._answers(some, there, self.labels, None if own is None else own.unsqueeze(1) == everyone)
            for some, own in zip(
                here.split(size), [None] * len(here) if places is None else places.split(size), strict=False
            )
        ]
        return torch.cat(parts)

    def embedded(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        """Return where rows lie, (n, width)."""
        place: Tensor = self.body(self.linear(self.entrance(numbers, flags, codes)))
        return place

    @torch.no_grad()
    def settle(self) -> None:
        """Keep where the training rows lie in place of the rows: from now on the net answers, and learns no more."""
        self.eval()
        self.settled = self._all()
        self.numbers, self.flags, self.codes = self.numbers[:0], self.flags[:0], self.codes[:0]

    def _all(self) -> Tensor:
        if self.settled is not None:
            return self.settled
        rows = (self.numbers, self.flags, self.codes)
        return torch.cat([self.embedded(*part) for part in zip(*(x.split(MOST_ROWS) for x in rows), strict=True)])

    def _answers(self, here: Tensor, there: Tensor, labels: Tensor, own: Tensor | None) -> Tensor:
        # By products of matrices a row is some thousandths away from itself, and answered otherwise alone than in
        # company; they take a fifth of the time, and will do as long as the net learns.
        quick = "use_mm_for_euclid_dist" if self.settled is None else "donot_use_mm_for_euclid_dist"
        distances = torch.cdist(here, there, compute_mode=quick)
        # A table of one row has no other neighbour.
        if own is not None and len(labels) > 1:
            distances = distances.masked_fill(own, torch.inf)
        means = torch.softmax(-distances, dim=1) @ labels
        return torch.log(means + LEAST_SHARE) if self.classes else means


def _block(width: int, block_width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(width),
        nn.Linear(width, block_width),
        ACTIVATIONS["relu"](),
        Dropout(dropout),
        nn.Linear(block_width, width),
    )
