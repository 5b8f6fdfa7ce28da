"""Scopes: which source positions a step may look at, and with what prior.

Positions are 1-based inside the formulas, as in Luong et al. 2015, section 3.2.
Shapes: B rows, S source positions, N size of the decoder state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from attn_desktop.common.registry import Registry


@dataclass(frozen=True)
class View:
    """What a scope lets through at one step.

    window: (B, S) True inside. center: (B,) p_t, 1-based, on a grid (B, 2): row and column; None
    when global.
    log_prior: (B, S) added to the energies before the softmax, None when flat.
    """

    window: Tensor
    center: Tensor | None = None
    log_prior: Tensor | None = None


class Scope(nn.Module):
    """A way to choose the window of a step. state_size: N. half_width: D, in positions.

    grid: (rows, columns) for one that looks at the regions of a picture, None for a sequence.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    #: False for the global scope, which has neither p_t nor D.
    is_local: ClassVar[bool] = True
    #: True for a scope with weights of its own, so that a checkpoint must have been built with it.
    is_learnt: ClassVar[bool] = False

    def __init_subclass__(cls, *, name: str, registry: Registry[type[Scope]] | None = None) -> None:
        cls.name = name
        (SCOPES if registry is None else registry).add(name, cls)

    def __init__(
        self, state_size: int, half_width: float, grid: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self.half_width = half_width
        self.grid = grid

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        """State s_{t-1} (B, N), mask (B, S) and step t (1-based) to the view of this step."""
        raise NotImplementedError


SCOPES: Registry[type[Scope]] = Registry("scope")

#: Below it, D counts as 0.
SMALLEST_HALF_WIDTH = 1e-6


def distance_to(center: Tensor, length: int) -> Tensor:
    """|j - p_t| for every 1-based position j: (B,) to (B, length)."""
    positions = torch.arange(1, length + 1, device=center.device, dtype=center.dtype)
    return (positions - center.unsqueeze(1)).abs()


def within(distance: Tensor, real: Tensor, half_width: float) -> Tensor:
    """|j - p_t| ≤ D, and always the real position nearest to p_t, so that α exists: (B, length)."""
    nearest = distance.masked_fill(~real, torch.inf).amin(dim=1, keepdim=True)
    return distance <= nearest.clamp(min=half_width)


class Global(Scope, name="global"):
    """Every position (Luong et al. 2015, section 3.1)."""

    formula = "1 ≤ j ≤ S"
    source = "Luong et al. 2015"
    is_local = False

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        return View(window=torch.ones_like(mask))


class LocalMonotonic(Scope, name="local-m"):
    """Positions around t itself (Luong et al. 2015, section 3.2, local-m)."""

    formula = "p_t = min(t, S),  |j - p_t| ≤ D"
    source = "Luong et al. 2015"

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        center = mask.sum(dim=1).clamp(max=t).to(state.dtype)
        distance = distance_to(center, mask.shape[1])
        return View(within(distance, mask, self.half_width), center)


class LocalPredictive(Scope, name="local-p"):
    """Positions around a predicted centre (Luong et al. 2015, equations 9 and 10, local-p).

    Our departure: the Gaussian enters before the softmax (as a log-prior), which cuts at ±D and
    renormalises in one go, so that α sums to 1. σ = D/2.
    """

    formula = (
        "p_t = S · sigmoid(v_pᵀ tanh(W_p s)),  α ∝ exp(e_tj) · exp(-(j - p_t)² / 2σ²),  σ = D/2"
    )
    source = "Luong et al. 2015"
    is_learnt = True

    def __init__(
        self, state_size: int, half_width: float, grid: tuple[int, int] | None = None
    ) -> None:
        super().__init__(state_size, half_width, grid)
        self.weight = nn.Linear(state_size, state_size // 2, bias=False)
        self.v = nn.Linear(state_size // 2, 1 if grid is None else 2, bias=False)

    def predict(self, state: Tensor) -> Tensor:
        """x (B,) in p_t = S · sigmoid(x)."""
        predicted: Tensor = self.v(torch.tanh(self.weight(state))).squeeze(1)
        return predicted

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        share = torch.sigmoid(self.predict(state))
        center = mask.sum(dim=1).to(state.dtype) * share
        distance = distance_to(center, mask.shape[1])
        window = within(distance, mask, self.half_width)
        # σ → 0: the one position of the window, whatever its distance; a square would overflow.
        if self.half_width < SMALLEST_HALF_WIDTH:
            return View(window, center)
        sigma = self.half_width / 2
        return View(window, center, -(distance**2) / (2 * sigma**2))
