"""What the window is told when a request cannot be answered."""

from __future__ import annotations

from attn_desktop.common.errors import CheckpointError, DeviceError, UserError
from attn_desktop.trace.protocol import Cause

OUT_OF_MEMORY = "out of memory; a shorter input needs less, and the device cpu may have more"
#: How torch says it where it raises no error of its own for it: on the CPU, in cuBLAS, in the
#: driver.
OUT_OF_MEMORY_TEXTS = ("DefaultCPUAllocator", "ALLOC_FAILED", "CUDA error: out of memory")


class CancelledError(Exception):
    """The window no longer wants the answer."""


def explain(error: Exception) -> tuple[Cause, str]:
    """The cause and one line for people."""
    if is_out_of_memory(error):
        return "memory", OUT_OF_MEMORY
    if isinstance(error, CheckpointError):
        return "model", _one_line(error)
    if isinstance(error, DeviceError):
        return "device", _one_line(error)
    if isinstance(error, UserError):
        return "input", _one_line(error)
    if isinstance(error, OSError):  # the only files that the engine opens are a model's
        where = f"{error.filename}: " if error.filename else ""
        return "model", f"{where}{error.strerror or error}"
    return "bug", f"internal error, {type(error).__name__}: {_one_line(error)}"


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, of whatever device; torch's own class goes by its name."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(
        text in str(error) for text in OUT_OF_MEMORY_TEXTS
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
