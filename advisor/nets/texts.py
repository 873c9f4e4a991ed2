"""Nets that read texts and are taught nothing beforehand: a bag of words, and a small Transformer over their order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advisor.nets.blocks import MLP, Dropout


class Words(nn.Module):
    """A table of vectors for codes of words; forward returns the codes (any shape) with 0 for those that do not count.

    0 is no word. What a word means is learnt where `codes`, those of the rows to train on, have it: others do not
    count. While training a word is left out with the probability `dropped`.
    """

    def __init__(self, codes: Tensor, width: int, dropped: float) -> None:
        super().__init__()
        known = torch.bincount(codes.flatten(), minlength=1) > 0
        known[0] = False
        self.register_buffer("known", known)
        self.known: Tensor
        self.table = nn.Embedding(len(known), width)
        nn.init.normal_(self.table.weight, std=0.1)
        self.dropped = dropped

    def forward(self, codes: Tensor) -> Tensor:
        codes = torch.where(codes < len(self.known), codes, 0)
        counts = self.known[codes]
        if self.training and self.dropped:
            counts = counts & (torch.rand(codes.shape, device=codes.device) >= self.dropped)
        return codes * counts


class Bag(nn.Module):
    """Each text as the mean and the largest of the vectors of its words: codes (n, texts, length) to (n, q).

    A text without a word is 0 in both.
    """

    def __init__(self, words: Words, texts: int) -> None:
        super().__init__()
        self.words = words
        self.width = 2 * texts * words.table.embedding_dim

    def forward(self, codes: Tensor) -> Tensor:
        rows = self.words(codes.flatten(0, 1))
        table = self.words.table.weight
        mean, largest = (nn.functional.embedding_bag(rows, table, mode=how, padding_idx=0) for how in ("mean", "max"))
        return torch.cat([mean, largest], dim=1).reshape(len(codes), self.width)


class Reader(nn.Module):
    """Each text as the mean of what a Transformer makes of its words in their places: (n, texts, length) to (n, q).

    Vaswani et al. (2017), with the normalisation before each layer (Xiong et al. 2020). A place of its own stands
    before the words, so that a text without any can be read, too.
    """

    def __init__(self, words: Words, texts: int, length: int, *, depth: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.words = words
        width = words.table.embedding_dim
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(0.1 * torch.randn(1, length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.width = texts * width

    def forward(self, codes: Tensor) -> Tensor:
        rows = self.words(codes.flatten(0, 1))
        vectors = self.words.table(rows) + self.places[:, : rows.shape[1]]
        vectors = torch.cat([self.start.expand(len(rows), 1, -1), vectors], dim=1)
        there = nn.functional.pad(rows > 0, (1, 0), value=True)
        read = self.body(vectors, src_key_padding_mask=~there)
        counts = there.unsqueeze(2)
        mean: Tensor = (read * counts).sum(1) / counts.sum(1)
        return mean.view(len(codes), self.width)


class TextNet(nn.Module):
    """A part that reads texts, if there are any, and a multilayer perceptron on what it makes of them and the numbers.

    Codes (n, texts, length) and numbers (n, q) become outputs (n, k).
    """

    def __init__(
        self,
        reader: Bag | Reader | None,
        numbers: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        dropout: float,
        bias: Sequence[float],
    ) -> None:
        super().__init__()
        self.reader = reader
        self.drop = Dropout(dropout)
        self.body = MLP(
            (reader.width if reader else 0) + numbers,
            outputs,
            width=width,
            depth=depth,
            activation="silu",
            dropout=dropout,
            bias=bias,
        )

    def forward(self, codes: Tensor, numbers: Tensor) -> Tensor:
        parts = [numbers]
        if self.reader is not None:
            # What is empty at the end of all texts of a batch costs nothing.
            length = max(int((codes > 0).flatten(0, 1).any(0).sum()), 1)
            parts = [self.drop(self.reader(codes[:, :, :length])), numbers]
        outputs: Tensor = self.body(torch.cat(parts, dim=1))
        return outputs
