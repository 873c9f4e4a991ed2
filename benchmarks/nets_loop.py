"""Rows per CPU second of the shared training loop, beside a bare loop and skorch; and what learners add around it.

First part: the same net (two layers of 256), 20,000 rows of 30 numbers, batches of 256, as many epochs, fused AdamW, no
held rows. "bare" is written by hand: a permutation, slices, a step. "skorch" is NeuralNetClassifier with neither
validation nor printing. "ours, bare" is the shared loop told to do no more than that; it still checks for NaN, reads
the clock at every batch, keeps a curve and the weights of the last epoch. "ours" is what learners run: it also follows
a schedule, clips gradients by their norm and averages weights over two epochs. The two that are "judged" hold a fifth
of the rows out besides and predict it after every epoch (skorch: ValidSplit(5), its usual scoring); their rates count
the rows that they train on. All take turns, and each has run once before the clock starts; the ratio of medians counts.

Second part: `mlp` with its defaults on 50,000 rows of 15 columns (numbers with gaps, flags, short and long categories,
a date); "overhead" is everything in `Pipeline.fit` but the training loop: encoding, checks, copies, the net's building.

Third part: `realmlp`, `tabm` and `mlp` with their defaults on 100,000 rows of 30 numbers, a fifth of them held out and
predicted after every epoch: CPU seconds of an epoch of the whole fit, beside those of the bare loop with the same net,
rows to train on and batches. Both take turns; the ratio of medians counts.

skorch belongs into a folder of its own: pip install --no-deps --target FOLDER skorch==1.4.0 tabulate, and
PYTHONPATH=FOLDER; without it the rest is measured.
Run: OMP_NUM_THREADS=1 python benchmarks/nets_loop.py [--rounds 7] [--epochs 10] [--fits 3] [--turns 3]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import torch
from rows import rows_at
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from advisor import learners, modalities
from advisor.contracts import Setting
from advisor.measuring.metrics import default_metric
from advisor.nets import loop
from advisor.nets.blocks import MLP
from advisor.nets.losses import TableLoss
from advisor.records import Profile

ROWS, COLUMNS, WIDTH, DEPTH, BATCH = 20_000, 30, 256, 2, 256
TABLE_ROWS = 50_000
MANY_ROWS, FEW_EPOCHS = 100_000, 2


def toy(seed: int, rows: int = ROWS) -> tuple[Tensor, Tensor]:
    """Return numbers (rows, 30) and two classes that a product of columns decides."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows, COLUMNS, generator=generator)
    return numbers, (numbers[:, 0] * numbers[:, 1] + numbers[:, 2] > 0).long()


def net() -> nn.Module:
    """Return the net that all loops train."""
    torch.manual_seed(0)
    return MLP(COLUMNS, 2, width=WIDTH, depth=DEPTH)


def bare(numbers: Tensor, target: Tensor, epochs: int) -> None:
    """Train with nothing but slices and fused AdamW: no schedule, no clipping, no held rows, no clock."""
    bare_steps(net(), loop.Rows((numbers,), target), cross_entropy, BATCH, epochs)


def bare_steps(module: nn.Module, rows: loop.Rows, loss: loop.Loss, batch: int, epochs: int) -> None:
    """Train any net as `bare` does."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3, fused=True)
    module.train()
    for _ in range(epochs):
        order = torch.randperm(len(rows.target))
        for start in range(0, len(rows.target), batch):
            index = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            loss(module(*(part[index] for part in rows.inputs)), rows.target[index]).backward()
            optimizer.step()


def ours(numbers: Tensor, target: Tensor, epochs: int, held: int = 0, **changes: Any) -> None:
    """Train by the shared loop, the first `held` rows held out."""
    recipe = loop.Recipe(batch_size=BATCH, epochs=epochs, patience=epochs + 1, **changes)
    rows = loop.Rows((numbers[held:],), target[held:])
    valid = loop.Rows((numbers[:held],), target[:held]) if held else None
    loop.train(net(), rows, valid, cross_entropy, recipe, seconds=3600.0)


def skorch(numbers: Tensor, target: Tensor, epochs: int, judged: bool = False) -> None:
    """Train by skorch, which holds a fifth out where it is `judged` and else does no more than the bare loop."""
    from skorch import NeuralNetClassifier
    from skorch.dataset import ValidSplit

    NeuralNetClassifier(
        net(), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW, optimizer__fused=True, lr=1e-3,
        max_epochs=epochs, batch_size=BATCH, train_split=ValidSplit(5) if judged else None,
        iterator_train__shuffle=True, verbose=0,
    ).fit(numbers, target)  # fmt: skip


def contenders() -> dict[str, tuple[Callable[..., None], int]]:
    """Return each loop by its name, and how many rows it trains on in an epoch; skorch where it is installed."""

    def ours_bare(*given: Any) -> None:
        ours(*given, schedule="constant", warmup=0.0, averaging=0.0, clip_norm=None)

    def ours_judged(*given: Any) -> None:
        ours(*given, held=ROWS // 5)

    def skorch_judged(*given: Any) -> None:
        skorch(*given, judged=True)

    known: dict[str, tuple[Callable[..., None], int]] = {
        "bare": (bare, ROWS),
        "ours, bare": (ours_bare, ROWS),
        "ours": (ours, ROWS),
        "ours, judged": (ours_judged, ROWS - ROWS // 5),
    }
    if find_spec("skorch") is None:
        print("skorch is left out: pip install --no-deps --target FOLDER skorch==1.4.0 tabulate, PYTHONPATH=FOLDER.\n")
    else:
        known |= {"skorch": (skorch, ROWS), "skorch, judged": (skorch_judged, ROWS - ROWS // 5)}
    return known


def compare_loops(rounds: int, epochs: int) -> None:
    """Let all loops take turns; print rows per CPU second and the ratios of medians to the bare loop's and skorch's."""
    numbers, target = toy(0)
    known = contenders()
    rates: dict[str, list[float]] = {name: [] for name in known}
    for number in range(rounds + 1):
        for name, (run, rows) in known.items():
            before = time.process_time()
            run(numbers, target, epochs if number else 1)
            if number:
                rates[name].append(rows * epochs / (time.process_time() - before))
    middle = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{ROWS:,} x {COLUMNS}, MLP {DEPTH}x{WIDTH}, batch {BATCH}, {epochs} epochs, median of {rounds} rounds\n")
    print("| loop | rows per CPU second | from | to | of the bare loop's | of skorch's |\n|---|---|---|---|---|---|")
    for name, found in rates.items():
        of_skorch = f"{middle[name] / middle['skorch']:.2f}" if "skorch" in middle else ""
        print(
            f"| {name} | {middle[name]:,.0f} | {min(found):,.0f} | {max(found):,.0f} "
            f"| {middle[name] / middle['bare']:.2f} | {of_skorch} |"
        )


def mixed_table(rows: int, seed: int) -> pd.DataFrame:
    """Return 15 columns of several kinds, and two classes that four of them decide."""
    rng = np.random.default_rng(seed)
    numbers = rng.lognormal(size=(rows, 7))
    gaps = rng.random(numbers.shape) < 0.05
    frame = pd.DataFrame(np.where(gaps, np.nan, numbers), columns=[f"number_{i}" for i in range(7)])
    for name, levels in {"flag": 2, "short_3": 3, "short_5": 5, "short_8": 8, "long_30": 30, "long_300": 300}.items():
        frame[name] = np.char.add("level ", rng.integers(0, levels, rows).astype(str))
    frame["count"] = rng.poisson(3.0, rows)
    frame["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D")
    signal = np.log(numbers[:, 0]) * np.log(numbers[:, 1]) + (frame["short_3"] == "level 1") + 0.3 * frame["count"]
    frame["target"] = np.where(signal + rng.normal(size=rows) > 1.2, "yes", "no")
    return frame


@contextmanager
def loops_timed(seconds: list[float]) -> Iterator[None]:
    """Note the CPU seconds of every training loop inside the block."""
    train = loop.train

    def timed(*args: Any, **named: Any) -> Any:
        before = time.process_time()
        try:
            return train(*args, **named)
        finally:
            seconds.append(time.process_time() - before)

    loop.train = timed
    try:
        yield
    finally:
        loop.train = train


def measure_overhead(fits: int) -> None:
    """Fit `mlp` on a mixed table and print how its CPU seconds are spent."""
    dataset = modalities.find("tabular").read(mixed_table(TABLE_ROWS, 0), target="target")
    profile = Profile(dataset.name, "tabular", TABLE_ROWS, dataset.task, (), {}, 0, {}, (), "")
    setting = Setting(profile, modalities.find("tabular"), default_metric(dataset.task), TABLE_ROWS)
    few = np.arange(500)
    learners.find("mlp").build(setting, {"epochs": 1}).fit(*rows_at(dataset, few))
    print(f"\nmlp with its defaults, {TABLE_ROWS:,} rows x {dataset.inputs.shape[1]} mixed columns\n")
    print("| fit | CPU s | epochs | encoding s | loop s | other s | overhead |\n|---|---|---|---|---|---|---|")
    for number in range(fits):
        pipeline, inside = learners.find("mlp").build(setting, {}), list[float]()
        before = time.process_time()
        with loops_timed(inside):
            pipeline.fit(dataset.inputs, dataset.target)
        whole = time.process_time() - before
        before = time.process_time()
        pipeline[:-1].fit_transform(dataset.inputs)
        encoding = time.process_time() - before
        rest = whole - sum(inside)
        epochs = len(pipeline[-1].fit_report_.curve["epoch"])
        print(
            f"| {number + 1} | {whole:.2f} | {epochs} | {encoding:.2f} | {sum(inside):.2f} | {rest - encoding:.2f} "
            f"| {100 * rest / whole:.1f} % |",
            flush=True,
        )


def compare_learners(turns: int) -> None:
    """Fit nets with their defaults on many rows, a bare loop with the same net in turn; print the ratios of medians."""
    numbers, target = toy(0, MANY_ROWS)
    X, y = numbers.numpy(), target.numpy()
    profile = Profile("toy", "tabular", MANY_ROWS, "binary", (), {}, 0, {}, (), "")
    setting = Setting(profile, modalities.find("tabular"), "log_loss", MANY_ROWS)
    print(f"\n{MANY_ROWS:,} x {COLUMNS}, defaults of learners, {FEW_EPOCHS} epochs, median of {turns} turns\n")
    print("| learner | batch | s an epoch | bare loop, s | ratio | from | to |\n|---|---|---|---|---|---|---|")
    for name in ("realmlp", "tabm", "mlp"):
        taken: dict[str, list[float]] = {"ours": [], "bare": []}
        for number in range(turns + 1):
            model = learners.find(name).build(setting, {"epochs": FEW_EPOCHS, "patience": FEW_EPOCHS + 1})[-1]
            before = time.process_time()
            model.fit(X if number else X[:5000], y if number else y[:5000])
            between = time.process_time()
            count = len(y) - len(y) // 5 if number else 4000
            rows = loop.Rows((numbers[:count], numbers[:count, :0], target[:count, None][:, :0]), target[:count])
            batch = model._batch_size(count)
            bare_steps(model._net(rows, [], [0.0, 0.0], None), rows, TableLoss("log_loss"), batch, FEW_EPOCHS)
            if number:
                taken["ours"].append((between - before) / FEW_EPOCHS)
                taken["bare"].append((time.process_time() - between) / FEW_EPOCHS)
        ratios = [ours / bare for ours, bare in zip(taken["ours"], taken["bare"], strict=True)]
        ours_s, bare_s = (statistics.median(found) for found in taken.values())
        print(
            f"| {name} | {batch} | {ours_s:.2f} | {bare_s:.2f} | {ours_s / bare_s:.2f} | {min(ratios):.2f} "
            f"| {max(ratios):.2f} |",
            flush=True,
        )


def main() -> None:
    """Print the parts as they are known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--fits", type=int, default=3)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}, one thread\n")
    if options.rounds:
        compare_loops(options.rounds, options.epochs)
    if options.fits:
        measure_overhead(options.fits)
    if options.turns:
        compare_learners(options.turns)


if __name__ == "__main__":
    main()
