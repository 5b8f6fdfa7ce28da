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

    window: (B, S) True inside. center: (B,) p_t, 1-based, None when global.
    log_prior: (B, S) added to the energies before the softmax, None when flat.
    """

    window: Tensor
    center: Tensor | None = None
    log_prior: Tensor | None = None


class Scope(nn.Module):
    """A way to choose the window of a step. state_size: N. half_width: D, in positions."""

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    #: False for the global scope, which has neither p_t nor D.
    is_local: ClassVar[bool] = True
    #: True for a scope with weights of its own, so that a checkpoint must have been built with it.
    is_learnt: ClassVar[bool] = False

    def __init_subclass__(cls, *, name: str) -> None:
        cls.name = name
        SCOPES.add(name, cls)

    def __init__(self, state_size: int, half_width: float) -> None:
        super().__init__()
        self.half_width = half_width

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        """State s_{t-1} (B, N), mask (B, S) and step t (1-based) to the view of this step."""
        raise NotImplementedError


SCOPES: Registry[type[Scope]] = Registry("scope")

#: Below it, D counts as 0.
SMALLEST_HALF_WIDTH = 1e-6


def _distance(mask: Tensor, center: Tensor) -> Tensor:
    """|j - p_t| for every 1-based position j: (B, S)."""
    positions = torch.arange(1, mask.shape[1] + 1, device=mask.device, dtype=center.dtype)
    return (positions - center.unsqueeze(1)).abs()


def _window(mask: Tensor, distance: Tensor, half_width: float) -> Tensor:
    """|j - p_t| ≤ D, and always the real position nearest to p_t, so that α exists."""
    nearest = distance.masked_fill(~mask, torch.inf).amin(dim=1, keepdim=True)
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
        return View(_window(mask, _distance(mask, center), self.half_width), center)


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

    def __init__(self, state_size: int, half_width: float) -> None:
        super().__init__(state_size, half_width)
        self.weight = nn.Linear(state_size, state_size // 2, bias=False)
        self.v = nn.Linear(state_size // 2, 1, bias=False)

    def predict(self, state: Tensor) -> Tensor:
        """x (B,) in p_t = S · sigmoid(x)."""
        predicted: Tensor = self.v(torch.tanh(self.weight(state))).squeeze(1)
        return predicted

    def forward(self, state: Tensor, mask: Tensor, t: int) -> View:
        share = torch.sigmoid(self.predict(state))
        center = mask.sum(dim=1).to(state.dtype) * share
        distance = _distance(mask, center)
        window = _window(mask, distance, self.half_width)
        # σ → 0: the one position of the window, whatever its distance; a square would overflow.
        if self.half_width < SMALLEST_HALF_WIDTH:
            return View(window, center)
        sigma = self.half_width / 2
        return View(window, center, -(distance**2) / (2 * sigma**2))
