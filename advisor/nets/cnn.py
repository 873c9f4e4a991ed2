"""A compact residual convolutional net for small pictures (He et al. 2016), and how pictures are varied in training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advisor.nets.blocks import Dropout

# A picture is brought down to no less than this side before its fields are averaged; from the larger side on the first
# convolution halves it.
SMALLEST_FIELD, LARGE = 4, 48
# Mirrored pictures that keep so much of what can be told of the others' target show the same things.
KEPT_SKILL = 0.25
COARSE = 8


class Varied(nn.Module):
    """Shows each picture of a batch (n, channels, height, width) shifted, and mirrored, at random while training.

    `shift` is the most that a picture moves, as a share of its side; what comes in at the edge is a copy of the edge.
    `flips` mirrors half of them, left to right.
    """

    def __init__(self, shift: float, flips: bool) -> None:
        super().__init__()
        self.shift = shift
        self.flips = flips

    def forward(self, pictures: Tensor) -> Tensor:
        if not self.training:
            return pictures
        rows, _, height, width = pictures.shape
        places = [torch.arange(size, device=pictures.device).expand(rows, size) for size in (height, width)]
        for axis, size in enumerate((height, width)):
            most = round(self.shift * size)
            if most:
                moved = torch.randint(-most, most + 1, (rows, 1), device=pictures.device)
                places[axis] = (places[axis] + moved).clamp(0, size - 1)
        if self.flips:
            mirrored = torch.rand(rows, 1, device=pictures.device) < 0.5
            places[1] = torch.where(mirrored, width - 1 - places[1], places[1])
        row = torch.arange(rows, device=pictures.device)[:, None, None]
        # Rows, heights and widths come first when they are picked together.
        return pictures.permute(0, 2, 3, 1)[row, places[0][:, :, None], places[1][:, None, :]].permute(0, 3, 1, 2)


def alike_mirrored(pictures: Tensor, target: Tensor) -> bool:
    """Tell whether pictures (n, channels, height, width) that are mirrored still show what their target says.

    A ridge regression on coarse pixels of one half of the rows judges the other half, as they are and mirrored: digits
    are others then, most things are not. `target` (n,) has codes of classes (int64) or values.
    """
    goal = target.double()[:, None] if target.is_floating_point() else nn.functional.one_hot(target).double()
    goal = goal - goal.mean(dim=0)
    fields = nn.functional.adaptive_avg_pool2d(pictures, COARSE).double()
    fields = fields - fields.mean(dim=0)
    as_is, mirrored = fields.flatten(1), fields.flip(3).flatten(1)
    told = torch.zeros(2, dtype=torch.float64)
    for first in (0, 1):
        learnt, asked = slice(first, None, 2), slice(1 - first, None, 2)
        inner = as_is[learnt].T @ as_is[learnt]
        penalty = inner.diagonal().mean().clamp_min(1e-9) * torch.eye(len(inner), dtype=torch.float64)
        weights = torch.linalg.solve(inner + penalty, as_is[learnt].T @ goal[learnt])
        for place, rows in enumerate((as_is, mirrored)):
            told[place] += (goal[asked] ** 2).sum() - ((goal[asked] - rows[asked] @ weights) ** 2).sum()
    return bool(told[1] >= KEPT_SKILL * told[0])


class Block(nn.Module):
    """Two convolutions beside what they are added to; the first halves the side where `stride` is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        for weight in self.body[-1].parameters():
            nn.init.zeros_(weight)  # a block begins as what it is added to
        same = stride == 1 and inputs == outputs
        self.beside = nn.Identity() if same else nn.Sequential(
            nn.AvgPool2d(stride, stride, ceil_mode=True), nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )  # fmt: skip

    def forward(self, pictures: Tensor) -> Tensor:
        return nn.functional.relu(self.body(pictures) + self.beside(pictures), inplace=True)


class CNN(nn.Module):
    """Pictures (n, channels, height, width) to (n, outputs): a convolution, residual blocks, a mean over fields.

    Each of `depth` stages halves the side, down to fields of four by four, and all but the first double the `width`.
    The first predictions are near `bias`.
    """

    predict_batch = 256

    def __init__(
        self,
        channels: int,
        side: int,
        *,
        width: int,
        depth: int,
        dropout: float,
        shift: float,
        flips: bool,
        bias: Sequence[float],
    ) -> None:
        super().__init__()
        self.varied = Varied(shift, flips)
        first = 2 if side >= LARGE else 1
        stages = [nn.Conv2d(channels, width, 3, first, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        side = -(-side // first)
        for stage in range(depth):
            stride = 2 if side > SMALLEST_FIELD else 1
            stages.append(Block(width, 2 * width if stage else width, stride))
            width, side = 2 * width if stage else width, -(-side // stride)
        self.body = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), Dropout(dropout))
        self.head = nn.Linear(width, len(bias))
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(torch.as_tensor(bias, dtype=torch.float32))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own types lack it

    def forward(self, pictures: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.body(self.varied(pictures).contiguous(memory_format=torch.channels_last)))
        return outputs
