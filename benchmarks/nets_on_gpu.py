"""How much faster a GPU trains our nets than one core does, alone and shared, and which way of stepping is fastest.

First table: each net with its defaults on made-up mixed tables (15 columns, nets_loop.py), the same epochs on one core
and on the GPU. Seconds an epoch are medians over the epochs after the first, with the held rows judged; "as fast" is
their ratio, "held error" what each reached (the same seed, but other rounding and another order of sums: equal in
kind, not in digits). Cores are measured first, several at once, as a comparison's workers share a machine.
Second table: the same fit in several processes at once, as a comparison's workers share the one GPU.
Third table: one step of training (forward, backward, AdamW) in several ways, 128 and 256 rows a batch.

Run: python benchmarks/nets_on_gpu.py [--rows 1000 10000 40000] [--epochs 5] [--write reports/nets_on_gpu.md]
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nets_loop import mixed_table
from rows import rows_at

from advisor import learners, modalities
from advisor.contracts import Setting
from advisor.fitting.fold import predict
from advisor.measuring.metrics import METRICS, default_metric
from advisor.nets.blocks import MLP, TableInput, TableNet
from advisor.nets.device import device_name, pick_device
from advisor.nets.losses import TableLoss
from advisor.nets.optimiser import Optimiser, WeightAverage
from advisor.records import Profile

NETS = ("mlp", "resnet", "realmlp", "tabm", "ft_transformer", "modern_nca")
# One core needs minutes for an epoch of these on larger tables.
SLOW_NETS, MOST_ROWS_OF_SLOW = ("ft_transformer", "modern_nca"), 10_000
TEST_ROWS = 2_000
SHARED_BY = (1, 2, 4, 8)
SHAPES = ((2, 64, 128), (2, 256, 128), (3, 256, 256))  # depth, width, rows a batch
STEPS = 300


def fit(name: str, rows: int, epochs: int, device: str, start: float = 0.0) -> dict[str, Any]:
    """Train one net from the wall time `start` on; return what it took and the error on rows apart."""
    torch.set_num_threads(1)
    table = mixed_table(rows + TEST_ROWS, 0)
    dataset = modalities.find("tabular").read(table, target="target")
    profile = Profile(dataset.name, "tabular", rows, dataset.task, (), {}, 0, {}, (), "")
    setting = Setting(profile, modalities.find("tabular"), default_metric(dataset.task), rows, device=device)
    order = np.random.default_rng(1).permutation(rows + TEST_ROWS)
    learner = learners.find(name)
    if device != "cpu":
        # The context and the kernels are loaded once a process, and are no part of an epoch.
        learner.build(setting, {"epochs": 1}).fit(*rows_at(dataset, order[:500]))
    pipeline = learner.build(setting, {"epochs": epochs})
    time.sleep(max(0.0, start - time.time()))
    began = time.perf_counter()
    pipeline.fit(*rows_at(dataset, order[:rows]))
    whole = time.perf_counter() - began
    inputs, target = rows_at(dataset, order[rows:])
    metric = METRICS[setting.metric]
    net = pipeline[-1]
    paces = np.diff(net.fit_report_.curve["seconds"])
    return {
        "name": name, "rows": rows, "epoch": float(np.median(paces)), "whole": whole,
        "mb": net.fit_report_.gpu_memory_mb,
        "error": metric.error_of_loss(float(metric.row_losses(target, predict(pipeline, inputs, dataset)).mean())),
    }  # fmt: skip


def fits(rows: tuple[int, ...], epochs: int, device: str, say: Callable[[str], None]) -> None:
    """Compare one core and the GPU."""
    fresh = get_context("spawn")
    asked = [
        (name, count)
        for count in sorted(rows, reverse=True)
        for name in reversed(NETS)
        if count <= MOST_ROWS_OF_SLOW or name not in SLOW_NETS
    ]
    with ProcessPoolExecutor(max(1, (os.cpu_count() or 2) // 2), fresh) as pool:
        cores = {one: pool.submit(fit, *one, epochs, "cpu") for one in asked}
        slow = {one: future.result() for one, future in cores.items()}
    say("| net | rows | core, s an epoch | GPU, s an epoch | as fast | GPU MB | held error, core | held error, GPU |")
    say("|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(1, fresh) as pool:
        for one in sorted(asked, key=lambda pair: (NETS.index(pair[0]), pair[1])):
            core, gpu = slow[one], pool.submit(fit, *one, epochs, device).result()
            say(
                f"| {one[0]} | {one[1]:,} | {core['epoch']:.3f} | {gpu['epoch']:.3f} | "
                f"{core['epoch'] / gpu['epoch']:.2f} | {gpu['mb'] or 0:.0f} | {core['error']:.4f} | "
                f"{gpu['error']:.4f} |"
            )


def shared(rows: int, epochs: int, device: str, say: Callable[[str], None]) -> None:
    """Time the same fit in several processes at once."""
    say("\n| net | rows | processes on the GPU | s an epoch | fits a minute, all together |\n|---|---|---|---|---|")
    most = max(SHARED_BY)
    with ProcessPoolExecutor(most, get_context("spawn")) as pool:
        list(pool.map(fit, ["mlp"] * most, [500] * most, [1] * most, [device] * most, [time.time() + 15.0] * most))
        for name in ("mlp", "realmlp"):
            for count in SHARED_BY:
                start = time.time() + 3.0
                futures = [pool.submit(fit, name, rows, 3 * epochs, device, start) for _ in range(count)]
                found = [future.result() for future in futures]
                pace = float(np.median([one["epoch"] for one in found]))
                slowest = max(one["whole"] for one in found)
                say(f"| {name} | {rows:,} | {count} | {pace:.3f} | {60 * count / slowest:.0f} |")


def ways(depth: int, width: int, batch: int, device: torch.device) -> dict[str, Callable[[], Callable[[], None]]]:
    """Return what makes one step of each way of training the same net."""
    numbers, flags = torch.randn(batch, 30, device=device), torch.zeros(batch, 0, device=device)
    rows, target = (numbers, flags, flags.long()), torch.randint(0, 2, (batch,), device=device)
    loss = TableLoss("log_loss")

    def stepping(half: bool, precision: str = "highest", **compiled: Any) -> Callable[[], None]:
        torch.set_float32_matmul_precision(precision)
        torch.manual_seed(0)
        net = TableNet(TableInput(30, 0), MLP(30, 2, width=width, depth=depth)).to(device).train()
        optimiser, average = Optimiser(net, 0.01, 1.0), WeightAverage(net, 100)
        forward = torch.compile(net, **compiled) if compiled else net

        def step() -> None:
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                found = loss(forward(*rows), target)
            found.backward()
            optimiser.step(1e-3)
            average.update()

        return step

    known = {
        "bfloat16": lambda: stepping(True),
        "float32": lambda: stepping(False),
        "float32 by TF32": lambda: stepping(False, "high"),
    }
    if device.type == "cuda":
        known |= {
            "bfloat16 in a CUDA graph": lambda: captured(stepping(True)),
            "float32 in a CUDA graph": lambda: captured(stepping(False)),
            "float32 by TF32 in a CUDA graph, as the loop does": lambda: captured(stepping(False, "high")),
        }
    if device.type == "cuda" and (depth, width, batch) == SHAPES[-1]:
        known |= {
            "float32, torch.compile": lambda: stepping(False, mode="default"),
            "float32, torch.compile for less overhead": lambda: stepping(False, mode="reduce-overhead"),
        }
    return known


def captured(step: Callable[[], None]) -> Callable[[], None]:
    """Return the replay of a step that was captured once; its rows and its learning rate stay as they were."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def steps(device: torch.device, say: Callable[[str], None]) -> None:
    """Time one step in each way."""
    say("\n| net | rows a batch | way | ms a step | before the first, s |\n|---|---|---|---|---|")
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    for depth, width, batch in SHAPES:
        for name, make in ways(depth, width, batch, device).items():
            began = time.perf_counter()
            try:
                step = make()
                for _ in range(5):
                    step()
                wait()
            except Exception as problem:
                say(f"| {depth}x{width} | {batch} | {name} | {type(problem).__name__}: {str(problem)[:100]} | |")
                continue
            ready, rounds = time.perf_counter() - began, []
            for _ in range(5):
                began = time.perf_counter()
                for _ in range(STEPS // 5):
                    step()
                wait()
                rounds.append((time.perf_counter() - began) / (STEPS // 5))
            say(f"| {depth}x{width} | {batch} | {name} | {1e3 * float(np.median(rounds)):.3f} | {ready:.1f} |")


def main() -> None:
    """Print all tables as they become known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 40_000])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--parts", nargs="+", choices=["fits", "shared", "steps"], default=["fits", "shared", "steps"])
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    device = pick_device(options.device)
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        print(line, flush=True)
        if options.write:
            options.write.write_text("\n".join(lines) + "\n", encoding="utf-8")

    processor = platform.processor() or platform.machine()
    say(f"{device_name(device) or device.type}, {os.cpu_count()} cores ({processor}), torch {torch.__version__}\n")
    if "fits" in options.parts:
        fits(tuple(options.rows), options.epochs, options.device, say)
    if "shared" in options.parts:
        shared(10_000, options.epochs, options.device, say)
    if "steps" in options.parts:
        steps(device, say)


if __name__ == "__main__":
    main()
