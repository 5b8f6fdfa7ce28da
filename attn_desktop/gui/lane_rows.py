"""The two rows of labels of the lanes: how large they are and where each label stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QFontMetricsF

from attn_desktop.gui.axes import LABEL_CHARACTERS
from attn_desktop.gui.painting import elided
from attn_desktop.gui.row_layout import Row, lay_out
from attn_desktop.gui.theme import Theme

#: Longest label in average characters where there is room for all.
LONGEST = 40
#: Sizes of type, relative to the normal one, each with the longest label: the first that fits.
FITS = ((1.0, LONGEST), (0.85, LONGEST), (0.85, LABEL_CHARACTERS), (0.75, LABEL_CHARACTERS))
MARGIN, GAP, MOST_SPARE = 8, 12, 110

Widths = NDArray[np.float64]
Measured = tuple[list[str], Widths]


@dataclass(frozen=True, eq=False)
class LaneRows:
    """Both rows at a size of the panel.

    relative: size of type. texts: elided labels of source and target. left, right: x between which
    they stand. top, bottom: y at which ribbons begin and end. line: height of a label. edge: width
    of what tells how many more there are.
    """

    source: Row
    target: Row
    relative: float
    source_texts: list[str]
    target_texts: list[str]
    left: float
    right: float
    top: float
    bottom: float
    line: float
    edge: float

    def row(self, source: bool) -> Row:
        """That of the source, or that of the target."""
        return self.source if source else self.target

    def label_top(self, source: bool) -> float:
        """y at which the labels of a row begin."""
        return self.top - self.line if source else self.bottom


class LaneLabels:
    """Labels of source and target, measured once and laid out at every size and place.

    before: of the same theme, whose measures are taken over.
    """

    def __init__(
        self,
        theme: Theme,
        source: Sequence[str] = (),
        target: Sequence[str] = (),
        before: LaneLabels | None = None,
    ) -> None:
        self._theme = theme
        self._labels = (source, target)
        self._measured: dict[tuple[float, float], tuple[Measured, Measured]] = {}
        #: By type size and most pixels, by label: cut, and the width it needs when bold.
        self._held: dict[tuple[float, float], dict[str, tuple[str, float]]] = {}
        if before is not None and before._theme == theme:
            self._held = {key: before._held[key] for key in before._measured}

    def _measure(self, relative: float, most: float) -> tuple[Measured, Measured]:
        """Labels of both rows cut to `most` pixels, and the widths they need when bold."""
        key = (relative, most)
        if key not in self._measured:
            bold = self._theme.font(relative, bold=True)
            metrics, gap = QFontMetricsF(bold), self._theme.px(GAP) * relative
            held = self._held.setdefault(key, {})
            both: list[Measured] = []
            for labels in self._labels:
                for label in set(labels).difference(held):
                    text = elided(label, bold, most)
                    held[label] = text, metrics.horizontalAdvance(text) + gap
                widths = np.array([held[label][1] for label in labels], dtype=np.float64)
                both.append(([held[label][0] for label in labels], widths))
            self._measured[key] = (both[0], both[1])
        return self._measured[key]

    def lay_out(
        self,
        width: int,
        height: int,
        middles: tuple[int, int],
        wanted: int | None,
        scroll: Mapping[bool, float],
        grows: bool,
    ) -> LaneRows:
        """Both rows in a panel of this size; grows: whether more tokens may come.

        middles: labels of source and target around which a row that is too long is shown; wanted:
        of the source, shown in any case; scroll: where a row is shown instead, in pixels, with the
        source under True.
        """
        px = self._theme.px
        left, right = float(px(MARGIN)), float(width - px(MARGIN))
        room = max(right - left, 1.0)
        metrics = QFontMetricsF(self._theme.font(0.75))
        edge = min(metrics.horizontalAdvance("‹ 000 more"), room / 5)
        for relative, characters in FITS:
            character = QFontMetricsF(self._theme.font(relative, bold=True)).averageCharWidth()
            most = min(character * characters, room - 2 * edge - px(GAP))
            (source_texts, above), (target_texts, below) = self._measure(relative, most)
            if max(above.sum(), below.sum()) <= room:
                break
        above, below = _matched(above, below, room, grows)
        spare = px(MOST_SPARE)
        source = lay_out(above, left, right, edge, middles[0], scroll.get(True), spare, wanted)
        target = lay_out(below, left, right, edge, middles[1], scroll.get(False), spare)
        line = QFontMetricsF(self._theme.font(relative, bold=True)).height() + px(4)
        top = px(MARGIN) / 2 + line
        bottom = max(height - px(MARGIN) / 2 - line, top + 1)
        target = target.cut(len(target_texts))
        texts = (source_texts, target_texts)
        return LaneRows(source, target, relative, *texts, left, right, top, bottom, line, edge)


def _matched(above: Widths, below: Widths, room: float, grows: bool) -> tuple[Widths, Widths]:
    """Widths of slots above and below, those below perhaps with some for tokens to come.

    Slots are shared where there are no more tokens than source positions and this fits: a monotone
    alignment is upright then.
    """
    missing = len(above) - len(below)
    if missing < 0:
        return above, below
    padded = np.concatenate([below, np.full(missing, below.mean() if len(below) else 0.0)])
    shared = np.maximum(above, padded)
    if shared.sum() <= room:
        return shared, shared
    if grows and padded.sum() <= room:
        return above, padded
    if grows and below.sum() <= room:
        return above, np.append(below, room - below.sum())
    return above, below
