"""The row above the gallery: open, begin or stop, and in which order to look."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QToolButton, QVBoxLayout, QWidget

from attn_desktop.gui.elided_label import ElidedLabel
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.gallery import Gallery, Order
from attn_desktop.gui.gallery_words import progress
from attn_desktop.gui.theme import Theme
from attn_desktop.gui.tool_buttons import run_button_style

#: Type of the controls, relative to the window's, and pixels between them.
SMALL, GAP = 0.85, 3
ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("name", "name", "By file name, as people count: 2 before 10"),
    (
        "confidence",
        "confidence",
        "By the mean of log p(y_t) over the tokens of the caption, the end included: how sure the "
        "model was. Of a question: log p of the answer.",
    ),
    (
        "entropy",
        "entropy",
        "By the mean of H(α_t) / log S over the steps: 0 where one region had all of α, 1 where "
        "all had the same",
    ),
)


class GalleryControls(QWidget):
    """folder_wanted, files_wanted: to open some. begin: to caption. stopped: to stop it.

    reordered: another order is wanted.
    """

    folder_wanted = Signal()
    files_wanted = Signal()
    begin = Signal()
    stopped = Signal()
    reordered = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._busy = False
        self.folder, self.files = QToolButton(), QToolButton()
        self.button, self.way = QToolButton(), QToolButton()
        self.folder.setText("Folder…")
        self.folder.setToolTip("Choose a folder and caption its pictures; or drop one anywhere")
        self.folder.clicked.connect(self._want_folder)
        self.files.setText("Files…")
        self.files.setToolTip("Choose several image files and caption them")
        self.files.clicked.connect(self._want_files)
        self.button.setObjectName("run")
        self.button.clicked.connect(self._press)
        self._orders = QComboBox()
        self._orders.setAccessibleName("Order of the pictures")
        for place, (_, word, tip) in enumerate(ORDERS):
            self._orders.addItem(word)
            self._orders.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self._orders.currentIndexChanged.connect(self._order_chosen)
        self.way.setCheckable(True)
        self.way.toggled.connect(self._way_chosen)
        self.progress = ElidedLabel()
        row = QWidget()
        flow = FlowLayout(GAP, row)
        self._controls = (self.folder, self.files, self.button, self._orders, self.way)
        for control in self._controls:
            flow.addWidget(control)
            # A click leaves the keys to the panel.
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(row)
        column.addWidget(self.progress)
        self._say_order()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.setStyleSheet(run_button_style(theme))
        for control in (*self._controls, self.progress):
            control.setFont(theme.font(SMALL))
        high = self.button.sizeHint().height()
        for control in self._controls:
            control.setFixedHeight(high)
        self.way.setFixedWidth(high)

    # -- the order --------------------------------------------------------------------------

    @property
    def order(self) -> Order:
        """What to sort by."""
        return ORDERS[self._orders.currentIndex()][0]

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.way.isChecked()

    def set_order(self, order: Order, descending: bool) -> None:
        """Sort as somebody else does."""
        self._orders.setCurrentIndex([name for name, _, _ in ORDERS].index(order))
        self.way.setChecked(descending)

    def _order_chosen(self, _: int) -> None:
        self._say_order()
        self.reordered.emit()

    def _way_chosen(self, _: bool) -> None:
        self._say_order()
        self.reordered.emit()

    def _say_order(self) -> None:
        self.way.setText("↓" if self.descending else "↑")
        self.way.setToolTip(
            "The largest first; a click turns it round"
            if self.descending
            else "The smallest first; a click turns it round"
        )
        self._orders.setToolTip(ORDERS[self._orders.currentIndex()][2])

    # -- what is under way ------------------------------------------------------------------

    def show_gallery(self, gallery: Gallery | None, why_not: str) -> None:
        """why_not: why captioning cannot begin now; empty where it can."""
        self._busy = gallery is not None and gallery.busy
        full = gallery is not None and bool(gallery.entries)
        for control in (self.button, self._orders, self.way, self.progress):
            control.setVisible(full)
        if gallery is None:
            return
        text, tip = "Again", "Caption all of them again, in the mode of the bar"
        if self._busy:
            text, tip = "Stop", "Stop; what has a caption keeps it"
        elif gallery.left:
            text, tip = "Go on", "Caption the rest; all of them where the bar has another mode now"
        self.button.setText(text)
        self.button.setToolTip(tip if self._busy else why_not or tip)
        self.button.setEnabled(self._busy or not why_not)
        said = progress(gallery)
        self.progress.set_full_text(said)
        self.progress.setToolTip(said)

    def _want_folder(self) -> None:
        self.folder_wanted.emit()

    def _want_files(self) -> None:
        self.files_wanted.emit()

    def _press(self) -> None:
        (self.stopped if self._busy else self.begin).emit()
