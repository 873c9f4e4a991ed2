"""Train the prior-fitted net on made-up tables and write its checkpoint.

Run: OMP_NUM_THREADS=1 python benchmarks/pretraining/train.py [--steps 7500] [--seed 0] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from made_tables import MOST_CLASSES, made_table
from torch import Tensor
from torch.nn import functional

from advisor.nets.device import cpu_threads
from advisor.nets.loop import learning_rate_factor
from advisor.nets.optimiser import Optimiser, WeightAverage
from advisor.nets.prior_fitted import CHECKPOINT, TAGS, PriorFitted, cells, plain_mean, scales, solve

# Cells of a batch, labels included: about half a second of one core.
CELLS_A_STEP = 16_000
LEARNING_RATE = 1.2e-3
# Over this part of training tables grow from two clean columns to what the prior can do.
CURRICULUM = 0.15


def batch(rng: np.random.Generator, progress: float) -> tuple[Tensor, Tensor, int, int]:
    """Draw tables of one size: numbers (B, n, p), labels (B, n, K), 0/1 or values, `seen`, `classes` (0: values)."""
    ease = min(1.0, progress / CURRICULUM)
    columns = int(np.exp(rng.uniform(np.log(2), np.log(2 + 22 * ease))))
    seen = int(np.exp(rng.uniform(np.log(24), np.log(64 + 450 * ease))))
    asked = 48
    classes = 0 if rng.random() < 0.45 else 2 if rng.random() < 0.55 else int(rng.integers(3, MOST_CLASSES + 1))
    tables = max(1, CELLS_A_STEP // ((seen + asked) * (columns + 1)))
    made = [made_table(rng, seen + asked, columns, classes, ease) for _ in range(tables)]
    numbers = torch.from_numpy(np.stack([one.numbers for one in made]))
    targets = torch.from_numpy(np.stack([one.target for one in made]))
    if not classes:
        values = targets.float()
        centre = values[:, :seen].mean(dim=1, keepdim=True)
        spread = values[:, :seen].std(dim=1, keepdim=True).clamp(min=1e-3)
        return numbers, ((values - centre) / spread).clamp(-8, 8).unsqueeze(2), seen, 0
    return numbers, functional.one_hot(targets, classes).float(), seen, classes


def loss_of(net: PriorFitted, drawn: tuple[Tensor, Tensor, int, int], seed: int) -> tuple[Tensor, Tensor]:
    """Return the mean loss of a batch, and that of the solvers' plain mean, which the net starts from.

    Log loss for classes; for values half the log of each table's mean squared error, so that tables count alike
    whatever their noise.
    """
    numbers, labels, seen, classes = drawn
    measure = scales(numbers[:, :seen])
    known, asked = cells(numbers[:, :seen], measure), cells(numbers[:, seen:], measure)
    regressions, left_out = solve(known, labels[:, :seen])
    advice = regressions.advice(asked)
    signs = torch.Generator().manual_seed(seed)
    tags = 2.0 * torch.randint(0, 2, (len(known), known.shape[2], TAGS), generator=signs).float() - 1.0
    answers = net(net.read(known, labels[:, :seen], left_out, tags, classes), asked, advice, tags, classes)
    plain = plain_mean(advice, classes)
    return _loss(answers, labels[:, seen:], classes), _loss(plain, labels[:, seen:], classes)


def _loss(answers: Tensor, labels: Tensor, classes: int) -> Tensor:
    if classes:
        return -(answers.log_softmax(dim=2) * labels).sum(dim=2).mean()
    squares = (answers - labels).square().mean(dim=(1, 2))
    return 0.5 * (squares + 1e-3).log().mean()


def pretrain(steps: int, seed: int, path: Path) -> None:
    """Train for so many steps on one thread; write weights as float16 to `path` and the curve as JSON beside them.

    The curve has the loss against that of the solvers' plain mean, by kind of task, over each hundred steps.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    net = PriorFitted()
    optimiser = Optimiser(net, 0.01, 1.0, "adamw", 0.98)
    average = WeightAverage(net, 200)
    began = time.process_time()
    curve: list[dict[str, float]] = []
    sums: dict[str, list[float]] = {}
    with cpu_threads(1):
        for step in range(1, steps + 1):
            progress = (step - 1) / steps
            drawn = batch(rng, progress)
            loss, plain = loss_of(net, drawn, step)
            loss.backward()
            for weight in net.parameters():  # a batch goes through the doors of its own kind of task only
                weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
            optimiser.step(LEARNING_RATE * learning_rate_factor(progress, "cosine", 0.03))
            average.update()
            kind = "values" if not drawn[3] else "binary" if drawn[3] == 2 else "multiclass"
            sums.setdefault(kind, []).append(float(loss.detach() - plain))
            if step % 100 == 0:
                gains = {kind: float(np.mean(values)) for kind, values in sorted(sums.items())}
                seconds = round(time.process_time() - began)
                curve.append({"step": step, "seconds": seconds, **{k: round(v, 4) for k, v in gains.items()}})
                print(json.dumps(curve[-1]), flush=True)
                sums = {}
            if step % 500 == 0:
                _write(net, average, path)
    _write(net, average, path)
    path.with_suffix(".json").write_text(json.dumps({"seed": seed, "steps": step, "curve": curve}, indent=1))


def _write(net: PriorFitted, average: WeightAverage, path: Path) -> None:
    with average.in_place():
        torch.save({name: value.half() for name, value in net.state_dict().items()}, path)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=7500, help="about 0.55 CPU seconds each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=CHECKPOINT)
    options = parser.parse_args()
    pretrain(options.steps, options.seed, options.out)


if __name__ == "__main__":
    main()
