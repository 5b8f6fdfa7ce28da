"""The line above a comparison: which branch is on which side, and what can be done with them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from attn_desktop.gui.compare_axes import side_hue
from attn_desktop.gui.compare_words import parting_texts
from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.theme import Theme

#: Pixels at normal type below which the words that say which side is which are left out.
WORDS = 560
#: The least that a name takes, and what it is to have before how the branches part is told.
LEAST_NAME, NAME = 44, 72


class CompareHeader(QWidget):
    """Modified left, baseline right, the swap between them; where they part; an end to it."""

    swapped = Signal()
    ended = Signal()
    jumped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme | None = None
        self._abouts = ("", "")
        self._parting: tuple[int | None, str] = (None, "")
        self._marks = (QFrame(), QFrame())
        self._names = (ElidedLabel(), ElidedLabel())
        self.swap, self.jump, self.end = QToolButton(), QToolButton(), QToolButton()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._layout = layout
        for mark, name, after in zip(self._marks, self._names, (self.swap, None), strict=True):
            layout.addWidget(mark)
            layout.addWidget(name)
            if after is not None:
                layout.addWidget(after)
        layout.addStretch(1)
        layout.addWidget(self.jump)
        layout.addWidget(self.end)
        self.swap.setText("⇄")
        self.swap.setToolTip("Show the baseline, and compare it with this branch")
        self.swap.setAccessibleName("Swap modified and baseline")
        self.jump.setToolTip("Go to the first step at which they differ (F; D: the next one)")
        self.end.setText("✕")
        self.end.setToolTip("Compare with nothing")
        self.end.setAccessibleName("End the comparison")
        for button, signal in (
            (self.swap, self.swapped),
            (self.jump, self.jumped),
            (self.end, self.ended),
        ):
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(signal)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._layout.setSpacing(theme.px(4))
        for mark, modified in zip(self._marks, (True, False), strict=True):
            mark.setFixedSize(theme.px(9), theme.px(9))
            mark.setStyleSheet(f"background: {side_hue(theme, modified).name()};")
        for name in self._names:
            name.setFont(theme.font(0.9))
            name.setStyleSheet(f"color: {theme.text};")
        for button in (self.swap, self.jump, self.end):
            ink = theme.inks["source"] if button is self.jump else theme.dim
            button.setFont(theme.font(0.9))
            button.setStyleSheet(
                f"QToolButton {{ color: {ink}; border: 1px solid transparent; border-radius: 4px;"
                f" padding: 1px {theme.px(4)}px; }}"
                f"QToolButton:hover {{ background: {theme.faint}; }}"
                f"QToolButton:focus {{ border-color: {theme.hues['source']}; }}"
                f"QToolButton:disabled {{ color: {theme.dim}; }}"
            )
        self._fit()

    def show_branches(self, modified: str, baseline: str, can_swap: bool) -> None:
        """What makes each of them differ, in a few words."""
        self.swap.setEnabled(can_swap)
        if (modified, baseline) != self._abouts:
            self._abouts = (modified, baseline)
            self._fit()

    def show_parting(self, t: int | None, how: str) -> None:
        """Where they part, None where they do not, and in what."""
        self.jump.setEnabled(t is not None)
        if (t, how) != self._parting:
            self._parting = (t, how)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        # What is painted without being shown is laid out only once, before this.
        self._layout.activate()

    def minimumSizeHint(self) -> QSize:
        return QSize(20, super().minimumSizeHint().height())

    def _fit(self) -> None:
        if self._theme is None:
            return
        with_words = self.width() >= self._theme.px(WORDS)
        for name, side, about in zip(
            self._names, ("modified", "baseline"), self._abouts, strict=True
        ):
            name.set_full_text(f"{side}: {about}" if with_words else about)
            name.setToolTip(f"{side}: {about}")
        hints = [name.sizeHint().width() for name in self._names]
        wanted = sum(min(hint, self._theme.px(NAME)) for hint in hints)
        for text in parting_texts(*self._parting):
            self.jump.setText(text)
            if self._room() >= wanted:
                break
        # A long name takes nothing from a short one; Qt would take as much from both.
        room, least = self._room(), round(self._theme.px(LEAST_NAME))
        for name, own, other in zip(self._names, hints, reversed(hints), strict=True):
            name.setFixedWidth(min(own, max(room // 2, room - other, least)))

    def _room(self) -> int:
        """Pixels of the names. The layout cannot tell: it leaves out what was never shown."""
        buttons = sum(button.sizeHint().width() for button in (self.swap, self.jump, self.end))
        marks = sum(mark.minimumWidth() for mark in self._marks)
        spacing = self._layout.spacing() * (self._layout.count() - 1)
        return self.width() - buttons - marks - spacing
