"""What a panel may ask for. Panels emit these and never act themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class GoTo:
    """Put the playhead on step t of the branch shown (0: before the first)."""

    t: int


@dataclass(frozen=True)
class Hover:
    """Light source positions and steps while the pointer is over them; empty to put out."""

    source: frozenset[int] = frozenset()
    target: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Brush:
    """Light source positions and steps until further notice; empty to put out."""

    source: frozenset[int] = frozenset()
    target: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Force:
    """Take this token at the step of the playhead instead of the one chosen: a branch."""

    token_id: int
    token: str


@dataclass(frozen=True)
class EncodeText:
    """Start over with this source text."""

    text: str


@dataclass(frozen=True)
class ShowBranch:
    """Show the branch that ends in this node."""

    leaf: int


Intent: TypeAlias = GoTo | Hover | Brush | Force | EncodeText | ShowBranch
