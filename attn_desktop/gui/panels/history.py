"""The history: every change that can be undone or redone, to go back and forth in."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.intents import Hover, ToHistory
from attn_desktop.gui.panel import Table
from attn_desktop.gui.row_list import Row, line_height, write
from attn_desktop.gui.row_panel import RowPanel
from attn_desktop.gui.theme import Theme

OPENED = "opened"
EMPTY = (
    "Nothing to undo yet. Every step, branch, edit and note is listed here; click one to go back."
)
#: Pixels at normal type: x of the rail, radius of a dot on it.
RAIL, RADIUS = 13, 3.5
#: Opacity of the words of what is undone.
UNDONE = 0.75


class HistoryPanel(RowPanel):
    """Click a change to undo or redo until it is the last one."""

    name = "history"
    title = "History"
    about = (
        "Every change, oldest first, from how the document was opened on.\n"
        "Filled: the last one that is done; pale: what was undone.\n"
        "Click one to undo or redo until it is the last (↑ and ↓ go by one, Ctrl+Z and "
        "Ctrl+Shift+Z too). A new change takes the place of what was undone."
    )
    natural = (230, 200)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._changes: tuple[Row, ...] = ()
        self._texts: tuple[str, ...] | None = None
        self.list.setUniformItemSizes(True)

    # -- rows -------------------------------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        if self.scene.history != self._texts:
            self._texts = self.scene.history
            texts = enumerate((OPENED, *self.scene.history))
            self._changes = tuple(_change(text, done) for done, text in texts)
        return self._changes

    def blank(self) -> str:
        return "" if self.scene.history else EMPTY

    def current(self) -> int:
        return max(0, min(self.scene.done, len(self.scene.history)))

    def caption(self) -> str:
        count = len(self.scene.history)
        return f"{self.current()} of {count} done" if count else ""

    def table(self) -> Table:
        rows = [
            (done, text, done <= self.current())
            for done, text in enumerate(self.scene.history, start=1)
        ]
        return Table(("number", "change", "done"), rows)

    def row_height(self, number: int) -> int:
        return round(line_height(self.theme.font())) + self.theme.px(6)

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        theme, px, row = self.theme, self.theme.px, self._changes[number]
        current, last = self.current(), len(self._changes) - 1
        x, y = area.left() + px(RAIL), area.center().y()
        painter.setPen(QPen(theme.colour("border"), px(1.5)))
        painter.drawLine(QPointF(x, area.top() if number else y), QPointF(x, y))
        painter.drawLine(QPointF(x, y), QPointF(x, area.bottom() + 1 if number < last else y))
        here, undone = number == current, number > current
        radius = RADIUS * theme.scale
        painter.setPen(QPen(theme.hue("target") if here else theme.colour("dim"), px(1.5)))
        ground = theme.colour("card" if undone else "dim")
        painter.setBrush(theme.hue("target") if here else ground)
        painter.drawEllipse(QPointF(x, y), radius, radius)
        ink = theme.colour("dim", UNDONE) if undone else theme.colour("text")
        if number == 0 and not here:
            ink = theme.colour("dim")
        line = area.adjusted(px(RAIL) + px(12), 0, -px(6), 0)
        write(painter, line, theme.font(bold=here), ink, row.words)

    # -- what is asked for ------------------------------------------------------------------

    def choose(self, number: int, at: QPointF | None) -> None:
        if number != self.current():
            self.ask(ToHistory(number))

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        text, steps = self._changes[number].words, number - self.current()
        if not steps:
            return f"{text}: the last change that is done", Hover()
        how = "redo" if steps > 0 else "undo"
        changes = "1 change" if abs(steps) == 1 else f"{abs(steps)} changes"
        return f"{text}: click to {how} {changes}", Hover()


def _change(text: str, done: int) -> Row:
    """done: how many changes are done when this one is the last."""
    line = " ".join(text.split())
    return Row(done, line, f"<p>{html.escape(line)}</p>", True)
