"""Devices are found by name or refused, and tell what they are and what they held."""

import pytest
import torch

from advisor.errors import UserError
from advisor.nets.device import CPU, GpuMemory, device_name, pick_device


def test_an_absent_device_is_told():
    with pytest.raises(UserError, match=r"'abacus' is not available here; there is: .*cpu"):
        pick_device("abacus")
    assert pick_device("cpu") == CPU
    assert pick_device("auto").type in ("cpu", "cuda", "mps")


def test_without_a_gpu_there_is_no_name_and_no_memory():
    with GpuMemory(CPU) as memory:
        pass
    assert device_name(CPU) is None and memory.peak_mb is None


def test_the_memory_of_a_gpu_is_its_peak_inside_the_block(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "init", lambda: asked.append("init"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: asked.append(("reset", device)))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 48_500_000)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Made-up {device.index}")
    gpu = torch.device("cuda:1")
    with pytest.raises(KeyError), GpuMemory(gpu) as memory:
        assert asked == ["init", ("reset", gpu)] and memory.peak_mb is None
        raise KeyError
    assert memory.peak_mb == 48.5, "also where the block ends by an exception"
    assert device_name(gpu) == "Made-up 1"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU on this machine")
def test_a_gpu_tells_its_name_and_what_a_block_held():
    gpu = torch.device("cuda")
    with GpuMemory(gpu) as memory:
        torch.zeros(1_000_000, device=gpu)  # of four bytes each
    assert device_name(gpu) and 4 <= memory.peak_mb < 100
