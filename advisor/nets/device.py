"""Where nets are trained: devices and their names, and what is set on them for as long as a block runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from advisor.errors import UserError

CPU = torch.device("cpu")
BYTES_PER_MB = 1_000_000


def pick_device(wish: str) -> torch.device:
    """Turn "auto" into the best device at hand (cuda, then mps, then cpu), and refuse one that is not there."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return torch.device(next(name for name, here in present.items() if here))
    if not present.get(wish.partition(":")[0], False):
        here = ", ".join(name for name, there in present.items() if there)
        raise UserError(f"The device '{wish}' is not available here; there is: {here}.")
    return torch.device(wish)


def device_name(device: torch.device) -> str | None:
    """Return what its maker calls a GPU of NVIDIA's; None for any other device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None


class GpuMemory:
    """Measures a `with` block: `peak_mb` is the most that tensors held on a GPU at once, in MB (10^6 bytes).

    It stays None where `device` is no GPU of NVIDIA's. Only this process counts, without what CUDA itself takes (some
    hundreds of MB) and what torch keeps for later. The process's own record of its peak begins anew.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.peak_mb: float | None = None

    def __enter__(self) -> GpuMemory:
        if self.device.type == "cuda":
            torch.cuda.init()  # there is no peak to forget before
            torch.cuda.reset_peak_memory_stats(self.device)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.device.type == "cuda":
            self.peak_mb = torch.cuda.max_memory_allocated(self.device) / BYTES_PER_MB


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators inside the block (initial weights, dropout); they are as before after it."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def cpu_threads(threads: int) -> Iterator[None]:
    """Set torch's CPU threads inside the block; their number is as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quick_products(device: torch.device) -> Iterator[None]:
    """Let an NVIDIA GPU round the factors of matrix products to 10 bits (TF32) inside the block.

    For nets of this size that is quicker than bfloat16, whose 7 bits also make the last steps of a regression coarse.
    """
    before = torch.get_float32_matmul_precision()
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
