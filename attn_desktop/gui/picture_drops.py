"""Pictures that are dropped anywhere on a window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from attn_desktop.gui.picture_files import has_picture, picture_in

DRAGGED = {QEvent.Type.DragEnter, QEvent.Type.DragMove}


class PictureDrops(QObject):
    """dropped: an `OpenPicture`, an `OpenGallery` or an `OpenDocument`.

    What a widget of the window takes itself does not come here.
    """

    dropped = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in DRAGGED and kind != QEvent.Type.Drop:
            return super().eventFilter(watched, event)
        assert isinstance(event, QDropEvent)  # entering and moving are kinds of it
        if not has_picture(event.mimeData()):
            return super().eventFilter(watched, event)
        event.acceptProposedAction()
        if kind == QEvent.Type.Drop:
            self.dropped.emit(picture_in(event.mimeData()))
        return True
