"""Rows per CPU second of the shared training loop, beside a bare hand-written loop over the same net in the same run.

The two take turns, one epoch count each, so that a busy machine slows both alike; the ratio of the medians counts.
Run: OMP_NUM_THREADS=1 python benchmarks/nets_loop.py [--rounds 5] [--epochs 10]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from advisor.nets.blocks import MLP
from advisor.nets.loop import Recipe, Rows, train

ROWS, COLUMNS, WIDTH, DEPTH, BATCH = 20_000, 30, 256, 2, 256


def toy(seed: int) -> tuple[Tensor, Tensor]:
    """Return numbers (20,000, 30) and two classes that a product of columns decides."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(ROWS, COLUMNS, generator=generator)
    return numbers, (numbers[:, 0] * numbers[:, 1] + numbers[:, 2] > 0).long()


def net() -> nn.Module:
    """Return the net that both loops train."""
    torch.manual_seed(0)
    return MLP(COLUMNS, 2, width=WIDTH, depth=DEPTH)


def bare(module: nn.Module, numbers: Tensor, target: Tensor, epochs: int) -> None:
    """Train with nothing but slices and fused AdamW: no schedule, no clipping, no held rows, no clock."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    module.train()
    for _ in range(epochs):
        order = torch.randperm(len(target))
        for start in range(0, len(target), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(module(numbers[rows]), target[rows]).backward()
            optimizer.step()


def shared(module: nn.Module, numbers: Tensor, target: Tensor, epochs: int, clip_norm: float | None) -> None:
    """Train by the shared loop, with schedule, clock and curve; without held rows, as the bare loop has none."""
    recipe = Recipe(batch_size=BATCH, epochs=epochs, clip_norm=clip_norm)
    train(module, Rows((numbers,), target), None, cross_entropy, recipe, seconds=3600.0)


def main() -> None:
    """Print rows per CPU second of each and the ratio of CPU seconds to the bare loop's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    numbers, target = toy(0)
    loops = {
        "bare": lambda: bare(net(), numbers, target, options.epochs),
        "shared": lambda: shared(net(), numbers, target, options.epochs, 1.0),
        "shared, no clipping": lambda: shared(net(), numbers, target, options.epochs, None),
    }
    spent: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(options.rounds):
        for name, run in loops.items():
            before = time.process_time()
            run()
            spent[name].append(time.process_time() - before)
    print(f"{platform.machine()}, torch {torch.__version__}, 1 thread")
    print(f"{ROWS} x {COLUMNS}, MLP {DEPTH}x{WIDTH}, batch {BATCH}")
    reference = statistics.median(spent["bare"])
    for name, seconds in spent.items():
        middle = statistics.median(seconds)
        rate = ROWS * options.epochs / middle
        print(f"{name:20} {rate:10,.0f} rows/s   {middle:6.2f} CPU s   {middle / reference:5.2f} x bare")


if __name__ == "__main__":
    main()
