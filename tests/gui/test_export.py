"""Panels as PNG, SVG and CSV files, and what happens where nothing can be written."""

from __future__ import annotations

import csv
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PIL import Image
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.errors import ExportError
from attn_desktop.gui.export import save_csv, save_png, save_svg, save_window
from attn_desktop.gui.panel import Change, PaintedPanel, Panel, Table
from attn_desktop.gui.panels.alignment import AlignmentPanel
from attn_desktop.gui.plot_panel import PlotPanel
from attn_desktop.gui.scene import Scene
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
        return Table(
            ("t", "token", "α, all"),
            [
                (1, '=SUM("a1")', 0.1),
                (2, "a, b\nc", -1e-300),
                (3, "-", float("nan")),
                (4, "é", np.float32(0.1)),  # type: ignore[list-item]  # as a careless panel may
            ],
        )


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
def test_a_png_has_the_size_that_was_asked_for(
    opened: Open, tmp_path: Path, kind: type[Panel], shown: bool
) -> None:
    panel = opened(kind, shown=shown)
    save_png(panel, tmp_path / "p.png", (300, 200), scale=3)
    with Image.open(tmp_path / "p.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (900, 600))
    assert len(colours(tmp_path / "p.png")) > 10
    assert panel.size().toTuple() == (420, 300)


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


def test_a_png_that_fits_no_memory_is_refused(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"p\.png cannot be written: .* 3000000 pixels"):
        save_png(opened(Painted), tmp_path / "p.png", (3_000_000, 3_000_000), scale=1)


def test_a_window_is_saved_as_it_is_seen(opened: Open, tmp_path: Path) -> None:
    panel = opened(Painted)
    save_window(panel, tmp_path / "w.png")
    with Image.open(tmp_path / "w.png") as picture:
        assert picture.size == (420, 300)
        assert picture.convert("RGB").getpixel((245, 75)) == (0, 0, 255)


# -- drawings -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, (500, 400)])
def test_an_svg_holds_text_and_shapes_and_no_image_of_the_whole(
    opened: Open, tmp_path: Path, size: tuple[int, int] | None
) -> None:
    panel = opened(Painted)
    save_svg(panel, tmp_path / "p.svg", size)
    root = ET.parse(tmp_path / "p.svg").getroot()
    width, height = map(int, root.attrib["viewBox"].split()[2:])
    assert (width, height) == (size or (420, height))
    written = [element.text for element in elements(tmp_path / "p.svg", "text")]
    assert written == ["Painted </s> & “more”", "Σ 1.000", "tenir à l’œil"]
    assert root.findtext(f"{SVG}title") == panel.heading()
    # The photo stays an image; the matrix has become two areas.
    (photo,) = elements(tmp_path / "p.svg", "image")
    assert (photo.get("width"), photo.get("height")) == ("65", "45")
    fills = {path.get("fill"): path.get("d") for path in elements(tmp_path / "p.svg", "path")}
    assert fills["#0000ff"] == "M1,0h1v1h-1z"
    assert fills["#ff0000"] == "M0,0h1v1h-1zM2,0h1v1h-1zM0,1h3v1h-3z"


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
    save_svg(panel, tmp_path / "all.svg", (700, 500))
    panel.source_view.setXRange(1, 3, padding=0)  # type: ignore[attr-defined]
    save_svg(panel, tmp_path / "zoomed.svg", (700, 500))
    written = {text.text for text in elements(tmp_path / "all.svg", "text")}
    zoomed = {text.text for text in elements(tmp_path / "zoomed.svg", "text")}
    assert set(labels) <= written
    assert set(labels) & zoomed == set(labels[1:3])


# -- numbers ------------------------------------------------------------------------------


def test_a_csv_says_what_the_table_says(opened: Open, tmp_path: Path) -> None:
    panel = opened(AlignmentPanel)
    save_csv(panel, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    table = panel.table()
    assert tuple(header) == table.columns
    assert [
        [int(row[0]), row[1], *map(float, row[2:])] for row in rows
    ] == [list(row) for row in table.rows]  # fmt: skip


def test_a_csv_quotes_and_disarms_text_and_keeps_numbers_exact(
    opened: Open, tmp_path: Path
) -> None:
    save_csv(opened(Painted), tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.decode("utf-8").splitlines(keepends=True) == [
        't,token,"α, all"\r\n',
        '1,"\'=SUM(""a1"")",0.1\r\n',
        '2,"a, b\n',
        'c",-1e-300\r\n',
        "3,'-,nan\r\n",
        f"4,é,{float(np.float32(0.1))!r}\r\n",
    ]


def test_a_panel_without_numbers_has_no_csv(qtbot: QtBot, tmp_path: Path) -> None:
    panel = AlignmentPanel(LIGHT)
    qtbot.addWidget(panel)
    with pytest.raises(ExportError, match="Alignment shows no numbers yet"):
        save_csv(panel, tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


# -- where nothing can be written ---------------------------------------------------------

SAVERS: list[Callable[[Panel, Path], None]] = [save_png, save_svg, save_csv, save_window]
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
