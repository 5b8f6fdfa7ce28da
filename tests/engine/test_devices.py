from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from attn_desktop.engine import devices
from attn_desktop.engine.devices import list_devices


def test_the_cpu_comes_first_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    (cpu,) = list_devices()
    assert cpu.name == "cpu"
    assert cpu.label
    assert cpu.memory_used is not None
    assert cpu.memory_total is not None
    assert 1 << 20 < cpu.memory_used <= cpu.memory_total


def test_memory_of_a_machine_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    for name in ("PROCESS_MEMORY", "CPU_INFO"):
        monkeypatch.setattr(devices, name, tmp_path / "nothing")
    cpu = list_devices()[0]
    assert cpu.label
    assert cpu.memory_used is not None
    assert cpu.memory_used > 1 << 20


def test_each_gpu_is_named_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def memory(index: int) -> tuple[int, int]:
        if index == 1:
            raise RuntimeError("CUDA error: device busy\nmore")
        return 6 << 30, 8 << 30

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: SimpleNamespace(name=f"GPU {index}")
    )
    monkeypatch.setattr(torch.cuda, "mem_get_info", memory)
    _, good, busy = list_devices()
    assert (good.name, good.label) == ("cuda:0", "GPU 0")
    assert (good.memory_used, good.memory_total) == (2 << 30, 8 << 30)
    assert busy.name == "cuda:1"
    assert busy.label == "CUDA device 1, cannot be used: CUDA error: device busy"
    assert (busy.memory_used, busy.memory_total) == (None, None)
