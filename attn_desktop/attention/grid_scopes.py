"""Scopes over a grid of regions: the same names as along a sequence, where they make sense.

A picture's m × n regions are its source positions, row by row. Rows and columns are 1-based inside
the formulas, as positions are in `scopes`. local-m is not among them: nothing says that step t of
a caption is about region t. Shapes: B rows, S = m · n source positions, N size of the state.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attn_desktop.attention.scopes import (
    SMALLEST_HALF_WIDTH,
    Global,
    LocalPredictive,
    Scope,
    View,
    distance_to,
    within,
)
from attn_desktop.common.registry import Registry

GRID_SCOPES: Registry[type[Scope]] = Registry("scope of a picture")
GRID_SCOPES.add(Global.name, Global)


class GridPredictive(LocalPredictive, name="local-p", registry=GRID_SCOPES):
    """Regions around a predicted centre: local-p of Luong et al. 2015 in two dimensions, ours.

    Row and column have a logit of their own; the Gaussian is the product of one along the rows and
    one along the columns, both with σ = D/2, cut at ±D along each. α sums to 1, as for a sequence.
    Every region is a real one, since all pictures of a model have one grid.
    """

    formula = (
        "p_t = (m · sigmoid(x_1), n · sigmoid(x_2)),  x = V_p tanh(W_p s),  "
        "α ∝ exp(e_tj) · exp(-((r_j - p_t1)² + (c_j - p_t2)²) / 2σ²),  σ = D/2"
    )
    source = "after Luong et al. 2015"

    def predict(self, state: Tensor) -> Tensor:
        """x (B, 2) in p_t = (m · sigmoid(x_1), n · sigmoid(x_2))."""
        predicted: Tensor = self.v(torch.tanh(self.weight(state)))
        return predicted

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        assert self.grid is not None
        shares = torch.sigmoid(self.predict(state))
        center = shares * torch.tensor(self.grid, device=state.device, dtype=state.dtype)
        rows, columns = (distance_to(center[:, i], length) for i, length in enumerate(self.grid))
        inside = [
            within(distance, torch.ones_like(distance, dtype=torch.bool), self.half_width)
            for distance in (rows, columns)
        ]
        window = (inside[0].unsqueeze(2) & inside[1].unsqueeze(1)).flatten(1)
        # σ → 0: the one region of the window, whatever its distance; a square would overflow.
        if self.half_width < SMALLEST_HALF_WIDTH:
            return View(window, center)
        squares = (rows**2).unsqueeze(2) + (columns**2).unsqueeze(1)
        sigma = self.half_width / 2
        return View(window, center, -squares.flatten(1) / (2 * sigma**2))
