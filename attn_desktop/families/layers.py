"""Layers that several families are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def embedding(vocabulary: int, size: int) -> nn.Embedding:
    """An embedding; without memory for its weights there is nothing to fill.

    Drawing them for the meta device would import torch's compiler, which takes longer than
    reading a checkpoint.
    """
    if torch.get_default_device().type == "meta":
        weight = torch.empty(vocabulary, size)
        return nn.Embedding(vocabulary, size, _weight=weight, _freeze=False)
    return nn.Embedding(vocabulary, size)


def scale_embedding(layer: nn.Embedding) -> None:
    """Draw its weights with standard deviation 1/√size, as logits of tied weights want them."""
    if not layer.weight.is_meta:
        nn.init.normal_(layer.weight, std=layer.embedding_dim**-0.5)


class LockedDropout(nn.Dropout):
    """Dropout whose mask is the same at every position of a row (Gal and Ghahramani 2016)."""

    def forward(self, values: Tensor) -> Tensor:
        """Values (B, S, ·) with the same features dropped at all S positions."""
        if not self.training or self.p == 0:
            return values
        mask = nn.functional.dropout(values.new_ones(len(values), 1, values.shape[2]), self.p)
        return values * mask
