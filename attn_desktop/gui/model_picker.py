"""Choose a model: those that the engine knows, with their cards, or a folder of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.analysis.pieces import escape_unsafe
from attn_desktop.common.model_list import ModelEntry, describe_model

NO_CARD = "This model has no card (README.md)."


class CardView(QTextBrowser):
    """A model's card: Markdown that loads nothing and opens nothing.

    A card may come from anybody; what it links to is shown, never fetched.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.highlighted.connect(self._show_address)

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return QByteArray()  # nothing, where None would let the document read local files itself

    def show_card(self, markdown: str) -> None:
        """Show a card from its beginning."""
        self.setMarkdown(markdown)
        self.verticalScrollBar().setValue(0)

    def _show_address(self, address: QUrl) -> None:
        self.setToolTip(escape_unsafe(address.toString()))


class ModelPicker(QDialog):
    """picked: the name of a listed model, or the path of a folder; emitted when the dialog closes.

    models: what the engine listed. current: name or path of the model in use.
    """

    picked = Signal(str)

    def __init__(
        self, models: Sequence[ModelEntry], current: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a model")
        self._models = tuple(models)
        line = self.fontMetrics().height()
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.setWordWrap(True)
        self.list.setSpacing(line // 6)
        self.card = CardView()
        self.card.setAccessibleName("Card of the model")
        self.card.document().setDocumentMargin(line / 2)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.hide()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.open_button = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        self.folder_button = self.buttons.addButton(
            "Open folder…", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.folder_button.setToolTip(
            "A folder with config.json, weights and tokenizers of your own"
        )
        self._lay_out(line)
        self.list.currentRowChanged.connect(self._show_model)
        self.list.itemActivated.connect(self._pick_current)
        self.open_button.clicked.connect(self._pick_current)
        self.folder_button.clicked.connect(self._choose_folder)
        self.buttons.rejected.connect(self.reject)
        self._fill(current)

    def _lay_out(self, line: int) -> None:
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.list)
        split.addWidget(self.card)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 3)
        split.setSizes([14 * line, 40 * line])
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        room = self.screen().availableSize() * 0.9
        self.resize(QSize(54 * line, 34 * line).boundedTo(room))

    def _fill(self, current: str) -> None:
        for model in self._models:
            item = QListWidgetItem(_summary(model))
            item.setToolTip(escape_unsafe(model.path))
            if model.problem is not None:
                faint = self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
                item.setForeground(QColor(faint))
            self.list.addItem(item)
        names = [current in (model.name, model.path) for model in self._models]
        self.list.setCurrentRow(names.index(True) if any(names) else 0)
        if not self._models:
            self._show_model(-1)

    # -- what is shown --------------------------------------------------------------------

    def say(self, problem: str) -> None:
        """Show why something cannot be opened; empty to take it away."""
        self.problem.setText(f"⚠ {escape_unsafe(problem)}")
        self.problem.setVisible(bool(problem))

    def _show_model(self, row: int) -> None:
        model = self._models[row] if 0 <= row < len(self._models) else None
        self.open_button.setEnabled(model is not None and model.problem is None)
        if model is None:
            self.card.show_card("The engine has listed no models. A folder can still be opened.")
            return
        self.card.show_card(model.card.strip() or NO_CARD)
        self.say("" if model.problem is None else f"{model.name} cannot be opened: {model.problem}")

    # -- what is chosen -------------------------------------------------------------------

    def _pick_current(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._models) and self._models[row].problem is None:
            self._pick(self._models[row].name)

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model's folder")
        if not folder:
            return
        try:
            problem = describe_model(Path(folder)).problem
        except OSError as error:
            problem = error.strerror or str(error)
        except ValueError as error:  # bytes that are no UTF-8
            problem = str(error)
        if problem is not None:
            self.say(f"{folder} is no model that can be opened: {problem}")
            return
        self._pick(folder)

    def _pick(self, model: str) -> None:
        self.accept()
        self.picked.emit(model)


def _summary(model: ModelEntry) -> str:
    """Name, languages and size, a line each; a problem is marked."""
    lines = [model.name, " → ".join(model.languages), f"{model.size_bytes / 1e6:.1f} MB"]
    if model.problem is not None:
        lines.append("⚠ cannot be opened")
    return "\n".join(escape_unsafe(line) for line in lines if line)
