"""Where a condition is written: a field, what it comes to so far, and what is wrong with it."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QTextCursor
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from attn_desktop.analysis.condition_tokens import MAX_LENGTH
from attn_desktop.analysis.conditions import (
    Condition,
    ConditionError,
    parse_breakpoint,
    parse_watch,
)
from attn_desktop.gui.condition_field import ConditionField
from attn_desktop.gui.condition_help import fill_help
from attn_desktop.gui.condition_rows import BREAKPOINT, WATCH, Kind
from attn_desktop.gui.condition_words import comes_to
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.marks import Marks, parse_once
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import tool_button_style

READ = {BREAKPOINT: parse_breakpoint, WATCH: parse_watch}
EMPTY = "nothing is written yet; write something like entropy(alpha) > 1.2"
#: The beginning of a number such as 2.5e-1.
UNFINISHED_NUMBER = re.compile(r"[0-9.]+[eE][-+−]?$")
#: Pixels that a button has at least.
LEAST_BUTTON = 16
PLACEHOLDER = "New condition"
#: Words and tips of the two buttons, for a new condition and for one that is changed.
NEW = (
    ("Break", "Stop runs where this is true (Enter)"),
    ("Watch", "Show what this comes to at every step (Ctrl+Enter)"),
)
OLD = (("Change", "Have it say this from now on (Enter)"), ("Cancel", "Leave it as it is (Escape)"))


class ConditionEditor(QWidget):
    """written: kind and text of a condition that is right. done: the keyboard may go elsewhere."""

    written = Signal(str, str)
    done = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._scene, self._marks = theme, Scene(), Marks()
        #: What is being changed, None for something new, and what was written before that.
        self.editing: Kind | None = None
        self._draft = ""
        #: What was read last, and what is wrong with it.
        self._read = ""
        self._error: ConditionError | None = None
        self.field = ConditionField(theme)
        self.field.setAccessibleName("Condition")
        self.field.setPlaceholderText(PLACEHOLDER)
        self.field.setToolTip(
            "A condition such as entropy(alpha) > 1.2. Enter makes it a breakpoint, Ctrl+Enter a "
            "watch.\nTab or Enter takes what is offered, Ctrl+Space offers all, ? explains it."
        )
        self.field.submitted.connect(self._enter)
        self.field.watched.connect(self._control_enter)
        self.field.escaped.connect(self._escape)
        self.field.left.connect(self._left)
        self.field.refused.connect(self.complain)
        self.field.textChanged.connect(self._edited)
        self.field.cursorPositionChanged.connect(self._moved)
        self.first, self.second, self.help = QToolButton(), QToolButton(), QToolButton()
        self.first.clicked.connect(self._enter)
        self.second.clicked.connect(self._press_second)
        self.help.clicked.connect(self._open_help)
        self.help.setText("?")
        self.help.setAccessibleName("What can be asked")
        self.help.setToolTip("Examples, and every name that a condition may have")
        self.preview, self.problem = ElidedLabel(), QLabel()
        self.preview.setToolTip(
            "At how many steps of the branch this is true, or what it comes to at the playhead"
        )
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self._grid = QGridLayout(self)
        self._grid.addWidget(self.field, 0, 0, 1, 4)
        self._grid.addWidget(self.problem, 1, 0, 1, 4)
        self._grid.addWidget(self.preview, 2, 0)
        for column, button in enumerate((self.first, self.second, self.help), start=1):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            # In a very narrow panel words are cut rather than that it asks for more room.
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(LEAST_BUTTON)
            self._grid.addWidget(button, 2, column)
        self._grid.setColumnStretch(0, 1)
        self.set_theme(theme)
        self._name_buttons()

    # -- what it is given -------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show the same in other colours or sizes."""
        self._theme = theme
        px = theme.px
        self.field.set_theme(theme)
        self.setStyleSheet(tool_button_style(theme))
        for label, ink in ((self.preview, theme.dim), (self.problem, theme.warning)):
            label.setFont(theme.font(SMALL))
            label.setStyleSheet(f"color: {ink};")
        for button in (self.first, self.second, self.help):
            button.setFont(theme.font(SMALL))
        self._grid.setContentsMargins(px(6), px(3), px(6), px(5))
        self._grid.setSpacing(px(3))
        self._tell()

    def set_low(self, low: bool) -> None:
        """Do without buttons, whose keys are there all the same."""
        for widget in (self.preview, self.first, self.second, self.help):
            widget.setVisible(not low)

    def show_scene(self, scene: Scene) -> None:
        """Offer what there is in a scene, and say what the text comes to in it."""
        self._scene = scene
        self.field.set_words(scene.run, self._tokens())
        self._edited()

    def new(self) -> None:
        """Take the keyboard for a condition that is new."""
        self._leave_old()
        self._take_keyboard()

    def change(self, kind: Kind, text: str) -> None:
        """Take the keyboard to change a condition."""
        if self.editing is None:
            self._draft = self.text()
        self.editing = kind
        self.field.setPlainText(text)
        self._name_buttons()
        self._take_keyboard()

    def clear(self) -> None:
        """What was written is taken: make room for the next."""
        self.editing = None
        self.field.setPlainText(self._draft)
        self._draft = ""
        self._name_buttons()

    def complain(self, message: str) -> None:
        """Say why what is written is not taken."""
        self._show_problem(message)

    def text(self) -> str:
        """What is written. A half of a character that a paste may hold cannot be saved."""
        return self.field.text().encode("utf-8", "replace").decode().strip()

    # -- keys and buttons -------------------------------------------------------------------

    def _take_keyboard(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.moveCursor(QTextCursor.MoveOperation.End)

    def _enter(self) -> None:
        self._submit(self.editing or BREAKPOINT)

    def _control_enter(self) -> None:
        self._submit(self.editing or WATCH)

    def _press_second(self) -> None:
        if self.editing is None:
            self._submit(WATCH)
        else:
            self._escape()

    def _escape(self) -> None:
        self._leave_old()
        self.done.emit()

    def _leave_old(self) -> None:
        """Leave a condition that was to be changed as it is."""
        if self.editing is not None:
            self.clear()

    def _left(self) -> None:
        self._tell(finished=True)

    def _submit(self, kind: Kind) -> None:
        text, run = self.text(), self._scene.run
        if not text:
            self._show_problem(EMPTY)
            return
        try:
            condition = READ[kind](text)
            if run is not None:
                condition.check(run, self._scene.steps)
        except ConditionError as error:
            watchable = kind == BREAKPOINT and self._error is None and self.editing is None
            message = f"{error} (or watch it: Ctrl+Enter)" if watchable else str(error)
            self._show_problem(message, self._shifted(error))
            return
        self.written.emit(kind, text)

    def _open_help(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        fill_help(menu, self._scene.run, self._tokens(), self._write, self.field.insert)
        # Not `exec`: it would still run when this is gone.
        menu.popup(self.help.mapToGlobal(QPoint(0, self.help.height())))

    def _write(self, text: str) -> None:
        self.field.selectAll()
        self.field.insert(text)

    # -- what is seen -----------------------------------------------------------------------

    def _tokens(self) -> tuple[str, ...]:
        """The tokens of the branch, and the likeliest at the playhead, as far as they are known."""
        scene = self._scene
        known = [step.token for step in scene.steps if scene.knows(step.t, Phase.TOKEN)]
        if scene.step is not None and scene.reveals(Phase.LOGITS):
            known += scene.step.active.top_tokens
        return tuple(dict.fromkeys(known))

    def _name_buttons(self) -> None:
        words = NEW if self.editing is None else OLD
        for button, (word, tip) in zip((self.first, self.second), words, strict=True):
            button.setText(word)
            button.setToolTip(tip)

    def _edited(self) -> None:
        """Read what is written, as far as it goes."""
        self._read = text = self.field.text()
        run = self._scene.run
        condition: Condition | None = None
        self._error = None
        if text.strip():
            try:
                condition = parse_once(text)
                if run is not None:
                    condition.check(run, self._scene.steps)
            except ConditionError as error:
                condition, self._error = None, error
        said = "" if condition is None else comes_to(condition, self._scene, self._marks)
        self.preview.set_full_text(said)
        self._tell()

    def _moved(self) -> None:
        # What is typed moves the cursor before it changes the text.
        if self.field.text() == self._read:
            self._tell()

    def _tell(self, finished: bool = False) -> None:
        """Say what is wrong, unless it is what is still being typed."""
        error = self._error
        if error is None or (not finished and self._is_being_typed(error)):
            self.field.unmark()
            self.problem.hide()
        else:
            self._show_problem(str(error), error)

    def _is_being_typed(self, error: ConditionError) -> bool:
        """Whether only what follows can say that it is wrong."""
        place = self.field.place()
        if not self.field.hasFocus() or len(self._read) > MAX_LENGTH:
            return False
        before = self._read[:place]
        number = UNFINISHED_NUMBER.search(before)
        if number is not None and error.column >= number.start():
            return True
        return error.column <= place and not before[error.end :].strip()

    def _shifted(self, error: ConditionError) -> ConditionError:
        """An error in the text without blanks at its ends, in the field."""
        text = self.field.text()
        blanks = len(text) - len(text.lstrip())
        return ConditionError(str(error), error.column + blanks, error.end + blanks)

    def _show_problem(self, message: str, error: ConditionError | None = None) -> None:
        self.field.unmark()
        if error is not None:
            self.field.mark(error.column, error.end)
        self.problem.setText(message[:1].upper() + message[1:])
        self.problem.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(self._theme.colour("border"), 1))
        low = self.height() - 0.5
        painter.drawLine(QPointF(0, low), QPointF(self.width(), low))
        painter.end()
