"""Opening a model for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attn_desktop.families.checkpoint import Checkpoint


def open_model(name: str, device: str, *, one_thread: bool) -> Checkpoint:
    """Open a model on a device.

    one_thread: for one input at a time, whose small products many threads only slow down.
    Raises UserError for a device or a folder that cannot be used.
    """
    import torch

    from attn_desktop import api

    if one_thread:
        torch.set_num_threads(1)
    return api.open_model(name, device)
