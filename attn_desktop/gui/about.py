"""What this program is, and every version that a bug report needs."""

from __future__ import annotations

import platform

import numpy
import pyqtgraph
import PySide6
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.common.version import VERSION
from attn_desktop.gui.icons import application_icon
from attn_desktop.trace.protocol import PROTOCOL_VERSION, Welcome

NAME = "attn_desktop"
WHAT = "An offline debugger for attention: step a model's decoding one token at a time."
LICENCE = "BSD-3-Clause"


def versions(welcome: Welcome | None) -> dict[str, str]:
    """What runs here and in the engine, in the order of reading. welcome: None while none runs."""
    found = {
        "attn-desktop": VERSION,
        "Python": platform.python_version(),
        "Qt": qVersion(),
        "PySide6": PySide6.__version__,
        "pyqtgraph": str(pyqtgraph.__version__),
        "numpy": numpy.__version__,
        "System": platform.platform(),
        "Protocol": str(PROTOCOL_VERSION),
    }
    if welcome is None:
        return {**found, "Engine": "not running"}
    return {
        **found,
        "Engine": f"attn-desktop {welcome.program}, process {welcome.process}",
        "Engine's torch": welcome.torch,
        "Engine's Python": welcome.python,
        "Engine's protocol": str(welcome.version),
    }


class AboutDialog(QDialog):
    """welcome: what the engine said of itself, None while none runs."""

    def __init__(self, welcome: Welcome | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"About {NAME}")
        self._rows = versions(welcome)
        line = self.fontMetrics().height()
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(4 * line, 4 * line))
        name, what = QLabel(NAME), QLabel(WHAT)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        name.setFont(font)
        what.setWordWrap(True)
        words = QVBoxLayout()
        words.addWidget(name)
        words.addWidget(what)
        words.addWidget(QLabel(f"Licence: {LICENCE}"))
        top = QHBoxLayout()
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addSpacing(line // 2)
        top.addLayout(words, 1)

        table = QGridLayout()
        table.setHorizontalSpacing(line)
        table.setVerticalSpacing(line // 4)
        table.setColumnStretch(1, 1)
        for row, (title, value) in enumerate(self._rows.items()):
            shown = QLabel(value)
            shown.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            shown.setAccessibleName(title)
            table.addWidget(QLabel(title), row, 0)
            table.addWidget(shown, row, 1)

        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setToolTip("Put all of this on the clipboard, for a bug report")
        self.copy_button.clicked.connect(self._copy)
        self.copy_button.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(line)
        layout.addLayout(top)
        layout.addLayout(table)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.setMinimumWidth(28 * line)

    def text(self) -> str:
        """All that is shown, a line each."""
        lines = [f"{title}: {value}" for title, value in self._rows.items()]
        return "\n".join([f"{NAME}: {WHAT}", f"Licence: {LICENCE}", *lines])

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
