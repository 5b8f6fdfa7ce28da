"""α of one step as bars: the numbers, what a phase hides, and what the pointer asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPainterPath
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.axes import stride_of
from attn_desktop.gui.intents import Brush, Hover
from attn_desktop.gui.panels.alpha import AlphaPanel
from attn_desktop.gui.scene import Light, Phase, Scene
from tests.gui.painted import opened
from tests.gui.plot_pointer import PlotPointer, show
from tests.gui.pointer import settle
from tests.toy_records import FIXED
from tests.toy_scenes import hard, spoiled, toy_scene

LOCAL = Mode("additive", "local-p", HARD)


@pytest.fixture
def panel(qtbot: QtBot) -> AlphaPanel:
    return opened(qtbot, AlphaPanel, Scene(), (420, 300))


def column(panel: AlphaPanel, name: str) -> list[Any]:
    table = panel.table()
    return [row[table.columns.index(name)] for row in table.rows]


def subpaths(path: QPainterPath) -> int:
    return sum(path.elementAt(i).isMoveTo() for i in range(path.elementCount()))


def test_bars_are_as_high_as_alpha(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, heads=2)
    show(panel, scene)
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha.mean(axis=(0, 1))
    np.testing.assert_allclose(column(panel, "α"), alpha, rtol=1e-6)
    path = panel._bars.path()
    assert path.boundingRect().height() == pytest.approx(alpha.max(), rel=1e-6)
    assert column(panel, "source") == list(scene.source.labels)
    assert panel.source_view.viewRange()[0] == [0, 6]


def test_words_add_up_their_pieces(panel: AlphaPanel) -> None:
    pieces = toy_scene(t=3, source=9, pieces=2)
    show(panel, pieces)
    alpha, energies = column(panel, "α"), column(panel, "e")
    show(panel, replace(pieces, words=True))
    groups = [[0, 1], [2, 3], [4, 5], [6, 7], [8]]
    np.testing.assert_allclose(
        column(panel, "α"), [sum(alpha[j] for j in group) for group in groups]
    )
    e = np.array(energies, dtype=np.float64)
    np.testing.assert_allclose(
        column(panel, "e"), [np.log(np.exp(e[group]).sum()) for group in groups]
    )


def test_each_phase_reveals_one_thing_more(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, source=12, mode=LOCAL)
    seen = {}
    for phase in (Phase.ENERGIES, Phase.WINDOW, Phase.ALPHA, Phase.CONTEXT):
        show(panel, replace(scene, phase=phase))
        drawn = (panel._energies, panel._outside, panel._bars, panel._draw.marks)
        seen[phase] = [not item.path().isEmpty() for item in drawn]
        assert panel._scope.gaussian.path().isEmpty() == (phase < Phase.WINDOW)
        assert (column(panel, "α")[0] == "") == (phase < Phase.ALPHA)
    assert seen == {
        Phase.ENERGIES: [True, False, False, False],
        Phase.WINDOW: [True, True, False, False],
        Phase.ALPHA: [True, True, True, False],
        Phase.CONTEXT: [True, True, True, True],
    }


def test_title_and_caption_say_what_is_known(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3)
    show(panel, scene)
    assert panel.heading() == f"α at step 3 — “{scene.tokens[2]}”"
    assert panel.caption().startswith("H(α) ")
    assert panel.caption().endswith(" · Σ 1.000")
    show(panel, replace(scene, phase=Phase.LOGITS))
    assert panel.heading() == "α at step 3"
    show(panel, replace(scene, phase=Phase.WINDOW))
    assert panel.caption() == ""
    show(panel, replace(scene, t=0))
    assert panel.heading() == "α"
    assert panel._bars.path().isEmpty()


def test_the_window_is_around_p_t(panel: AlphaPanel) -> None:
    show(panel, toy_scene(t=5, steps=9, source=12, mode=LOCAL))
    assert column(panel, "in scope") == [0, *[1] * 7, 0, 0, 0, 0]
    # p_t = 5 is the fifth position, whose middle is at 4.5.
    assert panel._scope.lines.path().elementAt(0).x == pytest.approx(4.5)
    curve = panel._scope.gaussian.path()
    assert curve.boundingRect().left() == pytest.approx(1.5)
    assert curve.boundingRect().right() == pytest.approx(7.5)
    # exp(−3² / 2·1.5²) = exp(−2) at ±D.
    assert curve.elementAt(0).y == pytest.approx(np.exp(-2))
    assert curve.pointAtPercent(0.5).y() == pytest.approx(1, abs=0.02)
    outside = panel._outside.path()
    assert outside.contains(outside.boundingRect().center()) is False
    assert subpaths(outside) == 5


def test_in_words_p_t_is_where_its_piece_is(panel: AlphaPanel) -> None:
    show(panel, toy_scene(t=5, steps=9, source=13, mode=LOCAL, pieces=4, words=True))
    # Position 5 is the first of four in the second word.
    assert panel._scope.lines.path().elementAt(0).x == pytest.approx(1 + 0.5 / 4)


@pytest.mark.parametrize("weighting", ["soft", "hard"])
def test_the_draw_is_filled_where_it_gave_the_context(panel: AlphaPanel, weighting: str) -> None:
    scene = toy_scene(t=3, mode=replace(hard(), weighting=weighting))
    show(panel, scene)
    assert scene.step is not None
    assert scene.step.cross is not None
    k = int(scene.step.cross.sampled[0, 0])
    assert column(panel, "drawn") == [int(j == k) for j in range(6)]
    assert panel._draw.marks.path().boundingRect().center().x() == pytest.approx(k + 0.5)
    fill = panel._draw.marks.brush().color()
    colours = panel.theme
    assert fill == (colours.hue("hard") if weighting == "hard" else colours.colour("card"))
    assert panel._draw.label.item.toPlainText() == f"k={k + 1} “{scene.source.labels[k]}”"


def test_the_name_of_the_draw_stays_inside_the_plot(panel: AlphaPanel) -> None:
    scene = toy_scene(steps=30, source=20, mode=hard())
    for t in range(1, 31):
        show(panel, replace(scene, t=t))
        box = panel._draw.label.item.mapRectToScene(panel._draw.label.item.boundingRect())
        view = panel.source_view.sceneBoundingRect()
        assert view.left() - 1 <= box.left()
        assert box.right() <= view.right() + 1
        assert view.top() - 1 <= box.top()


@pytest.mark.parametrize("mode", [hard(), LOCAL])
@pytest.mark.parametrize("weight", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_the_name_of_the_draw_is_on_no_bar_and_belongs_to_its_mark(
    panel: AlphaPanel, mode: Mode, weight: float
) -> None:
    scene = toy_scene(steps=9, source=9, t=5, mode=mode)
    for k in range(9):
        step = scene.steps[4]
        assert step.cross is not None
        alpha = np.full((1, 1, 9), (1 - weight) / 8, dtype=np.float32)
        alpha[..., k] = weight
        cross = replace(step.cross, alpha=alpha, sampled=np.full((1, 1), k))
        steps = list(scene.steps)
        steps[4] = replace(step, attention={"cross": cross})
        show(panel, replace(scene, steps=tuple(steps)))
        view, name = panel.source_view, panel._draw.label.item
        box = view.mapSceneToView(name.mapRectToScene(name.boundingRect())).boundingRect()
        assert not panel._bars.path().intersects(box)
        mark, line = panel._draw.marks.path().boundingRect(), panel._draw.leader.path()
        assert not mark.intersects(box)
        across, down = view.pixels()
        grown = QMarginsF(4 / across, 4 / down, 4 / across, 4 / down)
        near, around = mark + grown, box + grown
        if line.isEmpty():
            assert near.intersects(box)
        else:
            assert near.contains(line.pointAtPercent(0))
            assert around.contains(line.pointAtPercent(1))
        if mode is LOCAL:
            assert box.bottom() <= 1 + 1 / down, "it is on the bracket of the scope"


def test_a_long_name_of_a_draw_is_cut(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, mode=hard())
    assert scene.run is not None
    run = replace(scene.run, source=("▁electroencephalographically",) * 6)
    show(panel, replace(scene, run=run))
    assert panel._draw.label.item.isVisible()
    assert panel._draw.label.item.toPlainText().endswith("…”")


def test_energies_have_one_scale_for_all_steps(panel: AlphaPanel) -> None:
    scene = toy_scene(steps=5, t=1)
    show(panel, scene)
    rows = [step.cross.energies for step in scene.steps if step.cross]
    low, high = np.min(rows), np.max(rows)
    ends = panel._height(np.array([low, high]))
    assert ends.tolist() == pytest.approx([0.04, 0.96])
    ticks = panel._right._ticks
    assert len(ticks) >= 2
    for y, text in ticks:
        e = float(text.replace("−", "-"))
        assert low <= e <= high
        assert y == pytest.approx(panel._height(np.array(e)))
    show(panel, replace(scene, t=4))
    assert panel._right._ticks == ticks


def test_numbers_that_are_none_leave_a_gap(panel: AlphaPanel) -> None:
    scene = toy_scene()
    show(panel, scene)
    ticks = subpaths(panel._energies.path())
    assert ticks == 6
    show(panel, spoiled(scene, names=["energies"]))
    assert panel._energies.path().isEmpty()
    assert not panel._bars.path().isEmpty()
    assert panel._right._ticks == []


def test_pointing_at_a_bar_lights_it_and_says_its_numbers(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, mode=hard())
    show(panel, scene)
    pointer = PlotPointer(panel)
    pointer.move(2.5, 0.5)
    assert pointer.asked[-1] == Hover(frozenset({2}))
    e, alpha = column(panel, "e")[2], column(panel, "α")[2]
    assert pointer.said[-1].startswith(f"“word2” e = {e:.3f}  α = {alpha:.4f}")
    k = column(panel, "drawn").index(1)
    pointer.move(k + 0.5, 0.5)
    assert f"k = {k + 1}, u = 0." in pointer.said[-1]


def test_a_word_says_the_alpha_of_its_pieces(panel: AlphaPanel) -> None:
    scene = toy_scene(t=3, source=9, pieces=2, words=True)
    show(panel, scene)
    pointer = PlotPointer(panel)
    pointer.move(1.5, 0.5)
    assert pointer.asked[-1] == Hover(frozenset({2, 3}))
    assert scene.step is not None
    assert scene.step.cross is not None
    alpha = scene.step.cross.alpha[0, 0]
    assert f"(word2 {alpha[2]:.4f} + 3 {alpha[3]:.4f})" in pointer.said[-1]


def test_what_is_outside_the_window_is_said_so(panel: AlphaPanel) -> None:
    show(panel, toy_scene(t=1, source=12, mode=LOCAL))
    pointer = PlotPointer(panel)
    pointer.move(9.5, 0.5)
    assert "outside" in pointer.said[-1]


def test_a_click_brushes_and_brushes_no_longer(panel: AlphaPanel) -> None:
    show(panel, toy_scene())
    pointer = PlotPointer(panel)
    pointer.click(2.5, 0.3)
    assert pointer.brushes[-1] == Brush(frozenset({2}))
    panel.set_light(Light(brushed_source=frozenset({2}), brushed_target=frozenset({4})))
    pointer.click(4.5, 0.3)
    assert pointer.brushes[-1] == Brush(frozenset({2, 4}), frozenset({4}))
    pointer.click(2.5, 0.3)
    assert pointer.brushes[-1] == Brush(frozenset(), frozenset({4}))


def test_a_drag_brushes_a_range(panel: AlphaPanel) -> None:
    show(panel, toy_scene())
    pointer = PlotPointer(panel)
    pointer.drag((1.2, 0.5), (3.8, 0.1))
    assert pointer.brushes[-1] == Brush(frozenset({1, 2, 3}))


def test_what_is_lit_is_behind_the_bars_and_bold_below(panel: AlphaPanel) -> None:
    show(panel, toy_scene())
    panel.set_light(Light(frozenset({1}), brushed_source=frozenset({4})))
    settle()
    assert panel._lit.path().boundingRect().left() == 1
    assert panel._lit.path().boundingRect().right() == 5
    assert panel._columns._lit == {1, 4}


def test_mass_out_of_view_is_said(panel: AlphaPanel) -> None:
    show(panel, toy_scene(source=12))
    pointer = PlotPointer(panel)
    assert "other" not in panel.caption()
    pointer.turn_wheel(0.5, 0.5, 12)
    view = panel.source_view
    assert view.is_zoomed(0)
    assert view.viewRange()[1][0] == 0
    shown = view.columns_in_view(12)
    outside = sum(value for j, value in enumerate(column(panel, "α")) if j not in shown)
    assert panel.caption().endswith(f"other {outside:.2f} outside view")
    show(panel, replace(panel.scene, t=2))
    assert view.is_zoomed(0), "a step undid the zoom"
    pointer.double_click(0.5, 0.5)
    assert "other" not in panel.caption()
    assert not view.is_zoomed(0)


def test_it_says_why_there_is_nothing(panel: AlphaPanel) -> None:
    show(panel, toy_scene(mode=FIXED))
    assert "no attention" in panel._blank.text()
    assert panel._blank.isVisible()
    assert panel.caption() == ""
    show(panel, toy_scene())
    assert not panel._blank.isVisible()
    show(panel, Scene())
    assert panel._blank.isVisible()
    assert panel.table().rows == ()


def test_the_axis_of_alpha_is_always_0_to_1(panel: AlphaPanel) -> None:
    for height in (90, 300, 700):
        panel.resize(400, height)
        show(panel, toy_scene(t=height % 4))
        low, high = panel.source_view.viewRange()[1]
        assert low == 0
        assert 1 < high <= 2
        # The room above 1 holds a line of type, whatever the height.
        room = (high - 1) / high * panel.source_view.height()
        assert room >= 15 or high == 2


# -- pictures -----------------------------------------------------------------------------


def test_over_a_picture_the_axis_ends_at_the_largest_of_all_steps(panel: AlphaPanel) -> None:
    scene = toy_scene(grid=(6, 14), steps=5, t=2)
    show(panel, scene)
    end = float(np.nanmax(scene.alpha))
    assert end < 0.9
    assert [text for _, text in panel._left._ticks] == ["0", f"{end:.2f}", f"{end / 2:.2f}"]
    top = panel.source_view.viewRange()[1][1]
    assert end < top < 2 * end
    height = panel._bars.path().boundingRect().height()
    assert height == pytest.approx(scene.alpha[1].max(), rel=1e-6)


def test_while_bars_are_dragged_the_axis_ends_at_one(panel: AlphaPanel) -> None:
    scene = toy_scene(grid=(3, 4), steps=3)
    show(panel, scene)
    panel.set_editing(True)
    settle()
    assert panel._left._ticks[1] == (1.0, "1")
    assert panel.source_view.viewRange()[1][1] > 1
    panel.set_editing(False)
    settle()
    assert panel._left._ticks[1][0] == pytest.approx(float(np.nanmax(scene.alpha)))


def test_rows_of_a_picture_are_set_apart_and_named_by_their_first_region(
    panel: AlphaPanel,
) -> None:
    show(panel, toy_scene(grid=(6, 14), steps=2))
    path = panel._grid.path()
    upright = {path.elementAt(i).x for i in range(path.elementCount())} - {0.0, 84.0}
    assert upright == {14.0 * row for row in range(1, 6)}
    shown = panel._columns._thinned(0, 84, stride_of(9.5, 14))
    assert shown == [0, 14, 28, 42, 56, 70]


@pytest.mark.parametrize(
    ("least", "across", "stride"),
    [
        (0.2, 1, 1),
        (3.1, 1, 4),
        (0.2, 14, 1),
        (1.5, 14, 2),
        (3, 14, 7),
        (8, 14, 14),
        (13, 14, 28),
        (15, 14, 28),
    ],
)
def test_labels_of_a_grid_are_left_out_by_rows(least: float, across: int, stride: int) -> None:
    assert stride_of(least, across) == stride
