"""How the engine is: its versions, its command and what it wrote on stderr."""

from __future__ import annotations

import shlex

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.gui.engine_client import EngineClient, own_engine


class EngineDialog(QDialog):
    """command_chosen: the argument list to start the engine with from now on, [] for the own."""

    command_chosen = Signal(list)

    def __init__(self, client: EngineClient, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Engine")
        self.resize(720, 480)
        self._client = client
        self._state = QLabel()
        self._state.setWordWrap(True)
        self.command = QLineEdit()
        self.command.setPlaceholderText("this installation's own engine")
        if client.command != own_engine():
            self.command.setText(shlex.join(client.command))
        self.command.setToolTip(
            "The program and its arguments, quoted as in a shell, such as\n"
            "ssh gpubox attn-desktop engine\n"
            "Empty: this installation's own engine."
        )
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._log.setPlaceholderText("The engine has written nothing.")
        form = QFormLayout()
        form.addRow("State", self._state)
        form.addRow("Command", self.command)
        form.addRow("", self._problem)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.restart = buttons.addButton(
            "Start again with this command", QDialogButtonBox.ButtonRole.ApplyRole
        )
        self.restart.clicked.connect(self._apply)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(QLabel("What it wrote on its error stream, newest last:"))
        layout.addWidget(self._log, 1)
        layout.addWidget(buttons)
        client.conditioned.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        client = self._client
        text = client.condition.text
        welcome = client.welcome
        if welcome is not None:
            text += (
                f": attn_desktop {welcome.program}, Python {welcome.python}, "
                f"torch {welcome.torch}, process {welcome.process}"
            )
        self._state.setText(text)
        self._log.setPlainText("\n".join(client.log))
        bar = self._log.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _apply(self) -> None:
        try:
            command = shlex.split(self.command.text())
        except ValueError as error:
            self._problem.setText(f"The command cannot be read: {error}.")
            return
        self._problem.setText("")
        self.command_chosen.emit(command)
