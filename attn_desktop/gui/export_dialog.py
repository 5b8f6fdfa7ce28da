"""How to export a panel: format, size, theme and type, with a preview that follows every change."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from attn_desktop.common.errors import UserError
from attn_desktop.gui.export import KINDS, THEMES, ExportChoice, Kind
from attn_desktop.gui.export_preview import Preview
from attn_desktop.gui.export_size import (
    MAX_DPI,
    MAX_PIXELS,
    MAX_TYPE,
    MIN_DPI,
    MIN_TYPE,
    UNITS,
    FigureSize,
    Unit,
)
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.theme import Theme

#: A change is drawn when nothing has changed for so long.
PREVIEW_MS = 60
#: Decimals of a length.
DECIMALS: dict[Unit, int] = {"mm": 1, "cm": 2, "in": 2, "px": 0}
#: Points of type of size 1.
POINTS = 10.0
CUSTOM = "Custom"


@dataclass(frozen=True)
class Preset:
    """A size that figures often have, and the type that suits it."""

    name: str
    size: FigureSize
    type_size: float


PRESETS = (
    Preset("One column (86 mm)", FigureSize(86, None, "mm", 300), 0.8),
    Preset("Two columns (178 mm)", FigureSize(178, None, "mm", 300), 0.8),
    Preset("Slide (1920 × 1080 pixels)", FigureSize(1920, 1080, "px", 192), 1.2),
)


class ExportDialog(QDialog):
    """choice: what to begin with. Afterwards `choice` says what was chosen.

    Its panel is never changed: previews and files are drawn from copies.
    """

    def __init__(self, panel: Panel, choice: ExportChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Export {panel.title}")
        self._panel, self._per_inch = panel, float(panel.logicalDpiX())
        self._filling = False
        self._unit: Unit = choice.size.unit
        self._alpha_map = panel.theme.alpha_map
        self._presets = (*PRESETS, _as_on_screen(panel))
        self.kind, self.preset, self.unit, self.theme = (_box() for _ in range(4))
        self.width_field, self.height_field = QDoubleSpinBox(), QDoubleSpinBox()
        self.dpi, self.points = QSpinBox(), QDoubleSpinBox()
        self.problem, self.says = QLabel(), QLabel()
        self.preview = Preview()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export_button.setToolTip("Choose a name and write the file")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._fill_lists()
        self._lay_out(buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self.set_choice(choice)
        self._connect()
        self.resize(self.sizeHint().expandedTo(QSize(*map(panel.theme.px, (860, 520)))))

    # -- building -------------------------------------------------------------------------

    def _fill_lists(self) -> None:
        for kind, about in KINDS.items():
            self.kind.addItem(about.about, kind)
        for preset in self._presets:
            self.preset.addItem(preset.name, preset)
        self.preset.addItem(CUSTOM)
        for unit in UNITS:
            self.unit.addItem(unit, unit)
        for name in THEMES:
            self.theme.addItem(name, name)
        self.height_field.setSpecialValueText("auto")
        self.height_field.setToolTip("Of the whole figure; auto: as the panel is proportioned")
        self.dpi.setRange(round(MIN_DPI), round(MAX_DPI))
        self.dpi.setSuffix(" dpi")
        self.dpi.setToolTip("Pixels an inch of the picture; the type keeps its size on paper")
        self.points.setRange(MIN_TYPE * POINTS, MAX_TYPE * POINTS)
        self.points.setSingleStep(0.5)
        self.points.setDecimals(1)
        self.points.setSuffix(" pt")
        self.points.setToolTip("Type on paper; 7 to 9 pt suit a journal, 10 pt is the window's")

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        for label in (self.problem, self.says):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setStyleSheet(f"color: {self._panel.theme.warning};")
        self.says.setStyleSheet(f"color: {self._panel.theme.dim};")
        size = QHBoxLayout()
        for widget in (self.width_field, QLabel("×"), self.height_field, self.unit):
            size.addWidget(widget)
        self._form = QFormLayout()
        for name, field in (
            ("Format", self.kind),
            ("For", self.preset),
            ("Size", size),
            ("Resolution", self.dpi),
            ("Theme", self.theme),
            ("Type", self.points),
        ):
            self._form.addRow(name, field)
        side = QVBoxLayout()
        side.addLayout(self._form)
        side.addWidget(self.says)
        side.addWidget(self.problem)
        side.addStretch(1)
        side.addWidget(buttons)
        # As wide for tables, which leave most fields out, as for pictures.
        fields = QWidget()
        fields.setLayout(side)
        fields.setFixedWidth(self._panel.theme.px(330))
        side.setContentsMargins(0, 0, 0, 0)
        layout = QHBoxLayout(self)
        layout.addWidget(fields)
        layout.addWidget(self.preview, 1)

    def _connect(self) -> None:
        for box in (self.kind, self.theme):
            box.currentIndexChanged.connect(self._changed)
        self.preset.activated.connect(self._take_preset)
        self.unit.currentIndexChanged.connect(self._convert)
        for field in (self.width_field, self.height_field, self.points, self.dpi):
            field.valueChanged.connect(self._changed)

    # -- what is chosen -------------------------------------------------------------------

    @property
    def choice(self) -> ExportChoice:
        """What the fields say; InputError where that cannot be."""
        return ExportChoice(
            kind=self.kind.currentData(),
            size=FigureSize(
                width=self.width_field.value(),
                height=self.height_field.value() or None,
                unit=self.unit.currentData(),
                dpi=float(self.dpi.value()),
            ),
            theme=self.theme.currentData(),
            type_size=round(self.points.value() / POINTS, 3),
            alpha_map=self._alpha_map,
        )

    def set_choice(self, choice: ExportChoice) -> None:
        """Fill the fields."""
        self._filling = True
        self.kind.setCurrentIndex(self.kind.findData(choice.kind))
        self.theme.setCurrentIndex(self.theme.findData(choice.theme))
        self.points.setValue(choice.type_size * POINTS)
        self._set_size(choice.size)
        self._filling = False
        self._changed()
        self.refresh()

    def _set_size(self, size: FigureSize) -> None:
        self._unit = size.unit
        self.unit.setCurrentIndex(self.unit.findData(size.unit))
        self.dpi.setValue(round(size.resolution(self._per_inch)))
        most = 2000.0 if size.unit != "px" else float(MAX_PIXELS)
        for field, length in ((self.width_field, size.width), (self.height_field, size.height)):
            field.setDecimals(DECIMALS[size.unit])
            field.setSingleStep(10 if size.unit == "px" else 0.1 if size.unit == "in" else 1)
            field.setRange(0, most)
            field.setValue(length or 0)

    def _take_preset(self, index: int) -> None:
        preset = self.preset.itemData(index)
        if preset is None:
            return
        self._filling = True
        self._set_size(preset.size)
        self.points.setValue(preset.type_size * POINTS)
        if preset is self._presets[-1]:
            name = "dark" if self._panel.theme.dark else "light"
            self.theme.setCurrentIndex(self.theme.findData(name))
        self._filling = False
        self._changed()

    def _convert(self) -> None:
        """The same size in another unit."""
        if self._filling:
            return
        dpi, unit = float(self.dpi.value()), self.unit.currentData()
        before = FigureSize(1, None, self._unit, dpi)
        after = FigureSize(1, None, unit, dpi)
        lengths = [
            after.from_logical(before.logical(field.value(), self._per_inch), self._per_inch)
            for field in (self.width_field, self.height_field)
        ]
        self._filling = True
        digits = DECIMALS[unit]
        width = max(round(lengths[0], digits), 10.0**-digits)
        self._set_size(FigureSize(width, round(lengths[1], digits) or None, unit, dpi))
        self._filling = False
        self._changed()

    def _changed(self) -> None:
        if self._filling:
            return
        kind: Kind = self.kind.currentData()
        for row, field in enumerate((self.kind, self.preset, None, self.dpi, self.theme)):
            if field is not self.kind:
                self._form.setRowVisible(row, KINDS[kind].picture)
        self._form.setRowVisible(self._form.rowCount() - 1, KINDS[kind].picture)
        # A drawing has no pixels, but what pixels it is said in have a size.
        self.dpi.setEnabled(kind == "png" or self.unit.currentData() == "px")
        self._show_preset()
        self._timer.start(PREVIEW_MS)

    def _show_preset(self) -> None:
        found = self.preset.count() - 1
        for index, preset in enumerate(self._presets):
            if self._fits(preset):
                found = index
                break
        self.preset.setCurrentIndex(found)

    def _fits(self, preset: Preset) -> bool:
        size = preset.size
        shown = (
            self.width_field.value(),
            self.height_field.value(),
            self.unit.currentData(),
            self.dpi.value(),
            round(self.points.value() / POINTS, 3),
        )
        resolution = round(size.resolution(self._per_inch))
        return shown == (size.width, size.height or 0, size.unit, resolution, preset.type_size)

    # -- preview --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Draw the preview now."""
        self._timer.stop()
        problem = said = ""
        try:
            said = self.preview.show_choice(self._panel, self.choice)
        except UserError as error:
            problem = str(error)
        self.says.setText(said)
        self.problem.setText(f"{problem[:1].upper()}{problem[1:]}")
        self.problem.setVisible(bool(problem))
        self.export_button.setEnabled(not problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._timer.start(PREVIEW_MS)


def _box() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return box


def _as_on_screen(panel: Panel) -> Preset:
    """Two pixels for each pixel of the screen."""
    theme: Theme = panel.theme
    sides = (float(2 * panel.width()), float(2 * panel.height()))
    dpi = 2.0 * panel.logicalDpiX()
    return Preset("As on the screen", FigureSize(*sides, "px", dpi), theme.scale)
