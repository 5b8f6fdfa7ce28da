"""What a debugger's timeline shows: breakpoints, watches, notes, edits, the first difference."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF
from PySide6.QtGui import QHelpEvent, QPainter
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from attn_desktop.gui.intents import SetBreakpoints
from attn_desktop.gui.scene import Baseline, Light, NoteMark, Phase, Scene, Watch
from attn_desktop.gui.timeline_picture import TimelinePicture
from attn_desktop.gui.timeline_watches import WatchRow
from attn_desktop.trace.annotations import Breakpoint, Note
from attn_desktop.trace.edits import Edit
from tests.gui.timelines import (
    CELLS,
    SIZE,
    Timeline,
    areas,
    cell,
    made,
    middle,
    seen_at,
    steps_asked,
)
from tests.gui.watched_scenes import with_annotations
from tests.toy_scenes import toy_scene


def dots(shown: Timeline, steps: int) -> list[int]:
    """Pixels of the breakpoint of each step."""
    hue = shown.panel.theme.hue("breakpoint")
    return [seen_at(shown, areas(shown).gutter, t, hue, 90) for t in range(1, steps + 1)]


def plain(steps: int, t: int | None = None, **fields: Any) -> Scene:
    """A scene without marks; fields: of every step."""
    scene = toy_scene(steps=steps, t=t, source=4)
    fields = {"chosen_by": "greedy", **fields}
    return replace(scene, steps=tuple(replace(step, **fields) for step in scene.steps))


@pytest.mark.parametrize("steps", [6, 100])
def test_breakpoints_are_dots_where_they_hold_hollow_if_off(steps: int, qtbot: QtBot) -> None:
    scene = with_annotations(plain(steps), ["t == 2", "t == 5", "t > 4"], off=["t == 2", "t > 4"])
    found = dots(made(qtbot, scene), 6)
    assert found[0] == found[2] == found[3] == 0
    assert 0 < found[1] < found[4], "an outline against a disc"
    assert found[5] == pytest.approx(found[1], abs=2)


def test_a_breakpoint_of_what_is_hidden_is_not_shown_yet(qtbot: QtBot) -> None:
    scene = with_annotations(plain(4), ["log_prob < 0", "t == 2"]).at(3, Phase.ALPHA)
    shown = made(qtbot, scene)
    assert [bool(count) for count in dots(shown, 4)] == [True, True, False, True]
    shown.show(scene.at(2, Phase.ALPHA))
    assert all(dots(shown, 4)), "that step 2 is one by its number is known"


def test_a_press_in_the_gutter_sets_a_breakpoint_and_takes_it_away(qtbot: QtBot) -> None:
    scene = with_annotations(plain(6, t=1), ["t == 2", "log_prob < -99"], off=["log_prob < -99"])
    shown = made(qtbot, scene)
    y = areas(shown).gutter.center().y()
    other = Breakpoint("log_prob < -99", enabled=False)
    shown.click(middle(shown, 4), y)
    assert shown.asked == [SetBreakpoints((Breakpoint("t == 2"), other, Breakpoint("t == 4")))]
    shown.click(middle(shown, 2), y)
    assert shown.asked[1:] == [SetBreakpoints((other,))]
    shown.move(middle(shown, 5), y)
    assert steps_asked(shown) == [], "it does not go there too"


def test_the_gutter_shows_where_a_press_would_set_one(qtbot: QtBot) -> None:
    shown = made(qtbot, plain(6, t=1))
    before = shown.pixels()
    shown.move(middle(shown, 4), 4)
    assert "click" in shown.said[-1]
    y, x = np.nonzero((shown.pixels() != before).any(axis=2))
    assert cell(shown, 4).start <= x.min()
    assert x.max() < cell(shown, 4).stop
    assert y.max() <= areas(shown).gutter.bottom()
    shown.move(middle(shown, 4), CELLS)
    assert (shown.pixels() == before).all()


def marked(shown: Timeline, steps: int) -> list[set[str]]:
    """Of each step, in which of the colours of marks its lanes are."""
    look = shown.panel.theme
    colours = {"text": look.colour("text"), "target": look.ink("target"), "dim": look.colour("dim")}
    box = areas(shown).marks
    return [
        {name for name, colour in colours.items() if seen_at(shown, box, t, colour, 8)}
        for t in range(1, steps + 1)
    ]


@pytest.mark.parametrize("steps", [6, 100])
def test_edits_forced_tokens_and_notes_are_marked(steps: int, qtbot: QtBot) -> None:
    records = list(plain(steps).steps)
    records[1] = replace(records[1], edits=(Edit("alpha", "pin", (2,)),))
    records[3] = replace(records[3], chosen_by="forced")
    scene = replace(plain(steps), steps=tuple(records))
    assert areas(made(qtbot, plain(steps))).marks.isEmpty(), "no room where there is no mark"
    note = Note(records[4].node, "look\nhere")
    marks = (
        NoteMark(note, 5, "x", "", here=True),
        NoteMark(Note(99, "no"), 1, "x", "another", here=False),
    )
    shown = made(qtbot, replace(scene, notes=marks))
    assert marked(shown, 6) == [set(), {"text"}, set(), {"target"}, {"dim"}, set()]
    page = shown.pixels()
    starred = replace(marks[0], note=replace(note, bookmarked=True))
    shown.show(replace(scene, notes=(starred,)))
    assert marked(shown, 6)[4] == {"dim"}
    assert (shown.pixels() != page)[:, cell(shown, 5)].any(), "a bookmark looks different"
    shown.move(middle(shown, 2), areas(shown).cells.center().y())
    assert "▲ edited: α: only “word2”" in shown.said[-1]
    shown.move(middle(shown, 5), areas(shown).cells.center().y())
    assert "★ look here" in shown.said[-1]


def test_marks_of_one_step_are_beside_each_other_or_each_in_a_lane(qtbot: QtBot) -> None:
    scene = plain(6, chosen_by="forced", edits=(Edit("alpha", "uniform"),))
    shown = made(qtbot, scene)
    few = areas(shown).marks.height()
    assert marked(shown, 6) == [{"text", "target"}] * 6
    many = made(qtbot, plain(200, chosen_by="forced", edits=(Edit("alpha", "uniform"),)))
    assert areas(many).marks.height() == 2 * few
    assert marked(many, 5)[4] == {"text", "target"}


def test_the_first_difference_from_the_baseline_is_a_line(qtbot: QtBot) -> None:
    scene = plain(6)
    assert scene.run is not None
    other = list(scene.steps)
    other[3] = replace(other[3], token_id=7)
    shown = made(qtbot, scene)
    before = shown.pixels()
    shown.show(replace(scene, baseline=Baseline(9, "other", scene.run, tuple(other))))
    y, x = np.nonzero((shown.pixels() != before).any(axis=2))
    gap = shown.panel.cells().x(4) - 3
    assert x.min() == x.max() == pytest.approx(gap, abs=1)
    assert y.max() - y.min() > 60
    assert "parts at t=4 · token" in shown.panel.caption()
    shown.move(middle(shown, 4), CELLS)
    assert "≠ parts at t=4" in shown.said[-1]


WATCHES = ("log_prob", "entropy(alpha)", "log_prob < -2", "p", "t")


def row(shown: Timeline, index: int) -> WatchRow:
    return shown.panel._watch_rows(areas(shown))[index]


def test_each_watch_is_a_row_below_the_cells(qtbot: QtBot) -> None:
    scene = plain(40)
    bare = made(qtbot, scene, (1200, 153))
    hint = bare.panel.sizeHint().height()
    watched = with_annotations(scene, watches=WATCHES)
    shown = made(qtbot, watched, (1200, 153 + 150))
    assert shown.panel.sizeHint().height() > hint + 5 * 20
    assert [each.watch.expression for each in shown.panel._watch_rows(areas(shown))] == [*WATCHES]
    assert "watch" not in shown.panel.caption()
    table = shown.panel.table()
    assert table.columns[8:] == WATCHES
    assert [line[8] for line in table.rows] == [step.log_prob for step in scene.steps]


def test_a_curve_goes_through_its_values_and_has_gaps(qtbot: QtBot) -> None:
    scene = plain(9, t=0)
    values = np.array([0.0, 1.0, 0.5, np.nan, 0.25, np.nan, 1.0, 0.75, 0.75])
    watch = Watch("made up", values)
    shown = made(qtbot, replace(scene, watches=(watch,)), (1200, 190))
    drawn = shown.panel._watch_rows(areas(shown))[0]
    seen = shown.seen(shown.panel.theme.colour("text"), 140)
    faint = shown.seen(shown.panel.theme.colour("text", 0.5), 60)
    top, bottom = round(drawn.box.top()), round(drawn.box.bottom()) - 2
    ends = drawn.box.top() + 4, drawn.box.bottom() - 5
    for t, value in enumerate(values.tolist(), 1):
        x = round(middle(shown, t) - 3)
        column = (seen | faint)[top:bottom, x - 1 : x + 2].any(axis=1)
        if math.isnan(value):
            assert not column.any()
        else:
            y = np.flatnonzero(column).mean() + top
            assert y == pytest.approx(ends[1] + value * (ends[0] - ends[1]), abs=2)


def test_a_truth_is_a_filled_cell(qtbot: QtBot) -> None:
    values = np.array([1.0, 0.0, np.nan, 1.0])
    watch = Watch("made up", values, boolean=True)
    shown = made(qtbot, replace(plain(4), watches=(watch,)), (1200, 190))
    drawn, dim = row(shown, 0), shown.panel.theme.colour("dim")
    box = QRectF(drawn.box)
    filled = [seen_at(shown, box, t, dim, 2) for t in (1, 2, 3)]
    assert filled[0] > 100 * 15
    assert filled[1:] == [0, 0]
    faint = shown.panel.theme.colour("faint")
    box.setBottom(box.bottom() - 2)
    assert seen_at(shown, box, 2, faint, 2) > 100
    assert seen_at(shown, box, 3, faint, 2) == 0, "nothing is known"


def test_a_value_that_is_hidden_is_not_plotted_or_said(qtbot: QtBot) -> None:
    values = np.array([0.0, 9.0, 0.25, 1.0])
    scene = replace(plain(4), watches=(Watch("made up", values),)).at(2, Phase.ALPHA)
    shown = made(qtbot, scene, (1200, 190))
    assert row(shown, 0).ends == ("1", "0"), "nor does the range tell of it"
    shown.move(middle(shown, 2), row(shown, 0).box.center().y())
    assert "made up = –" in shown.said[-1]
    assert "made up = –" in shown.panel.tip(QPointF(middle(shown, 2), CELLS))
    shown.show(scene.at(2, Phase.TOKEN))
    assert row(shown, 0).ends == ("9", "0")
    shown.move(middle(shown, 2) + 2, row(shown, 0).box.center().y())
    assert "made up = 9" in shown.said[-1]
    assert shown.said[-1].endswith("0 … 9")


def test_the_value_beside_the_name_is_of_the_step_pointed_at(qtbot: QtBot) -> None:
    scene = with_annotations(plain(8, t=3), watches=("t",))
    shown = made(qtbot, scene, (1200, 190))
    label = slice(0, round(shown.panel.cells().left) - 4)
    at_three = shown.pixels()[:, label]
    shown.show(scene, Light(target=frozenset({6})))
    at_six = shown.pixels()[:, label]
    assert (at_three != at_six).any()
    shown.show(scene.at(6, Phase.TOKEN))
    assert (shown.pixels()[:, label] == at_six).all()


def test_watches_without_room_are_counted_and_scrolled_to(qtbot: QtBot) -> None:
    scene = with_annotations(plain(12), watches=WATCHES)
    shown = made(qtbot, scene, (1200, 190))
    assert areas(shown).rows == 2
    assert "3 more watches below" in shown.panel.caption()
    name = 20, row(shown, 0).box.center().y()
    shown.turn_wheel(*name, -120)
    assert [row(shown, index).watch.expression for index in (0, 1)] == [*WATCHES[1:3]]
    assert "1 more watch above · 2 more watches below" in shown.panel.caption()
    shown.turn_wheel(*name, -120 * 9)
    assert row(shown, 1).watch.expression == WATCHES[-1]
    assert shown.asked == [], "the playhead stays"
    more = areas(shown).more.center()
    shown.click(more.x(), more.y())
    assert row(shown, 0).watch.expression == WATCHES[0], "after the last page the first comes again"
    shown.click(more.x(), more.y())
    assert row(shown, 0).watch.expression == WATCHES[2]
    shown.panel.resize(1200, 90)
    assert areas(shown).rows == 0
    assert "5 watches: make the timeline higher" in shown.panel.caption()
    shown.panel.resize(1200, 400)
    assert "watch" not in shown.panel.caption()


def test_a_watch_that_cannot_be_had_says_why(qtbot: QtBot) -> None:
    scene = with_annotations(plain(6), watches=("nonsense +",))
    shown = made(qtbot, scene, (1200, 190))
    assert shown.seen(shown.panel.theme.colour("warning"), 60).any()
    shown.move(20, row(shown, 0).box.center().y())
    assert scene.watches[0].problem in shown.said[-1]
    assert scene.watches[0].problem in shown.panel.tip(QPointF(20, row(shown, 0).box.center().y()))


def test_a_press_on_a_curve_goes_to_its_step(qtbot: QtBot) -> None:
    scene = with_annotations(plain(12, t=1), watches=("log_prob",))
    shown = made(qtbot, scene, (1200, 190))
    y = row(shown, 0).box.center().y()
    shown.click(middle(shown, 7), y)
    shown.click(20, y)
    assert steps_asked(shown) == [7], "but a name is no step"


def test_the_tooltip_tells_all_of_a_step(qtbot: QtBot) -> None:
    scene = with_annotations(plain(6), ["t == 2"], ("log_prob", "p < 2"))
    note = Note(scene.steps[1].node, "1 < 2 &\nmore")
    shown = made(qtbot, replace(scene, notes=(NoteMark(note, 2, "x", "", True),)), (1200, 220))
    at = QPoint(round(middle(shown, 2)), CELLS)
    QApplication.sendEvent(
        shown.panel, QHelpEvent(QEvent.Type.ToolTip, at, shown.panel.mapToGlobal(at))
    )
    said = QToolTip.text()
    QToolTip.hideText()
    for part in ("t 2 “", "−log p", "● t == 2", "▤ 1 &lt; 2 &amp;\nmore", "p &lt; 2 = true"):
        assert part in said
    assert f"log_prob = {scene.steps[1].log_prob:.4g}".replace("-", "−") in said
    assert shown.panel.tip(QPointF(SIZE[0] - 2, CELLS)) == ""
    assert "before the first step" in shown.panel.tip(QPointF(shown.panel.cells().left - 20, CELLS))


def test_scrubbing_paints_only_what_moves(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    painted = []
    still = TimelinePicture.paint_still

    def counted(picture: TimelinePicture, painter: QPainter) -> None:
        painted.append(picture.scene.t)
        still(picture, painter)

    monkeypatch.setattr(TimelinePicture, "paint_still", counted)
    scene = with_annotations(plain(1000, t=100), ["log_prob < -3"], WATCHES)
    shown = made(qtbot, scene, (1240, 300))
    offsets = {shown.panel.cells().offset}
    for t in range(101, 401):
        shown.panel.set_scene(scene.at(t, Phase.TOKEN))
        shown.panel.repaint()
        offsets.add(shown.panel.cells().offset)
    assert len(painted) == len(offsets) <= 6
    shown.show(with_annotations(scene, [], WATCHES).at(400, Phase.TOKEN))
    assert len(painted) == len(offsets) + 1, "other breakpoints are seen at once"
