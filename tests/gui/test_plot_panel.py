"""Axes that paint themselves, and the view below the pointer."""

from __future__ import annotations

import math
from itertools import pairwise

import pyqtgraph as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attn_desktop.gui.axes import LabelAxis
from attn_desktop.gui.number_axis import NumberAxis, round_numbers
from attn_desktop.gui.panel import Change
from attn_desktop.gui.plot_panel import PlotPanel, PointerBox, bare_plot
from attn_desktop.gui.theme import Theme, theme
from tests.gui.pointer import settle

LIGHT, PRESENTER = theme(dark=False), theme(dark=False, presenter=True)
LONG = "Donaudampfschifffahrt"


class Labelled(PlotPanel):
    """A plot with a label axis on one side, and nothing else."""

    title, about = "Labelled", "For tests of axes."

    def __init__(self, colours: Theme, side: str) -> None:
        self.axis = LabelAxis(side)
        super().__init__(colours, {side: self.axis})

    def draw(self, change: Change) -> None:
        self.paint_canvas()

    def show_labels(self, labels: list[str]) -> None:
        self.axis.set_labels(labels, self.theme, "source")
        self.plot.getViewBox().show_whole(QRectF(0, 0, len(labels), len(labels)))
        settle()


def make(qtbot: QtBot, side: str, size: tuple[int, int], colours: Theme = LIGHT) -> Labelled:
    panel = Labelled(colours, side)
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    panel.flush()
    settle()
    return panel


def inked(panel: Labelled) -> QRectF:
    """The rectangle around everything that is not background, in pixels of the panel."""
    image = panel.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ground = QColor(panel.theme.card)
    spots = [
        (x, y)
        for y in range(image.height())
        for x in range(image.width())
        if image.pixelColor(x, y) != ground
    ]
    if not spots:
        return QRectF()
    left, top = min(x for x, _ in spots), min(y for _, y in spots)
    return QRectF(left, top, max(x for x, _ in spots) - left, max(y for _, y in spots) - top)


@pytest.mark.parametrize("colours", [LIGHT, PRESENTER], ids=["normal", "presenter"])
@pytest.mark.parametrize("size", [(120, 70), (200, 150), (360, 240), (700, 300)])
@pytest.mark.parametrize("count", [1, 3, 14, 60])
@pytest.mark.parametrize("side", ["top", "bottom", "left"])
def test_labels_end_inside_the_canvas(
    side: str, count: int, size: tuple[int, int], colours: Theme, qtbot: QtBot
) -> None:
    panel = make(qtbot, side, (colours.px(size[0]), colours.px(size[1])), colours)
    panel.show_labels([LONG] * count)
    ink = inked(panel)
    assert ink.isValid(), "no label at all"
    canvas = panel.canvas
    assert 0 < ink.left()
    assert ink.right() < canvas.width() - 1
    if side != "left":
        assert 0 < ink.top()
        assert ink.bottom() < canvas.height() - 1


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_leaning_labels_of_few_columns_are_whole(side: str, qtbot: QtBot) -> None:
    panel = make(qtbot, side, (420, 300))
    short = "agreement"
    panel.show_labels([short] * 8)
    view = panel.plot.getViewBox()
    end = inked(panel)
    if side == "top":
        over = end.right() - panel.plot.mapRectFromItem(view, view.boundingRect()).right()
    else:
        over = panel.plot.mapRectFromItem(view, view.boundingRect()).left() - end.left()
    assert over > 10, "the label at the end has been cut"


@pytest.mark.parametrize("side", ["top", "left"])
def test_labels_get_smaller_then_fewer_but_lit_ones_stay(side: str, qtbot: QtBot) -> None:
    panel = make(qtbot, side, (400, 400))
    panel.show_labels([f"w{i}" for i in range(300)])
    axis = panel.axis
    every = axis._thinned(0, 300, 12)
    assert every == list(range(0, 300, 12))
    axis.set_lit(frozenset({5, 151}))
    kept = axis._thinned(0, 300, 12)
    assert {5, 151} <= set(kept)
    assert min(b - a for a, b in pairwise(kept)) >= 12
    axis.set_lit(frozenset(range(40, 60)))
    crowded = axis._thinned(0, 300, 12)
    assert min(b - a for a, b in pairwise(crowded)) >= 12
    assert 40 in crowded
    assert axis._thinned(10.2, 20.4, 1) == list(range(10, 20))


@pytest.mark.parametrize("side", ["top", "left"])
def test_labels_of_smaller_type_leave_more_to_the_plot(side: str, qtbot: QtBot) -> None:
    extents = []
    for count in (5, 20):
        panel = make(qtbot, side, (300, 300))
        panel.show_labels(["agreement"] * count)
        view = panel.plot.getViewBox()
        extents.append(view.height() if side == "top" else view.width())
    assert extents[1] > extents[0]


def test_labels_that_are_not_all_shown_leave_no_corner(qtbot: QtBot) -> None:
    panel = make(qtbot, "top", (300, 200))
    panel.show_labels(["agreement"] * 200)
    view = panel.plot.getViewBox()
    assert view.width() > panel.canvas.width() - 5
    ink = inked(panel)
    assert ink.right() < panel.canvas.width() - 1


@pytest.mark.parametrize("colours", [LIGHT, PRESENTER], ids=["normal", "presenter"])
def test_type_gets_smaller_before_labels_are_left_out(colours: Theme, qtbot: QtBot) -> None:
    panel = make(qtbot, "left", (300, 500), colours)
    for count in (10, 26):
        panel.show_labels([f"w{i}" for i in range(count)])
        pitch = panel.plot.getViewBox().height() / count
        assert panel.axis._least_pitch(colours, panel.axis._largest) <= pitch


def test_labels_take_no_more_than_their_share(qtbot: QtBot) -> None:
    for side in ("top", "left"):
        panel = make(qtbot, side, (150, 100))
        panel.show_labels([LONG] * 5)
        view = panel.plot.getViewBox()
        assert view.width() > 60
        assert view.height() > 50


@pytest.mark.parametrize(("height", "lines"), [(40, 2), (55, 3), (200, 4)])
def test_numbers_do_not_overlap_and_the_first_ones_stay(
    height: int, lines: int, qtbot: QtBot
) -> None:
    axis = NumberAxis("left", "α")
    plot = bare_plot({"left": axis})
    plot.hideAxis("bottom")
    canvas = pg.GraphicsLayoutWidget()
    qtbot.addWidget(canvas)
    canvas.setBackground("white")
    canvas.ci.layout.setContentsMargins(0, 4, 0, 10)
    canvas.addItem(plot)
    axis.set_ticks([(0.0, "0"), (1.0, "1"), (0.5, "0.5")], LIGHT)
    plot.setYRange(0, 1 / (1 - axis.headroom(LIGHT) / (height - 14)), padding=0)
    canvas.resize(200, height)
    canvas.show()
    settle()
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    inked_rows = [
        any(image.pixelColor(x, y) != QColor("white") for x in range(int(axis.width())))
        for y in range(image.height())
    ]
    begins = [y for y, ink in enumerate(inked_rows) if ink and not inked_rows[y - 1]]
    assert len(begins) == lines


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9).filter(lambda size: size > 0), st.integers(1, 6))
def test_round_numbers_are_round_few_and_inside(low: float, size: float, most: int) -> None:
    high = low + size
    numbers = round_numbers(low, high, most)
    if low >= high:
        assert numbers == []
        return
    slack = 1e-6 * max(abs(low), abs(high), size)
    assert all(low - slack <= number <= high + slack for number in numbers)
    assert 2 <= len(numbers) <= 7
    step = numbers[1] - numbers[0]
    if size > 1e-3 * abs(low):
        mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(mantissa - round_one) for round_one in (1, 2, 5, 10)) < 1e-3


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)]
)
def test_no_numbers_where_there_is_no_range(low: float, high: float) -> None:
    assert round_numbers(low, high, 4) == []


def test_linked_views_show_the_same_columns_wherever_they_are(qtbot: QtBot) -> None:
    canvas = pg.GraphicsLayoutWidget()
    qtbot.addWidget(canvas)
    upper, lower = bare_plot(), bare_plot()
    lower.getAxis("left").setWidth(80)
    canvas.addItem(upper, 0, 0)
    canvas.addItem(lower, 1, 0)
    canvas.resize(400, 300)
    canvas.show()
    settle()
    first, second = upper.getViewBox(), lower.getViewBox()
    first.setXLink(second)
    second.setXLink(first)
    for view in (first, second):
        view.show_whole(QRectF(0, 0, 20, 5))
    settle()
    first.setXRange(3, 9, padding=0)
    assert second.viewRange()[0] == pytest.approx([3, 9])
    second.setXRange(1, 12, padding=0)
    assert first.viewRange()[0] == pytest.approx([1, 12])
    assert first.viewRange()[1] == [0, 5]


def test_a_view_knows_what_is_out_of_it(qtbot: QtBot) -> None:
    canvas = pg.GraphicsLayoutWidget()
    qtbot.addWidget(canvas)
    plot = bare_plot()
    canvas.addItem(plot)
    view = plot.getViewBox()
    assert isinstance(view, PointerBox)
    view.show_whole(QRectF(0, 0, 10, 1))
    assert list(view.columns_in_view(10)) == list(range(10))
    view.setXRange(2.4, 5.6, padding=0)
    assert list(view.columns_in_view(10)) == [2, 3, 4, 5]
    assert list(view.columns_in_view(4)) == [2, 3]
    view.show_whole(QRectF(0, 0, 10, 1))
    assert view.is_zoomed(0), "what the user zoomed to was lost"
    view.show_whole(QRectF(0, 0, 10, 1), anew=True)
    assert not view.is_zoomed(0)


def test_a_panel_may_be_dropped_after_it_was_painted(qapp: QApplication) -> None:
    for side in ("top", "left"):
        panel = Labelled(LIGHT, side)
        panel.show()
        panel.show_labels(["a", "b"])
        panel.grab()
        panel.close()
        del panel
        settle()
