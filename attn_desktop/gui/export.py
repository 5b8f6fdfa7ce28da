"""Panels as files: a picture (PNG), a drawing for papers (SVG), its numbers (CSV, NPZ, JSON).

Picture and drawing carry heading and caption above the panel, which on the screen its dock shows.
Whatever is written replaces the old file only once it is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from attn_desktop.common.errors import ExportError, InputError
from attn_desktop.common.whole_file import PathLike, write_whole
from attn_desktop.gui.export_numbers import csv_bytes, json_bytes, npz_bytes
from attn_desktop.gui.export_pose import Figure, drawn_afresh, posed
from attn_desktop.gui.export_size import PAPER_TYPE, FigureSize
from attn_desktop.gui.panel import Panel
from attn_desktop.gui.raster import png_bytes
from attn_desktop.gui.svg import draw_svg
from attn_desktop.gui.theme import DARK, LIGHT, Theme

Kind = Literal["png", "svg", "csv", "npz", "json"]
ThemeName = Literal["light", "dark"]
THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}
#: Of a picture; a page of A4 at 1200 dpi.
MOST_PIXELS = 150_000_000
METRES_PER_INCH = 0.0254


@dataclass(frozen=True)
class KindOfFile:
    """about: for a list. picture: whether size and theme matter."""

    about: str
    picture: bool


KINDS: dict[Kind, KindOfFile] = {
    "png": KindOfFile("PNG picture", True),
    "svg": KindOfFile("SVG drawing", True),
    "csv": KindOfFile("CSV table", False),
    "npz": KindOfFile("NumPy archive", False),
    "json": KindOfFile("JSON numbers", False),
}


@dataclass(frozen=True)
class ExportChoice:
    """How a panel is exported; one column of a journal unless told otherwise.

    type_size: 1 is type of 10 pt. alpha_map: the colours of α, as in the window.
    """

    kind: Kind = "png"
    size: FigureSize = field(default_factory=FigureSize)
    theme: ThemeName = "light"
    type_size: float = PAPER_TYPE
    alpha_map: str = "grey"

    def look(self) -> Theme:
        """The theme to draw in."""
        return replace(THEMES[self.theme], scale=self.type_size, alpha_map=self.alpha_map)


def save_panel(panel: Panel, path: PathLike, choice: ExportChoice) -> None:
    """Save a panel as `choice` says; ExportError where that is not possible."""
    if choice.kind == "png":
        save_png(panel, path, choice.size, choice.look())
    elif choice.kind == "svg":
        save_svg(panel, path, choice.size, choice.look())
    else:
        NUMBERS[choice.kind](panel, path)


def save_png(
    panel: Panel,
    path: PathLike,
    size: FigureSize | None = None,
    theme: Theme | None = None,
    scale: float = 2.0,
) -> None:
    """Save a panel as a picture; ExportError where that cannot be.

    size: of the whole, title included; None for the panel as it is on the screen, at `scale`
    pixels for one of the screen. theme: None for that of the panel.
    """
    with posed(panel, size, theme) as figure:
        try:
            image = draw_image(figure, size, scale)
        except InputError as error:
            raise ExportError(f"{path} cannot be written: {error}") from error
    write_whole(path, png_bytes(image))


def save_svg(
    panel: Panel,
    path: PathLike,
    size: FigureSize | None = None,
    theme: Theme | None = None,
) -> None:
    """Save a panel as a vector drawing, text as text; only photos and huge matrices are images.

    size, theme: as for `save_png`. ExportError where the file cannot be written.
    """
    with posed(panel, size, theme) as figure, drawn_afresh(figure.panel):
        write_whole(path, drawing(figure, size))


def save_csv(panel: Panel, path: PathLike) -> None:
    """Save all numbers of a panel as a table, see `csv_bytes`.

    ExportError where there are no numbers or the file cannot be written; as for all that follow.
    """
    write_whole(path, csv_bytes(panel))


def save_npz(panel: Panel, path: PathLike) -> None:
    """Save all numbers of a panel as arrays, see `column_arrays`."""
    write_whole(path, npz_bytes(panel))


def save_json(panel: Panel, path: PathLike) -> None:
    """Save all numbers of a panel as an object, see `json_bytes`."""
    write_whole(path, json_bytes(panel))


def save_window(window: QWidget, path: PathLike) -> None:
    """Save what a window shows as a PNG; ExportError where the file cannot be written."""
    write_whole(path, png_bytes(window.grab().toImage()))


NUMBERS: dict[Kind, Callable[[Panel, PathLike], None]] = {
    "csv": save_csv,
    "npz": save_npz,
    "json": save_json,
}


def draw_image(figure: Figure, size: FigureSize | None, scale: float = 2.0) -> QImage:
    """A figure in pixels, as many as `size` says; InputError where they are too many."""
    if size is None:
        resolution = figure.per_inch * scale
        pixels = (figure.size * scale).toSize()
    else:
        resolution = size.resolution(figure.per_inch)
        scale = resolution / figure.per_inch
        pixels = figure_pixels(figure, size)
    image = QImage(pixels, QImage.Format.Format_RGB32)
    if image.isNull():
        raise InputError(f"{pixels.width()} × {pixels.height()} pixels do not fit into memory")
    # What is left of a pixel of the screen at the rim belongs to the card.
    image.fill(figure.panel.theme.colour("card"))
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    figure.paint(painter)
    painter.end()
    image.setDotsPerMeterX(round(resolution / METRES_PER_INCH))
    image.setDotsPerMeterY(round(resolution / METRES_PER_INCH))
    return image


def figure_pixels(figure: Figure, size: FigureSize) -> QSize:
    """How many pixels a picture of that size has; InputError where they are too many."""
    height = size.height or size.from_logical(figure.size.height(), figure.per_inch)
    sides = [size.pixels(length, figure.per_inch) for length in (size.width, height)]
    if sides[0] * sides[1] > MOST_PIXELS:
        raise InputError(f"{sides[0]} × {sides[1]} pixels are too many for a picture")
    return QSize(*sides)


def drawing(figure: Figure, size: FigureSize | None) -> bytes:
    """A figure as an SVG document, as wide and high as `size` says."""
    extent = None
    if size is not None:
        height = size.height or size.from_logical(figure.size.height(), figure.per_inch)
        extent = (_length(size.width, size), _length(height, size))
    head = figure.head
    return draw_svg(figure.size, head.heading, head.caption, figure.paint, extent)


def _length(length: float, size: FigureSize) -> str:
    return f"{round(length, 3):g}{size.unit}"
