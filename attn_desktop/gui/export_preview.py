"""What an export will be like: the picture in small, or how the file begins."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontDatabase, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QStackedWidget, QWidget

from attn_desktop.gui.export import KINDS, ExportChoice, Kind, draw_image, figure_pixels
from attn_desktop.gui.export_numbers import column_arrays, csv_bytes, json_bytes
from attn_desktop.gui.export_pose import posed
from attn_desktop.gui.panel import Panel

#: Characters and lines of a table that are shown.
CHARACTERS, LINES = 4000, 60
#: Pixels around the picture, and the least for one logical pixel of it.
AROUND, LEAST_SCALE = 16, 0.1


class Preview(QStackedWidget):
    """A picture or a text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture, self.text = _Picture(), QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        for page in (self.picture, self.text):
            self.addWidget(page)

    def show_choice(self, panel: Panel, choice: ExportChoice) -> str:
        """Show it; how large it will be, in words. UserError where it cannot be exported so."""
        if KINDS[choice.kind].picture:
            self.setCurrentWidget(self.picture)
            return self._draw(panel, choice)
        self.setCurrentWidget(self.text)
        return self._write(panel, choice.kind)

    def _draw(self, panel: Panel, choice: ExportChoice) -> str:
        size, room = choice.size, self.size() - QSize(AROUND, AROUND)
        with posed(panel, size, choice.look()) as figure:
            whole, per_inch = figure.size, figure.per_inch
            pixels = figure_pixels(figure, size)
            shown = min(room.width() / whole.width(), room.height() / whole.height())
            ratio = self.devicePixelRatioF()
            image = draw_image(figure, None, max(shown, LEAST_SCALE) * ratio)
        image.setDevicePixelRatio(ratio)
        self.picture.show_image(image)
        sides = [25.4 * length / per_inch for length in (whole.width(), whole.height())]
        said = f"{sides[0]:.1f} × {sides[1]:.1f} mm"
        if choice.kind == "png":
            said = f"{pixels.width()} × {pixels.height()} pixels · {said}"
        return said

    def _write(self, panel: Panel, kind: Kind) -> str:
        if kind == "npz":
            arrays = column_arrays(panel)
            lines = [f"{name}: {array.dtype} {array.shape}" for name, array in arrays.items()]
            self.text.setPlainText("\n".join(lines))
            return f"{len(arrays)} arrays"
        data = csv_bytes(panel) if kind == "csv" else json_bytes(panel)
        lines = data[:CHARACTERS].decode("utf-8", errors="ignore").splitlines()[:LINES]
        more = ["…"] if len(data) > CHARACTERS else []
        self.text.setPlainText("\n".join([*lines, *more]))
        return f"{len(data):,} bytes"


class _Picture(QWidget):
    """An image in the middle, whole, with a thin frame."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setMinimumSize(320, 260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_image(self, image: QImage) -> None:
        """Show another image."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            size = self.image.deviceIndependentSize()
            room = self.size() - QSize(AROUND, AROUND)
            size.scale(room.toSizeF(), Qt.AspectRatioMode.KeepAspectRatio)
            x, y = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
            area = QRectF(x, y, size.width(), size.height())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self.image)
            painter.setPen(self.palette().mid().color())
            painter.drawRect(area.adjusted(-1, -1, 0, 0))
        finally:
            painter.end()
