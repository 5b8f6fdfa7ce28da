"""Panels as PNG and SVG files, in size and theme, and what happens where nothing can be written."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyqtgraph as pg
import pytest
from PIL import Image
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.errors import ExportError
from attn_desktop.gui.export import (
    ExportChoice,
    save_csv,
    save_json,
    save_npz,
    save_panel,
    save_png,
    save_svg,
    save_window,
)
from attn_desktop.gui.export_size import FigureSize
from attn_desktop.gui.panel import Change, PaintedPanel, Panel, Table
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.panels.timeline import TimelinePanel
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.scene import Light, Scene
from attn_desktop.gui.theme import DARK, LIGHT, Theme
from tests.toy_records import toy_trace

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
PHOTO = (130, 90)


class Painted(PaintedPanel):
    """Words, a clipped bar, a 3 × 2 matrix and a photo."""

    title = "Painted </s> & “more”"
    about = "For tests."

    def caption(self) -> str:
        return "Σ 1.000"

    def paint(self, painter: QPainter) -> None:
        painter.setPen(self.theme.colour("text"))
        painter.drawText(20, 30, "tenir à l’œil")
        painter.save()
        painter.setClipRect(QRect(50, 60, 100, 40))
        painter.fillRect(QRect(0, 70, 4000, 10), self.theme.hue("hard"))
        painter.restore()
        matrix = QImage(3, 2, QImage.Format.Format_RGB32)
        matrix.fill(QColor("#ff0000"))
        matrix.setPixelColor(1, 0, QColor("#0000ff"))
        painter.drawImage(QRectF(200, 60, 90, 60), matrix)
        photo = QImage(*PHOTO, QImage.Format.Format_RGB32)
        photo.fill(QColor("#123456"))
        painter.drawImage(QRect(300, 60, 65, 45), photo)

    def table(self) -> Table:
        return Table(("t", "token"), [(1, "a")])


# After the class is made: one that is defined with a name is registered for the window.
Painted.name = "painted"


class Plotted(PlotPanel):
    """Three symbols and a line."""

    title = "Plotted"
    about = "For tests."

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        axes = {side: pg.AxisItem(side) for side in ("left", "bottom")}
        super().__init__(theme, axes, parent)
        self.plot.addItem(pg.ScatterPlotItem([1, 2, 3], [1, 3, 2], size=12, brush="#ff0000"))
        self.plot.addItem(pg.PlotCurveItem([1, 2, 3], [1, 3, 2], pen=pg.mkPen("#00ff00", width=3)))

    def draw(self, change: Change) -> None:
        self.paint_canvas()


Open = Callable[..., Panel]


@pytest.fixture
def opened(qtbot: QtBot) -> Open:
    """A panel of a kind, on the screen unless told otherwise, that shows a toy run."""

    def open_panel(kind: type[Panel], theme: Theme = LIGHT, shown: bool = True) -> Panel:
        panel = kind(theme)
        qtbot.addWidget(panel)
        panel.resize(420, 300)
        trace = toy_trace()
        panel.set_scene(Scene(run=trace.run, steps=trace.steps, t=2))
        if shown:
            panel.show()
        return panel

    return open_panel


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as picture:
        found = picture.convert("RGB").getcolors(1 << 24)
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def elements(path: Path, name: str) -> list[ET.Element]:
    return list(ET.parse(path).getroot().iter(f"{SVG}{name}"))


# -- pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Painted, Plotted, AlignmentPanel])
@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize(
    ("size", "pixels", "dpi"),
    [
        (FigureSize(900, 600, "px"), (900, 600), 96),
        (FigureSize(1237, 811, "px", 210), (1237, 811), 210),
        (FigureSize(86, 60, "mm"), (1016, 709), 300),
        (FigureSize(8.6, 6, "cm", 150), (508, 354), 150),
        (FigureSize(3.25, 2.5, "in", 600), (1950, 1500), 600),
    ],
)
def test_a_png_has_the_size_and_resolution_that_were_asked_for(
    opened: Open,
    tmp_path: Path,
    kind: type[Panel],
    shown: bool,
    size: FigureSize,
    pixels: tuple[int, int],
    dpi: float,
) -> None:
    panel = opened(kind, shown=shown)
    save_png(panel, tmp_path / "p.png", size)
    with Image.open(tmp_path / "p.png") as picture:
        assert (picture.format, picture.size) == ("PNG", pixels)
        assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    assert len(colours(tmp_path / "p.png")) > 10
    assert panel.size().toTuple() == (420, 300)


def test_type_on_paper_is_as_large_whatever_the_resolution(opened: Open, tmp_path: Path) -> None:
    panel = opened(Painted)
    heights = []
    for dpi in (150, 600):
        save_png(panel, tmp_path / "p.png", FigureSize(100, 80, "mm", dpi))
        with Image.open(tmp_path / "p.png") as picture:
            ink = picture.convert("L").point(lambda value: 255 * (value < 128))
            box = ink.crop((0, 0, picture.width // 3, round(0.07 * picture.height))).getbbox()
            assert box is not None
            heights.append((box[3] - box[1]) / dpi)
    assert heights[0] == pytest.approx(heights[1], abs=0.02)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_figure_has_the_theme_of_the_figure_not_of_the_window(
    opened: Open, tmp_path: Path, name: Literal["light", "dark"]
) -> None:
    wanted, other = (LIGHT, DARK) if name == "light" else (DARK, LIGHT)
    panel = opened(AlignmentPanel, other)
    before = panel.grab().toImage()
    choice = ExportChoice(theme=name)
    save_panel(panel, tmp_path / "p.png", choice)
    card = QColor(wanted.card).toRgb()
    with Image.open(tmp_path / "p.png") as picture:
        corners = {picture.getpixel((x, y)) for x in (0, picture.width - 1)
                   for y in (0, picture.height - 1)}  # fmt: skip
    assert corners == {(card.red(), card.green(), card.blue())}
    save_panel(panel, tmp_path / "p.svg", replace(choice, kind="svg"))
    drawing = (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert wanted.inks["source"].lower() in drawing
    assert other.inks["source"].lower() not in drawing
    assert panel.theme is other
    assert panel.grab().toImage() == before


def test_larger_type_is_larger_in_the_file(opened: Open, tmp_path: Path) -> None:
    panel, sizes = opened(AlignmentPanel), []
    for type_size in (0.8, 1.6):
        choice = ExportChoice("svg", FigureSize(120, 100), type_size=type_size)
        save_panel(panel, tmp_path / "p.svg", choice)
        title = elements(tmp_path / "p.svg", "text")[0]
        assert title.text == "Alignment"
        sizes.append(float(title.attrib["font-size"]))
    # Points are 4/3 of the pixels that an inch has 96 of.
    assert sizes == pytest.approx([0.8 * 10 * 4 / 3, 1.6 * 10 * 4 / 3], rel=0.01)


def test_what_the_pointer_is_over_is_not_in_a_figure(opened: Open, tmp_path: Path) -> None:
    panel = opened(AlignmentPanel)
    panel.set_light(Light())
    save_png(panel, tmp_path / "plain.png", FigureSize())
    panel.set_light(Light(source=frozenset({1}), target=frozenset({3})))
    save_png(panel, tmp_path / "hovered.png", FigureSize())
    panel.set_light(Light(brushed_source=frozenset({1})))
    save_png(panel, tmp_path / "brushed.png", FigureSize())
    plain, hovered, brushed = (
        (tmp_path / f"{name}.png").read_bytes() for name in ("plain", "hovered", "brushed")
    )
    assert plain == hovered
    assert plain != brushed


def test_a_figure_does_not_depend_on_the_window_it_is_exported_from(
    opened: Open, tmp_path: Path
) -> None:
    save_panel(opened(AlignmentPanel, DARK), tmp_path / "a.png", ExportChoice())
    save_panel(opened(AlignmentPanel, LIGHT, shown=False), tmp_path / "b.png", ExportChoice())
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_figure_without_a_height_is_proportioned_as_its_panel(
    opened: Open, tmp_path: Path
) -> None:
    save_png(opened(AlignmentPanel), tmp_path / "p.png", FigureSize(160))
    with Image.open(tmp_path / "p.png") as picture:
        wide, high = AlignmentPanel.natural
        assert picture.width == round(160 / 25.4 * 300)
        assert high / wide < picture.height / picture.width < high / wide + 0.1
    wide_one = opened(TimelinePanel)
    save_png(wide_one, tmp_path / "p.png", FigureSize(), replace(LIGHT, scale=0.8))
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.height > 0.25 * picture.width, "high enough for its type"


def test_a_size_too_small_for_a_panel_is_told_with_one_that_fits(
    opened: Open, tmp_path: Path
) -> None:
    panel = opened(AlignmentPanel)
    with pytest.raises(ExportError, match="Alignment does not fit into 20 × 10 mm") as caught:
        save_png(panel, tmp_path / "p.png", FigureSize(20, 10))
    width, height = map(float, re.findall(r"needs ([\d.]+) × ([\d.]+) mm", str(caught.value))[0])
    save_png(panel, tmp_path / "p.png", FigureSize(width, height))
    assert (tmp_path / "p.png").exists()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_png_shows_the_panel_below_its_title_on_the_card(
    opened: Open, tmp_path: Path, theme: Theme
) -> None:
    panel = opened(Painted, theme)
    save_png(panel, tmp_path / "p.png")
    with Image.open(tmp_path / "p.png") as picture:
        width, height = picture.size
        head = height - 600
        assert width == 840
        assert 0 < head < 100
        card = QColor(theme.card).toRgb()
        corner = (card.red(), card.green(), card.blue())
        assert picture.getpixel((0, 0)) == picture.getpixel((width - 1, height - 1)) == corner
        matrix = picture.crop((400, head + 120, 580, head + 240)).getcolors()
        title = picture.crop((0, 0, width // 2, head)).getcolors(1 << 20)
        caption = picture.crop((width // 2, 0, width, head)).getcolors(1 << 20)
    assert matrix is not None
    assert {colour for _, colour in matrix} == {(255, 0, 0), (0, 0, 255)}
    assert title is not None
    assert len(title) > 2
    assert caption is not None
    assert len(caption) > 2


def test_a_png_of_too_many_pixels_is_refused(opened: Open, tmp_path: Path) -> None:
    panel = opened(Painted)
    with pytest.raises(ExportError, match=r"p\.png cannot be written: .* 18898 pixels"):
        save_png(panel, tmp_path / "p.png", FigureSize(200, 200, "mm", 2400))
    with pytest.raises(ExportError, match="16000 × 16000 pixels are too many"):
        save_png(panel, tmp_path / "p.png", FigureSize(16000, 16000, "px", 2400))
    assert not list(tmp_path.iterdir())


def test_a_window_is_saved_as_it_is_seen(opened: Open, tmp_path: Path) -> None:
    panel = opened(Painted)
    save_window(panel, tmp_path / "w.png")
    with Image.open(tmp_path / "w.png") as picture:
        assert picture.size == (420, 300)
        assert picture.convert("RGB").getpixel((245, 75)) == (0, 0, 255)


# -- drawings -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, FigureSize(500, 400, "px")])
def test_an_svg_holds_text_and_shapes_and_no_image_of_the_whole(
    opened: Open, tmp_path: Path, size: FigureSize | None
) -> None:
    panel = opened(Painted)
    save_svg(panel, tmp_path / "p.svg", size)
    root = ET.parse(tmp_path / "p.svg").getroot()
    width, height = map(int, root.attrib["viewBox"].split()[2:])
    assert (width, height) == ((500, 400) if size else (420, height))
    written = [element.text for element in elements(tmp_path / "p.svg", "text")]
    assert written == ["Painted </s> & “more”", "Σ 1.000", "tenir à l’œil"]
    assert root.findtext(f"{SVG}title") == panel.heading()
    # The photo stays an image; the matrix has become two areas.
    (photo,) = elements(tmp_path / "p.svg", "image")
    assert (photo.get("width"), photo.get("height")) == ("65", "45")
    fills = {path.get("fill"): path.get("d") for path in elements(tmp_path / "p.svg", "path")}
    assert fills["#0000ff"] == "M1,0h1v1h-1z"
    assert fills["#ff0000"] == "M0,0h1v1h-1zM2,0h1v1h-1zM0,1h3v1h-3z"


@pytest.mark.parametrize(
    ("size", "width", "height", "box"),
    [
        (FigureSize(86, 60, "mm"), "86mm", "60mm", (325.039, 226.772)),
        (FigureSize(3.4, 2.5, "in", 600), "3.4in", "2.5in", (326.4, 240)),
        (FigureSize(900, 600, "px"), "900px", "600px", (900, 600)),
        (FigureSize(900, 600, "px", 192), "900px", "600px", (450, 300)),
    ],
)
def test_an_svg_says_how_large_it_is_on_paper(
    opened: Open,
    tmp_path: Path,
    size: FigureSize,
    width: str,
    height: str,
    box: tuple[float, float],
) -> None:
    save_svg(opened(AlignmentPanel), tmp_path / "p.svg", size)
    root = ET.parse(tmp_path / "p.svg").getroot()
    assert (root.get("width"), root.get("height")) == (width, height)
    assert [float(side) for side in root.attrib["viewBox"].split()] == [0, 0, *box]
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"Alignment", "</s>"} <= texts
    assert not elements(tmp_path / "p.svg", "image")


def test_an_svg_clips_where_the_panel_clips(opened: Open, tmp_path: Path) -> None:
    save_svg(opened(Painted), tmp_path / "p.svg")
    root = ET.parse(tmp_path / "p.svg").getroot()
    head = int(root.attrib["viewBox"].split()[3]) - 300
    outlines = [path.get("d", "") for clip in root.iter(f"{SVG}clipPath") for path in clip]
    corner = f"M50,{60 + head} L150,{60 + head} L150,{100 + head}"
    assert any(outline.startswith(corner) for outline in outlines)


@pytest.mark.parametrize("kind", [Plotted, AlignmentPanel])
def test_an_svg_of_plots_is_made_of_shapes(opened: Open, tmp_path: Path, kind: type[Panel]) -> None:
    save_svg(opened(kind), tmp_path / "p.svg")
    assert not elements(tmp_path / "p.svg", "image")
    assert len(elements(tmp_path / "p.svg", "text")) > 5
    shapes = [found for name in ("path", "polyline", "polygon", "rect")
              for found in elements(tmp_path / "p.svg", name)]  # fmt: skip
    assert len(shapes) > 10
    text = (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert "vector-effect" not in text


def test_lines_of_a_plot_keep_their_width_in_an_svg(opened: Open, tmp_path: Path) -> None:
    save_svg(opened(Plotted), tmp_path / "p.svg")
    (group,) = (
        group for group in elements(tmp_path / "p.svg", "g") if group.get("stroke") == "#00ff00"
    )
    assert (group.get("stroke-width"), group.get("transform")) == ("3", None)
    points = [
        tuple(map(float, point.split(",")))
        for line in group
        for point in line.attrib["points"].split()
    ]
    root = ET.parse(tmp_path / "p.svg").getroot()
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert all(0 < x < width and 0 < y < height for x, y in points)
    assert points[-1][0] - points[0][0] > width / 2


def test_a_drawing_in_another_size_shows_what_the_user_zoomed_to(
    opened: Open, tmp_path: Path
) -> None:
    panel = opened(AlignmentPanel)
    labels = panel.scene.source.labels[:-1]  # the last one is that of the last step too
    save_svg(panel, tmp_path / "all.svg", FigureSize(700, 500, "px"))
    panel.source_view.setXRange(1, 3, padding=0)  # type: ignore[attr-defined]
    save_svg(panel, tmp_path / "zoomed.svg", FigureSize(700, 500, "px"))
    written = {text.text for text in elements(tmp_path / "all.svg", "text")}
    zoomed = {text.text for text in elements(tmp_path / "zoomed.svg", "text")}
    assert set(labels) <= written
    assert set(labels) & zoomed == set(labels[1:3])


# -- where nothing can be written ---------------------------------------------------------

SAVERS: list[Callable[[Panel, Path], None]] = [
    save_png,
    save_svg,
    save_csv,
    save_npz,
    save_json,
    save_window,
]
all_savers = pytest.mark.parametrize("save", SAVERS, ids=lambda save: save.__name__)


@all_savers
def test_a_folder_that_lacks_or_a_folder_in_the_way_is_named(
    opened: Open, tmp_path: Path, save: Callable[[Panel, Path], None]
) -> None:
    panel = opened(Painted)
    lost = tmp_path / "lost" / "p.out"
    with pytest.raises(ExportError, match=f"{lost} cannot be written: there is no folder"):
        save(panel, lost)
    with pytest.raises(ExportError, match=f"{tmp_path} cannot be written: it is a folder"):
        save(panel, tmp_path)


@all_savers
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device at hand")
def test_a_device_is_not_replaced_by_a_file(
    opened: Open, save: Callable[[Panel, Path], None]
) -> None:
    with pytest.raises(ExportError, match="/dev/full cannot be written: it is a device"):
        save(opened(Painted), Path("/dev/full"))
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_permission_is_named(opened: Open, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ExportError, match=r"a\.csv cannot be written: Permission denied"):
            save_csv(opened(Painted), tmp_path / "a.csv")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that refuses even root")
def test_a_folder_that_takes_no_files_is_named(opened: Open) -> None:
    with pytest.raises(ExportError, match=r"/proc/self/a\.csv cannot be written: \w+"):
        save_csv(opened(Painted), Path("/proc/self/a.csv"))


def test_what_cannot_be_written_whole_leaves_the_old_file(opened: Open, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "p.png"
    path.write_bytes(b"old")
    panel = opened(Painted)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ExportError, match=r"p\.png cannot be written: \w+"):
            save_png(panel, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_saving_replaces_an_older_file(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("old " * 1000)
    save_csv(opened(Painted), path)
    assert path.read_text(encoding="utf-8").startswith("t,token")
    assert list(tmp_path.iterdir()) == [path]
