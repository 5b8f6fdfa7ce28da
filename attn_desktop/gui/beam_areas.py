"""Where tree, n-best list and card of a beam search are in a panel of any shape."""

from __future__ import annotations

from PySide6.QtCore import QRect

from attn_desktop.gui.theme import Theme

#: Sizes at normal type: from which width list and card stand beside the tree, below which height
#: they then stand beside each other, and below which there is no room for them.
BESIDE, FLAT, LEAST_WIDTH, LEAST_HEIGHT = 620, 360, 260, 200
#: Shares of the panel, and the most pixels that list and card take together.
SIDE, FLAT_SIDE, BELOW = 0.34, 0.5, 0.45
MOST_SIDE, MOST_FLAT_SIDE, MOST_BELOW = 460, 800, 260
#: Share of the list of what both take: in a row, in a column.
LIST_WIDTH, LIST_HEIGHT = 0.4, 0.42


def areas_of(body: QRect, theme: Theme, gap: int) -> tuple[QRect, QRect, QRect]:
    """Of tree, list and card; empty for what has no room."""
    px, wide, high = theme.px, body.width(), body.height()
    if wide < px(BESIDE):
        if wide < px(LEAST_WIDTH) or high < px(LEAST_HEIGHT):
            return body, QRect(), QRect()
        below = min(round(BELOW * high), px(MOST_BELOW))
        tree = body.adjusted(0, 0, 0, -below - gap)
        return tree, *_in_a_row(QRect(body.left(), tree.bottom() + 1 + gap, wide, below), gap)
    flat = high < px(FLAT)
    share, most = (FLAT_SIDE, MOST_FLAT_SIDE) if flat else (SIDE, MOST_SIDE)
    side = min(round(share * wide), px(most))
    tree = body.adjusted(0, 0, -side - gap, 0)
    rest = QRect(tree.right() + 1 + gap, body.top(), side, high)
    if flat:
        return tree, *_in_a_row(rest, gap)
    upper = round(LIST_HEIGHT * high)
    return tree, rest.adjusted(0, 0, 0, upper - high), rest.adjusted(0, upper + gap, 0, 0)


def _in_a_row(area: QRect, gap: int) -> tuple[QRect, QRect]:
    left = round(LIST_WIDTH * area.width())
    return area.adjusted(0, 0, left - area.width(), 0), area.adjusted(left + gap, 0, 0, 0)
