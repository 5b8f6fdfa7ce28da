"""The picture of a source, small, with the ways to another one beside or below it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.gui.picture_image import PictureImage
from attn_desktop.gui.theme import Theme

#: Scenes of larger seeds are what models are trained on.
LAST_SEED = 999_999_999
#: Pixels at normal type: least side of the picture, and from which height on it stands above.
LEAST, STANDS = 48, 150
#: Width of the field for a seed.
SEED = 64
SCENE_TIP = "Draw the scene of this seed and start over with it"
OPEN_TIP = "Choose a PNG, JPEG, WebP or GIF file; or drop one here, or paste a picture"


class SourcePicture(QWidget):
    """open_wanted: another picture. scene_wanted: the scene of this seed."""

    open_wanted = Signal()
    scene_wanted = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = _Thumbnail(theme)
        self.open = QPushButton("Open picture…")
        self.open.setToolTip(OPEN_TIP)
        self.open.clicked.connect(self.open_wanted)
        self.scene = QPushButton("New scene")
        self.scene.setToolTip(SCENE_TIP)
        self.scene.clicked.connect(self._want_scene)
        self.seed = QSpinBox()
        self.seed.setRange(0, LAST_SEED)
        self.seed.setAccessibleName("Seed of the scene")
        self.seed.setToolTip("Which scene: the same seed gives the same picture")
        self.seed.lineEdit().returnPressed.connect(self._want_scene)
        self.seed.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.buttons = (self.open, self.scene)
        scene_row = QHBoxLayout()
        scene_row.setSpacing(4)
        scene_row.addWidget(self.scene, 1)
        scene_row.addWidget(self.seed)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self.open)
        column.addLayout(scene_row)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(self.view, 1)
        self._box.addLayout(column)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        self.view.set_theme(theme)
        self.seed.setFont(theme.font(0.9))
        self.seed.setFixedWidth(theme.px(SEED))
        self._box.setSpacing(theme.px(6))

    def show_picture(self, image: PictureImage | None, captions: tuple[str, ...]) -> None:
        """Show a picture. captions: some that are true of it, for its tooltip."""
        self.view.show_picture(image)
        lines = "\n".join(captions)
        self.view.setToolTip(f"True of this scene:\n{lines}" if captions else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        tall = self.height() >= self.view.theme.px(STANDS)
        way = QBoxLayout.Direction
        self._box.setDirection(way.TopToBottom if tall else way.LeftToRight)

    def _want_scene(self) -> None:
        if self.scene.isEnabled():
            self.scene_wanted.emit(self.seed.value())


class _Thumbnail(QWidget):
    """The whole picture, as large as there is room."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._image: PictureImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.updateGeometry()
        self.update()

    def show_picture(self, image: PictureImage | None) -> None:
        self._image = image
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.theme.px(LEAST), self.theme.px(LEAST))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            if self._image is not None:
                self._image.paint(painter, self._image.fitted(QRectF(self.rect())))
        finally:
            painter.end()
