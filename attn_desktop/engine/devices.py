"""The devices of this machine, with the memory that they have and that is in use."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import torch

from attn_desktop.trace.protocol import Device

CPU_INFO = Path("/proc/cpuinfo")
PROCESS_MEMORY = Path("/proc/self/statm")


def list_devices() -> tuple[Device, ...]:
    """The CPU, then each CUDA device; memory in bytes, None where it cannot be found out."""
    cpu = Device(
        name="cpu",
        label=_cpu_label(),
        memory_used=_resident_bytes(),
        memory_total=_machine_bytes(),
    )
    return (cpu, *(_cuda_device(index) for index in range(torch.cuda.device_count())))


def _cuda_device(index: int) -> Device:
    used = total = None
    try:
        label = torch.cuda.get_device_properties(index).name
        free, total = torch.cuda.mem_get_info(index)
        used = total - free
    except RuntimeError as error:  # one that is taken, broken or full
        label = f"CUDA device {index}, cannot be used: {str(error).splitlines()[0]}"
    return Device(name=f"cuda:{index}", label=label, memory_used=used, memory_total=total)


def _cpu_label() -> str:
    """The processor as its maker calls it, where the system knows."""
    try:
        for line in CPU_INFO.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def _resident_bytes() -> int | None:
    """Memory of this process that is in RAM; where there is no /proc, the most it ever was."""
    try:
        pages = int(PROCESS_MEMORY.read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _machine_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
