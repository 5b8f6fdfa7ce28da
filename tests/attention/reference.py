"""The published formulas in plain Python floats (float64), one position at a time.

Written from the papers and not from the package: nothing here knows a tensor, a batch or a mask
trick. Vectors are lists of floats, matrices lists of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Vector = Sequence[float]
Matrix = Sequence[Sequence[float]]


def product(matrix: Matrix, vector: Vector) -> list[float]:
    return [inner(row, vector) for row in matrix]


def inner(a: Vector, b: Vector) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def cosine(s: Vector, h: Vector, log_sharpness: float) -> float:
    """Graves et al. 2014, equations 5 and 6: β K[s, h], K the cosine."""
    norms = math.sqrt(inner(s, s)) * math.sqrt(inner(h, h))
    return math.exp(log_sharpness) * inner(s, h) / norms


def additive(s: Vector, h: Vector, query_weight: Matrix, key_weight: Matrix, v: Matrix) -> float:
    """Bahdanau et al. 2015, A.1.2: vᵀ tanh(W s + U h)."""
    from_s, from_h = product(query_weight, s), product(key_weight, h)
    return inner(v[0], [math.tanh(a + b) for a, b in zip(from_s, from_h, strict=True)])


def general(s: Vector, h: Vector, weight: Matrix) -> float:
    """Luong et al. 2015, equation 7: sᵀ W h."""
    return math.fsum(
        s_i * w * h_j
        for s_i, row in zip(s, weight, strict=True)
        for w, h_j in zip(row, h, strict=True)
    )


def dot(s: Vector, h: Vector) -> float:
    """Luong et al. 2015, equation 7: sᵀ h."""
    return inner(s, h)


def scaled_dot(s: Vector, h: Vector) -> float:
    """Vaswani et al. 2017, equation 1: sᵀ h / √n, n the dimension of h."""
    return inner(s, h) / math.sqrt(len(h))


def energies(score: str, s: Vector, memory: Matrix, weights: Mapping[str, Any]) -> list[float]:
    """e_tj for every j. weights: by the names of the package's parameters."""
    if score == "location":  # Luong et al. 2015, equation 8: W s, positions past W have none
        rows = product(weights["weight.weight"], s)
        return [rows[j] if j < len(rows) else 0.0 for j in range(len(memory))]
    if score == "cosine":
        return [cosine(s, h, weights["log_sharpness"]) for h in memory]
    if score == "additive":
        parts = (weights[f"{name}.weight"] for name in ("query_weight", "key_weight", "v"))
        query_weight, key_weight, v = parts
        return [additive(s, h, query_weight, key_weight, v) for h in memory]
    if score == "general":
        return [general(s, h, weights["weight.weight"]) for h in memory]
    return [{"dot": dot, "scaled-dot": scaled_dot}[score](s, h) for h in memory]


def predicted_center(s: Vector, length: int, weight: Matrix, v: Matrix) -> float:
    """Luong et al. 2015, equation 9: p_t = S sigmoid(v_pᵀ tanh(W_p s))."""
    score = inner(v[0], [math.tanh(x) for x in product(weight, s)])
    return length / (1 + math.exp(-score))


def allowed(length: int, center: float | None, half_width: float, reach: int | None) -> list[int]:
    """The 0-based positions that may have weight, of a source of `length` pieces.

    A window that holds no piece gives way to the pieces nearest to its centre; a reach that
    leaves nothing of a window is disregarded.
    """
    positions = list(range(length))
    if center is not None:
        nearest = min(abs(j + 1 - center) for j in positions)
        limit = max(half_width, nearest)
        positions = [j for j in positions if abs(j + 1 - center) <= limit]
    if reach is not None:
        positions = [j for j in positions if j < reach] or positions
    return positions


def alpha(
    e: Vector,
    length: int,
    center: float | None = None,
    half_width: float = 3.0,
    gaussian: bool = False,
    reach: int | None = None,
) -> list[float]:
    """α_tj of all positions: softmax over those allowed, times the Gaussian, renormalised.

    Luong et al. 2015, equation 10, with σ = D/2, then divided by the sum.
    """
    kept = allowed(length, center, half_width, reach)
    largest = max(e[j] for j in kept)
    soft = {j: math.exp(e[j] - largest) for j in kept}
    total = math.fsum(soft.values())
    weights = {j: value / total for j, value in soft.items()}
    if gaussian and half_width > 0:
        assert center is not None
        sigma = half_width / 2
        weights = {
            j: value * math.exp(-((j + 1 - center) ** 2) / (2 * sigma**2))
            for j, value in weights.items()
        }
    total = math.fsum(weights.values())
    return [weights.get(j, 0.0) / total for j in range(len(e))]


def grid_alpha(
    e: Vector, center: tuple[float, float], grid: tuple[int, int], half_width: float
) -> list[float]:
    """exp(e) times both Gaussians within ±D of the centre along rows and columns, over their sum.

    Where ±D holds no row (or column), those nearest to the centre stand in for it.
    """
    sigma, weights = half_width / 2, []
    limits = [
        max(half_width, min(abs(i - p) for i in range(1, length + 1)))
        for p, length in zip(center, grid, strict=True)
    ]
    largest = max(e)
    for position, energy in enumerate(e):
        away = (position // grid[1] + 1 - center[0], position % grid[1] + 1 - center[1])
        if any(abs(a) > limit for a, limit in zip(away, limits, strict=True)):
            weights.append(0.0)
            continue
        prior = 1.0
        if half_width >= 1e-6:
            prior = math.prod(math.exp(-(a**2) / (2 * sigma**2)) for a in away)
        weights.append(math.exp(energy - largest) * prior)
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def context(weights: Vector, memory: Matrix) -> list[float]:
    """Bahdanau et al. 2015, equation 5: Σ_j α_tj h_j."""
    size = len(memory[0])
    return [math.fsum(a * h[i] for a, h in zip(weights, memory, strict=True)) for i in range(size)]


def drawn(weights: Vector, u: float) -> int:
    """The first position at which the running sum of weights exceeds u."""
    total, running = math.fsum(weights), 0.0
    for j, weight in enumerate(weights):
        running += weight
        if running > u * total:
            return j
    return max(j for j, weight in enumerate(weights) if weight > 0)
