"""The comparison of two branches: its numbers and colours, what is marked, what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attn_desktop.common.mode import Mode
from attn_desktop.gui.compare_axes import MISSING, difference_text, side_hue
from attn_desktop.gui.compare_strip import SMALL as SMALL_TYPE
from attn_desktop.gui.document import Document
from attn_desktop.gui.intents import Brush, Compare, GoTo, Hover, ShowBranch
from attn_desktop.gui.panels.compare import ComparePanel
from attn_desktop.gui.scene import Baseline, Light, Phase, Scene
from attn_desktop.gui.theme import theme
from attn_desktop.trace.records import StepRecord
from tests.gui.heard import Heard
from tests.gui.painted import LIGHT, opened
from tests.gui.plot_pointer import PlotPointer, every_move_counts, show
from tests.gui.pointer import LEFT, NO_KEY, settle
from tests.toy_records import ADDITIVE, FIXED, Sizes, toy_run, toy_steps, toy_trace
from tests.toy_scenes import split_words, spoiled, toy_scene

DARK, PRESENTER = theme(dark=True), theme(dark=False, presenter=True)
LARGE, SMALL = (760, 560), (260, 180)


@pytest.fixture(autouse=True)
def _every_move_counts() -> Iterator[None]:
    with every_move_counts():
        yield


@pytest.fixture
def panel(qtbot: QtBot) -> ComparePanel:
    return opened(qtbot, ComparePanel, Scene(), LARGE)


def compared(
    steps: int = 8,
    t: int = 6,
    phase: Phase = Phase.TOKEN,
    source: int = 6,
    mode: Mode = ADDITIVE,
    pieces: int = 1,
    words: bool = False,
    heads: int = 1,
    baseline_steps: int | None = None,
    own_steps: int | None = None,
) -> Scene:
    """The second of two branches that part in the middle, against the first."""
    trace = toy_trace(steps, Sizes(source=source, heads=heads), mode, branches=2)
    if pieces > 1:
        trace = replace(trace, run=split_words(trace.run, pieces))
    document, _ = Document.of_trace(trace)
    first, second = (node.id for node in document.tree.leaves())
    base = document.steps(first)[:baseline_steps]
    return Scene(
        run=trace.run,
        steps=document.steps(second)[:own_steps],
        t=t,
        phase=phase,
        words=words,
        branches=document.branches(second, baseline=first),
        baseline=Baseline(first, "original", trace.run, base),
    )


def other_source(scene: Scene, source: int) -> Scene:
    """The same scene against a branch of another input."""
    sizes = Sizes(source=source)
    run = toy_run(sizes, seed=5)
    trace = toy_trace(6, sizes, seed=5)
    baseline = Baseline(900, "“another”", run, toy_steps(run, trace.tree.nodes, sizes, 5))
    return replace(scene, baseline=baseline)


def looking_at(step: StepRecord, alpha: dict[int, float]) -> StepRecord:
    """The same step with this α and no other."""
    assert step.cross is not None
    changed = np.zeros_like(step.cross.alpha)
    for position, value in alpha.items():
        changed[..., position] = value
    return replace(step, attention={"cross": replace(step.cross, alpha=changed)})


def looking(scene: Scene, t: int, own: dict[int, float], other: dict[int, float]) -> Scene:
    """The same scene with another α at step t of both."""
    assert scene.baseline is not None
    steps, base = list(scene.steps), list(scene.baseline.steps)
    steps[t - 1], base[t - 1] = looking_at(steps[t - 1], own), looking_at(base[t - 1], other)
    return replace(scene, steps=tuple(steps), baseline=replace(scene.baseline, steps=tuple(base)))


def colour_at(panel: ComparePanel, x: float, y: float) -> QColor:
    return panel.grab().toImage().pixelColor(PlotPointer(panel).at(x, y))


def near(one: QColor, other: QColor, tolerance: int = 3) -> bool:
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    return all(abs(a - b) <= tolerance for a, b in pairs)


def beside(pointer: PlotPointer, y: float) -> None:
    """Over the tokens of the baseline; the first move there leaves the map, the next counts."""
    pointer.move(6.2, y)
    pointer.move(6.3, y)


def press(panel: QWidget, key: Qt.Key, shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else NO_KEY
    QTest.keyClick(panel, key, modifier)
    settle()


# -- numbers ------------------------------------------------------------------------------


def test_the_table_has_a_row_a_step_of_both(panel: ComparePanel) -> None:
    scene = compared(heads=2)
    show(panel, scene)
    table = panel.table()
    assert scene.baseline is not None
    assert table.columns[:3] == ("t", "token modified", "token baseline")
    assert len(table.rows) == 8
    for row, one, two in zip(table.rows, scene.steps, scene.baseline.steps, strict=True):
        values = dict(zip(table.columns, row, strict=True))
        assert one.cross is not None
        assert two.cross is not None
        delta = np.abs(one.cross.alpha.mean(axis=1) - two.cross.alpha.mean(axis=1)).ravel()
        distance = np.linalg.norm(one.active.context - two.active.context)
        assert values["t"] == one.t
        assert values["log p modified"] == one.log_prob
        assert values["log p baseline"] == two.log_prob
        assert values["Δ log p"] == one.log_prob - two.log_prob
        assert values["max |Δα|"] == pytest.approx(delta.max(), abs=1e-6)
        assert values["Σ|Δα|/2"] == pytest.approx(delta.sum() / 2, abs=1e-6)
        assert values["‖Δc‖"] == pytest.approx(distance, abs=1e-5)
    assert [row[1] for row in table.rows] == list(scene.tokens)


def test_the_caption_sums_the_log_probabilities_of_both(panel: ComparePanel) -> None:
    scene = compared()
    assert scene.baseline is not None
    one = sum(step.log_prob for step in scene.steps)
    two = sum(step.log_prob for step in scene.baseline.steps)
    show(panel, scene)
    assert panel.caption() == (
        f"Σ log p {one:.2f} vs {two:.2f} · Δ {one - two:+.2f}".replace("-", "−")
    )
    show(panel, compared(own_steps=6))
    shorter = sum(step.log_prob for step in scene.steps[:6]) / 6
    means = f"per token {shorter:.2f} vs {two / 8:.2f}".replace("-", "−")
    assert panel.caption().endswith(means)


def test_differences_in_few_characters() -> None:
    values = [0.314, -1.2, 0.004, -0.004, 0.0, np.inf, -np.inf, np.nan]
    assert [difference_text(value) for value in values] == [
        *("+0.31", "−1.20", "≈0", "≈0", "0", "+∞", "−∞", "–")
    ]


# -- the map ------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [theme(dark=False), DARK], ids=["light", "dark"])
def test_colours_run_from_the_baselines_to_the_modified_ones(qtbot: QtBot, look: object) -> None:
    scene = looking(compared(t=2), 5, {1: 1.0, 2: 0.5}, {4: 1.0, 2: 0.5})
    panel = opened(qtbot, ComparePanel, scene, LARGE, look)  # type: ignore[arg-type]
    assert near(colour_at(panel, 1.5, 4.5), side_hue(panel.theme, modified=True))
    assert near(colour_at(panel, 4.5, 4.5), side_hue(panel.theme, modified=False))
    for column in (0.5, 2.5):
        assert near(colour_at(panel, column, 4.5), panel.theme.colour("card"))


def test_words_join_the_alpha_of_their_pieces(panel: ComparePanel) -> None:
    scene = compared(source=7, pieces=2, words=True)
    show(panel, looking(scene, 5, {0: 0.5, 1: 0.5}, {5: 1.0}))
    values = panel._compared.map.values if panel._compared else np.zeros((0, 0))
    assert values.shape == (8, len(scene.source))
    assert values[4].tolist() == [1.0, 0.0, -1.0, 0.0]
    assert panel._columns._labels[0] == "word01"


def test_the_playhead_frames_its_row_and_hides_what_is_not_computed(panel: ComparePanel) -> None:
    scene = compared(t=6)
    show(panel, scene)
    layers = panel._layers
    assert layers.here.rect() == QRectF(0, 5, 6, 1)
    assert not layers.unknown.isVisible()
    assert panel._left._lit == panel._right._lit == {5}
    show(panel, replace(scene, phase=Phase.WINDOW))
    assert layers.unknown.isVisible()
    assert layers.unknown.rect() == QRectF(0, 5, 6, 1)
    assert colour_at(panel, 2.3, 5.5) == panel.theme.colour("faint")
    assert panel._left._labels[5] == "?"
    assert panel._bars._hidden == 5
    pointer = PlotPointer(panel)
    pointer.move(2.5, 5.5)
    assert "not computed yet" in pointer.said[-1]
    beside(pointer, 5.5)
    assert pointer.said[-1].endswith("log p not computed yet")
    show(panel, replace(scene, phase=Phase.ALPHA))
    assert not layers.unknown.isVisible()
    assert panel._left._labels[5] == "?"
    show(panel, replace(scene, t=0))
    assert not layers.here.isVisible()


def test_tokens_that_differ_are_marked_on_both_sides(panel: ComparePanel) -> None:
    scene = compared(t=6)
    assert scene.baseline is not None
    differ = {
        row
        for row, (one, two) in enumerate(zip(scene.steps, scene.baseline.steps, strict=True))
        if one.token_id != two.token_id
    }
    assert 5 in differ
    show(panel, scene)
    assert panel._left._marked == panel._right._marked == differ
    assert panel._left._labels[5] == scene.tokens[5]
    show(panel, replace(scene, phase=Phase.STATE))
    assert panel._left._marked == panel._right._marked == differ - {5}, "it is not known yet"


def test_the_line_is_above_the_first_row_that_differs(panel: ComparePanel) -> None:
    scene = compared()
    show(panel, scene)
    assert panel._layers.parting.path().boundingRect() == QRectF(0, 4, 6, 0)
    assert panel._layers.parting_label.item.toPlainText() == "parts at t=5 · token"
    assert panel._layers.parting_label.item.isVisible()
    assert panel._header.jump.text() == "parts at t=5 · token"
    show(panel, looking(scene, 2, {0: 1.0}, {1: 1.0}))
    assert panel._layers.parting.path().boundingRect() == QRectF(0, 1, 6, 0)
    assert panel._header.jump.text() == "parts at t=2 · α"


def test_in_what_they_part_is_told_when_it_is_computed(panel: ComparePanel) -> None:
    scene = compared(t=5, phase=Phase.STATE)
    show(panel, scene)
    assert panel._header.jump.text() == "parts at t=5"
    show(panel, replace(scene, phase=Phase.TOKEN))
    assert panel._header.jump.text() == "parts at t=5 · token"


def test_the_same_branch_parts_nowhere(panel: ComparePanel) -> None:
    scene = compared()
    assert scene.baseline is not None
    show(panel, replace(scene, baseline=replace(scene.baseline, steps=scene.steps)))
    assert panel._header.jump.text() == "no difference"
    assert not panel._header.jump.isEnabled()
    assert panel._layers.parting.path().isEmpty()


@pytest.mark.parametrize("longer", ["modified", "baseline"])
def test_rows_that_one_does_not_have_are_hatched_and_named(
    panel: ComparePanel, longer: str
) -> None:
    scene = compared(t=4, own_steps=5) if longer == "baseline" else compared(baseline_steps=5)
    show(panel, scene)
    layers = panel._layers
    assert layers.ground.path().boundingRect() == QRectF(0, 5, 6, 3)
    assert not layers.hatch.path().isEmpty()
    assert layers.reasons[0].item.toPlainText() == f"only {longer}"
    assert layers.reasons[0].item.isVisible()
    assert not layers.reasons[1].item.isVisible()
    shorter = panel._left if longer == "baseline" else panel._right
    assert list(shorter._labels[5:]) == [MISSING] * 3
    pointer = PlotPointer(panel)
    pointer.move(2.5, 6.5)  # elsewhere first: a pointer that is there already does not move
    pointer.move(1.5, 6.5)
    assert "only one of them has this step" in pointer.said[-1]
    pointer.click(1.5, 6.5)
    assert (GoTo(7) in pointer.asked) == (longer == "modified")


def test_steps_without_attention_are_hatched_and_say_whose(panel: ComparePanel) -> None:
    scene = compared()
    fixed = toy_trace(8, Sizes(), FIXED)
    assert scene.run is not None
    show(panel, replace(scene, baseline=Baseline(90, "none", scene.run, fixed.steps)))
    assert panel._layers.ground.path().boundingRect() == QRectF(0, 0, 6, 8)
    assert panel._layers.reasons[0].item.toPlainText() == "baseline: no attention"
    assert panel.caption().endswith("no α in common")
    assert len(panel.table().rows) == 8
    assert np.isnan(panel.table().rows[0][6])


def test_of_cells_smaller_than_a_pixel_the_largest_difference_is_seen(qtbot: QtBot) -> None:
    scene = compared(steps=600, t=3, source=8)
    scene = looking(scene, 411, {3: 1.0}, {6: 1.0})
    panel = opened(qtbot, ComparePanel, scene, (420, 300))
    assert panel.source_view.pixels()[1] < 0.5
    pointer, image = PlotPointer(panel), panel.grab().toImage()
    for column, modified in ((3.5, True), (6.5, False)):
        at = pointer.at(column, 410.5)
        seen = [image.pixelColor(at.x(), at.y() + dy) for dy in (-1, 0, 1)]
        assert any(near(colour, side_hue(panel.theme, modified)) for colour in seen)


def test_a_scrub_rebuilds_no_map(panel: ComparePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = compared(steps=40, t=10)
    show(panel, scene)
    made: list[object] = []
    monkeypatch.setattr(panel._layers.image, "setImage", lambda *_, **__: made.append(1))
    monkeypatch.setattr("attn_desktop.gui.panels.compare.compare", lambda *_: made.append(2))
    before = panel._compared
    for t in (11, 30, 2):
        show(panel, scene.at(t, Phase.TOKEN))
        assert panel._layers.here.rect().top() == t - 1
    assert panel._compared is before
    assert not made


def test_zoom_stays_follows_the_playhead_and_says_what_is_out_of_view(
    panel: ComparePanel,
) -> None:
    scene = looking(compared(steps=200, source=60, t=5), 150, {2: 1.0}, {59: 1.0})
    show(panel, scene)
    view = panel.source_view
    PlotPointer(panel).turn_wheel(2.5, 4.5, 12)
    assert view.is_zoomed(0)
    columns = view.viewRange()[0]
    for t in (6, 150, 20):
        show(panel, scene.at(t, Phase.TOKEN))
        low, high = view.viewRange()[1]
        assert low - 1e-6 <= t - 1
        assert t <= high + 1e-6
        assert view.viewRange()[0] == columns
        if t == 150:
            assert "Σ|Δα|/2 1.00 (0.50 out of view)" in panel._strip._shown.summary


# -- another source -----------------------------------------------------------------------


def test_another_source_of_the_same_length_is_compared_by_position(panel: ComparePanel) -> None:
    scene = other_source(compared(), source=6)
    show(panel, scene)
    assert panel._compared is not None
    assert panel._compared.map.signed
    assert panel._compared.map.values.shape == (8, 6)
    assert panel.caption().endswith("other source, compared by position")


def test_sources_of_other_lengths_stand_side_by_side(panel: ComparePanel) -> None:
    scene = other_source(compared(t=3), source=9)
    assert scene.baseline is not None
    scene = looking(scene, 2, {4: 1.0}, {7: 1.0})
    show(panel, scene)
    shown = panel._compared.map if panel._compared else None
    assert shown is not None
    assert not shown.signed
    assert shown.values.shape == (8, 6 + 1 + 9)
    np.testing.assert_allclose(shown.values[:, :6], scene.alpha)
    assert colour_at(panel, 4.5, 1.5) == QColor(255, 255, 255), "white is strong, as in Alignment"
    assert colour_at(panel, 7 + 7.5, 1.5) == QColor(255, 255, 255)
    assert colour_at(panel, 7 + 4.5, 1.5) == QColor(0, 0, 0)
    assert panel._layers.ground.path().boundingRect() == QRectF(7, 6, 9, 2)
    assert panel.caption().endswith("sources of other lengths: α of each")
    assert all(np.isnan(row[6]) for row in panel.table().rows)
    pointer = PlotPointer(panel)
    pointer.move(4.5, 1.5)
    assert pointer.asked[-1] == Hover(frozenset({4}), frozenset({2}))
    assert pointer.said[-1].endswith("α = 1.0000")
    pointer.move(7 + 7.5, 1.5)
    assert pointer.asked[-1] == Hover(target=frozenset({2}))
    assert pointer.said[-1].endswith("“word7”  α = 1.0000")
    show(panel, replace(scene, phase=Phase.ENERGIES))
    assert panel._layers.unknown.rect() == QRectF(0, 2, 6, 1), "the baseline's is known"


# -- the step at the playhead -------------------------------------------------------------


def test_the_strip_tells_of_the_step_as_far_as_it_is_computed(panel: ComparePanel) -> None:
    scene = looking(compared(t=5), 5, {1: 1.0}, {4: 1.0})
    assert scene.step is not None
    assert scene.baseline is not None
    mine, other = scene.steps[4], scene.baseline.steps[4]
    c = np.linalg.norm(mine.active.context - other.active.context)
    show(panel, scene)
    shown = panel._strip._shown
    assert shown.alpha[0] is not None
    assert shown.alpha[1] is not None
    assert shown.alpha[0].tolist() == [0, 1, 0, 0, 0, 0]
    assert shown.alpha[1].tolist() == [0, 0, 0, 0, 1, 0]
    assert shown.said[0].startswith(f"{scene.tokens[4]} ")
    parts = shown.summary.split(" · ")
    assert parts[:2] == ["t=5", "Σ|Δα|/2 1.00"]
    distance = f"‖Δc‖ {c:.2f}" if c else "‖Δc‖ 0"
    assert parts[2] == distance
    assert parts[3].startswith("‖Δs‖ ")
    summaries = []
    for phase in Phase:
        show(panel, replace(scene, phase=phase))
        shown = panel._strip._shown
        assert (shown.alpha[0] is None) == (phase < Phase.ALPHA)
        assert (shown.said[0] == "?") == (phase < Phase.TOKEN)
        assert shown.alpha[1] is not None
        summaries.append(len(shown.summary.split(" · ")))
    assert summaries == [1, 1, 2, 3, 4, 4, 4]
    show(panel, replace(scene, t=0))
    assert panel._strip._shown.summary == "before the first step"


def test_bars_of_the_step_stand_below_their_columns(panel: ComparePanel) -> None:
    show(panel, looking(compared(t=5), 5, {1: 1.0}, {4: 1.0}))
    image, view = panel.grab().toImage(), panel.source_view
    strip = panel._strip.sceneBoundingRect()
    assert panel._strip.is_shown
    upper = round(strip.top() + 0.45 * strip.height())
    lower = round(strip.top() + 0.85 * strip.height())
    for column, y, modified in ((1.5, upper, True), (4.5, lower, False)):
        at = PlotPointer(panel).at(column, 8)
        down = panel.canvas.mapTo(panel, panel.canvas.mapFromScene(0, y)).y()
        assert near(image.pixelColor(at.x(), down), side_hue(panel.theme, modified))
    assert view.viewRange()[0] == [0, 6]


def test_past_the_end_of_the_baseline_it_says_so(panel: ComparePanel) -> None:
    show(panel, compared(t=7, baseline_steps=5))
    shown = panel._strip._shown
    assert shown.alpha[1] is None
    assert shown.said[1] == "ended"
    assert "the baseline has no such step" in shown.summary


# -- pointer and keys ---------------------------------------------------------------------


def test_pointing_tells_both_alphas_and_lights(panel: ComparePanel) -> None:
    scene = looking(compared(), 5, {1: 0.75, 2: 0.25}, {1: 0.25, 2: 0.75})
    assert scene.baseline is not None
    show(panel, scene)
    pointer = PlotPointer(panel)
    pointer.move(1.5, 4.5)
    assert pointer.asked[-1] == Hover(frozenset({1}), frozenset({5}))
    assert pointer.said[-1].endswith("← “word1”  Δα = +0.5000 (0.7500 − 0.2500)")
    assert pointer.said[-1].startswith(f"t 5  “{scene.tokens[4]}” | “")
    beside(pointer, 4.5)
    assert pointer.asked[-1] == Hover(target=frozenset({5}))
    step, other = scene.steps[4], scene.baseline.steps[4]
    said = f"log p {step.log_prob:.2f} vs {other.log_prob:.2f}, Δ"
    assert said.replace("-", "−") in pointer.said[-1]
    pointer.move(3.5, -0.1)
    assert pointer.asked[-1] == Hover(frozenset({3}))


def test_clicks_go_to_steps_and_drags_brush(panel: ComparePanel) -> None:
    show(panel, compared())
    pointer = PlotPointer(panel)
    pointer.click(2.5, 1.5)
    assert GoTo(2) in pointer.asked
    pointer.click(-0.1, 3.5)
    assert GoTo(4) in pointer.asked
    pointer.click(6.1, 6.5)
    assert GoTo(7) in pointer.asked, "on the token of the baseline"
    pointer.click(3.5, -0.1)
    assert pointer.brushes == [Brush(frozenset({3}))]
    pointer.drag((1.2, 1.5), (3.4, 2.5))
    assert pointer.brushes[-1] == Brush(frozenset({1, 2, 3}), frozenset({2, 3}))


def test_what_is_lit_is_framed(panel: ComparePanel) -> None:
    show(panel, compared(t=2))
    panel.set_light(Light(frozenset({1, 2, 5}), frozenset({4, 2}), frozenset({99})))
    settle()
    columns = [p.boundingRect() for p in panel._layers.lit_columns.path().toSubpathPolygons()]
    assert columns == [QRectF(1, 0, 2, 8), QRectF(5, 0, 1, 8)]
    rows = [p.boundingRect() for p in panel._layers.lit_rows.path().toSubpathPolygons()]
    assert rows == [QRectF(0, 3, 6, 1)], "the row of the playhead has its own frame"


def test_keys_step_and_jump_between_differences(panel: ComparePanel) -> None:
    scene = looking(compared(steps=12, t=4), 2, {0: 1.0}, {5: 1.0})
    show(panel, scene)
    assert panel._compared is not None
    places = panel._compared.numbers.differences
    assert places[:2] == (2, 7)
    heard = Heard(panel)
    press(panel, Qt.Key.Key_Down)
    press(panel, Qt.Key.Key_Up)
    press(panel, Qt.Key.Key_F)
    press(panel, Qt.Key.Key_D)
    press(panel, Qt.Key.Key_D, shift=True)
    assert heard.asked == [GoTo(5), GoTo(3), GoTo(2), GoTo(7), GoTo(2)]
    del heard.asked[:]
    show(panel, scene.at(12, Phase.TOKEN))
    press(panel, Qt.Key.Key_Down)
    press(panel, Qt.Key.Key_D)
    assert heard.asked == [GoTo(2)], "after the last difference comes the first"
    show(panel, scene.at(2, Phase.TOKEN))
    press(panel, Qt.Key.Key_D, shift=True)
    assert heard.asked[-1] == GoTo(places[-1])


def test_the_link_goes_to_the_first_difference(panel: ComparePanel) -> None:
    show(panel, compared(t=8))
    heard = Heard(panel)
    QTest.mouseClick(panel._header.jump, LEFT)
    assert heard.asked == [GoTo(5)]


# -- which branches -----------------------------------------------------------------------


def test_the_header_says_which_is_which_and_swaps_and_ends(panel: ComparePanel) -> None:
    scene = compared()
    assert scene.baseline is not None
    show(panel, scene)
    shown = next(branch for branch in scene.branches if branch.shown)
    modified, baseline = panel._header._names
    assert modified.full_text == f"modified: {shown.about}"
    assert baseline.full_text == "baseline: original"
    assert modified.x() < baseline.x()
    heard = Heard(panel)
    QTest.mouseClick(panel._header.swap, LEFT)
    assert heard.asked == [ShowBranch(scene.baseline.leaf), Compare(shown.leaf)]
    QTest.mouseClick(panel._header.end, LEFT)
    assert heard.asked[-1] == Compare(None)


def test_a_branch_without_a_step_cannot_be_the_baseline(panel: ComparePanel) -> None:
    show(panel, compared(t=0, own_steps=0))
    assert not panel._header.swap.isEnabled()
    assert len(panel.table().rows) == 8


def test_without_a_baseline_it_offers_the_other_branches(panel: ComparePanel) -> None:
    scene = replace(toy_scene(branches=4), baseline=None)
    show(panel, scene)
    chooser = panel._chooser
    assert chooser.isVisible()
    assert not panel.canvas.isVisible()
    others = [branch for branch in scene.branches if not branch.shown]
    assert chooser.list.count() == len(others) == 3
    assert panel.table().rows == ()
    assert panel.caption() == ""
    heard = Heard(panel)
    at = chooser.list.visualItemRect(chooser.list.item(1)).center()
    QTest.mouseClick(chooser.list.viewport(), LEFT, NO_KEY, at)
    assert Compare(others[1].leaf) in heard.asked
    show(panel, compared())
    assert not chooser.isVisible()
    assert panel.canvas.isVisible()
    show(panel, toy_scene())
    assert chooser.isVisible()
    assert chooser.list.count() == 0
    assert "one branch so far" in chooser._text.text()


def test_without_a_run_it_says_what_to_do(panel: ComparePanel) -> None:
    assert panel._blank.isVisible()
    assert not panel._chooser.isVisible()
    assert panel.table().rows == ()


def test_another_baseline_of_the_same_branch_is_compared_anew(panel: ComparePanel) -> None:
    scene = compared()
    assert scene.baseline is not None
    show(panel, scene)
    before = panel.table().rows
    show(panel, replace(scene, baseline=replace(scene.baseline, steps=scene.baseline.steps[:6])))
    assert np.isnan(panel.table().rows[7][4])
    show(panel, scene)
    assert panel.table().rows == before


# -- sizes and odd numbers ----------------------------------------------------------------


def test_what_has_no_room_is_left_out(qtbot: QtBot) -> None:
    panel = opened(qtbot, ComparePanel, compared(), SMALL)
    assert panel._strip.size().height() < 2
    assert panel._bars.size().width() < 2
    assert panel._header.jump.text() == "t=5"
    assert panel.source_view.width() > 0.4 * panel.width()
    panel.resize(*LARGE)
    settle()
    assert panel._strip.size().height() > 40
    assert panel._bars.size().width() > 40
    assert panel._header.jump.text() == "parts at t=5 · token"


@pytest.mark.parametrize("room", [12, 30, 60])
def test_the_strip_says_whose_alpha_it_is_in_words_or_by_a_mark(
    panel: ComparePanel, room: int
) -> None:
    show(panel, compared())
    image = QImage(300, 60, QImage.Format.Format_RGB32)
    metrics = QFontMetricsF(LIGHT.font(SMALL_TYPE))
    for side in (0, 1):
        image.fill(LIGHT.colour("card"))
        painter = QPainter(image)
        painter.setFont(LIGHT.font(SMALL_TYPE))
        painter.translate(100, 0)
        box, around = QRectF(0, 0, 100, 40), QRectF(-room, 0, 200, 40)
        panel._strip._paint_beside(painter, box, around, side, metrics)
        painter.end()
        hue = side_hue(LIGHT, side == 0).rgb()
        marked = [x for x in range(100 - room, 100) if image.pixel(x, 20) == hue]
        assert bool(marked) == (metrics.horizontalAdvance(("mod.", "base")[side]) > room - 8)


@pytest.mark.parametrize("width", [260, 280, 320, 400, 560])
def test_where_branches_part_is_never_cut(qtbot: QtBot, width: int) -> None:
    header = opened(qtbot, ComparePanel, compared(), (width, 300))._header
    header.show_branches("do not look at r7c10–r10c13", "hard, seed 1", True)
    for t, how in ((4, "α"), (14, "token"), (None, "")):
        header.show_parting(t, how)
        settle()
        assert header.jump.width() >= header.jump.sizeHint().width()
        assert all(name.width() >= 40 for name in header._names)


def test_where_branches_part_is_not_cut_in_a_panel_never_shown(qtbot: QtBot) -> None:
    panel = ComparePanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(320, 300)
    panel.set_scene(compared())
    panel.flush()
    panel.grab()
    jump = panel._header.jump
    assert jump.text() == "t=5"
    assert jump.width() >= jump.sizeHint().width()


def test_a_long_name_of_a_branch_leaves_room_for_a_short_one(qtbot: QtBot) -> None:
    header = opened(qtbot, ComparePanel, compared(), LARGE)._header
    header.show_branches("do not look at any of " + "r7c10–r10c13, " * 9, "hard, seed 1", True)
    settle()
    long, short = header._names
    assert short.text() == "baseline: hard, seed 1"
    assert long.text().endswith("…")
    header.show_branches("hard, seed 1", "a" * 200, True)
    settle()
    assert long.text() == "modified: hard, seed 1"


ODD = {
    "nan": lambda: spoiled(compared()),
    "infinite": lambda: spoiled(compared(), np.inf, ["log_prob", "context", "state"]),
    "minus infinity": lambda: spoiled(compared(), -np.inf, ["log_prob", "alpha"]),
    "one position": lambda: compared(source=1),
    "300 positions": lambda: compared(source=300, steps=4, t=2),
    "none": lambda: compared(mode=FIXED),
    "words": lambda: compared(source=9, pieces=3, words=True),
    "another source in words": lambda: replace(other_source(compared(), 9), words=True),
    "no steps": lambda: compared(t=0, own_steps=0),
    "shorter baseline": lambda: compared(t=8, baseline_steps=1),
}


@pytest.mark.parametrize("kind", list(ODD))
def test_it_draws_whatever_it_is_given_and_a_step_back_undoes_a_step(
    qtbot: QtBot, kind: str
) -> None:
    scene = ODD[kind]()
    panel = opened(qtbot, ComparePanel, scene, (440, 340))
    before = panel.grab().toImage()
    for t in range(len(scene.steps) + 1):
        for phase in Phase:
            show(panel, replace(scene, t=t, phase=phase))
            assert len(panel.table().rows) == 8 - 4 * (kind == "300 positions")
    for look, size in ((DARK, (80, 50)), (PRESENTER, (900, 600)), (theme(dark=False), (440, 340))):
        panel.set_theme(look)
        panel.resize(*size)
        settle()
    show(panel, scene)
    assert panel.grab().toImage() == before
