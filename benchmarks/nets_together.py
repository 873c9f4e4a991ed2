"""Several nets trained side by side against one after the other: CPU seconds, and whether they learn the same.

Each line is a shape of net on a made-up table of two classes (2,000 rows, 30 numbers, a fifth held out); the nets have
learning rates from 3e-4 to 1e-2. "one by one" is our own loop (reports/nets_loop.md has it beside others). Both are
timed in turn in one process; the ratio is the median over --rounds. "apart" is the largest difference of their best
held losses, "used" whether the product takes this way.

Run: OMP_NUM_THREADS=1 python benchmarks/nets_together.py [--rounds 7] [--epochs 15] [--device cpu|cuda]
     [--write reports/nets_together.md]
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from advisor.nets import loop, many
from advisor.nets.blocks import MLP, TableInput, TableNet
from advisor.nets.device import device_name, pick_device
from advisor.nets.losses import TableLoss

# (nets, depth, width, rows a batch)
SHAPES = (
    (8, 2, 64, 32), (8, 2, 64, 64), (16, 2, 64, 64), (8, 2, 64, 128), (8, 2, 64, 256), (5, 2, 64, 64), (8, 3, 64, 64),
    (8, 2, 128, 64), (8, 2, 256, 64), (8, 2, 256, 256),
)  # fmt: skip
ROWS, HELD, COLUMNS = 1600, 400, 30


def wishes(nets: int, depth: int, width: int, batch: int, epochs: int, device: torch.device) -> list[loop.Wish]:
    """Return the trainings of one line, fresh and always the same."""
    random = torch.Generator().manual_seed(7)
    numbers = torch.randn(ROWS + HELD, COLUMNS, generator=random)
    target = (numbers[:, 0] * numbers[:, 1] > 0).long()
    none = torch.zeros(ROWS + HELD, 0)
    whole = (numbers, none, none.long())
    rows = loop.Rows(tuple(part[:ROWS] for part in whole), target[:ROWS])
    held = loop.Rows(tuple(part[ROWS:] for part in whole), target[ROWS:])
    loss, made = TableLoss("log_loss"), []
    for seed, rate in enumerate(np.geomspace(3e-4, 1e-2, nets)):
        torch.manual_seed(seed)
        net = TableNet(TableInput(COLUMNS, 0), MLP(COLUMNS, 2, width=width, depth=depth))
        recipe = loop.Recipe(learning_rate=float(rate), epochs=epochs, patience=epochs, batch_size=batch)
        made.append(loop.Wish(net, rows, held, loss, recipe, loss.error, None, seed, device))
    return made


def timed(train: Callable[[], Sequence[loop.Fit]], device: torch.device) -> tuple[list[float], float]:
    """Return the best held losses, and the seconds: of the CPU, or of the wall where a GPU works."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    before = clock()
    fits = train()
    return [min(fit.curve["valid_loss"]) for fit in fits], clock() - before


def line(shape: tuple[int, int, int, int], rounds: int, epochs: int, device: torch.device) -> str:
    """Return a row of the table."""
    nets, depth, width, batch = shape
    used = "yes" if many.shape_of(wishes(*shape, epochs, device)[0]) is not None else "no"
    ratios, alone, together = [], [], []
    for _ in range(rounds):
        one_by_one, seconds = timed(lambda: [loop.train_alone(one) for one in wishes(*shape, epochs, device)], device)
        side_by_side, fewer = timed(lambda: many.train_many(wishes(*shape, epochs, device)), device)
        alone.append(seconds)
        together.append(fewer)
        ratios.append(seconds / fewer)
    apart = np.abs(np.subtract(one_by_one, side_by_side)).max()
    return (
        f"| {nets} | {depth}x{width} | {batch} | {np.median(alone):.2f} | {np.median(together):.2f} | "
        f"{np.median(ratios):.2f} | {apart:.5f} | {used} |"
    )


def main() -> None:
    """Run what the command line asks for and print each line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = pick_device(options.device)
    lines = [
        f"{platform.machine()}, torch {torch.__version__}, {device_name(device) or device.type}, "
        f"{options.epochs} epochs, {options.rounds} rounds.\n",
        "| nets | shape | batch | one by one, s | side by side, s | times as fast | apart | used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for shape in SHAPES:
        lines.append(line(shape, options.rounds, options.epochs, device))
        print(lines[-1], flush=True)
    if options.write:
        options.write.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
