"""Where the rows of a bench stand: below each other, or as many side by side as suits its maps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.small_plots import SMALL
from attn_desktop.gui.theme import Theme

#: Around everything in a bench, at normal type.
MARGIN = 8


@dataclass(frozen=True)
class Tiles:
    """Equal boxes row by row from the top left of an area, `across` side by side.

    wide, pitch: width of one, and from the top of one to that of the one below. gap: between two
    side by side.
    """

    area: QRectF
    across: int
    pitch: float
    gap: float = 0.0

    @property
    def wide(self) -> float:
        """Pixels of one."""
        return tile_width(self.area.width(), self.across, self.gap)

    def box(self, index: int) -> QRectF:
        """Where one is."""
        row, column = divmod(index, self.across)
        left = self.area.left() + column * (self.wide + self.gap)
        return QRectF(left, self.area.top() + row * self.pitch, self.wide, self.pitch)


def tile_width(width: float, across: int, gap: float) -> float:
    """Of one of so many side by side."""
    return max(1.0, (width - (across - 1) * gap) / across)


def best_across(count: int, height: Callable[[int, int], float]) -> tuple[int, float]:
    """How many tiles side by side make what is in them largest, and its height then.

    height: of it in a tile, by how many are side by side and how many rows of them there are.
    """
    sizes = [height(across, math.ceil(count / across)) for across in range(1, count + 1)]
    best = max(range(len(sizes)), key=lambda index: sizes[index], default=0)
    return best + 1, sizes[best] if sizes else 0.0


def words_height(theme: Theme) -> float:
    """Of the line of words of a row."""
    fonts = (theme.font(SMALL), theme.font(bold=True))
    return max(QFontMetricsF(font).height() for font in fonts) + 1
