"""How a model does on what it never trains on."""

from __future__ import annotations

import torch

from attn_desktop.families.base import Family
from attn_desktop.training.data import Batch
from attn_desktop.training.loss import token_likelihoods, unroll


def held_out_loss(model: Family, batch: Batch) -> str:
    """Mean −log p per token in every trained mode, for the log."""
    figures = []
    with torch.no_grad():
        for mode in model.trained_modes:
            _, log_probs = token_likelihoods(model, unroll(model, batch, [mode]))
            figures.append(f"{mode} {-float(log_probs.mean()):.3f}")
    return ", ".join(figures)
