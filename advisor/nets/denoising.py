"""Denoising pre-training: rows with some values swapped for those of other rows, and a net that mends them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from advisor.nets.blocks import MLP, TableInput, TableNet
from advisor.nets.loop import Recipe, Rows, train


class SwapNoise(nn.Module):
    """Gives each value with probability `share` the value that another row of the batch has in the same column.

    (n, p), (n, h), (n, c) to the same and the mask (n, columns) of what was drawn. All 0/1 columns of one category (a
    block, `blocks` has their widths) move together, so that no row ever holds two levels. What comes in is plausible
    for its column and foreign to its row (denoising: Vincent et al. 2008; by swapping: Jahrer 2017).
    """

    def __init__(self, share: float, blocks: Sequence[int]) -> None:
        super().__init__()
        self.share = share
        widths = torch.tensor(blocks, dtype=torch.long)
        self.register_buffer("block_of_flag", torch.arange(len(blocks)).repeat_interleave(widths))
        self.block_of_flag: Tensor
        self.blocks = len(blocks)

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        rows, device = len(numbers), numbers.device
        widths = (numbers.shape[1], self.blocks, codes.shape[1])
        swapped = torch.rand(rows, sum(widths), device=device) < self.share
        donor = torch.rand(rows, sum(widths), device=device).argsort(dim=0)
        swap_numbers, swap_blocks, swap_codes = swapped.split(widths, dim=1)
        from_numbers, from_blocks, from_codes = donor.split(widths, dim=1)
        block = self.block_of_flag
        return (
            torch.where(swap_numbers, numbers.gather(0, from_numbers), numbers),
            torch.where(swap_blocks[:, block], flags.gather(0, from_blocks[:, block]), flags),
            torch.where(swap_codes, codes.gather(0, from_codes), codes),
            swapped,
        )


class Denoiser(nn.Module):
    """Swaps values, encodes the row, and tells what was there: a table's row to its loss (n,).

    The loss is the mean over columns of: squared error for a number, cross-entropy for a category (in units of that of
    a blind guess among its levels, so that no column drowns the others), and, for every column, the cross-entropy of
    whether it was swapped (Yoon et al. 2020).
    """

    def __init__(
        self, entrance: TableInput, encoder: nn.Module, width: int, numbers: int, blocks: Sequence[int],
        levels: Sequence[int], *, swap_share: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.entrance, self.encoder = entrance, encoder
        self.noise = SwapNoise(swap_share, blocks)
        self.blocks, self.levels, self.numbers = tuple(blocks), tuple(levels), numbers
        self.columns = numbers + len(blocks) + len(levels)
        self.mend = nn.Linear(width, numbers + sum(blocks) + len(blocks) + sum(level + 1 for level in levels))
        self.suspect = nn.Linear(width, self.columns)

    def forward(self, numbers: Tensor, flags: Tensor, codes: Tensor) -> Tensor:
        *noisy, swapped = self.noise(numbers, flags, codes)
        hidden = self.encoder(self.entrance(*noisy))
        sizes = [self.numbers, *(block + 1 for block in self.blocks), *(level + 1 for level in self.levels)]
        mended = self.mend(hidden).split(sizes, dim=1)
        loss = (mended[0] - numbers).square().sum(dim=1)
        parts = list(mended[1:])
        for block, outputs in zip(flags.split(self.blocks, dim=1), parts, strict=False):
            # A row of zeros is a missing level: the last output stands for it.
            truth = torch.where(block.sum(dim=1) > 0, block.argmax(dim=1), block.shape[1])
            loss = loss + functional.cross_entropy(outputs, truth, reduction="none") / _unit(block.shape[1])
        for column, outputs in enumerate(parts[len(self.blocks) :]):
            loss = loss + functional.cross_entropy(outputs, codes[:, column], reduction="none") / _unit(
                outputs.shape[1]
            )
        found = functional.binary_cross_entropy_with_logits(self.suspect(hidden), swapped.float(), reduction="none")
        total: Tensor = (loss + found.sum(dim=1)) / self.columns
        return total


def pretrained(
    entrance: TableInput,
    body: MLP,
    rows: Rows,
    blocks: Sequence[int],
    levels: Sequence[int],
    recipe: Recipe,
    *,
    swap_share: float,
    seconds: float | None,
    seed: int,
    device: torch.device,
    threads: int,
) -> TableNet:
    """Train the entrance and all but the head of `body` to mend `rows`, whose target is not looked at; join them.

    `seconds` is the soft limit of loop.train, `seed`, `device` and `threads` are what it takes, too.
    """
    *hidden, head = body
    assert isinstance(head, nn.Linear)
    denoiser = Denoiser(
        entrance, nn.Sequential(*hidden), head.in_features, rows.inputs[0].shape[1], blocks, levels,
        swap_share=swap_share,
    )  # fmt: skip
    train(
        denoiser, rows, None, lambda losses, _: losses.mean(), recipe,
        seconds=seconds, seed=seed, device=device, threads=threads,
    )  # fmt: skip
    return TableNet(entrance, body)


def without_target(*inputs: Sequence[Tensor]) -> Rows:
    """Return rows of several tables of the same columns as one, with zeros for a target."""
    together = tuple(torch.cat(parts) for parts in zip(*inputs, strict=True))
    return Rows(together, torch.zeros(len(together[0])))


def without_head(net: TableNet) -> TableNet:
    """Return the net up to its last hidden layer: (n, p), (n, h), (n, c) to (n, width)."""
    assert isinstance(net.body, MLP)
    return TableNet(net.entrance, nn.Sequential(*list(net.body)[:-1]))


def _unit(levels: int) -> float:
    """The entropy of so many equally frequent levels."""
    return float(torch.log(torch.tensor(float(max(levels, 2)))))
