"""How a model does on what it never trains on."""

from __future__ import annotations

import torch

from attn_desktop.families.base import Family
from attn_desktop.training.data import Batch
from attn_desktop.training.loss import token_likelihoods, unroll


def held_out_losses(model: Family, batch: Batch) -> dict[str, float]:
    """Mean −log p per token in every trained mode."""
    losses = {}
    with torch.no_grad():
        for mode in model.trained_modes:
            _, log_probs = token_likelihoods(model, unroll(model, batch, [mode]))
            losses[str(mode)] = -float(log_probs.mean())
    return losses


def in_words(losses: dict[str, float]) -> str:
    """The losses of the modes, for the log."""
    return ", ".join(f"{mode} {loss:.3f}" for mode, loss in losses.items())


def held_out_loss(model: Family, batch: Batch) -> str:
    """Mean −log p per token in every trained mode, for the log."""
    return in_words(held_out_losses(model, batch))
