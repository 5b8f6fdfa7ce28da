"""Breakpoints and watches: where runs stop, and what is looked at on the way."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from attn_desktop.gui.condition_changes import (
    Asked,
    changes_nothing,
    is_known,
    removed,
    switched,
    written,
)
from attn_desktop.gui.condition_editor import ConditionEditor
from attn_desktop.gui.condition_rows import (
    BREAKPOINT,
    WATCH,
    ConditionPainter,
    ConditionRow,
    Kind,
    Spot,
    StopRow,
    WatchRow,
    condition_rows,
)
from attn_desktop.gui.condition_said import condition_table, said_at, said_of
from attn_desktop.gui.intents import GoTo, Hover
from attn_desktop.gui.panel import Change, Table
from attn_desktop.gui.row_panel import RowPanel
from attn_desktop.gui.scene import Phase
from attn_desktop.gui.text_field import ENTER, SHIFT
from attn_desktop.gui.theme import Theme

NO_RUN = "Encode a sentence; conditions about its steps are listed here."
EMPTY = (
    "Type a condition above, such as entropy(alpha) > 1.2. Enter stops runs where it is true, "
    "Ctrl+Enter watches it. F9 stops at the step shown."
)
#: Pixels at normal type: what stands beside the heading, and the height below which the rows
#: get the room of the buttons.
HEADING_BESIDE, LOW = 40, 150


class ConditionsPanel(RowPanel):
    """Type a condition; click its dot to switch it off, its marks to go to a step."""

    name = "conditions"
    title = "Breakpoints and watches"
    short = "Breakpoints"
    about = (
        "Conditions over the numbers of a step, such as entropy(alpha) > 1.2 for H(α_t) or "
        'alpha["car"] > .5.\n'
        "Type one: Enter stops runs (F5) where it is true, Ctrl+Enter watches what it comes to. "
        "Tab takes what is offered; ? explains the names.\n"
        "●: on, ○: off; the marks are the steps where it holds, tinted at the playhead. Click a "
        "mark, or a place in the line of a watch, to go to that step.\n"
        "↑ ↓ choose; F2 or a double click changes one, Delete removes it, N goes to the next "
        "step where it holds."
    )
    natural = (230, 240)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._painter = ConditionPainter(theme)
        self._seen: tuple[object, ...] = ()
        self._listed: tuple[ConditionRow, ...] = ()
        #: The row that keys are about, the one that is being changed, and the one whose words
        #: were clicked last, which a second click changes.
        self._chosen_key: Hashable = None
        self._changed_key: Hashable = None
        self._clicked_key: Hashable = None
        self.editor = ConditionEditor(theme)
        self.editor.written.connect(self._write)
        self.editor.done.connect(self._take_keys)
        self.list.doubleClicked.connect(self._double_clicked)
        self.column.insertWidget(0, self.editor)
        # In a window of its own, keys shall not go to the field before one goes there.
        self.setFocus()

    def edit(self) -> None:
        """Take the keyboard to write a new condition."""
        self.flush()
        if self.scene.run is None:
            self.said.emit(NO_RUN)
            return
        self.window().activateWindow()
        self._changed_key = None
        self.editor.new()

    # -- rows -------------------------------------------------------------------------------

    def draw(self, change: Change) -> None:
        scene, painter = self.scene, self._painter
        painter.theme, painter.lit = self.theme, self.light.all_target
        painter.steps, painter.t = len(scene.steps), scene.t
        self.editor.setVisible(scene.run is not None)
        if change.source:
            self.editor.set_theme(self.theme)
        if change.steps or change.place:
            self.editor.show_scene(scene)
        super().draw(change)

    def rows(self) -> Sequence[ConditionRow]:
        scene = self.scene
        known = scene.knows(scene.t, Phase.TOKEN)
        seen = (scene.breakpoints, scene.watches, scene.steps, scene.t, known)
        if seen != self._seen:
            self._seen = seen
            self._listed = condition_rows(scene)
        return self._listed

    def blank(self) -> str:
        if self.scene.run is None:
            return NO_RUN
        return "" if self.rows() else EMPTY

    def current(self) -> int | None:
        return self._index(self._chosen_key)

    def _index(self, key: Hashable) -> int | None:
        return next((at for at, row in enumerate(self._listed) if row.key == key), None)

    def _row(self, key: Hashable) -> ConditionRow | None:
        """A row wherever it is by now, None if it is gone."""
        self.flush()
        at = self._index(key)
        return None if at is None else self._listed[at]

    def row_height(self, number: int) -> int:
        return self._painter.height(self._listed[number], self.list.viewport().width())

    def paint_row(self, painter: QPainter, area: QRectF, number: int, pointed: bool) -> None:
        row, pointer = self._listed[number], self.list.pointer
        chosen = number == self.current() and self.hasFocus()
        over = pointed and pointer is not None and self._painter.mark(area).contains(pointer)
        self._painter.paint(painter, area, row, chosen or row.key == self._changed_key, over)

    def heading(self) -> str:
        # With less room the word that matters most, rather than one that is cut.
        needed = QFontMetricsF(self.theme.font(bold=True)).horizontalAdvance(self.title)
        return self.title if needed <= self.width() - self.theme.px(HEADING_BESIDE) else self.short

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.editor.set_low(self.height() < self.theme.px(LOW))
        self.captioned.emit()

    def table(self) -> Table:
        self.flush()
        return condition_table(self.rows(), self.scene)

    # -- what is asked for ------------------------------------------------------------------

    def _ask(self, asked: Asked) -> None:
        if not changes_nothing(self.scene, asked):
            self.ask(asked)

    def _write(self, kind: Kind, text: str) -> None:
        """Have a condition that was written, in place of the one that was to be changed."""
        old, changes = self._row(self._changed_key), self._changed_key is not None
        if is_known(self.scene, kind, text, old):
            self.editor.complain(f"there is such a {kind} already")
            return
        self._changed_key = None
        self.editor.clear()
        self._ask(written(self.scene, kind, text, old))
        if changes:
            self._take_keys()

    def _switch(self, key: Hashable) -> None:
        """Have a breakpoint stop runs, or no longer."""
        row = self._row(key)
        if isinstance(row, StopRow):
            self._ask(switched(self.scene, [row], not row.stop.enabled))

    def _switch_all(self, enabled: bool) -> None:
        self.flush()
        self._ask(switched(self.scene, self._listed, enabled))

    def _edit_row(self, key: Hashable) -> None:
        """Let the words of a row be changed in the field."""
        row = self._row(key)
        if row is not None:
            self._chosen_key = self._changed_key = key
            self.editor.change(row.kind, row.text)
            self.list.viewport().update()

    def _remove(self, key: Hashable) -> None:
        row = self._row(key)
        if row is not None:
            # Keys are about what comes to lie there next.
            at = self._listed.index(row)
            left = [*self._listed[:at], *self._listed[at + 1 :]]
            self._chosen_key = left[min(at, len(left) - 1)].key if left else None
            self._ask(removed(self.scene, [row], row.kind))

    def _remove_all(self, kind: Kind) -> None:
        self.flush()
        self._ask(removed(self.scene, self._listed, kind))

    def _also(self, key: Hashable) -> None:
        """Watch what is a breakpoint, or stop at what is watched."""
        row = self._row(key)
        if row is not None:
            kind = WATCH if row.kind == BREAKPOINT else BREAKPOINT
            if not is_known(self.scene, kind, row.text):
                self._ask(written(self.scene, kind, row.text))

    def _go(self, key: Hashable, by: int) -> None:
        """Go to the next or the last step where a row holds, around the ends."""
        row, t = self._row(key), self.scene.t
        steps = () if row is None else row.steps
        if steps:
            ahead = [step for step in steps if (step - t) * by > 0] or steps
            self.ask(GoTo(min(ahead) if by > 0 else max(ahead)))

    def _copy(self, key: Hashable) -> None:
        row = self._row(key)
        if row is not None:
            QGuiApplication.clipboard().setText(row.text)

    def choose(self, number: int, at: QPointF | None) -> None:
        row = self._listed[number]
        self._chosen_key, self._clicked_key = row.key, None
        part, t = ("words", 0) if at is None else self._spot(row, number, at)
        if part == "mark":
            self._switch(row.key)
        elif part == "step":
            self.ask(GoTo(t))
        elif part == "count":
            self._go(row.key, 1)
        elif at is not None:
            self._clicked_key = row.key
        self.flush()
        self.show_current()
        self.list.viewport().update()

    def _spot(self, row: ConditionRow, number: int, at: QPointF) -> Spot:
        return self._painter.spot(self.list.place(number), row, at)

    def _double_clicked(self, index: QModelIndex) -> None:
        # Only of its words: what else is clicked has done its part at the first click.
        if index.row() < len(self._listed) and self._listed[index.row()].key == self._clicked_key:
            self._edit_row(self._clicked_key)

    def _take_keys(self) -> None:
        self._changed_key = None
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.list.viewport().update()

    # -- pointer and keys -------------------------------------------------------------------

    def point(self, number: int, at: QPointF) -> tuple[str, Hover]:
        row = self._listed[number]
        part, t = self._spot(row, number, at)
        if part == "step":
            return said_at(row, self.scene, t), Hover(target=frozenset({t}))
        return said_of(row, part), Hover()

    def event(self, event: QEvent) -> bool:
        # F2 writes a note and Space plays, unless there is something to change or switch here.
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and not event.modifiers():
            key, chosen = event.key(), self.current() is not None
            if chosen and (key == Qt.Key.Key_F2 or (key == Qt.Key.Key_Space and self.framed)):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.flush()
        key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        chosen = self._chosen_key
        if self.current() is None:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self._copy(chosen)
        elif key == Qt.Key.Key_N and held in (Qt.KeyboardModifier.NoModifier, SHIFT):
            self._go(chosen, -1 if held else 1)
        elif held:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_F2 or key in ENTER:
            self._edit_row(chosen)
        elif key == Qt.Key.Key_Delete:
            self._remove(chosen)
        elif key == Qt.Key.Key_Space and self.framed:
            self._switch(chosen)
        else:
            super().keyPressEvent(event)

    def fill_menu(self, menu: QMenu, number: int) -> None:
        row = self._listed[number]
        key, kind = row.key, row.kind
        if isinstance(row, StopRow):
            switch = menu.addAction("&Disable" if row.stop.enabled else "&Enable")
            switch.triggered.connect(lambda: self._switch(key))
        menu.addAction("C&hange…\tF2").triggered.connect(lambda: self._edit_row(key))
        go = menu.addAction("Go to the &next step where it holds\tN")
        go.setEnabled(bool(row.steps))
        go.triggered.connect(lambda: self._go(key, 1))
        also = menu.addAction("&Watch it too" if kind == BREAKPOINT else "&Stop at it too")
        also.setEnabled(not isinstance(row, WatchRow) or row.watch.boolean)
        also.triggered.connect(lambda: self._also(key))
        menu.addAction("&Copy\tCtrl+C").triggered.connect(lambda: self._copy(key))
        menu.addAction("&Remove\tDel").triggered.connect(lambda: self._remove(key))
        menu.addSeparator()
        for text, enabled in (("D&isable all", False), ("E&nable all", True)):
            if kind == BREAKPOINT:
                switch = menu.addAction(text)
                switch.triggered.connect(lambda _=False, enabled=enabled: self._switch_all(enabled))
        remove = menu.addAction(f"Remove &all {'breakpoints' if kind == BREAKPOINT else 'watches'}")
        remove.triggered.connect(lambda: self._remove_all(kind))
