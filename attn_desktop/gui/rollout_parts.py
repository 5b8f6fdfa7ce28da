"""Four views with a title each: side by side, in a square, below each other, or one of them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.row_list import SMALL
from attn_desktop.gui.theme import Theme

#: How many there are side by side, and the sizes at normal type from which on; the first that
#: fits. Below all of them one is seen.
WAYS = ((4, (1000, 200)), (2, (560, 340)), (1, (300, 820)))
#: Height from which on four side by side would be too high.
HIGH = 400


class Parts(QWidget):
    """contents: by name, in their order."""

    def __init__(self, contents: Mapping[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = {name: _Part(content) for name, content in contents.items()}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._across: int | None = None
        # What is too little goes to each of them.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self._grid.setSpacing(theme.px(6))
        for part in self._parts.values():
            part.set_theme(theme)

    def set_titles(self, titles: Mapping[str, str]) -> None:
        """What stands above each."""
        for name, text in titles.items():
            self._parts[name].title.set_full_text(text)
            self._parts[name].title.setToolTip(text)

    def place(self, across: int, chosen: str) -> None:
        """Show them, so many side by side; 0: only the one that is chosen."""
        if across != self._across:
            self._across = across
            for part in self._parts.values():
                self._grid.removeWidget(part)
            for index, part in enumerate(self._parts.values()):
                self._grid.addWidget(part, *(divmod(index, across) if across else (0, 0)))
            for index in range(len(self._parts)):
                self._grid.setColumnStretch(index, int(index < max(1, across)))
                self._grid.setRowStretch(index, int(across > 0 and index < -(-4 // across)))
        for name, part in self._parts.items():
            part.setVisible(bool(across) or name == chosen)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)


def fitting(size: QSize, theme: Theme) -> int:
    """How many are side by side in a panel of this size; 0 where there is room for one only."""
    for across, (wide, high) in WAYS:
        room = size.width() >= theme.px(wide) and size.height() >= theme.px(high)
        if room and (across < 4 or size.height() < theme.px(HIGH)):
            return across
    return 0


class _Part(QWidget):
    """One view below its title."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.title = ElidedLabel()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.title)
        self._layout.addWidget(content, 1)
        content.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self._layout.setSpacing(theme.px(2))
        self.title.setFont(theme.font(SMALL, bold=True))
        self.title.setStyleSheet(f"color: {theme.text};")

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)
