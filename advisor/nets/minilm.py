"""all-MiniLM-L6-v2: a text as 384 numbers that are near those of texts with a like meaning.

A BERT of six layers (Devlin et al. 2019), distilled (Wang et al. 2020) and trained on pairs of sentences (Reimers and
Gurevych 2019; weights Apache-2.0). It reads the first 256 pieces of words.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

WIDTH, HEADS, HIDDEN, LAYERS, MOST_PIECES, BATCH = 384, 12, 1536, 6, 256, 32


class MiniLM(nn.Module):
    """Pieces of words (n, length) with a mask of those that count, to vectors of length 1, shape (n, 384)."""

    def __init__(self, vocabulary: int, positions: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, WIDTH)
        self.position = nn.Embedding(positions, WIDTH)
        self.kind = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, HIDDEN, dropout=0.1, activation="gelu", layer_norm_eps=1e-12, batch_first=True
        )
        self.body = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

    def embedded(self, pieces: Tensor) -> Tensor:
        """Return pieces (n, length) in their places as the layers take them, (n, length, 384)."""
        places = torch.arange(pieces.shape[1], device=pieces.device)
        seen: Tensor = self.norm(self.word(pieces) + self.position(places) + self.kind.weight[0])
        return seen

    def forward(self, pieces: Tensor, counts: Tensor) -> Tensor:
        """Return the mean of the pieces that count, scaled to length 1."""
        seen = self.body(self.embedded(pieces), src_key_padding_mask=~counts)
        weights = counts.unsqueeze(2).to(seen.dtype)
        return nn.functional.normalize((seen * weights).sum(1) / weights.sum(1), dim=1)


class Top(nn.Module):
    """The last layers of MiniLM and a linear head, to be trained on: (n, length, 385) to (n, k).

    What comes in is what the layers below make of a text (see `states`), and in the last column which places count.
    `layers` are copied, so that the net that all share stays as it is.
    """

    predict_batch = 256

    def __init__(self, layers: Sequence[nn.Module], head: nn.Linear) -> None:
        super().__init__()
        self.layers = nn.ModuleList(copy.deepcopy(list(layers)))
        self.head = head

    def vectors(self, rows: Tensor) -> Tensor:
        """Return what the texts mean, vectors of length 1."""
        seen, counts = rows[:, :, :-1], rows[:, :, -1:]
        for layer in self.layers:
            seen = layer(seen, src_key_padding_mask=counts.squeeze(2) == 0)
        return nn.functional.normalize((seen * counts).sum(1) / counts.sum(1), dim=1)

    def forward(self, rows: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.vectors(rows))
        return outputs


@torch.inference_mode()
def _means(top: Top, rows: Tensor) -> np.ndarray:
    """Return the vectors of rows (n, length, 385), (n, 384)."""
    found: np.ndarray = torch.cat([top.vectors(part) for part in rows.split(top.predict_batch)]).numpy()
    return found


def top_of(net: MiniLM, layers: int, linear: Any, rows: Tensor, target: Tensor, outputs: int) -> Top:
    """Return the last `layers` of the net with a head that says what `linear` does, fitted on the vectors of `rows`.

    `linear` is an unfitted linear model of scikit-learn, `outputs` the classes, or 1 for values.
    """
    top = Top(list(net.body.layers)[-layers:], nn.Linear(WIDTH, outputs)).eval()
    linear.fit(_means(top, rows), target.numpy())
    weight, bias = np.atleast_2d(linear.coef_), np.atleast_1d(linear.intercept_)
    if len(weight) < outputs:  # of two classes one line tells both
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    with torch.no_grad():
        top.head.weight.copy_(torch.from_numpy(weight))
        top.head.bias.copy_(torch.from_numpy(bias))
    return top


@lru_cache(maxsize=1)
def load(folder: Path) -> tuple[MiniLM, Any]:
    """Return the net and its tokenizer from a folder with model.safetensors and tokenizer.json; all share one."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    theirs = load_file(str(folder / "model.safetensors"))
    net = MiniLM(*(len(theirs[f"embeddings.{part}_embeddings.weight"]) for part in ("word", "position")))
    net.load_state_dict(_renamed(theirs))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_PIECES)
    tokenizer.enable_padding()
    return net.eval(), tokenizer


def _renamed(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return BERT's weights under the names that PyTorch's encoder has for them."""
    ours = {f"{part}.weight": theirs[f"embeddings.{name}_embeddings.weight"]
            for part, name in (("word", "word"), ("position", "position"), ("kind", "token_type"))}  # fmt: skip
    for end in ("weight", "bias"):
        ours[f"norm.{end}"] = theirs[f"embeddings.LayerNorm.{end}"]
        for layer in range(LAYERS):
            old, new = f"encoder.layer.{layer}", f"body.layers.{layer}"
            asked = [theirs[f"{old}.attention.self.{part}.{end}"] for part in ("query", "key", "value")]
            ours[f"{new}.self_attn.in_proj_{end}"] = torch.cat(asked)
            for name, part in (
                ("self_attn.out_proj", "attention.output.dense"), ("norm1", "attention.output.LayerNorm"),
                ("linear1", "intermediate.dense"), ("linear2", "output.dense"), ("norm2", "output.LayerNorm"),
            ):  # fmt: skip
                ours[f"{new}.{name}.{end}"] = theirs[f"{old}.{part}.{end}"]
    return ours


@torch.inference_mode()
def states(net: MiniLM, tokenizer: Any, texts: Sequence[str], *, layers: int, most: int) -> np.ndarray:
    """Return what all but the last `layers` make of the first `most` pieces of texts: (len(texts), most, 385), float32.

    The last column is 1 where a piece is, else 0 as all others are there.
    """
    found = np.zeros((len(texts), most, WIDTH + 1), dtype=np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for start in range(0, len(texts), BATCH):
        places = order[start : start + BATCH]
        told = tokenizer.encode_batch([texts[place] for place in places])
        length = min(most, max(len(each.ids) for each in told))
        pieces = torch.tensor([each.ids[:length] for each in told])
        counts = torch.tensor([each.attention_mask[:length] for each in told], dtype=torch.bool)
        seen = net.embedded(pieces)
        for layer in list(net.body.layers)[:-layers]:
            seen = layer(seen, src_key_padding_mask=~counts)
        found[places, :length, :-1] = (seen * counts.unsqueeze(2)).numpy()
        found[places, :length, -1] = counts.numpy()
    return found


@torch.inference_mode()
def vectors(net: MiniLM, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """Return texts as vectors (len(texts), 384), float32; those of like length go together, so that few are padded."""
    found = np.zeros((len(texts), WIDTH), dtype=np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for start in range(0, len(texts), BATCH):
        places = order[start : start + BATCH]
        told = tokenizer.encode_batch([texts[place] for place in places])
        pieces = torch.tensor([each.ids for each in told])
        counts = torch.tensor([each.attention_mask for each in told], dtype=torch.bool)
        found[places] = net(pieces, counts).numpy()
    return found
