"""A row of the tree of branches: rails, a circle, what makes the branch differ, what it says."""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from attn_desktop.common.mode import HARD
from attn_desktop.gui.branch_list import ORIGINAL
from attn_desktop.gui.branch_tree import Lineage, Twig, grow, lineage
from attn_desktop.gui.painting import elided, fill_rounded
from attn_desktop.gui.row_list import SMALL, Row, line_height, write
from attn_desktop.gui.scene import Branch, Scene
from attn_desktop.gui.theme import Theme

#: Pixels at normal type: x of the first rail, how far the next one is from it, radius of a circle
#: and of the ring around that of the baseline.
RAIL, INDENT, RADIUS, RING = 13, 14, 4.5, 8
#: Most of the width that rails may take.
RAILS_SHARE = 0.3
#: How much the way to the branch shown has of its hue.
WAY = 0.75
#: Pixels at normal type: what a row has on its right edge, the button beside it.
EDGE, BUTTON = 6, 20
BASELINE, COMPARE = "baseline", "⇄"
SAME = "says the same"
#: Between what was changed and the token that came of it.
LED_TO = " → "


@dataclass(frozen=True)
class HeadingRow(Row):
    """Above the branches of one of several inputs."""

    text: str


@dataclass(frozen=True)
class BranchRow(Row):
    """name: what makes it differ. comparable: whether it can be compared with the one shown."""

    name: str
    twig: Twig
    lineage: Lineage
    comparable: bool

    @property
    def branch(self) -> Branch:
        """The branch of the scene."""
        return self.twig.branch


def branch_rows(scene: Scene) -> tuple[HeadingRow | BranchRow, ...]:
    """The branches of a scene in the order of the tree, with a heading for each of several runs."""
    twigs = grow(scene.branches)
    ways = lineage(twigs)
    several = len({branch.run for branch in scene.branches}) > 1
    rows: list[HeadingRow | BranchRow] = []
    run = None
    for twig, way in zip(twigs, ways, strict=True):
        if several and twig.branch.run != run:
            run = twig.branch.run
            text = source_text(scene, run)
            tip = f"<b>source {run + 1}</b><br>{html.escape(text)}"
            rows.append(HeadingRow(("source", run), f"source {run + 1}: {text}", tip, False, text))
        # Below its own heading, the first of a run need not repeat it.
        first = several and twig.origin is None
        rows.append(_branch_row(ORIGINAL if first else twig.branch.about, twig, way))
    return tuple(rows)


def source_text(scene: Scene, run: int) -> str:
    """What an input of the document says, as far as it is known."""
    if run < len(scene.sources):
        known = scene.sources[run]
    else:
        known = scene.run.text if scene.run is not None and run == scene.run_number else ""
    return " ".join(known.split()) or f"source {run + 1}"


def _branch_row(name: str, twig: Twig, way: Lineage) -> BranchRow:
    branch, origin = twig.branch, twig.origin
    end = "" if branch.complete else " (not ended)"
    state = ", shown" if branch.shown else ", baseline" if branch.compared else ""
    words = f"{name}{state}: {branch.text}{end}"
    tip = f"<b>{html.escape(name)}</b><br>{html.escape(branch.text)}{end}"
    if origin is not None:
        words += f"; parts from {origin.about} at step {branch.parted}"
        tip += f"<br>Parts from <i>{html.escape(origin.about)}</i> at step {branch.parted}"
    return BranchRow(
        (branch.run, branch.leaf),
        words,
        tip,
        not branch.shown,
        name,
        twig,
        way,
        branch.leaf is not None and not branch.shown,
    )


class BranchPainter:
    """Paints rows at a width.

    lit: steps; the circles of branches that part there are tinted.
    """

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.lit: frozenset[int] = frozenset()

    def height(self, row: HeadingRow | BranchRow) -> int:
        """Pixels that a row takes."""
        theme = self.theme
        if isinstance(row, HeadingRow):
            return round(line_height(theme.font(SMALL, bold=True))) + theme.px(8)
        return round(sum(self._lines())) + theme.px(8)

    def button(self, area: QRectF, row: BranchRow) -> QRectF:
        """What compares with a branch, on the right of its first line."""
        theme, top = self.theme, self._top(area)
        wide: float = theme.px(BUTTON)
        if row.branch.compared:
            font = theme.font(SMALL)
            wide = QFontMetricsF(font).horizontalAdvance(BASELINE) + theme.px(10)
        left = area.right() - theme.px(EDGE) - wide
        return QRectF(left, top, wide, self._lines()[0])

    def paint_heading(self, painter: QPainter, area: QRectF, row: HeadingRow) -> None:
        """The text of an input, in the colour of source words."""
        theme, px = self.theme, self.theme.px
        inner = area.adjusted(px(EDGE), px(3), -px(EDGE), 0)
        write(painter, inner, theme.font(SMALL, bold=True), theme.ink("source"), row.text)

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        row: BranchRow,
        pointed: bool,
        pointer: QPointF | None,
    ) -> None:
        """A branch. pointer: the place of the mouse, if it is in the list."""
        theme, px, branch = self.theme, self.theme.px, row.branch
        top, (high, low) = self._top(area), self._lines()
        level = self._level(area, row.twig.depth)
        centre = QPointF(self._x(area, level), top + high / 2)
        self._paint_rails(painter, area, row, centre)
        self._paint_circle(painter, centre, row)
        left, right = centre.x() + px(RING) + px(4), area.right() - px(EDGE)
        button = self.button(area, row)
        if branch.compared or (row.comparable and pointed):
            self._paint_button(painter, button, row, pointer)
            right = button.left() - px(4)
        if level < row.twig.depth:
            # What has no room to be indented says how deep it is.
            line = QRectF(left, top, max(0.0, right - left), high)
            deep = f"{row.twig.depth}·"
            left += write(painter, line, theme.font(SMALL), theme.colour("dim"), deep) + px(3)
        hard = branch.mode.weighting == HARD
        line = QRectF(left, top, max(0.0, right - left), high)
        ink = theme.ink("hard") if hard else theme.colour("text")
        font = theme.font(bold=branch.shown)
        write(painter, line, font, ink, shortened(row.name, font, line.width()))
        line = QRectF(left, top + high, max(0.0, area.right() - px(EDGE) - left), low)
        self._paint_text(painter, line, row)

    # -- parts of a row -----------------------------------------------------------------------

    def _paint_text(self, painter: QPainter, line: QRectF, row: BranchRow) -> None:
        """What the branch says from where it parts on, and whether it has ended."""
        theme, twig, font = self.theme, row.twig, self.theme.font(SMALL)
        mark = theme.px(6)
        room = line.adjusted(0, 0, -mark - theme.px(5), 0)
        text = row.branch.text
        if twig.same and row.branch.complete:
            text = SAME
        elif QFontMetricsF(font).horizontalAdvance(text) > room.width() and twig.own:
            text = f"… {text[twig.own :]}"
        wide = write(painter, room, font, theme.colour("dim"), text)
        left = line.left() + wide + (theme.px(5) if wide else 0)
        box = QRectF(left, line.center().y() - mark / 2 + 1, mark, mark)
        self._paint_end(painter, box, row.branch.complete)

    def _paint_end(self, painter: QPainter, box: QRectF, complete: bool) -> None:
        """A full stop for what has ended, an arrow for what may go on."""
        dim = self.theme.colour("dim", 0.8)
        if complete:
            fill_rounded(painter, box.adjusted(0.5, 0.5, -0.5, -0.5), 1, dim)
            return
        painter.setPen(QPen(dim, self.theme.px(1)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        tip = QPointF(box.right(), box.center().y())
        painter.drawPolygon(QPolygonF([box.topLeft(), tip, box.bottomLeft()]))

    def _paint_button(
        self, painter: QPainter, box: QRectF, row: BranchRow, pointer: QPointF | None
    ) -> None:
        """Compares with the branch, or no longer where it is the baseline."""
        theme, over = self.theme, pointer is not None and box.contains(pointer)
        baseline = row.branch.compared
        painter.setPen(QPen(theme.colour("dim" if over else "border"), 1))
        painter.setBrush(theme.colour("card" if over or not baseline else "raised"))
        outline = box.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, theme.px(4), theme.px(4))
        painter.setFont(theme.font(SMALL))
        painter.setPen(theme.colour("text" if over or baseline else "dim"))
        text = BASELINE if baseline else COMPARE
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_rails(
        self, painter: QPainter, area: QRectF, row: BranchRow, centre: QPointF
    ) -> None:
        """First those of the others, then over them the way to the branch shown."""
        twig, way, below = row.twig, row.lineage, area.bottom() + 1
        shown, others = QPainterPath(), QPainterPath()
        for depth in twig.passing | way.passing:
            x = self._x(area, self._level(area, depth))
            _line(shown if depth in way.passing else others, x, area.top(), below)
        if twig.depth:
            x = self._x(area, self._level(area, twig.depth - 1))
            if not twig.last:
                _line(shown if twig.depth - 1 in way.passing else others, x, area.top(), below)
            elbow = shown if way.reaches else others
            turn = min(float(self.theme.px(6)), abs(centre.x() - x), centre.y() - area.top())
            elbow.moveTo(x, area.top())
            elbow.lineTo(x, centre.y() - turn)
            elbow.quadTo(QPointF(x, centre.y()), QPointF(x + turn, centre.y()))
            elbow.lineTo(centre)
        if twig.bears:
            _line(shown if way.leaves else others, centre.x(), centre.y(), below)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path, colour in ((others, self.theme.colour("border")), (shown, self._way())):
            painter.setPen(QPen(colour, self.theme.px(1.5)))
            painter.drawPath(path)

    def _paint_circle(self, painter: QPainter, centre: QPointF, row: BranchRow) -> None:
        theme, branch, target = self.theme, row.branch, self.theme.hue("target")
        hard = branch.mode.weighting == HARD
        rim = theme.hue("hard") if hard else theme.colour("dim")
        radius = RADIUS * theme.scale
        if branch.compared:
            ring = RING * theme.scale
            painter.setPen(QPen(rim, theme.px(1.2)))
            painter.setBrush(theme.colour("card"))
            painter.drawEllipse(centre, ring, ring)
        painter.setPen(QPen(target if branch.shown else rim, theme.px(1.7)))
        lit = row.twig.depth > 0 and branch.parted in self.lit
        # First the card's colour: the rail shall not show through a tint.
        tint = [theme.hue("target", 0.45)] if lit else []
        for fill in [target] if branch.shown else [theme.colour("card"), *tint]:
            painter.setBrush(fill)
            painter.drawEllipse(centre, radius, radius)

    # -- where things are -----------------------------------------------------------------------

    def _way(self) -> QColor:
        """Softer than a mark, and opaque: what lies below shall not show through."""
        hue, ground = self.theme.hue("target"), self.theme.colour("card")
        mixed = [
            WAY * over + (1 - WAY) * under
            for over, under in (
                (hue.red(), ground.red()),
                (hue.green(), ground.green()),
                (hue.blue(), ground.blue()),
            )
        ]
        return QColor(*map(round, mixed))

    def _lines(self) -> tuple[float, float]:
        return line_height(self.theme.font()), line_height(self.theme.font(SMALL))

    def _top(self, area: QRectF) -> float:
        return area.top() + (area.height() - sum(self._lines())) / 2

    def _level(self, area: QRectF, depth: int) -> int:
        """At which rail a branch is drawn: deep ones share the last one that there is room for."""
        room = RAILS_SHARE * area.width() - self.theme.px(RAIL)
        return min(depth, max(1, int(room / self.theme.px(INDENT))))

    def _x(self, area: QRectF, level: int) -> float:
        return area.left() + self.theme.px(RAIL) + level * self.theme.px(INDENT)


def shortened(name: str, font: QFont, room: float) -> str:
    """What makes a branch differ, cut such that the token it led to stays, as long as it may."""
    change, arrow, token = name.rpartition(LED_TO)
    wide = QFontMetricsF(font).horizontalAdvance
    if not arrow or wide(name) <= room or wide(arrow + token) > room / 2:
        return name
    return elided(change, font, room - wide(arrow + token)) + arrow + token


def _line(path: QPainterPath, x: float, top: float, bottom: float) -> None:
    path.moveTo(x, top)
    path.lineTo(x, bottom)
